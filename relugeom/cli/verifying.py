"""The verb verify: does a property hold for all inputs?"""

import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from relugeom.certificate.boxes import BoxSettlement, settle_boxes
from relugeom.claims.settlement import Counterexample, Verdict
from relugeom.claims.vnnlib import read_property
from relugeom.cli.model_file import Reading
from relugeom.cli.output import print_json, print_parts, progress, tell
from relugeom.deadline import Deadline
from relugeom.errors import DeadlinePassedError, InputError
from relugeom.files import place_to_write, read_text
from relugeom.network.network import ReLUNetwork
from relugeom.printing import counted
from relugeom.questions.properties import property_claims
from relugeom.report.plain_tables import fact_table

__all__ = ["CODES", "run_verify"]

LONGEST_SHOWN = 60
FILES_SHOWN = 3
CODES = {Verdict.HOLDS: 0, Verdict.FAILS: 1, Verdict.UNKNOWN: 3}
TEXTS = {
    Verdict.HOLDS: "holds: no input violates the property",
    Verdict.FAILS: "does not hold: a counterexample was found, and checked in exact arithmetic",
    Verdict.UNKNOWN: "unknown",
}
CONTRADICTION = "the assertions contradict each other, so that no input meets them, whatever the network is"
NO_OUTPUT = (
    "no assertion is about an output, so that every input that meets the others is taken for a violation: is the file "
    "whole?"
)


def run_verify(
    model: str,
    property_file: str,
    *,
    out: str | None,
    max_cells: int,
    time_limit: float,
    reading: Reading,
    as_json: bool,
) -> int:
    """`relugeom verify`."""
    start, deadline = time.perf_counter(), Deadline.of(time_limit)
    network = reading.network(model)
    text = read_text(property_file)
    first = None if out is None else place_to_write(out)  # before a long search
    with progress() as report:
        found = _settle(network, text, property_file, first, max_cells, deadline, report)
    seconds = time.perf_counter() - start
    if as_json:
        print_json(_as_json(network, found) | {"network": network.digest, "seconds": seconds})
    else:
        facts = _facts(network, found) | {"Time": f"{seconds:.3g} s"}
        print_parts([fact_table(f"{Path(model).name}: {Path(property_file).name}", facts)])
    return CODES[found.verdict]


def _settle(
    network: ReLUNetwork,
    text: str,
    property_file: str,
    first: Path | None,
    max_cells: int,
    deadline: Deadline,
    report: Callable[[str, object], None],
) -> BoxSettlement:
    """What becomes of the property before the deadline, with one certificate per box beside the first one's place."""
    try:
        stated = read_property(text, deadline=deadline)
        boxes = property_claims(stated, network, deadline=deadline)
    except InputError as error:
        raise InputError(f"{property_file}: {error}") from error
    except DeadlinePassedError:
        return BoxSettlement(Verdict.UNKNOWN, 0, {}, reason="the time limit is over before the property is read")

    if stated.cases and not stated.is_about_outputs:
        tell(f"{property_file}: {NO_OUTPUT}")

    def place(box: int) -> Path | None:
        if first is None or len(boxes) == 1:
            return first
        return first.with_name(f"{first.stem}-{box + 1}{first.suffix}")

    found = settle_boxes(boxes, network, place, max_cells=max_cells, time_limit=deadline, on_progress=report)
    if not boxes and first is not None:
        tell(f"{first}: no certificate is written, for there is nothing to prove")
    return found if boxes else replace(found, reason=CONTRADICTION)


def _as_json(network: ReLUNetwork, found: BoxSettlement) -> dict[str, Any]:
    return {
        "status": found.verdict.value if found.verdict is not Verdict.FAILS else "counterexample",
        "reason": found.reason,
        "boxes": found.boxes,
        "boxes_closed": found.closed,
        "cells": found.cells,
        "counterexample": None if found.counterexample is None else _exact(network, found.counterexample),
        "certificates": [
            {"file": str(proof.path), "bytes": proof.size, "sha256": proof.digest}
            for proof in found.proofs.values()
            if proof.path is not None
        ],
    }


def _facts(network: ReLUNetwork, found: BoxSettlement) -> dict[str, str]:
    facts = {"Verdict": TEXTS[found.verdict]}
    if found.reason:
        facts["Reason"] = found.reason
    if found.counterexample is not None:
        facts |= {f"  {name}": value for name, value in _in_words(network, found.counterexample).items()}
    if found.verdict is Verdict.HOLDS and found.boxes:
        boxes = f"{found.boxes:,} box{'es' if found.boxes != 1 else ''}"
        facts["Proved"] = f"{boxes}, {counted(found.cells, 'cell')} closed"
    files = [str(proof.path) for proof in found.proofs.values() if proof.path is not None]
    if files:
        more = f" and {len(files) - FILES_SHOWN:,} more" if len(files) > FILES_SHOWN else ""
        facts["Certificate"] = ", ".join(files[:FILES_SHOWN]) + more
    return facts


def _exact(network: ReLUNetwork, shown: Counterexample) -> dict[str, Any]:
    """Inputs and outputs by name, as floats and exactly."""
    inputs, outputs = (
        zip(network.feature_names, shown.x, strict=True),
        zip(network.target_names, shown.outputs, strict=True),
    )
    return {
        "inputs": {name: {"value": float(value), "exact": str(value)} for name, value in inputs},
        "outputs": {name: {"value": float(value), "exact": str(value)} for name, value in outputs},
    }


def _in_words(network: ReLUNetwork, shown: Counterexample) -> dict[str, str]:
    names = (*network.feature_names, *network.target_names)
    return {name: _number(value) for name, value in zip(names, (*shown.x, *shown.outputs), strict=True)}


def _number(value: Fraction) -> str:
    """A rational as a person reads it; --json has every one exactly."""
    exact = str(value)
    if len(exact) <= 18:
        return exact
    return f"{float(value):.17g}" + (f" (exactly {exact})" if len(exact) <= LONGEST_SHOWN else " (rounded)")
