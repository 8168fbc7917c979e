"""Tables of the page as rows of cells: the text, and the number by which a column is sorted."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from numbers import Real
from pathlib import PurePath

import numpy as np
import pandas as pd

from relugeom.claims.subject import Direction, Question
from relugeom.partition.partition import PatternStatus
from relugeom.printing import percent
from relugeom.report.content import Headline, ReportContent
from relugeom.report.excerpt import cluster_matrix
from relugeom.report.formatting import HEADINGS, PERCENT, display, map_text, percent_of, shortened
from relugeom.report.region_map import RegionMap
from relugeom.report.two_sides import gap_in_words, open_in_words, shown_verdict

__all__ = [
    "Cell",
    "PageTable",
    "answer_table",
    "by_name",
    "cluster_table",
    "direction_table",
    "domain_table",
    "free_table",
    "map_table",
    "matrix_table",
    "pattern_table",
    "proof_name",
    "records_of",
    "verdict_table",
]

MAX_CLUSTERS, MAX_MATRIX_CLUSTERS, MAX_FEATURES, MAX_PATTERNS, MAX_ROWS, MAX_ANSWERS = 100, 6, 200, 500, 1000, 200
MAX_TEXT = 300_000
"""Characters of patterns in one table: the longer the patterns, the fewer the rows."""
NAME_LENGTH = 120
MOVES = {Direction.RISES.value: "never falls", Direction.FALLS.value: "never rises"}
"""Directions, and what is stated of an output that has one."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes
    ----------
    text
        Text of the cell.
    sort
        Number by which the cell is sorted, as text; empty to sort by the text.
    kind
        "text", "number", "name" (a heading of its row), "pattern" or "verdict" (a status, too).
    note
        Further words after the text, in soft print.
    """

    text: str
    sort: str = ""
    kind: str = "text"
    note: str = ""


@dataclass(frozen=True, slots=True)
class PageTable:
    """A caption, headings (text, whether numbers stand below), rows, and a remark on what was left out."""

    caption: str
    headings: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[Cell]]
    more: str = ""


def verdict_table(headlines: Sequence[Headline], *, caption: str = "Verdicts", about: str = "statement") -> PageTable:
    """The verdicts in a few lines; several certificates are counted."""
    rows = [
        [
            Cell(shortened(line.statement, 4 * NAME_LENGTH), kind="name"),
            Cell(line.verdict, kind="verdict") if line.verdict else Cell(""),
            Cell(shortened(line.finding, 2 * NAME_LENGTH)),
            Cell(_proof_names(line.proofs)),
        ]
        for line in headlines
    ]
    headings = [(about, False), ("verdict", False), ("finding", False), ("certificate", False)]
    return _narrowed(PageTable(caption, headings, rows))


def _narrowed(table: PageTable) -> PageTable:
    """The table without its last column, that of certificates, where no row has one."""
    if any(row[-1].text for row in table.rows):
        return table
    return replace(table, headings=table.headings[:-1], rows=[row[:-1] for row in table.rows])


def _proof_names(files: Sequence[str]) -> str:
    names = [proof_name(file) if file != PurePath(file).name else file for file in files]
    return ", ".join(names) if len(names) < 3 else f"{names[0]} and {len(names) - 1} more"


def answer_table(answers: pd.DataFrame | None, *, directions: bool) -> PageTable:
    """Answers about the whole domain: those about directions, or all others; a proof is named by folder and file."""
    headings = [("statement", False), ("verdict", False), ("shown by", False), ("certificate", False)]
    if answers is None:
        return PageTable("", headings, [])
    answers = answers[_are_directions(answers) == directions]
    shown = answers.head(MAX_ANSWERS)
    rows = [
        [
            Cell(shortened(str(row["statement"]), 4 * NAME_LENGTH), kind="name"),
            Cell(shown_verdict(row), kind="verdict", note=gap_in_words(row)),
            Cell(shortened(_shown_by(row), 10 * NAME_LENGTH)),
            Cell(proof_name(row["file"]), note=f"SHA-256 {row['sha256']}" if isinstance(row["sha256"], str) else ""),
        ]
        for row in map(by_name, records_of(shown))
    ]
    more = _more(len(answers) - len(shown), "statement")
    caption = "Directions, one by one" if directions else "Statements about every input of the domain"
    return _narrowed(PageTable(caption, headings, rows, more))


def direction_table(answers: pd.DataFrame | None) -> PageTable:
    """How each output moves with each feature: one row for both directions, features in the order of the inputs."""
    headings = [("feature", False), *((words, False) for words in MOVES.values())]
    if answers is None:
        return PageTable("", headings, [])
    moves = answers[_are_directions(answers) & answers["direction"].notna()]
    pairs = moves.groupby(["output_position", "position"], sort=True)
    several = moves["output"].nunique() > 1
    rows = []
    for _, own in islice(pairs, MAX_ANSWERS):
        verdicts = dict(zip(own["direction"], own["verdict"], strict=True))
        first = own.iloc[0]
        rows.append(
            [
                *([Cell(shortened(str(first["output"]), NAME_LENGTH), kind="name")] if several else []),
                Cell(shortened(str(first["feature"]), NAME_LENGTH), kind="text" if several else "name"),
                *(Cell(str(verdicts.get(direction, "")), kind="verdict") for direction in MOVES),
            ]
        )
    if several:
        headings = [("output", False), *headings]
    caption = "Whether the output never falls, and never rises, when one feature alone rises"
    return PageTable(caption, headings, rows, _more(len(pairs) - len(rows), "row"))


def _are_directions(answers: pd.DataFrame) -> "pd.Series[bool]":
    return answers["question"] == Question.MONOTONICITY


def _shown_by(row: Mapping[str, object]) -> str:
    """What shows an answer: inputs, the reason why it is open and what is known all the same, or its certificate."""
    if row["witness"]:
        return str(row["witness"])
    open_words = open_in_words(row)
    short = row["short_reason"]
    reason = short if open_words and isinstance(short, str) else str(row["reason"])
    return "; ".join(filter(None, (reason, open_words))) or "its certificate"


def proof_name(path: object) -> str:
    """Folder and file name of a certificate; empty without one."""
    return "/".join(PurePath(path).parts[-2:]) if isinstance(path, str) else ""


def cluster_table(clusters: pd.DataFrame) -> PageTable:
    """The largest clusters."""
    columns: list[tuple[str, str, Callable[..., str]]] = [
        ("cluster", "cluster", display),
        ("pattern", "pattern", display),
        ("samples", "samples", display),
        ("share", "share", percent),
        ("outside", "out of domain", display),
        ("status", "status", display),
        ("prediction", "mean output", display),
        ("positive_share", "class 1", percent),
        ("target_mean", "mean target", display),
        ("accuracy", "accuracy", percent),
    ]
    kinds = {"pattern": "pattern", "status": "verdict"}
    used = [entry for entry in columns if clusters[entry[0]].notna().any()]
    shown = clusters.head(_fitting(clusters["pattern"], MAX_CLUSTERS))
    rows = []
    for row in records_of(shown):
        size = int(str(row["samples"]))
        writers = {column: partial(percent_of, whole=size) for column in ("positive_share", "accuracy")}
        rows.append([_cell(row[column], writers.get(column, write), kinds.get(column)) for column, _, write in used])
    headings = [(heading, column not in kinds) for column, heading, _ in used]
    return PageTable("Clusters, the largest first", headings, rows, _more(len(clusters) - len(shown), "cluster"))


def pattern_table(patterns: pd.DataFrame, hidden: int = 0) -> PageTable:
    """Settled patterns, with the unobserved ones marked; `hidden` more are not in the table."""
    shown = patterns.head(_fitting(patterns["pattern"], MAX_PATTERNS))
    rows = []
    for row in records_of(shown):
        unobserved = row["samples"] == 0 and row["status"] in (PatternStatus.REGION, PatternStatus.LOWER_DIMENSIONAL)
        rows.append(
            [
                Cell(str(row["pattern"]), kind="pattern"),
                Cell(display(row["status"]), kind="verdict", note="unobserved" if unobserved else ""),
                _cell(row["samples"], display),
                _cell(row["admissible"], display),
            ]
        )
    headings = [("pattern", False), ("status", False), ("samples", True), ("admissible inputs", True)]
    return PageTable(
        "Patterns that were settled", headings, rows, _more(len(patterns) + hidden - len(shown), "pattern")
    )


def domain_table(content: ReportContent) -> PageTable:
    """The box and the rules on single features; names are given in full here."""
    shown = content.domain.head(MAX_FEATURES)
    rows = [
        [
            Cell(str(row["feature"]), kind="name"),
            _cell(row["kind"], display, "text"),
            _cell(row["lower"], display),
            _cell(row["upper"], display),
            _cell(row["group"], display),
        ]
        for row in records_of(shown)
    ]
    headings = [("feature", False), ("kind", False), ("lower", True), ("upper", True), ("one-hot group", True)]
    if not len(shown) or shown["group"].isna().all():
        headings, rows = headings[:-1], [row[:-1] for row in rows]
    return PageTable("Domain of each feature", headings, rows, _more(len(content.domain) - len(shown), "feature"))


def matrix_table(table: pd.DataFrame, *columns: str, caption: str) -> PageTable:
    """Columns of a long table, with features as rows and the largest clusters side by side; later columns are notes."""
    matrices = [cluster_matrix(table, column, max_clusters=MAX_MATRIX_CLUSTERS) for column in columns]
    features, clusters = matrices[0].index, matrices[0].columns
    rows = [
        [
            Cell(shortened(feature, NAME_LENGTH), kind="name"),
            *(
                _cell(values[0], display, note="".join(f" ± {display(value)}" for value in values[1:]))
                for values in zip(*(matrix.loc[feature] for matrix in matrices), strict=True)
            ),
        ]
        for feature in features[:MAX_FEATURES]
    ]
    hidden = [
        _more(len(features) - MAX_FEATURES, "feature"),
        _more(table["cluster"].nunique() - len(clusters), "cluster"),
    ]
    headings = [("feature", False), *((f"cluster {cluster}", True) for cluster in clusters)]
    return PageTable(caption, headings, rows, " ".join(filter(None, hidden)))


def map_table(region_map: RegionMap) -> PageTable:
    """Regions of a map, with their functions on it."""
    names = [shortened(name, 30) for name in region_map.names]
    outputs = region_map.cut.partition.network.target_names
    limit = _fitting(pd.Series(region_map.patterns, dtype=object), MAX_ROWS)
    rows = [
        [
            Cell(f"{row + 1:,}", str(row + 1), "number"),
            Cell(pattern, kind="pattern"),
            Cell(f"{region_map.clusters[row]}" if region_map.clusters[row] else "none", kind="number"),
            Cell(map_text(region_map.cut.maps[row, 0], names)),
        ]
        for row, pattern in enumerate(region_map.patterns[:limit])
    ]
    headings = [("region", True), ("pattern", False), ("cluster", True), (shortened(outputs[0], 40), False)]
    caption = f"Regions of the slice along {names[0]} and {names[1]}"
    return PageTable(caption, headings, rows, _more(len(region_map.patterns) - limit, "region of this slice", "page"))


def free_table(table: pd.DataFrame, caption: str) -> PageTable:
    """A table with any columns; columns of numbers are aligned and sorted as such."""
    shown = table.head(MAX_ROWS)
    shares = table.attrs.get(PERCENT, ())
    writers = {column: percent if column in shares else _briefly for column in table.columns}
    kinds = {"verdict": "verdict", "pattern": "pattern"}
    rows = [
        [_cell(row[column], write, kinds.get(column)) for column, write in writers.items()] for row in records_of(shown)
    ]
    words = table.attrs.get(HEADINGS, {})
    headings = [
        (str(words.get(column, column)), pd.api.types.is_numeric_dtype(table[column])) for column in table.columns
    ]
    return PageTable(caption, headings, rows, _more(len(table) - len(shown), "row"))


def _briefly(value: object) -> str:
    return shortened(value, 4 * NAME_LENGTH) if isinstance(value, str) else display(value)


def _cell(value: object, write: Callable[..., str], kind: str | None = None, note: str = "") -> Cell:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    sort = repr(float(value)) if is_number and not pd.isna(value) else ""  # type: ignore[arg-type]
    return Cell(write(value), sort, kind or ("text" if isinstance(value, str) else "number"), note)


def records_of(frame: pd.DataFrame) -> list[Mapping[Hashable, object]]:
    """One mapping per row, from columns to values."""
    records: list[Mapping[Hashable, object]] = frame.to_dict("records")
    return records


def by_name(row: Mapping[Hashable, object]) -> Mapping[str, object]:
    """The same mapping, with texts as keys."""
    return {str(name): value for name, value in row.items()}


def _fitting(texts: pd.Series, limit: int) -> int:
    """Number of rows to show: `limit`, or fewer if their patterns are long."""
    lengths = np.cumsum([len(text) for text in texts.head(limit)])
    return max(int((lengths <= MAX_TEXT).sum()), min(len(lengths), 10))


def _more(hidden: int, what: str, place: str = "store") -> str:
    if hidden <= 0:
        return ""
    plural = "" if hidden == 1 else "s"
    where = "; the store has them all." if place == "store" else "; they are drawn but not listed."
    return f"… and {hidden:,} more {what}{plural}{where}"
