"""What each Keras layer does to a sample: an affine map folded into the chain, a ReLU, or nothing.

A sample is an array; since every layer that can be read keeps its values in row-major order, its shape is all that has
to be carried beside the chain. Layers that act in training only (Dropout and its kin) do nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from typing import Protocol, TypeVar

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from relugeom.importers.affine_chain import AffineChain
from relugeom.importers.keras.config import LayerConfig
from relugeom.importers.keras.settings import (
    activation_of,
    axes_of,
    flag,
    number,
    numbers,
    precision_of,
    shape_of,
    whole,
)
from relugeom.importers.rational_arrays import RationalArray, inverse_root, rationals
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import rational
from relugeom.network.decision import Squashing

__all__ = ["Flow", "LayerWeights", "apply_layer"]

LEAST_DEVIATION = 1e-7
"""Keras's own `epsilon()`: the least deviation that a Normalization layer divides by."""
ONNX_ADVICE = (
    "export the model to ONNX with model.export(FILE, format='onnx'), from which a small one is rewritten exactly"
)
CURVED = "which is curved, so the network is not piecewise linear"

Numbers = TypeVar("Numbers", bound=np.generic)


class LayerWeights(Protocol):
    """Where a layer's arrays come from."""

    def __call__(self, layer: LayerConfig, shapes: dict[str, tuple[int, ...]], spare: int = 0) -> dict[str, FloatArray]:
        """The named arrays of a layer, in Keras's own order: float64, finite, of exactly these shapes.

        The layer may hold `spare` arrays more, which are left unread.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """A sample on its way: what was done to it, and its shape without the batch axis."""

    chain: AffineChain
    shape: tuple[int, ...]

    def broadcast(self, array: NDArray[Numbers], layer: LayerConfig, what: str) -> NDArray[Numbers]:
        """An array, aligned with the last axes as NumPy does, as one number per value."""
        whole_shape = (1, *self.shape)
        try:
            fits = np.broadcast_shapes(array.shape, whole_shape) == whole_shape
        except ValueError:
            fits = False
        if not fits:
            raise layer.damaged(f"has {what} of shape {list(array.shape)} for samples of shape {list(self.shape)}")
        return np.broadcast_to(array, whole_shape).ravel()


def apply_layer(flow: Flow, layer: LayerConfig, weights: LayerWeights) -> Flow:
    """The sample after a layer.

    Raises
    ------
    UnsupportedModelError
        The layer is not affine, no ReLU, or follows a sigmoid or softmax.
    ModelError
        Its settings or weights do not fit what comes in.
    """
    action = LAYERS.get(layer.kind)
    if action is None:
        raise layer.unsupported(_why_not(layer.kind))
    precision_of(layer)
    if flow.chain.squashing is not Squashing.NONE and layer.kind not in PASSIVE:
        raise layer.unsupported(
            f"follows a {flow.chain.squashing}, which can only be at the end of a network: save one that ends there, "
            "keras.Model(model.inputs, LAYER.output)"
        )
    return action(flow, layer, weights)


def _why_not(kind: str) -> str:
    if kind == "Lambda":
        return "contains code, which is never run: rewrite it with Keras's own layers"
    if kind in ("Sequential", "Functional", "Model"):
        return f"is a model inside the model: build one chain of its layers and save that, or {ONNX_ADVICE}"
    return (
        f"cannot be read from a Keras file; the supported layers are {', '.join(sorted(LAYERS))}; if it is affine or "
        f"piecewise linear, {ONNX_ADVICE}"
    )


def _dense(flow: Flow, layer: LayerConfig, weights: LayerWeights) -> Flow:
    *rows, inputs = flow.shape or (1,)
    if prod(rows) != 1:
        raise layer.unsupported(f"is applied to each of {prod(rows)} rows of a sample: put a Flatten before it")
    units, biased = whole(layer, "units"), flag(layer, "use_bias", True)
    shapes: dict[str, tuple[int, ...]] = {"kernel": (inputs, units)}
    arrays = weights(layer, shapes | {"bias": (units,)} if biased else shapes)
    chain = flow.chain.multiplied(np.ascontiguousarray(arrays["kernel"].T))
    if biased:
        chain = chain.shifted(rationals(arrays["bias"]))
    return _activated(Flow(chain, (*rows, units)), layer)


def _activation(flow: Flow, layer: LayerConfig, weights: LayerWeights) -> Flow:
    return _activated(flow, layer)


def _activated(flow: Flow, layer: LayerConfig) -> Flow:
    name = activation_of(layer)
    if isinstance(name, LayerConfig):
        if name.kind not in ACTIVATIONS:
            raise layer.unsupported(
                f"has the activation {name.kind[:80]!r}: a layer can be {' or '.join(ACTIVATIONS)}; {ONNX_ADVICE}"
            )
        return ACTIVATIONS[name.kind](flow, name)
    if name == "linear":
        return flow
    if name == "relu":
        return replace(flow, chain=flow.chain.rectified())
    if name == "sigmoid":
        return replace(flow, chain=flow.chain.squashed(Squashing.SIGMOID))
    if name == "softmax":
        return _softmax_over(flow, layer, (len(flow.shape),))
    curved = name in CURVED_NAMES
    raise layer.unsupported(
        f"has the activation {name[:80]!r}{f', {CURVED}' * curved}: relu and linear can be read, and sigmoid or "
        f"softmax at the end: {'train the model with these' if curved else f'train with these, or {ONNX_ADVICE}'}"
    )


def _softmax_over(flow: Flow, layer: LayerConfig, axes: tuple[int, ...]) -> Flow:
    if prod(flow.shape[axis - 1] for axis in axes) != flow.chain.size:
        raise layer.unsupported(f"is a softmax over a part of the {flow.chain.size} outputs: it must cover all of them")
    return replace(flow, chain=flow.chain.squashed(Squashing.SOFTMAX))


def _relu(flow: Flow, layer: LayerConfig, weights: LayerWeights | None = None) -> Flow:
    bent = number(layer, "negative_slope", 0.0) or number(layer, "threshold", 0.0)
    if layer.settings.get("max_value") is not None or bent:
        raise layer.unsupported(
            f"has a maximum, a slope below zero or a threshold: only the plain ReLU can be read here; {ONNX_ADVICE}"
        )
    return replace(flow, chain=flow.chain.rectified())


def _softmax(flow: Flow, layer: LayerConfig, weights: LayerWeights | None = None) -> Flow:
    return _softmax_over(flow, layer, axes_of(layer, "axis", len(flow.shape) + 1))


def _unchanged(flow: Flow, layer: LayerConfig, weights: LayerWeights) -> Flow:
    return flow


def _flatten(flow: Flow, layer: LayerConfig, weights: LayerWeights) -> Flow:
    if layer.settings.get("data_format") == "channels_first" and len(flow.shape) > 1:
        raise layer.unsupported("reorders values (data_format 'channels_first'): use 'channels_last'")
    return replace(flow, shape=(flow.chain.size,))


def _reshape(flow: Flow, layer: LayerConfig, weights: LayerWeights) -> Flow:
    return replace(flow, shape=shape_of(layer, "target_shape", flow.chain.size))


def _batch_normalisation(flow: Flow, layer: LayerConfig, weights: LayerWeights) -> Flow:
    axes = axes_of(layer, "axis", len(flow.shape) + 1)
    if len(axes) != 1:
        raise layer.unsupported(f"normalises along {len(axes)} axes: only one can be read")
    if flag(layer, "renorm", False):
        raise layer.unsupported("renormalises: only the plain batch normalisation can be read")
    channels = flow.shape[axes[0] - 1]
    names = ["gamma"] * flag(layer, "scale", True) + ["beta"] * flag(layer, "center", True)
    arrays = weights(layer, dict.fromkeys([*names, "moving_mean", "moving_variance"], (channels,)))
    epsilon = rational(number(layer, "epsilon", 1e-3))
    widened = rationals(arrays["moving_variance"]) + epsilon
    if not all(value > 0 for value in widened):
        raise layer.damaged("has a variance that is not positive")
    factor = _each(inverse_root, widened)
    if "gamma" in arrays:
        factor = factor * rationals(arrays["gamma"])
    index = np.arange(channels).reshape(channels, *[1] * (len(flow.shape) - axes[0]))
    place = flow.broadcast(index, layer, "channels")
    chain = flow.chain.shifted(-rationals(arrays["moving_mean"])[place]).scaled(factor[place])
    if "beta" in arrays:
        chain = chain.shifted(rationals(arrays["beta"])[place])
    return replace(flow, chain=chain)


def _rescaling(flow: Flow, layer: LayerConfig, weights: LayerWeights) -> Flow:
    scale = flow.broadcast(numbers(layer, "scale"), layer, "a scale")
    offset = flow.broadcast(numbers(layer, "offset", 0.0), layer, "an offset")
    return replace(flow, chain=flow.chain.scaled(rationals(scale)).shifted(rationals(offset)))


def _normalisation(flow: Flow, layer: LayerConfig, weights: LayerWeights) -> Flow:
    axes = axes_of(layer, "axis", len(flow.shape) + 1)
    kept = tuple(flow.shape[axis - 1] for axis in axes)
    if layer.settings.get("mean") is None:
        arrays = weights(layer, {"mean": kept, "variance": kept}, spare=1)  # the third counts samples
    else:
        arrays = {key: _stretched(numbers(layer, key), kept, layer, key) for key in ("mean", "variance")}
    spread = [size if axis in axes else 1 for axis, size in enumerate((1, *flow.shape))]
    mean = rationals(flow.broadcast(arrays["mean"].reshape(spread), layer, "means"))
    variance = arrays["variance"]
    if (variance < 0).any():
        raise layer.damaged("has a variance below zero")
    least = rational(float(np.array(LEAST_DEVIATION, dtype=precision_of(layer))))
    deviation = _each(lambda value: _at_least(value, least), rationals(variance.ravel())).reshape(variance.shape)
    deviation = flow.broadcast(deviation.reshape(spread), layer, "deviations")
    if flag(layer, "invert", False):
        return replace(flow, chain=flow.chain.scaled(deviation).shifted(mean))
    return replace(flow, chain=flow.chain.shifted(-mean).scaled(1 / deviation))


def _stretched(array: FloatArray, shape: tuple[int, ...], layer: LayerConfig, key: str) -> FloatArray:
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise layer.damaged(f"has {key} of shape {list(array.shape)} for {list(shape)} values") from None


def _at_least(variance: fmpq, least: fmpq) -> fmpq:
    """max(√variance, least)."""
    return variance * inverse_root(variance) if variance > least * least else least


def _each(function: Callable[[fmpq], fmpq], values: RationalArray) -> RationalArray:
    result = np.empty(values.shape, dtype=np.object_)
    result[:] = [function(value) for value in values]
    return result


PASSIVE = (
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
)
CURVED_NAMES = (
    "celu",
    "elu",
    "exponential",
    "gelu",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "selu",
    "silu",
    "softplus",
    "softsign",
    "swish",
    "tanh",
)
ACTIVATIONS = {"ReLU": _relu, "Softmax": _softmax}
LAYERS: dict[str, Callable[[Flow, LayerConfig, LayerWeights], Flow]] = {
    "Activation": _activation,
    "BatchNormalization": _batch_normalisation,
    "Dense": _dense,
    "Flatten": _flatten,
    "Normalization": _normalisation,
    "ReLU": _relu,
    "Rescaling": _rescaling,
    "Reshape": _reshape,
    "Softmax": _softmax,
    **dict.fromkeys(PASSIVE, _unchanged),
}
