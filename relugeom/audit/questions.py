"""Questions of an audit about the whole domain: ranges, monotone features, fairness, units that can be removed.

The one idea: every question knows the subjects that it would settle. So a question for which no time is left is
answered, too: its verdict is unknown, because time ran out. A quick pass looks at all questions, since most of them
need little work; then those that are still open share the rest of the time by their value (`order`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import chain, groupby, islice, product
from typing import Any

from relugeom.analysis.decisions import decide_exactly
from relugeom.analysis.unequal_share import unequal_samples, unequal_share
from relugeom.audit.first_bounds import FirstBounds
from relugeom.audit.order import Asked, Shares, all_settled, asked_once
from relugeom.audit.proving import GLANCE_CELLS, LATE, MOST_CELLS, PART_CLAIM, KeepingSettler
from relugeom.audit.required_questions import NOTHING, Required, RequiredQuestions
from relugeom.budget import Counts
from relugeom.certificate.proof_file import ProofFile
from relugeom.claims.answer import Answer, CounterpartShare, Population, RemovedUnit, ShownInput
from relugeom.claims.claim import OutputBound, Scope
from relugeom.claims.reason import NO_REASON, Cause, Reason
from relugeom.claims.requirement import RequirementKind
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

__all__ = ["PART_PROOFS", "PROOFS", "SIMPLIFIED", "ask_questions", "movable_features"]

PROOFS, SIMPLIFIED = "proofs.cert", "simplified.npz"
"""Names of the certificates' file and of the smaller network's, within the folder of the audit."""
PART_PROOFS, PART_GLANCE, PART_RANGE = 4 / 5, 1 / 4, 1 / 2
"""Parts of the time: for all claims (in the remaining time, inputs may still show that claims fail); of that, for the
quick pass; and of what is left of this, for a range.
"""
NO_INPUT = Reason(Cause.NO_INPUT, "no admissible input is known")
UNLIMITED = Reason(Cause.UNLIMITED, "it has no limit on the domain")


def ask_questions(
    partition: Partition,
    samples: FloatArray,
    proofs: ProofFile,
    *,
    protected: Sequence[int] = (),
    required: Required = NOTHING,
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
    required
        Requirements; what they ask about the domain comes first.
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
    for found in _Questions(partition, samples, proofs, counts, Deadline.of(time_limit)).ask(protected, required):
        if found:
            on_answers(found)
        answers.extend(found)
        on_progress(len(answers))
    return answers


class _Questions:
    """Questions about one network on one domain, with one budget of time."""

    def __init__(
        self, partition: Partition, samples: FloatArray, proofs: ProofFile, counts: Counts, deadline: Deadline
    ) -> None:
        self._counts = counts
        self._partition, self._samples, self._folder = partition, samples, proofs.path.parent
        self._network: ReLUNetwork = partition.network
        self._domain: Domain = partition.domain
        self._end, self._deadline = deadline, deadline.share(PART_PROOFS)
        self._settler = KeepingSettler(partition.network, proofs, self._deadline)
        self._looks = 0
        self._about = partial(Subject, scope=choose_scope(self._domain))
        self._from_samples = len(samples) > 0
        self._first = FirstBounds(self._network, self._domain)

    def ask(self, protected: Sequence[int], required: Required = NOTHING) -> Iterator[list[Answer]]:
        """Yield all answers, question by question; consecutive questions for which no time is left come together."""
        questions = asked_once(chain(self._of_requirements(required), self._questions(protected)))
        looked = self._glance(questions)
        seen = {number: found for number, found in looked.items() if all_settled(found)}
        shares = Shares([question.kind for number, question in enumerate(questions) if number not in seen])
        for is_late, group in groupby(enumerate(questions), lambda pair: self._comes_late(pair[1], pair[0] in seen)):
            if is_late:
                yield [answer for number, question in group for answer in self._late(question, looked.get(number))]
            else:
                yield from (seen.get(number) or self._in_turn(question, shares) for number, question in group)

    def _in_turn(self, question: Asked, shares: Shares) -> list[Answer]:
        """Ask the question in its share of the time."""
        self._settler.until = self._deadline.share(shares.next(question.kind))
        return self._answers(question)

    def _glance(self, questions: Sequence[Asked]) -> dict[int, list[Answer]]:
        """Answers of the quick pass, by the number of their question, settled or not."""
        glance, self._settler.most_cells = self._deadline.share(PART_GLANCE), GLANCE_CELLS
        looked = dict[int, list[Answer]]()
        for number, question in enumerate(questions):
            if glance.passed:
                break
            if question.also_late:
                self._settler.until = glance.share(PART_RANGE) if question.kind is Question.RANGE else glance
                looked[number] = self._answers(question)
        self._settler.most_cells = MOST_CELLS
        return looked

    def _late(self, question: Asked, looked: Sequence[Answer] | None) -> list[Answer]:
        """Answers to the question if no time is left for it: what the quick pass found, if it came to it."""
        if looked is None:
            return self._left_out(question, LATE)
        return [replace(answer, reason=LATE) if answer.verdict is Verdict.UNKNOWN else answer for answer in looked]

    def _answers(self, question: Asked) -> list[Answer]:
        """Ask the question."""
        try:
            return list(question.ask())
        except EmptyDomainError:
            return self._left_out(question, NO_INPUT)

    def _left_out(self, question: Asked, reason: Reason) -> list[Answer]:
        """Answers to the question if it is not asked."""
        return [self._unasked(subject, reason) for subject in question.subjects]

    def _unasked(self, subject: Subject, reason: Reason) -> Answer:
        lower, upper = self._first.of(subject)
        return Answer(subject, Verdict.UNKNOWN, reason=reason, lower=lower, upper=upper)

    def _comes_late(self, question: Asked, is_seen: bool) -> bool:
        """Whether there is no time left for a question that is next; a few are only looked at, even then."""
        if is_seen or not self._deadline.passed:
            return False
        self._looks += question.also_late
        return not question.also_late or (self._end.passed and self._looks > self._counts.late_looks)

    def _questions(self, protected: Sequence[int]) -> Iterator[Asked]:
        """Questions to ask, those of the user first."""
        if protected:
            yield self._of_fairness(protected)
        yield from self._of_ranges()
        smaller = self._about(Question.SIMPLIFICATION)
        yield Asked((smaller,), partial(self._simplification, smaller))
        yield from self._of_directions()

    def _of_requirements(self, required: Required) -> Iterator[Asked]:
        """What requirements ask about the domain."""
        further = RequiredQuestions(self._network, self._domain, self._samples, self._settler, required.others)
        for own in required.requirements:
            if own.kind is RequirementKind.SAME_DECISION and own.population is Population.DOMAIN:
                yield self._of_fairness(own.protected)
            elif own.kind is RequirementKind.MONOTONE and own.feature is not None:
                yield self._of_direction(own.output or 0, own.feature)
            else:
                yield from further.of(own)

    def _of_fairness(self, protected: Sequence[int]) -> Asked:
        fair = self._about(Question.FAIRNESS, protected=tuple(protected))
        return Asked((fair,), partial(self._fairness, fair), also_late=True)

    def _of_range(self, output: int) -> Asked:
        both = self._about(Question.RANGE, output=output)
        return Asked((both,), partial(self._ranges, both), also_late=True)

    def _of_direction(self, output: int, feature: int) -> Asked:
        alone = partial(self._about, Question.MONOTONICITY, output=output, feature=feature)
        moves = tuple(alone(direction=direction) for direction in Direction)
        return Asked(moves, partial(self._monotone, output, feature, moves), also_late=True)

    def _of_ranges(self) -> Iterator[Asked]:
        """The range of each of the first outputs."""
        outputs, most = self._network.outputs, self._counts.outputs
        for output in range(min(outputs, most)):
            yield self._of_range(output)
        if outputs > most:
            yield self._not_asked(self._about(Question.RANGE, further=outputs - most), most)

    def _of_directions(self) -> Iterator[Asked]:
        """Whether an output rises or falls with a feature, for the first pairs of both."""
        features, most = movable_features(self._domain), self._counts.pairs
        for output, feature in islice(product(range(self._network.outputs), features), most):
            yield self._of_direction(output, feature)
        further = self._network.outputs * len(features) - most
        if further > 0:
            yield self._not_asked(self._about(Question.MONOTONICITY, further=further), most)

    def _not_asked(self, subject: Subject, limit: int) -> Asked:
        """Question that stands for the subjects beyond a limit."""
        reason = Reason(Cause.LIMIT, "not asked", f"not asked: an audit asks only about the first {limit:,}")
        return Asked((subject,), lambda: (self._unasked(subject, reason),))

    def _ranges(self, both: Subject) -> Iterator[Answer]:
        ends = self._leaf_ends(both) or self._searched_ends(both)
        for side, end in zip(Side, ends, strict=True):
            yield self._range(replace(both, side=side), end)

    def _leaf_ends(self, both: Subject) -> tuple[Extremum, Extremum] | None:
        """Both ends of a range over the relaxation from the list of regions, with certificates if time allows."""
        output, few = both.output or 0, len(self._partition) <= self._counts.leaves
        if both.scope is not Scope.RELAXATION or not few:
            return None
        found = leaf_extremes(self._partition, output, time_limit=self._settler.until.share(PART_CLAIM))
        if found is None:
            return None
        low = self._leaf_end(output, -1, found[0], self._settler.until.share(1 / 2))
        return low, self._leaf_end(output, 1, found[1], self._settler.until)

    def _leaf_end(self, output: int, sign: int, best: Best, deadline: Deadline) -> Extremum:
        """The end of a range that is known: a certificate of its own shows it to others, if it is found in time."""
        if best.value is None:
            return Extremum(Verdict.FAILS, None, best.point, None, 0)
        combination = tuple(Fraction(sign * (k == output)) for k in range(self._network.outputs))
        settled = self._settler.settle(OutputBound(combination, sign * best.value), self._domain, time_limit=deadline)
        shown = settled if settled.verdict is Verdict.HOLDS else None
        return Extremum(Verdict.HOLDS, best.value, best.point, shown, 1, best.value)

    def _searched_ends(self, both: Subject) -> tuple[Extremum, Extremum]:
        """Both ends of a range, as far as a search finds and proves them."""
        found = output_bounds(
            self._network,
            self._domain,
            self._settler,
            output=both.output or 0,
            candidates=self._samples,
            max_cells=self._settler.most_cells,
            time_limit=self._settler.until,
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
            self._settler,
            output=output,
            feature=feature,
            candidates=self._samples,
            time_limit=self._end if self._deadline.passed else self._settler.until,
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
        asked: dict[str, Any] = {"settle": self._settler, "candidates": self._samples, "time_limit": self._end}
        found = protected_fairness(self._network, self._domain, subject.protected, **asked)
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
        smaller = simplify_network(self._network, signs, time_limit=self._settler.until.share(PART_CLAIM))
        if not smaller.removed or smaller.claim is None:
            return
        settled = self._settler.settle(smaller.claim, self._domain, second_network=smaller.network)
        if settled.verdict is Verdict.HOLDS:
            write_npz(smaller.network, self._folder / SIMPLIFIED)
        yield self._without_units(replace(subject, second_network=SIMPLIFIED), smaller, settled)

    def _unit_signs(self) -> UnitSigns:
        """Signs of the units on the domain: from all regions, if they are listed."""
        if self._partition.status is PartitionStatus.COMPLETE:
            return partition_unit_signs(self._partition)
        return bound_unit_signs(self._network, self._domain, time_limit=self._settler.until.share(PART_CLAIM))

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


def movable_features(domain: Domain) -> list[int]:
    """Features that can rise alone: no member of a one-hot group can, since another must fall."""
    members = {feature for group in domain.groups for feature in group}
    return [feature for feature in range(domain.inputs) if feature not in members]


def _open_reason(settled: Settlement) -> Reason:
    """Why a verdict is unknown, if it is."""
    return settled.reason if settled.verdict is Verdict.UNKNOWN else NO_REASON


def _both(shown: Counterexample | None) -> tuple[tuple[Point, Point], ...]:
    """Two inputs, and the outputs at each; nothing if no two are shown."""
    if shown is None or shown.second_x is None or shown.second_outputs is None:
        return ()
    return (shown.x, shown.outputs), (shown.second_x, shown.second_outputs)
