"""Requirements on the model of a run, and the verdicts on them.

What a requirement says is kept as its sentence and, for programs, as its kind and limits; what proves or refutes it is
with the answers.
"""

from sqlalchemy import BigInteger, Column, Double, Table, Text

from relugeom.claims.requirement_words import finding_in_words, requirement_in_words
from relugeom.decimals import float_above, float_below
from relugeom.partition.scope import names_on
from relugeom.printing import printable
from relugeom.store.database.columns import key, metadata, owner, required
from relugeom.store.database.insertion import insert_columns, next_position
from relugeom.store.database.view import View
from relugeom.store.open_run import OpenRun
from relugeom.store.records import Judgements
from relugeom.store.subject import Saver, StoreSubject

__all__ = ["REQUIREMENTS", "REQUIREMENTS_OF_RUN", "SUBJECT", "save_judgements"]

REQUIREMENTS = Table(
    "requirements",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("position", "position of the requirement in its file, from 0"),
    required("kind", Text, comment="what is required: the key of its table in the domain file, as monotone or range"),
    required("requirement", Text, comment="what must hold"),
    required("verdict", Text, comment="pass, fail or open"),
    required("finding", Text, comment="what was found"),
    Column("value", Double, comment="number that was measured over samples or counted over inputs; NULL without one"),
    Column("lower", Double, comment="lower bound of an output that is proved, rounded outwards; NULL without one"),
    Column("upper", Double, comment="upper bound of an output that is proved, rounded outwards; NULL without one"),
    Column("part", BigInteger, comment="number of things that were counted; NULL if none were"),
    Column("whole", BigInteger, comment="total that part is counted in"),
    comment="Requirements on the model, and the verdicts on them.",
    sqlite_with_rowid=False,
)


def save_judgements(run: OpenRun, record: Judgements) -> None:
    """Append requirements and their verdicts to those of the run."""
    names, judged = names_on(run.network, run.domain), record.judged
    first = next_position(run.connection, REQUIREMENTS, run.id)
    columns = {
        "run_id": run.id,
        "position": list(range(first, first + len(judged))),
        "kind": [own.requirement.kind.value for own in judged],
        "requirement": [printable(requirement_in_words(own.requirement, names)) for own in judged],
        "verdict": [own.judgement.value for own in judged],
        "finding": [printable(finding_in_words(own)) for own in judged],
        "value": [own.value for own in judged],
        "lower": [None if own.lower is None else float_below(own.lower) for own in judged],
        "upper": [None if own.upper is None else float_above(own.upper) for own in judged],
        "part": [own.part for own in judged],
        "whole": [own.whole for own in judged],
    }
    insert_columns(run.connection, REQUIREMENTS, columns)


REQUIREMENTS_OF_RUN = """\
SELECT number, kind, requirement, verdict, finding, value, lower, upper, part, whole
FROM requirement_list WHERE run = :run ORDER BY number"""


SUBJECT = StoreSubject(
    tables=(REQUIREMENTS,),
    views=(
        View(
            "requirement_list",
            "requirements on the model: what must hold, pass, fail or open, and what was found",
            """\
SELECT run_id AS run, position + 1 AS number, kind, requirement, verdict, finding, value, lower, upper, part, whole
FROM requirements""",
            columns={"number": "number of the requirement in its file, from 1"},
        ),
    ),
    savers=(Saver(Judgements, save_judgements),),
)
