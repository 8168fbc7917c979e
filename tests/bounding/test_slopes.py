"""What the engine says of slopes is true: pattern by pattern, and in exact arithmetic at the pairs that it shows."""

from fractions import Fraction

import numpy as np
from claim_truth import moves_wrongly
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, integer_network, layered
from oracles import INFEASIBLE, classify_all, domain_forms, evaluate_layers, exact_layers, satisfies

from relugeom.bounding.emptiness import find_empty
from relugeom.bounding.engine import search
from relugeom.bounding.outcome import Effort, End
from relugeom.bounding.problem import Slope
from relugeom.bounding.relaxation import Relaxation
from relugeom.bounding.slope_attack import wrong_slopes
from relugeom.bounding.slopes import SlopeBounds
from relugeom.bounding.tightening import bound_units, root_cell
from relugeom.certificate.claim import prepare_claim
from relugeom.certificate.claim_problem import claim_problem
from relugeom.certificate.cover_proof.settle import settle_cover
from relugeom.certificate.slope_judge import SlopeJudge
from relugeom.checker import check
from relugeom.claims.claim import Monotone
from relugeom.deadline import NEVER
from relugeom.geometry.domain import Domain
from relugeom.network.exact import exact_network
from relugeom.network.slope_interval import slope_interval

seeds = st.integers(0, 2**32 - 1)


def random_network(random, inputs: int, outputs: int):
    """Integers, none of them negative, ordinary weights, units that are doubled or opposite, inputs without weight."""
    widths = [(2,), (4,), (2, 2), (3, 2), (2, 2, 1)][random.integers(5)]
    network = integer_network(random, inputs, *widths, outputs)
    layers = [(W.copy(), b.copy()) for W, b in zip(network.weights, network.biases, strict=True)]
    match random.integers(4):
        case 0:
            layers = [(np.abs(W) if random.random() < 0.8 else W, b) for W, b in layers]
        case 1:
            return he_network(int(random.integers(2**31)), inputs, *widths, outputs)
        case 2:
            for W, b in layers[:-1]:
                W[0], b[0] = W[-1] * random.choice([1, -1, 2]), b[-1]
                W[:, random.integers(W.shape[1])] *= random.integers(2)
    return layered(*layers)


def domains(inputs: int):
    ones = np.ones((1, inputs))
    return [
        Domain.box([-1] * inputs, [1] * inputs),
        Domain.box([-2] * inputs, [0.5] * inputs),
        Domain([-1] * inputs, [1] * inputs, A=ones, b=[0.5]),
        Domain([-2] * inputs, [2] * inputs, kinds=("integer",) * inputs),
        Domain([-1] * inputs, [1] * inputs, E=[[1.0] + [0.0] * (inputs - 1)], f=[0.25]),
        Domain([0, 0, -1], [1, 1, 1], groups=((0, 1),)) if inputs == 3 else Domain.box([0] * inputs, [3] * inputs),
    ]


def refutes(shown, claim, network, domain) -> bool:
    """Whether a pair shows that the claim fails, by the naive evaluation alone."""
    low, high = (evaluate_layers(exact_layers(network), x)[-1][claim.output] for x in (shown.x, shown.second_x))
    differ = [k for k, (a, b) in enumerate(zip(shown.x, shown.second_x, strict=True)) if a != b]
    inside = all(satisfies(domain_forms(domain), [], x) for x in (shown.x, shown.second_x))
    rises = shown.x[claim.feature] < shown.second_x[claim.feature]
    return inside and rises and differ == [claim.feature] and (high - low) * claim.direction < 0


@settings(max_examples=80)
@given(seeds)
def test_slopes_have_a_sign_iff_no_pair_moves_the_other_way(tmp_path_factory, seed):
    random = np.random.default_rng(seed)
    inputs, outputs = int(random.integers(1, 4)), int(random.integers(1, 3))
    network, domain = random_network(random, inputs, outputs), domains(inputs)[random.integers(6)]
    claim = Monotone(int(random.integers(outputs)), int(random.integers(inputs)), int(random.choice([1, -1])))
    task = prepare_claim(claim, network, domain, None)
    problem = claim_problem(task)
    if problem is None:  # the feature cannot change alone
        assert domain.E[:, claim.feature].any() or any(claim.feature in group for group in domain.groups)
        return
    judge = SlopeJudge(task, claim)
    found = search(problem, judge.is_met, judge.are_inside, effort=Effort(cells=200))
    assert found.end is End.OPEN or (found.end is End.MET) is moves_wrongly(claim, network, domain)
    if found.end is End.MET:
        assert refutes(judge.shown, claim, network, domain)
    if found.tree is not None:
        path = tmp_path_factory.mktemp("trees") / "claim.cert"
        proof = settle_cover(task, found.tree, path, NEVER)
        assert check(str(path))["closed"] == proof.cells


@settings(max_examples=40)
@given(seeds)
def test_bounds_of_slopes_allow_for_their_rounding(seed):
    """Below the exact interval, and no farther than rounding asks for; the slope at any input lies in it."""
    random = np.random.default_rng(seed)
    inputs = int(random.integers(1, 4))
    network = random_network(random, inputs, 2)
    scale = 10.0 ** random.integers(-3, 4)
    network = layered(*((W * scale, b) for W, b in zip(network.weights, network.biases, strict=True)))
    claim = Monotone(1, int(random.integers(inputs)), int(random.choice([1, -1])))
    problem = claim_problem(prepare_claim(claim, network, Domain.box([-1] * inputs, [1] * inputs), None))
    cells = root_cell(problem, Relaxation(problem))
    active, inactive = cells.low >= 0.0, cells.high <= 0.0
    slope = Slope(claim.output, claim.feature, claim.direction)
    found = SlopeBounds(problem, slope).below(active, inactive)
    network = problem.copies[0].network
    exact = exact_network(network)
    ends = slope_interval(exact.layers, claim.output, claim.feature, active[0], inactive[0])
    least = min(claim.direction * int(end) for end in ends) / Fraction(2) ** sum(exact.exponents)
    size = np.prod([np.abs(W).sum(axis=1).max() for W in network.weights])
    assert Fraction(found.low[0]) <= least <= Fraction(found.low[0]) + Fraction(1e-11 * size)
    assert found.near[0] or least < 0
    assert (-wrong_slopes(problem, slope, random.uniform(-1, 1, (50, inputs))) >= found.low[0] - 1e-9 * size).all()


