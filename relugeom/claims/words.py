"""Findings in words: the sentence of a subject and its numbers, and the inputs that show it.

The one idea: two subjects never have the same sentence. Names are written as they are unless they could be misread: a
name that contains words or marks of these sentences, or unprintable characters, is in quotes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from math import isfinite

from relugeom.claims.answer import Answer, CounterpartShare, Population, ShownInput
from relugeom.claims.claim import Scope
from relugeom.claims.settlement import Verdict
from relugeom.claims.subject import Direction, Question, Side, Subject
from relugeom.decimals import nearest, rational_text
from relugeom.printing import percent, printable, share_of

__all__ = [
    "Names",
    "answer_in_words",
    "between_in_words",
    "bound_in_words",
    "bound_text",
    "counterparts_in_words",
    "name_in_words",
    "pair_in_words",
    "point_in_words",
    "statement_in_words",
    "typed_number",
    "witness_in_words",
]

SHOWN, MOST_UNITS = 12, 20
"""Most features of an input, and units, that are named."""
DIGITS = 6
TAKEN = re.compile(
    r"""^(?:the|every|inputs|units)\b|^\s|\s$|[",;≤≥]|\(over |\b(?:is bounded|is between|is at (?:least|most)|"""
    r"""never|when|alone|get the same)\b"""
)
"""Parts of sentences other than names: a name that contains one is quoted."""
MOVES = {Direction.RISES: "never falls", Direction.FALLS: "never rises"}
ENDS = {Side.LOWEST: ("≥", "below", "lowest"), Side.HIGHEST: ("≤", "above", "highest")}
SCOPES = {Scope.ADMISSIBLE: " (over admissible inputs)", Scope.RELAXATION: " (over the relaxation)"}


@dataclass(frozen=True, slots=True)
class Names:
    """Names of the things that subjects are about.

    Attributes
    ----------
    features, outputs, classes
        One name each; classes may have none.
    scope
        Scope that a sentence means if it names none: that of the domain.
    """

    features: Sequence[str]
    outputs: Sequence[str]
    scope: Scope = Scope.RELAXATION
    classes: Sequence[str] = ()


def answer_in_words(answer: Answer, names: Names) -> str:
    """Sentence for an answer."""
    known = answer.verdict is not Verdict.UNKNOWN or answer.lower == answer.upper
    return statement_in_words(
        answer.subject,
        names,
        value=answer.value,
        part=answer.part,
        whole=answer.whole,
        between=(None, None) if known else (answer.lower, answer.upper),
    )


def statement_in_words(
    subject: Subject,
    names: Names,
    *,
    value: Fraction | None = None,
    part: int | None = None,
    whole: int | None = None,
    between: tuple[Fraction | None, Fraction | None] = (None, None),
) -> str:
    """Statement about a subject, or the question if the numbers are unknown.

    Parameters
    ----------
    value
        The end of a range.
    part, whole
        Number of things counted, and their total: the units that a smaller network keeps.
    between
        Proved bounds of a range, or of its end, that is not known exactly.
    """
    about = between_in_words(*between)
    said = _range(subject, names, about) if subject.question is Question.RANGE and about else ""
    said = said or _statement(subject, names, value, part, whole)
    return said + ("" if subject.scope is names.scope else SCOPES[subject.scope])


def between_in_words(lower: Fraction | None, upper: Fraction | None) -> str:
    """``between 2.5 and 3``, or at least or at most one, rounded outwards; one number where they meet; or empty."""
    if lower is None or upper is None:
        at = [] if lower is None else [f"at least {bound_text(lower, up=False)}"]
        return "".join(at if upper is None else [f"at most {bound_text(upper, up=True)}"])
    if lower == upper:
        return rational_text(lower, DIGITS)
    for digits in range(DIGITS, 18):
        low, high = bound_text(lower, up=False, digits=digits), bound_text(upper, up=True, digits=digits)
        if Fraction(high) - Fraction(low) < 2 * (upper - lower):
            break
    return f"between {low} and {high}"


def _range(subject: Subject, names: Names, about: str) -> str:
    """A range, its end, or several ranges, where bounds are known."""
    if subject.further is not None:
        return f"every value of {subject.further:,} more outputs is {about}"
    output = name_in_words(names.outputs[subject.output or 0])
    return f"{'every' if subject.side is None else f'the {ENDS[subject.side][2]}'} value of {output} is {about}"


def _statement(subject: Subject, names: Names, value: Fraction | None, part: int | None, whole: int | None) -> str:
    """The statement without the scope; each kind of subject has its own words."""
    output = "" if subject.output is None else name_in_words(names.outputs[subject.output])
    match subject:
        case Subject(question=Question.RANGE, side=Side() as side):
            relation, end, _ = ENDS[side]
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
        case Subject(question=Question.BOUND, side=Side() as side, bound=Fraction() as bound):
            return f"{output} is {'at least' if side is Side.LOWEST else 'at most'} {typed_number(bound)}"
        case Subject(question=Question.DIFFERENCE, second_network=str(file), bound=Fraction() as bound):
            return f"the outputs of {name_in_words(file)} differ by at most {typed_number(bound)}"
        case Subject(question=Question.EXCLUSION, sets=str(file)):
            return f"the sets of {name_in_words(file)} are never met"
        case Subject(second_network=str(file)):
            return f"{part:,} of the {whole:,} units give the same outputs on the domain ({name_in_words(file)})"
    return "units that the function does not need"


