"""The certificates that runs have written: the files are elsewhere, their digests are here."""

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Connection, Table, Text

from relugeom.printing import printable
from relugeom.store.database.columns import Digest, metadata, owner, required
from relugeom.store.database.insertion import insert_columns

if TYPE_CHECKING:
    from relugeom.certificate.partition import Certificate

__all__ = ["certificates", "save_certificate"]

certificates = Table(
    "certificates",
    metadata,
    owner("run_id", "runs.id", "the run"),
    required("file", Text, comment="the file when it was written"),
    required("sha256", Digest, comment="SHA-256 of the file"),
    required("bytes", BigInteger, comment="its size"),
    required("regions", BigInteger, comment="activation regions in it, each with a point"),
    required("proofs", BigInteger, comment="proofs of stable units in it"),
    Column("names_digest", Digest, comment="SHA-256 of the names in it; NULL where the file has no digest of them"),
    comment="Proofs of the list of regions of a run, for relugeom check and checker.py.",
)


def save_certificate(connection: Connection, run_id: int, certificate: "Certificate") -> None:
    """Record a certificate of a run."""
    columns = {
        "run_id": [run_id],
        "file": [printable(str(certificate.path))],
        "sha256": [certificate.digest],
        "bytes": [certificate.size],
        "regions": [certificate.regions],
        "proofs": [certificate.proofs],
        "names_digest": [certificate.names_digest],
    }
    insert_columns(connection, certificates, columns)
