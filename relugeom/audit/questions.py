"""What an audit asks of a network on the whole domain: the range of each output, and in what it is monotone."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

from relugeom.analysis.monotonicity import monotonicity
from relugeom.analysis.output_bounds import output_bounds
from relugeom.analysis.tightening import Extremum
from relugeom.certificate.claim import settle_claim
from relugeom.claims.answer import Answer, point_in_words
from relugeom.claims.claim import Claim, Scope
from relugeom.claims.settlement import Counterexample, Settlement, Verdict
from relugeom.errors import EmptyDomainError
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import FloatArray
from relugeom.network.network import ReLUNetwork

__all__ = ["FOLDER", "ask_questions"]

FOLDER = "proofs"
"""Where the certificates of the answers are, in the folder of the audit."""
MOST_OUTPUTS, MOST_PAIRS = 10, 60
SECONDS, SECONDS_EACH = 60.0, 10.0
"""For all questions together, and for one claim."""


def ask_questions(
    network: ReLUNetwork,
    domain: Domain,
    samples: FloatArray,
    folder: Path,
    *,
    time_limit: float | None,
    on_progress: Callable[[int], None],
) -> list[Answer]:
    """Ask, and keep the certificate of every statement that holds in a folder.

    Parameters
    ----------
    samples
        From where to set out in the search for extreme inputs, shape (s, n).
    folder
        Made where there is something to keep.
    time_limit
        Seconds, of which a minute is used at most; what was not asked by then is left out.
    """
    answers: list[Answer] = []
    seconds = SECONDS if time_limit is None else min(SECONDS, time_limit)
    for answer in _Questions(network, domain, folder, seconds).ask(samples):
        answers.append(answer)
        on_progress(len(answers))
    return answers


class _Questions:
    """The questions about one network on one domain, with one budget of time."""

    def __init__(self, network: ReLUNetwork, domain: Domain, folder: Path, seconds: float) -> None:
        self._network, self._domain, self._folder = network, domain, folder
        self._end = time.perf_counter() + seconds
        self._asked = 0
        self._inputs = network.feature_names
        self._outputs = network.target_names
        self._scope = Scope.ADMISSIBLE if domain.integral.any() else Scope.RELAXATION

    def ask(self, samples: FloatArray) -> Iterator[Answer]:
        """The answers, one after the other, as long as there is time."""
        for output in range(min(self._network.outputs, MOST_OUTPUTS)):
            if self._is_late():
                return
            try:
                found = output_bounds(
                    self._network, self._domain, self._settle, output=output, scope=self._scope, candidates=samples
                )
            except EmptyDomainError:
                return
            yield self._range(output, found.lowest, "≥")
            yield self._range(output, found.highest, "≤")
        pairs = list(product(range(self._network.outputs), range(self._network.inputs)))[:MOST_PAIRS]
        for output, feature in pairs:
            if self._is_late():
                return
            moves = monotonicity(self._network, self._domain, self._settle, output=output, feature=feature)
            yield self._monotone(output, feature, "never falls", moves.never_falls)
            yield self._monotone(output, feature, "never rises", moves.never_rises)

    def _is_late(self) -> bool:
        return time.perf_counter() > self._end

    def _settle(self, claim: Claim) -> Settlement:
        self._asked += 1
        self._folder.mkdir(exist_ok=True)
        left = max(self._end - time.perf_counter(), 0.0)
        place = self._folder / f"{self._asked:04}.cert"
        return settle_claim(claim, self._network, self._domain, place, time_limit=min(SECONDS_EACH, left))

    def _range(self, output: int, found: Extremum, relation: str) -> Answer:
        name, settled = self._outputs[output], found.settlement
        if found.value is None:
            end = "below" if relation == "≥" else "above"
            return Answer("range", f"{name} is bounded {end}", Verdict.FAILS, reason="it has no limit on the domain")
        return Answer(
            "range",
            f"{name} {relation} {float(found.value):.6g}",
            found.verdict,
            found.value,
            f"reached at {point_in_words(self._inputs, found.point)}",
            "" if settled is None else settled.reason,
            None if settled is None else settled.proof,
        )

    def _monotone(self, output: int, feature: int, moves: str, settled: Settlement) -> Answer:
        statement = f"{self._outputs[output]} {moves} when {self._inputs[feature]} alone rises"
        shown = settled.counterexample
        answer = Answer("monotonicity", statement, settled.verdict, proof=settled.proof)
        if settled.verdict is Verdict.UNKNOWN:
            return replace(answer, reason=settled.reason)
        return answer if shown is None else replace(answer, witness=self._pair(output, feature, shown))

    def _pair(self, output: int, feature: int, shown: Counterexample) -> str:
        if shown.second_x is None or shown.second_outputs is None:
            return ""
        ends = sorted(
            ((shown.x, shown.outputs[output]), (shown.second_x, shown.second_outputs[output])),
            key=lambda end: end[0][feature],
        )
        (low, before), (high, after) = ends
        return (
            f"at {point_in_words(self._inputs, low)} it is {float(before):.6g}, with {self._inputs[feature]} = "
            f"{float(high[feature]):.6g} {float(after):.6g}"
        )
