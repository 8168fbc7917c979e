"""Whether what a certificate states is true, found without its proofs: patterns are enumerated, systems eliminated.

It reads the header by itself, and of the tree of a partition only which paths end in a leaf.
"""

import json
import math
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import product

import oracles

NEAR = 1 << 80
"""Roots are taken to a part of 1 / NEAR."""


def holds(content: bytes) -> bool:
    """Whether the claim of a file that has the form of a certificate is true."""
    head, *lines = content.decode("ascii").splitlines()
    header = json.loads(head)
    claim, networks, domain = header["claim"], json.dumps(header["networks"]), json.dumps(header["domain"])
    if claim["kind"] == "partition":
        return partition_holds(networks, domain, claim["status"], lines)
    return claim_holds(networks, domain, json.dumps(claim))


def integers(text: str) -> list[int]:
    return [int(token, 16) for token in text.split(" ")]


def read_network(layers) -> list[oracles.Layer]:
    found = []
    for exponent, texts in layers:
        rows = [[Fraction(value, 1 << int(exponent, 16)) for value in integers(text)] for text in texts]
        found.append(([row[:-1] for row in rows], [row[-1] for row in rows]))
    return found


def read_domain(domain) -> tuple[list[oracles.Form], list[tuple[str, int | None, int | None]]]:
    """Weak forms (c₁, …, c_n, c₀), and for each input its kind and the integers between which it lies."""
    e, n, forms, inputs = int(domain["exponent"], 16), len(domain["inputs"]), [], []
    for k, (kind, low, high, _) in enumerate(domain["inputs"]):
        sides = [None if side == "*" else Fraction(int(side, 16), 1 << e) for side in (low, high)]
        for side, sign in zip(sides, (1, -1), strict=True):
            if side is not None:
                forms.append([sign * (j == k) for j in range(n)] + [-sign * side])
        low, high = sides
        inputs.append((kind, None if low is None else math.ceil(low), None if high is None else math.floor(high)))
    forms += [[-value for value in row[:-1]] + [row[-1]] for row in map(integers, domain["at_most"])]
    equal = [[-value for value in row[:-1]] + [row[-1]] for row in map(integers, domain["equal"])]
    equal += [[-(j in integers(group)) for j in range(n)] + [1] for group in domain["groups"]]
    for form in equal:
        forms += [form, [-value for value in form]]
    return forms, inputs


@lru_cache(maxsize=1024)
def regions(hidden: str, domain: str) -> dict[str, str]:
    """What each pattern (without the strokes) of the hidden layers is on the relaxation."""
    layers = read_network(json.loads(hidden))
    layers = [*layers, ([[Fraction(0)] * len(layers[-1][1])], [Fraction(0)])]
    found = oracles.classify_all(layers, read_domain(json.loads(domain))[0])
    return {pattern.replace("/", ""): status for pattern, status in found.items()}


def partition_holds(networks: str, domain: str, status: str, lines: list[str]) -> bool:
    (layers,) = json.loads(networks)
    found = regions(json.dumps(layers[:-1]), domain)
    true = {pattern for pattern, kind in found.items() if kind == oracles.REGION}
    leaves, parts = read_paths(lines, sum(len(rows) for _, rows in layers[:-1]))
    if len(set(leaves)) != len(leaves) or not set(leaves) <= true:
        return False
    open_parts = [part for part in parts if status == "truncated"]
    fits = (any(all(a in ("-", b) for a, b in zip(part, pattern, strict=True)) for part in open_parts)
            for pattern in true - set(leaves))  # fmt: skip
    return len(open_parts) == len(parts) and all(fits)


def read_paths(lines: list[str], units: int) -> tuple[list[str], list[str]]:
    """The patterns of the leaves, and the paths (with a dash for each undecided unit) of the unexplored parts."""
    leaves, parts, path, waiting = [], [], {}, []
    for line in lines:
        key, *fields = line.split(" ")
        if key in ("0", "1"):
            path[int(fields[0], 16)] = key
        elif key == "s":
            waiting.append({**path, int(fields[0], 16): "1"})
            path[int(fields[0], 16)] = "0"
        elif key in ("p", "u"):
            (leaves if key == "p" else parts).append("".join(path.get(unit, "-") for unit in range(units)))
            if not waiting:
                break
            path = waiting.pop()
    return leaves, parts


@lru_cache(maxsize=4096)
def claim_holds(networks: str, domain: str, claim_text: str) -> bool:
    claim, tables = json.loads(claim_text), json.loads(networks)
    weak, inputs = read_domain(json.loads(domain))
    layers = [read_network(table) for table in tables]
    if claim["kind"] == "patterns":
        found = regions(json.dumps(tables[0][:-1]), domain)
        right = {"region": {oracles.REGION}, "infeasible": {oracles.INFEASIBLE},
                 "lower-dimensional": {oracles.LOWER_DIMENSIONAL},
                 "flat": {oracles.LOWER_DIMENSIONAL, oracles.INFEASIBLE}}  # fmt: skip
        return all(
            found[bits] in right[status] if status in right else not has_admissible(layers[0], weak, inputs, bits)
            for bits, status in claim["patterns"]
        )
    if claim["kind"] == "monotone":
        output, k, direction = (int(claim[key], 16) for key in ("output", "input", "direction"))
        n = len(inputs)
        both = [lift(form, [*range(n)], n + 1) for form in weak]
        both += [lift(form, [n if j == k else j for j in range(n)], n + 1) for form in weak]
        further = [Fraction(j == n) - Fraction(j == k) for j in range(n + 1)] + [Fraction(0)]
        if oracles.find_point(both, [further], n + 1) is None:
            return True
        found = regions(json.dumps(tables[0][:-1]), domain)
        true = [pattern for pattern, status in found.items() if status == oracles.REGION]
        return all(forms_of(layers[0], pattern)[-1][output][k] * direction >= 0 for pattern in true)
    return all(not is_met(layers, weak, inputs, claim, members) for members in claim["sets"])


