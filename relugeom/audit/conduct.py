"""The main job, step by step: this file is its table of contents, and `steps.py` has the steps."""

from collections.abc import Callable
from pathlib import Path
from typing import Unpack

from relugeom.audit import steps
from relugeom.audit.job import Found, Job, Listeners
from relugeom.audit.judging import judge
from relugeom.audit.request import AuditOptions, AuditRequest
from relugeom.audit.result import AuditResult
from relugeom.audit.stopping import reporting_if_stopped
from relugeom.partition.found import SearchProgress

__all__ = ["audit", "conduct_audit"]


def audit(
    model: str | Path,
    data: str | Path,
    *,
    on_remark: Callable[[str], None] | None = None,
    on_progress: Callable[[str, int | SearchProgress], None] | None = None,
    **options: Unpack[AuditOptions],
) -> AuditResult:
    """Cluster the samples, list every region of the domain, and write a store and a report.

    Parameters
    ----------
    model, data
        A model file, and a CSV or Parquet file.
    on_remark, on_progress
        See `conduct_audit`.
    options
        Fields of an `AuditRequest` by name, and `time_limit`, `max_regions` and `threads` of its budget.
    """
    request = AuditRequest.of(model, data, **options)
    return conduct_audit(request, on_remark=on_remark, on_progress=on_progress)


def conduct_audit(
    request: AuditRequest,
    *,
    on_remark: Callable[[str], None] | None = None,
    on_progress: Callable[[str, int | SearchProgress], None] | None = None,
) -> AuditResult:
    """Carry out a request: write a store and a report, which say what was left out.

    Parameters
    ----------
    on_remark
        Called before the work begins with each choice that was made: the columns, the domain.
    on_progress
        Called from time to time with what is being done and how much of it is done.

    A job that is stopped (Ctrl-C, SIGTERM) leaves its store and a report of what it had found by then.

    Raises
    ------
    InputError
        An input cannot be used, and nothing is written; or only the report cannot be written, and the run stays in the
        store.
    """
    with reporting_if_stopped() as begun:
        with steps.begin(request, Listeners.of(on_remark, on_progress)) as job:
            begun.append(job)
            found = _find_everything(job)
        page = steps.write_page(job, found.grouped.clusters)
    return steps.sum_up(job, found, page)


def _find_everything(job: Job) -> Found:
    """The findings of a job that has begun."""
    steps.tell_choices(job)
    grouped = steps.group_samples(job)
    statuses = steps.settle_patterns(job, grouped.clusters)
    listing, partition = steps.list_regions(job, grouped.clusters, statuses)
    certificate = steps.prove_regions(job, partition)
    census = steps.count_patterns(job, grouped.clusters, statuses, partition)
    answers = steps.ask(job, partition, grouped.ranges)
    judged = judge(job, answers)
    steps.measure(job, partition, grouped)
    return Found(grouped, statuses, listing, partition, certificate, census, answers, judged)
