"""Volumes of regions: sums that are exact, other ways to the same numbers, and estimates that say what they are."""

from dataclasses import replace
from fractions import Fraction
from math import factorial, inf, sqrt

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import Looks
from networks import DEGENERATE, braid, he_network, hidden, integer_network, layered, needle, strip, tent_map
from oracles import exact_layers, pattern_area

from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.measures.volumes import (
    VolumeMethod,
    covered_share,
    exact_volumes,
    region_volumes,
    volumes_sum_to_domain,
)
from relugeom.partition.partition import Partition, PartitionStatus
from relugeom.search.enumeration import enumerate_regions

SQUARE = Domain.box([-1, -1], [1, 1])
SIMPLEX = Domain([0, 0, 0], [1, 1, 1], E=[[1, 1, 1]], f=[1])


def cube(dimension):
    return Domain.box(-np.ones(dimension), np.ones(dimension))


def cut_off(partition: Partition, regions: int) -> Partition:
    """The first regions of a partition, as a truncated search would leave them."""
    return enumerate_regions(partition.network, partition.domain, max_regions=regions)


# --- exact --------------------------------------------------------------------------------------------------------


@settings(max_examples=12)
@given(
    st.integers(0, 10**6), st.sampled_from([(1, 6, 5, 1), (2, 6, 5, 1), (3, 5, 4, 1), (4, 4, 3, 1), (2, 3, 3, 3, 1)])
)
def test_volumes_sum_exactly_to_the_domain(seed, sizes):
    random = np.random.default_rng(seed)
    for network in (he_network(seed, *sizes), integer_network(random, *sizes)):
        partition = enumerate_regions(network, cube(sizes[0]))
        volumes = list(exact_volumes(partition))
        assert all(volume > 0 for volume in volumes)
        assert sum(volumes, fmpq(0)) == 2 ** sizes[0]
        assert volumes_sum_to_domain(partition)


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_networks(name):
    network = DEGENERATE[name][0]
    partition = enumerate_regions(network, SQUARE)
    assert volumes_sum_to_domain(partition)
    polygon = [(Fraction(x), Fraction(y)) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    for region, volume in zip(partition, exact_volumes(partition), strict=True):
        truth = pattern_area(exact_layers(network), polygon, str(region.pattern))
        assert volume == fmpq(truth.numerator, truth.denominator)


@pytest.mark.parametrize("seed", range(4))
def test_areas_against_clipped_polygons(seed):
    network = he_network(seed, 2, 6, 5, 1)
    partition = enumerate_regions(network, SQUARE)
    polygon = [(Fraction(x), Fraction(y)) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    for region, volume in zip(partition, exact_volumes(partition), strict=True):
        truth = pattern_area(exact_layers(network), polygon, str(region.pattern))
        assert volume == fmpq(truth.numerator, truth.denominator)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_braid_chambers_of_a_cube(n):
    partition = enumerate_regions(braid(n), Domain.box(np.zeros(n), np.ones(n)))
    assert list(exact_volumes(partition)) == [fmpq(1, factorial(n))] * factorial(n)


def test_thin_strips():
    partition = enumerate_regions(strip(1e-14), SQUARE)
    found = region_volumes(partition)
    thin = found.shares[partition.find_row("100")]
    assert thin == 1e-14 / 4
    assert found.exact and found.confidence == 1.0 and found.reason == ""
    assert (found.low <= found.shares).all() and (found.shares <= found.high).all()
    assert found.shares.sum() == pytest.approx(1.0, abs=1e-15)


def test_regions_without_float_points():
    partition = enumerate_regions(needle(), Domain.box([0], [1]))
    assert sorted(exact_volumes(partition)) == [fmpq(1, 3 << 60), fmpq(1, 3), fmpq(2, 3) - fmpq(1, 3 << 60)]


def test_tents():
    found = region_volumes(enumerate_regions(tent_map(5), Domain.box([0], [1])))
    assert found.shares.tolist() == [2.0**-5] * 32


def test_a_network_without_hidden_units():
    network = layered(([[1, 2]], [0]))
    partition = enumerate_regions(network, SQUARE)
    assert region_volumes(partition).volumes.tolist() == [4.0]
    assert region_volumes(partition, method=VolumeMethod.MONTE_CARLO, samples=100).shares.tolist() == [1.0]


# --- flat domains -------------------------------------------------------------------------------------------------


def test_volumes_on_a_face_of_a_simplex():
    partition = enumerate_regions(braid(3), SIMPLEX)
    found = region_volumes(partition)
    assert found.domain_volume == pytest.approx(sqrt(3) / 2, rel=1e-15)
    assert found.volumes.tolist() == pytest.approx([sqrt(3) / 12] * 6, rel=1e-15)
    assert found.shares.tolist() == [1 / 6] * 6
    assert volumes_sum_to_domain(partition)


def test_a_plane_in_space():
    domain = Domain([-1, -1, -9], [1, 1, 9], E=[[1, 1, -1]], f=[0])
    found = region_volumes(enumerate_regions(he_network(2, 3, 6, 1), domain))
    assert found.domain_volume == pytest.approx(4 * sqrt(3), rel=1e-15)
    assert found.volumes.sum() == pytest.approx(4 * sqrt(3), rel=1e-14)


def test_a_single_point():
    found = region_volumes(enumerate_regions(he_network(1, 2, 5, 1), Domain.box([0.5, 1], [0.5, 1])))
    assert found.shares.tolist() == [1.0] and found.volumes.tolist() == [1.0]


@pytest.mark.parametrize("domain", [SIMPLEX, Domain.box([0, 0.1, 0], [1, 0.1, 1])])
def test_units_that_vanish_on_the_hull(domain):
    # x + y + z − 1 is 0 on the simplex, and 1/10 − y on the box: a rounded point would give it a sign.
    network = hidden(([[1, 1, 1], [0, -1, 0], [1, 0, -1]], [-1, 0.1, 0]))
    partition = enumerate_regions(network, domain)
    exact = region_volumes(partition)
    sampled = region_volumes(partition, method=VolumeMethod.MONTE_CARLO, samples=2000)
    assert sampled.elsewhere == 0
    assert exact.shares == pytest.approx(sampled.shares, abs=0.06)
    assert volumes_sum_to_domain(partition)


# --- proofs of completeness and what they must not accept ---------------------------------------------------------


def as_complete(partition, packed):
    points = np.zeros((len(packed), partition.network.inputs))
    return replace(partition, packed=packed, points=points, exact_points={}, status=PartitionStatus.COMPLETE)


def test_a_missing_or_doubled_region_breaks_the_sum():
    partition = enumerate_regions(he_network(3, 2, 6, 4, 1), SQUARE)
    for row in range(len(partition)):
        assert not volumes_sum_to_domain(as_complete(partition, np.delete(partition.packed, row, axis=0)))
    # A list of one region of half the volume, twice, must not pass.
    halves = enumerate_regions(hidden(([[1, 0]], [0])), SQUARE)
    assert not volumes_sum_to_domain(as_complete(halves, halves.packed[[0, 0]]))


def test_a_unit_that_is_0_everywhere_is_not_active():
    partition = enumerate_regions(hidden(([[1, 0], [0, 0]], [0, 0])), SQUARE)
    assert volumes_sum_to_domain(partition)
    assert [str(region.pattern) for region in partition] == ["00", "10"]
    lifted = partition.packed.copy()
    lifted[0, 0] |= 0b01000000
    assert list(exact_volumes(as_complete(partition, lifted))) == [0, 2]


def test_infeasible_patterns_have_no_volume():
    partition = enumerate_regions(strip(0.5), SQUARE)
    impossible = np.packbits(np.array([[0, 1, 0], [0, 1, 1]], dtype=bool), axis=1)
    assert list(exact_volumes(as_complete(partition, impossible))) == [0, 0]


def test_the_order_of_regions_does_not_matter():
    partition = enumerate_regions(he_network(5, 3, 6, 5, 1), cube(3))
    order = np.random.default_rng(0).permutation(len(partition))
    shuffled = as_complete(partition, partition.packed[order])
    volumes = list(exact_volumes(partition))
    assert list(exact_volumes(shuffled)) == [volumes[row] for row in order]


# --- truncated partitions -----------------------------------------------------------------------------------------


def test_the_covered_share_is_a_bound_that_grows():
    partition = enumerate_regions(he_network(4, 2, 8, 6, 1), SQUARE)
    volumes, before = list(exact_volumes(partition)), 0.0
    assert covered_share(partition).low == covered_share(partition).high == 1.0
    for regions in (1, 5, 10, len(partition) - 1):
        part = cut_off(partition, regions)
        covered, truth = covered_share(part), sum(volumes[:regions], fmpq(0)) / 4
        assert part.status is PartitionStatus.TRUNCATED
        assert not volumes_sum_to_domain(part)
        low, high = (fmpq(*value.as_integer_ratio()) for value in (covered.low, covered.high))
        assert low <= truth <= high < 1
        assert high - low <= fmpq(1, 2**52)
        assert before < covered.low
        assert covered.method is VolumeMethod.EXACT
        before = covered.low


def test_volumes_keep_a_limit_within_a_region_too():
    partition = enumerate_regions(he_network(4, 2, 8, 6, 1), SQUARE)
    part, exact = cut_off(partition, 12), VolumeMethod.EXACT
    truth, lows, looks = covered_share(part), [], 0
    while not lows or lows[-1] < truth.low:
        covered = covered_share(part, method=exact, time_limit=Looks.until(looks))
        assert covered.high == 1.0 or not covered.reason
        lows.append(covered.low)
        looks += 25
    assert lows == sorted(lows) and lows[0] == 0 and len(set(lows)) > 5
    found = region_volumes(partition, method=exact, time_limit=Looks.until(100))
    assert found.method is VolumeMethod.UNKNOWN and f" of {len(partition)} regions" in found.reason
    assert volumes_sum_to_domain(partition, time_limit=Looks.until(100)) is None
    wide = enumerate_regions(he_network(4, 40, 2, 1), Domain.box(np.zeros(40), np.ones(40)), max_regions=1)
    for _ in range(2):  # a cube of 2^40 corners
        assert region_volumes(wide, method=exact, time_limit=Looks.until(30)).reason.startswith("time ran out when 0")
        assert volumes_sum_to_domain(wide, time_limit=Looks.until(30)) is None


def test_an_estimated_covered_share():
    part = cut_off(enumerate_regions(he_network(4, 2, 8, 6, 1), SQUARE), 12)
    exact = covered_share(part)
    estimate = covered_share(part, method=VolumeMethod.MONTE_CARLO, samples=5000, confidence=0.999)
    assert estimate.low < exact.low <= exact.high < estimate.high
    assert estimate.confidence == 0.999


# --- unbounded domains --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        (Domain.everything(2), "'x0' has no lower bound"),
        (Domain.box([-5, -5], [inf, 5]), "'x0' has no upper bound"),
        (Domain([0, -inf], [inf, inf], A=[[1, -1]], b=[0]), "'x0' has no upper bound"),
    ],
)
def test_unbounded_domains_have_volumes_but_no_shares(domain, name):
    triangle = hidden(([[1, 0], [0, 1], [-1, -1]], [0, 0, 1]))
    partition = enumerate_regions(triangle, domain)
    found = region_volumes(partition)
    assert found.domain_volume == inf
    assert np.isnan(found.shares).all() and np.isnan(found.low).all()
    assert name in found.reason
    inside = found.volumes[partition.find_row("111")]
    assert inside == (0.25 if domain.b.size else 0.5)
    assert np.isinf(found.volumes).any()
    sampled = region_volumes(partition, method=VolumeMethod.MONTE_CARLO)
    assert sampled.method is VolumeMethod.UNKNOWN and name in sampled.reason and np.isnan(sampled.volumes).all()
    with pytest.raises(InputError, match="unbounded"):
        volumes_sum_to_domain(partition)
    covered = covered_share(cut_off(partition, 1))
    assert (covered.method, covered.low, covered.high) == (VolumeMethod.UNKNOWN, 0.0, 1.0)


