"""Stopped audits: Ctrl-C and SIGTERM leave a report of what had been found by then.

The one idea: whatever ends a job early, its run is in the store, and so its report can be made.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from relugeom.audit.job import Job
from relugeom.audit.page import report_content
from relugeom.audit.steps import REPORT
from relugeom.errors import RelugeomError

__all__ = ["reporting_if_stopped"]

PICTURES = 3.0
"""Seconds for pictures: who stops a job does not want to wait."""


@contextmanager
def reporting_if_stopped() -> Iterator[list[Job]]:
    """Write the report of the job that is put into the list, if it is stopped within."""
    begun: list[Job] = []
    try:
        yield begun
    except BaseException as stop:
        if not isinstance(stop, Exception):  # which is bad input or a fault, and says so itself
            for job in begun:
                _report(job)
        raise


def _report(job: Job) -> None:
    """Write the report of what the store holds, or say why there is none."""
    job.listeners.tell("writing the report of what was found so far", 0)
    try:
        _write(job, job.folder / REPORT)
    except RelugeomError as error:
        job.listeners.remark(f"no report was written: {error}")
    else:
        job.listeners.remark(f"the report of what was found so far is {job.folder / REPORT}")


def _write(job: Job, path: Path) -> None:
    from relugeom.report.html import write_report
    from relugeom.store.store import open_store

    shown, features = job.request.show_samples, job.request.map_features
    with open_store(job.place, create=False) as store:
        content = report_content(store, job.run.id, show_samples=shown, map_features=features, time_limit=PICTURES)
        write_report(content, path)
        store.keep_report(job.run.id, path, path.read_bytes())
