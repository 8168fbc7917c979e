"""Checks a relugeom certificate, trusting nothing but this file and Python's standard library.

    python -I -S checker.py FILE [--model NETWORK.npz]

prints what FILE proves and ends with exit code 0 (accepted), 1 (rejected: a step does not follow) or 2 (refused: no
certificate of this version, damaged, or beyond a limit). NETWORK is compared with the first network of FILE; of a
second one, and of the domain, compare the digests. certificate/FORMAT.md defines the file and its claims.

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
import math
import struct
import sys
import time
import zipfile
from collections import namedtuple
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from operator import mul
from pathlib import Path

# Limits: bytes and fields of a line, digits of a number, the exponent of a layer, bits of multipliers and of points,
# bits of the numbers of an inequality, branches on a path, marks, bits of all forms together, lists of a header.
LINE_BYTES, FIELDS, DIGITS, EXPONENT, LONGEST = 1 << 27, 1 << 16, 1 << 15, 1100, 1 << 17
CLAIM_BITS, BRANCHES, MARKS, MEMORY_BITS, LISTS = 1 << 12, 1 << 10, 1 << 16, 1 << 33, 1 << 20
# Steps (products of coefficients) that a file may ask for, and more by its bytes; bytes of the header of an array in a
# model, as NumPy has it.
WORK, WORK_PER_BYTE, HEADER_BYTES = 1 << 26, 1 << 10, 10_000
KINDS = {"c": "continuous", "i": "integer", "b": "binary"}
RELAXED = 2  # what a unit can be besides 0 (inactive), 1 (active) and None (undecided)
LINES = {"complete": b"01smp", "truncated": b"01smpu", "relaxation": b"01srec", "admissible": b"01srkec",
         "monotone": b"01sge", "region": b"01tp", "infeasible": b"01te", "inadmissible": b"01tke", "flat": b"01tf",
         "lower-dimensional": b"01tf"}  # the lines that a tree may have, by what it proves  # fmt: skip
Level = namedtuple("Level", "rows columns first count exponent")  # columns: of the inputs, in the first layer of a copy
EXTRAS = {"input_names.npy", "output_names.npy", "class_names.npy", "squashing.npy", "decision.npy", "threshold.npy"}
NUMBERS = {order + kind: order + code for order in "<>" for kind, code in zip(("f2", "f4", "f8", "i2", "u2", "i4", "u4",
           "i8", "u8"), "efdhHiIqQ")} | {"|i1": "<b", "|u1": "<B"}  # of NumPy's arrays, and of struct  # fmt: skip


class Refused(Exception):
    """The file is no certificate of this version, or beyond a limit."""


class Rejected(Exception):
    """A step of the proof does not follow."""


def require(condition, text, error=Rejected):
    """Go on only if the condition holds."""
    if not condition:
        raise error(text)


admit = partial(require, error=Refused)  # go on only if the file is one that can be read


@contextmanager
def opened(path):
    """A file to be read: whatever goes wrong with it, but for a step that does not follow, means that it is refused."""
    try:
        admit(Path(path).is_file(), f"{path} is damaged: no regular file")
        with open(path, "rb") as file:
            yield file
    except (Refused, Rejected):
        raise
    except Exception as error:
        raise Refused(f"{path} is damaged ({type(error).__name__}: {str(error)[:80]})") from error


def read_node(file):
    """The fields of the next line of a tree; one that is no number fails where int(field, 16) reads it."""
    text = file.readline(LINE_BYTES)
    admit(text.endswith(b"\n"), "a line is too long, or the file ends too early")
    admit(not text.translate(None, b"0123456789abcdefgkmprstu -\n"), f"no line of a tree: {text[:40]!r}")
    fields = text[:-1].split(b" ", FIELDS)
    short = len(fields) <= FIELDS and (len(text) <= DIGITS or max(map(len, fields)) <= DIGITS)
    admit(short, "a line has too many fields, or a number is too long")
    return fields


def numbers(text, size=None, least=-1 << 4 * DIGITS, most=1 << 4 * DIGITS):
    """Hexadecimal integers of the header (so many, within bounds) with a space between."""
    admit(type(text) is str and set(text) <= set("0123456789abcdef- "), "not a text of integers")
    tokens = text.split(" ")
    admit(size in (None, len(tokens)) and max(map(len, tokens)) <= DIGITS, f"not {size} integers")
    values = [int(token, 16) for token in tokens]
    admit(least <= min(values) and max(values) <= most, f"a number is out of range: {text[:40]!r}")
    return values


def parts(value, *keys):
    """The entries of a list; or the values of an object that has these keys, in this order, and no others."""
    right = type(value) is dict and tuple(value) == keys if keys else type(value) is list
    admit(right, f"the keys are not {', '.join(keys)}" if keys else "not a list")
    return value.values() if keys else value


def digest(*contents):
    """SHA-256 of contents with their types and lengths: texts, and (shape, float64 values)."""
    state = hashlib.sha256()
    for tag, *values in contents:
        content = struct.pack(f"<{len(values)}d", *values) if type(tag) is tuple else tag.encode(errors="surrogatepass")
        state.update(b"%s:%d:" % (b"a" + repr(tag).encode() if type(tag) is tuple else b"s", len(content)) + content)
    return state.hexdigest()


def floats(values, exponent):
    """The float64s that values / 2^exponent are, for a digest; networks and domains hold no other numbers."""
    nearest = [value / (1 << exponent) for value in values]
    admit(all(p << exponent == v * q for v, (p, q) in zip(values, map(float.as_integer_ratio, nearest))), "no float64")
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


def called(what, number, names):
    """A thing by its number, and by the name that the file has for it, if any."""
    return f"{what} {number}" + (f" (called {names[number]!r} in the file)" if names else "")


class Problem:
    """What a certificate is about: networks, a domain, a claim."""

    def __init__(self, file):
        self.work = WORK + WORK_PER_BYTE * file.seek(0, 2)
        file.seek(0)
        text = file.readline(LINE_BYTES).decode("ascii", "replace")
        few = text[:1] == "{" and text.count("[") + text.count("{") <= LISTS and text.count(",") <= 8 * LISTS
        plain = few and json.dumps(header := json.loads(text)) + "\n" == text
        admit(plain, "no relugeom certificate: a key comes twice, or it is too long or not in plain form")
        named = "names" in header
        right = header.get("format") == "relugeom-certificate" and header.get("version") == "12"[named]
        admit(right, "not a relugeom certificate of version 1 or 2")
        keys = "format", "version", "multiplier_bits", "point_bits", "networks", *["names"] * named, "domain", "claim"
        _, _, multiplier_bits, point_bits, networks, *names, domain, claim = parts(header, *keys)
        self.limit, self.point_limit = (1 << numbers(text, 1, 1, LONGEST)[0] for text in (multiplier_bits, point_bits))
        self.networks, self.digests = zip(*map(self.read_network, parts(networks)))
        self.read_domain(*parts(domain, "exponent", "inputs", "at_most", "equal", "groups"))
        called = [self.read_names(*pair) for pair in zip(self.networks, *map(parts, names), strict=True) if names]
        self.called = called or [([], [], None)] * len(self.networks)
        self.read_claim(claim)
        self.prepare()

    def read_network(self, layers):
        """A network, which is a list of layers (rows of weights with the bias last, exponent), and its digest."""
        found, contents = [], [("network",)]
        for exponent, texts in map(parts, parts(layers)):
            (e,), rows = numbers(exponent, 1, 0, EXPONENT), [numbers(text) for text in parts(texts)]
            width = len(found[-1][0]) + 1 if found else len(rows[0])
            admit(width > 1 and {len(row) for row in rows} == {width}, "layers do not fit each other")
            contents += matrix_and_vector(rows, width - 1, e)
            found.append((rows, e))
        admit(found, "a network has no layer")
        return found, digest(*contents)

    def read_domain(self, exponent, inputs, at_most, equal, groups):
        """A domain: box (None where open), rows that are ≥ 0 or = 0, integer inputs; numbers over 2^exponent."""
        (e,) = (self.exponent,) = numbers(exponent, 1, 0, EXPONENT)
        kinds, lows, highs, self.names = map(list, zip(*map(parts, parts(inputs)), strict=True))
        self.inputs, self.n, n = len(kinds), len(kinds), len(kinds)
        fits = {len(layers[0][0][0]) for layers in self.networks} == {n + 1} and {*map(type, self.names)} == {str}
        admit(fits, "a domain has other inputs than a network, or odd names")
        self.lower, self.upper = ([None if t == "*" else numbers(t, 1)[0] for t in side] for side in (lows, highs))
        self.whole, self.facts, contents = [kind != "c" for kind in kinds], [], []
        for bounds, far in ((self.lower, -float("inf")), (self.upper, float("inf"))):
            contents.append(((n,), *(far if bound is None else floats([bound], e)[0] for bound in bounds)))
        for texts in (at_most, equal):
            rows = [numbers(text, n + 1) for text in parts(texts)]
            self.facts.append([[(0, row[-1]), *((k, -c) for k, c in enumerate(row[:-1], 1) if c)] for row in rows])
            contents += matrix_and_vector(rows, n, e)
        members = tuple(tuple(numbers(text, None, 0)) for text in parts(groups))
        binary = all(len({*group}) == len(group) and {kinds[k] for k in group} == {"b"} for group in members)
        admit(binary, "a group has an input twice, or one that is not binary")
        self.facts[1] += [[(0, 1), *((k + 1, -1) for k in group)] for group in members]  # as b − a·x of a row
        rules = ",".join(KINDS[kind] for kind in kinds), repr(members)
        self.domain_digest = digest(("domain",), *contents, *([text] for text in rules))

    def read_names(self, layers, entry):
        """What a network's outputs and classes are called, and the digest of all names."""
        outputs, classes, found = parts(entry)
        lists = self.names, parts(outputs), parts(classes)
        right = {type(name) for names in lists for name in names} == {str} and len(outputs) == len(layers[-1][0])
        admit(right and len(classes) in (0, max(2, len(outputs))), "odd names of outputs or classes")
        own = digest(("names",), *([text] for names in lists for text in (str(len(names)), *names)))
        admit(found == own, "the digest of the names is that of other names")
        return outputs, classes, found

    def read_claim(self, claim):
        """The claim, and its trees: what each proves, and of which pattern."""
        self.kind, self.ball, self.sets, used, layers = claim["kind"], None, [], {0}, self.networks[0]
        self.copies, self.trees = [(layers, range(self.n), self.called[0][0])], []
        if self.kind == "partition":
            _, status = parts(claim, "kind", "status")
            admit(status in ("complete", "truncated"), "a partition is complete or truncated")
            self.trees.append((status, None))
        elif self.kind == "patterns":
            units = sum(len(rows) for rows, _ in layers[:-1])
            for bits, status in map(parts, parts([*parts(claim, "kind", "patterns")][1])):
                right = type(bits) is str and len(bits) == units and {*bits} <= {*"01"} and b"t" in LINES[status]
                admit(right, "no pattern of the network, or no status of one")
                self.trees.append((status, bits))
        elif self.kind == "monotone":
            _, output, k, direction = parts(claim, "kind", "output", "input", "direction")
            (self.output,), (self.input,) = numbers(output, 1, 0, len(layers[-1][0]) - 1), numbers(k, 1, 0, self.n - 1)
            (self.direction,) = numbers(direction, 1, -1, 1)
            self.trees += [("monotone", None)] * abs(self.direction)
        else:
            _, scope, copies, ball, sets = parts(claim, "kind", "scope", "copies", "ball", "sets")
            right = self.kind == "excluded" and scope in ("relaxation", "admissible") and len(parts(copies)) < 2
            admit(right, "an unknown claim, or about other inputs, or more than two copies")
            self.trees.append((scope, None))
            used |= {self.read_copy(*parts(copy)) for copy in copies}
            self.read_sets(ball, sets, 1 + self.n + sum(len(layers[-1][0]) for layers, *_ in self.copies))
        admit(self.trees and used == {*range(len(self.networks))}, "no claim, or of other networks")

    def read_copy(self, network, text):
        """A further copy of a network: its input shares all coordinates with the first one's but its own."""
        (index,), own = numbers(network, 1, 0, len(self.networks) - 1), numbers(text, None, 0) if text != "" else []
        admit(len({*own}) == len(own) and max(own, default=0) < self.n, "a copy has no such inputs")
        columns = [*{**dict(zip(range(self.n), range(self.n))), **dict(zip(own, range(self.n, 2 * self.n)))}.values()]
        for column in (self.lower, self.upper, self.whole, self.names):
            column += [column[k] for k in own]
        self.n += len(own)
        for forms in self.facts:
            forms += [[(k and columns[k - 1] + 1, c) for k, c in form] for form in forms]
        self.copies.append((self.networks[index], columns, self.called[index][0]))
        return index

    def read_sets(self, ball, sets, size):
        """The ball; the sets that must stay empty, each a list of (strict, coefficients, their exponent)."""
        if ball is not None:
            norm, centre, radius = parts(ball, "norm", "centre", "radius")
            (D, *X), (p, q) = numbers(centre, self.n + 1), numbers(radius, 2, 0)
            admit(norm in ("l1", "l2", "linf") and D > 0 and q > 0, "not a ball of norm l1, l2 or linf")
            self.ball = norm, D, X, p, q
        least, most = -1 << CLAIM_BITS, 1 << CLAIM_BITS
        for members in map(parts, parts(sets)):
            rows = ((strict, numbers(text, size, least, most), e) for strict, e, text in map(parts, members))
            self.sets.append([(strict, row, *numbers(e, 1, 0, EXPONENT)) for strict, row, e in rows])
            admit({type(s) for s, *_ in self.sets[-1]} == {bool}, "a set without an inequality, or not strict or not")
        admit(self.sets, "no set is excluded")

    def prepare(self):
        """The levels, and how large forms may grow."""
        self.levels, self.units, self.scale, longest = [], 0, 0, 0
        widest = max((c.bit_length() for members in self.sets for _, row, _ in members for c in row), default=0)
        for layers, columns, _ in self.copies:
            exponent, bits = 0, 0
            for rows, e in layers:
                exponent, count = exponent + e, 0 if rows is layers[-1][0] else len(rows)
                width = e + max(c.bit_length() for row in rows for c in row) + len(rows[0]).bit_length()
                bits, widest = bits + width, max(widest, width)
                self.levels.append(Level(rows, columns, self.units, count, exponent))
                self.units, columns, longest = self.units + count, None, max(longest, bits)
                self.scale = max(self.scale, exponent)
        self.slots = 1 + self.n + (self.units if self.sets else 0)
        self.longest = 64 + longest + self.scale + self.exponent + 2 * self.limit.bit_length()
        self.price = 1 + (longest * widest >> 14)
        forms = sum(4 * len(level.rows) for level in self.levels)  # known, a row, kept for the other side, a change
        admit(self.slots * forms * (288 + self.longest) <= MEMORY_BITS, "the forms would need too much memory")


