"""Cones by their generators against rational arithmetic: errors are what they claim, signs are what they are."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network

from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain
from relugeom.geometry.double_description import NO_ROOM, cut_cone
from relugeom.geometry.generators import DOUBT, find_sides
from relugeom.search.cone_setup import empty_cones, stand_at_domain
from relugeom.search.setup import Setup


def null_vector(rows: list[list[Fraction]], size: int) -> list[Fraction] | None:
    """The vector that all rows send to 0, up to a factor; None where there is more than one."""
    matrix, pivots = [list(row) for row in rows], []
    for column in range(size):
        place = next((r for r in range(len(pivots), len(matrix)) if matrix[r][column]), None)
        if place is None:
            continue
        at = len(pivots)
        matrix[at], matrix[place] = matrix[place], matrix[at]
        matrix[at] = [entry / matrix[at][column] for entry in matrix[at]]
        for other in range(len(matrix)):
            if other != at and matrix[other][column]:
                factor = matrix[other][column]
                matrix[other] = [x - factor * y for x, y in zip(matrix[other], matrix[at], strict=True)]
        pivots.append(column)
    free = [column for column in range(size) if column not in pivots]
    if len(free) != 1:
        return None
    vector = [Fraction(0)] * size
    vector[free[0]] = Fraction(1)
    for row, column in enumerate(pivots):
        vector[column] = -matrix[row][free[0]]
    return vector


def claimed(exact: list[Fraction], stored: np.ndarray, error: float, scale: np.ndarray) -> bool:
    """Whether some multiple of the exact ray lies within the error in every coordinate."""
    low, high = None, None
    for r, g, s in zip(exact, stored.tolist(), scale.tolist(), strict=True):
        room = Fraction(error) * Fraction(s)
        if r == 0:
            if abs(Fraction(g)) > room:
                return False
            continue
        ends = sorted([(Fraction(g) - room) / r, (Fraction(g) + room) / r])
        low = ends[0] if low is None else max(low, ends[0])
        high = ends[1] if high is None else min(high, ends[1])
    return low is not None and low <= high


class Cutter:
    """One cone, cut again and again."""

    def __init__(self, domain: Domain) -> None:
        n = domain.inputs
        setup = Setup(he_network(0, n, 2, 1), domain_chart(domain))
        self.state, _ = setup.first_state()
        self.cones, pending = empty_cones(setup.problem)
        assert stand_at_domain(setup.problem, self.state, self.cones, pending)
        c = self.state.counters
        self.first, self.count, self.lines, self.simple, self.bits = (int(c[k]) for k in (13, 14, 15, 16, 17))

    def cut(self, form: np.ndarray, *, side: int, exact: bool = False) -> bool:
        """Keep one side of a hyperplane, if it crosses the cone with every sign certain."""
        cones = self.cones
        table = (cones.generators, cones.sizes, cones.errors, cones.values, cones.margins, cones.sides, cones.scale)
        block = (self.first, self.count, self.lines)
        positive, negative, doubts = find_sides(*table, *block, form[:, None], 0, 0.0, exact)
        self.check_sides(form)
        if doubts or not (positive and negative) or self.bits == 60:
            return False
        cones.rows[:, self.bits], cones.row_errors[self.bits] = form, 0.0
        above, below, self.lines, self.simple = cut_cone(*cones, *block, bool(self.simple), self.bits)
        assert above != NO_ROOM
        self.bits += 1
        self.first, self.count = (self.first, above) if side > 0 else (self.first + above, below)
        return True

    def rays(self) -> list[list[Fraction] | None]:
        """The exact rays, from the rows that the masks name; None where these do not determine one."""
        size = len(self.cones.scale)
        found = []
        for column in range(self.first + self.lines, self.first + self.count):
            mask = int(self.cones.masks[column])
            rows = [self.cones.rows[:, bit].tolist() for bit in range(self.bits) if mask >> bit & 1]
            found.append(null_vector([[Fraction(x) for x in row] for row in rows], size))
        return found

    def check_sides(self, form: np.ndarray) -> None:
        if self.lines:
            return
        for place, ray in enumerate(self.rays()):
            side = int(self.cones.sides[place])
            if ray is None or side == DOUBT:
                continue
            stored = self.cones.generators[:, self.first + place]
            turn = 1 if sum(Fraction(x) * r for x, r in zip(stored.tolist(), ray, strict=True)) > 0 else -1
            value = turn * sum(Fraction(c) * r for c, r in zip(form.tolist(), ray, strict=True))
            assert (value > 0) - (value < 0) == side

    def check_errors(self) -> int:
        """Compare every generator with its exact ray; how many could be compared."""
        if self.lines:
            return 0
        known = 0
        for place, ray in enumerate(self.rays()):
            if ray is None:
                continue
            known += 1
            column = self.first + place
            assert claimed(ray, self.cones.generators[:, column], float(self.cones.errors[column]), self.cones.scale)
        return known


DOMAINS = {
    "cube": lambda n: Domain.box(-np.ones(n), np.ones(n)),
    "uneven box": lambda n: Domain.box(-0.1 * 10.0 ** np.arange(n), 0.3 * 10.0 ** np.arange(n)),
    "half": lambda n: Domain.box(np.zeros(n), np.full(n, np.inf)),
    "everything": Domain.everything,
    "simplex": lambda n: Domain(np.zeros(n), np.ones(n), A=np.ones((1, n)), b=np.array([0.7])),
}


@settings(max_examples=60)
@given(st.sampled_from(list(DOMAINS)), st.integers(1, 4), st.integers(0, 10**6), st.sampled_from([0.0, 1e-3, 1e-9]))
def test_generators_are_as_near_as_they_say(name: str, n: int, seed: int, nearly_parallel: float) -> None:
    random = np.random.default_rng(seed)
    cutter = Cutter(DOMAINS[name](n))
    base = random.normal(size=n + 1)
    for _ in range(14):
        form = random.normal(size=n + 1) * np.append(np.ones(n), 0.4)
        if nearly_parallel:  # errors grow, and generators have to be found again
            form = base + nearly_parallel * form
        cutter.cut(form, side=int(random.choice([-1, 1])))
    cutter.check_errors()


def test_some_generators_are_found_again_from_their_rows() -> None:
    """Without this, errors of these cuts would exceed 1e-6."""
    random = np.random.default_rng(1)
    compared = 0
    for _ in range(20):
        cutter = Cutter(DOMAINS["cube"](3))
        for _ in range(40):
            cutter.cut(random.normal(size=4) * [1, 1, 1, 0.2], side=int(random.choice([-1, 1])))
        compared += cutter.check_errors()
        assert cutter.cones.errors[cutter.first : cutter.first + cutter.count].max() < 1e-4
    assert compared > 50


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_integers_stay_exact(n: int) -> None:
    random = np.random.default_rng(n)
    cutter = Cutter(DOMAINS["cube"](n))
    cuts = 0
    for _ in range(30):
        form = random.integers(-2, 3, size=n + 1).astype(np.float64)
        if form[:-1].any():
            cuts += cutter.cut(form, side=int(random.choice([-1, 1])), exact=True)
    block = slice(cutter.first, cutter.first + cutter.count)
    assert cuts > 2
    assert not cutter.cones.errors[block].any()
    assert (cutter.cones.generators[:, block] == np.floor(cutter.cones.generators[:, block])).all()
    assert cutter.check_errors() > 0
    assert DOUBT not in cutter.cones.sides[: cutter.count]
