"""Location of patterns: whether one is a region, lower-dimensional or infeasible, settled exactly.

Notation: under the pattern every pre-activation z is an affine form of the input. The pattern is a *region* iff some
input of the relaxation has z > 0 for every active and z < 0 for every inactive unit (z = 0 allowed where z is 0 on the
whole affine hull): the pattern then holds on a neighbourhood relative to the hull. It is *lower-dimensional* iff the
inactive units reach only z ≤ 0, and *infeasible* iff not even that is possible. Each "no" is a combination of rows with
integer multipliers.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm

from flint import fmpq, fmpz_mat

from relugeom.deadline import CLOCK, NEVER, Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError, SolverError
from relugeom.geometry.chart import Chart, domain_chart
from relugeom.geometry.chebyshev import Ball, chebyshev_ball
from relugeom.geometry.domain import Domain
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import domain_equalities, float_point, matrix_rows, named_inequalities
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.linear_program import LPSolver
from relugeom.geometry.strict_point import Refutation, Witness, find_strict_point
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import as_fraction
from relugeom.network.exact import exact_network, pattern_forms
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern
from relugeom.partition.partition import PatternStatus, check_inputs

__all__ = ["Location", "Locator", "Multiplier", "locate_pattern"]


@dataclass(frozen=True, slots=True)
class Multiplier:
    """One term of a proof: a row by name, its integer multiplier, and the row itself.

    Attributes
    ----------
    name
        ``"unit 0:3 active"`` for z ≥ 0, ``"unit 0:3 inactive"`` for −z ≥ 0, or a row or side of the domain.
    value
        Positive integer.
    form
        The integer row (c₁, …, c_n, c₀), which is ≥ 0 (0 for an equality) wherever the pattern holds.
    """

    name: str
    value: int
    form: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Location:
    """Status of a pattern on a domain, with the reason.

    Attributes
    ----------
    status
        REGION, LOWER_DIMENSIONAL or INFEASIBLE; UNKNOWN if there was no time to settle it.
    point
        The float64 point nearest to an input that has the pattern, or None.
    exact_point
        That input in rationals, or None.
    ball
        The largest ball in the closure of a region, else None; also None if it was not found in time.
    proof
        Without an interior: multipliers whose combination of rows is a constant ≤ 0, although a row that the pattern
        requires to be positive takes part (for INFEASIBLE: the row of an active unit, or the constant is negative).
    reason
        Why the status is unknown, or empty.
    seconds
        Time of the work; 0 where several patterns were located together.
    """

    pattern: ActivationPattern
    status: PatternStatus
    point: FloatArray | None
    exact_point: tuple[Fraction, ...] | None
    ball: Ball | None
    proof: tuple[Multiplier, ...]
    reason: str = ""
    seconds: float = 0.0


def locate_pattern(
    network: ReLUNetwork,
    domain: Domain,
    pattern: ActivationPattern | str,
    *,
    solver: LPSolver | None = None,
    time_limit: TimeLimit = None,
) -> Location:
    """Decide whether a pattern is feasible on a domain.

    Parameters
    ----------
    pattern
        An activation pattern, or its text.
    solver
        Float backend that proposes; HiGHS by default. The status does not depend on it.
    time_limit
        Seconds or a deadline, after which the status is UNKNOWN.

    Raises
    ------
    PatternError
        The pattern does not fit the network.
    DomainError
        No input satisfies the domain.
    """
    began, deadline = CLOCK.now(), Deadline.of(time_limit)
    check_inputs(network, domain)
    if isinstance(pattern, str):
        pattern = ActivationPattern.from_text(network.widths, pattern)
    try:
        found = Locator(network, domain, solver=solver).locate(pattern, deadline=deadline)
    except DeadlinePassedError as error:
        found = Location(pattern, PatternStatus.UNKNOWN, None, None, None, (), str(error))
    return replace(found, seconds=CLOCK.now() - began)


class Locator:
    """Locates patterns of one network on one domain, whose hull is found once."""

    def __init__(self, network: ReLUNetwork, domain: Domain, *, solver: LPSolver | None = None) -> None:
        self._chart: Chart = domain_chart(domain)
        self._exact, self._solver = exact_network(network), solver
        self._named = [(named.name, named.form) for named in named_inequalities(domain)]
        for number, form in enumerate(domain_equalities(domain), start=1):
            self._named += [(f"equality {number}", form), (f"equality {number}", [-entry for entry in form])]

    def locate(self, pattern: ActivationPattern, *, deadline: Deadline = NEVER) -> Location:
        """Decide one pattern.

        Raises
        ------
        DeadlinePassedError
            The deadline passed before the pattern was decided.
        """
        deadline.check()
        first = len(self._named)
        rows = list(self._named)
        active: list[int] = []
        for layer, (forms, bits) in enumerate(zip(self._layers(pattern), pattern.layers, strict=True)):
            for unit, (form, bit) in enumerate(zip(forms, bits.tolist(), strict=True)):
                if bit:
                    active.append(len(rows))
                side = form if bit else [-entry for entry in form]
                rows.append((f"unit {layer}:{unit} {'active' if bit else 'inactive'}", side))
        forms = [form for _, form in rows]
        on_hull = self._on_hull(forms)
        flat = {row for row, form in enumerate(on_hull) if not any(form)}
        n = self._chart.domain.inputs
        # An interior point has every row positive that is not 0 on the whole hull, those of the domain included.
        open_rows = [row for row in range(len(forms)) if row not in flat or row in active]
        found = find_strict_point(forms, open_rows, n, solver=self._solver, deadline=deadline)
        if isinstance(found, Witness):
            inner = [form for form in on_hull[first:] if any(form[:-1])]
            return _location(pattern, PatternStatus.REGION, found.point, self._ball(inner, deadline), ())
        closed = find_strict_point(forms, active, n, solver=self._solver, deadline=deadline)
        if isinstance(closed, Witness):
            proof = _proof(rows, found)
            return _location(pattern, PatternStatus.LOWER_DIMENSIONAL, closed.point, None, proof)
        return _location(pattern, PatternStatus.INFEASIBLE, None, None, _proof(rows, closed))

    def _ball(self, rows: list[Form], deadline: Deadline) -> Ball | None:
        try:
            return chebyshev_ball(self._chart, rows, solver=HighsSolver(deadline=deadline))
        except SolverError:
            return None

    def _layers(self, pattern: ActivationPattern) -> list[list[Form]]:
        return [matrix_rows(forms.matrix) for forms in pattern_forms(self._exact, pattern)[:-1]]

    def _on_hull(self, forms: list[Form]) -> list[Form]:
        columns = self._chart.domain.inputs + 1
        return matrix_rows(
            self._chart.reduce(fmpz_mat(len(forms), columns, [entry for form in forms for entry in form]))
        )


def _location(
    pattern: ActivationPattern,
    status: PatternStatus,
    point: list[fmpq] | None,
    ball: Ball | None,
    proof: tuple[Multiplier, ...],
) -> Location:
    exact = None if point is None else tuple(map(as_fraction, point))
    return Location(pattern, status, None if point is None else float_point(point), exact, ball, proof)


def _proof(rows: list[tuple[str, Form]], refutation: Refutation) -> tuple[Multiplier, ...]:
    """The multipliers as integers."""
    scale = lcm(*(int(value.q) for value in refutation.multipliers.values()))
    terms = sorted(refutation.multipliers.items())
    return tuple(
        Multiplier(rows[row][0], int(value.p) * scale // int(value.q), tuple(rows[row][1])) for row, value in terms
    )