def test_bounded_by_its_rows():
    domain = Domain([0, 0], [inf, inf], A=[[1, 1]], b=[1])
    partition = enumerate_regions(hidden(([[1, -1]], [0])), domain)
    assert region_volumes(partition).shares.tolist() == [0.5, 0.5]
    sampled = region_volumes(partition, method=VolumeMethod.MONTE_CARLO, samples=4000)
    assert sampled.domain_volume == pytest.approx(0.5, abs=0.02)
    assert sampled.volumes == pytest.approx([0.25, 0.25], abs=0.03)
    assert (sampled.low <= 0.5).all() and (sampled.high >= 0.5).all()


# --- estimates ----------------------------------------------------------------------------------------------------


def test_intervals_hold_the_exact_share_at_the_nominal_rate():
    partition = enumerate_regions(he_network(6, 2, 6, 4, 1), SQUARE)
    exact, held = region_volumes(partition), []
    for seed in range(20):
        found = region_volumes(partition, method=VolumeMethod.MONTE_CARLO, samples=1000, seed=seed, confidence=0.9)
        assert found.method is VolumeMethod.MONTE_CARLO and not found.exact
        assert (found.low <= found.shares).all() and (found.shares <= found.high).all()
        assert found.elsewhere == 0 and found.shares.sum() == pytest.approx(1.0)
        held += ((found.low <= exact.shares) & (exact.shares <= found.high)).tolist()
    rate = np.mean(held)
    assert rate >= 0.9 and rate < 0.995


