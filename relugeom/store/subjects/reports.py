"""Reports that were written of runs: the files are elsewhere, their digests are here."""

from sqlalchemy import BigInteger, Column, Connection, Table, Text, select

from relugeom.printing import printable
from relugeom.store.database.columns import Digest, metadata, owner, required
from relugeom.store.database.insertion import insert_columns
from relugeom.store.database.view import View
from relugeom.store.subject import StoreSubject

__all__ = ["REPORTS", "SUBJECT", "load_reports", "save_report"]

REPORTS = Table(
    "reports",
    metadata,
    owner("run_id", "runs.id", "the run"),
    Column("sha256", Digest, primary_key=True, comment="SHA-256 of the file"),
    required("file", Text, comment="name of the file when it was written"),
    required("bytes", BigInteger, comment="its size"),
    comment="Reports of runs, as they were written, for relugeom check.",
)


def save_report(connection: Connection, run_id: int, file: str, digest: str, size: int) -> None:
    """Save facts about a report of a run, unless the same one is known."""
    if digest not in load_reports(connection, run_id):
        columns = {"run_id": [run_id], "sha256": [digest], "file": [printable(file)], "bytes": [size]}
        insert_columns(connection, REPORTS, columns)


def load_reports(connection: Connection, run_id: int) -> set[str]:
    """Digests of the reports of a run."""
    return set(connection.execute(select(REPORTS.c.sha256).where(REPORTS.c.run_id == run_id)).scalars())


SUBJECT = StoreSubject(
    tables=(REPORTS,),
    views=(
        View(
            "run_reports",
            "reports that were written of each run: file, digest, size",
            "SELECT run_id AS run, file, sha256, bytes FROM reports",
        ),
    ),
)
