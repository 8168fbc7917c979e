"""The verb `verify`: does a property hold for all inputs?"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relugeom.claims.settlement import Counterexample, Verdict
from relugeom.cli.model_file import Reading
from relugeom.cli.output import progress, show, tell
from relugeom.cli.written_files import file_entries
from relugeom.deadline import Deadline
from relugeom.decimals import exact_text, float_above, float_below, nearest, rational_text
from relugeom.network.network import ReLUNetwork
from relugeom.partition.scope import scope_in_words
from relugeom.printing import counted, in_seconds
from relugeom.questions.verification import PropertyResult, verify_property
from relugeom.report.plain_tables import fact_table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from relugeom.audit.inputs import ChosenDomain

__all__ = ["run_verify"]

LONGEST_SHOWN = 60
FILES_SHOWN = 3
TEXTS = {
    Verdict.HOLDS: "holds: no input violates the property",
    Verdict.FAILS: "does not hold: a counterexample was found and checked in exact arithmetic",
    Verdict.UNKNOWN: "unknown",
}


def run_verify(
    model: str,
    property_file: str,
    *,
    domain: str | None,
    out: str | None,
    max_cells: int,
    time_limit: float,
    reading: Reading,
    as_json: bool,
) -> int:
    """`relugeom verify`."""
    deadline = Deadline.of(time_limit)
    network = reading.network(model)
    chosen = None if domain is None else _chosen(domain, network, model)
    with progress() as report:
        found = verify_property(
            network,
            property_file,
            domain=None if chosen is None else chosen.domain,
            certificate=out,
            max_cells=max_cells,
            time_limit=deadline,
            on_remark=tell,
            on_progress=report,
        )
    title = f"{Path(model).name}: {Path(property_file).name}"
    return show(_Verified(title, found, chosen), as_json=as_json)


def _chosen(domain: str, network: ReLUNetwork, model: str) -> "ChosenDomain":
    from relugeom.audit.inputs import choose_domain  # slow to load, and most properties need no domain

    return choose_domain(domain, network, None, Path(model))


@dataclass(frozen=True, slots=True)
class _Verified:
    """Verdict on a property, under a title."""

    title: str
    found: PropertyResult
    chosen: "ChosenDomain | None"

    @property
    def status(self) -> str:
        return self.found.status

    def as_json(self) -> dict[str, Any]:
        found, shown = self.found, self.found.counterexample
        return {
            "status": found.status.value,
            "reason": found.reason,
            "boxes": found.boxes,
            "boxes_closed": found.boxes_closed,
            "cells": found.cells,
            "lower": _by_output(found.network, found.lower),
            "upper": _by_output(found.network, found.upper),
            "counterexample": None if shown is None else _exact(found.network, shown),
            "excess": None if found.verdict is not Verdict.UNKNOWN else _both_sides(found.excess),
            "certificates": file_entries(found.certificates),
            "domain": None if self.chosen is None else self.chosen.source,
            "scope": found.scope,
            "network": found.network.digest,
            "seconds": found.seconds,
        }

    def as_parts(self) -> "list[RenderableType]":
        found = self.found
        facts = [("Verdict", TEXTS[found.verdict])]
        if self.chosen is not None and found.scope is not None:
            meant = scope_in_words(self.chosen.domain, found.scope)
            facts.append(("Domain", f"{self.chosen.source} ({meant})"))
        if found.reason:
            facts.append(("Reason", found.reason))
        if found.counterexample is not None:
            facts += [(f"  {name}", value) for name, value in _in_words(found.network, found.counterexample)]
        if found.verdict is Verdict.HOLDS and found.boxes:
            boxes = f"{found.boxes:,} box{'es' if found.boxes != 1 else ''}"
            facts.append(("Proved", f"{boxes}, {counted(found.cells, 'cell')} closed"))
        files = [str(proof.path) for proof in found.certificates]
        if files:
            more = f" and {len(files) - FILES_SHOWN:,} more" if len(files) > FILES_SHOWN else ""
            facts.append(("Certificate", ", ".join(files[:FILES_SHOWN]) + more))
        facts.append(("Time", in_seconds(found.seconds)))
        return [fact_table(self.title, facts)]


def _both_sides(excess: tuple[Fraction | None, Fraction | None]) -> dict[str, float | None]:
    """Both sides of how far inputs can violate the property, rounded outwards."""
    lower, upper = excess
    return {
        "lower": None if lower is None else float_below(lower),
        "upper": None if upper is None else float_above(upper),
    }


def _by_output(network: ReLUNetwork, ends: Sequence[float]) -> dict[str, float] | None:
    """Bounds by the names of the outputs; None if there are none."""
    return dict(zip(network.target_names, ends, strict=True)) if ends else None


def _exact(network: ReLUNetwork, shown: Counterexample) -> dict[str, Any]:
    """Inputs and outputs by name, as floats and exactly."""
    inputs, outputs = (
        zip(network.feature_names, shown.x, strict=True),
        zip(network.target_names, shown.outputs, strict=True),
    )
    return {
        "inputs": {name: {"value": nearest(value), "exact": exact_text(value)} for name, value in inputs},
        "outputs": {name: {"value": nearest(value), "exact": exact_text(value)} for name, value in outputs},
    }


def _in_words(network: ReLUNetwork, shown: Counterexample) -> list[tuple[str, str]]:
    """Inputs, then outputs; an output may be called like an input."""
    names = (*network.feature_names, *network.target_names)
    return [(name, _number(value)) for name, value in zip(names, (*shown.x, *shown.outputs), strict=True)]


def _number(value: Fraction) -> str:
    """A rational number as a person reads it; --json prints each one exactly."""
    exact = exact_text(value)
    if len(exact) <= 18:
        return exact
    return rational_text(value, 17) + (f" (exactly {exact})" if len(exact) <= LONGEST_SHOWN else " (rounded)")
