"""Findings in words: the sentence of a subject and its numbers, and the inputs that show it.

The one idea: two subjects never have the same sentence. Names are written as they are wherever they can be mistaken for
nothing else; a name that has words or marks of these sentences in it, or letters that are not printed, is in quotes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction

from relugeom.claims.answer import Answer, CounterpartShare, Population, ShownInput
from relugeom.claims.claim import Scope
from relugeom.claims.subject import Direction, Question, Side, Subject
from relugeom.printing import percent, printable, share_of

__all__ = [
    "Names",
    "answer_in_words",
    "bound_in_words",
    "counterparts_in_words",
    "name_in_words",
    "pair_in_words",
    "point_in_words",
    "statement_in_words",
    "witness_in_words",
]

SHOWN, MOST_UNITS = 12, 20
"""Features of an input, and units, that are named."""
DIGITS = 6
TAKEN = re.compile(
    r"""^(?:the|inputs|units)\b|^\s|\s$|[",;≤≥]|\(over |\b(?:is bounded|never|when|alone|get the same)\b"""
)
"""What a sentence has beside names: a name in which it stands is quoted."""
MOVES = {Direction.RISES: "never falls", Direction.FALLS: "never rises"}
ENDS = {Side.LOWEST: ("≥", "below"), Side.HIGHEST: ("≤", "above")}
SCOPES = {Scope.ADMISSIBLE: " (over admissible inputs)", Scope.RELAXATION: " (over the relaxation)"}


@dataclass(frozen=True, slots=True)
class Names:
    """How the things are called that subjects are about.

    Attributes
    ----------
    features, outputs, classes
        One name each; classes may have none.
    scope
        The inputs that are meant where a sentence names none: those of the domain.
    """

    features: Sequence[str]
    outputs: Sequence[str]
    scope: Scope = Scope.RELAXATION
    classes: Sequence[str] = ()


def answer_in_words(answer: Answer, names: Names) -> str:
    """What an answer says of its subject."""
    return statement_in_words(answer.subject, names, value=answer.value, part=answer.part, whole=answer.whole)


def statement_in_words(
    subject: Subject, names: Names, *, value: Fraction | None = None, part: int | None = None, whole: int | None = None
) -> str:
    """What is claimed, or what is asked where the numbers are not known.

    Parameters
    ----------
    value
        The end of a range.
    part, whole
        Counted things, and of how many: the units that a smaller network keeps.
    """
    return _statement(subject, names, value, part, whole) + (
        "" if subject.scope is names.scope else SCOPES[subject.scope]
    )


def _statement(subject: Subject, names: Names, value: Fraction | None, part: int | None, whole: int | None) -> str:
    """Without the scope; each kind of subject has words of its own."""
    output = "" if subject.output is None else name_in_words(names.outputs[subject.output])
    match subject:
        case Subject(question=Question.RANGE, side=Side() as side):
            relation, end = ENDS[side]
            return f"{output} is bounded {end}" if value is None else bound_in_words(output, relation, value)
        case Subject(question=Question.RANGE, further=int(further)):
            return f"the ranges of {further:,} more outputs"
        case Subject(question=Question.RANGE):
            return f"the range of {output}"
        case Subject(question=Question.MONOTONICITY, feature=int(feature), direction=Direction() as direction):
            return f"{output} {MOVES[direction]} when {name_in_words(names.features[feature])} alone rises"
        case Subject(question=Question.MONOTONICITY):
            return f"the direction of {subject.further:,} more pairs of an output and a feature"
        case Subject(question=Question.FAIRNESS):
            own = ", ".join(name_in_words(names.features[feature]) for feature in subject.protected)
            return f"inputs that differ only in {own} get the same decision"
        case Subject(second_network=str(file)):
            return f"{part:,} of the {whole:,} units give the same outputs on the domain ({name_in_words(file)})"
    return "units that the function does not need"


def witness_in_words(answer: Answer, names: Names) -> str:
    """What shows that an answer is right, where anything does; or empty."""
    match answer.subject.question:
        case Question.RANGE:
            return "; ".join(_reached(answer.value, shown, names) for shown in answer.shown)
        case Question.MONOTONICITY:
            return _step_in_words(answer, names)
        case Question.FAIRNESS:
            return "; ".join(_fairness_in_words(answer, names))
    units = [f"unit {removed.layer}.{removed.unit} {removed.reason}" for removed in answer.removed[:MOST_UNITS]]
    more = len(answer.removed) - len(units)
    return ("not needed: " + ", ".join(units) + (f" and {more:,} more" if more else "")) if units else ""


