"""The naive truth by vertices: what networks do on bounded domains, piece by piece, in integers.

It shares no code with what it checks. A polytope is the list of its vertices, each in homogeneous integers (x·d, d)
with the numbers of the rows that are tight there; a halfspace cuts it, and a new vertex lies on each edge that it cuts
(two vertices are the ends of an edge iff no third one is tight wherever both are). Integers are listed, one polytope
per choice; a network is affine on each piece that the signs of its units leave, and whatever is linear is largest at a
vertex. Joint inputs are (x, x' of the own features), forms those of `oracles.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from math import gcd, lcm

from claim_truth import columns, joint_domain, set_systems
from oracles import satisfies

Form = Sequence[Fraction | int]


@dataclass(frozen=True)
class Polytope:
    """Vertices with the numbers of their tight rows, and how many rows there are."""

    vertices: tuple[tuple[tuple[int, ...], frozenset[int]], ...]
    rows: int

    @property
    def points(self) -> list[tuple[Fraction, ...]]:
        """The vertices as inputs."""
        return [tuple(Fraction(v, x[-1]) for v in x[:-1]) for x, _ in self.vertices]

    def middle(self) -> tuple[Fraction, ...]:
        """A relatively inner point."""
        return tuple(sum(column, Fraction(0)) / len(self.vertices) for column in zip(*self.points, strict=True))


@dataclass(frozen=True)
class Piece:
    """A polytope on which all copies are affine: its pattern (or those of both), and the forms of all outputs."""

    polytope: Polytope
    bits: str
    outputs: tuple[Form, ...]


def integers(form: Form) -> tuple[list[int], int]:
    """A form in integers, and the positive factor that made it so."""
    scale = lcm(*(Fraction(entry).denominator for entry in form))
    return [int(entry * scale) for entry in form], scale


def at_vertex(row: Sequence[int], x: Sequence[int]) -> int:
    return sum(a * b for a, b in zip(row, x, strict=True) if a)


def clip(polytope: Polytope | None, form: Form) -> Polytope | None:
    """The part where a form is ≥ 0; None if it is empty."""
    if polytope is None:
        return None
    row = integers(form)[0]
    values = [at_vertex(row, x) for x, _ in polytope.vertices]
    if min(values) >= 0:
        return polytope
    kept = [
        (x, tight if v else tight | {polytope.rows})
        for (x, tight), v in zip(polytope.vertices, values, strict=True)
        if v >= 0
    ]
    inside = [place for place, v in enumerate(values) if v > 0]
    for i, j in product(inside, [place for place, v in enumerate(values) if v < 0]):
        (x, tight), (y, other) = polytope.vertices[i], polytope.vertices[j]
        common = tight & other
        if any(common <= third for k, (_, third) in enumerate(polytope.vertices) if k not in (i, j)):
            continue
        cut = [values[i] * b - values[j] * a for a, b in zip(x, y, strict=True)]
        divisor = gcd(*cut)
        kept.append((tuple(v // divisor for v in cut), common | {polytope.rows}))
    return Polytope(tuple(kept), polytope.rows + 1) if kept else None


def box(lower: Sequence[Fraction], upper: Sequence[Fraction]) -> Polytope:
    """lower ≤ x ≤ upper, of finite numbers."""
    vertices = []
    for sides in product(*[(0,) if low == high else (0, 1) for low, high in zip(lower, upper, strict=True)]):
        row, _ = integers([*(pair[side] for pair, side in zip(zip(lower, upper, strict=True), sides, strict=True)), 1])
        flat = {2 * k + 1 for k, (low, high) in enumerate(zip(lower, upper, strict=True)) if low == high}
        vertices.append((tuple(row), frozenset({2 * k + side for k, side in enumerate(sides)} | flat)))
    return Polytope(tuple(vertices), 2 * len(lower))


def slices(domain, own: Sequence[int] = (), *, admissible: bool) -> list[Polytope]:
    """What joint inputs there are: the relaxation, or the continuous features for each choice of the others."""
    n, chosen = domain.inputs, [*range(domain.inputs), *own]
    whole = [admissible and bool(domain.integral[k]) for k in chosen]
    ends = [(Fraction(domain.lower[k]), Fraction(domain.upper[k])) for k in chosen]
    choices = [
        [(Fraction(v), Fraction(v)) for v in range(-int(-low // 1), int(high // 1) + 1)] if is_whole else [(low, high)]
        for (low, high), is_whole in zip(ends, whole, strict=True)
    ]
    places = [[place[k] for k in group] for place in (range(n), columns(n, own)) for group in domain.groups]
    rows, found = joint_domain(domain, own), []
    for picked in product(*choices):
        if admissible and any(sum(picked[place][0] for place in group) != 1 for group in places):
            continue
        part: Polytope | None = box(*zip(*picked, strict=True))
        for row in rows:
            part = clip(part, row)
        if part is not None:
            found.append(part)
    return found


def split(polytope: Polytope, layers, places: Sequence[int], before: tuple = ()) -> Iterator[Piece]:
    """The pieces of one copy, whose inputs stand in these places; what was known of other copies comes first."""
    size = len(polytope.vertices[0][0]) - 1
    start = [[int(k == place) for k in range(size + 1)] for place in places]
    bits, outputs = before or ("", ())
    parts = [(polytope, bits, start)]
    for number, (weight, bias) in enumerate(layers):
        is_last, found = number == len(layers) - 1, []
        for part, known, inputs in parts:
            known += "/" if number and not is_last else ""
            forms = [_combined(row, b, inputs, size) for row, b in zip(weight, bias, strict=True)]
            if is_last:
                yield Piece(part, known, (*outputs, *forms))
            else:
                found += _signed(part, known, forms)
        parts = found


def _combined(row: Sequence[Fraction], bias: Fraction, forms: Sequence[Form], size: int) -> list[Fraction]:
    total = [Fraction(0)] * size + [bias]
    for weight, form in zip(row, forms, strict=True):
        if weight:
            total = [a + weight * c for a, c in zip(total, form, strict=True)]
    return total


def _signed(part: Polytope, bits: str, forms: Sequence[Form]) -> list[tuple[Polytope, str, list[Form]]]:
    """Each part of a polytope with the signs of units, and what they put out."""
    parts: list[tuple[Polytope, str, list[Form]]] = [(part, bits, [])]
    for form in forms:
        found, (row, _) = [], integers(form)
        for each, known, outputs in parts:
            values = [at_vertex(row, x) for x, _ in each.vertices]
            if max(values) > 0:
                found.append((clip(each, form), known + "1", [*outputs, form]))
            if max(values) <= 0 or min(values) < 0:
                found.append((clip(each, [-entry for entry in form]), known + "0", [*outputs, [0] * len(form)]))
        parts = found
    return parts


def pieces(copies, domain, own: Sequence[int] = (), *, admissible: bool) -> Iterator[Piece]:
    """The pieces of one network, or of two copies (x', or a second network), over all joint inputs."""
    n = domain.inputs
    for part in slices(domain, own, admissible=admissible):
        for piece in split(part, copies[0], range(n)):
            if len(copies) == 1:
                yield piece
            else:
                yield from split(piece.polytope, copies[1], columns(n, own), (piece.bits, piece.outputs))


def largest(form: Form, polytope: Polytope) -> tuple[Fraction, tuple[Fraction, ...]]:
    """The largest value of a form, and where."""
    row, scale = integers(form)
    values = [Fraction(at_vertex(row, x), x[-1] * scale) for x, _ in polytope.vertices]
    place = max(range(len(values)), key=values.__getitem__)
    return values[place], polytope.points[place]


def closure_in(piece: Piece, members) -> Polytope | None:
    """The closure of what a set has of a piece; None if that is empty."""
    return closure(piece.polytope, *set_systems(members, piece.outputs, len(piece.polytope.vertices[0][0]) - 1))


def closure(part: Polytope | None, weak: Sequence[Form], strict: Sequence[Form]) -> Polytope | None:
    """The closure of what a system has of a polytope; None if it has no solution there."""
    for form in [*weak, *strict]:
        part = clip(part, form)
    return part if part is not None and all(largest(form, part)[0] > 0 for form in strict) else None


def is_met(sets, found: Sequence[Piece], ball=None) -> bool:
    """Whether a joint input of the pieces (and of a ball) lies in a set."""
    for members in sets:
        for piece in found:
            part = closure_in(piece, members)
            if part is None:
                continue
            if ball is None:
                return True
            size, nearest = distance_to(part, ball.centre, ball.norm.value)
            if size < ball.size:
                return True
            if size == ball.size:
                strict = set_systems(members, piece.outputs, len(nearest))[1]
                at_end = part if ball.norm.value == "l2" else within(part, ball.centre, ball.size, ball.norm.value)
                if ball.norm.value == "l2":
                    met = satisfies([], strict, nearest)
                else:
                    met = all(largest(form, at_end)[0] > 0 for form in strict)
                if met:
                    return True
    return False


def norm_rows(centre: Sequence[Fraction], norm: str) -> list[list[Fraction]]:
    """Forms whose largest value is the distance in l1 or linf."""
    n = len(centre)
    if norm == "l1":
        normals = [list(signs) for signs in product((1, -1), repeat=n)]
    else:
        normals = [[sign * (j == k) for j in range(n)] for k in range(n) for sign in (1, -1)]
    return [[*normal, -sum((s * c for s, c in zip(normal, centre, strict=True)), Fraction(0))] for normal in normals]


def within(part: Polytope, centre: Sequence[Fraction], size: Fraction, norm: str) -> Polytope:
    """What a ball of l1 or linf has of a polytope, which it meets."""
    inside: Polytope | None = part
    for row in norm_rows(centre, norm):
        inside = clip(inside, [*(-entry for entry in row[:-1]), size - row[-1]])
    assert inside is not None
    return inside


def distance_to(part: Polytope, centre: Sequence[Fraction], norm: str) -> tuple[Fraction, tuple[Fraction, ...]]:
    """The least distance of a point from a polytope (squared for l2), and a nearest point."""
    if norm == "l2":
        return _nearest_in_l2(part.points, centre)
    rows = norm_rows(centre, norm)
    most = max(largest(row, part)[0] for row in rows) + 1
    top, above = integers([most, 1])
    prism = []
    for x, tight in part.vertices:
        scale = lcm(x[-1], above)
        stretched = [v * (scale // x[-1]) for v in x[:-1]]
        prism.append(((*stretched, 0, scale), tight | {part.rows}))
        prism.append(((*stretched, top[0] * (scale // above), scale), tight | {part.rows + 1}))
    lifted: Polytope | None = Polytope(tuple(prism), part.rows + 2)
    for row in rows:
        lifted = clip(lifted, [*(-entry for entry in row[:-1]), 1, -row[-1]])
    assert lifted is not None
    least = min(lifted.points, key=lambda point: point[-1])
    return least[-1], least[:-1]


def _nearest_in_l2(points, centre) -> tuple[Fraction, tuple[Fraction, ...]]:
    """By Carathéodory: the nearest point is the foot of the perpendicular on the hull of some of the vertices."""
    best = None
    for count in range(1, min(len(points), len(centre) + 1) + 1):
        for chosen in combinations(points, count):
            foot = _foot(chosen, centre)
            if foot is not None:
                size = sum(((a - b) ** 2 for a, b in zip(foot, centre, strict=True)), Fraction(0))
                best = (size, foot) if best is None or size < best[0] else best
    assert best is not None
    return best


def _foot(chosen, centre) -> tuple[Fraction, ...] | None:
    """The projection on the affine hull of some points, if it lies between them and they are independent."""
    base, *others = chosen
    edges = [[a - b for a, b in zip(point, base, strict=True)] for point in others]
    gap = [a - b for a, b in zip(centre, base, strict=True)]
    table = [[_dot(e, f) for f in edges] + [_dot(e, gap)] for e in edges]
    for k in range(len(table)):
        pivot = next((r for r in range(k, len(table)) if table[r][k]), None)
        if pivot is None:
            return None
        table[k], table[pivot] = table[pivot], table[k]
        table[k] = [entry / table[k][k] for entry in table[k]]
        for r in range(len(table)):
            if r != k and table[r][k]:
                table[r] = [a - table[r][k] * b for a, b in zip(table[r], table[k], strict=True)]
    weights = [row[-1] for row in table]
    if any(w < 0 for w in weights) or sum(weights) > 1:
        return None
    steps = zip(*([w * e for e in edge] for w, edge in zip(weights, edges, strict=True)), strict=True)
    moved = [sum(column, Fraction(0)) for column in steps] if edges else [Fraction(0)] * len(base)
    return tuple(b + m for b, m in zip(base, moved, strict=True))


def _dot(a, b) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def supremum(weights: Sequence[Fraction], found: Sequence[Piece]) -> Fraction | None:
    """The largest weights · (y, y') over pieces; None if there are none."""
    values = []
    for piece in found:
        size = len(piece.outputs[0])
        values.append(largest(_combined(weights, Fraction(0), piece.outputs, size - 1), piece.polytope)[0])
    return max(values, default=None)
