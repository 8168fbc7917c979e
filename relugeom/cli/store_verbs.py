"""The verbs about a store, query, report and db, and the one that compiles in advance."""

from typing import Annotated

import typer

from relugeom.cli.app import app, budget_of, database, names_in
from relugeom.cli.options import Json, MapFeatures, NoSamples, StoreName

__all__ = ["current", "metadata", "query", "report", "upgrade", "warm_up"]


@app.command()
def query(
    store: Annotated[
        str | None, typer.Argument(metavar="STORE", help="A store, given as a file name or an SQLAlchemy URL.")
    ] = None,
    sql: Annotated[str | None, typer.Argument(metavar="SQL", help="One SELECT statement.")] = None,
    view: Annotated[
        str | None, typer.Option("--view", metavar="NAME", help="Show a documented view instead of the answer to SQL.")
    ] = None,
    list_views: Annotated[bool, typer.Option("--list", help="List the documented views.")] = False,
    form: Annotated[str, typer.Option("--format", metavar="table|csv|json", help="Format of the rows.")] = "table",
    time_limit: Annotated[
        float,
        typer.Option(
            "--time-limit",
            metavar="SECONDS",
            help="Time after which the query is stopped, printing of its rows included.",
        ),
    ] = 30.0,
    max_bytes: Annotated[
        int, typer.Option("--max-bytes", metavar="N", min=1, help="Cut the answer after N bytes of rows.")
    ] = 1_000_000_000,
    as_json: Json = False,
) -> int:
    """Query a store, read-only.

    Rows are printed as they arrive. Exit code 3: the answer was cut, or the query was stopped after its first rows.

    \b
    Example:
      relugeom query audit/audit.db --view importance_by_cluster
    """
    from relugeom.cli.stores import run_query

    form = "json" if as_json else form
    return run_query(
        store, sql, view=view, list_views=list_views, form=form, time_limit=time_limit, max_bytes=max_bytes
    )


@app.command()
def report(
    store: StoreName,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            metavar="FILE",
            help="File to write the report to, FILE.html or FILE.pdf; FILE.md and FILE.json get a summary.",
        ),
    ],
    run: Annotated[
        int | None, typer.Option("--run", metavar="N", help="Number of the run; the latest one by default.")
    ] = None,
    no_samples: NoSamples = False,
    map_features: MapFeatures = None,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Also print the page to a PDF file beside FILE (needs Chromium or Chrome).")
    ] = False,
    as_json: Json = False,
) -> int:
    """Write the report of a stored run, as a page, on paper, or in short.

    \b
    Example:
      relugeom report audit/audit.db --out report.html --pdf
    """
    from relugeom.cli.stores import run_report

    features = None if map_features is None else names_in(map_features)
    return run_report(store, out, run=run, show_samples=not no_samples, map_features=features, pdf=pdf, as_json=as_json)


@app.command("warm-up")
def warm_up(as_json: Json = False) -> int:
    """Compile the code for large searches and proofs in advance, for images and servers.

    \b
    Example:
      relugeom warm-up
    """
    from relugeom.cli.warming import run_warm_up

    return run_warm_up(as_json=as_json)


@database.command()
def current(store: StoreName, as_json: Json = False) -> int:
    """Show the schema of a store, and the one that this relugeom uses.

    \b
    Example:
      relugeom db current audit/audit.db
    """
    from relugeom.cli.stores import run_current

    return run_current(store, as_json=as_json)


@database.command()
def upgrade(context: typer.Context, store: StoreName, as_json: Json = False) -> int:
    """Upgrade a store to the present schema, and repair one that was cut short.

    Nothing that is stored is lost. An SQLite store becomes a single file again.

    \b
    Example:
      relugeom db upgrade audit/audit.db
    """
    from relugeom.cli.stores import run_upgrade

    return run_upgrade(store, waits=budget_of(context).storing, as_json=as_json)


@database.command()
def metadata(
    store: StoreName,
    as_json: Json = False,  # what it prints is JSON in any case
) -> int:
    """Print descriptions of tables, columns and views as JSON for Datasette.

    \b
    Example:
      relugeom db metadata audit/audit.db > metadata.json
      datasette audit/audit.db --metadata metadata.json
    """
    from relugeom.cli.stores import run_metadata

    return run_metadata(store)
