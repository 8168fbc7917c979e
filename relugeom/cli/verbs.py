"""The verbs about models and data; each loads what it needs when it runs, so that `--help` is fast.

The exit codes are in `exit_codes.py`.
"""

from typing import Annotated

import typer

from relugeom.cli.app import app, budget_of, names_in, names_in_all
from relugeom.cli.model_file import Reading
from relugeom.cli.options import (
    Activations,
    Data,
    DataUrl,
    DomainSpec,
    FailOn,
    Features,
    Ignore,
    Json,
    Layers,
    MapFeatures,
    MaxRegions,
    Model,
    NoSamples,
    Pattern,
    Probability,
    Protected,
    Regions,
    Resume,
    Target,
    Threads,
    Threshold,
    TimeLimit,
)
from relugeom.defaults import MOST_REGIONS, SECONDS
from relugeom.errors import InputError

__all__ = ["audit", "cluster", "enumerate_", "graph", "inspect", "locate"]


@app.command()
def audit(
    context: typer.Context,
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
        str | None, typer.Option("--store", metavar="URL", help="Store to write to (OUT/audit.db by default).")
    ] = None,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Folder for the store and the report.")] = "audit",
    max_regions: MaxRegions = MOST_REGIONS,
    regions: Regions = None,
    time_limit: TimeLimit = SECONDS,
    fail_on: FailOn = "open",
    threads: Threads = 1,
    resume: Resume = False,
    no_samples: NoSamples = False,
    map_features: MapFeatures = None,
    layers: Layers = None,
    activations: Activations = None,
    as_json: Json = False,
) -> int:
    """Audit a model on its data: clusters, regions, importance, proofs, store, report.

    Groups the samples by activation pattern, reads the effective map of each group as importance, lists every
    activation region of the domain, counts how all patterns divide, and writes a store and a report. Without --domain,
    the domain is read from domain.toml beside MODEL if there is one; otherwise it is the range of the data.

    \b
    Example:
      relugeom audit network.onnx passengers.csv --target Survived --out audit
    """
    from relugeom.audit.request import AuditRequest
    from relugeom.cli.auditing import run_audit
    from relugeom.network.decision import choose_decision

    reading = Reading.of(layers, activations)
    request = AuditRequest(
        model=model,
        data=data,
        layers=reading.layers,
        activations=reading.activations,
        data_url=data_url,
        target=target,
        features=None if features is None else names_in(features),
        ignore=names_in_all(ignore),
        decision=choose_decision(threshold, probability),
        domain=domain,
        store=store,
        out=out,
        protected=names_in_all(protected),
        regions=regions,
        resume=resume,
        show_samples=not no_samples,
        map_features=None if map_features is None else names_in(map_features),
        budget=budget_of(context, max_regions=max_regions, time_limit=time_limit, threads=threads),
    )
    return run_audit(request, fail_on=fail_on, as_json=as_json)


@app.command()
def inspect(
    model: Model,
    layers: Layers = None,
    activations: Activations = None,
    as_json: Json = False,
) -> int:
    """Show what a model file holds: inputs, layers, units, digest.

    \b
    Example:
      relugeom inspect network.onnx
      relugeom inspect network.pt --layers fc1,fc2,out --activations relu,relu,sigmoid
    """
    from relugeom.cli.models import run_inspect

    return run_inspect(model, reading=Reading.of(layers, activations), as_json=as_json)


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
    layers: Layers = None,
    activations: Activations = None,
    as_json: Json = False,
) -> int:
    """Group the samples that share an activation pattern, and explain each group.

    Prints the size, decisions and target rate of each group, the means of its features, and its effective map, which
    shows how each feature moves the output in this group.

    \b
    Example:
      relugeom cluster network.onnx passengers.csv --target Survived
    """
    from relugeom.audit.inputs import InputRequest
    from relugeom.cli.auditing import run_cluster
    from relugeom.network.decision import choose_decision

    reading = Reading.of(layers, activations)
    request = InputRequest(
        model=model,
        data=data,
        layers=reading.layers,
        activations=reading.activations,
        data_url=data_url,
        target=target,
        features=None if features is None else names_in(features),
        ignore=names_in_all(ignore),
        decision=choose_decision(threshold, probability),
    )
    return run_cluster(request, domain=domain, as_json=as_json)


@app.command("enumerate")
def enumerate_(
    context: typer.Context,
    model: Model,
    domain: DomainSpec = None,
    max_regions: MaxRegions = MOST_REGIONS,
    time_limit: TimeLimit = 600.0,
    threads: Threads = 1,
    store: Annotated[str | None, typer.Option("--store", metavar="URL", help="Store to save the regions in.")] = None,
    resume: Resume = False,
    measure: Annotated[
        bool, typer.Option("--measure", help="Compute volumes, facets and linear regions too, in half of the time.")
    ] = False,
    estimate: Annotated[
        bool,
        typer.Option(
            "--estimate",
            help="Only estimate how many regions there are and how long a search takes, in 2 seconds "
            "or the time limit that is given.",
        ),
    ] = False,
    layers: Layers = None,
    activations: Activations = None,
    as_json: Json = False,
) -> int:
    """List every activation region of a domain; --store keeps them. Or, with --estimate, say how many there will be.

    \b
    Example:
      relugeom enumerate network.onnx --domain box:-1,1
      relugeom enumerate network.onnx --domain box:-1,1 --estimate
    """
    from relugeom.cli.enumerating import run_enumerate

    if estimate:
        from relugeom.cli.estimating import run_estimate

        kept = {"--store": store is not None, "--resume": resume, "--measure": measure}
        if unused := [name for name, is_given in kept.items() if is_given]:
            raise InputError(f"--estimate lists no regions, so that {unused[0]} has no use: leave one of the two out")
        source = context.get_parameter_source("time_limit")
        return run_estimate(
            model,
            domain,
            time_limit=None if source is None or source.name == "DEFAULT" else time_limit,
            reading=Reading.of(layers, activations),
            as_json=as_json,
        )
    return run_enumerate(
        model,
        domain,
        budget=budget_of(context, max_regions=max_regions, time_limit=time_limit, threads=threads),
        store=store,
        resume=resume,
        measure=measure,
        reading=Reading.of(layers, activations),
        as_json=as_json,
    )


@app.command()
def locate(
    model: Model,
    pattern: Pattern,
    domain: DomainSpec = None,
    time_limit: TimeLimit = 600.0,
    layers: Layers = None,
    activations: Activations = None,
    as_json: Json = False,
) -> int:
    """Decide whether any input has a pattern, and show one or a proof.

    Exit code 0: the pattern is a region; 1: it is infeasible or lower-dimensional; 3: time ran out.

    \b
    Example:
      relugeom locate network.onnx 0110/10 --domain box:-1,1
    """
    from relugeom.cli.models import run_locate

    return run_locate(
        model, pattern, domain, time_limit=time_limit, reading=Reading.of(layers, activations), as_json=as_json
    )


@app.command()
def graph(
    model: Model,
    pattern: Pattern,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="File to write: .graphml, .json, .png or .svg.")],
    prune_unreached: Annotated[
        bool, typer.Option("--prune-unreached", help="Leave out units from which no active path reaches an output.")
    ] = False,
    layers: Layers = None,
    activations: Activations = None,
    as_json: Json = False,
) -> int:
    """Draw or export the active subnetwork of a pattern.

    \b
    Example:
      relugeom graph network.onnx 0110/10 --out subnetwork.svg
    """
    from relugeom.cli.models import run_graph

    return run_graph(
        model, pattern, out, prune_unreached=prune_unreached, reading=Reading.of(layers, activations), as_json=as_json
    )
