"""What runs save beside values of their own: a value together with what belongs to it, or a list with a name.

These are plain values, so that whoever makes them need not load the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relugeom.analysis.group_bounds import GroupBounds
    from relugeom.analysis.importance import ClusterImportance
    from relugeom.analysis.parsimony import ClusterGroups
    from relugeom.analysis.performance import Performance
    from relugeom.analysis.relevance import ClusterRelevance
    from relugeom.claims.answer import Answer
    from relugeom.linalg.arrays import IntArray
    from relugeom.partition.clusters import Clusters
    from relugeom.partition.partition import Partition, PatternStatus
    from relugeom.questions.sample_robustness import SampleRobustness

__all__ = [
    "Answers",
    "ClusterRecord",
    "ClusterStatuses",
    "GroupRecord",
    "Notes",
    "PartitionRecord",
    "PerformanceRecord",
    "RegionClasses",
    "RelevanceRecord",
    "RobustnessRecord",
]


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked of the network of a run, and what became of it."""

    answers: Sequence["Answer"]


@dataclass(frozen=True, slots=True, eq=False)
class ClusterRecord:
    """Clusters and how important features are in them.

    Attributes
    ----------
    statuses
        What the pattern of each cluster is on the run's domain; empty where that is not known yet.
    told
        Of how many clusters, the first ones, features, effective maps and importance are recorded; None for all.
    """

    clusters: "Clusters"
    importance: "ClusterImportance"
    statuses: Sequence["PatternStatus"] = ()
    told: int | None = None


@dataclass(frozen=True, slots=True)
class ClusterStatuses:
    """What the pattern of each cluster of a run is on its domain, where that is known later than the clusters."""

    statuses: Sequence["PatternStatus"]


@dataclass(frozen=True, slots=True, eq=False)
class GroupRecord:
    """Clusters merged into groups.

    Attributes
    ----------
    clusters
        The number, from 0, of the cluster in each row that the groups were made of.
    bounds
        What is proved of the groups' maps over all regions.
    """

    groups: "ClusterGroups"
    clusters: "IntArray"
    bounds: "GroupBounds | None" = None


@dataclass(frozen=True, slots=True)
class Notes:
    """Limits and remarks, one sentence each, in the order of reading."""

    sentences: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class PartitionRecord:
    """A partition, and whether the effective maps of its regions are recorded with it."""

    partition: "Partition"
    maps: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class PerformanceRecord:
    """Scores of clusters and, where there is a partition, of its regions.

    Attributes
    ----------
    clusters, numbers
        Scores, and the number of the cluster, from 0, that each row is about.
    regions
        Scores of the regions of the run's partition, or None.
    """

    clusters: "Performance"
    numbers: "IntArray"
    regions: "Performance | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class RegionClasses:
    """The class at the interior point of each region of a run's partition, shape (k,)."""

    classes: "IntArray"


@dataclass(frozen=True, slots=True, eq=False)
class RelevanceRecord:
    """Intervals of coefficients, and the number, from 0, of each cluster that they were found in."""

    found: "ClusterRelevance"
    clusters: "IntArray"


@dataclass(frozen=True, slots=True, eq=False)
class RobustnessRecord:
    """Distances of samples to another decision.

    Attributes
    ----------
    samples
        The number, in the data, of each row that the samples were given as.
    with_inputs
        Whether to keep the counterfactuals: with their distance they tell of the sample.
    """

    found: "SampleRobustness"
    samples: "IntArray"
    with_inputs: bool
