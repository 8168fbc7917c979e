"""The aim that no input of a set is nearer to a point than a distance, and how near a cell's inputs in a set can be.

Notation: p is the point; over a cell, form(x) is at least the inequality of a set, so its inputs have form(x) ≥ 0. The
one idea: the least distance of p from {x in the box of a cell : form(x) ≥ 0} is a problem with one inequality. For any
price λ ≥ 0 of it, min distance(x) − λ form(x) over the box is a lower bound (for l2, of the square), which separates by
inputs; for linf, the largest form within a distance is compared with 0.
"""

from collections.abc import Callable

import numpy as np

from relugeom.bounding.aim import Left
from relugeom.bounding.attack import keep_rules, margins
from relugeom.bounding.branching import choose_parting
from relugeom.bounding.cell_program import Proposal
from relugeom.bounding.cells import Cells
from relugeom.bounding.domain_rows import within_rows
from relugeom.bounding.multipliers import improve
from relugeom.bounding.problem import Problem
from relugeom.bounding.relaxation import ULP, Forms, Relaxation
from relugeom.bounding.sets import SetAim
from relugeom.bounding.tightening import Bounded, set_forms
from relugeom.bounding.tree import GrowingTree
from relugeom.claims.ball import Norm
from relugeom.deadline import Deadline
from relugeom.linalg.arrays import FloatArray, IntArray

__all__ = ["NearAim", "distances", "least_distances"]

HALVINGS = 48
"""Steps in which a price, or a distance, is halved; and in which an input is drawn nearer."""
DRAWN = 12

LeastDistance = Callable[[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray], FloatArray]


def distances(x: FloatArray, p: FloatArray, norm: Norm) -> FloatArray:
    """Distances of inputs, shape (…, m), from p."""
    steps = np.abs(x - p)
    if norm is Norm.LINF:
        return np.asarray(steps.max(axis=-1, initial=0.0))
    return np.asarray(steps.sum(axis=-1) if norm is Norm.L1 else np.sqrt((steps**2).sum(axis=-1)))


def least_distances(forms: Forms, cells: Cells, p: FloatArray, norm: Norm) -> FloatArray:
    """Lower bounds of the distance of p from inputs of each cell at which a form is ≥ 0, shape (B, R); ∞ without any.

    Every rounding is allowed for: the constant is taken larger than it is, and a sum of terms is taken smaller.
    """
    lower, upper = cells.lower[:, None, :], cells.upper[:, None, :]
    slack = 8.0 * (p.size + 64) * ULP
    reach = np.maximum(np.maximum(np.abs(lower), np.abs(upper)), np.abs(p))
    constant = forms.constant + forms.error
    constant = constant + slack * (np.abs(constant) + (np.abs(forms.slopes) * reach).sum(axis=-1))
    first = np.clip(p, lower, upper)
    room = np.where(forms.slopes > 0.0, upper - first, first - lower)
    need = -(constant + (forms.slopes * first).sum(axis=-1))
    most = (np.abs(forms.slopes) * room).sum(axis=-1) * (1.0 + slack)
    least = np.broadcast_to(distances(first, p, norm) * (1.0 - slack), need.shape)
    solve: LeastDistance = {Norm.L1: _least_l1, Norm.L2: _least_l2, Norm.LINF: _least_linf}[norm]
    base = np.broadcast_to(np.abs(first - p), forms.slopes.shape)
    found = np.maximum(least, solve(np.abs(forms.slopes), room, base, need, np.full(1, slack)))
    return np.where(most < need, np.inf, np.where(need > 0.0, found, least))


def _least_l1(s: FloatArray, room: FloatArray, base: FloatArray, need: FloatArray, slack: FloatArray) -> FloatArray:
    """Dual bound at the price of the input with which a greedy choice, the largest slopes first, meets the need."""
    order = np.argsort(-s, axis=-1, kind="stable")
    gains = np.cumsum(np.take_along_axis(s * room, order, axis=-1), axis=-1)
    last = np.minimum((gains < need[..., None]).sum(axis=-1), s.shape[-1] - 1)
    price = np.take_along_axis(np.take_along_axis(s, order, axis=-1), last[..., None], axis=-1)[..., 0]
    price = np.divide(1.0, price, out=np.zeros_like(price), where=price > 1e-300)
    spared = (np.maximum(s * price[..., None] - 1.0, 0.0) * room).sum(axis=-1)
    start = base.sum(axis=-1)
    total = start + price * need - spared
    return np.asarray(np.where(np.isfinite(total), total - slack * (start + price * np.abs(need) + spared), 0.0))


