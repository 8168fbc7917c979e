"""The verb compare: are two networks the same function?"""

import time
from functools import partial
from pathlib import Path
from typing import Any

from relugeom.audit.inputs import choose_domain
from relugeom.claims.answer import point_in_words
from relugeom.claims.settlement import Verdict
from relugeom.cli.model_file import Reading, read_all
from relugeom.cli.output import print_json, print_parts, progress
from relugeom.cli.verifying import CODES
from relugeom.deadline import Deadline
from relugeom.files import place_to_write
from relugeom.network.network import ReLUNetwork
from relugeom.partition.scope import scope_in_words
from relugeom.questions.equivalence import compare_networks
from relugeom.questions.tightening import Extremum
from relugeom.report.plain_tables import fact_table

__all__ = ["run_compare"]

COMPARED = {
    Verdict.HOLDS: "the same function on the domain",
    Verdict.FAILS: "different functions",
    Verdict.UNKNOWN: "unknown",
}


def run_compare(
    model: str, other: str, *, domain: str | None, out: str | None, time_limit: float, reading: Reading, as_json: bool
) -> int:
    """`relugeom compare`."""
    start, deadline = time.perf_counter(), Deadline.of(time_limit)
    first, second = read_all([model, other], reading)
    chosen = choose_domain(domain, first, None, Path(model))
    place = None if out is None else place_to_write(out)  # before a long search
    with progress() as report:
        found = compare_networks(
            first,
            second,
            chosen.domain,
            certificate=place,
            time_limit=deadline,
            on_progress=partial(report, "closing cells"),
        )
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
                "scope": found.scope.value,
                "networks": [first.digest, second.digest],
                "seconds": seconds,
            }
        )
    else:
        meant = scope_in_words(chosen.domain, found.scope)
        facts = {"Verdict": COMPARED[settled.verdict], "Domain": f"{chosen.source} ({meant})"}
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
