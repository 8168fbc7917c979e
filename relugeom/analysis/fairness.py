"""Inputs that differ only in protected features, and get another decision.

Notation: own is the set of protected features; two inputs are *alike* iff they agree in all others. The one idea: that
alike inputs get the same decision is one claim about pairs of inputs. It may hold on the relaxation; a pair that shows
that it fails is admissible.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from relugeom.claims.claim import Claim, Excluded, SameDecision, SameLargest, Scope, Twin
from relugeom.claims.inequality import Inequality
from relugeom.claims.settlement import Settle, Settlement, Verdict
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain, list_admissible
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.network.decision import DecisionRule
from relugeom.network.exact import exact_network, exact_values
from relugeom.network.network import ReLUNetwork

__all__ = ["Fairness", "protected_fairness", "with_their_groups"]

CHUNK = 100_000


@dataclass(frozen=True, slots=True)
class Fairness:
    """Whether a decision depends on protected features.

    Attributes
    ----------
    protected
        Indices of the features, with those that are bound to them by a one-hot group.
    same_decision
        The claim that alike inputs get the same decision; a counterexample is a pair of admissible inputs.
    unequal, admissible
        Of how many admissible inputs an alike one gets another decision (undecided is a decision of its own), and how
        many there are; None where they are not listed.
    """

    protected: tuple[int, ...]
    same_decision: Settlement
    unequal: int | None = None
    admissible: int | None = None


def protected_fairness(network: ReLUNetwork, domain: Domain, settle: Settle, protected: Sequence[int]) -> Fairness:
    """Whether inputs that differ only in protected features get the same decision.

    Parameters
    ----------
    settle
        Settles claims about this network on this domain.
    protected
        Indices of features.

    Raises
    ------
    InputError
        There is no such feature, none is named, or the network takes no decision.
    """
    own = with_their_groups(domain, protected)
    found = settle(_claim(network, own, Scope.RELAXATION))
    if found.verdict is not Verdict.HOLDS and domain.integral.any():
        found = settle(_claim(network, own, Scope.ADMISSIBLE))
    found = _without_doubt(network, settle, found)
    listed = list_admissible(domain)
    if listed is None:
        return Fairness(own, found)
    return Fairness(own, found, int(_unequal(network, listed, own).sum()), len(listed))


def with_their_groups(domain: Domain, protected: Sequence[int]) -> tuple[int, ...]:
    """The features and the members of their one-hot groups, none of which can change alone."""
    for feature in protected:
        if not 0 <= feature < domain.inputs:
            raise InputError(
                f"there is no feature {feature} to protect: they are numbered from 0 to {domain.inputs - 1}"
            )
    if not protected:
        raise InputError("no protected feature is named")
    bound = {member for group in domain.groups if set(group) & set(protected) for member in group}
    return tuple(sorted({*protected, *bound}))


def _claim(network: ReLUNetwork, own: tuple[int, ...], scope: Scope) -> Claim:
    rule = network.rule
    if rule.rule is DecisionRule.THRESHOLD:
        return SameDecision(own, Fraction(rule.lower), Fraction(rule.upper), 0, scope)
    if rule.rule is DecisionRule.ARGMAX:
        return SameLargest(own, scope)
    raise InputError("the network takes no decision: say from which output on it is class 1, with a threshold")


def _without_doubt(network: ReLUNetwork, settle: Settle, found: Settlement) -> Settlement:
    """A pair of which one output lies between the bounds of an irrational threshold shows nothing: another may."""
    shown, rule, claim = found.counterexample, network.rule, found.claim
    if not isinstance(claim, SameDecision) or shown is None or shown.second_outputs is None:
        return found
    if claim.lower == claim.upper or (shown.second_outputs[0] <= rule.lower and shown.outputs[0] > rule.upper):
        return found
    above = Inequality(-claim.upper, outputs=(Fraction(1),), strict=True)
    below = Inequality(claim.lower, copy_outputs=(Fraction(-1),))
    certain = settle(Excluded(((above, below),), claim.scope, twin=Twin(claim.own)))
    if certain.verdict is Verdict.FAILS:
        return replace(certain, claim=claim)
    reason = f"an output lies between {rule.lower!r} and {rule.upper!r}, where the class is not known"
    return replace(found, verdict=Verdict.UNKNOWN, counterexample=None, reason=reason)


def _unequal(network: ReLUNetwork, listed: FloatArray, own: tuple[int, ...]) -> BoolArray:
    """Which inputs have an alike one with another decision, in exact arithmetic."""
    if not len(listed):
        return np.zeros(0, dtype=np.bool_)
    decisions = np.concatenate(
        [_decisions(network, listed[begin : begin + CHUNK]) for begin in range(0, len(listed), CHUNK)]
    )
    others = [k for k in range(listed.shape[1]) if k not in own]
    _, alike = np.unique(listed[:, others], axis=0, return_inverse=True)
    kinds = np.unique(decisions, axis=0, return_inverse=True)[1].ravel()
    pairs = np.unique(np.column_stack([alike.ravel(), kinds]), axis=0)
    several: BoolArray = (np.bincount(pairs[:, 0], minlength=int(alike.max(initial=0)) + 1) > 1)[alike.ravel()]
    return several


def _decisions(network: ReLUNetwork, X: FloatArray) -> BoolArray:
    """What decides about each row: y > θ (for either bound of θ), or which outputs are the largest."""
    values, exponent = exact_values(exact_network(network), X)[-1]
    table = np.array([int(entry) for entry in values.entries()], dtype=object).reshape(network.outputs, len(X)).T
    rule = network.rule
    if rule.rule is DecisionRule.ARGMAX:
        return np.asarray(table == table.max(axis=1, keepdims=True), dtype=np.bool_)
    bounds = [Fraction(bound) * (1 << exponent) for bound in (rule.lower, rule.upper)]
    return np.column_stack([np.asarray(table[:, 0] > bound, dtype=np.bool_) for bound in bounds])
