"""Lossless simplification: what can go goes, what cannot is refused, and the checker agrees that nothing changed."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import Looks
from networks import he_network, integer_network, layered
from oracles import evaluate_layers, exact_layers, pattern_at

from relugeom.certificate.claim import settle_claim
from relugeom.checker import check
from relugeom.claims.settlement import Verdict
from relugeom.errors import EmptyDomainError, InputError
from relugeom.geometry.domain import Domain
from relugeom.network.forward import evaluate
from relugeom.questions.network_draft import RemovalReason
from relugeom.questions.simplification import Inexact, simplify_network
from relugeom.questions.unit_signs import UnitSigns, bound_unit_signs, partition_unit_signs
from relugeom.search.enumeration import enumerate_regions

SQUARE = Domain.box([-1, -1], [1, 1])


def prove(found, domain, path):
    """The claim is proved, and the checker accepts the proof."""
    settled = settle_claim(found.claim, found.original, domain, path, second_network=found.network)
    assert settled.verdict is Verdict.HOLDS
    assert check(str(path))["closed"] == settled.proof.cells


def refute(found, domain):
    """The claim of equality is false."""
    claim = replace(found, network=found.network, removed=()).claim
    return settle_claim(claim, found.original, domain, second_network=found.network).verdict is Verdict.FAILS


def reasons(found):
    return {(removal.layer, removal.unit): removal.reason for removal in found.removed}


def float32(network):
    return layered(
        *((w.astype(np.float32), b.astype(np.float32)) for w, b in zip(network.weights, network.biases, strict=True))
    )


def padded(network, random):
    """The same function with a duplicate, an opposite pair's worth of a constant, and dead units in every layer."""
    weights, biases = [w.copy() for w in network.weights], [b.copy() for b in network.biases]
    for layer in range(len(weights) - 1):
        twin = int(random.integers(len(biases[layer])))
        extra = [2.0 * weights[layer][twin], np.zeros(weights[layer].shape[1]), -np.abs(weights[layer][twin])]
        low = -float(np.ceil(np.abs(weights[layer][twin]).sum())) if layer == 0 else 0.0
        weights[layer] = np.vstack([weights[layer], extra])
        biases[layer] = np.append(biases[layer], [2.0 * biases[layer][twin], 0.5, low])
        columns = random.integers(-2, 3, (len(biases[layer + 1]), 3)).astype(float)
        weights[layer + 1] = np.hstack([weights[layer + 1], columns])
    return layered(*zip(weights, biases, strict=True))


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_what_was_added_goes_again_and_the_checker_agrees(tmp_path_factory, seed):
    random = np.random.default_rng(seed)
    small = float32(he_network(seed, 2, 3, 3, 2))
    large = padded(small, random)
    found = simplify_network(large, partition_unit_signs(enumerate_regions(large, SQUARE)))
    assert found.lossless and found.network.units <= small.units
    assert len(found.removed) == large.units - found.network.units
    prove(found, SQUARE, tmp_path_factory.mktemp("s") / "claim.cert")


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_networks_full_of_coincidences_keep_their_function(tmp_path_factory, seed):
    random = np.random.default_rng(seed)
    sizes = [2, *random.integers(1, 5, random.integers(1, 4)).tolist(), int(random.integers(1, 3))]
    network = integer_network(random, *sizes)
    found = simplify_network(network, partition_unit_signs(enumerate_regions(network, SQUARE)))
    assert len(reasons(found)) == len(found.removed) == network.units - found.network.units
    before, after = exact_layers(network), exact_layers(found.network)
    for x in random.integers(-8, 9, (40, 2)) / 8:
        assert evaluate_layers(before, x)[-1] == evaluate_layers(after, x)[-1]
    prove(found, SQUARE, tmp_path_factory.mktemp("s") / "claim.cert")


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_without_signs_the_function_is_kept_on_all_of_the_plane(seed):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 4, 3, 1, reach=1)
    found = simplify_network(network)
    before, after = exact_layers(network), exact_layers(found.network)
    for x in random.normal(size=(40, 2)) * 1000:
        assert evaluate_layers(before, x)[-1] == evaluate_layers(after, x)[-1]
    again = simplify_network(found.network)
    assert again.network == found.network and not again.removed


