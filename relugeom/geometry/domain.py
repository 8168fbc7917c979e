"""Domains: the inputs on which a network is used.

A *domain* is a box lower ≤ x ≤ upper with linear rows A x ≤ b and E x = f (together the **relaxation**, a
polyhedron), plus rules on single features: integer, binary, one-hot groups. An **admissible input** meets them all.
Numbers are float64 and stand for the dyadic rationals that they are.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from relugeom.columns.frames import labels_of, table_in_order, vector_in_order
from relugeom.errors import DataError, DomainError
from relugeom.linalg.arrays import BoolArray, FloatArray, frozen_array
from relugeom.linalg.digest import content_digest
from relugeom.linalg.pickling import Call, as_call
from relugeom.linalg.rounding import row_signs

__all__ = [
    "Domain",
    "FeatureKind",
    "contains",
    "contains_admissible",
    "list_admissible",
    "list_combinations",
    "round_to_rules",
    "with_integers_of",
]


class FeatureKind(StrEnum):
    """Kind of numbers that a feature takes."""

    CONTINUOUS = "continuous"
    INTEGER = "integer"
    BINARY = "binary"


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """A box with optional linear rows, integer features and one-hot groups.

    Attributes
    ----------
    lower, upper
        The box, shape (n,); ±inf where a side is open.
    A, b
        Inequalities A x ≤ b, shapes (k, n) and (k,).
    E, f
        Equalities E x = f, shapes (p, n) and (p,). A one-hot group is one of them, written by `groups`.
    kinds
        One kind per feature; binary means an integer within the box and within [0, 1].
    groups
        One-hot groups of feature indices: binary features of which exactly one is 1.
    feature_names
        Names for messages, or empty.
    digest
        SHA-256 of everything but the names.

    Raises
    ------
    DomainError
        Shapes do not fit, a number is NaN, a row is infinite, or lower > upper for a feature.
    """

    lower: FloatArray
    upper: FloatArray
    A: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    b: FloatArray = field(default_factory=lambda: np.zeros(0))
    E: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    f: FloatArray = field(default_factory=lambda: np.zeros(0))
    kinds: tuple[FeatureKind, ...] = ()
    groups: tuple[tuple[int, ...], ...] = ()
    feature_names: tuple[str, ...] = ()
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        n = np.size(self.lower)
        kinds = tuple(FeatureKind(kind) for kind in self.kinds) or (FeatureKind.CONTINUOUS,) * n
        groups = tuple(tuple(sorted(int(index) for index in group)) for group in self.groups)
        _check_rules(n, kinds, groups, self.feature_names)
        in_group = {index for group in groups for index in group}
        kinds = tuple(FeatureKind.BINARY if j in in_group else kind for j, kind in enumerate(kinds))
        binary = np.array([kind is FeatureKind.BINARY for kind in kinds], dtype=np.bool_)
        lower, upper = np.array(self.lower, dtype=np.float64), np.array(self.upper, dtype=np.float64)
        if lower.shape != (n,) or upper.shape != (n,) or n == 0:
            raise DomainError(f"a box needs one lower and one upper bound per input, not {lower.shape}, {upper.shape}")
        lower[binary], upper[binary] = np.maximum(lower[binary], 0.0), np.minimum(upper[binary], 1.0)
        matrices = {"A": (self.A, self.b), "E": (self.E, self.f)}
        rows = {name: _frozen_rows(name, matrix, value, n) for name, (matrix, value) in matrices.items()}
        frozen = {"lower": frozen_array(lower), "upper": frozen_array(upper), "kinds": kinds, "groups": groups}
        frozen |= {"A": rows["A"][0], "b": rows["A"][1], "E": rows["E"][0], "f": rows["E"][1]}
        frozen |= {"feature_names": tuple(self.feature_names)}
        for name, value in frozen.items():
            object.__setattr__(self, name, value)
        _check_box(self)
        arrays = (self.lower, self.upper, self.A, self.b, self.E, self.f)
        texts = (",".join(kind.value for kind in kinds), repr(groups))
        object.__setattr__(self, "digest", content_digest("domain", *arrays, *texts))

    def __reduce__(self) -> Call:
        return as_call(self)

    @classmethod
    def box(cls, lower: ArrayLike, upper: ArrayLike, feature_names: Sequence[str] = ()) -> "Domain":
        """The box lower ≤ x ≤ upper; ends that are labelled (the minima of a DataFrame) name the features."""
        names = tuple(feature_names) or labels_of(lower)
        low, high = (
            vector_in_order(side, names=names, what=f"the {which} end of a box")
            for which, side in (("lower", lower), ("upper", upper))
        )
        return cls(low, high, feature_names=names)

    @classmethod
    def everything(cls, inputs: int, feature_names: Sequence[str] = ()) -> "Domain":
        """All of R^n."""
        return cls.box(np.full(inputs, -np.inf), np.full(inputs, np.inf), feature_names)

    @property
    def inputs(self) -> int:
        """Number n of inputs."""
        return int(self.lower.size)

    @property
    def names(self) -> tuple[str, ...]:
        """The feature names; x0, x1, … where there are none."""
        return self.feature_names or tuple(f"x{index}" for index in range(self.inputs))

    @property
    def integral(self) -> BoolArray:
        """True for features that take integers only, shape (n,)."""
        return np.array([kind is not FeatureKind.CONTINUOUS for kind in self.kinds], dtype=np.bool_)

    @property
    def has_integers(self) -> bool:
        """Whether some features take integers only, so that not every input of the relaxation is admissible."""
        return bool(self.integral.any())

    @property
    def equalities(self) -> tuple[FloatArray, FloatArray]:
        """E and f with one further row Σ x = 1 per one-hot group."""
        one_hot = np.zeros((len(self.groups), self.inputs))
        for row, group in zip(one_hot, self.groups, strict=True):
            row[list(group)] = 1.0
        return np.vstack([self.E, one_hot]), np.append(self.f, np.ones(len(self.groups)))

    def contains(self, X: ArrayLike) -> BoolArray:
        """Whether each row of X is an admissible input, decided exactly.

        Parameters
        ----------
        X
            Shape (k, n), or (n,) for one input. Columns of a DataFrame, and labels of one of its rows, are matched by
            name if the features have names.

        Returns
        -------
        BoolArray
            Shape (k,). An input that is missing or infinite in an array is in no domain.

        Raises
        ------
        DataError
            X has another number of columns, columns are missing or left over, or a value is not a number.
        """
        table = table_in_order(X, inputs=self.inputs, input_names=self.feature_names)
        if table.ndim != 2 or table.shape[1] != self.inputs:
            raise DataError(f"the domain has {self.inputs} inputs, but X has shape {np.shape(X)}")
        finite: BoolArray = np.array(np.isfinite(table).all(axis=1), dtype=np.bool_)
        finite[finite] = contains_admissible(self, table[finite])
        return finite

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, Domain) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        rows = f", {len(self.b)} inequalities, {len(self.equalities[1])} equalities"
        return f"Domain({self.inputs} inputs{rows}, {int(self.integral.sum())} integer, {self.digest[:12]})"


def _frozen_rows(name: str, matrix: FloatArray, value: FloatArray, n: int) -> tuple[FloatArray, FloatArray]:
    matrix, value = frozen_array(matrix), frozen_array(value)
    if matrix.size == 0 and value.size == 0:
        return frozen_array(np.zeros((0, n))), value
    if matrix.ndim != 2 or matrix.shape != (value.size, n):
        raise DomainError(f"{name} has shape {matrix.shape}, but {value.size} rows of {n} inputs were needed")
    if not (np.isfinite(matrix).all() and np.isfinite(value).all()):
        raise DomainError(f"{name}: coefficients and right-hand sides must be finite numbers")
    return matrix, value


def _check_rules(n: int, kinds: Sequence[FeatureKind], groups: Sequence[Sequence[int]], names: Sequence[str]) -> None:
    if len(kinds) != n or (names and len(names) != n):
        raise DomainError(f"{len(kinds)} kinds and {len(names)} names for {n} inputs")
    members = [index for group in groups for index in group]
    if len(set(members)) != len(members):
        raise DomainError("a feature belongs to two one-hot groups, or twice to one")
    if any(len(group) == 0 or not 0 <= min(group) <= max(group) < n for group in groups):
        raise DomainError(f"a one-hot group needs indices of features from 0 to {n - 1}")


def _check_box(domain: Domain) -> None:
    for name, low, high in zip(domain.names, domain.lower, domain.upper, strict=True):
        if np.isnan(low) or np.isnan(high):
            raise DomainError(f"feature {name!r}: a bound is NaN")
        if low > high or low == np.inf or high == -np.inf:
            raise DomainError(f"feature {name!r}: no number lies between its bounds {low:g} and {high:g}")


def contains(domain: Domain, x: FloatArray) -> BoolArray:
    """Whether each row of x, shape (k, n), lies in the box and satisfies every linear row, decided exactly.

    Float values settle the question if they are further from the right-hand side than their rounding error can be;
    exact arithmetic settles the rest.
    """
    x = np.asarray(x, dtype=np.float64)
    inside = ((x >= domain.lower) & (x <= domain.upper)).all(axis=1)
    E, f = domain.equalities
    return inside & _satisfied(domain.A, domain.b, x, equal=False) & _satisfied(E, f, x, equal=True)


def contains_admissible(domain: Domain, x: FloatArray) -> BoolArray:
    """Whether each row of x, shape (k, n), is admissible: in the relaxation, and following the rules on features."""
    x = np.asarray(x, dtype=np.float64)
    whole: BoolArray = (x == np.floor(x))[:, domain.integral].all(axis=1)
    return contains(domain, x) & whole


def list_admissible(domain: Domain, *, limit: int = 1_000_000) -> FloatArray | None:
    """Every admissible input, shape (k, n) in lexicographic order, or None.

    None if a feature outside the one-hot groups is continuous, has an open side or integers that are not float64
    (beyond 2⁵³), or if the product of the choices for features and groups exceeds `limit`.
    """
    table = list_combinations(domain, range(domain.inputs), limit=limit) if domain.integral.all() else None
    if table is None:
        return None
    kept: FloatArray = table[contains_admissible(domain, table)]
    order = np.lexsort(kept.T[::-1])
    return kept[order]


def list_combinations(domain: Domain, features: Iterable[int], *, limit: int) -> FloatArray | None:
    """Every combination of values of some integer features within the box and the one-hot groups.

    Parameters
    ----------
    features
        Indices; those of a group all or none.

    Returns
    -------
    FloatArray or None
        Shape (k, n), NaN for all other features. None if there are more than `limit`, or if a feature has an open side
        or integers that are not float64 (beyond 2⁵³).
    """
    own = set(features)
    choices = _choices(domain, own, limit)
    if choices is None or math.prod(len(options) for _, options in choices) > limit:
        return None
    table = np.full((1, domain.inputs), np.nan)
    for columns, options in choices:
        table = np.repeat(table, len(options), axis=0)
        table[:, columns] = np.tile(options, (len(table) // max(1, len(options)), 1))
    return table


def round_to_rules(domain: Domain, x: FloatArray) -> FloatArray:
    """The finite rows of x, shape (k, n), with integer features rounded and the largest feature of each group set to 1.

    The result keeps the rules on single features, but not always the box and the linear rows.
    """
    table = np.array(x[np.isfinite(x).all(axis=1)], dtype=np.float64)
    for group in domain.groups:
        table[:, list(group)] = np.eye(len(group))[np.argmax(table[:, list(group)], axis=1)]
    table[:, domain.integral] = np.round(table[:, domain.integral])
    return table


def with_integers_of(domain: Domain, x: Iterable[Fraction | float]) -> Domain:
    """The inputs of the domain whose integer features have the values that they have in x."""
    whole = np.array([float(value) for value in x])
    lower, upper = (np.where(domain.integral, whole, side) for side in (domain.lower, domain.upper))
    return replace(domain, lower=lower, upper=upper)


def _choices(domain: Domain, own: set[int], limit: int) -> list[tuple[list[int], FloatArray]] | None:
    """Columns of each integer feature of own, and of each group together, with the values that they can take."""
    choices = [(list(group), np.eye(len(group))) for group in domain.groups if own.issuperset(group)]
    in_group = {index for group in domain.groups for index in group}
    for feature in sorted(own - in_group):
        low, high = float(np.ceil(domain.lower[feature])), float(np.floor(domain.upper[feature]))
        if max(abs(low), abs(high)) > 2.0**53 or not high - low < limit:
            return None
        choices.append(([feature], (low + np.arange(high - low + 1.0))[:, None]))
    return choices


def _satisfied(A: FloatArray, b: FloatArray, x: FloatArray, *, equal: bool) -> BoolArray:
    if not len(b):
        return np.ones(len(x), dtype=np.bool_)
    signs = row_signs(A, b, x)
    broken = signs != 0 if equal else signs > 0
    return np.asarray(~broken.any(axis=1), dtype=np.bool_)
