"""Records that runs save: a value together with what belongs to it, or a named list.

They are plain values, so that making one does not load the database.
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
    from relugeom.claims.requirement import Judged
    from relugeom.linalg.arrays import IntArray
    from relugeom.partition.clusters import Clusters
    from relugeom.partition.partition import Partition, PatternStatus
    from relugeom.questions.sample_robustness import SampleRobustness

__all__ = [
    "Answers",
    "ClusterRecord",
    "ClusterStatuses",
    "GroupRecord",
    "Judgements",
    "Notes",
    "PartitionRecord",
    "PerformanceRecord",
    "RegionClasses",
    "RelevanceRecord",
    "RobustnessRecord",
]


@dataclass(frozen=True, slots=True)
class Answers:
    """Questions about the network of a run, and their answers."""

    answers: Sequence["Answer"]


@dataclass(frozen=True, slots=True)
class Judgements:
    """Requirements on the model of a run, and the verdicts on them."""

    judged: Sequence["Judged"]


@dataclass(frozen=True, slots=True, eq=False)
class ClusterRecord:
    """Clusters and how important features are in them.

    Attributes
    ----------
    statuses
        Status of each cluster's pattern on the run's domain; empty if not known yet.
    told
        Number of clusters, the largest first, whose features, effective maps and importance are recorded; None for all.
    """

    clusters: "Clusters"
    importance: "ClusterImportance"
    statuses: Sequence["PatternStatus"] = ()
    told: int | None = None


@dataclass(frozen=True, slots=True)
class ClusterStatuses:
    """Status of the pattern of each cluster on the run's domain, if it becomes known later than the clusters."""

    statuses: Sequence["PatternStatus"]


@dataclass(frozen=True, slots=True, eq=False)
class GroupRecord:
    """Clusters merged into groups.

    Attributes
    ----------
    clusters
        Number, from 0, of the cluster in each row from which the groups were made.
    bounds
        Proved bounds for the groups' maps over all regions.
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
        Scores, and the number, from 0, of the cluster that each row is about.
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
        Number, in the data, of each sample.
    with_inputs
        Whether to store the counterfactuals: together with their distance they reveal the sample.
    """

    found: "SampleRobustness"
    samples: "IntArray"
    with_inputs: bool
