"""Columns that the compiled search works on, and the names of its codes.

Notation: coordinates y of the domain's affine hull, d of them; L hidden layers of at most w units, N units in all;
room for M rows of a cell and for S waiting siblings. A *form* has float coefficients (c_1, …, c_d, c_0); because
these were rounded it has an error bound e ≥ Σ|δc_k| σ_k + |δc_0| and a magnitude a ≥ Σ|c_k| σ_k + |c_0|, where σ
(`reach`) is the size of the coordinates: on a bounded domain |ẑ(y) − z(y)| ≤ e and |z(y)| ≤ a.
"""

from typing import NamedTuple

import numpy as np

UNIT = 2.0**-53
TINY = 1e-290
"""Far above what products lose to underflow, far below anything else."""

# What the kernel returns: nothing is left; the output is full; a buffer is too small; the next unit, or the leaf it
# stands at, needs exact arithmetic; the node it stands at is to be searched exactly; the budget is used up; the node it
# stands at is to be searched with a dictionary; a tie needs lanes (`residue_columns.py`).
DONE, FULL, GROW, UNDECIDED, UNPROVED_LEAF, DELEGATED, PAUSED, HANDED_OVER, LANES = range(9)

# How a unit was decided: tokens of the tree, and kinds of decisions on the path.
STABLE_INACTIVE, STABLE_ACTIVE, SPLIT = 0, 1, 2

# Further outcomes of a test; STOPPED if it needs lanes before it can go on.
DOUBTFUL, BEYOND, OPTIMAL, STOPPED = 3, 4, 5, 6

# Places in State.counters: present unit, rows of the cell, end of the waiting siblings, pivots since the dictionary
# was rebuilt, leaves and tokens in the output, whether the present node is delegated, first waiting sibling not given
# away, column and direction of the edge that crosses a hyperplane, whether the present vertex lies beyond it already.
# For a search by generators: end of the cones that wait and the first not given away; first column, generators and
# lines of the present cone, whether it is simple, and mask bits used on the path.
# For a test that stopped for want of lanes, so that it goes on as if it had not: which one it was when a layer begins,
# and 1 + its attempt (else 0). Stored columns of the dictionary.
U, R, S, P, LEAVES, TOKENS, PHASE, BASE, EDGE, DIRECTION, FAR_SIDE = range(11)
TOP, BOTTOM, FIRST, COUNT, LINES, SIMPLE, ROWS = range(11, 18)
STEP, TRY = 18, 19
COLUMNS = 20
COUNTERS = 21
MASK_BITS = 62


class Problem(NamedTuple):
    """Data that do not change during a search.

    Attributes
    ----------
    starts
        First unit of each layer, and N, shape (L + 1,).
    weights, biases
        Of the hidden layers after the first, transposed and padded with zeros: shapes (L, w, w) and (L, w).
    bounded
        Whether every side of the box is finite.
    integral
        max |weight| of each layer if weights and biases are integers, else inf; shape (L,).
    first, first_errors
        Forms of the first layer on the hull and error bounds of their coefficients, shape (w₀, d + 1).
    lower, upper, reach
        The box of y, and max(|lower|, |upper|) (1 if a side is open), shape (d,).
    middle
        A point inside the domain, or near one, shape (d,).
    domain_rows, domain_errors
        Further rows of the domain, forms ≥ 0, and error bounds of their coefficients, shape (k, d + 1).
    guard
        Bound of the change that underflow can make to the value of a form on a bounded domain.
    spread, spread_of, peaks, mids, halves
        W in row space (`row_space.py`), filled up with rows of zeros, its transpose, the largest size in each row, and
        the middle and half the length of each input's range: shapes (4 ⌈d/4⌉, n), (n, d), (d,), (n,) and (n,); else
        empty. In row space, points, `lower`, `upper` and `middle` have n more entries, those of the inputs; the first d
        are without bounds.
    """

    starts: np.ndarray
    weights: np.ndarray
    biases: np.ndarray
    bounded: bool
    integral: np.ndarray
    first: np.ndarray
    first_errors: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    reach: np.ndarray
    middle: np.ndarray
    domain_rows: np.ndarray
    domain_errors: np.ndarray
    guard: float
    spread: np.ndarray
    spread_of: np.ndarray
    peaks: np.ndarray
    mids: np.ndarray
    halves: np.ndarray


