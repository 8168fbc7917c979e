"""What the engine says of claims is true: found by enumeration, or pattern by pattern by elimination."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
from claim_truth import is_met, lies_in_set
from hypothesis import example, given, settings
from hypothesis import strategies as st
from networks import integer_network
from oracles import evaluate_layers, exact_layers
from random_claims import Case, case_of, random_case, random_network, random_row

from relugeom.bounding.engine import search
from relugeom.bounding.outcome import Effort, End
from relugeom.certificate.claim_excess import first_excess
from relugeom.certificate.cover_proof.settle import settle_cover
from relugeom.checker import check
from relugeom.claims.claim import Excluded, Scope, Twin
from relugeom.deadline import NEVER
from relugeom.geometry.domain import Domain, list_admissible

seeds = st.integers(0, 2**32 - 1)
MARGINS = (Fraction(0), Fraction(1, 2**70), Fraction(1, 10**12), Fraction(1, 10**7), Fraction(1, 100), Fraction(1))


def outcome(case: Case, cells: int = 200) -> End:
    """How the search ends; an input that it met must lie in a set."""
    judge = case.judge
    found = search(case.problem, judge.is_met, judge.are_inside, effort=Effort(cells=cells))
    if found.end is End.MET:
        assert judge.shown is not None
        assert lies_in_set(case.claim, list(case.networks), case.domain, judge.shown)
    assert (found.tree is not None) is (found.end is End.CLOSED)
    return found.end


def random_twin(random) -> Twin | None:
    """One copy mostly; else a second input, or a second network, or both."""
    return [None, None, None, Twin((0,)), Twin((0, 1)), Twin(second_network=True), Twin((1,), True)][random.integers(7)]


def random_sets(random, shape):
    """One or two sets, of one to three inequalities each."""
    return tuple(
        tuple(random_row(random, shape) for _ in range(random.integers(1, 4))) for _ in range(random.integers(1, 3))
    )


def claim_on_integers(seed: int) -> tuple[Case, list[tuple], Callable]:
    """A claim about finitely many inputs, its first inequality just met, or just not, where it is largest; all inputs,
    and the value of an inequality at one.
    """
    random = np.random.default_rng(seed)
    domain = [
        Domain([-2, -1], [2, 1], kinds=("integer", "integer")),
        Domain([0, 0, -1], [1, 1, 1], kinds=("binary", "binary", "integer")),
        Domain([0] * 3, [1] * 3, groups=((0, 2),), kinds=("continuous", "binary", "continuous")),
        Domain([0] * 5, [1] * 5, groups=((0, 1, 2), (3, 4))),
        Domain([-2, -2], [2, 2], A=[[2.0, 2.0]], b=[1.0], kinds=("integer", "integer")),
    ][random.integers(5)]
    twin, outputs = random_twin(random), int(random.integers(1, 3))
    count = 1 + (twin is not None and twin.second_network)
    networks = [random_network(random, domain.inputs, outputs) for _ in range(count)]
    shape = (domain.inputs, outputs, len(twin.own) if twin else 0, outputs if twin else 0)
    claim = Excluded(random_sets(random, shape), Scope.ADMISSIBLE, twin=twin)
    points = [tuple(map(Fraction, point)) for point in list_admissible(domain).tolist()]
    own = twin.own if twin else ()
    shared = [k for k in range(domain.inputs) if k not in own]
    pairs = [
        (x, second)
        for x, second in product(points, points if own else [None])
        if second is None or all(x[k] == second[k] for k in shared)
    ]
    layers = [exact_layers(network) for network in networks]
    values = {x: [evaluate_layers(each, x)[-1] for each in layers] for x in points}

    def value(row, pair) -> Fraction:
        x, second = pair[0], pair[1] or pair[0]
        terms = [*zip(row.inputs, x, strict=bool(row.inputs)), *zip(row.outputs, values[x][0], strict=True)]
        if twin:
            terms += zip(row.own_inputs, (second[k] for k in own), strict=True)
            terms += zip(row.copy_outputs, values[second][-1], strict=True)
        return row.constant + sum((c * v for c, v in terms), Fraction(0))

    def lies(members, pair) -> bool:
        return all(v > 0 or (v == 0 and not row.strict) for row in members for v in [value(row, pair)])

    members = claim.sets[0]
    others = [pair for pair in pairs if lies(members[1:], pair)] or pairs
    largest = max(value(members[0], pair) for pair in others)
    beyond = MARGINS[random.integers(len(MARGINS))] * int(random.choice([-1, 1])) * max(1, abs(largest))
    moved = replace(members[0], constant=members[0].constant - largest + beyond)
    claim = replace(claim, sets=((moved, *members[1:]), *claim.sets[1:]))
    return case_of(claim, networks, domain), pairs, value


def settle_on_integers(seed: int) -> tuple[End, bool]:
    """How the search for such a claim ends, and whether an input lies in a set."""
    case, pairs, value = claim_on_integers(seed)
    lies = [
        all(v > 0 or (v == 0 and not row.strict) for row in members for v in [value(row, pair)])
        for members in case.claim.sets
        for pair in pairs
    ]
    return outcome(case), any(lies)


def excesses_on_integers(seed: int) -> list[Fraction]:
    """How far each input is inside of a set, where it meets the conditions of any."""
    case, pairs, value = claim_on_integers(seed)
    found = []
    for members in case.claim.sets:
        measured = [row for row in members if any(row.outputs) or any(row.copy_outputs)] or list(members)
        for pair in pairs:
            values = {id(row): value(row, pair) for row in members}
            unmet = [v < 0 or (v == 0 and row.strict) for row in members for v in [values[id(row)]]]
            if not any(bad for bad, row in zip(unmet, members, strict=True) if row not in measured):
                found.append(min(values[id(row)] for row in measured))
    return found


def settle_on_the_relaxation(seed: int) -> tuple[End, bool]:
    """A claim about a box, with small numbers and therefore full of coincidences."""
    random = np.random.default_rng(seed)
    domain = [
        Domain.box([-1, -1], [1, 1]),
        Domain.box([-2, 0], [0.5, 0]),
        Domain.box([1, 1], [1, 1]),
        Domain([-1, -1], [1, 1], A=[[1.0, 1.0]], b=[0.5]),
        Domain([0, 0], [1, 1], groups=((0, 1),)),
        Domain([-2, 0], [2, 1], kinds=("integer", "binary")),
    ][random.integers(6)]
    twin, outputs = random_twin(random), int(random.integers(1, 3))
    widths = [(3,), (2, 1)][random.integers(2)] if twin else [(3,), (4,), (2, 2)][random.integers(3)]
    networks = [
        integer_network(random, 2, *widths, outputs) for _ in range(1 + (twin is not None and twin.second_network))
    ]
    shape = (2, outputs, len(twin.own) if twin else 0, outputs if twin else 0)
    claim = Excluded(random_sets(random, shape), twin=twin)
    lower = tuple(replace(row, constant=row.constant - int(random.integers(0, 12))) for row in claim.sets[0])
    claim = replace(claim, sets=(lower, *claim.sets[1:]))
    return outcome(case_of(claim, networks, domain)), is_met(claim, networks, domain)


def agrees(end: End, truth: bool) -> bool:
    return end is End.OPEN or (end is End.MET) is truth


@settings(max_examples=60)
@given(seeds, st.integers(0, 3))
def test_both_sides_of_an_open_claim_are_true(seed, cells):
    """No input is further inside of a set than is proved, and the nearest one is as far as is said."""
    case, excesses = claim_on_integers(seed)[0], excesses_on_integers(seed)
    found = search(case.problem, lambda _: False, case.judge.are_inside, effort=Effort(cells=cells))
    first = first_excess(case.task)[1]
    if excesses:
        assert found.upper >= max(excesses) and (first is None or first >= max(excesses))
    reached = None if found.nearest is None else case.judge.excess(found.nearest)
    assert reached is None or reached in excesses


@settings(max_examples=100)
@given(seeds)
def test_claims_about_integers_end_as_enumeration_does(seed):
    assert agrees(*settle_on_integers(seed))


@settings(max_examples=25)
@given(seeds)
def test_claims_about_a_box_end_as_elimination_does(seed):
    assert agrees(*settle_on_the_relaxation(seed))


@settings(max_examples=50)
@given(seeds)
@example(5601)  # of two sets in a cell, one needs other slopes, with which the other one is not closed
def test_closed_trees_are_certificates(tmp_path_factory, seed):
    case = random_case(np.random.default_rng(seed))
    found = search(case.problem, case.judge.is_met, case.judge.are_inside, effort=Effort(cells=200))
    if found.tree is not None:
        path = tmp_path_factory.mktemp("trees") / "claim.cert"
        proof = settle_cover(case.task, found.tree, path, NEVER)
        assert check(str(path))["closed"] == proof.cells
