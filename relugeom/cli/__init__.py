"""The command line: verbs that parse, call and print."""

import sys
from collections.abc import Sequence
from io import TextIOWrapper

import typer

from relugeom.cli import store_verbs, verbs
from relugeom.cli.app import BAD_INPUT, app
from relugeom.cli.output import print_error
from relugeom.errors import InputError, RelugeomError

__all__ = ["main"]

VERBS = (verbs, store_verbs)
"""Where the verbs are; they stand in the help in this order."""
UNKNOWN = 3
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb; ends with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for letters that the terminal's encoding lacks
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    """The exit code of one verb."""
    try:
        code: int | None = app(args=arguments, prog_name="relugeom", standalone_mode=False)
    except InputError as error:
        print_error(str(error))
        return BAD_INPUT
    except RelugeomError as error:
        print_error(str(error))
        return UNKNOWN
    except typer.TyperException as error:
        print_error(f"{error.format_message()} (relugeom --help shows how it is used)")
        return BAD_INPUT
    except SystemExit:
        return 0  # how typer ends when whoever read the output has gone
    if code == INTERRUPTED:
        print_error("interrupted")
    return code or 0
