"""Shades of a slice: nothing is lost, and every part and every line lies where its values are."""

import numpy as np
import pytest
from networks import he_network

from relugeom.geometry.domain import Domain
from relugeom.measures.shades import Shading, decision_lines, shade_regions
from relugeom.measures.slices import RegionSlice, slice_regions
from relugeom.network.decision import Decision
from relugeom.network.forward import evaluate
from relugeom.network.network import ReLUNetwork


def area(corners: np.ndarray) -> float:
    x, y = corners.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def deciding(network: ReLUNetwork, threshold: float = 0.0) -> ReLUNetwork:
    return ReLUNetwork(network.weights, network.biases, decision=Decision.at_threshold(threshold))


def cut_of(network: ReLUNetwork) -> RegionSlice:
    return slice_regions(network, Domain.box([-2.0] * 2, [2.0] * 2), (0, 1), np.zeros(2))


@pytest.mark.parametrize("threshold", [0.0, 0.3])
def test_shades_cut_each_region_without_a_gap_and_at_the_threshold(threshold):
    cut = cut_of(deciding(he_network(5, 2, 8, 6, 1), threshold))
    shades = shade_regions(cut, bands=8)
    assert shades.shading is Shading.THRESHOLD
    for row, parts in enumerate(shades.parts):
        assert sum(area(part) for _, part in parts) == pytest.approx(area(cut.polygon(row)), rel=1e-9)
        for band, part in parts:
            values = part @ cut.maps[row, 0, :2] + cut.maps[row, 0, 2] - threshold
            assert (values >= -1e-9).all() if band > 3 else (values <= 1e-9).all()


def test_bands_of_a_regression_reach_from_its_least_to_its_largest_value():
    network = he_network(5, 2, 8, 6, 1)
    cut = cut_of(network)
    shades = shade_regions(cut, bands=5)
    assert shades.shading is Shading.RANGE
    outputs = evaluate(network, cut.corners)[:, 0]
    assert (shades.low, shades.high) == pytest.approx((outputs.min(), outputs.max()), abs=1e-9)
    levels = np.linspace(shades.low, shades.high, 6)
    assert {band for parts in shades.parts for band, _ in parts} == set(range(5))
    for band, part in (entry for parts in shades.parts for entry in parts):
        values = evaluate(network, part)[:, 0]
        assert levels[band] - 1e-9 <= values.min() <= values.max() <= levels[band + 1] + 1e-9


def test_an_output_that_never_changes_has_one_band():
    network = ReLUNetwork.from_layers((np.ones((1, 2)), np.zeros(1)), (np.zeros((1, 1)), np.full(1, 3.0)))
    shades = shade_regions(cut_of(network), bands=8)
    assert (shades.low, shades.high) == (3.0, 3.0)
    assert [[band for band, _ in parts] for parts in shades.parts] == [[0], [0]]


def test_classes_cut_each_region_without_a_gap():
    cut = cut_of(he_network(6, 2, 8, 3))
    shades = shade_regions(cut, bands=8)
    assert shades.shading is Shading.LARGEST
    for row, parts in enumerate(shades.parts):
        assert sum(area(part) for _, part in parts) == pytest.approx(area(cut.polygon(row)), rel=1e-9)
        for output, part in parts:
            outputs = np.column_stack([part, np.ones(len(part))]) @ cut.maps[row].T
            assert (outputs[:, output] >= outputs.max(axis=1) - 1e-9).all()


def test_the_decision_changes_on_its_lines():
    network = deciding(he_network(5, 2, 8, 6, 1))
    segments = decision_lines(cut_of(network))
    assert len(segments) > 0
    middles = segments.mean(axis=1)
    x = middles
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        x = np.maximum(x @ weight.T + bias, 0)
    assert (x @ network.weights[-1].T + network.biases[-1])[:, 0] == pytest.approx(np.zeros(len(x)), abs=1e-9)
    plain = cut_of(he_network(5, 2, 8, 6, 1))
    assert decision_lines(plain).shape == (0, 2, 2), "a regression decides nothing"
