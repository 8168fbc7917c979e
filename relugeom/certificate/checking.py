"""Checking a certificate from inside relugeom: `checker.py` decides; digests say which network and domain it is about.

With several threads, processes of their own check the subtrees that the file marks, each as an auditor would: Python,
the standard library, and `checker.py` as a file.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from relugeom import checker
from relugeom.deadline import NEVER, Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError, InputError, RelugeomError
from relugeom.files import regular_file
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork, numbered_names

__all__ = [
    "CHECKER",
    "CheckStatus",
    "CheckedCertificate",
    "CheckedSubject",
    "Subjects",
    "check_certificate",
    "holds_many",
    "judged",
    "not_finished",
]

CHECKER = Path(checker.__file__)
"""File that an auditor runs."""
SECOND = "the second model"
OTHER_FILE = "give the {} that it was made for, or make a certificate for this one"
LATE = "time ran out before it was checked: give more with --time-limit"
WHOLE = """\
import json, runpy, sys
program, path, claim = sys.argv[1:]
checker = runpy.run_path(program)
try:
    answers, entry = [tuple(answer) for answer in json.load(sys.stdin)], checker["find_entry"](path, claim)
    found = checker["check"](path, None, answers, entry=entry)
except (checker["Rejected"], checker["Refused"]) as error:
    found = {type(error).__name__: str(error)}
print(json.dumps(found))
"""
WORKER = """\
import json, runpy, sys
program, path, claim, start, step = sys.argv[1:]
checker = runpy.run_path(program)
entry = checker["find_entry"](path, claim)
spans = checker["read_index"](path, entry)[int(start) :: int(step)]
print(json.dumps(checker["check_subtrees"](path, *spans, entry=entry)))
"""


class CheckedSubject(StrEnum):
    """Something that a certificate is about."""

    NETWORK = "network"
    SECOND_NETWORK = "second network"
    DOMAIN = "domain"


class CheckStatus(StrEnum):
    """Outcome of the check of a certificate."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CheckedCertificate:
    """Result of checking a certificate.

    Attributes
    ----------
    accepted, reason
        Whether every step follows, and else what does not, or that time ran out.
    proved
        What is proved, in words; nothing if it is not accepted.
    networks, domain
        Digests of what it is about, computed from its numbers.
    regions, unexplored, proofs, closed
        Counts: regions and unexplored parts of a partition, proofs of stable units, other cells.
    seconds
        Time of the check.
    digest
        SHA-256 of the file.
    names
        For each network, the digest of the names in the file; None if a file of version 1 has none.
    names_not_checked
        Which names in the file were compared with nothing.
    not_compared
        Which of the file's subjects were compared with nothing.
    finished
        Whether it was checked to its end, or to a step that does not follow; False if time ran out before.
    """

    accepted: bool
    reason: str
    proved: tuple[str, ...]
    networks: tuple[str, ...]
    domain: str
    regions: int
    unexplored: int
    proofs: int
    closed: int
    seconds: float
    digest: str
    names: tuple[str | None, ...] = ()
    names_not_checked: tuple[str, ...] = ()
    not_compared: tuple[CheckedSubject, ...] = ()
    finished: bool = True

    @property
    def status(self) -> CheckStatus:
        """ACCEPTED, REJECTED, or UNKNOWN if time ran out before."""
        if not self.finished:
            return CheckStatus.UNKNOWN
        return CheckStatus.ACCEPTED if self.accepted else CheckStatus.REJECTED


class Subjects(NamedTuple):
    """What a certificate should be about; None where anything will do."""

    model: ReLUNetwork | None = None
    second_model: ReLUNetwork | None = None
    domain: Domain | None = None

    def of(self, found: Mapping[str, Any]) -> "Subjects":
        """The same without a second network, if there is none in what was found."""
        return self if len(found.get("networks", ())) > 1 else self._replace(second_model=None)


class Compared(NamedTuple):
    """Names in a file, and what a model or a domain calls the same things, if it does."""

    thing: str
    said: Sequence[str]
    place: str
    names: Sequence[str]

    @property
    def things(self) -> str:
        """In words, many of them."""
        return f"{self.thing}{'es' if self.thing == 'class' else 's'}" + " of the second network" * self.second

    @property
    def second(self) -> bool:
        """Whether they are outputs or classes of the second network."""
        return self.place == SECOND and self.thing != "input"


