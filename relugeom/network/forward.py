"""Batched evaluation in float64: pre-activations, outputs, predictions, classes.

Rows of X are inputs, shape (k, n). These are ordinary floats: `activation.py` has the rigorous signs. If a sum on the
way overflows, the row is evaluated in integers and rounded once, so that nothing is NaN and an infinite value stands
for one beyond the largest float64.
"""

import numpy as np
from numpy.typing import ArrayLike

from relugeom.columns.frames import table_in_order
from relugeom.errors import DataError
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.linalg.exact import nearest_quotient
from relugeom.network.decision import classify, squash
from relugeom.network.exact import exact_network, exact_values
from relugeom.network.network import ReLUNetwork

__all__ = ["as_samples", "decide", "evaluate", "pre_activations", "predict"]


def as_samples(network: ReLUNetwork, X: ArrayLike) -> FloatArray:
    """X as a float64 table of shape (k, n), in the order of the inputs.

    Columns of a DataFrame, and labels of one of its rows, are matched by name if the network names its inputs; arrays
    are taken in order.

    Raises
    ------
    DataError
        Columns are missing or left over, or X holds NaN, an infinite value or something that is not a number.
    """
    samples = table_in_order(X, inputs=network.inputs, input_names=network.input_names)
    if samples.ndim != 2 or samples.shape[1] != network.inputs:
        raise DataError(f"the network takes {network.inputs} inputs, but the samples have shape {np.shape(X)}")
    if not np.isfinite(samples).all():
        row, column = np.argwhere(~np.isfinite(samples))[0]
        raise DataError(f"row {row}, input {network.feature_names[column]!r}: {samples[row, column]} is not finite")
    return samples


def pre_activations(network: ReLUNetwork, X: ArrayLike) -> list[FloatArray]:
    """Pre-activations of each layer, the outputs last: shapes (k, width)."""
    samples = as_samples(network, X)
    values, x = [], samples
    with np.errstate(over="ignore", invalid="ignore"):
        for weight, bias in zip(network.weights, network.biases, strict=True):
            z = x @ weight.T + bias
            values.append(z)
            x = np.maximum(z, 0.0)
    overflowed = np.flatnonzero(~np.all([np.isfinite(z).all(axis=1) for z in values], axis=0))
    if overflowed.size:
        for z, (entries, exponent) in zip(
            values, exact_values(exact_network(network), samples[overflowed]), strict=True
        ):
            scale = 1 << exponent
            exact = [nearest_quotient(int(entry), scale) for entry in entries.entries()]
            z[overflowed] = np.reshape(exact, (z.shape[1], len(overflowed))).T
    return values


def evaluate(network: ReLUNetwork, X: ArrayLike) -> FloatArray:
    """Outputs before squashing, shape (k, m)."""
    return pre_activations(network, X)[-1]


def predict(network: ReLUNetwork, X: ArrayLike) -> FloatArray:
    """Outputs after squashing, shape (k, m)."""
    return squash(network.squashing, evaluate(network, X))


def decide(network: ReLUNetwork, X: ArrayLike) -> IntArray:
    """Class of each row (float outputs), shape (k,)."""
    return classify(network.rule, evaluate(network, X))
