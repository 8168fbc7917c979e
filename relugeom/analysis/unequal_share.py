"""Share of a domain, or of the samples, whose decisions depend on protected features: a measurement in float64, not a
proof.

Notation: own is the set of protected features; inputs are *alike* iff they agree in all others. The one idea: count the
inputs of which an alike one is seen to get another decision (`counterparts.py`). Where not all alike inputs are tried,
what is found is a bound from below.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from relugeom.analysis.counterparts import alternatives_of, counterparts, with_their_groups
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError, InputError
from relugeom.geometry.domain import Domain, contains_admissible
from relugeom.geometry.drawing import draw_admissible
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.linalg.confidence import confidence_interval
from relugeom.network.decision import require_decision
from relugeom.network.forward import as_samples
from relugeom.network.network import ReLUNetwork

__all__ = ["UnequalShare", "unequal_samples", "unequal_share"]

FEWEST = 100


@dataclass(frozen=True, slots=True)
class UnequalShare:
    """Share of inputs whose decision can change with protected features alone.

    Attributes
    ----------
    inputs, unequal
        Number of inputs that were examined, and number of those for which an alike one was found with another decision.
    low, high
        An interval that holds the share of the domain with probability `confidence`; (0, 1) if nothing is known.
    exhaustive
        Whether all alike inputs of each were examined; if not, the share may be larger than `high`.
    reason
        Why there are fewer inputs than were asked for, or fewer alike ones than there could be; or empty.
    """

    inputs: int
    unequal: int
    low: float
    high: float
    confidence: float
    exhaustive: bool
    reason: str = ""


def unequal_share(
    network: ReLUNetwork,
    domain: Domain,
    protected: Sequence[int],
    *,
    inputs: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
    time_limit: TimeLimit = None,
) -> UnequalShare:
    """Estimate the share of a domain in which protected features alone can change the decision.

    Inputs are drawn uniformly from the admissible ones: integers and members of one-hot groups with equal probability,
    continuous features by length.

    Parameters
    ----------
    protected
        Indices of features.
    inputs, seed, confidence
        Number of inputs to draw, seed of the generator, and probability of the interval.
    time_limit
        Seconds or a deadline; alike inputs that were not examined by then do not count (`exhaustive`).

    Raises
    ------
    InputError
        There is no such feature, none is named, the network takes no decision, or an option is out of range.
    """
    deadline = Deadline.of(time_limit)
    own = with_their_groups(domain, protected)
    require_decision(network.rule)
    if inputs < FEWEST or not 0 < confidence < 1:
        raise InputError(f"at least {FEWEST} inputs and a confidence between 0 and 1 are needed")
    drawn = draw_admissible(domain, inputs, seed=seed)
    few = f"only {len(drawn):,} of {inputs:,} admissible inputs could be drawn" if len(drawn) < inputs else ""
    if len(drawn) < FEWEST:
        return UnequalShare(0, 0, 0.0, 1.0, confidence, False, few)
    unequal, exhaustive = _find_unequal(network, domain, drawn, own, deadline)
    if deadline.passed and not exhaustive:
        few = "; ".join([*([few] if few else []), "time ran out before all alike inputs were examined"])
    hits = np.array([unequal.sum()])
    low, high = confidence_interval(hits, len(drawn), confidence)
    return UnequalShare(len(drawn), int(hits[0]), float(low[0]), float(high[0]), confidence, exhaustive, few)


def unequal_samples(
    network: ReLUNetwork,
    domain: Domain,
    X: ArrayLike,
    protected: Sequence[int],
    *,
    time_limit: TimeLimit = None,
) -> tuple[int, int, bool]:
    """Number of admissible samples, and number of those for which an alike input is found with another decision.

    The third value says whether all alike inputs counted; if not, the second one is a bound from below.

    Parameters
    ----------
    X
        The samples, shape (s, n); those that are not admissible are left out.
    protected
        Indices of features.
    time_limit
        Seconds or a deadline; alike inputs that were not examined by then do not count.
    """
    deadline = Deadline.of(time_limit)
    own = with_their_groups(domain, protected)
    samples = as_samples(network, X)
    samples = samples[contains_admissible(domain, samples)]
    unequal, exhaustive = _find_unequal(network, domain, samples, own, deadline)
    return len(samples), int(unequal.sum()), exhaustive


def _find_unequal(
    network: ReLUNetwork, domain: Domain, X: FloatArray, own: tuple[int, ...], deadline: Deadline
) -> tuple[BoolArray, bool]:
    """Whether each admissible input has an alike one with another decision, and whether all alike ones were
    examined.
    """
    alternatives = alternatives_of(domain, X, own)
    unequal = np.zeros(len(X), dtype=np.bool_)
    try:
        for rows, _ in counterparts(network, domain, X, alternatives, deadline=deadline):
            unequal[rows] = True
    except DeadlinePassedError:
        return unequal, False
    return unequal, alternatives.exhaustive
