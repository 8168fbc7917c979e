"""Audits that can be killed at any moment: a process that has everything loaded forks one child a job.

    python fork_server.py MODEL DATA FOLDER    then a line "STORE SECONDS" a job, and for each its outcome as a line

A child that is still at it after so many seconds is killed; the outcome is what `waitpid` says, 0 for a job that ended
well. Two jobs are run before the first line is read, so that nothing remains to be loaded or compiled; the line that is
printed then says how many seconds the second one took until it began to store its run, and until the run was there.
"""

import os
import select
import signal
import sys
import time
from pathlib import Path

from relugeom.audit import audit
from relugeom.errors import RelugeomError
from relugeom.partition import engine, enumeration

FAILED = 7


def work(model: str, data: str, folder: str, store: str) -> tuple[float, float]:
    """Do a job; the seconds until it stores its run, and until the run is in the store."""
    start, stages = time.perf_counter(), {}

    def note(stage: str, _: object) -> None:
        stages.setdefault(stage, time.perf_counter() - start)

    audit(model, data, target="y", out=folder, store=store, resume=True, on_progress=note)
    return stages["storing"], stages["writing the report"]


def run_and_kill(arguments: list[str], store: str, seconds: float) -> int:
    """Fork, wait so long, kill; how the child ended."""
    child = os.fork()
    if child == 0:
        try:
            work(*arguments, store)
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
    enumeration.BLOCK_SECONDS, engine.STEPS = 0.0, 5  # so that even a small search records many blocks
    arguments = sys.argv[1:4]
    first = Path(arguments[2]) / "first.db"
    for _ in range(2):
        moments = work(*arguments, str(first))
        first.unlink()
    print(*moments, flush=True)
    for line in sys.stdin:
        store, seconds = line.rsplit(" ", 1)
        print(run_and_kill(arguments, store, float(seconds)), flush=True)


main()
