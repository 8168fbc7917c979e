"""Integers by their remainders modulo many primes, compiled: exact zeros and signs without long integers.

Notation: K primes p < 2²⁵, one *lane* each. An integer x is kept as K floats r ≡ x (mod p) with |r| < p, so that sums
of a few products stay exact. An integer with |x| < Π p / 2 is 0 iff it is 0 in every lane, and the sign of any other is
that of its highest digit in mixed radix [Garner, *The residue number system*, 1959]. So whoever asks needs a bound of
|x| first, which Hadamard's inequality gives for a determinant.

Lanes come last in every array, and loops over them become vector instructions.
"""

from functools import lru_cache

import numpy as np

from relugeom.geometry.compiled import inner
from relugeom.linalg.arrays import FloatArray

__all__ = ["LANE_BITS", "cancel_row", "find_pivot", "garner_table", "prime_lanes", "remainder", "sign_of", "solve"]

LANE_BITS = 24.9
"""Bits of an integer that a lane settles; every prime used is larger than 2 to this power."""
LARGEST = 1 << 25
SIEVED = 1 << 15
NEAREST = 1.5 * 2.0**52
"""Added to a float below 2⁵¹ and taken off again, it leaves the nearest integer."""


@lru_cache(maxsize=8)
def prime_lanes(lanes: int) -> tuple[int, ...]:
    """The largest primes below 2²⁵."""
    begin = LARGEST - SIEVED
    prime = np.ones(SIEVED, dtype=np.bool_)
    for divisor in range(2, int(LARGEST**0.5) + 1):
        prime[-begin % divisor :: divisor] = False
    return tuple((begin + np.flatnonzero(prime)[: -lanes - 1 : -1]).tolist())


@lru_cache(maxsize=8)
def garner_table(lanes: int) -> FloatArray:
    """The inverse of prime i modulo prime j at [i, j], for i < j."""
    primes = prime_lanes(lanes)
    table = [[pow(p, -1, q) if i < j else 0 for j, q in enumerate(primes)] for i, p in enumerate(primes)]
    return np.array(table, dtype=np.float64)


@inner
def remainder(value, prime, inverse):
    """The remainder of least size, for |value| ≤ 2⁵⁰."""
    return value - prime * ((value * inverse + NEAREST) - NEAREST)


@inner
def cancel_row(table, row, other, column, columns, primes, inverses, spare):
    """Make entry `column` of a row 0 by another row: row · other[column] − row[column] · other, in every lane."""
    lanes = primes.shape[0]
    busy = False
    for lane in range(lanes):
        spare[lane] = table[row, column, lane]
        busy = busy or spare[lane] != 0.0
    if not busy:
        return
    for k in range(columns):
        for lane in range(lanes):
            value = table[row, k, lane] * table[other, column, lane] - spare[lane] * table[other, k, lane]
            table[row, k, lane] = remainder(value, primes[lane], inverses[lane])


@inner
def find_pivot(table, row, columns):
    """A column where a row is not 0 in any lane; −1 if there is none, −2 if the row is 0 in all columns and lanes."""
    zero = True
    for k in range(columns):
        missing = 0
        for lane in range(table.shape[2]):
            missing += 1 if table[row, k, lane] == 0.0 else 0
        if missing == 0:
            return k
        zero = zero and missing == table.shape[2]
    return -2 if zero else -1


@inner
def invert_lanes(values, results, bases, primes, inverses):
    """The inverse in every lane, as the power p − 2 [Fermat]; no value may be 0. `bases` is room."""
    lanes = primes.shape[0]
    for lane in range(lanes):
        results[lane], bases[lane] = 1.0, values[lane]
    for place in range(25):
        for lane in range(lanes):
            product = remainder(results[lane] * bases[lane], primes[lane], inverses[lane])
            odd = ((np.int64(primes[lane]) - 2) >> place) & 1
            results[lane] = product if odd == 1 else results[lane]
            bases[lane] = remainder(bases[lane] * bases[lane], primes[lane], inverses[lane])


@inner
def solve(table, equations, size, primes, inverses, spare, determinant):
    """Solve a system of equations, rows of the table with the right side in column `size`, which the answer replaces.

    If there are more equations than unknowns, some of them are solved, and the others have to follow. `determinant`
    becomes that of the solved ones, up to its sign; `spare` is room for three rows of lanes. Returns False if there is
    no single solution, or if there seems to be none in one lane.
    """
    lanes = primes.shape[0]
    for lane in range(lanes):
        determinant[lane] = 1.0
    for step in range(size):
        chosen = -1
        for row in range(step, equations):
            missing = 0
            for lane in range(lanes):
                missing += 1 if table[row, step, lane] == 0.0 else 0
            if missing == 0:
                chosen = row
                break
        if chosen < 0:
            return False
        if chosen != step:
            for k in range(step, size + 1):
                for lane in range(lanes):
                    table[step, k, lane], table[chosen, k, lane] = table[chosen, k, lane], table[step, k, lane]
        for lane in range(lanes):
            determinant[lane] = remainder(determinant[lane] * table[step, step, lane], primes[lane], inverses[lane])
        invert_lanes(table[step, step], spare[0], spare[1], primes, inverses)
        for k in range(step, size + 1):
            for lane in range(lanes):
                table[step, k, lane] = remainder(table[step, k, lane] * spare[0, lane], primes[lane], inverses[lane])
        for row in range(equations):
            if row != step:
                eliminate(table, row, step, size, primes, inverses, spare[2])
    for row in range(size, equations):
        for lane in range(lanes):
            if table[row, size, lane] != 0.0:
                return False
    return True


@inner
def eliminate(table, row, step, size, primes, inverses, factor):
    """Take the unknown `step` out of a row, by the row of that number, in which it has the coefficient 1."""
    lanes = primes.shape[0]
    busy = False
    for lane in range(lanes):
        factor[lane] = table[row, step, lane]
        busy = busy or factor[lane] != 0.0
    if busy:
        for k in range(step, size + 1):
            for lane in range(lanes):
                value = table[row, k, lane] - factor[lane] * table[step, k, lane]
                table[row, k, lane] = remainder(value, primes[lane], inverses[lane])


@inner
def sign_of(values, primes, inverses, moduli):
    """The sign of an integer, whose lanes are used up: −1, 0 or 1. `garner_table` begins in row 2 of `moduli`."""
    lanes, sign = primes.shape[0], 0
    for lane in range(lanes):
        values[lane] = remainder(values[lane], primes[lane], inverses[lane])
    for digit in range(lanes):
        present = values[digit]
        if present != 0.0:
            sign = 1 if present > 0.0 else -1
        for lane in range(digit + 1, lanes):
            value = (values[lane] - present) * moduli[digit + 2, lane]
            values[lane] = remainder(value, primes[lane], inverses[lane])
    return sign
