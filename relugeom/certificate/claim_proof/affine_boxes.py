"""Boxes on which a network is affine, many at once: its pattern and bounds of its outputs, in floats with their errors.

Notation: x = c + r∘t with t in [−1, 1]^n. In every layer the pre-activations of a box satisfy |z − (v + A t)| ≤ e;
e bounds the rounding of all layers so far (`linalg.rounding`). A unit whose sign this settles is stable on the box; the
multiplier 1 of its own form alone proves that. Where all units are, z of the next layer follows: such a box takes no
linear program and no exact arithmetic. Where a margin is thinner than e nothing is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relugeom.certificate.claim_proof.header_entry import SetRow
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.linalg.exact import nearest_quotient
from relugeom.linalg.rounding import sum_error
from relugeom.network.network import ReLUNetwork

__all__ = ["AffineBoxes", "find_affine_boxes"]


FAR_APART = 900
"""Bits of the quotient of coefficients above which they are not taken as floats, because the smaller ones would
vanish.
"""


@dataclass(frozen=True, slots=True, eq=False)
class AffineBoxes:
    """What is known of k boxes.

    Attributes
    ----------
    affine
        On which of them every unit is stable, shape (k,).
    active
        Which units are active there, shape (k, N).
    """

    affine: BoolArray
    active: BoolArray
    _centre: FloatArray
    _radius: FloatArray
    _outputs: "_Forms"

    def refuting_member(self, box: int, members: Sequence[SetRow]) -> int | None:
        """An inequality of a set that no input of a box satisfies; None if these bounds show none."""
        v, A, e = self._outputs.v[box], self._outputs.A[box], self._outputs.e[box]
        c, r = self._centre[box], self._radius[box]
        for place, row in enumerate(members):
            entries = [entry for entry in (row.constant, *row.inputs, *row.outputs) if entry]
            bits = [*map(int.bit_length, entries)]
            if not bits or min(bits) + FAR_APART < max(bits):
                continue
            scale = 1 << max(bits)
            constant = nearest_quotient(row.constant, scale)
            p = np.array([nearest_quotient(entry, scale) for entry in row.inputs])
            q = np.array([nearest_quotient(entry, scale) for entry in row.outputs])
            most = constant + p @ c + q @ v + np.abs(p * r + q @ A).sum()
            size = abs(constant) + np.abs(p) @ (np.abs(c) + r) + np.abs(q) @ (np.abs(v) + np.abs(A).sum(axis=1) + e)
            # Coefficients are rounded as well: two terms more.
            if most + np.abs(q) @ e + sum_error(size, 2 * len(p) + 2 * len(q) + 6) < 0:
                return place
        return None


@dataclass(slots=True)
class _Forms:
    """v of shape (k, w), A of shape (k, w, n) and e of shape (k, w)."""

    v: FloatArray
    A: FloatArray
    e: FloatArray


def find_affine_boxes(network: ReLUNetwork, lower: FloatArray, upper: FloatArray) -> AffineBoxes:
    """The boxes on which rounded bounds show every unit to be stable.

    Parameters
    ----------
    lower, upper
        Shape (k, n). A box with an open side, or beyond the floats, is not shown to be affine.
    """
    with np.errstate(all="ignore"):  # whatever overflows compares as unsettled
        centre = lower / 2 + upper / 2
        radius = np.nextafter(np.maximum(upper - centre, centre - lower), np.inf)
        radius[(lower == centre) & (upper == centre)] = 0.0
        n = lower.shape[1]
        below = _Forms(centre, radius[:, :, None] * np.eye(n), np.zeros_like(centre))
        affine: BoolArray = np.isfinite(np.hstack([centre, radius])).all(axis=1)
        active: list[BoolArray] = []
        for W, b in zip(network.weights, network.biases, strict=True):
            if active:
                for table in (below.v, below.e):
                    table[~active[-1]] = 0.0
                below.A[~active[-1]] = 0.0
            forms = _next_forms(W, b, below)
            if len(active) < len(network.widths):
                reach = np.abs(forms.A).sum(axis=2)
                slack = reach + forms.e
                slack += sum_error(np.abs(forms.v) + slack, n + 3)
                affine &= (np.abs(forms.v) > slack).all(axis=1)
                active.append(forms.v > 0)
            below = forms
    return AffineBoxes(affine, np.concatenate(active, axis=1), centre, radius, below)


def _next_forms(W: FloatArray, b: FloatArray, below: _Forms) -> _Forms:
    m, n = W.shape[1], below.A.shape[2]
    size = np.abs(below.v) + np.abs(below.A).sum(axis=2)
    magnitude = size @ np.abs(W).T + np.abs(b)
    carried = below.e @ np.abs(W).T
    # Products that underflow are counted for each of the n + 1 sums.
    error = carried + sum_error(carried, m) + sum_error(magnitude, m + n + 3) + (n + 1) * sum_error(0 * b, m)
    return _Forms(below.v @ W.T + b, W @ below.A, error)
