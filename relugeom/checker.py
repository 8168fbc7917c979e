"""Checks a relugeom certificate, trusting nothing but this file and Python's standard library.

    python -I -S checker.py FILE [--model NETWORK.json] [--second-model NETWORK.json] [--domain DOMAIN.json]
                                 [--claim NAME]

prints what FILE proves and ends with exit code 0 (accepted), 1 (rejected: a step does not follow, or FILE is about
something else) or 2 (refused: no certificate of this version, damaged, or beyond a limit). What FILE is about is
compared, number by number, with plain files that you can write yourself (a network may be an .npz file as well); of
what is not compared, look at the digests. A file of many claims is checked claim by claim. certificate/FORMAT.md
defines all files and the claims.

There is one proof form. On a cell, where the forms h_i are ≥ 0 and the forms e_j are 0, R = λ₀ t + Σ λ_i h_i + Σ μ_j
e_j with λ₀ > 0 and λ_i ≥ 0 is computed again from the weights. If R ≤ 0 on the whole box, input by input, then t ≤ 0
on the cell. In a covering tree, where units need not be decided, a form in inputs that is nowhere smaller takes the
place of R.

Notation: numbers are integers over a known 2^e. A *form* c₀ + c₁ x₁ + … is the list of its coefficients: the
constant, the inputs' and, where units may be relaxed, those of a variable per unit; a coefficient's index in the list
is its *place*. *Terms* are the pairs (place, coefficient) of a form that has but a few. A *level* is a layer (of each
copy of a network in turn); units of hidden layers are numbered from 0; a path decides every unit of a level before
the next level begins.

How to read this file: limits and kinds of lines; numbers and texts; the header; the cell at a node (`Cell`: the forms
of units, the path, sums of rows, points); the cell at a node of a covering tree (`Cover`: the path, what units put out,
forms that are nowhere smaller, their maximum); the lines of a tree (`Walk`: one method a kind of line, and the tables
`CHECKS` and `COVER_CHECKS`); what is proved in words; files to compare with; files of many claims; the program. A
docstring names in brackets the section of FORMAT.md that its function checks. What goes wrong raises `Refused` (by
`admit`) or `Rejected` (by `require`); any other exception while a file is read means that the file is damaged, and
refuses it as well.
"""

import ast
import hashlib
import json
import math
import re
import struct
import sys
import time
import zipfile
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain, groupby
from operator import itemgetter, mul, neg
from pathlib import Path
from typing import NamedTuple

# ---------------------------------------------------------------------------------------------------------------------
# Limits, and kinds of lines
# ---------------------------------------------------------------------------------------------------------------------

LINE_BYTES = 1 << 27  # bytes of a line
FIELDS = 1 << 16  # fields of a line of a tree
DIGITS = 1 << 15  # characters of an integer
EXPONENT = 1100  # e, where numbers are over 2^e
LONGEST = 1 << 17  # multiplier_bits and point_bits
CLAIM_BITS = 1 << 12  # bits of the numbers of an inequality
BRANCHES = 1 << 10  # branches on a path
MARKS = 1 << 16  # marks of a tree
LISTS = 1 << 20  # lists and objects of a header
COMMAS = 1 << 23  # commas of a header
MEMORY_BITS = 1 << 33  # bits of all forms together
OBJECT_BITS = 288  # bits that an integer takes besides its own
WORK = 1 << 26  # steps (products of coefficients) that any file may ask for
WORK_PER_BYTE = 1 << 10  # further steps for each byte of it
LONG = 14  # 2^14 bits of numbers, or of the product of their lengths, make a further step
FLOAT_BITS = 1 << 10  # bits of a float64 before its point
TOGETHER = 16  # units of a level whose bounds are computed together
SLOPE_BITS = 20  # slopes in covering trees are integers over 2^20
CLAIMS = 1 << 12  # claims of a file of many
ENTRY_BYTES = 256  # bytes of the line in front of a claim
HEADER_BYTES = 10_000  # bytes of the header of an array in a model, as NumPy has it


class Line:
    """Kinds of lines of a tree: their first fields. [Trees]"""

    INACTIVE = b"0"  # a unit is proved to be inactive
    ACTIVE = b"1"  # a unit is proved to be active
    SPLIT = b"s"  # two subtrees follow: a unit is inactive, a unit is active
    POINT = b"p"  # a leaf: a point has the pattern of the path
    UNEXPLORED = b"u"  # a leaf: nothing is said
    MARK = b"m"  # a subtree begins that can be checked by itself
    EMPTY = b"e"  # a leaf: the cell is proved to be empty
    CLOSED = b"c"  # a leaf: the cell is proved to meet none of the sets
    SLOPE = b"g"  # a leaf: the output has the slope that is claimed
    RELAXED = b"r"  # a variable stands for what a unit puts out
    BRANCH = b"k"  # two subtrees follow: an integer input is at most a value, or above it
    TAKEN = b"t"  # a unit is on the pattern's side
    FLAT = b"f"  # a leaf: the cell is proved to be flat
    HALVED = b"b"  # two subtrees follow: an input is at most a value, or at least
    BOUNDED = b"n"  # units have bounds by back-substitution
    BOUNDED_BY_ROWS = b"d"  # a unit has a bound by back-substitution of a sum with rows
    SLOPES = b"a"  # units have other lines below them


DECISIONS = {Line.INACTIVE, Line.ACTIVE}
PARTITION = DECISIONS | {Line.SPLIT, Line.MARK, Line.POINT}
EXCLUDED = DECISIONS | {Line.SPLIT, Line.RELAXED, Line.EMPTY, Line.CLOSED}
LINES = {  # the lines that a tree may have, by what it proves
    "complete": PARTITION,
    "truncated": PARTITION | {Line.UNEXPLORED},
    "relaxation": EXCLUDED,
    "admissible": EXCLUDED | {Line.BRANCH},
    "monotone": DECISIONS | {Line.SPLIT, Line.SLOPE, Line.EMPTY},
    "region": DECISIONS | {Line.TAKEN, Line.POINT},
    "infeasible": DECISIONS | {Line.TAKEN, Line.EMPTY},
    "inadmissible": DECISIONS | {Line.TAKEN, Line.EMPTY, Line.BRANCH},
    "flat": DECISIONS | {Line.TAKEN, Line.FLAT},
    "lower-dimensional": DECISIONS | {Line.TAKEN, Line.FLAT},
}
COVER = {Line.HALVED, Line.SPLIT, Line.MARK, Line.BOUNDED, Line.BOUNDED_BY_ROWS, Line.SLOPES, Line.EMPTY}
COVER_LINES = {  # the lines that a covering tree may have, by what it proves
    "relaxation": COVER | {Line.CLOSED},
    "admissible": COVER | {Line.CLOSED, Line.BRANCH},
    "monotone": COVER | {Line.SLOPE},
}
ENDS = True  # a branch of the tree ends at a line
GOES_ON = False

UNDECIDED = None  # what a unit is on a path
INACTIVE = 0
ACTIVE = 1
RELAXED = 2
LETTERS = {  # of a decided unit in the PATH of a mark: what it is, and whether that is proved and matters
    "0": (INACTIVE, False),
    "s": (INACTIVE, True),
    "1": (ACTIVE, False),
}
REGIONS = 0  # places of the counts R U P C
UNEXPLORED = 1
PROOFS = 2
CLOSED = 3
QUOTED = 400  # characters of a number in quotes
KINDS = {"c": "continuous", "i": "integer", "b": "binary"}


class Refused(Exception):
    """The file is no certificate of this version, or beyond a limit."""


class Rejected(Exception):
    """A step of the proof does not follow."""


def require(condition, text):
    """Go on only if a step of the proof follows."""
    if not condition:
        raise Rejected(text)


def admit(condition, text):
    """Go on only if the file is one that can be read."""
    if not condition:
        raise Refused(text)


# ---------------------------------------------------------------------------------------------------------------------
# Numbers and texts of a file
# ---------------------------------------------------------------------------------------------------------------------


@contextmanager
def opened(path, entry=None):
    """A file to be read, or the claim of an entry in it: whatever goes wrong with it, but for a step that does not
    follow, means that it is refused.
    """
    try:
        admit(Path(path).is_file(), f"{path} is damaged: no regular file")
        with open(path, "rb") as file:
            yield file if entry is None else Part(file, entry)
    except (Refused, Rejected):
        raise
    except Exception as error:
        raise Refused(f"{path} is damaged ({type(error).__name__}: {str(error)[:80]})") from error


def read_node(file):
    """The fields of the next line of a tree. [The file]

    A field that is no number, as `1-`, fails where it is read as one.
    """
    text = file.readline(LINE_BYTES)
    admit(text.endswith(b"\n"), "a line is too long, or the file ends too early")
    odd = text.translate(None, b"0123456789abcdefgkmnprstu -\n")
    if odd:
        raise Refused(f"not a line of a tree: {text[:40]!r}")
    fields = text[:-1].split(b" ", FIELDS)
    admit(len(fields) <= FIELDS, "a line has too many fields, or a number is too long")
    if len(text) > DIGITS:
        longest = max(map(len, fields))
        admit(longest <= DIGITS, "a line has too many fields, or a number is too long")
    return fields


def integers(fields):
    """The numbers that fields of a line are. [The file]"""
    return [int(field, 16) for field in fields]


def numbers(text, *, size=None, least=None, most=None):
    """Integers of the header, separated by spaces: as many as `size` says, and within bounds. [The file]"""
    admit(type(text) is str and set(text) <= set("0123456789abcdef- "), "not a text of integers")
    tokens = text.split(" ")
    longest = max(map(len, tokens))
    admit(size in (None, len(tokens)) and longest <= DIGITS, f"not {size} integers")
    values = [int(token, 16) for token in tokens]
    admit(least is None or least <= min(values), f"a number is out of range: {text[:40]!r}")
    admit(most is None or max(values) <= most, f"a number is out of range: {text[:40]!r}")
    return values


def number(text, least=None, most=None):
    """One integer of the header, within bounds. [The file]"""
    (value,) = numbers(text, size=1, least=least, most=most)
    return value


def entries(value):
    """The entries of a list of the header. [The header]"""
    admit(type(value) is list, "not a list")
    return value


def keyed(value, *keys):
    """The values of an object that has these keys, in this order, and no others. [The header]"""
    admit(type(value) is dict and tuple(value) == keys, f"the keys are not {', '.join(keys)}")
    return value.values()


def text_content(text):
    """A text as a digest takes it in: `s:`, its length in bytes, `:` and its UTF-8. [The header]"""
    content = text.encode(errors="surrogatepass")
    return b"s:%d:" % len(content) + content


def array_content(shape, values):
    """An array as a digest takes it in: `a`, its shape, `:`, its length in bytes, `:` and float64s. [The header]"""
    content = struct.pack(f"<{len(values)}d", *values)
    return b"a%s:%d:" % (repr(shape).encode(), len(content)) + content


def digest(contents):
    """SHA-256 of texts and arrays. [The header]"""
    state = hashlib.sha256()
    for content in contents:
        state.update(content)
    return state.hexdigest()


def floats(values, exponent):
    """The float64s that values / 2^exponent are; networks and domains hold no other numbers. [The header]"""
    nearest = [value / (1 << exponent) for value in values]
    for value, found in zip(values, nearest):
        numerator, denominator = found.as_integer_ratio()
        admit(numerator << exponent == value * denominator, "a number is not a float64")
    return nearest


def matrix_and_vector(rows, columns, exponent):
    """Rows whose last entries stand apart: two arrays of a digest. [The header]"""
    matrix = floats([value for row in rows for value in row[:-1]], exponent)
    vector = floats([row[-1] for row in rows], exponent)
    return [array_content((len(rows), columns), matrix), array_content((len(rows),), vector)]


# ---------------------------------------------------------------------------------------------------------------------
# Forms
# ---------------------------------------------------------------------------------------------------------------------


def product(values, form):
    """Σ values[i] form[i] over the shorter of the two."""
    return sum(map(mul, values, form))


def products(forms, columns, bits):
    """Σ form · column for each form and column, where that has so many bits more than entries of forms.

    Several forms are packed into one: each entry is a number with a slot of whole bytes for each form, and so is each
    sum. Half of a slot is added to make what is in it positive.
    """
    if len(forms) == 1:
        return [[sum(map(mul, forms[0], column)) for column in columns]]
    longest = max(max(map(max, forms)), -min(map(min, forms))).bit_length()
    size, count = (longest + bits + 8) // 8, len(forms)
    half = 1 << 8 * size - 1
    halves = int.from_bytes(half.to_bytes(size, "little") * count, "little")
    slots = [b"".join([(value + half).to_bytes(size, "little") for value in entries]) for entries in zip(*forms)]
    packed = [int.from_bytes(own, "little") - halves for own in slots]
    sums = [(sum(map(mul, packed, column)) + halves).to_bytes(size * count, "little") for column in columns]
    places = range(0, size * count, size)
    return [[int.from_bytes(own[place : place + size], "little") - half for own in sums] for place in places]


def weigh(values, forms):
    """The form Σ values[i] forms[i]."""
    return [product(values, column) for column in zip(*forms)]


def negative(form):
    """The form −form."""
    return list(map(neg, form))


def spread(size, terms):
    """The form with a given number of coefficients that has these terms."""
    form = [0] * size
    for place, coefficient in terms:
        form[place] = coefficient
    return form


def sign(value):
    """−1, 0 or 1."""
    return (value > 0) - (value < 0)


# ---------------------------------------------------------------------------------------------------------------------
# The header: what a certificate is about
# ---------------------------------------------------------------------------------------------------------------------


class Layer(NamedTuple):
    """Rows of weights with the bias last, integers over 2^exponent."""

    rows: list
    exponent: int


class Names(NamedTuple):
    """What the outputs and classes of a network are called, and the digest of all names (None in version 1)."""

    outputs: list
    classes: list
    digest: str


class Domain(NamedTuple):
    """A box with linear rows, integers over 2^exponent: of x, and then of the own inputs of a copy."""

    exponent: int
    lower: list  # None where a side is open
    upper: list
    integer: list  # whether an input is one
    names: list
    at_least: list  # terms of forms ≥ 0
    equal: list  # terms of forms = 0
    scales: list  # of each of these, e where its integers are over 2^e
    groups: list  # disjoint groups, of which one input is 1


class Copy(NamedTuple):
    """A network on an input that shares all coordinates with x but its own."""

    index: int  # which network
    layers: list
    columns: list  # where its inputs stand among all
    own: list  # the inputs that it does not share
    outputs: list  # what its outputs are called


class Inequality(NamedTuple):
    """row > 0 (strict) or row ≥ 0: the constant, a coefficient per input and one per output, over 2^exponent."""

    strict: bool
    row: list
    exponent: int


class Ball(NamedTuple):
    """Points at most p / q (of norm l2: its square root) from the point centre / denominator."""

    norm: str
    denominator: int
    centre: list
    p: int
    q: int