def _reached(value: Fraction | None, shown: ShownInput, names: Names) -> str:
    kind = "the admissible input " if names.scope is Scope.ADMISSIBLE else ""
    where = kind + point_in_words(names.features, shown.x)
    return f"it is reached at {where}" if value is None else f"{float(value)!r} is reached at {where}"


def _step_in_words(answer: Answer, names: Names) -> str:
    """An output before and after one feature has risen."""
    feature = answer.subject.feature
    if feature is None or len(answer.shown) != 2:
        return ""
    low, high = sorted(answer.shown, key=lambda shown: shown.x[feature])
    before, after = pair_in_words(low.value or Fraction(0), high.value or Fraction(0))
    risen = pair_in_words(low.x[feature], high.x[feature])[1]
    changed = f"{names.features[feature]} = {risen}"
    return f"at {point_in_words(names.features, low.x)} it is {before}, with {changed} it is {after}"


def _fairness_in_words(answer: Answer, names: Names) -> Iterator[str]:
    """Two inputs that differ in protected features alone, and how many inputs have such a counterpart."""
    if len(answer.shown) == 2:
        first, second = answer.shown
        own = [k for k, (value, other) in enumerate(zip(first.x, second.x, strict=True)) if value != other]
        changed = point_in_words([names.features[k] for k in own], [second.x[k] for k in own])
        yield (
            f"at {point_in_words(names.features, first.x)} the decision is {_class_in_words(first, names)}, with "
            f"{changed} it is {_class_in_words(second, names)}"
        )
    if answer.part is not None and answer.whole is not None:
        yield counterparts_in_words(answer.part, answer.whole, "admissible inputs")
    for share in answer.shares:
        yield _share_in_words(share)


def _share_in_words(share: CounterpartShare) -> str:
    if share.population is Population.SAMPLES or share.low is None or share.high is None:
        at_least = "" if share.exhaustive else "at least "
        return at_least + counterparts_in_words(share.unequal, share.inputs, "samples of the domain")
    low, high, trust = percent(share.low), percent(share.high), percent(share.confidence, digits=0)
    interval = f"{low} to {high}" if share.exhaustive else f"{low} or more"
    return (
        f"an estimated {interval} of the domain ({trust} confidence, {share.inputs:,} random admissible inputs) have "
        f"such a counterpart"
    )


def _class_in_words(shown: ShownInput, names: Names) -> str:
    if shown.decided is None or shown.decided < 0:
        return "not clear"
    return names.classes[shown.decided] if names.classes else f"class {shown.decided}"


def counterparts_in_words(unequal: int, inputs: int, what: str) -> str:
    """Of how many inputs a protected feature alone changes the decision."""
    return f"{share_of(unequal, inputs, what)} have such a counterpart"


def name_in_words(name: str) -> str:
    """A name as a sentence has it: as it is, or in quotes where that could be read otherwise."""
    if name and name.isprintable() and TAKEN.search(name) is None:
        return name
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{printable(quoted)}"'


def point_in_words(names: Sequence[str], point: Sequence[Fraction | float]) -> str:
    """``Age = 3, Fare = 0.5``; numbers to six digits."""
    pairs = [f"{name} = {float(value):.6g}" for name, value in zip(names, point, strict=True)]
    rest = f" and {len(pairs) - SHOWN:,} more" if len(pairs) > SHOWN else ""
    return ", ".join(pairs[:SHOWN]) + rest


def bound_in_words(name: str, relation: str, bound: Fraction) -> str:
    """``Survived ≤ 2.58987``: six digits, rounded away from the values, so that what is written is implied.

    Parameters
    ----------
    relation
        ``"≤"`` or ``"≥"``.
    """
    context = Context(prec=DIGITS, rounding=ROUND_CEILING if relation == "≤" else ROUND_FLOOR)
    rounded = context.divide(Decimal(bound.numerator), Decimal(bound.denominator)).normalize(context)
    plain = not rounded or -5 <= rounded.adjusted() < DIGITS
    return f"{name} {relation} {rounded:f}" if plain else f"{name} {relation} {rounded:e}"


def pair_in_words(first: Fraction, second: Fraction) -> tuple[str, str]:
    """Two numbers with six digits, or as many as tell them apart; alike only where no float64 does."""
    for digits in range(DIGITS, 18):
        texts = f"{float(first):.{digits}g}", f"{float(second):.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts
