"""The command line: verbs that parse, call and print.

Imports every room; it alone uses Typer. Never does mathematics, writes SQL or decides.
"""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import typer

from relugeom.cli import proof_verbs, store_verbs, verbs
from relugeom.cli.app import app
from relugeom.cli.exit_codes import ExitCode, code_of_error
from relugeom.cli.output import print_error
from relugeom.cli.streams import standard_streams
from relugeom.errors import RelugeomError

if TYPE_CHECKING:
    from relugeom.budget import Budget

__all__ = ["main"]

VERBS = (verbs, proof_verbs, store_verbs)
"""Modules that define the verbs, in the order in which the help lists them."""
app.registered_commands.sort(key=lambda verb: [module.__name__ for module in VERBS].index(verb.callback.__module__))


def main(arguments: Sequence[str] | None = None, *, budget: "Budget | None" = None) -> None:
    """Run one verb, and exit with its code.

    Parameters
    ----------
    arguments
        The arguments of the process by default.
    budget
        What the verb may spend where no option sets a limit.
    """
    with standard_streams() as output:
        code = _run(arguments, budget)
        sys.stdout.flush()
        if output.failure:
            print_error(f"the standard output cannot be written: {output.failure}: send it to a place with enough room")
            code = ExitCode.BAD_INPUT
    sys.exit(code)


class TerminatedError(BaseException):
    """The process was told to end (SIGTERM); it stops at once and leaves everything as Ctrl-C does."""


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise TerminatedError("it was terminated")


@contextmanager
def _terminable() -> Iterator[None]:
    """Make SIGTERM unwind the job instead of ending the process on the spot."""
    try:
        before = signal.signal(signal.SIGTERM, _terminate)
    except ValueError:  # only the main thread hears of signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(arguments: Sequence[str] | None, budget: "Budget | None") -> int:
    """The exit code of one verb."""
    try:
        with _terminable():
            code: int | None = app(args=arguments, prog_name="relugeom", standalone_mode=False, obj=budget)
    except RelugeomError as error:
        print_error(str(error))
        return code_of_error(error)
    except TerminatedError as error:
        print_error(str(error))
        return ExitCode.TERMINATED
    except typer.TyperException as error:
        verb = getattr(getattr(error, "ctx", None), "command_path", "relugeom")
        print_error(f"{error.format_message()} ({verb} --help shows the usage)")
        return ExitCode.BAD_INPUT
    except MemoryError:
        print_error("there is not enough memory for this: use a smaller model, fewer samples or tighter limits")
        return ExitCode.BAD_INPUT
    except OSError as error:  # what no room expects of the system: no folder for temporary files, for one
        print_error(f"the operating system does not allow this to continue: {error}")
        return ExitCode.BAD_INPUT
    except SystemExit:  # how typer ends when a pipe breaks, which is none of the standard streams
        print_error("another process that this one was talking to has ended: try again")
        return ExitCode.UNKNOWN
    except Exception:  # a fault of this program: its traceback is for the people who mend it
        import traceback

        traceback.print_exc()
        print_error("this is a fault in the program and says nothing about your question: please report it")
        return ExitCode.FAULT
    if code == ExitCode.INTERRUPTED:
        print_error("interrupted")
    return code or 0
