"""Maps: the point they go through, the features they take, the words and shades of their regions."""

import numpy as np
import pandas as pd
import pytest
from networks import he_network, hidden, layered

from relugeom.errors import DomainError, EmptyDomainError, InputError
from relugeom.geometry.domain import Domain, FeatureKind
from relugeom.network.decision import Decision
from relugeom.network.network import ReLUNetwork
from relugeom.report.formatting import map_text
from relugeom.report.region_map import (
    choose_features,
    decision_lines,
    draw_map,
    find_features,
    sample_dots,
)
from relugeom.report.scene import map_scene, output_bands


def overall(*means: float, spread: float = 1.0) -> pd.DataFrame:
    return pd.DataFrame({"mean": means, "spread": [spread] * len(means)})


def area(corners: np.ndarray) -> float:
    x, y = corners.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def deciding(network: ReLUNetwork, threshold: float = 0.0) -> ReLUNetwork:
    return ReLUNetwork(network.weights, network.biases, decision=Decision.at_threshold(threshold))


def test_the_map_goes_through_the_mean_in_whole_numbers_where_the_domain_has_them():
    kinds = (FeatureKind.CONTINUOUS, FeatureKind.CONTINUOUS, FeatureKind.INTEGER, *[FeatureKind.BINARY] * 3)
    domain = Domain(np.zeros(6), np.full(6, 4.0), kinds=kinds, groups=((3, 4, 5),))
    drawn = draw_map(he_network(1, 6, 4, 1), domain, features=[(0, 1)], overall=overall(1, 1, 2.6, 0.2, 0.5, 0.3))
    assert drawn.fixed == {"x2": 3.0, "x3": 0.0, "x4": 1.0, "x5": 0.0}


def test_a_mean_that_breaks_the_domain_gives_way_to_a_point_inside():
    domain = Domain(np.zeros(3), np.ones(3), A=np.array([[0.0, 0.0, 1.0]]), b=np.array([0.25]))
    drawn = draw_map(he_network(1, 3, 4, 1), domain, features=[(0, 1)], overall=overall(0.5, 0.5, 0.5))
    assert 0.0 <= drawn.fixed["x2"] <= 0.25


def test_features_that_the_domain_ties_have_no_map():
    domain = Domain(np.zeros(2), np.ones(2), E=np.array([[1.0, 1.0]]), f=np.array([1.0]))
    with pytest.raises(DomainError, match="no area"):
        draw_map(he_network(1, 2, 4, 1), domain, features=[(0, 1)])
    with pytest.raises(EmptyDomainError):
        draw_map(he_network(1, 2, 4, 1), Domain([0, 0], [1, 1], A=[[1, 1]], b=[-1.0]), features=[(0, 1)])


def test_of_several_pairs_the_map_with_most_regions_is_taken():
    network = hidden(([[1, 0, 0], [0, 0, 1], [0, 0, 1]], [0.0, -0.25, 0.25]))
    drawn = draw_map(network, Domain.box([-1.0] * 3, [1.0] * 3), features=[(0, 1), (0, 2), (1, 2)])
    assert drawn.cut.features == (0, 2)
    assert len(drawn.cut) == 6


def test_a_map_that_shows_next_to_nothing_goes_through_another_point():
    network = hidden(([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0.0, 0.0, -0.5]), ([[1, 1, -9]], [0.25]))
    domain, others = Domain.box([-1.0] * 3, [1.0] * 3), [("there", np.zeros(3))]
    drawn = draw_map(network, domain, features=[(0, 1)], overall=overall(0.0, 0.0, 1.0), others=others)
    assert drawn.through == "the mean of the samples"
    lone = hidden(([[1, 0, 1], [0, 1, 1]], [-2.5, -2.5]))
    drawn = draw_map(lone, Domain.box([0.0] * 3, [2.0] * 3), features=[(0, 1)], overall=overall(0.0, 0.0, 0.0))
    assert (drawn.through, len(drawn.cut)) == ("the mean of the samples", 1)
    others = [("there", np.array([0.0, 0.0, 1.5]))]
    drawn = draw_map(lone, Domain.box([0.0] * 3, [2.0] * 3), features=[(0, 1)], overall=overall(0, 0, 0), others=others)
    assert (drawn.through, len(drawn.cut), drawn.fixed) == ("there", 4, {"x2": 1.5})


def test_open_sides_are_drawn_around_the_samples():
    domain = Domain(np.array([0.0, -np.inf]), np.array([np.inf, np.inf]))
    drawn = draw_map(he_network(1, 2, 3, 1), domain, features=[(0, 1)], overall=overall(5.0, -1.0, spread=2.0))
    assert drawn.cut.outline.min(axis=0).tolist() == [0.0, -7.0]
    assert drawn.cut.outline.max(axis=0).tolist() == [11.0, 5.0]


