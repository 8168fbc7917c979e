"""Claims about many boxes, in columns: a property can have thousands of them."""

from dataclasses import dataclass

from relugeom.claims.claim import Excluded
from relugeom.linalg.arrays import FloatArray

__all__ = ["BoxClaims"]


@dataclass(frozen=True, slots=True, eq=False)
class BoxClaims:
    """One claim per box; together they state that all of the claims hold.

    Attributes
    ----------
    lower, upper
        Sides of the boxes, shape (k, n); infinite for an open side.
    claims
        Sets that are excluded in each box, for one copy of a network and without a ball.
    feature_names
        Names of the inputs, or none.
    """

    lower: FloatArray
    upper: FloatArray
    claims: tuple[Excluded, ...]
    feature_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.claims)
