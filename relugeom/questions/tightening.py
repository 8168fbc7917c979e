"""Numbers that are proved to be the best possible: one input reaches them, and no input goes beyond.

The one idea: claim that nothing goes beyond the value reached so far. If that is false, the counterexample lies beyond
it; the best value of its cell, and of the cells next to it, is the next claim. There are finitely many cells, so this
ends with a proof, or with UNKNOWN and the value that has been reached.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from relugeom.claims.claim import Claim
from relugeom.claims.cover_tree import CoverTree
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
        HOLDS if no input goes beyond the value; UNKNOWN if that was not settled; FAILS if there is no limit.
    value
        Value that is reached; None if there is no limit.
    point
        Input that reaches it (or from which the value grows without limit).
    settlement
        Last claim, with its proof or the reason why it is unknown; None if there is no limit.
    rounds
        Number of claims that were needed.
    limit
        Proved: no input goes beyond it. The value itself if the verdict is HOLDS; None if nothing is proved.
    """

    verdict: Verdict
    value: Fraction | None
    point: Point
    settlement: Settlement | None
    rounds: int
    limit: Fraction | None = None

    @property
    def negative(self) -> "Extremum":
        """The least value of the opposite."""
        value, limit = (None if each is None else -each for each in (self.value, self.limit))
        return replace(self, value=value, limit=limit)

    @property
    def bounded(self) -> bool | None:
        """Whether there is a limit; None if that is not proved."""
        if self.verdict is Verdict.UNKNOWN:
            return None if self.limit is None else True
        return self.value is not None


def tighten(
    claim_at: Callable[[Fraction], Claim],
    ask: Ask,
    improve: Callable[[Counterexample], Best],
    start: Best,
    plan: CoverTree | None = None,
) -> Extremum:
    """Raise a value until it is proved that nothing goes beyond it.

    Parameters
    ----------
    claim_at
        Function that gives the claim that nothing goes beyond a value.
    improve
        Function that gives the value that can be reached from a counterexample, at least the value there.
    start
        Value that has been reached already.
    plan
        How it is probably proved that nothing goes beyond it.
    """
    best, rounds = start, 0
    while best.value is not None:
        rounds += 1
        found = ask(claim_at(best.value)) if plan is None else ask(claim_at(best.value), plan)
        plan = None
        if found.verdict is not Verdict.FAILS or found.counterexample is None:
            limit = best.value if found.verdict is Verdict.HOLDS else None
            return Extremum(found.verdict, best.value, best.point, found, rounds, limit)
        best = improve(found.counterexample)
    return Extremum(Verdict.FAILS, None, best.point, None, rounds)
