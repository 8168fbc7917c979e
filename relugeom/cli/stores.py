"""The verbs that need a store only: query, report, db.

The report is slow to load, and who asks a question does not wait for it.
"""

from collections.abc import Sequence
from itertools import islice

from relugeom.cli.output import is_read, is_whole, json_rows, print_error, print_json, print_parts, print_text, tell
from relugeom.errors import InputError, StoreError
from relugeom.printing import hide_passwords
from relugeom.report.csv_text import csv_text
from relugeom.store.database.location import parse_location
from relugeom.store.database.migration import schema_version
from relugeom.store.database.migration import upgrade as upgrade_store
from relugeom.store.database.one_file import move_log
from relugeom.store.metadata import datasette_metadata
from relugeom.store.query.readonly import QueryResult
from relugeom.store.query.readonly import run_query as ask
from relugeom.store.views import find_view
from relugeom.store.views import list_views as known_views

__all__ = ["run_current", "run_metadata", "run_query", "run_report", "run_upgrade"]

NOT_WHOLE = CUT_SHORT = 3
FORMS = ("table", "csv", "json")
MAX_TABLE_ROWS, MAX_COUNTED_ROWS = 200, 10_000
"""Rows that a table shows, and further ones that are counted: to count all could take long."""
MAX_CELL = 1_000
"""Letters of a value that a table shows."""


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
        raise InputError(f"--format {form!r}: write one of {', '.join(FORMS)}")
    if not time_limit > 0:
        raise InputError(f"--time-limit {time_limit:g}: write a positive number of seconds")
    if list_views:
        return _print_rows(QueryResult(("view", "answers"), iter(known_views().items())), form)
    if store is None:
        raise InputError("name a store: a file name or an SQLAlchemy URL (only --list needs none)")
    if (sql is None) == (view is None):
        raise InputError("give either one SELECT statement or --view NAME; --list shows the views")
    statement = sql if sql is not None else f'SELECT * FROM "{find_view(str(view)).name}"'
    result = ask(store, statement, time_limit=time_limit, few=form == "table", most_bytes=max_bytes)
    return _print_rows(result, form)


def _print_rows(result: QueryResult, form: str) -> int:
    """Print the rows as they come; 3 where they are not all that was asked for."""
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
            print_error(f"{error}; what was printed is the beginning of the answer")
            return CUT_SHORT
    for line in result.left_out:
        print_error(line)
    return CUT_SHORT if result.left_out else 0


def _print_table(result: QueryResult) -> None:
    """The first rows, and how many more there are."""
    from relugeom.report.plain_tables import row_table

    shown = [tuple(map(_short, row)) for row in islice(result.rows, MAX_TABLE_ROWS)]
    print_parts([row_table(result.columns, shown)])
    more = sum(1 for _ in islice(result.rows, MAX_COUNTED_ROWS))
    if more:
        count = f"{more:,}" if more < MAX_COUNTED_ROWS else f"{more:,} or more"
        tell(f"… and {count} further rows: --format csv or json prints them all")


def _short(value: object) -> object:
    """The beginning of a value that is too long for a table."""
    return value[:MAX_CELL] if isinstance(value, str | bytes) else value


def run_report(
    store: str, out: str, *, run: int | None, show_samples: bool, map_features: Sequence[str] | None, as_json: bool
) -> int:
    """`relugeom report`."""
    from relugeom.audit import report_content
    from relugeom.report.html import write_report
    from relugeom.store.store import open_store

    with open_store(store, create=False) as opened:
        content = report_content(opened, run, show_samples=show_samples, map_features=map_features)
    write_report(content, out)
    if as_json:
        print_json({"report": out, "title": content.title})
    else:
        tell(f"{out}: {content.title}")
    return 0


def run_current(store: str, *, as_json: bool) -> int:
    """`relugeom db current`."""
    version, shown = schema_version(store), hide_passwords(store)
    if as_json:
        print_json({"store": shown, "current": version.current, "newest": version.head})
    else:
        behind = "" if version.current == version.head else f": bring it to {version.head} with relugeom db upgrade"
        print_parts([f"{shown} has schema {version.current}{behind}"])
    return 0


def run_upgrade(store: str, *, as_json: bool) -> int:
    """`relugeom db upgrade`."""
    before, shown = upgrade_store(store), hide_passwords(store)
    if as_json:
        print_json({"store": shown, "before": before.current, "current": before.head})
    else:
        same = before.current == before.head
        print_parts(
            [f"{shown} has schema {before.head}" + (" already" if same else f", before it had {before.current}")]
        )
    return 0 if is_whole(move_log(parse_location(store))) else NOT_WHOLE


def run_metadata(store: str) -> int:
    """`relugeom db metadata`."""
    print_json(datasette_metadata(store))
    return 0
