"""The order of an audit's questions by value, and how they share the time.

The one idea: each kind of question has a weight, which its open questions share alike; a question gets its part of the
time that is left, so what one saves goes to those after it, and no hard one takes what belongs to the others.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from relugeom.claims.answer import Answer
from relugeom.claims.settlement import Verdict
from relugeom.claims.subject import Question, Subject

__all__ = ["VALUES", "Asked", "Shares", "all_settled", "asked_once"]

VALUES: Mapping[Question, float] = {
    Question.FAIRNESS: 4.0,
    Question.RANGE: 8.0,
    Question.SIMPLIFICATION: 1.0,
    Question.MONOTONICITY: 4.0,
    Question.BOUND: 4.0,
    Question.DIFFERENCE: 4.0,
    Question.EXCLUSION: 4.0,
}
"""Weights of the kinds of questions."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the subjects that it would settle, and how it is asked.

    Attributes
    ----------
    also_late
        Whether a little work may settle it: asking is worthwhile even without time for proofs.
    """

    subjects: tuple[Subject, ...]
    ask: Callable[[], Iterable[Answer]]
    also_late: bool = False

    @property
    def kind(self) -> Question:
        """Kind of all of its subjects."""
        return self.subjects[0].question


class Shares:
    """Parts of the time that is left for questions that come one after the other.

    Parameters
    ----------
    kinds
        Kind of each question that is to come.
    """

    def __init__(self, kinds: Sequence[Question]) -> None:
        counts = Counter(kinds)
        self._each = {kind: VALUES[kind] / count for kind, count in counts.items()}
        self._left = sum(self._each[kind] for kind in kinds)

    def next(self, kind: Question) -> float:
        """Part of the time that is left, from 0 to 1, for the next question, which is of this kind."""
        own, whole = self._each[kind], self._left
        self._left -= own
        return min(own / whole, 1.0) if whole > 0 else 1.0


def asked_once(questions: Iterable[Asked]) -> list[Asked]:
    """The questions, each where it is first asked."""
    first = dict[tuple[Subject, ...], Asked]()
    for question in questions:
        first.setdefault(question.subjects, question)
    return list(first.values())


def all_settled(answers: Iterable[Answer]) -> bool:
    """Whether no verdict is unknown."""
    return all(answer.verdict is not Verdict.UNKNOWN for answer in answers)