class Claim(NamedTuple):
    """What is claimed, and the trees that prove it."""

    kind: str
    trees: list  # (what a tree proves: a key of LINES; the pattern that it is about, or None)
    copies: list
    domain: Domain  # of the inputs of all copies
    sets: list = ()  # excluded: lists of inequalities
    ball: Ball = None  # excluded
    output: int = None  # monotone, as what follows
    input: int = None
    direction: int = None


class Level(NamedTuple):
    """A layer of a copy."""

    rows: list
    columns: list  # where the inputs of a first layer stand among all; None in other layers
    first: int  # the number of its first unit
    count: int  # how many units it has; 0 in a layer of outputs
    exponent: int  # its forms are integers over 2^exponent
    own_exponent: int  # its weights are integers over 2^own_exponent


class Problem(NamedTuple):
    """A header."""

    limit: int  # above every multiplier
    point_limit: int  # above every number of a point
    inputs: int  # of x
    networks: list  # as they stand in the header
    digests: list  # of the networks
    domain_digest: str
    domain: dict  # as it stands in the header
    names: list  # of each network
    claim: Claim
    levels: list
    weights: int  # how many numbers the networks have
    units: int
    pairs: int  # of units of two copies; 0 if differences are not bounded
    share_bits: int  # shares of lines of pairs are integers over 2^share_bits; 0 where there is one line
    scale: int  # forms of units and outputs are used times 2^scale
    slots: int  # how many coefficients a form has
    longest: int  # bits that a coefficient may have
    price: int  # steps that a product of coefficients counts for
    bounds: list  # of each level, e where bounds are over 2^e; None if its tree is no covering tree


KEYS = ["format", "version", "multiplier_bits", "point_bits", "networks", "names", "domain", "claim", "bounds"]
KEYS_SINCE = {"names": 2, "bounds": 3}  # versions
COVERING, PAIRED, SHORT = 3, 4, 5  # versions from which trees are covering trees; in which units are paired, or few


def read_problem(file):
    """The problem in the first line of a file. [The header]"""
    header = read_header(file)
    version = read_version(header)
    limit = 1 << number(header["multiplier_bits"], 1, LONGEST)
    point_limit = 1 << number(header["point_bits"], 1, LONGEST)
    networks, digests = zip(*map(read_network, entries(header["networks"])))
    domain, domain_digest = read_domain(header["domain"], networks)
    names = [Names([], [], None)] * len(networks)
    if version > 1:
        names = read_all_names(header["names"], domain.names, networks)
    claim = read_claim(header["claim"], networks_of_levels(version, networks), names, domain)
    levels = read_levels(claim.copies)
    bounds = read_bounds(header["bounds"], levels, claim) if version >= COVERING else None
    units = sum(level.count for level in levels)
    scale = max(level.exponent for level in levels)
    longest, price = measure_forms(claim, scale, limit)
    slots = 1 + len(claim.domain.names) + (units if claim.sets else 0)
    forms = 4 * sum(len(level.rows) for level in levels)  # known, a row, kept for the other side, a change
    kept = slots * forms
    pairs = count_pairs(levels, bounds) if are_paired(version, claim.copies) else 0
    if version >= COVERING:
        longest += FLOAT_BITS + max(bounds) + 2 * SLOPE_BITS * len(levels)
        kept = 8 * (slots + units + 2 * pairs)  # bounds, lines, and coefficients of sums
        longest <<= pairs > 0  # exponents of two copies
    admit(kept * (OBJECT_BITS + longest) <= MEMORY_BITS, "the forms would need too much memory")
    return Problem(
        limit=limit,
        point_limit=point_limit,
        inputs=len(domain.names),
        networks=networks,
        digests=digests,
        domain_digest=domain_digest,
        domain=header["domain"],
        names=names,
        claim=claim,
        levels=levels,
        weights=sum(len(layer.rows) * len(layer.rows[0]) for layers in networks for layer in layers),
        units=units,
        pairs=pairs,
        share_bits=bits_of_shares(version, pairs),
        scale=scale,
        slots=slots,
        longest=longest,
        price=price,
        bounds=bounds,
    )


def read_version(header):
    """The version: its keys are those of the header. [The header]"""
    version = max([1, *(since for key, since in KEYS_SINCE.items() if key in header)])
    if version == COVERING and header.get("version") in (str(PAIRED), str(SHORT)):
        version = int(header["version"])
    right = header.get("format") == "relugeom-certificate" and header.get("version") == str(version)
    admit(right, "not a relugeom certificate of version 1, 2, 3, 4 or 5")
    keyed(header, *(key for key in KEYS if KEYS_SINCE.get(key, 1) <= version))
    return version


def read_header(file):
    """The first line: plain JSON, in which no key appears twice, and within its bounds. [The header]"""
    text = file.readline(LINE_BYTES).decode("ascii", "replace")
    unfit = "not a relugeom certificate: a key appears twice, or the header is too long or not in plain form"
    admit(text.startswith("{"), "not a relugeom certificate: its first line is not a header")
    admit(text.count("[") + text.count("{") <= LISTS and text.count(",") <= COMMAS, unfit)
    header = json.loads(text)
    admit(json.dumps(header) + "\n" == text, unfit)
    if isinstance(file, Part):
        share_network(header, file.entry)
    return header


def read_network(entry):
    """The layers of a network, and its digest. [The header: networks]"""
    layers, contents = [], [text_content("network")]
    for exponent_text, texts in map(entries, entries(entry)):
        exponent = number(exponent_text, 0, EXPONENT)
        rows = [numbers(text) for text in entries(texts)]
        length = len(layers[-1].rows) + 1 if layers else len(rows[0])
        admit(length > 1 and {len(row) for row in rows} == {length}, "layers do not fit each other")
        contents += matrix_and_vector(rows, length - 1, exponent)
        layers.append(Layer(rows, exponent))
    admit(layers, "a network has no layer")
    return layers, digest(contents)


def networks_of_levels(version, networks):
    """The networks whose layers are the levels. [Short networks]"""
    short = list(map(short_layers, networks)) if version == SHORT else networks
    return networks if alike(networks) and not alike(short) else short


def alike(networks):
    """Whether the hidden layers of the first and of the last network have the same widths."""
    return hidden_widths(networks[0]) == hidden_widths(networks[-1])


def hidden_widths(layers):
    """How many units the hidden layers have."""
    return [len(layer.rows) for layer in layers[:-1]]


def short_layers(layers):
    """The layers of the short network, which is the same function. [Short networks]"""
    rows = [layer.rows for layer in layers]
    for k in range(len(layers) - 1):
        rows[k], rows[k + 1] = merged(rows[k], rows[k + 1], layers[k].exponent, layers[k + 1].exponent)
    for k in range(len(layers) - 2, -1, -1):
        used = [unit for unit, column in enumerate(zip(*(row[:-1] for row in rows[k + 1]))) if any(column)]
        rows[k], rows[k + 1] = chosen_units(rows[k], rows[k + 1], used or [0])
    return [Layer(own, layer.exponent) for own, layer in zip(rows, layers)]


def merged(rows, above, exponent, exponent_above):
    """Rows of a level and of the one above, where units that are multiples of one another are one.

    [Short networks]
    """
    rows, above = list(rows), [list(row) for row in above]
    left = {unit for unit, row in enumerate(rows) if any(row[:-1]) or row[-1] > 0}
    for row, units, factors in classes(rows):
        sums = [sum(factor * weights[unit] for unit, factor in zip(units, factors)) for weights in above]
        if are_floats(row, exponent) and are_floats(sums, exponent_above):
            rows[units[0]] = row
            for weights, total in zip(above, sums):
                weights[units[0]] = total
            left.difference_update(units[1:])
    return chosen_units(rows, above, sorted(left) or [0])


