"""The verdicts of a run on one page: many statements are condensed to one line for each thing that people want to know.

For each feature there are two statements, that an output never falls and that it never rises when the feature alone
rises, and one of them nearly always fails. The summary merges them: the output rises with the feature, falls with it,
or does neither.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

from relugeom.claims.settlement import Verdict
from relugeom.claims.subject import Direction, Question
from relugeom.claims.words import counterparts_in_words
from relugeom.network.network import ReLUNetwork
from relugeom.partition.census import CensusKind
from relugeom.partition.partition import PartitionStatus
from relugeom.printing import counted
from relugeom.report.content import Headline
from relugeom.report.two_sides import gap_in_words, open_in_words, shown_verdict

if TYPE_CHECKING:
    from relugeom.store.reading import RunTables

__all__ = ["headlines", "required_lines"]

MOST_OUTPUTS, MOST_NAMED, LONGEST = 3, 8, 40
"""Outputs with lines of their own, features that a line names, and characters of a name."""
OF_OUTPUTS = (Question.RANGE, Question.MONOTONICITY)
"""Questions about outputs, whose answers share lines; of the others, each answer has one."""
Row = dict[str, object]
Key = tuple[object, ...]
Known = Mapping[str, Row]
"""Answers about one output and one feature, by direction."""


class Movement(NamedTuple):
    """What is known about an output when one feature alone rises: words before the feature, verdict and finding."""

    words: str
    verdict: Verdict
    finding: str = ""


FLAT = Movement("does not change with", Verdict.HOLDS)
UP = Movement("never falls when one of these alone rises:", Verdict.HOLDS)
DOWN = Movement("never rises when one of these alone rises:", Verdict.HOLDS)
BOTH = Movement("is monotone in", Verdict.FAILS, "pairs of inputs show a rise and a fall")
OPEN = Movement("is monotone in", Verdict.UNKNOWN)


def headlines(tables: "RunTables", network: ReLUNetwork) -> Sequence[Headline]:
    """What is proved, what is false and what is open, in a few lines; empty for a run that asked nothing."""
    rows: list[Row] = [{str(name): value for name, value in row.items()} for row in tables.answers.to_dict("records")]
    if not rows:
        return ()
    return (
        _completeness(tables),
        *(_one(row) for row in rows if row["question"] == Question.FAIRNESS),
        *_of_outputs(rows, network),
        *(_one(row) for row in rows if row["question"] == Question.MONOTONICITY and row["direction"] is None),
        *(_one(row) for row in rows if row["question"] not in (Question.FAIRNESS, *OF_OUTPUTS)),
    )


def required_lines(tables: "RunTables") -> Sequence[Headline]:
    """One line for each requirement; empty for a run of which nothing was required."""
    columns = (tables.requirements[name] for name in ("requirement", "verdict", "finding"))
    return [Headline(*map(str, row)) for row in zip(*columns, strict=True)]


def _completeness(tables: "RunTables") -> Headline:
    """Whether all activation regions are known, and proved to be all."""
    statement, finding = "the list of activation regions is complete", _regions_in_words(tables)
    if tables.partition != PartitionStatus.COMPLETE:
        why = tables.about.reason if tables.about.status == PartitionStatus.TRUNCATED else ""
        return Headline(statement, Verdict.UNKNOWN, why or "the search was cut short")
    if tables.certificate_file is None:
        return Headline(statement, Verdict.UNKNOWN, "; ".join(filter(None, (finding, "there is no certificate"))))
    if tables.proved_regions != tables.regions:
        return Headline(
            statement, Verdict.UNKNOWN, f"{finding}; the certificate proves {tables.proved_regions:,} of them"
        )
    return Headline(statement, Verdict.HOLDS, finding, (tables.certificate_file,))


def _regions_in_words(tables: "RunTables") -> str:
    """How many patterns are regions; empty without a census."""
    counts = dict(zip(tables.census["kind"], tables.census["count"], strict=True))
    regions = counts.get(CensusKind.REGION)
    return "" if regions is None else f"{regions} of {counts[CensusKind.ALL]} patterns are regions"


def _one(row: Row) -> Headline:
    part, whole = (_number(row[name]) for name in ("part", "whole"))
    finding = "; ".join(filter(None, (_reason(row), open_in_words(row)))) or str(row["witness"])
    if row["question"] == Question.FAIRNESS and part is not None and whole is not None:
        finding = counterparts_in_words(part, whole, "admissible inputs")
    return Headline(str(row["statement"]), Verdict(str(row["verdict"])), finding, _proofs([row]))


def _of_outputs(rows: Sequence[Row], network: ReLUNetwork) -> Iterator[Headline]:
    """The range of each of the first outputs, and the features with which it rises or falls."""
    about: dict[Key, list[Row]] = {}
    for row in rows:
        about.setdefault((row["question"], _number(row["output_position"]), _number(row["position"])), []).append(row)
    for output, name in enumerate(network.target_names[:MOST_OUTPUTS]):
        for row in about.get((Question.RANGE, output, None), ()):
            finding = gap_in_words(row) or _reason(row)
            yield Headline(str(row["statement"]), shown_verdict(row), finding, _proofs([row]))
        answers = (about.get((Question.MONOTONICITY, output, position), ()) for position in range(network.inputs))
        known = [{str(row["direction"]): row for row in own} for own in answers]
        yield from _moves(name, dict(zip(network.feature_names, known, strict=True)))
    if (more := network.outputs - MOST_OUTPUTS) > 0:
        yield Headline(f"ranges and directions of {counted(more, 'more output')}", None, "see the statements")


def _moves(output: str, settled: Mapping[str, Known]) -> Iterator[Headline]:
    """One line for the features with which an output rises, one for those with which it falls, and so on."""
    found = {feature: _movement(known) for feature, known in settled.items() if known}
    for movement in (FLAT, UP, DOWN, BOTH, OPEN):
        if features := [feature for feature, own in found.items() if own is movement]:
            statement = f"{output} {movement.words} {_listed(features)}"
            rows = (row for feature in features for row in settled[feature].values())
            proofs = _proofs(row for row in rows if row["verdict"] == Verdict.HOLDS)
            finding = _ruled_out(settled, features) if movement is OPEN else movement.finding
            yield Headline(statement, movement.verdict, finding, proofs)


def _ruled_out(settled: Mapping[str, Known], features: Sequence[str]) -> str:
    """What is known of moves both ways when none of these features is known to have one alone."""
    rows = [row for feature in features for row in settled[feature].values() if row["verdict"] == Verdict.UNKNOWN]
    bounds = [row["upper"] for row in rows]
    known = [bound for bound in bounds if isinstance(bound, float) and isfinite(bound)]
    return open_in_words({**rows[0], "direction": None, "upper": max(known)}) if len(known) == len(bounds) > 0 else ""


def _movement(known: Known) -> Movement:
    """How an output moves with one feature, from the verdicts for both directions."""
    verdicts = {direction: row["verdict"] for direction, row in known.items()}
    rises, falls = (verdicts.get(direction) == Verdict.HOLDS for direction in (Direction.RISES, Direction.FALLS))
    if rises or falls:
        return FLAT if rises and falls else UP if rises else DOWN
    return BOTH if list(verdicts.values()) == [Verdict.FAILS] * len(Direction) else OPEN


def _number(value: object) -> int | None:
    """A whole number from a column in which others may be missing."""
    return None if value is None else int(str(value))


def _reason(row: Row) -> str:
    """Why a verdict is unknown, without details where the store has it so."""
    short = row["short_reason"]
    return short if isinstance(short, str) and short else str(row["reason"])


def _listed(names: Sequence[str]) -> str:
    shown = [name if len(name) <= LONGEST else f"{name[:LONGEST]}…" for name in names[:MOST_NAMED]]
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(shown) + more


def _proofs(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(row["file"] for row in rows if isinstance(row["file"], str))
