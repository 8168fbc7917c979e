"""The verb `compare`: are two networks the same function?"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relugeom.audit.inputs import ChosenDomain, choose_domain
from relugeom.claims.settlement import Verdict
from relugeom.claims.words import point_in_words
from relugeom.cli.model_file import Reading
from relugeom.cli.output import progress, show
from relugeom.cli.written_files import file_entries
from relugeom.deadline import Deadline
from relugeom.decimals import exact_text, float_above, float_below, nearest, rational_text
from relugeom.network.network import ReLUNetwork
from relugeom.partition.scope import scope_in_words
from relugeom.printing import in_seconds
from relugeom.questions.equivalence import Comparison, Equivalence, compare_networks
from relugeom.questions.tightening import Extremum
from relugeom.report.plain_tables import fact_table

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["run_compare"]

COMPARED = {
    Equivalence.EQUIVALENT: "the same function on the domain",
    Equivalence.DIFFERENT: "different functions",
    Equivalence.UNKNOWN: "unknown",
}


def run_compare(
    model: str, other: str, *, domain: str | None, out: str | None, time_limit: float, reading: Reading, as_json: bool
) -> int:
    """`relugeom compare`."""
    deadline = Deadline.of(time_limit)
    first, second = reading.networks([model, other])
    chosen = choose_domain(domain, first, None, Path(model))
    with progress() as report:
        found = compare_networks(
            first,
            second,
            chosen.domain,
            certificate=out,
            time_limit=deadline,
            on_progress=partial(report, "closing cells"),
        )
    title = f"{Path(model).name} and {Path(other).name}"
    return show(_Compared(title, found, chosen, out), as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Compared:
    """Comparison of two networks, under a title, and the file that was asked for the proof."""

    title: str
    found: Comparison
    chosen: ChosenDomain
    out: str | None

    @property
    def status(self) -> str:
        return self.found.status

    @property
    def differences(self) -> dict[str, Extremum]:
        """Largest differences, by output."""
        return dict(zip(self.found.networks[0].target_names, self.found.differences, strict=False))

    def as_json(self) -> dict[str, Any]:
        found, first, kept = self.found, self.found.networks[0], self.found.certificate
        return {
            "status": found.status.value,
            "reason": found.reason,
            "differences": {name: _difference(first, end) for name, end in self.differences.items()},
            "certificates": file_entries([kept]),
            "certificate": None if kept is None else self.out,  # this key and the next are older names
            "certificate_sha256": None if kept is None else kept.digest,
            "domain": self.chosen.source,
            "scope": found.scope.value,
            "networks": [network.digest for network in found.networks],
            "seconds": found.seconds,
        }

    def as_parts(self) -> "list[RenderableType]":
        found, first = self.found, self.found.networks[0]
        meant = scope_in_words(self.chosen.domain, found.scope)
        facts = [("Verdict", COMPARED[found.status]), ("Domain", f"{self.chosen.source} ({meant})")]
        if found.reason:
            facts.append(("Reason", found.reason))
        facts += [(name, _difference_in_words(first, end)) for name, end in self.differences.items()]
        if self.out is not None and found.certificate is not None:
            facts.append(("Certificate", self.out))
        facts.append(("Time", in_seconds(found.seconds)))
        return [fact_table(self.title, facts)]


def _difference(network: ReLUNetwork, end: Extremum) -> dict[str, Any]:
    return {
        "largest": None if end.value is None else nearest(end.value),
        "exact": None if end.value is None else exact_text(end.value),
        "limit": None if end.limit is None else nearest(end.limit),
        "lower": None if end.value is None else float_below(end.value),
        "upper": None if end.limit is None else float_above(end.limit),
        "bounded": end.bounded,
        "verdict": end.verdict.value,
        "at": {name: float(value) for name, value in zip(network.feature_names, end.point, strict=True)},
    }


def _difference_in_words(network: ReLUNetwork, end: Extremum) -> str:
    where = point_in_words(network.feature_names, end.point)
    if end.value is None:
        return f"differs without limit beyond {where}"
    kind = "at most" if end.verdict is Verdict.HOLDS else "at least"
    reached = f"differs by {kind} {rational_text(end.value, 6)}, reached at {where}"
    if end.verdict is Verdict.HOLDS or end.limit is None:
        return reached
    return f"{reached}, and by at most {rational_text(end.limit, 6)}"