def test_known_intervals():
    # 0 of n and n of n: 1 − (α/2)^(1/n) and (α/2)^(1/n).
    partition = enumerate_regions(hidden(([[1.0]], [-2.0 + 2.0**-40])), Domain.box([0], [2]))
    found = region_volumes(partition, method=VolumeMethod.MONTE_CARLO, samples=500)
    edge = 0.025 ** (1 / 500)
    assert found.low.tolist() == pytest.approx([edge, 0.0])
    assert found.high.tolist() == pytest.approx([1.0, 1 - edge])


def test_points_in_regions_that_were_not_found_are_counted_apart():
    partition = enumerate_regions(he_network(6, 2, 6, 4, 1), SQUARE)
    part = cut_off(partition, 5)
    options = {"method": VolumeMethod.MONTE_CARLO, "samples": 3000, "seed": 3}
    all_of_them, found = region_volumes(partition, **options), region_volumes(part, **options)
    assert found.shares.tolist() == all_of_them.shares[:5].tolist()
    assert found.samples == 3000
    assert found.elsewhere == round(3000 * all_of_them.shares[5:].sum())


def test_a_volume_beyond_floats():
    wide = Domain.box([-10.0] * 400, [10.0] * 400)  # 20^400
    found = region_volumes(
        enumerate_regions(hidden((np.eye(1, 400), [-9.99])), wide), method=VolumeMethod.MONTE_CARLO, samples=100
    )
    assert found.domain_volume == np.inf
    assert found.shares.tolist() == [1.0, 0.0] and found.volumes.tolist() == [np.inf, 0.0]


