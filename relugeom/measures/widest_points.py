"""The points at which the smallest of several affine functions is largest, by the simplex method in floats, compiled.

Notation: a program has r rows a_i·x + c_i and m coordinates x. The program maximises t ≤ 1 subject to a_i·x + c_i ≥ t.
A dictionary gives its basic variables as affine functions of the nonbasic ones: x − begin (numbers 0 … m − 1) and t
(m) are nonbasic at first; the slacks of the rows (m + 1 …) and, last, that of t ≤ 1 are basic.
"""

from typing import NamedTuple

import numpy as np

from relugeom.geometry.compiled import compiled, inner

__all__ = ["widest_points"]

STEPS = 400
"""Pivots after which a program is left to exact arithmetic."""
FLAT = 1e-11
"""Slopes below this count as 0."""


class Program(NamedTuple):
    """The dictionary of one program.

    Attributes
    ----------
    table
        One row per basic variable: its coefficients, then its constant, shape (r + 1, m + 2).
    basic, nonbasic
        The numbers of the variables, shapes (r + 1,) and (m + 1,).
    """

    table: np.ndarray
    basic: np.ndarray
    nonbasic: np.ndarray


@compiled
def widest_points(tables, begin, x, depth, multipliers):
    """Maximise t ≤ 1 subject to a_i·x + c_i ≥ t, by the primal simplex method on a dense dictionary, in floats.

    Parameters
    ----------
    tables
        Rows (a_i, c_i) of each program, shape (k, r, m + 1).
    begin
        Point at which each search begins, shape (k, m).
    x, depth, multipliers
        Room for the best points (k, m), their t (k,), and λ ≥ 0 with Σ λ_i (a_i·x + c_i) ≡ t, shape (k, r); t = 0 if
        the method gave up.
    """
    count, rows, columns = tables.shape
    m = columns - 1
    program = Program(np.zeros((rows + 1, m + 2)), np.zeros(rows + 1, dtype=np.int64), np.zeros(m + 1, dtype=np.int64))
    for k in range(count):
        set_up(program, tables[k], begin[k])
        goal, optimal = climb(program)
        if optimal:
            depth[k] = program.table[goal, m + 1]
            read_point(program, begin[k], x[k])
            read_multipliers(program, goal, multipliers[k])


@inner
def set_up(program, rows, begin):
    """The dictionary at x = begin and t = 0."""
    T, m = program.table, begin.shape[0]
    count = rows.shape[0]
    for r in range(count):
        T[r, m], T[r, m + 1] = -1.0, rows[r, m]
        for j in range(m):
            T[r, j] = rows[r, j]
            T[r, m + 1] += rows[r, j] * begin[j]
    for j in range(m):
        T[count, j] = 0.0
    T[count, m], T[count, m + 1] = -1.0, 1.0
    for r in range(count + 1):
        program.basic[r] = m + 1 + r
    for j in range(m + 1):
        program.nonbasic[j] = j


@inner
def climb(program):
    """Pivot until t is largest; returns the row of t, and whether the method finished."""
    m = program.table.shape[1] - 2
    goal, entering, leaving = -1, m, lowest_row(program.table)
    for _ in range(STEPS):
        exchange(program, entering, leaving)
        if goal < 0:
            goal = leaving
        entering, direction = steepest_way(program, goal)
        if entering < 0:
            return goal, True
        leaving = first_block(program, entering, direction)
        if leaving < 0:
            return goal, False
    return goal, False


@inner
def lowest_row(T):
    """Row with the smallest constant, the first among equals."""
    lowest, last = 0, T.shape[1] - 1
    for r in range(1, T.shape[0]):
        if T[r, last] < T[lowest, last]:
            lowest = r
    return lowest


@inner
def exchange(program, entering, leaving):
    """Make a nonbasic variable basic, in place of a basic one."""
    T, basic, nonbasic = program.table, program.basic, program.nonbasic
    rows, columns = T.shape
    inverse = 1.0 / T[leaving, entering]
    for j in range(columns):
        T[leaving, j] *= -inverse
    T[leaving, entering] = inverse
    for r in range(rows):
        factor = T[r, entering]
        if r != leaving and factor != 0.0:
            T[r, entering] = 0.0
            for j in range(columns):
                T[r, j] += factor * T[leaving, j]
    basic[leaving], nonbasic[entering] = nonbasic[entering], basic[leaving]


@inner
def steepest_way(program, goal):
    """The nonbasic variable along which t grows fastest (−1: none), and in which direction; slacks can only grow."""
    T, m = program.table, program.table.shape[1] - 2
    entering, best, direction = -1, FLAT, 1.0
    for j in range(m + 1):
        gain = abs(T[goal, j]) if program.nonbasic[j] < m else T[goal, j]
        if gain > best:
            entering, best, direction = j, gain, 1.0 if T[goal, j] > 0.0 else -1.0
    return entering, direction


@inner
def first_block(program, entering, direction):
    """Row whose slack is the first to become 0 on the way, the steepest of several; −1 if none does."""
    T, m = program.table, program.table.shape[1] - 2
    leaving, shortest, steepest = -1, np.inf, 0.0
    for r in range(T.shape[0]):
        slope = -direction * T[r, entering]
        if program.basic[r] > m and slope > FLAT:
            step = max(T[r, m + 1], 0.0) / slope
            if step < shortest or (step == shortest and slope > steepest):
                shortest, steepest, leaving = step, slope, r
    return leaving


@inner
def read_point(program, begin, x):
    """The point of the dictionary."""
    T, m = program.table, begin.shape[0]
    for j in range(m):
        x[j] = begin[j]
    for r in range(T.shape[0]):
        if program.basic[r] < m:
            x[program.basic[r]] += T[r, m + 1]


@inner
def read_multipliers(program, goal, multipliers):
    """The multipliers of the rows whose slacks are nonbasic."""
    T, m, rows = program.table, program.table.shape[1] - 2, multipliers.shape[0]
    for j in range(m + 1):
        if m < program.nonbasic[j] <= m + rows:
            multipliers[program.nonbasic[j] - m - 1] = max(-T[goal, j], 0.0)