def classes(rows):
    """Rows r, the units whose rows are c r for a positive integer c, at least two of them, and c. [Short networks]"""
    parts = [math.gcd(*row) for row in rows]
    directions = sorted(([c // parts[unit] for c in row], unit) for unit, row in enumerate(rows) if parts[unit])
    for direction, members in groupby(directions, key=itemgetter(0)):
        units = [unit for _, unit in members]
        common = math.gcd(*(parts[unit] for unit in units))
        if len(units) > 1:
            yield [common * c for c in direction], units, [parts[unit] // common for unit in units]


def chosen_units(rows, above, units):
    """Rows of a level and of the one above, where only some units are left. [Short networks]"""
    return [rows[unit] for unit in units], [[*(row[unit] for unit in units), row[-1]] for row in above]


def are_floats(values, exponent):
    """Whether all values / 2^exponent are float64s. [Short networks]"""
    ends = [(abs(value).bit_length(), (value & -value).bit_length()) for value in values if value != 0]
    return all(top - end < 53 and top - exponent <= 1024 and end - exponent > -1074 for top, end in ends)


def read_domain(entry, networks):
    """The domain, and its digest. [The header: domain]"""
    exponent_text, inputs, at_most, equal, groups = keyed(entry, "exponent", "inputs", "at_most", "equal", "groups")
    exponent = number(exponent_text, 0, EXPONENT)
    kinds, lows, highs, names = map(list, zip(*map(entries, entries(inputs)), strict=True))
    fits = all(len(layers[0].rows[0]) == len(kinds) + 1 for layers in networks)
    admit(fits and {type(name) for name in names} == {str}, "a domain has other inputs than a network, or bad names")
    lower, upper = read_sides(lows), read_sides(highs)
    contents = [text_content("domain"), side_content(lower, -math.inf, exponent)]
    contents.append(side_content(upper, math.inf, exponent))
    at_least, at_most_contents = read_rows(at_most, len(kinds), exponent)
    equal, equal_contents = read_rows(equal, len(kinds), exponent)
    members, group_rows = read_groups(groups, kinds)
    contents += at_most_contents + equal_contents
    contents.append(text_content(",".join(KINDS[kind] for kind in kinds)))
    contents.append(text_content(repr(members)))
    integer = [kind != "c" for kind in kinds]
    scales = [exponent] * len(at_least + equal) + [0] * len(members)
    facts = at_least, equal + group_rows, scales
    return Domain(exponent, lower, upper, integer, names, *facts, list(members)), digest(contents)


def read_sides(texts):
    """The lower or upper sides of a box; None where it is open. [The header: domain]"""
    return [None if text == "*" else number(text) for text in texts]


def side_content(sides, far, exponent):
    """Sides of a box as an array of a digest. [The header: domain]"""
    values = [far if side is None else floats([side], exponent)[0] for side in sides]
    return array_content((len(sides),), values)


def read_rows(texts, inputs, exponent):
    """The terms of b − a·x for rows a₁ … a_n b, and the rows as arrays of a digest. [The header: domain]"""
    rows = [numbers(text, size=inputs + 1) for text in entries(texts)]
    found = []
    for *coefficients, last in rows:
        terms = [(place, -value) for place, value in enumerate(coefficients, 1) if value != 0]
        found.append([(0, last), *terms])
    return found, matrix_and_vector(rows, inputs, exponent)


def read_groups(texts, kinds):
    """Groups of binary inputs, no one twice, and the terms of 1 − Σ x for each. [The header: domain]"""
    groups = tuple(tuple(numbers(text, least=0)) for text in entries(texts))
    for group in groups:
        binary = len(set(group)) == len(group) and {kinds[k] for k in group} == {"b"}
        admit(binary, "a group has an input twice, or one that is not binary")
    return groups, [[(0, 1), *((k + 1, -1) for k in group)] for group in groups]


def read_all_names(entry, inputs, networks):
    """The names of each network. [The header: names]"""
    return [read_names(own, inputs, layers) for layers, own in zip(networks, entries(entry), strict=True)]


def read_names(entry, inputs, layers):
    """What a network's outputs and classes are called, and the digest of all names. [The header: names]"""
    outputs, classes, found = entries(entry)
    lists = inputs, entries(outputs), entries(classes)
    right = all(type(name) is str for names in lists for name in names) and len(outputs) == len(layers[-1].rows)
    admit(right and len(classes) in (0, max(2, len(outputs))), "the names of outputs or classes do not fit the network")
    contents = [text_content("names")]
    for names in lists:
        contents.append(text_content(str(len(names))))
        contents += map(text_content, names)
    admit(found == digest(contents), "the digest of the names does not match them")
    return Names(outputs, classes, found)


def read_claim(claim, networks, names, domain):
    """The claim. It is about every network. [The claims]"""
    kind = claim["kind"]
    copies = [Copy(0, networks[0], list(range(len(domain.names))), [], names[0].outputs)]
    if kind == "partition":
        found = read_partition(claim, copies, domain)
    elif kind == "patterns":
        found = read_patterns(claim, copies, domain)
    elif kind == "monotone":
        found = read_monotone(claim, copies, domain)
    else:
        found = read_excluded(claim, copies, domain, networks, names)
    used = {copy.index for copy in found.copies}
    admit(found.trees and used == set(range(len(networks))), "nothing is claimed, or a network is left out")
    return found


def read_partition(claim, copies, domain):
    """A claim `partition`. [The claims]"""
    kind, status = keyed(claim, "kind", "status")
    admit(status in ("complete", "truncated"), "a partition is complete or truncated")
    return Claim(kind, [(status, None)], copies, domain)


def read_patterns(claim, copies, domain):
    """A claim `patterns`: one tree each. [The claims]"""
    kind, patterns = keyed(claim, "kind", "patterns")
    units = sum(len(layer.rows) for layer in copies[0].layers[:-1])
    trees = []
    for bits, status in map(entries, entries(patterns)):
        right = type(bits) is str and len(bits) == units and set(bits) <= {"0", "1"} and Line.TAKEN in LINES[status]
        admit(right, "not a pattern of the network, or not a status")
        trees.append((status, bits))
    return Claim(kind, trees, copies, domain)


def read_monotone(claim, copies, domain):
    """A claim `monotone`. [The claims]"""
    kind, output_text, input_text, direction_text = keyed(claim, "kind", "output", "input", "direction")
    output = number(output_text, 0, len(copies[0].layers[-1].rows) - 1)
    place = number(input_text, 0, len(domain.names) - 1)
    direction = number(direction_text, -1, 1)
    trees = [] if direction == 0 else [("monotone", None)]
    return Claim(kind, trees, copies, domain, output=output, input=place, direction=direction)


def read_excluded(claim, copies, domain, networks, names):
    """A claim `excluded`. [The claims]"""
    kind, scope, further, ball, sets = keyed(claim, "kind", "scope", "copies", "ball", "sets")
    right = kind == "excluded" and scope in ("relaxation", "admissible") and len(entries(further)) < 2
    admit(right, "the claim is unknown, is about other inputs, or has more than two copies")
    for entry in further:
        copy = read_copy(entry, networks, names, len(domain.names))
        domain = joint_domain(domain, copy)
        copies = [*copies, copy]
    size = 1 + len(domain.names) + sum(len(copy.layers[-1].rows) for copy in copies)
    ball = None if ball is None else read_ball(ball, len(domain.names))
    return Claim(kind, [(scope, None)], copies, domain, read_sets(sets, size), ball)


def read_copy(entry, networks, names, inputs):
    """A further copy of a network: its own inputs follow those of x. [The claims: copies]"""
    network, text = entries(entry)
    index = number(network, 0, len(networks) - 1)
    own = [] if text == "" else numbers(text, least=0)
    admit(len(set(own)) == len(own) and max(own, default=0) < inputs, "a copy does not have these inputs")
    columns = list(range(inputs))
    for place, k in enumerate(own):
        columns[k] = inputs + place
    return Copy(index, networks[index], columns, own, names[index].outputs)


def joint_domain(domain, copy):
    """The domain of x and of the own inputs of a copy, which obeys the domain too. [The claims: copies]"""
    shared = domain.lower, domain.upper, domain.integer, domain.names
    columns = [column + [column[k] for k in copy.own] for column in shared]
    at_least = domain.at_least + [moved(terms, copy.columns) for terms in domain.at_least]
    equal = domain.equal + [moved(terms, copy.columns) for terms in domain.equal]
    scales = domain.scales[: len(domain.at_least)] * 2 + domain.scales[len(domain.at_least) :] * 2
    own = [[copy.columns[k] for k in group] for group in domain.groups if set(group) <= set(copy.own)]
    return Domain(domain.exponent, *columns, at_least, equal, scales, domain.groups + own)


def moved(terms, columns):
    """The terms of a form of x, as a form of the input whose coordinates stand there. [The claims: copies]"""
    return [(columns[place - 1] + 1 if place > 0 else 0, c) for place, c in terms]


def read_ball(entry, inputs):
    """The ball. [The claims: ball]"""
    norm, centre, radius = keyed(entry, "norm", "centre", "radius")
    denominator, *point = numbers(centre, size=inputs + 1)
    p, q = numbers(radius, size=2, least=0)
    admit(norm in ("l1", "l2", "linf") and denominator > 0 and q > 0, "not a ball of norm l1, l2 or linf")
    return Ball(norm, denominator, point, p, q)


def read_sets(entry, size):
    """The sets that must stay empty. [The claims: sets]"""
    sets = []
    for members in map(entries, entries(entry)):
        found = []
        for strict, exponent_text, text in map(entries, members):
            row = numbers(text, size=size, least=-1 << CLAIM_BITS, most=1 << CLAIM_BITS)
            found.append(Inequality(strict, row, number(exponent_text, 0, EXPONENT)))
        types = {type(inequality.strict) for inequality in found}
        admit(types == {bool}, "a set has no inequality, or does not say whether one is strict")
        sets.append(found)
    admit(sets, "no set is excluded")
    return sets


def read_levels(copies):
    """The levels: all layers, copy by copy. [Trees]"""
    levels, units = [], 0
    for copy in copies:
        exponent = 0
        for place, (rows, own_exponent) in enumerate(copy.layers):
            exponent += own_exponent
            columns = copy.columns if place == 0 else None
            count = 0 if place == len(copy.layers) - 1 else len(rows)
            levels.append(Level(rows, columns, units, count, exponent, own_exponent))
            units += count
    return levels


def read_bounds(text, levels, claim):
    """For each level, e where bounds of its units are over 2^e. Other claims have no covering tree. [The header]"""
    hidden = sum(level.count > 0 for level in levels)
    found = iter(numbers(text, size=hidden, least=0, most=EXPONENT) if hidden else text)
    members = [place for group in claim.domain.groups for place in group]
    right = claim.trees[0][0] in COVER_LINES and claim.ball is None and len(set(members)) == len(members)
    admit(right and (hidden or text == ""), "a covering tree has another claim, a ball, groups that overlap, or bounds")
    return [next(found) if level.count > 0 else 0 for level in levels]


def are_paired(version, copies):
    """Whether units are paired: in a version by itself, or where two copies have the same widths. [Short networks]"""
    if version != SHORT:
        return version == PAIRED
    layers = [copy.layers for copy in copies]
    return len(layers) == 2 and alike(layers) and hidden_widths(layers[0]) != []


def bits_of_shares(version, pairs):
    """Bits of the shares of two lines, if pairs have two. [Two lines]"""
    return SLOPE_BITS if pairs and version == SHORT else 0


def count_pairs(levels, bounds):
    """How many pairs of units there are: both copies have levels of the same widths, and bounds. [The header]"""
    half = len(levels) // 2
    counts = [level.count for level in levels]
    tops = [place for place, count in enumerate(counts) if count == 0]
    right = len(tops) == 2 and counts[:half] == counts[half:] and bounds[:half] == bounds[half:] and half > 1
    admit(right, "units are paired, but there are no two copies whose levels have the same widths and bounds")
    return sum(counts[:half])


def measure_forms(claim, scale, limit):
    """Bits that a coefficient of a form may have, and the price of a product of two. [What must be verified: steps]"""
    widths = [[layer_bits(layer) for layer in copy.layers] for copy in claim.copies]
    longest = max(map(sum, widths))
    widest = max(map(max, widths))
    for members in claim.sets:
        for inequality in members:
            widest = max(widest, *map(int.bit_length, inequality.row))
    bits = 64 + longest + scale + claim.domain.exponent + 2 * limit.bit_length()
    return bits, 1 + (longest * widest >> LONG)


def layer_bits(layer):
    """How many bits a layer adds to the coefficients of forms. [What must be verified: steps]"""
    return layer.exponent + weight_bits(layer)


def weight_bits(layer):
    """How many bits a product with a layer's weights has more than its factor. [What must be verified: steps]"""
    widest = max(value.bit_length() for row in layer.rows for value in row)
    return widest + len(layer.rows[0]).bit_length()


# ---------------------------------------------------------------------------------------------------------------------
# The cell at a node
# ---------------------------------------------------------------------------------------------------------------------


class Known:
    """What is known of a level: forms of its rows, derived on the present path or before the units below changed."""

    def __init__(self, below, bits, forms):
        self.below = below  # what is known of the level below, on whose forms these rest
        self.bits = bits  # what the units below are
        self.forms = forms  # by the number of a row: what the units below were when it was derived, and its form
        self.change = None  # the last `Change` to what the units below are


class Change(NamedTuple):
    """How forms of a level change when units of the level below do."""

    before: list  # what the units below were
    units: list  # those that are something else now (numbered within their level)
    columns: list  # for each place: the change of that coefficient in what each of these units puts out


class Cell:
    """The cell at a node: the units decided on the path, the rows that hold there, and what follows from them.

    Rows have numbers: units, relaxed units once more, the domain's inequalities, its equalities, the closed sides of
    the box (of use where there is a ball), branches on the path. [Trees]
    """

    def __init__(self, problem, work):
        domain, units = problem.claim.domain, problem.units
        self.problem, self.domain, self.work = problem, domain, work
        self.levels, self.units, self.slots, self.n = problem.levels, units, problem.slots, len(domain.names)
        # The path.
        self.trail = []  # of each step: the number of its row, and the level (None for a branch)
        self.bits = [UNDECIDED] * units
        self.proved = [False] * units
        self.level = 0
        self.left = [level.count for level in self.levels]  # units to be decided
        # The rows.
        self.rows = {}  # forms, of units
        self.high = {}  # upper bounds of the variables of relaxed units
        facts = domain.at_least + domain.equal + closed_sides(domain)
        self.terms = dict(enumerate(facts, 2 * units))  # of rows that have but a few: the domain's and branches
        first = 2 * units + len(domain.at_least)
        self.equal = range(first, first + len(domain.equal))
        self.branches = first + len(domain.equal) + 2 * self.n
        # The forms.
        self.none = [INACTIVE] * units
        self.known = [Known(None, None, {}) for _ in self.levels]
        self.point_price = sum(map(len, domain.at_least + domain.equal)) // self.n + units + 2
        self.advance()

    def charge(self, steps):
        """Count work: a file may ask for as much as its size allows. [What must be verified: bounded]"""
        self.work -= steps
        if self.work < 0:
            raise Refused("the proof takes more steps than a file of this size may")

    # The forms of units and outputs, from the weights.

    def advance(self):
        """Go to the next level that has a unit to decide, or past the last one. [Trees]"""
        while self.level < len(self.left) and self.left[self.level] == 0:
            self.level += 1
            if self.level < len(self.left) and self.levels[self.level].columns is None:
                self.enter(self.level)

    def enter(self, place):
        """A level begins: every unit below is decided. [Trees]"""
        below, known, level = self.known[place - 1], self.known[place], self.levels[place - 1]
        bits = self.bits[level.first : level.first + level.count]
        if known.below is not below:
            self.known[place] = Known(below, bits, {})
        elif known.bits != bits:
            self.known[place] = Known(below, bits, known.forms)

    def derive(self, place, row_number):
        """The form of a row of a level: the one known, plus what has changed since. [What must be verified]"""
        level, known = self.levels[place], self.known[place]
        row = level.rows[row_number]
        if level.columns is not None:
            if row_number not in known.forms:
                known.forms[row_number] = known.bits, self.first_form(level.columns, row)
            return known.forms[row_number][1]
        before, form = known.forms.get(row_number) or (self.none, self.bias_form(place, row))
        if known.change is None or known.change.before is not before:
            known.change = self.change(place, before)
        change = known.change
        self.charge(self.problem.price * self.slots * (1 + len(change.units)))
        weights = [row[unit] for unit in change.units]
        form = [c + sum(map(mul, weights, column)) for c, column in zip(form, change.columns)]
        known.forms[row_number] = known.bits, form
        return form

    def first_form(self, columns, row):
        """The form of a row of a first layer. [What must be verified]"""
        terms = [(1 + column, weight) for column, weight in zip(columns, row)]
        return spread(self.slots, [(0, row[-1]), *terms])

    def bias_form(self, place, row):
        """The form of a row of a later layer where all units below are inactive. [What must be verified]"""
        return spread(self.slots, [(0, row[-1] << self.levels[place - 1].exponent)])

    def change(self, place, before):
        """How forms of a level change as the units below are no longer what they were. [What must be verified]"""
        now, count = self.known[place].bits, self.levels[place - 1].count
        units = [unit for unit in range(count) if now[unit] != before[unit]]
        self.charge(2 * self.slots * (1 + len(units)) + count)
        steps = []
        for unit in units:
            after, old = self.put_out(place - 1, unit, now[unit]), self.put_out(place - 1, unit, before[unit])
            steps.append(weigh((1, -1), (after, old)))
        columns = list(zip(*steps)) if steps else [()] * self.slots
        return Change(before, units, columns)

    def put_out(self, place, unit, bit):
        """The form of what a unit of a level puts out: 0, its own form, or its variable. [Trees]"""
        if bit == INACTIVE:
            return [0] * self.slots
        if bit == ACTIVE:
            return self.known[place].forms[unit][1]
        level = self.levels[place]
        return spread(self.slots, [(1 + self.n + level.first + unit, 1 << level.exponent)])

    def scaled(self, place, row_number):
        """The form of a row of a level, times 2^scale. [Trees]"""
        shift = self.problem.scale - self.levels[place].exponent
        return [c << shift for c in self.derive(place, row_number)]

    def form(self, unit):
        """The form of an undecided unit of the present level, times 2^scale. [Trees]"""
        require(self.level < len(self.left), "every unit is decided already")
        level = self.levels[self.level]
        right = level.first <= unit < level.first + level.count and self.bits[unit] is UNDECIDED
        require(right, "a unit is decided out of turn")
        self.charge(4 * self.slots + level.count)
        return self.scaled(self.level, unit - level.first)

    def outputs(self):
        """The forms of the outputs of all copies, times 2^scale. [Trees]"""
        require(self.level == len(self.left), "a unit is not decided")
        found = []
        for place, level in enumerate(self.levels):
            if level.count == 0:
                found += [self.scaled(place, row_number) for row_number in range(len(level.rows))]
        return found

    def output(self, row_number):
        """The form of an output where there is one copy, times 2^scale. [Trees]"""
        require(self.level == len(self.left), "a unit is not decided")
        return self.scaled(len(self.levels) - 1, row_number)

    # The path.

    def decide(self, unit, row, bit, proved=False):
        """A unit of the present level is something from here on, where row ≥ 0. [Trees]"""
        self.rows[unit] = row
        self.trail.append((unit, self.level))
        self.bits[unit] = bit
        self.proved[unit] = proved
        self.left[self.level] -= 1
        if self.left[self.level] == 0:
            self.advance()

    def relax(self, unit, above, chord, high):
        """A variable between 0 and high / 2^e stands for what a unit puts out, where both rows are ≥ 0. [Trees: r]"""
        self.rows[self.units + unit] = chord
        self.high[unit] = high
        self.decide(unit, above, RELAXED)

    def branch(self, row_number, terms):
        """The row of these terms is ≥ 0 from here on. [Trees]"""
        self.terms[row_number] = terms
        self.trail.append((row_number, None))

    def path(self):
        """The PATH of a mark at this node. [Trees: m]"""
        letters = {UNDECIDED: "-", ACTIVE: "1"}
        inactive = {True: "s", False: "0"}
        return "".join(letters.get(bit, inactive[proved]) for bit, proved in zip(self.bits, self.proved))

    def undo(self, length):
        """Back up to the first steps of the path."""
        while len(self.trail) > length:
            row_number, level = self.trail.pop()
            if level is None:
                del self.terms[row_number]
                continue
            del self.rows[row_number]
            if self.bits[row_number] == RELAXED:
                self.rows.pop(self.units + row_number, None)
                self.high.pop(row_number, None)
            self.bits[row_number] = UNDECIDED
            self.proved[row_number] = False
            self.left[level] += 1
            self.level = level

    # What follows from the rows.

    def row(self, row_number):
        """A row of the cell. [Trees: the table of rows]"""
        if row_number in self.rows:
            return self.rows[row_number]
        require(row_number in self.terms, "a proof uses a row that the cell does not have")
        return spread(self.slots, [(place, c << self.problem.scale) for place, c in self.terms[row_number]])

    def maximum(self, fields, forms=()):
        """The sign of max R, R = Σ weights · forms + Σ λ_i h_i, over the box or ball (1: infinite).

        The fields are a weight per form, then pairs of a row and its multiplier. [What must be verified]
        """
        self.charge(self.slots * (len(fields) + (len(b"".join(fields)) * self.problem.longest >> LONG)))
        weights, pairs = fields[: len(forms)], fields[len(forms) :]
        row_numbers = integers(pairs[::2])
        values = integers(weights + pairs[1::2])
        admit(len(values) == len(forms) + len(row_numbers), "multipliers are not in pairs")
        least, most = min(values, default=0), max(values, default=0)
        admit(-self.problem.limit < least and most < self.problem.limit, "a multiplier is longer than the file's limit")
        rows = list(map(self.rows.get, row_numbers))
        if not all(rows):
            rows = list(map(self.row, row_numbers))
        if least < 0:
            self.check_signs(values[: len(forms)], row_numbers, values[len(forms) :])
        constant, *slopes = weigh(values, [*forms, *rows]) or [0]
        constant <<= self.domain.exponent
        for unit, high in self.high.items():  # the variables of relaxed units, between 0 and these
            constant += max(0, slopes[self.n + unit]) * high
        if self.problem.claim.ball is None:
            return sign_on_box(self.domain, constant, slopes)
        return sign_on_ball(self.problem.claim.ball, self.domain.exponent, constant, slopes[: self.n])

    def check_signs(self, weights, row_numbers, multipliers):
        """Only rows that are 0 on the cell may have negative multipliers. [What must be verified]"""
        unfit = "the weight or multiplier of an inequality is negative"
        require(min(weights, default=0) >= 0, unfit)
        for row_number, multiplier in zip(row_numbers, multipliers):
            require(multiplier >= 0 or row_number in self.equal, unfit)

    def prove(self, target, fields):
        """The form is ≤ 0 on the cell. [What must be verified: PROOF]"""
        require(int(fields[0], 16) > 0, "the multiplier of what is to be proved is not positive")
        require(self.maximum(fields, [target]) <= 0, "a proof does not prove its statement")

    def used(self, fields):
        """The numbers of rows that have positive multipliers."""
        pairs = zip(fields[::2], fields[1::2])
        return [int(row_number, 16) for row_number, multiplier in pairs if int(multiplier, 16) > 0]

    def prove_empty(self, fields, forms=(), strict=False):
        """No point of the cell (at which the weighted forms are ≥ 0, or > 0) is left. [What must be verified: e]"""
        largest = self.maximum(fields, forms)
        if largest == 0 and not strict:
            strict = any(map(self.is_chosen, self.used(fields[len(forms) :])))
        require(largest < 0 or (largest == 0 and strict), "a proof does not prove that nothing is left")

    def is_chosen(self, row_number):
        """Whether a row is > 0: that of a unit which is active by a split, or taken. [What must be verified: e]"""
        return row_number < self.units and self.bits[row_number] == ACTIVE and not self.proved[row_number]

    def prove_apart(self, members, fields, outputs):
        """No point of the cell is in the set of these inequalities. [What must be verified: c]"""
        admit(len(fields) >= len(members), "a set is not closed")
        self.charge(len(members) * self.slots * (2 + self.problem.price * len(outputs)))
        forms = [self.inequality_form(each.row, outputs) for each in members]
        strict = any(each.strict and int(weight, 16) > 0 for each, weight in zip(members, fields))
        self.prove_empty(fields, forms, strict)

    def inequality_form(self, row, outputs):
        """The form of an inequality's row, times 2^scale. [What must be verified: c]"""
        own, weights = row[: 1 + self.n], row[1 + self.n :]
        form = spread(self.slots, enumerate(own))
        return weigh((1 << self.problem.scale, *weights), (form, *outputs))

    def prove_flat(self, point, proof):
        """A row is 0 on the cell, but not at this point of the domain. [What must be verified: f]"""
        require(self.maximum(proof) <= 0, "a proof does not prove its statement")
        away = any(product(self.row(row_number), point) != 0 for row_number in self.used(proof))
        require(away, "no row of the proof differs from 0 at the point")

    # Points.

    def read_point(self, fields):
        """D X₁ … X_n: the point X / D lies in the domain; returns [D, X₁, …], so that its products are times D."""
        point = integers(fields)
        denominator, *coordinates = point
        admit(len(coordinates) == self.n and denominator > 0, "a point is not a denominator with one number per input")
        longest = max(denominator, *map(abs, coordinates))
        admit(longest < self.problem.point_limit, "a point is longer than the file's limit")
        self.charge(self.point_price * (len(fields) + (sum(map(len, fields)) * self.problem.longest >> LONG)))
        require(is_in_box(self.domain, denominator, coordinates), "a point lies outside the box")
        at_least = all(value_of_terms(terms, point) >= 0 for terms in self.domain.at_least)
        equal = all(value_of_terms(terms, point) == 0 for terms in self.domain.equal)
        require(at_least and equal, "a point violates a row of the domain")
        return point

    def show(self, fields, interior=True):
        """A point has the path's pattern; in the interior where no z is 0. [What must be verified: p]

        Level by level, the forms of the path are then the network's at the point.
        """
        require(self.level == len(self.left), "a leaf leaves a unit undecided")
        point = self.read_point(fields)
        values = [sum(map(mul, self.rows[unit], point)) for unit in range(self.units)]  # z if active, −z if not
        require(min(values, default=0) >= 0, "a point does not have the pattern of its path")
        for unit in zeros(values):
            require(self.bits[unit] == INACTIVE, "a point has z = 0 at a unit that its path calls active")
            require(self.proved[unit] or not interior, "a point lies on the hyperplane of a unit")


def zeros(values):
    """Where values are 0."""
    return [] if all(values) else [place for place, value in enumerate(values) if value == 0]


def value_of_terms(terms, point):
    """The value of a form at a point."""
    return sum(c * point[place] for place, c in terms)


def closed_sides(domain):
    """The terms of x − lower and upper − x, input by input, where these are. [Trees: the table of rows]"""
    one, sides = 1 << domain.exponent, []
    for place, (low, high) in enumerate(zip(domain.lower, domain.upper), 1):
        if low is not None:
            sides.append([(0, -low), (place, one)])
        if high is not None:
            sides.append([(0, high), (place, -one)])
    return sides


def is_in_box(domain, denominator, coordinates):
    """Whether a point lies in the box. [What must be verified: p]"""
    for x, low, high in zip(coordinates, domain.lower, domain.upper):
        if low is not None and x << domain.exponent < low * denominator:
            return False
        if high is not None and x << domain.exponent > high * denominator:
            return False
    return True


def sign_on_box(domain, constant, slopes):
    """The sign of the maximum of constant + Σ 2^exponent slopes · x, input by input. [What must be verified]"""
    total = constant
    for slope, low, high in zip(slopes, domain.lower, domain.upper):
        if slope != 0:
            side = high if slope > 0 else low
            if side is None:
                return 1
            total += slope * side
    return sign(total)


def sign_on_ball(ball, exponent, constant, slopes):
    """The sign of R at the centre + radius · ‖slopes‖, in the norm that is dual to the ball's. [What must be verified]

    R is that of `sign_on_box`; everything is taken times D, and where the radius is p / q, times q.
    """
    unit = ball.denominator << exponent
    at_centre = constant * ball.denominator + (product(slopes, ball.centre) << exponent)
    if ball.norm == "l1":
        return sign(at_centre * ball.q + ball.p * unit * max(map(abs, slopes)))
    if ball.norm == "linf":
        return sign(at_centre * ball.q + ball.p * unit * sum(map(abs, slopes)))
    if at_centre > 0:  # of norm l2: p / q is the squared radius, and squares are compared
        return 1
    return sign(unit**2 * ball.p * product(slopes, slopes) - at_centre**2 * ball.q)


# ---------------------------------------------------------------------------------------------------------------------
# The cell at a node of a covering tree
# ---------------------------------------------------------------------------------------------------------------------

ONE = 1 << SLOPE_BITS


class PutOut(NamedTuple):
    """What units of a level put out: α z ≤ relu(z) ≤ s z + t for those that are not inactive. [Back-substitution]"""

    units: list  # these units (numbered within their level)
    lower: list  # α, over 2^20
    upper: list  # s, over 2^20; None where there is no such line
    offset: list  # (place among these units, t), where t is not 0, over 2^(20 + B)


class Cover:
    """The cell at a node of a covering tree: the sides of its box, bounds of units, and the signs of split units.

    A sum of z of units (terms: for each level, pairs of a row and a coefficient) and of forms in inputs is replaced by
    a form in inputs that is nowhere smaller on the cell. Where coefficients are over 2^E, constants are over 2^(E + B);
    B is the largest exponent of bounds. Where units are paired, z' is the same unit's of the other copy, d = z' − z,
    and Δ is the difference of what they put out. [Covering trees]
    """

    def __init__(self, problem, work):
        domain, units = problem.claim.domain, problem.units
        self.problem, self.domain, self.levels, self.work = problem, domain, problem.levels, work
        self.units, self.n = units, len(domain.names)
        # The path.
        self.trail = []  # of each change: the table, the place, what stood there, the level of a unit
        self.longest_trail = MEMORY_BITS // (4 * OBJECT_BITS + problem.longest)
        self.box = self.lower, self.upper = list(domain.lower), list(domain.upper)
        self.bounds = self.least, self.most = [None] * units, [None] * units  # of z, over 2^B of the level
        self.slopes = [None] * (units + problem.pairs)  # α, and shares of pairs' first lines, where they were set
        self.changes = self.fall, self.rise = [None] * problem.pairs, [None] * problem.pairs  # bounds of d, over 2^B
        self.signs = [0] * units  # by a split: −1 where z ≤ 0, 1 where z ≥ 0
        self.cuts = [0]  # how many cuts of inputs the path has
        self.is_empty = [False]  # whether sides or bounds contradict each other
        # What is kept of levels: what their units put out, and the weights of those that do.
        self.put_out = [None] * len(self.levels)
        self.chosen = [(None, None, None)] * len(self.levels)
        self.paired = [(None, None, None)] * len(self.levels)
        self.columns = [list(zip(*level.rows))[:-1] for level in self.levels]
        self.find_places()
        self.find_lengths()
        for place in range(self.n):
            self.check_input(place)

    def find_places(self):
        """Where units, outputs, copies, groups and rows stand. [The header]"""
        domain, levels = self.domain, self.levels
        self.level_of = [place for place, level in enumerate(levels) for _ in range(level.count)]
        self.level_of += self.level_of[: self.problem.pairs]
        tops = [place for place, level in enumerate(levels) if level.count == 0]
        self.outputs = [(place, row) for place in tops for row in range(len(levels[place].rows))]
        self.spans = [range(start, top + 1) for start, top in zip([0, *(top + 1 for top in tops)], tops)]
        self.group_of = {place: group for group in domain.groups for place in group}
        self.facts = list(zip(domain.scales, domain.at_least + domain.equal))
        self.first_equal = self.units + len(domain.at_least)

    def find_lengths(self):
        """How long numbers may be. [What must be verified: steps]"""
        layers = [copy.layers for copy in self.problem.claim.copies]
        line_bits = SLOPE_BITS + self.problem.share_bits
        bits = [[line_bits + weight_bits(layer) for layer in own] for own in layers]
        self.growth, self.widest = max(map(sum, bits)), max(map(max, bits))
        if self.problem.pairs:
            self.growth = sum(map(sum, bits))
        sides = [side for side in [0, *self.lower, *self.upper] if side is not None]
        self.side_bits, self.side_limit = max(map(int.bit_length, sides)), 1 << self.domain.exponent + FLOAT_BITS
        self.constant_bits = max(self.problem.bounds)
        self.weight_bits = list(map(weight_bits, self.levels))

    def charge(self, steps):
        """Count work: a file may ask for as much as its size allows. [What must be verified: bounded]"""
        self.work -= steps
        if self.work < 0:
            raise Refused("the proof takes more steps than a file of this size may")

    # The path.

    def change(self, table, place, value, level=None):
        """An entry of a table is another one until the path backs up; the level is that of a unit."""
        admit(len(self.trail) < self.longest_trail, "a path would need too much memory")
        self.trail.append((table, place, table[place], level))
        table[place] = value
        if level is not None:
            self.put_out[level] = None

    def undo(self, length):
        """Back up to the first changes of the path."""
        while len(self.trail) > length:
            table, place, before, level = self.trail.pop()
            table[place] = before
            if level is not None:
                self.put_out[level] = None

    def limit(self, tables, place, value, is_upper, level=None):
        """A side or bound (of tables of lower and upper ones), where it is narrower than before. [Covering trees]"""
        before = tables[is_upper][place]
        if before is None or (value < before if is_upper else value > before):
            self.change(tables[is_upper], place, value, level)
        self.check_order(*(table[place] for table in tables))

    def check_order(self, low, high):
        """Nothing is left where a lower side or bound is above an upper one. [Covering trees: contradiction]"""
        if low is not None and high is not None and low > high:
            self.change(self.is_empty, 0, True)

    def check_input(self, place):
        """Nothing is left where sides cross, or a group cannot add up to 1. [Covering trees: contradiction]"""
        self.check_order(self.lower[place], self.upper[place])
        group = self.group_of.get(place, ())
        self.charge(2 * len(group))
        if group:
            one = 1 << self.domain.exponent
            lows, highs = ([table[member] for member in group] for table in self.box)
            self.check_order(None if None in lows else sum(lows), one)
            self.check_order(one, None if None in highs else sum(highs))

    def cut_input(self, place, value, is_upper):
        """An input is at most, or at least, value / 2^e from here on. [Covering trees: b, k]"""
        self.side_bits = max(self.side_bits, value.bit_length())
        self.change(self.cuts, 0, self.cuts[0] + 1)
        self.limit(self.box, place, value, is_upper)
        self.check_input(place)

    def cut_unit(self, unit, is_upper):
        """z of a unit is at most, or at least, 0 from here on. [Covering trees: s]"""
        self.change(self.signs, unit, -1 if is_upper else 1)
        self.bound(unit, 0, is_upper)

    def bound(self, unit, value, is_upper):
        """z of a unit (d of a pair) is at most, or at least, value / 2^B from here on. [Covering trees: n, d, s]"""
        if unit < self.units:
            self.limit(self.bounds, unit, value, is_upper, self.level_of[unit])
        else:
            self.limit(self.changes, unit - self.units, value, is_upper, self.level_of[unit])
        if self.problem.pairs:
            self.follow(unit % self.problem.pairs)

    def follow(self, pair):
        """Bounds of z' = z + d and of z = z' − d follow from one another. [Pairs]"""
        other, fall, rise = pair + self.problem.pairs, self.fall[pair], self.rise[pair]
        ends = [(self.least[unit], self.most[unit]) for unit in (pair, other)]
        steps = [(fall, rise), (None if rise is None else -rise, None if fall is None else -fall)]
        for unit, own, step in zip((other, pair), ends, steps):
            for is_upper in (False, True):
                if own[is_upper] is not None and step[is_upper] is not None:
                    value = own[is_upper] + step[is_upper]
                    self.limit(self.bounds, unit, value, is_upper, self.level_of[unit])

    def set_slope(self, unit, slope):
        """relu(z) ≥ slope / 2^20 · z is the line below a unit from here on. [Covering trees: a]"""
        self.change(self.slopes, unit, slope, self.level_of[unit])

    # What units put out.

    def lines(self, place):
        """Lines below and above what units of a level put out. [Back-substitution]"""
        if self.put_out[place] is None:
            level = self.levels[place]
            self.charge(4 * level.count)
            highs = self.most[level.first : level.first + level.count]
            units = [unit for unit, high in enumerate(highs) if high is None or high > 0]
            shift = self.constant_bits - self.problem.bounds[place]
            found = [self.lines_of(level.first + unit, shift) for unit in units]
            lower, upper, offset = ([line[k] for line in found] for k in range(3))
            self.put_out[place] = PutOut(units, lower, upper, [(k, t) for k, t in enumerate(offset) if t != 0])
        return self.put_out[place]

    def lines_of(self, unit, shift):
        """α, s and t of a unit that is not inactive. [Back-substitution]"""
        low, high, slope = self.least[unit], self.most[unit], self.slopes[unit]
        if low is not None and low >= 0:
            return ONE, ONE, 0
        if slope is None:
            slope = usual_slope(low, high)
        if high is None:
            return slope, None, 0
        if low is None:
            return slope, 0, high << SLOPE_BITS + shift
        upper = (high << SLOPE_BITS) // (high - low)
        return slope, upper, (ONE - upper) * high << shift

    def pair_lines(self, place):
        """Pairs of a level of which no unit is inactive and d has bounds: where they stand among those that put out
        something, and the lines b d + c above and below Δ. [Pairs]
        """
        both = self.lines(place), self.lines(place + self.spans[1][0])
        known = self.paired[place]
        if known[0] is not both[0] or known[1] is not both[1]:
            first, shift = self.levels[place].first, self.constant_bits - self.problem.bounds[place]
            where = [{unit: k for k, unit in enumerate(each.units)} for each in both]
            self.charge(4 * len(where[0]))
            found = [
                (k, where[1][unit], self.difference_lines(first + unit, shift))
                for unit, k in where[0].items()
                if unit in where[1] and None not in (self.fall[first + unit], self.rise[first + unit])
            ]
            self.paired[place] = *both, found
        return self.paired[place][2]

    def difference_lines(self, pair, shift):
        """The lines p z + q z' + t below Δ and above it: over 2^20, or over 2^40 where there are shares. [Pairs]"""
        units, fall, rise = (pair, pair + self.problem.pairs), self.fall[pair], self.rise[pair]
        first, second = ((self.least[unit], self.most[unit]) for unit in units)
        p, q, t = self.line_above(pair, first, second, fall, rise)
        minus_q, minus_p, minus_t = self.line_above(pair, second, first, -rise, -fall)  # h − h' of the copies exchanged
        return (-minus_p, -minus_q, -minus_t << shift), (p, q, t << shift)

    def line_above(self, pair, first, second, fall, rise):
        """The line above Δ of a pair between these bounds: the first one, or a mean of two. [Two lines]"""
        own = line_in_difference(second, fall, rise)
        if self.problem.share_bits == 0:
            return own
        other, is_usual = line_in_units(first, second, fall, rise)
        share = self.slopes[self.units + pair]
        if other is None:
            share = ONE
        elif share is None:
            share = 0 if is_usual else ONE
        return [share * a + (ONE - share) * b for a, b in zip(own, other or own)]

    def units_below(self, place):
        """The units of the level below that put out something; in a first layer, all inputs. [Back-substitution]"""
        if self.levels[place].columns is not None:
            return None
        return self.lines(place - 1).units

    def weights(self, place, below):
        """A level's weights of units below (of inputs), column by column; of rows that put out something."""
        above = self.lines(place).units
        known_above, known_below, chosen = self.chosen[place]
        if known_above is not above or known_below is not below:
            columns = self.columns[place]
            columns = columns if below is None else [columns[unit] for unit in below]
            self.charge(len(above) * len(columns))
            chosen = [[column[unit] for unit in above] for column in columns]
            self.chosen[place] = above, below, chosen
        return chosen

    # Forms that are nowhere smaller.

    def replaced(self, spans, sums, exponent):
        """The forms in inputs that replace sums of terms of copies, over 2^exponent: per copy an exponent, and forms.

        A copy is a span of levels; both go down together where units are paired. A form is the constant and a
        coefficient per input; None if it would be infinite. [Back-substitution]
        """
        forms, further = [[(0, [])] * len(sums) for _ in spans], [0] * len(spans)
        price, top = self.price_of(sums), max(map(self.height, chain.from_iterable(sums)))
        for depth in range(top, -1, -1):
            places = [span[depth] for span in spans]
            forms = [self.step(place, *each, sums, price) for place, each in zip(places, zip(forms, further))]
            further = [own + self.levels[place].own_exponent for place, own in zip(places, further)]
            if depth > 0:
                forms, further = self.through_level([place - 1 for place in places], forms, further)
        return [(exponent + own, self.in_all(span[0], each)) for own, span, each in zip(further, spans, forms)]

    def height(self, place):
        """How many levels of its copy lie below a level."""
        return place - max(span[0] for span in self.spans if span[0] <= place)

    def price_of(self, sums):
        """What a product costs on the way down. [What must be verified: steps]"""
        longest = max(c.bit_length() for terms in sums for rows in terms.values() for _, c in rows)
        return len(sums) * (1 + ((self.growth + longest) * self.widest >> LONG))

    def step(self, place, forms, further, sums, price):
        """From z of a level to what the units below put out, or to inputs, with the terms of it. [Back-substitution]"""
        rows = [[(row, c << further) for row, c in terms.get(place, ())] for terms in sums]
        return self.below(place, forms, rows, price)

    def through_level(self, places, forms, further):
        """From what units of a level put out to their z, in all copies, over the same exponent. [Back-substitution]"""
        most = max(further)
        sides = [[lifted(form, most - own) for form in each] for each, own in zip(forms, further)]
        found = [self.through_all(places, side) for side in zip(*sides)]
        bits = SLOPE_BITS + (self.problem.share_bits if len(places) > 1 else 0)
        return list(map(list, zip(*found))), [most + bits] * len(places)

    def in_all(self, place, forms):
        """Forms of a copy's inputs among those of all copies; the place is that of its first level."""
        return [self.in_inputs(self.levels[place], *form) for form in forms]

    def below(self, place, forms, rows, price):
        """z = W h + b: from z of a level to what the units below put out, or to inputs. [Back-substitution]

        A form is a constant and coefficients of units that put out something; rows have coefficients of their own.
        """
        level, below = self.levels[place], self.units_below(place)
        size = self.problem.inputs if below is None else len(below)
        self.charge(price * (1 + size) * (1 + len(forms[0][1]) + max(map(len, rows))))
        biases, found = [0] * len(forms), [[0] * size] * len(forms)
        if forms[0][1]:
            values, own = [values for _, values in forms], [level.rows[unit][-1] for unit in self.lines(place).units]
            biases = [product(each, own) for each in values]
            found = products(values, self.weights(place, below), self.weight_bits[place])
        forms = [(constant, bias, each) for (constant, _), bias, each in zip(forms, biases, found)]
        return [self.with_rows(level, below, form, own) for form, own in zip(forms, rows)]

    def with_rows(self, level, below, form, rows):
        """A form, with what biases add to it, to which rows of a level are added. [Back-substitution]"""
        constant, bias, values = form
        for number, c in rows:
            row = level.rows[number]
            bias += c * row[-1]
            weights = row if below is None else [row[unit] for unit in below]
            values = [value + c * weight for value, weight in zip(values, weights)]
        if constant is None:
            return None, values
        return (constant << level.own_exponent) + (bias << self.constant_bits), values

    def through(self, place, constant, values):
        """α z ≤ h ≤ s z + t: from what units of a level put out to their z (None: infinite). [Back-substitution]"""
        _, lower, upper, offset = self.lines(place)
        if constant is None or (None in upper and is_unbounded(upper, values)):
            return None, [0] * len(values)
        total = sum(values[k] * t for k, t in offset if values[k] > 0)
        values = [value * (above if value > 0 else under) for value, under, above in zip(values, lower, upper)]
        return (constant << SLOPE_BITS) + total, values

    def through_all(self, places, forms):
        """The same for the forms of some copies: of both, where units are paired. [Pairs]"""
        if len(places) == 1:
            return [self.through(places[0], *forms[0])]
        values, moved = [list(each) for _, each in forms], []
        for one, other, lines in self.pair_lines(places[0]):
            v, w = values[0][one], values[1][other]
            if v * w < 0:  # V h + V' h' = (V + V') h + V' Δ = (V + V') h' - V Δ
                by_first = abs(v) >= abs(w)
                c = w if by_first else -v
                values[0][one], values[1][other] = (v + w, 0) if by_first else (0, v + w)
                moved.append((one, other, c, lines[c > 0]))
        found = [self.through(place, form[0], each) for place, form, each in zip(places, forms, values)]
        return self.with_differences([lifted(form, self.problem.share_bits) for form in found], moved)

    def with_differences(self, forms, moved):
        """Forms of both copies, to which c (p z + q z' + t) of pairs are added. [Pairs]"""
        (constant, first), (other_constant, second) = forms
        for one, other, c, (p, q, _) in moved:
            first[one] += c * p
            second[other] += c * q
        offset = sum(c * t for _, _, c, (_, _, t) in moved)
        return [(None if constant is None else constant + offset, first), (other_constant, second)]

    def in_inputs(self, level, constant, values):
        """A form of a copy's inputs among those of all copies. [Back-substitution]"""
        if constant is None:
            return None
        form = [constant] + [0] * self.n
        for column, value in zip(level.columns, values):
            form[1 + column] = value
        return form

    # The maximum on the cell.

    def maxima(self, sums, exponent, forms=()):
        """The largest values of sums of terms (over 2^exponent) and of forms: over 2^e, and e (None: infinite).

        The terms of several sums are of the same copies. [Back-substitution]
        """
        parts = [[(0, [0]), *forms] for _ in sums]
        used = [span for span in self.spans if any(place in span for terms in sums for place in terms)]
        together = [used] if self.problem.pairs and used else [[span] for span in used]
        for spans in together:
            for further, found in self.replaced(spans, self.terms_of(spans, sums), exponent):
                for each, form in zip(parts, found):
                    each.append((further, form))
        return list(map(self.maximum, parts))

    def terms_of(self, spans, sums):
        """The terms of some copies."""
        return [
            {place: rows for place, rows in terms.items() if any(place in span for span in spans)} for terms in sums
        ]

    def maximum(self, parts):
        """The largest value of a sum of forms: over 2^e, and e (None: infinite). [Back-substitution]"""
        if any(form is None for _, form in parts):
            return None
        exponent, total = max(own for own, _ in parts), [0] * (1 + self.n)
        self.charge((1 + self.n) * (len(parts) + (self.growth * self.side_bits >> LONG)))
        for own, form in parts:
            for place, c in enumerate(form):
                total[place] += c << exponent - own
        value = self.largest(total)
        return None if value is None else (value, exponent + self.constant_bits + self.domain.exponent)

    def largest(self, form):
        """The largest value of a form in inputs on the box, and on groups as wholes. [Back-substitution]"""
        constant, *slopes = form
        total = 0
        for group in self.domain.groups:
            found = self.largest_on_group(group, [slopes[place] for place in group])
            if found is None:
                return None
            total += found
            for place in group:
                slopes[place] = 0
        for slope, low, high in zip(slopes, self.lower, self.upper):
            if slope != 0:
                side = high if slope > 0 else low
                if side is None:
                    return None
                total += slope * side
        return (constant << self.domain.exponent) + (total << self.constant_bits)

    def largest_on_group(self, group, slopes):
        """The largest Σ slope · x where members lie between their sides and add up to 1. [Back-substitution]"""
        lows = [self.lower[place] for place in group]
        if not any(slopes):
            return 0
        if None in lows:
            return None
        total, left = product(slopes, lows), (1 << self.domain.exponent) - sum(lows)
        for slope, place, low in sorted(zip(slopes, group, lows), reverse=True):
            high = self.upper[place]
            part = left if high is None else min(left, high - low)
            total += slope * part
            left -= part
        return total

    # What follows from the rows.

    def rows(self, fields, exponent, terms):
        """Σ λ h: its forms in inputs; what is in z goes to the terms, over 2^exponent. [Covering trees: rows]"""
        row_numbers, multipliers = integers(fields[::2]), integers(fields[1::2])
        admit(len(row_numbers) == len(multipliers), "multipliers are not in pairs")
        self.check_limit(multipliers)
        self.charge((1 + self.n) * (len(fields) + (len(b"".join(fields)) * self.problem.longest >> LONG)))
        weights, sums = {}, {}
        for row_number, multiplier in zip(row_numbers, multipliers):
            right = multiplier >= 0 or row_number >= self.first_equal
            require(right, "the weight or multiplier of an inequality is negative")
            weights[row_number] = weights.get(row_number, 0) + multiplier
        for row_number, weight in weights.items():
            require(0 <= row_number < self.units + len(self.facts), "a proof uses a row that the cell does not have")
            if row_number < self.units:
                self.add_sign(row_number, weight << exponent, terms)
                continue
            own, fact = self.facts[row_number - self.units]
            form = sums.setdefault(own, [0] * (1 + self.n))
            for place, c in fact:
                form[place] += weight * c
        return [(own, [form[0] << self.constant_bits, *form[1:]]) for own, form in sums.items()]

    def add_sign(self, unit, multiplier, terms):
        """The row of a split unit: −z ≥ 0 or z ≥ 0. [Covering trees: rows]"""
        require(self.signs[unit] != 0, "a proof uses a row that the cell does not have")
        place = self.level_of[unit]
        terms.setdefault(place, []).append((unit - self.levels[place].first, self.signs[unit] * multiplier))

    def check_limit(self, multipliers):
        """Weights and multipliers are as short as the header says. [The header: multiplier_bits]"""
        longest = max(map(abs, multipliers), default=0)
        admit(longest < self.problem.limit, "a multiplier is longer than the file's limit")

    def prove_bounds(self, units):
        """Bounds of units (or pairs) of one level on both sides, by back-substitution. [Covering trees: n]"""
        sums = [self.terms(unit, sign) for unit in units for sign in (1, -1)]
        found = self.maxima(sums, 0)
        for unit, high, low in zip(units, found[::2], found[1::2]):
            self.bound_by(unit, high, True)
            self.bound_by(unit, low, False)

    def terms(self, unit, c):
        """c z, or c d of a pair. [Pairs]"""
        if unit >= self.units:
            pair = unit - self.units
            return {**self.terms(pair, -c), **self.terms(pair + self.problem.pairs, c)}
        place = self.level_of[unit]
        return {place: [(unit - self.levels[place].first, c)]}

    def prove_bound(self, unit, is_upper, divisor, fields):
        """A bound of a unit, by back-substitution of ±divisor z and of rows. [Covering trees: d]"""
        terms = self.terms(unit, divisor if is_upper else -divisor)
        forms = self.rows(fields, 0, terms)
        (found,) = self.maxima([terms], 0, forms)
        self.bound_by(unit, found, is_upper, divisor)

    def bound_by(self, unit, found, is_upper, divisor=1):
        """A bound by a maximum of ±divisor z, rounded outwards. [Covering trees: n, d]"""
        if found is not None:
            value, exponent = found
            quotient = -value // (divisor << exponent - self.problem.bounds[self.level_of[unit]])
            self.bound(unit, -quotient if is_upper else quotient, is_upper)

    def prove_apart(self, members, fields):
        """No point of the cell is in the set of these inequalities. [Covering trees: c]"""
        admit(len(fields) >= len(members), "a set is not closed")
        weights, size = integers(fields[: len(members)]), 1 + self.n
        self.check_limit(weights)
        require(min(weights) >= 0, "the weight or multiplier of an inequality is negative")
        exponent, terms = max(each.exponent for each in members), {}
        forms = self.rows(fields[len(members) :], exponent, terms)
        self.charge(len(members) * (size + len(self.outputs)))
        for weight, each in zip(weights, members):
            own = [weight * c for c in each.row[:size]]
            forms.append((each.exponent, [own[0] << self.constant_bits, *own[1:]]))
            for (place, row), c in zip(self.outputs, each.row[size:]):
                if weight * c != 0:
                    terms.setdefault(place, []).append((row, weight * c << exponent - each.exponent))
        strict = any(each.strict and weight > 0 for each, weight in zip(members, weights))
        self.prove_negative(terms, exponent, forms, strict)

    def prove_empty(self, fields):
        """No point of the cell is left. [Covering trees: e]"""
        if not fields:
            require(self.is_empty[0], "a cell is closed by a contradiction, but there is none")
            return
        terms = {}
        self.prove_negative(terms, 0, self.rows(fields, 0, terms))

    def prove_negative(self, terms, exponent, forms, strict=False):
        """Terms and forms are < 0 on the cell, or ≤ 0 where that does. [Covering trees: c, e]"""
        (found,) = self.maxima([terms], exponent, forms)
        right = found is not None and (found[0] < 0 or (found[0] == 0 and strict))
        require(right, "a proof does not prove that nothing is left")

    # Slopes.

    def slope_bounds(self, output, place):
        """The least and largest slope that an output of one copy may have in an input. [Covering trees: g]"""
        top = len(self.levels) - 1
        below = self.units_below(top)
        row = self.levels[top].rows[output]
        if below is None:
            return row[place], row[place]
        lows = [row[unit] for unit in below]
        highs = list(lows)
        for level in range(top - 1, -1, -1):
            lows, highs = self.hulls(level, lows, highs)
            columns = self.weights(level, self.units_below(level))
            if level == 0:
                columns = [columns[place]]
            self.charge(2 * (1 + (self.growth * self.widest >> LONG)) * (1 + len(lows)) * (1 + len(columns)))
            both = [(weighted(column, lows, highs), weighted(column, highs, lows)) for column in columns]
            lows, highs = [low for low, _ in both], [high for _, high in both]
        return lows[0], highs[0]

    def hulls(self, place, lows, highs):
        """Intervals of slopes in what units of a level put out, as those in their z. [Covering trees: g]"""
        first, units = self.levels[place].first, self.lines(place).units
        active = [self.least[first + unit] is not None and self.least[first + unit] >= 0 for unit in units]
        lows = [low if own else min(low, 0) for low, own in zip(lows, active)]
        highs = [high if own else max(high, 0) for high, own in zip(highs, active)]
        return lows, highs


def lifted(form, shift):
    """A form over an exponent that is larger by the shift."""
    constant, values = form
    return (None if constant is None else constant << shift), [value << shift for value in values]


def is_unbounded(upper, values):
    """Whether a positive value meets a unit without a line above it."""
    return any(line is None and value > 0 for line, value in zip(upper, values))


def weighted(weights, values, others):
    """Σ weight · value, with the other value where the weight is negative."""
    return sum(w * (value if w > 0 else other) for w, value, other in zip(weights, values, others))


# ---------------------------------------------------------------------------------------------------------------------
# The lines of a tree
# ---------------------------------------------------------------------------------------------------------------------


def line_in_difference(second, fall, rise):
    """p, q and t of a line p z + q z' + t in d above Δ, over 2^20 and 2^(20 + B). [Pairs]"""
    if is_active(second) or fall >= 0:
        return -ONE, ONE, 0
    if rise <= 0:
        return 0, 0, 0
    s = (rise << SLOPE_BITS) // (rise - fall)
    return -s, s, (ONE - s) * rise


def line_in_units(first, second, fall, rise):
    """Another one, if there is one, and whether it is used where no share was set. [Two lines]"""
    actives = is_active(first), is_active(second)
    if actives == (False, True):
        return (0, ONE, 0), usual_slope(*first) == 0
    if actives == (False, False) and rise <= 0:
        return line_in_first(*first, rise)
    if actives == (True, True) or None in second:
        return None, False
    low, high = second
    if actives[0]:
        return over_ramp(-ONE, low, high), True
    return over_ramp(0, low, min(rise, high)), 2 * fall > rise and high + low < 2 * rise


def line_in_first(low, high, rise):
    """That in z, where h' − h is at most −h, or at most the rise, which is ≤ 0. [Two lines]"""
    if rise == 0 or high is None:
        return None, False
    slope = ONE if high <= -rise else (-rise << SLOPE_BITS) // high
    return (-slope, 0, 0), low is not None and high + low > 0


def usual_slope(low, high):
    """α where it was not set. [Back-substitution]"""
    return ONE if low is not None and (high is None or high >= -low) else 0


def over_ramp(p, low, top):
    """p z + s z' + t, where s z' + t is above relu(z') and above top, whichever is smaller. [Two lines]"""
    s = (top << SLOPE_BITS) // (top - low)
    return p, s, (ONE - s) * top


def is_active(ends):
    """Whether z ≥ 0 between these bounds. [Back-substitution]"""
    return ends[0] is not None and ends[0] >= 0


class Waiting(NamedTuple):
    """The second subtree of a split or branch, which waits for the end of the first."""

    steps: int  # of the path to the node
    enter: object  # the method of the cell with which it begins
    arguments: tuple


class OpenMark(NamedTuple):
    """A mark whose subtree is being read."""

    begin: int  # the offset of its line
    path: str  # its PATH; a mark of a covering tree has none
    waiting: int  # how many subtrees waited there: as many wait when its own ends
    counts: list  # what was counted before


class Marked(NamedTuple):
    """A marked subtree that was read, or skipped; `check_subtrees` answers with such tables."""

    begin: int
    end: int
    path: str
    counts: list  # what was counted in it


class Walk:
    """Reads trees in preorder and checks every line; counts regions, unexplored parts, proofs and closed cells."""

    def __init__(self, file, done=()):
        size = file.seek(0, 2) + (file.entry.shared_bytes if isinstance(file, Part) else 0)
        file.seek(0)
        self.file, self.problem = file, read_problem(file)
        self.claim = self.problem.claim
        covers = self.problem.bounds is not None
        work = WORK + size * (max(WORK_PER_BYTE, 2 * self.problem.weights) if covers else WORK_PER_BYTE)
        self.cell = Cover(self.problem, work) if covers else Cell(self.problem, work)
        self.lines, self.checks = (COVER_LINES, COVER_CHECKS) if covers else (LINES, CHECKS)
        self.status, self.pattern = None, None  # what the present tree proves, and of which pattern
        self.counts = [0, 0, 0, 0]  # R U P C
        self.waiting = []
        self.marks = []  # each marked subtree
        self.open = None
        self.done = {answer[0]: Marked(*answer) for answer in done}  # answers of `check_subtrees`
        self.skipped = []  # paths of subtrees that were checked before

    def run(self, status, pattern=None):
        """Check the tree of the present cell, which proves something (of a pattern). [What must be verified]"""
        self.status, self.pattern = status, pattern
        allowed, start = self.lines[status], len(self.cell.trail)
        while True:
            key, *fields = read_node(self.file)
            if key not in allowed:
                raise Refused(f"not a line of such a tree: {key[:40]!r}")
            if self.checks[key](self, fields) == GOES_ON:
                continue
            if self.open is not None and self.open.waiting == len(self.waiting):
                begin, path, _, before = self.open
                counts = [now - then for now, then in zip(self.counts, before)]
                self.marks.append(Marked(begin, self.file.tell(), path, counts))
                self.open = None
            if not self.waiting:
                self.cell.undo(start)
                return
            self.turn()

    def turn(self):
        """Go to the second subtree of the last split or branch. [Trees: s, k]"""
        waiting = self.waiting.pop()
        self.cell.undo(waiting.steps)
        waiting.enter(*waiting.arguments)

    def wait(self, enter, *arguments):
        """The second subtree of this node begins with a method of the cell. [Trees: s, k]"""
        self.waiting.append(Waiting(len(self.cell.trail), enter, arguments))

    # Lines in front of a subtree.

    def inactive(self, fields):
        """`0 UNIT PROOF`: z ≤ 0 on the cell. [What must be verified: 0, 1]"""
        unit, proof = self.proved_unit(fields)
        form = self.cell.form(unit)
        self.cell.prove(form, proof)
        require(self.pattern is None or self.pattern[unit] == "0", "a proof is about another pattern")
        self.counts[PROOFS] += 1
        self.cell.decide(unit, negative(form), INACTIVE, proved=True)
        return GOES_ON

    def active(self, fields):
        """`1 UNIT PROOF`: −z ≤ 0 on the cell. [What must be verified: 0, 1]"""
        unit, proof = self.proved_unit(fields)
        form = self.cell.form(unit)
        self.cell.prove(negative(form), proof)
        require(self.pattern is None or self.pattern[unit] == "1", "a proof is about another pattern")
        self.counts[PROOFS] += 1
        self.cell.decide(unit, form, ACTIVE, proved=True)
        return GOES_ON

    def split(self, fields):
        """`s UNIT`: z ≤ 0 in the first subtree, z > 0 in the second. [Trees: s]"""
        unit, *rest = integers(fields)
        form = self.cell.form(unit)
        admit(not rest, "a line has too many fields")
        self.wait(self.cell.decide, unit, form, ACTIVE)
        self.cell.decide(unit, negative(form), INACTIVE)
        return GOES_ON

    def taken(self, fields):
        """`t UNIT`: the pattern's side. [Trees: t]"""
        unit, *rest = integers(fields)
        form = self.cell.form(unit)
        admit(not rest, "a line has too many fields")
        if self.pattern[unit] == "1":
            self.cell.decide(unit, form, ACTIVE)
        else:
            self.cell.decide(unit, negative(form), INACTIVE)
        return GOES_ON

    def branch(self, fields):
        """`k INPUT VALUE`: x ≤ VALUE in the first subtree, x ≥ VALUE + 1 in the second. [Trees: k]"""
        place, *rest = integers(fields)
        (value,) = rest
        steps, cell = len(self.cell.trail), self.cell
        require(0 <= place < cell.n and cell.domain.integer[place], "a branch is not on an integer input")
        few = steps < cell.units + BRANCHES
        admit(abs(value) < self.problem.limit and few, "a branch is beyond a limit")
        row_number = cell.branches + steps
        above = [(0, -value - 1), (place + 1, 1)]
        self.wait(cell.branch, row_number, above)
        cell.branch(row_number, [(0, value), (place + 1, -1)])
        return GOES_ON

    def relaxed(self, fields):
        """`r UNIT LOW HIGH` and two lines PROOF: a variable a ≥ 0 stands for relu(z). [Trees: r]

        Everything is times 2^e. z ≤ high and z ≥ low are proved, so that a ≥ z and (high − low) a ≤ high (z − low).
        """
        unit, *rest = integers(fields)
        form, cell, scale, e = self.cell.form(unit), self.cell, self.problem.scale, self.cell.domain.exponent
        low, high = rest
        limit = self.problem.limit
        require(-limit < low < 0 < high < limit, "the bounds of a relaxed unit do not enclose 0, or are too long")
        one = spread(cell.slots, [(0, 1 << scale)])
        variable = spread(cell.slots, [(1 + cell.n + unit, 1 << scale)])
        cell.prove(weigh((1 << e, -high), (form, one)), read_node(self.file))
        cell.prove(weigh((-1 << e, low), (form, one)), read_node(self.file))
        self.counts[PROOFS] += 2
        above = weigh((1, -1), (variable, form))
        chord = weigh((high << e, -high * low, low - high << e), (form, one, variable))
        cell.relax(unit, above, chord, high)
        return GOES_ON

    def mark(self, fields):
        """`m PATH`: a subtree that can be checked by itself; where that is done, it is skipped. [Trees: m]"""
        (path,) = fields
        text = path.decode()
        admit(text == self.cell.path(), "the path of a mark is not the path to it")
        return self.open_mark(self.file.tell() - len(b"m \n") - len(path), text)

    def bare_mark(self, fields):
        """`m`: the same in a covering tree, on whatever path. [Covering trees: m]"""
        admit(not fields, "a line has too many fields")
        return self.open_mark(self.file.tell() - len(b"m\n"), "")

    def open_mark(self, begin, path):
        """A subtree begins; it is skipped where there is an answer. [What must be verified: several processes]"""
        admit(self.open is None and len(self.marks) < MARKS, "a mark lies within another, or there are too many")
        self.open = OpenMark(begin, path, len(self.waiting), self.counts)
        self.counts = [*self.counts]
        if begin not in self.done:
            return GOES_ON
        _, end, known, counts = self.done[begin]
        admit(known == path and begin < end, "a subtree was checked on another path")
        self.counts = [a + b for a, b in zip(self.counts, counts, strict=True)]
        self.skipped.append(path)
        self.file.seek(end)
        return ENDS

    def proved_unit(self, fields):
        """UNIT PROOF: the number, and the fields of the proof. [Trees: 0, 1]"""
        unit, *proof = fields
        return int(unit, 16), proof

    # Lines at which a branch of the tree ends.

    def point(self, fields):
        """`p D X₁ … X_n`: a region, or one of the pattern. [What must be verified: p]"""
        self.counts[REGIONS if self.claim.kind == "partition" else CLOSED] += 1
        self.cell.show(fields)
        return ENDS

    def unexplored(self, fields):
        """`u`: regions may be missing. [Trees: u]"""
        admit(not fields, "a line has too many fields")
        self.counts[UNEXPLORED] += 1
        return ENDS

    def empty(self, fields):
        """`e MULTIPLIERS`: the cell is empty. [What must be verified: e]"""
        self.counts[CLOSED] += 1
        self.cell.prove_empty(fields)
        return ENDS

    def closed(self, fields):
        """`c WEIGHTS MULTIPLIERS`, a line per set: no set has a point in the cell. [What must be verified: c]"""
        self.counts[CLOSED] += 1
        outputs = self.cell.outputs()
        for place, members in enumerate(self.claim.sets):
            if place > 0:
                key, *fields = read_node(self.file)
                admit(key == Line.CLOSED, "a set is not closed")
            self.cell.prove_apart(members, fields, outputs)
        return ENDS

    def slope(self, fields):
        """`g`: the output does not move the other way on the cell. [What must be verified: g]"""
        self.counts[CLOSED] += 1
        admit(not fields, "a line has too many fields")
        slope = self.cell.output(self.claim.output)[1 + self.claim.input]
        require(slope * self.claim.direction >= 0, "an output moves the other way")
        return ENDS

    def flat(self, fields):
        """`f D X₁ … X_n`, then MULTIPLIERS; for lower-dimensional a line `p` follows. [What must be verified: f]"""
        self.counts[CLOSED] += 1
        point = self.cell.read_point(fields)
        self.cell.prove_flat(point, read_node(self.file))
        if self.status == "lower-dimensional":
            key, *fields = read_node(self.file)
            admit(key == Line.POINT, "the tree shows no point with the pattern")
            self.cell.show(fields, interior=False)
        return ENDS

    # Lines in front of subtrees of covering trees.

    def halve(self, fields):
        """`b INPUT VALUE`: x ≤ VALUE / 2^e in the first subtree, x ≥ VALUE / 2^e in the second. [Covering trees: b]"""
        place, value = integers(fields)
        require(0 <= place < self.cell.n, "an input is cut that there is not")
        admit(abs(value) < self.cell.side_limit, "a branch is beyond a limit")
        return self.cut(place, value, value)

    def part(self, fields):
        """`k INPUT VALUE`: x ≤ VALUE in the first subtree, x ≥ VALUE + 1 in the second. [Covering trees: k]"""
        place, value = integers(fields)
        right = 0 <= place < self.cell.n and self.cell.domain.integer[place]
        require(right, "a branch is not on an integer input")
        admit(abs(value) < self.problem.limit, "a branch is beyond a limit")
        e = self.cell.domain.exponent
        return self.cut(place, value << e, value + 1 << e)

    def cut(self, place, most, least):
        """x ≤ most / 2^e in the first subtree, x ≥ least / 2^e in the second. [Covering trees: b, k]"""
        admit(self.cell.cuts[0] < BRANCHES, "a branch is beyond a limit")
        self.wait(self.cell.cut_input, place, least, False)
        self.cell.cut_input(place, most, True)
        return GOES_ON

    def split_any(self, fields):
        """`s UNIT`: z ≤ 0 in the first subtree, z ≥ 0 in the second. [Covering trees: s]"""
        (unit,) = integers(fields)
        right = 0 <= unit < self.problem.units and self.cell.signs[unit] == 0
        require(right, "a unit is split twice, or there is no such unit")
        self.wait(self.cell.cut_unit, unit, False)
        self.cell.cut_unit(unit, True)
        return GOES_ON

    def bounded(self, fields):
        """`n UNIT …`: bounds of z on both sides, unit by unit. [Covering trees: n]"""
        admit(fields, "a line bounds no unit")
        units = integers(fields)
        count = self.problem.units + self.problem.pairs
        require(min(units) >= 0 and max(units) < count, "a bound is about a unit that there is not")
        for _, level in groupby(units, self.cell.level_of.__getitem__):
            together = list(level)  # none is below another
            for start in range(0, len(together), TOGETHER):
                self.cell.prove_bounds(together[start : start + TOGETHER])
        self.counts[PROOFS] += 2 * len(units)
        return GOES_ON

    def bounded_by_rows(self, fields):
        """`d SIDE UNIT λ₀ ROW λ …`: a bound of z on one side. [Covering trees: d]"""
        side, unit, divisor = integers(fields[:3])
        admit(side in (0, 1), "a bound has no side")
        self.cell.check_limit([divisor])
        require(divisor > 0, "the multiplier of what is to be proved is not positive")
        require(0 <= unit < self.problem.units, "a bound is about a unit that there is not")
        self.cell.prove_bound(unit, side == 1, divisor, fields[3:])
        self.counts[PROOFS] += 1
        return GOES_ON

    def sloped(self, fields):
        """`a UNIT A …`: lines below units, of slope A / 2^20. [Covering trees: a]"""
        units, slopes = integers(fields[::2]), integers(fields[1::2])
        admit(units and len(units) == len(slopes), "slopes are not in pairs")
        for unit, slope in zip(units, slopes):
            pairs = self.problem.pairs if self.problem.share_bits else 0
            require(0 <= unit < self.problem.units + pairs, "a slope is about a unit that there is not")
            require(0 <= slope <= ONE, "the slope of a line below a unit is not between 0 and 1")
            self.cell.set_slope(unit, slope)
        return GOES_ON

    # Lines at which a branch of a covering tree ends.

    def empty_cell(self, fields):
        """`e MULTIPLIERS`: the cell is empty. [Covering trees: e]"""
        self.counts[CLOSED] += 1
        self.cell.prove_empty(fields)
        return ENDS

    def closed_cell(self, fields):
        """`c WEIGHTS MULTIPLIERS`, a line per set: no set has a point in the cell. [Covering trees: c]"""
        self.counts[CLOSED] += 1
        for place, members in enumerate(self.claim.sets):
            if place > 0:
                key, *fields = read_node(self.file)
                admit(key == Line.CLOSED, "a set is not closed")
            self.cell.prove_apart(members, fields)
        return ENDS

    def sloped_cell(self, fields):
        """`g`: the output does not move the other way on the cell. [Covering trees: g]"""
        self.counts[CLOSED] += 1
        admit(not fields, "a line has too many fields")
        low, high = self.cell.slope_bounds(self.claim.output, self.claim.input)
        require((low if self.claim.direction > 0 else -high) >= 0, "an output may move the other way")
        return ENDS


CHECKS = {
    Line.INACTIVE: Walk.inactive,
    Line.ACTIVE: Walk.active,
    Line.SPLIT: Walk.split,
    Line.POINT: Walk.point,
    Line.UNEXPLORED: Walk.unexplored,
    Line.MARK: Walk.mark,
    Line.EMPTY: Walk.empty,
    Line.CLOSED: Walk.closed,
    Line.SLOPE: Walk.slope,
    Line.RELAXED: Walk.relaxed,
    Line.BRANCH: Walk.branch,
    Line.TAKEN: Walk.taken,
    Line.FLAT: Walk.flat,
}
COVER_CHECKS = {
    Line.HALVED: Walk.halve,
    Line.BRANCH: Walk.part,
    Line.SPLIT: Walk.split_any,
    Line.MARK: Walk.bare_mark,
    Line.BOUNDED: Walk.bounded,
    Line.BOUNDED_BY_ROWS: Walk.bounded_by_rows,
    Line.SLOPES: Walk.sloped,
    Line.EMPTY: Walk.empty_cell,
    Line.CLOSED: Walk.closed_cell,
    Line.SLOPE: Walk.sloped_cell,
}


# ---------------------------------------------------------------------------------------------------------------------
# What is proved, in words
# ---------------------------------------------------------------------------------------------------------------------


class Term(NamedTuple):
    """A number that an inequality speaks of."""

    symbol: str
    meaning: str


def say(problem, counts):
    """What is proved, in words. [The claims]"""
    claim = problem.claim
    if claim.kind == "partition":
        return [say_partition(counts)]
    if claim.kind == "monotone":
        return [say_monotone(claim)]
    if claim.kind == "patterns":
        return [f"pattern {pattern}: {status}" for status, pattern in claim.trees]
    return say_excluded(problem)


def called(thing, place, names):
    """A thing by its number, and by the name that the file has for it, if any. [The header: names]"""
    return f"{thing} {place} (called {names[place]!r} in the file)" if names else f"{thing} {place}"


def say_partition(counts):
    """What a partition proves. [The claims]"""
    regions = "1 activation region" if counts[REGIONS] == 1 else f"{counts[REGIONS]:,} activation regions"
    lie = "lies" if counts[REGIONS] == 1 else "lie"
    rest = "; the rest of the domain is not covered" if counts[UNEXPLORED] else ", and there are no others"
    return f"{regions} of the network {lie} in the domain{rest}"


def say_monotone(claim):
    """What a claim `monotone` says. [The claims]"""
    output = called("output", claim.output, claim.copies[0].outputs)
    moves = "falls" if claim.direction > 0 else "rises"
    return f"{output} never {moves} when {called('input', claim.input, claim.domain.names)} rises"


def say_excluded(problem):
    """What a claim `excluded` says. [The claims: sets]"""
    claim, terms = problem.claim, name_terms(problem)
    scope = claim.trees[0][0] + (", in a ball" if claim.ball is not None else "")
    found, used = [f"for every input of the domain (scope: {scope}):"], set()
    for members in claim.sets:
        found.append("never: " + " and ".join(say_inequality(inequality, terms) for inequality in members))
        for inequality in members:
            used |= {place for place, c in enumerate(inequality.row[1:]) if c != 0}
    return found + [f"where {terms[place].symbol} is {terms[place].meaning}" for place in sorted(used)]


def name_terms(problem):
    """What the places of an inequality's row are, after the constant. [The claims: sets, copies]"""
    claim, inputs = problem.claim, problem.claim.domain.names
    first, *others = claim.copies
    terms = [Term(f"x{k}", called("input", k, inputs)) for k in range(problem.inputs)]
    outputs = [Term(f"y{j}", called("output", j, first.outputs)) for j in range(len(first.layers[-1].rows))]
    for copy in others:
        whose = " of the copy" if copy.index == 0 else " of the second network"
        terms += [Term(f"x{k}'", called("input", k, inputs) + whose) for k in copy.own]
        own = range(len(copy.layers[-1].rows))
        outputs += [Term(f"y{j}'", called("output", j, copy.outputs) + whose) for j in own]
    return terms + outputs


def say_inequality(inequality, terms):
    """An inequality. [The claims: sets]"""
    symbols = ["", *(term.symbol for term in terms)]
    parts = []
    for coefficient, symbol in zip(inequality.row, symbols):
        if coefficient != 0:
            parts.append(f"{Fraction(coefficient, 1 << inequality.exponent)} {symbol}".rstrip())
    return f"{' + '.join(parts) or 0} {'>' if inequality.strict else '>='} 0"


# ---------------------------------------------------------------------------------------------------------------------
# Files that networks and domain are compared with
# ---------------------------------------------------------------------------------------------------------------------

NETWORK_KEYS = {"format", "version", "squashing", "layers"}
NETWORK_MORE = {"input_names", "output_names", "precision", "decision"}
DOMAIN_KEYS = {"format", "version", "inputs", "at_most", "equal", "groups"}
INPUT_KEYS = ["kind", "lower", "name", "upper"]


def compare_network(path, problem, index):
    """A network of the certificate is that of a file. [Plain files]"""
    claim, layers = problem.claim, problem.networks[index]
    if str(path).endswith(".json"):
        return compare_plain_network(path, layers, claim.domain.names[: problem.inputs], problem.names[index])
    same = read_model(path, layers) == problem.digests[index]
    require(same, f"the certificate is about another network, not that of {path}")


def compare_plain_network(path, layers, inputs, names):
    """Layers and names are those of a plain file. [Plain files]"""
    with opened(path) as file:
        table = read_table(file, "relugeom network", NETWORK_KEYS, NETWORK_MORE)
        compare(f"{path}: the number of layers", len(entries(table["layers"])), len(layers))
        for k, (own, (rows, exponent)) in enumerate(zip(table["layers"], layers)):
            place = f"{path}: layer {k}: "
            compare(f"{place}the keys", sorted(own), ["W", "b"])
            compare_numbers(f"{place}b", own["b"], [row[-1] for row in rows], exponent)
            compare_rows(f"{place}W", own["W"], [row[:-1] for row in rows], exponent)
        compare_names(f"{path}: input_names", table.get("input_names"), inputs)
        if names.digest is not None:
            compare_names(f"{path}: output_names", table.get("output_names"), names.outputs)
            compare_names(f"{path}: class_names", table.get("decision", {}).get("class_names"), names.classes)


def compare_domain(path, problem):
    """The domain, of x, is that of a plain file. [Plain files]"""
    own, exponent = problem.domain, number(problem.domain["exponent"])
    with opened(path) as file:
        table = read_table(file, "relugeom domain", DOMAIN_KEYS)
        compare(f"{path}: the number of inputs", len(entries(table["inputs"])), len(own["inputs"]))
        for k, (entry, (kind, *sides, name)) in enumerate(zip(table["inputs"], own["inputs"])):
            place = f"{path}: inputs[{k}]: "
            compare(f"{place}the keys", sorted(entry), INPUT_KEYS)
            compare(f"{place}name", entry["name"], name)
            compare(f"{place}kind", entry["kind"], KINDS[kind])
            for key, side in zip(("lower", "upper"), sides):
                compare_side(place + key, entry[key], side, exponent)
        for key in ("at_most", "equal"):
            compare_rows(f"{path}: {key}", table[key], [numbers(text) for text in own[key]], exponent)
        compare_rows(f"{path}: groups", table["groups"], [numbers(text) for text in own["groups"]], 0)


def read_table(file, kind, keys, more=frozenset()):
    """The object in a plain file, in which no key appears twice and none is unknown. [Plain files]"""
    text = file.read(LINE_BYTES + 1)
    few = text.count(b"[") + text.count(b"{") <= LISTS
    admit(len(text) <= LINE_BYTES and few, f"{file.name} is too long")
    table = json.loads(text.decode(), parse_int=float, object_pairs_hook=different)
    first = table["format"], repr(table["version"])
    right = first == (kind, "1.0") and keys <= set(table) <= keys | more
    admit(right, f"{file.name} is no file {kind!r} of version 1, or has other keys than {', '.join(sorted(keys))}")
    return table


def different(pairs):
    """The object with these keys and values. [Plain files]"""
    table = dict(pairs)
    admit(len(table) == len(pairs), "a key appears twice in a file to compare with")
    return table


def compare(place, found, own):
    """What stands at a place of a plain file stands in the certificate. [Plain files]"""
    require(found == own, f"{place}: {repr(found)[:60]}, but {repr(own)[:60]} in the certificate")


def compare_names(place, found, own):
    """Names, if a plain file has any. [Plain files]"""
    if found is not None:
        compare(f"{place}: how many", len(entries(found)), len(own))
        for k, name in enumerate(found):
            compare(f"{place}[{k}]", name, own[k])


def compare_side(place, found, own, exponent):
    """A side of an input: null where it is open. [Plain files]"""
    compare(f"{place}: open (null)", found is None, own == "*")
    if own != "*":
        compare_number(place, found, number(own), exponent)


def compare_rows(place, found, rows, exponent):
    """Rows of numbers. [Plain files]"""
    compare(f"{place}: how many rows", len(entries(found)), len(rows))
    for k, row in enumerate(rows):
        compare_numbers(f"{place}[{k}]", found[k], row, exponent)


def compare_numbers(place, found, values, exponent):
    """Numbers that should be values / 2^exponent. [Plain files]"""
    compare(f"{place}: how many numbers", len(entries(found)), len(values))
    for k, (value, own) in enumerate(zip(found, values)):
        compare_number(f"{place}[{k}]", value, own, exponent)


def compare_number(place, found, own, exponent):
    """A number that should be own / 2^exponent. [Plain files]"""
    if value_of(found) != Fraction(own, 1 << exponent):
        compare(place, found, own / (1 << exponent))


def value_of(value):
    """What a number means: the nearest float64; in quotes, exactly what it says. [Plain files]"""
    if type(value) is str:
        short = len(value) <= QUOTED and len(value.lower().partition("e")[2]) <= 4
        admit(short, "a number in quotes is too long")
    else:
        admit(type(value) is float, f"not a number: {repr(value)[:60]}")
    return Fraction(value)


EXTRAS = {"input_names.npy", "output_names.npy", "class_names.npy", "squashing.npy", "decision.npy", "threshold.npy"}
FIRST_BYTES = {b"\x93NUMPY\1\0": 10, b"\x93NUMPY\2\0": 12, b"\x93NUMPY\3\0": 12}  # where its header begins
CODES = {"f2": "e", "f4": "f", "f8": "d", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q", "u8": "Q"}
NUMBERS = {"|i1": ("<", "b"), "|u1": ("<", "B")}  # numbers as NumPy calls them: their order and code in `struct`
for kind, code in CODES.items():
    NUMBERS["<" + kind] = "<", code
    NUMBERS[">" + kind] = ">", code


def read_model(path, layers):
    """The digest of the network in an .npz file, whose arrays W0, b0, W1, b1, … have the shapes of these layers.

    [What must be verified: a model]
    """
    other = f"the certificate is about another network, not that of {path}"
    matrices = [(f"W{k}.npy", (len(rows), len(rows[0]) - 1)) for k, (rows, _) in enumerate(layers)]
    vectors = [(f"b{k}.npy", (len(rows),)) for k, (rows, _) in enumerate(layers)]
    contents = [text_content("network")]
    with opened(path) as file, zipfile.ZipFile(file) as archive:
        plain = [member for member in archive.infolist() if member.compress_type in (0, 8)]  # stored, or deflated
        sizes = {member.filename: member.file_size for member in plain}
        right = len(sizes) == len(archive.infolist())
        admit(right, f"{path} has an array twice, or compressed in an odd way")
        wanted = [name for name, _ in matrices + vectors]
        exactly = f"{other}: not exactly the arrays {', '.join(wanted)}"
        require(set(sizes) - EXTRAS == set(wanted), exactly)
        for pair in zip(matrices, vectors):
            for name, shape in pair:
                require(sizes[name] <= HEADER_BYTES + 12 + 8 * math.prod(shape), other)
                data = archive.read(name)
                values = read_array(data, sizes[name], shape, path)
                require(values is not None, other)
                contents.append(array_content(shape, values))
    return digest(contents)


def read_array(data, size, shape, path):
    """The numbers of an array, row by row; None where its shape is another one. [What must be verified: a model]"""
    start = FIRST_BYTES[data[:8]]
    end = start + int.from_bytes(data[8:start], "little")
    right = end <= start + HEADER_BYTES and len(data) == size
    admit(right, f"{path} has an array with an odd header")
    table = ast.literal_eval(data[start:end].decode("ascii"))
    by_columns = table.pop("fortran_order")
    order, code = NUMBERS[table.pop("descr")]
    if repr(table) != repr({"shape": shape}) or type(by_columns) is not bool:
        return None
    found = struct.unpack(f"{order}{math.prod(shape)}{code}", data[end:])
    values = [float(value) + 0.0 for value in found]  # −0 becomes 0
    plain = all(value == own and math.isfinite(value) for value, own in zip(values, found))
    admit(plain, f"{path} holds odd numbers")
    if by_columns and len(shape) == 2:
        rows, columns = shape
        return [values[row + column * rows] for row in range(rows) for column in range(columns)]
    return values


# ---------------------------------------------------------------------------------------------------------------------
# Subtrees, and the whole
# ---------------------------------------------------------------------------------------------------------------------


def read_index(path, entry=None):
    """The marked subtrees (BEGIN, END) that a file's end names: work for `check_subtrees`; `check` verifies them."""
    with opened(path, entry) as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 256))
        last_field = file.read().split()[-1]
        file.seek(int(last_field, 16))
        found, line = [], file.readline(256).split()
        while len(line) == 2 and len(found) <= MARKS:
            found.append((int(line[0], 16), int(line[1], 16)))
            line = file.readline(256).split()
        return found


def check_subtrees(path, *spans, entry=None):
    """Check the marked subtrees in the bytes BEGIN … END of a file; returns (begin, end, path, counts) for `check`.

    [What must be verified: several processes]
    """
    with opened(path, entry) as file:
        walk, found = Walk(file), []
        if walk.problem.bounds is not None:
            return covered_subtrees(walk, set(read_index(path, entry)), spans)
        for begin, end in spans:
            right = walk.claim.kind == "partition" and file.tell() <= begin
            admit(right, "there are no marks, or they are out of order")
            file.seek(begin)
            key, text = read_node(file)
            admit(key == Line.MARK and len(text) == walk.problem.units, "a subtree begins with its mark")
            walk.open, walk.counts = OpenMark(begin, "", None, None), [0, 0, 0, 0]  # so that there is no mark within
            take_path(walk.cell, text.decode())
            walk.run(walk.claim.trees[0][0])
            walk.cell.undo(0)
            admit(file.tell() == end, "a marked subtree does not end where the index says")
            found.append((begin, end, text.decode(), walk.counts))
        return found


def covered_subtrees(walk, index, spans):
    """The same in a covering tree: what is above the subtrees is checked again, and all others are skipped."""
    others = index - set(spans)
    walk.done = {begin: Marked(begin, end, "", [0, 0, 0, 0]) for begin, end in others}
    walk.run(walk.claim.trees[0][0])
    found = [marked for marked in walk.marks if marked.begin not in walk.done]
    right = [(marked.begin, marked.end) for marked in found] == list(spans)
    admit(right, "these are not marked subtrees, or they are out of order")
    return found


def take_path(cell, path):
    """Take the decisions of the PATH of a mark. [What must be verified: several processes]"""
    for unit, letter in enumerate(path):
        if letter != "-":
            form = cell.form(unit)
            bit, proved = LETTERS[letter]
            cell.decide(unit, form if bit == ACTIVE else negative(form), bit, proved)


def check(path, model=None, done=(), second_model=None, domain=None, entry=None):
    """Check a file, or the claim of an entry in it; raises Rejected or Refused, or returns what it proves. [The file]

    That is a table with `proved` (texts), `networks`, `domain` and `names` (digests; no names in version 1), `called`
    (the names), `regions`, `unexplored`, `proofs`, `closed` (counts), `skipped` (paths), `compared` (texts) and
    `seconds`. `done` holds answers of `check_subtrees` for subtrees of the same file.
    """
    start = time.perf_counter()
    with opened(path, entry) as file:
        walk = Walk(file, done)
        problem = walk.problem
        compared = compare_files(problem, (model, second_model), domain)
        for status, pattern in walk.claim.trees:
            walk.run(status, pattern)
        check_ending(walk, file)
        require(walk.claim.kind != "partition" or walk.counts[REGIONS] > 0, "the partition has no region")
    return {
        "proved": say(problem, walk.counts),
        "networks": list(problem.digests),
        "domain": problem.domain_digest,
        "names": [names.digest for names in problem.names],
        "called": {
            "inputs": walk.claim.domain.names[: problem.inputs],
            "outputs": [names.outputs for names in problem.names],
            "classes": [names.classes for names in problem.names],
        },
        "regions": walk.counts[REGIONS],
        "unexplored": walk.counts[UNEXPLORED],
        "proofs": walk.counts[PROOFS],
        "closed": walk.counts[CLOSED],
        "skipped": walk.skipped,
        "compared": compared,
        "seconds": time.perf_counter() - start,
    }


def compare_files(problem, models, domain):
    """Networks and domain are those of files, as far as there are any; says which. [Plain files]"""
    count, found = len(problem.digests), []
    require(count > 1 or models[1] is None, "the certificate is about one network only")
    for index, (model, name) in enumerate(zip(models[:count], ("network", "second network"))):
        if model is not None:
            compare_network(model, problem, index)
        found.append(f"{name}: {'compared with nothing' if model is None else f'that of {str(model)!r}'}")
    if domain is not None:
        compare_domain(domain, problem)
    return [*found, f"domain: {'compared with nothing' if domain is None else f'that of {str(domain)!r}'}"]


def check_ending(walk, file):
    """Index and last line are those of the tree, and nothing follows. [The file]"""
    lines = [b"%x %x\n" % (marked.begin, marked.end) for marked in walk.marks]
    lines.append(b"end %x %x %x %x %x\n" % (*walk.counts, file.tell()))
    ending = b"".join(lines)
    found = file.read(len(ending) + 1)
    admit(found == ending, "the index or the last line differs from the tree")


# ---------------------------------------------------------------------------------------------------------------------
# Files of many claims
# ---------------------------------------------------------------------------------------------------------------------

MANY = b'{"format": "relugeom-certificates", "version": "1", "network": '  # their first bytes
ENTRY = re.compile(rb"claim ([0-9a-z](?:[0-9a-z-]{0,62}[0-9a-z])?) ([1-9a-f][0-9a-f]{0,15}) ([0-9a-f]{64})\n")


class Entry(NamedTuple):
    """Where a claim is in a file of many. [Files of many claims]"""

    name: str
    begin: int
    size: int
    digest: str
    network: list  # the network that all claims share, as it stands in the file's header
    shared_bytes: int  # of that header


class Part:
    """A claim in a file of many: it reads like a file, with the bytes that a digest names. [Files of many claims]"""

    def __init__(self, file, entry):
        self.file, self.entry = file, entry
        self.seek(0)
        seen = hashlib.sha256()
        while self.tell() < entry.size:
            seen.update(self.read(1 << 20))
        admit(seen.hexdigest() == entry.digest, f"the claim {entry.name} is damaged: its SHA-256 is another one")
        self.seek(0)

    def tell(self):
        """How many bytes were read."""
        return self.file.tell() - self.entry.begin

    def seek(self, offset, whence=0):
        """Go on at an offset from the first byte or, for 2, from the end."""
        place = offset + (self.entry.size if whence == 2 else 0)
        admit(0 <= place <= self.entry.size, "an offset lies outside of the claim")
        self.file.seek(self.entry.begin + place)
        return place

    def readline(self, limit):
        """The next line, or its first bytes."""
        return self.file.readline(min(limit, self.entry.size - self.tell()))

    def read(self, limit=LINE_BYTES):
        """The next bytes."""
        return self.file.read(min(limit, self.entry.size - self.tell()))


def share_network(header, entry):
    """Put the network that all claims share where a claim's header leaves it out. [Files of many claims]"""
    networks = header.get("networks")
    right = isinstance(networks, list) and networks and networks[0] == ""
    admit(right, "a claim in a file of many leaves out its first network, which all share")
    networks[0] = entry.network


def is_many(path):
    """Whether a file begins as one of many claims does. [Files of many claims]"""
    with opened(path) as file:
        return file.read(len(MANY)) == MANY


def read_entries(path):
    """Yield where the claims of a file of many are; raises Refused where it goes wrong. [Files of many claims]"""
    with opened(path) as file:
        end = file.seek(0, 2)
        file.seek(0)
        header, names = read_header(file), set()
        shared = file.tell()
        keyed(header, "format", "version", "network")
        right = (header["format"], header["version"]) == ("relugeom-certificates", "1")
        admit(right and shared < end, "not a file of certificates of version 1, or it holds no claim")
        while file.tell() < end:
            entry = read_entry(file, header["network"], shared)
            admit(entry.name not in names, f"the claim {entry.name} comes twice")
            names.add(entry.name)
            few = len(names) <= CLAIMS and len(names) * shared <= WORK + end * WORK_PER_BYTE
            admit(few, "the file has too many claims, or too many for so large a network")
            after = entry.begin + entry.size
            admit(after <= end, f"the file ends within the claim {entry.name}")
            yield entry
            file.seek(after)


def read_entry(file, network, shared):
    """The line in front of a claim. [Files of many claims]"""
    line = file.readline(ENTRY_BYTES)
    found = ENTRY.fullmatch(line)
    admit(found, f"no claim begins where one should, or the file ends there: {line[:40]!r}")
    name, size, content = found.groups()
    return Entry(name.decode(), file.tell(), int(size, 16), content.decode(), network, shared)


def find_entry(path, name):
    """Where the claim of a name is in a file of many; None for no name. [Files of many claims]"""
    if not name:
        return None
    found = next((entry for entry in read_entries(path) if entry.name == name), None)
    admit(found, f"the file has no claim {name!a}")
    return found


def check_many(path, model=None, second_model=None, domain=None, claim=None):
    """Check a file of many claims; yields each name (of all, or the one asked for) with what `check` returns or raises.

    A second network is compared where a claim has one. [Files of many claims]
    """
    asked = False
    for entry in read_entries(path):
        if claim is not None and entry.name != claim:
            continue
        asked = True
        try:
            yield entry.name, check(path, model, domain=domain, second_model=second_model, entry=entry)
        except (Refused, Rejected) as error:
            yield entry.name, error
    admit(asked, f"the file has no claim {claim!a}")


OPTIONS = {"--model": "model", "--second-model": "second_model", "--domain": "domain", "--claim": "claim"}


def main(arguments):
    """The command line."""
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        chosen = dict(zip(arguments[1::2], arguments[2::2]))
        right = len(arguments) == 1 + 2 * len(chosen) and set(chosen) <= set(OPTIONS)
        admit(right, f"usage: checker.py FILE [{' …] ['.join(OPTIONS)} …]")
        path, options = arguments[0], {OPTIONS[option]: value for option, value in chosen.items()}
        if is_many(path):
            return tell_many(path, options)
        admit("claim" not in options, "--claim is for a file of many claims")
        tell(check(path, **options))
    except Refused as error:
        print(f"refused: {error}", file=sys.stderr)
        return 2
    except Rejected as error:
        print(f"rejected: {error}")
        return 1
    return 0


def tell(found):
    """Print what a file proves."""
    proved, compared, _ = found.pop("proved"), found.pop("compared"), found.pop("called")
    print("accepted:", *proved, sep="\n  ")
    print("about:", *compared, sep="\n  ")
    for name, value in found.items():
        print(f"{name}: {value}")


def tell_many(path, options):
    """Print what each claim of a file of many proves, or why it does not, and how many do; returns the exit code."""
    code, accepted = 0, []
    for name, found in check_many(path, **options):
        if isinstance(found, Exception):
            refused = isinstance(found, Refused)
            print(f"{name}: {'refused' if refused else 'rejected'}: {found}")
            code = max(code, 2 if refused else 1)
            continue
        print(f"{name}: accepted:", *found["proved"], sep="\n  ", flush=True)
        accepted.append(found)
    about = dict.fromkeys(text for found in accepted for text in found["compared"])
    print("about:", *about, sep="\n  ")
    for thing in ("networks", "domain"):
        digests = {str(found[thing]) for found in accepted}
        print(f"{thing}: {', '.join(sorted(digests))}")
    print(f"claims accepted: {len(accepted)}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
