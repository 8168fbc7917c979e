"""How far a claim may be from holding: by how much an input could break it, and the nearest one that was met.

Notation: the *excess* of an input is how far it is inside of an excluded set: the least value of the set's inequalities
on outputs, in their own units, where those on inputs alone hold; below 0 it is outside. A claim holds iff no input has
an excess of 0 or more (above 0 if they are strict). The one idea: a proved upper bound of all excesses, and the best
one that was met, tell more of a claim that is open than that it is unknown.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import isfinite

import numpy as np

from relugeom.bounding.outcome import Outcome
from relugeom.certificate.claim_problem import ClaimJudge
from relugeom.certificate.claim_proof.counterexample import is_met
from relugeom.certificate.claim_proof.header_entry import SetRow, set_rows
from relugeom.certificate.claim_proof.task import ClaimTask
from relugeom.certificate.slope_judge import SlopeJudge
from relugeom.claims.box_claims import BoxClaims
from relugeom.claims.claim import Claim, Equivalent, Excluded, Monotone, OutputBound, Scope
from relugeom.claims.reason import Cause, Reason
from relugeom.claims.words import bound_text
from relugeom.decimals import rational_text
from relugeom.geometry.domain import Domain, contains, contains_admissible
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import Point
from relugeom.network.intervals import output_interval
from relugeom.network.network import ReLUNetwork
from relugeom.printing import counted

__all__ = ["Excess", "excess_in_words", "excess_of", "excess_over", "first_excess", "why_open", "worst_excess"]

Excess = tuple[Fraction | None, Fraction | None]
"""The best excess that was met, and a proved upper bound of all; None where nothing is known."""
DIGITS = 6


def first_excess(task: ClaimTask) -> Excess:
    """Bounds of the excess by interval arithmetic, in no time: over the box from above, and at one input from below.

    Of a monotone output it is how far it falls (or rises) against the claim.
    """
    claim, domain = task.claim, task.domain
    box = domain.lower, domain.upper
    if isinstance(claim, Monotone):
        low, high = output_interval(task.networks[0], *box)
        return Fraction(0), _exact(float(np.nextafter(high[claim.output] - low[claim.output], np.inf)))
    if not isinstance(claim, Excluded):
        return None, None
    own = [] if claim.twin is None else list(claim.twin.own)
    networks = task.networks if claim.twin is None else (task.networks[0], task.networks[-1])
    ends = [output_interval(network, *box) for network in networks]
    inputs = [np.concatenate([side, side[own]]) for side in box]
    outputs = [np.concatenate(sides) for sides in zip(*ends, strict=True)]
    most = [_most(members, inputs, outputs) for members in task.sets]
    upper = None if None in most else max(value for value in most if value is not None)
    point = _some_input(domain, claim.scope)
    if point is None or claim.ball is not None:
        return None, upper
    joint = np.concatenate([point, point[own]])
    ends = [output_interval(network, point, point) for network in networks]
    there = [np.concatenate(sides) for sides in zip(*ends, strict=True)]
    if not np.isfinite(there).all():
        return None, upper
    exact = tuple(map(Fraction, joint.tolist()))
    lowest, highest = (tuple(map(Fraction, side.tolist())) for side in there)
    least = [_least(members, exact, lowest, highest) for members in task.sets]
    return max((value for value in least if value is not None), default=None), upper


def _some_input(domain: Domain, scope: Scope) -> FloatArray | None:
    """The middle of the box, or near it, if it belongs to the scope; the first member of each group."""
    sides = np.where(np.isfinite(domain.lower), domain.lower, np.minimum(domain.upper, 0.0)), domain.upper
    x = np.where(np.isfinite(sides[1]), sides[0] / 2.0 + sides[1] / 2.0, sides[0])
    for group in domain.groups:
        x[list(group)] = np.eye(len(group))[0]
    x = np.where(domain.integral, np.floor(x), x)
    inside = contains_admissible if scope is Scope.ADMISSIBLE else contains
    return x if inside(domain, x[None, :])[0] else None


def excess_of(found: Outcome, judge: ClaimJudge | SlopeJudge) -> Excess:
    """What a search has shown: the excess of the nearest input exactly, and the bound."""
    return None if found.nearest is None else judge.excess(found.nearest), _exact(found.upper)


def worst_excess(known: Sequence[Excess], claims: int) -> Excess:
    """The excess of several claims together, as many as there are: bounded from above only if each of them is."""
    lower = max((low for low, _ in known if low is not None), default=None)
    uppers = [high for _, high in known if high is not None]
    return lower, max(uppers) if len(uppers) == claims else None


def excess_over(boxes: BoxClaims, network: ReLUNetwork, lower: FloatArray, upper: FloatArray) -> Fraction | None:
    """Bound of the excess of claims about boxes by interval arithmetic over a box around all of them."""
    if not len(boxes):
        return None
    outputs = list(output_interval(network, lower, upper))
    sets = (members for claim in boxes.claims for members in set_rows(claim, [network], network.inputs))
    most = [_most(members, [lower, upper], outputs) for members in sets]
    return None if None in most else max(value for value in most if value is not None)


def why_open(found: Outcome, *, late: bool, cells: int) -> Reason:
    """Why a claim is open after a search.

    Parameters
    ----------
    late
        Whether time ran out.
    cells
        Cells that might have been bounded.
    """
    full = cells <= found.cells
    cause = Cause.TIME if late else Cause.LIMIT if full or found.is_full else Cause.METHOD
    short = {
        Cause.TIME: "time ran out",
        Cause.LIMIT: "the limit of cells was reached" if full else "the limit of memory was reached",
        Cause.METHOD: "bounds and branching do not settle it",
    }[cause]
    return Reason(cause, short, f"{short} (after {counted(found.cells, 'cell')})")


def excess_in_words(claim: Claim, lower: Fraction | None, upper: Fraction | None) -> list[str]:
    """What is proved and what was met, in the claim's own terms."""
    if isinstance(claim, OutputBound):
        return _output_in_words(claim, lower, upper)
    if isinstance(claim, Equivalent):
        reached = None if lower is None else max(lower + claim.epsilon, Fraction(0))
        limit = None if upper is None else upper + claim.epsilon
        words = [] if limit is None else [f"the outputs differ by at most {bound_text(limit, up=True)}"]
        return words + ([] if reached is None else [f"a difference of {rational_text(reached, DIGITS)} was met"])
    if isinstance(claim, Monotone):
        return [] if upper is None else [f"the output moves the other way by at most {bound_text(upper, up=True)}"]
    words = [] if upper is None else [f"no input breaks the claim by more than {bound_text(upper, up=True)}"]
    if lower is not None:
        does = "breaks it by" if lower > 0 else "is short of that by"
        words.append(f"the nearest one that was met {does} {rational_text(abs(lower), DIGITS)}")
    return words


