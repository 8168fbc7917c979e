"""Covering trees of any kind: what is written is true and accepted, and every bound is that of the rule, exactly."""

import json
import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import oracles
import pytest
from claim_truth import is_met, moves_wrongly
from cover_trees import naive_maximum, random_tree, tree_of
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, integer_network, layered

from relugeom.certificate.claim import prepare_claim
from relugeom.certificate.claim_proof.counterexample import UnprovedClaimError
from relugeom.certificate.cover_proof.bounding import bound_all
from relugeom.certificate.cover_proof.float_cell import FloatProblem
from relugeom.certificate.cover_proof.problem import MixedForm, cover_problem
from relugeom.certificate.cover_proof.settle import settle_cover
from relugeom.certificate.cover_proof.state import root_state
from relugeom.certificate.cover_proof.substitution import Substitution
from relugeom.checker import Walk, check, read_node
from relugeom.claims.claim import Excluded, Monotone, OutputBound, Scope, Twin
from relugeom.claims.cover_tree import NodeKind
from relugeom.claims.inequality import Inequality
from relugeom.claims.reason import Cause
from relugeom.deadline import CLOCK, NEVER, Deadline
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain, list_admissible
from relugeom.network.forward import evaluate

seeds = st.integers(0, 2**32 - 1)
inf = float("inf")


def domains():
    """Boxes with two inputs: plain, with open sides, with rows; integers, and one-hot groups."""
    return [
        Domain.box([-1, -1], [1, 1]),
        Domain.box([-2.5, 0.25], [0.5, 0.25]),
        Domain.box([-inf, 0], [1, inf]),
        Domain([-1, -1], [1, 1], A=[[1.0, 1.0]], b=[0.5]),
        Domain([-1, -1], [1, 1], E=[[1.0, 1.0]], f=[0.25]),
        Domain([-2, -1], [2, 1], kinds=("integer", "continuous")),
        Domain([0, 0], [1, 1], groups=((0, 1),)),
    ]


def small(values):
    return tuple(Fraction(int(value), 2) for value in values)


def random_sets(random, inputs, outputs, own=0, copied=0):
    """One or two sets of one or two inequalities; constants are low, so that many claims hold."""
    sets = []
    for _ in range(random.integers(1, 3)):
        members = []
        for _ in range(random.integers(1, 3)):
            x, second = small(random.integers(-2, 3, inputs)), small(random.integers(-2, 3, own))
            y, other = small(random.integers(-2, 3, outputs)), small(random.integers(-2, 3, copied))
            constant = Fraction(int(random.integers(-25, 2)), int(random.integers(1, 4)))
            members.append(Inequality(constant, x, y, second, other, strict=bool(random.integers(2))))
        sets.append(tuple(members))
    return tuple(sets)


def random_claim(random, domain):
    """A claim, and the networks that it is about."""
    network = integer_network(random, 2, *[(3,), (2, 2), (3, 2)][random.integers(3)], 2)
    scope = Scope.ADMISSIBLE if domain.has_integers and random.integers(2) else Scope.RELAXATION
    kind = random.integers(4)
    if kind == 0:
        return Excluded(random_sets(random, 2, 2), scope), [network]
    own = [(0,), (1,), (0, 1), ()][random.integers(4)]
    if kind == 1:
        return Excluded(random_sets(random, 2, 2, len(own), 2), scope, twin=Twin(own)), [network]
    second = integer_network(random, 2, 2, 2)
    if kind == 2:
        return Excluded(random_sets(random, 2, 2, len(own), 2), scope, twin=Twin(own, second_network=True)), [
            network,
            second,
        ]
    return Monotone(int(random.integers(2)), int(random.integers(2)), int(random.choice([-1, 1]))), [network]


def task_of(claim, networks, domain):
    return prepare_claim(claim, networks[0], domain, networks[1] if len(networks) > 1 else None)


