"""The archive that PyTorch writes: a zip file whose members are read one by one, within limits.

The one idea: nothing that the archive says about itself is believed before it costs anything. The size of its directory
is looked up first, members are read by the directory's entry and never past the size that it states, and an archive
that can be understood in two ways (two members of one name, a directory elsewhere than at the end) is refused.

References: PKWARE, *.ZIP File Format Specification* (APPNOTE), sections 4.3.14 to 4.3.16: the records at the end.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.torch.shown_names import shown

__all__ = ["TorchArchive", "is_archive", "open_archive"]

LARGEST_DIRECTORY = 1 << 22
"""Bytes of the list of members, of which an array takes about 100."""
ENCRYPTED = 0x41
END, END_SIZE = b"PK\x05\x06", 22
LOCATOR, LOCATOR_SIZE = b"PK\x06\x07", 20
END_64, END_64_SIZE = b"PK\x06\x06", 56
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, OverflowError, RuntimeError, OSError)
"""What zipfile raises for archives that are damaged; NotImplementedError is a RuntimeError."""


@dataclass(frozen=True, slots=True, eq=False)
class TorchArchive:
    """An open archive.

    Attributes
    ----------
    folder
        What the names of all members that torch.save writes begin with.
    size
        Bytes of the file.
    """

    folder: str
    size: int
    _zip: zipfile.ZipFile
    _members: dict[str, zipfile.ZipInfo]

    def __contains__(self, name: str) -> bool:
        return self.folder + name in self._members

    def read(self, name: str, *, most: int) -> bytes:
        """The bytes of a member.

        Parameters
        ----------
        most
            The largest size to be read.

        Raises
        ------
        UnsupportedModelError
            It is encrypted, or packed in a way that torch.load does not know.
        ModelError
            It is missing, damaged, or longer than `most`.
        """
        member = self._members.get(self.folder + name)
        if member is None:
            raise ModelError(f"the archive has no member '{shown(self.folder + name)}': save the model again")
        label = f"'{shown(member.filename)}'"
        if member.flag_bits & ENCRYPTED:
            raise UnsupportedModelError(f"{label} in the archive is encrypted: save the model again without a password")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnsupportedModelError(
                f"{label} in the archive is compressed in a way that torch.load does not know: save the model again"
            )
        if member.file_size > most:
            raise ModelError(f"{label} in the archive is longer than {most:,} bytes: this is not a network")
        if member.compress_size > self.size:
            raise _damaged(f"{label} is longer than the file")
        try:
            with self._zip.open(member) as file:
                content = file.read(member.file_size + 1)  # one more: the checksum is compared at the member's end
        except DAMAGED as error:
            raise _damaged(error) from error
        if len(content) != member.file_size:
            raise _damaged(f"{label} ends too early")
        return content


def is_archive(path: Path) -> bool:
    """Whether a file ends as a zip file does."""
    try:
        return zipfile.is_zipfile(path)
    except DAMAGED:  # its own guards miss some damage to the records at the end
        return False


@contextmanager
def open_archive(path: Path) -> Iterator[TorchArchive]:
    """The archive that `torch.save` wrote, for as long as the context lasts.

    Raises
    ------
    ModelError
        It is damaged, no archive of PyTorch, or has more members than a model can.
    """
    with path.open("rb") as file:
        size = _check_end(file)
        try:
            archive = zipfile.ZipFile(file)
        except DAMAGED as error:
            raise _damaged(error) from error
        with archive:
            members = {member.filename: member for member in archive.infolist()}
            if len(members) < len(archive.infolist()):
                raise ModelError("the archive holds two members of the same name: save the model again")
            pickles = [name for name in members if name.endswith("/data.pkl") and name.count("/") == 1]
            if len(pickles) != 1:
                raise ModelError(
                    f"no archive that torch.save writes: it has {'two' if pickles else 'no'} data.pkl in its folder"
                )
            yield TorchArchive(pickles[0].removesuffix("data.pkl"), size, archive, members)


def _check_end(file: IO[bytes]) -> int:
    """Look at the last bytes, where the size of the directory stands, and return the file's size."""
    size = file.seek(0, 2)
    needed = END_64_SIZE + LOCATOR_SIZE + END_SIZE
    file.seek(max(0, size - needed))
    end = file.read(needed).rjust(needed, b"\0")
    if end[-END_SIZE:][:4] != END or end[-2:] != b"\0\0":
        raise _damaged("it does not end with the list of its members")
    directory = int.from_bytes(end[-10:-6], "little")
    if end[END_64_SIZE:][:4] == LOCATOR:
        place = int.from_bytes(end[END_64_SIZE + 8 : END_64_SIZE + 16], "little")
        if place != size - needed or end[:4] != END_64:
            raise _damaged("its end is not where it says")
        directory = int.from_bytes(end[40:48], "little")
    if directory > LARGEST_DIRECTORY:
        raise ModelError(f"the list of the archive's members has {directory:,} bytes: this is not a network")
    return size


def _damaged(said: object) -> ModelError:
    """What is wrong in an archive, as it was said here or by `zipfile`."""
    text = shown(" ".join(str(said).split()), most=120)
    if "CRC-32" in text:
        text += ", perhaps written under torch.serialization.set_crc32_options(False)"
    return ModelError(f"the archive is damaged ({text}): save the model again")
