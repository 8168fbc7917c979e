"""A partition as a certificate: the split tree with a proof for every stable unit and a point for every region."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from pathlib import Path

from relugeom.certificate.exact_proof import ExactCell, proof_tokens
from relugeom.certificate.header import header_line, hexadecimal
from relugeom.certificate.writer import CertificateFile
from relugeom.errors import CertificateError
from relugeom.partition.partition import Partition, TreeToken

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
    """

    path: Path
    regions: int
    proofs: int
    size: int
    digest: str


def certify_partition(
    partition: Partition,
    path: str | Path = "partition.cert",
    *,
    on_progress: Callable[[int], None] | None = None,
) -> Certificate:
    """Write a proof that a partition lists every activation region of its domain (or, truncated, of the part searched).

    Parameters
    ----------
    path
        The file to write; it appears when it is whole.
    on_progress
        Called now and then with the number of regions written.

    Raises
    ------
    CertificateError
        A decision of the tree could not be proved; the text names it. No file is written.
    InputError
        The file cannot be written.
    """
    network, domain = partition.network, partition.domain
    claim = {"kind": "partition", "status": partition.status.value}
    header = header_line([network], domain, claim, multiplier_bits=0, point_bits=0)
    cell = ExactCell(network, domain)
    bits, decided = [0] * network.units, list[int]()
    waiting: list[tuple[int, int]] = []
    tokens = iter(partition.tree.tolist())
    with CertificateFile(path, header) as file:
        while True:
            unit = len(decided)
            token = next(tokens) if unit < network.units else None
            if token is None or token == TreeToken.UNEXPLORED:
                if token is None:
                    file.write(_point(partition, file.regions, file))
                    file.regions += 1
                    if on_progress is not None:
                        on_progress(file.regions)
                else:
                    file.write(b"u\n")
                    file.unexplored += 1
                if not waiting:
                    break
                length, unit = waiting.pop()
                del decided[length:]
                bits[unit] = 1
            elif token == TreeToken.SPLIT:
                file.write(b"s %x\n" % unit)
                waiting.append((len(decided), unit))
                bits[unit] = 0
            else:
                proof = cell.prove(bits, decided, unit, token)
                if proof is None:
                    raise CertificateError(f"unit {unit} behind the decisions {bits[:unit]} could not be proved stable")
                file.write(b"%d %x %b\n" % (token, unit, proof_tokens(proof)))
                file.count_bits(proof.first, *proof.multipliers.values())
                file.proofs += 1
                bits[unit] = token
            decided.append(unit)
    content = file.path.read_bytes()
    return Certificate(file.path, file.regions, file.proofs, len(content), hashlib.sha256(content).hexdigest())


def _point(partition: Partition, row: int, file: CertificateFile) -> bytes:
    exact = partition.exact_points.get(row) or [Fraction(x) for x in partition.points[row].tolist()]
    denominator = lcm(*(x.denominator for x in exact))
    entries = [denominator, *(int(x * denominator) for x in exact)]
    file.point_bits = max(file.point_bits, *(abs(entry).bit_length() for entry in entries))
    return b"p %b\n" % hexadecimal(entries).encode()