def test_the_strongest_free_features_are_tried_first():
    network = he_network(1, 5, 3, 1)
    kinds = [FeatureKind.CONTINUOUS] * 5
    domain = Domain(np.zeros(5), np.array([1.0, 1, 1, 0, 1]), kinds=tuple(kinds), groups=((4,),))
    importance = pd.DataFrame({"feature": [f"x{at}" for at in range(5)], "scaled": [1.0, -3.0, 2.0, 9.0, 9.0]})
    assert choose_features(network, domain, importance) == [(1, 2), (1, 0), (2, 0)]
    assert choose_features(network, Domain(np.zeros(5), np.zeros(5)), importance) == []
    assert choose_features(network, Domain.box([0.0] * 5, [1.0] * 5), importance[:0])[0] == (0, 1)


def test_features_are_found_by_name():
    network = ReLUNetwork.from_layers((np.ones((2, 3)), np.zeros(2)), (np.ones((1, 2)), [0.0])).with_inputs(list("abc"))
    assert find_features(network, ["c", "a"]) == (2, 0)
    with pytest.raises(InputError, match="no feature 'z': its features are a, b, c"):
        find_features(network, ["a", "z"])
    for names in (["a"], ["a", "a"], ["a", "b", "c"]):
        with pytest.raises(InputError, match="two different features"):
            find_features(network, names)


def test_samples_at_one_place_are_one_dot():
    X = np.array([[1.0, 2.0, 9.0], [1.0, 2.0, 8.0], [1.0, 2.0, 7.0], [0.0, 2.0, 7.0]])
    dots = sample_dots(X, np.array([0, 0, 1, 1]), (1, 0))
    assert dots.to_numpy().tolist() == [[2, 0, 1, 2], [2, 1, 2, 1], [2, 1, 1, 2]]


def test_functions_in_words():
    assert map_text(np.array([-1.5, 0.25, -3.0]), ("Age", "Fare")) == "−1.5 · Age + 0.25 · Fare − 3"
    assert map_text(np.array([0.0, 1e-9, 0.0]), ("a", "b")) == "0 · a + 1e-09 · b + 0"


@pytest.mark.parametrize("threshold", [0.0, 0.3])
def test_shades_cut_each_region_without_a_gap_and_at_the_threshold(threshold):
    network = deciding(he_network(5, 2, 8, 6, 1), threshold)
    drawn = draw_map(network, Domain.box([-2.0] * 2, [2.0] * 2), features=[(0, 1)])
    bands, legend = output_bands(drawn)
    assert len(legend) == 2
    for row, parts in enumerate(bands):
        assert sum(area(part) for _, part in parts) == pytest.approx(area(drawn.cut.polygon(row)), rel=1e-9)
        for tone, part in parts:
            values = part @ drawn.cut.maps[row, 0, :2] + drawn.cut.maps[row, 0, 2] - threshold
            assert (values >= -1e-9).all() if tone > "o4" else (values <= 1e-9).all()


def test_classes_cut_each_region_without_a_gap():
    network = he_network(6, 2, 8, 3)
    drawn = draw_map(network, Domain.box([-2.0] * 2, [2.0] * 2), features=[(0, 1)])
    bands, legend = output_bands(drawn)
    assert {tone for tone, _ in legend} == {tone for parts in bands for tone, _ in parts}
    for row, parts in enumerate(bands):
        assert sum(area(part) for _, part in parts) == pytest.approx(area(drawn.cut.polygon(row)), rel=1e-9)
        for tone, part in parts:
            outputs = np.column_stack([part, np.ones(len(part))]) @ drawn.cut.maps[row].T
            assert (outputs[:, int(tone[1:])] >= outputs.max(axis=1) - 1e-9).all()


def test_the_decision_changes_on_its_lines():
    network = deciding(he_network(5, 2, 8, 6, 1))
    drawn = draw_map(network, Domain.box([-2.0] * 2, [2.0] * 2), features=[(0, 1)])
    segments = decision_lines(drawn)
    assert len(segments) > 0
    middles = segments.mean(axis=1)
    x = middles
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        x = np.maximum(x @ weight.T + bias, 0)
    assert (x @ network.weights[-1].T + network.biases[-1])[:, 0] == pytest.approx(np.zeros(len(x)), abs=1e-9)
    plain = draw_map(he_network(5, 2, 8, 6, 1), Domain.box([-2.0] * 2, [2.0] * 2), features=[(0, 1)])
    assert decision_lines(plain).shape == (0, 2, 2), "a regression decides nothing"


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_everything_is_drawn_within_the_frame(scale):
    network = layered(([[1.0 / scale, 2.0 / scale]], [-0.5]), ([[1.0]], [0.0]))
    drawn = draw_map(network, Domain.box([0.0, -scale], [scale, 0.0]), features=[(0, 1)])
    scene = map_scene(drawn)
    points = [tuple(map(float, pair.split(","))) for shape in scene.shapes for pair in shape.outline.split()]
    assert all(74 <= x <= 744 and 12 <= y <= 468 for x, y in points)
    assert len(scene.x_ticks) > 2
    assert len(scene.y_ticks) > 2
