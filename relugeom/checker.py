"""Checks a relugeom certificate, trusting nothing but this file and Python's standard library.

    python -I -S checker.py FILE [--model NETWORK.npz]

prints what FILE proves and ends with exit code 0 (accepted), 1 (rejected: a step does not follow) or 2 (refused: not a
certificate of this version, damaged, or beyond a limit). certificate/FORMAT.md defines the file and its claims.

Numbers are integers; a fraction is an integer over a known denominator. There is one proof form: on a cell, where the
forms h_i are ≥ 0 and the forms e_j are 0, R = λ₀ t + Σ λ_i h_i + Σ μ_j e_j with λ₀ > 0 and λ_i ≥ 0 is computed again
from the weights. If R ≤ 0 on the whole box, input by input, then t ≤ 0 on the cell.

Notation: a *form* c₀ + c₁ x₁ + … is the list of its coefficients: the constant, the inputs' and, where units may be
relaxed, those of a variable per unit. A *level* is a layer of a network (of each copy in turn); the units of all hidden
layers are numbered from 0, and a path decides every unit of a level before the next level begins.
"""

import ast
import hashlib
import json
import struct
import sys
import time
import zipfile
from collections import namedtuple
from contextlib import contextmanager
from fractions import Fraction
from operator import mul

LINE_BYTES, FIELDS, DIGITS, EXPONENT = 1 << 27, 1 << 16, 1 << 15, 1100  # of a line, a line, a number, a layer
LONGEST, CLAIM_BITS, BRANCHES, MARKS, MEMORY_BITS = 1 << 17, 1 << 12, 1 << 10, 1 << 16, 1 << 33
KINDS = {"c": "continuous", "i": "integer", "b": "binary"}
RELAXED = 2  # what a unit can be besides 0 (inactive), 1 (active) and None (undecided)
LINES = {"complete": b"01smp", "truncated": b"01smpu", "relaxation": b"01srec", "admissible": b"01srkec",
         "monotone": b"01sge", "region": b"01tp", "infeasible": b"01te", "inadmissible": b"01tke", "flat": b"01tf",
         "lower-dimensional": b"01tf"}  # the lines that a tree may have, by what it proves  # fmt: skip
Level = namedtuple("Level", "rows columns first count exponent")  # columns: of the inputs, in the first layer of a copy


class Refused(Exception):
    """The file is no certificate of this version, or beyond a limit."""


class Rejected(Exception):
    """A step of the proof does not follow."""


def require(condition, text, error=Rejected):
    """Go on only if the condition holds."""
    if not condition:
        raise error(text)


@contextmanager
def opened(path):
    """A file to be read: whatever goes wrong with it, but for a step that does not follow, means that it is refused."""
    try:
        with open(path, "rb") as file:
            yield file
    except (Refused, Rejected):
        raise
    except Exception as error:
        raise Refused(f"{path} is damaged ({type(error).__name__}: {str(error)[:80]})") from error


def read_node(file):
    """The fields of the next line of a tree; one that is no number fails where int(field, 16) reads it."""
    text = file.readline(LINE_BYTES)
    require(text.endswith(b"\n"), "a line is too long, or the file ends too early", Refused)
    require(not text.translate(None, b"0123456789abcdefgkmprstu -\n"), f"no line of a tree: {text[:40]!r}", Refused)
    fields = text[:-1].split(b" ", FIELDS)
    short = len(fields) <= FIELDS and (len(text) <= DIGITS or max(map(len, fields)) <= DIGITS)
    require(short, "a line has too many fields, or a number is too long", Refused)
    return fields


def numbers(text, size=None, least=-1 << 4 * DIGITS, most=1 << 4 * DIGITS):
    """Hexadecimal integers of the header (so many, within bounds) with a space between."""
    require(type(text) is str and set(text) <= set("0123456789abcdef- "), "not a text of integers", Refused)
    tokens = text.split(" ")
    require(size in (None, len(tokens)) and max(map(len, tokens)) <= DIGITS, f"not {size} integers", Refused)
    values = [int(token, 16) for token in tokens]
    require(least <= min(values) and max(values) <= most, f"a number is out of range: {text[:40]!r}", Refused)
    return values


def each(value, size=None):
    """A list (of this length)."""
    require(type(value) is list and size in (None, len(value)), "not a list, or of another length", Refused)
    return value


