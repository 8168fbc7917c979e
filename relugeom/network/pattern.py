"""Activation patterns: one bit per hidden unit.

A pattern is written layer by layer, ``"0110/10"``; a unit's bit is 1 iff its pre-activation is positive. A
million of them are one array: rows of `packed` bytes, eight units per byte, all layers joined bit by bit (so that no
two patterns of one network share their bytes). A network without hidden layers has one pattern, ``"-"``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from relugeom.errors import PatternError
from relugeom.linalg.arrays import BoolArray, ByteArray, IntArray

__all__ = [
    "ActivationPattern",
    "all_patterns",
    "group_rows",
    "pack_patterns",
    "packed_width",
    "pattern_texts",
    "unpack_patterns",
]

NO_UNITS = "-"


@dataclass(frozen=True, slots=True)
class ActivationPattern:
    """The activation pattern of one input.

    Attributes
    ----------
    widths
        Number of units in each hidden layer.
    packed
        The bits, eight to a byte, first unit first.
    """

    widths: tuple[int, ...]
    packed: bytes

    @classmethod
    def from_bits(cls, widths: Sequence[int], bits: ArrayLike) -> "ActivationPattern":
        """Pattern from a flat sequence of Booleans, one per unit."""
        flat = np.asarray(bits, dtype=np.bool_).ravel()
        if flat.size != sum(widths):
            raise PatternError(f"a pattern of {sum(widths)} units cannot have {flat.size} bits")
        return cls(tuple(widths), np.packbits(flat).tobytes())

    @classmethod
    def from_text(cls, widths: Sequence[int], text: str) -> "ActivationPattern":
        """Pattern from a text like ``"0110/10"``.

        Raises
        ------
        PatternError
            The number of layers or of bits does not fit, or a character is neither 0, 1 nor ``/``.
        """
        expected = "/".join("0" * width for width in widths) or NO_UNITS
        layers = [] if text.strip() == NO_UNITS and not widths else text.strip().split("/")
        for position, layer in enumerate(layers):
            if set(layer) - {"0", "1"}:
                raise PatternError(f"pattern {text!r}: layer {position} holds something other than 0 and 1")
        if [len(layer) for layer in layers] != list(widths):
            found = " + ".join(str(len(layer)) for layer in layers)
            needed = " + ".join(map(str, widths))
            raise PatternError(
                f"pattern {text!r} has {found} bits, but the network's hidden layers have {needed} units: "
                f"write it like {expected!r}"
            )
        return cls.from_bits(widths, [bit == "1" for layer in layers for bit in layer])

    @property
    def bits(self) -> BoolArray:
        """Booleans of all units, shape (N,)."""
        return unpack_patterns(np.frombuffer(self.packed, dtype=np.uint8)[None, :], sum(self.widths)).ravel()

    @property
    def layers(self) -> list[BoolArray]:
        """Booleans layer by layer."""
        return np.split(self.bits, np.cumsum(self.widths)[:-1]) if self.widths else []

    def __str__(self) -> str:
        return pattern_texts(np.frombuffer(self.packed, dtype=np.uint8)[None, :], self.widths)[0]


def packed_width(units: int) -> int:
    """Bytes that hold the bits of `units` units."""
    return (units + 7) // 8


def pack_patterns(bits: BoolArray) -> ByteArray:
    """Rows of bits (k, N) as rows of bytes (k, ⌈N/8⌉)."""
    return np.packbits(bits, axis=1)


def unpack_patterns(packed: ByteArray, units: int) -> BoolArray:
    """Rows of bytes (k, ⌈N/8⌉) as rows of bits (k, N)."""
    return np.asarray(np.unpackbits(packed, axis=1, count=units), dtype=np.bool_)


def all_patterns(units: int) -> ByteArray:
    """All 2^N patterns in ascending order, packed; for a few units only."""
    numbers = np.arange(2**units, dtype=np.uint32)[:, None]
    bits = (numbers >> np.arange(units, dtype=np.uint32)[::-1]) & 1
    return pack_patterns(bits.astype(np.bool_))


def pattern_texts(packed: ByteArray, widths: Sequence[int]) -> list[str]:
    """The text of each row of packed patterns."""
    if not widths:
        return [NO_UNITS] * len(packed)
    bits = unpack_patterns(packed, sum(widths))
    length = sum(widths) + len(widths) - 1
    characters = np.full((len(bits), length), ord("/"), dtype=np.uint8)
    start = 0
    for position, width in enumerate(widths):
        characters[:, start + position : start + position + width] = bits[:, start : start + width] + ord("0")
        start += width
    flat = characters.tobytes().decode("ascii")
    return [flat[row * length : (row + 1) * length] for row in range(len(bits))]


def group_rows(packed: ByteArray) -> tuple[IntArray, IntArray, IntArray]:
    """Group equal rows of packed patterns, the largest group first (of equal ones, the first seen).

    Returns
    -------
    first
        For each group, the first row that has its pattern.
    group
        For each row, its group.
    size
        For each group, the number of its rows.
    """
    if len(packed) == 0:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, empty
    keys = np.ascontiguousarray(packed)
    if keys.shape[1] == 0:
        labels, first = np.zeros(len(keys), dtype=np.int64), np.zeros(1, dtype=np.int64)
        return first, labels, np.array([len(keys)], dtype=np.int64)
    whole_rows = keys.view(np.dtype((np.void, keys.shape[1]))).ravel()
    _, first, group, size = np.unique(whole_rows, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -size))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[group], size[order]
