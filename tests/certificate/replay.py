"""Covering trees once more, in rationals and one coefficient at a time: FORMAT.md's rule as it reads, and nothing fast.

It takes the header for granted, and shares no code with the checker. Forms are tables: the key of a constant is "1", of
an input ("x", place), of a unit or output ("z", copy, layer, row).
"""

import json
from collections import defaultdict
from copy import deepcopy
from fractions import Fraction
from itertools import pairwise
from math import gcd, lcm
from typing import Any

from judge import integers, read_network

STEP = 1 << 20


class Node:
    """What holds at a node: sides, bounds, slopes and signs; None where there is no side or bound."""

    def __init__(self, lower, upper, units: int) -> None:
        """Bounds of units, and of the differences of pairs behind them."""
        self.lower, self.upper = lower, upper
        self.low: list[Fraction | None] = [None] * units
        self.high: list[Fraction | None] = [None] * units
        self.slopes: dict[int, Fraction] = {}
        self.signs: dict[int, int] = {}


def pair_line(is_above: bool, ends, fall, rise, share: Fraction | None):
    """p, q and t of the line p z + q z' + t above (or below) the difference of what a pair puts out.

    Ends are those of z and z'; the share of the line in d is that which was set, or 1 where there is one line.
    """
    if not is_above:
        q, p, t = pair_line(True, ends[::-1], -rise, -fall, share)
        return -p, -q, -t
    (low, high), (low2, high2) = ends
    active, active2 = (end is not None and end >= 0 for end in (low, low2))
    s, t = Fraction(0), Fraction(0)
    if active2 or fall >= 0:
        s = Fraction(1)
    elif rise > 0:
        s = rounded(rise / (rise - fall))
        t = rise - s * rise
    own, other, usual = (-s, s, t), None, False
    if active2 and not active:
        other = Fraction(0), Fraction(1), Fraction(0)
        usual = low is None or (high is not None and high < -low)
    elif active and not active2 and None not in (low2, high2):
        s = rounded(high2 / (high2 - low2))
        other, usual = (Fraction(-1), s, high2 - s * high2), True
    elif not active and not active2 and rise > 0 and None not in (low2, high2):
        top = min(rise, high2)
        s = rounded(top / (top - low2))
        other, usual = (Fraction(0), s, top - s * top), 2 * fall > rise and high2 + low2 < 2 * rise
    elif not active and not active2 and rise < 0 and high is not None:
        other = -min(Fraction(1), rounded(-rise / high)), Fraction(0), Fraction(0)
        usual = low is not None and high + low > 0
    if other is None:
        return own
    share = Fraction(not usual) if share is None else share
    return tuple(share * one + (1 - share) * two for one, two in zip(own, other, strict=True))


