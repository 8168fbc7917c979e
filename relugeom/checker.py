"""Checks a relugeom certificate, trusting nothing but this file and Python's standard library.

    python -I -S checker.py FILE [--model NETWORK.npz]

prints what FILE proves and ends with exit code 0 (accepted), 1 (rejected: a step does not follow) or 2 (refused: no
certificate of this version, damaged, or beyond a limit). certificate/FORMAT.md defines the file and its claims.

There is one proof form. On a cell, where the forms h_i are ≥ 0 and the forms e_j are 0, R = λ₀ t + Σ λ_i h_i + Σ μ_j
e_j with λ₀ > 0 and λ_i ≥ 0 is computed again from the weights. If R ≤ 0 on the whole box, input by input, then t ≤ 0
on the cell.

Notation: numbers are integers over a known 2^e. A *form* c₀ + c₁ x₁ + … is the list of its coefficients: the
constant, the inputs' and, where units may be relaxed, those of a variable per unit. A *level* is a layer (of each
copy of a network in turn); units of hidden layers are numbered from 0; a path decides every unit of a level before
the next level begins.
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

# Limits: bytes and fields of a line, digits of a number, the exponent of a layer, bits of multipliers and of points,
# bits of the numbers of an inequality, branches on a path, marks, bits of all forms together.
LINE_BYTES, FIELDS, DIGITS, EXPONENT, LONGEST = 1 << 27, 1 << 16, 1 << 15, 1100, 1 << 17
CLAIM_BITS, BRANCHES, MARKS, MEMORY_BITS = 1 << 12, 1 << 10, 1 << 16, 1 << 33
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


def parts(value, *keys):
    """The entries of a list; or the values of an object that has these keys, in this order, and no others."""
    right = type(value) is dict and tuple(value) == keys if keys else type(value) is list
    require(right, f"the keys are not {', '.join(keys)}" if keys else "not a list", Refused)
    return value.values() if keys else value


def digest(*contents):
    """SHA-256 of contents with their types and lengths: texts, and (shape, float64 values)."""
    state = hashlib.sha256()
    for tag, *values in contents:
        content = struct.pack(f"<{len(values)}d", *values) if type(tag) is tuple else tag.encode()
        state.update(b"%s:%d:" % (b"a" + repr(tag).encode() if type(tag) is tuple else b"s", len(content)) + content)
    return state.hexdigest()


def floats(values, exponent):
    """The float64s that values / 2^exponent are, for a digest; networks and domains hold no other numbers."""
    nearest = [value / (1 << exponent) for value in values]
    exact = all(p << exponent == v * q for v, (p, q) in zip(values, map(float.as_integer_ratio, nearest)))
    require(exact, "a weight or bound is no float64", Refused)
    return nearest


def matrix_and_vector(rows, size, e):
    """Rows with a last entry behind them, as two contents of a digest."""
    matrix, vector = floats([value for row in rows for value in row[:-1]], e), floats([row[-1] for row in rows], e)
    return ((len(rows), size), *matrix), ((len(rows),), *vector)


def weigh(values, forms):
    """Σ values[i] forms[i]."""
    return [sum(map(mul, values, column)) for column in zip(*forms)]


def spread(size, *pairs):
    """The form of so many coefficients, 0 but for these (place, coefficient)."""
    table = dict(pairs)
    return [table.get(place, 0) for place in range(size)]


class Problem:
    """What a certificate is about: networks, a domain, a claim."""

    def __init__(self, file):
        text = file.readline(LINE_BYTES).decode("ascii")
        header = json.loads(text)
        require(json.dumps(header) + "\n" == text, "a key comes twice, or JSON is not in its plain form", Refused)
        keys = "format", "version", "multiplier_bits", "point_bits", "networks", "domain", "claim"
        name, version, multiplier_bits, point_bits, networks, domain, claim = parts(header, *keys)
        require((name, version) == ("relugeom-certificate", "1"), "not a relugeom certificate of version 1", Refused)
        self.limit, self.point_limit = (1 << numbers(text, 1, 1, LONGEST)[0] for text in (multiplier_bits, point_bits))
        self.networks, self.digests = zip(*map(self.read_network, parts(networks)))
        self.read_domain(*parts(domain, "exponent", "inputs", "at_most", "equal", "groups"))
        self.read_claim(claim)
        self.prepare()

    def read_network(self, layers):
        """A network, which is a list of layers (rows of weights with the bias last, exponent), and its digest."""
        found, contents = [], [("network",)]
        for exponent, texts in map(parts, parts(layers)):
            (e,), rows = numbers(exponent, 1, 0, EXPONENT), [numbers(text) for text in parts(texts)]
            width = len(found[-1][0]) + 1 if found else len(rows[0])
            require(width > 1 and {len(row) for row in rows} == {width}, "layers do not fit each other", Refused)
            contents += matrix_and_vector(rows, width - 1, e)
            found.append((rows, e))
        require(found, "a network has no layer", Refused)
        return found, digest(*contents)

    def read_domain(self, exponent, inputs, at_most, equal, groups):
        """A domain: box (None where open), rows that are ≥ 0 or = 0, integer inputs; numbers over 2^exponent."""
        (e,) = (self.exponent,) = numbers(exponent, 1, 0, EXPONENT)
        kinds, lows, highs, self.names = map(list, zip(*map(parts, parts(inputs)), strict=True))
        self.inputs, self.n, n = len(kinds), len(kinds), len(kinds)
        fits = {len(layers[0][0][0]) for layers in self.networks} == {n + 1} and {*map(type, self.names)} == {str}
        require(fits, "a domain has other inputs than a network, or odd names", Refused)
        self.lower, self.upper = ([None if t == "*" else numbers(t, 1)[0] for t in side] for side in (lows, highs))
        self.whole, self.facts, contents = [kind != "c" for kind in kinds], [], []
        for bounds, far in ((self.lower, -float("inf")), (self.upper, float("inf"))):
            contents.append(((n,), *(far if bound is None else floats([bound], e)[0] for bound in bounds)))
        for texts in (at_most, equal):
            rows = [numbers(text, n + 1) for text in parts(texts)]
            self.facts.append([[row[-1], *(-entry for entry in row[:-1])] for row in rows])  # b − a·x
            contents += matrix_and_vector(rows, n, e)
        members = tuple(tuple(numbers(text, None, 0)) for text in parts(groups))
        binary = all(len({*group}) == len(group) and {kinds[k] for k in group} == {"b"} for group in members)
        require(binary, "a group has an input twice, or one that is not binary", Refused)
        self.facts[1] += [[1, *(-(k in group) for k in range(n))] for group in members]
        rules = ",".join(KINDS[kind] for kind in kinds), repr(members)
        self.domain_digest = digest(("domain",), *contents, *([text] for text in rules))

    def read_claim(self, claim):
        """The claim, and its trees: what each proves, and of which pattern."""
        self.kind, self.ball, self.sets, used, layers = claim["kind"], None, [], {0}, self.networks[0]
        self.copies, self.trees = [(layers, list(range(self.n)))], []
        if self.kind == "partition":
            _, status = parts(claim, "kind", "status")
            require(status in ("complete", "truncated"), "a partition is complete or truncated", Refused)
            self.trees.append((status, None))
        elif self.kind == "patterns":
            units = sum(len(rows) for rows, _ in layers[:-1])
            for bits, status in map(parts, parts([*parts(claim, "kind", "patterns")][1])):
                right = type(bits) is str and len(bits) == units and {*bits} <= {*"01"} and b"t" in LINES[status]
                require(right, "no pattern of the network, or no status of one", Refused)
                self.trees.append((status, bits))
        elif self.kind == "monotone":
            _, output, k, direction = parts(claim, "kind", "output", "input", "direction")
            (self.output,), (self.input,) = numbers(output, 1, 0, len(layers[-1][0]) - 1), numbers(k, 1, 0, self.n - 1)
            (self.direction,) = numbers(direction, 1, -1, 1)
            self.trees += [("monotone", None)] * abs(self.direction)
        else:
            _, scope, copies, ball, sets = parts(claim, "kind", "scope", "copies", "ball", "sets")
            right = self.kind == "excluded" and scope in ("relaxation", "admissible") and len(parts(copies)) < 2
            require(right, "an unknown claim, or about other inputs, or more than two copies", Refused)
            self.trees.append((scope, None))
            used |= {self.read_copy(*parts(copy)) for copy in copies}
            self.read_sets(ball, sets, 1 + self.n + sum(len(layers[-1][0]) for layers, _ in self.copies))
        require(self.trees and used == {*range(len(self.networks))}, "no claim, or of other networks", Refused)

    def read_copy(self, network, text):
        """A further copy of a network: its input shares all coordinates with the first one's but its own."""
        (index,), own = numbers(network, 1, 0, len(self.networks) - 1), numbers(text, None, 0) if text != "" else []
        require(len({*own}) == len(own) and max(own, default=0) < self.n, "a copy has no such inputs", Refused)
        columns = [self.n + own.index(k) if k in own else k for k in range(self.n)]
        for column in (self.lower, self.upper, self.whole, self.names):
            column += [column[k] for k in own]
        self.n += len(own)
        for forms in self.facts:
            again = [[(0, form[0]), *((k + 1, c) for k, c in zip(columns, form[1:]))] for form in forms]
            forms[:] = [form + [0] * len(own) for form in forms] + [spread(1 + self.n, *pairs) for pairs in again]
        self.copies.append((self.networks[index], columns))
        return index

    def read_sets(self, ball, sets, size):
        """The ball; the sets that must stay empty, each a list of (strict, coefficients, their exponent)."""
        if ball is not None:
            norm, centre, radius = parts(ball, "norm", "centre", "radius")
            (D, *X), (p, q) = numbers(centre, self.n + 1), numbers(radius, 2, 0)
            require(norm in ("l1", "l2", "linf") and D > 0 and q > 0, "not a ball of norm l1, l2 or linf", Refused)
            self.ball = norm, D, X, p, q
        for members in parts(sets):
            self.sets.append([])
            for strict, e, text in map(parts, parts(members)):
                row = numbers(text, size, -1 << CLAIM_BITS, 1 << CLAIM_BITS)
                self.sets[-1].append((strict, row, *numbers(e, 1, 0, EXPONENT)))
            is_strict = {type(strict) for strict, *_ in self.sets[-1]}
            require(is_strict == {bool}, "a set without an inequality, or one that is not strict or not", Refused)
        require(self.sets, "no set is excluded", Refused)

    def prepare(self):
        """The levels, and how large forms may grow."""
        self.levels, self.units, self.scale, longest = [], 0, 0, 0
        for layers, columns in self.copies:
            exponent, bits = 0, 0
            for rows, e in layers:
                exponent, count = exponent + e, 0 if rows is layers[-1][0] else len(rows)
                bits += e + max(c.bit_length() for row in rows for c in row) + len(rows[0]).bit_length()
                self.levels.append(Level(rows, columns, self.units, count, exponent))
                self.units, columns, longest = self.units + count, None, max(longest, bits)
                self.scale = max(self.scale, exponent)
        self.slots = 1 + self.n + (self.units if self.sets else 0)
        forms = sum(map(len, self.facts)) + 2 * self.n + sum(4 * len(level.rows) for level in self.levels)
        forms += BRANCHES if b"k" in LINES[self.trees[0][0]] else 0
        bits = 64 + longest + self.scale + self.exponent + 2 * self.limit.bit_length()
        require(self.slots * forms * bits <= MEMORY_BITS, "the forms would need too much memory", Refused)


