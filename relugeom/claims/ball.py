"""Balls around an input, in three norms and exact numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from relugeom.claims.inequality import Number, exact_number, exact_numbers
from relugeom.errors import InputError

__all__ = ["Ball", "Norm", "l1_ball", "l2_ball", "linf_ball"]


class Norm(StrEnum):
    """How distances are measured."""

    L1 = "l1"
    L2 = "l2"
    LINF = "linf"

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise InputError(f"{value!r} is not a norm: use 'l1', 'l2' or 'linf'")


@dataclass(frozen=True, slots=True)
class Ball:
    """{x : ‖x − centre‖ ≤ radius}.

    Attributes
    ----------
    centre
        One number per input (followed by a second copy's own inputs).
    size
        The radius in input units; for L2 its square, which may be rational even if the radius is not.
    """

    norm: Norm
    centre: tuple[Fraction, ...]
    size: Fraction

    def __post_init__(self) -> None:
        object.__setattr__(self, "norm", Norm(self.norm))
        object.__setattr__(self, "centre", exact_numbers(self.centre))
        object.__setattr__(self, "size", exact_number(self.size))
        if self.size < 0:
            raise InputError(f"a ball needs a radius of at least 0, not {self.size}")


def l1_ball(centre: Iterable[Number], radius: Number) -> Ball:
    """Ball of the inputs with Σ |x_k − c_k| ≤ radius."""
    return Ball(Norm.L1, tuple(map(exact_number, centre)), exact_number(radius))


def l2_ball(centre: Iterable[Number], *, squared_radius: Number) -> Ball:
    """Ball of the inputs with Σ (x_k − c_k)² ≤ squared_radius."""
    return Ball(Norm.L2, tuple(map(exact_number, centre)), exact_number(squared_radius))


def linf_ball(centre: Iterable[Number], radius: Number) -> Ball:
    """Ball of the inputs with |x_k − c_k| ≤ radius for every k."""
    return Ball(Norm.LINF, tuple(map(exact_number, centre)), exact_number(radius))
