"""Cones cut by one hyperplane after the other, compiled (notation: `generators.py`).

To cut by h, the rays with h > 0 stay on one side, those with h < 0 on the other, and each pair of adjacent ones between
gives a ray with h = 0 [Motzkin, Raiffa, Thompson & Thrall, *The double description method*, 1953; Fukuda & Prodon,
*Double description method revisited*, 1996]. A cut is made only where every sign is certain.
"""

import numpy as np

from relugeom.geometry.compiled import compiled, inner
from relugeom.geometry.generators import BLUNT, UNIT, combine, sharpen

__all__ = ["NO_ROOM", "cut_cone"]

NO_ROOM = -1


@inner
def count_bits(mask):
    """How many bits a mask has."""
    x = np.uint64(mask)
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def cut_cone(
    generators,
    masks,
    sizes,
    errors,
    values,
    margins,
    sides,
    copy,
    copy_masks,
    copy_sizes,
    copy_errors,
    places,
    scale,
    rows,
    row_errors,
    room,
    lists,
    first,
    count,
    lines,
    simple,
    bit,
):
    """Cut the cone in the block at `first` by the hyperplane that `find_sides` was asked about last.

    Replaces the block by the cone on its positive side, followed by the one on its negative side. The hyperplane
    becomes the row of mask bit `bit` in both (`rows` has it). `simple` says that every ray has as few rows as it can;
    adjacency is then a count, else a search.

    Returns
    -------
    tuple
        Generators on the positive and the negative side, lines of both, and whether both are simple; NO_ROOM as the
        first number, and nothing changed, where the columns do not suffice.
    """
    D, capacity = generators.shape
    mark = np.int64(1) << bit
    longest, reach = -1, 0.0
    for i in range(lines):
        if sides[i] == 1 or sides[i] == -1:
            height = abs(values[i]) / sizes[first + i]
            if height > reach:
                longest, reach = i, height
    if longest >= 0:
        if first + 2 * count > capacity:
            return NO_ROOM, 0, 0, False
        return cut_line(
            generators, masks, sizes, errors, values, margins, scale, first, count, lines, longest, reach, mark
        )
    fresh, end = first + count, first + count
    least = D - 2 - lines
    low = 0  # places[0]: the rays below, whose masks lie side by side in copy_masks
    for i in range(count):
        if sides[i] == -1:
            places[0, low], copy_masks[low] = i, masks[first + i]
            low += 1
    for i in range(count):
        if sides[i] != 1:
            continue
        a = first + i
        mine = masks[a]
        for n in range(low):
            common = mine & copy_masks[n]
            if count_bits(common) < least:
                continue
            j = places[0, n]
            adjacent = True
            if not simple:
                for other in range(lines, count):
                    if other != i and other != j and (masks[first + other] & common) == common:
                        adjacent = False
                        break
            if not adjacent:
                continue
            if end >= capacity:
                return NO_ROOM, 0, 0, False
            b = first + j
            wa, wb, doubt, distance = -values[j], values[i], 0.0, 0.0
            if not (margins[i] == 0.0 and margins[j] == 0.0 and errors[a] == 0.0 and errors[b] == 0.0):
                # The weights of the scaled columns sum to 1: an error in them moves along the edge.
                ra, rb = 1.0 / sizes[a], 1.0 / sizes[b]
                above, below = values[i] * ra, -values[j] * rb
                spread_a, spread_b = margins[i] * ra, margins[j] * rb
                total = above + below
                doubt = 1.01 * max(spread_a, spread_b) / (total - spread_a - spread_b) + 4.0 * UNIT
                for k in range(D):
                    distance = max(distance, abs(generators[k, a] * ra - generators[k, b] * rb) / scale[k])
                part = 1.0 / total
                wa, wb = below * part * ra, above * part * rb
            combine(generators, sizes, errors, scale, a, b, wa, wb, doubt, distance, end)
            masks[end] = common | mark
            if errors[end] > BLUNT and lines == 0:
                sharpen(generators, sizes, errors, scale, rows, row_errors, room, lists, places[1], masks[end], end)
            end += 1
    made = end - fresh
    flat = 0
    for i in range(count):
        if sides[i] == 0:
            flat += 1
    if end + flat + made > capacity or low + flat + made > copy.shape[1]:
        return NO_ROOM, 0, 0, False
    # The rays below, those on the hyperplane and the new ones go to `copy`; the others move together in their place.
    below_count, above_count = 0, 0
    for i in range(count + made):
        new = i >= count
        if new or sides[i] == 0:
            masks[first + i] |= mark
        if new or sides[i] != 1:
            places[0, below_count] = first + i
            below_count += 1
        if new or sides[i] != -1:
            places[1, above_count] = first + i
            above_count += 1
    still = True
    for n in range(below_count):
        source = places[0, n]
        copy_masks[n], copy_sizes[n], copy_errors[n] = masks[source], sizes[source], errors[source]
        still = still and (n < lines or count_bits(masks[source]) == D - 1 - lines)
    for k in range(D):
        for n in range(below_count):
            copy[k, n] = generators[k, places[0, n]]
    for n in range(above_count):
        source, place = places[1, n], first + n
        masks[place], sizes[place], errors[place] = masks[source], sizes[source], errors[source]
        still = still and (n < lines or count_bits(masks[place]) == D - 1 - lines)
    for k in range(D):
        for n in range(above_count):
            generators[k, first + n] = generators[k, places[1, n]]
    second = first + above_count
    for n in range(below_count):
        masks[second + n], sizes[second + n], errors[second + n] = copy_masks[n], copy_sizes[n], copy_errors[n]
    for k in range(D):
        for n in range(below_count):
            generators[k, second + n] = copy[k, n]
    return above_count, below_count, lines, still


