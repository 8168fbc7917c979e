"""Requirements in words: what is required, and what was found.

The one idea: the sentence of a requirement has all of its numbers, so two different ones never look alike.
"""

from decimal import Decimal
from fractions import Fraction

from relugeom.claims.answer import Population
from relugeom.claims.requirement import Judged, Judgement, Requirement, RequirementKind
from relugeom.claims.subject import Direction
from relugeom.claims.words import Names, between_in_words, name_in_words, typed_number
from relugeom.printing import percent

__all__ = ["finding_in_words", "requirement_in_words"]

MOVES = {Direction.RISES: "never falls", Direction.FALLS: "never rises"}
SCORES = {RequirementKind.ACCURACY: "accuracy", RequirementKind.AUC: "AUC", RequirementKind.R2: "R²"}
SHOWN = {
    Judgement.PASS: "proved",
    Judgement.FAIL: "an input shows the opposite",
    Judgement.OPEN: "neither proved nor refuted",
}
POPULATIONS = {Population.DOMAIN: "admissible inputs", Population.SAMPLES: "samples"}


def requirement_in_words(required: Requirement, names: Names) -> str:
    """What must hold, as a sentence."""
    match required.kind:
        case RequirementKind.MONOTONE:
            output, feature = name_in_words(names.outputs[required.output or 0]), names.features[required.feature or 0]
            return f"{output} {MOVES[required.direction or Direction.RISES]} when {name_in_words(feature)} alone rises"
        case RequirementKind.RANGE:
            output = name_in_words(names.outputs[required.output or 0])
            return f"every value of {output} is {_between(required.lower, required.upper)}"
        case RequirementKind.SAME_DECISION:
            own = ", ".join(name_in_words(names.features[feature]) for feature in required.protected)
            return f"{_unchanged(required)} when {own} alone may change"
        case RequirementKind.DIFFERS_FROM:
            most = typed_number(required.at_most)
            return f"no output differs by more than {most} from that of {name_in_words(required.file)}"
        case RequirementKind.NEVER:
            return f"no admissible input is in the sets of {name_in_words(required.file)}"
    if required.kind is RequirementKind.ROBUST:
        return _robust(required)
    least = typed_number(Fraction(required.at_least or 0.0))
    return f"{SCORES[required.kind]} is at least {least}{_in_segment(required, names)}"


def _robust(required: Requirement) -> str:
    radius = f"{typed_number(required.radius)} scaled units ({required.norm})"
    if required.population is Population.DOMAIN:
        return f"no decision about admissible inputs changes within {radius}"
    share = (100 * Decimal(repr(required.at_least or 0.0))).normalize()
    return f"at least {share:f} % of samples keep their decision within {radius}"


def _between(lower: Fraction | None, upper: Fraction | None) -> str:
    texts = [None if end is None else typed_number(end) for end in (lower, upper)]
    if None not in texts:
        return f"between {texts[0]} and {texts[1]}"
    return f"at most {texts[1]}" if texts[0] is None else f"at least {texts[0]}"


def _unchanged(required: Requirement) -> str:
    who = POPULATIONS[required.population]
    if not required.at_most:
        return f"no decision about {who} changes"
    share = (100 * Decimal(repr(float(required.at_most)))).normalize()
    return f"decisions about at most {share:f} % of {who} change"


def _in_segment(required: Requirement, names: Names) -> str:
    parts = [
        f"{name_in_words(names.features[feature])} = {typed_number(Fraction(value))}"
        for feature, value in required.segment
    ]
    return f" where {' and '.join(parts)}" if parts else ""


def finding_in_words(judged: Judged) -> str:
    """What was found, in a few words; the evidence itself is with the answers."""
    required = judged.requirement
    match required.kind:
        case RequirementKind.MONOTONE:
            is_refuted = judged.judgement is Judgement.FAIL
            return "two inputs show the opposite" if is_refuted else SHOWN[judged.judgement]
        case RequirementKind.RANGE:
            about = between_in_words(judged.lower, judged.upper)
            reached = "" if judged.value is None else f"an input reaches {judged.value:.6g}"
            return "; ".join(filter(None, (reached, about and f"every value is {about}"))) or "no bound is known"
        case RequirementKind.SAME_DECISION:
            return _decisions(judged)
        case RequirementKind.DIFFERS_FROM:
            return _differences(judged)
        case RequirementKind.ROBUST:
            return _robustness(judged)
        case RequirementKind.NEVER:
            return SHOWN[judged.judgement]
    if judged.value is None:
        return "it has no value here"
    return f"{judged.value:.4g} over {judged.whole:,} samples" if judged.part is None else _counted(judged, "samples")


def _decisions(judged: Judged) -> str:
    if judged.part is not None:
        who = POPULATIONS[judged.requirement.population]
        return f"{_counted(judged, who)} can get another decision{_open_ones(judged)}"
    if judged.judgement is Judgement.OPEN and judged.requirement.at_most:
        return "some decisions change; how many was not counted"
    if judged.judgement is Judgement.FAIL:
        return "two inputs get different decisions"
    return SHOWN[judged.judgement]


def _robustness(judged: Judged) -> str:
    return f"{_counted(judged, 'samples')} are proved to keep it, {judged.against or 0:,} do not{_open_ones(judged)}"


def _open_ones(judged: Judged) -> str:
    """How many things count neither for a requirement nor against it; empty if none does."""
    left = 0 if judged.against is None else (judged.whole or 0) - (judged.part or 0) - judged.against
    return f"; {left:,} are open" if left else ""


def _differences(judged: Judged) -> str:
    reached = "" if judged.value is None else f"an input shows a difference of {judged.value:.6g}"
    return reached or SHOWN[judged.judgement]


def _counted(judged: Judged, things: str) -> str:
    return f"{judged.part or 0:,} of {judged.whole or 0:,} {things} ({percent(judged.value)})"
