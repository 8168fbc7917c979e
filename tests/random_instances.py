"""Random small networks and domains of every sort: continuous, integer, binary, one-hot and mixed, with rows or none.

Many numbers are small integers, so that coincidences are common: ties, plateaus, units that are doubled, bounds that
are reached exactly.
"""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from networks import he_network, integer_network, layered
from oracles import domain_forms, evaluate_layers, exact_layers, satisfies

from relugeom.claims.claim import Scope
from relugeom.geometry.domain import Domain
from relugeom.network.decision import Decision, DecisionRule
from relugeom.network.network import ReLUNetwork

WIDTHS = ((3,), (4,), (2, 2), (3, 2), (2, 2, 1))
NARROW = ((2,), (3,), (2, 1))
WIDE = ((10, 8), (20,))
"""More units than those for which a proof by patterns comes first."""
MARGINS = (Fraction(0), Fraction(0), Fraction(1, 2**40), Fraction(1, 8), Fraction(1), Fraction(5))
"""How far what is claimed lies from the truth."""


@dataclass(frozen=True)
class Instance:
    """A network on a domain, and the inputs that a claim is about."""

    network: ReLUNetwork
    domain: Domain
    scope: Scope

    @property
    def layers(self):
        return exact_layers(self.network)

    @property
    def admissible(self) -> bool:
        return self.scope is Scope.ADMISSIBLE


def chance(random: np.random.Generator, share: float) -> bool:
    return bool(random.random() < share)


def pick(random: np.random.Generator, values):
    return values[random.integers(len(values))]


def continuous_box(random, inputs: int) -> Domain:
    low = random.integers(-8, 5, inputs) / 4
    width = random.integers(0 if inputs > 1 else 1, 13, inputs) / 4
    return Domain.box(low, low + width)


def integers_only(random) -> Domain:
    low = random.integers(-2, 1, 2)
    return Domain(low, low + random.integers(1, 4, 2), kinds=("integer", "integer"))


def binary_only(_random) -> Domain:
    return Domain([0] * 3, [1] * 3, kinds=("binary",) * 3)


def one_hot(random) -> Domain:
    if chance(random, 0.5):
        return Domain([0] * 4, [1] * 4, groups=((0, 1, 2),), kinds=("continuous",) * 3 + ("binary",))
    return Domain([0] * 5, [1] * 5, groups=((0, 3), (1, 2, 4)))


def mixed(random) -> Domain:
    low = random.integers(-6, 3) / 4
    high = low + random.integers(1, 9) / 4
    return [
        lambda: Domain([-1, low], [2, high], kinds=("integer", "continuous")),
        lambda: Domain([low, 0, -1], [high, 1, 1], kinds=("continuous", "binary", "integer")),
        lambda: Domain([0, 0, 0, low], [1, 1, 1, high], groups=((0, 1, 2),)),
        lambda: Domain([low, 0, -1], [high, 1, 0.5], kinds=("continuous", "binary", "continuous")),
    ][random.integers(4)]()


def with_row(random, domain: Domain) -> Domain:
    """A row that some admissible input meets, mostly an inequality."""
    x = domain.lower + np.round(random.random(domain.inputs) * (domain.upper - domain.lower))
    x = np.minimum(x, domain.upper)
    for group in domain.groups:
        x[list(group)] = 0.0
        x[pick(random, group)] = 1.0
    row = random.integers(-2, 3, domain.inputs).astype(float)
    if chance(random, 0.15):
        return replace(domain, E=row[None, :], f=[row @ x])
    return replace(domain, A=row[None, :], b=[row @ x + pick(random, (0.0, 0.5, 1.0))])


def random_domain(random, *, narrow: bool = False, whole: bool | None = None) -> Domain:
    """Any sort of domain; narrow ones have few coordinates, and `whole` asks for integers or for none."""
    sorts = [integers_only, binary_only, one_hot, mixed]
    boxes = [lambda random: continuous_box(random, int(random.integers(1, 3 if narrow else 4)))]
    chosen = pick(random, {None: boxes * 2 + sorts, False: boxes, True: sorts}[whole])
    domain = chosen(random)
    return with_row(random, domain) if chance(random, 0.4) else domain


def random_network(random, inputs: int, outputs: int = 1, widths=WIDTHS) -> ReLUNetwork:
    """Small integers, or ordinary weights; some with units that are doubled, opposite or dead."""
    chosen = pick(random, widths)
    if chance(random, 0.4):
        return he_network(int(random.integers(2**31)), inputs, *chosen, outputs)
    network = integer_network(random, inputs, *chosen, outputs)
    if chance(random, 0.7):
        return network
    layers = [(W.copy(), b.copy()) for W, b in zip(network.weights, network.biases, strict=True)]
    W, b = layers[0]
    W[0], b[0] = W[-1] * pick(random, (0, 1, -1, 2)), b[-1] - 3 * random.integers(2)
    return layered(*layers)


def second_network(random, first: ReLUNetwork) -> ReLUNetwork:
    """Another network; the same function otherwise written; or nearly the same."""
    layers = [(W.copy(), b.copy()) for W, b in zip(first.weights, first.biases, strict=True)]
    match random.integers(4):
        case 0:
            return random_network(random, first.inputs, first.outputs, NARROW)
        case 1:  # one unit scaled by a power of two, and units in another order
            layers[0][0][0] *= 2
            layers[0][1][0] *= 2
            layers[1][0][:, 0] /= 2
            order = random.permutation(len(layers[0][1]))
            layers[0] = (layers[0][0][order], layers[0][1][order])
            layers[1] = (layers[1][0][:, order], layers[1][1])
        case 2:
            layers[-1][1][0] += pick(random, (2.0**-40, 0.25, -1.0))
        case 3:
            layers[0][0][0, 0] += pick(random, (2.0**-30, 0.5, -1.0))
    return layered(*layers)


def random_instance(random, *, outputs: int = 1, narrow: bool = False, whole: bool | None = None) -> Instance:
    """A network on a domain; what the claim is about is drawn where the domain has integers."""
    domain = random_domain(random, narrow=narrow, whole=whole)
    wide = not narrow and domain.inputs <= 2 and chance(random, 0.08)
    widths = NARROW if narrow else WIDE if wide else WIDTHS
    network = random_network(random, domain.inputs, outputs, widths)
    admissible = domain.has_integers and (narrow or chance(random, 0.7))
    return Instance(network, domain, Scope.ADMISSIBLE if admissible else Scope.RELAXATION)


def with_decision(random, instance: Instance, *, exact: bool = True) -> Instance:
    """The same with a threshold near what the network puts out somewhere, in doubt now and then unless it is exact.

    Several outputs decide by themselves.
    """
    if instance.network.outputs > 1:
        return instance
    domain = instance.domain
    x = domain.lower + random.random(domain.inputs).round() * (domain.upper - domain.lower)
    bound = float(evaluate_layers(instance.layers, x.tolist())[-1][0]) + pick(random, (0.0, 0.25, -0.25, 1.0))
    doubt = 0.5 if not exact and chance(random, 0.15) else 0.0
    rule = Decision(DecisionRule.THRESHOLD, bound, bound + doubt)
    return replace(instance, network=replace(instance.network, decision=rule))


def some_input(random, instance: Instance, found) -> tuple[Fraction, ...] | None:
    """A vertex or the middle of some polytope of the domain, or near it; None where floats cannot write one."""
    if not found:
        return None
    part = pick(random, found)
    near = [Fraction(float(v)) for v in pick(random, [*part.points, part.middle()])]
    return tuple(near) if satisfies(domain_forms(instance.domain), [], near) else None