@inner
def cut_line(generators, masks, sizes, errors, values, margins, scale, first, count, lines, longest, reach, mark):
    """Cut a cone by a hyperplane that one of its lines crosses: the line becomes a ray, the others move into it."""
    D = generators.shape[0]
    a = first + longest
    for i in range(count):
        b = first + i
        if i == longest:
            continue
        if margins[longest] == 0.0 and margins[i] == 0.0 and errors[a] == 0.0 and errors[b] == 0.0:
            turn = 1.0 if values[longest] > 0.0 else -1.0
            combine(generators, sizes, errors, scale, b, a, turn * values[longest], -turn * values[i], 0.0, 0.0, b)
        else:
            share = values[i] / values[longest] * sizes[a] / sizes[b]
            wide = margins[longest] / sizes[a]
            doubt = 1.01 * (margins[i] / sizes[b] + abs(share) * wide) / (reach - wide) + 8.0 * UNIT * (
                1.0 + abs(share)
            )
            combine(generators, sizes, errors, scale, b, a, 1.0 / sizes[b], -share / sizes[a], doubt, 1.0, b)
        masks[b] = masks[b] | mark
    # Lines stay in front: the new ray changes places with the last of them.
    last = first + lines - 1
    turn = 1.0 if values[longest] > 0.0 else -1.0
    for k in range(D):
        generators[k, a], generators[k, last] = generators[k, last], turn * generators[k, a]
    masks[a], masks[last] = masks[last], masks[a]
    sizes[a], sizes[last] = sizes[last], sizes[a]
    errors[a], errors[last] = errors[last], errors[a]
    still = True
    for i in range(count):
        for k in range(D):
            entry = generators[k, first + i]
            generators[k, first + count + i] = -entry if i == lines - 1 else entry
        masks[first + count + i], sizes[first + count + i] = masks[first + i], sizes[first + i]
        errors[first + count + i] = errors[first + i]
        if i >= lines - 1 and count_bits(masks[first + i]) != D - lines:
            still = False
    return count, count, lines - 1, still
