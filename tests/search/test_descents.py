"""Random descents: unbiased whatever the width, and complete where nothing is left to chance."""

import numpy as np
import pytest
from networks import DEGENERATE, braid, he_network, hidden, resonance, shi, tent_map, threshold, type_b

from relugeom.deadline import NEVER, Deadline
from relugeom.errors import DeadlinePassedError
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.search.descents import Descended, SplitTree, descend
from relugeom.search.enumeration import enumerate_by_reference
from relugeom.search.setup import Setup


def descended(
    network: ReLUNetwork, domain: Domain, *, groups: int, width: int, seed: int = 0, deadline: Deadline = NEVER
) -> Descended:
    tree = SplitTree(Setup(network, domain_chart(domain)))
    return descend(tree, groups=groups, width=width, random=np.random.default_rng(seed), deadline=deadline)


def box(network: ReLUNetwork) -> Domain:
    return Domain.box(-np.ones(network.inputs), np.ones(network.inputs))


def cut_box(network: ReLUNetwork) -> Domain:
    """The box with an inequality and an equality."""
    n = network.inputs
    first = np.eye(n)[:1]
    return Domain(-np.ones(n), np.ones(n), A=np.ones((1, n)), b=[0.5], E=first - np.eye(n)[-1:], f=[0.1])


WHOLE = {
    "shallow": (he_network(1, 3, 8, 1), box),
    "deep": (he_network(2, 2, 5, 5, 5, 1), box),
    "on the whole space": (he_network(3, 3, 5, 4, 1), lambda network: Domain.everything(network.inputs)),
    "on a part of a box": (he_network(4, 4, 7, 5, 1), cut_box),
    "on a half-space": (he_network(5, 2, 9, 1), lambda _network: Domain.box([0.0, -np.inf], [np.inf, np.inf])),
    "in other units": (he_network(6, 2, 8, 6, 1), lambda _network: Domain.box([-1e-6, 1e3], [1e-6, 1e5])),
    "tent map": (tent_map(5), lambda _network: Domain.box([0.0], [1.0])),
    "resonance": (resonance(3), box),
    "Shi": (shi(3), lambda _network: Domain.everything(3)),
    "bias-free and deep": (he_network(7, 3, 6, 6, 1), box),
}


@pytest.mark.parametrize("name", WHOLE)
def test_wide_groups_walk_the_whole_tree(name: str) -> None:
    """Each group meets exactly the regions, and leaves nothing to chance."""
    network, domain_of = WHOLE[name]
    domain = domain_of(network)
    found = descended(network, domain, groups=2, width=1000)
    expected = enumerate_by_reference(network, domain).packed
    assert found.exhausted and found.logs == pytest.approx(np.log(len(expected)))
    assert found.packed.tobytes() == expected[np.lexsort(expected.T[::-1])].tobytes()
    assert found.descents == 2 * len(expected)


@pytest.mark.parametrize("name", [name for name in DEGENERATE if "e-1" not in name and "e-9" not in name])
def test_coincidences_are_met_once(name: str) -> None:
    """All but strips that are thinner than floats can tell."""
    network, count = DEGENERATE[name]
    found = descended(network, Domain.box([-2.0, -2.0], [2.0, 2.0]), groups=2, width=100)
    assert np.exp(found.logs) == pytest.approx(count)


COUNTED = {
    "shallow": (resonance(4), 370, 2),
    "braid": (braid(5), 120, 1),
    "type B": (type_b(3), 48, 3),
    "threshold": (threshold(4), 104, 4),
    "deep": (he_network(2, 2, 4, 4, 4, 1), None, 3),
    "many inputs": (he_network(8, 6, 4, 4, 1), None, 5),
}


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("more", [1, 4])
def test_estimates_are_unbiased(name: str, more: int) -> None:
    """The mean of 600 groups is the number of regions, within four standard errors."""
    network, count, width = COUNTED[name]
    domain = box(network)
    truth = count or len(enumerate_by_reference(network, domain))
    estimates = np.exp(descended(network, domain, groups=600, width=more * width, seed=5).logs)
    error = estimates.std(ddof=1) / len(estimates) ** 0.5
    assert abs(estimates.mean() - truth) <= 4.0 * error + 1e-9 * truth
    assert error < 0.12 * truth


