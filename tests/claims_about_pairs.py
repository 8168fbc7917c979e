"""Random claims about pairs: of inputs that share features, and of networks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from claims_about_inputs import random_members
from networks import integer_network
from oracles import evaluate_layers, exact_layers
from oracles_by_vertices import Piece, is_met, pieces, slices, supremum
from random_instances import (
    NARROW,
    Instance,
    chance,
    pick,
    random_instance,
    random_network,
    second_network,
    with_decision,
)
from settled_claims import ONE, ZERO, agreed, is_input, moves_the_other_way, near, settles, unit

from relugeom.analysis.unequal_share import unequal_samples
from relugeom.claims.claim import Equivalent, Excluded, Monotone, Scope, Twin
from relugeom.claims.inequality import Inequality
from relugeom.claims.settlement import Verdict
from relugeom.geometry.domain import Domain
from relugeom.partition.scope import choose_scope
from relugeom.questions.equivalence import Equivalence, compare_networks
from relugeom.questions.fairness import protected_fairness, same_decision_claim
from relugeom.questions.monotonicity import monotonicity, pairs_claim


def pair_of_copies(instance: Instance, own: Sequence[int]) -> list[Piece]:
    return list(pieces([instance.layers] * 2, instance.domain, own, admissible=instance.admissible))


def _monotone(whole: bool) -> Callable:
    def monotone(random, folder) -> str:
        """Both directions of an output in a feature, over pairs of inputs that may occur."""
        instance = random_instance(random, narrow=True, whole=whole)
        instance = replace(instance, scope=choose_scope(instance.domain))
        instance = perhaps_rising(random, instance)
        feature = int(random.integers(instance.domain.inputs))
        every = pair_of_copies(instance, (feature,))
        settler = settles(random, folder, instance.network)
        found = monotonicity(instance.network, instance.domain, settler, feature=feature)
        verdicts = []
        for direction, end in ((1, found.never_falls), (-1, found.never_rises)):
            claim = pairs_claim(instance.network, instance.domain, Monotone(0, feature, direction))
            truth = not is_met([pairs_that_move(claim)], every)
            verdicts.append(agreed(end, truth))
            shown = end.counterexample
            if shown is not None:
                assert moves_the_other_way(Monotone(0, feature, direction), instance.network, instance.domain, shown)
                assert all(is_input(x, instance) for x in (shown.x, shown.second_x))
        return pick(random, verdicts)

    return monotone


def perhaps_rising(random, instance: Instance) -> Instance:
    """Sometimes with weights that are never negative, so that the output is monotone for sure."""
    if not chance(random, 0.4):
        return instance
    return replace(instance, network=replace(instance.network, weights=tuple(map(np.abs, instance.network.weights))))


def pairs_that_move(claim: Excluded) -> tuple[Inequality, ...]:
    """The set of the claim, without pairs of one input and itself."""
    farther, wrong = claim.sets[0]
    return replace(farther, strict=True), wrong


def pairs_along_a_feature(random, folder) -> str:
    """One direction of an output in a feature, as a claim about pairs that nothing was tried for before."""
    instance = perhaps_rising(random, random_instance(random, narrow=True))
    instance = replace(instance, scope=choose_scope(instance.domain))
    feature, direction = int(random.integers(instance.domain.inputs)), int(pick(random, (1, -1)))
    claim = pairs_claim(instance.network, instance.domain, Monotone(0, feature, direction))
    found = settles(random, folder, instance.network).settle(claim, instance.domain)
    return agreed(found, not is_met([pairs_that_move(claim)], pair_of_copies(instance, (feature,))))


def category_step(random, folder) -> str:
    """One category takes the place of another and all else stays: the output never falls."""
    instance = random_instance(random, narrow=True, whole=True)
    if not instance.domain.groups:
        group, low = (0, 1, 2), float(random.integers(-2, 1))
        domain = Domain([0, 0, 0, low], [1, 1, 1, low + 2], groups=(group,))
        instance = Instance(random_network(random, 4, 1, NARROW), domain, Scope.ADMISSIBLE)
    own = instance.domain.groups[0]
    n, (before, after) = instance.domain.inputs, random.permutation(len(own))[:2].tolist()
    members = (
        Inequality(-ONE, unit(n, own[before])),
        Inequality(-ONE, own_inputs=unit(len(own), after)),
        Inequality(near(random, ZERO), outputs=(ONE,), copy_outputs=(-ONE,), strict=True),
    )
    claim = Excluded((members,), instance.scope, twin=Twin(own))
    found = settles(random, folder, instance.network).settle(claim, instance.domain)
    return agreed(found, not is_met([members], pair_of_copies(instance, own)))


def pairs_of_inputs(random, folder) -> str:
    """Any sets of two inputs that share some features."""
    instance = random_instance(random, narrow=True)
    n = instance.domain.inputs
    own = _own(random, instance)
    every = pair_of_copies(instance, own)
    sets = tuple(random_members(random, n, 1, len(own)) for _ in range(random.integers(1, 3)))
    sets = tuple((replace(s[0], constant=s[0].constant - int(random.integers(0, 9))), *s[1:]) for s in sets)
    claim = Excluded(sets, instance.scope, twin=Twin(own))
    found = settles(random, folder, instance.network).settle(claim, instance.domain)
    return agreed(found, not is_met(sets, every))


def _own(random, instance: Instance) -> tuple[int, ...]:
    """Features of one input's own: one, or a group."""
    feature = int(random.integers(instance.domain.inputs))
    return next((group for group in instance.domain.groups if feature in group), (feature,))


