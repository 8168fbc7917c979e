"""How far a claim may be from holding: by how much an input could break it, and the nearest one that was met.

Notation: the *excess* of an input is how far it is inside of an excluded set: the least value of the set's inequalities
on outputs, in their own units, where those on inputs alone hold; below 0 it is outside. A claim holds iff no input has
an excess of 0 or more (above 0 if they are strict). The one idea: a proved upper bound of all excesses, and the best
one that was met, tell more of a claim that is open than that it is unknown.
"""

from fractions import Fraction
from math import isfinite

import numpy as np

from relugeom.bounding.outcome import Outcome
from relugeom.certificate.claim_problem import ClaimJudge
from relugeom.certificate.claim_proof.header_entry import SetRow, set_rows
from relugeom.certificate.claim_proof.task import ClaimTask
from relugeom.certificate.slope_judge import SlopeJudge
from relugeom.claims.claim import Claim, Equivalent, Excluded, Monotone, OutputBound
from relugeom.claims.reason import Cause, Reason
from relugeom.claims.words import bound_text
from relugeom.decimals import rational_text
from relugeom.linalg.arrays import FloatArray
from relugeom.network.intervals import output_interval
from relugeom.printing import counted

__all__ = ["Excess", "excess_in_words", "excess_of", "first_excess", "why_open"]

Excess = tuple[Fraction | None, Fraction | None]
"""The best excess that was met, and a proved upper bound of all; None where nothing is known."""
DIGITS = 6


def first_excess(task: ClaimTask) -> Excess:
    """Bound of the excess by interval arithmetic, in no time; for a monotone output, of how far it falls (or rises)."""
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
    most = [_most(members, inputs, outputs) for members in set_rows(claim, task.networks, domain.inputs)]
    return None, None if None in most else max(value for value in most if value is not None)


def excess_of(found: Outcome, judge: ClaimJudge | SlopeJudge) -> Excess:
    """What a search has shown: the excess of the nearest input exactly, and the bound."""
    return None if found.nearest is None else judge.excess(found.nearest), _exact(found.upper)


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
    cause = Cause.TIME if late else Cause.LIMIT if full else Cause.METHOD
    short = {
        Cause.TIME: "time ran out",
        Cause.LIMIT: "the limit of cells was reached",
        Cause.METHOD: "bounds and branching do not settle it",
    }[cause]
    return Reason(cause, short, f"{short} after {counted(found.cells, 'cell')}")


def excess_in_words(claim: Claim, lower: Fraction | None, upper: Fraction | None) -> list[str]:
    """What is proved and what was met, in the claim's own terms."""
    if isinstance(claim, OutputBound):
        return _output_in_words(claim, lower, upper)
    if isinstance(claim, Equivalent):
        reached = None if lower is None else lower + claim.epsilon
        limit = None if upper is None else upper + claim.epsilon
        words = [] if limit is None else [f"the outputs differ by at most {bound_text(limit, up=True)}"]
        return words + ([] if reached is None else [f"a difference of {rational_text(reached, DIGITS)} was met"])
    if isinstance(claim, Monotone):
        return [] if upper is None else [f"the output moves the other way by at most {bound_text(upper, up=True)}"]
    words = []
    if upper is not None:
        words.append(f"no input is further inside of an excluded set than {bound_text(upper, up=True)}")
    if lower is not None:
        side = "inside of" if lower > 0 else "outside of"
        words.append(f"the nearest one that was met is {rational_text(abs(lower), DIGITS)} {side} one")
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


def _most(members: list[SetRow], inputs: list[FloatArray], outputs: list[FloatArray]) -> Fraction | None:
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


def _exact(value: float) -> Fraction | None:
    return Fraction(value) if isfinite(value) else None
