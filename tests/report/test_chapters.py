"""Chapters about what analyses found: what they say, what they leave out, and that nothing asked is nothing said."""

import pandas as pd
import pytest

from relugeom.report.chapters import FindingTables, chapters
from relugeom.report.content import ChartKind
from relugeom.report.page_tables import free_table

COLUMNS = {
    "measures": ["measure", "output", "feature", "share"],
    "scores": ["samples", "response_mean", "accuracy", "auc", "r2"],
    "performance": [
        *("cluster", "samples", "target_mean", "accuracy", "local_auc", "global_auc", "local_r2", "global_r2"),
    ],
    "unobserved": ["region", "pattern", "volume_share", "departure", "nearest_cluster", "admissible"],
    "ranges": ["region", "pattern", "output", "lowest", "highest"],
    "distances": ["sample", "cluster", "norm", "distance", "lower", "upper", "verdict", "file", "sha256"],
    "counterfactuals": ["sample", "feature", "value", "change"],
    "groups": ["group", "samples", "clusters", "error", "rms", "bound", "conditions"],
    "effects": ["group", "output", "feature", "coefficient", "bias"],
    "tradeoff": ["groups", "error", "rms", "entropy", "alignment"],
    "relevance": ["cluster", "output", "feature", "coefficient", "low", "high", "relevance"],
}
ROWS = {
    "measures": [("gradients", "y", "age", 0.25), ("gradients", "y", "fare", 0.75)],
    "scores": [(12, 0.5, 0.75, 0.875, None)],
    "performance": [(1, 8, 0.5, 0.75, 0.9, 0.8, None, None), (2, 4, 0.25, 1.0, None, 0.5, None, None)],
    "unobserved": [(3, "01", 0.25, 1.5, 1, "yes"), (4, "00", 0.125, 0.5, 2, "no")],
    "ranges": [(1, "10", "y", -1.0, None), (2, "11", "y", 0.0, 2.0)],
    "distances": [
        *[
            (row, 1, "l1", 0.5 + row, 0.5 + row, 0.5 + row, "holds", f"proofs/sample-{row}.cert", "a" * 64)
            for row in range(5)
        ],
        (6, 2, "l1", None, 0.25, None, "unknown", None, None),
    ],
    "counterfactuals": [(0, "age", 31.0, 1.0), (0, "fare", 5.0, -2.0)],
    "groups": [(1, 8, 3, 0.5, 0.25, 0.75, "unit 0.0 active"), (2, 4, 1, 0.25, 0.125, 1.0, "unit 0.0 inactive")],
    "effects": [(1, "y", "age", 0.5, 0.0), (2, "y", "age", 0.25, 0.0)],
    "tradeoff": [(1, 1.0, 0.5, 0.0, 0.0), (2, 0.5, 0.25, 0.9, 0.0)],
    "relevance": [(1, "y", "age", 0.5, 0.4, 0.6, "strong"), (1, "y", "fare", 0.5, -0.1, 0.6, "weak")],
}


def tables(**rows) -> FindingTables:
    return FindingTables(**{name: pd.DataFrame(rows.get(name, []), columns=names) for name, names in COLUMNS.items()})


def chapter(title, *, show_samples=True):
    return next(one for one in chapters(tables(**ROWS), show_samples=show_samples) if one.title.startswith(title))


def cells(table: pd.DataFrame) -> list[list[str]]:
    return [[cell.text for cell in row] for row in free_table(table, "caption").rows]


def headings(table: pd.DataFrame) -> list[str]:
    return [heading for heading, _ in free_table(table, "caption").headings]


def test_a_run_that_did_not_ask_has_no_chapters():
    assert chapters(tables(), show_samples=True) == []


@pytest.mark.parametrize("name", COLUMNS)
def test_what_was_asked_alone_has_a_chapter_or_none_and_no_error(name):
    found = chapters(tables(**{name: ROWS[name]}), show_samples=True)
    assert len(found) <= 1


def test_shares_are_written_as_percentages_and_sorted_as_numbers():
    found = chapter("Importance measured")
    (table,) = found.tables.values()
    assert cells(table) == [["fare", "75.0 %"], ["age", "25.0 %"]]
    assert [row[1].sort for row in free_table(table, "").rows] == ["0.75", "0.25"]
    assert [chart.kind for chart in found.charts] == [ChartKind.MEASURES]


def test_a_counterfactual_says_what_would_have_to_change():
    nearest, by_cluster = chapter("Robustness").tables.values()
    assert cells(nearest)[0] == ["0", "1", "0.5000", "holds", "age 30 → 31; fare 7 → 5", "proofs/sample-0.cert"]
    assert headings(nearest)[-2:] == ["smallest change of the decision", "certificate"]
    assert cells(by_cluster)[0] == ["1", "5", "0.5000", "2.500"]
    assert headings(by_cluster) == ["cluster", "samples", "least distance", "median distance"]


