"""Maps: dots, the words and tones of regions, and positions in the frame."""

from dataclasses import replace

import numpy as np
import pytest
from networks import he_network, layered

from relugeom.audit.pictures import draw_map
from relugeom.geometry.domain import Domain
from relugeom.network.decision import Decision
from relugeom.report.formatting import map_text
from relugeom.report.region_map import sample_dots
from relugeom.report.scene import map_scene, output_bands

SQUARE = Domain.box([-2.0] * 2, [2.0] * 2)


def test_samples_at_one_place_are_one_dot():
    X = np.array([[1.0, 2.0, 9.0], [1.0, 2.0, 8.0], [1.0, 2.0, 7.0], [0.0, 2.0, 7.0]])
    dots = sample_dots(X, np.array([0, 0, 1, 1]), (1, 0))
    assert dots.to_numpy().tolist() == [[2, 0, 1, 2], [2, 1, 2, 1], [2, 1, 1, 2]]


def test_functions_in_words():
    assert map_text(np.array([-1.5, 0.25, -3.0]), ("Age", "Fare")) == "−1.5 · Age + 0.25 · Fare − 3"
    assert map_text(np.array([0.0, 1e-9, 0.0]), ("a", "b")) == "0 · a + 1e-09 · b + 0"


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_everything_is_drawn_within_the_frame(scale):
    network = layered(([[1.0 / scale, 2.0 / scale]], [-0.5]), ([[1.0]], [0.0]))
    drawn = draw_map(network, Domain.box([0.0, -scale], [scale, 0.0]), features=[(0, 1)])
    scene = map_scene(drawn)
    points = [tuple(map(float, pair.split(","))) for shape in scene.shapes for pair in shape.outline.split()]
    assert all(74 <= x <= 744 and 12 <= y <= 468 for x, y in points)
    assert len(scene.x_ticks) > 2
    assert len(scene.y_ticks) > 2


@pytest.mark.parametrize("threshold", [0.0, 0.3])
def test_tones_tell_on_which_side_of_the_threshold_a_part_lies(threshold):
    network = replace(he_network(5, 2, 8, 6, 1), decision=Decision.at_threshold(threshold))
    drawn = draw_map(network, SQUARE, features=[(0, 1)])
    bands, legend = output_bands(drawn)
    assert [words.split(": ")[1] for _, words in legend] == ["class 0", "class 1"]
    for row, parts in enumerate(bands):
        assert [corners.tolist() for _, corners in parts] == [part.tolist() for _, part in drawn.shades.parts[row]]
        for tone, part in parts:
            values = part @ drawn.cut.maps[row, 0, :2] + drawn.cut.maps[row, 0, 2] - threshold
            assert (values >= -1e-9).all() if tone > "o4" else (values <= 1e-9).all()


@pytest.mark.parametrize("outputs", [3, 12])
def test_the_legend_of_classes_has_the_tones_that_occur(outputs):
    drawn = draw_map(he_network(6, 2, 8, outputs), SQUARE, features=[(0, 1)])
    bands, legend = output_bands(drawn)
    assert {tone for tone, _ in legend} == {tone for parts in bands for tone, _ in parts}
    for row, parts in enumerate(bands):
        for tone, part in parts:
            values = np.column_stack([part, np.ones(len(part))]) @ drawn.cut.maps[row].T
            assert int(tone[1:]) in {
                output % 8 for output in (values >= values.max(axis=1)[:, None] - 1e-9).nonzero()[1]
            }
