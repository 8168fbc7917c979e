"""Entries for written certificates in the JSON, the same for every verb."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

__all__ = ["WrittenFile", "file_entries"]


class WrittenFile(Protocol):
    """A proof or certificate that may have been written to a file."""

    @property
    def path(self) -> Path | None:
        """File name; None if no file was written."""

    @property
    def size(self) -> int:
        """Size in bytes."""

    @property
    def digest(self) -> str:
        """SHA-256 digest."""


def file_entries(written: Iterable[WrittenFile | None]) -> list[dict[str, Any]]:
    """One entry per file that was written."""
    return [
        {"file": str(one.path), "bytes": one.size, "sha256": one.digest}
        for one in written
        if one is not None and one.path is not None
    ]
