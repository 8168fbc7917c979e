"""Checks a relugeom certificate, trusting nothing but this file and Python's standard library.

    python -I -S checker.py FILE [--model NETWORK.npz]

prints what FILE proves and ends with exit code 0 (accepted), 1 (rejected: a step does not follow) or 2 (refused: not a
certificate of this version, damaged, or beyond a limit). certificate/FORMAT.md defines the file and its claims.

Numbers are integers; a fraction is an integer over a known denominator. There is one proof form: on a cell, where the
forms h_i are ≥ 0 and the forms e_j are 0, R = λ₀ t + Σ λ_i h_i + Σ μ_j e_j with λ₀ > 0 and λ_i ≥ 0 is computed again
from the weights. If R ≤ 0 on the whole box, input by input, then t ≤ 0 on the cell.

Notation: a *form* c₀ + c₁ x₁ + … is one integer with a slot of B bits per coefficient, Σ c_k 2^(kB), so that sums and
multiples of forms are sums and multiples of integers; B is chosen so that no slot overflows. The units of all hidden
layers are numbered from 0; a path decides every unit of a layer before the next layer begins.
"""

import ast
import hashlib
import json
import struct
import sys
import time
import zipfile
from fractions import Fraction

LINE_BYTES, DIGITS, TERMS, EXPONENT, MEMORY_BITS = 1 << 27, 1 << 15, 1 << 16, 1100, 1 << 33
BODY = b"0123456789abcdefgkmprstu -\n"  # what lines of a tree are made of
KINDS = {"c": "continuous", "i": "integer", "b": "binary"}
RELAXED = 2  # what a unit is besides 0 (inactive), 1 (active) and None (undecided)


class Refused(Exception):
    """The file is no certificate of this version, or beyond a limit."""


class Rejected(Exception):
    """A step of the proof does not follow."""


def require(condition, text, error=Rejected):
    """Go on only if the condition holds."""
    if not condition:
        raise error(text)


def number(token, least=None, most=None):
    """A hexadecimal integer."""
    require(len(token) <= DIGITS and "x" not in str(token) and "_" not in str(token), "a number is too long", Refused)
    value = int(token, 16)
    inside = (least is None or value >= least) and (most is None or value <= most)
    require(inside, f"a number is out of range: {token[:40]!r}", Refused)
    return value


def numbers(text):
    """Hexadecimal integers with a space between."""
    return [number(token) for token in text.split(" ")]


def real(value, exponent):
    """The float64 that value / 2^exponent is; networks and domains hold no others."""
    nearest = value / (1 << exponent)
    p, q = nearest.as_integer_ratio()
    require(p << exponent == value * q, "a weight or bound is no float64", Refused)
    return nearest


def digest(*parts):
    """SHA-256 of parts with their types and lengths: texts, and (shape, float64 values)."""
    state = hashlib.sha256()
    for part in parts:
        text = isinstance(part, str)
        tag = b"s" if text else b"a" + repr(part[0]).encode()
        content = part.encode() if text else struct.pack(f"<{len(part[1])}d", *part[1])
        state.update(b"%s:%d:" % (tag, len(content)) + content)
    return state.hexdigest()


def take(table, *keys):
    """The values of an object that has these keys, in this order, and no others."""
    require(type(table) is dict and tuple(table) == keys, f"the keys are not {', '.join(keys)}", Refused)
    return table.values()


def read_line(file):
    """The next line."""
    text = file.readline(LINE_BYTES)
    require(text.endswith(b"\n"), "a line is too long, or the file ends too early", Refused)
    return text


def read_node(file):
    """The fields of the next line of the tree."""
    text = read_line(file)
    require(not text.translate(None, BODY), f"no line of a tree: {text[:40]!r}", Refused)
    return text[:-1].split(b" ")


def arrays(rows, size, exponent):
    """A matrix and the vector in its last column, as parts of a digest."""
    values = [[real(value, exponent) for value in row] for row in rows]
    matrix = ((len(rows), size), [value for row in values for value in row[:-1]])
    return [matrix, ((len(rows),), [row[-1] for row in values])]


