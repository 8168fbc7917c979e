"""The tree of a claim about all inputs: depth first, each cell closed as early as a proof is found.

One idea: at a node, units that are stable on its cell are proved so; then the units that are left may be relaxed (a
triangle in place of relu, between proved bounds), and if that closes the claim, so is the node. Else one of them is
split. Only proofs count: which unit is split, and whether relaxing is tried, is a guess of floats that costs time at
worst.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

import numpy as np

from relugeom.certificate.claim_proof.cell_proofs import CellProof, CellProver, Refuted, proof_text
from relugeom.certificate.claim_proof.counterexample import UnprovedClaimError
from relugeom.certificate.claim_proof.joint_cell import JointCell
from relugeom.claims.reason import Cause, Reason
from relugeom.deadline import Deadline
from relugeom.errors import DeadlinePassedError
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import shadow
from relugeom.linalg.arrays import FloatArray

__all__ = ["Branch", "ClaimTree", "Closer", "Lines"]

CLEAR = 1e-6
WARM_UP, RARELY = 8, 16
"""Attempts at a depth after which relaxing is given up if none succeeded, and how often it is tried then."""
MOST_BRANCHES = 1 << 10


@dataclass(slots=True)
class Lines:
    """Lines of a tree, what they count, and the longest number in them.

    Attributes
    ----------
    begins_mark, ends_mark
        Whether the first line is a mark, and whether the last one ends a marked subtree.
    """

    text: list[str] = field(default_factory=list)
    proofs: int = 0
    closed: int = 0
    longest: int = 0
    longest_point: int = 0
    begins_mark: bool = False
    ends_mark: bool = False

    def add(self, line: str, *numbers: int, proofs: int = 0, closed: int = 0) -> None:
        """Append one line; numbers are those that the header's limit is for."""
        self.text.append(line)
        self.proofs += proofs
        self.closed += closed
        self.longest = max(self.longest, *map(abs, numbers), 0)

    def add_proof(self, start: str, proof: CellProof) -> None:
        """A line that ends with PROOF."""
        line = (start + proof_text(proof.multipliers, proof.first)).lstrip()
        self.add(line, proof.first, *proof.multipliers.values(), proofs=1)

    def add_refuted(self, start: str, refuted: Refuted, *, closed: int) -> None:
        """A line that ends with MULTIPLIERS."""
        numbers = (*refuted.weights, *refuted.multipliers.values())
        self.add((start + proof_text(refuted.multipliers, *refuted.weights)).lstrip(), *numbers, closed=closed)

    def extend(self, other: "Lines") -> None:
        """Append other lines."""
        self.text += other.text
        self.proofs += other.proofs
        self.closed += other.closed
        self.longest = max(self.longest, other.longest)
        self.longest_point = max(self.longest_point, other.longest_point)

    def content(self) -> bytes:
        """The lines as they stand in a file."""
        return "".join(f"{line}\n" for line in self.text).encode("ascii")


@dataclass(frozen=True, slots=True)
class Branch:
    """The cell is to be parted in x_feature ≤ value and x_feature ≥ value + 1."""

    feature: int
    value: int

    @classmethod
    def between(cls, point: Sequence[Fraction], whole: Sequence[bool]) -> "Branch | None":
        """At the input of a point that is furthest from an integer that it should be; None if all are."""
        gaps = [abs(x - round(x)) if asked else Fraction(0) for x, asked in zip(point, whole, strict=True)]
        feature = max(range(len(gaps)), key=gaps.__getitem__)
        return cls(feature, floor(point[feature])) if gaps[feature] else None


class Closer(ABC):
    """What a claim asks of a cell."""

    relaxes = False
    """Whether units may be relaxed."""

    @abstractmethod
    def close(self) -> Lines | Branch:
        """The lines that close the present cell, all of whose units are decided.

        Raises
        ------
        CertificateError
            The claim is false, or was not proved.
        """

    def close_early(self) -> Lines | None:
        """The lines that close the present cell, some of whose units are relaxed, if rounded multipliers do."""
        return None