class Cell(Problem):
    """The cell at a node: the units decided on the path, and the rows that hold there."""

    def __init__(self, file):
        super().__init__(file)
        (at_least, equal), first = self.facts, 2 * self.units + len(self.facts[0])
        self.bits, self.proved, self.high = [None] * self.units, [False] * self.units, {}
        # Rows have numbers: units, relaxed units once more, the domain's inequalities, its equalities, the closed sides
        # of the box (of use where there is a ball), branches on the path. A row of but a few coefficients is a tuple of
        # (place, coefficient), which is spread out where it is used.
        self.equal, self.branches = range(first, first + len(equal)), first + len(equal) + 2 * self.n
        sides = [[(0, -sign * bound), (k + 1, sign << self.exponent)] for k in range(self.n)
                 for bound, sign in ((self.lower[k], 1), (self.upper[k], -1)) if bound is not None]  # fmt: skip
        self.rows = dict(enumerate(map(tuple, at_least + equal + sides), 2 * self.units))
        self.trail, self.level, self.left = [], -1, [level.count for level in self.levels]  # the last is 0: of outputs
        self.known = [(None, None, {}, []) for _ in self.levels]  # what `derive` knows of a level
        self.none = [0] * self.units
        self.advance()

    def charge(self, steps):
        """Count work; a file may ask for so much as its size allows."""
        self.work -= steps
        admit(self.work >= 0, "the proof takes more steps than a file of this size may")

    def advance(self):
        """Go to the next level with a unit to decide."""
        while self.level < len(self.left) and not self.left[self.level]:
            self.level += 1
            if self.level < len(self.left) and self.levels[self.level].columns is None:
                (_, _, first, count, _), below = self.levels[self.level - 1], self.known[self.level - 1]
                (before, old, forms, _), bits = self.known[self.level], self.bits[first : first + count]
                if before is not below or old != bits:
                    self.known[self.level] = below, bits, forms if before is below else {}, []

    def derive(self, place, number):
        """A form of a level: the one known, plus what has changed on the level below since it was derived."""
        rows, columns, *_ = self.levels[place]
        (below, bits, forms, changes), slots, row = self.known[place], self.slots, rows[number]
        if columns is not None and number not in forms:  # the last entry of a row is its bias
            forms[number] = bits, spread(slots, *zip([*(k + 1 for k in columns), 0], row))
        if columns is not None:
            return forms[number][1]
        _, _, first, count, e = self.levels[place - 1]
        old, form = forms.get(number) or (self.none, spread(slots, (0, row[-1] << e)))
        if not changes or changes[0] is not old:
            changes[:] = old, [j for j in range(count) if bits[j] != old[j]], [()] * slots
            self.charge(2 * slots * (1 + len(changes[1])) + count)
            zero, steps = [0] * slots, []
            for j in changes[1]:  # relu of a unit below: 0, its form, or the variable of a relaxed unit
                terms = [zero, below[2][j][1]]
                if RELAXED in (old[j], bits[j]):
                    terms.append(spread(slots, (1 + self.n + first + j, 1 << e)))
                steps.append(weigh((1, -1), (terms[bits[j]], terms[old[j]])))
            changes[2] = [*zip(*steps)] or changes[2]
        self.charge(self.price * slots * (1 + len(changes[1])))
        weights = [row[j] for j in changes[1]]
        forms[number] = bits, [c + sum(map(mul, weights, step)) for c, step in zip(form, changes[2])]
        return forms[number][1]

    def form(self, unit):
        """The form of an undecided unit of the present level, times 2^scale."""
        require(self.level < len(self.left), "every unit is decided already")
        _, _, first, count, exponent = self.levels[self.level]
        require(first <= unit < first + count and self.bits[unit] is None, "a unit is decided out of turn")
        self.charge(4 * self.slots + count)
        return [c << self.scale - exponent for c in self.derive(self.level, unit - first)]

    def outputs(self, only=None):
        """The forms of the outputs of all copies (or of one of the first), times 2^scale."""
        require(self.level == len(self.left), "a unit is not decided")
        last = [(k, level) for k, level in enumerate(self.levels) if not level.count]
        wanted = [(k, level.exponent, j) for k, level in last for j in range(len(level.rows)) if only in (None, j)]
        return [[c << self.scale - exponent for c in self.derive(k, j)] for k, exponent, j in wanted]

    def row(self, name):
        """A row of the cell by its number."""
        row = self.rows.get(name)
        require(row is not None, "a proof uses a row that the cell does not have")
        return row if type(row) is list else spread(self.slots, *((k, c << self.scale) for k, c in row))

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

    def maximum(self, fields, forms=()):
        """The sign of max R, R = Σ weights · forms + Σ λ_i h_i, over the box or ball (1: infinite).

        The fields are a weight per form, then pairs of a row and its multiplier.
        """
        self.charge(self.slots * (len(fields) + (len(b"".join(fields)) * self.longest >> 14)))
        split = fields[len(forms) :: 2], fields[: len(forms)] + fields[len(forms) + 1 :: 2]
        names, values = ([int(field, 16) for field in part] for part in split)
        admit(len(values) == len(forms) + len(names), "multipliers are no pairs")
        least, most = min(values, default=0), max(values, default=0)
        admit(-self.limit < least and most < self.limit, "a multiplier is longer than the file's limit")
        rows = [*map(self.rows.get, names)]
        if {*map(type, rows)} != {list}:
            rows = [self.row(name) for name in names]
        signed = zip([None] * len(forms) + names, values)
        wrong = least < 0 and any(value < 0 and name not in self.equal for name, value in signed)
        require(not wrong, "the weight or multiplier of an inequality is negative")
        total, *slopes = weigh(values, [*forms, *rows]) or [0]
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
        else:
            for slope, low, high in zip(slopes, self.lower, self.upper):
                if slope:
                    side = high if slope > 0 else low
                    if side is None:
                        return 1
                    total += slope * side
        return (total > 0) - (total < 0)

    def prove(self, target, fields):
        """target ≤ 0 on the cell."""
        require(int(fields[0], 16) > 0, "the multiplier of what is to be proved is not positive")
        require(self.maximum(fields, [target]) <= 0, "a proof does not prove its statement")

    def used(self, fields):
        """The rows that have positive multipliers."""
        return [int(name, 16) for name, value in zip(fields[::2], fields[1::2]) if int(value, 16) > 0]

    def prove_empty(self, fields, forms=(), strict=False):
        """No point of the cell (at which the weighted forms are ≥ 0, or > 0) is left."""
        sign, used = self.maximum(fields, forms), self.used(fields[len(forms) :])
        chosen = [k for k in used if k < self.units and self.bits[k] == 1 and not self.proved[k]]
        require(sign < 0 or (sign == 0 and (strict or chosen)), "a proof does not prove that nothing is left")

    def read_point(self, fields):
        """D X₁ … X_n: a point X / D of the domain."""
        e, (D, *X), (at_least, equal) = self.exponent, [int(field, 16) for field in fields], self.facts
        admit(len(X) == self.n and D > 0, "a point has a denominator and a number per input")
        admit(max(D, *map(abs, X)) < self.point_limit, "a point is longer than the file's limit")
        rows = sum(map(len, at_least + equal)) // self.n + self.units + 2  # the units' are for `show`
        self.charge(rows * (len(fields) + (sum(map(len, fields)) * self.longest >> 14)))
        for x, low, high in zip(X, self.lower, self.upper):
            inside = (low is None or x << e >= low * D) and (high is None or x << e <= high * D)
            require(inside, "a point lies outside the box")
        point = D, *X
        at_least, equal = ([sum(c * point[k] for k, c in form) for form in forms] for forms in self.facts)
        require(min(at_least, default=0) >= 0 and not any(equal), "a point violates a row of the domain")
        return point

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
            admit(len(key) == 1 and key in LINES[status], f"no line of such a tree: {key[:40]!r}")
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
            admit(abs(value) < self.limit and steps < self.units + BRANCHES, "a branch is beyond a limit")
            name = self.branches + steps
            self.waiting.append((steps, name, ((0, -value - 1), (unit + 1, 1))))
            return self.go(name, ((0, value), (unit + 1, -1)))
        form = self.form(unit)
        admit(key in b"01r" or not rest, "a line has more fields")
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
        admit(text == "".join(map(signs.get, zip(self.bits, self.proved))), "a mark has another path")
        admit(self.open is None and len(self.marks) < MARKS, "a mark within another, or too many of them")
        self.open = begin, len(self.waiting)
        if begin in self.done:
            end, known, counts = self.done[begin]
            admit(known == text and begin < end, "a subtree was checked behind another path")
            self.counts = [a + b for a, b in zip(self.counts, counts, strict=True)]
            self.skipped.append(text)
            self.file.seek(end)
        return begin in self.done

    def close(self, key, fields, status):
        """A line at which a branch of the tree ends."""
        self.counts[3 if self.kind != "partition" else key == b"u"] += 1
        admit(not fields or key not in b"ug", "a line has more fields")
        if key == b"p":
            self.show(fields)
        elif key == b"e":
            self.prove_empty(fields)
        elif key == b"g":
            slope = self.outputs(self.output)[0][self.input + 1]
            require(slope * self.direction >= 0, "an output moves the other way")
        elif key == b"f":  # a row with a multiplier is 0 on the cell, but not at this point of the domain
            point, proof = self.read_point(fields), read_node(self.file)
            require(self.maximum(proof) <= 0, "a proof does not prove its statement")
            away = (sum(map(mul, self.row(name), point)) for name in self.used(proof))
            require(any(away), "no row of the proof differs from 0 at the point")
            if status == "lower-dimensional":
                key, *fields = read_node(self.file)
                admit(key == b"p", "no point is shown that has the pattern")
                self.show(fields, interior=False)
        elif key == b"c":
            outputs = self.outputs()
            for place, members in enumerate(self.sets):
                key, *fields = read_node(self.file) if place else (key, *fields)
                admit(key == b"c" and len(fields) >= len(members), "a set is not closed")
                self.charge(len(members) * self.slots * (2 + self.price * len(outputs)))
                n, one, zeros = self.n + 1, 1 << self.scale, [0] * (self.slots - self.n - 1)
                forms = [weigh((one, *row[n:]), (row[:n] + zeros, *outputs)) for _, row, _ in members]
                strict = any(strict and int(weight, 16) for (strict, *_), weight in zip(members, fields))
                self.prove_empty(fields, forms, strict)
        return True

    def words(self):
        """What is proved, in words."""
        if self.kind == "partition":
            rest = "; the rest of the domain is not covered" if self.counts[1] else ", and there are no others"
            found = "1 activation region" if self.counts[0] == 1 else f"{self.counts[0]:,} activation regions"
            return [f"{found} of the network {'lies' if self.counts[0] == 1 else 'lie'} in the domain{rest}"]
        if self.kind == "monotone":
            output, k = called("output", self.output, self.copies[0][2]), called("input", self.input, self.names)
            return [f"{output} never {'falls' if self.direction > 0 else 'rises'} when {k} rises"]
        if self.kind == "patterns":
            return [f"pattern {text}: {status}" for status, text in self.trees]
        own = sorted((column, k) for k, column in enumerate(self.copies[-1][1]) if column >= self.inputs)
        ends = ("", ""), ("'", " of the copy" if self.copies[-1][0] is self.networks[0] else " of the second network")
        places = [*((k, ends[0]) for k in range(self.inputs)), *((k, ends[1]) for _, k in own)]
        terms = [(f"x{k}{mark}", called("input", k, self.names) + whose) for k, (mark, whose) in places]
        for (mark, whose), (layers, _, names) in zip(ends, self.copies):
            terms += [(f"y{j}{mark}", called("output", j, names) + whose) for j in range(len(layers[-1][0]))]
        found = [f"for every input of the domain (scope: {self.trees[0][0]}{', in a ball' if self.ball else ''}):"]
        for members in self.sets:
            texts = []
            for strict, row, exponent in members:
                named = zip(row, ["", *(name for name, _ in terms)])
                sums = [f"{Fraction(c, 1 << exponent)} {name}".rstrip() for c, name in named if c]
                texts.append(f"{' + '.join(sums) or 0} {'>' if strict else '>='} 0")
            found.append("never: " + " and ".join(texts))
        used = {place for members in self.sets for _, row, _ in members for place, c in enumerate(row[1:]) if c}
        return found + ["where {} is {}".format(*terms[place]) for place in sorted(used)]


