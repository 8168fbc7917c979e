"""Checking the folder of an audit: store, certificates and report say the same, about one model, domain and data.

The one idea: nothing is believed. What holds according to the store must be the claim of a certificate that the checker
accepts, and what the report says is what was stored when it was written.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from relugeom.audit.compared_digests import Comparison, Given, compare_given, compare_report
from relugeom.audit.questions import PROOFS, SIMPLIFIED
from relugeom.audit.required_again import answers_in_store, judge_again
from relugeom.audit.required_questions import Required
from relugeom.audit.requirement_file import read_requirements
from relugeom.audit.stated_claims import Distance, KeptAnswer, Stated, states_answer, states_distance
from relugeom.audit.steps import CERTIFICATE, REPORT, STORE
from relugeom.certificate.checking import CheckedCertificate, CheckStatus, Subjects, check_certificate
from relugeom.certificate.checking_many import check_claims, read_claims
from relugeom.claims.ball import Norm
from relugeom.claims.settlement import Verdict
from relugeom.claims.subject import Question, Subject
from relugeom.data.samples import Samples, read_samples
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.importers.npz import read_npz
from relugeom.linalg.exact import Point
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import PartitionStatus
from relugeom.questions.requirements import Evidence
from relugeom.store.reading import read_findings, read_run, read_source

if TYPE_CHECKING:
    from relugeom.store.reading import RunTables
    from relugeom.store.store import Store

__all__ = ["CheckedAudit", "as_audited", "check_audit", "read_audited"]

LISTED = "the list of activation regions is complete"


@dataclass(frozen=True, slots=True)
class CheckedAudit:
    """Result of checking the folder of an audit.

    Attributes
    ----------
    run
        Number of the run in the store.
    proved
        Statements that hold, each with the name of its certificate.
    unproved
        Statements that the store says hold, but that have no certificate, or were not checked in time.
    open
        How many statements fail or are unknown, about which a check says nothing.
    differences
        What is not as it should be; an audit with one is rejected.
    compared, not_compared
        Digests that were compared, by what they are of; and what could be compared with nothing.
    """

    run: int
    proved: tuple[tuple[str, str], ...]
    unproved: tuple[str, ...]
    open: int
    differences: tuple[str, ...]
    compared: Mapping[str, str]
    not_compared: tuple[str, ...]

    @property
    def status(self) -> CheckStatus:
        """REJECTED if something differs; else UNKNOWN if a statement is not proved; else ACCEPTED."""
        if self.differences:
            return CheckStatus.REJECTED
        return CheckStatus.UNKNOWN if self.unproved else CheckStatus.ACCEPTED


def check_audit(
    folder: str | Path,
    network: ReLUNetwork,
    *,
    domain: Domain | None = None,
    samples: Samples | None = None,
    spec: str | Path | None = None,
    threads: int = 1,
    time_limit: TimeLimit = None,
    on_progress: Callable[[str, int], None] = lambda _stage, _done: None,
) -> CheckedAudit:
    """Check the latest audit of a folder against a model and, if they are given, its domain and its data.

    Parameters
    ----------
    spec
        Domain file whose requirements are compared, if samples are given, too.
    threads
        How many processes check at a time.
    time_limit
        Seconds or a deadline; what is not checked by then is not proved.
    on_progress
        Called with what is being done, and how much of it is done.

    Raises
    ------
    InputError
        The folder holds no audit, or its files are damaged.
    """
    from relugeom.store.store import open_store

    place = _store_of(folder)
    with open_store(place, create=False) as store:
        tables = read_run(store)
        if tables.about.command != "audit":
            raise InputError(f"{str(place)!r} holds no audit, only a run of {tables.about.command!r}")
        check = _Check(place.parent, store, tables, Given(network, domain, samples))
        if spec is not None and samples is not None:
            check.require(spec, samples)
        return check.run(threads, Deadline.of(time_limit), on_progress)


def read_audited(folder: str | Path, network: ReLUNetwork, data: str | Path) -> Samples:
    """Read data as the audit in a folder did: the columns and the target that its store names."""
    from relugeom.store.store import open_store

    with open_store(_store_of(folder), create=False) as store:
        target, columns = store.load_columns(read_run(store).run)
    return read_samples(
        data,
        inputs=network.inputs,
        input_names=network.input_names,
        target=target,
        features=columns,
        classes=network.classes,
        class_names=network.rule.class_names,
    )


def as_audited(folder: str | Path, network: ReLUNetwork) -> ReLUNetwork:
    """A model without names of inputs gets those that it had in the audit: the ones of the data's columns."""
    from relugeom.store.store import open_store

    if network.input_names:
        return network
    with open_store(_store_of(folder), create=False) as store:
        kept = read_source(store, read_run(store).run).network
    return network.with_inputs(kept.input_names) if kept.inputs == network.inputs else network