class Cell(Problem):
    """The cell at a node: the units decided on the path, and the rows that hold there."""

    def __init__(self, file):
        super().__init__(file)
        (at_least, equal), slots = self.facts, self.slots
        self.bits, self.proved, self.high = [None] * self.units, [False] * self.units, {}
        # Rows have numbers: units, relaxed units once more, the domain's inequalities, its equalities, the closed sides
        # of the box (of use where there is a ball), branches on the path.
        forms, first = [form + [0] * (slots - len(form)) for form in at_least + equal], 2 * self.units + len(at_least)
        self.equal, self.branches = range(first, first + len(equal)), first + len(equal) + 2 * self.n
        for k, bounds in enumerate(zip(self.lower, self.upper), 1):
            for bound, sign in zip(bounds, (1, -1)):
                if bound is not None:
                    forms.append(spread(slots, (0, -sign * bound), (k, sign << self.exponent)))
        self.rows = dict(enumerate(([c << self.scale for c in form] for form in forms), 2 * self.units))
        self.trail, self.level, self.left = [], -1, [level.count for level in self.levels]  # the last is 0: of outputs
        self.known = {}  # for a level: the bits of the level below, and the forms that these give
        self.advance()

    def advance(self):
        """Go to the next level with a unit to decide; a level's forms follow when the one below is decided."""
        while self.level < len(self.left) and not self.left[self.level]:
            self.level += 1
            if self.level < len(self.left):
                self.derive()

    def derive(self):
        """The forms of the present level: those known, plus what has changed on the level below."""
        here, slots, (rows, columns, *_) = self.level, self.slots, self.levels[self.level]
        _, _, first, count, e = self.levels[here - 1]
        if columns is not None:  # the last entry of a row is its bias
            places = [*(k + 1 for k in columns), 0]
            self.known[here] = [], [spread(self.slots, *zip(places, row)) for row in rows]
            return
        (_, below), bits = self.known[here - 1], self.bits[first : first + count]
        start = None if here in self.known else ([0] * count, [spread(slots, (0, row[-1] << e)) for row in rows])
        old, forms = start or self.known[here]
        changed = [j for j in range(count) if old[j] != bits[j]]
        for j in changed:  # relu of a unit below: 0, its form, or the variable of a relaxed unit
            place = 1 + self.n + first + j if RELAXED in (old[j], bits[j]) else 0
            terms = [0] * slots, below[j], spread(slots, (place, 1 << e))
            step = weigh((1, -1), (terms[bits[j]], terms[old[j]]))
            forms = [[a + row[j] * c for a, c in zip(form, step)] for form, row in zip(forms, rows)]
        if start or changed:
            self.known[here] = bits, forms
            self.known.pop(here + 1, None)

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
        require(len(names) == len(values), "multipliers are no pairs", Refused)
        least, most = min(values, default=0), max((*values, *weights), default=0)
        require(-self.limit < least and most < self.limit, "a multiplier is longer than the file's limit", Refused)
        require(self.rows.keys() >= {*names}, "a proof uses a row that the cell does not have")
        wrong = least < 0 and any(value < 0 and name not in self.equal for name, value in zip(names, values))
        require(not wrong, "the multiplier of an inequality is negative")
        total, *slopes = weigh([*weights, *values], [*forms, *map(self.rows.get, names)]) or [0]
        total <<= self.exponent
        for unit, high in self.high.items():
            total += max(0, slopes[self.n + unit]) * high
        if self.ball:  # R at the centre + r ‖slopes‖*, the norm dual to the ball's
            norm, D, X, p, q = self.ball
            slopes, unit = slopes[: self.n], D << self.exponent
            total = total * D + (sum(map(mul, slopes, X)) << self.exponent)
            if norm == "l2":  # p / q is the squared radius
                square, reach = total**2 * q, unit**2 * p * sum(map(mul, slopes, slopes))
                return (square < reach) - (square > reach) if total <= 0 else 1
            total = total * q + p * unit * (max if norm == "l1" else sum)(map(abs, slopes))
            return (total > 0) - (total < 0)
        for slope, low, high in zip(slopes, self.lower, self.upper):
            if slope:
                side = high if slope > 0 else low
                if side is None:
                    return 1
                total += slope * side
        return (total > 0) - (total < 0)

    def prove(self, target, fields):
        """target ≤ 0 on the cell."""
        first = int(fields[0], 16)
        require(first > 0, "the multiplier of what is to be proved is not positive")
        require(self.maximum(fields[1:], [target], [first]) <= 0, "a proof does not prove its statement")

    def used(self, fields):
        """The rows that have positive multipliers."""
        return [int(name, 16) for name, value in zip(fields[::2], fields[1::2]) if int(value, 16) > 0]

    def prove_empty(self, fields, forms=(), weights=(), strict=False):
        """No point of the cell (at which the weighted forms are ≥ 0, or > 0) is left."""
        sign = self.maximum(fields, forms, weights)
        chosen = [k for k in self.used(fields) if k < self.units and self.bits[k] == 1 and not self.proved[k]]
        require(sign < 0 or (sign == 0 and (strict or chosen)), "a proof does not prove that nothing is left")

    def read_point(self, fields):
        """D X₁ … X_n: a point X / D of the domain."""
        e, (D, *X) = self.exponent, [int(field, 16) for field in fields]
        require(len(X) == self.n and D > 0, "a point has a denominator and a number per input", Refused)
        require(max(D, *map(abs, X)) < self.point_limit, "a point is longer than the file's limit", Refused)
        for x, low, high in zip(X, self.lower, self.upper):
            inside = (low is None or x << e >= low * D) and (high is None or x << e <= high * D)
            require(inside, "a point lies outside the box")
        at_least, equal = ([sum(map(mul, form, (D, *X))) for form in forms] for forms in self.facts)
        require(min(at_least, default=0) >= 0 and not any(equal), "a point violates a row of the domain")
        return D, *X

    def show(self, fields, interior=True):
        """A point has the path's pattern: level by level, the forms of the path are then the network's at the point."""
        require(self.level == len(self.left), "a leaf leaves a unit undecided")
        point = self.read_point(fields)
        values = [sum(map(mul, self.rows[unit], point)) for unit in range(self.units)]  # z if active, −z if not
        require(min(values, default=0) >= 0, "a point does not have the pattern of its path")
        for unit in [unit for unit, value in enumerate(values) if value == 0]:
            require(self.bits[unit] == 0, "a point has z = 0 at a unit that its path calls active")
            require(self.proved[unit] or not interior, "a point lies on the hyperplane of a unit")


