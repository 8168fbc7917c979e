"""What shows that an answer is right, in numbers: inputs, shares that were measured, and units that can go."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import isfinite

from sqlalchemy import BigInteger, Boolean, Column, Connection, Double, ForeignKeyConstraint, Integer, Table, Text

from relugeom.claims.answer import Answer
from relugeom.decimals import nearest
from relugeom.store.database.columns import key, metadata, required
from relugeom.store.database.insertion import fraction_text, insert_columns
from relugeom.store.database.view import View
from relugeom.store.subject import StoreSubject

__all__ = ["ANSWER_SHARES", "REMOVED_UNITS", "SHOWN_FEATURES", "SHOWN_INPUTS", "SUBJECT", "save_witnesses"]

POSITION = "place of the answer among those of the run, from 0"
ANSWER = ["answers.run_id", "answers.position"]

SHOWN_INPUTS = Table(
    "shown_inputs",
    metadata,
    key("run_id", "the run"),
    key("position", POSITION),
    key("place", "0, or 1 for the second input of a pair"),
    Column("value", Double, comment="value there of the output that the answer is about; NULL if it is about none"),
    Column("exact_value", Text, comment="that value as a fraction if it is not a float64, else NULL"),
    Column(
        "class", Integer, comment="class that is decided there, if the answer is about decisions; NULL if none is clear"
    ),
    ForeignKeyConstraint(["run_id", "position"], ANSWER, ondelete="CASCADE"),
    comment="Inputs that reach the value of an answer, or show that its statement fails.",
    sqlite_with_rowid=False,
)

SHOWN_FEATURES = Table(
    "shown_features",
    metadata,
    key("run_id", "the run"),
    key("position", POSITION),
    key("place", "0, or 1 for the second input of a pair"),
    key("feature", "number of the input, from 0"),
    required("value", Double, comment="value of the feature, as the nearest float64"),
    Column("exact_value", Text, comment="value of the feature as a fraction if it is not a float64, else NULL"),
    ForeignKeyConstraint(
        ["run_id", "position", "place"],
        ["shown_inputs.run_id", "shown_inputs.position", "shown_inputs.place"],
        ondelete="CASCADE",
    ),
    comment="Features of these inputs.",
    sqlite_with_rowid=False,
)

ANSWER_SHARES = Table(
    "answer_shares",
    metadata,
    key("run_id", "the run"),
    key("position", POSITION),
    Column("population", Text, primary_key=True, comment="population: domain (inputs were drawn) or samples"),
    required("inputs", BigInteger, comment="number of inputs that were examined"),
    required("unequal", BigInteger, comment="number of those that have a counterpart with another decision"),
    required(
        "exhaustive",
        Boolean,
        comment="whether all counterparts of each input were examined; if not, the number may be larger",
    ),
    Column("low", Double, comment="lower end of an interval for the share of the domain; NULL for samples"),
    Column("high", Double, comment="upper end of that interval"),
    Column("confidence", Double, comment="probability that the interval contains the share"),
    ForeignKeyConstraint(["run_id", "position"], ANSWER, ondelete="CASCADE"),
    comment="Measured shares of inputs whose decision changes with protected features alone.",
    sqlite_with_rowid=False,
)

REMOVED_UNITS = Table(
    "removed_units",
    metadata,
    key("run_id", "the run"),
    key("position", POSITION),
    key("layer", "its hidden layer in the network, from 0"),
    key("unit", "its number in the layer, from 0"),
    required("reason", Text, comment="why the function does not need the unit"),
    ForeignKeyConstraint(["run_id", "position"], ANSWER, ondelete="CASCADE"),
    comment="Units that a smaller network with the same function does without.",
    sqlite_with_rowid=False,
)


def save_witnesses(connection: Connection, run_id: int, first: int, answers: Sequence[Answer]) -> None:
    """Record what shows that answers are right, of which the first one has this position."""
    placed = list(enumerate(answers, start=first))
    shown = [(at, place, each) for at, answer in placed for place, each in enumerate(answer.shown)]
    _insert(
        connection,
        SHOWN_INPUTS,
        ((run_id, at, place, *_stored(each.value), _known_class(each.decided)) for at, place, each in shown),
    )
    _insert(
        connection,
        SHOWN_FEATURES,
        (
            (run_id, at, place, feature, *_stored(value))
            for at, place, each in shown
            for feature, value in enumerate(each.x)
        ),
    )
    _insert(
        connection,
        ANSWER_SHARES,
        (
            (run_id, at, s.population.value, s.inputs, s.unequal, s.exhaustive, s.low, s.high, s.confidence)
            for at, answer in placed
            for s in answer.shares
        ),
    )
    _insert(
        connection,
        REMOVED_UNITS,
        ((run_id, at, gone.layer, gone.unit, gone.reason) for at, answer in placed for gone in answer.removed),
    )


def _insert(connection: Connection, table: Table, rows: Iterator[tuple[object, ...]]) -> None:
    """Rows with a value for each column, in order; none are fine."""
    found = list(rows)
    if found:
        insert_columns(connection, table, dict(zip(table.columns.keys(), zip(*found, strict=True), strict=True)))


def _stored(value: Fraction | None) -> tuple[float | None, str | None]:
    """The nearest float, and the number itself where it is another one."""
    if value is None:
        return None, None
    number = nearest(value)
    return number, None if isfinite(number) and Fraction(number) == value else fraction_text(value)


def _known_class(decided: int | None) -> int | None:
    return None if decided is None or decided < 0 else decided


VIEWS = (
    View(
        "answer_inputs",
        "inputs that reach the value of an answer, or show that its statement fails, one row per feature",
        """\
SELECT s.run_id AS run, s.position + 1 AS number, s.place + 1 AS input, f.name AS feature, x.value, x.exact_value,
       s.value AS output_value, s.exact_value AS exact_output_value, s.class, k.name AS class_name,
       x.feature AS position
FROM shown_inputs s
JOIN shown_features x ON x.run_id = s.run_id AND x.position = s.position AND x.place = s.place
JOIN runs r ON r.id = s.run_id
JOIN features f ON f.network_id = r.network_id AND f.position = x.feature
LEFT JOIN classes k ON k.network_id = r.network_id AND k.position = s.class""",
        columns={
            "input": "number of the input among those that the answer shows, from 1",
        },
    ),
    View(
        "answer_populations",
        "measured shares of inputs (drawn ones, or samples) whose decision changes with protected features alone",
        """\
SELECT run_id AS run, position + 1 AS number, population, inputs, unequal, exhaustive, low, high, confidence
FROM answer_shares""",
    ),
    View(
        "answer_units",
        "units that a smaller network with the same function does without, and the reasons",
        """\
SELECT run_id AS run, position + 1 AS number, layer, unit, reason
FROM removed_units""",
    ),
)


SUBJECT = StoreSubject(
    tables=(SHOWN_INPUTS, SHOWN_FEATURES, ANSWER_SHARES, REMOVED_UNITS),
    views=VIEWS,
)
