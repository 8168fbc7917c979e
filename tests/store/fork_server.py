"""Audits that can be killed at any moment: a process that has everything loaded forks one child a job.

    python fork_server.py MODEL DATA FOLDER    then a job a line, as JSON; jobs whose lines have come run side by side

A job has a number, a folder, a store, and whether it continues a run that ended early. A child that is still at it
after `when` seconds is killed; where `when` is the name of a stage, it kills itself as soon as that begins. The line
that answers has the job's number and what `waitpid` says, 0 for a job that ended well; what it said on its standard
error is in `errors.txt` in its folder. Two jobs are run before the first line is read, so that nothing remains to be
loaded or compiled; the line that is printed then says how many seconds the second one took until it began to store what
it found, and until the run was there, and another one what its stages are.
"""

import json
import os
import select
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from relugeom.audit import audit
from relugeom.budget import Budget, Pace, SearchBudget
from relugeom.errors import RelugeomError

FAILED = 7
BUDGET = Budget(search=SearchBudget(block_seconds=0.0, pace=Pace(5, 5)))
"""Even a small search records many blocks."""


def work(model: str, data: str, folder: str, store: str, resume: bool = True, last: object = None) -> dict[str, float]:
    """Do a job, or end at the beginning of its last stage; the seconds until each stage."""
    start, stages = time.perf_counter(), {}

    def note(stage: str, _: object) -> None:
        stages.setdefault(stage, time.perf_counter() - start)
        if stage == last:
            os.kill(os.getpid(), signal.SIGKILL)

    audit(model, data, target="y", out=folder, store=store, resume=resume, budget=BUDGET, on_progress=note)
    return stages


def work_alone(model: str, data: str, job: dict[str, Any]) -> None:
    """Do a job and end with it."""
    errors = os.open(Path(job["folder"]) / "errors.txt", os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    os.dup2(errors, sys.stderr.fileno())
    try:
        work(model, data, job["folder"], job["store"], job["resume"], job["when"])
    except RelugeomError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(FAILED)
    except BaseException:
        traceback.print_exc()
        os._exit(FAILED)
    os._exit(0)


def run_and_kill(model: str, data: str, job: dict[str, Any]) -> int:
    """Fork, wait so long, kill; how the child ended."""
    child = os.fork()
    if child == 0:
        work_alone(model, data, job)
    watched = os.pidfd_open(child)
    if not select.select([watched], [], [], job["when"] if isinstance(job["when"], float) else None)[0]:
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    model, data, folder = sys.argv[1:]
    first = Path(folder) / "first.db"
    for _ in range(2):
        stages = work(model, data, folder, str(first))
        first.unlink()
    print(stages["settling the samples' patterns"], stages["writing the report"], flush=True)
    print(*stages, sep="\t", flush=True)
    minders = set()
    for line in sys.stdin:
        minders -= {minder for minder in minders if os.waitpid(minder, os.WNOHANG)[0]}
        minder = os.fork()
        minders.add(minder)
        if minder == 0:
            job = json.loads(line)
            os.write(sys.stdout.fileno(), f"{job['number']} {run_and_kill(model, data, job)}\n".encode())
            os._exit(0)
    for minder in minders:
        os.waitpid(minder, 0)


main()