def take(table, *keys):
    """The values of an object that has these keys, in this order, and no others."""
    require(type(table) is dict and tuple(table) == keys, f"the keys are not {', '.join(keys)}", Refused)
    return table.values()


def digest(*parts):
    """SHA-256 of parts with their types and lengths: texts, and (shape, float64 values)."""
    state = hashlib.sha256()
    for part in parts:
        text = isinstance(part, str)
        content = part.encode() if text else struct.pack(f"<{len(part[1])}d", *part[1])
        state.update(b"%s:%d:" % (b"s" if text else b"a" + repr(part[0]).encode(), len(content)) + content)
    return state.hexdigest()


def floats(values, exponent):
    """The float64s that values / 2^exponent are, for a digest; networks and domains hold no other numbers."""
    nearest = [value / (1 << exponent) for value in values]
    exact = all(p << exponent == v * q for v, (p, q) in zip(values, map(float.as_integer_ratio, nearest)))
    require(exact, "a weight or bound is no float64", Refused)
    return nearest


def matrix_and_vector(rows, size, exponent):
    """The parts of a digest that are rows with a last entry behind them."""
    matrix = floats([value for row in rows for value in row[:-1]], exponent)
    return [((len(rows), size), matrix), ((len(rows),), floats([row[-1] for row in rows], exponent))]


def weigh(values, forms):
    """Σ values[i] forms[i]."""
    return [sum(map(mul, values, column)) for column in zip(*forms)]


def spread(size, *pairs):
    """The form of so many coefficients, 0 but for these (place, coefficient)."""
    form = [0] * size
    for place, value in pairs:
        form[place] = value
    return form


