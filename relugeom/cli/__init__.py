"""The command line: verbs that parse, call and print."""

import sys
from collections.abc import Sequence

import typer

from relugeom.cli.output import print_error
from relugeom.cli.verbs import app
from relugeom.errors import RelugeomError

__all__ = ["main"]

BAD_INPUT = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb; ends with its exit code."""
    try:
        code = app(args=arguments, prog_name="relugeom", standalone_mode=False)
    except RelugeomError as error:
        print_error(str(error))
        code = BAD_INPUT
    except typer.TyperException as error:
        print_error(f"{error.format_message()} (relugeom --help shows how it is used)")
        code = BAD_INPUT
    except (KeyboardInterrupt, typer.Abort):
        print_error("interrupted")
        code = INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone: nothing is left to say
        code = 0
    sys.exit(code or 0)
