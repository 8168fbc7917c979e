"""Audits in processes of their own, which cost no more than their work: `fork_server.py` has loaded everything."""

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

SERVER = Path(__file__).with_name("fork_server.py")


class Jobs:
    """Audits of one model and its data.

    Attributes
    ----------
    moments
        Seconds until a job begins to store what it found, and until it has.
    stages
        What a job does, in its order.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin is not None and process.stdout is not None
        self._questions, self._answers = process.stdin, process.stdout
        self._numbers, self._folders, self._outcomes = count(1), dict[int, Path](), dict[int, int]()
        self.moments = [float(moment) for moment in self._answers.readline().split()]
        self.stages = self._answers.readline().decode().rstrip("\n").split("\t")

    def begin(self, store: str, folder: Path, when: float | str | None = None, *, resume: bool = True) -> int:
        """Start a job that is killed after so many seconds, or when a stage begins; its number."""
        folder.mkdir(exist_ok=True)
        number = next(self._numbers)
        self._folders[number] = folder
        job = {"number": number, "folder": str(folder), "store": store, "when": when, "resume": resume}
        self._questions.write(json.dumps(job).encode() + b"\n")
        self._questions.flush()
        return number

    def has_ended(self, number: int, *, seconds: float = 0.0) -> bool:
        """Whether a job ends within so many seconds."""
        while number not in self._outcomes and select.select([self._answers], [], [], seconds)[0]:
            ended, outcome = self._answers.readline().split()
            self._outcomes[int(ended)] = int(outcome)
        return number in self._outcomes

    def end(self, number: int) -> int:
        """Wait for a job; what `waitpid` says of it."""
        assert self.has_ended(number, seconds=120.0)
        outcome = self._outcomes.pop(number)
        assert outcome <= 0, self.errors(number)
        return outcome

    def errors(self, number: int) -> str:
        """What a job has said on its standard error."""
        return (self._folders[number] / "errors.txt").read_text(encoding="utf-8")

    def run(self, store: str, folder: Path, when: float | str | None = None) -> int:
        """Do a job that continues the one before; what `waitpid` says of it."""
        return self.end(self.begin(store, folder, when))


@contextmanager
def running_jobs(model: Path, data: Path, folder: Path) -> Iterator[Jobs]:
    """A process that does jobs, and works in a folder before the first of them."""
    command = [sys.executable, str(SERVER), str(model), str(data), str(folder)]
    # Unbuffered, so that a line that has come is not hidden from `select`.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        jobs = Jobs(process)
        yield jobs
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 0
