"""Bounds that floats settle are those of exact back-substitution, and floats settle nearly all of them."""

from fractions import Fraction

import numpy as np
import pytest
from networks import he_network

from relugeom.certificate.claim import prepare_claim
from relugeom.certificate.cover_proof.enclosure import Enclosure
from relugeom.certificate.cover_proof.float_cell import FloatProblem
from relugeom.certificate.cover_proof.problem import CoverProblem, cover_problem
from relugeom.certificate.cover_proof.state import CoverState, root_state
from relugeom.certificate.cover_proof.substitution import Substitution, _rounded
from relugeom.claims.claim import Excluded, Scope, Twin
from relugeom.claims.inequality import Inequality
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork


def problem_of(network: ReLUNetwork, domain: Domain, own: tuple[int, ...] = ()) -> CoverProblem:
    twin = Twin(own) if own else None
    sets = ((Inequality(Fraction(1), (), (Fraction(1),) * network.outputs),),)
    return cover_problem(prepare_claim(Excluded(sets, Scope.RELAXATION, twin=twin), network, domain, None))


def compare(random, problem: CoverProblem, bits: list[int]) -> tuple[int, int]:
    """How many bounds there are along a random path, and how many floats settle: these are the exact ones."""
    substitution, enclosure = Substitution(problem, bits), Enclosure(FloatProblem(problem))
    state, settled, asked = root_state(problem), 0, 0
    for _ in range(4):
        for level in problem.levels:
            units = [*range(level.first, level.first + level.count)]
            exact = [_rounded(ends, bits[level.number]) for ends in substitution.bound(state, units)]
            for unit, ends, found in zip(units, exact, enclosure.bounds(state, units, bits), strict=True):
                asked += 1
                settled += found is not None
                assert found is None or found == ends, (unit, ends, found)
                if random.random() < 0.9:
                    state.tighten(unit, *ends)
                if random.random() < 0.2:
                    state.set_slope(unit, int(random.integers(0, (1 << 20) + 1)))
        narrow(random, problem, state)
        if state.contradiction:
            break
    return asked, settled


def narrow(random, problem: CoverProblem, state: CoverState) -> None:
    """A cut of an input, or a split of a unit."""
    column = int(random.integers(0, len(problem.lower)))
    low, high = state.lower[column], state.upper[column]
    if random.random() < 0.7 and low is not None and high is not None:
        state.cut(column, low + int((high - low) * random.random()), above=bool(random.integers(0, 2)))
    else:
        unit = int(random.integers(0, problem.units))
        state.split(unit, above=bool(random.integers(0, 2)))


def scaled(network: ReLUNetwork, *factors: float) -> ReLUNetwork:
    layers = zip(network.weights, network.biases, factors, strict=True)
    return ReLUNetwork.from_layers(*((W * factor, b * factor) for W, b, factor in layers))


def whole(network: ReLUNetwork) -> ReLUNetwork:
    """Small integers: sums cancel, bounds are integers, units are 0 on whole cells."""
    layers = zip(network.weights, network.biases, strict=True)
    return ReLUNetwork.from_layers(*((np.round(2 * W), np.round(3 * b)) for W, b in layers))


def cancelling(network: ReLUNetwork) -> ReLUNetwork:
    """Each unit of the first layer a second time, nearly; the next layer takes differences of large multiples."""
    first, second, *others = zip(network.weights, network.biases, strict=True)
    W = np.vstack([first[0], first[0] * (1 + 2.0**-50)]), np.concatenate([first[1], first[1]])
    V = np.hstack([second[0], -second[0]]) * 2.0**30, second[1]
    return ReLUNetwork.from_layers(W, V, *others)


BOX = Domain.box([-1.0] * 4, [1.0] * 4)
HOT = Domain([0.0] * 4, [1.0] * 4, groups=((0, 1, 2),))
DEEP = he_network(5, 4, 12, 10, 8, 2)
CASES = {
    "deep": (problem_of(DEEP, BOX), 0.6),
    "one-hot": (problem_of(DEEP, HOT), 0.6),
    "twin": (problem_of(he_network(6, 4, 8, 8, 1), HOT, own=(0, 1, 2)), 0.6),
    "partly own": (problem_of(he_network(6, 4, 8, 8, 1), BOX, own=(1,)), 0.6),
    "integers": (problem_of(whole(DEEP), BOX), 0.1),
    "cancelling": (problem_of(cancelling(DEEP), BOX), 0.1),
    "large": (problem_of(scaled(DEEP, 1e100, 1e80, 1.0, 1e60), BOX), 0.0),
    "tiny": (problem_of(scaled(DEEP, 1e-120, 1e-100, 1.0, 1e-60), BOX), 0.0),
    "open": (problem_of(DEEP, Domain([-1.0, -np.inf, 0, 0], [1.0, 1, np.inf, 1])), 0.0),
    "far": (problem_of(DEEP, Domain.box([1e9] * 4, [1e9 + 1] * 4)), 0.0),
}


@pytest.mark.parametrize("name", CASES)
def test_what_floats_settle_is_exact(name):
    problem, share = CASES[name]
    random, asked, settled = np.random.default_rng(8), 0, 0
    for bits in (30, 30, 20, 3, 0, 60, 1100):
        found = compare(random, problem, [bits] * len(problem.levels))
        if bits == 30:
            asked, settled = asked + found[0], settled + found[1]
    assert settled >= share * asked, settled / asked
