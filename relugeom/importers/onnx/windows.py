"""Convolutions and pooling on small inputs, as matrices: each output sees the values of a window.

Notation: a tensor has shape (1, channels, spatial axes …). The one idea: which value each window sees at each place of
the kernel is an array of labels, with −1 where the window reaches into the padding.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

import numpy as np
from flint import fmpq

from relugeom.importers.onnx.piecewise import largest_of_two
from relugeom.importers.onnx.values import Step, Value, Variable
from relugeom.importers.rational_arrays import rationals
from relugeom.importers.sparse_rows import SparseRows
from relugeom.linalg.arrays import FloatArray, IntArray

__all__ = ["WINDOWS"]

PLACE = 20_000
"""Nanoseconds for each position of a kernel, and for each filter and channel."""


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    """Labels of shape (channels, windows …, kernel …), −1 in the padding."""

    labels: IntArray
    spatial: tuple[int, ...]

    @property
    def places(self) -> int:
        """Places of the kernel."""
        return prod(self.labels.shape[1 + len(self.spatial) :])

    def flat(self) -> IntArray:
        """Shape (channels, windows, places)."""
        return self.labels.reshape(len(self.labels), -1, self.places)


def _image(step: Step) -> Variable:
    x = step.variable(0)
    if x.labels.ndim < 3 or x.labels.shape[0] != 1:
        raise step.unsupported(f"slides over a tensor of shape {list(x.labels.shape)}: (1, channels, …) is needed")
    return x


def _windows(step: Step, x: Variable, kernel: Sequence[int]) -> _Windows:
    """The windows that a node's attributes describe."""
    rank, sizes = x.labels.ndim - 2, x.labels.shape[2:]
    strides, dilations = (_list(step, name, [1] * rank) for name in ("strides", "dilations"))
    pads = _list(step, "pads", [0] * 2 * rank)
    if len(kernel) != rank or min([*strides, *dilations, *kernel], default=1) < 1 or min(pads, default=0) < 0:
        raise step.damaged("has a kernel, strides, dilations or pads that do not fit its input")
    mode = step.node.attributes.get("auto_pad", "NOTSET")
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        missing = [
            max(0, (-(-size // stride) - 1) * stride + (k - 1) * d + 1 - size)
            for size, stride, d, k in zip(sizes, strides, dilations, kernel, strict=True)
        ]
        halves = [m // 2 if mode == "SAME_UPPER" else m - m // 2 for m in missing]
        pads = [*halves, *(m - half for m, half in zip(missing, halves, strict=True))]
    elif mode not in ("NOTSET", "VALID"):
        raise step.unsupported(f"pads in the unknown mode {str(mode)[:40]!r}")
    if step.integer("ceil_mode", 0):
        raise step.unsupported("rounds up the number of its windows (ceil_mode): export it without that")
    padding = [(0, 0), *((pads[axis], pads[rank + axis]) for axis in range(rank))]
    step.budget.floats(len(x.labels[0]) * prod(size + sum(pad) for size, pad in zip(sizes, padding[1:], strict=True)))
    padded = np.pad(x.labels[0], padding, constant_values=-1)
    counts = [
        (size - (k - 1) * d - 1) // stride + 1
        for size, k, d, stride in zip(padded.shape[1:], kernel, dilations, strides, strict=True)
    ]
    if min(counts, default=1) < 1:
        raise step.damaged("has windows that are larger than its input")
    step.budget.floats(len(padded) * prod(counts) * prod(kernel))
    step.budget.steps(prod(kernel), PLACE)
    found = np.empty((len(padded), *counts, *kernel), dtype=np.int64)
    for place in product(*map(range, kernel)):
        picks = [
            np.arange(count) * stride + k * d
            for k, d, count, stride in zip(place, dilations, counts, strides, strict=True)
        ]
        picked = padded[np.ix_(np.arange(len(padded)), *picks)]
        found.reshape(*found.shape[: 1 + rank], -1)[..., np.ravel_multi_index(place, tuple(kernel))] = picked
    return _Windows(found, tuple(counts))


def _list(step: Step, name: str, default: list[int]) -> list[int]:
    found = step.whole_numbers(name) if name in step.node.attributes else default
    if len(found) != len(default):
        raise step.damaged(f"has {len(found)} numbers in its attribute {name!r}, where {len(default)} are needed")
    return found


def _convolution(step: Step) -> Value:
    x, kernel = _image(step), step.weights(1)
    groups, channels = step.integer("group", 1), x.labels.shape[1]
    if kernel.ndim != x.labels.ndim or groups < 1 or channels != kernel.shape[1] * groups or len(kernel) % groups:
        raise step.damaged(f"has a kernel of shape {list(kernel.shape)} for {channels} channels in {groups} groups")
    windows = _windows(step, x, kernel.shape[2:])
    flat, size = windows.flat(), x.labels.size
    count = flat.shape[1]
    within = kernel.reshape(groups, -1, 1, kernel.shape[1], windows.places)
    seen = flat.reshape(groups, 1, kernel.shape[1], count, windows.places).transpose(0, 1, 3, 2, 4)
    step.budget.floats(5 * count * kernel.size)
    shape = np.broadcast_shapes(within.shape, seen.shape)
    row = np.broadcast_to(np.arange(len(kernel) * count).reshape(*shape[:3], 1, 1), shape)
    rows = _matrix(row, np.broadcast_to(seen, shape), np.broadcast_to(within, shape), (len(kernel) * count, size))
    shape = (1, len(kernel), *windows.spatial)
    affine = x.affine.multiplied(rows)
    if step.has(2):
        bias = step.weights(2)
        if bias.shape != (len(kernel),):
            raise step.damaged(f"adds {bias.size} numbers to {len(kernel)} channels")
        affine = affine.shifted(rationals(np.repeat(bias, count)))
    return replace(x, affine=affine, labels=np.arange(len(rows)).reshape(shape))


def _average(step: Step) -> Value:
    x = _image(step)
    return _averaged(step, x, _windows(step, x, _list_of_kernel(step, x)), step.integer("count_include_pad", 0))


def _global_average(step: Step) -> Value:
    x = _image(step)
    return _averaged(step, x, _everything(x), 0)


def _averaged(step: Step, x: Variable, windows: _Windows, include_padding: int) -> Variable:
    flat, size = windows.flat(), x.labels.size
    seen = flat.reshape(-1, flat.shape[2])
    step.budget.floats(5 * seen.size)
    row = np.broadcast_to(np.arange(len(seen))[:, None], seen.shape)
    matrix = _matrix(row, seen, np.ones(seen.shape), (len(seen), size))
    counts = np.full(len(seen), flat.shape[2]) if include_padding else (seen >= 0).sum(axis=1)
    if not counts.all():
        raise step.damaged("averages windows that hold padding only")
    shares = np.array([fmpq(1, int(count)) for count in counts], dtype=object)
    affine = x.affine.multiplied(matrix).scaled(shares)
    return replace(x, affine=affine, labels=np.arange(len(seen)).reshape(1, len(flat), *windows.spatial))


def _matrix(row: IntArray, seen: IntArray, weights: FloatArray, shape: tuple[int, int]) -> SparseRows:
    """Weights of the values that windows see, padding left out."""
    kept = seen >= 0
    return SparseRows.gathered(row[kept], seen[kept], weights[kept], shape)


def _maximum(step: Step) -> Value:
    x = _image(step)
    if sum(map(bool, step.node.outputs)) > 1:
        raise step.unsupported("also returns the positions of its maxima, which is not an affine map")
    return _largest(step, x, _windows(step, x, _list_of_kernel(step, x)))


def _global_maximum(step: Step) -> Value:
    x = _image(step)
    return _largest(step, x, _everything(x))


def _largest(step: Step, x: Variable, windows: _Windows) -> Variable:
    """Maxima of pairs, of pairs of pairs, and so on: a layer of units for each halving."""
    flat = windows.flat()
    seen = flat.reshape(-1, flat.shape[2])
    if (seen < 0).all(axis=1).any():
        raise step.damaged("takes the maximum of windows that hold padding only")
    first = seen.max(axis=1, keepdims=True)
    seen = np.where(seen < 0, first, seen)  # padding counts as nothing: any value of the window may stand in
    while seen.shape[1] > 1:
        if seen.shape[1] % 2:
            seen = np.hstack([seen, seen[:, -1:]])
        pairs = [
            replace(x, affine=x.affine.reordered(part), labels=np.arange(part.size)[None])
            for part in (seen[:, ::2].ravel(), seen[:, 1::2].ravel())
        ]
        x = largest_of_two(step, *pairs)
        seen = np.arange(x.labels.size).reshape(len(seen), -1)
    x = replace(x, affine=x.affine.reordered(seen.ravel()))
    return replace(x, labels=np.arange(len(seen)).reshape(1, len(flat), *windows.spatial))


def _list_of_kernel(step: Step, x: Variable) -> list[int]:
    return _list(step, "kernel_shape", [0] * (x.labels.ndim - 2))


def _everything(x: Variable) -> _Windows:
    """One window for each channel."""
    rank = x.labels.ndim - 2
    return _Windows(x.labels[0].reshape(x.labels.shape[1], *[1] * rank, *x.labels.shape[2:]), (1,) * rank)


WINDOWS: dict[str, Callable[[Step], Value]] = {
    "AveragePool": _average,
    "Conv": _convolution,
    "GlobalAveragePool": _global_average,
    "GlobalMaxPool": _global_maximum,
    "MaxPool": _maximum,
}
