"""Exact proofs in compiled code, at a vertex where as many rows meet as there are inputs.

Notation: `long_integers.py`. There R = λ₀ t + Σ λ_i h_i loses every coordinate for one choice of multipliers up to a
factor: the signed minors of the forms' coefficients. They prove t ≤ 0 where λ₀ > 0, all λ_i ≥ 0 and the constant that
is left is ≤ 0. Forms are integers over 2^K, K a layer's exponent; they are computed for a layer when they are first
needed.
"""

from itertools import accumulate
from typing import NamedTuple

import numpy as np

from relugeom.certificate.partition_proof.long_integers import (
    add_product,
    as_digits,
    carry,
    digits_of,
    minors,
    put_long,
    sign_of,
)
from relugeom.certificate.partition_proof.tree_columns import END, HUGE, put, put_hexadecimal
from relugeom.geometry.compiled import inner
from relugeom.linalg.exact import scaled_integers
from relugeom.network.network import ReLUNetwork

__all__ = ["Exact", "make_exact", "prove_exactly"]

MOST_INPUTS, MOST_DIGITS, MOST_WIDTH = 6, 24, 1000


class Exact(NamedTuple):
    """A network in integers, forms of the present path, and room.

    Attributes
    ----------
    enabled
        Whether there is room: few inputs, and forms that are not too long.
    starts, exponents, sizes
        First unit of each layer (and N), shape (L + 1,); exponents K, and digits of forms, shape (L,).
    weights, biases
        Digits of the layers after the first, shapes (L, w, w, ·) and (L, w, ·).
    forms
        Constants first, shape (L, w, n + 1, ·).
    wanted, done
        Counts how often a layer has begun, and for which of these times its forms are there; shape (L,).
    support
        The units whose rows are used, shape (n,).
    columns, table, factors, total, room
        Room for `minors` and `put_long`.
    """

    enabled: bool
    starts: np.ndarray
    exponents: np.ndarray
    sizes: np.ndarray
    weights: np.ndarray
    biases: np.ndarray
    forms: np.ndarray
    wanted: np.ndarray
    done: np.ndarray
    support: np.ndarray
    columns: np.ndarray
    table: np.ndarray
    factors: np.ndarray
    total: np.ndarray
    room: np.ndarray


def make_exact(network: ReLUNetwork) -> Exact:
    """The integers of a network's hidden layers."""
    n, L, w = network.inputs, len(network.widths), max(network.widths)
    tables: list[list[list[int]]] = []
    exponents: list[int] = []
    sizes: list[int] = []
    bound = 1
    for W, b in zip(network.weights[:-1], network.biases[:-1], strict=True):
        entries, e = scaled_integers(np.column_stack([W, b]))
        size = W.shape[1] + 1
        rows = [entries[start : start + size] for start in range(0, len(entries), size)]
        below = exponents[-1] if exponents else 0
        bound = max(sum(map(abs, row[:-1])) * bound + (abs(row[-1]) << below) for row in rows)
        bound = max(bound, 1 << below)
        tables.append(rows)
        exponents.append(below + e)
        sizes.append(digits_of(bound.bit_length()))
    size = max(sizes)
    longest = max([abs(entry) for rows in tables[1:] for row in rows for entry in row[:-1]], default=1).bit_length()
    enabled = n <= MOST_INPUTS and size <= MOST_DIGITS and w <= MOST_WIDTH
    if not enabled:
        n, w, size, longest, tables = 1, 1, 2, 1, []
    digits, narrow = (n + 1) * size + 2, digits_of(longest)
    weights, biases = np.zeros((L, w, w, narrow), dtype=np.int64), np.zeros((L, w, size), dtype=np.int64)
    forms = np.zeros((L, w, n + 1, size), dtype=np.int64)
    for layer, rows in enumerate(tables):
        for u, row in enumerate(rows):
            if layer == 0:
                forms[0, u] = as_digits([row[-1], *row[:-1]], size)
            else:
                weights[layer, u, : len(row) - 1] = as_digits(row[:-1], narrow)
                biases[layer, u] = as_digits([row[-1] << exponents[layer - 1]], size)[0]
    return Exact(
        enabled=enabled,
        starts=np.array([0, *accumulate(network.widths)], dtype=np.int64),
        exponents=np.array(exponents, dtype=np.int64),
        sizes=np.array(sizes, dtype=np.int64),
        weights=weights,
        biases=biases,
        forms=forms,
        wanted=np.zeros(L, dtype=np.int64),
        done=np.zeros(L, dtype=np.int64),
        support=np.zeros(network.inputs, dtype=np.int64),
        columns=np.zeros((n + 1, n + 1, size), dtype=np.int64),
        table=np.zeros((1 << (n + 1), digits), dtype=np.int64),
        factors=np.zeros((n + 1, digits), dtype=np.int64),
        total=np.zeros(digits + size, dtype=np.int64),
        room=np.zeros(digits + 1, dtype=np.int64),
    )


