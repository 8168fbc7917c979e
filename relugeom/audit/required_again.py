"""Requirements, judged again from what a store says: for the check of an audit's folder.

The one idea: answers that hold are proved by certificates, and counts over samples are made again, so a verdict that
somebody changed, or a requirement that was edited since, is found.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from relugeom.claims.answer import Answer, Population
from relugeom.claims.requirement import Judged, Judgement, Requirement, RequirementKind
from relugeom.claims.requirement_words import requirement_in_words
from relugeom.claims.settlement import Verdict
from relugeom.claims.subject import Subject
from relugeom.deadline import Deadline
from relugeom.partition.scope import names_on
from relugeom.printing import printable
from relugeom.questions.requirements import Evidence, judge_requirements

__all__ = ["Again", "answers_in_store", "judge_again"]


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


class Again(NamedTuple):
    """What is not as it should be, and what could not be judged again in time, each in a sentence."""

    differences: list[str]
    unproved: list[str]


def judge_again(rows: Sequence[Row], required: Sequence[Requirement], evidence: Evidence, deadline: Deadline) -> Again:
    """Find requirements that were edited, or are judged in another way.

    Parameters
    ----------
    rows
        Requirements of the run, in their order, as the store has them.
    required
        What is required now.
    """
    judged = judge_requirements(required, evidence, time_limit=deadline)
    if len(rows) != len(judged):
        return Again([f"the audit judged {len(rows):,} requirements, not {len(judged):,}"], [])
    found = Again([], [])
    for number, (row, own) in enumerate(zip(rows, judged, strict=True), 1):
        if text := _difference(row, own, evidence):
            found.differences.append(f"requirement {number}: {text}")
        elif row["verdict"] not in (Judgement.OPEN.value, own.judgement.value):
            found.unproved.append(f"requirement {number}: {row['requirement']}")
    return found


def _difference(row: Row, own: Judged, evidence: Evidence) -> str:
    """How a stored requirement differs from one that was judged again; empty if it does not."""
    words = printable(requirement_in_words(own.requirement, names_on(evidence.network, evidence.domain)))
    if row["requirement"] != words or row["kind"] != own.requirement.kind.value:
        return f"the audit judged {row['requirement']!r}, not {words!r}"
    open_ones = {Judgement.OPEN.value} if _takes_time(own.requirement) else set()
    if row["verdict"] != own.judgement.value and not open_ones & {row["verdict"], own.judgement.value}:
        return f"the store says {row['verdict']}, but its answers and the data say {own.judgement}"
    counted, whole = _whole(row["part"]), _whole(row["whole"])
    if (counted, whole) != (own.part, own.whole) and not open_ones:
        return f"the store counts {counted} of {whole}, but there are {own.part} of {own.whole}"
    return ""


def _takes_time(required: Requirement) -> bool:
    """Whether a verdict rests on searches around samples, of which there may be more in one audit than in another."""
    about_samples = required.kind is RequirementKind.SAME_DECISION and required.population is Population.SAMPLES
    return about_samples or required.kind is RequirementKind.ROBUST


def _exact(value: object) -> Fraction | None:
    return Fraction(value) if isinstance(value, int | float) and value == value else None


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and value == value else None
