"""Fairness: whether inputs that differ only in protected features get the same decision.

Notation: own is the set of protected features; two inputs are *alike* iff they agree in all others. The one idea: that
alike inputs get the same decision is one claim about pairs of inputs. It may hold on the relaxation; a pair that shows
that it fails is admissible. A pair of samples needs no proof, so samples are looked at first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from relugeom.analysis.counterparts import find_pair, with_their_groups
from relugeom.claims.claim import Claim, Excluded, SameDecision, SameLargest, Scope, Twin
from relugeom.claims.inequality import Inequality
from relugeom.claims.reason import unclear_class
from relugeom.claims.settlement import Counterexample, Settlement, Verdict
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError, InputError
from relugeom.geometry.domain import Domain, list_admissible
from relugeom.geometry.drawing import draw_admissible
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.network.decision import NO_DECISION, DecisionRule
from relugeom.network.exact import exact_network, exact_values
from relugeom.network.forward import as_samples
from relugeom.network.network import ReLUNetwork
from relugeom.partition.scope import choose_scope
from relugeom.questions.settler import (
    Ask,
    PlainSettle,
    Prover,
    Settler,
    asking,
    settler_may_come_third,
    settler_of,
)

__all__ = ["Fairness", "protected_fairness", "same_decision_claim"]

CHUNK, DRAWN = 10_000, 10_000
"""Inputs that are evaluated at once, and inputs that are drawn to look for a pair."""
DRAWN_NUMBERS = 1 << 19
"""Coordinates of all of these together: with very many features, fewer inputs are drawn."""
LOOKING = 1 / 2
"""Part of the time for looking at inputs; the rest is for a proof."""


@dataclass(frozen=True, slots=True)
class Fairness:
    """Whether a decision depends on protected features.

    Attributes
    ----------
    protected
        Indices of the features, with those that share a one-hot group with them.
    same_decision
        Settled claim that alike inputs get the same decision; a counterexample is a pair of admissible inputs.
    scope
        Inputs that the claim is about: admissible ones if the domain has integer features (a claim that holds on the
        relaxation holds for them).
    unequal, admissible
        Number of admissible inputs for which an alike one gets another decision (undecided is a decision of its own),
        and number of admissible inputs; None if they are not listed, or not in time.
    """

    protected: tuple[int, ...]
    same_decision: Settlement
    scope: Scope
    unequal: int | None = None
    admissible: int | None = None


@settler_may_come_third
def protected_fairness(
    network: ReLUNetwork,
    domain: Domain,
    protected: Sequence[int],
    *,
    settle: Settler | PlainSettle | None = None,
    candidates: ArrayLike | None = None,
    time_limit: TimeLimit = None,
) -> Fairness:
    """Decide whether inputs that differ only in protected features get the same decision.

    Parameters
    ----------
    protected
        Indices of features.
    settle
        Settler of the claims: a `Settler`, or a function settle(claim) for this network on this domain; by default the
        claims are proved here. Only a `Settler` is told how much time is left.
    candidates
        Inputs, shape (k, n), such as samples: a pair that refutes the claim is looked for at the admissible ones among
        them, and at drawn inputs, before a proof is tried.
    time_limit
        Seconds or a deadline for everything; what is not settled or counted by then is unknown.

    Raises
    ------
    InputError
        There is no such feature, none is named, or the network takes no decision.
    """
    deadline = Deadline.of(time_limit)
    ask = asking(settler_of(settle, Prover(network)), domain, deadline)
    own = with_their_groups(domain, protected)
    claim = same_decision_claim(network, own, choose_scope(domain))
    given = np.zeros((0, domain.inputs)) if candidates is None else as_samples(network, candidates)
    shown = _find_pair(network, domain, given, own, deadline.share(LOOKING))
    if shown is not None:
        return _counted(network, domain, own, Settlement(claim, Verdict.FAILS, counterexample=shown), deadline)
    found = ask(same_decision_claim(network, own, Scope.RELAXATION))
    if found.verdict is not Verdict.HOLDS and domain.has_integers:
        found = ask(claim).within(found)
    return _counted(network, domain, own, _without_doubt(network, ask, found), deadline)


def _find_pair(
    network: ReLUNetwork, domain: Domain, given: FloatArray, own: tuple[int, ...], deadline: Deadline
) -> Counterexample | None:
    """A pair that refutes the claim, at a given input, or else at a drawn one."""
    shown = find_pair(network, domain, given, own, deadline=deadline)
    if shown is not None:
        return shown
    drawn = draw_admissible(domain, max(min(DRAWN, DRAWN_NUMBERS // domain.inputs), 1))
    return find_pair(network, domain, drawn, own, deadline=deadline)


def _counted(
    network: ReLUNetwork, domain: Domain, own: tuple[int, ...], found: Settlement, deadline: Deadline
) -> Fairness:
    """The answer, with the number of unequal inputs if all inputs are listed."""
    listed = None if deadline.passed else list_admissible(domain)
    if listed is None:
        return Fairness(own, found, choose_scope(domain))
    try:
        unequal = int(_unequal(network, listed, own, deadline).sum())
    except DeadlinePassedError:
        return Fairness(own, found, choose_scope(domain), None, len(listed))
    return Fairness(own, found, choose_scope(domain), unequal, len(listed))


def same_decision_claim(network: ReLUNetwork, own: tuple[int, ...], scope: Scope) -> Claim:
    """The claim that the decision is the same whatever these features are."""
    rule = network.rule
    if rule.rule is DecisionRule.THRESHOLD:
        return SameDecision(own, Fraction(rule.lower), Fraction(rule.upper), 0, scope)
    if rule.rule is DecisionRule.ARGMAX:
        return SameLargest(own, scope)
    raise InputError(NO_DECISION)


def _without_doubt(network: ReLUNetwork, ask: Ask, found: Settlement) -> Settlement:
    """A pair with an output between the bounds of an irrational threshold shows nothing; another pair may."""
    shown, rule, claim = found.counterexample, network.rule, found.claim
    if not isinstance(claim, SameDecision) or shown is None or shown.second_outputs is None:
        return found
    if claim.lower == claim.upper or (shown.second_outputs[0] <= rule.lower and shown.outputs[0] > rule.upper):
        return found
    above = Inequality(-claim.upper, outputs=(Fraction(1),), strict=True)
    below = Inequality(claim.lower, copy_outputs=(Fraction(-1),))
    certain = ask(Excluded(((above, below),), claim.scope, twin=Twin(claim.own)))
    if certain.verdict is Verdict.FAILS:
        return replace(certain, claim=claim)
    reason = unclear_class(rule.lower, rule.upper)
    return replace(found, verdict=Verdict.UNKNOWN, counterexample=None, reason=reason)


def _unequal(network: ReLUNetwork, listed: FloatArray, own: tuple[int, ...], deadline: Deadline) -> BoolArray:
    """Whether each input has an alike one with another decision, in exact arithmetic."""
    if not len(listed):
        return np.zeros(0, dtype=np.bool_)
    parts = []
    for begin in range(0, len(listed), CHUNK):
        deadline.check()
        parts.append(_decisions(network, listed[begin : begin + CHUNK]))
    decisions = np.concatenate(parts)
    others = [k for k in range(listed.shape[1]) if k not in own]
    _, alike = np.unique(listed[:, others], axis=0, return_inverse=True)
    kinds = np.unique(decisions, axis=0, return_inverse=True)[1].ravel()
    pairs = np.unique(np.column_stack([alike.ravel(), kinds]), axis=0)
    several: BoolArray = (np.bincount(pairs[:, 0], minlength=int(alike.max(initial=0)) + 1) > 1)[alike.ravel()]
    return several


def _decisions(network: ReLUNetwork, X: FloatArray) -> BoolArray:
    """Decision of each row: y > θ (for either bound of θ), or which outputs are the largest."""
    values, exponent = exact_values(exact_network(network), X)[-1]
    table = np.array([int(entry) for entry in values.entries()], dtype=object).reshape(network.outputs, len(X)).T
    rule = network.rule
    if rule.rule is DecisionRule.ARGMAX:
        return np.asarray(table == table.max(axis=1, keepdims=True), dtype=np.bool_)
    bounds = [Fraction(bound) * (1 << exponent) for bound in (rule.lower, rule.upper)]
    return np.column_stack([np.asarray(table[:, 0] > bound, dtype=np.bool_) for bound in bounds])
