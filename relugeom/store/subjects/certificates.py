"""Certificates that runs have written: the files are elsewhere, their digests are here."""

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Table, Text

from relugeom.printing import printable
from relugeom.store.database.columns import Digest, metadata, owner, required
from relugeom.store.database.insertion import insert_columns
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.subject import Saver, StoreSubject

if TYPE_CHECKING:  # slow to load
    from relugeom.certificate.partition import Certificate

__all__ = ["CERTIFICATES", "CERTIFICATES_OF_RUN", "SUBJECT", "save_certificate"]

CERTIFICATES = Table(
    "certificates",
    metadata,
    owner("run_id", "runs.id", "the run"),
    required("file", Text, comment="name of the file when it was written"),
    required("sha256", Digest, comment="SHA-256 of the file"),
    required("bytes", BigInteger, comment="its size"),
    required("regions", BigInteger, comment="number of activation regions in it, each with a point"),
    required("proofs", BigInteger, comment="number of proofs of stable units in it"),
    Column("names_digest", Digest, comment="SHA-256 of the names in it; NULL if the file has no digest of them"),
    comment="Certificates of the lists of regions of runs, for relugeom check and checker.py.",
)


def save_certificate(run: OpenRun, certificate: "Certificate") -> None:
    """Save facts about the certificate of the run's list of regions."""
    columns = {
        "run_id": [run.id],
        "file": [printable(str(certificate.path))],
        "sha256": [certificate.digest],
        "bytes": [certificate.size],
        "regions": [certificate.regions],
        "proofs": [certificate.proofs],
        "names_digest": [certificate.names_digest],
    }
    insert_columns(run.connection, CERTIFICATES, columns)


CERTIFICATES_OF_RUN = "SELECT file, sha256, names_digest, bytes, regions, proofs FROM certificates WHERE run_id = :run"


VIEWS = (
    View(
        "run_certificates",
        "certificate of each run's list of regions: file, digest, size, counts",
        """\
SELECT c.run_id AS run, c.file, c.sha256, c.bytes, c.regions, c.proofs, r.status
FROM certificates c
JOIN runs r ON r.id = c.run_id""",
    ),
)


SUBJECT = StoreSubject(
    tables=(CERTIFICATES,),
    views=VIEWS,
    savers=(Saver("relugeom.certificate.partition.Certificate", save_certificate),),
)
