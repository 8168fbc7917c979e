"""Requirements, judged again from what a store says: for the check of an audit's folder.

The one idea: answers that hold are proved by certificates, and counts over samples are made again, so a verdict that
somebody changed, or a requirement that was edited since, is found.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from relugeom.claims.answer import Answer
from relugeom.claims.requirement import Judged, Requirement
from relugeom.claims.requirement_words import requirement_in_words
from relugeom.claims.settlement import Verdict
from relugeom.claims.subject import Subject
from relugeom.deadline import Deadline
from relugeom.partition.scope import names_on
from relugeom.printing import printable
from relugeom.questions.requirements import Evidence, judge_requirements

__all__ = ["answers_in_store", "unlike_requirements"]


Row = Mapping[Any, Any]


def answers_in_store(rows: Sequence[Row], subjects: Sequence[Subject | None]) -> list[Answer]:
    """Answers of a run, from its rows: verdicts and numbers, as far as requirements need them."""
    return [
        Answer(
            subject,
            Verdict(row["verdict"]),
            _exact(row["value"]),
            _whole(row["part"]),
            _whole(row["whole"]),
            lower=_exact(row["lower"]),
            upper=_exact(row["upper"]),
        )
        for row, subject in zip(rows, subjects, strict=True)
        if subject is not None
    ]


def unlike_requirements(
    rows: Sequence[Row], required: Sequence[Requirement], evidence: Evidence, deadline: Deadline
) -> Iterator[str]:
    """What of a run's requirements is not as it should be: one that was edited, or judged in another way.

    Parameters
    ----------
    rows
        Requirements of the run, in their order, as the store has them.
    required
        What is required now.
    """
    judged = judge_requirements(required, evidence, time_limit=deadline)
    if len(rows) != len(judged):
        yield f"the audit judged {len(rows):,} requirements, not {len(judged):,}"
        return
    for number, (row, own) in enumerate(zip(rows, judged, strict=True), 1):
        yield from (f"requirement {number}: {text}" for text in _unlike(row, own, evidence))


def _unlike(row: Row, own: Judged, evidence: Evidence) -> Iterator[str]:
    words = printable(requirement_in_words(own.requirement, names_on(evidence.network, evidence.domain)))
    if row["requirement"] != words or row["kind"] != own.requirement.kind.value:
        yield f"the audit judged {row['requirement']!r}, not {words!r}"
    elif row["verdict"] != own.judgement.value:
        yield f"the store says {row['verdict']}, but its answers and the data say {own.judgement}"
    elif (_whole(row["part"]), _whole(row["whole"])) != (own.part, own.whole):
        yield f"the store counts {row['part']} of {row['whole']}, but there are {own.part} of {own.whole}"


def _exact(value: object) -> Fraction | None:
    return Fraction(value) if isinstance(value, int | float) and value == value else None


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and value == value else None
