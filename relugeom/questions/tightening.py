"""Numbers that are proved to be the best possible: reached at an input, and no input goes beyond.

The one idea: claim that nothing goes beyond what has been reached so far. Where that is false, the counterexample lies
beyond; the best of its cell, and of the cells next to it, is the next claim. There are finitely many cells, so that it
ends with a proof, or with UNKNOWN and what has been reached.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from relugeom.claims.claim import Claim
from relugeom.claims.settlement import Counterexample, Settlement, Verdict
from relugeom.linalg.exact import Point
from relugeom.measures.closed_cells import Best
from relugeom.questions.settler import Ask

__all__ = ["Extremum", "tighten"]


@dataclass(frozen=True, slots=True)
class Extremum:
    """The largest value of something over a domain.

    Attributes
    ----------
    verdict
        HOLDS where no input goes beyond the value; UNKNOWN where that was not settled; FAILS where there is no limit.
    value
        What is reached; None where there is no limit.
    point
        Where: with this input (on its boundary, or beyond every limit from there on).
    settlement
        The last claim, with its proof or the reason why it is not known; None where there is no limit.
    rounds
        How many claims it took.
    """

    verdict: Verdict
    value: Fraction | None
    point: Point
    settlement: Settlement | None
    rounds: int


def tighten(
    claim_at: Callable[[Fraction], Claim],
    ask: Ask,
    improve: Callable[[Counterexample], Best],
    start: Best,
) -> Extremum:
    """Raise a value until it is proved that nothing goes beyond it.

    Parameters
    ----------
    claim_at
        The claim that nothing goes beyond a value.
    improve
        What can be reached from a counterexample; at least as much as is reached at it.
    start
        What has been reached already.
    """
    best, rounds = start, 0
    while best.value is not None:
        rounds += 1
        found = ask(claim_at(best.value))
        if found.verdict is not Verdict.FAILS or found.counterexample is None:
            return Extremum(found.verdict, best.value, best.point, found, rounds)
        best = improve(found.counterexample)
    return Extremum(Verdict.FAILS, None, best.point, None, rounds)