def slope_claim(random, folder) -> str:
    """The sign of a slope over the relaxation, with a proof of its own."""
    instance = replace(random_instance(random, narrow=True), scope=Scope.RELAXATION)
    if instance.domain.inputs > 2:
        return ""
    claim = Monotone(0, int(random.integers(instance.domain.inputs)), int(pick(random, (1, -1))))
    instance = perhaps_rising(random, instance)
    found = settles(random, folder, instance.network).settle(claim, instance.domain)
    members = pairs_that_move(pairs_claim(instance.network, instance.domain, claim))
    return agreed(found, not is_met([members], pair_of_copies(instance, (claim.feature,))))


def equivalent(random, folder) -> str:
    instance = random_instance(random, outputs=int(random.integers(1, 3)), narrow=True)
    other = second_network(random, instance.network)
    every = list(pieces([instance.layers, exact_layers(other)], instance.domain, admissible=instance.admissible))
    most = largest_differences(every, instance.network.outputs)
    claim = Equivalent(max(near(random, max(most)), ZERO), instance.scope)
    found = settles(random, folder, instance.network, other).settle(claim, instance.domain)
    return agreed(found, max(most) <= claim.epsilon)


def largest_differences(every: Sequence[Piece], outputs: int) -> list[Fraction]:
    both = [(unit(outputs, k), tuple(-v for v in unit(outputs, k))) for k in range(outputs)]
    return [max(supremum((*a, *b), every), supremum((*b, *a), every)) for a, b in both]


def largest_difference(random, folder) -> str:
    """Whether two networks are the same function, or how far apart they are."""
    instance = random_instance(random, outputs=int(random.integers(1, 3)), narrow=True)
    instance = replace(instance, scope=choose_scope(instance.domain))
    other = second_network(random, instance.network)
    every = list(pieces([instance.layers, exact_layers(other)], instance.domain, admissible=instance.admissible))
    truth = largest_differences(every, instance.network.outputs)
    settler = settles(random, folder, instance.network, other)
    found = compare_networks(instance.network, other, instance.domain, settler)
    if found.status is Equivalence.EQUIVALENT:
        assert max(truth) == 0
    elif found.status is Equivalence.DIFFERENT:
        assert max(truth) > 0
    verdicts = {end.verdict for end in found.differences}
    for end, most in zip(found.differences, truth, strict=bool(found.differences)):
        first, second = (evaluate_layers(exact_layers(each), end.point)[-1] for each in (instance.network, other))
        assert end.value in [abs(a - b) for a, b in zip(first, second, strict=True)]
        assert is_input(end.point, instance) and end.value <= most
        assert end.limit is None or most <= end.limit
        assert end.verdict is not Verdict.HOLDS or end.value == most
    return "unknown" if Verdict.UNKNOWN in verdicts else "holds" if max(truth) == 0 else "fails"


def protected_instance(random, outputs: int) -> tuple[Instance, tuple[int, ...]]:
    """A network that decides, and protected features, which often have no weight."""
    instance = with_decision(random, random_instance(random, outputs=outputs, narrow=True), exact=False)
    instance = replace(instance, scope=choose_scope(instance.domain))
    own = _own(random, instance)
    if chance(random, 0.4):
        weights = [W.copy() for W in instance.network.weights]
        weights[0][:, list(own)] = 0.0
        instance = replace(instance, network=replace(instance.network, weights=tuple(weights)))
    return instance, own


def unequal_sets(network, *, surely: bool) -> list[tuple[Inequality, ...]]:
    """Pairs of another decision: whatever the threshold is between its bounds, or for one that it may be."""
    outputs = network.outputs
    if outputs == 1:
        low, high = Fraction(network.rule.lower), Fraction(network.rule.upper)
        if surely:
            return [(Inequality(-high, outputs=(ONE,), strict=True), Inequality(low, copy_outputs=(-ONE,)))]
        apart = Inequality(outputs=(ONE,), copy_outputs=(-ONE,), strict=True)
        return [(apart, Inequality(-low, outputs=(ONE,), strict=True), Inequality(high, copy_outputs=(-ONE,)))]
    return [  # k is among the largest outputs here, and i is larger there
        (
            *(Inequality(outputs=_difference(outputs, k, j)) for j in range(outputs) if j != k),
            Inequality(copy_outputs=_difference(outputs, i, k), strict=True),
        )
        for k in range(outputs)
        for i in range(outputs)
        if i != k
    ]