class Problem:
    """What a certificate is about: networks, a domain, a claim; and what follows from them for the width of slots."""

    def __init__(self, file):
        text = read_line(file).decode("ascii")
        header = json.loads(text)
        require(json.dumps(header) + "\n" == text, "a key comes twice, or JSON is not in its plain form", Refused)
        keys = ("format", "version", "multiplier_bits", "point_bits", "networks", "domain", "claim")
        name, version, multiplier, point, networks, domain, claim = take(header, *keys)
        require((name, version) == ("relugeom-certificate", "1"), "not a relugeom certificate of version 1", Refused)
        self.bits, self.point_limit = number(multiplier, 1, 4 * DIGITS), 1 << number(point, 1, 4 * DIGITS)
        self.multiplier_limit = 1 << self.bits
        self.networks, self.digests = [], []
        for layers in networks:
            self.read_network(layers)
        self.read_domain(*take(domain, "exponent", "inputs", "at_most", "equal", "groups"))
        self.read_claim(claim)
        self.prepare()

    def read_network(self, layers):
        """A network is a list of layers: (rows of weights with the bias last, exponent)."""
        found, parts = [], ["network"]
        for exponent, texts in layers:
            e, rows = number(exponent, 0, EXPONENT), [numbers(text) for text in texts]
            width = len(found[-1][0]) + 1 if found else len(rows[0])
            require(width > 1 and {len(row) for row in rows} == {width}, "layers do not fit each other", Refused)
            parts += arrays(rows, width - 1, e)
            found.append((rows, e))
        require(found, "a network has no layer", Refused)
        self.networks.append(found)
        self.digests.append(digest(*parts))

    def read_domain(self, exponent, inputs, at_most, equal, groups):
        """A domain: box (None where open), rows that are ≥ 0 or = 0, integer inputs; numbers over 2^exponent."""
        self.exponent, e = number(exponent, 0, EXPONENT), number(exponent)
        kinds, lows, highs, self.names = [list(column) for column in zip(*inputs, strict=True)]
        self.inputs = self.n = n = len(kinds)
        fits = all(len(layers[0][0][0]) == n + 1 for layers in self.networks)
        require(
            fits and all(type(name) is str for name in self.names), "a domain has other inputs, or odd names", Refused
        )
        self.whole, parts = [kind != "c" for kind in kinds], []
        self.lower, self.upper = ([None if t == "*" else number(t) for t in texts] for texts in (lows, highs))
        for bounds, far in ((self.lower, float("-inf")), (self.upper, float("inf"))):
            parts.append(((n,), [far if side is None else real(side, e) for side in bounds]))
        self.rows = []
        for texts in (at_most, equal):
            rows = [numbers(text) for text in texts]
            require(all(len(row) == n + 1 for row in rows), "a row of the domain has other inputs", Refused)
            self.rows.append([[row[-1], *(-entry for entry in row[:-1])] for row in rows])  # b − a·x
            parts += arrays(rows, n, e)
        members = [tuple(numbers(text)) for text in groups]
        require(all(kinds[k] == "b" and k >= 0 for group in members for k in group), "a group is not binary", Refused)
        self.rows[1] += [[1, *(-(k in group) for k in range(n))] for group in members]
        self.domain_digest = digest("domain", *parts, ",".join(KINDS[kind] for kind in kinds), repr(tuple(members)))

    def read_claim(self, claim):
        """The claim. Sets that must stay empty are lists of (strict, form, coefficients of outputs, exponent)."""
        self.kind, self.ball, self.sets, self.truncated, self.branching = claim.get("kind"), None, [], False, False
        self.copies = [(self.networks[0], list(range(self.n)))]
        if self.kind == "partition":
            _, status = take(claim, "kind", "status")
            require(status in ("complete", "truncated"), "a partition is complete or truncated", Refused)
            self.truncated = status == "truncated"
        elif self.kind == "patterns":
            self.patterns, self.branching = take(claim, "kind", "patterns")[1], True
        elif self.kind == "monotone":
            output, k, self.direction = map(number, take(claim, "kind", "output", "input", "direction")[1:])
            inside = 0 <= output < len(self.networks[0][-1][0]) and 0 <= k < self.n and abs(self.direction) == 1
            require(inside, "no such output, input or direction", Refused)
            self.output, self.input = output, k
        else:
            require(self.kind == "excluded", "an unknown claim", Refused)
            _, scope, copies, ball, sets = take(claim, "kind", "scope", "copies", "ball", "sets")
            require(scope in ("relaxation", "admissible") and sets, "nothing is claimed, or of no inputs", Refused)
            self.branching = scope == "admissible"
            for copy in copies:
                self.read_copy(*copy)
            if ball is not None:
                norm, centre, radius = take(ball, "norm", "centre", "radius")
                self.ball = (norm, numbers(centre), *numbers(radius))
                fits = len(self.ball[1]) == self.n + 1 and self.ball[1][0] > 0 <= self.ball[2] and self.ball[3] > 0
                require(norm in ("l1", "l2", "linf") and fits, "not a ball of norm l1, l2 or linf", Refused)
            size = self.n + 1 + sum(len(layers[-1][0]) for layers, _ in self.copies)
            for members in sets:
                self.sets.append([])
                for strict, exponent, text in members:
                    row = numbers(text)
                    require(len(row) == size and type(strict) is bool, "an inequality has other inputs", Refused)
                    self.sets[-1].append((strict, row[: self.n + 1], row[self.n + 1 :], number(exponent, 0, EXPONENT)))
        require(len(self.networks) <= len(self.copies), "the claim is about one network", Refused)

    def read_copy(self, network, text):
        """A further copy of a network: its input shares all coordinates with the first one's but its own."""
        own, columns = numbers(text) if text else [], list(range(self.inputs))
        inside = len(self.copies) == 1 and all(0 <= k < self.inputs for k in own)
        require(inside and len(set(own)) == len(own), "one more copy at most, with inputs of the domain", Refused)
        for k in own:
            columns[k] = len(self.lower)
            for column in (self.lower, self.upper, self.whole):
                column.append(column[k])
            self.names.append(self.names[k] + "'")
        self.n = len(self.lower)
        for forms in self.rows:
            for form in list(forms):
                form += [0] * len(own)
                second = form[:1] + [0] * self.n
                for k, column in enumerate(columns):
                    second[column + 1] = form[k + 1]
                forms.append(second)
        self.copies.append((self.networks[number(network, 0)], columns))

    def prepare(self):
        """Levels (all layers of all copies of networks, one after the other) and the width of slots."""
        self.levels, self.first, self.units, self.scale, bounds = [], [], 0, 0, []
        for layers, columns in self.copies:
            bound, exponent = 1, 0
            for index, (rows, e) in enumerate(layers):
                last = index == len(layers) - 1
                bound = max(sum(map(abs, row[:-1])) * bound + (abs(row[-1]) << exponent) for row in rows)
                exponent, bound = exponent + e, max(bound, 1 << exponent + e)
                self.levels.append((rows, None if index else columns, last, exponent))
                self.first.append(self.units)
                self.units += 0 if last else len(rows)
                self.scale = max(self.scale, exponent)
                bounds.append(bound)
        top = max(bound << self.scale - exponent for bound, (*_, exponent) in zip(bounds, self.levels))
        sides = [abs(c) for row in (self.lower, self.upper, *self.rows[0], *self.rows[1]) for c in row if c is not None]
        members = [abs(c) for group in self.sets for _, form, row, _ in group for c in (*form, *row)]
        top = (1 + sum(members)) * (top + (sum(sides) + (1 << self.exponent) << self.scale))
        self.B, self.slots = top.bit_length() + self.bits + TERMS.bit_length() + 4, 1 + self.n
        if self.sets:  # then there may be variables for relaxed units, with bounds of so many bits
            self.B, self.slots = self.B + 2 * self.bits + self.exponent + 4, self.slots + self.units
        rows = 4 * (self.units + len(self.rows[0]) + len(self.rows[1]) + len(self.levels) + 1)
        require(self.B * self.slots * rows <= MEMORY_BITS, "the forms would need too much memory", Refused)
        self.bias = sum(1 << (k * self.B + self.B - 1) for k in range(self.slots))
        # Columns of each hidden layer, with a slot per unit: they evaluate a layer at a point in one go.
        self.columns, exponent, bound = [], 0, self.point_limit
        for rows, e in self.networks[0][:-1]:
            bound = max(sum(map(abs, row[:-1])) * bound + (abs(row[-1]) * self.point_limit << exponent) for row in rows)
            width, exponent = bound.bit_length() + 2, exponent + e
            columns = [sum(row[k] << (u * width) for u, row in enumerate(rows)) for k in range(len(rows[0]))]
            bias = sum(1 << (u * width + width - 1) for u in range(len(rows)))
            self.columns.append((columns, width, bias, range(0, len(rows) * width, width), e))

    def pack(self, form):
        return sum(c << (k * self.B) for k, c in enumerate(form))

    def unpack(self, packed):
        """The coefficients, which may be negative: a bias keeps slots from borrowing of each other."""
        B, half, mask, packed = self.B, 1 << (self.B - 1), (1 << self.B) - 1, packed + self.bias
        return [((packed >> shift) & mask) - half for shift in range(0, self.slots * B, B)]