class Problem:
    """What a certificate is about: networks, a domain, a claim."""

    def __init__(self, file):
        text = file.readline(LINE_BYTES).decode("ascii")
        header = json.loads(text)
        require(json.dumps(header) + "\n" == text, "a key comes twice, or JSON is not in its plain form", Refused)
        keys = ("format", "version", "multiplier_bits", "point_bits", "networks", "domain", "claim")
        name, version, multiplier_bits, point_bits, networks, domain, claim = take(header, *keys)
        require((name, version) == ("relugeom-certificate", "1"), "not a relugeom certificate of version 1", Refused)
        (bits,), (point_bits,) = numbers(multiplier_bits, 1, 1, LONGEST), numbers(point_bits, 1, 1, LONGEST)
        self.limit, self.point_limit, self.digests = 1 << bits, 1 << point_bits, []
        self.networks = [self.read_network(layers) for layers in each(networks)]
        self.read_domain(*take(domain, "exponent", "inputs", "at_most", "equal", "groups"))
        self.read_claim(claim)
        self.prepare()

    def read_network(self, layers):
        """A network is a list of layers: (rows of weights with the bias last, exponent)."""
        found, parts = [], ["network"]
        for exponent, texts in (each(layer, 2) for layer in each(layers)):
            (e,), rows = numbers(exponent, 1, 0, EXPONENT), [numbers(text) for text in each(texts)]
            width = len(found[-1][0]) + 1 if found else len(rows[0])
            require(width > 1 and {len(row) for row in rows} == {width}, "layers do not fit each other", Refused)
            parts += matrix_and_vector(rows, width - 1, e)
            found.append((rows, e))
        require(found, "a network has no layer", Refused)
        self.digests.append(digest(*parts))
        return found

    def read_domain(self, exponent, inputs, at_most, equal, groups):
        """A domain: box (None where open), rows that are ≥ 0 or = 0, integer inputs; numbers over 2^exponent."""
        (e,) = (self.exponent,) = numbers(exponent, 1, 0, EXPONENT)
        kinds, lows, highs, self.names = map(list, zip(*[each(entry, 4) for entry in each(inputs)]))
        self.inputs = self.n = n = len(kinds)
        fits = all(len(layers[0][0][0]) == n + 1 for layers in self.networks)
        require(fits and {*map(type, self.names)} == {str}, "a domain has other inputs, or odd names", Refused)
        self.lower, self.upper = ([None if t == "*" else numbers(t, 1)[0] for t in side] for side in (lows, highs))
        self.whole, self.facts, parts = [kind != "c" for kind in kinds], [], []
        for bounds, far in ((self.lower, -float("inf")), (self.upper, float("inf"))):
            parts.append(((n,), [far if bound is None else floats([bound], e)[0] for bound in bounds]))
        for texts in (at_most, equal):
            rows = [numbers(text, n + 1) for text in each(texts)]
            self.facts.append([[row[-1], *(-entry for entry in row[:-1])] for row in rows])  # b − a·x
            parts += matrix_and_vector(rows, n, e)
        members = tuple(tuple(numbers(text, None, 0)) for text in each(groups))
        binary = all(len({*group}) == len(group) and {kinds[k] for k in group} == {"b"} for group in members)
        require(binary, "a group has an input twice, or one that is not binary", Refused)
        self.facts[1] += [[1, *(-(k in group) for k in range(n))] for group in members]
        self.domain_digest = digest("domain", *parts, ",".join(KINDS[kind] for kind in kinds), repr(members))

    def read_claim(self, claim):
        """The claim, and its trees: what each proves, and of which pattern."""
        self.kind, self.ball, self.sets, used, layers = claim["kind"], None, [], [0], self.networks[0]
        self.copies, self.trees = [(layers, list(range(self.n)))], []
        if self.kind == "partition":
            _, status = take(claim, "kind", "status")
            require(status in ("complete", "truncated"), "a partition is complete or truncated", Refused)
            self.trees.append((status, None))
        elif self.kind == "patterns":
            _, patterns = take(claim, "kind", "patterns")
            for bits, status in (each(entry, 2) for entry in each(patterns)):
                fits = type(bits) is str and len(bits) == sum(len(rows) for rows, _ in layers[:-1])
                right = fits and set(bits) <= {"0", "1"} and LINES[status].startswith(b"01t")
                require(right, "no pattern of the network, or no status of one", Refused)
                self.trees.append((status, bits))
        elif self.kind == "monotone":
            _, output, k, direction = take(claim, "kind", "output", "input", "direction")
            (self.output,), (self.direction,) = (
                numbers(output, 1, 0, len(layers[-1][0]) - 1),
                numbers(direction, 1, -1, 1),
            )
            (self.input,) = numbers(k, 1, 0, self.n - 1)
            self.trees += [("monotone", None)] * abs(self.direction)
        else:
            _, scope, copies, ball, sets = take(claim, "kind", "scope", "copies", "ball", "sets")
            right = self.kind == "excluded" and scope in ("relaxation", "admissible") and len(each(copies)) < 2
            require(right, "an unknown claim, or about other inputs, or more than two copies", Refused)
            self.trees.append((scope, None))
            used += [self.read_copy(*each(copy, 2)) for copy in copies]
            self.read_sets(ball, sets, 1 + self.n + sum(len(layers[-1][0]) for layers, _ in self.copies))
        require(self.trees and {*used} == {*range(len(self.networks))}, "no claim, or of other networks", Refused)

    def read_copy(self, network, text):
        """A further copy of a network: its input shares all coordinates with the first one's but its own."""
        (index,), own = numbers(network, 1, 0, len(self.networks) - 1), numbers(text, None, 0) if text != "" else []
        require(len({*own}) == len(own) and max(own, default=0) < self.n, "a copy has no such inputs", Refused)
        columns = list(range(self.n))
        for k in own:
            columns[k] = len(self.lower)
            for column in (self.lower, self.upper, self.whole, self.names):
                column.append(column[k])
        self.n = len(self.lower)
        for forms in self.facts:
            again = [zip((0, *(k + 1 for k in columns)), form) for form in forms]
            forms[:] = [form + [0] * len(own) for form in forms] + [spread(1 + self.n, *pairs) for pairs in again]
        self.copies.append((self.networks[index], columns))
        return index

    def read_sets(self, ball, sets, size):
        """The ball; the sets that must stay empty, each a list of (strict, coefficients, their exponent)."""
        if ball is not None:
            norm, centre, radius = take(ball, "norm", "centre", "radius")
            (D, *X), (p, q) = numbers(centre, self.n + 1), numbers(radius, 2, 0)
            require(norm in ("l1", "l2", "linf") and D > 0 and q > 0, "not a ball of norm l1, l2 or linf", Refused)
            self.ball = norm, D, X, p, q
        for members in each(sets):
            self.sets.append([])
            for strict, exponent, text in (each(member, 3) for member in each(members)):
                row = numbers(text, size, -1 << CLAIM_BITS, 1 << CLAIM_BITS)
                require(type(strict) is bool, "an inequality is strict or not", Refused)
                self.sets[-1].append((strict, row, *numbers(exponent, 1, 0, EXPONENT)))
        require(all(self.sets) and self.sets, "no set is excluded, or one without an inequality", Refused)

    def prepare(self):
        """The levels, and how large forms may grow."""
        self.levels, self.units, longest = [], 0, 0
        for layers, columns in self.copies:
            bound, exponent = 1, 0
            for index, (rows, e) in enumerate(layers):
                bound = max(sum(map(abs, row[:-1])) * bound + (abs(row[-1]) << exponent) for row in rows)
                exponent, count = exponent + e, len(rows) if index < len(layers) - 1 else 0
                longest = max(longest, exponent, bound.bit_length())
                require(longest <= LONGEST, "the numbers of a network grow too long", Refused)
                self.levels.append(Level(rows, None if index else columns, self.units, count, exponent))
                self.units += count
        self.scale = max(level.exponent for level in self.levels)
        self.slots = 1 + self.n + (self.units if self.sets else 0)
        forms = sum(map(len, self.facts)) + 2 * self.n + sum(4 * len(level.rows) for level in self.levels)
        forms += BRANCHES if b"k" in LINES[self.trees[0][0]] else 0
        bits = self.slots * forms * (64 + longest + self.scale + self.exponent + 2 * self.limit.bit_length())
        require(bits <= MEMORY_BITS, "the forms would need too much memory", Refused)


