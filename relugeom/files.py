"""Files that are written whole or not at all, and texts that are read whole or refused."""

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from relugeom.errors import InputError

__all__ = ["make_folder", "read_text", "write_whole"]


def make_folder(path: str | Path) -> Path:
    """A folder with all above it, made where there is none.

    Raises
    ------
    InputError
        It cannot be made.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder {str(path)!r} cannot be made: {error.strerror}") from error
    return folder


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


def read_text(path: str | Path, *, most: int = 1 << 26) -> str:
    """The text of a file in UTF-8.

    Parameters
    ----------
    most
        Bytes that it may have.

    Raises
    ------
    InputError
        There is no such file, it is too long, or no text.
    """
    place = Path(path)
    if not place.is_file():
        raise InputError(
            f"{str(path)!r}: {'this is not a regular file' if place.exists() else 'there is no such file'}"
        )
    if place.stat().st_size > most:
        raise InputError(f"{str(path)!r}: the file has more than {most:,} bytes")
    try:
        return place.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{str(path)!r}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{str(path)!r}: no text in UTF-8 (byte {error.start})") from error
