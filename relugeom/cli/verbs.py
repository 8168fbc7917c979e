"""The verbs and their options; each loads what it needs when it runs, so that help costs nothing."""

import sys
from typing import Annotated

import typer

from relugeom.version import VERSION

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Exact geometry of trained ReLU networks: activation regions, effective maps, clusters, store and report.",
)
database = typer.Typer(no_args_is_help=True, help="The schema of a store.")
app.add_typer(database, name="db")

Model = Annotated[str, typer.Argument(metavar="MODEL", help="A model file (.onnx, .npz).")]
Data = Annotated[str, typer.Argument(metavar="DATA", help="A CSV file with a header.")]
StoreName = Annotated[str, typer.Argument(metavar="STORE", help="A store: a file name or an SQLAlchemy URL.")]
Pattern = Annotated[str, typer.Argument(metavar="PATTERN", help="An activation pattern, written 0110/10.")]
DomainSpec = Annotated[
    str | None,
    typer.Option("--domain", metavar="SPEC", help="box:LO,HI (every input), all (R^n), data, or a TOML file."),
]
Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object.")]
Target = Annotated[
    str | None, typer.Option("--target", metavar="COLUMN", help="The column that the model should predict.")
]
Features = Annotated[
    str | None, typer.Option("--features", metavar="A,B,…", help="The columns that feed the inputs, in their order.")
]
Ignore = Annotated[
    list[str] | None, typer.Option("--ignore", metavar="COL", help="A column to leave out (A,B or again for more).")
]
MaxRegions = Annotated[
    int, typer.Option("--max-regions", metavar="N", help="Stop after the first N regions in tree order.")
]
TimeLimit = Annotated[
    float, typer.Option("--time-limit", metavar="SECONDS", help="Stop the search after so many seconds.")
]
Threads = Annotated[int, typer.Option("--threads", metavar="K", help="Threads that search; the answer is the same.")]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"relugeom {VERSION}")
        raise typer.Exit