def _store_of(folder: str | Path) -> Path:
    place = Path(folder) / STORE
    if not place.is_file():
        raise InputError(f"{str(folder)!r} is no folder of an audit: there is no {STORE} in it")
    return place


def _smaller_network(folder: Path) -> ReLUNetwork | None:
    return read_npz(folder / SIMPLIFIED) if (folder / SIMPLIFIED).is_file() else None


class _Check:
    """A check in progress."""

    def __init__(self, folder: Path, store: "Store", tables: "RunTables", given: Given) -> None:
        source = read_source(store, tables.run)
        if source.domain is None:
            raise InputError(f"run {tables.run} of {store.location.text!r} has no domain")
        names = given.network.input_names or source.network.input_names
        self._folder, self._store, self._tables, self._given = folder, store, tables, given
        self._kept, self._named = source.network, given.network.with_inputs(names)
        self._domain = source.domain if given.domain is None else given.domain
        self._stated = Stated(self._kept, self._domain, _smaller_network(folder))
        self._required: Required | None = None
        self._subjects = store.load_subjects(tables.run)
        self._proved, self._unproved, self._open = list[tuple[str, str]](), list[str](), 0

    def require(self, spec: str | Path, samples: Samples) -> None:
        """Compare the requirements of the audit with those of a domain file."""
        self._required = read_requirements(spec, self._kept, self._domain, samples)
        self._stated = replace(self._stated, required=self._required)

    def run(self, threads: int, deadline: Deadline, on_progress: Callable[[str, int], None]) -> CheckedAudit:
        """All of it."""
        on_progress("comparing digests", 0)
        found = compare_given(self._given, self._kept, self._domain, self._named, self._tables)
        is_about_these = not found.differences
        written, content = self._store.load_reports(self._tables.run), self._store.digest_content(self._tables.run)
        compare_report(self._folder / REPORT, written, content, found)
        self._differences = found.differences
        if is_about_these:  # certificates about something else prove nothing here
            on_progress("checking the list of regions", 0)
            self._check_list(threads, deadline)
            self._check_statements(threads, deadline, lambda done: on_progress("claims checked", done))
            self._check_requirements(found, deadline)
        return self._result(found)

    def _result(self, found: Comparison) -> CheckedAudit:
        return CheckedAudit(
            self._tables.run,
            tuple(self._proved),
            tuple(self._unproved),
            self._open,
            tuple(found.differences),
            found.compared,
            tuple(found.nothing),
        )

    def _check_list(self, threads: int, deadline: Deadline) -> None:
        """The list of regions, if it is said to be complete."""
        if self._tables.partition != PartitionStatus.COMPLETE:
            self._open += 1
        elif self._tables.certificate_file is None:
            self._unproved.append(LISTED)
        elif not (self._folder / CERTIFICATE).is_file():
            self._differences.append(f"the certificate {CERTIFICATE} is missing")
        else:
            self._judge_list(self._checked_list(threads, deadline))

    def _checked_list(self, threads: int, deadline: Deadline) -> CheckedCertificate:
        path = self._folder / CERTIFICATE
        return check_certificate(path, model=self._named, domain=self._domain, threads=threads, time_limit=deadline)

    def _judge_list(self, found: CheckedCertificate) -> None:
        kept = dict(self._tables.certificate)["SHA-256"]
        whole = not found.unexplored and found.regions == self._tables.regions
        if not found.finished:
            self._unproved.append(LISTED)
        elif not found.accepted:
            self._differences.append(f"{CERTIFICATE} is rejected: {found.reason}")
        elif found.digest != kept or not whole:
            self._differences.append(f"{CERTIFICATE} is not the certificate of the list in the store")
        else:
            self._proved.append((LISTED, CERTIFICATE))

    def _check_statements(self, threads: int, deadline: Deadline, on_progress: Callable[[int], None]) -> None:
        """The answers, and the distances of samples."""
        rows, path = [*self._answers(), *self._distances()], self._folder / PROOFS
        named = {row.name for row in rows if row.name}
        if named and not path.is_file():
            self._differences.append(f"the certificates {PROOFS} are missing")
            return
        claims = read_claims(path) if named else {}
        limits: _Limits = {"threads": threads, "time_limit": deadline, "on_progress": on_progress}
        found = dict(self._checked([row for row in rows if row.name in claims], limits))
        for row in rows:
            self._judge(row, claims.get(row.name, {}), found.get(row.name))

    def _checked(self, rows: Sequence["_Row"], limits: "_Limits") -> Iterator[tuple[str, CheckedCertificate]]:
        """The claims of rows, checked; those about one second network, or about none, together."""
        of_second: dict[str, list[_Row]] = {}
        for row in rows:
            of_second.setdefault("" if row.second is None else row.second.digest, []).append(row)
        for own in of_second.values():
            subjects = Subjects(self._named, own[0].second, self._domain)
            names = sorted({row.name for row in own})
            yield from check_claims(self._folder / PROOFS, subjects, names=names, **limits).claims.items()

    def _judge(self, row: "_Row", claim: Mapping[str, Any], found: CheckedCertificate | None) -> None:
        """Sort a statement that holds according to the store."""
        if not row.name or (found is not None and not found.finished):
            self._unproved.append(row.statement)
        elif found is None:
            self._differences.append(f"{row.statement}: {PROOFS} has no claim {row.name!r}")
        elif not found.accepted:
            self._differences.append(f"{row.statement}: the claim {row.name} is rejected: {found.reason}")
        elif found.digest != row.digest or not row.is_stated_by(claim):
            self._differences.append(f"{row.statement}: the claim {row.name} is another one")
        else:
            self._proved.append((row.statement, row.name))

    def _answers(self) -> "Iterator[_Row]":
        """The answers that hold according to the store."""
        for row, subject in zip(self._tables.answers.to_dict("records"), self._subjects, strict=True):
            if row["verdict"] != Verdict.HOLDS or subject is None:
                self._open += 1
            elif _contradicts(row, subject):
                self._differences.append(f"{row['statement']}: the store says why it is open, or what refutes it")
            elif not self._stated.knows(subject):
                self._unproved.append(f"{row['statement']}: give the domain file that requires it, and the data")
            else:
                test = partial(states_answer, self._stated, _kept_answer(row, subject))
                yield _Row.of(str(row["statement"]), row, test, self._stated.second_of(subject))

    def _distances(self) -> "Iterator[_Row]":
        """The distances that are proved according to the store."""
        for row in read_findings(self._store, self._tables.run)["distances"].to_dict("records"):
            if row["verdict"] == Verdict.UNKNOWN:
                self._open += 1
                continue
            lower = _number(row["lower"]) if row["verdict"] == Verdict.HOLDS else None
            distance = Distance(Norm(row["norm"]), lower, self._point(int(row["sample"])))
            nearer = "" if lower is None else f" nearer than {lower!r} ({row['norm']})"
            statement = f"sample {row['sample']} has no input with another decision{nearer}"
            yield _Row.of(statement, row, partial(states_distance, self._stated, distance))

    def _check_requirements(self, found: Comparison, deadline: Deadline) -> None:
        """The requirements: they are those of now, and their verdicts follow from the answers and the data."""
        rows, samples = self._tables.requirements, self._given.samples
        if self._required is None or samples is None:
            found.nothing.extend(["requirements"] if len(rows) else [])
            return
        if deadline.passed:
            self._unproved.append("the requirements are those of the domain file, and their verdicts follow")
            return
        answers = answers_in_store(self._tables.answers.to_dict("records"), self._subjects)
        evidence = Evidence(self._kept, self._domain, answers, samples.table, samples.target)
        again = judge_again(rows.to_dict("records"), self._required.requirements, evidence, deadline)
        self._differences.extend(again.differences)
        self._unproved.extend(again.unproved)

    def _point(self, sample: int) -> Point | None:
        """A sample, if the data were given and have it."""
        samples = self._given.samples
        if samples is None or sample >= len(samples):
            return None
        return tuple(map(Fraction, samples.table.take(np.array([sample]))[0].tolist()))


