"""Questions that only requirements ask: a bound of an output, a difference to another network, sets never to be met.

The one idea: each is one claim about all admissible inputs. Samples are tried first, since one of them may refute it.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from relugeom.audit.order import Asked
from relugeom.audit.proving import KeepingSettler
from relugeom.claims.answer import Answer, ShownInput
from relugeom.claims.claim import Equivalent, Excluded, Scope
from relugeom.claims.inequality import Inequality
from relugeom.claims.reason import NO_REASON
from relugeom.claims.requirement import Requirement, RequirementKind
from relugeom.claims.settlement import Counterexample, Settlement, Verdict
from relugeom.claims.subject import Question, Side, Subject
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.linalg.exact import Point
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.partition.scope import choose_scope, in_scope
from relugeom.questions.output_between import output_between

__all__ = ["NOTHING", "Required", "RequiredQuestions", "bounds_of", "difference_of", "exclusion_of"]

TRIED = 8
"""Samples, the most promising first, of which it is decided exactly whether they refute a claim."""


class Required(NamedTuple):
    """What is required of a network, in order, and the networks to compare it with, by the names of their files."""

    requirements: tuple[Requirement, ...]
    others: Mapping[str, ReLUNetwork]


NOTHING = Required((), MappingProxyType({}))


def bounds_of(required: Requirement, scope: Scope) -> Iterator[Subject]:
    """Subjects of the bounds that a required range has."""
    for side, bound in ((Side.LOWEST, required.lower), (Side.HIGHEST, required.upper)):
        if bound is not None:
            yield Subject(Question.BOUND, scope, required.output or 0, side=side, bound=bound)


def difference_of(required: Requirement, scope: Scope) -> Subject:
    """Subject of the largest difference to another network."""
    return Subject(Question.DIFFERENCE, scope, second_network=required.file, bound=required.at_most)


def exclusion_of(required: Requirement, scope: Scope) -> Subject:
    """Subject of sets that may not be met."""
    return Subject(Question.EXCLUSION, scope, sets=required.file)


class RequiredQuestions:
    """Questions about one network on one domain.

    Parameters
    ----------
    others
        Networks with which it is compared, by the names of their files.
    """

    def __init__(
        self,
        network: ReLUNetwork,
        domain: Domain,
        samples: FloatArray,
        settler: KeepingSettler,
        others: Mapping[str, ReLUNetwork],
    ) -> None:
        self._network, self._domain, self._settler, self._others = network, domain, settler, others
        self._scope = choose_scope(domain)
        self._samples = samples[in_scope(domain, samples, self._scope)]

    def of(self, required: Requirement) -> Iterator[Asked]:
        """The questions of a requirement; none if its kind asks other ones."""
        match required.kind:
            case RequirementKind.RANGE:
                for subject in bounds_of(required, self._scope):
                    yield Asked((subject,), partial(self._bound, subject), also_late=True)
            case RequirementKind.DIFFERS_FROM:
                subject = difference_of(required, self._scope)
                yield Asked((subject,), partial(self._difference, subject), also_late=True)
            case RequirementKind.NEVER:
                subject = exclusion_of(required, self._scope)
                yield Asked((subject,), partial(self._exclusion, subject, required.sets), also_late=True)

    def _bound(self, subject: Subject) -> Iterator[Answer]:
        output, limit = subject.output or 0, self._settler.until
        sides: dict[str, Any] = {"lower" if subject.side is Side.LOWEST else "upper": subject.bound}
        asked: dict[str, Any] = {
            "output": output,
            "settle": self._settler,
            "candidates": self._samples,
            "time_limit": limit,
        }
        (settled,) = output_between(self._network, self._domain, **asked, **sides).settlements
        shown = settled.counterexample
        yield self._answer(subject, settled, () if shown is None else (ShownInput(shown.x, shown.outputs[output]),))

    def _difference(self, subject: Subject) -> Iterator[Answer]:
        other, most = self._others[subject.second_network or ""], subject.bound or Fraction(0)
        claim, pair, limit = Equivalent(most, self._scope), self._different(other, most), self._settler.until
        settled = Settlement(claim, Verdict.FAILS, counterexample=pair)
        if pair is None:
            settled = self._settler.settle(claim, self._domain, second_network=other, time_limit=limit)
            pair = settled.counterexample
        gap = None if pair is None else _largest_gap(pair)
        yield self._answer(subject, settled, () if pair is None else (ShownInput(pair.x, gap),))

    def _different(self, other: ReLUNetwork, most: Fraction) -> Counterexample | None:
        """A sample at which outputs differ by more, if one is found."""
        gaps = np.abs(evaluate(self._network, self._samples) - evaluate(other, self._samples)).max(axis=1)
        pairs = (
            Counterexample(x, evaluate_exactly(self._network, x)[1], x, evaluate_exactly(other, x)[1])
            for x in self._points(np.argsort(-gaps))
        )
        return next((pair for pair in pairs if _largest_gap(pair) > most), None)

    def _exclusion(self, subject: Subject, sets: Sequence[Sequence[Inequality]]) -> Iterator[Answer]:
        claim, shown = Excluded(tuple(map(tuple, sets)), self._scope), self._inside(sets)
        settled = Settlement(claim, Verdict.FAILS, counterexample=shown)
        if shown is None:
            settled = self._settler.settle(claim, self._domain, time_limit=self._settler.until)
            shown = settled.counterexample
        yield self._answer(subject, settled, () if shown is None else (ShownInput(shown.x),))

    def _inside(self, sets: Sequence[Sequence[Inequality]]) -> Counterexample | None:
        """A sample that is in one of the sets, if one is found."""
        outputs = evaluate(self._network, self._samples)
        depths = [_depths(members, self._samples, outputs) for members in sets]
        points = self._points(np.argsort(-np.max(depths, axis=0)))
        found = (Counterexample(x, evaluate_exactly(self._network, x)[1]) for x in points)
        return next((shown for shown in found if any(_is_inside(members, shown) for members in sets)), None)

    def _points(self, order: IntArray) -> Iterator[Point]:
        """The first samples in an order, exactly."""
        for row in order[:TRIED]:
            yield tuple(map(Fraction, self._samples[row].tolist()))

    def _answer(self, subject: Subject, settled: Settlement, shown: tuple[ShownInput, ...]) -> Answer:
        return Answer(
            subject,
            settled.verdict,
            shown[0].value if shown else None,
            shown=shown,
            from_samples=len(self._samples) > 0,
            reason=settled.reason if settled.verdict is Verdict.UNKNOWN else NO_REASON,
            proof=settled.proof,
            lower=settled.lower,
            upper=settled.upper,
        )


def _largest_gap(pair: Counterexample) -> Fraction:
    """The largest difference between the outputs of two networks."""
    return max(abs(a - b) for a, b in zip(pair.outputs, pair.second_outputs or pair.outputs, strict=True))


def _depths(members: Sequence[Inequality], X: FloatArray, Y: FloatArray) -> FloatArray:
    """How deep each sample is in a set, roughly: the least value of its inequalities, negative outside."""
    depth: FloatArray = np.full(len(X), np.inf)
    for part in members:
        value = np.full(len(X), float(part.constant))
        for row, of_samples in ((part.inputs, X), (part.outputs, Y)):
            value += of_samples @ np.array(row, dtype=np.float64) if row else 0.0
        depth = np.minimum(depth, value)
    return depth


def _is_inside(members: Sequence[Inequality], shown: Counterexample) -> bool:
    """Whether all inequalities of a set hold at an input, exactly."""
    return all(_holds(part, shown.x, shown.outputs) for part in members)


def _holds(part: Inequality, x: Point, outputs: Point) -> bool:
    value = part.constant + _product(part.inputs, x) + _product(part.outputs, outputs)
    return value > 0 if part.strict else value >= 0


def _product(row: Point, values: Point) -> Fraction:
    return sum((a * b for a, b in zip(row, values, strict=False)), Fraction(0))
