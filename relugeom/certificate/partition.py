"""A partition as a certificate: the split tree with a proof for every stable unit and a point for every region."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from relugeom.budget import Budget, Pace
from relugeom.certificate.header import header_line, input_names, network_names
from relugeom.certificate.partition_proof.tree_prefix import TreePrefix
from relugeom.certificate.writer import CertificateFile
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import CertificateError, DeadlinePassedError
from relugeom.partition.partition import Partition, PartitionStatus

__all__ = ["Certificate", "certify_partition"]

USUAL = Budget().proving


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
    reason
        Why it holds only the first regions of the partition, and calls the others unexplored; empty if it holds all.
    """

    path: Path
    regions: int
    proofs: int
    size: int
    digest: str
    names_digest: str
    reason: str = ""


def certify_partition(
    partition: Partition,
    path: str | Path = "partition.cert",
    *,
    time_limit: TimeLimit = None,
    pace: Pace = USUAL,
    on_progress: Callable[[int], None] | None = None,
) -> Certificate:
    """Write a proof that a partition lists every activation region of its domain (or, truncated, of the part searched).

    Parameters
    ----------
    path
        The file to write; it appears when it is whole.
    time_limit
        Seconds or a deadline; then the certificate is that of a truncated search, which has found the regions that
        were proved by then.
    pace
        Steps between two looks at the clock.
    on_progress
        Called from time to time with the number of regions written.

    Raises
    ------
    CertificateError
        A decision of the tree could not be proved, and the text names it, or no region was proved in time. No file is
        written.
    InputError
        The file cannot be written, or network and domain name an input differently.
    """
    from relugeom.certificate.partition_proof.tree_text import tree_pieces  # compiled code is loaded when it is needed

    deadline = Deadline.of(time_limit)
    network, domain = partition.network, partition.domain
    if not len(partition):
        raise CertificateError(f"no region was found that could be proved: {partition.reason}")
    if not partition.is_searched:
        raise CertificateError("samples named these regions: only a list that a search found can be proved")
    marks: list[int] = []
    prefix, reason = TreePrefix(), ""
    with CertificateFile(path, _header(partition, partition.status)) as file:
        try:
            for piece in tree_pieces(partition, deadline, pace):
                start = file.tell()
                marks += [start + place for place in piece.marks]
                file.write(piece.text)
                prefix.add(piece.text, piece.marks)
                file.regions += piece.leaves
                file.unexplored += piece.unexplored
                file.proofs += piece.proofs
                file.multiplier_bits, file.point_bits = piece.multiplier_bits, piece.point_bits
                if on_progress is not None:
                    on_progress(file.regions)
        except DeadlinePassedError as error:
            proved, status = prefix.counts.leaves, partition.status
            cut = f"time ran out when {proved:,} of {len(partition):,} regions were proved"
            if not proved:
                raise CertificateError(cut) from error
            if proved < len(partition):
                reason, status = cut, PartitionStatus.TRUNCATED
            header = _header(partition, status)
            file.begin_again(header, prefix.end)
            file.write(prefix.rest)
            marks = [len(header) + place for place in prefix.marks]
            file.regions, file.unexplored, file.proofs = proved, prefix.counts.ends_missing, prefix.counts.proofs
        for begin, end in zip(marks[::2], marks[1::2], strict=True):
            file.mark(begin, end)
    with file.path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    names = network_names(network, input_names([network], domain))[-1]
    return Certificate(Path(path), file.regions, file.proofs, file.path.stat().st_size, digest, names, reason)


def _header(partition: Partition, status: PartitionStatus) -> bytes:
    claim = {"kind": "partition", "status": status.value}
    return header_line([partition.network], partition.domain, claim, multiplier_bits=0, point_bits=0)
