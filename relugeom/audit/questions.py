"""What an audit asks of a network on the whole domain: ranges, monotone features, fairness, units that can go.

The one idea: every question knows the statements that it would settle, so that one for which there is no time left is
answered too: it is not known, because the time ran out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import islice, product
from pathlib import Path

from relugeom.analysis.decisions import decide_exactly
from relugeom.analysis.unequal_share import unequal_samples, unequal_share
from relugeom.audit.words import move_in_words, range_in_words
from relugeom.certificate.claim import settle_claim
from relugeom.claims.answer import Answer, bound_in_words, pair_in_words, point_in_words
from relugeom.claims.claim import Claim
from relugeom.claims.settlement import Counterexample, Settlement, Verdict
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import EmptyDomainError
from relugeom.files import make_folder
from relugeom.geometry.domain import Domain
from relugeom.importers.npz import write_npz
from relugeom.linalg.arrays import FloatArray
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import Partition, PartitionStatus
from relugeom.questions.fairness import Fairness, protected_fairness
from relugeom.questions.monotonicity import monotonicity
from relugeom.questions.output_bounds import output_bounds
from relugeom.questions.simplification import Simplification, simplify_network
from relugeom.questions.tightening import Extremum
from relugeom.questions.unit_signs import bound_unit_signs, partition_unit_signs
from relugeom.report.formatting import share_of

__all__ = ["FOLDER", "SIMPLIFIED", "ask_questions"]

FOLDER, SIMPLIFIED = "proofs", "simplified.npz"
"""Where the certificates of the answers are, and the smaller network, in the folder of the audit."""
MOST_OUTPUTS, MOST_PAIRS = 10, 60
PART_EACH, PART_PROOFS, RANGE_PARTS = 1 / 6, 4 / 5, 3
"""Parts of the time: for one claim, and for all of them; in what is left inputs may still show that claims fail."""
LATE_LOOKS = 10
"""Questions of which inputs are looked at even where there is no time left at all."""
LATE = "the time ran out: give more with --time-limit, or ask about it alone"


def ask_questions(
    partition: Partition,
    samples: FloatArray,
    folder: Path,
    *,
    protected: Sequence[int] = (),
    time_limit: TimeLimit,
    on_progress: Callable[[int], None],
    on_answers: Callable[[Sequence[Answer]], None],
) -> list[Answer]:
    """Ask, and keep the certificate of every statement that holds in the folder `FOLDER`.

    Parameters
    ----------
    partition
        The regions of the network on the domain, as far as they are known.
    samples
        From where to set out in the search for extreme inputs, shape (s, n).
    folder
        That of the audit; a smaller network with the same function is kept there, too.
    protected
        Features on which a decision should not depend.
    time_limit
        Seconds, or a deadline; what was not asked by then is UNKNOWN.
    on_progress
        Called with the number of answers so far.
    on_answers
        Called with the answers of each question when they are known.
    """
    answers: list[Answer] = []
    for found in _Questions(partition, samples, folder, Deadline.of(time_limit)).ask(protected):
        if found:
            on_answers(found)
        answers.extend(found)
        on_progress(len(answers))
    return answers


@dataclass(frozen=True, slots=True)
class _Question:
    """A kind of question, what it would settle, and how it is asked.

    Attributes
    ----------
    also_late
        Whether asking is worth it where there is no time for proofs: some inputs alone may show that a statement fails.
    """

    kind: str
    statements: tuple[str, ...]
    ask: Callable[[], Iterable[Answer]]
    also_late: bool = False

    def left_out(self, reason: str) -> Iterator[Answer]:
        """Its answers where it is not asked."""
        return (Answer(self.kind, statement, Verdict.UNKNOWN, reason=reason) for statement in self.statements)


class _Questions:
    """The questions about one network on one domain, with one budget of time."""

    def __init__(self, partition: Partition, samples: FloatArray, folder: Path, deadline: Deadline) -> None:
        self._partition, self._samples, self._folder = partition, samples, folder
        self._network: ReLUNetwork = partition.network
        self._domain: Domain = partition.domain
        self._end, self._deadline = deadline, deadline.share(PART_PROOFS)
        self._each = PART_EACH * deadline.seconds_left
        self._proved = 0
        self._inputs, self._outputs = self._network.feature_names, self._network.target_names
        self._kind = "the admissible input " if self._domain.integral.any() else ""

    def ask(self, protected: Sequence[int]) -> Iterator[list[Answer]]:
        """All answers, question by question; of questions in a row for which there is no time left, together."""
        looks = 0
        late: list[Answer] = []
        for question in self._questions(protected):
            if self._deadline.passed:
                looks += question.also_late
                if not question.also_late or (self._end.passed and looks > LATE_LOOKS):
                    late += question.left_out(LATE)
                    continue
            if late:
                yield late
                late = []
            try:
                yield list(question.ask())
            except EmptyDomainError:
                yield list(question.left_out("no admissible input is known"))
        if late:
            yield late

    def _questions(self, protected: Sequence[int]) -> Iterator[_Question]:
        """What is asked, the questions of the user first."""
        if protected:
            names = ", ".join(self._inputs[feature] for feature in protected)
            statement = f"inputs that differ only in {names} get the same decision"
            yield _Question("fairness", (statement,), partial(self._fairness, statement, protected), also_late=True)
        for output, name in enumerate(self._outputs[:MOST_OUTPUTS]):
            yield _Question("range", (range_in_words(name),), partial(self._ranges, output))
        if len(self._outputs) > MOST_OUTPUTS:
            yield _not_asked("range", f"the ranges of {len(self._outputs) - MOST_OUTPUTS:,} more outputs", MOST_OUTPUTS)
        yield _Question("simplification", ("units that the function does not need",), self._simplification)
        pairs = product(range(self._network.outputs), range(self._network.inputs))
        for output, feature in islice(pairs, MOST_PAIRS):
            statements = tuple(self._moves(output, feature, moves) for moves in ("never falls", "never rises"))
            ask = partial(self._monotone, output, feature, statements)
            yield _Question("monotonicity", statements, ask, also_late=True)
        count = self._network.outputs * self._network.inputs
        if count > MOST_PAIRS:
            what = f"{count - MOST_PAIRS:,} more pairs of an output and a feature"
            yield _not_asked("monotonicity", f"the direction of {what}", MOST_PAIRS)

    def settle(
        self,
        claim: Claim,
        domain: Domain,
        *,
        second_network: ReLUNetwork | None = None,
        time_limit: TimeLimit = None,
    ) -> Settlement:
        """Settle, and keep the proof of what holds under the next number: it is the questions' `Settler`."""
        deadline = min(self._deadline, Deadline.of(time_limit), key=lambda limit: limit.end)
        if self._deadline.passed:
            return Settlement(claim, Verdict.UNKNOWN, reason=LATE)
        folder = make_folder(self._folder / FOLDER)
        settled = settle_claim(
            claim,
            self._network,
            domain,
            folder / f"{self._proved + 1:04}.cert",
            second_network=second_network,
            time_limit=deadline.within(self._each),
        )
        self._proved += settled.proof is not None
        return settled

    def _ranges(self, output: int) -> Iterator[Answer]:
        found = output_bounds(
            self._network,
            self._domain,
            self,
            output=output,
            candidates=self._samples,
            time_limit=self._deadline.within(RANGE_PARTS * self._each),
        )
        yield self._range(output, found.lowest, "≥")
        yield self._range(output, found.highest, "≤")

    def _range(self, output: int, found: Extremum, relation: str) -> Answer:
        name, settled = self._outputs[output], found.settlement
        if found.value is None:
            end = "below" if relation == "≥" else "above"
            return Answer("range", f"{name} is bounded {end}", Verdict.FAILS, reason="it has no limit on the domain")
        return Answer(
            "range",
            bound_in_words(name, relation, found.value),
            found.verdict,
            found.value,
            f"{float(found.value)!r} is reached at {self._kind}{point_in_words(self._inputs, found.point)}",
            "" if settled is None else settled.reason,
            None if settled is None else settled.proof,
        )

    def _moves(self, output: int, feature: int, moves: str) -> str:
        return move_in_words(self._outputs[output], self._inputs[feature], moves)

    def _monotone(self, output: int, feature: int, statements: Sequence[str]) -> Iterator[Answer]:
        moves = monotonicity(
            self._network, self._domain, self, output=output, feature=feature, candidates=self._samples
        )
        for statement, settled in zip(statements, (moves.never_falls, moves.never_rises), strict=True):
            shown = settled.counterexample
            answer = Answer("monotonicity", statement, settled.verdict, proof=settled.proof)
            if settled.verdict is Verdict.UNKNOWN:
                answer = replace(answer, reason=settled.reason)
            elif shown is not None:
                answer = replace(answer, witness=self._pair(output, feature, shown))
            yield answer

    def _pair(self, output: int, feature: int, shown: Counterexample) -> str:
        if shown.second_x is None or shown.second_outputs is None:
            return ""
        ends = sorted(
            ((shown.x, shown.outputs[output]), (shown.second_x, shown.second_outputs[output])),
            key=lambda end: end[0][feature],
        )
        (low, before), (high, after) = ends
        first, second = pair_in_words(before, after)
        other = pair_in_words(low[feature], high[feature])[1]
        changed = f"{self._inputs[feature]} = {other}"
        return f"at {point_in_words(self._inputs, low)} it is {first}, with {changed} it is {second}"

    def _fairness(self, statement: str, protected: Sequence[int]) -> Iterator[Answer]:
        found = protected_fairness(self._network, self._domain, protected, settle=self, candidates=self._samples)
        settled, shown = found.same_decision, found.same_decision.counterexample
        parts, share = [], None
        if shown is not None and shown.second_x is not None and shown.second_outputs is not None:
            own = [self._inputs[feature] for feature in found.protected]
            changed = [shown.second_x[feature] for feature in found.protected]
            parts.append(
                f"at {point_in_words(self._inputs, shown.x)} the decision is {self._class(shown.outputs)}, with "
                f"{point_in_words(own, changed)} it is {self._class(shown.second_outputs)}"
            )
        if found.unequal is not None and found.admissible:
            share = Fraction(found.unequal, found.admissible)
            parts.append(_share_in_words(found.unequal, found.admissible, "admissible inputs"))
        elif settled.verdict is Verdict.FAILS and not self._end.passed:
            parts.extend(self._measured_shares(found))
        reason = settled.reason if settled.verdict is Verdict.UNKNOWN else ""
        yield Answer("fairness", statement, settled.verdict, share, "; ".join(parts), reason, settled.proof)

    def _measured_shares(self, found: Fairness) -> Iterator[str]:
        """Of which share of the domain, and of the samples, another decision is seen."""
        share = unequal_share(self._network, self._domain, found.protected)
        if share.inputs:
            range_in_words = f"{share.low:.1%} to {share.high:.1%}" if share.exhaustive else f"{share.low:.1%} or more"
            yield (
                f"an estimated {range_in_words} of the domain ({share.confidence:.0%} confidence, {share.inputs:,} "
                f"random admissible inputs) have such a counterpart"
            )
        asked, unequal, exhaustive = unequal_samples(self._network, self._domain, self._samples, found.protected)
        if asked:
            at_least = "" if exhaustive else "at least "
            yield at_least + _share_in_words(unequal, asked, "samples of the domain")

    def _class(self, outputs: Sequence[Fraction]) -> str:
        place, names = decide_exactly(self._network.rule, outputs), self._network.rule.class_names
        if place < 0:
            return "not clear"
        return names[place] if names else f"class {place}"

    def _simplification(self) -> Iterator[Answer]:
        if self._partition.status is PartitionStatus.COMPLETE:
            signs = partition_unit_signs(self._partition)
        else:
            signs = bound_unit_signs(self._network, self._domain, time_limit=self._deadline.within(self._each))
        smaller = simplify_network(self._network, signs)
        if not smaller.removed or smaller.claim is None:
            return
        before, after = self._network.units, smaller.network.units
        settled = self.settle(smaller.claim, self._domain, second_network=smaller.network)
        if settled.verdict is Verdict.HOLDS:
            write_npz(smaller.network, self._folder / SIMPLIFIED)
        yield Answer(
            "simplification",
            f"{after:,} of the {before:,} units give the same outputs on the domain ({SIMPLIFIED})",
            settled.verdict,
            Fraction(after),
            _removed_in_words(smaller),
            settled.reason,
            settled.proof,
        )


def _not_asked(kind: str, what: str, limit: int) -> _Question:
    """What is beyond a limit, as an answer of its own."""
    reason = f"not asked: an audit asks about the first {limit:,}"
    return _Question(kind, (what,), lambda: (Answer(kind, what, Verdict.UNKNOWN, reason=reason),))


def _share_in_words(part: int, whole: int, what: str) -> str:
    return f"{share_of(part, whole, what)} have such a counterpart"


def _removed_in_words(smaller: Simplification) -> str:
    parts = [f"unit {removal.layer}.{removal.unit} {removal.reason.value}" for removal in smaller.removed[:20]]
    more = len(smaller.removed) - len(parts)
    return "not needed: " + ", ".join(parts) + (f" and {more:,} more" if more else "")
