"""Subjects of findings, as values that programs can compare and stores can filter.

The one idea: a finding is a subject, numbers and a verdict. The sentence is made from them where it is shown
(`words.py`); nothing is ever looked up by its sentence. Features and outputs are identified by their numbers, from 0.
These subjects are the whole domain's: findings about one region, sample, cluster or class name it in columns of their
own, as the table in ``docs/architecture/laws.md`` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction

from relugeom.claims.claim import Scope
from relugeom.errors import InputError

__all__ = ["Direction", "Question", "Side", "Subject"]


class Question(StrEnum):
    """Kind of question."""

    RANGE = "range"
    MONOTONICITY = "monotonicity"
    FAIRNESS = "fairness"
    SIMPLIFICATION = "simplification"
    BOUND = "bound"
    DIFFERENCE = "difference"
    EXCLUSION = "exclusion"


class Direction(StrEnum):
    """How an output moves when one feature alone rises: RISES (it never falls) or FALLS (it never rises)."""

    RISES = "rises"
    FALLS = "falls"


class Side(StrEnum):
    """An end of a range."""

    LOWEST = "lowest"
    HIGHEST = "highest"


SHAPES: Mapping[Question, tuple[frozenset[str], ...]] = {
    Question.RANGE: (frozenset({"output"}), frozenset({"output", "side"}), frozenset({"further"})),
    Question.MONOTONICITY: (frozenset({"output", "feature", "direction"}), frozenset({"further"})),
    Question.FAIRNESS: (frozenset({"protected"}),),
    Question.SIMPLIFICATION: (frozenset(), frozenset({"second_network"})),
    Question.BOUND: (frozenset({"output", "side", "bound"}),),
    Question.DIFFERENCE: (frozenset({"second_network", "bound"}),),
    Question.EXCLUSION: (frozenset({"sets"}),),
}
"""Attributes that a subject of each question has besides its scope."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Subject of a question.

    Attributes
    ----------
    question
        Kind of the question.
    scope
        Inputs that the question is about.
    output, feature
        Numbers of the output and the feature.
    direction
        How the output moves with the feature, as stated.
    side
        End of the range, or side of a bound; None for both together.
    protected
        Features on which the decision should not depend, in ascending order.
    second_network
        File of the smaller network that is stated to be the same function, or of another one.
    further
        Number of further subjects that this one stands for, which were not asked about one by one.
    bound
        Least or greatest value that the output may have, or the most by which outputs of two networks may differ.
    sets
        File of the sets of inputs and outputs that are stated to be never met.
    """

    question: Question
    scope: Scope = Scope.RELAXATION
    output: int | None = None
    feature: int | None = None
    direction: Direction | None = None
    side: Side | None = None
    protected: tuple[int, ...] = ()
    second_network: str | None = None
    further: int | None = None
    bound: Fraction | None = None
    sets: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "protected", tuple(sorted(set(self.protected))))
        given = {field.name for field in fields(self) if getattr(self, field.name) not in (None, ())}
        if given - {"question", "scope"} not in SHAPES[self.question]:
            told = ", ".join(sorted(given - {"question"}))
            raise InputError(f"a question of {self.question.value} cannot be about {told}")
