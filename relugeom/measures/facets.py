"""The facets of a region, exactly.

Notation: in coordinates y ∈ R^d of the domain's hull a region is {s_v z_v ≥ 0 for every unit v} within the domain. A
*facet* is a face of dimension d − 1. Units whose forms are multiples c h of one integer form h ≥ 0 share one
hyperplane; units with c = 0 vanish on the whole region.

The one idea: the pattern beyond a facet follows from the one on this side. Values are continuous, so a unit with a form
that is not 0 on the facet keeps its bit; the form of every other unit changes from c h to (c + δ) h, layer by layer
with δ = Σ w (change of the unit below after its ReLU), and h < 0 beyond: it is active there iff c + δ < 0. All of
these are integers once h is primitive.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import gcd

from flint import fmpq, fmpz_mat

from relugeom.deadline import NEVER, Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError
from relugeom.geometry.chart import Chart, domain_chart
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import domain_sides, float_point, matrix_rows, named_inequalities
from relugeom.geometry.strict_point import Witness, find_strict_point
from relugeom.linalg.arrays import FloatArray, frozen_array
from relugeom.linalg.exact import evaluate_form, primitive_row
from relugeom.measures.pattern_forms import PatternForms
from relugeom.network.exact import ExactForms, exact_network
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern
from relugeom.partition.partition import Partition

__all__ = ["Across", "ExactFaces", "Facet", "Facets", "RegionFaces", "find_facets"]


@dataclass(frozen=True, slots=True, eq=False)
class Facet:
    """A facet of a region.

    Attributes
    ----------
    units
        Units whose hyperplane contains the facet, as seen from the region: positions in the pattern, ascending.
    sides
        Names of the domain's rows and sides that hold with equality on the facet; empty within the domain.
    neighbour
        Row of the region beyond, or None at the domain's boundary or if the partition does not have it.
    pattern
        Pattern of that region, or None at the domain's boundary.
    point
        The float64 point nearest to a point of the facet's relative interior, shape (n,).
    """

    units: tuple[int, ...]
    sides: tuple[str, ...]
    neighbour: int | None
    pattern: ActivationPattern | None
    point: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Facets:
    """The facets of one region, in a sequence.

    Attributes
    ----------
    reason
        Why some hyperplanes were not examined, or empty.
    """

    facets: tuple[Facet, ...]
    reason: str = ""

    def __len__(self) -> int:
        return len(self.facets)

    def __iter__(self) -> Iterator[Facet]:
        return iter(self.facets)

    def __getitem__(self, place: int) -> Facet:
        return self.facets[place]

    def __repr__(self) -> str:
        return f"Facets({len(self)}{': ' * bool(self.reason)}{self.reason})"


def find_facets(partition: Partition, row: int, *, time_limit: TimeLimit = None) -> Facets:
    """Find the facets of one region, each of them proved: first those within the domain, by their first unit, then
    those on its boundary.

    Parameters
    ----------
    row
        Row of the partition. If that is TRUNCATED, neighbours may be missing, but facets are not.
    time_limit
        Seconds or a deadline, after which only the facets that were proved by then are returned.
    """
    deadline, reason = Deadline.of(time_limit), ""
    region, chart = partition[row], domain_chart(partition.domain)
    faces = ExactFaces(partition.network, chart).move_to(region.pattern)
    named = named_inequalities(partition.domain)
    matrix = fmpz_mat(len(named), partition.domain.inputs + 1, [entry for known in named for entry in known.form])
    sides: dict[Form, list[str]] = {}
    for form, known in zip(matrix_rows(chart.reduce(matrix)), named, strict=True):
        if any(form[:-1]):
            sides.setdefault(tuple(form), []).append(known.name)
    found: list[Facet] = []
    asked = [*faces.hyperplanes, *(form for form in sides if form not in faces.hyperplanes)]
    for number, h in enumerate(asked):
        try:
            point = faces.find_facet_point(h, at_boundary=h in sides, deadline=deadline)
        except DeadlinePassedError:
            reason = f"time ran out when {number:,} of {len(asked):,} hyperplanes had been examined"
            break
        if point is not None:
            pattern = None if h in sides else faces.across(h).pattern
            neighbour = None if pattern is None else partition.find_row(pattern)
            units = tuple(unit for unit, _ in faces.hyperplanes.get(h, []))
            place = frozen_array(float_point(chart.embed(point)))
            found.append(Facet(units, tuple(sides.get(h, ())), neighbour, pattern, place))
    return Facets(tuple(sorted(found, key=lambda facet: bool(facet.sides))), reason)


@dataclass(frozen=True, slots=True)
class Across:
    """The far side of a hyperplane: a pattern, and the units whose form is a multiple of h, not 0, on each side."""

    pattern: ActivationPattern
    here: tuple[int, ...]
    beyond: tuple[int, ...]


class ExactFaces:
    """Regions of one network on one chart, one after the other; those in tree order share work."""

    def __init__(self, network: ReLUNetwork, chart: Chart) -> None:
        self.network, self.chart, self.exact = network, chart, exact_network(network)
        sides = [*chart.rows, *domain_sides(chart.lower, chart.upper)]
        self.sides: list[Form] = [tuple(primitive_row(form)) for form in sides]
        self._forms = PatternForms(network, self._on_hull)

    def move_to(self, pattern: ActivationPattern, *, among: Sequence[int] | None = None) -> "RegionFaces":
        """Go to a region: all of its hyperplanes, or those of some units."""
        rows = self._forms.under(pattern)
        chosen = range(len(rows)) if among is None else among
        return RegionFaces(self, pattern, [(unit, *rows[unit]) for unit in chosen])

    def _on_hull(self, forms: ExactForms) -> list[tuple[int, Form]]:
        """Each form as c ≥ 0 and a primitive form."""
        matrix = self.chart.reduce(forms.matrix)
        columns, flat = matrix.ncols(), [int(entry) for entry in matrix.entries()]
        rows = [flat[start : start + columns] for start in range(0, len(flat), columns)]
        return [(gcd(*row), tuple(primitive_row(row))) for row in rows]


class RegionFaces:
    """The hyperplanes of one region.

    Attributes
    ----------
    hyperplanes
        Primitive form h ≥ 0 on the region, not constant → its units and their multiples c ≠ 0.
    vanishing
        Units whose form is 0.
    """

    def __init__(self, faces: ExactFaces, pattern: ActivationPattern, rows: Sequence[tuple[int, int, Form]]) -> None:
        self._faces, self._pattern = faces, pattern
        self.hyperplanes: dict[Form, list[tuple[int, int]]] = {}
        self.vanishing: list[int] = []
        bits = pattern.bits.tolist()
        for unit, c, form in rows:
            active = bits[unit]
            if c == 0:
                self.vanishing.append(unit)
            elif any(form[:-1]):
                h = form if active else tuple(-entry for entry in form)
                self.hyperplanes.setdefault(h, []).append((unit, c if active else -c))

    def across(self, h: Form) -> Across:
        """The pattern beyond h = 0, if the region has a facet there."""
        multiples = dict(self.hyperplanes[h])
        undecided = {**multiples, **dict.fromkeys(self.vanishing, 0)}
        far, beyond, unit = self._pattern.bits.copy(), [], 0
        change: list[int] | None = None  # δ of a layer's units; None while all of them are 0
        for layer, width in enumerate(self._faces.network.widths):
            after: list[int] = []
            for position in range(width):
                jump = change[position] if change else 0
                if unit in undecided:
                    c = undecided[unit]
                    far[unit] = c + jump < 0
                    if c + jump:
                        beyond.append(unit)
                    jump = min(c + jump, 0) - max(c, 0)
                elif not far[unit]:
                    jump = 0
                after.append(jump)
                unit += 1
            change = None
            if any(after) and layer + 1 < len(self._faces.network.widths):
                W = self._faces.exact.layers[layer + 1]
                change = [int(entry) for entry in (W * fmpz_mat(width + 1, 1, [*after, 0])).entries()]
        pattern = ActivationPattern.from_bits(self._pattern.widths, far)
        return Across(pattern, tuple(multiples), tuple(beyond))

    def find_facet_point(self, h: Form, *, at_boundary: bool = False, deadline: Deadline = NEVER) -> list[fmpq] | None:
        """A point of the relative interior of the facet on h = 0, or None if there is no facet: settled exactly.

        Parameters
        ----------
        at_boundary
            Whether h is a row of the domain, which is then not an obstacle; otherwise a facet on the boundary does not
            count.

        Raises
        ------
        DeadlinePassedError
            The deadline passed before it was settled.
        """
        others = [form for form in self.hyperplanes if form != h]
        others += [form for form in self._faces.sides if not (at_boundary and form == h)]
        pivot = max(range(len(h) - 1), key=lambda k: abs(h[k]))
        p, sign = abs(h[pivot]), 1 if h[pivot] > 0 else -1
        kept = [k for k in range(len(h)) if k != pivot]
        rows = set()
        for form in others:
            q = sign * form[pivot]
            row = tuple(primitive_row([p * form[k] - q * h[k] for k in kept]))
            if any(row[:-1]):
                rows.add(row)
            elif row[-1] <= 0:
                return None
        listed = sorted(rows)
        found = find_strict_point(listed, range(len(listed)), len(kept) - 1, deadline=deadline)
        if not isinstance(found, Witness):
            return None
        point = list(found.point)
        rest = evaluate_form([h[k] for k in kept], point)
        return [*point[:pivot], -rest / h[pivot], *point[pivot:]]
