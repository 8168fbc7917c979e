"""Printing for every verb: one answer in two forms, remarks, one-line errors, progress.

The one idea: a verb asks a room for one result and makes one `Shown` of it; `show` prints that as JSON or as tables,
and gives the code of its status.
"""

import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from relugeom.cli.exit_codes import code_of
from relugeom.cli.streams import StandardOutput
from relugeom.errors import RelugeomError
from relugeom.printing import hide_passwords, printable

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = [
    "Shown",
    "is_read",
    "json_rows",
    "print_error",
    "print_json",
    "print_parts",
    "print_text",
    "progress",
    "show",
    "show_file",
    "tell",
    "tell_of_threads",
]

FILE_WIDTH = 120
"""Width of a table that goes to a file or a pipe, in characters."""
PIECE, JSON_END = 1 << 20, "\n  ]\n}\n"
"""Characters of rows that are printed at once, and what follows the last ones."""
ROW = json.JSONEncoder(allow_nan=False, default=bytes.hex)

LONGEST_ERROR = 2000
"""Characters of an error that are printed: names in it can be as long as a file is."""


class Shown(Protocol):
    """The answer of a verb, as it is printed."""

    @property
    def status(self) -> str | None:
        """Status of the answer, from which its exit code follows; None if there is nothing to decide."""

    def as_json(self) -> Mapping[str, Any]:
        """Keys and values as `docs/reference/json.md` describes them."""

    def as_parts(self) -> "Sequence[RenderableType]":
        """Tables and texts, as a person reads them."""


def show(answer: Shown, *, as_json: bool, leftover: str = "", accepts_open: bool = False) -> int:
    """Print an answer in one of its two forms, and return its exit code.

    Parameters
    ----------
    leftover
        What a copy of the written store would lack: one line of error says it, and so does the exit code.
    accepts_open
        Whether what a limit left open ends like what is done.
    """
    if as_json:
        print_json(answer.as_json())
    else:
        print_parts(answer.as_parts())
    if leftover:
        print_error(leftover)
    return code_of(answer.status, leftover=leftover, accepts_open=accepts_open)


def show_file(facts: Mapping[str, Any], sentence: str, *, as_json: bool) -> int:
    """Report a written file, as JSON on the standard output or else as a remark, and return the exit code."""
    if as_json:
        print_json(facts)
    else:
        tell(sentence)
    return code_of(None)


def print_error(text: str) -> None:
    """Print one clear line on the error stream, without the password of a URL that was given in the wrong place."""
    line = printable(hide_passwords(text))
    if len(line) > LONGEST_ERROR:  # what is wrong stands at its beginning, and what to do at its end
        line = f"{line[: LONGEST_ERROR // 2]} … {line[-LONGEST_ERROR // 4 :]}"
    tell(f"relugeom: {line}")


def tell(text: str) -> None:
    """Print a remark as a line on the error stream."""
    sys.stderr.write(f"{printable(text)}\n")


def tell_of_threads(threads: int) -> None:
    """Remark that more threads were asked for than there are cores."""
    cores = os.cpu_count() or 1
    if threads > cores:
        tell(f"--threads {threads}: this machine has {cores} cores, and more threads than cores do not help")


def print_json(content: Mapping[str, Any]) -> None:
    """Print exactly one JSON object on the standard output; numbers that JSON lacks become null."""
    print_text(json.dumps(_plain(content), allow_nan=False, indent=2) + "\n")


def json_rows(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """One JSON object of columns and rows, piece by piece, one row per line; bytes are hexadecimal.

    If the rows break off after the first piece, the object is closed before the error is raised.
    """
    piece, begun = [f'{{\n  "columns": {json.dumps(columns)},\n  "rows": ['], False
    size, comma = 0, ""
    try:
        for row in rows:
            piece.append(f"{comma}\n    {_json_row(row)}")
            size, comma = size + len(piece[-1]), ","
            if size > PIECE:
                yield "".join(piece)
                piece, size, begun = [], 0, True
    except RelugeomError:
        if begun:
            yield "".join([*piece, JSON_END])
        raise
    yield "".join([*piece, JSON_END])


def _json_row(row: Sequence[object]) -> str:
    try:
        return ROW.encode(row)
    except ValueError:  # a number that JSON lacks
        return ROW.encode(_plain(row))


def print_text(text: str) -> None:
    """Print lines on the standard output byte for byte; only a terminal gets escapes for unprintable characters."""
    if sys.stdout.isatty():
        text = "\n".join(map(printable, text.split("\n")))
    sys.stdout.write(text)
    sys.stdout.flush()


def is_read() -> bool:
    """Whether somebody may still read what is printed."""
    end = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return not (isinstance(end, StandardOutput) and end.is_lost)


def print_parts(parts: "Sequence[RenderableType]") -> None:
    """Print tables and texts; long texts are not broken, so that they can be copied."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else FILE_WIDTH
    console = Console(highlight=False, markup=False, emoji=False, width=width)
    for part in parts:
        if isinstance(part, str):
            console.print(printable(part), soft_wrap=True)
        else:
            console.print(part)


@contextmanager
def progress() -> Iterator[Callable[[str, object], None]]:
    """Show what is being done in one line on the error stream, if that is a terminal.

    Yields a function that takes what is being done and how much of it is done.
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting")

        def report(stage: str, done: object) -> None:
            amount = f"{done:,}" if isinstance(done, int) else str(done)
            bar.update(task, description=f"{stage}: {amount}" if done else stage)

        yield report


def _plain(value: Any) -> Any:
    """The value in JSON's own types; NaN and infinities become null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
