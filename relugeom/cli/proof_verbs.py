"""The verbs that prove and check: `certify`, `check`, `export`, `verify`, `compare`."""

from typing import Annotated

import typer

from relugeom.cli.app import app, budget_of
from relugeom.cli.model_file import Reading
from relugeom.cli.options import (
    Activations,
    DomainSpec,
    Json,
    Layers,
    MaxCells,
    MaxRegions,
    Model,
    Threads,
    TimeLimit,
)
from relugeom.defaults import MOST_REGIONS

__all__ = ["certify", "check", "compare", "export", "verify"]


@app.command()
def certify(
    context: typer.Context,
    model: Model,
    domain: DomainSpec = None,
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help="File to write the certificate to.")
    ] = "partition.cert",
    max_regions: MaxRegions = MOST_REGIONS,
    time_limit: TimeLimit = 600.0,
    threads: Threads = 1,
    layers: Layers = None,
    activations: Activations = None,
    as_json: Json = False,
) -> int:
    """Prove that the list of regions is complete.

    Anybody can check the certificate in exact arithmetic with Python's standard library and one file of this program.
    The search takes at most half of the time. If the search or the proof is cut short, what was found and proved is
    certified (exit code 3).

    \b
    Example:
      relugeom certify network.onnx --domain box:-1,1 --out partition.cert
    """
    from relugeom.cli.certifying import run_certify

    return run_certify(
        model,
        domain,
        out=out,
        budget=budget_of(context, max_regions=max_regions, time_limit=time_limit, threads=threads),
        reading=Reading.of(layers, activations),
        as_json=as_json,
    )


@app.command()
def check(
    certificate: Annotated[
        str, typer.Argument(metavar="FILE", help="A certificate, a file of many, or the folder of an audit.")
    ],
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="Model that the certificate should be about.")
    ] = None,
    second_model: Annotated[
        str | None, typer.Option("--second-model", metavar="MODEL", help="Second model of a comparison.")
    ] = None,
    domain: Annotated[
        str | None,
        typer.Option("--domain", metavar="SPEC", help="Domain that the certificate should be about (with --model)."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="DATA", help="Data that an audit should be about (with --model)."),
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option("--time-limit", metavar="SECONDS", min=0.001, help="Time for the check; no limit by default."),
    ] = None,
    threads: Threads = 1,
    layers: Layers = None,
    activations: Activations = None,
    as_json: Json = False,
) -> int:
    """Check a certificate in exact arithmetic, trusting nothing.

    Names of inputs, outputs and classes are compared with those of MODEL and SPEC, too. Of a file of many claims, such
    as the proofs.cert of an audit, each is checked; FILE/NAME is one of them. Of the folder of an audit, every
    statement that holds in its store must be the claim of a certificate that is accepted, and digests of model, domain,
    data and report must be those in the store. Exit code 0: accepted; 1: a step does not follow, or the certificate is
    about another model, domain or name; 2: the file is not a certificate; 3: time ran out, or a statement of an audit
    has no certificate.

    \b
    Examples:
      relugeom check partition.cert --model network.onnx --domain box:-1,1
      relugeom check audit --model network.onnx --domain domain.toml --data data.csv
    """
    from relugeom.cli.checking import run_check

    return run_check(
        certificate,
        model=model,
        second_model=second_model,
        domain=domain,
        data=data,
        time_limit=time_limit,
        threads=threads,
        reading=Reading.of(layers, activations),
        as_json=as_json,
    )


@app.command()
def export(
    model: Model,
    domain: DomainSpec = None,
    out: Annotated[
        str, typer.Option("--out", metavar="DIR", help="Folder for network.json and domain.json.")
    ] = "exported",
    layers: Layers = None,
    activations: Activations = None,
    as_json: Json = False,
) -> int:
    """Write a model and a domain as plain files that `checker.py` compares with a certificate.

    The numbers in these files are those that certificates are about. Without --domain, the domain is read from
    domain.toml beside MODEL, if there is one.

    \b
    Example:
      relugeom export network.onnx --domain box:-1,1 --out exported
      python -I -S checker.py partition.cert --model exported/network.json --domain exported/domain.json
    """
    from relugeom.cli.exporting import run_export

    return run_export(model, domain, out, reading=Reading.of(layers, activations), as_json=as_json)


@app.command()
def verify(
    model: Model,
    stated: Annotated[
        str, typer.Argument(metavar="PROPERTY", help="A property in VNN-LIB 1.0 (.vnnlib or .vnnlib.gz).")
    ],
    domain: Annotated[
        str | None,
        typer.Option(
            "--domain",
            metavar="SPEC",
            help="Domain that the inputs must lie in, in addition to what PROPERTY says of them.",
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="File to write the proof to, a certificate for `relugeom check`."),
    ] = None,
    max_cells: MaxCells = 1_000_000,
    time_limit: TimeLimit = 600.0,
    layers: Layers = None,
    activations: Activations = None,
    as_json: Json = False,
) -> int:
    """Decide whether a property holds for all inputs.

    Exit code 0: it holds; 1: there is a counterexample (checked exactly); 3: unknown. The assertions of PROPERTY
    describe a counterexample, as is usual.

    \b
    Example:
      relugeom verify network.onnx property.vnnlib --out property.cert
    """
    from relugeom.cli.verifying import run_verify

    return run_verify(
        model,
        stated,
        domain=domain,
        out=out,
        max_cells=max_cells,
        time_limit=time_limit,
        reading=Reading.of(layers, activations),
        as_json=as_json,
    )


@app.command()
def compare(
    model: Model,
    other: Annotated[
        str, typer.Argument(metavar="OTHER", help="A second model file with the same inputs and outputs.")
    ],
    domain: DomainSpec = None,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="File to write the proof to, a certificate for `relugeom check`."),
    ] = None,
    time_limit: TimeLimit = 600.0,
    layers: Layers = None,
    activations: Activations = None,
    as_json: Json = False,
) -> int:
    """Decide whether two networks are the same function.

    Exit code 0: they are the same, which is proved; 1: they differ, and the answer says where and by how much at most;
    3: unknown. Without --domain, the domain is read from domain.toml beside MODEL.

    \b
    Example:
      relugeom compare network.onnx simplified.npz --domain box:-1,1
    """
    from relugeom.cli.comparing import run_compare

    return run_compare(
        model,
        other,
        domain=domain,
        out=out,
        time_limit=time_limit,
        reading=Reading.of(layers, activations),
        as_json=as_json,
    )