class Walk(Cell):
    """Reads trees in preorder and checks every node; counts regions, unexplored parts, proofs and closed cells."""

    def __init__(self, file, done=()):
        super().__init__(file)
        self.file, self.counts, self.waiting, self.marks, self.open = file, [0, 0, 0, 0], [], [], None
        self.done, self.skipped = {begin: rest for begin, *rest in done}, []

    def run(self, status, text=None):
        """Check the tree of the present cell, which proves something (of a pattern)."""
        start = len(self.trail)
        while True:
            key, *fields = read_node(self.file)
            require(len(key) == 1 and key in LINES[status], f"no line of such a tree: {key[:40]!r}", Refused)
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
        scale, e, slots, steps = self.scale, self.exponent, self.slots, len(self.trail)
        if key == b"m":
            return self.mark(*fields)
        unit, *rest = [int(field, 16) for field in (fields[:1] if key in b"01" else fields)]
        if key == b"k":  # x ≤ value, then x ≥ value + 1
            (value,) = rest
            require(0 <= unit < self.n and self.whole[unit], "a branch is not on an integer input")
            require(abs(value) < self.limit and steps < self.units + BRANCHES, "a branch is beyond a limit", Refused)
            name = self.branches + steps
            self.waiting.append((steps, name, spread(slots, (0, -value - 1 << scale), (unit + 1, 1 << scale))))
            return self.go(name, spread(slots, (0, value << scale), (unit + 1, -1 << scale)))
        form = self.form(unit)
        require(key in b"01r" or not rest, "a line has more fields", Refused)
        bit = int(key in b"1" or (key == b"t" and text[unit] == "1"))
        if key in b"01":
            self.prove([-c for c in form] if bit else form, fields[1:])
            require(text is None or text[unit] == str(bit), "a proof is about another pattern")
            self.counts[2] += 1
        elif key == b"s":
            self.waiting.append((steps, unit, form, 1))
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
        return self.go(unit, form if bit else [-c for c in form], bit, key in b"01")

    def mark(self, path):
        """A subtree that can be checked by itself; where that is done already, it is skipped."""
        signs = {(None, False): "-", (0, False): "0", (0, True): "s", (1, False): "1", (1, True): "1"}
        text, begin = path.decode(), self.file.tell() - len(path) - len(b"m \n")
        require(text == "".join(map(signs.get, zip(self.bits, self.proved))), "a mark has another path", Refused)
        require(self.open is None and len(self.marks) < MARKS, "a mark within another, or too many of them", Refused)
        self.open = begin, len(self.waiting)
        if begin in self.done:
            end, known, counts = self.done[begin]
            require(known == text and begin < end, "a subtree was checked behind another path", Refused)
            self.counts = [a + b for a, b in zip(self.counts, counts, strict=True)]
            self.skipped.append(text)
            self.file.seek(end)
        return begin in self.done

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
                weights = [int(field, 16) for field in fields[: len(members)]]
                require(key == b"c" and len(weights) == len(members), "a set is not closed", Refused)
                require(min(weights) >= 0, "the weight of an inequality is negative")
                forms, ahead = [], self.n + 1
                for _, row, _ in members:
                    own = spread(self.slots, *enumerate(row[:ahead]))
                    forms.append(weigh((1 << self.scale, *row[ahead:]), (own, *outputs)))
                strict = any(strict and weight for (strict, *_), weight in zip(members, weights))
                self.prove_empty(fields[len(members) :], forms, weights, strict)
        return True

    def words(self):
        """What is proved, in words."""
        names = [repr(name) + "'" * (k >= self.inputs) for k, name in enumerate(self.names)]
        if self.kind == "partition":
            rest = "; the rest of the domain is not covered" if self.counts[1] else ", and there are no others"
            found = "1 activation region" if self.counts[0] == 1 else f"{self.counts[0]:,} activation regions"
            return [f"{found} of the network {'lies' if self.counts[0] == 1 else 'lie'} in the domain{rest}"]
        if self.kind == "monotone":
            return [f"y{self.output} never {'falls' if self.direction > 0 else 'rises'} when {names[self.input]} rises"]
        if self.kind == "patterns":
            return [f"pattern {text}: {status}" for status, text in self.trees]
        for copy, (layers, _) in enumerate(self.copies):
            names += [f"y{j}" + "'" * copy for j in range(len(layers[-1][0]))]
        found = [f"for every input of the domain (scope: {self.trees[0][0]}{', in a ball' if self.ball else ''}):"]
        for members in self.sets:
            texts = []
            for strict, row, exponent in members:
                terms = [f"{Fraction(c, 1 << exponent)} {name}".rstrip() for c, name in zip(row, ("", *names)) if c]
                texts.append(f"{' + '.join(terms) or 0} {'>' if strict else '>='} 0")
            found.append("never: " + " and ".join(texts))
        return found


