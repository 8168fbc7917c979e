"""A partition as a certificate: the split tree with a proof for every stable unit and a point for every region."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from relugeom.certificate.header import header_line, input_names, network_names
from relugeom.certificate.writer import CertificateFile
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import CertificateError, DeadlinePassedError
from relugeom.partition.partition import Partition

if TYPE_CHECKING:  # compiled code is loaded when it is needed
    from relugeom.certificate.partition_proof.tree_text import TreePiece

__all__ = ["Certificate", "certify_partition"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that was written.

    Attributes
    ----------
    path
        The file.
    regions, proofs, size
        How many regions and proofs it holds, and its bytes.
    digest
        SHA-256 of the file.
    names_digest
        SHA-256 of the names of inputs, outputs and classes in it.
    """

    path: Path
    regions: int
    proofs: int
    size: int
    digest: str
    names_digest: str


def certify_partition(
    partition: Partition,
    path: str | Path = "partition.cert",
    *,
    time_limit: TimeLimit = None,
    on_progress: Callable[[int], None] | None = None,
) -> Certificate:
    """Write a proof that a partition lists every activation region of its domain (or, truncated, of the part searched).

    Parameters
    ----------
    path
        The file to write; it appears when it is whole.
    time_limit
        Seconds, or a deadline, for writing it.
    on_progress
        Called now and then with the number of regions written.

    Raises
    ------
    CertificateError
        A decision of the tree could not be proved, and the text names it, or not all of them in time. No file is
        written.
    InputError
        The file cannot be written, or network and domain name an input differently.
    """
    from relugeom.certificate.partition_proof.tree_text import tree_pieces  # compiled code is loaded when it is needed

    deadline = Deadline.of(time_limit)
    network, domain = partition.network, partition.domain
    claim = {"kind": "partition", "status": partition.status.value}
    header = header_line([network], domain, claim, multiplier_bits=0, point_bits=0)
    marks: list[int] = []
    with CertificateFile(path, header) as file:
        for piece in _in_time(tree_pieces(partition, deadline), file):
            start = file.tell()
            marks += [start + place for place in piece.marks]
            file.write(piece.text)
            file.regions += piece.leaves
            file.unexplored += piece.unexplored
            file.proofs += piece.proofs
            file.multiplier_bits, file.point_bits = piece.multiplier_bits, piece.point_bits
            if on_progress is not None:
                on_progress(file.regions)
        for begin, end in zip(marks[::2], marks[1::2], strict=True):
            file.mark(begin, end)
    with file.path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    names = network_names(network, input_names([network], domain))[-1]
    return Certificate(Path(path), file.regions, file.proofs, file.path.stat().st_size, digest, names)


def _in_time(pieces: Iterator["TreePiece"], file: CertificateFile) -> Iterator["TreePiece"]:
    try:
        yield from pieces
    except DeadlinePassedError as error:
        raise CertificateError(f"the time was up when {file.regions:,} regions were proved") from error
