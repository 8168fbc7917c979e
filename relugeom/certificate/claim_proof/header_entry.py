"""Claims as the header of a certificate has them (FORMAT.md): integers, and sets over a row of coefficients.

Notation: a row is (c₀, one coefficient per input, x first and x' behind, one per output, y first and y' behind). An
inequality may be multiplied by a positive number, so rows are integers and their exponent is 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

from relugeom.certificate.header import hexadecimal
from relugeom.claims.ball import Ball
from relugeom.claims.claim import Equivalent, Excluded, Monotone, OutputBound, SameDecision, SameLargest, Twin
from relugeom.claims.inequality import Inequality
from relugeom.claims.patterns import PatternClaims
from relugeom.errors import InputError
from relugeom.network.network import ReLUNetwork

__all__ = ["SetRow", "as_excluded", "claim_object", "set_rows"]

CLAIM_BITS = 1 << 12

SetClaim = Excluded | OutputBound | SameDecision | SameLargest | Equivalent


@dataclass(frozen=True, slots=True)
class SetRow:
    """One inequality of a set in integers.

    Attributes
    ----------
    strict
        Whether the value must be > 0, else ≥ 0.
    constant, inputs, outputs
        c₀, the coefficients of x and x', those of y and y'.
    scale
        What the claim's inequality was multiplied by.
    """

    strict: bool
    constant: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    scale: int


def as_excluded(claim: SetClaim, networks: Sequence[ReLUNetwork]) -> Excluded:
    """The sets that a claim excludes.

    Raises
    ------
    InputError
        The claim does not fit the networks.
    """
    first, second = networks[0], networks[-1]
    if isinstance(claim, OutputBound):
        _check_size("coefficients of outputs", claim.coefficients, first.outputs)
        over = Inequality(-claim.bound, outputs=claim.coefficients, strict=True)
        return Excluded(((over,),), claim.scope, claim.ball)
    if isinstance(claim, SameDecision):
        _check_index("output", claim.output, first.outputs)
        unit = _unit(claim.output, first.outputs)
        above = Inequality(-claim.lower, outputs=unit, strict=True)
        below = Inequality(claim.upper, copy_outputs=_minus(unit))
        larger = Inequality(outputs=unit, copy_outputs=_minus(unit), strict=True)
        apart = (above, below) if claim.lower == claim.upper else (above, below, larger)
        return Excluded((apart,), claim.scope, twin=Twin(claim.own))
    if isinstance(claim, SameLargest):
        return Excluded(_largest_differ(first.outputs), claim.scope, twin=Twin(claim.own))
    if isinstance(claim, Equivalent):
        if first.outputs != second.outputs:
            raise InputError(f"networks with {first.outputs} and {second.outputs} outputs cannot be equivalent")
        sets = []
        for output in range(first.outputs):
            unit = _unit(output, first.outputs)
            for one, other in ((unit, _minus(unit)), (_minus(unit), unit)):
                sets.append((Inequality(-claim.epsilon, outputs=one, copy_outputs=other, strict=True),))
        return Excluded(tuple(sets), claim.scope, claim.ball, Twin(second_network=True))
    return claim


def claim_object(
    claim: Excluded | Monotone | PatternClaims, networks: Sequence[ReLUNetwork], inputs: int
) -> dict[str, Any]:
    """The claim's entry of the header.

    Parameters
    ----------
    networks
        The first network, and a second one where a twin is of it.
    inputs
        Number of inputs of the domain.

    Raises
    ------
    InputError
        The claim does not fit the networks and the domain, or its numbers are too long.
    """
    if isinstance(claim, Monotone):
        _check_index("output", claim.output, networks[0].outputs)
        _check_index("feature", claim.feature, inputs)
        numbers = (claim.output, claim.feature, claim.direction)
        return {
            "kind": "monotone",
            **dict(zip(("output", "input", "direction"), (f"{value:x}" for value in numbers), strict=True)),
        }
    if isinstance(claim, PatternClaims):
        for statement in claim.statements:
            if len(statement.bits) != networks[0].units:
                raise InputError(f"{statement.pattern!r} has {len(statement.bits)} bits for {networks[0].units} units")
        return {
            "kind": "patterns",
            "patterns": [[statement.bits, statement.standing.value] for statement in claim.statements],
        }
    own = claim.twin.own if claim.twin else ()
    for feature in own:
        _check_index("feature", feature, inputs)
    copies = [[f"{int(claim.twin.second_network):x}", hexadecimal(own)]] if claim.twin else []
    sets = []
    for members in set_rows(claim, networks, inputs):
        rows = ((row.strict, (row.constant, *row.inputs, *row.outputs)) for row in members)
        sets.append([[strict, "0", hexadecimal(row)] for strict, row in rows])
    return {
        "kind": "excluded",
        "scope": claim.scope.value,
        "copies": copies,
        "ball": None if claim.ball is None else _ball(claim.ball, inputs + len(own)),
        "sets": sets,
    }


def set_rows(claim: Excluded, networks: Sequence[ReLUNetwork], inputs: int) -> list[list[SetRow]]:
    """The sets in integers.

    Raises
    ------
    InputError
        An inequality has another number of coefficients than there are inputs or outputs, or too long a number.
    """
    own = len(claim.twin.own) if claim.twin else 0
    copied = (networks[-1] if claim.twin.second_network else networks[0]).outputs if claim.twin else 0
    return [[_set_row(part, inputs, own, networks[0].outputs, copied) for part in members] for members in claim.sets]


def _set_row(part: Inequality, inputs: int, own: int, outputs: int, copied: int) -> SetRow:
    given = part.inputs, part.own_inputs, part.outputs, part.copy_outputs
    names = "inputs", "own inputs", "outputs", "outputs of the copy"
    scale = lcm(part.constant.denominator, *(value.denominator for values in given for value in values))
    filled = [
        _filled(name, values, size, scale)
        for name, values, size in zip(names, given, (inputs, own, outputs, copied), strict=True)
    ]
    constant, x, y = int(part.constant * scale), (*filled[0], *filled[1]), (*filled[2], *filled[3])
    if max(abs(constant), *(max(max(row), -min(row)) for row in (x, y) if row)).bit_length() > CLAIM_BITS:
        raise InputError(f"the numbers of an inequality need more than {CLAIM_BITS} bits over a common denominator")
    return SetRow(part.strict, constant, x, y, scale)


def _ball(ball: Ball, inputs: int) -> dict[str, str]:
    if len(ball.centre) != inputs:
        raise InputError(f"the centre of a ball has {len(ball.centre)} coordinates for {inputs} inputs")
    scale = lcm(*(value.denominator for value in ball.centre))
    return {
        "norm": ball.norm.value,
        "centre": hexadecimal([scale, *(int(value * scale) for value in ball.centre)]),
        "radius": hexadecimal([ball.size.numerator, ball.size.denominator]),
    }


def _largest_differ(outputs: int) -> tuple[tuple[Inequality, ...], ...]:
    """y_j is the largest, or one of them, and y'_j is not, because y'_k is larger."""
    if outputs < 2:
        raise InputError("with one output the largest is always the same: compare it with a threshold")
    sets = []
    for j in range(outputs):
        others = [k for k in range(outputs) if k != j]
        reached = tuple(Inequality(outputs=_difference(j, k, outputs)) for k in others)
        sets += [(*reached, Inequality(copy_outputs=_difference(k, j, outputs), strict=True)) for k in others]
    return tuple(sets)


def _difference(plus: int, minus: int, size: int) -> tuple[Fraction, ...]:
    return tuple(Fraction(int(k == plus) - int(k == minus)) for k in range(size))


def _unit(place: int, size: int) -> tuple[Fraction, ...]:
    return tuple(Fraction(int(k == place)) for k in range(size))


def _minus(values: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
    return tuple(-value for value in values)


def _filled(name: str, values: tuple[Fraction, ...], size: int, scale: int) -> tuple[int, ...]:
    """Coefficients times a common denominator; most parts of most inequalities are left out, and cost nothing."""
    if not values:
        return (0,) * size
    _check_size(f"coefficients of {name}", values, size)
    return tuple(value.numerator * (scale // value.denominator) for value in values)


def _check_size(name: str, values: Sequence[Fraction], size: int) -> None:
    if len(values) != size:
        raise InputError(f"a claim has {len(values)} {name}, but {size} are needed")


def _check_index(name: str, index: int, size: int) -> None:
    if not 0 <= index < size:
        raise InputError(f"there is no {name} {index}: they are numbered from 0 to {size - 1}")