@app.callback()
def relugeom(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of the command as a whole."""


@app.command()
def audit(
    model: Model,
    data: Data,
    target: Target = None,
    features: Features = None,
    ignore: Ignore = None,
    domain: DomainSpec = None,
    store: Annotated[
        str | None, typer.Option("--store", metavar="URL", help="Where the store is (OUT/audit.db by default).")
    ] = None,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Folder for the store and the report.")] = "audit",
    max_regions: MaxRegions = 1_000_000,
    time_limit: TimeLimit = 600.0,
    threads: Threads = 1,
    as_json: Json = False,
) -> None:
    """Cluster the data, list every region of the domain, write a store and a report.

    Without --domain: domain.toml beside MODEL where there is one, else the range of the data.

    Example: relugeom audit network.onnx passengers.csv --target Survived --out audit
    """
    from relugeom.cli.auditing import run_audit

    options = {"domain": domain, "store": store, "out": out, "max_regions": max_regions}
    sys.exit(
        run_audit(
            model,
            data,
            as_json=as_json,
            target=target,
            features=_names(features),
            ignore=_joined(ignore),
            time_limit=time_limit,
            threads=threads,
            **options,
        )
    )


@app.command()
def inspect(model: Model, as_json: Json = False) -> None:
    """Inputs, layers, units and digest of a model.

    Example: relugeom inspect network.onnx
    """
    from relugeom.cli.models import run_inspect

    sys.exit(run_inspect(model, as_json=as_json))


@app.command()
def cluster(
    model: Model,
    data: Data,
    target: Target = None,
    features: Features = None,
    ignore: Ignore = None,
    domain: DomainSpec = None,
    as_json: Json = False,
) -> None:
    """The paper's analysis of observed data: samples that share an activation pattern, and their effective maps.

    Example: relugeom cluster network.onnx passengers.csv --target Survived
    """
    from relugeom.cli.auditing import run_cluster

    sys.exit(
        run_cluster(
            model,
            data,
            target=target,
            features=_names(features),
            ignore=_joined(ignore),
            domain=domain,
            as_json=as_json,
        )
    )


@app.command("enumerate")
def enumerate_(
    model: Model,
    domain: DomainSpec = None,
    max_regions: MaxRegions = 1_000_000,
    time_limit: TimeLimit = 600.0,
    threads: Threads = 1,
    store: Annotated[str | None, typer.Option("--store", metavar="URL", help="A store to save the regions in.")] = None,
    as_json: Json = False,
) -> None:
    """Every activation region of a domain.

    Example: relugeom enumerate network.onnx --domain box:-1,1
    """
    from relugeom.cli.models import run_enumerate

    sys.exit(
        run_enumerate(
            model,
            domain,
            max_regions=max_regions,
            time_limit=time_limit,
            threads=threads,
            store=store,
            as_json=as_json,
        )
    )


@app.command()
def locate(model: Model, pattern: Pattern, domain: DomainSpec = None, as_json: Json = False) -> None:
    """Whether a pattern is feasible: an input that has it, or why none can.

    Exit code 0 for a region, 1 for a pattern that is infeasible or lower-dimensional.

    Example: relugeom locate network.onnx 0110/10 --domain box:-1,1
    """
    from relugeom.cli.models import run_locate

    sys.exit(run_locate(model, pattern, domain, as_json=as_json))


@app.command()
def graph(
    model: Model,
    pattern: Pattern,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="A .graphml, .json, .png or .svg file.")],
    prune_unreached: Annotated[
        bool, typer.Option("--prune-unreached", help="Leave out units from which no active path reaches an output.")
    ] = False,
    as_json: Json = False,
) -> None:
    """The active subnetwork G_u of a pattern.

    Example: relugeom graph network.onnx 0110/10 --out subnetwork.svg
    """
    from relugeom.cli.models import run_graph

    sys.exit(run_graph(model, pattern, out, prune_unreached=prune_unreached, as_json=as_json))


@app.command()
def query(
    store: StoreName,
    sql: Annotated[str | None, typer.Argument(metavar="[SQL]", help="One SELECT statement.")] = None,
    view: Annotated[str | None, typer.Option("--view", metavar="NAME", help="Show a documented view instead.")] = None,
    list_views: Annotated[bool, typer.Option("--list", help="List the documented views.")] = False,
    form: Annotated[str, typer.Option("--format", metavar="table|csv|json", help="How rows are printed.")] = "table",
    as_json: Json = False,
) -> None:
    """Ask a store, read-only.

    Example: relugeom query audit/audit.db --view importance_by_cluster
    """
    from relugeom.cli.stores import run_query

    sys.exit(run_query(store, sql, view=view, list_views=list_views, form="json" if as_json else form))


@app.command()
def report(
    store: StoreName,
    out: Annotated[str, typer.Option("--out", metavar="FILE.html", help="Where the page is written.")],
    run: Annotated[int | None, typer.Option("--run", metavar="N", help="Which run; the latest by default.")] = None,
    as_json: Json = False,
) -> None:
    """Write the report of a run that is in a store.

    Example: relugeom report audit/audit.db --out report.html
    """
    from relugeom.cli.stores import run_report

    sys.exit(run_report(store, out, run=run, as_json=as_json))


@database.command()
def current(store: StoreName, as_json: Json = False) -> None:
    """The schema of a store, and the one that this relugeom writes.

    Example: relugeom db current audit/audit.db
    """
    from relugeom.cli.stores import run_current

    sys.exit(run_current(store, as_json=as_json))


@database.command()
def upgrade(store: StoreName, as_json: Json = False) -> None:
    """Bring a store to the schema of this relugeom; nothing in it is lost.

    Example: relugeom db upgrade audit/audit.db
    """
    from relugeom.cli.stores import run_upgrade

    sys.exit(run_upgrade(store, as_json=as_json))


def _names(text: str | None) -> list[str] | None:
    """The names of a list separated by commas."""
    return None if text is None else [name.strip() for name in text.split(",")]


def _joined(options: list[str] | None) -> list[str]:
    """The names of an option that may be given several times."""
    return [name for text in options or () for name in _names(text) or ()]
