"""What is to be proved, as a certificate knows it, and the file in which its proof is kept."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relugeom.certificate.claim_proof.header_entry import SetRow
from relugeom.certificate.claim_proof.tree import Lines
from relugeom.certificate.header import CoverVersion, header_line
from relugeom.certificate.writer import CertificateFile
from relugeom.claims.claim import Excluded, Monotone
from relugeom.claims.patterns import PatternClaims
from relugeom.claims.settlement import Proof
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.network.short_network import short_network

__all__ = ["ClaimTask", "keep_proof"]


@dataclass(frozen=True, slots=True)
class ClaimTask:
    """A claim that fits its networks and its domain.

    Attributes
    ----------
    claim
        What is to be proved, as certificates know it.
    entry
        The same as it stands in the header.
    exponent
        That of the domain's numbers.
    sets
        The excluded sets in integers; none if the claim is of another kind.
    """

    claim: Excluded | Monotone | PatternClaims
    networks: tuple[ReLUNetwork, ...]
    domain: Domain
    entry: Mapping[str, Any]
    exponent: int
    sets: Sequence[Sequence[SetRow]]

    @property
    def copies(self) -> tuple[ReLUNetwork, ...]:
        """The network of each copy."""
        twin = self.claim.twin if isinstance(self.claim, Excluded) else None
        return self.networks[:1] if twin is None else (self.networks[0], self.networks[-1])

    @property
    def short_copies(self) -> tuple[ReLUNetwork, ...]:
        """The short networks of all copies; as they are, where units could be paired only so."""
        copies, short = self.copies, tuple(map(short_network, self.copies))
        alike = copies[0].widths == copies[-1].widths and short[0].widths != short[-1].widths
        return copies if alike else short


def keep_proof(
    task: ClaimTask,
    pieces: Iterable[Lines],
    path: str | Path | None,
    *,
    bounds: Sequence[int] | None = None,
    version: CoverVersion | None = None,
) -> Proof:
    """Count the lines of a proof, and write them where there is a path.

    Parameters
    ----------
    bounds, version
        Exponents of the bounds of units, level by level, and the version, if the tree is a covering tree.

    Raises
    ------
    CertificateError
        What the pieces raise; no file is written then.
    InputError
        The file cannot be written.
    """
    if path is None:
        cells = proofs = 0
        for lines in pieces:
            cells, proofs = cells + lines.closed, proofs + lines.proofs
        return Proof(None, cells, proofs, 0, "")
    header = header_line(
        task.networks,
        task.domain,
        task.entry,
        multiplier_bits=0,
        point_bits=0,
        exponent=task.exponent,
        bounds=bounds,
        version=version,
    )
    begin = 0
    with CertificateFile(path, header) as file:
        for lines in pieces:
            if lines.begins_mark:
                begin = file.tell()
            file.write(lines.content())
            if lines.ends_mark:
                file.mark(begin, file.tell())
            file.proofs += lines.proofs
            file.closed += lines.closed
            file.count_bits(lines.longest, 1)
            file.point_bits = max(file.point_bits, lines.longest_point.bit_length())
    with file.path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return Proof(Path(path), file.closed, file.proofs, file.path.stat().st_size, digest)
