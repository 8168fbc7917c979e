"""The command as a whole: what it prints without a verb, and how options are read that several verbs share."""

import csv
from collections.abc import Iterable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Unpack

import typer

from relugeom.cli.exit_codes import ExitCode
from relugeom.errors import InputError
from relugeom.version import VERSION

if TYPE_CHECKING:
    from relugeom.budget import Budget, Limits

__all__ = ["app", "budget_of", "database", "names_as_text", "names_in", "names_in_all"]

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Exact geometry of trained ReLU networks: activation regions, effective maps, clusters, store and report.",
)
database = typer.Typer(help="Show or upgrade the schema of a store, or describe it.")
app.add_typer(database, name="db")


def _check_working_directory() -> None:
    """Refuse a working directory that no longer exists: no relative file name means anything there."""
    try:
        Path.cwd()
    except OSError as error:
        raise InputError(
            f"the working directory cannot be used ({error.strerror}): change to one that exists"
        ) from None


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"relugeom {VERSION}")
        raise typer.Exit


def _begin(context: typer.Context) -> None:
    """Prepare the process for a verb, or print the help of a command that is called without one."""
    _check_working_directory()
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(ExitCode.BAD_INPUT)
    import logging  # no help text needs it

    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # where its cache lies is of no interest here


@app.callback(invoke_without_command=True)
def relugeom(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of the command as a whole."""
    _begin(context)


@database.callback(invoke_without_command=True)
def db(context: typer.Context) -> None:
    """The schema of a store."""
    _begin(context)


def budget_of(context: typer.Context, **limits: "Unpack[Limits]") -> "Budget":
    """Budget of a verb: limits from its options, the rest from what `main` was given, or else the defaults."""
    from relugeom.budget import Budget  # help does without

    return replace(context.find_object(Budget) or Budget(), **limits)


def names_in(text: str) -> list[str]:
    """Names in a comma-separated list; a name that contains a comma is in double quotes."""
    return [name.strip() for name in (next(csv.reader([text], skipinitialspace=True), []) or [""])]


def names_in_all(texts: Iterable[str] | None) -> list[str]:
    """Names in several such lists; none for None."""
    return [name for text in texts or () for name in names_in(text)]


def names_as_text(names: Iterable[str]) -> str:
    """Text from which `names_in` reads these names."""
    text = StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue()