def test_a_distance_that_is_not_known_lies_between_two_bounds():
    nearest = next(iter(chapter("Robustness").tables.values()))
    assert cells(nearest)[-1][2:4] == ["at least 0.25", "unknown"]
    rows = [(1, 1, "linf", 0.25, 0.125, 0.25, "unknown", None, None)]
    (found,) = chapters(tables(distances=rows), show_samples=True)
    assert cells(next(iter(found.tables.values())))[0][2] == "between 0.125 and 0.25"


def test_distances_in_two_norms_are_two_chapters():
    rows = [(0, 1, "l1", 0.5, 0.5, 0.5, "holds", None, None), (1, 1, "linf", 0.25, 0.125, 0.25, "unknown", None, None)]
    found = chapters(tables(distances=rows), show_samples=True)
    assert [dict(chapter.facts)["norm"] for chapter in found] == [
        "ℓ1 (sum of changes), in input units",
        "ℓ∞ (largest change), in input units",
    ]
    assert [dict(chapter.facts)["distances that are proved"] for chapter in found] == ["1 of 1", "0 of 1"]


def test_the_share_that_keeps_its_decision_counts_samples_without_another_one():
    facts = dict(chapter("Robustness").facts)
    assert facts["distances that are proved"] == "5 of 6"
    assert not [label for label in facts if "within" in label or "median" in label]  # of six a share says nothing
    many = [(row, 1, "l1", 0.5 + row, 0.5 + row, 0.5 + row, "holds", None, None) for row in range(30)]
    (robustness,) = chapters(tables(distances=many), show_samples=True)
    assert (
        dict(robustness.facts)["samples that keep their decision within 15"]
        == "50.0 % (15 of 30; 95 % interval 31.3 to 68.7 %)"
    )
    unsettled = [(row, 2, "l1", None, 0.0, None, "unknown", None, None) for row in range(30, 36)]
    (robustness,) = chapters(tables(distances=[*many, *unsettled]), show_samples=True)
    assert dict(robustness.facts)["samples with another decision found"] == "30 of 36"
    assert dict(robustness.facts)["samples that keep their decision within 15"] == "at least 15 and at most 21 of 36"


def test_without_samples_no_row_and_no_mean_of_few_is_shown():
    robustness = chapter("Robustness", show_samples=False)
    assert list(robustness.tables) == ["Distances by cluster"]
    assert cells(robustness.tables["Distances by cluster"]) == [["1", "5", "2.500"]]
    assert cells(chapter("Predictions", show_samples=False).tables["Scores by cluster"]) == []  # 4 are the rest of 12
    more = ROWS["performance"] + [(3, 4, 0.5, 0.5, 0.5, 0.5, None, None)]
    how_well = next(iter(chapters(tables(**ROWS | {"performance": more}), show_samples=False)[2:]))
    assert [row[0] for row in cells(how_well.tables["Scores by cluster"])] == ["1"]


def test_scores_that_do_not_exist_have_no_column():
    found = chapter("Predictions")
    (scores,) = found.tables.values()
    assert headings(scores) == ["cluster", "samples", "mean target", "global AUC"]  # the clusters are too small
    assert found.facts == [("samples", "12"), ("mean target", "0.5000"), ("accuracy", "9 of 12"), ("AUC", "0.8750")]
    rows = {"scores": [(40, 0.5, 0.75, 0.875, None)], "performance": [(1, 40, 0.5, 0.75, 0.9, 0.8, None, None)]}
    found = next(one for one in chapters(tables(**rows), show_samples=True) if one.title.startswith("Predictions"))
    (scores,) = found.tables.values()
    assert headings(scores) == ["cluster", "samples", "mean target", "accuracy", "local AUC", "global AUC"]
    assert dict(found.facts)["accuracy"] == "75.0 % (30 of 40; 95 % interval 58.8 to 87.3 %)"


def test_no_limit_is_said_to_be_infinite():
    (ranges,) = chapter("Range").tables.values()
    assert cells(ranges)[0] == ["1", "10", "y", "-1", "∞"]


def test_unobserved_regions_are_counted_and_their_shares_added():
    found = chapter("Unobserved")
    facts = dict(found.facts)
    assert facts["regions without a sample"] == "2"
    assert facts["their share of the domain"] == "37.5 %"
    assert facts["known to contain an admissible input"] == "1"
    (table,) = found.tables.values()
    assert headings(table)[2:] == [
        "share of the domain", "departure", "nearest cluster", "contains an admissible input"
    ]  # fmt: skip
    assert cells(table)[0] == ["3", "01", "25.0 %", "1.500", "1", "yes"]


def test_groups_have_a_curve():
    found = chapter("Fewer groups")
    assert [chart.kind for chart in found.charts] == [ChartKind.TRADEOFF]
    assert "4 clusters" in found.paragraphs[0]