def test_a_domain_too_thin_to_sample():
    thin = Domain([0, 0], [1, 1], A=[[1, -1], [-1, 1]], b=[1e-9, 0])
    found = region_volumes(
        enumerate_regions(hidden(([[1, 0]], [-0.5])), thin), method=VolumeMethod.MONTE_CARLO, samples=200
    )
    assert found.method is VolumeMethod.UNKNOWN
    assert "too few" in found.reason and np.isnan(found.shares).all()


def test_high_dimensions_are_estimated():
    partition = enumerate_regions(he_network(1, 9, 3, 2, 1), cube(9))
    found = region_volumes(partition, samples=2000)
    assert found.method is VolumeMethod.MONTE_CARLO
    assert found.domain_volume == 512.0 and found.volumes.sum() == pytest.approx(512.0)


def test_progress_and_bad_options():
    partition = enumerate_regions(he_network(4, 2, 16, 16, 1), SQUARE)
    seen = []
    region_volumes(partition, on_progress=seen.append)
    assert len(seen) > 1 and seen == sorted(seen) and seen[-1] == len(partition)
    with pytest.raises(InputError, match="samples"):
        region_volumes(partition, samples=0)
    with pytest.raises(InputError, match="confidence"):
        region_volumes(partition, confidence=1.0)
