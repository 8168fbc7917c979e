"""What verbs print: one JSON object, tables, one line of error, progress on the error stream."""

import json
import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

__all__ = ["Reporter", "one_line", "print_error", "print_json", "print_parts", "progress"]

Reporter = Any
"""Called with what is being done and how much of it is done."""


def one_line(text: str) -> str:
    """The text on one line, with everything that does not print as an escape."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def print_error(text: str) -> None:
    """One clear line on the error stream."""
    sys.stderr.write(f"relugeom: {one_line(text)}\n")


def print_json(content: Mapping[str, Any]) -> None:
    """Exactly one JSON object on the standard output; numbers that JSON lacks are null."""
    sys.stdout.write(json.dumps(_plain(content), allow_nan=False, ensure_ascii=False, indent=2) + "\n")


def print_parts(parts: list[Any]) -> None:
    """Tables and texts on the terminal."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)
    for part in parts:
        console.print(part)


def tell(text: str) -> None:
    """A remark on the error stream."""
    sys.stderr.write(f"{one_line(text)}\n")


@contextmanager
def progress() -> Iterator[Reporter]:
    """A line on the error stream that says what is being done, on a terminal only; yields the function to call."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting")

        def report(stage: str, done: int) -> None:
            bar.update(task, description=f"{stage}: {done:,}" if done else stage)

        yield report


def _plain(value: Any) -> Any:
    """JSON's own types; NaN and infinities become null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
