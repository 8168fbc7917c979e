"""What a Keras layer's description says, checked value by value.

Numbers in a description are what the layer computes with after a cast to its own precision: 0.001 in a float32 layer
is the float32 nearest to 0.001.
"""

from math import prod
from typing import Any

import numpy as np

from relugeom.importers.keras.config import LayerConfig, class_and_settings
from relugeom.linalg.arrays import FloatArray

__all__ = ["activation_of", "axes_of", "flag", "number", "numbers", "precision_of", "shape_of", "whole"]

PRECISIONS = ("float32", "float64")
MOST_NUMBERS = 10**6
MOST_AXES = 8


def precision_of(layer: LayerConfig) -> str:
    """``"float32"`` or ``"float64"``: what a layer computes in.

    Raises
    ------
    UnsupportedModelError
        It computes in another type (float16, bfloat16, quantised integers).
    """
    policy = layer.settings.get("dtype")
    if isinstance(policy, dict):
        settings = policy.get("config")
        policy = settings.get("name") if isinstance(settings, dict) else policy
    name = "float32" if policy is None else policy
    if name not in PRECISIONS or layer.settings.get("quantization_config") is not None:
        raise layer.unsupported(
            f"computes in {str(name)[:80]!r} or is quantised: only float32 and float64 can be read; save the model "
            "with one of these"
        )
    return str(name)


def flag(layer: LayerConfig, key: str, default: bool) -> bool:
    """A true or false."""
    value = layer.settings.get(key, default)
    if not isinstance(value, bool):
        raise layer.damaged(f"has {key} = {repr(value)[:80]}, which is neither true nor false")
    return value


def whole(layer: LayerConfig, key: str) -> int:
    """A positive whole number."""
    value = layer.settings.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise layer.damaged(f"has {key} = {repr(value)[:80]}, which is not a positive whole number")
    return value


def numbers(layer: LayerConfig, key: str, default: float | None = None) -> FloatArray:
    """A number or an array of numbers, cast to the layer's precision, then float64; finite, of any shape."""
    value: Any = layer.settings.get(key)
    value = default if value is None else value
    if isinstance(value, dict):  # {"class_name": "__numpy__", "config": {"value": …, "dtype": …}}
        inner = value.get("config")
        value = inner.get("value") if isinstance(inner, dict) else None
    array = _rectangular(layer, key, value)
    with np.errstate(over="ignore"):
        cast = array.astype(precision_of(layer)).astype(np.float64)
    if not np.isfinite(cast).all():
        raise layer.damaged(f"has {key} with a value that is not finite")
    return cast


def number(layer: LayerConfig, key: str, default: float) -> float:
    """One number, cast to the layer's precision."""
    array = numbers(layer, key, default)
    if array.shape != ():
        raise layer.damaged(f"has {array.size} numbers for {key}, where one is needed")
    return float(array)


def _rectangular(layer: LayerConfig, key: str, value: Any) -> FloatArray:
    """Nested lists of numbers as an array; their depth and number are bounded before NumPy sees them."""
    flat: list[Any] = [value]
    shape: list[int] = []
    while any(isinstance(part, list) for part in flat):
        lengths = {len(part) if isinstance(part, list) else -1 for part in flat}
        if len(lengths) != 1 or len(shape) == MOST_AXES or len(flat) * max(lengths) > MOST_NUMBERS:
            raise layer.damaged(f"has {key} that is neither a number nor a rectangular array of them")
        shape.append(lengths.pop())
        flat = [entry for part in flat for entry in part]
    if not flat:
        raise layer.damaged(f"has {key} without a number")
    if not all(isinstance(entry, int | float) and not isinstance(entry, bool) for entry in flat):
        raise layer.damaged(f"has {key} = {repr(value)[:80]}, which is not a number")
    try:
        return np.array([float(entry) for entry in flat]).reshape(shape)
    except OverflowError:
        raise layer.damaged(f"has {key} with a number beyond float64") from None


def axes_of(layer: LayerConfig, key: str, rank: int) -> tuple[int, ...]:
    """Axes of a tensor of `rank` axes (the batch first), counted from 0, in order, without the batch."""
    value = layer.settings.get(key, -1)
    listed = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(axis, int) and not isinstance(axis, bool) and -rank <= axis < rank for axis in listed):
        raise layer.damaged(f"has {key} = {repr(value)[:80]}, which names no axes of its {rank}")
    axes = tuple(sorted({axis % rank for axis in listed}))
    if 0 in axes:
        raise layer.unsupported("works along the batch: only layers that treat every sample alike can be read")
    return axes


def shape_of(layer: LayerConfig, key: str, size: int) -> tuple[int, ...]:
    """A shape for `size` values; one axis may be −1."""
    value = layer.settings.get(key)
    sizes = value if isinstance(value, list) and 0 < len(value) <= MOST_AXES else [0]
    if not all(isinstance(axis, int) and not isinstance(axis, bool) and (axis > 0 or axis == -1) for axis in sizes):
        raise layer.damaged(f"has {key} = {repr(value)[:80]}, which is not a shape")
    known = prod(axis for axis in sizes if axis > 0)
    shape = tuple(size // known if axis == -1 else axis for axis in sizes)
    if sizes.count(-1) > 1 or prod(shape) != size:
        raise layer.damaged(f"gives {size} values the shape {repr(value)[:80]}")
    return shape


def activation_of(layer: LayerConfig) -> str | LayerConfig:
    """The name of the activation function; or the layer, such as ReLU(), that stands in the place of one.

    Raises
    ------
    UnsupportedModelError
        It is a function of the user's own.
    """
    value = layer.settings.get("activation")
    if isinstance(value, dict):
        if value.get("class_name") in (None, "__lambda__"):  # an object without a class holds compiled code
            raise layer.unsupported(
                "has an activation that is code, which is never run: use one of Keras's own activations"
            )
        if value.get("class_name") != "function":
            kind, settings = class_and_settings(value, f"{layer.label}: the activation")
            return LayerConfig(layer.name, kind, settings, 0)
        registered, name = value.get("registered_name"), value.get("config")
        if registered not in (None, "function", name):
            raise layer.unsupported(
                f"has the activation {str(registered)[:80]!r}, whose code is not in the file: use one of Keras's own "
                f"activations"
            )
        value = name
    if value is not None and not isinstance(value, str):
        raise layer.damaged(f"has the activation {repr(value)[:80]}, which is not a name")
    return (value or "linear").lower()
