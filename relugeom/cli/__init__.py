"""The command line: verbs that parse, call and print."""

import sys
from collections.abc import Sequence

import typer

from relugeom.cli import store_verbs, verbs
from relugeom.cli.app import BAD_INPUT, app
from relugeom.cli.output import print_error
from relugeom.cli.streams import standard_streams
from relugeom.errors import InputError, RelugeomError

__all__ = ["main"]

VERBS = (verbs, store_verbs)
"""Where the verbs are; they stand in the help in this order."""
UNKNOWN = 3
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb; ends with its exit code."""
    with standard_streams() as output:
        code = _run(arguments)
        sys.stdout.flush()
        if output.failure:
            print_error(f"the standard output cannot be written: {output.failure}: send it where there is room")
            code = BAD_INPUT
    sys.exit(code)


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
    except MemoryError:
        print_error("there is not enough memory for this: give it a smaller model, fewer samples or tighter limits")
        return BAD_INPUT
    except SystemExit:  # how typer ends when a pipe breaks, which is none of the standard streams
        print_error("another process that this one talked to has gone: try again")
        return UNKNOWN
    if code == INTERRUPTED:
        print_error("interrupted")
    return code or 0
