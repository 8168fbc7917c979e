"""The importance chart: what it shows, what it leaves out, and that no name breaks it."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import FEATURES, HOSTILE, made_up_content

from relugeom.printing import printable
from relugeom.report.charts import importance_bars, importance_caption, measure_bars, tradeoff_lines
from relugeom.report.palette import NEGATIVE, POSITIVE
from relugeom.report.svg import round_numbers

SVG = "{http://www.w3.org/2000/svg}"


def svg_texts(svg, **attributes):
    found = ElementTree.fromstring(svg).iter(f"{SVG}text")
    return [each.text for each in found if all(each.get(name) == value for name, value in attributes.items())]


def bars(svg):
    """Left side, width and colour of each bar."""
    found = ElementTree.fromstring(svg).iter(f"{SVG}rect")
    return [(float(each.get("x")), float(each.get("width")), each.get("fill")) for each in found]


def titles(svg):
    return [text for text in svg_texts(svg) if text.startswith("Cluster ")]


def labels(svg):
    """Names of features, from top to bottom."""
    return svg_texts(svg, **{"text-anchor": "end"})


def test_a_panel_for_each_cluster_with_its_coefficients():
    importance = made_up_content(clusters=2).importance
    svg = importance_bars(importance, "Survived")
    assert titles(svg) == ["Cluster 1", "Cluster 2"]
    assert labels(svg) == list(FEATURES)
    for cluster, drawn in ((1, bars(svg)[: len(FEATURES)]), (2, bars(svg)[len(FEATURES) :])):
        coefficients = np.array(importance.loc[importance["cluster"] == cluster, "coefficient"])
        assert [colour for *_, colour in drawn] == [POSITIVE if value > 0 else NEGATIVE for value in coefficients]
        unit = 70.5 / (1.05 * importance["coefficient"].abs().max())
        assert np.allclose([width for _, width, _ in drawn], np.abs(coefficients) * unit, atol=0.006)
        ends = {round(x if colour == POSITIVE else x + width, 1) for x, width, colour in drawn}
        assert max(ends) - min(ends) < 0.2  # all begin at 0


def test_an_output_is_drawn_alone():
    importance = made_up_content(outputs=("first", "second")).importance
    only_second = importance[importance["output"] == "second"]
    assert importance_bars(importance, "second") == importance_bars(only_second, "second")


def test_the_caption_says_what_is_left_out():
    assert "not shown" not in importance_caption(made_up_content().importance, "Survived")
    importance = made_up_content([f"x{at}" for at in range(40)], clusters=7).importance
    assert len(titles(importance_bars(importance, "Survived"))) == 6
    caption = importance_caption(importance, "Survived")
    assert "1 smaller cluster is not shown." in caption
    assert "25 features of less importance not shown." in caption


def test_hostile_names_are_words_of_a_valid_svg():
    importance = made_up_content(HOSTILE).importance
    texts = svg_texts(importance_bars(importance, "Survived"))
    assert set(map(printable, HOSTILE)) <= set(texts)


def test_long_names_are_shortened():
    importance = made_up_content(["a" * 41, "b" * 40]).importance
    assert {"a" * 40 + "…", "b" * 40} <= set(svg_texts(importance_bars(importance, "Survived")))


def test_equal_figures_give_equal_text():
    first, second = (importance_bars(made_up_content().importance, "Survived") for _ in range(2))
    assert first == second


def test_pictures_have_no_identifiers():
    svg = importance_bars(made_up_content().importance, "Survived")
    assert not [each for each in ElementTree.fromstring(svg).iter() if each.get("id")]


@pytest.mark.parametrize("scale", [0.0, 1e-300, 1e300, float("inf")])
def test_any_scale_can_be_drawn(scale):
    importance = made_up_content().importance
    importance["coefficient"] *= scale
    svg_texts(importance_bars(importance, "Survived"))


def test_no_clusters_give_an_empty_figure():
    assert svg_texts(importance_bars(made_up_content(clusters=0).importance, "Survived")) == []


def test_measures_stand_side_by_side():
    shares = pd.DataFrame(
        [("a", "x", 0.5), ("a", "<y>", 0.25), ("b", "x", 0.1), ("b", "<y>", None)],
        columns=["measure", "feature", "share"],
    )
    svg = measure_bars(shares)
    assert labels(svg) == ["x", "<y>"]
    assert svg_texts(svg)[-2:] == ["a", "b"]
    widths = [width for _, width, _ in bars(svg)[:4]]
    assert np.allclose(np.array(widths) / widths[0], [1, 0.5, 0.2, 0], atol=1e-3)
    assert {"0%", "50%"} <= set(svg_texts(svg))


def test_groups_are_drawn_against_errors():
    steps = pd.DataFrame({"groups": [1, 2, 4], "error": [4.0, 2.0, float("inf")], "rms": [2.0, 1.0, 0.0]})
    svg = tradeoff_lines(steps)
    curves = [each.get("points").split() for each in ElementTree.fromstring(svg).iter(f"{SVG}polyline")]
    assert [len(curve) for curve in curves] == [2, 3]  # an infinite error has no place
    heights = [float(point.split(",")[1]) for point in curves[1]]
    assert np.isclose(heights[2] - heights[0], 2 * (heights[2] - heights[1]), atol=0.02)
    assert {"groups", "change of the output", "largest", "root mean square", "1", "2", "4"} <= set(svg_texts(svg))
    for few in (steps.head(1), steps.head(0), steps.assign(error=1e300, rms=0.0)):
        svg_texts(tradeoff_lines(few))


@given(st.floats(-1e300, 1e300), st.floats(0, 1e300), st.integers(1, 9), st.booleans())
def test_round_numbers_are_few_and_within(low, width, most, whole):
    found = round_numbers(low, low + width, most=most, whole=whole)
    slack = 1e-12 * (abs(low) + width)
    assert len(found) <= most + 1
    assert all(low - slack <= value <= low + width + slack for value in found)
    assert not whole or all(value == int(value) for value in found)