def test_wider_groups_vary_less() -> None:
    network = he_network(9, 4, 8, 6, 1)
    spreads = [descended(network, box(network), groups=200, width=width).logs.std() for width in (1, 4, 16)]
    assert spreads[0] > 1.3 * spreads[1] > 1.3**2 * spreads[2]


def test_a_seed_is_a_sample() -> None:
    network = he_network(9, 4, 8, 6, 1)
    one, same, other = (descended(network, box(network), groups=4, width=3, seed=seed) for seed in (1, 1, 2))
    assert one.logs.tobytes() == same.logs.tobytes() and one.packed.tobytes() == same.packed.tobytes()
    assert one.logs.tobytes() != other.logs.tobytes()


def test_what_is_met_is_a_region() -> None:
    network = he_network(9, 4, 8, 6, 1)
    regions = {row.tobytes() for row in enumerate_by_reference(network, box(network)).packed}
    found = descended(network, box(network), groups=20, width=8)
    assert {row.tobytes() for row in found.packed} <= regions
    assert found.descents == 160 and len(found.packed) > 80


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
@pytest.mark.parametrize("side", [1e-300, 1.0, 1e300, np.inf])
def test_numbers_near_the_end_of_the_floats_do_no_harm(scale: float, side: float) -> None:
    """What overflows is not met, and nothing is warned of."""
    small = he_network(9, 3, 5, 4, 1)
    network = ReLUNetwork.from_layers(
        *[(weight * scale, bias * scale) for weight, bias in zip(small.weights, small.biases, strict=True)]
    )
    found = descended(network, Domain.box(np.full(3, -side), np.full(3, side)), groups=2, width=10)
    assert np.isfinite(found.logs).all() and len(found.packed) >= 1


def test_layers_of_different_scales_cut_the_whole_space() -> None:
    """Biases that count only far out, or only near the origin, are found on an open domain."""
    for scales in ((1e-3, 1e3), (1e3, 1e-3), (1e-2, 1e-2)):
        small = he_network(9, 2, 4, 3, 1)
        layers = zip(small.weights, small.biases, (*scales, 1.0), strict=True)
        network = ReLUNetwork.from_layers(*[(weight * scale, bias * scale) for weight, bias, scale in layers])
        everywhere = Domain.everything(2)
        expected = len(enumerate_by_reference(network, everywhere))
        found = descended(network, everywhere, groups=2, width=200)
        assert np.exp(found.logs) == pytest.approx(expected)


def test_a_point_has_one_region() -> None:
    network = he_network(9, 4, 8, 6, 1)
    point = Domain.box(np.full(4, 0.25), np.full(4, 0.25))
    assert descended(network, point, groups=2, width=3).logs.tolist() == [0.0, 0.0]


def test_copies_of_units_cut_nothing() -> None:
    """Each unit twice, the second time by a factor of any sign."""
    single, random = he_network(9, 4, 7, 1), np.random.default_rng(3)
    factors = random.choice([-1.0, 1.0], 7) * random.uniform(0.3, 3.0, 7)
    weight, bias = single.weights[0], single.biases[0]
    double = hidden((np.vstack([weight, weight * factors[:, None]]), np.append(bias, bias * factors)))
    counts = [descended(each, box(each), groups=2, width=500).logs for each in (single, double)]
    assert counts[0] == pytest.approx(counts[1]) and counts[0][0] > 3.0


def test_without_time_there_is_no_estimate() -> None:
    network = he_network(9, 4, 8, 6, 1)
    with pytest.raises(DeadlinePassedError):
        descended(network, box(network), groups=4, width=3, deadline=Deadline(0.0))