def rounded(slope: Fraction) -> Fraction:
    """Down to a multiple of 2^−20."""
    return Fraction(slope * STEP // 1, STEP)


class UnfitError(Exception):
    """A step does not follow."""


def need(condition: bool) -> None:
    if not condition:
        raise UnfitError


def shortened(layers):
    """The short network, by rationals: rows that are multiples of one another are found by dividing one by another."""
    layers = [[[*row, end] for row, end in zip(*layer, strict=True)] for layer in layers]
    for rows, above in pairwise(layers):
        gone, done = {k for k, row in enumerate(rows) if not any(row[:-1]) and row[-1] <= 0}, set()
        for k, row in enumerate(rows):
            factors = {other: ratio(rows[other], row) for other in range(k, len(rows)) if other not in done}
            factors = {other: factor for other, factor in factors.items() if factor}
            done |= {*factors}
            if len(factors) < 2:
                continue
            whole = lcm(*(factor.denominator for factor in factors.values()))
            common = Fraction(gcd(*(int(factor * whole) for factor in factors.values())), whole)
            merged = [common * value for value in row]
            sums = [sum(factor / common * each[other] for other, factor in factors.items()) for each in above]
            if all(map(is_float, merged)) and all(map(is_float, sums)):
                rows[k], gone = merged, gone | ({*factors} - {k})
                for each, total in zip(above, sums, strict=True):
                    each[k] = total
        leave(rows, above, gone)
    for above, rows in pairwise(reversed(layers)):
        leave(rows, above, {k for k in range(len(rows)) if not any(row[k] for row in above)})
    return [([row[:-1] for row in rows], [row[-1] for row in rows]) for rows in layers]


def leave(rows, above, gone) -> None:
    """Leave units out, all but the first one at most."""
    for k in sorted(gone if len(gone) < len(rows) else gone - {0}, reverse=True):
        del rows[k]
        for row in above:
            del row[k]


def ratio(row, other) -> Fraction | None:
    """The positive number by which another row must be multiplied."""
    k = next((k for k, value in enumerate(other) if value), None)
    factor = None if k is None else row[k] / other[k]
    return factor if factor and factor > 0 and row == [factor * value for value in other] else None


def is_float(value: Fraction) -> bool:
    try:
        return Fraction(float(value)) == value
    except OverflowError:
        return False


class Replay:
    """A file of version 3, 4 or 5 whose header is in order."""

    def __init__(self, content: bytes) -> None:
        head, *self.lines = content.decode("ascii").splitlines()
        header = json.loads(head)
        self.claim = header["claim"]
        networks, n = [read_network(entry) for entry in header["networks"]], len(header["domain"]["inputs"])
        if header["version"] == "5":
            short = [shortened(layers) for layers in networks]
            both, both_short = ([[len(bias) for _, bias in each[:-1]] for each in some] for some in (networks, short))
            networks = networks if both[0] == both[-1] and both_short[0] != both_short[-1] else short
        self.copies, owns, self.size = [(networks[0], list(range(n)))], [[]], n
        for index, text in self.claim.get("copies", []):
            own = integers(text) if text else []
            columns = [n + own.index(k) if k in own else k for k in range(n)]
            self.copies.append((networks[int(index, 16)], columns))
            owns.append(own)
            self.size += len(own)
        self.read_domain(header["domain"], owns)
        self.units, self.bits, bounds = [], {}, iter(header["bounds"].split())
        for copy, (layers, _) in enumerate(self.copies):
            for layer, (_, bias) in enumerate(layers[:-1]):
                self.bits[copy, layer] = int(next(bounds), 16)
                self.units += [("z", copy, layer, row) for row in range(len(bias))]
        widths = [[len(bias) for _, bias in layers[:-1]] for layers, _ in self.copies]
        alike = len(widths) == 2 and widths[0] == widths[1]
        self.pairs = len(self.units) // 2 if header["version"] == "4" or (header["version"] == "5" and alike) else 0
        self.count, self.has_two_lines = len(self.units) + self.pairs, header["version"] == "5"

    def read_domain(self, domain, owns) -> None:
        """Sides, rows of all copies, and the groups that are taken as wholes."""
        self.one = 1 << int(domain["exponent"], 16)
        sides = [[None if s == "*" else Fraction(int(s, 16), self.one) for s in e[1:3]] for e in domain["inputs"]]
        kinds = [entry[0] for entry in domain["inputs"]]
        everywhere = [*range(len(kinds)), *(k for own in owns for k in own)]
        self.sides = [[sides[k][0] for k in everywhere], [sides[k][1] for k in everywhere]]
        self.whole = [kinds[k] in "ib" for k in everywhere]
        self.at_least, self.equal, self.groups = [], [], []
        groups = [integers(text) for text in domain["groups"]]
        for (_, columns), own in zip(self.copies, owns, strict=True):
            self.at_least += [self.row(integers(text), columns) for text in domain["at_most"]]
            self.equal += [self.row(integers(text), columns) for text in domain["equal"]]
            self.equal += [{"1": Fraction(1), **{("x", columns[k]): Fraction(-1) for k in group}} for group in groups]
            self.groups += [[columns[k] for k in group] for group in groups if not own or set(group) <= set(own)]
            if not own and len(self.groups) > len(groups):
                del self.groups[len(groups) :]  # a copy that shares everything has the groups of x

    def row(self, entries, columns):
        form = {("x", columns[k]): Fraction(-value, self.one) for k, value in enumerate(entries[:-1])}
        return {"1": Fraction(entries[-1], self.one), **form}

    # The rule.

    def maximum(self, node: Node, form) -> Fraction | None:
        """The largest value of a form on a cell; None if it is infinite."""
        form = defaultdict(Fraction, form)
        for layer in reversed(range(max(len(layers) for layers, _ in self.copies))):
            below: dict[tuple[int, int], Fraction] = defaultdict(Fraction)
            for copy, (layers, columns) in enumerate(self.copies):
                for row, (weights, bias) in enumerate(zip(*layers[layer], strict=True) if layer < len(layers) else ()):
                    c = form.pop(("z", copy, layer, row), 0)
                    form["1"] += c * bias
                    for k, weight in enumerate(weights):
                        if layer == 0:
                            form["x", columns[k]] += c * weight
                        else:
                            below[copy, k] += c * weight
            if self.pairs:
                self.exchange(node, layer - 1, below, form)
            for (copy, row), c in below.items():
                line = self.line(node, ("z", copy, layer - 1, row), c)
                if line is None:
                    return None
                form["z", copy, layer - 1, row] += line[0]
                form["1"] += line[1]
        return self.on_box(node, form)

    def exchange(self, node: Node, layer: int, below, form) -> None:
        """What is opposite in a pair goes to the difference of what its units put out."""
        for row in {row for _, row in below}:
            keys = [("z", copy, layer, row) for copy in range(2)]
            v, w = (below[copy, row] for copy in range(2))
            pair = len(self.units) + self.units.index(keys[0])
            fall, rise = node.low[pair], node.high[pair]
            highs = [node.high[self.units.index(key)] for key in keys]
            if not v * w < 0 or None in (fall, rise) or any(high is not None and high <= 0 for high in highs):
                continue
            first = abs(v) >= abs(w)
            below[0, row], below[1, row] = (v + w, Fraction(0)) if first else (Fraction(0), v + w)
            c = w if first else -v
            lows = [node.low[self.units.index(key)] for key in keys]
            share = node.slopes.get(pair) if self.has_two_lines else Fraction(1)
            p, q, shift = pair_line(c > 0, list(zip(lows, highs, strict=True)), fall, rise, share)
            form[keys[0]] += c * p
            form[keys[1]] += c * q
            form["1"] += c * shift

    def line(self, node: Node, key, c: Fraction) -> tuple[Fraction, Fraction] | None:
        """c relu(z) is at most the slope times z, and the constant."""
        unit = self.units.index(key)
        low, high = node.low[unit], node.high[unit]
        if c == 0 or (high is not None and high <= 0):
            return Fraction(0), Fraction(0)
        if low is not None and low >= 0:
            return c, Fraction(0)
        if c < 0:
            steep = low is not None and (high is None or high >= -low)
            return c * node.slopes.get(unit, Fraction(steep)), Fraction(0)
        if high is None:
            return None
        if low is None:
            return Fraction(0), c * high
        slope = Fraction(high * STEP // (high - low), STEP)
        return c * slope, c * max(-slope * low, high - slope * high)

    def on_box(self, node: Node, form) -> Fraction | None:
        total, left = form["1"], set(range(self.size))
        for group in self.groups:
            left -= set(group)
            if all(form["x", k] == 0 for k in group):
                continue
            if any(node.lower[k] is None for k in group):
                return None
            room = 1 - sum(node.lower[k] for k in group)
            total += sum(form["x", k] * node.lower[k] for k in group)
            for k in sorted(group, key=lambda k: (form["x", k], k), reverse=True):
                part = room if node.upper[k] is None else min(room, node.upper[k] - node.lower[k])
                total, room = total + form["x", k] * part, room - part
        for k in left:
            c = form["x", k]
            side = node.upper[k] if c > 0 else node.lower[k]
            if c != 0 and side is None:
                return None
            total += c * side if c != 0 else 0
        return total

    def is_empty(self, node: Node) -> bool:
        pairs = [*zip(node.lower, node.upper, strict=True), *zip(node.low, node.high, strict=True)]
        for group in self.groups:
            lows, highs = [node.lower[k] for k in group], [node.upper[k] for k in group]
            pairs.append((None if None in lows else sum(lows), 1))
            pairs.append((1, None if None in highs else sum(highs)))
        return any(low is not None and high is not None and low > high for low, high in pairs)

    def tighten(self, node: Node, unit: int, form, divisor: int, above: bool) -> None:
        """A bound of a unit by the maximum of a form, rounded outwards."""
        found = self.maximum(node, form)
        if found is not None:
            scale = 1 << self.bits[self.units[unit % len(self.units)][1:3]]
            value = found / divisor * scale
            value = Fraction(-(-value // 1) if above else -value // 1, scale)
            self.narrow(node, unit, value, above)

    def narrow(self, node: Node, unit: int, value: Fraction, above: bool) -> None:
        self.take(node, unit, value, above)
        if self.pairs:
            first = unit % self.pairs
            second, both = first + self.pairs, first + 2 * self.pairs
            ends = [(node.low[k], node.high[k]) for k in (first, second, both)]
            for side in (0, 1):
                for target, end, change in (
                    (second, ends[0][side], ends[2][side]),
                    (first, ends[1][side], ends[2][1 - side]),
                ):
                    if end is not None and change is not None:
                        self.take(node, target, end + change if target == second else end - change, side == 1)

    def take(self, node: Node, unit: int, value: Fraction, above: bool) -> None:
        table = node.high if above else node.low
        before = table[unit]
        table[unit] = value if before is None else min(before, value) if above else max(before, value)

    def cut(self, node: Node, k: int, value: Fraction, above: bool) -> Node:
        node = deepcopy(node)
        table = node.upper if above else node.lower
        before = table[k]
        table[k] = value if before is None else min(before, value) if above else max(before, value)
        return node

    def split(self, node: Node, unit: int, above: bool) -> Node:
        node = deepcopy(node)
        node.signs[unit] = -1 if above else 1
        self.narrow(node, unit, Fraction(0), above)
        return node

    # Lines.

    def rows(self, node: Node, fields) -> dict[Any, Fraction]:
        """Σ λ h."""
        found: dict[Any, Fraction] = defaultdict(Fraction)
        for number, multiplier in zip(fields[::2], fields[1::2], strict=True):
            need(0 <= number < len(self.units) + len(self.at_least) + len(self.equal))
            need(multiplier >= 0 or number >= len(self.units) + len(self.at_least))
            if number < len(self.units):
                need(number in node.signs)
                found[self.units[number]] += multiplier * node.signs[number]
                continue
            for key, value in (self.at_least + self.equal)[number - len(self.units)].items():
                found[key] += multiplier * value
        return found

    def inequality(self, text: str, e: str) -> dict[Any, Fraction]:
        constant, *entries = (Fraction(value, 1 << int(e, 16)) for value in integers(text))
        keys = [("x", k) for k in range(self.size)]
        for copy, (layers, _) in enumerate(self.copies):
            keys += [("z", copy, len(layers) - 1, row) for row in range(len(layers[-1][1]))]
        return {"1": constant, **dict(zip(keys, entries, strict=True))}

    def is_closed(self, node: Node, members, fields) -> bool:
        weights = fields[: len(members)]
        form, strict = self.rows(node, fields[len(members) :]), False
        need(min(weights) >= 0)
        for weight, (sharp, e, text) in zip(weights, members, strict=True):
            strict = strict or (sharp and weight > 0)
            for key, value in self.inequality(text, e).items():
                form[key] += weight * value
        found = self.maximum(node, form)
        return found is not None and (found < 0 or (found == 0 and strict))

    def slopes(self, node: Node) -> tuple[Fraction, Fraction]:
        layers, _ = self.copies[0]
        row = layers[-1][0][int(self.claim["output"], 16)]
        ends = [(c, c) for c in row]
        for layer in reversed(range(len(layers) - 1)):
            for k in range(len(ends)):
                unit = self.units.index(("z", 0, layer, k))
                low, high = node.low[unit], node.high[unit]
                if high is not None and high <= 0:
                    ends[k] = Fraction(0), Fraction(0)
                elif low is None or low < 0:
                    ends[k] = min(ends[k][0], Fraction(0)), max(ends[k][1], Fraction(0))
            columns = list(zip(*layers[layer][0], strict=True))
            products = [[(min(w * p, w * q), max(w * p, w * q)) for w, (p, q) in zip(column, ends, strict=True)]
                        for column in columns]  # fmt: skip
            ends = [(sum((a for a, _ in pairs), Fraction(0)), sum((b for _, b in pairs), Fraction(0)))
                    for pairs in products]  # fmt: skip
        return ends[int(self.claim["input"], 16)]

    def run(self) -> bool:
        """Whether every cell closes."""
        root = Node(*deepcopy(self.sides), self.count)
        try:
            self.walk(root)
        except UnfitError:
            return False
        return True

    def walk(self, root: Node) -> None:
        waiting, node, lines = [], root, iter(self.lines)
        for line in lines:
            key, *texts = line.split(" ")
            if self.goes_on(node, key, texts, waiting):
                node = waiting.pop() if key in "bks" else node
                continue
            self.check_leaf(node, key, texts, lines)
            if not waiting:
                return
            node = waiting.pop()

    def goes_on(self, node: Node, key: str, texts, waiting) -> bool:
        fields = [int(text, 16) for text in texts]
        if key in ("b", "k"):
            k, value = fields
            need(0 <= k < self.size and (key == "b" or self.whole[k]))
            ends = (value, value + 1) if key == "k" else (Fraction(value, self.one), Fraction(value, self.one))
            waiting += [self.cut(node, k, Fraction(ends[1]), False), self.cut(node, k, Fraction(ends[0]), True)]
        elif key == "s":
            (unit,) = fields
            need(0 <= unit < len(self.units) and unit not in node.signs)
            waiting += [self.split(node, unit, False), self.split(node, unit, True)]
        elif key == "n":
            for unit in fields:
                need(0 <= unit < self.count)
                for above, sign in ((True, Fraction(1)), (False, Fraction(-1))):
                    form = {self.units[unit % len(self.units)]: sign}
                    if unit >= len(self.units):
                        pair = unit - len(self.units)
                        form = {self.units[pair]: -sign, self.units[pair + self.pairs]: sign}
                    self.tighten(node, unit, form, 1, above)
        elif key == "d":
            side, unit, divisor, *pairs = fields
            need(divisor > 0 and 0 <= unit < len(self.units))
            form = self.rows(node, pairs)
            form[self.units[unit]] += divisor if side else -divisor
            self.tighten(node, unit, form, divisor, side == 1)
        elif key == "a":
            for unit, slope in zip(fields[::2], fields[1::2], strict=True):
                need(0 <= unit < (self.count if self.has_two_lines else len(self.units)) and 0 <= slope <= STEP)
                node.slopes[unit] = Fraction(slope, STEP)
        elif key == "m":
            need(not fields)
        return key in "bksndam"

    def check_leaf(self, node: Node, key: str, texts, lines) -> None:
        fields = [int(text, 16) for text in texts]
        if key == "e":
            found = self.maximum(node, self.rows(node, fields)) if fields else None
            need(self.is_empty(node) if not fields else found is not None and found < 0)
        elif key == "g":
            low, high = self.slopes(node)
            need(low >= 0 if self.claim["direction"] == "1" else high <= 0)
        else:
            for place, members in enumerate(self.claim["sets"]):
                fields = fields if place == 0 else [int(text, 16) for text in next(lines).split(" ")[1:]]
                need(self.is_closed(node, members, fields))