def test_each_reason_by_hand(tmp_path):
    first = (
        [[1, 0], [3, 0], [-2, 0], [0, 1], [0, 2], [1, 1], [0, 1], [0, 0], [1, 1], [1, -1], [1, 0]],
        # x, 3x, −2x, y + 2, 2y + 9, x + y + 5, y − 1, 7, x + y − 3, x − y, x + 4
        [0, 0, 0, 2, 9, 5, -1, 7, -3, 0, 4],
    )
    network = layered(first, ([[1, 1, 3, 1, 1, 1, 1, 1, 1, 0, 1]], [0]))
    found = simplify_network(network, bound_unit_signs(network, SQUARE))
    assert reasons(found) == {
        (0, 1): RemovalReason.DUPLICATE,
        (0, 2): RemovalReason.OPPOSITE,
        (0, 4): RemovalReason.DEPENDENT,
        (0, 6): RemovalReason.NEVER_FIRES,
        (0, 7): RemovalReason.CONSTANT,
        (0, 8): RemovalReason.NEVER_FIRES,
        (0, 9): RemovalReason.UNUSED,
        (0, 10): RemovalReason.DEPENDENT,
    }
    assert [units.tolist() for units in found.source_units] == [[0, 3, 5]] and found.source_layers == (0,)
    prove(found, SQUARE, tmp_path / "claim.cert")


def test_the_last_of_linearly_dependent_opposite_pairs_goes(tmp_path):
    # Three pairs ±x, ±y, ±(x + y): the third linear part is the sum of the first two.
    rows = [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-2, -2]]
    network = layered((rows, np.zeros(6)), ([[1, 2, 4, 8, 16, 32]], [1]))
    found = simplify_network(network)
    assert reasons(found) == {(0, 5): RemovalReason.OPPOSITE}
    prove(found, SQUARE, tmp_path / "claim.cert")


def test_a_linear_layer_is_multiplied_into_the_next(tmp_path):
    network = layered(([[1, 0], [0, 1], [1, 1]], [2, 2, 3]), ([[1, -1, 0.5], [2, 0, -1]], [0, 0.25]), ([[1, 1]], [0]))
    found = simplify_network(network, bound_unit_signs(network, SQUARE))
    assert set(reasons(found).values()) == {RemovalReason.LINEAR_LAYER} and found.network.widths == (2,)
    assert found.source_layers == (1,)
    prove(found, SQUARE, tmp_path / "claim.cert")


def test_a_constant_function_needs_no_unit(tmp_path):
    network = layered(([[1, 1]], [-9]), ([[3], [1]], [0.5, -1]), ([[2, 7]], [0.25]))
    found = simplify_network(network, bound_unit_signs(network, SQUARE))
    assert found.network.units == 0 and found.network.biases[0].tolist() == [1.25]
    assert {(r.layer, r.unit) for r in found.removed} == {(0, 0), (1, 0), (1, 1)}
    prove(found, SQUARE, tmp_path / "claim.cert")


def test_what_would_be_rounded_is_refused_and_said():
    # Column 1 + 3 · 2^-60 is no float64; the opposite pair needs it as well.
    network = layered(([[1.0], [3.0]], [0, 0]), ([[1.0, 2.0**-60]], [0]))
    found = simplify_network(network)
    assert not found.removed and found.network == network
    assert [(r.unit, r.reason, r.rounded) for r in found.refused] == [(1, RemovalReason.DUPLICATE, 1)]
    assert found.lossless and found.claim is not None
    rounded = simplify_network(network, inexact=Inexact.ROUND)
    assert rounded.network.units == 1 and not rounded.lossless and rounded.claim is None
    assert rounded.removed[0].rounded == 1
    assert refute(rounded, Domain.box([-1], [1]))


def test_a_weight_beyond_the_largest_float_is_refused_even_when_rounding():
    network = layered(([[1.0], [4.0]], [0, 0]), ([[1.0, 1e308]], [0]))
    found = simplify_network(network, inexact=Inexact.ROUND)
    assert found.network == network and len(found.refused) == 1


def test_a_wrong_sign_is_caught_by_the_proof():
    """An attack: somebody says of a unit that switches that it never fires."""
    network = layered(([[1, 0], [0, 1]], [0, 0]), ([[1, 1]], [0]))
    found = simplify_network(network, UnitSigns(network, SQUARE, np.array([-1, 0])))
    assert found.network.units == 1 and refute(found, SQUARE)