class Cell(Problem):
    """The cell at a node: the units decided on the path, and the rows that hold there."""

    def __init__(self, file):
        super().__init__(file)
        (at_least, equal), slots = self.facts, self.slots
        self.bits, self.proved, self.high = [None] * self.units, [False] * self.units, {}
        self.trail, self.level, self.left = [], 0, [level.count for level in self.levels]
        # Rows have numbers: units, relaxed units once more, the domain's inequalities, its equalities, the closed sides
        # of the box (of use where there is a ball), branches on the path.
        forms, first = [form + [0] * (slots - len(form)) for form in at_least + equal], 2 * self.units + len(at_least)
        self.equal, self.branches = range(first, first + len(equal)), first + len(equal) + 2 * self.n
        for k, bounds in enumerate(zip(self.lower, self.upper), 1):
            for bound, sign in zip(bounds, (1, -1)):
                pairs = () if bound is None else ((0, -sign * bound), (k, sign << self.exponent))
                forms += [spread(slots, *pairs)] if pairs else []
        self.rows = dict(enumerate(([c << self.scale for c in form] for form in forms), 2 * self.units))
        self.known = {}  # for a level: the bits of the level below, and the forms that these give
        self.derive()
        self.advance()

    def advance(self):
        """Go to the next level with a unit to decide; a level's forms follow when the one below is decided."""
        while self.level < len(self.left) and not self.left[self.level]:
            self.level += 1
            if self.level < len(self.left):
                self.derive()

    def derive(self):
        """The forms of the present level: those known, plus what has changed on the level below."""
        known, here, slots, levels = self.known, self.level, self.slots, self.levels
        (rows, columns, *_), (_, _, first, count, e) = levels[here], levels[here - 1]
        if columns is not None:  # the last entry of a row is its bias
            places = [*(k + 1 for k in columns), 0]
            known[here] = [], [spread(slots, *zip(places, row)) for row in rows]
            return
        (_, below), bits = known[here - 1], self.bits[first : first + count]
        fresh = here not in known
        old, forms = ([0] * count, [spread(slots, (0, row[-1] << e)) for row in rows]) if fresh else known[here]
        places, changes = [j for j in range(count) if old[j] != bits[j]], []
        for j in places:  # relu of a unit below: 0, its form, or the variable of a relaxed unit
            pairs = [(1 + self.n + first + j, 1 << e)] if RELAXED in (bits[j], old[j]) else []
            terms = [0] * slots, below[j], spread(slots, *pairs)
            changes.append(weigh((1, -1), (terms[bits[j]], terms[old[j]])))
        if fresh or places:
            forms = [weigh([1, *(row[j] for j in places)], [form, *changes]) for form, row in zip(forms, rows)]
            known[here] = bits, forms
            known.pop(here + 1, None)

    def form(self, unit):
        """The form of an undecided unit of the present level, times 2^scale."""
        require(self.level < len(self.left), "every unit is decided already")
        _, _, first, count, exponent = self.levels[self.level]
        require(first <= unit < first + count and self.bits[unit] is None, "a unit is decided out of turn")
        return [c << self.scale - exponent for c in self.known[self.level][1][unit - first]]

    def outputs(self):
        """The forms of the outputs of all copies, times 2^scale."""
        require(self.level == len(self.left), "a unit is not decided")
        last = [(self.known[k][1], level.exponent) for k, level in enumerate(self.levels) if not level.count]
        return [[c << self.scale - exponent for c in form] for forms, exponent in last for form in forms]

    def go(self, name, row, bit=None, proved=False):
        """A step down the path: row ≥ 0 from here on; a unit has this bit (None: the step is a branch)."""
        self.rows[name] = row
        self.trail.append((name, None if bit is None else self.level))
        if bit is not None:
            self.bits[name], self.proved[name] = bit, proved
            self.left[self.level] -= 1
            self.advance()

    def undo(self, length):
        """Back up to the first steps of the path."""
        while len(self.trail) > length:
            name, level = self.trail.pop()
            del self.rows[name]
            if level is not None:
                self.level, self.bits[name], self.proved[name] = level, None, False
                self.left[level] += 1
                self.rows.pop(self.units + name, None)
                self.high.pop(name, None)

    def maximum(self, fields, forms=(), weights=()):
        """The sign of max R, R = Σ weights · forms + Σ λ_i h_i, over the box or ball (1: infinite)."""
        names, values = [int(field, 16) for field in fields[::2]], [int(field, 16) for field in fields[1::2]]
        rows, longest = self.rows, max(map(abs, (*values, *weights)), default=0)
        require(len(names) == len(values), "multipliers are no pairs", Refused)
        require(longest < self.limit, "a multiplier is longer than the file's limit", Refused)
        require(rows.keys() >= {*names}, "a proof uses a row that the cell does not have")
        wrong = min(values, default=0) < 0 and any(v < 0 and k not in self.equal for k, v in zip(names, values))
        require(not wrong, "the multiplier of an inequality is negative")
        total, *slopes = weigh([*weights, *values], [*forms, *map(rows.get, names)]) or [0]
        total <<= self.exponent
        for unit, high in self.high.items():
            total += max(0, slopes[self.n + unit]) * high
        if self.ball:
            return self.on_ball(total, slopes[: self.n])
        for slope, low, high in zip(slopes, self.lower, self.upper):
            if slope:
                side = high if slope > 0 else low
                if side is None:
                    return 1
                total += slope * side
        return (total > 0) - (total < 0)

    def on_ball(self, constant, slopes):
        """The sign of R at the centre + r ‖slopes‖*, the norm dual to the ball's."""
        (norm, D, X, p, q), e = self.ball, self.exponent
        value, unit = constant * D + (sum(map(mul, slopes, X)) << e), D << e
        if norm == "l2":  # p / q is the squared radius
            square, reach = value**2 * q, unit**2 * p * sum(map(mul, slopes, slopes))
            return (square < reach) - (square > reach) if value <= 0 else 1
        total = value * q + p * unit * (max if norm == "l1" else sum)(map(abs, slopes))
        return (total > 0) - (total < 0)

    def prove(self, target, fields):
        """target ≤ 0 on the cell."""
        first = int(fields[0], 16)
        require(first > 0, "the multiplier of what is to be proved is not positive")
        require(self.maximum(fields[1:], [target], [first]) <= 0, "a proof does not prove its statement")

    def used(self, fields):
        """The rows that have positive multipliers, by name."""
        return [int(name, 16) for name, value in zip(fields[::2], fields[1::2]) if int(value, 16) > 0]

    def prove_empty(self, fields, forms=(), weights=(), strict=False):
        """No point of the cell (at which the weighted forms are ≥ 0, or > 0) is left."""
        sign = self.maximum(fields, forms, weights)
        chosen = [k for k in self.used(fields) if k < len(self.bits) and self.bits[k] == 1 and not self.proved[k]]
        require(sign < 0 or (sign == 0 and (strict or chosen)), "a proof does not prove that nothing is left")

    def read_point(self, fields):
        """D X₁ … X_n: a point X / D of the domain."""
        e, point = self.exponent, [int(field, 16) for field in fields]
        D, *X = point
        require(len(X) == self.n and D > 0, "a point has a denominator and a number per input", Refused)
        require(max(D, *map(abs, X)) < self.point_limit, "a point is longer than the file's limit", Refused)
        for x, low, high in zip(X, self.lower, self.upper):
            inside = (low is None or x << e >= low * D) and (high is None or x << e <= high * D)
            require(inside, "a point lies outside the box")
        at_least, equal = ([sum(map(mul, form, point)) for form in forms] for forms in self.facts)
        require(min(at_least, default=0) >= 0 and not any(equal), "a point violates a row of the domain")
        return point

    def show(self, fields, interior=True):
        """A point has the path's pattern: level by level, the forms of the path are then the network's at the point."""
        require(self.level == len(self.left), "a leaf leaves a unit undecided")
        point = self.read_point(fields)
        values = [sum(map(mul, self.rows[unit], point)) for unit in range(len(self.bits))]  # z if active, -z if not
        require(min(values, default=0) >= 0, "a point does not have the pattern of its path")
        for unit in [unit for unit, value in enumerate(values) if value == 0]:
            require(self.bits[unit] == 0, "a point has z = 0 at a unit that its path calls active")
            require(self.proved[unit] or not interior, "a point lies on the hyperplane of a unit")


