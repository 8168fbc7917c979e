"""One door for files: only regular files of bounded size are read, and files are written whole or not at all.

A device never ends, and a pipe can be read only once or waits for a writer for ever; files are read more than once here
(for a digest, for their first bytes). So neither is opened: the kind of file is looked at first, and others are refused
in one line.
"""

import gzip
import os
import stat
import zlib
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from relugeom.errors import InputError
from relugeom.printing import counted

__all__ = [
    "make_folder",
    "other_kind",
    "place_to_write",
    "read_packed_text",
    "read_text",
    "regular_file",
    "write_whole",
]

LONGEST_TEXT = 1 << 26
GZIP = b"\x1f\x8b"
"""First bytes of a file that gzip packed."""
FOLDER = "a folder"
KINDS = {
    stat.S_IFDIR: FOLDER,
    stat.S_IFIFO: "a pipe, which can be read only once",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device, which may never end",
    stat.S_IFBLK: "a device",
}
"""Names for the kinds of files that are not regular."""


def other_kind(place: Path) -> str:
    """Kind of a file that is not regular, in words; empty for a regular file.

    Raises
    ------
    OSError
        Nothing is there, or it cannot be reached.
    """
    mode = place.stat().st_mode
    return "" if stat.S_ISREG(mode) else KINDS.get(stat.S_IFMT(mode), "something else")


def regular_file(path: str | os.PathLike[str], *, refusal: type[InputError] = InputError) -> Path:
    """Path of a file that can be opened and read to its end, with links followed.

    Parameters
    ----------
    refusal
        Class of the exception that says why it cannot.

    Raises
    ------
    InputError
        The file does not exist, is a folder, a pipe or a device, or may not be read.
    """
    place = _named(path, refusal)
    shown = repr(str(path))
    try:
        kind = other_kind(place)
        if not kind:
            with place.open("rb"):
                return place
    except (FileNotFoundError, NotADirectoryError):
        standard_input = ": the standard input cannot be read, so save it as a file first" if str(path) == "-" else ""
        raise refusal(f"{shown}: there is no such file{standard_input}") from None
    except OSError as error:
        raise refusal(f"{shown} cannot be read: {error.strerror}") from None
    save = "save its output as a file, and give the name of that file"
    cure = "give the name of a file in it" if kind == FOLDER else save
    raise refusal(f"{shown}: this is {kind}, not a regular file: {cure}")


def read_text(path: str | Path, *, most: int = LONGEST_TEXT, refusal: type[InputError] = InputError) -> str:
    """The text of a file in UTF-8.

    Parameters
    ----------
    most
        Most bytes that it may have.
    refusal
        Class of the exception that says why it cannot be read.

    Raises
    ------
    InputError
        The file is not regular (see `regular_file`), too long, or not text.
    """
    place = regular_file(path, refusal=refusal)
    try:
        with place.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise refusal(f"{str(path)!r} cannot be read: {error.strerror}") from None
    return _decoded(content, path, most, refusal)


def _decoded(content: bytes, path: str | Path, most: int, refusal: type[InputError]) -> str:
    if len(content) > most:
        raise refusal(f"{str(path)!r}: the file is larger than {counted(most, 'byte')}")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refusal(f"{str(path)!r}: not text in UTF-8 (see byte {error.start})") from None


def read_packed_text(path: str | Path, *, most: int = LONGEST_TEXT, refusal: type[InputError] = InputError) -> str:
    """The text of a file in UTF-8, unpacked if it was packed by gzip; no more than `most` bytes are ever unpacked.

    Raises
    ------
    InputError
        The file is not regular (see `regular_file`), damaged, too long, or not text.
    """
    place = regular_file(path, refusal=refusal)
    with place.open("rb") as file:
        if file.read(len(GZIP)) != GZIP:
            return read_text(path, most=most, refusal=refusal)
        file.seek(0)
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                content = unpacked.read(most + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise refusal(f"{str(path)!r}: the file was packed by gzip, but is damaged ({error})") from None
    return _decoded(content, path, most, refusal)


def make_folder(path: str | Path) -> Path:
    """Make a folder and those above it, where they do not exist.

    Raises
    ------
    InputError
        The folder cannot be made.
    """
    folder = _named(path, InputError)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder {str(path)!r} cannot be made: {error.strerror}") from error
    return folder


def place_to_write(path: str | Path) -> Path:
    """Absolute path where a file will be written, with links followed; nothing is written yet.

    Raises
    ------
    InputError
        Something other than a file is in the way, the folder does not exist, or no file can have this name.
    """
    try:
        place = Path(os.path.realpath(_named(path, InputError)))
        is_other = place.is_symlink() or (place.exists() and not place.is_file())  # what is left is a link to itself
        is_in_folder = place.parent.is_dir()
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be written: {error.strerror}") from None
    if is_other:
        raise InputError(f"{str(path)!r} is not a file: give the name of a file that may be replaced")
    if not is_in_folder:
        raise InputError(f"{str(path)!r} cannot be written: there is no folder {str(place.parent)!r}")
    if not os.access(place.parent, os.W_OK):
        raise InputError(f"{str(path)!r} cannot be written: the folder {str(place.parent)!r} may not be written to")
    return place


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file under another name, and move it into place once it is complete.

    Raises
    ------
    InputError
        The folder does not exist or cannot be written to, or something other than a file is in the way.
    """
    target = place_to_write(path)
    part = target.with_name(f".{token_hex(8)}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            part.unlink()


def _named(path: str | os.PathLike[str], refusal: type[InputError]) -> Path:
    """The path, if a file can have it."""
    text = os.fspath(path)
    if not text:
        raise refusal("an empty text is not a file name: give the name of a file")
    if "\0" in text:
        raise refusal(f"{text!r}: a file name cannot hold a zero character")
    return Path(text)
