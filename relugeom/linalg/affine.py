"""Affine maps x ↦ W x + b as values."""

from dataclasses import dataclass

import numpy as np

from relugeom.linalg.arrays import FloatArray, frozen_array

__all__ = ["AffineMap"]


@dataclass(frozen=True, slots=True, eq=False)
class AffineMap:
    """An affine map f(x) = W x + b from R^n to R^m.

    Attributes
    ----------
    weight
        W, of shape (m, n).
    bias
        b, of shape (m,).
    """

    weight: FloatArray
    bias: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", frozen_array(self.weight))
        object.__setattr__(self, "bias", frozen_array(self.bias))
        if self.weight.ndim != 2 or self.bias.shape != self.weight.shape[:1]:
            raise ValueError(
                f"an affine map needs W of shape (m, n) and b of shape (m,), "
                f"not {self.weight.shape} and {self.bias.shape}"
            )

    def __call__(self, x: FloatArray) -> FloatArray:
        """f(x) for one point (n,) or for the rows of a table (k, n)."""
        value: FloatArray = np.asarray(x, dtype=np.float64) @ self.weight.T + self.bias
        return value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AffineMap):
            return NotImplemented
        return np.array_equal(self.weight, other.weight) and np.array_equal(self.bias, other.bias)

    def __hash__(self) -> int:
        return hash((self.weight.tobytes(), self.bias.tobytes()))

    def __iter__(self) -> "object":
        """Unpack as ``omega, b = effective_map(...)``."""
        return iter((self.weight, self.bias))