class Walk(Cell):
    """Reads trees in preorder and checks every node; counts regions, unexplored parts, proofs and closed cells."""

    def __init__(self, file, done=()):
        super().__init__(file)
        self.file, self.counts = file, [0, 0, 0, 0]
        self.done, self.marks, self.open, self.waiting = {begin: rest for begin, *rest in done}, [], None, []

    def run(self, status, text=None):
        """Check the tree of the present cell, which proves something (of a pattern)."""
        start, allowed = len(self.trail), LINES[status]
        while True:
            key, *fields = read_node(self.file)
            require(len(key) == 1 and key in allowed, f"no line of such a tree: {key[:40]!r}", Refused)
            if not (self.close(key, fields, status) if key in b"puecgf" else self.step(key, fields, text)):
                continue
            if self.open is not None and self.open[1] == len(self.waiting):
                self.marks.append((self.open[0], self.file.tell()))
                self.open = None
            if not self.waiting:
                return self.undo(start)
            length, *arguments = self.waiting.pop()
            self.undo(length)
            self.go(*arguments)

    def step(self, key, fields, text):
        """A line in front of a subtree; True where that is skipped."""
        scale, e, slots = self.scale, self.exponent, self.slots
        if key == b"m":
            return self.mark(*fields)
        unit, *rest = [int(field, 16) for field in (fields[:1] if key in b"01" else fields)]
        if key == b"k":  # x ≤ value, then x ≥ value + 1
            (value,), steps, row = rest, len(self.trail), self.branches + len(self.trail)
            require(0 <= unit < self.n and self.whole[unit], "a branch is not on an integer input")
            require(abs(value) < self.limit and steps < self.units + BRANCHES, "a branch is beyond a limit", Refused)
            self.waiting.append((steps, row, spread(slots, (0, -value - 1 << scale), (unit + 1, 1 << scale))))
            return self.go(row, spread(slots, (0, value << scale), (unit + 1, -1 << scale)))
        form = self.form(unit)
        if key in b"01":
            bit = int(key)
            self.prove([-c for c in form] if bit else form, fields[1:])
            require(text is None or int(text[unit]) == bit, "a proof is about another pattern")
            self.counts[2] += 1
        elif key == b"r":  # a variable a ≥ 0 stands for relu(z): a ≥ z, (high − low) a ≤ high (z − low)
            low, high = rest
            require(-self.limit < low < 0 < high < self.limit, "a unit is relaxed between other bounds")
            one, variable = spread(slots, (0, 1 << scale)), spread(slots, (1 + self.n + unit, 1 << scale))
            self.prove(weigh((1 << e, -high), (form, one)), read_node(self.file))
            self.prove(weigh((-1 << e, low), (form, one)), read_node(self.file))
            row = weigh((high << e, -high * low, low - high << e), (form, one, variable))
            self.rows[self.units + unit], self.high[unit] = row, high
            self.counts[2] += 2
            return self.go(unit, weigh((1, -1), (variable, form)), RELAXED)
        else:
            require(not rest, "a line has more fields", Refused)
            bit = int(key == b"t" and text[unit])
            if key == b"s":
                self.waiting.append((len(self.trail), unit, form, 1))
        return self.go(unit, form if bit else [-c for c in form], bit, key in b"01")

    def mark(self, path):
        """A subtree that can be checked by itself; where that is done already, it is skipped."""
        signs = {(None, False): "-", (0, False): "0", (0, True): "s", (1, False): "1", (1, True): "1"}
        text, begin = path.decode(), self.file.tell() - len(path) - len(b"m \n")
        here = "".join(map(signs.get, zip(self.bits, self.proved)))
        require(text == here, "a mark has another path", Refused)
        require(self.open is None and len(self.marks) < MARKS, "a mark within another, or too many of them", Refused)
        self.open = begin, len(self.waiting)
        if begin not in self.done:
            return False
        end, known, counts = self.done[begin]
        require(known == text and begin < end, "a subtree was checked behind another path", Refused)
        self.counts = [a + b for a, b in zip(self.counts, counts, strict=True)]
        self.file.seek(end)
        return True

    def close(self, key, fields, status):
        """A line at which a branch of the tree ends."""
        self.counts[3 if self.kind != "partition" else key == b"u"] += 1
        require(not fields or key not in b"ug", "a line has more fields", Refused)
        if key == b"p":
            self.show(fields)
        elif key == b"e":
            self.prove_empty(fields)
        elif key == b"g":
            slope = self.outputs()[self.output][self.input + 1]
            require(slope * self.direction >= 0, "an output moves the other way")
        elif key == b"f":  # a row with a multiplier is 0 on the cell, but not at this point of the domain
            point, proof = self.read_point(fields), read_node(self.file)
            require(self.maximum(proof) <= 0, "a proof does not prove its statement")
            away = any(sum(map(mul, self.rows[name], point)) for name in self.used(proof))
            require(away, "no row of the proof differs from 0 at the point")
            if status == "lower-dimensional":
                key, *fields = read_node(self.file)
                require(key == b"p", "no point is shown that has the pattern", Refused)
                self.show(fields, interior=False)
        elif key == b"c":
            outputs = self.outputs()
            for place, members in enumerate(self.sets):
                key, *fields = read_node(self.file) if place else (key, *fields)
                weights, forms = [int(field, 16) for field in fields[: len(members)]], []
                require(key == b"c" and len(weights) == len(members), "a set is not closed", Refused)
                require(min(weights) >= 0, "the weight of an inequality is negative")
                for _, row, _ in members:
                    own = spread(self.slots, *enumerate(row[: self.n + 1]))
                    forms.append(weigh((1 << self.scale, *row[self.n + 1 :]), (own, *outputs)))
                strict = any(strict and weight for (strict, *_), weight in zip(members, weights))
                self.prove_empty(fields[len(members) :], forms, weights, strict)
        return True

    def words(self):
        """What is proved, in words."""
        names = [repr(name) + "'" * (k >= self.inputs) for k, name in enumerate(self.names)]
        if self.kind == "partition":
            rest = "; the rest of the domain is not covered" if self.counts[1] else ", and there are no others"
            return [f"{self.counts[0]:,} activation regions of the network lie in the domain{rest}"]
        if self.kind == "monotone":
            verb = "falls" if self.direction > 0 else "rises"
            return [f"y{self.output} never {verb} when {names[self.input]} rises"]
        if self.kind == "patterns":
            return [f"pattern {text}: {status}" for status, text in self.trees]
        found = [f"for every input of the domain (scope: {self.trees[0][0]}{', in a ball' if self.ball else ''}):"]
        for copy, (layers, _) in enumerate(self.copies):
            names += [f"y{j}" + "'" * copy for j in range(len(layers[-1][0]))]
        for members in self.sets:
            texts = []
            for strict, row, exponent in members:
                terms = [f"{Fraction(c, 1 << exponent)} {name}".rstrip() for c, name in zip(row, ("", *names)) if c]
                texts.append(f"{' + '.join(terms) or 0} {'>' if strict else '>='} 0")
            found.append("never: " + " and ".join(texts))
        return found


