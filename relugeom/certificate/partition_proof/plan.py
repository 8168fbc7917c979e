"""Where in the split tree each stable unit is best proved, compiled.

A partition's tree decides units in their order, so a unit that is stable on a large cell comes up as stable again on
every path below. A certificate may prove it once, at the topmost node below which it has one bit in every region: then
it is stable on that node's cell, and nothing has to be asked to know it. Such nodes are those where a layer begins, and
the sides of splits.

Notation: a *set* of a layer's units is a row of 64-bit words; `seen` has two, the units that are inactive (0) and those
that are active (1) somewhere below; a unit in one of them only is *constant* there.
"""

from typing import NamedTuple

import numpy as np

from relugeom.geometry.compiled import compiled
from relugeom.linalg.arrays import ByteArray, IntArray
from relugeom.partition.partition import TreeToken

__all__ = ["Plan", "make_plan"]

SPLIT, UNEXPLORED = int(TreeToken.SPLIT), int(TreeToken.UNEXPLORED)


class Plan(NamedTuple):
    """Units to prove, as sets with the bit that they have; splits and layer beginnings count in preorder.

    Attributes
    ----------
    begins
        Where a layer begins, shape (k, 2, words).
    sides
        On the inactive and the active side of a split, shape (s, 2, 2, words): (split, side, bit, word).
    sizes
        Leaves (and unexplored parts) on each side of a split, shape (s, 2).
    leaves
        Leaves in the tree.
    """

    begins: np.ndarray
    sides: np.ndarray
    sizes: np.ndarray
    leaves: int


def make_plan(tree: ByteArray, starts: IntArray, regions: int) -> Plan:
    """Plan of a tree, given the first unit of each layer (followed by the number of units) and its leaves.

    Behind the last leaf nothing was searched: there a node that has decided all units has a token, UNEXPLORED.
    """
    depths, splits, begins, leaves = find_depths(tree, starts, regions)
    words = max(1, (int(np.diff(starts).max(initial=1)) + 63) // 64)
    plan = Plan(
        begins=np.zeros((begins, 2, words), dtype=np.uint64),
        sides=np.zeros((splits, 2, 2, words), dtype=np.uint64),
        sizes=np.zeros((splits, 2), dtype=np.int64),
        leaves=int(leaves),
    )
    fill_plan(tree, depths, starts, plan.begins, plan.sides, plan.sizes, int(starts[-1]) + 2)
    return plan


@compiled
def find_depths(tree, starts, regions):
    """The unit that each token decides; how many splits, beginnings of layers and leaves there are."""
    units = starts[starts.shape[0] - 1]
    depths = np.zeros(tree.shape[0], dtype=np.int32)
    is_begin = np.zeros(units + 1, dtype=np.bool_)
    for layer in range(starts.shape[0] - 1):
        is_begin[starts[layer]] = True
    waiting = np.zeros(units + 1, dtype=np.int64)
    count = splits = begins = leaves = 0
    unit = np.int64(0)
    for place in range(tree.shape[0]):
        depths[place] = unit
        if is_begin[unit] and tree[place] != UNEXPLORED:
            begins += 1
        if tree[place] == SPLIT:
            splits += 1
            waiting[count] = unit + 1
            count += 1
        unit += 1
        back = tree[place] == UNEXPLORED
        if not back and unit == units:
            leaves += 1
            back = True
        while back and count > 0:
            count -= 1
            unit = waiting[count]
            back = unit == units and leaves < regions
            if back:
                leaves += 1
    return depths, splits, begins, leaves


@compiled
def fill_plan(tree, depths, starts, begins, sides, sizes, room):
    """Go through the tree from its end; a stack holds what the subtrees after the present token have seen."""
    layers, words = starts.shape[0] - 1, begins.shape[2]
    units = starts[layers]
    seen = np.zeros((2 * room, 2, words), dtype=np.uint64)
    size = np.ones(2 * room, dtype=np.int64)
    top, split, begin = 0, sides.shape[0], begins.shape[0]
    one, every = np.uint64(1), ~np.uint64(0)
    for back in range(tree.shape[0]):
        place = tree.shape[0] - 1 - back
        unit, token = np.int64(depths[place]), tree[place]
        layer = 0
        while layer + 1 < layers and starts[layer + 1] <= unit:
            layer += 1
        local = unit - starts[layer]
        last = unit + 1 == starts[layer + 1]  # below, another layer begins, or there are leaves
        if token == UNEXPLORED:  # nothing is known of the units that are not decided there
            for w in range(words):
                decided = min(max(local - 64 * w, 0), 64)
                rest = every << np.uint64(decided) if decided < 64 else np.uint64(0)
                seen[top, 0, w], seen[top, 1, w] = rest, rest
            size[top] = 1
            top += 1
            continue
        if unit + 1 == units:  # leaves have no tokens
            behind = back > 0 and depths[place + 1] == units  # the active side is unexplored, and has its token
            top += 2 if token == SPLIT and not behind else 1
            size[top - 1] = 1
            if token == SPLIT:
                size[top - 2] = 1
        for child in range(1, 3 if token == SPLIT else 2):
            if last:
                for w in range(words):
                    seen[top - child, 0, w], seen[top - child, 1, w] = np.uint64(0), np.uint64(0)
        word, mark = local // 64, one << np.uint64(local % 64)
        if token == SPLIT:
            split -= 1
            # The inactive side comes first in preorder, so it is on top.
            for w in range(words):
                a0, a1 = seen[top - 1, 0, w], seen[top - 1, 1, w]
                b0, b1 = seen[top - 2, 0, w], seen[top - 2, 1, w]
                mixed = (a0 | b0) & (a1 | b1)
                sides[split, 0, 0, w], sides[split, 0, 1, w] = a0 & ~a1 & mixed, a1 & ~a0 & mixed
                sides[split, 1, 0, w], sides[split, 1, 1, w] = b0 & ~b1 & mixed, b1 & ~b0 & mixed
                seen[top - 2, 0, w], seen[top - 2, 1, w] = a0 | b0, a1 | b1
            sizes[split, 0], sizes[split, 1] = size[top - 1], size[top - 2]
            size[top - 2] += size[top - 1]
            top -= 1
            seen[top - 1, 0, word] |= mark
            seen[top - 1, 1, word] |= mark
        else:
            seen[top - 1, token, word] |= mark
        if local == 0:
            begin -= 1
            for w in range(words):
                s0, s1 = seen[top - 1, 0, w], seen[top - 1, 1, w]
                begins[begin, 0, w], begins[begin, 1, w] = s0 & ~s1, s1 & ~s0
