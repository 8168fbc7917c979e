"""Arguments and options that several verbs share."""

from typing import Annotated

import typer

from relugeom.importers.formats import FORMATS

__all__ = [
    "Activations",
    "Data",
    "DataUrl",
    "DomainSpec",
    "Features",
    "Ignore",
    "Json",
    "Layers",
    "MapFeatures",
    "MaxCells",
    "MaxRegions",
    "Model",
    "NoSamples",
    "Pattern",
    "Probability",
    "Protected",
    "Regions",
    "Resume",
    "StoreName",
    "Target",
    "Threads",
    "Threshold",
    "TimeLimit",
]

ALONE = [known.suffixes[0] for known in FORMATS if known.tensors_alone]

Model = Annotated[
    str, typer.Argument(metavar="MODEL", help=f"A model file ({', '.join(known.suffixes[0] for known in FORMATS)}).")
]
Layers = Annotated[
    str | None,
    typer.Option(
        "--layers",
        metavar="A,B,…",
        help=f"Layers of a {' or '.join(ALONE)} MODEL in their order, for example fc1,fc2,out.",
    ),
]
Activations = Annotated[
    str | None,
    typer.Option(
        "--activations",
        metavar="A,B,…",
        help="Activation after each layer, for example relu,relu,none (the last may be sigmoid or softmax).",
    ),
]
Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A CSV file with a header, or a Parquet file; with --data-url, a table, a view or a SELECT.",
    ),
]
DataUrl = Annotated[
    str | None,
    typer.Option("--data-url", metavar="URL", help="Database that contains DATA, as an SQLAlchemy URL."),
]
StoreName = Annotated[str, typer.Argument(metavar="STORE", help="A store, given as a file name or an SQLAlchemy URL.")]
Pattern = Annotated[str, typer.Argument(metavar="PATTERN", help="An activation pattern, written like 0110/10.")]
DomainSpec = Annotated[
    str | None,
    typer.Option(
        "--domain",
        metavar="SPEC",
        help="Inputs to consider: box:LO,HI (for every input), all (R^n), data "
        "(the range of the data), or a TOML file.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as exactly one JSON object.")]
Target = Annotated[str | None, typer.Option("--target", metavar="COLUMN", help="Column that the model should predict.")]
Features = Annotated[
    str | None,
    typer.Option("--features", metavar="A,B,…", help="Columns that feed the inputs, in the order of the inputs."),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="COL", help="Column to leave out (for several, write A,B or repeat the option)."),
]
Threshold = Annotated[
    float | None,
    typer.Option("--threshold", metavar="X", help="Decide for class 1 if the output before squashing exceeds X."),
]
Probability = Annotated[
    float | None, typer.Option("--probability", metavar="P", help="Decide for class 1 if the sigmoid exceeds P.")
]
Protected = Annotated[
    list[str] | None,
    typer.Option(
        "--protected",
        metavar="COL",
        help="Feature on which no decision should depend (for several, write A,B or repeat the option).",
    ),
]
MaxRegions = Annotated[
    int, typer.Option("--max-regions", metavar="N", min=1, help="Stop after the first N regions in tree order.")
]
Regions = Annotated[
    str | None,
    typer.Option(
        "--regions",
        metavar="auto|observed|neighbours|all",
        help="Search for all regions, or list those that hold samples (and their neighbours); by default all if there "
        "is time.",
    ),
]
FailOn = Annotated[
    str,
    typer.Option(
        "--fail-on",
        metavar="open|fail",
        help="End with exit code 3 if a limit left something open, or (fail) only when something was refuted.",
    ),
]
MaxCells = Annotated[int, typer.Option("--max-cells", metavar="N", min=1, help="Give up after N cells.")]
TimeLimit = Annotated[
    float,
    typer.Option(
        "--time-limit", metavar="SECONDS", min=0, help="Time for the whole job; the answer says what was left out."
    ),
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue the stored search that was cut short earlier.")]
NoSamples = Annotated[
    bool,
    typer.Option("--no-samples", help="Keep rows of the data, and means over very few of them, out of the report."),
]
MapFeatures = Annotated[
    str | None, typer.Option("--map", metavar="A,B", help="Two features to draw in the report's map of regions.")
]
Threads = Annotated[
    int, typer.Option("--threads", metavar="K", min=1, help="Number of threads; it does not change the answer.")
]
