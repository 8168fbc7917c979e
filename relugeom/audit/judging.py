"""The last step of an audit that decides something: what is required of the model, judged by all that was found."""

from collections.abc import Sequence

from relugeom.audit.job import Job
from relugeom.claims.answer import Answer
from relugeom.claims.requirement import Judged, RequirementKind
from relugeom.questions.requirements import Evidence, judge_requirements
from relugeom.store.records import Judgements

__all__ = ["judge"]

PART, PART_ROBUST = 1 / 10, 1 / 2
"""Parts of the time that is left for looking at samples, where requirements are about them: usually, and where some of
them are about the surroundings of samples.
"""


def judge(job: Job, answers: Sequence[Answer]) -> list[Judged]:
    """Judge what is required, by the answers and the samples."""
    inputs, samples = job.inputs, job.inputs.samples
    evidence = Evidence(inputs.network, inputs.domain.domain, answers, samples.table, samples.target)
    required = inputs.required.requirements
    part = PART_ROBUST if any(own.kind is RequirementKind.ROBUST for own in required) else PART
    if required:
        job.listeners.tell("judging the requirements", 0)
    judged = judge_requirements(required, evidence, time_limit=job.schedule.deadline.share(part))
    job.run.save(Judgements(judged))
    return judged
