"""What an audit finds out beyond the list of regions, and the store keeps: measures, scores, distances, groups.

Each part is a question of its own with limits of its own: what it found is recorded at once, together with a sentence
on what it left out. Parts that need the values of samples look at an excerpt, even over all rows, where there are very
many.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from relugeom.analysis.attributions import gradients, integrated_gradients
from relugeom.analysis.decisions import decide_regions
from relugeom.analysis.group_bounds import bound_groups
from relugeom.analysis.importance import ClusterImportance, region_importance
from relugeom.analysis.margins import sample_margins
from relugeom.analysis.parsimony import group_clusters
from relugeom.analysis.performance import cluster_performance, region_performance
from relugeom.analysis.permutation import permutation_importance
from relugeom.analysis.region_ranges import region_ranges
from relugeom.analysis.relevance import cluster_relevance
from relugeom.analysis.unobserved import find_unobserved
from relugeom.analysis.whole_domain import ImportanceComparison, compare_importance, domain_importance
from relugeom.audit.schedule import Schedule
from relugeom.budget import Counts
from relugeom.certificate.claim import settle_claim
from relugeom.claims.ball import Norm
from relugeom.claims.claim import Claim
from relugeom.claims.settlement import Settlement
from relugeom.data.labels import CodedTarget
from relugeom.data.samples import Samples
from relugeom.deadline import Deadline
from relugeom.errors import DeadlinePassedError
from relugeom.files import make_folder
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.measures.adjacency import find_adjacency
from relugeom.measures.volumes import VolumeMethod, Volumes, region_volumes
from relugeom.network.decision import DecisionRule
from relugeom.network.forward import evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.partition.census import AdmissibleInputs, AdmissibleVerdict
from relugeom.partition.clusters import Clusters, cluster_samples
from relugeom.partition.partition import Partition, PartitionStatus
from relugeom.questions.sample_robustness import sample_robustness
from relugeom.store.records import (
    GroupRecord,
    Notes,
    PerformanceRecord,
    RegionClasses,
    RelevanceRecord,
    RobustnessRecord,
)

if TYPE_CHECKING:
    from relugeom.store.run import Run

__all__ = ["Excerpt", "Findings", "take_excerpt"]

OUTPUT_CHANGE = 0.01
"""By how much of an output's spread predictions may differ where features are told apart."""
PART_EACH = 1 / 3
"""Part of the time for distances that one claim may take."""
Tell = Callable[[str, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Excerpt:
    """Samples in memory: all, or an even choice of them.

    Attributes
    ----------
    rows
        Their numbers in the data, shape (s,).
    X, target
        Their values.
    clusters
        The clusters of these samples alone.
    numbers
        The number, in all clusters, of each of them, from 0.
    """

    rows: IntArray
    X: FloatArray
    target: CodedTarget | None
    clusters: Clusters
    numbers: IntArray


def take_excerpt(samples: Samples, clusters: Clusters, domain: Domain, most: int) -> Excerpt:
    """At most so many samples, with their clusters."""
    rows = samples.excerpt(most)
    X = samples.table.take(rows)
    target = None if samples.target is None else CodedTarget(samples.target[rows])
    if len(rows) == len(samples):
        return Excerpt(rows, X, target, clusters, np.arange(len(clusters)))
    own = cluster_samples(clusters.network, X, target=target, domain=domain, on_remark=lambda _remark: None)
    known = {packed.tobytes(): number for number, packed in enumerate(clusters.packed)}
    return Excerpt(rows, X, target, own, np.array([known[packed.tobytes()] for packed in own.packed], dtype=np.int64))


class Findings:
    """Finds and records, one part after the other; certificates go to a folder."""

    def __init__(
        self,
        run: "Run",
        partition: Partition,
        clusters: Clusters,
        samples: Samples,
        importance: ClusterImportance,
        proofs: Path,
        *,
        schedule: Schedule,
        counts: Counts,
    ) -> None:
        """`proofs` is the folder of certificates."""
        self._run, self._partition, self._clusters, self._samples = run, partition, clusters, samples
        self._importance, self._proofs = importance, proofs
        self._schedule, self._counts = schedule, counts
        self._network: ReLUNetwork = partition.network
        self._domain: Domain = partition.domain
        self._few = len(partition) <= counts.regions
        self._spread = samples.table.mean_and_spread()[1]

    def record(self, tell: Tell, *, show_samples: bool) -> None:
        """Everything, and sentences about what was left out.

        Parameters
        ----------
        show_samples
            Whether counterfactuals and proofs of distances, which tell of samples, may be kept.
        """
        tell("measuring the samples' margins", 0)
        if self._schedule.deadline.passed:
            self._leave_out("the samples' margins, scores, groups, relevance and distances")
            return
        margins = sample_margins(self._clusters, self._samples.table, time_limit=self._schedule.part("margins"))
        with self._run.step():
            self._run.save(margins)
            if left := int(np.isnan(margins.distance).sum()):
                self._note(f"The margins of {left:,} samples are not recorded: the time ran out.")
        excerpt = take_excerpt(self._samples, self._clusters, self._domain, self._counts.analysed)
        if len(excerpt.rows) < len(self._samples):
            count = f"{len(excerpt.rows):,}"
            self._note(f"Scores, groups and relevance are those of {count} samples, taken evenly from all.")
        if self._few:
            self._measure(excerpt, tell)
        else:
            self._note(
                f"Shares of the domain, neighbours, decisions, ranges and unobserved regions are not recorded: there "
                f"are more than {self._counts.regions:,} regions."
            )
        tell("measuring performance", 0)
        self._score(excerpt)
        self._group(excerpt, tell)
        self._tell_apart(excerpt, tell)
        self._measure_distances(tell, show_samples)

    def _note(self, sentence: str) -> None:
        """Keep a sentence for the report."""
        self._run.save(Notes([sentence]))

    def _score(self, excerpt: Excerpt) -> None:
        """How well maps predict: those of clusters in half of the time, those of regions in the rest."""
        most = self._counts.maps
        deadline, data = self._schedule.part("performance"), (excerpt.clusters, excerpt.X, excerpt.target)
        clusters = cluster_performance(
            *data, global_limit=most, time_limit=deadline.share(0.5) if self._few else deadline
        )
        regions = (
            region_performance(self._partition, *data, global_limit=most, time_limit=deadline) if self._few else None
        )
        with self._run.step():
            self._run.save(PerformanceRecord(clusters, excerpt.numbers, regions))
            for kind, found in (("clusters", clusters), ("regions", regions)):
                if found is not None and (found.count[~found.has_global] > 0).any():
                    tried, seen = f"{int(found.has_global.sum()):,}", f"{int((found.count > 0).sum()):,}"
                    self._note(
                        f"Maps were tried on all samples for {tried} of {seen} {kind} with samples, largest first."
                    )

    def _leave_out(self, what: str) -> None:
        self._note(f"Not recorded, because the time ran out: {what}.")

    def _measure(self, excerpt: Excerpt, tell: Tell) -> None:
        """What is known of each region."""
        partition, part = self._partition, self._schedule.part
        tell("measuring volumes", 0)
        volumes = region_volumes(partition, time_limit=part("volumes"))
        with self._run.step():
            self._run.save(volumes)
            if volumes.method is VolumeMethod.UNKNOWN:
                self._note(f"Shares of the domain are not known: {volumes.reason}.")
        tell("finding neighbours", 0)
        adjacency = find_adjacency(partition, time_limit=part("neighbours"))
        with self._run.step():
            self._run.save(adjacency)
            if adjacency.reason:
                self._note(f"Not every pair of neighbours is recorded: {adjacency.reason}.")
        classes = decide_regions(partition, time_limit=part("decisions"))
        with self._run.step():
            self._run.save(RegionClasses(classes))
            if len(classes) < len(partition):
                self._note(f"Decisions are recorded of the first {len(classes):,} regions only: the time ran out.")
        tell("finding the range of each region", 0)
        ranges = region_ranges(partition, time_limit=part("ranges"))
        with self._run.step():
            self._run.save(ranges)
            if ranges.reason:
                self._note(f"Not every region's range of outputs is recorded: {ranges.reason}.")
        tell("ranking unobserved regions", 0)
        deadline = part("unobserved")
        found = find_unobserved(
            partition,
            self._clusters,
            self._spread,
            volumes=volumes,
            admissible=_not_asked(partition),  # the store has them from the census
            time_limit=deadline,
        )
        with self._run.step():
            self._run.save(found)
            if deadline.passed:
                self._note("How far regions without a sample depart from others is not known of all: the time ran out.")
        tell("comparing measures of importance", 0)
        self._compare(excerpt, volumes)

    def _compare(self, excerpt: Excerpt, volumes: Volumes) -> None:
        """Measures of importance side by side."""
        deadline = self._schedule.part("comparison")
        try:
            compared = self._compared(excerpt, volumes, deadline)
        except DeadlinePassedError:
            self._leave_out("measures of importance side by side")
        else:
            self._run.save(compared)

    def _compared(self, excerpt: Excerpt, volumes: Volumes, deadline: Deadline) -> ImportanceComparison:
        deadline.check()
        whole = domain_importance(
            self._clusters, self._importance, region_importance(self._partition, self._spread), volumes
        )
        shuffled = slice(None, None, -(-len(excerpt.X) // self._counts.shuffled) or 1)
        paths = excerpt.X[:: -(-len(excerpt.X) // self._counts.paths) or 1]
        target = None if excerpt.target is None else CodedTarget(excerpt.target.numbers[shuffled])
        integrated = integrated_gradients(self._network, paths, time_limit=deadline)
        permuted = permutation_importance(self._network, excerpt.X[shuffled], target, time_limit=deadline)
        if integrated.reason or permuted.reason:
            raise DeadlinePassedError(integrated.reason or permuted.reason)
        return compare_importance(whole, gradients(self._network, excerpt.X), integrated, permuted, self._spread)

    def _group(self, excerpt: Excerpt, tell: Tell) -> None:
        """Few groups instead of many clusters."""
        if len(excerpt.clusters) < 2:
            return
        tell("grouping clusters", 0)
        deadline = self._schedule.part("groups")
        if deadline.passed:
            self._leave_out("groups of clusters")
            return
        most = min(self._counts.groups, len(excerpt.clusters))
        groups = group_clusters(excerpt.clusters, excerpt.X, groups=most, time_limit=deadline)
        bounds = None
        if self._few and self._partition.status is PartitionStatus.COMPLETE:
            bounds = bound_groups(groups, self._partition, time_limit=self._schedule.part("group_bounds"))
        with self._run.step():
            self._run.save(GroupRecord(groups, excerpt.numbers, bounds))
            if bounds is not None and bounds.reason:
                self._note(f"Not every group's change of output is bounded: {bounds.reason}.")

    def _tell_apart(self, excerpt: Excerpt, tell: Tell) -> None:
        """Which coefficients the samples settle although features are correlated."""
        tell("telling relevant features apart", 0)
        change = OUTPUT_CHANGE * evaluate(self._network, excerpt.X).std(axis=0)
        found = cluster_relevance(
            excerpt.clusters,
            excerpt.X,
            spread=self._spread,
            output_change=change,
            limit=self._counts.relevance,
            time_limit=self._schedule.part("relevance"),
        )
        with self._run.step():
            self._run.save(RelevanceRecord(found, excerpt.numbers))
            self._note(
                f"Relevance is asked of the largest clusters ({len(found):,}), with absolute coefficients of scaled "
                f"features that sum to at most {1 + found.norm_excess:g} times the least possible, and predictions "
                f"that differ by at most {OUTPUT_CHANGE:.0%} of an output's standard deviation over the samples."
            )
            if doubts := sorted(set(filter(None, found.doubt))):
                self._note(f"Not everything is known of relevance: {'; '.join(doubts)}.")

    def _measure_distances(self, tell: Tell, show_samples: bool) -> None:
        """How far some samples are from another decision."""
        if self._network.rule.rule is DecisionRule.NONE:
            return
        tell("measuring distances to other decisions", 0)
        deadline = self._schedule.part("distances")
        each = PART_EACH * deadline.seconds_left
        rows = _scattered(self._samples.excerpt(self._counts.distances))
        X = self._samples.table.take(rows)
        found = sample_robustness(
            self._network,
            self._domain,
            X,
            settle=lambda row, domain, claim: self._settle_at(
                int(rows[row]) if show_samples else None, domain, claim, deadline.within(each)
            ),
            norm=Norm.L1 if self._domain.integral.any() else Norm.LINF,  # few steps rather than a small one in all
            candidates=self._samples.table.take(self._samples.excerpt(self._counts.shuffled)),
            time_limit=deadline,
            on_progress=lambda done: tell("measuring distances to other decisions", done),
        )
        with self._run.step():
            self._run.save(RobustnessRecord(found, rows, with_inputs=show_samples))
            if found.reason:
                self._note(f"Distances from another decision: {found.reason}.")

    def _settle_at(self, sample: int | None, domain: Domain, claim: Claim, deadline: Deadline) -> Settlement:
        """Settle a claim about a sample, and keep the proof of what holds under its number."""
        place = None if sample is None else make_folder(self._proofs) / f"sample-{sample}.cert"
        return settle_claim(claim, self._network, domain, place, time_limit=deadline)


def _not_asked(partition: Partition) -> AdmissibleInputs:
    """Nothing is known of the regions' admissible inputs."""
    k, n = len(partition), partition.network.inputs
    return AdmissibleInputs(np.full(k, AdmissibleVerdict.UNKNOWN, dtype=np.int64), np.full((k, n), np.nan))


def _scattered(rows: IntArray) -> IntArray:
    """The same rows so that the first ones, however many, are spread over all: in the order of bits read backwards."""
    bits = max(len(rows) - 1, 1).bit_length()
    return rows[np.argsort([int(f"{place:0{bits}b}"[::-1], 2) for place in range(len(rows))], kind="stable")]
