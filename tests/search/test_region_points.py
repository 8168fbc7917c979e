"""Every region's point lies inside the region and inside the domain, exactly."""

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq

from relugeom import Domain, ReLUNetwork, enumerate_regions
from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.forms import named_inequalities
from relugeom.linalg.exact import as_fraction
from relugeom.network.activation import activation_patterns
from relugeom.network.exact import evaluate_exactly
from relugeom.network.pattern import pack_patterns
from relugeom.partition.partition import Partition
from relugeom.search.enumeration import enumerate_by_reference
from relugeom.search.region_points import LATE, embed_points

WEIGHTS = {
    "small integers": lambda draw, shape: draw.integers(-2, 3, shape).astype(float),
    "normal": lambda draw, shape: draw.normal(size=shape),
    "nearly equal": lambda draw, shape: draw.integers(-2, 3, shape) + (draw.random(shape) < 0.2) * 2.0**-50,
}


def domain(kind: str, inputs: int) -> Domain:
    low, high = np.full(inputs, -1.0), np.full(inputs, 1.0)
    if kind == "box":
        return Domain.box(low, high)
    if kind == "half-lines":
        return Domain.box(np.full(inputs, -np.inf), high)
    if kind == "polyhedron":
        return Domain(low, high, A=np.ones((1, inputs)), b=np.zeros(1))
    return Domain(low, high, E=np.ones((1, inputs)), f=np.zeros(1))


def assert_inside(partition: Partition) -> None:
    """No point has another pattern than its region, or lies on a side of the domain within its hull."""
    inequalities = named_inequalities(partition.domain)
    for region in partition:
        point = region.exact_point or tuple(map(Fraction, region.point.tolist()))
        assert evaluate_exactly(partition.network, point)[0] == region.pattern
        for name, form, _ in inequalities:
            value = sum(int(c) * x for c, x in zip(form, point, strict=False)) + int(form[-1])
            assert value > 0, name


@pytest.mark.parametrize("kind", ["box", "half-lines", "polyhedron", "plane"])
@pytest.mark.parametrize("weights", WEIGHTS)
def test_points_lie_inside(weights: str, kind: str) -> None:
    for seed in range(6):
        draw = np.random.default_rng(seed)
        inputs = int(draw.integers(2, 5))
        layers = [
            (WEIGHTS[weights](draw, (high, low)), WEIGHTS[weights](draw, (high,)))
            for low, high in ((inputs, 4), (4, 3), (3, 1))
        ]
        network = ReLUNetwork.from_layers(*layers)
        assert_inside(enumerate_regions(network, domain(kind, inputs)))


@pytest.mark.parametrize("search", [enumerate_regions, enumerate_by_reference])
def test_a_region_too_thin_for_floats_has_a_point_off_the_sides(search) -> None:
    network = ReLUNetwork.from_layers(
        (np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([-1.0, -1.0 - 2.0**-52])), (np.ones((1, 2)), np.zeros(1))
    )
    partition = search(network, Domain.box(np.full(2, -2.0), np.full(2, 2.0)))
    assert [str(region.pattern) for region in partition] == ["00", "10", "11"]
    assert_inside(partition)


def test_points_on_sides_cost_no_region_when_time_runs_out() -> None:
    network = ReLUNetwork.from_layers((np.eye(2), np.array([-0.5, 0.25])), (np.ones((1, 2)), np.zeros(1)))
    chart = domain_chart(domain("box", 2))
    bits = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.bool_)
    points = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [0.75, 0.5]])
    embedded, rationals = embed_points(chart, network, pack_patterns(bits), points, {}, Deadline(0))
    assert len(embedded) == 4 and not rationals and (np.abs(embedded) < 1).all()
    assert np.array_equal(activation_patterns(network, embedded).packed, pack_patterns(bits))
    many = 1 + LATE + 5
    packed, corners = pack_patterns(np.zeros((many, 2), dtype=np.bool_)), np.full((many, 2), -1.0)
    assert len(embed_points(chart, network, packed, corners, {}, Deadline(0))[0]) == 1 + LATE
    assert len(embed_points(chart, network, packed, corners, {}, NEVER)[0]) == many


def test_rationals_inside_the_domain_cost_no_region_when_time_has_run_out():
    count = 2 * LATE
    network = ReLUNetwork.from_layers(([[1.0, 0.0]], [0.0]), ([[1.0]], [0.0]))
    chart = domain_chart(domain("box", 2))
    exact = {row: [fmpq(1, 3), fmpq(row, 3 * count)] for row in range(count)}
    points = np.array([[float(value.p) / float(value.q) for value in exact[row]] for row in range(count)])
    packed = np.full((count, 1), 128, dtype=np.uint8)
    columns, rationals = embed_points(chart, network, packed, points, exact, Deadline(0))
    assert len(columns) == len(rationals) == count
    assert all(rationals[row] == tuple(map(as_fraction, exact[row])) for row in range(count))