def _least_l2(s: FloatArray, room: FloatArray, base: FloatArray, need: FloatArray, slack: FloatArray) -> FloatArray:
    """Dual bound of the square at a price that is found by halving; inputs move from where the box is nearest."""
    low, high = np.zeros_like(need), np.full_like(need, 1.0)

    def moved(price: FloatArray) -> FloatArray:
        return np.clip(price[..., None] * s / 2.0 - base, 0.0, room)

    for _ in range(HALVINGS):
        short = (s * moved(high)).sum(axis=-1) < need
        high = np.where(short, 4.0 * high, high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        short = (s * moved(middle)).sum(axis=-1) < need
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    steps = moved(low)
    square = ((base + steps) ** 2).sum(axis=-1)
    gained = (s * steps).sum(axis=-1)
    total = square + low * (need - gained) - slack * (square + low * (np.abs(need) + gained))
    return np.asarray(np.sqrt(np.maximum(np.where(np.isfinite(total), total, 0.0), 0.0)) * (1.0 - slack))


def _least_linf(s: FloatArray, room: FloatArray, base: FloatArray, need: FloatArray, slack: FloatArray) -> FloatArray:
    """Largest distance, found by halving, within which the need is not met."""
    low, high = np.zeros_like(need), (base + room).max(axis=-1, initial=0.0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        gained = (s * np.clip(middle[..., None] - base, 0.0, room)).sum(axis=-1)
        short = gained * (1.0 + slack) < need
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.asarray(low * (1.0 - slack))


class NearAim(SetAim):
    """Closes cells whose inputs in sets, of one inequality each, are all farther from a point than a distance."""

    def __init__(
        self, problem: Problem, relaxation: Relaxation, deadline: Deadline, point: FloatArray, norm: Norm
    ) -> None:
        super().__init__(problem, relaxation, deadline)
        self._point, self._norm = point, norm

    def attack(self, number: int, deadline: Deadline) -> FloatArray:
        """Inputs of sets, and others, drawn nearer."""
        return self._nearer(super().attack(number, deadline))

    def margins(self, x: FloatArray) -> FloatArray:
        """Minus the distance of each input that lies in a set; −∞ for others."""
        met = margins(self._problem, x).max(axis=1) >= 0.0
        return np.where(met, -distances(x, self._point, self._norm), -np.inf)

    def close(self, cells: Cells, nodes: IntArray, bounded: Bounded, level: float, tree: GrowingTree) -> Left:
        """Close cells in which no input of a set is nearer than −level."""
        problem, relaxation = self._problem, self._relaxation
        weights = np.ones((len(cells), len(problem.rows.constant)))
        forms = within_rows(relaxation, set_forms(problem, relaxation, bounded.lines, bounded.pairs, weights), cells)
        near = least_distances(forms, cells, self._point, self._norm)
        left = np.flatnonzero(~(-near < level).all(axis=1))
        some, near, those = cells.at(left), near[left], bounded.at(left)
        here, worst = np.arange(len(left)), near.argmin(axis=1)
        own = (np.arange(weights.shape[1]) == worst[:, None]).astype(np.float64)
        found = improve(problem, relaxation, some, those.lines, those.pairs, own, self._steps)
        some.slopes, some.multipliers = found.slopes, found.multipliers
        better = least_distances(self._form(found.form, found.bound, some), some, self._point, self._norm)[:, 0]
        near[here, worst] = np.fmax(near[here, worst], better)
        bounds = -near.min(axis=1, initial=np.inf)
        still = np.flatnonzero(~(bounds < level))
        chosen = left[still]
        proposal = Proposal.nothing(problem, some)
        parting = choose_parting(
            problem,
            relaxation,
            some.at(still),
            bounded.at(chosen),
            found.at(still),
            own[still],
            proposal.at(still),
        )
        return Left(
            rows=chosen,
            cells=some.at(still),
            nodes=nodes[chosen],
            bounds=bounds[still],
            excesses=np.full(len(still), np.inf),
            parting=parting,
            promising=self._nearer(self._promising(some, found, worst, proposal)),
        )

    def _form(self, slopes: FloatArray, bound: FloatArray, cells: Cells) -> Forms:
        """Forms with given slopes whose maxima over the cells are given bounds: at least what the bounds are of."""
        nothing = np.zeros((len(slopes), 1))
        largest = self._relaxation.maximum(Forms(slopes[:, None, :], nothing, nothing), cells)
        reach = 16.0 * (slopes.shape[1] + 64) * ULP * (np.abs(slopes) @ self._relaxation.reach)[:, None]
        return Forms(slopes[:, None, :], bound[:, None] - largest, reach + 4.0 * ULP * np.abs(bound)[:, None])

    def _nearer(self, x: FloatArray) -> FloatArray:
        """The same inputs, and those in sets drawn towards the point while they stay in a set."""
        problem = self._problem
        met = margins(problem, x).max(axis=1) >= 0.0
        far, near = x[met], np.broadcast_to(self._point, x[met].shape)
        kept = far
        for _ in range(DRAWN):
            middle = keep_rules(problem, (far + near) / 2.0)
            good = (margins(problem, middle).max(axis=1) >= 0.0)[:, None]
            far, near, kept = np.where(good, middle, far), np.where(good, near, middle), np.where(good, middle, kept)
        return np.concatenate([x, kept])
