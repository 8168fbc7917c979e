"""Questions about the network of a run, and their answers.

The subject of an answer is in columns, and protected features are in rows of their own; what shows the answer is in
`witnesses.py`. Sentences are kept for people.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    ForeignKeyConstraint,
    Integer,
    Table,
    Text,
    select,
)

from relugeom.claims.answer import Answer
from relugeom.claims.claim import Scope
from relugeom.claims.settlement import Proof
from relugeom.claims.subject import Direction, Question, Side, Subject
from relugeom.claims.words import Names, answer_in_words, witness_in_words
from relugeom.decimals import float_above, float_below, nearest
from relugeom.partition.scope import names_on
from relugeom.printing import printable
from relugeom.store.database.columns import Digest, key, metadata, owner, required
from relugeom.store.database.insertion import insert_columns, next_position
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.records import Answers
from relugeom.store.subject import Saver, StoreSubject
from relugeom.store.subjects.witnesses import save_witnesses

__all__ = ["ANSWERS", "ANSWERS_OF_RUN", "PROTECTED_FEATURES", "SUBJECT", "load_subjects", "proof_file", "save_answers"]

BOUND = (
    "bound that is proved: of the end of a range, of all values (for a range without a side), or of the most by which "
    "inputs break the statement, rounded outwards; NULL if none is known, or before revision 0017"
)

ANSWERS = Table(
    "answers",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("position", "position of the answer within the run, from 0"),
    required(
        "question",
        Text,
        comment="what kind of question: range, monotonicity, fairness, simplification, bound, difference or exclusion",
    ),
    required("statement", Text, comment="statement about the network on the domain"),
    required("verdict", Text, comment="holds, fails or unknown"),
    Column("value", Double, comment="number that was asked for, as the nearest float64; NULL without one"),
    required("witness", Text, comment="input that reaches the value or shows that the statement fails, or empty"),
    required("reason", Text, comment="why the verdict is unknown, or empty"),
    Column("file", Text, comment="file of the certificate of a statement that holds"),
    Column("sha256", Digest, comment="SHA-256 of the certificate"),
    Column(
        "scope", Text, comment="inputs that the statement is about: relaxation or admissible; NULL before revision 0013"
    ),
    Column("output", Integer, comment="number of the output, from 0; NULL if the statement names none"),
    Column("feature", Integer, comment="number of the input, from 0; NULL if the statement names none"),
    Column("direction", Text, comment="how the output moves with the feature, as stated: rises or falls"),
    Column("side", Text, comment="end of the range: lowest or highest; NULL for both"),
    Column(
        "second_network",
        Text,
        comment="file of the smaller network that is stated to be the same function, or of the one to compare with",
    ),
    Column(
        "further",
        Integer,
        comment="number of further subjects that this answer stands for, which were not asked about one by one",
    ),
    Column(
        "part",
        BigInteger,
        comment="number of inputs that have a counterpart with another decision, or of units that are kept",
    ),
    Column("whole", BigInteger, comment="total that part is counted in: all inputs, or all units"),
    Column(
        "from_samples",
        Boolean,
        comment="whether the search for the witness started from samples, so that it may be one",
    ),
    Column(
        "cause",
        Text,
        comment="kind of the reason: time, limit, method, class, no input, unlimited, input or other; NULL without a "
        "reason, or before revision 0016",
    ),
    Column("short_reason", Text, comment="the reason without details; NULL without one, or before revision 0016"),
    Column("lower", Double, comment=f"lower {BOUND}"),
    Column("upper", Double, comment=f"upper {BOUND}"),
    Column(
        "bound",
        Double,
        comment="least or greatest value that an output may have, or the most by which outputs of two networks may "
        "differ; NULL for other questions",
    ),
    Column("sets", Text, comment="file of the sets of inputs and outputs that are stated to be never met"),
    comment="Verdicts on statements about the network on the domain; those that hold have a certificate.",
    sqlite_with_rowid=False,
)

PROTECTED_FEATURES = Table(
    "protected_features",
    metadata,
    key("run_id", "the run"),
    key("position", "position of the answer within the run, from 0"),
    key("feature", "number of the input, from 0"),
    ForeignKeyConstraint(["run_id", "position"], ["answers.run_id", "answers.position"], ondelete="CASCADE"),
    comment="Protected features of an answer about whether the decision depends on them.",
    sqlite_with_rowid=False,
)


def save_answers(run: OpenRun, record: Answers) -> None:
    """Append answers to those of the run."""
    connection, run_id, found = run.connection, run.id, record.answers
    first = next_position(connection, ANSWERS, run_id)
    names = names_on(run.network, run.domain)
    placed = {"run_id": run_id, "position": list(range(first, first + len(found)))}
    subjects = [answer.subject for answer in found]
    insert_columns(connection, ANSWERS, placed | _subject_columns(subjects) | _found_columns(found, names))
    protected = [(at, feature) for at, subject in enumerate(subjects, start=first) for feature in subject.protected]
    rows = {
        "run_id": run_id,
        "position": [at for at, _ in protected],
        "feature": [feature for _, feature in protected],
    }
    insert_columns(connection, PROTECTED_FEATURES, rows)
    save_witnesses(connection, run_id, first, found)


def _subject_columns(subjects: Sequence[Subject]) -> dict[str, list[Any]]:
    """Columns for the subjects of answers."""
    return {
        "question": [subject.question.value for subject in subjects],
        "scope": [subject.scope.value for subject in subjects],
        "output": [subject.output for subject in subjects],
        "feature": [subject.feature for subject in subjects],
        "direction": [subject.direction and subject.direction.value for subject in subjects],
        "side": [subject.side and subject.side.value for subject in subjects],
        "second_network": [subject.second_network for subject in subjects],
        "further": [subject.further for subject in subjects],
        "bound": [None if subject.bound is None else float(subject.bound) for subject in subjects],
        "sets": [None if subject.sets is None else printable(subject.sets) for subject in subjects],
    }


def _found_columns(answers: Sequence[Answer], names: Names) -> dict[str, list[Any]]:
    """Columns for the verdicts and numbers of answers, with the sentence for people."""
    proofs = [answer.proof for answer in answers]
    return {
        "statement": [printable(answer_in_words(answer, names)) for answer in answers],
        "verdict": [answer.verdict.value for answer in answers],
        "value": [None if answer.value is None else nearest(answer.value) for answer in answers],
        "lower": [None if answer.lower is None else float_below(answer.lower) for answer in answers],
        "upper": [None if answer.upper is None else float_above(answer.upper) for answer in answers],
        "part": [answer.part for answer in answers],
        "whole": [answer.whole for answer in answers],
        "witness": [printable(witness_in_words(answer, names)) for answer in answers],
        "from_samples": [answer.from_samples for answer in answers],
        "reason": [printable(str(answer.reason)) for answer in answers],
        "cause": [answer.reason.cause and answer.reason.cause.value for answer in answers],
        "short_reason": [printable(answer.reason.short) or None for answer in answers],
        "file": [None if proof is None else proof_file(proof) for proof in proofs],
        "sha256": [None if proof is None else proof.digest or None for proof in proofs],
    }


def load_subjects(connection: Connection, run_id: int) -> list[Subject | None]:
    """Subjects of a run's answers, in their order; None for a run before revision 0013."""
    query = select(ANSWERS).where(ANSWERS.c.run_id == run_id).order_by(ANSWERS.c.position)
    own: dict[int, list[int]] = {}
    rows = select(PROTECTED_FEATURES.c.position, PROTECTED_FEATURES.c.feature).where(
        PROTECTED_FEATURES.c.run_id == run_id
    )
    for at, feature in connection.execute(rows):
        own.setdefault(at, []).append(feature)
    return [
        None
        if row["scope"] is None
        else Subject(
            Question(row["question"]),
            Scope(row["scope"]),
            row["output"],
            row["feature"],
            None if row["direction"] is None else Direction(row["direction"]),
            None if row["side"] is None else Side(row["side"]),
            tuple(own.get(row["position"], ())),
            row["second_network"],
            row["further"],
            None if row["bound"] is None else Fraction(row["bound"]),
            row["sets"],
        )
        for row in connection.execute(query).mappings()
    ]


