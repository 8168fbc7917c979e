"""How JSON tells of a certificate that was written: in the same words for every verb."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

__all__ = ["WrittenFile", "file_entries"]


class WrittenFile(Protocol):
    """A proof or a certificate, as far as it is a file."""

    @property
    def path(self) -> Path | None:
        """The file; None where none was written."""

    @property
    def size(self) -> int:
        """Its bytes."""

    @property
    def digest(self) -> str:
        """Its SHA-256."""


def file_entries(written: Iterable[WrittenFile | None]) -> list[dict[str, Any]]:
    """One entry per file."""
    return [
        {"file": str(one.path), "bytes": one.size, "sha256": one.digest}
        for one in written
        if one is not None and one.path is not None
    ]
