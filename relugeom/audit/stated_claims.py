"""Whether a certificate proves what a store states: the claim is built again from the statement's row.

The one idea: what is compared is the claim as it stands in the certificate, number by number. Only its bound is taken
from there, since a store rounds; it has to round to what the store has.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf, nextafter, sqrt
from typing import Any

from relugeom.analysis.counterparts import with_their_groups
from relugeom.audit.required_questions import NOTHING, Required
from relugeom.certificate.claim_proof.header_entry import as_excluded, claim_object
from relugeom.claims.ball import Ball, Norm
from relugeom.claims.claim import Claim, Equivalent, Excluded, Monotone, OutputBound, Scope
from relugeom.claims.inequality import Inequality
from relugeom.claims.patterns import PatternClaims
from relugeom.claims.subject import Direction, Question, Side, Subject
from relugeom.claims.words import statement_in_words
from relugeom.decimals import float_above, float_below, nearest
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.linalg.exact import Point
from relugeom.network.exact import evaluate_exactly
from relugeom.network.network import ReLUNetwork
from relugeom.partition.scope import choose_scope, names_on
from relugeom.printing import printable
from relugeom.questions.fairness import same_decision_claim
from relugeom.questions.monotonicity import pairs_claim
from relugeom.questions.robustness import other_decisions

__all__ = ["Distance", "KeptAnswer", "Stated", "states_answer", "states_distance"]

Sets = tuple[tuple[Inequality, ...], ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """Subject of statements.

    Attributes
    ----------
    second
        The smaller network of the audit, if there is one.
    required
        What is required of the network, where the files of that were given.
    """

    network: ReLUNetwork
    domain: Domain
    second: ReLUNetwork | None = None
    required: Required = NOTHING

    def second_of(self, subject: Subject) -> ReLUNetwork | None:
        """The second network that a statement is about, if it is about one that is known."""
        if subject.question is Question.DIFFERENCE:
            return self.required.others.get(subject.second_network or "")
        return self.second if subject.question is Question.SIMPLIFICATION else None

    def sets_of(self, subject: Subject) -> Sets | None:
        """The sets that are stated to be never met, if they are known."""
        known = (own.sets for own in self.required.requirements if own.sets and own.file == subject.sets)
        return next(known, None)

    def knows(self, subject: Subject) -> bool:
        """Whether everything that a statement is about is at hand."""
        if subject.question is Question.EXCLUSION:
            return self.sets_of(subject) is not None
        return subject.question is not Question.DIFFERENCE or self.second_of(subject) is not None


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as a store has it: its subject, its sentence, and its numbers."""

    subject: Subject
    statement: str
    value: float | None
    lower: float | None
    upper: float | None
    part: int | None
    whole: int | None

    def says(self, stated: Stated, value: Fraction | None) -> bool:
        """Whether its sentence is that of its subject and its numbers."""
        names = names_on(stated.network, stated.domain)
        words = statement_in_words(self.subject, names, value=value, part=self.part, whole=self.whole)
        return printable(words) == self.statement


@dataclass(frozen=True, slots=True)
class Distance:
    """Distance of a sample from another decision, as a store has it.

    Attributes
    ----------
    lower
        Proved bound of the distance; None if no input at all has another decision.
    point
        The sample, if it is known.
    """

    norm: Norm
    lower: float | None
    point: Point | None


def states_answer(stated: Stated, kept: KeptAnswer, entry: Mapping[str, Any]) -> bool:
    """Whether the claim of a certificate is that of an answer, and the answer's sentence says the same."""
    if kept.subject.question is Question.RANGE:
        return _states_end(stated, kept, entry)
    units = None if stated.second is None else (stated.second.units, stated.network.units)
    if kept.subject.question is Question.SIMPLIFICATION and (kept.part, kept.whole) != units:
        return False
    value = None if kept.value is None else Fraction(kept.value)
    second = stated.second_of(kept.subject)
    claims = _claims(stated, kept.subject)
    return kept.says(stated, value) and any(_is(claim, stated, entry, second) for claim in claims)


def _claims(stated: Stated, subject: Subject) -> Iterator[Claim]:
    """Claims each of which proves an answer; one about the relaxation is about admissible inputs, too."""
    network, domain = stated.network, stated.domain
    if subject.question is Question.MONOTONICITY and subject.feature is not None:
        sign = 1 if subject.direction is Direction.RISES else -1
        alone = Monotone(subject.output or 0, subject.feature, sign)
        yield alone
        yield pairs_claim(network, domain, alone)
    elif subject.question is Question.SIMPLIFICATION and stated.second is not None:
        yield Equivalent(Fraction(0))
    else:
        for scope in dict.fromkeys((Scope.RELAXATION, subject.scope)):
            yield from _scoped_claims(stated, subject, scope)


