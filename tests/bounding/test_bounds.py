"""No bound is below a value that exact arithmetic finds in the cell."""

from fractions import Fraction
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import layered
from random_claims import case_of, random_case

from relugeom.bounding.branching import Parting, part
from relugeom.bounding.cells import Cells
from relugeom.bounding.multipliers import improve
from relugeom.bounding.pairs import relaxation_of
from relugeom.bounding.relaxation import Relaxation
from relugeom.bounding.tightening import bound_units, close_sets, root_cell
from relugeom.claims.claim import Excluded
from relugeom.claims.cover_tree import NodeKind
from relugeom.claims.inequality import Inequality
from relugeom.geometry.domain import Domain

seeds = st.integers(0, 2**32 - 1)


def random_parting(random, problem, cells) -> Parting:
    """Any parting of any cell, sensible or not."""
    count = len(cells)
    kind, index = np.full(count, NodeKind.BISECT, dtype=np.int64), np.zeros(count, dtype=np.int64)
    below, above = np.zeros(count), np.zeros(count)
    for row in range(count):
        k = index[row] = random.integers(problem.inputs)
        unstable = np.flatnonzero(cells.unstable(slice(0, problem.units))[row])
        if unstable.size and random.integers(3):
            kind[row], index[row] = NodeKind.SPLIT, random.choice(unstable)
            continue
        low, high = cells.lower[row, k], cells.upper[row, k]
        below[row] = above[row] = min(low + (high - low) * random.random(), high)
        if problem.whole[k]:
            kind[row], below[row] = NodeKind.BRANCH, np.floor((low + high) / 2.0)
            above[row] = below[row] + 1.0
    return Parting(kind, index, below, above, np.ones(count, dtype=np.bool_))


def inputs_of(random, case, cells) -> np.ndarray:
    """Inputs of each cell's box, shape (B, 12, m): corners, and others."""
    share = random.random((len(cells), 12, case.problem.inputs))
    share[:, ::3] = np.round(share[:, ::3])
    lower, upper = cells.lower[:, None], cells.upper[:, None]
    x = np.clip(lower + share * (upper - lower), lower, upper)
    for group in case.problem.groups:
        ends = np.sort(random.integers(0, 17, (*x.shape[:2], len(group) - 1)) / 16.0, axis=-1)
        whole = case.problem.whole[group].any()
        ends[:, :: 1 if whole else 2] = np.round(ends[:, :: 1 if whole else 2])
        x[..., group] = np.diff(ends, prepend=0.0, append=1.0, axis=-1)
    x[..., case.problem.whole] = np.round(x[..., case.problem.whole])
    return x


def lies_in(problem, cells, row, x, units) -> bool:
    """Whether an input, at which units have these values, belongs to a cell."""
    sides = cells.sides[row].tolist()
    inside = ((cells.lower[row] <= x) & (x <= cells.upper[row])).all()
    inside &= all(x[group].sum() == 1.0 for group in problem.groups)
    return bool(inside) and all(side * z >= 0 for side, z in zip(sides, units, strict=True))


def check_cells(random, case, cells: Cells, relaxation: Relaxation) -> int:
    """Compare all bounds of cells with the truth at inputs of theirs; how many inputs there were."""
    problem, number = case.problem, 0
    bounded = bound_units(problem, relaxation, cells)
    closing = close_sets(problem, relaxation, cells, bounded)
    given_weights = random.random((len(cells), len(problem.rows.constant)))
    cells.slopes[:] = np.clip(random.random(cells.slopes.shape) * 2.0 - 0.5, 0.0, 1.0)
    cells.multipliers[:] = random.exponential(size=cells.multipliers.shape)
    improved = [
        improve(problem, relaxation, cells, bounded.lines, bounded.pairs, given_weights, steps) for steps in (0, 2)
    ]
    for row, inputs in enumerate(inputs_of(random, case, cells)):
        for x in inputs:
            units, outputs = case.values(x)
            if not lies_in(problem, cells, row, x, units):
                continue
            number += 1
            for low, high, z in zip(cells.low[row].tolist(), cells.high[row].tolist(), units, strict=True):
                assert not low > z and not z > high
            pairs = zip(units[problem.pairs :], units, strict=False) if problem.pairs else ()
            for fall, rise, (second, first) in zip(
                cells.fall[row].tolist(), cells.rise[row].tolist(), pairs, strict=False
            ):
                assert not fall > second - first and not second - first > rise
            values = case.rows(x, outputs)
            sets = problem.rows.sets(slice(0, problem.rows.count))
            for bound, members in zip(closing.bounds[row].tolist(), sets, strict=True):
                weights = closing.weights[row, members].tolist()
                assert (np.array(weights) >= 0.0).all()
                least = sum(Fraction(w) * v for w, v in zip(weights, values[members], strict=True))
                assert not least > bound
            least = sum(Fraction(w) * v for w, v in zip(given_weights[row].tolist(), values, strict=True))
            assert all(not least > float(found.bound[row]) for found in improved)
    return number


def check_case(seed: int) -> int:
    """Part the box of a random claim at random, several times over; how many inputs were looked at."""
    random = np.random.default_rng(seed)
    case = random_case(random)
    relaxation = relaxation_of(case.problem)
    with np.errstate(all="ignore"):
        cells = root_cell(case.problem, relaxation)
        number = check_cells(random, case, cells, relaxation)
        for _ in range(3):
            cells = Cells.joined(part(case.problem, cells, random_parting(random, case.problem, cells)))
            number += check_cells(random, case, cells, relaxation)
    return number


@settings(max_examples=60)
@given(seeds)
def test_no_bound_is_below_the_truth(seed):
    assert check_case(seed) > 0


def test_inequalities_that_cancel_close_nothing():
    """x ≥ 1/a, x' − x ≥ 1/b and x' ≤ 1/a + 1/b are met by one input alone, and their sum is 0, but not in floats."""
    network = layered((np.eye(2), [0, 0]), (np.eye(2), [0, 0]))
    for a, b in product(range(3, 12), range(3, 8)):
        p, q = Fraction(1, a), Fraction(1, b)
        members = (
            Inequality(-p, outputs=(1, 0)),
            Inequality(-q, outputs=(-1, 1)),
            Inequality(p + q, outputs=(0, -1)),
        )
        case = case_of(Excluded((members,)), [network], Domain.box([0, 0], [1, 1]))
        relaxation = relaxation_of(case.problem)
        cells = root_cell(case.problem, relaxation)
        bounds = close_sets(case.problem, relaxation, cells, bound_units(case.problem, relaxation, cells)).bounds
        assert not (bounds < 0.0).any()
