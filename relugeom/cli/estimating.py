"""The option `--estimate` of `enumerate`: how many regions there will be, and how long a search takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relugeom.audit.inputs import ChosenDomain, choose_domain
from relugeom.cli.model_file import Reading
from relugeom.cli.output import show
from relugeom.network.network import ReLUNetwork
from relugeom.partition.census import patterns_in_words
from relugeom.printing import counted, in_seconds, percent
from relugeom.report.plain_tables import fact_table
from relugeom.search.estimate import SECONDS, RegionEstimate, estimate_regions
from relugeom.search.estimate_words import count_in_words, duration_in_words, interval_in_words, pace_in_words

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["run_estimate"]


def run_estimate(model: str, domain: str | None, *, time_limit: float | None, reading: Reading, as_json: bool) -> int:
    """`relugeom enumerate --estimate`; without a limit, in the usual time."""
    network = reading.network(model)
    chosen = choose_domain(domain, network, None, Path(model))
    found = estimate_regions(network, chosen.domain, time_limit=SECONDS if time_limit is None else time_limit)
    answer = _Estimated(f"Estimate for {Path(model).name}", network, chosen, found)
    return show(answer, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Estimated:
    """An estimate, under a title."""

    title: str
    network: ReLUNetwork
    chosen: ChosenDomain
    found: RegionEstimate

    @property
    def status(self) -> str:
        return self.found.status

    def as_json(self) -> dict[str, Any]:
        found = self.found
        return {
            "status": found.status.value,
            "regions": found.count,
            "low": found.low,
            "high": found.high,
            "confidence": found.confidence,
            "descents": found.descents,
            "patterns_met": found.patterns,
            "expected_seconds": found.expected_seconds,
            "pace": found.pace,
            "machine_code": found.machine_code,
            "seed": found.seed,
            "inputs": self.network.inputs,
            "units": self.network.units,
            "domain": self.chosen.source,
            "seconds": found.seconds,
            "network": self.network.digest,
        }

    def as_parts(self) -> "list[RenderableType]":
        found = self.found
        facts = [
            ("Domain", self.chosen.source),
            ("Status", found.status.value),
            ("Regions", count_in_words(found)),
        ]
        if not found.exact:
            title = "Bounds" if found.count is None else f"{percent(found.confidence, digits=0)} interval"
            facts += [
                (title, interval_in_words(found)),
                ("Patterns met", f"{found.patterns:,} of {patterns_in_words(self.network.units)}"),
                ("Based on", counted(found.descents, "random descent")),
            ]
        facts += [
            ("Search", f"{duration_in_words(found)} on one thread{pace_in_words(found)}"),
            ("Time", in_seconds(found.seconds)),
        ]
        return [fact_table(self.title, facts)]
