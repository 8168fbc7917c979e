"""Integers in lanes against Python's own: remainders, signs, spans and systems of equations."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relugeom.geometry.residues import cancel_row, find_pivot, garner_table, prime_lanes, remainder, sign_of, solve

LANES = 12
PRIMES = prime_lanes(LANES)
MODULI = np.concatenate([[PRIMES, [1.0 / prime for prime in PRIMES]], garner_table(LANES)])
LARGEST = int(np.prod([int(prime) for prime in PRIMES], dtype=object)) // 2


def in_lanes(integers) -> np.ndarray:
    table = np.array(integers, dtype=object)
    return np.stack([np.asarray(table % prime, dtype=np.float64) for prime in PRIMES], axis=-1)


def test_lanes_are_primes_that_keep_products_exact() -> None:
    assert len(set(PRIMES)) == LANES
    assert all(2**24.9 < prime < 2**25 and pow(2, prime - 1, prime) == 1 for prime in PRIMES)


@given(value=st.integers(-(2**50), 2**50), lane=st.integers(0, LANES - 1))
def test_a_remainder_is_congruent_and_small(value: int, lane: int) -> None:
    found = remainder(float(value), MODULI[0, lane], MODULI[1, lane])
    assert (int(found) - value) % PRIMES[lane] == 0
    assert abs(found) < PRIMES[lane]


@given(value=st.integers(-LARGEST, LARGEST) | st.integers(-5, 5) | st.sampled_from([LARGEST, -LARGEST]))
def test_signs_are_those_of_the_integers(value: int) -> None:
    assert sign_of(in_lanes(value), MODULI[0], MODULI[1], MODULI) == (value > 0) - (value < 0)


@pytest.mark.parametrize("lane", range(LANES))
def test_a_multiple_of_all_primes_but_one_is_not_zero(lane: int) -> None:
    value = int(np.prod([int(prime) for place, prime in enumerate(PRIMES) if place != lane], dtype=object))
    assert sign_of(in_lanes(value), MODULI[0], MODULI[1], MODULI) == 1
    assert sign_of(in_lanes(-value), MODULI[0], MODULI[1], MODULI) == -1


@settings(max_examples=50)
@given(
    size=st.integers(1, 5),
    seed=st.integers(0, 2**32 - 1),
    singular=st.booleans(),
    further=st.sampled_from(["none", "following", "contradicting"]),
)
def test_systems_have_the_solutions_that_rationals_give(size: int, seed: int, singular: bool, further: str) -> None:
    random = np.random.default_rng(seed)
    matrix = [[int(entry) for entry in row] for row in random.integers(-(2**40), 2**40, (size, size + 1))]
    if singular:
        matrix[-1] = [3 * entry for entry in matrix[0]] if size > 1 else [0, 1]
    more = [[sum(column) for column in zip(*matrix, strict=True)]] if further != "none" else []
    if further == "contradicting":
        more[0][-1] += 1
    table, room, determinant = in_lanes(matrix + more), np.zeros((3, LANES)), np.zeros(LANES)
    solved = solve(table, len(matrix + more), size, MODULI[0], MODULI[1], room, determinant)
    assert solved is not (singular or further == "contradicting")
    if not solved:
        return
    expected = gauss([[Fraction(entry) for entry in row] for row in matrix])
    for place, value in enumerate(expected):
        for lane, prime in enumerate(PRIMES):
            assert (int(table[place, size, lane]) * value.denominator - value.numerator) % prime == 0


def gauss(rows: list[list[Fraction]]) -> list[Fraction]:
    for step in range(len(rows)):
        chosen = next(row for row in range(step, len(rows)) if rows[row][step])
        rows[step], rows[chosen] = rows[chosen], rows[step]
        rows[step] = [entry / rows[step][step] for entry in rows[step]]
        for row in range(len(rows)):
            if row != step:
                rows[row] = [a - rows[row][step] * b for a, b in zip(rows[row], rows[step], strict=True)]
    return [row[-1] for row in rows]


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32 - 1), inside=st.booleans())
def test_a_combination_of_rows_is_left_with_nothing(seed: int, inside: bool) -> None:
    random = np.random.default_rng(seed)
    one, two = ([int(entry) for entry in row] for row in random.integers(-(2**50), 2**50, (2, 4)))
    mixed = [5 * a - 7 * b for a, b in zip(one, two, strict=True)]
    mixed[3] += 0 if inside else 1
    table, room = in_lanes([one, two, mixed]), np.zeros(LANES)
    first = find_pivot(table, 0, 4)
    cancel_row(table, 1, 0, first, 4, MODULI[0], MODULI[1], room)
    second = find_pivot(table, 1, 4)
    cancel_row(table, 2, 0, first, 4, MODULI[0], MODULI[1], room)
    cancel_row(table, 2, 1, second, 4, MODULI[0], MODULI[1], room)
    assert min(first, second) >= 0
    assert (find_pivot(table, 2, 4) == -2) is inside
