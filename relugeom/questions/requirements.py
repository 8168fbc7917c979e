"""The verdicts on requirements, from answers about the domain and from samples.

The one idea: PASS needs a proof, or a complete count; FAIL needs an input, a pair of inputs or a count that shows it;
anything else is OPEN. An estimate never decides.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from relugeom.analysis.performance import area_under_curve, determination
from relugeom.analysis.sure_decisions import decide_surely
from relugeom.claims.answer import Answer, Population
from relugeom.claims.requirement import Judged, Judgement, Requirement, RequirementKind, overall
from relugeom.claims.settlement import Verdict
from relugeom.claims.subject import Question, Side, Subject
from relugeom.data.table import SampleTable
from relugeom.deadline import Deadline, TimeLimit
from relugeom.decimals import nearest
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.network.decision import squash
from relugeom.network.forward import evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.questions.around_samples import count_equal, count_robust

__all__ = ["Evidence", "judge_requirements", "segment_rows"]

OF_VERDICT = {Verdict.HOLDS: Judgement.PASS, Verdict.FAILS: Judgement.FAIL, Verdict.UNKNOWN: Judgement.OPEN}


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What requirements are judged by.

    Attributes
    ----------
    answers
        Answers to questions about the domain.
    table
        Samples, s rows.
    target
        What the network should predict, shape (s,): classes 0, 1, … if it takes a decision; None if not known.
    """

    network: ReLUNetwork
    domain: Domain
    answers: Sequence[Answer]
    table: SampleTable
    target: FloatArray | None


def judge_requirements(
    requirements: Sequence[Requirement], evidence: Evidence, *, time_limit: TimeLimit = None
) -> list[Judged]:
    """Judge requirements, in their order.

    Parameters
    ----------
    time_limit
        Seconds or a deadline; samples whose decision was not compared by then leave a requirement open.
    """
    deadline = Deadline.of(time_limit)
    return [JUDGES[required.kind](required, evidence, deadline) for required in requirements]


def segment_rows(table: SampleTable, segment: Sequence[tuple[int, float]]) -> BoolArray:
    """Which samples belong to a segment, shape (s,)."""
    inside = np.ones(len(table), dtype=np.bool_)
    for rows, chunk in table.chunks():
        for feature, value in segment:
            inside[rows] &= chunk[:, feature] == value
    return inside


def _monotone(required: Requirement, evidence: Evidence, _: Deadline) -> Judged:
    wanted = (Question.MONOTONICITY, required.output, required.feature, required.direction)
    found = _find(evidence, lambda about: (about.question, about.output, about.feature, about.direction) == wanted)
    return Judged(required, Judgement.OPEN if found is None else OF_VERDICT[found.verdict])


def _range(required: Requirement, evidence: Evidence, _: Deadline) -> Judged:
    """By the answer for each bound, or by the end of the range where that is known exactly."""
    bounds = {Side.LOWEST: required.lower, Side.HIGHEST: required.upper}
    ends = {side: _end(evidence, required.output, side) for side in bounds}
    found = [
        (OF_VERDICT[answer.verdict], answer.value)
        for side, bound in bounds.items()
        if bound is not None
        for answer in [_settled(_bound(evidence, required.output, side, bound), ends[side], bound)]
    ]
    value = next((value for judgement, value in found if judgement is Judgement.FAIL), None)
    low, high = ends.values()
    return Judged(
        required,
        overall(judgement for judgement, _ in found) or Judgement.OPEN,
        None if value is None else nearest(value),
        lower=None if low is None else low.lower,
        upper=None if high is None else high.upper,
    )


def _bound(evidence: Evidence, output: int | None, side: Side, bound: Fraction) -> Answer:
    """The answer about a bound, which is unknown if it was not asked."""
    wanted = Subject(Question.BOUND, output=output or 0, side=side, bound=bound)
    found = _find(evidence, lambda about: replace(about, scope=wanted.scope) == wanted)
    return Answer(wanted, Verdict.UNKNOWN) if found is None else found


def _end(evidence: Evidence, output: int | None, side: Side) -> Answer | None:
    """The end of a range, or the answer for both ends."""
    wanted = [(Question.RANGE, output, own) for own in (side, None)]
    return _find(evidence, lambda about: (about.question, about.output, about.side) in wanted)


def _settled(answer: Answer, end: Answer | None, bound: Fraction) -> Answer:
    """The answer about a bound, or what the end of the range says of it, if that is known exactly."""
    if answer.verdict is not Verdict.UNKNOWN or end is None or end.value is None or end.verdict is not Verdict.HOLDS:
        return answer
    keeps = end.value >= bound if answer.subject.side is Side.LOWEST else end.value <= bound
    return replace(answer, verdict=Verdict.HOLDS if keeps else Verdict.FAILS, value=end.value)


def _find(evidence: Evidence, is_wanted: Callable[[Subject], bool]) -> Answer | None:
    return next((answer for answer in evidence.answers if is_wanted(answer.subject)), None)


def _differs(required: Requirement, evidence: Evidence, _: Deadline) -> Judged:
    wanted = (Question.DIFFERENCE, required.file, required.at_most)
    answer = _find(evidence, lambda about: (about.question, about.second_network, about.bound) == wanted)
    if answer is None:
        return Judged(required, Judgement.OPEN)
    value = None if answer.value is None else nearest(answer.value)
    return Judged(required, OF_VERDICT[answer.verdict], value)