def check_certificate(
    path: str | Path,
    *,
    model: ReLUNetwork | None = None,
    second_model: ReLUNetwork | None = None,
    domain: Domain | None = None,
    threads: int = 1,
    time_limit: TimeLimit = None,
) -> CheckedCertificate:
    """Check a certificate, and that it is about networks and a domain: their numbers, and the names that they have.

    Parameters
    ----------
    path
        A certificate; in a file of many claims, the file and behind it the name, as in ``proofs.cert/0001``.
    model, domain
        What the certificate should be about; without them, any will do, and the digests say which it is.
    second_model
        The same, of a certificate about two networks.
    threads
        How many processes check at a time.
    time_limit
        Seconds, or a deadline: then a process of its own checks, which is ended with it.

    Raises
    ------
    InputError
        The file cannot be read, or is not a certificate of this version.
    """
    deadline, place = Deadline.of(time_limit), _place(path)
    try:
        entry = checker.find_entry(str(place.file), place.claim)
        digest = _digest(place.file) if entry is None else entry.digest
        answers = _check_subtrees(place, threads, deadline) if threads > 1 else ()
        if deadline == NEVER:
            found = checker.check(str(place.file), None, answers, entry=entry)
        else:
            found = _check_until(deadline, place, answers)
    except checker.Refused as error:
        raise InputError(f"{str(path)!r} is not a certificate that can be checked: {error}") from error
    except checker.Rejected as error:
        found = {checker.Rejected.__name__: str(error)}
    except DeadlinePassedError:
        return not_finished(digest)
    return judged(found, Subjects(model, second_model, domain), digest)


class _Place(NamedTuple):
    """Where a certificate is: in a file of its own, or a claim of a file of many."""

    file: Path
    claim: str

    @property
    def arguments(self) -> list[str]:
        """For a process that checks it."""
        return [str(CHECKER), str(self.file), self.claim]


def _place(path: str | Path) -> _Place:
    path = Path(path)
    if path.parent.is_file():
        return _Place(regular_file(path.parent), path.name)
    file = regular_file(path)
    if holds_many(file):
        raise InputError(
            f"{str(path)!r} holds many claims: name one of them, as in {str(path / 'NAME')!r}, or let `relugeom check` "
            f"check all"
        )
    return _Place(file, "")


def holds_many(path: str | Path) -> bool:
    """Whether a file begins as a file of many claims does."""
    try:
        return bool(checker.is_many(str(path)))
    except checker.Refused:
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def judged(found: Mapping[str, Any], subjects: Subjects, digest: str) -> CheckedCertificate:
    """Result of a check: what `checker.check` returned or, under its name, why a step does not follow."""
    if (why := found.get(checker.Rejected.__name__)) is not None:
        return CheckedCertificate(False, why, (), (), "", 0, 0, 0, 0, 0.0, digest)
    model, second_model, domain = subjects
    compared = list(_compared(found, model, second_model, domain))
    reason = _other_subject(found, model, second_model, domain) or next(filter(None, map(_difference, compared)), "")
    checked = {each.things for each in compared if each.names}
    parts = {CheckedSubject.NETWORK: model, CheckedSubject.DOMAIN: domain}
    if len(found["networks"]) > 1:
        parts |= {CheckedSubject.SECOND_NETWORK: second_model}
    unchecked = (each.things for each in compared if each.said and each.things not in checked)
    return CheckedCertificate(
        accepted=not reason,
        reason=reason,
        proved=() if reason else tuple(found["proved"]),
        networks=tuple(found["networks"]),
        domain=found["domain"],
        regions=found["regions"],
        unexplored=found["unexplored"],
        proofs=found["proofs"],
        closed=found["closed"],
        seconds=found["seconds"],
        digest=digest,
        names=tuple(found["names"]),
        names_not_checked=tuple(dict.fromkeys(unchecked)),
        not_compared=tuple(subject for subject in CheckedSubject if subject in parts and parts[subject] is None),
    )


def not_finished(digest: str) -> CheckedCertificate:
    """Result where time ran out."""
    return CheckedCertificate(False, LATE, (), (), "", 0, 0, 0, 0, 0.0, digest, finished=False)


