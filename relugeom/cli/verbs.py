"""The verbs and their options; each loads what it needs when it runs, so that help costs nothing.

Exit codes: 0 done or proved, 1 a pattern that is no region or a property that fails, 2 bad input, 3 truncated or
unknown.
"""

import csv
from typing import Annotated

import typer

from relugeom.cli.options import (
    Data,
    DataUrl,
    DomainSpec,
    Features,
    Ignore,
    Json,
    MapFeatures,
    MaxCells,
    MaxRegions,
    Model,
    NoSamples,
    Pattern,
    Probability,
    Protected,
    Resume,
    StoreName,
    Target,
    Threads,
    Threshold,
    TimeLimit,
)
from relugeom.version import VERSION

__all__ = ["BAD_INPUT", "app"]

BAD_INPUT = 2

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Exact geometry of trained ReLU networks: activation regions, effective maps, clusters, store and report.",
)
database = typer.Typer(help="The schema of a store: current, upgrade.")
app.add_typer(database, name="db")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"relugeom {VERSION}")
        raise typer.Exit


def _show_help(context: typer.Context) -> None:
    """What a command without a verb answers."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(BAD_INPUT)


@app.callback(invoke_without_command=True)
def relugeom(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of the command as a whole."""
    _show_help(context)


@database.callback(invoke_without_command=True)
def db(context: typer.Context) -> None:
    """The schema of a store."""
    _show_help(context)


@app.command()
def audit(
    model: Model,
    data: Data,
    data_url: DataUrl = None,
    target: Target = None,
    features: Features = None,
    ignore: Ignore = None,
    threshold: Threshold = None,
    probability: Probability = None,
    domain: DomainSpec = None,
    protected: Protected = None,
    store: Annotated[
        str | None, typer.Option("--store", metavar="URL", help="Where the store is (OUT/audit.db by default).")
    ] = None,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Folder for the store and the report.")] = "audit",
    max_regions: MaxRegions = 1_000_000,
    time_limit: TimeLimit = 600.0,
    threads: Threads = 1,
    resume: Resume = False,
    no_samples: NoSamples = False,
    map_features: MapFeatures = None,
    as_json: Json = False,
) -> int:
    """The main job: clusters, regions, importance, store, report.

    Groups the samples by activation pattern, reads the effective map of each group as importance, lists every
    activation region of the domain, counts how all patterns divide, and writes a store and a report. Without --domain:
    domain.toml beside MODEL where there is one, else the range of the data.

    \b
    Example:
      relugeom audit network.onnx passengers.csv --target Survived --out audit
    """
    from relugeom.cli.auditing import run_audit

    return run_audit(
        model,
        data,
        as_json=as_json,
        data_url=data_url,
        target=target,
        features=_names(features) if features is not None else None,
        ignore=[name for text in ignore or () for name in _names(text)],
        threshold=threshold,
        probability=probability,
        domain=domain,
        protected=[name for text in protected or () for name in _names(text)],
        store=store,
        out=out,
        max_regions=max_regions,
        time_limit=time_limit,
        threads=threads,
        resume=resume,
        show_samples=not no_samples,
        map_features=None if map_features is None else _names(map_features),
    )


@app.command()
def inspect(model: Model, as_json: Json = False) -> int:
    """What a model file holds: inputs, layers, units, digest.

    \b
    Example:
      relugeom inspect network.onnx
    """
    from relugeom.cli.models import run_inspect

    return run_inspect(model, as_json=as_json)


@app.command()
def cluster(
    model: Model,
    data: Data,
    data_url: DataUrl = None,
    target: Target = None,
    features: Features = None,
    ignore: Ignore = None,
    threshold: Threshold = None,
    probability: Probability = None,
    domain: DomainSpec = None,
    as_json: Json = False,
) -> int:
    """Only the samples: groups that share a pattern, and why.

    Prints the size, decisions and target rate of each group, the means of its features, and its effective map, which
    says what moves the output in this group.

    \b
    Example:
      relugeom cluster network.onnx passengers.csv --target Survived
    """
    from relugeom.cli.auditing import run_cluster

    return run_cluster(
        model,
        data,
        data_url=data_url,
        target=target,
        features=_names(features) if features is not None else None,
        ignore=[name for text in ignore or () for name in _names(text)],
        threshold=threshold,
        probability=probability,
        domain=domain,
        as_json=as_json,
    )


