"""Checking a file of many claims: `checker.py` decides on each, and processes share the claims."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

from relugeom import checker
from relugeom.certificate.checking import CHECKER, CheckedCertificate, CheckStatus, Subjects, judged, not_finished
from relugeom.deadline import NEVER, Deadline, TimeLimit
from relugeom.errors import InputError, RelugeomError
from relugeom.files import regular_file

__all__ = ["CheckedClaims", "check_claims", "read_claims"]

WORKER = """\
import json, runpy, sys
program, path = sys.argv[1:]
checker, wanted = runpy.run_path(program), set(json.load(sys.stdin))
for number, entry in enumerate(checker["read_entries"](path)):
    if number in wanted:
        try:
            found = checker["check"](path, entry=entry)
        except (checker["Rejected"], checker["Refused"]) as error:
            found = {type(error).__name__: str(error)}
        print(json.dumps([number, found]), flush=True)
"""


@dataclass(frozen=True, slots=True)
class CheckedClaims:
    """Result of checking a file of many claims.

    Attributes
    ----------
    claims
        Each claim that was checked, by its name, in the order of the file.
    """

    claims: Mapping[str, CheckedCertificate]

    @property
    def status(self) -> CheckStatus:
        """REJECTED if a claim is; else UNKNOWN if time ran out before one was checked; else ACCEPTED."""
        found = {claim.status for claim in self.claims.values()}
        order = (CheckStatus.REJECTED, CheckStatus.UNKNOWN)
        return next((status for status in order if status in found), CheckStatus.ACCEPTED)

    @property
    def reason(self) -> str:
        """The first claim that is not accepted, and why; empty if all are."""
        return next((f"{name}: {claim.reason}" for name, claim in self.claims.items() if not claim.accepted), "")


def read_claims(path: str | Path) -> dict[str, Mapping[str, Any]]:
    """What each claim of a file of many claims, as it stands in its header; nothing is proved by that.

    Raises
    ------
    InputError
        The file is damaged.
    """
    found = {}
    try:
        for entry in checker.read_entries(str(path)):
            with checker.opened(str(path), entry) as file:
                found[entry.name] = checker.read_header(file)["claim"]
    except checker.Refused as error:
        raise InputError(f"{str(path)!r} is not a file of certificates that can be checked: {error}") from error
    return found


def check_claims(
    path: str | Path,
    subjects: Subjects = Subjects(),
    *,
    names: Sequence[str] | None = None,
    threads: int = 1,
    time_limit: TimeLimit = None,
    on_progress: Callable[[int], None] = lambda _done: None,
) -> CheckedClaims:
    """Check the claims of a file of many, and that they are about networks and a domain.

    Parameters
    ----------
    subjects
        What the claims should be about; the second network is compared where a claim has one.
    names
        Names of the claims to check; by default, all.
    threads
        How many processes check at a time.
    time_limit
        Seconds or a deadline; claims that are not checked by then are UNKNOWN.
    on_progress
        Called with the number of claims checked so far.

    Raises
    ------
    InputError
        The file cannot be read, is damaged, or has no such claim.
    """
    deadline, path = Deadline.of(time_limit), regular_file(path)
    try:
        entries = list(checker.read_entries(str(path)))
    except checker.Refused as error:
        raise InputError(f"{str(path)!r} is not a file of certificates that can be checked: {error}") from error
    known = {entry.name for entry in entries}
    if missing := [name for name in names or () if name not in known]:
        raise InputError(f"{str(path)!r} has no claim {missing[0]!r}: it has {len(known):,} claims")
    wanted = {number: entry for number, entry in enumerate(entries) if names is None or entry.name in names}
    found: dict[int, Any] = {}
    for number, answer in _answers(path, wanted, threads, deadline):
        if "Refused" in answer:
            raise InputError(f"{str(path)!r}: the claim {wanted[number].name} is refused: {answer['Refused']}")
        found[number] = answer
        on_progress(len(found))
    return CheckedClaims(
        {
            entry.name: judged(found[number], subjects.of(found[number]), entry.digest)
            if number in found
            else not_finished(entry.digest)
            for number, entry in wanted.items()
        }
    )


def _answers(
    path: Path, wanted: Mapping[int, checker.Entry], threads: int, deadline: Deadline
) -> Iterator[tuple[int, dict[str, Any]]]:
    """What the checker says of claims, as it is known; some are missing if time ran out."""
    if threads <= 1 and deadline == NEVER:
        for number, entry in wanted.items():
            try:
                yield number, checker.check(str(path), entry=entry)
            except (checker.Refused, checker.Rejected) as error:
                yield number, {type(error).__name__: str(error)}
        return
    shares = _shares(wanted, threads)
    with ThreadPoolExecutor(len(shares)) as pool:
        running = [_Worker(path, share, deadline) for share in shares]
        try:
            for done in as_completed([pool.submit(worker.answers) for worker in running]):
                yield from done.result()
        finally:
            for worker in running:
                worker.end()


def _shares(wanted: Mapping[int, checker.Entry], processes: int) -> list[list[int]]:
    """Claims for each process, of about the same size together."""
    shares: list[list[int]] = [[] for _ in range(min(processes, len(wanted)) or 1)]
    sizes = [0] * len(shares)
    for number in sorted(wanted, key=lambda number: -wanted[number].size):
        least = sizes.index(min(sizes))
        shares[least].append(number)
        sizes[least] += wanted[number].size
    return shares


class _Worker:
    """A process that checks some claims, until a deadline."""

    def __init__(self, path: Path, share: Sequence[int], deadline: Deadline) -> None:
        command = [sys.executable, "-I", "-S", "-c", WORKER, str(CHECKER), str(path)]
        self._share, self._late = share, False
        self._process = subprocess.Popen(
            command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._timer = None if deadline == NEVER else Timer(deadline.seconds_left, self._stop)

    def answers(self) -> list[tuple[int, dict[str, Any]]]:
        """What it found by its end.

        Raises
        ------
        RelugeomError
            It broke down.
        """
        if self._timer is not None:
            self._timer.start()
        output, errors = self._process.communicate(json.dumps(list(self._share)))
        if self._process.returncode and not self._late:
            raise RelugeomError(f"the checker broke down: {errors.strip().rpartition(chr(10))[2]}")
        return [tuple(json.loads(line)) for line in output.splitlines(keepends=True) if line.endswith("\n")]

    def end(self) -> None:
        """End the process, if it still runs."""
        if self._timer is not None:
            self._timer.cancel()
        self._process.kill()
        self._process.wait()

    def _stop(self) -> None:
        self._late = True
        self._process.kill()
