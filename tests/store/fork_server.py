"""Audits that can be killed at any moment: a process that has everything loaded forks one child a job.

    python fork_server.py MODEL DATA FOLDER    then a job a line, "STORE WHEN" with a tab between, each with its outcome

A child that is still at it after WHEN seconds is killed; where WHEN is the name of a stage, it kills itself as soon as
that begins. The outcome is what `waitpid` says, 0 for a job that ended well. Two jobs are run before the first line is
read, so that nothing remains to be loaded or compiled; the line that is printed then says how many seconds the second
one took until it began to store what it found, and until the run was there, and another one what its stages are.
"""

import os
import select
import signal
import sys
import time
from pathlib import Path

from relugeom.audit import audit
from relugeom.budget import Budget, Pace, SearchBudget
from relugeom.errors import RelugeomError

FAILED = 7
BUDGET = Budget(search=SearchBudget(block_seconds=0.0, pace=Pace(5, 5)))
"""Even a small search records many blocks."""


def work(model: str, data: str, folder: str, store: str, last: str = "") -> dict[str, float]:
    """Do a job, or end at the beginning of its last stage; the seconds until each stage."""
    start, stages = time.perf_counter(), {}

    def note(stage: str, _: object) -> None:
        stages.setdefault(stage, time.perf_counter() - start)
        if stage == last:
            os.kill(os.getpid(), signal.SIGKILL)

    audit(model, data, target="y", out=folder, store=store, resume=True, budget=BUDGET, on_progress=note)
    return stages


def run_and_kill(arguments: list[str], store: str, when: str) -> int:
    """Fork, wait so long, kill; how the child ended."""
    seconds = float(when) if when[0].isdigit() else None
    child = os.fork()
    if child == 0:
        try:
            work(*arguments, store, when)
        except RelugeomError as error:
            print(error, file=sys.stderr, flush=True)
            os._exit(FAILED)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(FAILED)
        os._exit(0)
    watched = os.pidfd_open(child)
    if not select.select([watched], [], [], seconds)[0]:
        os.kill(child, signal.SIGKILL)
    os.close(watched)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    arguments = sys.argv[1:4]
    first = Path(arguments[2]) / "first.db"
    for _ in range(2):
        stages = work(*arguments, str(first))
        first.unlink()
    print(stages["settling the samples' patterns"], stages["writing the report"], flush=True)
    print(*stages, sep="\t", flush=True)
    for line in sys.stdin:
        store, when = line.rstrip("\n").split("\t")
        print(run_and_kill(arguments, store, when), flush=True)


main()
