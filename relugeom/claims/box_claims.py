"""What may not happen in each of many boxes, in columns: a property can have thousands of them."""

from dataclasses import dataclass

from relugeom.claims.claim import Excluded
from relugeom.linalg.arrays import FloatArray

__all__ = ["BoxClaims"]


@dataclass(frozen=True, slots=True, eq=False)
class BoxClaims:
    """One claim per box; what they state together is that all of them hold.

    Attributes
    ----------
    lower, upper
        Sides of the boxes, shape (k, n); infinite where they are open.
    claims
        What is excluded in each box, in one copy of a network and without a ball.
    feature_names
        Names of the inputs, or none.
    """

    lower: FloatArray
    upper: FloatArray
    claims: tuple[Excluded, ...]
    feature_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.claims)
