"""Random claims about small networks as the engine takes them, and what exact arithmetic says at an input."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from networks import he_network, integer_network, layered
from oracles import evaluate_layers, exact_layers

from relugeom.bounding.problem import Problem
from relugeom.certificate.claim import prepare_claim
from relugeom.certificate.claim_problem import ClaimJudge, claim_problem
from relugeom.certificate.claim_proof.header_entry import SetRow, set_rows
from relugeom.certificate.claim_proof.task import ClaimTask
from relugeom.claims.claim import Excluded, Scope, Twin
from relugeom.claims.inequality import Inequality
from relugeom.geometry.domain import Domain


@dataclass(frozen=True)
class Case:
    """A claim with all that is known of it."""

    claim: Excluded
    networks: tuple
    domain: Domain
    task: ClaimTask
    problem: Problem
    sets: list[list[SetRow]]

    @property
    def judge(self) -> ClaimJudge:
        return ClaimJudge(self.task)

    def values(self, x) -> tuple[list[Fraction], list[Fraction]]:
        """Exact z of all units of all copies at a joint input, and all outputs."""
        units, outputs = [], []
        for copy in self.problem.copies:
            *hidden, last = evaluate_layers(exact_layers(copy.network), [Fraction(x[k]) for k in copy.columns.tolist()])
            units += [z for layer in hidden for z in layer]
            outputs += last
        return units, outputs

    def rows(self, x, outputs) -> list[Fraction]:
        """Exact values of the inequalities that the problem has, each divided by what its row was divided by."""
        every = [row for members in self.sets for row in members]
        chosen = [every[place] for place in self.problem.rows.places.tolist()]
        found = []
        for row in chosen:
            value = row.constant + sum(c * Fraction(v) for c, v in zip(row.inputs, x, strict=True) if c)
            value += sum(c * v for c, v in zip(row.outputs, outputs, strict=True))
            found.append(Fraction(value) / (max(map(abs, (row.constant, *row.inputs, *row.outputs))) or 1))
        return found


def case_of(claim: Excluded, networks, domain: Domain) -> Case:
    """A claim that the engine has a method for."""
    task = prepare_claim(claim, networks[0], domain, networks[1] if len(networks) > 1 else None)
    problem = claim_problem(task)
    assert problem is not None
    problem = replace(problem, paired=True)
    return Case(claim, tuple(networks), domain, task, problem, set_rows(claim, networks, domain.inputs))


def random_network(random, inputs: int, outputs: int):
    """Ordinary weights, integers, weights that cancel, tiny ones, units that are doubled or never active."""
    widths = [(4,), (3, 3), (2, 3, 2)][random.integers(3)]
    kind = random.integers(5)
    if kind == 0:
        return integer_network(random, inputs, *widths, outputs)
    network = he_network(int(random.integers(2**32)), inputs, *widths, outputs)
    layers = [(W.copy(), b.copy()) for W, b in zip(network.weights, network.biases, strict=True)]
    if kind == 2:
        for W, b in layers:
            huge = random.integers(W.shape[0])
            W[huge], b[huge] = 1e16 * np.sign(W[huge]), b[huge] * 1e16
            W[-1] = -W[huge] + random.normal(size=W.shape[1])
    if kind == 3:
        layers = [(W * 10.0 ** random.integers(-30, 3), b * 10.0 ** random.integers(-30, 3)) for W, b in layers]
    if kind == 4:
        for W, b in layers[:-1]:
            W[0], b[0], b[-1] = W[1], b[1], -100.0
    return layered(*layers)


def random_second_network(random, first):
    """Another network, or nearly the same: by a bit, by a little, or in one weight."""
    if random.integers(2):
        return random_network(random, first.inputs, first.outputs)
    size = [1e-16, 1e-6, 0.1][random.integers(3)]
    layers = [
        (
            W * (1.0 + size * random.integers(-1, 2, size=W.shape)),
            b * (1.0 + size * random.integers(-1, 2, size=b.shape)),
        )
        for W, b in zip(first.weights, first.biases, strict=True)
    ]
    return layered(*layers)


def random_domain(random) -> Domain:
    """Boxes, also of no width, integers, and a one-hot group."""
    low = np.round(random.normal(size=3), random.integers(0, 4))
    width = [1.0, 4.0, 1e-9][random.integers(3)]
    return [
        lambda: Domain.box(low, low + width),
        lambda: Domain.box(low, low + np.array([width, 0.0, width])),
        lambda: Domain([-2, 0, -1], [2, 1, 1], kinds=("integer", "binary", "continuous")),
        lambda: Domain([0] * 3, [1] * 3, groups=((0, 2),)),
        lambda: Domain([0] * 4, [1] * 4, groups=((3, 0, 1),), kinds=("continuous",) * 4),
        lambda: Domain([0, 0, 0, -1], [1, 1, 0, 1], groups=((0, 1, 2),)),
    ][random.integers(6)]()


def random_row(random, case: tuple[int, int, int, int]) -> Inequality:
    """An inequality with small numbers, thirds among them."""

    def some(count):
        return tuple(Fraction(int(random.integers(-4, 5)), int(random.integers(1, 4))) for _ in range(count))

    inputs, outputs, own, copied = case
    x = some(inputs) if random.integers(2) else ()
    return Inequality(some(1)[0], x, some(outputs), some(own), some(copied), strict=bool(random.integers(2)))


def random_case(random) -> Case:
    """Any claim: one or two sets, either scope, one copy or two, of one network or of two."""
    domain = random_domain(random)
    outputs = int(random.integers(1, 3))
    networks = [random_network(random, domain.inputs, outputs)]
    twin = [None, Twin((0,)), Twin((0, 1, 2)), Twin(second_network=True), Twin((1,), True)][random.integers(5)]
    if twin is not None and twin.second_network:
        networks.append(random_second_network(random, networks[0]))
    shape = (domain.inputs, outputs, len(twin.own) if twin else 0, outputs if twin else 0)
    sets = tuple(
        tuple(random_row(random, shape) for _ in range(random.integers(1, 4))) for _ in range(random.integers(1, 3))
    )
    scope = (Scope.RELAXATION, Scope.ADMISSIBLE)[random.integers(2)]
    return case_of(Excluded(sets, scope, twin=twin), networks, domain)
