"""Requirements: what must hold of a model, and the verdict on each.

The one idea: a requirement is a value with numbers; whether it is met follows from answers about the domain, which are
proved or shown by an input, or from counts over samples. Features and outputs are identified by their numbers, from 0.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from relugeom.claims.answer import Population
from relugeom.claims.ball import Norm
from relugeom.claims.inequality import Inequality
from relugeom.claims.subject import Direction

__all__ = ["Judged", "Judgement", "Requirement", "RequirementKind", "overall"]


class RequirementKind(StrEnum):
    """Kind of a requirement; the values are the keys of `[[requirements]]` in a domain file."""

    MONOTONE = "monotone"
    RANGE = "range"
    SAME_DECISION = "same_decision"
    ACCURACY = "accuracy"
    AUC = "auc"
    R2 = "r2"
    DIFFERS_FROM = "differs_from"
    NEVER = "never"
    ROBUST = "robust"


class Judgement(StrEnum):
    """Verdict on a requirement, or on all of them."""

    PASS = "pass"
    FAIL = "fail"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Something that must hold.

    Attributes
    ----------
    kind
        Kind of the requirement.
    output, feature
        Numbers of the output, and of the feature in which it must be monotone.
    direction
        RISES if the output may never fall when the feature alone rises, FALLS if it may never rise.
    lower, upper
        Bounds of an output before squashing, in its range; None for an open side.
    protected
        Features that may not change the decision.
    population
        Whether the decision may not change for any input of the domain, or for the samples.
    at_most
        Share of these whose decision may change, or the most by which outputs of two networks may differ.
    at_least
        Least accuracy, area under the ROC curve, or R²; or least share of samples that are robust.
    segment
        Pairs of a feature and a value that the samples of a segment have; empty for all samples.
    file
        Name of the file of another network, or of sets that may not be met.
    sets
        These sets, as the inequalities that hold in each.
    radius, norm, scales
        Distance within which no decision may change, in this norm, in units of each feature's scale.
    """

    kind: RequirementKind
    output: int | None = None
    feature: int | None = None
    direction: Direction | None = None
    lower: Fraction | None = None
    upper: Fraction | None = None
    protected: tuple[int, ...] = ()
    population: Population = Population.DOMAIN
    at_most: Fraction = Fraction(0)
    at_least: float | None = None
    segment: tuple[tuple[int, float], ...] = ()
    file: str = ""
    sets: tuple[tuple[Inequality, ...], ...] = ()
    radius: Fraction = Fraction(0)
    norm: Norm = Norm.LINF
    scales: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A requirement and the verdict on it.

    Attributes
    ----------
    value
        What was measured over samples, the share of inputs whose decision changes, if it was counted, or a value of
        the output that an input reaches beyond a bound; None if there is no such number.
    lower, upper
        Proved bounds of the output whose range is required, or of a difference; else None.
    part, whole
        Number of things counted, and their total; None if nothing was counted.
    against
        Number of those that show the opposite of the ones counted in `part`; None if these are all others.
    """

    requirement: Requirement
    judgement: Judgement
    value: float | None = None
    lower: Fraction | None = None
    upper: Fraction | None = None
    part: int | None = None
    whole: int | None = None
    against: int | None = None


def overall(judged: Iterable[Judgement]) -> Judgement | None:
    """FAIL if one fails, else OPEN if one is open, else PASS; None without requirements."""
    found = set(judged)
    return next((worst for worst in (Judgement.FAIL, Judgement.OPEN, Judgement.PASS) if worst in found), None)