class Cell:
    """The cell at a node: the units decided on the path, and the rows that hold there."""

    def __init__(self, problem):
        self.problem, units = problem, problem.units
        self.bits, self.stable, self.high = [None] * units, [False] * units, {}
        self.trail, self.level, self.serial, self.cache = [], 0, 0, {}
        self.left = [0 if last else len(rows) for rows, _, last, _ in problem.levels]
        # Rows have numbers: units, relaxed units once more, the domain's inequalities, its equalities, the closed sides
        # of the box (of use where there is a ball), branches on the path.
        (at_least, equal), n = problem.rows, problem.n
        self.equal = range(2 * units + len(at_least), 2 * units + len(at_least) + len(equal))
        forms, one = at_least + equal, 1 << problem.exponent
        for k, (low, high) in enumerate(zip(problem.lower, problem.upper)):
            forms += [] if low is None else [[-low] + [one * (j == k) for j in range(n)]]
            forms += [] if high is None else [[high] + [-one * (j == k) for j in range(n)]]
        self.rows = dict(enumerate((problem.pack(form) << problem.scale for form in forms), 2 * units))
        self.advance()

    def advance(self):
        """Go to the next level with a unit to decide; a level's forms follow when the one below is decided."""
        while self.level < len(self.left):
            self.update(self.level)
            if self.left[self.level]:
                break
            self.level += 1

    def update(self, level):
        """The forms of a level: those computed last, plus what has changed on the level below."""
        problem, (rows, columns, _, _) = self.problem, self.problem.levels[level]
        if columns is not None:
            if level not in self.cache:
                forms = [row[-1] + sum(w << ((k + 1) * problem.B) for w, k in zip(row, columns)) for row in rows]
                self.cache[level] = (level, None, forms)
            return
        serial, _, below = self.cache[level - 1]
        first, e = problem.first[level - 1], problem.levels[level - 1][3]
        state = (serial, self.bits[first : first + len(below)])
        _, known, forms = self.cache.get(level, (None, (None, None), None))
        if known == state:
            return
        if known[0] != serial:
            known, forms = (serial, [0] * len(below)), [row[-1] << e for row in rows]
        changes = []
        for j, (old, new) in enumerate(zip(known[1], state[1])):
            if old != new:
                terms = (0, below[j], 1 << ((1 + problem.n + first + j) * problem.B + e))
                changes.append((j, terms[new] - terms[old]))
        self.serial += 1
        forms = [form + sum([row[j] * change for j, change in changes]) for form, row in zip(forms, rows)]
        self.cache[level] = (len(self.left) + self.serial, state, forms)

    def form(self, unit):
        """The form of an undecided unit of the present level."""
        problem, level = self.problem, self.level
        require(level < len(self.left), "every unit is decided already")
        local = unit - problem.first[level]
        require(0 <= local < len(problem.levels[level][0]) and self.bits[unit] is None, "a unit is decided out of turn")
        return self.cache[level][2][local] << (problem.scale - problem.levels[level][3])

    def outputs(self):
        """The outputs of all copies."""
        require(self.level == len(self.left), "a unit is not decided")
        levels = [level for level, (_, _, last, _) in enumerate(self.problem.levels) if last]
        shifts = [self.problem.scale - self.problem.levels[level][3] for level in levels]
        return [form << shift for level, shift in zip(levels, shifts) for form in self.cache[level][2]]

    def decide(self, unit, bit, row, stable=False):
        self.bits[unit], self.stable[unit], self.rows[unit] = bit, stable, row
        self.trail.append((unit, self.level))
        self.left[self.level] -= 1
        self.advance()

    def branch(self, name, row):
        self.rows[name] = row
        self.trail.append((name, None))

    def undo(self, length):
        while len(self.trail) > length:
            name, level = self.trail.pop()
            del self.rows[name]
            if level is not None:
                self.level, self.bits[name], self.stable[name] = level, None, False
                self.left[level] += 1
                self.rows.pop(self.problem.units + name, None)
                self.high.pop(name, None)

    def combine(self, total, tokens):
        """R = total + Σ λ_i h_i, and whether the row of a unit that is active by a split has λ_i > 0."""
        require(len(tokens) % 2 == 0 and len(tokens) <= TERMS, "multipliers are no pairs, or too many", Refused)
        strict, limit, rows, stable = False, self.problem.multiplier_limit, self.rows, self.stable
        for name, value in zip(map(number, tokens[::2]), map(number, tokens[1::2])):
            require(-limit < value < limit, "a multiplier is longer than the file's limit", Refused)
            require(value >= 0 or name in self.equal, "the multiplier of an inequality is negative")
            require(name in rows, "a proof uses a row that the cell does not have")
            total += value * rows[name]
            strict = strict or (value > 0 and name < len(stable) and self.bits[name] == 1 and not stable[name])
        return total, strict

    def maximum(self, packed):
        """The sign of max R over the box, or over the ball; 1 where it is infinite."""
        problem = self.problem
        total, *slopes = problem.unpack(packed)
        total <<= problem.exponent
        for unit, high in self.high.items():
            total += max(0, slopes[problem.n + unit]) * high
        if problem.ball:
            return self.maximum_on_ball(total, slopes[: problem.n])
        for slope, low, high in zip(slopes, problem.lower, problem.upper):
            if slope:
                side = high if slope > 0 else low
                if side is None:
                    return 1
                total += slope * side
        return (total > 0) - (total < 0)

    def maximum_on_ball(self, constant, slopes):
        """The sign of R at the centre + r ‖slopes‖*, the norm dual to the ball's."""
        norm, (D, *centre), p, q = self.problem.ball
        value = constant * D + (sum(a * x for a, x in zip(slopes, centre)) << self.problem.exponent)
        if norm == "l2":  # p / q is the squared radius
            square, reach = value**2 * q, (D << self.problem.exponent) ** 2 * p * sum(a * a for a in slopes)
            return (square < reach) - (square > reach) if value <= 0 else 1
        size = max(map(abs, slopes)) if norm == "l1" else sum(map(abs, slopes))
        value = value * q + (p * size * D << self.problem.exponent)
        return (value > 0) - (value < 0)

    def prove(self, target, tokens):
        """target ≤ 0 on the cell."""
        first = number(tokens[0], None, self.problem.multiplier_limit)
        require(first > 0, "the multiplier of what is to be proved is not positive")
        require(self.maximum(self.combine(first * target, tokens[1:])[0]) <= 0, "a proof does not prove its statement")

    def prove_empty(self, tokens, total=0, strict=False):
        """No point of the cell, or of a set in it, is left."""
        total, chosen = self.combine(total, tokens)
        sign = self.maximum(total)
        require(sign < 0 or (sign == 0 and (strict or chosen)), "a proof does not prove that nothing is left")

    def read_point(self, tokens):
        """A point X / D of the domain, written D X₁ … X_n."""
        problem, e, (D, *X) = self.problem, self.problem.exponent, [number(token) for token in tokens]
        require(len(X) == problem.n and D > 0, "a point has a denominator and a number per input", Refused)
        require(max(D, *map(abs, X)) < problem.point_limit, "a point is longer than the file's limit", Refused)
        for x, low, high in zip(X, problem.lower, problem.upper):
            above, below = low is None or x << e >= low * D, high is None or x << e <= high * D
            require(above and below, "a point lies outside the box")
        at_least, equal = ([form[0] * D + sum(map(int.__mul__, form[1:], X)) for form in t] for t in problem.rows)
        require(min(at_least, default=0) >= 0 and not any(equal), "a point violates a row of the domain")
        return D, X

    def show(self, tokens, interior=True):
        """A point of the domain has the path's pattern, in its interior."""
        require(self.level == len(self.left), "a leaf leaves a unit undecided")
        unit, (D, values) = 0, self.read_point(tokens)
        for columns, width, bias, shifts, exponent in self.problem.columns:
            packed = bias + D * columns[-1] + sum([x * column for x, column in zip(values, columns) if x])
            mask, half, values, D = (1 << width) - 1, 1 << (width - 1), [], D << exponent
            for shift in shifts:
                z = ((packed >> shift) & mask) - half
                require(self.bits[unit] == (1 if z > 0 else 0), "a point does not have the pattern of its path")
                require(z or not interior or self.stable[unit], "a point lies on the hyperplane of a unit")
                values.append(z if z > 0 else 0)
                unit += 1


