"""Tables that need no data frame: facts under a heading, and rows of a query.

Cells are `rich.text.Text` made of visible characters: no name is read as markup, and none contains a terminal's escape
codes.
"""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from relugeom.printing import printable
from relugeom.report.formatting import display

__all__ = ["add_rows", "fact_table", "plain_table", "row_table", "section"]


def row_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> RenderableType:
    """Table of rows of any values under their column names."""
    table = plain_table()
    for column in columns:
        table.add_column(printable(column), overflow="fold")
    add_rows(table, (map(display, row) for row in rows))
    return table


def fact_table(title: str, facts: Iterable[tuple[str, str]]) -> Group:
    """Table of labels and texts under a heading."""
    table = plain_table(show_header=False)
    table.add_column(style="dim", overflow="fold")
    table.add_column(overflow="fold")
    add_rows(table, ([printable(label), printable(text)] for label, text in facts))
    return section(title, table)


def section(title: str, *parts: RenderableType) -> Group:
    """Parts under a heading, with an empty line above."""
    return Group(Text(), Text(printable(title), style="bold"), *parts)


def plain_table(*, show_header: bool = True) -> Table:
    """A table whose only line is the one below its header."""
    return Table(box=box.SIMPLE_HEAD, show_header=show_header, show_edge=False, pad_edge=False, collapse_padding=True)


def add_rows(table: Table, rows: Iterable[Iterable[str]]) -> None:
    """Append rows of visible texts."""
    for row in rows:
        table.add_row(*map(Text, row))
