"""Trees about single patterns: what shows that one is a region, or why it is none.

Notation: under its pattern a cell has z > 0 for active units (strict) and −z ≥ 0 for inactive ones. A pattern is a
region iff −z > 0 can be had as well, but for units that are 0 on the whole domain; those are proved inactive instead of
taken. What shows that there is no such point is a combination of rows; what shows a region is a point.
"""

from collections.abc import Callable, Iterator, Sequence
from math import lcm

from relugeom.certificate.claim_proof.cell_proofs import CellProof, CellProver, Extra, Refuted
from relugeom.certificate.claim_proof.counterexample import FalseClaimError, UnprovedClaimError
from relugeom.certificate.claim_proof.tree import Branch, ClaimTree, Closer, Lines
from relugeom.certificate.header import hexadecimal
from relugeom.claims.patterns import PatternStanding, PatternStatement
from relugeom.claims.reason import Cause, Reason
from relugeom.claims.settlement import Counterexample
from relugeom.deadline import Deadline
from relugeom.errors import CertificateError, DeadlinePassedError
from relugeom.geometry.exact_simplex import ExactInfeasible, ExactOptimum, maximise_form
from relugeom.linalg.exact import Point, as_fraction
from relugeom.network.exact import evaluate_exactly

__all__ = ["PatternTrees"]


class PatternTrees:
    """Writes the trees of a claim about patterns, one after the other."""

    def __init__(self, prover: CellProver, *, max_cells: int, deadline: Deadline) -> None:
        self._prover, self._cell = prover, prover.cell
        self._max_cells, self._deadline = max_cells, deadline

    def lines(self, statement: PatternStatement, on_progress: Callable[[int], None] | None) -> Iterator[Lines]:
        """The lines of one tree.

        Raises
        ------
        CertificateError
            The statement is false, or was not proved; the text says what the pattern is.
        """
        try:
            yield from self._tree(statement, on_progress)
        except DeadlinePassedError as error:
            short = f"the status of pattern {statement.pattern} could not be proved in time"
            raise UnprovedClaimError(Reason(Cause.TIME, short, f"{short}: allow more")) from error

    def _tree(self, statement: PatternStatement, on_progress: Callable[[int], None] | None) -> Iterator[Lines]:
        vanishing = self._descend(statement.bits)
        taken = Lines()
        for unit in range(len(statement.bits)):
            if unit in vanishing:
                taken.add_proof(f"0 {unit:x}", vanishing[unit])
            else:
                taken.add(f"t {unit:x}")
        yield taken
        standing = statement.standing
        if standing is PatternStanding.INADMISSIBLE:
            closer = _PatternCloser(statement, self._prover)
            yield from ClaimTree(
                self._prover,
                closer,
                max_cells=self._max_cells,
                deadline=self._deadline,
                on_progress=on_progress,
            )
        elif standing is PatternStanding.INFEASIBLE:
            yield self._infeasible(statement)
        elif standing is PatternStanding.REGION:
            yield self._region(statement, vanishing)
        else:
            yield self._flat(statement, vanishing)
        self._cell.undo(0)

    def _descend(self, bits: str) -> dict[int, CellProof]:
        """Take the pattern's sides; inactive units that are 0 on the whole domain are proved to be inactive."""
        cell, vanishing = self._cell, dict[int, CellProof]()
        cell.undo(0)
        domain = [row.form for row in cell.rows]
        for unit, bit in enumerate(bits):
            form = cell.form(unit)
            if bit == "0" and _is_zero(domain, form, self._deadline):
                proof = self._prover.prove(form)
                if proof is not None:
                    vanishing[unit] = proof
            cell.decide(unit, int(bit), proved=unit in vanishing)
        return vanishing

    def _strictly(self, bits: str, vanishing: dict[int, CellProof]) -> Refuted | Point | None:
        """A point with z ≠ 0 for all units that do not vanish, or why there is none."""
        rows = {row.number: row for row in self._cell.rows}
        strict = [unit for unit, bit in enumerate(bits) if bit == "0" and unit not in vanishing]
        return self._prover.refute([Extra(rows[unit].form, strict=True) for unit in strict])

    def _infeasible(self, statement: PatternStatement) -> Lines:
        found, lines = self._prover.refute([]), Lines()
        if not isinstance(found, Refuted):
            raise _false(self._prover, statement, "some input has it", found)
        lines.add_refuted("e", found, closed=1)
        return lines

    def _region(self, statement: PatternStatement, vanishing: dict[int, CellProof]) -> Lines:
        found = self._strictly(statement.bits, vanishing)
        if found is None or isinstance(found, Refuted):
            raise _unproved(
                f"pattern {statement.pattern} is not a region", ": the inputs that have it have no interior"
            )
        return _point_line(found, closed=1)

    def _flat(self, statement: PatternStatement, vanishing: dict[int, CellProof]) -> Lines:
        found = self._strictly(statement.bits, vanishing)
        if not isinstance(found, Refuted):
            raise _false(self._prover, statement, "all inputs of the domain near this one have it", found)
        multipliers = dict(found.multipliers)
        units = [unit for unit, bit in enumerate(statement.bits) if bit == "0" and unit not in vanishing]
        for unit, weight in zip(units, found.weights, strict=True):
            if weight:
                multipliers[unit] = multipliers.get(unit, 0) + weight
        point = self._away(multipliers)
        if point is None:
            raise _unproved(
                f"pattern {statement.pattern} could not be proved flat", ": claim that it is infeasible if it is"
            )
        lines = _point_line(point, key="f")
        lines.add_refuted("", Refuted((), multipliers), closed=1)
        if statement.standing is PatternStanding.LOWER_DIMENSIONAL:
            shown = self._prover.refute([])
            if shown is None or isinstance(shown, Refuted):
                raise _unproved(f"pattern {statement.pattern} is not lower-dimensional", ": no input has it")
            lines.extend(_point_line(shown))
        return lines

    def _away(self, multipliers: dict[int, int]) -> Point | None:
        """A point of the domain at which some row with a positive multiplier is not 0."""
        cell = self._cell
        first, n = 2 * cell.copies.units, cell.copies.inputs
        rows = {row.number: row.form for row in cell.rows}
        domain = [_inputs_only(row.form, n) for row in cell.rows if row.number is None or row.number >= first]
        for number, value in multipliers.items():
            form = _inputs_only(rows[number], n)
            for turn in (1, -1) if value > 0 else ():
                found = maximise_form(domain, [turn * entry for entry in form], deadline=self._deadline)
                if isinstance(found, ExactInfeasible):
                    return None
                point = found.point
                if isinstance(found, ExactOptimum):
                    if found.value <= 0:
                        continue
                else:  # far enough along the ray, the row grows beyond 0
                    value_at = form[-1] + sum((c * x for c, x in zip(form, point, strict=False)), start=0 * point[0])
                    slope = sum((c * r for c, r in zip(form, found.ray, strict=False)), start=0 * point[0])
                    step = 1 + abs(value_at) / abs(slope)
                    point = [x + step * r for x, r in zip(point, found.ray, strict=True)]
                return tuple(map(as_fraction, point))
        return None


