"""Random covering trees, and back-substitution done naively, in rationals and one form at a time."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations
from math import floor

import numpy as np
import oracles
from claim_truth import columns
from replay import pair_line

from relugeom.claims.cover_tree import CoverTree, NodeKind

ONE = Fraction(1)


def tree_of(nodes: Sequence[tuple[NodeKind, int, float, Sequence[int], Sequence[float]]], **more) -> CoverTree:
    """The tree of nodes (kind, index, value, units to bound, weights) in preorder, with further columns."""
    kind, index, value, bounded, weights = zip(*nodes, strict=True)
    return CoverTree(
        np.array(kind),
        np.array(index),
        np.array(value, dtype=np.float64),
        np.cumsum([0, *map(len, bounded)]),
        np.array([unit for units in bounded for unit in units], dtype=np.int32),
        np.cumsum([0, *map(len, weights)]),
        np.array([weight for given in weights for weight in given], dtype=np.float64),
        **more,
    )


def random_tree(
    random, lower, upper, units: int, weights: int, *, whole: Sequence[bool] = (), depth: int = 3
) -> CoverTree:
    """Cuts and splits at random to a depth, weights and units at random: it may prove a claim, or not."""
    nodes: list[tuple[NodeKind, int, float, Sequence[int], Sequence[float]]] = []

    def chosen() -> list[int]:
        return random.permutation(units)[: random.integers(0, units + 1)].tolist()

    def grow(low: list[float], high: list[float], split: frozenset[int], left: int) -> None:
        kind = random.integers(0, 5)
        finite = [k for k in range(len(low)) if np.isfinite(high[k] - low[k])]
        if left and kind >= 3 and len(split) < units:
            unit = int(random.choice([unit for unit in range(units) if unit not in split]))
            nodes.append((NodeKind.SPLIT, unit, 0.0, chosen(), ()))
            for _ in range(2):
                grow(low[:], high[:], split | {unit}, left - 1)
        elif left and kind and finite:
            k = int(random.choice(finite))
            between = (
                (low[k] + high[k]) / 2
                if random.integers(4)
                else random.uniform(low[k] - 0.1, max(low[k], high[k]) + 0.1)
            )
            whole_cut = bool(whole and whole[k] and random.integers(2))
            value = float(floor(between)) if whole_cut else between
            nodes.append((NodeKind.BRANCH if whole_cut else NodeKind.BISECT, k, value, chosen(), ()))
            for side in range(2):
                least, most = low[:], high[:]
                (least if side else most)[k] = value + (whole_cut and side)
                grow(least, most, split, left - 1)
        else:
            given = random.random(weights) if random.integers(2) else ()
            empty = not random.integers(8)
            nodes.append((NodeKind.EMPTY if empty else NodeKind.CLOSED, -1, 0.0, chosen(), () if empty else given))

    grow(list(lower), list(upper), frozenset(), depth)
    closed = np.array([kind is NodeKind.CLOSED for kind, *_ in nodes])
    counts = [np.where(closed, random.integers(0, 3, len(nodes)), 0) for _ in range(2)]
    slopes_from, rows_from = (np.cumsum([0, *count]) for count in counts)
    return tree_of(
        nodes,
        slopes_from=slopes_from,
        slope_units=random.integers(0, units, slopes_from[-1]),
        slopes=random.random(slopes_from[-1]),
        rows_from=rows_from,
        rows=random.integers(0, units + 3, rows_from[-1]),
        multipliers=random.random(rows_from[-1]),
        row_set=random.integers(0, 2, len(nodes)),
    )


def naive_lines(low: Fraction | None, high: Fraction | None) -> tuple[Fraction, Fraction, Fraction | None]:
    """Lower slope, upper slope and shift of a unit; the shift is None where nothing bounds it above."""
    if high is not None and high <= 0:
        return Fraction(0), Fraction(0), Fraction(0)
    if low is not None and low >= 0:
        return ONE, ONE, Fraction(0)
    if high is None:
        return Fraction(0) if low is None else ONE, Fraction(0), None
    if low is None:
        return Fraction(0), Fraction(0), high
    slope = Fraction(floor(high * (1 << 20) / (high - low)), 1 << 20)
    return Fraction(int(high >= -low)), slope, max(-slope * low, high - slope * high)


def naive_maximum(networks, domain, own, box, bounds, form) -> Fraction | None:
    """The largest value of a form on a cell by FORMAT.md's rule.

    Parameters
    ----------
    box, bounds
        (lower, upper) per input, (low, high) per unit and then per pair of units.
    form
        Constant, and coefficients of inputs, units and outputs by number.
    """
    constant, inputs, units, outputs = form
    total = [Fraction(inputs.get(k, 0)) for k in range(len(box))]
    constant = Fraction(constant)
    layers = [oracles.exact_layers(network) for network in networks]
    firsts = [sum(network.units for network in networks[:copy]) for copy in range(len(networks))]
    first_outputs = [sum(network.outputs for network in networks[:copy]) for copy in range(len(networks))]
    z = [
        [Fraction(outputs.get(first + k, 0)) for k in range(network.outputs)]
        for first, network in zip(first_outputs, networks, strict=True)
    ]
    count = sum(network.units for network in networks)
    paired = len(networks) == 2 and networks[0].widths == networks[1].widths
    depths = [len(own) for own in layers]
    for depth in range(max(depths)):
        places = [own - 1 - depth for own in depths]
        belows: list[list[Fraction]] = [[], []]
        for copy, layer in enumerate(places):
            if layer < 0:
                continue
            weight, bias = layers[copy][layer]
            constant += sum((c * entry for c, entry in zip(z[copy], bias, strict=True)), Fraction(0))
            belows[copy] = [
                sum((c * row[k] for c, row in zip(z[copy], weight, strict=True)), Fraction(0))
                for k in range(len(weight[0]))
            ]
            if not layer:
                columns_of = columns(domain.inputs, own) if copy else range(domain.inputs)
                for place, value in zip(columns_of, belows[copy], strict=True):
                    total[place] += value
        starts = [
            first + sum(network.widths[: layer - 1])
            for first, network, layer in zip(firsts, networks, places, strict=True)
        ]
        moved: list[tuple[int, Fraction, Fraction, Fraction]] = []
        if paired and places[0] > 0:
            moved = naive_exchange(belows, starts, bounds, count)
        for copy, layer in enumerate(places):
            if layer <= 0:
                continue
            z[copy] = []
            for k, value in enumerate(belows[copy]):
                lower_slope, upper_slope, shift = naive_lines(*bounds[starts[copy] + k])
                if value > 0 and shift is None:
                    return None
                constant += value * shift if value > 0 else 0
                z[copy].append(value * (upper_slope if value > 0 else lower_slope) + units.get(starts[copy] + k, 0))
        for k, p, q, shift in moved:
            z[0][k], z[1][k] = z[0][k] + p, z[1][k] + q
            constant += shift
    return naive_box_maximum(domain, own, box, constant, total)


def naive_exchange(belows, starts, bounds, count: int) -> list[tuple[int, Fraction, Fraction, Fraction]]:
    """Take what is opposite out of the rows: the pair, its slopes in z and z', and its shift."""
    moved = []
    for k, (v, w) in enumerate(zip(*belows, strict=True)):
        (low, high), (low2, high2), (fall, rise) = (bounds[place + k] for place in (*starts, count + starts[0]))
        ends = [end for end in (high, high2) if end is not None and end <= 0]
        if v * w >= 0 or ends or fall is None or rise is None:
            continue
        c = w if abs(v) >= abs(w) else -v
        belows[0][k], belows[1][k] = (v + w, Fraction(0)) if abs(v) >= abs(w) else (Fraction(0), v + w)
        p, q, shift = pair_line(c > 0, [(low, high), (low2, high2)], fall, rise, None)
        moved.append((k, c * p, c * q, c * shift))
    return moved


def naive_box_maximum(domain, own, box, constant, total) -> Fraction | None:
    """Each group in every order, each other input by itself."""
    groups = [list(group) for group in domain.groups]
    groups += [[domain.inputs + own.index(k) for k in group] for group in domain.groups if set(group) <= set(own)]
    grouped = {k for group in groups for k in group}
    for k, value in enumerate(total):
        if k not in grouped and value:
            side = box[k][value > 0]
            if side is None:
                return None
            constant += value * side
    for group in groups:
        best = []
        for order in permutations(group):
            left, value = ONE - sum(box[k][0] for k in group), sum(total[k] * box[k][0] for k in group)
            for k in order:
                step = min(left, box[k][1] - box[k][0])
                left, value = left - step, value + step * total[k]
            best.append(value)
        constant += max(best)
    return constant
