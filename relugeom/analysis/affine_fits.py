"""Affine fits: the affine map that is nearest to a network's outputs on a set of samples.

Notation: samples x_i with outputs y_i; a map is (W, b), its residual y_i − W x_i − b. *Least squares* makes Σ r² least,
Notation: samples x_i with outputs y_i; a map is (W, b), its residual y_i − W x_i − b. *Least squares* makes Σ r² least;
few of them, to which the worst sample of all is added until none is worse, replaces the one over all. Both are floats
that propose a map; its errors, rounding included, are found afterwards by `deviations`.
"""

import numpy as np

from relugeom.deadline import NEVER, Deadline
from relugeom.geometry.highs import HighsSolver
from relugeom.geometry.linear_program import LPSession, LPStatus
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.rounding import sum_error
from relugeom.network.network import ReLUNetwork

__all__ = ["bounded_outputs", "deviations", "least_squares_map", "minimax_map"]

ROUNDS = 200
"""Most linear programs of one minimax fit; after them, the best map so far is taken."""
SLACK = 1e-6
"""Relative distance from the proved least maximum at which a minimax fit is good enough."""

Map = tuple[FloatArray, FloatArray]


def least_squares_map(X: FloatArray, Y: FloatArray) -> Map:
    """W of shape (m, n) and b of shape (m,) with the least sum of squares; X is (s, n), Y is (s, m).

    In directions that the samples do not determine, the slope is 0 (in units of the features' spread).
    """
    centre, spread, Z = _standardised(X)
    middle = Y.mean(axis=0)
    slopes = np.linalg.lstsq(Z, Y - middle, rcond=None)[0].T / spread
    return slopes, middle - slopes @ centre


def minimax_map(X: FloatArray, Y: FloatArray, start: Map, *, deadline: Deadline = NEVER) -> Map:
    """The map with the least maximum of |residual| for each output, or the best that was found (in time)."""
    W, b = start[0].copy(), start[1].copy()
    centre, spread, Z = _standardised(X)
    # Coordinates in which the samples have spread 1 in every direction, and those without spread are left out.
    size, turn = np.linalg.eigh(Z.T @ Z / len(Z))
    kept = size > 1e-10 * max(size.max(initial=0.0), 1.0)
    turn = turn[:, kept] / np.sqrt(size[kept])
    turn[~Z.any(axis=0)] = 0.0
    for output in range(Y.shape[1]):
        if deadline.passed:
            break
        found = _minimax(Z @ turn, Y[:, output] - (X @ W[output] + b[output]), deadline)
        change = turn @ found[:-1] / spread
        slopes, constant = W[output] + change, b[output] + found[-1] - change @ centre
        before = np.abs(Y[:, output] - X @ W[output] - b[output]).max()
        if np.abs(Y[:, output] - X @ slopes - constant).max() < before:
            W[output], b[output] = slopes, constant
    return W, b


def bounded_outputs(network: ReLUNetwork, X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Outputs of the rows of X in float64, shape (s, m), and bounds of their errors; ∞ if they overflow."""
    value, error = X, np.zeros_like(X)
    last = len(network.weights) - 1
    with np.errstate(over="ignore", invalid="ignore"):
        for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
            size = np.abs(weight)
            magnitude = np.abs(value) @ size.T + np.abs(bias)
            # The propagated error is a float sum too; its own relative error is far below the factor 1 + 2⁻³⁰.
            error = (error @ size.T) * (1 + 2.0**-30) + sum_error(magnitude, weight.shape[1] + 1)
            value = value @ weight.T + bias
            value = value if layer == last else np.maximum(value, 0.0)
    return value, np.where(np.isfinite(value) & np.isfinite(error), error, np.inf)


def deviations(X: FloatArray, Y: FloatArray, doubt: FloatArray, fitted: Map) -> FloatArray:
    """Upper bounds of |y − W x − b| for the real outputs and the real map, for the worst output, shape (s,).

    Parameters
    ----------
    Y, doubt
        The result of `bounded_outputs` for X.
    """
    W, b = fitted
    with np.errstate(over="ignore", invalid="ignore"):
        gap = np.abs(Y - (X @ W.T + b))
        rounding = sum_error(np.abs(X) @ np.abs(W).T + np.abs(b) + np.abs(Y), X.shape[1] + 2)
        bound = (gap + doubt + rounding) * (1 + 2.0**-50)
    return np.asarray(np.where(np.isnan(bound), np.inf, bound).max(axis=1))


def _standardised(X: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    centre, spread = X.mean(axis=0), X.std(axis=0)
    # A feature that hardly moves next to its size has no slope here: it would be one of rounding errors.
    constant = spread <= 1e-12 * (np.abs(centre) + np.abs(X).max(axis=0, initial=0.0))
    spread = np.where(constant, 1.0, spread)
    return centre, spread, np.where(constant, 0.0, (X - centre) / spread)


def _minimax(Z: FloatArray, residual: FloatArray, deadline: Deadline) -> FloatArray:
    """(v, c) that make max |residual − Z v − c| least."""
    count, n = Z.shape
    best, least = np.zeros(n + 1), float(np.abs(residual).max())
    unit = least if least > 0 else 1.0
    order = np.argsort(-np.abs(residual), kind="stable")
    chosen = list(dict.fromkeys([*order[: 2 * (n + 2)].tolist(), int(residual.argmin()), int(residual.argmax())]))
    table = np.column_stack([Z, np.ones(count)])
    free = np.full(n + 2, np.inf)
    free[:-1] = 1e6  # a box keeps a program of few samples bounded
    solver = HighsSolver(deadline=deadline)
    session = solver.open(np.zeros((0, n + 2)), np.zeros(0), np.where(np.arange(n + 2) <= n, -free, 0.0), free)
    for row in chosen:
        _demand(session, table[row], float(residual[row] / unit))
    for _ in range(ROUNDS):
        solution = session.maximise(-np.eye(n + 2)[-1])
        if solution.status is not LPStatus.OPTIMAL:
            break
        gaps = np.abs(residual - table @ (solution.x[:-1] * unit))
        worst = float(gaps.max())
        if worst < least:
            best, least = solution.x[:-1] * unit, worst
        # The program over some samples has at most the least maximum over all of them.
        if least <= solution.x[-1] * unit * (1 + SLACK):
            break
        for row in np.argsort(-gaps, kind="stable")[:4].tolist():
            _demand(session, table[row], float(residual[row] / unit))
    return best


def _demand(session: LPSession, row: FloatArray, value: float) -> None:
    """|value − row·(v, c)| ≤ t."""
    session.add_row(np.append(row, -1.0), value)
    session.add_row(np.append(-row, -1.0), -value)
