"""The last step of an audit that decides something: what is required of the model, judged by all that was found."""

from collections.abc import Sequence

from relugeom.audit.job import Job
from relugeom.claims.answer import Answer
from relugeom.claims.requirement import Judged
from relugeom.questions.requirements import Evidence, judge_requirements
from relugeom.store.records import Judgements

__all__ = ["judge"]

PART = 1 / 10
"""Part of the time that is left for looking at samples, where requirements are about them."""


def judge(job: Job, answers: Sequence[Answer]) -> list[Judged]:
    """Judge what is required, by the answers and the samples."""
    inputs, samples = job.inputs, job.inputs.samples
    evidence = Evidence(inputs.network, inputs.domain.domain, answers, samples.table, samples.target)
    judged = judge_requirements(inputs.required.requirements, evidence, time_limit=job.schedule.deadline.share(PART))
    job.run.save(Judgements(judged))
    return judged