def _fairness(several: bool) -> Callable:
    def same_decision(random, folder) -> str:
        """Whether protected features change a decision; where inputs are listed, for how many."""
        instance, own = protected_instance(random, int(random.integers(2, 4)) if several else 1)
        network, every = instance.network, pair_of_copies(instance, own)
        found = protected_fairness(network, instance.domain, own, settle=settles(random, folder, network))
        shown = found.same_decision.counterexample
        if shown is not None:
            assert all(is_input(x, instance) for x in (shown.x, shown.second_x))
            assert decisions(network, shown.x) != decisions(network, shown.second_x)
            assert all(a == b for k, (a, b) in enumerate(zip(shown.x, shown.second_x, strict=True)) if k not in own)
        if found.unequal is not None:
            assert (found.unequal, found.admissible) == unequal_and_all(instance, own)
        if is_met(unequal_sets(network, surely=False), every):
            assert found.same_decision.verdict is not Verdict.HOLDS
        if not is_met(unequal_sets(network, surely=True), every):
            assert found.same_decision.verdict is not Verdict.FAILS
        return found.same_decision.verdict.value

    return same_decision


def same_decision_as_a_claim(random, folder) -> str:
    """The claim alone, without a search for pairs before it."""
    instance, own = protected_instance(random, int(random.integers(1, 4)))
    claim = same_decision_claim(instance.network, own, instance.scope)
    found = settles(random, folder, instance.network).settle(claim, instance.domain)
    return agreed(found, not is_met(unequal_sets(instance.network, surely=False), pair_of_copies(instance, own)))


def share_of_unequal_inputs(random, folder) -> str:
    """How many of all inputs an alike one contradicts, counted in floats: exact for small integers."""
    domain = replace(random_instance(random, narrow=True, whole=True), scope=Scope.ADMISSIBLE).domain
    if not domain.integral.all():
        return ""
    network = integer_network(random, domain.inputs, *pick(random, NARROW), int(random.integers(1, 4)))
    instance = with_decision(random, Instance(network, domain, Scope.ADMISSIBLE))
    own = _own(random, instance)
    listed = [[float(v) for v in part.points[0]] for part in slices(domain, admissible=True)]
    whole, unequal, exhaustive = unequal_samples(instance.network, domain, np.array(listed), own)
    assert exhaustive and (unequal, whole) == unequal_and_all(instance, own)
    return "fails" if unequal else "holds"


def decisions(network, x) -> tuple:
    """The decision at an input; between the bounds of a threshold is a decision of its own."""
    outputs, rule = evaluate_layers(exact_layers(network), x)[-1], network.rule
    if len(outputs) > 1:
        return tuple(y == max(outputs) for y in outputs)
    return outputs[0] > Fraction(rule.lower), outputs[0] > Fraction(rule.upper)


def _difference(outputs: int, one: int, other: int) -> tuple[Fraction, ...]:
    return tuple(Fraction(int(k == one) - int(k == other)) for k in range(outputs))


def unequal_and_all(instance: Instance, own: Sequence[int]) -> tuple[int, int]:
    """How many inputs of a domain of integers an alike one contradicts, and how many there are."""
    points = [part.points[0] for part in slices(instance.domain, admissible=True)]
    groups: dict[tuple, set] = {}
    for x in points:
        rest = tuple(v for k, v in enumerate(x) if k not in own)
        groups.setdefault(rest, set()).add(decisions(instance.network, x))
    shared = [groups[tuple(v for k, v in enumerate(x) if k not in own)] for x in points]
    return sum(len(each) > 1 for each in shared), len(points)


CLAIMS_ABOUT_PAIRS: dict[str, Callable] = {
    "monotone, continuous": _monotone(False),
    "monotone, with integers": _monotone(True),
    "monotone, as a claim": pairs_along_a_feature,
    "monotone between categories": category_step,
    "the sign of a slope": slope_claim,
    "sets of pairs of inputs": pairs_of_inputs,
    "same decision at a threshold": _fairness(False),
    "same largest outputs": _fairness(True),
    "same decision, as a claim": same_decision_as_a_claim,
    "a share of unequal inputs": share_of_unequal_inputs,
    "two networks within epsilon": equivalent,
    "the largest difference": largest_difference,
}
