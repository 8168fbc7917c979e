"""Questions of an audit about the whole domain: ranges, monotone features, fairness, units that can be removed.

The one idea: every question knows the subjects that it would settle. So a question for which no time is left is
answered, too: its verdict is unknown, because time ran out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import groupby, islice, product

from relugeom.analysis.decisions import decide_exactly
from relugeom.analysis.unequal_share import unequal_samples, unequal_share
from relugeom.audit.first_bounds import FirstBounds
from relugeom.budget import Counts
from relugeom.certificate.claim import settle_along, settle_claim
from relugeom.certificate.proof_file import ProofFile
from relugeom.claims.answer import Answer, CounterpartShare, Population, RemovedUnit, ShownInput
from relugeom.claims.claim import Claim, OutputBound, Scope
from relugeom.claims.cover_tree import CoverTree
from relugeom.claims.reason import NO_REASON, Cause, Reason
from relugeom.claims.settlement import Counterexample, Settlement, Verdict
from relugeom.claims.subject import Direction, Question, Side, Subject
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import EmptyDomainError
from relugeom.geometry.domain import Domain
from relugeom.importers.npz import write_npz
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import Point
from relugeom.measures.closed_cells import Best
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import Partition, PartitionStatus
from relugeom.partition.scope import choose_scope
from relugeom.questions.fairness import Fairness, protected_fairness
from relugeom.questions.leaf_extremes import leaf_extremes
from relugeom.questions.monotonicity import monotonicity
from relugeom.questions.output_bounds import output_bounds
from relugeom.questions.simplification import Simplification, simplify_network
from relugeom.questions.tightening import Extremum
from relugeom.questions.unit_signs import UnitSigns, bound_unit_signs, partition_unit_signs

__all__ = ["PROOFS", "SIMPLIFIED", "ask_questions"]

PROOFS, SIMPLIFIED = "proofs.cert", "simplified.npz"
"""Names of the certificates' file and of the smaller network's, within the folder of the audit."""
PART_EACH, PART_PROOFS, RANGE_PARTS, LEAF_PARTS = 1 / 6, 4 / 5, 3, 2
"""Parts of the time: for one claim, and for all claims (in the remaining time, inputs may still show that claims fail);
and how many times that of a claim a range may take, by searching and from the list of regions.
"""
LATE = Reason(Cause.TIME, "time ran out", "time ran out: allow more with --time-limit, or ask this question alone")
NO_INPUT = Reason(Cause.NO_INPUT, "no admissible input is known")
UNLIMITED = Reason(Cause.UNLIMITED, "it has no limit on the domain")


def ask_questions(
    partition: Partition,
    samples: FloatArray,
    proofs: ProofFile,
    *,
    protected: Sequence[int] = (),
    counts: Counts = Counts(),
    time_limit: TimeLimit,
    on_progress: Callable[[int], None],
    on_answers: Callable[[Sequence[Answer]], None],
) -> list[Answer]:
    """Ask the questions, and keep the certificate of every statement that holds.

    Parameters
    ----------
    partition
        Regions of the network on the domain, as far as they are known.
    samples
        Samples from which the search for extreme inputs starts, shape (s, n).
    proofs
        File of certificates; a smaller network with the same function is kept beside it, too.
    protected
        Features on which a decision should not depend.
    counts
        Upper limits on the number of questions.
    time_limit
        Seconds or a deadline; a question that was not asked by then is UNKNOWN.
    on_progress
        Called with the number of answers so far.
    on_answers
        Called with the answers to each question when they are known.
    """
    answers: list[Answer] = []
    for found in _Questions(partition, samples, proofs, counts, Deadline.of(time_limit)).ask(protected):
        if found:
            on_answers(found)
        answers.extend(found)
        on_progress(len(answers))
    return answers


@dataclass(frozen=True, slots=True)
class _Question:
    """A kind of question, the subjects that it would settle, and how it is asked.

    Attributes
    ----------
    also_late
        Whether asking is worthwhile even without time for proofs: a few inputs may show that a statement fails.
    """

    subjects: tuple[Subject, ...]
    ask: Callable[[], Iterable[Answer]]
    also_late: bool = False


class _Questions:
    """Questions about one network on one domain, with one budget of time."""

    def __init__(
        self, partition: Partition, samples: FloatArray, proofs: ProofFile, counts: Counts, deadline: Deadline
    ) -> None:
        self._counts = counts
        self._partition, self._samples, self._proofs = partition, samples, proofs
        self._network: ReLUNetwork = partition.network
        self._domain: Domain = partition.domain
        self._end, self._deadline = deadline, deadline.share(PART_PROOFS)
        self._each = PART_EACH * deadline.seconds_left
        self._proved = self._looks = 0
        self._about = partial(Subject, scope=choose_scope(self._domain))
        self._from_samples = len(samples) > 0
        self._first = FirstBounds(self._network, self._domain)

    def ask(self, protected: Sequence[int]) -> Iterator[list[Answer]]:
        """Yield all answers, question by question; consecutive questions for which no time is left come together."""
        for is_late, questions in groupby(self._questions(protected), self._comes_late):
            if is_late:
                yield [answer for question in questions for answer in self._left_out(question, LATE)]
            else:
                yield from (self._answers(question) for question in questions)

    def _answers(self, question: _Question) -> list[Answer]:
        """Ask the question."""
        try:
            return list(question.ask())
        except EmptyDomainError:
            return self._left_out(question, NO_INPUT)

    def _left_out(self, question: _Question, reason: Reason) -> list[Answer]:
        """Answers to the question if it is not asked."""
        return [self._unasked(subject, reason) for subject in question.subjects]

    def _unasked(self, subject: Subject, reason: Reason) -> Answer:
        lower, upper = self._first.of(subject)
        return Answer(subject, Verdict.UNKNOWN, reason=reason, lower=lower, upper=upper)

    def _comes_late(self, question: _Question) -> bool:
        """Whether there is no time left for a question that is next; a few are only looked at, even then."""
        if not self._deadline.passed:
            return False
        self._looks += question.also_late
        return not question.also_late or (self._end.passed and self._looks > self._counts.late_looks)

    def _questions(self, protected: Sequence[int]) -> Iterator[_Question]:
        """Questions to ask, those of the user first."""
        if protected:
            fair = self._about(Question.FAIRNESS, protected=tuple(protected))
            yield _Question((fair,), partial(self._fairness, fair), also_late=True)
        yield from self._of_ranges()
        smaller = self._about(Question.SIMPLIFICATION)
        yield _Question((smaller,), partial(self._simplification, smaller))
        yield from self._of_directions()

    def _of_ranges(self) -> Iterator[_Question]:
        """The range of each of the first outputs."""
        outputs, most = self._network.outputs, self._counts.outputs
        for output in range(min(outputs, most)):
            both = self._about(Question.RANGE, output=output)
            yield _Question((both,), partial(self._ranges, both))
        if outputs > most:
            yield self._not_asked(self._about(Question.RANGE, further=outputs - most), most)

    def _of_directions(self) -> Iterator[_Question]:
        """Whether an output rises or falls with a feature, for the first pairs of both."""
        outputs, inputs, most = self._network.outputs, self._network.inputs, self._counts.pairs
        for output, feature in islice(product(range(outputs), range(inputs)), most):
            alone = partial(self._about, Question.MONOTONICITY, output=output, feature=feature)
            moves = tuple(alone(direction=direction) for direction in Direction)
            yield _Question(moves, partial(self._monotone, output, feature, moves), also_late=True)
        if outputs * inputs > most:
            yield self._not_asked(self._about(Question.MONOTONICITY, further=outputs * inputs - most), most)

    def _not_asked(self, subject: Subject, limit: int) -> _Question:
        """Question that stands for the subjects beyond a limit."""
        reason = Reason(Cause.LIMIT, "not asked", f"not asked: an audit asks only about the first {limit:,}")
        return _Question((subject,), lambda: (self._unasked(subject, reason),))

    def settle(
        self,
        claim: Claim,
        domain: Domain,
        *,
        second_network: ReLUNetwork | None = None,
        time_limit: TimeLimit = None,
    ) -> Settlement:
        """Settle a claim, and keep its proof under the next number if it holds: the `Settler` of all questions."""
        return self._settled(claim, domain, second_network, None, time_limit)

    def settle_along(
        self, claim: Claim, domain: Domain, plan: CoverTree, *, time_limit: TimeLimit = None
    ) -> Settlement:
        """The same; the plan of a proof is tried before anything is searched."""
        return self._settled(claim, domain, None, plan, time_limit)

    def _settled(
        self,
        claim: Claim,
        domain: Domain,
        second_network: ReLUNetwork | None,
        plan: CoverTree | None,
        time_limit: TimeLimit,
    ) -> Settlement:
        if self._deadline.passed:
            late = settle_claim(claim, self._network, domain, second_network=second_network, time_limit=self._deadline)
            return replace(late, reason=LATE)
        deadline = min(self._deadline, Deadline.of(time_limit), key=lambda limit: limit.end).within(self._each)
        place = self._proofs.place_of_next()
        settle = settle_claim if plan is None else partial(settle_along, plan=plan)
        settled = settle(claim, self._network, domain, path=place, second_network=second_network, time_limit=deadline)
        self._proved += settled.proof is not None
        return self._proofs.keep(settled, f"{self._proved:04}")

    def _ranges(self, both: Subject) -> Iterator[Answer]:
        ends = self._leaf_ends(both) or self._searched_ends(both)
        for side, end in zip(Side, ends, strict=True):
            yield self._range(replace(both, side=side), end)

    def _leaf_ends(self, both: Subject) -> tuple[Extremum, Extremum] | None:
        """Both ends of a range over the relaxation from the list of regions, with certificates if time allows."""
        output, few = both.output or 0, len(self._partition) <= self._counts.leaves
        if both.scope is not Scope.RELAXATION or not few:
            return None
        until = self._deadline.within(LEAF_PARTS * self._each)
        found = leaf_extremes(self._partition, output, time_limit=until)
        if found is None:
            return None
        until = self._deadline.within(self._each)
        return self._leaf_end(output, -1, found[0], until.share(1 / 2)), self._leaf_end(output, 1, found[1], until)

    def _leaf_end(self, output: int, sign: int, best: Best, deadline: Deadline) -> Extremum:
        """The end of a range that is known: a certificate of its own shows it to others, if it is found in time."""
        if best.value is None:
            return Extremum(Verdict.FAILS, None, best.point, None, 0)
        combination = tuple(Fraction(sign * (k == output)) for k in range(self._network.outputs))
        settled = self.settle(OutputBound(combination, sign * best.value), self._domain, time_limit=deadline)
        shown = settled if settled.verdict is Verdict.HOLDS else None
        return Extremum(Verdict.HOLDS, best.value, best.point, shown, 1, best.value)

    def _searched_ends(self, both: Subject) -> tuple[Extremum, Extremum]:
        """Both ends of a range, as far as a search finds and proves them."""
        found = output_bounds(
            self._network,
            self._domain,
            self,
            output=both.output or 0,
            candidates=self._samples,
            time_limit=self._deadline.within(RANGE_PARTS * self._each),
        )
        return found.lowest, found.highest

    def _range(self, subject: Subject, found: Extremum) -> Answer:
        settled = found.settlement
        if found.value is None:
            return Answer(subject, Verdict.FAILS, reason=UNLIMITED)
        return Answer(
            subject,
            found.verdict,
            found.value,
            lower=found.limit if subject.side is Side.LOWEST else found.value,
            upper=found.value if subject.side is Side.LOWEST else found.limit,
            shown=(ShownInput(found.point, found.value),),
            from_samples=self._from_samples,
            reason=NO_REASON if settled is None else settled.reason,
            proof=None if settled is None else settled.proof,
        )

    def _monotone(self, output: int, feature: int, subjects: Sequence[Subject]) -> Iterator[Answer]:
        moves = monotonicity(
            self._network,
            self._domain,
            self,
            output=output,
            feature=feature,
            candidates=self._samples,
            time_limit=self._end,
        )
        for subject in subjects:
            settled = moves.never_rises if subject.direction is Direction.FALLS else moves.never_falls
            yield self._direction(replace(subject, scope=moves.scope), output, settled)

    def _direction(self, subject: Subject, output: int, settled: Settlement) -> Answer:
        """Answer with the two inputs between which the output moves the other way, if it does."""
        answer = Answer(subject, settled.verdict, proof=settled.proof, reason=_open_reason(settled))
        if settled.verdict is Verdict.UNKNOWN or settled.counterexample is None:
            return replace(answer, lower=settled.lower, upper=settled.upper)
        pair = _both(settled.counterexample)
        shown = tuple(ShownInput(x, outputs[output]) for x, outputs in pair)
        moved = abs(pair[0][1][output] - pair[1][1][output]) if pair else None
        return replace(answer, shown=shown, from_samples=self._from_samples, lower=moved)

    def _fairness(self, subject: Subject) -> Iterator[Answer]:
        found = protected_fairness(
            self._network, self._domain, subject.protected, settle=self, candidates=self._samples, time_limit=self._end
        )
        answer = self._same_decision(replace(subject, scope=found.scope), found.same_decision)
        if found.unequal is not None and found.admissible:
            share = Fraction(found.unequal, found.admissible)
            answer = replace(answer, value=share, part=found.unequal, whole=found.admissible)
        elif answer.verdict is Verdict.FAILS and not self._end.passed:
            answer = replace(answer, shares=tuple(self._measured_shares(found)))
        yield answer

    def _same_decision(self, subject: Subject, settled: Settlement) -> Answer:
        """Answer with two inputs that get different decisions, if there are any."""
        rule, pair = self._network.rule, _both(settled.counterexample)
        return Answer(
            subject,
            settled.verdict,
            shown=tuple(ShownInput(x, decided=decide_exactly(rule, outputs)) for x, outputs in pair),
            from_samples=self._from_samples,
            reason=_open_reason(settled),
            proof=settled.proof,
            lower=settled.lower,
            upper=settled.upper,
        )

    def _measured_shares(self, found: Fairness) -> Iterator[CounterpartShare]:
        """Shares of the domain, and of the samples, for which another decision was found."""
        share = unequal_share(self._network, self._domain, found.protected, time_limit=self._end)
        if share.inputs:
            interval = share.low, share.high, share.confidence
            yield CounterpartShare(Population.DOMAIN, share.inputs, share.unequal, share.exhaustive, *interval)
        asked, unequal, exhaustive = unequal_samples(
            self._network, self._domain, self._samples, found.protected, time_limit=self._end
        )
        if asked:
            yield CounterpartShare(Population.SAMPLES, asked, unequal, exhaustive)

    def _simplification(self, subject: Subject) -> Iterator[Answer]:
        signs = self._unit_signs()
        smaller = simplify_network(self._network, signs, time_limit=self._deadline.within(self._each))
        if not smaller.removed or smaller.claim is None:
            return
        settled = self.settle(smaller.claim, self._domain, second_network=smaller.network)
        if settled.verdict is Verdict.HOLDS:
            write_npz(smaller.network, self._proofs.path.with_name(SIMPLIFIED))
        yield self._without_units(replace(subject, second_network=SIMPLIFIED), smaller, settled)

    def _unit_signs(self) -> UnitSigns:
        """Signs of the units on the domain: from all regions, if they are listed."""
        if self._partition.status is PartitionStatus.COMPLETE:
            return partition_unit_signs(self._partition)
        return bound_unit_signs(self._network, self._domain, time_limit=self._deadline.within(self._each))

    def _without_units(self, subject: Subject, smaller: Simplification, settled: Settlement) -> Answer:
        """Answer with the number of units that are left, and with those that are not."""
        kept = smaller.network.units
        return Answer(
            subject,
            settled.verdict,
            Fraction(kept),
            kept,
            self._network.units,
            removed=tuple(RemovedUnit(gone.layer, gone.unit, gone.reason.value) for gone in smaller.removed),
            reason=settled.reason,
            proof=settled.proof,
            lower=settled.lower,
            upper=settled.upper,
        )


def _open_reason(settled: Settlement) -> Reason:
    """Why a verdict is unknown, if it is."""
    return settled.reason if settled.verdict is Verdict.UNKNOWN else NO_REASON


def _both(shown: Counterexample | None) -> tuple[tuple[Point, Point], ...]:
    """Two inputs, and the outputs at each; nothing if no two are shown."""
    if shown is None or shown.second_x is None or shown.second_outputs is None:
        return ()
    return (shown.x, shown.outputs), (shown.second_x, shown.second_outputs)