class State(NamedTuple):
    """State of a search: the path to the present node, its dictionary, and the waiting siblings."""

    counters: np.ndarray  # (21,) see the names of its places
    bits: np.ndarray  # (N,) bit of each decided unit
    kinds: np.ndarray  # (N,) how it was decided
    known: (
        np.ndarray
    )  # (N,) STABLE_INACTIVE or STABLE_ACTIVE where that was proved for the cell at which the layer began
    copies: np.ndarray  # (N,) the unit that each unit copies (`ties.py`)
    keys: np.ndarray  # (L, w) what proportional forms have in common
    forms: np.ndarray  # (L, d + 1, w) one contiguous run of units per coefficient
    form_errors: np.ndarray  # (L, w, d + 1) per coefficient, on unbounded domains only
    errors: np.ndarray  # (L, w)
    largest: np.ndarray  # (L,) bound of |coefficients| where they are exact integers, else inf
    magnitudes: np.ndarray  # (L, w)
    row_forms: np.ndarray  # (M, d + 1) rows of the cell
    row_units: np.ndarray  # (M,) the unit that a row comes from, −1 for a row of the domain
    row_form_errors: np.ndarray  # (M, d + 1), on unbounded domains only
    row_errors: np.ndarray  # (M,)
    row_magnitudes: np.ndarray  # (M,)
    table: np.ndarray  # (d, M)
    value: np.ndarray  # (M,)
    basic: np.ndarray  # (M,)
    nonbasic: np.ndarray  # (d,)
    resting: np.ndarray  # (d,)
    status: np.ndarray  # (d,)
    point: np.ndarray  # (d,) a point of the present cell
    heights: np.ndarray  # (w,) room for the values of a layer
    form: np.ndarray  # (d + 1,) the form that is being tested
    rests: np.ndarray  # (m,) and the following: room for proofs, m the larger of d and w
    lows: np.ndarray  # (m,)
    highs: np.ndarray  # (m,)
    proof_rows: np.ndarray  # (d, m + 1)
    proof_errors: np.ndarray  # (d + 1, m + 1)
    multipliers: np.ndarray  # (d,)
    goal: np.ndarray  # (m + 1,)
    matrix: np.ndarray  # (d, d)
    inverse: np.ndarray  # (d, d)
    far: np.ndarray  # (d,) a point of the closure beyond the hyperplane just crossed
    places: np.ndarray  # (d + 1,) room for pivots
    floors: np.ndarray  # (M,) lower bounds of the basic variables, up to date in climbs
    ceilings: np.ndarray  # (M,)
    costs: np.ndarray  # (d,) the last row of the table
    gains: np.ndarray  # (d,) room for what a step along each column gains
    column: np.ndarray  # (M,) room for a column of the table
    corner: np.ndarray  # (d + n,) in row space: where inputs rest
    turns: np.ndarray  # (n,) 1 for inputs that rest at their lower side, −1 for those at their upper one, else 0
    loose: np.ndarray  # (n,) 1 for inputs that rest between their sides, else 0
    prices: np.ndarray  # (n,) the goal's costs of the inputs
    offers: np.ndarray  # (n,) what a step of each gains
    blend: np.ndarray  # (d, and zeros) the form that these prices come from


class Waiting(NamedTuple):
    """Waiting siblings, one slot each: the state to return to."""

    unit: np.ndarray  # (S,)
    rows: np.ndarray  # (S,)
    pivots: np.ndarray  # (S,)
    table: np.ndarray  # (S, d, M)
    value: np.ndarray  # (S, M)
    basic: np.ndarray  # (S, M)
    nonbasic: np.ndarray  # (S, d)
    resting: np.ndarray  # (S, d)
    status: np.ndarray  # (S, d)
    point: np.ndarray  # (S, d)
    corner: np.ndarray  # (S, d + n) the following are for row space
    turns: np.ndarray  # (S, n)
    loose: np.ndarray  # (S, n)
    columns: np.ndarray  # (S,)
    delegated: np.ndarray  # (S,) True where exact arithmetic has to search the sibling


class Pending(NamedTuple):
    """Waiting cones (blocks of `Cones`), one slot each, and the path's mask bits."""

    unit: np.ndarray  # (S,) the unit whose active side waits
    first: np.ndarray  # (S,) first column
    generators: np.ndarray  # (S,) how many
    lines: np.ndarray  # (S,)
    simple: np.ndarray  # (S,)
    rows: np.ndarray  # (S,) mask bits used
    bit_of: np.ndarray  # (N,) the mask bit of a unit's hyperplane, −1 where it is not a row
    unit_of: np.ndarray  # (62,) the unit that was given a mask bit last, −1 − r for row r of `Residues`
    infinity: np.ndarray  # (1,) the mask of the row t ≥ 0; 0 on a bounded domain
    zero: np.ndarray  # (2, w) room for `vanishes`


class Output(NamedTuple):
    """Buffers that the caller empties."""

    packed: np.ndarray  # (C, B)
    points: np.ndarray  # (C, d)
    tokens: np.ndarray  # (T,)
