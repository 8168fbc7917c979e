"""The naive truth, in `Fraction` and from the standard library alone: it shares no code with what it checks.

Notation: an affine form is a list (c₁, …, c_n, c₀); a system asks some forms to be ≥ 0 and others to be > 0. Systems
are settled by Fourier–Motzkin elimination, which is slow and short. A network is a list of layers (W, b) of nested
lists.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise, product
from math import gcd, lcm

Form = Sequence[Fraction | int]
Layer = tuple[list[list[Fraction]], list[Fraction]]

REGION, LOWER_DIMENSIONAL, INFEASIBLE = "region", "lower-dimensional", "infeasible"


# --- systems of linear inequalities -------------------------------------------------------------------------------


def find_point(weak: Iterable[Form], strict: Iterable[Form], dimension: int) -> list[Fraction] | None:
    """A point with every weak form ≥ 0 and every strict form > 0, or None where there is none."""
    rows = {(_normal(form), False) for form in weak} | {(_normal(form), True) for form in strict}
    stages = []
    for variable in reversed(range(dimension)):
        rows = _without_duplicates(rows)
        stages.append(rows)
        lower = [row for row in rows if row[0][variable] > 0]
        upper = [row for row in rows if row[0][variable] < 0]
        rows = {row for row in rows if row[0][variable] == 0}
        for below, below_strict in lower:
            for above, above_strict in upper:
                p, q = below[variable], -above[variable]
                form = [q * a + p * b for a, b in zip(below, above, strict=True)]
                rows.add((_normal(form), below_strict or above_strict))
    if any(form[-1] < 0 or (form[-1] == 0 and is_strict) for form, is_strict in rows):
        return None
    point: list[Fraction] = []
    for variable, stage in enumerate(reversed(stages)):
        point.append(_choose(stage, variable, point))
    return point


def _normal(form: Form) -> tuple[int, ...]:
    """The same form up to a positive factor, in coprime integers."""
    scale = lcm(*(Fraction(entry).denominator for entry in form))
    integers = [int(entry * scale) for entry in form]
    divisor = gcd(*integers) or 1
    return tuple(entry // divisor for entry in integers)


def _without_duplicates(rows: set[tuple[tuple[int, ...], bool]]) -> set[tuple[tuple[int, ...], bool]]:
    """Of rows that are parallel and look the same way, the narrowest."""
    best: dict[tuple[int, ...], tuple[Fraction, bool, tuple[int, ...]]] = {}
    for form, is_strict in rows:
        divisor = gcd(*form[:-1])
        if divisor == 0:
            key, offset = (*form[:-1], form[-1]), Fraction(0)
        else:
            key, offset = tuple(entry // divisor for entry in form[:-1]), Fraction(form[-1], divisor)
        known = best.get(key)
        if known is None or (offset, not is_strict) < (known[0], not known[1]):
            best[key] = (offset, is_strict, form)
    return {(form, is_strict) for _, is_strict, form in best.values()}


def _choose(rows: set[tuple[tuple[int, ...], bool]], variable: int, known: list[Fraction]) -> Fraction:
    """A value of one variable, given those before it; elimination promises that there is one."""
    low = high = None
    for form, _ in rows:
        if form[variable]:
            rest = sum((c * x for c, x in zip(form, known, strict=False)), Fraction(form[-1]))
            bound = -rest / form[variable]
            if form[variable] > 0:
                low = bound if low is None else max(low, bound)
            else:
                high = bound if high is None else min(high, bound)
    if low is None:
        return Fraction(0) if high is None else high - 1
    return low + 1 if high is None else (low + high) / 2


def form_value(form: Form, point: Sequence[Fraction]) -> Fraction:
    """h(u) = c·u + c₀."""
    return sum((c * x for c, x in zip(form, point, strict=False)), Fraction(form[-1]))


def satisfies(weak: Iterable[Form], strict: Iterable[Form], point: Sequence[Fraction]) -> bool:
    """Whether a point solves a system."""
    return all(form_value(form, point) >= 0 for form in weak) and all(form_value(form, point) > 0 for form in strict)


def box_forms(lower: Iterable[float], upper: Iterable[float]) -> list[list[Fraction]]:
    """The finite sides of a box as forms that are ≥ 0 inside."""
    lower, forms = list(lower), []
    for index, (low, high) in enumerate(zip(lower, upper, strict=True)):
        for side, sign in ((low, 1), (high, -1)):
            if abs(side) != float("inf"):
                row = [Fraction(0)] * (len(lower) + 1)
                row[index], row[-1] = Fraction(sign), -sign * Fraction(side)
                forms.append(row)
    return forms


def domain_forms(domain) -> list[list[Fraction]]:
    """A domain's relaxation as weak forms: inequalities, both sides of equalities, both sides of the box."""
    forms = box_forms(domain.lower.tolist(), domain.upper.tolist())
    for row, value in zip(domain.A.tolist(), domain.b.tolist(), strict=True):
        forms.append([*(-Fraction(a) for a in row), Fraction(value)])
    equalities = list(zip(domain.E.tolist(), domain.f.tolist(), strict=True))
    equalities += [([float(j in group) for j in range(len(domain.lower))], 1.0) for group in domain.groups]
    for row, value in equalities:
        form = [*(Fraction(a) for a in row), -Fraction(value)]
        forms += [form, [-entry for entry in form]]
    return forms


