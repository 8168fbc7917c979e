"""What a covering tree is about, in integers: levels of units, the box, rows and groups, and the excluded sets.

Notation: the units of one layer of one copy are a *level*; levels with units are numbered over all copies, and so are
units, inputs and outputs. A *mixed form* is c₀ plus integer multiples of inputs, of z of units, and of outputs, all
over 2^exponent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flint import fmpz_mat

from relugeom.certificate.claim_proof.header_entry import SetRow
from relugeom.certificate.claim_proof.joint_cell import Copies
from relugeom.certificate.claim_proof.task import ClaimTask
from relugeom.certificate.header import domain_forms
from relugeom.claims.claim import Excluded, Monotone
from relugeom.errors import InputError
from relugeom.linalg.exact import nearest_quotient
from relugeom.network.exact import exact_network

__all__ = ["CoverProblem", "Level", "MixedForm", "combine_forms", "cover_problem", "scale_of"]


@dataclass(frozen=True, slots=True)
class MixedForm:
    """An affine function of inputs, units and outputs; coefficients by number, those that are 0 left out."""

    exponent: int = 0
    constant: int = 0
    inputs: Mapping[int, int] = field(default_factory=dict)
    units: Mapping[int, int] = field(default_factory=dict)
    outputs: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Level:
    """One layer of one copy.

    Attributes
    ----------
    number
        Among the levels that have units; −1 for outputs.
    first, count
        First unit (or output) and their number.
    matrix, exponent
        Columns (W, b), integers over 2^exponent.
    """

    number: int
    first: int
    count: int
    matrix: fmpz_mat
    exponent: int


@dataclass(frozen=True, slots=True)
class CoverProblem:
    """Everything that stays the same from cell to cell.

    Attributes
    ----------
    exponent
        That of the box.
    lower, upper
        Sides of all inputs over 2^exponent, None where open.
    copies
        The levels of each copy, outputs last.
    columns
        Where each input of a copy stands among all.
    level_of
        The level of each unit, by number.
    groups
        One-hot groups that are maximised as a whole.
    rows, equalities
        The domain's rows by number (the first N numbers are those of units), and where equalities begin among them.
    sets
        Per set and inequality: whether it is strict, and its form, which is the inequality over 2^exponent, so that its
        largest coefficient is about 1, however long its integers are.
    whole
        Which inputs take integers only, if the claim is about admissible inputs.
    is_of_one_network
        Whether all copies are copies of the same network.
    is_short
        Whether the levels are those of short networks, which have fewer units.
    pairs
        Number of pairs of units, one of each copy, if both copies have levels of the same widths; else 0.
    """

    exponent: int
    lower: tuple[int | None, ...]
    upper: tuple[int | None, ...]
    copies: tuple[tuple[Level, ...], ...]
    columns: tuple[tuple[int, ...], ...]
    level_of: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...]
    rows: tuple[MixedForm, ...]
    equalities: int
    sets: tuple[tuple[tuple[bool, MixedForm], ...], ...]
    whole: tuple[bool, ...]
    slope: Monotone | None
    is_of_one_network: bool = True
    is_short: bool = False
    pairs: int = field(init=False)

    @property
    def units(self) -> int:
        """Number of units of all copies."""
        return len(self.level_of)

    def __post_init__(self) -> None:
        widths = [[level.count for level in copy if level.number >= 0] for copy in self.copies]
        pairs = sum(widths[0]) if len(widths) == 2 and widths[0] == widths[1] else 0
        object.__setattr__(self, "pairs", pairs)

    @property
    def entries(self) -> int:
        """Number of entries of all matrices."""
        return sum(int(level.matrix.nrows() * level.matrix.ncols()) for copy in self.copies for level in copy)

    @property
    def levels(self) -> list[Level]:
        """Levels with units, by number."""
        return [level for copy in self.copies for level in copy if level.number >= 0]


def cover_problem(task: ClaimTask) -> CoverProblem:
    """The problem of a claim.

    Raises
    ------
    InputError
        Covering trees prove no such claim.
    """
    claim, networks, domain = task.claim, task.networks, task.domain
    own = claim.twin.own if isinstance(claim, Excluded) and claim.twin is not None else ()
    copies = Copies(task.short_copies, domain, task.exponent, own)
    if isinstance(claim, Excluded) and claim.ball is None:
        rows = task.sets
    elif isinstance(claim, Monotone):
        rows = []
    else:
        raise InputError("covering trees prove claims about outputs of the whole domain, and monotone ones")
    sets = tuple(tuple((row.strict, _form_of(row)) for row in members) for members in rows)
    columns = tuple(tuple(copies.columns(copy)) for copy in range(len(copies.networks)))
    lower, upper = _box(task, copies.own)
    levels, level_of = _levels(copies)
    domain_rows, equalities = _domain_rows(task, columns)
    scope_whole = isinstance(claim, Excluded) and claim.scope == "admissible"
    return CoverProblem(
        exponent=task.exponent,
        lower=lower,
        upper=upper,
        copies=levels,
        columns=columns,
        level_of=level_of,
        groups=_whole_groups(domain.groups, columns, domain.inputs),
        rows=domain_rows,
        equalities=equalities,
        sets=sets,
        whole=tuple(whole and scope_whole for whole in copies.whole),
        slope=claim if isinstance(claim, Monotone) else None,
        is_of_one_network=len(networks) == 1,
        is_short=[each.units for each in task.short_copies] != [each.units for each in task.copies],
    )


def _form_of(row: SetRow) -> MixedForm:
    """An inequality with a largest coefficient from 1/2 to 1."""
    length = max(map(abs, (row.constant, *row.inputs, *row.outputs))).bit_length()
    return MixedForm(length, row.constant, _used(row.inputs), {}, _used(row.outputs))


def scale_of(form: MixedForm) -> float:
    """What a form must be multiplied by for its largest coefficient to be 1."""
    largest = max(map(abs, (form.constant, *form.inputs.values(), *form.outputs.values())))
    return nearest_quotient(1 << form.exponent, largest) if largest else 1.0


def combine_forms(parts: Sequence[tuple[int, MixedForm]]) -> MixedForm:
    """Σ multiplier · form."""
    exponent, constant = max((form.exponent for _, form in parts), default=0), 0
    inputs: dict[int, int] = {}
    units: dict[int, int] = {}
    outputs: dict[int, int] = {}
    for multiplier, form in parts:
        factor = multiplier << (exponent - form.exponent)
        constant += factor * form.constant
        for found, entries in ((inputs, form.inputs), (units, form.units), (outputs, form.outputs)):
            for place, value in entries.items():
                found[place] = found.get(place, 0) + factor * value
    return MixedForm(exponent, constant, inputs, units, outputs)


def _used(values: Sequence[int]) -> dict[int, int]:
    return {place: value for place, value in enumerate(values) if value}


def _box(task: ClaimTask, own: Sequence[int]) -> tuple[tuple[int | None, ...], tuple[int | None, ...]]:
    n = task.domain.inputs
    lower: list[int | None] = [None] * n
    upper: list[int | None] = [None] * n
    for form in domain_forms(task.domain, exponent=task.exponent)[2]:
        k = next(k for k in range(n) if form[k])
        if form[k] > 0:
            lower[k] = -form[n]
        else:
            upper[k] = form[n]
    return (*lower, *(lower[k] for k in own)), (*upper, *(upper[k] for k in own))


def _levels(copies: Copies) -> tuple[tuple[tuple[Level, ...], ...], tuple[int, ...]]:
    """The levels of each copy, and the level of each unit."""
    found, level_of, number, output = [], list[int](), 0, 0
    for network in copies.networks:
        exact, levels = exact_network(network), []
        for layer, (matrix, exponent) in enumerate(zip(exact.layers, exact.exponents, strict=True)):
            count = int(matrix.nrows())
            if layer == len(exact.layers) - 1:
                levels.append(Level(-1, output, count, matrix, exponent))
                output += count
            else:
                levels.append(Level(number, len(level_of), count, matrix, exponent))
                level_of += [number] * count
                number += 1
        found.append(tuple(levels))
    return tuple(found), tuple(level_of)


def _domain_rows(task: ClaimTask, columns: Sequence[Sequence[int]]) -> tuple[tuple[MixedForm, ...], int]:
    """Rows by number, inequalities of each copy before equalities of each, and the number of inequalities."""
    inequalities, equalities, _ = domain_forms(task.domain, exponent=task.exponent)
    rows, groups = [], len(task.domain.groups)
    for forms, whole in ((inequalities, 0), (equalities, groups)):
        for places in columns:
            for number, form in enumerate(forms):
                entries = {column: value for column, value in zip(places, form, strict=False) if value}
                exponent = 0 if number >= len(forms) - whole else task.exponent
                rows.append(MixedForm(exponent, form[-1], entries))
    return tuple(rows), len(columns) * len(inequalities)


def _whole_groups(
    groups: Sequence[Sequence[int]], columns: Sequence[Sequence[int]], inputs: int
) -> tuple[tuple[int, ...], ...]:
    """Groups of x, and those of a copy all of whose members are its own."""
    found = [tuple(group) for group in groups]
    for places in columns[1:]:
        moved = [tuple(places[k] for k in group) for group in groups]
        found += [group for group in moved if all(column >= inputs for column in group)]
    return tuple(found)