def read_model(path, layers):
    """The digest of the network in an .npz file with arrays W0, b0, W1, b1, … of the shapes of these layers."""
    contents, other = [("network",)], f"the certificate is about another network than {path}"
    shapes = {f"W{k}.npy": (len(rows), len(rows[0]) - 1) for k, (rows, _) in enumerate(layers)}
    shapes |= {f"b{k}.npy": (len(rows),) for k, (rows, _) in enumerate(layers)}
    with opened(path) as file, zipfile.ZipFile(file) as archive:
        members = {member.filename: member.file_size for member in archive.infolist() if member.compress_type in (0, 8)}
        admit(len(members) == len(archive.infolist()), f"{path} has an array twice, or compressed in an odd way")
        require({*members} - EXTRAS == {*shapes}, f"{other}: not exactly the arrays {', '.join(shapes)}")
        for name, shape in sorted(shapes.items(), key=lambda item: (int(item[0][1:-4]), item[0])):
            require(members[name] <= HEADER_BYTES + 12 + 8 * math.prod(shape), other)
            data = archive.read(name)
            start = {b"\x93NUMPY\1\0": 10, b"\x93NUMPY\2\0": 12, b"\x93NUMPY\3\0": 12}[data[:8]]
            end = start + int.from_bytes(data[8:start], "little")
            admit(end <= start + HEADER_BYTES and len(data) == members[name], f"{path} has an array with an odd header")
            table = ast.literal_eval(data[start:end].decode("ascii"))
            by_columns, (order, code) = table.pop("fortran_order"), NUMBERS[table.pop("descr")]
            require(repr(table) == repr({"shape": shape}) and type(by_columns) is bool, other)
            read = struct.unpack(f"{order}{math.prod(shape)}{code}", data[end:])
            values = [float(value) + 0.0 for value in read]  # -0 as 0
            admit(all(a == b and a - a == 0 for a, b in zip(values, read)), f"{path} holds odd numbers")
            if by_columns and len(shape) == 2:
                values = [values[i + j * shape[0]] for i in range(shape[0]) for j in range(shape[1])]
            contents.append((shape, *values))
    return digest(*contents)


