"""Claims about many boxes, settled together: a property in VNN-LIB can have thousands of them.

One idea: what is cheap comes first, for all boxes. Likely inputs are tried in floats, so that a counterexample in the
last box is found at once; boxes on which the network is affine are closed in blocks; each box that is left has a tree
of its own. At the deadline what was done by then is the answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from relugeom.certificate.claim import prepare_claim, settle_task
from relugeom.certificate.claim_excess import Excess, worst_excess
from relugeom.certificate.claim_proof.affine_boxes import AffineBoxes, find_affine_boxes
from relugeom.certificate.claim_proof.candidates import find_in_boxes
from relugeom.certificate.claim_proof.cell_proofs import CellProof, Refuted
from relugeom.certificate.claim_proof.header_entry import SetRow, set_rows
from relugeom.certificate.claim_proof.task import ClaimTask, keep_proof
from relugeom.certificate.claim_proof.tree import Lines
from relugeom.claims.box_claims import BoxClaims
from relugeom.claims.settlement import Counterexample, Proof, Verdict
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import BoolArray
from relugeom.network.network import ReLUNetwork

__all__ = ["BoxSettlement", "settle_boxes"]

GLANCE = 20_000
"""Cells that are bounded at first: properties are seldom tight."""
NUMBERS = 1 << 20
"""Numbers that the forms of a block of boxes may have."""


@dataclass(frozen=True, slots=True)
class BoxSettlement:
    """Settlements of claims about many boxes.

    Attributes
    ----------
    verdict
        HOLDS where every claim was proved, FAILS where one is false.
    boxes
        How many boxes there are.
    proofs
        One per box that was closed, by the number of the box.
    counterexample
        An input at which a claim fails, exactly.
    reason
        Why the verdict is not known.
    excess
        Where it is not known: the most by which an input that was met breaks a claim (below 0 if it does not), and a
        proved bound of what any input does; None if nothing is known.
    """

    verdict: Verdict
    boxes: int
    proofs: dict[int, Proof]
    counterexample: Counterexample | None = None
    reason: str = ""
    excess: Excess = (None, None)

    @property
    def closed(self) -> int:
        """In how many boxes the claim was proved."""
        return len(self.proofs)

    @property
    def cells(self) -> int:
        """How many cells all proofs close together."""
        return sum(proof.cells for proof in self.proofs.values())


def settle_boxes(
    boxes: BoxClaims,
    network: ReLUNetwork,
    place: Callable[[int], Path | None] | None = None,
    *,
    max_cells: int = 1_000_000,
    time_limit: TimeLimit = None,
    on_progress: Callable[[str, int], None] | None = None,
) -> BoxSettlement:
    """Whether the claims of all boxes hold.

    Parameters
    ----------
    place
        Where the certificate of a box is to be, by its number; by default none are written.
    max_cells, time_limit
        Cells that are closed in one box, and seconds (or a deadline) for all of them, at most.
    on_progress
        Called with what is counted and how many there are by now.

    Raises
    ------
    InputError
        The claims do not fit the network, or a file cannot be written.
    """
    return _Boxes(boxes, network, place, max_cells, Deadline.of(time_limit), on_progress).settle()


class _Boxes:
    """The claims, and the proofs that were found."""

    def __init__(
        self,
        boxes: BoxClaims,
        network: ReLUNetwork,
        place: Callable[[int], Path | None] | None,
        max_cells: int,
        deadline: Deadline,
        on_progress: Callable[[str, int], None] | None,
    ) -> None:
        if len(boxes) and boxes.lower.shape[1] != network.inputs:
            raise InputError(f"the boxes have {boxes.lower.shape[1]} inputs, but the network has {network.inputs}")
        self._boxes, self._network, self._place = boxes, network, place
        self._max_cells, self._deadline, self._on_progress = max_cells, deadline, on_progress
        self._proofs: dict[int, Proof] = {}
        self._left: list[Excess] = []

    def settle(self) -> BoxSettlement:
        """Everything that can be said before the deadline."""
        met = find_in_boxes(self._network, self._boxes, self._deadline)
        if met is not None:
            return self._said(Verdict.FAILS, met)
        reason = ""
        for box in self._not_affine():
            if self._deadline.passed and self._left:
                break
            claim = self._boxes.claims[box]
            told = None if self._on_progress is None or len(self._boxes) > 1 else self._cells_closed
            found = settle_task(
                claim, self._task(box), self._path(box), self._max_cells, self._deadline, told, glance=GLANCE
            )
            if found.verdict is Verdict.FAILS:
                return self._said(Verdict.FAILS, found.counterexample)
            if found.proof is not None:
                self._keep(box, found.proof)
            reason = reason or str(found.reason)
            if found.verdict is Verdict.UNKNOWN:
                self._left.append((found.lower, found.upper))
        if len(self._proofs) == len(self._boxes):
            return self._said(Verdict.HOLDS)
        if len(self._boxes) > 1 or not reason:
            late = "time ran out: " if self._deadline.passed else f"{reason}; " if reason else ""
            reason = f"{late}{len(self._proofs):,} of {len(self._boxes):,} boxes are closed"
        return self._said(Verdict.UNKNOWN, reason=reason)

    def _said(self, verdict: Verdict, shown: Counterexample | None = None, reason: str = "") -> BoxSettlement:
        open_ones = len(self._boxes) - len(self._proofs)
        excess = worst_excess(self._left, open_ones) if verdict is Verdict.UNKNOWN else (None, None)
        return BoxSettlement(verdict, len(self._boxes), dict(sorted(self._proofs.items())), shown, reason, excess)

    def _not_affine(self) -> list[int]:
        """Close the boxes that need no tree; the numbers of the others."""
        left: list[int] = []
        n, block = self._network.inputs, max(1, NUMBERS // ((self._network.inputs + 1) * max(self._network.widths)))
        for start in range(0, len(self._boxes), block):
            rows = range(start, min(start + block, len(self._boxes)))
            if self._deadline.passed:
                return [*left, *range(start, len(self._boxes))]
            sides = (side[start : start + block] for side in (self._boxes.lower, self._boxes.upper))
            found = find_affine_boxes(self._network, *sides)
            for row, box in enumerate(rows):
                refuted = None
                if found.affine[row] and not self._deadline.passed:
                    refuted = _refuted(found, row, set_rows(self._boxes.claims[box], [self._network], n))
                if refuted is None:
                    left.append(box)
                    continue
                path, proof = self._path(box), Proof(None, 1, self._network.units, 0, "")
                if path is not None:
                    proof = keep_proof(self._task(box), [_affine_lines(found.active[row], refuted)], path)
                self._keep(box, proof)
        return left

    def _task(self, box: int) -> ClaimTask:
        sides = self._boxes.lower[box], self._boxes.upper[box]
        domain = Domain.box(*sides, self._boxes.feature_names)
        return prepare_claim(self._boxes.claims[box], self._network, domain, None)

    def _path(self, box: int) -> Path | None:
        return None if self._place is None else self._place(box)

    def _keep(self, box: int, proof: Proof) -> None:
        self._proofs[box] = proof
        if self._on_progress is not None and len(self._boxes) > 1:
            self._on_progress("closing boxes", len(self._proofs))

    def _cells_closed(self, cells: int) -> None:
        if self._on_progress is not None:
            self._on_progress("closing cells", cells)


def _refuted(found: AffineBoxes, row: int, sets: Sequence[Sequence[SetRow]]) -> list[Refuted] | None:
    """One inequality of each set that never holds on a box, as weights; None if a set has none."""
    refuted = []
    for members in sets:
        place = found.refuting_member(row, members)
        if place is None:
            return None
        refuted.append(Refuted(tuple(int(k == place) for k in range(len(members))), {}))
    return refuted


def _affine_lines(active: BoolArray, refuted: Sequence[Refuted]) -> Lines:
    """The tree of a box on which every unit is stable."""
    lines = Lines()
    for unit, bit in enumerate(active.tolist()):
        lines.add_proof(f"{int(bit)} {unit:x}", CellProof(1, {}))
    for place, each in enumerate(refuted):
        lines.add_refuted("c", each, closed=int(place == 0))
    return lines
