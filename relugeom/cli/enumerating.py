"""The verb `enumerate`: the activation regions of a domain and, with `--measure`, their volumes and facets."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relugeom.audit.inputs import choose_domain
from relugeom.audit.stored_search import StoredSearch, search_regions
from relugeom.budget import Budget
from relugeom.cli.model_file import Reading
from relugeom.cli.output import progress, show, tell, tell_of_threads
from relugeom.measures.partition_measures import PartitionMeasures
from relugeom.measures.volumes import CoveredShare, VolumeMethod, Volumes
from relugeom.partition.census import patterns_in_words
from relugeom.partition.partition import PartitionStatus
from relugeom.partition.tree import unexplored_prefixes
from relugeom.printing import counted, in_seconds, percent
from relugeom.report.plain_tables import fact_table

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["run_enumerate"]

MAX_PREFIXES = 4
"""Unexplored parts of the tree that are named; any further ones are only counted."""


def run_enumerate(
    model: str,
    domain: str | None,
    *,
    budget: Budget,
    store: str | None,
    resume: bool,
    measure: bool,
    reading: Reading,
    as_json: bool,
) -> int:
    """`relugeom enumerate`."""
    begun = budget.begun()
    tell_of_threads(budget.threads)
    network = reading.network(model)
    chosen = choose_domain(domain, network, None, Path(model))
    with progress() as report:
        found = search_regions(
            network,
            chosen,
            budget=begun,
            store=store,
            resume=resume,
            measure=measure,
            parameters={"model": model, "domain": domain, **budget.parameters()},
            on_remark=tell,
            on_progress=report,
        )
    answer = _Enumerated(f"Activation regions of {Path(model).name}", found)
    return show(answer, as_json=as_json, leftover=found.leftover)


@dataclass(frozen=True, slots=True)
class _Enumerated:
    """Regions that were found, under a title."""

    title: str
    found: StoredSearch

    @property
    def status(self) -> str:
        return self.found.status

    def as_json(self) -> dict[str, Any]:
        found, partition = self.found, self.found.partition
        return {
            "status": partition.status.value,
            "reason": partition.reason,
            "regions": len(partition),
            "inputs": partition.network.inputs,
            "units": partition.network.units,
            "dimension": partition.dimension,
            "domain": found.chosen.source,
            "seconds": found.seconds,
            "search_seconds": partition.seconds,
            "network": partition.network.digest,
            "run": found.run,
            "unexplored": unexplored_prefixes(partition),
            **({} if found.measures is None else _measures_json(found.measures)),
        }

    def as_parts(self) -> "list[RenderableType]":
        found, partition = self.found, self.found.partition
        patterns = patterns_in_words(partition.network.units)
        facts = [
            ("Domain", found.chosen.source),
            ("Found", f"{counted(len(partition), 'activation region')} of {patterns} patterns"),
            ("Status", partition.status.value),
        ]
        if partition.reason:
            facts.append(("Reason", partition.reason))
        if unexplored := unexplored_prefixes(partition):
            facts.append(("Unexplored", _unexplored_in_words(unexplored)))
        if found.measures is not None:
            facts += _measures_in_words(found.measures)
        facts.append(("Time", in_seconds(found.seconds)))
        if found.run is not None:
            facts.append(("Store", f"run {found.run} in {found.store}"))
        return [fact_table(self.title, facts)]


def _unexplored_in_words(prefixes: list[str]) -> str:
    if prefixes == [""]:
        return "everything"
    shown = ", ".join(f"{prefix}…" for prefix in prefixes[:MAX_PREFIXES])
    more = f" and {len(prefixes) - MAX_PREFIXES:,} more beginnings" if len(prefixes) > MAX_PREFIXES else ""
    return f"patterns that begin with {shown}{more}"


def _measures_json(found: PartitionMeasures) -> dict[str, Any]:
    volumes, covered = found.volumes, found.covered
    return {
        "volumes": volumes.method.value,
        "volumes_reason": volumes.reason,
        "covered_low": covered.low,
        "covered_high": covered.high,
        "covered_confidence": covered.confidence,
        "covered_reason": covered.reason,
        "largest_region": None if found.largest is None else found.largest._asdict(),
        "facets": len(found.adjacency),
        "facets_reason": found.adjacency.reason,
        "linear_regions": found.linear_regions.count,
        "linear_regions_reason": found.linear_regions.reason,
    }


def _measures_in_words(found: PartitionMeasures) -> Iterator[tuple[str, str]]:
    adjacency, merged = found.adjacency, found.linear_regions
    known = found.partition.status is PartitionStatus.COMPLETE
    yield "Volumes", _method_in_words(found.volumes)
    yield "Covered", _covered_in_words(found.covered)
    if found.largest is not None:
        yield "Largest region", f"{found.largest.pattern}: {found.largest.volume_share:.4g} of the domain"
    pairs = f"{len(adjacency):,} pairs of regions share one"
    yield "Facets", pairs + _as_far(", as far as they are known", known, adjacency.reason)
    yield "Linear regions", f"{merged.count:,}" + _as_far(" among the regions that are known", known, merged.reason)


def _as_far(words: str, known: bool, reason: str) -> str:
    return ("" if known and not reason else words) + (f": {reason}" if reason else "")


def _method_in_words(volumes: Volumes) -> str:
    if volumes.method is VolumeMethod.EXACT:
        words = "exact"
    elif volumes.method is VolumeMethod.MONTE_CARLO:
        trust = percent(volumes.confidence, digits=0)
        words = f"Monte Carlo estimate from {volumes.samples:,} points ({trust} intervals)"
    else:
        words = "unknown"
    return f"{words}: {volumes.reason}" if volumes.reason else words


def _covered_in_words(covered: CoveredShare) -> str:
    if covered.low == covered.high == 1.0:
        return "all of the domain"
    if covered.method is VolumeMethod.EXACT:
        return f"at least {covered.low:.6g} of the domain (proved)" + (f": {covered.reason}" if covered.reason else "")
    if covered.method is VolumeMethod.MONTE_CARLO:
        trust = percent(covered.confidence, digits=0)
        interval = f"{covered.low:.4g} to {covered.high:.4g} of the domain ({trust} interval)"
        return interval + (f": {covered.reason}" if covered.reason else "")
    return f"unknown: {covered.reason}" if covered.reason else "unknown"