def read_index(path):
    """The marked subtrees (BEGIN, END) that a file's end names: work for `check_subtrees`; `check` verifies them."""
    with opened(path) as file:
        file.seek(max(0, file.seek(0, 2) - 256))
        file.seek(int(file.read().split()[-1], 16))
        lines = [file.readline(256).split() for _ in range(MARKS + 1)]
        return [(int(line[0], 16), int(line[1], 16)) for line in lines if len(line) == 2]


def check_subtrees(path, *spans):
    """Check the marked subtrees in the bytes BEGIN … END of a file; returns (begin, end, path, counts) for `check`."""
    with opened(path) as file:
        walk, found = Walk(file), []
        for begin, end in spans:
            admit(walk.kind == "partition" and file.tell() <= begin, "there are no marks, or they are out of order")
            file.seek(begin)
            key, text = read_node(file)
            admit(key == b"m" and len(text) == walk.units, "a subtree begins with its mark")
            walk.open, walk.counts = (begin, None), [0, 0, 0, 0]  # so that there is no mark within
            for unit, sign in enumerate(text.decode()):
                if sign != "-":
                    form, bit = walk.form(unit), "0s1".index(sign) // 2
                    walk.go(unit, form if bit else [-c for c in form], bit, sign == "s")
            walk.run(walk.trees[0][0])
            walk.undo(0)
            admit(file.tell() == end, "a marked subtree ends elsewhere")
            found.append((begin, end, text.decode(), walk.counts))
        return found


