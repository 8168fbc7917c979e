"""Findings of an audit beyond the list of regions: measures, scores, distances, groups.

Each part is a question of its own with limits of its own: its findings are saved at once, together with a sentence on
what it left out. Parts that need the values of samples use an even selection of the rows if there are very many.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relugeom.analysis.attributions import gradients, integrated_gradients
from relugeom.analysis.decisions import decide_regions
from relugeom.analysis.group_bounds import GroupBounds, bound_groups
from relugeom.analysis.importance import region_importance
from relugeom.analysis.margins import sample_margins
from relugeom.analysis.parsimony import ClusterGroups, group_clusters
from relugeom.analysis.performance import Performance, cluster_performance, region_performance
from relugeom.analysis.permutation import permutation_importance
from relugeom.analysis.region_ranges import region_ranges
from relugeom.analysis.relevance import ClusterRelevance, cluster_relevance
from relugeom.analysis.unobserved import find_unobserved
from relugeom.analysis.whole_domain import ImportanceComparison, compare_importance, domain_importance
from relugeom.audit.job import Grouped, Job
from relugeom.certificate.claim import settle_claim
from relugeom.claims.ball import Norm
from relugeom.claims.claim import Claim
from relugeom.claims.settlement import Settlement
from relugeom.data.labels import CodedTarget
from relugeom.data.samples import Samples
from relugeom.deadline import Deadline
from relugeom.errors import DeadlinePassedError
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.measures.adjacency import find_adjacency
from relugeom.measures.volumes import VolumeMethod, Volumes, region_volumes
from relugeom.network.decision import DecisionRule
from relugeom.network.forward import evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.partition.census import AdmissibleInputs, Met
from relugeom.partition.clusters import Clusters, cluster_samples
from relugeom.partition.partition import Partition, PartitionStatus
from relugeom.printing import percent
from relugeom.questions.sample_robustness import SampleRobustness, sample_robustness
from relugeom.store.records import (
    GroupRecord,
    Notes,
    PerformanceRecord,
    RegionClasses,
    RelevanceRecord,
    RobustnessRecord,
)

__all__ = ["Excerpt", "Findings", "take_excerpt"]

OUTPUT_CHANGE = 0.01
"""Share of an output's spread by which predictions may differ when relevance is determined."""
PART_EACH, SHARE = 1 / 3, 2.0
"""Part of the time for distances that one claim may take at most, and how many times the part of a sample."""


@dataclass(frozen=True, slots=True, eq=False)
class Excerpt:
    """Samples in memory: all of them, or an even selection.

    Attributes
    ----------
    rows
        Numbers of the samples in the data, shape (s,).
    X, target
        Values of the samples.
    clusters
        Clusters of these samples only.
    numbers
        Number, among all clusters, of each of them, from 0.
    """

    rows: IntArray
    X: FloatArray
    target: CodedTarget | None
    clusters: Clusters
    numbers: IntArray


def take_excerpt(samples: Samples, clusters: Clusters, domain: Domain, most: int) -> Excerpt:
    """Select at most this many samples, with their clusters."""
    rows = samples.excerpt(most)
    X = samples.table.take(rows)
    target = None if samples.target is None else CodedTarget(samples.target[rows])
    if len(rows) == len(samples):
        return Excerpt(rows, X, target, clusters, np.arange(len(clusters)))
    own = cluster_samples(clusters.network, X, target=target, domain=domain, on_remark=lambda _remark: None)
    known = {packed.tobytes(): number for number, packed in enumerate(clusters.packed)}
    return Excerpt(rows, X, target, own, np.array([known[packed.tobytes()] for packed in own.packed], dtype=np.int64))


