"""Random claims about one input: ranges, sets, properties, decisions, balls and distances."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from claim_truth import lies_in_set
from oracles import evaluate_layers
from oracles_by_vertices import Piece, closure_in, distance_to, is_met, largest, slices, supremum
from random_instances import Instance, chance, pick, random_instance, random_network, some_input, with_decision
from settled_claims import ONE, ZERO, agreed, is_input, near, pieces_of, settles, unit

from relugeom.checker import check
from relugeom.claims.ball import Ball, Norm
from relugeom.claims.claim import Excluded, OutputBound
from relugeom.claims.inequality import Inequality
from relugeom.claims.settlement import Verdict
from relugeom.partition.scope import choose_scope
from relugeom.questions.output_between import output_between
from relugeom.questions.output_bounds import output_bounds
from relugeom.questions.robustness import distance_to_other_decision
from relugeom.questions.verification import verify_property

# --- bounds and ranges ---------------------------------------------------------------------------------------------


def upper_bound(random, folder) -> str:
    instance = random_instance(random, outputs=int(random.integers(1, 3)))
    weights = tuple(Fraction(int(w)) for w in random.integers(-2, 3, instance.network.outputs))
    most = supremum(weights, pieces_of(instance))
    claim = OutputBound(weights, near(random, most), instance.scope)
    found = settles(random, folder, instance.network).settle(claim, instance.domain)
    return agreed(found, most is None or most <= claim.bound)


def bound_cut_short(random, folder) -> str:
    """A claim with hardly any work: what is left open lies between its two sides."""
    instance = random_instance(random)
    most = supremum((ONE,), pieces_of(instance))
    claim = OutputBound((ONE,), near(random, most), instance.scope)
    settler = replace(settles(random, folder, instance.network), max_cells=int(random.integers(0, 4)))
    found = settler.settle(claim, instance.domain)
    if found.verdict is Verdict.UNKNOWN and most is not None:
        assert found.upper is None or found.upper >= most - claim.bound
        assert found.lower is None or found.lower <= most - claim.bound
    return agreed(found, most is None or most <= claim.bound)


def range_required(random, folder) -> str:
    instance = random_instance(random)
    every = pieces_of(instance)
    least, most = -supremum((-ONE,), every), supremum((ONE,), every)
    low, high = near(random, least), near(random, most)
    low, high = (low, high) if low <= high else (None, high)
    settler = settles(random, folder, instance.network)
    found = output_between(
        instance.network, instance.domain, lower=low, upper=high, settle=settler, scope=instance.scope
    )
    truth = most <= high and (low is None or least >= low)
    assert found.verdict is Verdict.UNKNOWN or (found.verdict is Verdict.HOLDS) is truth
    for end, holds in ((found.not_below, low is None or least >= low), (found.not_above, most <= high)):
        assert end is None or agreed(end, holds)
    assert found.lowest_seen is None or found.lowest_seen >= least
    assert found.highest_seen is None or found.highest_seen <= most
    return found.verdict.value


def exact_ends(random, folder) -> str:
    """The range of an output: its ends are those of the pieces, and inputs reach what was seen."""
    instance = random_instance(random, outputs=int(random.integers(1, 3)))
    output, every = int(random.integers(instance.network.outputs)), pieces_of(instance)
    settler = settles(random, folder, instance.network)
    found = output_bounds(instance.network, instance.domain, settler, output=output, scope=instance.scope)
    verdicts = set()
    for sign, end in ((-1, found.lowest.negative), (1, found.highest)):
        truth = supremum(unit(instance.network.outputs, output, Fraction(sign)), every)
        verdicts.add(end.verdict)
        assert sign * evaluate_layers(instance.layers, end.point)[-1][output] == end.value <= truth <= end.limit
        assert is_input(end.point, instance)
        assert end.verdict is not Verdict.HOLDS or end.value == truth == end.limit
    return Verdict.UNKNOWN.value if Verdict.UNKNOWN in verdicts else Verdict.HOLDS.value


def constant_output(random, folder) -> str:
    """An output that is the same everywhere: a plateau, or not quite."""
    instance = random_instance(random)
    layers = [(W.copy(), b.copy()) for W, b in zip(instance.network.weights, instance.network.biases, strict=True)]
    if chance(random, 0.6):  # units of the last hidden layer that are dead, or rarely fire
        layers[-2][1][:] -= pick(random, (2.0, 8.0, 100.0))
    network = replace(instance.network, weights=tuple(W for W, _ in layers), biases=tuple(b for _, b in layers))
    instance = replace(instance, network=network)
    every = pieces_of(instance)
    value = supremum((ONE,), every) if chance(random, 0.8) else Fraction(float(layers[-1][1][0]))
    sets = tuple((Inequality(-sign * value, outputs=(Fraction(sign),), strict=True),) for sign in (1, -1))
    found = settles(random, folder, network).settle(Excluded(sets, instance.scope), instance.domain)
    return agreed(found, not is_met(sets, every))


# --- sets, properties and decisions --------------------------------------------------------------------------------


def random_members(random, inputs: int, outputs: int, own: int = 0) -> tuple[Inequality, ...]:
    """One to three inequalities over inputs and outputs."""

    def some(count):
        return tuple(Fraction(int(v), 2) for v in random.integers(-3, 4, count))

    return tuple(
        Inequality(
            Fraction(int(random.integers(-6, 4)), int(random.integers(1, 4))),
            some(inputs) if chance(random, 0.6) else (),
            some(outputs),
            some(own),
            some(outputs) if own else (),
            strict=chance(random, 0.5),
        )
        for _ in range(random.integers(1, 4))
    )


def just_met(random, members: tuple[Inequality, ...], every: Sequence[Piece]) -> tuple[Inequality, ...]:
    """The same set with its first inequality moved to where it is just met, or just not."""
    first, *others = members
    values = []
    for piece in every:
        part = closure_in(piece, others) if others else piece.polytope
        if part is not None:
            size = len(piece.outputs[0]) - 1
            form = [*first.inputs, *[ZERO] * (size - len(first.inputs)), first.constant]
            for weight, output in zip(first.outputs, piece.outputs, strict=False):
                form = [a + weight * b for a, b in zip(form, output, strict=True)]
            values.append(largest(form, part)[0])
    if not values:
        return members
    return (replace(first, constant=first.constant - near(random, max(values))), *others)


def excluded_set(random, folder) -> str:
    return _excluded(random, folder, 1)


def disjunction(random, folder) -> str:
    return _excluded(random, folder, int(random.integers(2, 5)))


def _excluded(random, folder, count: int) -> str:
    instance = random_instance(random, outputs=int(random.integers(1, 3)))
    shape, every = (instance.network.inputs, instance.network.outputs), pieces_of(instance)
    sets = tuple(just_met(random, random_members(random, *shape), every) for _ in range(count))
    found = settles(random, folder, instance.network).settle(Excluded(sets, instance.scope), instance.domain)
    return agreed(found, not is_met(sets, every))


def property_file(random, folder) -> str:
    """A property as text: a disjunction of boxes with conditions on outputs, on a domain or without one."""
    instance = random_instance(random, outputs=2)
    instance = replace(instance, scope=choose_scope(instance.domain))
    domain, every = instance.domain, pieces_of(instance)
    cases, sets = [], []
    for _ in range(random.integers(1, 4)):
        members = just_met(random, random_members(random, domain.inputs, 2), every)
        members = tuple(replace(part, inputs=(), strict=False, constant=_short(part.constant)) for part in members)
        ends = [sorted(random.integers(-8, 9, 2).tolist()) for _ in range(domain.inputs)]
        box = [(k, *(Fraction(end, 4) for end in pair)) for k, pair in enumerate(ends)]
        texts = [f"(>= X_{k} {float(low)}) (<= X_{k} {float(high)})" for k, low, high in box]
        texts += [
            f"(>= (+ (* {float(part.outputs[0])} Y_0) (* {float(part.outputs[1])} Y_1)) {float(-part.constant)})"
            for part in members
        ]
        cases.append(f"(and {' '.join(texts)})")
        sides = [
            Inequality(-sign * end, unit(domain.inputs, k, Fraction(sign)))
            for k, low, high in box
            for sign, end in ((1, low), (-1, high))
        ]
        sets.append((*sides, *members))
    declared = [f"(declare-const {name}_{k} Real)" for name, n in (("X", domain.inputs), ("Y", 2)) for k in range(n)]
    path = folder / "property.vnnlib"
    path.write_text("\n".join([*declared, f"(assert (or {' '.join(cases)}))"]).replace("e-0", "e-"), encoding="utf-8")
    proof = folder / "property.cert"
    found = verify_property(instance.network, path, domain=domain, certificate=proof, on_remark=lambda _: None)
    truth = not is_met(sets, every)
    assert found.verdict is Verdict.UNKNOWN or (found.verdict is Verdict.HOLDS) is truth
    for each in found.certificates:
        assert check(str(each.path))["networks"] == [instance.network.digest]
        each.path.unlink()
    if found.counterexample is not None:
        claim = Excluded(tuple(sets), instance.scope)
        assert lies_in_set(claim, [instance.network], domain, found.counterexample)
    return found.verdict.value


def _short(value: Fraction) -> Fraction:
    return Fraction(round(value * 2**20), 2**20)


def unreachable_decision(random, folder) -> str:
    """A class that no input gets: its output is never the only largest one, or never among the largest."""
    outputs = int(random.integers(2, 4))
    instance = random_instance(random, outputs=outputs)
    wanted, strict = int(random.integers(outputs)), chance(random, 0.5)
    if chance(random, 0.6):
        biases = [b.copy() for b in instance.network.biases]
        biases[-1][wanted] -= pick(random, (1.0, 3.0, 6.0))
        instance = replace(instance, network=replace(instance.network, biases=tuple(biases)))
    rows = [[Fraction(int(k == wanted) - int(k == j)) for k in range(outputs)] for j in range(outputs) if j != wanted]
    sets = (tuple(Inequality(outputs=tuple(row), strict=strict) for row in rows),)
    found = settles(random, folder, instance.network).settle(Excluded(sets, instance.scope), instance.domain)
    return agreed(found, not is_met(sets, pieces_of(instance)))


# --- balls and distances -------------------------------------------------------------------------------------------


def _ball_claim(norm: Norm) -> Callable:
    def ball(random, folder) -> str:
        instance = random_instance(random, outputs=int(random.integers(1, 3)), narrow=norm is Norm.L2)
        instance = replace(instance, network=random_network(random, instance.domain.inputs, 2))
        every = pieces_of(instance)
        centre = tuple(Fraction(int(v), 4) for v in random.integers(-8, 9, instance.domain.inputs))
        sets = (just_met(random, random_members(random, instance.domain.inputs, 2), every),)
        parts = [part for piece in every if (part := closure_in(piece, sets[0])) is not None]
        reach = min((distance_to(part, centre, norm.value)[0] for part in parts), default=ONE)
        size = max(near(random, reach), ZERO)
        around = Ball(norm, centre, size)
        claim = Excluded(sets, instance.scope, around)
        found = settles(random, folder, instance.network).settle(claim, instance.domain)
        return agreed(found, not is_met(sets, every, around))

    return ball


def other_decisions(instance: Instance, x: Sequence[Fraction]) -> list[tuple[Inequality, ...]] | None:
    """Sets of inputs with another decision than x has; None if its own is not clear."""
    outputs = evaluate_layers(instance.layers, x)[-1]
    if len(outputs) == 1:
        bound = Fraction(instance.network.rule.upper)
        sign = ONE if outputs[0] <= bound else -ONE
        return [(Inequality(-sign * bound, outputs=(sign,), strict=sign > 0),)]
    if outputs.count(max(outputs)) > 1:
        return None
    own = outputs.index(max(outputs))
    rows = [
        [Fraction(int(k == j) - int(k == own)) for k in range(len(outputs))] for j in range(len(outputs)) if j != own
    ]
    return [(Inequality(outputs=tuple(row)),) for row in rows]


def _distance(norm: Norm) -> Callable:
    def distance(random, folder) -> str:
        """How far an input is from another decision, and the nearest one that has it."""
        instance = random_instance(random, outputs=int(random.integers(1, 4)), narrow=norm is Norm.L2)
        network = random_network(random, instance.domain.inputs, instance.network.outputs)
        instance = with_decision(random, replace(instance, network=network))
        x = some_input(random, instance, slices(instance.domain, admissible=instance.admissible))
        sets = None if x is None else other_decisions(instance, x)
        if sets is None:
            return ""
        frozen = (int(random.integers(instance.domain.inputs)),) if chance(random, 0.2) else ()
        sides = [np.array(side) for side in (instance.domain.lower, instance.domain.upper)]
        for side in sides:
            side[list(frozen)] = [float(x[k]) for k in frozen]
        held = replace(instance, domain=replace(instance.domain, lower=sides[0], upper=sides[1]))
        parts = [part for piece in pieces_of(held) for members in sets if (part := closure_in(piece, members))]
        truth = min((distance_to(part, x, norm.value)[0] for part in parts), default=None)
        found = distance_to_other_decision(
            instance.network,
            instance.domain,
            [float(v) for v in x],
            settle=settles(random, folder, instance.network),
            norm=norm,
            scope=instance.scope,
            frozen=frozen,
        )
        if found.verdict is Verdict.FAILS:
            assert truth is None
        else:
            assert found.lower is not None and (truth is None or found.lower <= truth)
            assert truth is None or found.distance is None or found.distance >= truth
        if found.verdict is Verdict.HOLDS:
            assert found.distance == truth
            assert is_input(found.counterfactual, held)
        return found.verdict.value

    return distance


CLAIMS_ABOUT_INPUTS: dict[str, Callable] = {
    "an upper bound of outputs": upper_bound,
    "a bound with hardly any work": bound_cut_short,
    "a required range": range_required,
    "both exact ends of a range": exact_ends,
    "an output that is constant": constant_output,
    "an excluded set": excluded_set,
    "a disjunction of sets": disjunction,
    "a property file": property_file,
    "a decision that none gets": unreachable_decision,
    "a ball in linf": _ball_claim(Norm.LINF),
    "a ball in l1": _ball_claim(Norm.L1),
    "a ball in l2": _ball_claim(Norm.L2),
    "a distance in linf": _distance(Norm.LINF),
    "a distance in l1": _distance(Norm.L1),
    "a distance in l2": _distance(Norm.L2),
}