class _PatternCloser(Closer):
    """A complete cell that is not empty holds an input with the pattern: a counterexample, or where to branch."""

    def __init__(self, statement: PatternStatement, prover: CellProver) -> None:
        self._statement, self._prover = statement, prover

    def close(self) -> Lines | Branch:
        """A proof that the cell is empty, or a branch."""
        found, lines = self._prover.refute([]), Lines()
        if isinstance(found, Refuted):
            lines.add_refuted("e", found, closed=1)
            return lines
        branch = None if found is None else Branch.between(found, self._prover.cell.copies.whole)
        if branch is None:
            raise _false(self._prover, self._statement, "an admissible input has it", found)
        return branch


def _is_zero(domain: Sequence[Sequence[int]], form: Sequence[int], deadline: Deadline) -> bool:
    """Whether a form is 0 on the whole domain, which is not empty."""
    for turn in (1, -1):
        found = maximise_form(domain, [turn * entry for entry in form], deadline=deadline)
        if not isinstance(found, ExactOptimum) or found.value > 0:
            return False
    return True


def _inputs_only(form: Sequence[int], inputs: int) -> list[int]:
    return [*form[:inputs], form[-1]]


def _point_line(point: Point, *, key: str = "p", closed: int = 0) -> Lines:
    denominator = lcm(*(x.denominator for x in point))
    entries = [denominator, *(int(x * denominator) for x in point)]
    lines = Lines()
    lines.add(f"{key} {hexadecimal(entries)}", closed=closed)
    lines.longest_point = max(map(abs, entries))
    return lines


def _false(
    prover: CellProver, statement: PatternStatement, reason: str, point: Refuted | Point | None
) -> CertificateError:
    """The error that names the input which shows that a statement is false."""
    text = f"pattern {statement.pattern} is not {statement.standing.value}: {reason}"
    if not isinstance(point, tuple):
        return _unproved(f"pattern {statement.pattern} was not proved to be {statement.standing.value}")
    copies = prover.cell.copies
    return FalseClaimError(
        text, Counterexample(point, evaluate_exactly(copies.networks[0], point)[1]), copies.domain.names
    )


def _unproved(short: str, more: str = "") -> UnprovedClaimError:
    return UnprovedClaimError(Reason(Cause.METHOD, short, short + more))
