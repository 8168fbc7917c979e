"""Exact ends of ranges of random small networks, box, integers and categories, against every region or input."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from networks import layered

from relugeom import checker
from relugeom.claims.claim import Scope
from relugeom.claims.settlement import Verdict
from relugeom.geometry.domain import Domain, list_admissible
from relugeom.network.exact import evaluate_exactly
from relugeom.questions.leaf_extremes import leaf_extremes
from relugeom.questions.output_bounds import output_bounds
from relugeom.questions.settler import Prover
from relugeom.search.enumeration import enumerate_regions


class Follower(Prover):
    """A prover that only proves along the cells that bounded the value."""

    def settle(self, claim, domain, *, time_limit=None):
        raise AssertionError("the claim was searched anew")


def random_network(random, inputs, widths, *, degenerate):
    """Random weights; if degenerate, units are repeated, opposite or nothing in each layer."""
    sizes, layers = [inputs, *widths, 1], []
    for a, b in pairwise(sizes):
        W, c = random.normal(size=(b, a)) * np.sqrt(2 / a), random.normal(size=b) * 0.3
        if degenerate and b > 3:
            W[1], c[1] = W[0], c[0]
            W[2], c[2] = -W[0], -c[0]
            W[3], c[3] = 0.0, 0.0
        layers.append((W, c))
    return layered(*layers)


def ends_of_regions(network, box):
    return [best.value for best in leaf_extremes(enumerate_regions(network, box), 0)]


def are_exact(tmp_path, network, domain, scope, least, most):
    found = output_bounds(network, domain, Follower(network, certificates=tmp_path), scope=scope)
    assert found.lowest.verdict is found.highest.verdict is Verdict.HOLDS
    assert (found.lowest.value, found.highest.value) == (least, most)
    proofs = [end.settlement.proof.path for end in (found.lowest, found.highest)]
    assert all(checker.check(path) for path in proofs)


@pytest.mark.parametrize("seed", range(4))
def test_a_box_has_the_ends_of_its_regions(tmp_path, seed):
    random = np.random.default_rng(seed)
    network = random_network(random, 3, (6, 5), degenerate=seed % 2 == 1)
    box = Domain.box([-1] * 3, [1] * 3)
    are_exact(tmp_path, network, box, Scope.RELAXATION, *ends_of_regions(network, box))


@pytest.mark.parametrize("seed", range(3))
def test_integers_and_categories_have_the_ends_of_all_inputs(tmp_path, seed):
    network = random_network(np.random.default_rng(seed), 5, (6, 4), degenerate=seed == 2)
    kinds = ("binary", "binary", "binary", "integer", "binary")
    domain = Domain([0] * 5, [1, 1, 1, 4, 1], kinds=kinds, groups=((0, 1, 2),))
    values = [evaluate_exactly(network, tuple(map(Fraction, x)))[1][0] for x in list_admissible(domain).tolist()]
    are_exact(tmp_path, network, domain, Scope.ADMISSIBLE, min(values), max(values))


@pytest.mark.parametrize("seed", [27, 31, 87])
def test_kinks_of_several_units_at_once_are_split(tmp_path, seed):
    """A number beside a category: halving it would come near the end for ever."""
    network = random_network(np.random.default_rng(seed), 3, (5, 6), degenerate=True)
    domain = Domain([0, 0, -1], [1, 1, 1], kinds=("binary", "binary", "continuous"), groups=((0, 1),))
    ends = [ends_of_regions(network, Domain.box([x, 1 - x, -1], [x, 1 - x, 1])) for x in (0, 1)]
    least, most = min(low for low, _ in ends), max(high for _, high in ends)
    are_exact(tmp_path, network, domain, Scope.ADMISSIBLE, least, most)
