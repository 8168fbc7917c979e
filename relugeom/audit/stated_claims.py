"""Whether a certificate proves what a store states: the claim is built again from the statement's row.

The one idea: what is compared is the claim as it stands in the certificate, number by number. Only its bound is taken
from there, since a store rounds; it has to round to what the store has.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf, nextafter, sqrt
from typing import Any

from relugeom.analysis.counterparts import with_their_groups
from relugeom.certificate.claim_proof.header_entry import as_excluded, claim_object
from relugeom.claims.ball import Ball, Norm
from relugeom.claims.claim import Claim, Equivalent, Excluded, Monotone, OutputBound, Scope
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


@dataclass(frozen=True, slots=True)
class Stated:
    """Subject of statements.

    Attributes
    ----------
    second
        The smaller network of the audit, if there is one.
    """

    network: ReLUNetwork
    domain: Domain
    second: ReLUNetwork | None = None


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
    return kept.says(stated, value) and any(_is(claim, stated, entry) for claim in _claims(stated, kept.subject))


def _claims(stated: Stated, subject: Subject) -> Iterator[Claim]:
    """Claims each of which proves an answer; one about the relaxation is about admissible inputs, too."""
    network, domain = stated.network, stated.domain
    if subject.question is Question.MONOTONICITY and subject.feature is not None:
        sign = 1 if subject.direction is Direction.RISES else -1
        alone = Monotone(subject.output or 0, subject.feature, sign)
        yield alone
        yield pairs_claim(network, domain, alone)
    elif subject.question is Question.FAIRNESS:
        own = with_their_groups(domain, subject.protected)
        for scope in dict.fromkeys((Scope.RELAXATION, subject.scope)):
            yield same_decision_claim(network, own, scope)
    elif subject.question is Question.SIMPLIFICATION and stated.second is not None:
        yield Equivalent(Fraction(0))


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
    weights = tuple(Fraction(sign * (k == output)) for k in range(stated.network.outputs))
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


def _is(claim: Claim, stated: Stated, entry: Mapping[str, Any]) -> bool:
    """Whether an entry of a header is that of a claim."""
    networks: Sequence[ReLUNetwork] = [stated.network]
    if isinstance(claim, Equivalent) and stated.second is not None:
        networks = [stated.network, stated.second]
    try:
        asked = claim if isinstance(claim, Monotone | PatternClaims) else as_excluded(claim, networks)
        own = claim_object(asked, networks, stated.domain.inputs)
    except InputError:  # such a claim fits no such network
        return False
    return bool(json.loads(json.dumps(own)) == entry)