def read_model(path):
    """The digest of the network in an .npz file with arrays W0, b0, W1, b1, …"""
    contents = [("network",)]
    with opened(path) as file, zipfile.ZipFile(file) as archive:
        count = sum(name[:1] in "Wb" and name[1:-4].isdecimal() for name in archive.namelist())  # others hold names
        for index in range(count):
            data = archive.read(f"{'Wb'[index % 2]}{index // 2}.npy")
            start = 10 if data[6] == 1 else 12
            end = start + int.from_bytes(data[8:start], "little")
            table = ast.literal_eval(data[start:end].decode())
            shape, kind = table["shape"], {"<f8": "<d", "<f4": "<f"}[table["descr"]]
            values = [value + 0.0 for (value,) in struct.iter_unpack(kind, data[end:])]  # -0 as 0
            if table["fortran_order"] and len(shape) == 2:
                values = [values[i + j * shape[0]] for i in range(shape[0]) for j in range(shape[1])]
            contents.append((shape, *values))
    return digest(*contents)


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
        lines = [b"%x %x\n" % mark for mark in walk.marks]
        lines.append(b"end %x %x %x %x %x\n" % (*walk.counts, file.tell()))
        right = all(file.readline(LINE_BYTES) == line for line in lines) and not file.read(1)
        require(right, "the index or the last line differs from the tree", Refused)
        require(walk.kind != "partition" or walk.counts[0], "a partition without a region")
    counts = dict(zip(("regions", "unexplored", "proofs", "closed"), walk.counts))
    found = {"proved": walk.words(), "networks": [*walk.digests], "domain": walk.domain_digest, **counts}
    return {**found, "skipped": walk.skipped, "seconds": time.perf_counter() - start}


def main(arguments):
    """The command line."""
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        right = len(arguments) == 1 or (len(arguments) == 3 and arguments[1] == "--model")
        require(right, "usage: checker.py FILE [--model NETWORK.npz]", Refused)
        found = check(arguments[0], *arguments[2:])
    except Rejected as error:
        print(f"rejected: {error}")
        return 1
    except Refused as error:
        print(f"refused: {error}", file=sys.stderr)
        return 2
    print("accepted:", *found.pop("proved"), sep="\n  ")
    print(*(f"{name}: {value}" for name, value in found.items()), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