class Walk:
    """Reads trees in preorder and checks every node; counts what it finds."""

    def __init__(self, problem, file, skip=()):
        self.problem, self.file, self.cell, self.text = problem, file, Cell(problem), None
        self.skip, self.marks, self.counts = dict(skip), [], [0, 0, 0, 0]  # regions, unexplored, proofs, closed cells

    def run(self, close):
        """Check the tree at the present node; `close` checks a node without children."""
        problem, cell, waiting, start, text = self.problem, self.cell, [], len(self.cell.trail), self.text
        while True:
            begin = self.file.tell() if self.skip else 0
            key, *fields = read_node(self.file)
            leaf = False
            if key in (b"0", b"1", b"s", b"t", b"r"):
                unit = number(fields[0])
                form = cell.form(unit)
            if key in (b"0", b"1"):
                cell.prove(form if key == b"0" else -form, fields[1:])
                require(text is None or text[unit] == key.decode(), "a proof is about another pattern")
                cell.decide(unit, int(key), form if key == b"1" else -form, True)
                self.counts[2] += 1
            elif key == b"s" and text is None and len(fields) == 1:
                waiting.append((len(cell.trail), (unit, 1, form)))
                cell.decide(unit, 0, -form)
            elif key == b"t" and text is not None and len(fields) == 1:
                cell.decide(unit, int(text[unit]), form if text[unit] == "1" else -form)
            elif key == b"r" and problem.sets:  # a variable a: a ≥ 0, a ≥ z, (high − low) a ≤ high (z − low)
                low, high = (number(token, None, problem.multiplier_limit) for token in fields[1:])
                require(low < 0 < high and -low < problem.multiplier_limit, "a unit is relaxed between other bounds")
                scaled, e, variable = (
                    form << problem.exponent,
                    problem.exponent,
                    1 << (1 + problem.n + unit) * problem.B,
                )
                cell.prove(scaled - (high << problem.scale), read_node(self.file))
                cell.prove((low << problem.scale) - scaled, read_node(self.file))
                variable <<= problem.scale
                cell.rows[problem.units + unit] = (
                    high * (scaled - (low << problem.scale)) - (high - low << e) * variable
                )
                cell.high[unit] = high
                cell.decide(unit, RELAXED, variable - form)
            elif key == b"k" and problem.branching:
                k, value = map(number, fields)
                require(0 <= k < problem.n and problem.whole[k], "a branch is not on an integer input")
                variable, name = 1 << (k + 1) * problem.B, cell.equal.stop + 2 * problem.n + len(cell.trail)
                waiting.append((len(cell.trail), (name, (variable - value - 1) << problem.scale)))
                cell.branch(name, (value - variable) << problem.scale)
            elif key == b"m":
                require(fields == [self.path()] and len(self.marks) < TERMS, "a mark has another path", Refused)
                self.marks.append((begin, fields[0]))
                leaf = begin in self.skip
                if leaf:
                    self.file.seek(self.skip[begin])
            else:
                close(key, fields)
                leaf = True
            if leaf and not waiting:
                return cell.undo(start)
            if leaf:
                length, arguments = waiting.pop()
                cell.undo(length)
                (cell.decide if len(arguments) == 3 else cell.branch)(*arguments)

    def path(self):
        """The present path: s stands for a unit that is proved to be inactive."""
        signs = {(None, False): b"-", (0, False): b"0", (0, True): b"s", (1, False): b"1", (1, True): b"1"}
        return b"".join(signs[pair] for pair in zip(self.cell.bits, self.cell.stable))

    def close_region(self, key, fields):
        """A leaf of a partition, or what a truncated one has not explored."""
        require(key == b"p" or (key == b"u" and self.problem.truncated), f"no leaf of this partition: {key!r}", Refused)
        self.counts[key == b"u"] += 1
        if key == b"p":
            self.cell.show(fields)

    def close_cell(self, key, fields):
        """A cell that is empty, or in which what is claimed holds."""
        cell, problem, outputs = self.cell, self.problem, () if key == b"e" else self.cell.outputs()
        self.counts[3] += 1
        if key == b"e":
            return cell.prove_empty(fields)
        if problem.kind == "monotone":
            slope = problem.unpack(outputs[problem.output])[problem.input + 1]
            return require(key == b"g" and slope * problem.direction >= 0, "an output moves the other way")
        for place, members in enumerate(problem.sets):
            key, *fields = [key, *fields] if place == 0 else read_node(self.file)
            require(key == b"c" and len(fields) >= len(members), "a set is not closed", Refused)
            total, sharp, weights = (
                0,
                False,
                [number(token, 0, problem.multiplier_limit) for token in fields[: len(members)]],
            )
            for weight, (strict, form, row, _) in zip(weights, members):
                values = [c * output for c, output in zip(row, outputs, strict=True)]
                total += weight * (sum(values) + (problem.pack(form) << problem.scale))
                sharp = sharp or (strict and weight > 0)
            cell.prove_empty(fields[len(members) :], total, sharp)

    def close_pattern(self, key, fields):
        """A statement about a pattern."""
        cell, status = self.cell, self.status
        keys = {"region": b"p", "flat": b"f", "lower-dimensional": b"f", "infeasible": b"e", "inadmissible": b"e"}
        require(keys.get(status) == key, f"not how {status!r} is proved", Refused)
        self.counts[3] += 1
        if key == b"e":
            require(status == "inadmissible" or all(level is not None for _, level in cell.trail), "a branch is taken")
            cell.prove_empty(fields)
        elif key == b"p":
            cell.show(fields)
        else:  # a row with a multiplier is 0 on the cell, but not at this point of the domain
            (D, X), tokens = cell.read_point(fields), read_node(self.file)
            names = [number(name) for name, value in zip(tokens[::2], tokens[1::2]) if number(value) > 0]
            require(cell.maximum(cell.combine(0, tokens)[0]) <= 0, "a proof does not prove its statement")
            forms = [self.problem.unpack(cell.rows[name]) for name in names]
            away = any(form[0] * D + sum(map(int.__mul__, form[1:], X)) for form in forms)
            require(away, "no row of the proof differs from 0 at the point")
            if status == "lower-dimensional":
                cell.show(read_node(self.file)[1:], interior=False)


