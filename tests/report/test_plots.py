"""The importance chart: what it shows, what it leaves out, and that no name breaks it."""

from xml.etree import ElementTree

import pytest
from report_samples import FEATURES, HOSTILE, made_up_content

from relugeom.printing import printable
from relugeom.report.plots import figure_svg, importance_bars, importance_caption


def svg_texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_a_panel_for_each_cluster_with_its_coefficients():
    importance = made_up_content(clusters=2).importance
    figure = importance_bars(importance, "Survived")
    assert [axes.get_title() for axes in figure.axes] == ["Cluster 1", "Cluster 2"]
    widths = [bar.get_width() for bar in figure.axes[1].patches]
    assert widths == list(importance.loc[importance["cluster"] == 2, "coefficient"])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list(FEATURES)


def test_an_output_is_drawn_alone():
    importance = made_up_content(outputs=("first", "second")).importance
    only_second = importance[importance["output"] == "second"]
    assert figure_svg(importance_bars(importance, "second")) == figure_svg(importance_bars(only_second, "second"))


def test_the_caption_says_what_is_left_out():
    assert "not shown" not in importance_caption(made_up_content().importance, "Survived")
    importance = made_up_content([f"x{at}" for at in range(40)], clusters=7).importance
    assert len(importance_bars(importance, "Survived").axes) == 6
    caption = importance_caption(importance, "Survived")
    assert "1 smaller cluster is not shown." in caption
    assert "10 features of less importance not shown." in caption


def test_hostile_names_are_words_of_a_valid_svg():
    importance = made_up_content(HOSTILE).importance
    texts = svg_texts(figure_svg(importance_bars(importance, "Survived")))
    assert set(map(printable, HOSTILE)) <= set(texts)


def test_long_names_are_shortened():
    importance = made_up_content(["a" * 41, "b" * 40]).importance
    assert {"a" * 40 + "…", "b" * 40} <= set(svg_texts(figure_svg(importance_bars(importance, "Survived"))))


def test_equal_figures_give_equal_text():
    first, second = (figure_svg(importance_bars(made_up_content().importance, "Survived")) for _ in range(2))
    assert first == second


def test_figures_of_one_page_share_no_identifier():
    figure = importance_bars(made_up_content().importance, "Survived")
    found = [
        {element.get("id") for element in ElementTree.fromstring(figure_svg(figure, name=name)).iter()} - {None}
        for name in ("first", "second")
    ]
    assert found[0]
    assert not found[0] & found[1]


@pytest.mark.parametrize("scale", [0.0, 1e-300, 1e300, float("inf")])
def test_any_scale_can_be_drawn(scale):
    importance = made_up_content().importance
    importance["coefficient"] *= scale
    svg_texts(figure_svg(importance_bars(importance, "Survived")))


def test_no_clusters_give_an_empty_figure():
    figure = importance_bars(made_up_content(clusters=0).importance, "Survived")
    assert not figure.axes
    assert svg_texts(figure_svg(figure)) == []
