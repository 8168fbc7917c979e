"""Sentences of an audit: what it continues from, which columns it takes, its limits, its summary."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from relugeom.audit.model_facts import MODEL_FACTS
from relugeom.audit.schedule import Affordable
from relugeom.claims.settlement import Verdict
from relugeom.data.samples import Samples
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.network.rounding import rounding_bound
from relugeom.partition.census import CensusKind, PatternCensus
from relugeom.partition.clusters import Clusters
from relugeom.partition.partition import Partition, PartitionStatus, PatternStatus
from relugeom.printing import counted
from relugeom.report.content import Facts
from relugeom.report.formatting import estimated_share
from relugeom.report.page_tables import by_name, records_of
from relugeom.report.two_sides import BETWEEN, shown_verdict

if TYPE_CHECKING:
    from relugeom.store.reading import RunTables

__all__ = [
    "audit_notes",
    "columns_in_words",
    "resumption_in_words",
    "storing_notes",
    "summary_of",
]

WORDS = {
    Verdict.HOLDS.value: ("statement is proved", "statements are proved"),
    Verdict.FAILS.value: ("is refuted by an input", "are refuted by an input"),
    BETWEEN: ("is between bounds", "are between bounds"),
    Verdict.UNKNOWN.value: ("is unknown", "are unknown"),
}
UNLISTED = (
    "Coefficients are recorded only for patterns of clusters, because not all regions are listed: "
    "relugeom.effective_map(network, pattern) gives those of any other."
)
MAX_NAMED = 20
"""Most inputs that a remark names one by one; of more, it names only the first and the last."""


def resumption_in_words(known: Partition | None) -> str:
    """What a search continues from, in words."""
    if known is None:
        return (
            "nothing to resume: the store has no search of this network on this domain, so the search starts from the "
            "beginning"
        )
    regions = counted(len(known), "activation region")
    if known.status is PartitionStatus.COMPLETE:
        return f"nothing left to search: an earlier run found everything ({regions})"
    return f"resuming after {regions} that an earlier run found"


def columns_in_words(network: ReLUNetwork, samples: Samples) -> str:
    """Which column feeds which input, in words."""
    pairs = zip(network.feature_names, samples.columns, strict=True)
    names = [name if name == column else f"{name} ← {column}" for name, column in pairs]
    if len(names) > MAX_NAMED:
        names = [f"{len(names):,} columns", names[0], "…", names[-1]]
    return f"inputs: {', '.join(names)}" + ("" if samples.target_name is None else f"; target: {samples.target_name}")


def audit_notes(
    clusters: Clusters, statuses: Sequence[PatternStatus], partition: Partition, census: PatternCensus
) -> list[str]:
    """Limits and remarks, one sentence each."""
    return [
        "This report counts activation regions: patterns whose set of inputs has an interior in the domain's affine "
        "hull.",
        *_scope_notes(statuses, partition),
        *_unknown_notes(statuses, partition, census),
        *_sample_notes(clusters, statuses, partition.network),
        *_rounding_notes(partition),
    ]


def _scope_notes(statuses: Sequence[PatternStatus], partition: Partition) -> Iterator[str]:
    """Which regions are listed, and which inputs statements are about."""
    if partition.status is PartitionStatus.TRUNCATED:
        settled = "" if PatternStatus.UNKNOWN in statuses else "; the patterns of the samples are settled all the same"
        yield f"The list of regions is truncated ({partition.reason}){settled}."
    if partition.domain.has_integers:
        yield (
            "Statements about the whole domain (ranges, directions, decisions, distances) are about admissible inputs: "
            "integers for integer features, and exactly one member of each one-hot group. The range of a single "
            "region is over its relaxation."
        )
    yield from _group_notes(partition.domain)


def _group_notes(domain: Domain) -> Iterator[str]:
    """Which features have no directions."""
    if members := sum(map(len, domain.groups)):
        yield (
            f"Directions are not examined for the {members:,} members of one-hot groups: none of them can change alone."
        )


def _unknown_notes(statuses: Sequence[PatternStatus], partition: Partition, census: PatternCensus) -> Iterator[str]:
    """Which patterns are not known."""
    if PatternStatus.UNKNOWN in statuses:
        left = counted(statuses.count(PatternStatus.UNKNOWN), "cluster")
        yield f"It is unknown whether the patterns of {left} are regions, because time ran out."
    if not census.lower_complete:
        yield "Lower-dimensional patterns were not searched for; only those of admissible inputs are listed."
    if not census.admissible_complete and partition.domain.has_integers:
        yield "Not all patterns of admissible inputs are known, because the search for them ran out of time."


def _sample_notes(clusters: Clusters, statuses: Sequence[PatternStatus], network: ReLUNetwork) -> Iterator[str]:
    """What is odd about the samples."""
    if outside := clusters.samples_outside:
        yield (
            f"Samples outside the domain: {outside:,}; they stay in their clusters but do not count as covering a "
            f"region."
        )
    if PatternStatus.INFEASIBLE in statuses:
        yield "All samples of a cluster whose pattern is infeasible lie outside the domain."
    yield from _float32_notes(clusters, network)


def _float32_notes(clusters: Clusters, network: ReLUNetwork) -> Iterator[str]:
    """For how many samples the float32 model may compute another pattern."""
    doubtful = int(clusters.float32_doubtful.sum())
    if doubtful and network.origin.precision == "float32":
        yield (
            f"Samples so close to the hyperplane of a unit that the float32 model may compute another pattern: "
            f"{doubtful:,}."
        )


def _rounding_notes(partition: Partition) -> Iterator[str]:
    """What the importer rounded, and by how much that changes the outputs."""
    network, domain = partition.network, partition.domain
    if network.origin.rounded_count:
        bound = float(np.max(rounding_bound(network, domain.lower, domain.upper)))
        effect = (
            f"changes no output by more than {bound:.2g}"
            if isfinite(bound)
            else "changes the outputs without a known bound"
        )
        yield (
            f"Weights that the importer computed and rounded once to float64: {network.origin.rounded_count:,}; this "
            f"{effect} on the domain."
        )


def storing_notes(clusters: Clusters, partition: Partition, most: Affordable) -> Iterator[str]:
    """Notes on what is not in the store because writing it would take too much of the time, or of the disk."""
    if partition.status is PartitionStatus.TRUNCATED:
        yield UNLISTED + (_cut_at(most.prefix) if len(partition) == most.prefix else "")
    if most.regions == len(partition) and partition.status is PartitionStatus.TRUNCATED:
        yield (
            f"No more than {most.regions:,} regions were listed: storing more would take too much of the time "
            f"(--time-limit)."
        )
    if most.clusters < len(clusters):
        yield _untold(most.clusters, len(clusters))


def _cut_at(regions: int) -> str:
    """That the list was cut short so that the store stays small."""
    return f" The list ends after {regions:,} regions, so that the store stays small: see --max-regions."


def _untold(most: int, clusters: int) -> str:
    """That only the largest clusters are told in full."""
    return (
        f"Features, coefficients and effects are recorded only for the {most:,} largest of {clusters:,} clusters, so "
        f"that the store stays small: relugeom.effective_map(network, pattern) gives the coefficients of any other."
    )


def summary_of(tables: "RunTables") -> Facts:
    """Summary of the run in a few lines."""
    return tuple((label, text) for label, text in _summary_lines(tables) if text)


def _summary_lines(tables: "RunTables") -> Iterator[tuple[str, str]]:
    about = tables.about
    sizes = (counted(about.inputs, "input"), counted(about.units, "unit"), counted(about.outputs, "output"))
    for name, label in MODEL_FACTS.items():
        yield label, tables.model_facts.get(name, "")
    file = f"{about.network}: " if tables.model_facts and about.network else ""
    yield "Network", file + ", ".join(sizes)
    yield "Data", about.data or ""
    yield "Domain", about.domain or ""
    yield from _sample_lines(tables)
    yield from _pattern_lines(tables)
    yield "On the whole domain", _verdicts_in_words(tables)
    yield "Status", ": ".join(filter(None, (about.status, about.reason)))


def _sample_lines(tables: "RunTables") -> Iterator[tuple[str, str]]:
    clusters = tables.clusters
    if not len(clusters):
        return
    samples = int(clusters["samples"].sum())
    yield "Samples", f"{samples:,} in {len(clusters):,} clusters"
    yield "Outside the domain", f"{int(clusters['outside'].sum()):,}"
    if clusters["accuracy"].notna().all():
        right = round(float((clusters["accuracy"] * clusters["samples"]).sum()))
        yield "Accuracy", estimated_share(right, samples)


def _pattern_lines(tables: "RunTables") -> Iterator[tuple[str, str]]:
    counts = dict(zip(tables.census["kind"], tables.census["count"], strict=True))
    if CensusKind.REGION not in counts:
        known = max(tables.regions or 0, int((tables.patterns["status"] == PatternStatus.REGION).sum()))
        yield "Activation regions", f"{known:,} are known"
        return
    yield "Activation regions", f"{counts[CensusKind.REGION]} of {counts[CensusKind.ALL]} patterns"
    if (observed := counts.get(CensusKind.OBSERVED)) is not None and len(tables.clusters):
        yield "Patterns with samples", f"{observed} have samples in the domain"


def _verdicts_in_words(tables: "RunTables") -> str:
    verdicts = Counter(map(shown_verdict, map(by_name, records_of(tables.answers))))
    return ", ".join(f"{verdicts[key]:,} {words[verdicts[key] > 1]}" for key, words in WORDS.items() if verdicts[key])