def read_model(path):
    """The digest of the network in an .npz file with arrays W0, b0, W1, b1, …"""
    arrays, parts = {}, ["network"]
    with opened(path) as file, zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if not (name[:1] in "Wb" and name[1:].removesuffix(".npy").isdecimal()):
                continue  # names of inputs and the like
            data = archive.read(name)
            start = 10 if data[6] == 1 else 12
            end = start + int.from_bytes(data[8:start], "little")
            table = ast.literal_eval(data[start:end].decode())
            shape, kind = table["shape"], {"<f8": "<d", "<f4": "<f"}[table["descr"]]
            values = [value + 0.0 for (value,) in struct.iter_unpack(kind, data[end:])]  # -0 as 0
            if table["fortran_order"] and len(shape) == 2:
                values = [values[i + j * shape[0]] for i in range(shape[0]) for j in range(shape[1])]
            arrays[name.removesuffix(".npy")] = (shape, values)
        for index in range(len(arrays) // 2):
            parts += [arrays[f"W{index}"], arrays[f"b{index}"]]
    return digest(*parts)


def read_index(path):
    """The marked subtrees (BEGIN, END) that a file's end names: work for `check_subtree`; `check` verifies them."""
    with opened(path) as file:
        file.seek(max(0, file.seek(0, 2) - 256))
        file.seek(int(file.read().split()[-1], 16))
        lines = [file.readline(256).split() for _ in range(MARKS + 1)]
        return [(int(line[0], 16), int(line[1], 16)) for line in lines if len(line) == 2]


def check_subtree(path, begin, end):
    """Check the marked subtree in the bytes BEGIN … END of a file; returns (begin, end, path, counts) for `check`."""
    with opened(path) as file:
        walk = Walk(file)
        require(walk.kind == "partition" and file.tell() <= begin, "there are no marks", Refused)
        file.seek(begin)
        key, text = read_node(file)
        require(key == b"m" and len(text) == walk.units, "a subtree begins with its mark", Refused)
        walk.open = begin, None  # so that there is no mark within
        for unit, sign in enumerate(text.decode()):
            if sign != "-":
                form, bit = walk.form(unit), "0s1".index(sign) // 2
                walk.go(unit, form if bit else [-c for c in form], bit, sign == "s")
        walk.run(walk.trees[0][0])
        require(file.tell() == end, "a marked subtree ends elsewhere", Refused)
        return begin, end, text.decode(), walk.counts


def check(path, model=None, done=()):
    """Check a file; raises Rejected or Refused, or returns what it proves.

    That is a table with `proved` (texts), `networks` and `domain` (digests), `regions`, `unexplored`, `proofs`,
    `closed` (counts), `skipped` (paths) and `seconds`. `done` holds answers of `check_subtree` for subtrees of the
    same file.
    """
    start = time.perf_counter()
    with opened(path) as file:
        walk = Walk(file, done)
        same = model is None or read_model(model) == walk.digests[0]
        require(same, f"the certificate is about another network than {model}")
        for status, text in walk.trees:
            walk.run(status, text)
        lines = [*(b"%x %x\n" % mark for mark in walk.marks), b"end %x %x %x %x %x\n" % (*walk.counts, file.tell())]
        right = all(file.readline(LINE_BYTES) == line for line in lines) and not file.read(1)
        require(right, "the index or the last line differs from the tree", Refused)
        require(walk.kind != "partition" or walk.counts[0], "a partition without a region")
    counts = dict(zip(("regions", "unexplored", "proofs", "closed"), walk.counts))
    skipped = [text for begin, (_, text, _) in walk.done.items() if begin in dict(walk.marks)]
    found = {"proved": walk.words(), "networks": walk.digests, "domain": walk.domain_digest, **counts}
    return {**found, "skipped": skipped, "seconds": time.perf_counter() - start}


def main(arguments):
    """The command line."""
    if not (len(arguments) == 1 or (len(arguments) == 3 and arguments[1] == "--model")):
        print("usage: checker.py FILE [--model NETWORK.npz]", file=sys.stderr)
        return 2
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        found = check(arguments[0], *arguments[2:])
    except Rejected as error:
        print(f"rejected: {error}")
        return 1
    except Refused as error:
        print(f"refused: {error}", file=sys.stderr)
        return 2
    print("accepted:", *found.pop("proved"), sep="\n  ")
    for name, value in found.items():
        print(f"{name}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