def _output_in_words(claim: OutputBound, lower: Fraction | None, upper: Fraction | None) -> list[str]:
    used = [value for value in claim.coefficients if value]
    sign = -1 if used == [Fraction(-1)] else 1
    name = "the output" if used in ([Fraction(1)], [Fraction(-1)]) else "the combination of outputs"
    words = []
    if upper is not None:
        end, kind = sign * (claim.bound + upper), "least" if sign < 0 else "most"
        words.append(f"{name} is at {kind} {bound_text(end, up=sign > 0)}")
    if lower is not None:
        words.append(f"{rational_text(sign * (claim.bound + lower), DIGITS)} was met")
    return [", and ".join(words)] if words else []


def _most(members: Sequence[SetRow], inputs: list[FloatArray], outputs: list[FloatArray]) -> Fraction | None:
    """Upper bound of the excess in one set: the least of those of its inequalities."""
    measured = [row for row in members if any(row.outputs)] or members
    found = []
    for row in measured:
        terms = list(zip(row.inputs, *(side.tolist() for side in inputs), strict=True))
        terms += zip(row.outputs, *(side.tolist() for side in outputs), strict=True)
        ends = [(entry, high if entry > 0 else low) for entry, low, high in terms if entry]
        if all(isfinite(end) for _, end in ends):
            found.append((row.constant + sum((entry * Fraction(end) for entry, end in ends), Fraction(0))) / row.scale)
    return min(found, default=None)


def _least(members: Sequence[SetRow], inputs: Point, low: Point, high: Point) -> Fraction | None:
    """Lower bound of the excess in one set at an input, if that meets the conditions; outputs from low to high."""
    measured = [row for row in members if any(row.outputs)] or members
    conditions = [row for row in members if row not in measured]
    if not all(is_met([row], inputs, ()) for row in conditions):
        return None
    found = []
    for row in measured:
        ends = [b if entry < 0 else a for entry, a, b in zip(row.outputs, low, high, strict=True)]
        terms = [*zip(row.inputs, inputs, strict=True), *zip(row.outputs, ends, strict=True)]
        found.append((row.constant + sum((c * v for c, v in terms if c), Fraction(0))) / row.scale)
    return min(found)


def _exact(value: float) -> Fraction | None:
    return Fraction(value) if isfinite(value) else None