class Findings:
    """Finds and saves, one part after the other; certificates go to a folder."""

    def __init__(self, job: Job, partition: Partition, grouped: Grouped) -> None:
        self._run, self._schedule, self._counts = job.run, job.schedule, job.request.budget.counts
        self._proofs, self._show_samples = job.proofs, job.request.show_samples
        self._tell, self._samples = job.listeners.tell, job.inputs.samples
        self._partition, self._clusters, self._importance = partition, grouped.clusters, grouped.importance
        self._network: ReLUNetwork = partition.network
        self._domain: Domain = partition.domain
        self._few = len(partition) <= self._counts.regions
        self._spread = self._samples.table.mean_and_spread()[1]

    def record(self) -> None:
        """Save everything, with sentences about what was left out."""
        self._tell("measuring the samples' margins", 0)
        if self._schedule.deadline.passed:
            self._leave_out("the samples' margins, scores, groups, relevance and distances")
            return
        self._measure_margins()
        excerpt = self._take_excerpt()
        self._look_into_regions()
        self._score(excerpt)
        self._group(excerpt)
        self._tell_apart(excerpt)
        self._measure_distances()
        self._measure_regions(excerpt)

    def _keep(self, found: object, *notes: str) -> None:
        """Save what a part found, and note for the report what it left out; empty notes are dropped."""
        with self._run.step():
            self._run.save(found)
            for note in filter(None, notes):
                self._note(note)

    def _note(self, sentence: str) -> None:
        """Keep a sentence for the report."""
        self._run.save(Notes([sentence]))

    def _leave_out(self, what: str) -> None:
        self._note(f"Not recorded, because time ran out: {what}.")

    def _measure_margins(self) -> None:
        """Measure the distance of each sample from the boundary of its region."""
        margins = sample_margins(self._clusters, self._samples.table, time_limit=self._schedule.part("margins"))
        left = int(np.isnan(margins.distance).sum())
        self._keep(margins, f"The margins of {left:,} samples are not recorded, because time ran out." if left else "")

    def _take_excerpt(self) -> Excerpt:
        """Select the samples that are scored and grouped."""
        excerpt = take_excerpt(self._samples, self._clusters, self._domain, self._counts.analysed)
        if len(excerpt.rows) < len(self._samples):
            count = f"{len(excerpt.rows):,}"
            self._note(f"Scores, groups and relevance are based on {count} samples, selected evenly from all of them.")
        return excerpt

    def _pass_over_regions(self) -> None:
        self._note(
            f"Shares of the domain, neighbours, decisions, ranges and unobserved regions are not recorded, because "
            f"there are more than {self._counts.regions:,} regions."
        )

    def _look_into_regions(self) -> None:
        """Decide the class and find the range of outputs in each region, if there are few."""
        if not self._few:
            self._pass_over_regions()
            return
        self._decide()
        self._find_ranges()

    def _measure_regions(self, excerpt: Excerpt) -> None:
        """Measure the regions, if there are few: the volumes last, with what is weighted by them."""
        if not self._few:
            return
        self._find_neighbours()
        volumes = self._measure_volumes()
        self._rank_unobserved(volumes)
        self._compare(excerpt, volumes)

    def _measure_volumes(self) -> Volumes:
        """Measure the share of the domain that each region takes."""
        self._tell("measuring volumes", 0)
        volumes = region_volumes(self._partition, time_limit=self._schedule.part("volumes"))
        is_unknown = volumes.method is VolumeMethod.UNKNOWN
        self._keep(volumes, f"Shares of the domain are unknown: {volumes.reason}." if is_unknown else "")
        return volumes

    def _find_neighbours(self) -> None:
        """Find the regions that share a facet."""
        self._tell("finding neighbours", 0)
        adjacency = find_adjacency(self._partition, time_limit=self._schedule.part("neighbours"))
        reason = adjacency.reason
        self._keep(adjacency, f"Not all pairs of neighbours are recorded: {reason}." if reason else "")

    def _decide(self) -> None:
        """Decide the class in each region."""
        classes = decide_regions(self._partition, time_limit=self._schedule.part("decisions"))
        first = f"the first {len(classes):,} regions"
        is_cut = len(classes) < len(self._partition)
        self._keep(
            RegionClasses(classes), f"Decisions are recorded only for {first}, because time ran out." if is_cut else ""
        )

    def _find_ranges(self) -> None:
        """Find the least and the largest output in each region."""
        self._tell("finding the range of each region", 0)
        ranges = region_ranges(self._partition, time_limit=self._schedule.part("ranges"))
        reason = ranges.reason
        self._keep(ranges, f"The ranges of outputs are not recorded for all regions: {reason}." if reason else "")

    def _rank_unobserved(self, volumes: Volumes) -> None:
        """Rank the regions without a sample by their departure from observed ones."""
        self._tell("ranking unobserved regions", 0)
        deadline = self._schedule.part("unobserved")
        found = find_unobserved(
            self._partition,
            self._clusters,
            self._spread,
            volumes=volumes,
            admissible=_not_asked(self._partition),  # the store has them from the census
            time_limit=deadline,
        )
        cut = "The departure of regions without a sample is not known for all of them, because time ran out."
        self._keep(found, cut if deadline.passed else "")

    def _compare(self, excerpt: Excerpt, volumes: Volumes) -> None:
        """Put measures of importance side by side."""
        self._tell("comparing measures of importance", 0)
        if len(self._importance) < len(self._clusters):
            self._note("Measures of importance are not put side by side: they are known for the largest clusters only.")
            return
        deadline = self._schedule.part("comparison")
        try:
            compared = self._compared(excerpt, volumes, deadline)
        except DeadlinePassedError:
            self._leave_out("measures of importance side by side")
        else:
            self._keep(compared)

    def _compared(self, excerpt: Excerpt, volumes: Volumes, deadline: Deadline) -> ImportanceComparison:
        by_region = region_importance(self._partition, self._spread, time_limit=deadline)
        if by_region.reason:
            raise DeadlinePassedError(by_region.reason)
        whole = domain_importance(self._clusters, self._importance, by_region, volumes)
        shuffled = slice(None, None, -(-len(excerpt.X) // self._counts.shuffled) or 1)
        paths = excerpt.X[:: -(-len(excerpt.X) // self._counts.paths) or 1]
        target = None if excerpt.target is None else CodedTarget(excerpt.target.numbers[shuffled])
        integrated = integrated_gradients(self._network, paths, time_limit=deadline)
        permuted = permutation_importance(self._network, excerpt.X[shuffled], target, time_limit=deadline)
        if integrated.reason or permuted.reason:
            raise DeadlinePassedError(integrated.reason or permuted.reason)
        return compare_importance(whole, gradients(self._network, excerpt.X), integrated, permuted, self._spread)

    def _score(self, excerpt: Excerpt) -> None:
        """Score the maps of clusters in half of the time, and those of regions in the rest."""
        self._tell("measuring performance", 0)
        most, deadline = self._counts.maps, self._schedule.part("performance")
        data = (excerpt.clusters, excerpt.X, excerpt.target)
        half = deadline.share(0.5) if self._few else deadline
        clusters, regions = cluster_performance(*data, global_limit=most, time_limit=half), None
        if self._few:
            regions = region_performance(self._partition, *data, global_limit=most, time_limit=deadline)
        notes = [_tried_in_words(kind, found) for kind, found in (("clusters", clusters), ("regions", regions))]
        self._keep(PerformanceRecord(clusters, excerpt.numbers, regions), *notes)

    def _group(self, excerpt: Excerpt) -> None:
        """Merge many clusters into a few groups."""
        if len(excerpt.clusters) < 2:
            return
        self._tell("grouping clusters", 0)
        deadline = self._schedule.part("groups")
        if deadline.passed:
            self._leave_out("groups of clusters")
            return
        most = min(self._counts.groups, len(excerpt.clusters))
        groups = group_clusters(excerpt.clusters, excerpt.X, groups=most, time_limit=deadline)
        bounds = self._bound(groups)
        self._keep(GroupRecord(groups, excerpt.numbers, bounds), _bounds_in_words(bounds))

    def _bound(self, groups: ClusterGroups) -> GroupBounds | None:
        """Bound the change of the outputs within groups, if all regions are listed."""
        if not self._few or self._partition.status is not PartitionStatus.COMPLETE:
            return None
        return bound_groups(groups, self._partition, time_limit=self._schedule.part("group_bounds"))

    def _tell_apart(self, excerpt: Excerpt) -> None:
        """Determine how far the samples settle coefficients when features are correlated."""
        self._tell("determining the relevance of features", 0)
        found = self._relevance(excerpt)
        doubts = "; ".join(sorted(set(filter(None, found.doubt))))
        unknown = f"Relevance is not fully known: {doubts}." if doubts else ""
        self._keep(RelevanceRecord(found, excerpt.numbers), _relevance_in_words(found), unknown)

    def _relevance(self, excerpt: Excerpt) -> ClusterRelevance:
        return cluster_relevance(
            excerpt.clusters,
            excerpt.X,
            spread=self._spread,
            output_change=OUTPUT_CHANGE * evaluate(self._network, excerpt.X).std(axis=0),
            limit=self._counts.relevance,
            time_limit=self._schedule.part("relevance"),
        )

    def _measure_distances(self) -> None:
        """Measure how far some samples are from another decision."""
        if self._network.rule.rule is DecisionRule.NONE:
            return
        rows = _scattered(self._samples.excerpt(self._counts.distances))
        found = self._distances(rows, "measuring distances to other decisions")
        note = f"Distances to another decision: {found.reason}." if found.reason else ""
        self._keep(RobustnessRecord(found, rows, with_inputs=self._show_samples), note)

    def _distances(self, rows: IntArray, stage: str) -> SampleRobustness:
        """Distances of these samples; the search for nearer inputs begins at others, too."""
        self._tell(stage, 0)
        deadline = self._schedule.part("distances")
        return sample_robustness(
            self._network,
            self._domain,
            self._samples.table.take(rows),
            settle=self._settler_at(rows, deadline),
            norm=Norm.L1 if self._domain.has_integers else Norm.LINF,  # few steps rather than a small one in all
            candidates=self._samples.table.take(self._samples.excerpt(self._counts.shuffled)),
            time_limit=deadline,
            on_progress=lambda done: self._tell(stage, done),
        )

    def _settler_at(self, rows: IntArray, deadline: Deadline) -> Callable[[int, Domain, Claim], Settlement]:
        """Settler of claims about samples, which keeps the proof under the number of the sample if a claim holds."""
        each = min(PART_EACH, SHARE / max(len(rows), 1)) * deadline.seconds_left

        def settle(row: int, domain: Domain, claim: Claim) -> Settlement:
            until = deadline.within(each)
            if not self._show_samples:
                return settle_claim(claim, self._network, domain, time_limit=until)
            settled = settle_claim(claim, self._network, domain, self._proofs.place_of_next(), time_limit=until)
            return self._proofs.keep(settled, f"sample-{rows[row]}")

        return settle


def _tried_in_words(kind: str, found: Performance | None) -> str:
    """Number of clusters or regions whose maps were applied to all samples, in words; empty if all were."""
    if found is None or not (found.count[~found.has_global] > 0).any():
        return ""
    tried, seen = f"{int(found.has_global.sum()):,}", f"{int((found.count > 0).sum()):,}"
    return f"The maps of {tried} of {seen} {kind} with samples were applied to all samples, largest first."


def _bounds_in_words(bounds: GroupBounds | None) -> str:
    """Why the change of output is not bounded for all groups; empty if it is, or if nobody asked."""
    reason = "" if bounds is None else bounds.reason
    return f"The change of output is not bounded for all groups: {reason}." if reason else ""


def _relevance_in_words(found: ClusterRelevance) -> str:
    """Over which clusters and maps relevance is determined."""
    return (
        f"Relevance is determined for the largest clusters ({len(found):,}), over maps whose absolute "
        f"coefficients of scaled features sum to at most {1 + found.norm_excess:g} times the least possible, and "
        f"whose predictions differ by at most {percent(OUTPUT_CHANGE, digits=0)} of an output's standard "
        f"deviation over the samples."
    )


def _not_asked(partition: Partition) -> AdmissibleInputs:
    """Answers for regions whose admissible inputs were not searched: all unknown."""
    k, n = len(partition), partition.network.inputs
    return AdmissibleInputs(np.full(k, Met.UNKNOWN, dtype=np.int64), np.full((k, n), np.nan))


def _scattered(rows: IntArray) -> IntArray:
    """The same rows in bit-reversed order, so that the first ones, however many, are spread over all."""
    bits = max(len(rows) - 1, 1).bit_length()
    return rows[np.argsort([int(f"{place:0{bits}b}"[::-1], 2) for place in range(len(rows))], kind="stable")]