def is_true(claim, networks, domain) -> bool:
    if isinstance(claim, Monotone):
        return not moves_wrongly(claim, networks[0], domain)
    if claim.scope is Scope.ADMISSIBLE and domain.integral.all():
        claim = Excluded(claim.sets, Scope.ADMISSIBLE, twin=claim.twin)
        own = claim.twin.own if claim.twin else ()
        points = list_admissible(domain).tolist()
        return not any(_meets(claim, networks, x, other) for x in points for other in points if _agree(x, other, own))
    return not is_met(claim, networks, domain)


def _agree(x, other, own) -> bool:
    return all(a == b for k, (a, b) in enumerate(zip(x, other, strict=True)) if k not in own)


def _meets(claim, networks, x, other) -> bool:
    outputs = oracles.evaluate_layers(oracles.exact_layers(networks[0]), x)[-1]
    every = [*x, *(other[k] for k in (claim.twin.own if claim.twin else ()))]
    if claim.twin:
        outputs = [*outputs, *oracles.evaluate_layers(oracles.exact_layers(networks[-1]), other)[-1]]
    for members in claim.sets:
        values = [
            (
                part.constant
                + sum(c * Fraction(v) for c, v in zip((*part.inputs, *part.own_inputs), every, strict=True))
                + sum(c * v for c, v in zip((*part.outputs, *part.copy_outputs), outputs, strict=True)),
                part.strict,
            )
            for part in members
        ]
        if all(value > 0 or (value == 0 and not strict) for value, strict in values):
            return True
    return False


def problem_and_tree(random, claim, networks, domain):
    task = task_of(claim, networks, domain)
    problem = cover_problem(task)
    own = claim.twin.own if isinstance(claim, Excluded) and claim.twin else ()
    places = [*range(2), *own]
    weights = sum(map(len, problem.sets))
    lower, upper = domain.lower[places].tolist(), domain.upper[places].tolist()
    return task, random_tree(random, lower, upper, problem.units, weights, whole=problem.whole)


def random_proof(random, path):
    """A random claim, the networks and the domain, and the proof that a random tree gives; None if it does not."""
    domain = domains()[random.integers(7)]
    claim, networks = random_claim(random, domain)
    task, tree = problem_and_tree(random, claim, networks, domain)
    try:
        proof = settle_cover(task, tree, path, NEVER)
    except UnprovedClaimError as error:
        assert not path.exists() and "covering tree" in str(error)
        proof = None
    return claim, networks, domain, proof


@settings(max_examples=25)
@given(seeds)
def test_only_true_claims_are_proved(tmp_path_factory, seed):
    path = tmp_path_factory.mktemp("cover") / "claim.cert"
    claim, networks, domain, proof = random_proof(np.random.default_rng(seed), path)
    assert proof is None or is_true(claim, networks, domain)


@settings(max_examples=50)
@given(seeds)
def test_every_file_is_accepted_and_the_checker_finds_the_same_bounds(tmp_path_factory, seed):
    path = tmp_path_factory.mktemp("cover") / "claim.cert"
    claim, networks, domain, proof = random_proof(np.random.default_rng(seed), path)
    if proof is None:
        return
    found = check(str(path))
    assert (found["closed"], found["proofs"]) == (proof.cells, proof.proofs)
    assert found["networks"] == [network.digest for network in networks] and found["domain"] == domain.digest
    problem = cover_problem(replace(task_of(claim, networks, domain), exponent=exponent_of(path)))
    state, bits = root_state(problem), [0] * len(problem.levels)
    with path.open("rb") as file:
        walk = Walk(file)
        key, *fields = read_node(file)
        walk.checks[key](walk, fields)
        if not state.contradiction:
            bound_all(Substitution(problem, bits), state, NEVER)
            found = walk.cell.least + walk.cell.fall, walk.cell.most + walk.cell.rise
            assert found == (state.low, state.high)


def exponent_of(path) -> int:
    """The exponent of a certificate's domain."""
    with path.open("rb") as file:
        return int(json.loads(file.readline())["domain"]["exponent"], 16)


