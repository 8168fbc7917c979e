"""What the compiled prover keeps beside the dictionary, and how it writes lines of text (notation: `columns.py`)."""

from typing import NamedTuple

import numpy as np

from relugeom.geometry.compiled import inner
from relugeom.search.columns import UNIT
from relugeom.search.layer_forms import size_of

UNEXPLORED = 3
UNDECIDED_UNIT, PROVED_INACTIVE = 2, 3
"""In `Walk.known`, besides the bits 0 and 1: not decided yet; inactive by proof, not by a split."""
OPEN_LEAF = -1
"""The unit of a hole that stands for the point of a leaf."""
COARSE = 40
"""Most bits after the binary point of a coordinate."""

# Places in Walk.cursor: next token, next split and next beginning of a layer in preorder, whether the present layer
# has begun, length of the trail, leaves, end of the text, holes, proofs, all bits of multipliers and of coordinates,
# whether floats have lost the present cell, siblings that wait where the present mark began (−1 outside), marks.
PLACE, NEXT_SPLIT, NEXT_BEGIN, BEGUN, TRAIL, LEAF, END, HOLES, PROOFS, LONG, WIDE, BLIND, MARKED, MARKS = range(14)
SHIFT, LIFTED, HUGE = range(14, 17)
CURSORS = 17
MARK_SIZE = 4096
"""Leaves of a marked subtree, at most: what one process checks at a time."""


class Walk(NamedTuple):
    """Where the prover stands, beside the dictionary.

    Attributes
    ----------
    cursor
        See the names of its places.
    todo
        Units still to be proved at the present node: sets, shape (2, words), of those inactive and active.
    known
        Bit of each unit decided on the certificate's path, else UNDECIDED_UNIT; shape (N,).
    trail
        These units in the order of their decisions, shape (N,).
    split_of, trail_of, blind_of
        For each waiting sibling: the number of its split, the length of the trail there, and whether floats had lost
        the cell; shape (S,).
    numbers, scales
        For each row of the domain: its number in the certificate, and how often its form here is the one there (at a
        common denominator of 1); shape (k,).
    """

    cursor: np.ndarray
    todo: np.ndarray
    known: np.ndarray
    trail: np.ndarray
    split_of: np.ndarray
    trail_of: np.ndarray
    blind_of: np.ndarray
    numbers: np.ndarray
    scales: np.ndarray


class Text(NamedTuple):
    """What was written, and the holes in it.

    Attributes
    ----------
    text
        Bytes, shape (C,).
    places
        Where in the text each hole lies, shape (H,).
    units, bits
        The unit to be proved and its bit, or OPEN_LEAF and the row of the partition; shape (H,).
    rows, counts
        Rows that the dictionary proposes, by number, shape (H, d), and how many.
    moving
        Coordinates that do not rest at a side of the box there, shape (H, d).
    firsts, weights
        Multipliers on the affine hull (of the unit, shape (H,), and of the rows, shape (H, d)), where these prove the
        bit and only those of equalities are missing; else `firsts` is 0.
    known
        The path there, shape (H, N), as in `Walk`.
    marks
        Where in the text marked subtrees begin and end, in turn, and after how many holes; shape (K, 2).
    """

    text: np.ndarray
    places: np.ndarray
    units: np.ndarray
    bits: np.ndarray
    rows: np.ndarray
    counts: np.ndarray
    moving: np.ndarray
    firsts: np.ndarray
    weights: np.ndarray
    known: np.ndarray
    marks: np.ndarray


@inner
def put(text, end, byte):
    """One character."""
    text[end] = byte
    return end + 1


@inner
def put_hexadecimal(text, end, value, shift):
    """A space and value · 2^shift."""
    text[end] = 32
    end += 1
    if value < 0:
        text[end] = 45
        end += 1
        value = -value
    value <<= shift % 4
    digits = 1
    while (value >> (4 * digits)) != 0:
        digits += 1
    for place in range(digits):
        digit = (value >> (4 * (digits - 1 - place))) & 15
        text[end + place] = digit + 48 if digit < 10 else digit + 87
    end += digits
    for place in range(shift // 4):
        text[end + place] = 48
    return end + shift // 4


@inner
def leave_hole(walk, out, unit, bit):
    """Note that a line is missing here."""
    hole = walk.cursor[HOLES]
    out.places[hole], out.units[hole], out.bits[hole] = walk.cursor[END], unit, bit
    for u in range(walk.known.shape[0]):
        out.known[hole, u] = walk.known[u]
    walk.cursor[HOLES] = hole + 1


@inner
def clearance(starts, forms, errors, magnitudes, kinds, bits, point, size, heights, slopes):
    """Steps of a grid to one unit of length that keep the nearest point of the grid on the same side of every unit.

    `size` is that of the point (`size_of`). Units that are inactive on the whole cell do not count. inf where floats
    do not show the point's side.
    """
    d, need = point.shape[0], 1.0
    for layer in range(starts.shape[0] - 1):
        first, width = starts[layer], starts[layer + 1] - starts[layer]
        for u in range(width):
            heights[u], slopes[u] = forms[layer, d, u], 0.0
        for k in range(d):
            x = point[k]
            for u in range(width):
                heights[u] += forms[layer, k, u] * x
                slopes[u] += abs(forms[layer, k, u])
        for u in range(width):
            if kinds[first + u] != 0:
                clear = heights[u] if bits[first + u] == 1 else -heights[u]
                clear -= size * (1.02 * errors[layer, u] + 2.0 * (d + 3) * UNIT * magnitudes[layer, u])
                need = max(need, 1.02 * slopes[u] / clear if clear > 1e-290 else np.inf)
    return need


@inner
def write_point(problem, state, walk, out, points, slopes):
    """Write the point of a leaf, with as few digits as keep it clear of all hyperplanes; or leave a hole."""
    d, leaf, point = problem.lower.shape[0], walk.cursor[LEAF], state.far
    need = np.inf
    if problem.domain_rows.shape[0] == 0 and points.shape[1] == d:
        for k in range(d):
            point[k] = points[leaf, k]
        need = clearance(
            problem.starts,
            state.forms,
            state.errors,
            state.magnitudes,
            state.kinds,
            state.bits,
            point,
            size_of(problem, point, d),
            state.heights,
            slopes,
        )
    digits = 0
    while digits <= COARSE and 2.0**digits < need:
        digits += 1
    inside, grid, every = digits <= COARSE, 2.0**digits, np.int64(1) << min(digits, COARSE)
    for k in range(d):
        if inside:
            entry = np.floor(point[k] * grid + 0.5)
            if entry < problem.lower[k] * grid:
                entry += 1.0
            elif entry > problem.upper[k] * grid:
                entry -= 1.0
            inside = problem.lower[k] * grid <= entry <= problem.upper[k] * grid and abs(entry) < 2.0**52
            point[k] = entry if inside else 0.0
    if inside:
        text = out.text
        end = put_hexadecimal(text, put(text, walk.cursor[END], 112), every, 0)
        for k in range(d):
            entry = np.int64(point[k])
            end = put_hexadecimal(text, end, entry, 0)
            every |= abs(entry)
        walk.cursor[END], walk.cursor[WIDE] = put(text, end, 10), walk.cursor[WIDE] | every
    else:
        leave_hole(walk, out, OPEN_LEAF, leaf)
    walk.cursor[LEAF] += 1


@inner
def put_mark(walk, out):
    """Note that a marked subtree begins or ends here."""
    mark = walk.cursor[MARKS]
    out.marks[mark, 0], out.marks[mark, 1] = walk.cursor[END], walk.cursor[HOLES]
    walk.cursor[MARKS] = mark + 1
