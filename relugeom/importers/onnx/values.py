"""What flows along the edges of an ONNX graph, and a node with what flows into it.

A tensor is a constant array or a *variable*: an affine function of the activations of the last closed layer. Its values
are numbered, and the tensor is an array of these numbers, its *labels*: whatever merely rearranges a tensor is done to
its labels by NumPy, and no weight is touched.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TypeAlias

import numpy as np

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.budget import Budget
from relugeom.importers.folding import ExactAffine
from relugeom.importers.onnx.file import Attribute, Node
from relugeom.importers.onnx.tensors import Array
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.network.decision import Squashing

__all__ = ["OPEN_BATCH", "MixedBatchError", "Step", "Value", "Variable"]

OPEN_BATCH = int(np.iinfo(np.int64).min)
"""Size, in computed shapes, of a batch axis that the model leaves open."""


class MixedBatchError(UnsupportedModelError):
    """A node mixes the samples of a batch."""


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A tensor that depends on the input.

    Attributes
    ----------
    layers
        The affine maps that a ReLU has closed, first layer first.
    affine
        From the activations of the last of them (or the input) to the values of this tensor.
    labels
        For each entry, which value it is; the batch axis, always the first, has size 1 here.
    batch
        Size of the batch axis; None if the tensor is one sample and no axis is a batch.
    squashing
        What was applied to the values last.
    rewritten
        Whether some layer holds units that the model does not have as such, as its rewriting needs them.
    """

    layers: tuple[ExactAffine, ...]
    affine: ExactAffine
    labels: IntArray
    batch: int | None
    squashing: Squashing = Squashing.NONE
    rewritten: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape, the batch axis included."""
        return self.labels.shape if self.batch is None else (self.batch, *self.labels.shape[1:])

    @property
    def order(self) -> IntArray:
        """The labels, flat."""
        return self.labels.ravel()

    def mapped(self, affine: ExactAffine) -> "Variable":
        """The same tensor of other values."""
        return replace(self, affine=affine)


Value: TypeAlias = Array | Variable


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A node and its operands, None if an optional one is left out; and the account that pays for its work."""

    node: Node
    operands: tuple[Value | None, ...]
    opset: int
    budget: Budget

    def unsupported(self, text: str) -> UnsupportedModelError:
        """An error that names the node."""
        return UnsupportedModelError(f"{self.node.label} {text}")

    def damaged(self, text: str) -> ModelError:
        """An error that names the node and blames the file."""
        return ModelError(f"{self.node.label} {text}: the model is damaged, export it again")

    def mixes_batch(self) -> MixedBatchError:
        """An error about the batch axis."""
        return MixedBatchError(
            f"{self.node.label} mixes the samples of a batch: only a first axis that stays the batch can be read; cut "
            "the model before it with onnx.utils.extract_model, or export it for one sample, a first axis of size 1"
        )

    def named(self, position: int) -> str:
        """What messages call an operand."""
        return repr(self.node.inputs[position][:80])

    def has(self, position: int) -> bool:
        """Is this operand given?"""
        return position < len(self.operands) and self.operands[position] is not None

    def operand(self, position: int) -> Value:
        """An operand of either kind."""
        value = self.operands[position] if position < len(self.operands) else None
        if value is None:
            raise self.damaged(f"lacks its input {position}")
        return value

    def variable(self, position: int) -> Variable:
        """An operand that depends on the input and is not squashed."""
        value = self.operand(position)
        if not isinstance(value, Variable):
            raise self.unsupported("computes from constants only: simplify the model first, for example with onnxsim")
        if value.squashing is not Squashing.NONE:
            raise self.unsupported(
                f"follows a {value.squashing}, which can only be at the end of a network: if the network ends there, "
                f"cut the model at {self.named(position)} with onnx.utils.extract_model; otherwise train it with ReLU"
            )
        return value

    def constant(self, position: int) -> Array:
        """An operand that does not depend on the input."""
        value = self.operand(position)
        if isinstance(value, Variable):
            raise self.unsupported(
                f"takes {self.named(position)} as its input {position}, which depends on the model's input: "
                "only a constant can be read there; export the model so that it is one, or simplify it with onnxsim"
            )
        return value

    def weights(self, position: int) -> FloatArray:
        """A constant of finite floats, in float64."""
        values = self.constant(position)
        if values.dtype.kind != "f":
            raise self.damaged(f"takes {self.named(position)} as floats, but it does not hold floats")
        if not np.isfinite(values).all():
            place = [int(index) for index in np.argwhere(~np.isfinite(values))[0]]
            raise ModelError(
                f"{self.node.label} takes {self.named(position)}, which is not finite at {place}: "
                "train or export the model again"
            )
        self.budget.floats(values.size)
        return values.astype(np.float64)

    def variable_and_constant(self) -> tuple[int, int]:
        """Positions of the varying and of the constant one of two operands."""
        varying = [isinstance(self.operand(position), Variable) for position in (0, 1)]
        if all(varying):
            raise self.unsupported(
                f"multiplies values that both vary, {self.named(0)} and {self.named(1)}: such a product (a gate, a "
                f"square, SiLU) is not piecewise linear; train the model without it"
            )
        return (0, 1) if varying[0] else (1, 0)

    def number(self, name: str, default: float) -> float:
        """A float attribute."""
        value = self.node.attributes.get(name, default)
        if not isinstance(value, float) or not isfinite(value):
            raise self.damaged(f"has an attribute {name!r} that is not a finite number")
        return value

    def integer(self, name: str, default: int) -> int:
        """An integer attribute."""
        value = self.node.attributes.get(name, default)
        if not isinstance(value, int):
            raise self.damaged(f"has an attribute {name!r} that is not an integer")
        return value

    def floats(self, name: str) -> FloatArray:
        """A list of floats."""
        values = np.array(self._numbers(name), dtype=np.float64)
        if not np.isfinite(values).all():
            raise self.damaged(f"has an attribute {name!r} that is not finite")
        return values

    def integers(self, position: int, name: str) -> list[int] | None:
        """A list of integers given as an operand or, in older operator sets, as an attribute."""
        if self.has(position):
            return self.shape_vector(position)
        return self.whole_numbers(name) if name in self.node.attributes else None

    def whole_numbers(self, name: str) -> list[int]:
        """A list of integers given as an attribute."""
        values = self._numbers(name)
        if not all(isinstance(value, int) for value in values):
            raise self.damaged(f"has an attribute {name!r} that is not a list of integers")
        return [int(value) for value in values]

    def shape_vector(self, position: int) -> list[int]:
        """A constant of one axis or none that holds a shape, axes or indices."""
        values = self.constant(position)
        if values.dtype.kind != "i" or values.ndim > 1 or values.size > 64:
            raise self.unsupported(f"takes {self.named(position)}, which is not a list of integers")
        return [int(value) for value in values.ravel()]

    def axes(self, axes: Sequence[int], rank: int) -> tuple[int, ...]:
        """Axes counted from 0."""
        normal = tuple(axis + rank if axis < 0 else axis for axis in axes)
        if not all(0 <= axis < rank for axis in normal) or len(set(normal)) < len(normal):
            raise self.damaged(f"names the axes {str(list(axes))[:80]} of a tensor with {rank}")
        return normal

    def _numbers(self, name: str) -> Sequence[float]:
        value: Attribute = self.node.attributes.get(name, ())
        numbers = tuple(entry for entry in value if isinstance(entry, int | float)) if isinstance(value, tuple) else ()
        if not isinstance(value, tuple) or len(numbers) < len(value):
            raise self.damaged(f"has an attribute {name!r} that is not a list of numbers")
        return numbers
