"""Whether a network has a property: it holds, an input violates it, or it is not known.

The one idea: a property is a set of inputs and outputs that must not be met. It becomes one claim per box of inputs
(`properties.py`), and these are settled together, with one certificate per box.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from relugeom.certificate.boxes import BoxSettlement, settle_boxes
from relugeom.claims.box_claims import BoxClaims
from relugeom.claims.settlement import Counterexample, Proof, Verdict
from relugeom.claims.vnnlib import Property, read_property
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError, InputError
from relugeom.files import place_to_write, read_text
from relugeom.network.network import ReLUNetwork
from relugeom.questions.properties import property_claims
from relugeom.remarks import OnRemark, warn

__all__ = ["PropertyResult", "verify_property"]

CONTRADICTION = "the assertions contradict each other, so that no input meets them, whatever the network is"
NO_OUTPUT = (
    "no assertion is about an output, so that every input that meets the others is taken for a violation: is the file "
    "whole?"
)
LATE = "the time limit is over before the property is read"
NOTHING_TO_PROVE = "no certificate is written, for there is nothing to prove"


@dataclass(frozen=True, slots=True)
class PropertyResult:
    """What became of a property.

    Attributes
    ----------
    verdict
        HOLDS: no input violates it; FAILS: `counterexample` does; UNKNOWN: `reason` says why.
    boxes, boxes_closed
        Boxes of inputs that the property speaks of, and in how many of them it is proved.
    cells
        Cells that all proofs close together.
    counterexample
        An input that violates it, in exact arithmetic.
    proofs
        One per box that is closed, in the order of the boxes, with its certificate where one was asked for.
    seconds
        Time of the work.
    """

    network: ReLUNetwork
    verdict: Verdict
    boxes: int
    boxes_closed: int
    cells: int
    counterexample: Counterexample | None
    proofs: tuple[Proof, ...]
    reason: str
    seconds: float

    @property
    def certificates(self) -> tuple[Proof, ...]:
        """The proofs that were written to a file."""
        return tuple(proof for proof in self.proofs if proof.path is not None)


def verify_property(
    network: ReLUNetwork,
    stated: Property | str | Path,
    *,
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
        The name of a file in VNN-LIB 1.0, or what `read_property` made of one: what must not be met.
    certificate
        A file for the proof; of a property about several boxes, one file per box, ``proof-1.cert`` and so on for
        ``proof.cert``. By default none is written.
    max_cells, time_limit
        Cells that are closed in one box, and seconds (or a deadline) for all of it, at most.
    on_remark
        Called with what looks as if it were not meant.
    on_progress
        Called with what is counted and how many there are by now.

    Raises
    ------
    InputError
        The property cannot be read or is about another number of inputs or outputs, or a file cannot be written.
    """
    began, deadline = time.perf_counter(), Deadline.of(time_limit)
    text = stated if isinstance(stated, Property) else read_text(stated)
    first = None if certificate is None else place_to_write(certificate)  # before a long search
    try:
        known = read_property(text, deadline=deadline) if isinstance(text, str) else text
        claims = property_claims(known, network, deadline=deadline)
    except DeadlinePassedError:
        return _result(network, BoxSettlement(Verdict.UNKNOWN, 0, {}, reason=LATE), began)
    except InputError as error:
        raise error if isinstance(stated, Property) else InputError(f"{stated}: {error}") from error

    if known.cases and not known.is_about_outputs:
        on_remark(NO_OUTPUT if isinstance(stated, Property) else f"{stated}: {NO_OUTPUT}")
    place = _places(first, claims)
    found = settle_boxes(claims, network, place, max_cells=max_cells, time_limit=deadline, on_progress=on_progress)
    if not claims and first is not None:
        on_remark(f"{first}: {NOTHING_TO_PROVE}")
    return _result(network, found, began, "" if claims else CONTRADICTION)


def _places(first: Path | None, claims: BoxClaims) -> Callable[[int], Path] | None:
    """Where the certificate of each box is to be: at the place that was named, or numbered beside it."""
    if first is None:
        return None
    if len(claims) == 1:
        return lambda _box: first
    return lambda box: first.with_name(f"{first.stem}-{box + 1}{first.suffix}")


def _result(network: ReLUNetwork, found: BoxSettlement, began: float, reason: str = "") -> PropertyResult:
    return PropertyResult(
        network=network,
        verdict=found.verdict,
        boxes=found.boxes,
        boxes_closed=found.closed,
        cells=found.cells,
        counterexample=found.counterexample,
        proofs=tuple(found.proofs.values()),
        reason=reason or found.reason,
        seconds=time.perf_counter() - began,
    )