def check(path, model=None, done=()):
    """Check a file; raises Rejected or Refused, or returns what it proves.

    That is a table with `proved` (texts), `networks`, `domain` and `names` (digests; no names in version 1), `called`
    (the names), `regions`, `unexplored`, `proofs`, `closed` (counts), `skipped` (paths) and `seconds`. `done` holds
    answers of `check_subtrees` for subtrees of the same file.
    """
    start = time.perf_counter()
    with opened(path) as file:
        walk = Walk(file, done)
        same = model is None or read_model(model, walk.networks[0]) == walk.digests[0]
        require(same, f"the certificate is about another network than {model}")
        for status, text in walk.trees:
            walk.run(status, text)
        index = b"".join(b"%x %x\n" % mark for mark in walk.marks)
        index += b"end %x %x %x %x %x\n" % (*walk.counts, file.tell())
        admit(file.read(len(index) + 1) == index, "the index or the last line differs from the tree")
        require(walk.kind != "partition" or walk.counts[0], "a partition without a region")
    counts = dict(zip(("regions", "unexplored", "proofs", "closed"), walk.counts))
    outputs, classes, names = map(list, zip(*walk.called))
    called = {"inputs": walk.names[: walk.inputs], "outputs": outputs, "classes": classes}
    digests = {"networks": [*walk.digests], "domain": walk.domain_digest, "names": names}
    seconds = time.perf_counter() - start
    return {"proved": walk.words(), **digests, "called": called, **counts, "skipped": walk.skipped, "seconds": seconds}


def main(arguments):
    """The command line."""
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        right = len(arguments) == 1 or (len(arguments) == 3 and arguments[1] == "--model")
        admit(right, "usage: checker.py FILE [--model NETWORK.npz]")
        found = check(arguments[0], *arguments[2:])
    except (Rejected, Refused) as error:
        refused = type(error) is Refused
        print(f"{'refused' if refused else 'rejected'}: {error}", file=sys.stderr if refused else sys.stdout)
        return 1 + refused
    del found["called"]
    print("accepted:", *found.pop("proved"), sep="\n  ")
    print(*(f"{name}: {value}" for name, value in found.items()), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