def _never(required: Requirement, evidence: Evidence, _: Deadline) -> Judged:
    answer = _find(evidence, lambda about: (about.question, about.sets) == (Question.EXCLUSION, required.file))
    return Judged(required, Judgement.OPEN if answer is None else OF_VERDICT[answer.verdict])


def _same_decision(required: Requirement, evidence: Evidence, deadline: Deadline) -> Judged:
    if required.population is Population.SAMPLES:
        return _same_for_samples(required, evidence, deadline)
    wanted = (Question.FAIRNESS, required.protected)
    answer = _find(evidence, lambda about: (about.question, about.protected) == wanted)
    if answer is None:
        return Judged(required, Judgement.OPEN)
    if answer.part is not None and answer.whole:
        share = Fraction(answer.part, answer.whole)
        verdict = Judgement.PASS if _is_at_most(share, required.at_most) else Judgement.FAIL
        return Judged(required, verdict, float(share), part=answer.part, whole=answer.whole)
    if answer.verdict is Verdict.FAILS and required.at_most > 0:
        return Judged(required, Judgement.OPEN)  # some decisions change: how many was not counted
    return Judged(required, OF_VERDICT[answer.verdict])


def _same_for_samples(required: Requirement, evidence: Evidence, deadline: Deadline) -> Judged:
    network, domain = evidence.network, evidence.domain
    found = count_equal(network, domain, evidence.table, required.protected, time_limit=deadline)
    if not found.asked:
        return Judged(required, Judgement.OPEN)
    changed, possible = (Fraction(part, found.asked) for part in (found.changed, found.asked - found.kept))
    met = Judgement.PASS if _is_at_most(possible, required.at_most) else Judgement.OPEN
    verdict = met if _is_at_most(changed, required.at_most) else Judgement.FAIL
    return Judged(required, verdict, float(changed), part=found.changed, whole=found.asked, against=found.kept)


def _robust(required: Requirement, evidence: Evidence, deadline: Deadline) -> Judged:
    """By samples; of the domain they can show that a decision changes, but not that none does."""
    found = count_robust(
        evidence.network,
        evidence.domain,
        evidence.table,
        required.radius,
        scales=np.array(required.scales),
        norm=required.norm,
        time_limit=deadline,
    )
    if not found.asked:
        return Judged(required, Judgement.OPEN)
    proved, possible = (Fraction(part, found.asked) for part in (found.kept, found.asked - found.changed))
    least = Fraction(1.0 if required.at_least is None else required.at_least)
    met = Judgement.PASS if _is_at_most(least, proved) else Judgement.OPEN
    verdict = met if _is_at_most(least, possible) else Judgement.FAIL
    if required.population is Population.DOMAIN and verdict is Judgement.PASS:
        verdict = Judgement.OPEN
    return Judged(required, verdict, float(proved), part=found.kept, whole=found.asked, against=found.changed)


def _score(required: Requirement, evidence: Evidence, _: Deadline) -> Judged:
    if evidence.target is None:
        return Judged(required, Judgement.OPEN)
    rows = segment_rows(evidence.table, required.segment)
    target, whole = evidence.target[rows], int(rows.sum())
    parts = [chunk[rows[place]] for place, chunk in evidence.table.chunks()]
    if required.kind is RequirementKind.ACCURACY and whole:
        right = int((np.concatenate([decide_surely(evidence.network, part) for part in parts]) == target).sum())
        met = _is_at_most(Fraction(required.at_least or 0.0), Fraction(right, whole))
        return Judged(required, _met(met), right / whole, part=right, whole=whole)
    outputs = np.vstack([evaluate(evidence.network, part) for part in parts])
    value = _ranked(evidence.network, outputs, target) if required.kind is RequirementKind.AUC else None
    if required.kind is RequirementKind.R2:
        value = determination(target, squash(evidence.network.squashing, outputs)[:, 0])
    if value is None:
        return Judged(required, Judgement.OPEN, whole=whole)
    return Judged(required, _met(value >= (required.at_least or 0.0)), value, whole=whole)


def _is_at_most(share: Fraction, limit: Fraction) -> bool:
    """Whether a share is at most another one, both as the nearest float64: 4 of 5 are 0.8, as people type it."""
    return nearest(share) <= nearest(limit)


def _ranked(network: ReLUNetwork, outputs: FloatArray, target: FloatArray) -> float | None:
    """Area under the ROC curve of class 1; None if a segment has only one class."""
    score = outputs[:, 0] if network.outputs == 1 else outputs[:, 1] - outputs[:, 0]
    return area_under_curve(score, target == 1)


def _met(is_met: bool) -> Judgement:
    return Judgement.PASS if is_met else Judgement.FAIL


JUDGES: Mapping[RequirementKind, Callable[[Requirement, Evidence, Deadline], Judged]] = {
    RequirementKind.MONOTONE: _monotone,
    RequirementKind.RANGE: _range,
    RequirementKind.SAME_DECISION: _same_decision,
    RequirementKind.DIFFERS_FROM: _differs,
    RequirementKind.NEVER: _never,
    RequirementKind.ROBUST: _robust,
    RequirementKind.ACCURACY: _score,
    RequirementKind.AUC: _score,
    RequirementKind.R2: _score,
}
