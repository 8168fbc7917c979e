"""Verification of properties: a property holds, an input violates it, or it is unknown.

The one idea: a property is a set of inputs and outputs that must not be met. It becomes one claim per box of inputs
(`properties.py`), and these are settled together, with one certificate per box.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from relugeom.certificate.boxes import BoxSettlement, settle_boxes
from relugeom.certificate.claim import settle_claim
from relugeom.certificate.claim_excess import Excess, excess_over, worst_excess
from relugeom.claims.box_claims import BoxClaims
from relugeom.claims.claim import Scope
from relugeom.claims.settlement import Counterexample, Proof, Verdict
from relugeom.claims.vnnlib import Property, read_property
from relugeom.deadline import NEVER, Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError, InputError
from relugeom.files import place_to_write, read_packed_text
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import FloatArray
from relugeom.network.intervals import output_interval
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import check_inputs
from relugeom.partition.scope import choose_scope
from relugeom.questions.properties import property_claims
from relugeom.remarks import OnRemark, warn

__all__ = ["PropertyResult", "PropertyStatus", "verify_property"]

CONTRADICTION = "the assertions contradict each other, so no input meets them, whatever the network is"
NO_OUTPUT = (
    "no assertion is about an output, so every input that meets the other assertions counts as a violation: is the "
    "file complete?"
)
OUTSIDE = "no input of the domain meets what the property says of inputs, so none violates it, whatever the network is"
MOST_NAMED = 5
SHORT = 1 << 18
"""Characters up to which a property is read even without time, so that its bounds can be told."""
LATE = "time ran out before the property was read"
NO_PROOF = Proof(None, 0, 0, 0, "")
NOTHING_TO_PROVE = "no certificate is written, because there is nothing to prove"


class PropertyStatus(StrEnum):
    """Outcome of the verification of a property."""

    HOLDS = "holds"
    COUNTEREXAMPLE = "counterexample"
    UNKNOWN = "unknown"


OF_VERDICT = {
    Verdict.HOLDS: PropertyStatus.HOLDS,
    Verdict.FAILS: PropertyStatus.COUNTEREXAMPLE,
    Verdict.UNKNOWN: PropertyStatus.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class PropertyResult:
    """Verdict on a property.

    Attributes
    ----------
    stated
        The property; None if time ran out before it was read.
    domain
        Domain whose inputs the verdict is about, besides what the property says of them; None for all inputs.
    verdict
        HOLDS: no input violates it; FAILS: `counterexample` does; UNKNOWN: `reason` says why.
    scope
        Inputs of the domain that the verdict is about; None for all inputs, without a domain.
    boxes, boxes_closed
        Number of boxes of inputs in the property, and number of those in which it is proved.
    cells
        Cells that all proofs close together.
    counterexample
        An input that violates it, in exact arithmetic.
    proofs
        Proofs, one per closed box, in the order of the boxes, with certificates if these were asked for.
    lower, upper
        Lower and upper bounds of each output, before squashing, on the boxes of the property (and on the
        domain): proved by interval arithmetic, whatever the verdict; infinite if no bound is known, empty if
        there is no box.
    seconds
        Time of the work.
    excess
        Where the verdict is UNKNOWN: the most by which an input that was met violates the property (below 0 if it does
        not), and a proved bound of what any input does, in units of the assertions about outputs; None if nothing is
        known.
    """

    network: ReLUNetwork
    verdict: Verdict
    scope: Scope | None
    boxes: int
    boxes_closed: int
    cells: int
    counterexample: Counterexample | None
    proofs: tuple[Proof, ...]
    reason: str
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    seconds: float
    stated: Property | None = None
    domain: Domain | None = None
    excess: Excess = (None, None)

    @property
    def status(self) -> PropertyStatus:
        """The verdict, by what shows it."""
        return OF_VERDICT[self.verdict]

    @property
    def certificates(self) -> tuple[Proof, ...]:
        """The proofs that were written to a file."""
        return tuple(proof for proof in self.proofs if proof.path is not None)


def verify_property(
    network: ReLUNetwork,
    stated: Property | str | Path,
    *,
    domain: Domain | None = None,
    certificate: str | Path | None = None,
    max_cells: int = 1_000_000,
    time_limit: TimeLimit = None,
    on_remark: OnRemark = warn,
    on_progress: Callable[[str, int], None] | None = None,
) -> PropertyResult:
    """Decide whether a property holds for all inputs.

    Parameters
    ----------
    stated
        Name of a file in VNN-LIB 1.0, which may be packed by gzip, or the result of `read_property`: the conditions
        that must not be met.
    domain
        Domain that the inputs must lie in, in addition to what the property says of them; if it has integer features,
        only admissible inputs count. By default all inputs.
    certificate
        File for the proof; for a property about several boxes, one file per box, ``proof-1.cert`` and so on for
        ``proof.cert``. By default none is written.
    max_cells, time_limit
        Most cells that are closed in one box, and seconds or a deadline for everything.
    on_remark
        Called with remarks on what looks unintended.
    on_progress
        Called with what is counted and the count so far.

    Raises
    ------
    InputError
        The property cannot be read or is about another number of inputs or outputs, or a file cannot be written.
    """
    began, deadline = time.perf_counter(), Deadline.of(time_limit)
    known = stated if isinstance(stated, Property) else None
    text = "" if isinstance(stated, Property) else read_packed_text(stated)
    first = None if certificate is None else place_to_write(certificate)  # before a long search
    try:
        reading = NEVER if len(text) <= SHORT else deadline
        known = read_property(text, deadline=reading) if known is None else known
        claims = property_claims(known, network, deadline=reading)
    except DeadlinePassedError:
        late = BoxSettlement(Verdict.UNKNOWN, 0, {}, reason=LATE)
        return _result(network, known, domain, late, ((), ()), began)
    except InputError as error:
        raise error if isinstance(stated, Property) else InputError(f"{stated}: {error}") from error

    if known.cases and not known.is_about_outputs:
        on_remark(NO_OUTPUT if isinstance(stated, Property) else f"{stated}: {NO_OUTPUT}")
    lower, upper = claims.lower, claims.upper
    if domain is not None:
        check_inputs(network, domain)
        lower, upper = np.maximum(domain.lower, lower), np.minimum(domain.upper, upper)
    unbounded = _unbounded(network, lower, upper)
    if unbounded:
        on_remark(unbounded if isinstance(stated, Property) else f"{stated}: {unbounded}")
    place = _places(first, claims)
    if domain is None:
        found = settle_boxes(claims, network, place, max_cells=max_cells, time_limit=deadline, on_progress=on_progress)
    else:
        found = _settle_on(domain, claims, network, place, max_cells, deadline, on_progress)
    if not claims and first is not None:
        on_remark(f"{first}: {NOTHING_TO_PROVE}")
    hull = _hull(lower, upper)
    if not claims:
        found = replace(found, reason=CONTRADICTION)
    elif found.verdict is Verdict.HOLDS and hull is None:
        found = replace(found, reason=OUTSIDE)
    if found.verdict is Verdict.UNKNOWN and found.excess[1] is None and hull is not None:
        found = replace(found, excess=(found.excess[0], excess_over(claims, network, *hull)))
    return _result(network, known, domain, found, _ends(network, hull), began)


def _unbounded(network: ReLUNetwork, lower: FloatArray, upper: FloatArray) -> str:
    """Which inputs have no bound in some box, in a sentence; nothing if all have both."""
    below, above = (np.atleast_1d(np.isinf(side).any(axis=0)).tolist() for side in (lower, upper))
    sides = [
        f"{name} {' and '.join(side for side, is_open in (('below', low), ('above', high)) if is_open)}"
        for name, low, high in zip(network.feature_names, below, above, strict=True)
        if low or high
    ]
    if not sides:
        return ""
    more = f" and {len(sides) - MOST_NAMED:,} more" if len(sides) > MOST_NAMED else ""
    named = ", ".join(sides[:MOST_NAMED]) + more
    return f"inputs have no bound ({named}), so the answer takes longer or stays unknown: add bounds, or give a domain"


def _places(first: Path | None, claims: BoxClaims) -> Callable[[int], Path] | None:
    """File for the certificate of each box: the one that was named, or numbered files beside it."""
    if first is None:
        return None
    if len(claims) == 1:
        return lambda _box: first
    return lambda box: first.with_name(f"{first.stem}-{box + 1}{first.suffix}")


def _settle_on(
    domain: Domain,
    boxes: BoxClaims,
    network: ReLUNetwork,
    place: Callable[[int], Path] | None,
    max_cells: int,
    deadline: Deadline,
    on_progress: Callable[[str, int], None] | None,
) -> BoxSettlement:
    """The same for the inputs of a domain that lie in the boxes; a box without such inputs needs no proof."""
    proofs: dict[int, Proof] = {}
    left: list[Excess] = []
    reason = ""
    for box, claim in enumerate(boxes.claims):
        if deadline.passed and left:
            break
        lower, upper = np.maximum(domain.lower, boxes.lower[box]), np.minimum(domain.upper, boxes.upper[box])
        if (lower > upper).any():
            proofs[box] = NO_PROOF
            continue
        found = settle_claim(
            replace(claim, scope=choose_scope(domain)),
            network,
            replace(domain, lower=lower, upper=upper),
            None if place is None else place(box),
            max_cells=max_cells,
            time_limit=deadline,
        )
        if found.verdict is Verdict.FAILS:
            return BoxSettlement(Verdict.FAILS, len(boxes), proofs, found.counterexample)
        if found.proof is not None:
            proofs[box] = found.proof
        elif found.verdict is Verdict.UNKNOWN:
            left.append((found.lower, found.upper))
        reason = reason or str(found.reason)
        if on_progress is not None:
            on_progress("closing boxes", len(proofs))
    if len(proofs) == len(boxes):
        return BoxSettlement(Verdict.HOLDS, len(boxes), proofs)
    why = "time ran out" if deadline.passed else reason
    reason = f"{why}: {len(proofs):,} of {len(boxes):,} boxes are closed"
    excess = worst_excess(left, len(boxes) - len(proofs))
    return BoxSettlement(Verdict.UNKNOWN, len(boxes), proofs, reason=reason, excess=excess)


Ends = tuple[tuple[float, ...], tuple[float, ...]]
"""The lower and the upper ends of all outputs."""


def _hull(lower: FloatArray, upper: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """The least box around all boxes that hold an input; None if there is none."""
    met = (lower <= upper).all(axis=1)
    return (lower[met].min(axis=0), upper[met].max(axis=0)) if met.any() else None


def _ends(network: ReLUNetwork, hull: tuple[FloatArray, FloatArray] | None) -> Ends:
    """Bounds of the outputs over a box."""
    if hull is None:
        return (), ()
    low, high = output_interval(network, *hull)
    return tuple(low.tolist()), tuple(high.tolist())


def _result(
    network: ReLUNetwork, stated: Property | None, domain: Domain | None, found: BoxSettlement, ends: Ends, began: float
) -> PropertyResult:
    return PropertyResult(
        network=network,
        verdict=found.verdict,
        scope=None if domain is None else choose_scope(domain),
        boxes=found.boxes,
        boxes_closed=found.closed,
        cells=found.cells,
        counterexample=found.counterexample,
        proofs=tuple(found.proofs.values()),
        reason=found.reason,
        lower=ends[0],
        upper=ends[1],
        seconds=time.perf_counter() - began,
        stated=stated,
        domain=domain,
        excess=found.excess,
    )