def forms_of(layers, bits: str):
    """The forms of every layer under a pattern that is written without strokes."""
    parts, start = [], 0
    for _, bias in layers[:-1]:
        parts.append(bits[start : start + len(bias)])
        start += len(bias)
    return oracles.unit_forms(layers, "/".join(parts) or "-")


def admissible_points(weak, inputs, centre=0) -> Iterator[list[int]]:
    """All admissible inputs where all features are integers (within 50 of 0 where the box is open)."""
    ranges = []
    for kind, low, high in inputs:
        assert kind in "ib", "only domains of integers are enumerated"
        low, high = (-50 if low is None else low), (50 if high is None else high)
        low, high = (max(low, 0), min(high, 1)) if kind == "b" else (low, high)
        ranges.append(range(max(low, -50), min(high, 50) + 1))
    return ([*point] for point in product(*ranges) if oracles.satisfies(weak, [], point))


def has_admissible(layers, weak, inputs, bits: str) -> bool:
    if all(kind in "ib" for kind, _, _ in inputs):
        points = admissible_points(weak, inputs)
        return any(oracles.pattern_at(layers, point).replace("/", "").replace("-", "") == bits for point in points)
    positive, negative = [], []
    for forms, bit in zip((form for layer in forms_of(layers, bits)[:-1] for form in layer), bits, strict=True):
        (positive if bit == "1" else negative).append(forms if bit == "1" else [-c for c in forms])
    return oracles.find_point([*weak, *negative], positive, len(inputs)) is not None


def is_met(layers, weak, inputs, claim, members) -> bool:
    """Whether an input (of all copies) lies in a set; cells are closed, as the map is continuous."""
    n, copies, columns = len(inputs), [layers[0]], [list(range(len(inputs)))]
    for network, own in claim["copies"]:
        places, size = list(range(n)), n
        for k in integers(own) if own else []:
            places[k], size = size, size + 1
        copies.append(layers[int(network, 16)])
        columns.append(places)
        n = size
    at_least = [lift(form, places, n) for places in columns for form in weak] + ball_forms(claim["ball"], n)
    if claim["scope"] == "admissible" and all(kind in "ib" for kind, _, _ in inputs):
        extra = [place for places in columns[1:] for place in places if place >= len(inputs)]
        kinds = [*inputs, *(inputs[columns[1].index(place)] for place in extra)]
        cells = [at_least + fixed(point) for point in admissible_points(at_least, kinds)]
    else:
        cells = [at_least]
    units = [sum(len(bias) for _, bias in copy[:-1]) for copy in copies]
    for cell in cells:
        for bits in product("01", repeat=sum(units)):
            forms, outputs, start = list(cell), [], 0
            for copy, places, count in zip(copies, columns, units, strict=True):
                own, start = "".join(bits[start : start + count]), start + count
                *hidden, last = forms_of(copy, own)
                for form, bit in zip((form for layer in hidden for form in layer), own, strict=True):
                    forms.append(lift(form if bit == "1" else [-c for c in form], places, n))
                outputs += [lift(form, places, n) for form in last]
            loose, strict = list(forms), []
            for sharp, _, text in members:
                row = integers(text)
                own = [*row[1 : n + 1], row[0]]
                total = [
                    c + sum(w * form[k] for w, form in zip(row[n + 1 :], outputs, strict=True))
                    for k, c in enumerate(own)
                ]
                (strict if sharp else loose).append(total)
            if oracles.find_point(loose, strict, n) is not None:
                return True
    return False


def lift(form, places, n):
    """A form on a copy's inputs as one on the inputs of all copies."""
    found = [Fraction(0)] * n + [Fraction(form[-1])]
    for place, value in zip(places, form[:-1], strict=True):
        found[place] = Fraction(value)
    return found


def fixed(point):
    rows = []
    for k, value in enumerate(point):
        row = [Fraction(j == k) for j in range(len(point))] + [Fraction(-value)]
        rows += [row, [-c for c in row]]
    return rows


def ball_forms(ball, n):
    """A ball around a centre; in one dimension all three norms are the same."""
    if ball is None:
        return []
    assert n == 1 or ball["norm"] == "linf", "other balls are no polyhedra"
    (D, *centre), (p, q) = integers(ball["centre"]), integers(ball["radius"])
    radius = Fraction(p, q)
    if ball["norm"] == "l2":
        radius = Fraction(math.isqrt(p * q * NEAR * NEAR), q * NEAR)
    forms = []
    for k, x in enumerate(centre):
        slopes = [[Fraction(sign * (j == k)) for j in range(n)] for sign in (1, -1)]
        forms += [[*row, radius - row[k] * Fraction(x, D)] for row in slopes]
    return forms