def witness_in_words(answer: Answer, names: Names) -> str:
    """Words for what shows an answer, or empty."""
    match answer.subject.question:
        case Question.RANGE | Question.BOUND | Question.DIFFERENCE | Question.EXCLUSION:
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
    return f"it is reached at {where}" if value is None else f"{_in_full(value)} is reached at {where}"


def _in_full(value: Fraction) -> str:
    """The nearest float with all its digits, or 17 digits of what is beyond the floats."""
    number = nearest(value)
    return repr(number) if isfinite(number) else rational_text(value, 17)


def _step_in_words(answer: Answer, names: Names) -> str:
    """Words for an output before and after one feature has risen."""
    feature = answer.subject.feature
    if feature is None or len(answer.shown) != 2:
        return ""
    low, high = sorted(answer.shown, key=lambda shown: shown.x[feature])
    before, after = pair_in_words(low.value or Fraction(0), high.value or Fraction(0))
    first, last = pair_in_words(low.x[feature], high.x[feature])
    verb = "falls" if (high.value or 0) < (low.value or 0) else "rises"
    name = names.features[feature]
    return f"as {name} rises from {first} to {last} it {verb} from {before} to {after}{_elsewhere(low, high, names)}"


def _elsewhere(first: ShownInput, second: ShownInput, names: Names) -> str:
    """Where both of two inputs are: the features in which they agree."""
    pairs = zip(names.features, first.x, second.x, strict=True)
    same = [(name, value) for name, value, other in pairs if value == other]
    return f", at {point_in_words(*zip(*same, strict=True))}" if same else ""


def _fairness_in_words(answer: Answer, names: Names) -> Iterator[str]:
    """Words for the number of inputs that have a counterpart with another decision, and for two such inputs."""
    if answer.part is not None and answer.whole is not None:
        yield counterparts_in_words(answer.part, answer.whole, "admissible inputs")
    for share in answer.shares:
        yield _share_in_words(share)
    if len(answer.shown) == 2:
        first, second = answer.shown
        pairs = zip(names.features, first.x, second.x, strict=True)
        moves = [(name, pair_in_words(value, other)) for name, value, other in pairs if value != other]
        changed = ", ".join(f"{name} {before} → {after}" for name, (before, after) in moves)
        decisions = f"from {_class_in_words(first, names)} to {_class_in_words(second, names)}"
        yield f"{changed} changes the decision {decisions}{_elsewhere(first, second, names)}"


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
    """For how many inputs a protected feature alone changes the decision, in words."""
    return f"{share_of(unequal, inputs, what)} have such a counterpart"


def name_in_words(name: str) -> str:
    """A name as it appears in a sentence: as it is, or in quotes if it could be misread."""
    if name and name.isprintable() and TAKEN.search(name) is None:
        return name
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{printable(quoted)}"'


def point_in_words(names: Sequence[str], point: Sequence[Fraction | float]) -> str:
    """``Age = 3, Fare = 0.5``; numbers to six digits. The zeros of a long point are counted, not listed."""
    pairs = list(zip(names, point, strict=True))
    told = [(name, value) for name, value in pairs if value or len(pairs) <= SHOWN]
    texts = [f"{name} = {rational_text(Fraction(value), DIGITS)}" for name, value in told[:SHOWN]]
    more, zeros = len(told) - len(texts), len(pairs) - len(told)
    rest = f" and {more:,} more" if more else ""
    if not told:
        return f"0 in all {zeros:,} features" if zeros else ""
    return ", ".join(texts) + rest + (f" (the other {zeros:,} are 0)" if zeros else "")


def typed_number(number: Fraction) -> str:
    """A number that somebody typed, with all of its digits."""
    return repr(float(number)).removesuffix(".0")


def bound_in_words(name: str, relation: str, bound: Fraction) -> str:
    """``Survived ≤ 2.58987``: six digits, rounded outwards, so that the printed bound is implied.

    Parameters
    ----------
    relation
        ``"≤"`` or ``"≥"``.
    """
    return f"{name} {relation} {bound_text(bound, up=relation == '≤')}"


def bound_text(bound: Fraction, *, up: bool, digits: int = DIGITS) -> str:
    """A bound to some digits, rounded upwards or downwards, so that the text is implied by the number."""
    context = Context(prec=digits, rounding=ROUND_CEILING if up else ROUND_FLOOR)
    rounded = context.divide(Decimal(bound.numerator), Decimal(bound.denominator)).normalize(context)
    return f"{rounded:f}" if not rounded or -5 <= rounded.adjusted() < digits else f"{rounded:e}"


def pair_in_words(first: Fraction, second: Fraction) -> tuple[str, str]:
    """Two numbers with six digits, or as many as distinguish them; equal texts only if the float64s are equal."""
    for digits in range(DIGITS, 18):
        texts = rational_text(first, digits), rational_text(second, digits)
        if texts[0] != texts[1]:
            break
    return texts