def _scoped_claims(stated: Stated, subject: Subject, scope: Scope) -> Iterator[Claim]:
    """The same, for questions whose claims have a scope of their own."""
    bound, sets = subject.bound or Fraction(0), stated.sets_of(subject)
    if subject.question is Question.FAIRNESS:
        yield same_decision_claim(stated.network, with_their_groups(stated.domain, subject.protected), scope)
    elif subject.question is Question.BOUND:
        sign = 1 if subject.side is Side.HIGHEST else -1
        yield OutputBound(_weights(stated.network, subject.output or 0, sign), sign * bound, scope)
    elif subject.question is Question.DIFFERENCE:
        yield Equivalent(bound, scope)
    elif subject.question is Question.EXCLUSION and sets is not None:
        yield Excluded(sets, scope)


def _weights(network: ReLUNetwork, output: int, sign: int) -> tuple[Fraction, ...]:
    return tuple(Fraction(sign * (k == output)) for k in range(network.outputs))


def _states_end(stated: Stated, kept: KeptAnswer, entry: Mapping[str, Any]) -> bool:
    """The same for an end of a range: its bound rounds to the numbers of the store."""
    subject, output = kept.subject, kept.subject.output
    bound = None if output is None else _bound_in(entry, stated.domain.inputs + 1 + output)
    if bound is None or subject.side is None:
        return False
    sign = 1 if subject.side is Side.HIGHEST else -1
    end = sign * bound
    if (kept.value, kept.lower, kept.upper) != (nearest(end), float_below(end), float_above(end)):
        return False
    weights = _weights(stated.network, subject.output or 0, sign)
    claims = (OutputBound(weights, bound, scope) for scope in dict.fromkeys((Scope.RELAXATION, subject.scope)))
    return kept.says(stated, end) and any(_is(claim, stated, entry) for claim in claims)


def _bound_in(entry: Mapping[str, Any], place: int) -> Fraction | None:
    """The bound of a single inequality, c₀ + c y with the coefficient c at a place of the row; None if it has none."""
    sets = entry.get("sets", ())
    if len(sets) != 1 or len(sets[0]) != 1:
        return None
    row = [int(number, 16) for number in sets[0][0][2].split()]
    return None if place >= len(row) or not row[place] else Fraction(-row[0], abs(row[place]))


def states_distance(stated: Stated, distance: Distance, entry: Mapping[str, Any]) -> bool:
    """Whether the claim of a certificate is that no input nearer to a sample has another decision."""
    if entry.get("kind") != "excluded":
        return False
    if distance.lower is None:  # no input at all has another decision; which one is other, the sample says
        point = distance.point
        return entry["ball"] is None and (point is None or _excludes_others(stated, point, None, entry))
    ball = None if entry["ball"] is None else _ball(entry["ball"])
    if ball is None or ball.norm is not distance.norm or _least(ball) != distance.lower:
        return False
    return ball.centre == (distance.point or ball.centre) and _excludes_others(stated, ball.centre, ball, entry)


def _ball(entry: Mapping[str, str]) -> Ball:
    """The ball of a header."""
    scale, *numbers = (int(number, 16) for number in entry["centre"].split())
    p, q = (int(number, 16) for number in entry["radius"].split())
    return Ball(Norm(entry["norm"]), tuple(Fraction(number, scale) for number in numbers), Fraction(p, q))


def _excludes_others(stated: Stated, centre: Point, ball: Ball | None, entry: Mapping[str, Any]) -> bool:
    certain, perhaps = other_decisions(stated.network, evaluate_exactly(stated.network, centre)[1])
    scope = choose_scope(stated.domain)
    claims = (Excluded(tuple((part,) for part in sets), scope, ball) for sets in (certain, perhaps) if sets)
    return any(_is(claim, stated, entry) for claim in claims)


def _least(ball: Ball) -> float:
    """The bound of a distance that a ball proves, rounded down."""
    near = float_below(ball.size)
    return max(nextafter(sqrt(near), -inf), 0.0) if ball.norm is Norm.L2 else near


def _is(claim: Claim, stated: Stated, entry: Mapping[str, Any], second: ReLUNetwork | None = None) -> bool:
    """Whether an entry of a header is that of a claim."""
    networks = [stated.network, *([] if second is None else [second])]
    try:
        asked = claim if isinstance(claim, Monotone | PatternClaims) else as_excluded(claim, networks)
        own = claim_object(asked, networks, stated.domain.inputs)
    except InputError:  # such a claim fits no such network
        return False
    return bool(json.loads(json.dumps(own)) == entry)