# --- on which side units stay -------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_signs_agree_with_samples_and_bounds_with_the_partition(seed):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 3, 3, 1)
    exact = partition_unit_signs(enumerate_regions(network, SQUARE)).signs
    proved = bound_unit_signs(network, SQUARE).signs
    layers = exact_layers(network)
    grid = [(a, b) for a in np.linspace(-1, 1, 9) for b in np.linspace(-1, 1, 9)]
    bits = np.array([[bit == "1" for bit in pattern_at(layers, x).replace("/", "")] for x in grid])
    assert not bits[:, exact < 0].any()
    z = np.array([[v for layer in evaluate_layers(layers, x)[:-1] for v in layer] for x in grid])
    assert (z[:, exact > 0] >= 0).all() and (z[:, proved > 0] >= 0).all() and (z[:, proved < 0] <= 0).all()
    # The first layer misses nothing but units that are 0 everywhere, which both may call either way.
    first = np.arange(3)
    assert (exact[first] == 0).tolist() == (proved[first] == 0).tolist()


def test_rows_of_the_domain_count():
    network = layered(([[1, 1], [-1, -1], [1, 0]], [-1, 1, 0]), ([[1, 1, 1]], [0]))
    triangle = Domain(np.zeros(2), np.ones(2), A=np.ones((1, 2)), b=np.ones(1))
    assert bound_unit_signs(network, triangle).signs.tolist() == [-1, 1, 1]
    assert bound_unit_signs(network, Domain.box([0, 0], [1, 1])).signs.tolist() == [0, 0, 1]


def test_open_sides_leave_what_cannot_be_bounded_open():
    network = layered(([[1], [-1]], [0, 0]), ([[1, 1], [-1, -1]], [0, -1]), ([[1, 1]], [0]))
    assert bound_unit_signs(network, Domain.everything(1)).signs.tolist() == [0, 0, 1, -1]


def test_bad_input_is_named():
    network = layered(([[1, 0]], [0]), ([[1]], [0]))
    with pytest.raises(InputError, match="takes 2 inputs, but the domain has 1"):
        bound_unit_signs(network, Domain.box([0], [1]))
    with pytest.raises(EmptyDomainError, match="no input"):
        bound_unit_signs(network, Domain(np.zeros(2), np.ones(2), A=np.ones((1, 2)), b=-np.ones(1)))
    with pytest.raises(InputError, match="truncated"):
        partition_unit_signs(enumerate_regions(network, SQUARE, max_regions=1))
    with pytest.raises(InputError, match="another network"):
        simplify_network(he_network(1, 2, 2, 1), bound_unit_signs(network, SQUARE))
    with pytest.raises(InputError, match="as many signs"):
        UnitSigns(network, SQUARE, np.zeros(2))


def test_what_only_looks_like_a_multiple_is_none():
    """An attack: 0.3 is 3 times 0.1 to every digit that is printed, but the floats are not multiples."""
    network = layered(([[0.1], [0.3]], [1, 3]), ([[1, 1]], [0]))
    found = simplify_network(network, inexact=Inexact.ROUND)
    assert Fraction(0.3) != 3 * Fraction(0.1) and not found.removed and not found.refused


def test_units_that_were_not_looked_at_in_time_stay():
    """At whichever step the time is up, what went until then can go, and the rest is the same function."""
    network = padded(float32(he_network(5, 2, 3, 3, 2)), np.random.default_rng(5))
    signs = bound_unit_signs(network, SQUARE)
    whole, kept = simplify_network(network, signs), []
    points = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    for looks in (*range(12), *range(12, 200, 7)):
        found = simplify_network(network, signs, time_limit=Looks.until(looks))
        np.testing.assert_allclose(evaluate(found.network, points), evaluate(network, points), atol=1e-5)
        assert found.lossless and len(found.removed) == network.units - found.network.units
        assert bool(found.reason) or found.removed == whole.removed
        kept.append(found.network.units)
    assert kept[0] == network.units
    assert kept[-1] == whole.network.units < network.units
    assert kept == sorted(kept, reverse=True)