def proof_file(proof: Proof) -> str | None:
    """File of a certificate, as text; None if it was not written."""
    return None if proof.path is None else printable(str(proof.path))


ANSWERS_OF_RUN = """\
SELECT question, statement, verdict, value, lower, upper, part, whole, witness, from_samples, reason, cause,
       short_reason, file, sha256, output, feature, output_position, position, direction, side
FROM answer_list WHERE run = :run ORDER BY number"""


VIEWS = (
    View(
        "answer_list",
        "questions about the network on the whole domain: subject, statement, verdict, numbers, witness, certificate",
        """\
SELECT a.run_id AS run, a.position + 1 AS number, a.question, a.statement, a.verdict, a.value, a.witness, a.reason,
       a.cause, a.short_reason, a.file, a.sha256, a.scope, o.name AS output, f.name AS feature, a.direction, a.side,
       a.second_network, a.further, a.part, a.whole, a.from_samples, a.output AS output_position,
       a.feature AS position, a.lower, a.upper, a.bound, a.sets
FROM answers a
JOIN runs r ON r.id = a.run_id
LEFT JOIN outputs o ON o.network_id = r.network_id AND o.position = a.output
LEFT JOIN features f ON f.network_id = r.network_id AND f.position = a.feature""",
    ),
    View(
        "answer_features",
        "protected features of each answer about whether the decision depends on them, one row per feature",
        """\
SELECT p.run_id AS run, p.position + 1 AS number, f.name AS feature, p.feature AS position
FROM protected_features p
JOIN runs r ON r.id = p.run_id
JOIN features f ON f.network_id = r.network_id AND f.position = p.feature""",
    ),
)


SUBJECT = StoreSubject(
    tables=(ANSWERS, PROTECTED_FEATURES),
    views=VIEWS,
    savers=(Saver(Answers, save_answers),),
)