class ClaimTree:
    """Walks one tree and hands out its lines.

    Attributes
    ----------
    cells
        How many cells were closed so far.
    """

    def __init__(
        self,
        prover: CellProver,
        closer: Closer,
        *,
        max_cells: int,
        deadline: Deadline,
        on_progress: Callable[[int], None] | None,
    ) -> None:
        self.cells = 0
        self._prover, self._closer, self._cell = prover, closer, prover.cell
        self._max_cells, self._on_progress = max_cells, on_progress
        self._deadline = deadline
        self._points: list[FloatArray] = []
        self._tries: dict[int, list[int]] = {}

    def __iter__(self) -> Iterator[Lines]:
        """The lines, a node at a time, in preorder.

        Raises
        ------
        CertificateError
            A cell cannot be closed, or a limit is met.
        """
        try:
            yield from self._walk()
        except DeadlinePassedError as error:
            raise self._out_of(Cause.TIME, "the time limit") from error

    def _walk(self) -> Iterator[Lines]:
        cell = self._cell
        waiting: list[tuple[int, Callable[[], bool], list[FloatArray]]] = []
        maybe_empty = True
        while True:
            lines = Lines()
            step = self._settle(lines, maybe_empty=maybe_empty)
            maybe_empty = False
            yield lines
            if isinstance(step, Branch):
                if cell.depth >= cell.copies.units + MOST_BRANCHES - 1:
                    short = f"more than {MOST_BRANCHES - 1} branches are needed"
                    full = f"more than {MOST_BRANCHES - 1} branches lead to {self._where()}"
                    raise UnprovedClaimError(Reason(Cause.LIMIT, short, full))
                waiting.append((cell.depth, _later(cell, step), self._points))
                cell.branch(step.feature, step.value, above=False)
                self._points, maybe_empty = [], True
                continue
            if step is not None:
                points, values = self._points, self._values(cell.form(step))
                above = [point for point, value in zip(points, values, strict=True) if value > 0]
                waiting.append((cell.depth, _later(cell, step), above))
                cell.decide(step, 0, proved=False)
                self._points = [point for point, value in zip(points, values, strict=True) if value < 0]
                continue
            self._count()
            if not waiting:
                return
            depth, go, self._points = waiting.pop()
            cell.undo(depth)
            maybe_empty = go()

    def _settle(self, lines: Lines, *, maybe_empty: bool) -> int | Branch | None:
        """Write what is proved here; returns the unit to split, or a branch, or None if the cell is closed."""
        cell, prover = self._cell, self._prover
        if maybe_empty:
            empty = prover.refute([])
            if isinstance(empty, Refuted):
                lines.add_refuted("e", empty, closed=1)
                return None
        while not cell.complete:
            level, best = cell.level, (-1.0, -1)
            for unit in cell.undecided():
                self._deadline.check()  # where units are many, one cell alone can outlast any limit
                form = cell.form(unit)
                spread = self._decide(unit, form, lines)
                best = best if spread is None else max(best, (spread, unit))
            if cell.level == level:
                if self._relaxed(lines):
                    return None
                lines.add(f"s {best[1]:x}")
                return best[1]
        closing = self._closer.close()
        if isinstance(closing, Branch):
            lines.add(f"k {closing.feature:x} {closing.value:x}", closing.value)
            return closing
        lines.extend(closing)
        return None

    def _decide(self, unit: int, form: Form, lines: Lines) -> float | None:
        """Prove that a unit is stable here; or how far it goes to both sides, as far as points were seen."""
        cell = self._cell
        values = self._values(form)
        least, most = min(values, default=0.0), max(values, default=0.0)
        for bit in (0, 1):
            if (least < -CLEAR) if bit else (most > CLEAR):
                continue
            target = [-entry for entry in form] if bit else form
            proof = self._prover.prove(target)
            if proof is not None:
                lines.add_proof(f"{bit} {unit:x}", proof)
                cell.decide(unit, bit, proved=True)
                return None
            seen = self._prover.seen
            if seen is not None:
                self._points = [*self._points, seen]
                value = float(shadow(form)[0][:-1][: len(seen)] @ seen + shadow(form)[0][-1])
                least, most = min(least, value), max(most, value)
        return max(0.0, min(-least, most))

    def _relaxed(self, lines: Lines) -> bool:
        """Close the cell with all units that are left relaxed, if that does it."""
        cell, depth = self._cell, self._cell.depth
        if self._closer.relaxes and self._is_worth_it():
            attempt = self._relax_rest()
            cell.undo(depth)
            tries = self._tries.setdefault(sum(bit is not None for bit in cell.bits), [0, 0])
            tries[0] += 1
            if attempt is not None:
                tries[1] += 1
                lines.extend(attempt)
                return True
        return False

    def _is_worth_it(self) -> bool:
        tries = self._tries.setdefault(sum(bit is not None for bit in self._cell.bits), [0, 0])
        if tries[0] < WARM_UP or tries[1] * RARELY > tries[0]:
            return True
        tries[0] += 1
        return tries[0] % RARELY == 0

    def _relax_rest(self) -> Lines | None:
        cell, prover, lines, e = self._cell, self._prover, Lines(), self._cell.copies.exponent
        while not cell.complete:
            self._deadline.check()
            unit = cell.undecided()[0]
            form = cell.form(unit)
            opposite = [-entry for entry in form]
            sides = ((0, prover.prove_alone(form)), (1, prover.prove_alone(opposite)))
            stable = next(((bit, proof) for bit, proof in sides if proof is not None), None)
            if stable is not None:
                lines.add_proof(f"{stable[0]} {unit:x}", stable[1])
                cell.decide(unit, stable[0], proved=True)
                continue
            above, below = prover.bound(form), prover.bound(opposite)
            if above is None or below is None:
                return None
            most, least = (ceil(bound[0] * (1 << e) / (1 << cell.scale)) for bound in (above, below))
            if most <= 0 or least <= 0:
                lines.add_proof(f"{int(most > 0)} {unit:x}", (above if most <= 0 else below)[1])
                cell.decide(unit, int(most > 0), proved=True)
                continue
            lines.add(f"r {unit:x} {-least:x} {most:x}", least, most)
            for _, proof in (above, below):
                scaled = CellProof(proof.first, {number: value << e for number, value in proof.multipliers.items()})
                lines.add_proof("", scaled)
            cell.relax(unit, -least, most)
        closing = self._closer.close_early()
        if closing is None:
            return None
        lines.extend(closing)
        return lines

    def _values(self, form: Form) -> list[float]:
        """The values of a form at the points that were seen in the present cell, in multiples of its largest entry."""
        if not self._points:
            return []
        values, n = shadow(form)[0], self._cell.copies.inputs
        found: list[float] = (np.array(self._points) @ values[:n] + values[-1]).tolist()
        return found

    def _where(self) -> str:
        decided = any(bit is not None for bit in self._cell.bits)
        return f"the cell after {self._cell.path}" if decided else "the domain"

    def _count(self) -> None:
        self.cells += 1
        if self._on_progress is not None:
            self._on_progress(self.cells)
        if self.cells > self._max_cells:
            raise self._out_of(Cause.LIMIT, f"{self._max_cells:,} cells")
        self._deadline.check()

    def _out_of(self, cause: Cause, limit: str) -> UnprovedClaimError:
        short = f"the proof is not complete after {limit}"
        done = f"{self.cells:,} cells closed, the last was {self._where()}"
        return UnprovedClaimError(Reason(cause, short, f"{short} ({done}): allow more, or claim less"))


def _later(cell: JointCell, step: int | Branch) -> Callable[[], bool]:
    """Goes to the second side of a split or a branch; returns whether that may be empty."""

    def go() -> bool:
        if isinstance(step, Branch):
            cell.branch(step.feature, step.value, above=True)
            return True
        cell.decide(step, 1, proved=False)
        return False

    return go
