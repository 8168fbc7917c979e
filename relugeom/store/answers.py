"""What was asked of a network in a run, and what became of it."""

from collections.abc import Sequence

from sqlalchemy import Column, Connection, Double, Table, Text

from relugeom.claims.answer import Answer
from relugeom.claims.settlement import Proof
from relugeom.printing import printable
from relugeom.store.database.columns import Digest, key, metadata, owner, required
from relugeom.store.database.insertion import insert_columns

__all__ = ["answers", "proof_file", "save_answers"]

answers = Table(
    "answers",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("position", "its place among those of the run, from 0"),
    required("question", Text, comment="what kind of question: range, monotonicity, …"),
    required("statement", Text, comment="what is claimed of the network on the domain"),
    required("verdict", Text, comment="holds, fails or unknown"),
    Column("value", Double, comment="the number that was asked for, to the nearest float; NULL without one"),
    required("witness", Text, comment="an input that reaches the value or shows that the statement fails, or empty"),
    required("reason", Text, comment="why the verdict is not known, or empty"),
    Column("file", Text, comment="the certificate of a statement that holds"),
    Column("sha256", Digest, comment="SHA-256 of the certificate"),
    comment="Verdicts on statements about the network on the domain; those that hold have a certificate.",
    sqlite_with_rowid=False,
)


def save_answers(connection: Connection, run_id: int, found: Sequence[Answer], *, first: int) -> None:
    """Record answers of a run, `first` being the place of the first one."""
    proofs = [answer.proof for answer in found]
    columns = {
        "run_id": [run_id] * len(found),
        "position": list(range(first, first + len(found))),
        "question": [answer.question for answer in found],
        "statement": [printable(answer.statement) for answer in found],
        "verdict": [answer.verdict.value for answer in found],
        "value": [None if answer.value is None else float(answer.value) for answer in found],
        "witness": [printable(answer.witness) for answer in found],
        "reason": [printable(answer.reason) for answer in found],
        "file": [None if proof is None else proof_file(proof) for proof in proofs],
        "sha256": [None if proof is None else proof.digest or None for proof in proofs],
    }
    insert_columns(connection, answers, columns)


def proof_file(proof: Proof) -> str | None:
    """Where a certificate is, as text; None where it was not kept."""
    return None if proof.path is None else printable(str(proof.path))