@inner
def sum_forms(weights, biases, below, below_size, bits, forms, width):
    """Forms of a layer: its biases, and the forms of the active units below times the weights."""
    narrow, size, columns = weights.shape[2], forms.shape[2], forms.shape[1]
    wide = np.zeros(narrow + size, dtype=np.int64)
    for u in range(width):
        for k in range(columns):
            for place in range(wide.shape[0]):
                wide[place] = biases[u, place] if k == 0 and place < size else 0
            for v in range(bits.shape[0]):
                if bits[v] == 1:
                    add_product(wide, weights[u, v], narrow, below[v, k], below_size, 1)
            carry(wide)
            for place in range(size):
                forms[u, k, place] = wide[place]


@inner
def put_column(columns, place, forms, turn):
    """Make a form, times ±1, one of the columns."""
    for k in range(forms.shape[0]):
        for digit in range(forms.shape[1]):
            columns[place, k, digit] = turn * forms[k, digit]


@inner
def prove_exactly(exact, bits, unit, bit, rows, cursor, text):
    """Write a proof that a unit has a bit, by the rows of n others; False where these do not prove it."""
    starts, count, last = exact.starts, exact.columns.shape[0], 0
    while starts[last + 1] <= unit:
        last += 1
    for layer in range(1, last + 1):
        if exact.done[layer] != exact.wanted[layer]:
            exact.done[layer] = exact.wanted[layer]
            sum_forms(
                exact.weights[layer],
                exact.biases[layer],
                exact.forms[layer - 1],
                exact.sizes[layer - 1],
                bits[starts[layer - 1] : starts[layer]],
                exact.forms[layer],
                starts[layer + 1] - starts[layer],
            )
    least = exact.exponents[last]
    for place in range(count):
        u = unit if place == 0 else rows[place - 1]
        layer = 0
        while starts[layer + 1] <= u:
            layer += 1
        least = min(least, exact.exponents[layer])
        turn = 1 if bits[u] == 1 else -1
        if place == 0:
            turn = -1 if bit == 1 else 1
        put_column(exact.columns, place, exact.forms[layer, u - starts[layer]], turn)
    size = exact.columns.shape[2]
    minors(exact.columns, size, exact.table, exact.factors)
    turn = sign_of(exact.factors[0])
    if turn == 0:
        return False
    for place in range(exact.total.shape[0]):
        exact.total[place] = 0
    for place in range(count):
        if turn * sign_of(exact.factors[place]) < 0:
            return False
        add_product(exact.total, exact.columns[place, 0], size, exact.factors[place], exact.factors.shape[1], turn)
    carry(exact.total)
    if sign_of(exact.total) > 0:
        return False
    end = put(text, cursor[END], 48 + bit)
    for place in range(count):
        if sign_of(exact.factors[place]) == 0:
            continue
        u = unit if place == 0 else rows[place - 1]
        layer = 0
        while starts[layer + 1] <= u:
            layer += 1
        for digit in range(exact.factors.shape[1]):
            exact.factors[place, digit] *= turn
        end = put_hexadecimal(text, end, u, 0)
        begin = end
        end = put_long(text, end, exact.factors[place], exact.exponents[layer] - least, exact.room)
        cursor[HUGE] = max(cursor[HUGE], 4 * (end - begin))
    cursor[END] = put(text, end, 10)
    return True
