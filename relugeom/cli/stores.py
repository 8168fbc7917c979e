"""The verbs that need only a store: `query`, `report`, `db`.

The report and the subjects of a store are slow to load, so `query` does not load them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from relugeom.budget import StoreWaits
from relugeom.cli.exit_codes import code_of
from relugeom.cli.output import (
    is_read,
    json_rows,
    print_error,
    print_json,
    print_parts,
    print_text,
    show,
    show_file,
    tell,
)
from relugeom.errors import InputError, StoreError
from relugeom.printing import hide_passwords
from relugeom.report.csv_text import csv_text
from relugeom.store.database.location import parse_location
from relugeom.store.database.migration import SchemaVersion, schema_version
from relugeom.store.database.migration import upgrade as upgrade_store
from relugeom.store.database.one_file import move_log
from relugeom.store.query.readonly import QueryResult
from relugeom.store.query.readonly import run_query as ask

if TYPE_CHECKING:
    from rich.console import RenderableType

    from relugeom.report.content import ReportContent
    from relugeom.store.store import Store

__all__ = ["run_current", "run_metadata", "run_query", "run_report", "run_upgrade"]

FORMS = ("table", "csv", "json")
MAX_TABLE_ROWS, MAX_COUNTED_ROWS = 200, 10_000
"""Rows that a table shows, and further rows that are counted: counting all of them could take long."""
MAX_CELL = 1_000
"""Characters of a value that a table shows."""


def run_query(
    store: str | None,
    sql: str | None,
    *,
    view: str | None,
    list_views: bool,
    form: str,
    time_limit: float,
    max_bytes: int,
) -> int:
    """`relugeom query`."""
    if form not in FORMS:
        raise InputError(f"--format {form!r}: use one of {', '.join(FORMS)}")
    if not time_limit > 0:
        raise InputError(f"--time-limit {time_limit:g}: give a positive number of seconds")
    if list_views:
        from relugeom.store.views import list_views as known_views

        return _print_rows(QueryResult(("view", "answers"), iter(known_views().items())), form)
    if store is None:
        raise InputError("give a store: a file name or an SQLAlchemy URL (only --list needs none)")
    if (sql is None) == (view is None):
        raise InputError("give either one SELECT statement or --view NAME; --list shows the views")
    if sql is None:
        from relugeom.store.views import view_query

        sql = view_query(str(view))
    result = ask(store, sql, time_limit=time_limit, few=form == "table", most_bytes=max_bytes)
    return _print_rows(result, form)


def _print_rows(result: QueryResult, form: str) -> int:
    """Print the rows as they arrive, and then what they lack; returns the code of the answer."""
    if form == "table":
        _print_table(result)
    else:
        pieces = csv_text(result.columns, result.rows) if form == "csv" else json_rows(result.columns, result.rows)
        first = next(pieces)  # what is refused within the first rows prints nothing
        with result.clock.stopped():
            print_text(first)
        try:
            while is_read() and (piece := next(pieces, "")):
                with result.clock.stopped():  # the time limit is not for a slow reader
                    print_text(piece)
        except StoreError as error:
            result.left_out.append(f"{error}; what was printed is the beginning of the answer")
    for line in result.left_out:
        print_error(line)
    return code_of(result.status)


def _print_table(result: QueryResult) -> None:
    """Print the first rows, and how many more there are."""
    from relugeom.report.plain_tables import row_table

    shown = [tuple(map(_short, row)) for row in islice(result.rows, MAX_TABLE_ROWS)]
    print_parts([row_table(result.columns, shown)])
    more = sum(1 for _ in islice(result.rows, MAX_COUNTED_ROWS))
    if more:
        count = f"{more:,}" if more < MAX_COUNTED_ROWS else f"{more:,} or more"
        tell(f"… and {count} more rows: --format csv or json prints them all")


def _short(value: object) -> object:
    """The value, shortened if it is too long for a table."""
    return value[:MAX_CELL] if isinstance(value, str | bytes) else value


def run_report(
    store: str,
    out: str,
    *,
    run: int | None,
    show_samples: bool,
    map_features: Sequence[str] | None,
    pdf: bool,
    as_json: bool,
) -> int:
    """`relugeom report`."""
    from relugeom.audit.page import report_content
    from relugeom.store.store import open_store

    files = list(dict.fromkeys([out, *([str(Path(out).with_suffix(".pdf"))] if pdf else [])]))
    with open_store(store, create=False) as opened:
        content = report_content(opened, run, show_samples=show_samples, map_features=map_features)
        for file in reversed(files):  # paper first, since there may be no browser
            _write_report(content, file)
            _keep_report(opened, content, Path(file))
    return show_file({"report": out, "title": content.title}, f"{', '.join(files)}: {content.title}", as_json=as_json)


def _write_report(content: "ReportContent", file: str) -> None:
    """Write a report in the form that the name of the file asks for; a page unless it is another."""
    from relugeom.report.html import render_report, write_report
    from relugeom.report.pdf import find_browser, write_pdf
    from relugeom.report.summary import SUMMARY_SUFFIXES, write_summary

    suffix = Path(file).suffix.lower()
    if suffix in SUMMARY_SUFFIXES:
        write_summary(content, file)
    elif suffix == ".pdf":
        write_pdf(render_report(content), file, browser=find_browser())
    else:
        write_report(content, file)


def _keep_report(store: "Store", content: "ReportContent", file: Path) -> None:
    """Let the store know a report, unless it may only be read."""
    assert content.masthead is not None, "the report of a run names it"
    try:
        store.keep_report(content.masthead.run, file, file.read_bytes())
    except StoreError as error:
        tell(f"{error}: it does not know {str(file)!r}, so `relugeom check` will not accept that")


def run_current(store: str, *, as_json: bool) -> int:
    """`relugeom db current`."""
    return show(_Current(hide_passwords(store), schema_version(store)), as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Current:
    """The schema of a store."""

    store: str
    version: SchemaVersion
    status = None

    def as_json(self) -> dict[str, str | None]:
        return {"store": self.store, "current": self.version.current, "newest": self.version.head}

    def as_parts(self) -> "list[RenderableType]":
        current, head = self.version.current, self.version.head
        behind = "" if current == head else f": upgrade it to {head} with relugeom db upgrade"
        known = "no schema" if current is None else f"schema {current}"
        return [f"{self.store} has {known}{behind}"]


def run_upgrade(store: str, *, waits: StoreWaits, as_json: bool) -> int:
    """`relugeom db upgrade`."""
    answer = _Upgraded(hide_passwords(store), upgrade_store(store))
    return show(answer, as_json=as_json, leftover=move_log(parse_location(store), waits=waits))


@dataclass(frozen=True, slots=True)
class _Upgraded:
    """The schema of a store, and the one that it had before."""

    store: str
    before: SchemaVersion
    status = None

    def as_json(self) -> dict[str, str | None]:
        return {"store": self.store, "before": self.before.current, "current": self.before.head}

    def as_parts(self) -> "list[RenderableType]":
        current, head = self.before.current, self.before.head
        before = " already" if current == head else f" (it had {current or 'none'} before)"
        return [f"{self.store} has schema {head}{before}"]


def run_metadata(store: str) -> int:
    """`relugeom db metadata`."""
    from relugeom.store.metadata import datasette_metadata  # every subject of the store

    print_json(datasette_metadata(store))
    return code_of(None)
