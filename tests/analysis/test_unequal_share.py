"""How much protected features decide about, against shares known by hand, all admissible inputs and exact lines."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import Looks
from networks import he_network, integer_network, layered
from oracles import decided, unequal_inputs

from relugeom import load_domain, load_network
from relugeom.analysis.straight_paths import cut_exactly
from relugeom.analysis.unequal_share import unequal_samples, unequal_share
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain, FeatureKind, list_admissible
from relugeom.network.decision import Decision

TITANIC = Path(__file__).parents[2] / "examples" / "titanic"


def linear(*slopes, bias=0.0):
    """y = slopes · x + bias, class 1 where it is positive."""
    identity = np.eye(len(slopes))
    network = layered(
        (np.vstack([identity, -identity]), np.zeros(2 * len(slopes))),
        ([[*slopes, *(-slope for slope in slopes)]], [bias]),
    )
    return replace(network, decision=Decision.at_threshold(0.0))


@pytest.mark.parametrize(
    ("network", "domain", "protected", "share"),
    [
        (linear(2, 1), Domain.box([-1, -1], [1, 1]), (1,), 1 / 2),  # |x0| < 1/2
        (linear(2, 1), Domain.box([-1, -1], [1, 1]), (0,), 1.0),
        (linear(1, 0), Domain.box([-1, -1], [1, 1]), (1,), 0.0),
        (linear(2, 1), Domain.box([-1, 0.5], [1, 0.5]), (1,), 0.0),  # it has one value only
        (linear(2, 1), Domain([-1, -1], [1, 1], A=[[1, 1]], b=[0.0]), (1,), 3 / 16),  # 0 < x0 <= 1/2
        (linear(2, 1), Domain([-1, 0], [1, 1], kinds=("continuous", "binary")), (1,), 1 / 4),  # -1/2 < x0 <= 0
        (linear(2, 1, 1), Domain([-1, 0, -1], [1, 1, 1], kinds=("continuous", "binary", "continuous")), (1, 2), 3 / 4),
    ],
)
def test_shares_known_by_hand(network, domain, protected, share):
    found = unequal_share(network, domain, protected, inputs=20_000, confidence=0.9999)
    assert found.low <= share <= found.high
    assert found.high - found.low < 0.03
    assert found.exhaustive and found.inputs == 20_000 and not found.reason


def test_on_whole_numbers_all_pairs_decide():
    """The estimate's interval holds the share that exact arithmetic counts; the samples' count is no estimate."""
    network, protected = replace(load_network(TITANIC / "network.onnx"), decision=Decision.at_threshold(-0.5)), (1,)
    domain = load_domain(TITANIC / "domain.toml", network)
    listed = list_admissible(domain)
    unequal = unequal_inputs(network, listed, protected)
    found = unequal_share(network, domain, protected, confidence=0.9999)
    assert found.exhaustive and found.low <= unequal / len(listed) <= found.high
    assert unequal_samples(network, domain, listed, protected) == (len(listed), unequal, True)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_along_a_continuous_feature_nothing_is_missed(seed, several):
    """Between neighbouring cuts the exact outputs are affine, so that ends and middles of fine pieces tell all."""
    random = np.random.default_rng(seed)
    network = he_network(seed, 2, 5, 4, 2 if several else 1)
    if not several:
        network = replace(network, decision=Decision.at_threshold(float(random.normal() * 0.5)))
    domain = Domain.box([-2, -2], [2, 2])
    X = random.uniform(-2, 2, size=(3, 2))
    for row in X:
        values = np.linspace(-2, 2, 50)
        dense = {decided(network, (row[0], value)) for value in [row[1], *values]}
        count = unequal_samples(network, domain, row[None], (1,))
        assert count[0] == 1 and count[2]
        assert count[1] >= (len(dense) > 1)
        if count[1] and len(dense) == 1:  # a stretch between the dense points: the cuts of the exact line lie in it
            assert any(decided(network, point) not in dense for point in exact_cuts(network, row))


def exact_cuts(network, row):
    first, last = np.array([row[0], -2.0]), np.array([row[0], 2.0])
    for piece in cut_exactly(network, first, last):
        for t in (piece.start, piece.end):
            yield Fraction(row[0]), -2 + 4 * Fraction(int(t.p), int(t.q))


def test_many_alternatives_give_a_bound_from_below():
    """Two continuous features at once, or very many whole numbers: what is seen, is so; what is not seen, may be."""
    found = unequal_share(linear(4, 1, 1), Domain.box([-1] * 3, [1] * 3), (1, 2))
    assert not found.exhaustive and 0.2 < found.low < 0.5  # exactly one half: |4 x0| < 2
    wide = Domain([-1, 0], [1, 1000], kinds=("continuous", "integer"))
    found = unequal_share(linear(1, -0.001), wide, (1,))
    assert not found.exhaustive and 0.4 < found.low < 0.5


def test_where_nothing_can_be_drawn_nothing_is_known():
    network = linear(2, 1)
    open_sided = unequal_share(network, Domain.everything(2), (1,))
    assert (open_sided.low, open_sided.high, open_sided.inputs) == (0.0, 1.0, 0)
    assert "only 0 of 10,000" in open_sided.reason
    flat = unequal_share(network, Domain([-1, -1], [1, 1], E=[[1, 1]], f=[0.0]), (1,), inputs=100)
    assert (flat.low, flat.high) == (0.0, 1.0) and "only 0 of 100" in flat.reason


def test_what_cannot_be_asked_is_refused():
    domain = Domain.box([0, 0], [1, 1])
    for network, protected, options, text in (
        (he_network(1, 2, 3, 1), (0,), {}, "takes no decision"),
        (he_network(1, 2, 3, 2), (2,), {}, "no feature 2"),
        (he_network(1, 2, 3, 2), (), {}, "no protected feature"),
        (he_network(1, 2, 3, 2), (0,), {"inputs": 5}, "at least 100"),
    ):
        with pytest.raises(InputError, match=text):
            unequal_share(network, domain, protected, **options)


def test_integer_networks_with_ties_are_counted_as_in_exact_arithmetic():
    for seed in range(20):
        network = integer_network(np.random.default_rng(seed), 3, 4, 3, 3)
        domain = Domain([-1, 0, 0], [1, 1, 1], groups=((1, 2),), kinds=("integer", "binary", "binary"))
        listed = list_admissible(domain)
        for protected in ((0,), (1,)):
            own = protected if protected == (0,) else (1, 2)
            expected = (len(listed), unequal_inputs(network, listed, own), True)
            assert unequal_samples(network, domain, listed, protected) == expected


def test_what_was_seen_in_time_is_a_bound_from_below():
    network = replace(he_network(4, 3, 6, 1), decision=Decision.at_threshold(0.1))
    domain = Domain(np.zeros(3), np.full(3, 9.0), kinds=(FeatureKind.INTEGER,) * 3)
    whole, seen = unequal_share(network, domain, [0]), []
    for looks in (0, 2, 8, 10**9):
        cut = unequal_share(network, domain, [0], time_limit=Looks.until(looks))
        assert cut.inputs == whole.inputs and cut.unequal <= whole.unequal
        assert cut.exhaustive is not ("time ran out" in cut.reason)
        seen.append(cut.unequal)
    assert seen == sorted(seen) and cut == whole and whole.exhaustive
    samples = list_admissible(domain)
    asked, unequal, _ = unequal_samples(network, domain, samples, [0])
    for looks in (0, 1):  # some first inputs are looked at in any case
        cut_short = unequal_samples(network, domain, samples, [0], time_limit=Looks.until(looks))
        assert cut_short[0] == asked and cut_short[1] < unequal and not cut_short[2]
