"""What closes a cell of a claim's tree: sets that miss it, or an output whose slope there has the right sign."""

from collections.abc import Sequence
from fractions import Fraction

from relugeom.certificate.claim_proof.cell_proofs import CellProver, Extra, Refuted
from relugeom.certificate.claim_proof.counterexample import (
    SET_IS_MET,
    FalseClaimError,
    UnprovedClaimError,
    find_violation,
    wrong_way,
)
from relugeom.certificate.claim_proof.header_entry import SetRow
from relugeom.certificate.claim_proof.tree import Branch, Closer, Lines
from relugeom.claims.claim import Excluded, Monotone, Scope
from relugeom.claims.reason import Cause, Reason
from relugeom.claims.settlement import Counterexample
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import shadow
from relugeom.geometry.strict_point import Witness, find_strict_point
from relugeom.linalg.exact import Point, as_fraction
from relugeom.network.exact import evaluate_exactly

__all__ = ["SetCloser", "SlopeCloser"]


CLEAR, BETWEEN = 1e-6, 1e-2
"""From which float value on a set is met, and how far from an integer an input lies between two."""
PULL = Fraction(1, 1 << 10)
"""How far a point on the border of a ball is pulled towards the centre, as a share of its distance."""


class SetCloser(Closer):
    """Closes a cell when every excluded set misses it."""

    relaxes = True

    def __init__(self, claim: Excluded, prover: CellProver, sets: Sequence[Sequence[SetRow]]) -> None:
        self._prover, self._sets = prover, sets
        self._admissible = claim.scope is Scope.ADMISSIBLE

    def close(self) -> Lines | Branch:
        """One line per set; a branch where an input is met that is not admissible."""
        lines = Lines()
        for place, extras in enumerate(self._extras()):
            quick = self._prover.refute_quickly(extras) or self._branch_at_seen(extras)
            if isinstance(quick, Branch):
                return quick
            found = quick or self._prover.refute(extras)
            if found is None:
                raise self._open(place, ", and no input of it was found there")
            if not isinstance(found, Refuted):
                return self._met(found, place)
            lines.add_refuted("c", found, closed=int(place == 0))
        return lines

    def close_early(self) -> Lines | None:
        """One line per set; where that fails, the input that was met may be a counterexample."""
        lines = Lines()
        for place, extras in enumerate(self._extras()):
            found = self._prover.refute_quickly(extras)
            if found is None:
                if self._prover.seen is not None:
                    self._look_at(tuple(map(Fraction, self._prover.seen.tolist())))
                return None
            lines.add_refuted("c", found, closed=int(place == 0))
        return lines

    def _extras(self) -> list[list[Extra]]:
        cell = self._prover.cell
        outputs = cell.outputs()
        return [[Extra(_set_form(row, outputs, cell.scale), row.strict) for row in members] for members in self._sets]

    def _branch_at_seen(self, extras: Sequence[Extra]) -> Branch | None:
        """Where to branch, if the last linear program ended clearly in the set, and clearly between two integers or on
        the border of a ball that integers alone leave.
        """
        seen, reach, whole = self._prover.seen, self._prover.reach, self._prover.cell.copies.whole
        if seen is None or not self._admissible or not extras:
            return None
        values = shadow(extras[-1].form)[0]
        if float(values[: len(seen)] @ seen + values[-1]) <= CLEAR:
            return None
        point = tuple(map(Fraction, seen.tolist()))
        self._look_at(point)
        found = Branch.between(point, whole)
        if found is not None and abs(point[found.feature] - round(point[found.feature])) > BETWEEN:
            return found
        rounded = tuple(Fraction(round(x)) if asked else x for x, asked in zip(point, whole, strict=True))
        if reach.ball is None or reach.contains(rounded):
            return None
        inwards = [x + (c - x) * PULL for x, c in zip(rounded, reach.ball.centre, strict=True)]
        for row in self._prover.cell.rows:  # what sides and branches keep from the centre is parted from it
            columns = [k for k, value in enumerate(row.form[:-1]) if value]
            if len(columns) == 1 and row.form[columns[0]] * inwards[columns[0]] + row.form[-1] < 0:
                inwards[columns[0]] = rounded[columns[0]]
        return Branch.between(inwards, whole)

    def _met(self, point: Point, place: int) -> Branch:
        """An input of the relaxation lies in a set: a counterexample, or where to branch."""
        self._look_at(point)
        found = Branch.between(point, self._prover.cell.copies.whole) if self._admissible else None
        if found is None:
            raise self._open(place)
        return found

    def _open(self, place: int, more: str = "") -> UnprovedClaimError:
        """The error that names the cell in which nothing could be decided."""
        full = f"set {place} could not be proved to miss the cell after {self._prover.cell.path}{more}"
        return UnprovedClaimError(Reason(Cause.METHOD, "one cell could not be closed", full))

    def _look_at(self, point: Point) -> None:
        """Raise if an input, as it is or with its integers rounded, shows that the claim is false."""
        cell = self._prover.cell
        candidates = [point]
        if self._admissible:
            pairs = zip(point, cell.copies.whole, strict=True)
            candidates.append(tuple(Fraction(round(x)) if whole else x for x, whole in pairs))
        for candidate in candidates:
            shown = find_violation(cell, self._prover.reach, self._sets, candidate, whole=self._admissible)
            if shown is not None:
                raise FalseClaimError(SET_IS_MET, shown, cell.copies.domain.names)


