"""The verbs that settle a question: verify, compare."""

import time
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from relugeom.analysis.equivalence import compare_networks
from relugeom.analysis.properties import property_claims
from relugeom.analysis.tightening import Extremum
from relugeom.audit.inputs import choose_domain
from relugeom.certificate.claim import settle_claim
from relugeom.claims.answer import point_in_words
from relugeom.claims.claim import Claim, Equivalent, Scope
from relugeom.claims.settlement import Counterexample, Settlement, Verdict
from relugeom.claims.vnnlib import read_property
from relugeom.cli.model_file import Reading, read_all
from relugeom.cli.output import print_json, print_parts, progress
from relugeom.errors import InputError
from relugeom.files import place_to_write, read_text
from relugeom.network.network import ReLUNetwork
from relugeom.partition.admissible import check_admissible
from relugeom.report.tables import fact_table

__all__ = ["run_compare", "run_verify"]

LONGEST_SHOWN = 60
COMPARED = {
    Verdict.HOLDS: "the same function on the domain",
    Verdict.FAILS: "different functions",
    Verdict.UNKNOWN: "unknown",
}
CODES = {Verdict.HOLDS: 0, Verdict.FAILS: 1, Verdict.UNKNOWN: 3}
TEXTS = {
    Verdict.HOLDS: "holds: no input violates the property",
    Verdict.FAILS: "does not hold: a counterexample was found, and checked in exact arithmetic",
    Verdict.UNKNOWN: "unknown",
}


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
    start = time.perf_counter()
    network = reading.network(model)
    text = read_text(property_file)
    try:
        boxes = property_claims(read_property(text), network)
    except InputError as error:
        raise InputError(f"{property_file}: {error}") from error
    places = _places(out, len(boxes))
    found: list[Settlement] = []
    with progress() as report:
        for (box, claim), place in zip(boxes, places, strict=True):
            settled = settle_claim(
                claim,
                network,
                box,
                place,
                max_cells=max_cells,
                time_limit=max(time_limit - (time.perf_counter() - start), 0.0),
                on_progress=partial(report, "closing cells"),
            )
            found.append(settled)
            if settled.verdict is Verdict.FAILS:
                break
    verdicts = {settled.verdict for settled in found}
    verdict = next((v for v in (Verdict.FAILS, Verdict.UNKNOWN) if v in verdicts), Verdict.HOLDS)
    last = next((settled for settled in found if settled.verdict is verdict), None)
    shown = last.counterexample if last is not None else None
    kept = [settled.proof for settled in found if settled.proof is not None]
    cells, seconds = sum(proof.cells for proof in kept), time.perf_counter() - start
    if as_json:
        print_json(
            {
                "status": verdict.value if verdict is not Verdict.FAILS else "counterexample",
                "reason": "" if last is None else last.reason,
                "boxes": len(boxes),
                "cells": cells,
                "counterexample": None if shown is None else _exact(network, shown),
                "certificates": [
                    {"file": str(p.path), "bytes": p.size, "sha256": p.digest} for p in kept if p.path is not None
                ],
                "network": network.digest,
                "seconds": seconds,
            }
        )
    else:
        facts = {"Verdict": TEXTS[verdict]}
        if verdict is Verdict.UNKNOWN and last is not None:
            facts["Reason"] = last.reason
        if shown is not None:
            facts |= {f"  {name}": value for name, value in _in_words(network, shown).items()}
        if verdict is Verdict.HOLDS:
            facts["Proved"] = f"{len(boxes):,} box{'es' if len(boxes) != 1 else ''}, {cells:,} cells closed"
            if any(proof.path for proof in kept):
                facts["Certificate"] = ", ".join(str(proof.path) for proof in kept)
        facts["Time"] = f"{seconds:.3g} s"
        print_parts([fact_table(f"{Path(model).name}: {Path(property_file).name}", facts)])
    return CODES[verdict]


def run_compare(
    model: str, other: str, *, domain: str | None, out: str | None, time_limit: float, reading: Reading, as_json: bool
) -> int:
    """`relugeom compare`."""
    start = time.perf_counter()
    first, second = read_all([model, other], reading)
    chosen = choose_domain(domain, first, None, Path(model))
    place = None if out is None else place_to_write(out)
    check_admissible(chosen.domain, time_limit=time_limit)  # nothing is compared where there is no input
    scope = Scope.ADMISSIBLE if chosen.domain.integral.any() else Scope.RELAXATION
    with progress() as report:

        def settle(claim: Claim) -> Settlement:
            kept = place if isinstance(claim, Equivalent) else None  # not the proofs that a difference is the largest
            left = max(time_limit - (time.perf_counter() - start), 0.0)
            return settle_claim(
                claim,
                first,
                chosen.domain,
                kept,
                second_network=second,
                time_limit=left,
                on_progress=partial(report, "closing cells"),
            )

        found = compare_networks(first, second, chosen.domain, settle, scope=scope)
    seconds, settled = time.perf_counter() - start, found.equivalent
    largest = dict(zip(first.target_names, found.differences, strict=False))
    if as_json:
        print_json(
            {
                "status": {"holds": "equivalent", "fails": "different"}.get(settled.verdict.value, "unknown"),
                "reason": settled.reason if settled.verdict is Verdict.UNKNOWN else "",
                "differences": {name: _difference(first, end) for name, end in largest.items()},
                "certificate": None if out is None or settled.proof is None else out,
                "certificate_sha256": None if out is None or settled.proof is None else settled.proof.digest,
                "domain": chosen.source,
                "networks": [first.digest, second.digest],
                "seconds": seconds,
            }
        )
    else:
        facts = {"Verdict": COMPARED[settled.verdict], "Domain": chosen.source}
        if settled.verdict is Verdict.UNKNOWN:
            facts["Reason"] = settled.reason
        for name, end in largest.items():
            facts[name] = _difference_in_words(first, end)
        if out is not None and settled.proof is not None:
            facts["Certificate"] = out
        facts["Time"] = f"{seconds:.3g} s"
        print_parts([fact_table(f"{Path(model).name} and {Path(other).name}", facts)])
    return CODES[settled.verdict]


def _difference(network: ReLUNetwork, end: Extremum) -> dict[str, Any]:
    return {
        "largest": None if end.value is None else float(end.value),
        "exact": None if end.value is None else str(end.value),
        "verdict": "unlimited" if end.value is None else end.verdict.value,
        "at": {name: float(value) for name, value in zip(network.feature_names, end.point, strict=True)},
    }


def _difference_in_words(network: ReLUNetwork, end: Extremum) -> str:
    where = point_in_words(network.feature_names, end.point)
    if end.value is None:
        return f"differs without limit beyond {where}"
    kind = "at most" if end.verdict is Verdict.HOLDS else "at least"
    return f"differs by {kind} {float(end.value):.6g}, reached at {where}"


def _places(out: str | None, boxes: int) -> list[Path | None]:
    """One file per box."""
    if out is None:
        return [None] * boxes
    place = place_to_write(out)  # before a long search
    if boxes == 1:
        return [Path(out)]
    return [Path(out).with_name(f"{place.stem}-{number}{place.suffix}") for number in range(1, boxes + 1)]


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