def vanishes(form: Form, weak: Sequence[Form], dimension: int) -> bool:
    """Whether a form is 0 on the whole polyhedron {weak ≥ 0}, and so on its affine hull."""
    opposite = [-entry for entry in form]
    return find_point(weak, [form], dimension) is None and find_point(weak, [opposite], dimension) is None


def hull_dimension(weak: Sequence[Form], dimension: int) -> int | None:
    """Dimension of a polyhedron, or None where it is empty: n minus the rank of the rows that are 0 all over it."""
    if find_point(weak, [], dimension) is None:
        return None
    implicit = [form for form in weak if find_point(weak, [form], dimension) is None]
    return dimension - rank([form[:-1] for form in implicit])


def rank(rows: Sequence[Form]) -> int:
    """Rank by Gaussian elimination."""
    table, found = [[Fraction(entry) for entry in row] for row in rows], 0
    for column in range(len(table[0]) if table else 0):
        pivot = next((row for row in range(found, len(table)) if table[row][column]), None)
        if pivot is None:
            continue
        table[found], table[pivot] = table[pivot], table[found]
        for row in range(found + 1, len(table)):
            share = table[row][column] / table[found][column]
            table[row] = [a - share * b for a, b in zip(table[row], table[found], strict=True)]
        found += 1
    return found


# --- networks -----------------------------------------------------------------------------------------------------


def exact_layers(network) -> list[Layer]:
    """The weights as the rationals that the floats are."""
    return [
        ([[Fraction(w) for w in row] for row in weight.tolist()], [Fraction(v) for v in bias.tolist()])
        for weight, bias in zip(network.weights, network.biases, strict=True)
    ]


def evaluate_layers(layers: Sequence[Layer], x: Sequence[Fraction | float]) -> list[list[Fraction]]:
    """What every layer computes before its ReLU, the outputs last."""
    values, results = [Fraction(entry) for entry in x], []
    for weight, bias in layers:
        z = [sum((w * v for w, v in zip(row, values, strict=True)), c) for row, c in zip(weight, bias, strict=True)]
        results.append(z)
        values = [max(entry, Fraction(0)) for entry in z]
    return results


def pattern_at(layers: Sequence[Layer], x: Sequence[Fraction | float]) -> str:
    """The activation pattern of an input."""
    hidden = evaluate_layers(layers, x)[:-1]
    return "/".join("".join("1" if z > 0 else "0" for z in layer) for layer in hidden) or "-"


def unit_forms(layers: Sequence[Layer], pattern: str) -> list[list[list[Fraction]]]:
    """The affine forms of every layer under a pattern, the outputs last, by multiplying matrices out."""
    n = len(layers[0][0][0])
    below = [[Fraction(row == column) for column in range(n + 1)] for row in range(n)]
    results, bits = [], [] if pattern == "-" else pattern.split("/")
    for position, (weight, bias) in enumerate(layers):
        forms = []
        for row, constant in zip(weight, bias, strict=True):
            form = [Fraction(0)] * n + [constant]
            for w, inner in zip(row, below, strict=True):
                form = [a + w * b for a, b in zip(form, inner, strict=True)]
            forms.append(form)
        results.append(forms)
        if position < len(bits):
            below = [
                form if bit == "1" else [Fraction(0)] * (n + 1) for form, bit in zip(forms, bits[position], strict=True)
            ]
    return results


def all_patterns(widths: Sequence[int]) -> list[str]:
    """Every pattern, in ascending order."""
    texts = ["".join(bits) for bits in product("01", repeat=sum(widths))]
    cuts = [sum(widths[:layer]) for layer in range(len(widths) + 1)]
    return ["/".join(text[start:end] for start, end in pairwise(cuts)) if widths else "-" for text in texts]