class SlopeCloser(Closer):
    """Closes a cell when the output's slope in the feature has the claimed sign."""

    def __init__(self, claim: Monotone, prover: CellProver) -> None:
        self._claim, self._prover = claim, prover

    def close(self) -> Lines | Branch:
        """A line without numbers; for a cell that is empty, a proof of it."""
        claim, cell, lines = self._claim, self._prover.cell, Lines()
        if cell.outputs()[claim.output][claim.feature] * claim.direction >= 0:
            lines.add("g", closed=1)
            return lines
        empty = self._prover.refute([])
        if isinstance(empty, Refuted):
            lines.add_refuted("e", empty, closed=1)
            return lines
        network, names = cell.copies.networks[0], cell.copies.domain.names
        pair = self._pair()
        if pair is None:
            full = (
                f"in the cell after {cell.path} the slope of output {claim.output} in "
                f"{names[claim.feature]!r} has the wrong sign, although that feature cannot change alone there: a "
                f"certificate cannot state that this does not matter"
            )
            raise UnprovedClaimError(Reason(Cause.METHOD, "the feature cannot change alone everywhere", full))
        low, high = pair
        outputs = [evaluate_exactly(network, x)[1] for x in pair]
        shown = Counterexample(low, outputs[0], high, outputs[1])
        if (outputs[1][claim.output] - outputs[0][claim.output]) * claim.direction >= 0:
            raise AssertionError("an affine function moves as its slope says")
        raise FalseClaimError(wrong_way(claim, names), shown, names)

    def _pair(self) -> tuple[Point, Point] | None:
        """Two inputs of the cell that differ in the feature only, the lower one first."""
        n, k = self._prover.cell.copies.inputs, self._claim.feature
        rows: list[Form] = []
        for row in self._prover.cell.rows:
            form = row.form
            rows += [[*form[:n], 0, form[-1]], [*form[:n], form[k], form[-1]]]
        rows.append([*[0] * n, 1, 0])
        found = find_strict_point(rows, [len(rows) - 1], n + 1, deadline=self._prover.deadline)
        if not isinstance(found, Witness):
            return None
        *point, step = map(as_fraction, found.point)
        return tuple(point), tuple(x + step if place == k else x for place, x in enumerate(point))


def _set_form(row: SetRow, outputs: Sequence[Form], scale: int) -> Form:
    """An inequality on the inputs and relaxed units of the cell, times 2^s."""
    form = [0] * len(outputs[0])
    form[: len(row.inputs)] = [entry << scale for entry in row.inputs]
    form[-1] = row.constant << scale
    for weight, output in zip(row.outputs, outputs, strict=True):
        if weight:
            form = [entry + weight * other for entry, other in zip(form, output, strict=True)]
    return form
