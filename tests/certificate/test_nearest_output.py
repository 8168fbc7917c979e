"""Distances from both sides: nothing in a set is nearer than is proved, and what was met is in one."""

from fractions import Fraction

import numpy as np
import pytest
from networks import he_network
from scipy.optimize import linprog

from relugeom.bounding.cells import whole_box
from relugeom.bounding.nearest import distances, least_distances
from relugeom.bounding.relaxation import Forms
from relugeom.certificate.nearest_output import find_nearest_output
from relugeom.claims.ball import Norm
from relugeom.claims.claim import Scope
from relugeom.claims.inequality import Inequality
from relugeom.deadline import Deadline
from relugeom.geometry.domain import Domain, list_admissible
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import evaluate
from relugeom.questions.robustness import distance_to_other_decision


class Box:
    """As much of a problem as a cell needs."""

    def __init__(self, lower, upper) -> None:
        self.lower, self.upper, self.units, self.copies, self.pairs = lower, upper, 0, (), 0


def random_cell(random):
    """A box, a point in it or outside, and forms that are met at p, at some place, or nowhere."""
    m = int(random.integers(1, 6))
    lower = np.round(random.normal(size=m), 1)
    upper = lower + random.choice([0.0, 0.5, 3.0], size=m)
    p = random.choice([-1.0, 0.0, 0.3, 2.0], size=m) + (lower if random.integers(2) else 0.0)
    slopes = random.choice([0.0, 1.0, -1.0, 1e-3, 1e3], size=(1, 3, m)) * random.normal(size=(1, 3, m))
    constant = -random.choice([-1.0, 0.0, 0.5, 4.0], size=(1, 3)) * np.abs(slopes).sum(axis=-1)
    return lower, upper, p, Forms(slopes, constant, np.zeros((1, 3)))


def reference(lower, upper, p, slopes, constant, norm) -> float:
    """The least distance by a linear program (l1, linf); ∞ if nothing is met."""
    m, each = p.size, norm is Norm.L1
    t = m if each else 1
    spread = np.eye(m) if each else np.ones((m, 1))
    A = np.block([[np.eye(m), -spread], [-np.eye(m), -spread], [-slopes[None, :], np.zeros((1, t))]])
    b = np.concatenate([p, -p, [constant]])
    bounds = [*zip(lower, upper, strict=True), *[(0, None)] * t]
    found = linprog(np.concatenate([np.zeros(m), np.ones(t)]), A, b, bounds=bounds)
    return found.fun if found.status == 0 else np.inf


@pytest.mark.parametrize("norm", [Norm.L1, Norm.LINF])
def test_the_least_distance_in_a_cell_is_that_of_a_linear_program(norm):
    random = np.random.default_rng(5)
    for _ in range(60):
        lower, upper, p, forms = random_cell(random)
        found = least_distances(forms, whole_box(Box(lower, upper)), p, norm)[0]
        for k in range(3):
            truth = reference(lower, upper, p, forms.slopes[0, k], forms.constant[0, k], norm)
            if np.isinf(truth):
                continue  # the program errs by a tolerance, too
            assert found[k] <= truth + 1e-7 and found[k] >= truth - 1e-4 * (1 + truth)


def test_no_input_of_a_cell_is_nearer_in_the_euclidean_norm():
    random = np.random.default_rng(6)
    for _ in range(60):
        lower, upper, p, forms = random_cell(random)
        found = least_distances(forms, whole_box(Box(lower, upper)), p, Norm.L2)[0]
        x = lower + random.random((2000, p.size)) * (upper - lower)
        met = x @ forms.slopes[0].T + forms.constant[0] >= 0
        size = distances(x, p, Norm.L2)
        assert all((size[met[:, k]] >= found[k]).all() for k in range(3))


@pytest.mark.parametrize("norm", Norm)
@pytest.mark.parametrize("seed", range(4))
def test_the_exact_distance_lies_between_both_sides(seed, norm):
    network, domain = he_network(seed, 2, 4, 3, 2), Domain.box([-2, -2], [2, 2])
    x = np.clip(np.random.default_rng(seed).normal(size=2).round(2), -2, 2)
    exact = distance_to_other_decision(network, domain, x, norm=norm)
    own = int(evaluate(network, x[None, :])[0].argmax())
    other = (Inequality(outputs=tuple(Fraction(1 if k != own else -1) for k in range(2))),)
    for cells in (1, 40):
        found = find_nearest_output(network, domain, other, x, norm, max_cells=cells)
        if found.least is None:
            assert exact.distance is None
            continue
        size = found.least**2 if norm is Norm.L2 else found.least
        assert exact.distance is None or size <= exact.distance
        if found.point is not None:
            assert evaluate_exactly(network, found.point)[0] is not None
            values = evaluate_exactly(network, found.point)[1]
            assert values[1 - own] >= values[own]
    assert exact.distance is None or float(size) > 0.5 * float(exact.distance)


@pytest.mark.parametrize("seed", range(6))
def test_distances_of_integers_are_integers(seed):
    network = he_network(seed, 3, 5, 1)
    domain = Domain([-3, -3, 0], [3, 3, 1], kinds=("integer", "integer", "binary"))
    listed = list_admissible(domain)
    values = evaluate(network, listed)[:, 0]
    p = listed[values.argmin()]
    bound = float(np.quantile(values, 0.7))
    beyond = (Inequality(-Fraction(bound), outputs=(Fraction(1),)),)
    truth = np.abs(listed[values >= bound] - p).sum(axis=1).min()
    found = find_nearest_output(network, domain, beyond, p, Norm.L1, scope=Scope.ADMISSIBLE, max_cells=60)
    assert found.least.denominator == 1 and 0 <= found.least <= truth
    assert found.point is None or sum(abs(a - Fraction(b)) for a, b in zip(found.point, p, strict=True)) >= truth


def test_without_time_or_a_method_nothing_is_proved():
    network, beyond = he_network(0, 2, 3, 1), (Inequality(Fraction(-100), outputs=(Fraction(1),)),)
    square, plane = Domain.box([-1, -1], [1, 1]), Domain.box([-np.inf, -1], [1, 1])
    for domain, limit in ((square, Deadline(0)), (plane, None)):
        found = find_nearest_output(network, domain, beyond, [0.0, 0.0], Norm.LINF, time_limit=limit)
        assert (found.least, found.point) == (0, None)
    assert find_nearest_output(network, square, beyond, [0.0, 0.0], Norm.LINF).least is None
