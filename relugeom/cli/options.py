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
    "Resume",
    "StoreName",
    "Target",
    "Threads",
    "Threshold",
    "TimeLimit",
]

Model = Annotated[
    str, typer.Argument(metavar="MODEL", help=f"A model file ({', '.join(known.suffixes[0] for known in FORMATS)}).")
]
Layers = Annotated[
    str | None,
    typer.Option(
        "--layers", metavar="A,B,…", help="The layers of a .pt or .safetensors MODEL, in their order: fc1,fc2,out."
    ),
]
Activations = Annotated[
    str | None,
    typer.Option(
        "--activations",
        metavar="A,B,…",
        help="What follows each of them: relu,none,relu (sigmoid or softmax at the end).",
    ),
]
Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA", help="A CSV file with a header, or a Parquet file; with --data-url a table, a view or a SELECT."
    ),
]
DataUrl = Annotated[
    str | None,
    typer.Option("--data-url", metavar="URL", help="The database that DATA is in, as an SQLAlchemy URL."),
]
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
Threshold = Annotated[
    float | None,
    typer.Option("--threshold", metavar="X", help="Decide for class 1 where the output before squashing exceeds X."),
]
Probability = Annotated[
    float | None, typer.Option("--probability", metavar="P", help="Decide for class 1 where the sigmoid exceeds P.")
]
Protected = Annotated[
    list[str] | None,
    typer.Option("--protected", metavar="COL", help="A feature no decision should depend on (A,B or again for more)."),
]
MaxRegions = Annotated[
    int, typer.Option("--max-regions", metavar="N", min=1, help="Stop after the first N regions in tree order.")
]
MaxCells = Annotated[int, typer.Option("--max-cells", metavar="N", min=1, help="Give up after so many cells.")]
TimeLimit = Annotated[
    float,
    typer.Option("--time-limit", metavar="SECONDS", min=0.001, help="Time for all of it; what is left out is said."),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with what the store has of an earlier search that was cut short.")
]
NoSamples = Annotated[
    bool, typer.Option("--no-samples", help="Keep rows of the data, and means of very few, out of the report.")
]
MapFeatures = Annotated[
    str | None, typer.Option("--map", metavar="A,B", help="The two features of the report's map of regions.")
]
Threads = Annotated[int, typer.Option("--threads", metavar="K", min=1, help="Threads; the answer is the same.")]