def _other_subject(
    found: Mapping[str, Any], model: ReLUNetwork | None, second_model: ReLUNetwork | None, domain: Domain | None
) -> str:
    """How networks and domain of a file differ from those that it should be about, or nothing."""
    digests = found["networks"]
    for wanted, digest in zip_longest((model, second_model), digests[:2]):
        if wanted is not None and digest is None:
            return "it is about one network only"
        if wanted is not None and digest != wanted.digest:
            return f"it is about the network {digest}, not about {wanted.digest}: {OTHER_FILE.format('model')}"
    if domain is not None and found["domain"] != domain.digest:
        return f"it is about the domain {found['domain']}, not about {domain.digest}: {OTHER_FILE.format('domain')}"
    return ""


def _compared(
    found: Mapping[str, Any], model: ReLUNetwork | None, second_model: ReLUNetwork | None, domain: Domain | None
) -> Iterator[Compared]:
    """All names of a file with their counterparts; what has no name of its own is compared with nothing."""
    called = found["called"]
    networks = (model, "the model"), (second_model, SECOND)
    for network, place in networks:
        yield Compared("input", called["inputs"], place, network.input_names if network else ())
    if domain is not None:
        unnamed = model is not None and not model.input_names and domain.names == numbered_names("x", domain.inputs)
        yield Compared("input", called["inputs"], "the domain", () if unnamed else domain.feature_names)
    said = zip(found["names"], called["outputs"], called["classes"], strict=True)
    for (network, place), (digest, outputs, classes) in zip(networks, said, strict=False):
        if digest is not None:  # version 1 names neither
            yield Compared("output", outputs, place, network.output_names if network else ())
            yield Compared("class", classes, place, network.rule.class_names if network else ())


def _difference(compared: Compared) -> str:
    """The first difference, in a sentence; nothing if there is none, or nothing to compare with."""
    for number, names in enumerate(zip_longest(compared.said, compared.names) if compared.names else ()):
        here, there = ("without a name" if name is None else f"called {name!a}" for name in names)
        if here != there:
            subject = f"{compared.thing} {number}" + " of the second network" * compared.second
            return f"{subject} is {here} in the certificate, but {there} in {compared.place}"
    return ""


def _check_until(deadline: Deadline, place: _Place, answers: Sequence[Any]) -> dict[str, Any]:
    """What `checker.check` says, from a process that ends at a deadline.

    Raises
    ------
    DeadlinePassedError
        It was not done by then.
    """
    command = [sys.executable, "-I", "-S", "-c", WHOLE, *place.arguments]
    try:
        done = subprocess.run(
            command, input=json.dumps(answers), capture_output=True, text=True, timeout=deadline.seconds_left
        )
    except subprocess.TimeoutExpired:
        raise DeadlinePassedError(LATE) from None
    if done.returncode:
        raise RelugeomError(f"the checker broke down: {done.stderr.strip().rpartition(chr(10))[2]}")
    found: dict[str, Any] = json.loads(done.stdout)
    for ending in (checker.Refused, checker.Rejected):
        if ending.__name__ in found:
            raise ending(found[ending.__name__])
    return found


def _check_subtrees(place: _Place, processes: int, deadline: Deadline) -> Sequence[Any]:
    """Answers for the marked subtrees, or none where one of them is not accepted: the whole check then says why."""
    try:
        path = str(place.file)
        processes = min(processes, len(checker.read_index(path, checker.find_entry(path, place.claim))))
    except checker.Refused:
        return ()
    command = [sys.executable, "-I", "-S", "-c", WORKER, *place.arguments]
    running = [
        subprocess.Popen([*command, str(start), str(processes)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for start in range(processes)
    ]
    answers: list[Any] = []
    limit = None if deadline == NEVER else deadline.seconds_left
    try:
        outputs = [process.communicate(timeout=limit)[0] for process in running]
    except subprocess.TimeoutExpired:
        raise DeadlinePassedError(LATE) from None
    finally:
        for process in running:
            process.kill()
            process.wait()
    for process, output in zip(running, outputs, strict=True):
        if process.returncode:
            return ()
        answers += [tuple(answer) for answer in json.loads(output)]
    return answers
