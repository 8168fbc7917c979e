"""Robustness of many samples: distances to another decision, counterfactuals, and the share beyond a radius.

The one idea: each sample is a question of its own (`robustness.py`). So the time is spent on samples in the given
order, and the answer says which samples were left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import inf, nextafter, sqrt

import numpy as np
from numpy.typing import ArrayLike

from relugeom.claims.ball import Norm
from relugeom.claims.claim import Scope
from relugeom.claims.settlement import Proof, Verdict
from relugeom.deadline import Deadline, TimeLimit
from relugeom.decimals import float_above, float_below
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import BoolArray, FloatArray, IntArray, frozen_array
from relugeom.network.decision import require_decision
from relugeom.network.forward import as_samples
from relugeom.network.network import ReLUNetwork
from relugeom.partition.scope import choose_scope, in_scope
from relugeom.questions.robustness import Robustness, distance_to_other_decision, has_clear_decision
from relugeom.questions.settler import PlainSettle, Settler, settler_may_come_third

__all__ = ["SampleRobustness", "sample_robustness"]

SHARE = 3.0
"""How many times its part of the time a sample may take."""


@dataclass(frozen=True, slots=True, eq=False)
class SampleRobustness:
    """Distances of s samples from another decision.

    Attributes
    ----------
    norm
        Norm of the distances, in input units.
    rows
        Rows of the given samples that were examined, shape (s,).
    verdicts
        HOLDS: the distance is proved; FAILS: no input of the domain gets another decision; UNKNOWN.
    distance
        Distance of the nearest input found with another decision, as the nearest float64, shape (s,); NaN without one.
    counterfactual
        Those inputs, shape (s, n); NaN without one.
    change
        Counterfactual minus sample, shape (s, n).
    proofs
        Certificate of each distance that is proved (a ball around the sample, smaller by 2^−40 of it, meets no other
        decision), or of there being no other decision; None if neither is proved.
    passed_over
        Rows that lie outside the domain, are not admissible, or have no clear decision.
    scope
        Inputs that count as counterfactuals: admissible ones, or all of the relaxation.
    lower, upper
        Proved: the distance is not below (rounded down), and not above (rounded up) as an input shows, shape (s,);
        NaN where no other decision exists, or none was found.
    frozen
        Features that keep their value.
    reason
        Why there are fewer samples than were given, or empty.
    """

    norm: Norm
    rows: IntArray
    verdicts: tuple[Verdict, ...]
    distance: FloatArray
    counterfactual: FloatArray
    change: FloatArray
    proofs: tuple[Proof | None, ...]
    passed_over: int
    scope: Scope
    lower: FloatArray
    upper: FloatArray
    frozen: tuple[int, ...] = ()
    reason: str = ""

    def __post_init__(self) -> None:
        for name in ("distance", "counterfactual", "change", "lower", "upper"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))
        self.rows.setflags(write=False)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def proved(self) -> BoolArray:
        """Whether the distance, or that there is none, is proved, shape (s,)."""
        return np.array([verdict is not Verdict.UNKNOWN for verdict in self.verdicts], dtype=np.bool_)

    def share_beyond(self, radius: float) -> tuple[float, float]:
        """Least and largest share of the examined samples that keep their decision within a radius.

        The two differ by the samples whose distance is proved to be neither more nor less.
        """
        if len(self) == 0:
            return (0.0, 1.0)
        beyond = ~(self.distance <= radius)  # NaN: no other decision was found
        return float((beyond & (self.proved | (self.lower > radius))).mean()), float(beyond.mean())


@settler_may_come_third
def sample_robustness(
    network: ReLUNetwork,
    domain: Domain,
    X: ArrayLike,
    *,
    settle: Settler | PlainSettle | None = None,
    norm: Norm = Norm.LINF,
    frozen: Sequence[int] = (),
    candidates: ArrayLike | None = None,
    time_limit: TimeLimit = None,
    on_progress: Callable[[int], None] | None = None,
) -> SampleRobustness:
    """Compute the exact distances of samples from another decision, one after the other.

    If the domain has integer features, only admissible inputs count as counterfactuals.

    Parameters
    ----------
    X
        Samples, shape (s, n).
    settle
        Settler of the claims: a `Settler`, or a function settle(row, domain, claim) for this network, which is told the
        row of the sample; by default the claims are proved here. Only a `Settler` is told how much time is left.
    frozen
        Features that keep their value.
    candidates
        Inputs from which the search starts, shape (k, n); by default the samples.
    time_limit
        Seconds or a deadline; samples are examined in their order.

    Raises
    ------
    InputError
        The network takes no decision.
    DataError
        X does not fit the network.
    """
    samples = as_samples(network, X)
    require_decision(network.rule)
    deadline = Deadline.of(time_limit)
    scope = choose_scope(domain)
    inside = in_scope(domain, samples, scope)
    starts = samples if candidates is None else as_samples(network, candidates)
    rows: list[int] = []
    found: list[Robustness] = []
    passed_over, reason = 0, ""
    for row in range(len(samples)):
        if deadline.passed:
            reason = f"when time ran out, {len(samples) - row:,} of {len(samples):,} samples were left"
            break
        if not (inside[row] and has_clear_decision(network, samples[row])):
            passed_over += 1
            continue
        rows.append(row)
        found.append(
            distance_to_other_decision(
                network,
                domain,
                samples[row],
                settle=settle if settle is None or isinstance(settle, Settler) else partial(settle, row),
                norm=norm,
                scope=scope,
                frozen=frozen,
                candidates=starts,
                time_limit=deadline.share(min(1.0, SHARE / (len(samples) - row))),
            )
        )
        if on_progress is not None:
            on_progress(len(found))
    points = np.array(
        [
            [np.nan] * domain.inputs if one.counterfactual is None else list(map(float, one.counterfactual))
            for one in found
        ]
    ).reshape(len(found), domain.inputs)
    return SampleRobustness(
        norm=Norm(norm),
        rows=np.array(rows, dtype=np.int64),
        verdicts=tuple(one.verdict for one in found),
        distance=np.array([_length(one) for one in found], dtype=np.float64),
        counterfactual=points,
        change=points - samples[rows],
        proofs=tuple(None if one.settlement is None else one.settlement.proof for one in found),
        passed_over=passed_over,
        scope=scope,
        lower=np.array([_bound(one.lower, one.norm, up=False) for one in found], dtype=np.float64),
        upper=np.array([_bound(one.upper, one.norm, up=True) for one in found], dtype=np.float64),
        frozen=tuple(frozen),
        reason=reason,
    )


def _bound(size: Fraction | None, norm: Norm, *, up: bool) -> float:
    """A bound of a distance (of its square for L2), rounded outwards."""
    if size is None:
        return float("nan")
    near = float_above(size) if up else float_below(size)
    if norm is not Norm.L2:
        return near
    root = sqrt(near)
    return nextafter(root, inf) if up else max(nextafter(root, -inf), 0.0)


def _length(found: Robustness) -> float:
    if found.distance is None:
        return float("nan")
    return sqrt(found.distance) if found.norm is Norm.L2 else float(found.distance)
