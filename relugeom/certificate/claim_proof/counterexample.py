"""Ends of a proof that does not come about: an input at which the claim fails, evaluated exactly, or a reason."""

from collections.abc import Sequence
from fractions import Fraction

from relugeom.certificate.claim_proof.header_entry import SetRow
from relugeom.certificate.claim_proof.joint_cell import JointCell
from relugeom.certificate.claim_proof.proof_range import ProofRange
from relugeom.claims.claim import Monotone
from relugeom.claims.reason import Cause, Reason
from relugeom.claims.settlement import Counterexample
from relugeom.errors import CertificateError
from relugeom.linalg.exact import Point
from relugeom.network.exact import evaluate_exactly

__all__ = ["SET_IS_MET", "FalseClaimError", "UnprovedClaimError", "excess_in", "find_violation", "is_met", "wrong_way"]

SHOWN = 12
SET_IS_MET = "an excluded set is met"


class FalseClaimError(CertificateError):
    """A claim is false; `counterexample` shows it, exactly, and `reason` says it in words."""

    def __init__(self, claim: str, counterexample: Counterexample, names: Sequence[str]) -> None:
        self.counterexample = counterexample
        text = f"the claim is false ({claim}): at {_shown(names, counterexample.x)}"
        text += f" the outputs are {_listed(counterexample.outputs)}"
        if counterexample.second_x is not None and counterexample.second_outputs is not None:
            text += f", and at {_shown(names, counterexample.second_x)} {_listed(counterexample.second_outputs)}"
        self.reason = Reason(Cause.INPUT, "the claim is false", text)
        super().__init__(text)


class UnprovedClaimError(CertificateError):
    """A claim was neither proved nor refuted; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(str(reason))


def find_violation(
    cell: JointCell, reach: ProofRange, sets: Sequence[Sequence[SetRow]], point: Point, *, whole: bool
) -> Counterexample | None:
    """What shows that a point lies in one of the sets, in the domain and in the ball; None if it does not.

    Parameters
    ----------
    point
        All inputs, own inputs of a second copy behind.
    whole
        Whether it must be admissible.
    """
    copies = cell.copies
    odd = whole and any(asked and x.denominator != 1 for asked, x in zip(copies.whole, point, strict=True))
    if odd or not cell.contains(point) or not reach.contains(point):
        return None
    inputs = [tuple(point[k] for k in copies.columns(copy)) for copy in range(len(copies.networks))]
    outputs = [evaluate_exactly(network, x)[1] for network, x in zip(copies.networks, inputs, strict=True)]
    every = [value for values in outputs for value in values]
    if any(is_met(members, point, every) for members in sets):
        second = (inputs[1], outputs[1]) if len(inputs) > 1 else (None, None)
        return Counterexample(inputs[0], outputs[0], *second)
    return None


def is_met(members: Sequence[SetRow], inputs: Sequence[Fraction], outputs: Sequence[Fraction]) -> bool:
    """Whether all inequalities of a set hold."""
    for row in members:
        value = _value(row, inputs, outputs)
        if value < 0 or (value == 0 and row.strict):
            return False
    return True


def excess_in(members: Sequence[SetRow], inputs: Sequence[Fraction], outputs: Sequence[Fraction]) -> Fraction | None:
    """The least value of a set's inequalities on outputs, in their own units: how far inside of the set a point is.

    Inequalities on inputs alone are conditions beside those: where one fails there is no such number, hence None. A set
    that has nothing else is measured by them.
    """
    measured = [row for row in members if any(row.outputs)] or members
    conditions = [row for row in members if row not in measured]
    if not all(is_met([row], inputs, outputs) for row in conditions):
        return None
    return min(Fraction(_value(row, inputs, outputs)) / row.scale for row in measured)


def _value(row: SetRow, inputs: Sequence[Fraction], outputs: Sequence[Fraction]) -> Fraction | int:
    """Most coefficients are 0 where inputs are many, and a product of fractions is dear even then."""
    value: Fraction | int = row.constant
    for coefficients, point in ((row.inputs, inputs), (row.outputs, outputs)):
        value += sum(c * x for c, x in zip(coefficients, point, strict=False) if c)
    return value


def wrong_way(claim: Monotone, names: Sequence[str]) -> str:
    """What is wrong with a monotone claim that is false."""
    move = "rise" if claim.direction > 0 else "fall"
    return f"output {claim.output} does not only {move} with {names[claim.feature]!r}"


def _shown(names: Sequence[str], x: Point) -> str:
    pairs = [f"{name} = {value}" for name, value in zip(names, x, strict=False)]
    return ", ".join(pairs[:SHOWN]) + (f" and {len(pairs) - SHOWN} more inputs" if len(pairs) > SHOWN else "")


def _listed(values: Point) -> str:
    return "(" + ", ".join(map(str, values[:SHOWN])) + (", …" if len(values) > SHOWN else "") + ")"