@app.command("enumerate")
def enumerate_(
    model: Model,
    domain: DomainSpec = None,
    max_regions: MaxRegions = 1_000_000,
    time_limit: TimeLimit = 600.0,
    threads: Threads = 1,
    store: Annotated[str | None, typer.Option("--store", metavar="URL", help="A store to save the regions in.")] = None,
    resume: Resume = False,
    measure: Annotated[
        bool, typer.Option("--measure", help="Also volumes, facets and linear regions; longer than the search.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Every activation region of a domain, counted and stored.

    \b
    Example:
      relugeom enumerate network.onnx --domain box:-1,1
    """
    from relugeom.cli.models import run_enumerate

    return run_enumerate(
        model,
        domain,
        max_regions=max_regions,
        time_limit=time_limit,
        threads=threads,
        store=store,
        resume=resume,
        measure=measure,
        as_json=as_json,
    )


@app.command()
def locate(model: Model, pattern: Pattern, domain: DomainSpec = None, as_json: Json = False) -> int:
    """Whether any input has a pattern: which, or why not.

    Exit code 0 for a region, 1 for a pattern that is infeasible or lower-dimensional.

    \b
    Example:
      relugeom locate network.onnx 0110/10 --domain box:-1,1
    """
    from relugeom.cli.models import run_locate

    return run_locate(model, pattern, domain, as_json=as_json)


@app.command()
def graph(
    model: Model,
    pattern: Pattern,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="A .graphml, .json, .png or .svg file.")],
    prune_unreached: Annotated[
        bool, typer.Option("--prune-unreached", help="Leave out units from which no active path reaches an output.")
    ] = False,
    as_json: Json = False,
) -> int:
    """The active subnetwork G_u of a pattern.

    \b
    Example:
      relugeom graph network.onnx 0110/10 --out subnetwork.svg
    """
    from relugeom.cli.models import run_graph

    return run_graph(model, pattern, out, prune_unreached=prune_unreached, as_json=as_json)


@app.command()
def certify(
    model: Model,
    domain: DomainSpec = None,
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help="Where the certificate is written.")
    ] = "partition.cert",
    max_regions: MaxRegions = 1_000_000,
    time_limit: TimeLimit = 600.0,
    threads: Threads = 1,
    as_json: Json = False,
) -> int:
    """A proof that the list of regions is complete.

    Anybody can check it with Python's standard library and one file of this program, in exact arithmetic. A search that
    is cut short certifies what it has found (exit code 3).

    \b
    Example:
      relugeom certify network.onnx --domain box:-1,1 --out partition.cert
    """
    from relugeom.cli.certifying import run_certify

    return run_certify(
        model,
        domain,
        out=out,
        max_regions=max_regions,
        time_limit=time_limit,
        threads=threads,
        as_json=as_json,
    )


@app.command()
def check(
    certificate: Annotated[str, typer.Argument(metavar="FILE", help="A certificate.")],
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="The model that it should be about.")
    ] = None,
    domain: Annotated[
        str | None, typer.Option("--domain", metavar="SPEC", help="The domain that it should be about (with --model).")
    ] = None,
    threads: Threads = 1,
    as_json: Json = False,
) -> int:
    """Check a certificate, trusting nothing.

    Exit code 0 where it is accepted, 1 where a step does not follow or it is about another model or domain, 2 where it
    is no certificate.

    \b
    Example:
      relugeom check partition.cert --model network.onnx --domain box:-1,1
    """
    from relugeom.cli.certifying import run_check

    return run_check(certificate, model=model, domain=domain, threads=threads, as_json=as_json)


@app.command()
def verify(
    model: Model,
    stated: Annotated[str, typer.Argument(metavar="PROPERTY", help="A property in VNN-LIB 1.0 (.vnnlib).")],
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Keep the proof: a certificate for `relugeom check`.")
    ] = None,
    max_cells: MaxCells = 1_000_000,
    time_limit: TimeLimit = 600.0,
    as_json: Json = False,
) -> int:
    """Does a property hold for all inputs? Exit code 0: it holds, 1: a counterexample (checked exactly), 3: unknown.

    The assertions of PROPERTY describe a counterexample, as usual.

    \b
    Example:
      relugeom verify network.onnx property.vnnlib --out property.cert
    """
    from relugeom.cli.verifying import run_verify

    return run_verify(model, stated, out=out, max_cells=max_cells, time_limit=time_limit, as_json=as_json)


@app.command()
def query(
    store: StoreName,
    sql: Annotated[str | None, typer.Argument(metavar="SQL", help="One SELECT statement.")] = None,
    view: Annotated[str | None, typer.Option("--view", metavar="NAME", help="Show a documented view instead.")] = None,
    list_views: Annotated[bool, typer.Option("--list", help="List the documented views.")] = False,
    form: Annotated[str, typer.Option("--format", metavar="table|csv|json", help="How rows are printed.")] = "table",
    time_limit: Annotated[
        float, typer.Option("--time-limit", metavar="SECONDS", help="When a query is stopped, its rows included.")
    ] = 30.0,
    as_json: Json = False,
) -> int:
    """Ask a store, read-only.

    \b
    Example:
      relugeom query audit/audit.db --view importance_by_cluster
    """
    from relugeom.cli.stores import run_query

    form = "json" if as_json else form
    return run_query(store, sql, view=view, list_views=list_views, form=form, time_limit=time_limit)


@app.command()
def report(
    store: StoreName,
    out: Annotated[str, typer.Option("--out", metavar="FILE.html", help="Where the page is written.")],
    run: Annotated[int | None, typer.Option("--run", metavar="N", help="Which run; the latest by default.")] = None,
    no_samples: NoSamples = False,
    map_features: MapFeatures = None,
    as_json: Json = False,
) -> int:
    """Write the page of a run that is in a store.

    \b
    Example:
      relugeom report audit/audit.db --out report.html
    """
    from relugeom.cli.stores import run_report

    features = None if map_features is None else _names(map_features)
    return run_report(store, out, run=run, show_samples=not no_samples, map_features=features, as_json=as_json)


@database.command()
def current(store: StoreName, as_json: Json = False) -> int:
    """Show the schema of a store, and that of this relugeom.

    \b
    Example:
      relugeom db current audit/audit.db
    """
    from relugeom.cli.stores import run_current

    return run_current(store, as_json=as_json)


@database.command()
def upgrade(store: StoreName, as_json: Json = False) -> int:
    """Bring a store up to date; nothing in it is lost.

    \b
    Example:
      relugeom db upgrade audit/audit.db
    """
    from relugeom.cli.stores import run_upgrade

    return run_upgrade(store, as_json=as_json)


def _names(text: str) -> list[str]:
    """The names of a list separated by commas; a name with a comma stands in double quotes."""
    return [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [""])]