def read_model(path):
    """The digest of the network in an .npz file with arrays W0, b0, W1, b1, …"""
    arrays, parts = {}, ["network"]
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            start = 10 if data[6] == 1 else 12
            end = start + int.from_bytes(data[8:start], "little")
            kind, order, shape = map(
                ast.literal_eval(data[start:end].decode()).get, ("descr", "fortran_order", "shape")
            )
            values = [
                value + 0.0 for (value,) in struct.iter_unpack("<" + {"f8": "d", "f4": "f"}[kind[1:]], data[end:])
            ]
            if order and len(shape) == 2:
                values = [values[i + j * shape[0]] for i in range(shape[0]) for j in range(shape[1])]
            arrays[name.removesuffix(".npy")] = (shape, values)
    for index in range(len(arrays) // 2):
        parts += [arrays[f"W{index}"], arrays[f"b{index}"]]
    return digest(*parts)


def words(problem, counts):
    """What is proved, in words."""
    names, output = problem.names, [f"y{j}" for j in range(len(problem.networks[0][-1][0]))]
    if problem.kind == "partition":
        rest = "; the rest of the domain is not covered" if counts[1] else ", and there are no others"
        return [f"{counts[0]:,} activation regions of the network lie in the domain{rest}"]
    if problem.kind == "monotone":
        verb = "falls" if problem.direction > 0 else "rises"
        return [f"y{problem.output} never {verb} when {names[problem.input]!r} rises"]
    if problem.kind == "patterns":
        return [f"pattern {text}: {status}" for text, status in problem.patterns]
    outputs, found = [name + "'" * copy for copy in range(len(problem.copies)) for name in output], []
    for members in problem.sets:
        texts = []
        for strict, (constant, *form), row, exponent in members:
            terms = [(c, name) for c, name in zip((*form, *row, constant), (*names, *outputs, ""), strict=True) if c]
            sign = ">" if strict else ">="
            texts.append(" + ".join(f"{Fraction(c, 1 << exponent)} {name}".strip() for c, name in terms) + f" {sign} 0")
        found.append("never: " + " and ".join(texts))
    ball = f" within {problem.ball[0]} distance of a centre" if problem.ball else ""
    kind = "admissible input" if problem.branching else "input of the domain's relaxation"
    return [f"for every {kind}{ball}:", *found]


def check(path, model=None):
    """Check a file; returns what it proves as a table, or raises Refused or Rejected."""
    start = time.perf_counter()
    with open(path, "rb") as file:
        problem = Problem(file)
        walk = Walk(problem, file)
        close = walk.close_region if problem.kind == "partition" else walk.close_cell
        for text, status in problem.patterns if problem.kind == "patterns" else ((None, ""),):
            walk.text, walk.status, close = text, status, walk.close_pattern if text is not None else close
            walk.run(close)
        marks = [read_node(file) for _ in range(len(walk.marks))]
        require([place for place, *_ in marks] == [place for place, _ in walk.marks], "the index differs", Refused)
        ending = [b"end", *(b"%x" % count for count in walk.counts)]
        require(
            read_line(file)[:-1].split(b" ")[:5] == ending and not file.read(1), "the file ends in another way", Refused
        )
    if problem.kind == "partition":
        require(walk.counts[0], "a partition without a region")
    if model is not None:
        require(read_model(model) == problem.digests[0], f"the certificate is about another network than {model}")
    return {"proved": words(problem, walk.counts), "networks": problem.digests, "domain": problem.domain_digest,
            "regions": walk.counts[0], "unexplored": walk.counts[1], "proofs": walk.counts[2], "closed": walk.counts[3],
            "seconds": time.perf_counter() - start}  # fmt: skip


def main(arguments):
    """The command line."""
    if not (len(arguments) == 1 or (len(arguments) == 3 and arguments[1] == "--model")):
        print("usage: checker.py FILE [--model NETWORK.npz]", file=sys.stderr)
        return 2
    try:
        found = check(arguments[0], arguments[2] if len(arguments) == 3 else None)
    except Rejected as error:
        print(f"rejected: {error}")
        return 1
    except Refused as error:
        print(f"refused: {error}", file=sys.stderr)
        return 2
    except (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RecursionError, TypeError, ValueError,
            zipfile.BadZipFile) as error:  # fmt: skip
        print(f"refused: the file is damaged ({type(error).__name__}: {str(error)[:80]})", file=sys.stderr)
        return 2
    print("accepted:", *found.pop("proved"), sep="\n  ")
    for name, value in found.items():
        print(f"{name}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