def _contradicts(row: Mapping[Any, Any], subject: Subject) -> bool:
    """Whether a row that holds says why it does not; that of a range may say how its end was found."""
    if subject.question not in (Question.MONOTONICITY, Question.FAIRNESS):
        return False
    return isinstance(row["cause"], str) or bool(row["witness"])


def _kept_answer(row: Mapping[Any, Any], subject: Subject) -> KeptAnswer:
    value, lower, upper = (_number(row[name]) for name in ("value", "lower", "upper"))
    numbers = (_number(row[name]) for name in ("part", "whole"))
    part, whole = (None if number is None else int(number) for number in numbers)
    return KeptAnswer(subject, str(row["statement"]), value, lower, upper, part, whole)


class _Limits(TypedDict):
    """How claims are checked."""

    threads: int
    time_limit: Deadline
    on_progress: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class _Row:
    """A statement that holds according to the store.

    Attributes
    ----------
    name, digest
        Name of its claim, empty without one, and SHA-256 of the certificate.
    is_stated_by
        Whether a claim, as it stands in a header, is that of the statement.
    second
        The second network that it is about, if any.
    """

    statement: str
    name: str
    digest: str
    is_stated_by: Callable[[Mapping[str, Any]], bool]
    second: ReLUNetwork | None

    @classmethod
    def of(
        cls,
        statement: str,
        row: Mapping[Any, Any],
        is_stated_by: Callable[[Mapping[str, Any]], bool],
        second: ReLUNetwork | None = None,
    ) -> "_Row":
        """A row of the store."""
        name = PurePath(row["file"]).name if isinstance(row["file"], str) else ""
        return cls(statement, name, str(row["sha256"]), is_stated_by, second)


def _number(value: object) -> float | None:
    """A number of a column in which some are missing."""
    return float(value) if isinstance(value, int | float) and value == value else None
