"""What a finding is about, as a value that programs can compare and stores can filter.

The one idea: a finding is a subject, numbers and a verdict. The sentence is made from them where it is shown
(`words.py`); nothing is ever looked up by its sentence. Features and outputs are meant by their numbers, from 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from relugeom.claims.claim import Scope
from relugeom.errors import InputError

__all__ = ["Direction", "Question", "Side", "Subject"]


class Question(StrEnum):
    """What kind of question is asked."""

    RANGE = "range"
    MONOTONICITY = "monotonicity"
    FAIRNESS = "fairness"
    SIMPLIFICATION = "simplification"


class Direction(StrEnum):
    """How an output moves when one feature alone rises: it rises (it never falls), or it falls (it never rises)."""

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
}
"""Which attributes a subject of each question has beside its scope."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked.

    Attributes
    ----------
    question
        Its kind.
    scope
        Of which inputs.
    output, feature
        Their numbers.
    direction
        How the output is said to move with the feature.
    side
        Which end of the range; None for both together.
    protected
        The features on which the decision should not depend, in ascending order.
    second_network
        File of the smaller network that is said to be the same function.
    further
        How many more subjects of the kind are meant together, which were not asked about one by one.
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

    def __post_init__(self) -> None:
        object.__setattr__(self, "protected", tuple(sorted(set(self.protected))))
        given = {field.name for field in fields(self) if getattr(self, field.name) not in (None, ())}
        if given - {"question", "scope"} not in SHAPES[self.question]:
            told = ", ".join(sorted(given - {"question"}))
            raise InputError(f"no question of {self.question.value} is about {told}")
