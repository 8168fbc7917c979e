"""Integers of many digits in compiled code: columns of signed digits.

Notation: a number is Σ digit_i 2^(24 i), its digits int64. Sums of products of digits stay below 2^63 for a long time,
so products are summed without carrying, and `carry` brings the digits back into −2^23 … 2^23 − 1. Then the sign is that
of the last digit that is not 0. The caller makes room for the result of every operation.
"""

from collections.abc import Sequence

import numpy as np

from relugeom.geometry.compiled import inner
from relugeom.linalg.arrays import IntArray

__all__ = ["DIGIT", "as_digits", "carry", "digits_of", "minors", "put_long", "sign_of"]

DIGIT = 24
"""Bits of a digit."""


def digits_of(bits: int) -> int:
    """Number of digits that hold every number of this many bits."""
    return bits // DIGIT + 2


def as_digits(values: Sequence[int], size: int) -> IntArray:
    """Integers as rows of digits, shape (k, size)."""
    table = np.zeros((len(values), size), dtype=np.int64)
    mask, half = (1 << DIGIT) - 1, 1 << (DIGIT - 1)
    for row, number in enumerate(values):
        for place in range(size):
            digit = ((number + half) & mask) - half
            table[row, place] = digit
            number = (number - digit) >> DIGIT
        if number:
            raise OverflowError("an integer has more digits than there is room for")
    return table


@inner
def carry(number):
    """Bring the digits back into their range."""
    up = np.int64(0)
    for place in range(number.shape[0]):
        digit = number[place] + up
        up = (digit + (1 << 23)) >> 24
        number[place] = digit - (up << 24)


@inner
def add_product(total, a, a_size, b, b_size, sign):
    """total += sign · a · b, without carrying."""
    for i in range(a_size):
        digit = sign * a[i]
        if digit != 0:
            for j in range(b_size):
                total[i + j] += digit * b[j]


@inner
def sign_of(number):
    """−1, 0 or 1; the digits are in their range."""
    for back in range(number.shape[0]):
        digit = number[number.shape[0] - 1 - back]
        if digit != 0:
            return 1 if digit > 0 else -1
    return 0


@inner
def minors(columns, size, table, factors):
    """factors with Σ_c factors[c] · columns[c, k] = 0 for every k ≥ 1: signed minors of n + 1 columns (Cramer's rule).

    Parameters
    ----------
    columns
        n + 1 forms, constants first: digits, shape (n + 1, n + 1, size).
    table
        Room, shape (2^(n + 1), digits): the minor of the first r coordinates and each set of r columns.
    factors
        Room for the result, shape (n + 1, digits).
    """
    count = columns.shape[0]
    n = count - 1
    for place in range(table.shape[1]):
        table[0, place] = 0
    table[0, 0] = 1
    for r in range(1, n + 1):
        for chosen in range(1, 1 << count):
            bits, rest = 0, chosen
            while rest != 0:
                bits += rest & 1
                rest >>= 1
            if bits != r:
                continue
            minor = table[chosen]
            for place in range(minor.shape[0]):
                minor[place] = 0
            turn, used = 1, min((r - 1) * size + 1, table.shape[1] - size)
            for back in range(count):
                c = count - 1 - back
                if (chosen >> c) & 1 == 1:  # expanded by its last row
                    add_product(minor, columns[c, r], size, table[chosen & ~(1 << c)], used, turn)
                    turn = -turn
            carry(minor)
    every, turn = (1 << count) - 1, 1
    for c in range(count):
        minor = table[every & ~(1 << c)]
        for place in range(factors.shape[1]):
            factors[c, place] = turn * minor[place]
        turn = -turn
        carry(factors[c])


@inner
def put_long(text, end, number, shift, room):
    """A space and number · 2^shift > 0 in hexadecimal; `room` has one digit more than the number."""
    size = room.shape[0]
    for place in range(size - 1):
        room[place] = number[place] << (shift % 4)
    room[size - 1] = 0
    up = np.int64(0)
    for place in range(size):  # digits from 0 to 2^24 − 1
        digit = room[place] + up
        up = digit >> 24
        room[place] = digit - (up << 24)
    top = size - 1
    while top > 0 and room[top] == 0:
        top -= 1
    first = 20
    while first > 0 and (room[top] >> first) == 0:
        first -= 4
    text[end] = 32
    end += 1
    for back in range(top + 1):
        digit = room[top - back]
        for place in range(24 - (20 - first if back == 0 else 0), 0, -4):
            nibble = (digit >> (place - 4)) & 15
            text[end] = nibble + 48 + (39 if nibble > 9 else 0)
            end += 1
    for _ in range(shift // 4):
        text[end] = 48
        end += 1
    return end