@settings(max_examples=15)
@given(seeds)
def test_cells_are_empty_iff_their_pattern_has_no_input(seed):
    """Without fail in one layer; in two, what is called empty is. Patterns of no interior count as they may."""
    random = np.random.default_rng(seed)
    inputs, widths = int(random.integers(1, 4)), [(4,), (2, 2)][random.integers(2)]
    network, domain = (
        he_network(int(random.integers(2**31)), inputs, *widths, 1),
        Domain.box([-1] * inputs, [1] * inputs),
    )
    problem = claim_problem(prepare_claim(Monotone(0, 0, 1), network, domain, None))
    relaxation = Relaxation(problem)
    root = root_cell(problem, relaxation)
    patterns = classify_all(exact_layers(network), domain_forms(domain))
    cells = root.at(np.zeros(len(patterns), dtype=np.int64))
    for row, pattern in enumerate(patterns):
        cells.sides[row] = [1.0 if bit == "1" else -1.0 for bit in pattern.replace("/", "")]
    cells.low[:], cells.high[:] = np.where(cells.sides > 0, 0, cells.low), np.where(cells.sides > 0, cells.high, 0)
    empty, x, _ = find_empty(problem, relaxation, cells, bound_units(problem, relaxation, cells).lines)
    assert ((x >= -1) & (x <= 1)).all()
    for found, status in zip(empty.tolist(), patterns.values(), strict=True):
        assert not (found and status != INFEASIBLE)
        assert found or status != INFEASIBLE or len(widths) > 1


def test_a_narrow_dip_behind_wide_layers_is_found_and_a_slope_without_one_proved():
    """Where all weights are positive the slope is; one unit that subtracts makes it fail near a corner only."""
    random = np.random.default_rng(0)
    layers = [(np.abs(random.normal(size=shape)) / 4, random.normal(size=shape[0])) for shape in ((40, 8), (40, 40))]
    last = np.abs(random.normal(size=(1, 40)))
    for dip in (False, True):
        (W, b), (W2, b2) = layers
        if dip:
            W, b = np.vstack([W, np.ones(8)]), np.append(b, -7.5)
            W2, b2 = np.hstack([W2, np.zeros((40, 1))]), b2
            W2 = np.vstack([W2, np.append(np.zeros(40), 1.0)])
            b2 = np.append(b2, 0.0)
        top = np.hstack([last, [[-1e3]]]) if dip else last
        network, domain = layered((W, b), (W2, b2), (top, np.zeros(1))), Domain.box([0] * 8, [1] * 8)
        claim = Monotone(0, 3, 1)
        task = prepare_claim(claim, network, domain, None)
        judge = SlopeJudge(task, claim)
        found = search(claim_problem(task), judge.is_met, judge.are_inside, effort=Effort(cells=100))
        assert found.end is (End.MET if dip else End.CLOSED)
        assert judge.shown is None or refutes(judge.shown, claim, network, domain)


def nearly_positive(seed: int, wrong: float):
    """Two hidden layers with more inputs than are halved, and one unit that goes the wrong way in the first input."""
    random, inputs, width = np.random.default_rng(seed), 18, 8
    W = random.normal(size=(width, inputs)) / np.sqrt(inputs)
    W[:, 0] = np.abs(W[:, 0])
    W[0, 0] *= -wrong
    b = random.normal(size=width) * 0.3 + 0.8
    V = np.abs(random.normal(size=(width, width))) / np.sqrt(width) + random.normal(size=(width, width)) * 0.05
    c, top = random.normal(size=width) * 0.3, np.abs(random.normal(size=(1, width)))
    return layered((W, b), (V, c), (top, np.zeros(1)))


def test_units_are_split_until_cells_are_empty_or_a_pair_is_found(tmp_path):
    """Among proofs are cells that only better slopes show to be empty; pairs lie where no first attack came."""
    claim, domain, path = Monotone(0, 0, 1), Domain.box([-1] * 18, [1] * 18), tmp_path / "claim.cert"
    ends, keys = [], set()
    for seed, wrong in ((25, 0.1), (36, 0.1), (36, 0.3), (10, 0.3), (14, 0.3)):
        network = nearly_positive(seed, wrong)
        task = prepare_claim(claim, network, domain, None)
        problem, judge = claim_problem(task), SlopeJudge(task, claim)
        found = search(problem, judge.is_met, judge.are_inside, effort=Effort(cells=500))
        ends.append(found.end)
        assert found.end is not End.MET or refutes(judge.shown, claim, network, domain)
        if found.tree is not None:
            assert check(str(settle_cover(task, found.tree, path, NEVER).path))["closed"] == found.tree.leaves
            keys |= {line[:1] for line in path.read_bytes().split(b"\n")[1:]}
            path.unlink()
    assert End.CLOSED in ends and End.MET in ends and End.OPEN not in ends
    assert {b"a", b"e", b"g", b"s"} <= keys
