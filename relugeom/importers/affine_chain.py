"""A network under construction: closed layers, and the affine map that is still open.

Every importer whose format is a chain of layers walks it once: affine steps are folded exactly into the open map, a
ReLU closes it, and a sigmoid or softmax is the end. Rounding, if any is needed, happens at `network`, once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.budget import Budget, check_size
from relugeom.importers.folding import ExactAffine, RoundedLayer
from relugeom.importers.rational_arrays import RationalArray
from relugeom.linalg.arrays import FloatArray
from relugeom.network.decision import Decision, Squashing
from relugeom.network.network import Origin, ReLUNetwork

__all__ = ["AffineChain", "finite_floats", "rounded_layers"]


@dataclass(frozen=True, slots=True, eq=False)
class AffineChain:
    """The layers read so far.

    Attributes
    ----------
    layers
        The affine maps that a ReLU has closed, first layer first.
    affine
        From the activations of the last of them (or the input) to the values at the end of the chain.
    squashing
        Function that was applied to these values last; nothing can follow it.
    """

    layers: tuple[ExactAffine, ...]
    affine: ExactAffine
    squashing: Squashing = Squashing.NONE

    @classmethod
    def start(cls, size: int) -> "AffineChain":
        """The chain without a layer, for `size` inputs."""
        return cls((), ExactAffine.identity(size, Budget()))

    @property
    def size(self) -> int:
        """Number of values at the end of the chain."""
        return len(self.affine.shift)

    def multiplied(self, matrix: FloatArray) -> "AffineChain":
        """The chain followed by a matrix of shape (outputs, `size`), finite float64."""
        return replace(self, affine=self.affine.multiplied(matrix))

    def scaled(self, factors: RationalArray) -> "AffineChain":
        """The chain followed by y ↦ factors ⊙ y."""
        return replace(self, affine=self.affine.scaled(factors))

    def shifted(self, vector: RationalArray) -> "AffineChain":
        """The chain followed by y ↦ y + vector."""
        return replace(self, affine=self.affine.shifted(vector))

    def rectified(self) -> "AffineChain":
        """The chain followed by a ReLU."""
        if self.layers and self.affine.is_identity:
            return self  # relu(relu(z)) = relu(z)
        self.affine.budget.floats(len(self.layers))
        return AffineChain((*self.layers, self.affine), ExactAffine.identity(self.size, self.affine.budget))

    def squashed(self, squashing: Squashing) -> "AffineChain":
        """The chain with its end."""
        return replace(self, squashing=squashing)

    def network(
        self,
        *,
        source: str,
        precision: str,
        input_names: tuple[str, ...] = (),
        output_names: tuple[str, ...] = (),
        decision: Decision | None = None,
    ) -> ReLUNetwork:
        """Finish the network; computed entries are rounded here, once, and flagged.

        Raises
        ------
        ModelError
            A folded entry exceeds the largest float64, or names do not fit.
        """
        layers = rounded_layers((*self.layers, self.affine))
        return ReLUNetwork(
            weights=tuple(layer.weight for layer in layers),
            biases=tuple(layer.bias for layer in layers),
            input_names=input_names,
            output_names=output_names,
            squashing=self.squashing,
            decision=decision,
            origin=Origin(
                source=source,
                precision=precision,
                rounded_weights=tuple(layer.rounded_weight for layer in layers),
                rounded_biases=tuple(layer.rounded_bias for layer in layers),
            ),
        )


def rounded_layers(maps: Sequence[ExactAffine]) -> list[RoundedLayer]:
    """The layers of a finished network, whose size is looked at before any of them is made.

    Raises
    ------
    UnsupportedModelError
        There are more weights, or more units, than can be analysed.
    ModelError
        A folded entry exceeds the largest float64.
    """
    units = len(maps[0].columns) + sum(len(layer.rows) for layer in maps)
    check_size(sum(layer.entries for layer in maps), units)
    return [layer.rounded() for layer in maps]


def finite_floats(values: ArrayLike, shape: tuple[int, ...], place: str) -> FloatArray:
    """Copy of somebody else's array as float64, which holds every float16, float32 or float64 exactly.

    Raises
    ------
    ModelError
        It has another shape, or holds a number that is not finite.
    UnsupportedModelError
        It does not hold floats, or holds floats longer than float64.
    """
    held = np.asarray(values)
    if held.dtype.kind != "f" or held.dtype.itemsize > 8:
        raise UnsupportedModelError(f"{place} holds values of type {held.dtype}: only float32 and float64 can be read")
    if held.shape != shape:
        raise ModelError(f"{place} has the shape {list(held.shape)} instead of {list(shape)}")
    with np.errstate(invalid="ignore"):  # a signalling NaN, which is refused below
        floats = held.astype(np.float64)
    if not np.isfinite(floats).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(floats))[0])
        raise ModelError(f"{place}{list(index)} is {floats[index]}: not a finite number")
    return floats
