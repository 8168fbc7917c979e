"""The verbs that need a store only: query, report, db."""

from itertools import islice

from relugeom.audit import report_content
from relugeom.cli.output import print_json, print_parts, print_text, tell
from relugeom.errors import InputError
from relugeom.report.csv_text import csv_text
from relugeom.report.html import write_report
from relugeom.report.tables import row_table
from relugeom.store.migration import schema_version
from relugeom.store.migration import upgrade as upgrade_store
from relugeom.store.readonly import run_query as ask
from relugeom.store.store import open_store
from relugeom.store.views import find_view
from relugeom.store.views import list_views as known_views

__all__ = ["run_current", "run_query", "run_report", "run_upgrade"]

FORMS = ("table", "csv", "json")
MAX_TABLE_ROWS = 200


def run_query(store: str, sql: str | None, *, view: str | None, list_views: bool, form: str) -> int:
    """`relugeom query`."""
    if form not in FORMS:
        raise InputError(f"--format {form!r}: write one of {', '.join(FORMS)}")
    if list_views:
        return _print_rows(("view", "answers"), list(known_views().items()), form, more=0)
    if (sql is None) == (view is None):
        raise InputError("give either one SELECT statement or --view NAME; --list shows the views")
    statement = sql if sql is not None else f'SELECT * FROM "{find_view(str(view)).name}"'
    result = ask(store, statement)
    if form == "table":
        rows = list(islice(result.rows, MAX_TABLE_ROWS))
        return _print_rows(result.columns, rows, form, more=sum(1 for _ in result.rows))
    return _print_rows(result.columns, list(result.rows), form, more=0)


def _print_rows(columns: tuple[str, ...], rows: list[tuple[object, ...]], form: str, *, more: int) -> int:
    if form == "json":
        readable = [[value.hex() if isinstance(value, bytes) else value for value in row] for row in rows]
        print_json({"columns": list(columns), "rows": readable})
    elif form == "csv":
        print_text(csv_text(columns, rows))
    else:
        print_parts([row_table(columns, rows)])
        if more:
            tell(f"… and {more:,} more rows: --format csv or json prints them all")
    return 0


def run_report(store: str, out: str, *, run: int | None, as_json: bool) -> int:
    """`relugeom report`."""
    with open_store(store, create=False) as opened:
        content = report_content(opened, run)
    write_report(content, out)
    if as_json:
        print_json({"report": out, "title": content.title})
    else:
        tell(f"{out}: {content.title}")
    return 0


def run_current(store: str, *, as_json: bool) -> int:
    """`relugeom db current`."""
    version = schema_version(store)
    if as_json:
        print_json({"store": store, "current": version.current, "newest": version.head})
    else:
        behind = "" if version.current == version.head else f": bring it to {version.head} with relugeom db upgrade"
        print_parts([f"{store} has schema {version.current}{behind}"])
    return 0


def run_upgrade(store: str, *, as_json: bool) -> int:
    """`relugeom db upgrade`."""
    before = upgrade_store(store)
    if as_json:
        print_json({"store": store, "before": before.current, "current": before.head})
    else:
        same = before.current == before.head
        print_parts(
            [f"{store} has schema {before.head}" + (" already" if same else f", before it had {before.current}")]
        )
    return 0