def pattern_system(layers: Sequence[Layer], pattern: str) -> tuple[list[Form], list[Form]]:
    """Forms that are > 0, and forms that are ≥ 0, where the pattern holds."""
    positive, negative = [], []
    for forms, bits in zip(unit_forms(layers, pattern), pattern.replace("-", "").split("/"), strict=False):
        for form, bit in zip(forms, bits, strict=False):
            (positive if bit == "1" else negative).append(form if bit == "1" else [-entry for entry in form])
    return positive, negative


def classify(layers: Sequence[Layer], weak: Sequence[Form], pattern: str) -> str:
    """What a pattern is on the polyhedron {weak ≥ 0}: region, lower-dimensional or infeasible."""
    n = len(layers[0][0][0])
    positive, negative = pattern_system(layers, pattern)
    if find_point([*weak, *negative], positive, n) is None:
        return INFEASIBLE
    free = [form for form in negative if not vanishes(form, weak, n)]
    return LOWER_DIMENSIONAL if find_point(weak, [*positive, *free], n) is None else REGION


def classify_all(layers: Sequence[Layer], weak: Sequence[Form]) -> dict[str, str]:
    """What every one of the 2^N patterns is."""
    widths = [len(bias) for _, bias in layers[:-1]]
    return {pattern: classify(layers, weak, pattern) for pattern in all_patterns(widths)}


# --- the split tree -----------------------------------------------------------------------------------------------


def read_tree(tokens: Sequence[int], units: int) -> tuple[list[str], list[str]]:
    """The leaves of a tree in preorder, and its unexplored prefixes, as strings of bits.

    Tokens: 0 inactive, 1 active, 2 both, 3 unexplored. Raises ValueError where tokens are missing or left over.
    """
    leaves, unexplored, stack, position = [], [], [""], 0
    while stack:
        prefix = stack.pop()
        if len(prefix) == units:
            leaves.append(prefix)
            continue
        if position == len(tokens):
            raise ValueError(f"no token for the node {prefix!r}")
        token, position = tokens[position], position + 1
        if token == 3:
            unexplored.append(prefix)
        else:
            stack += {0: [prefix + "0"], 1: [prefix + "1"], 2: [prefix + "1", prefix + "0"]}[int(token)]
    if position != len(tokens):
        raise ValueError(f"{len(tokens) - position} tokens too many")
    return leaves, unexplored


# --- volumes in the plane -----------------------------------------------------------------------------------------

Polygon = list[tuple[Fraction, Fraction]]


def clip(polygon: Polygon, form: Form) -> Polygon:
    """The part of a convex polygon where a form is ≥ 0."""
    kept: Polygon = []
    for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        v0, v1 = form_value(form, (x0, y0)), form_value(form, (x1, y1))
        if v0 >= 0:
            kept.append((x0, y0))
        if v0 * v1 < 0:
            share = v0 / (v0 - v1)
            kept.append((x0 + share * (x1 - x0), y0 + share * (y1 - y0)))
    return kept


def area(polygon: Polygon) -> Fraction:
    """Area of a polygon."""
    pairs = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return abs(sum((x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs), Fraction(0))) / 2


def pattern_area(layers: Sequence[Layer], polygon: Polygon, pattern: str) -> Fraction:
    """Area of the closure of a pattern's set within a polygon."""
    positive, negative = pattern_system(layers, pattern)
    for form in [*positive, *negative]:
        polygon = clip(polygon, form)
    return area(polygon)


# --- decisions of alike inputs -------------------------------------------------------------------------------------


def decided(network, x):
    """The decision at an input, exactly."""
    outputs = evaluate_layers(exact_layers(network), tuple(map(Fraction, x)))[-1]
    if len(outputs) > 1:
        return tuple(y == max(outputs) for y in outputs)
    return outputs[0] > network.rule.upper


def unequal_inputs(network, inputs, own):
    """How many of these inputs, shape (k, n), agree but for own features with one that gets another decision."""
    listed = [tuple(x) for x in inputs.tolist()]
    groups = defaultdict(set)
    others = [k for k in range(network.inputs) if k not in own]
    for x in listed:
        groups[tuple(x[k] for k in others)].add(decided(network, x))
    return sum(len(groups[tuple(x[k] for k in others)]) > 1 for x in listed)
