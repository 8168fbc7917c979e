"""Claims about one network, about two inputs of it, and about two networks.

Notation: x, x', y, y' as in `inequality.py`. The one idea: nearly every claim says that some sets of inputs and outputs
are never met (`Excluded`); the other values are such claims under familiar names. A claim names no network and no
domain: both are given to the prover.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from relugeom.claims.ball import Ball
from relugeom.claims.inequality import Inequality, exact_number, exact_numbers
from relugeom.claims.patterns import PatternClaims
from relugeom.errors import InputError

__all__ = ["Claim", "Equivalent", "Excluded", "Monotone", "OutputBound", "SameDecision", "SameLargest", "Scope", "Twin"]


class Scope(StrEnum):
    """Inputs that a claim is about."""

    RELAXATION = "relaxation"
    ADMISSIBLE = "admissible"

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise InputError(f"{value!r} is not a scope: use 'relaxation' or 'admissible'")


@dataclass(frozen=True, slots=True)
class Twin:
    """A second copy: the inputs of its own, and whether it is a copy of a second network.

    Attributes
    ----------
    own
        Features in which x' may differ from x; x' lies in the domain, as x does.
    second_network
        Whether y' are the outputs of a second network (else of the first one).
    """

    own: tuple[int, ...] = ()
    second_network: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "own", _features(self.own))


@dataclass(frozen=True, slots=True)
class Excluded:
    """No input lies in any of the sets; a set consists of the points at which all of its inequalities hold.

    Attributes
    ----------
    sets
        At least one, of at least one inequality each.
    scope
        Whether the claim is about all inputs of the relaxation, or only about admissible ones.
    ball
        If given, the claim is only about inputs in the ball.
    twin
        The second copy, if inequalities refer to one.
    """

    sets: tuple[tuple[Inequality, ...], ...]
    scope: Scope = Scope.RELAXATION
    ball: Ball | None = None
    twin: Twin | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "sets", tuple(tuple(members) for members in self.sets))
        object.__setattr__(self, "scope", Scope(self.scope))
        if not self.sets or not all(self.sets):
            raise InputError("a claim needs at least one set, and a set at least one inequality")
        speaks = any(part.own_inputs or part.copy_outputs for members in self.sets for part in members)
        if self.twin is None and speaks:
            raise InputError("inequalities refer to a second copy, but the claim has none: give it a Twin")


@dataclass(frozen=True, slots=True)
class OutputBound:
    """A bound on the outputs: coefficients·y ≤ bound for every input.

    Attributes
    ----------
    coefficients
        One per output.
    bound
        c, in units of the outputs.
    """

    coefficients: tuple[Fraction, ...]
    bound: Fraction
    scope: Scope = Scope.RELAXATION
    ball: Ball | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "coefficients", exact_numbers(self.coefficients))
        object.__setattr__(self, "bound", exact_number(self.bound))
        object.__setattr__(self, "scope", Scope(self.scope))


@dataclass(frozen=True, slots=True)
class Monotone:
    """An output never falls (direction 1) or never rises (−1) on the relaxation when one feature alone rises."""

    output: int
    feature: int
    direction: int

    def __post_init__(self) -> None:
        if self.direction not in (1, -1):
            raise InputError(f"a direction is 1 (never falls) or -1 (never rises), not {self.direction}")


@dataclass(frozen=True, slots=True)
class SameDecision:
    """Two inputs that share all coordinates but `own` are on the same side of a threshold on an output.

    Class 1 is y > θ for a θ with lower ≤ θ ≤ upper, which are equal if θ is known exactly. Otherwise the claim is that
    no θ between them separates two such inputs: none have y > y', y > lower and y' ≤ upper.
    """

    own: tuple[int, ...]
    lower: Fraction = Fraction(0)
    upper: Fraction = Fraction(0)
    output: int = 0
    scope: Scope = Scope.RELAXATION

    def __post_init__(self) -> None:
        object.__setattr__(self, "own", _features(self.own))
        object.__setattr__(self, "lower", exact_number(self.lower))
        object.__setattr__(self, "upper", exact_number(self.upper))
        object.__setattr__(self, "scope", Scope(self.scope))
        if self.lower > self.upper:
            raise InputError(f"a threshold cannot lie between {self.lower} and {self.upper}")


@dataclass(frozen=True, slots=True)
class SameLargest:
    """Two inputs that share all coordinates but `own` have the same largest outputs: ties are between the same
    outputs.
    """

    own: tuple[int, ...]
    scope: Scope = Scope.RELAXATION

    def __post_init__(self) -> None:
        object.__setattr__(self, "own", _features(self.own))
        object.__setattr__(self, "scope", Scope(self.scope))


@dataclass(frozen=True, slots=True)
class Equivalent:
    """No output of two networks differs by more than epsilon, in units of the outputs."""

    epsilon: Fraction = Fraction(0)
    scope: Scope = Scope.RELAXATION
    ball: Ball | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "epsilon", exact_number(self.epsilon))
        object.__setattr__(self, "scope", Scope(self.scope))
        if self.epsilon < 0:
            raise InputError(f"two networks cannot differ by at most {self.epsilon}: epsilon must be 0 or more")


Claim = Excluded | OutputBound | Monotone | SameDecision | SameLargest | Equivalent | PatternClaims


def _features(own: tuple[int, ...]) -> tuple[int, ...]:
    indices = tuple(int(index) for index in own)
    if len(set(indices)) != len(indices) or any(index < 0 for index in indices):
        raise InputError(f"own inputs are indices of features, each once, not {indices}")
    return indices
