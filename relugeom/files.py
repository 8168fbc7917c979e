"""Files that are written whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from relugeom.errors import InputError

__all__ = ["write_whole"]


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file beside its place and move it there once it is complete.

    Raises
    ------
    InputError
        The folder does not exist or cannot be written to, or something that is not a file is in the way.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise InputError(f"{str(path)!r} is not a file: give the name of a file that may be replaced")
    part = target.with_name(f".{token_hex(8)}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            part.unlink()