def random_cell(random, problem, own, domain):
    """A state after a few steps, and some points of the box."""
    state = root_state(problem)
    exponents = [int(bits) for bits in random.integers(0, 40, len(problem.levels))]
    if problem.pairs:
        exponents[len(exponents) // 2 :] = exponents[: len(exponents) // 2]
    substitution = Substitution(problem, exponents)
    for _ in range(random.integers(1, 8)):
        if state.contradiction:
            break
        step = random.integers(3)
        if step == 0:
            level = problem.levels[random.integers(len(problem.levels))]
            beyond = problem.units if level.first < problem.pairs and random.integers(2) else 0
            units = [beyond + level.first + k for k in range(level.count) if random.integers(2)]
            for unit, (low, high) in zip(units, substitution.bound(state, units), strict=True):
                scale = 1 << substitution.bits[level.number]
                low = None if low is None else int(np.floor(float(low * scale))) - 1
                high = None if high is None else int(np.ceil(float(high * scale))) + 1
                state.tighten(unit, low, high)
        elif step == 1 and problem.units > len(state.signs):
            unit = int(random.choice([unit for unit in range(problem.units) if unit not in state.signs]))
            state.split(unit, above=bool(random.integers(2)))
        else:
            column = int(random.integers(len(problem.lower)))
            state.cut(column, int(random.integers(-2, 3) << problem.exponent) // 2, above=bool(random.integers(2)))
    return state, substitution


@settings(max_examples=100)
@given(seeds)
def test_maxima_are_those_of_the_rule_done_naively(seed):
    random = np.random.default_rng(seed)
    domain = domains()[random.integers(7)]
    claim, networks = random_claim(random, domain)
    own = claim.twin.own if isinstance(claim, Excluded) and claim.twin else ()
    task = task_of(claim, networks, domain)
    problem, networks = cover_problem(task), task.short_copies
    state, substitution = random_cell(random, problem, own, domain)
    if state.contradiction:
        return
    outputs = sum(levels[-1].count for levels in problem.copies)
    forms = []
    for _ in range(3):
        entries = [random.integers(-3, 4, count) for count in (len(problem.lower), problem.units, outputs)]
        inputs, units, ends = ({k: int(v) for k, v in enumerate(row) if v} for row in entries)
        forms.append(MixedForm(int(random.integers(0, 3)), int(random.integers(-5, 6)), inputs, units, ends))
    scale, e = [substitution.bits[level] for level in problem.level_of], problem.exponent
    scale += scale[: problem.pairs]
    box = [
        tuple(None if v is None else Fraction(v, 1 << e) for v in sides)
        for sides in zip(state.lower, state.upper, strict=True)
    ]
    bounds = [
        tuple(None if v is None else Fraction(v, 1 << bits) for v in ends)
        for *ends, bits in zip(state.low, state.high, scale, strict=True)
    ]
    for form, found in zip(forms, substitution.maxima(state, forms), strict=True):
        table = [
            {k: Fraction(v, 1 << form.exponent) for k, v in row.items()}
            for row in (form.inputs, form.units, form.outputs)
        ]
        naive = naive_maximum(networks, domain, own, box, bounds, (Fraction(form.constant, 1 << form.exponent), *table))
        assert found == naive


def tree_by_floats(problem):
    """Bisect the input that weighs most until floats say that every leaf closes."""
    nodes, waiting = [], [FloatProblem(problem).cell(root_state(problem), [0] * len(problem.levels))]
    while waiting:
        cell = waiting.pop()
        bounded = cell.rebound(range(problem.units))
        [members] = problem.sets
        table, constants, _ = cell.replace([form for _, form in members])
        if cell.maxima(table, constants)[0] < -1e-6:
            nodes.append((NodeKind.CLOSED, -1, 0.0, bounded, ()))
            continue
        index = int((abs(table[0]) * (cell.upper - cell.lower)).argmax())
        value = (cell.lower[index] + cell.upper[index]) / 2
        nodes.append((NodeKind.BISECT, index, value, bounded, ()))
        sides = [replace(cell.copy(), lower=cell.lower.copy(), upper=cell.upper.copy()) for _ in range(2)]
        sides[0].upper[index] = sides[1].lower[index] = value
        waiting += reversed(sides)
        assert len(nodes) < 500
    return tree_of(nodes)


def bound_task(network, domain, bound):
    return task_of(OutputBound((1,), bound), [network], domain)


def test_trees_that_close_in_floats_close_exactly_in_few_bytes(tmp_path):
    """A bound a little above what is reached: 3 inputs, 18 units."""
    network, domain = he_network(3, 3, 10, 8, 1), Domain.box([-1] * 3, [1] * 3)
    points = np.random.default_rng(0).uniform(-1, 1, (20000, 3))
    task = bound_task(network, domain, float(evaluate(network, points).max()) + 0.5)
    problem = cover_problem(task)
    tree = tree_by_floats(problem)
    proof = settle_cover(task, tree, tmp_path / "c", NEVER)
    assert tree.leaves > 4 and proof.cells <= 2 * tree.leaves
    found = check(tmp_path / "c")
    assert (found["closed"], found["proofs"]) == (proof.cells, proof.proofs)
    lines = (tmp_path / "c").read_bytes().splitlines(keepends=True)[1:-1]
    assert sum(map(len, lines)) < 100 * proof.cells
    assert proof.proofs < 2 * tree.bounded.size


def test_a_proof_without_a_file_is_the_same():
    network, domain = he_network(3, 3, 12, 1), Domain.box([-1] * 3, [1] * 3)
    task = bound_task(network, domain, 50.0)
    proof = settle_cover(task, tree_of([(NodeKind.CLOSED, -1, 0.0, (), ())]), None, NEVER)
    assert (proof.cells, proof.proofs, proof.path, proof.size) == (1, 24, None, 0)


@pytest.mark.parametrize(
    "rows", [{"A": [[1.0, 1.0]], "b": [0.5]}, {"E": [[1.0, 1.0]], "f": [0.5]}, {"E": [[-1.0, -1.0]], "f": [-0.5]}]
)
def test_rows_of_a_domain_have_multipliers_though_the_tree_names_none(rows, tmp_path):
    """y = relu(x₀) + relu(x₁) on [0, 1]² is at most 1/2 because of the row alone."""
    network = layered((np.eye(2), [0.0, 0.0]), ([[1.0, 1.0]], [0.0]))
    task = bound_task(network, Domain([0, 0], [1, 1], **rows), Fraction(1, 2))
    proof = settle_cover(task, tree_of([(NodeKind.CLOSED, -1, 0.0, (), ())]), tmp_path / "c", NEVER)
    assert proof.cells == 1 and check(tmp_path / "c")["closed"] == 1


def test_sign_rows_of_split_units_have_multipliers(tmp_path):
    """z₁ = relu(x) − 2 relu(−x) ≥ 0 leaves x ≥ 0, which its bounds do not say: y = relu(z₁) − relu(x) ≤ 0 then."""
    network = layered(([[1.0], [-1.0]], [0.0, 0.0]), ([[1.0, -2.0], [1.0, 0.0]], [0.0, 0.0]), ([[1.0, -1.0]], [0.0]))
    task = bound_task(network, Domain.box([-1], [1]), Fraction(1, 8))
    tree = tree_of([(NodeKind.SPLIT, 2, 0.0, (), ()), *[(NodeKind.CLOSED, -1, 0.0, (), ())] * 2])
    settle_cover(task, tree, tmp_path / "c", NEVER)
    assert check(tmp_path / "c")["closed"] >= 2


def test_a_slope_that_the_tree_gives_closes_a_leaf(tmp_path):
    """x / 2 − relu(x) ≤ 0 on −1 ≤ x ≤ 1 with the lower line x / 2, and only ≤ 1/2 with x."""
    network = layered(([[1.0]], [0.0]), ([[1.0]], [0.0]))
    over = Inequality(Fraction(-1, 4), (Fraction(1, 2),), (Fraction(-1),), strict=True)
    task = task_of(Excluded(((over,),)), [network], Domain.box([-1], [1]))
    tree = tree_of([(NodeKind.CLOSED, -1, 0.0, (), ())], slopes_from=[0, 1], slope_units=[0], slopes=[0.5])
    proof = settle_cover(task, tree, tmp_path / "c", NEVER)
    assert proof.cells == check(tmp_path / "c")["closed"] == 1
    assert b"\na 0 80000\n" in (tmp_path / "c").read_bytes()


def test_an_empty_leaf_brings_its_multipliers(tmp_path):
    """z₂ = relu(−x) − relu(x) − 1/4 ≥ 0 does not meet x ≥ 0, as the sign row of that unit says."""
    network = layered(([[1.0], [-1.0]], [0.0, 0.0]), ([[-1.0, 1.0]], [-0.25]), ([[1.0]], [0.0]))
    task = task_of(OutputBound((1,), Fraction(3, 4)), [network], Domain.box([-1], [1]))
    nodes = [(NodeKind.SPLIT, 2, 0.0, (), ()), (NodeKind.CLOSED, -1, 0.0, (), ())]
    nodes += [(NodeKind.BISECT, 0, 0.0, (), ()), (NodeKind.CLOSED, -1, 0.0, (), ()), (NodeKind.EMPTY, -1, 0.0, (), ())]
    columns = {"rows_from": [0, 0, 0, 0, 0, 1], "rows": [2], "multipliers": [1.0]}
    settle_cover(task, tree_of(nodes, **columns), tmp_path / "c", NEVER)
    assert check(tmp_path / "c")["closed"] == 3
    assert re.fullmatch(rb"[ce].* 2 [1-9a-f][0-9a-f]*", (tmp_path / "c").read_bytes().splitlines()[-2])


def test_what_is_false_names_a_node_and_leaves_no_file(tmp_path):
    network = layered(([[1.0]], [0.0]), ([[1.0]], [0.0]))
    task = bound_task(network, Domain.box([-1], [1]), Fraction(1, 2))
    tree = tree_of([(NodeKind.BISECT, 0, 0.0, (), ()), *[(NodeKind.CLOSED, -1, 0.0, (), ())] * 2])
    with pytest.raises(UnprovedClaimError, match="set 0 could not be proved to miss the cell of node 2 of"):
        settle_cover(task, tree, tmp_path / "c", NEVER)
    assert not list(tmp_path.iterdir())


def test_a_proof_that_takes_too_long_ends_as_unproved(tmp_path):
    network = he_network(3, 3, 12, 1)
    task = bound_task(network, Domain.box([-1] * 3, [1] * 3), 50.0)
    tree = tree_of([(NodeKind.CLOSED, -1, 0.0, (), ())])
    with pytest.raises(UnprovedClaimError, match="time limit") as caught:
        settle_cover(task, tree, tmp_path / "c", Deadline(CLOCK.now()))
    assert caught.value.reason.cause is Cause.TIME and not list(tmp_path.iterdir())


LEAF = (NodeKind.CLOSED, -1, 0.0, (), ())


@pytest.mark.parametrize(
    ("nodes", "more", "named"),
    [
        ([(NodeKind.SPLIT, 3, 0.0, (), ()), LEAF, LEAF], {}, "not among 1 and 3"),
        ([(NodeKind.BISECT, 1, 0.0, (), ()), LEAF, LEAF], {}, "not among 1 and 3"),
        ([(NodeKind.CLOSED, -1, 0.0, (3,), ())], {}, "not among 1 and 3"),
        ([(NodeKind.CLOSED, -1, 0.0, (), (1.0, 1.0))], {}, "one weight for each of 1"),
        ([(NodeKind.BRANCH, 0, 0.0, (), ()), LEAF, LEAF], {}, "does not restrict to integers"),
        ([(NodeKind.BISECT, 0, np.nan, (), ()), LEAF, LEAF], {}, "not finite"),
        ([LEAF], {"slopes_from": [0, 1], "slope_units": [7], "slopes": [0.5]}, "not among 1 and 3"),
    ],
)
def test_trees_that_do_not_fit_are_refused(nodes, more, named, tmp_path):
    network = layered(([[1.0], [-1.0], [2.0]], [0.0, 0.5, 0.25]), ([[1.0, 1.0, 1.0]], [0.0]))
    task = bound_task(network, Domain.box([-1], [1]), 9.0)
    with pytest.raises(InputError, match=named):
        settle_cover(task, tree_of(nodes, **more), tmp_path / "c", NEVER)
    assert not list(tmp_path.iterdir())
