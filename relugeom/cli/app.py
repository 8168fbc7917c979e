"""The command as a whole: what it answers without a verb, and what every verb's options share."""

import csv
from collections.abc import Iterable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Annotated, Unpack

import typer

from relugeom.budget import Budget, Limits
from relugeom.cli.exit_codes import ExitCode
from relugeom.errors import InputError
from relugeom.version import VERSION

__all__ = ["app", "budget_of", "database", "names_as_text", "names_in", "names_in_all"]

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Exact geometry of trained ReLU networks: activation regions, effective maps, clusters, store and report.",
)
database = typer.Typer(help="The schema of a store: current, upgrade.")
app.add_typer(database, name="db")


def _check_working_directory() -> None:
    """Refuse a working directory that is gone, below which no name of a file means anything."""
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


def _show_help(context: typer.Context) -> None:
    """What a command without a verb answers; every verb begins here."""
    _check_working_directory()
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(ExitCode.BAD_INPUT)


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


def budget_of(context: typer.Context, **limits: Unpack[Limits]) -> Budget:
    """What a verb may spend: its options say the limits, and the rest is what `main` was given, else the usual."""
    return replace(context.find_object(Budget) or Budget(), **limits)


def names_in(text: str) -> list[str]:
    """The names of a list separated by commas; a name with a comma stands in double quotes."""
    return [name.strip() for name in (next(csv.reader([text], skipinitialspace=True), []) or [""])]


def names_in_all(texts: Iterable[str] | None) -> list[str]:
    """The names of several such lists, none for None."""
    return [name for text in texts or () for name in names_in(text)]


def names_as_text(names: Iterable[str]) -> str:
    """The text that `names_in` takes apart into these names."""
    text = StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue()
