"""The tables of the terminal: names are words, long tables are cut and say so."""

from dataclasses import replace
from io import StringIO

from report_samples import HOSTILE, made_up_content
from rich.console import Console

from relugeom.printing import printable
from relugeom.report.tables import summary_tables


def printed(content, width=400):
    console = Console(file=StringIO(), width=width)
    for part in summary_tables(content):
        console.print(part)
    return console.file.getvalue()


def test_clusters_and_coefficients_are_printed():
    text = printed(made_up_content())
    assert "0001/11" in text
    assert "33.3 %" in text
    assert "lower-dim." in text
    assert "-2.000" not in text
    assert "2.333" in text


def test_hostile_names_are_words():
    text = printed(
        made_up_content(HOSTILE, outputs=("[red]y", "\x1b[2J"), title="[link=https://example.org]title[/link]")
    )
    for name in (*HOSTILE, "[red]y", "\x1b[2J", "[link=https://example.org]title[/link]"):
        assert printable(name) in text
    assert not {"\x1b", "\x00", "\u202e"} & set(text)


def test_long_tables_are_cut_and_say_so():
    text = printed(made_up_content([f"x{at}" for at in range(25)], [f"y{at}" for at in range(6)], clusters=23))
    assert "… and 3 more clusters" in text
    assert "… and 17 more clusters" in text
    assert "… and 5 more features" in text
    assert "… and 2 more outputs" in text


def test_without_clusters_the_summary_is_left():
    text = printed(made_up_content(clusters=0, patterns=0))
    assert "891" in text
    assert "Clusters" not in text


def test_columns_that_say_nothing_are_left_out():
    content = made_up_content()
    assert not {"accu-", "domain"} & set(printed(content).split())
    told = replace(content, clusters=content.clusters.assign(accuracy=[0.5, None, 1.0], outside=[0, 3, 0]))
    assert {"accu-", "domain"} <= set(printed(told).split())


def test_patterns_stay_legible_in_80_columns():
    content = made_up_content()
    full = content.clusters.assign(accuracy=0.5, target_mean=0.25, outside=[0, 3, 0])
    assert "0001/11" in printed(replace(content, clusters=full), width=80)


def test_an_empty_census_has_no_table():
    content = made_up_content()
    assert "2^80" in printed(content)
    assert "Activation patterns" not in printed(replace(content, census=content.census[:0]))
