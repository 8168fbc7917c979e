"""The verb `check`: of a certificate, of a file of many claims, and of the folder of an audit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relugeom.certificate.checking import (
    CheckedCertificate,
    CheckedSubject,
    Subjects,
    check_certificate,
    holds_many,
)
from relugeom.certificate.checking_many import CheckedClaims, check_claims
from relugeom.cli.model_file import Reading
from relugeom.cli.output import progress, show, tell_of_threads
from relugeom.deadline import Deadline
from relugeom.errors import InputError
from relugeom.geometry.domain_spec import load_domain
from relugeom.printing import counted, in_seconds
from relugeom.report.plain_tables import fact_table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from relugeom.audit.audit_check import CheckedAudit

__all__ = ["run_check"]

COMPARING = {
    CheckedSubject.NETWORK: "--model",
    CheckedSubject.SECOND_NETWORK: "--second-model",
    CheckedSubject.DOMAIN: "--domain",
}


def run_check(
    certificate: str,
    *,
    model: str | None,
    second_model: str | None,
    domain: str | None,
    data: str | None,
    time_limit: float | None,
    threads: int,
    reading: Reading,
    as_json: bool,
) -> int:
    """`relugeom check`."""
    deadline = Deadline.of(time_limit)
    tell_of_threads(threads)
    if Path(certificate).is_dir():
        return _check_audit(
            certificate,
            model=model,
            domain=domain,
            data=data,
            threads=threads,
            deadline=deadline,
            reading=reading,
            as_json=as_json,
        )
    if data is not None:
        raise InputError("--data is for the folder of an audit: a certificate says nothing about data")
    if domain is not None and model is None:
        raise InputError("--domain needs --model too: SPEC refers to the names and the number of its inputs")
    network, second = (None if path is None else reading.network(path) for path in (model, second_model))
    wanted = None if domain is None or network is None else load_domain(domain, network)
    if Path(certificate).is_file() and holds_many(certificate):
        subjects = Subjects(network, second, wanted)
        return _check_claims(certificate, subjects, deadline=deadline, threads=threads, as_json=as_json)
    with progress() as report:
        report("checking", 0)
        found = check_certificate(
            certificate, model=network, second_model=second, domain=wanted, threads=threads, time_limit=deadline
        )
    return show(_Checked(Path(certificate).name, found), as_json=as_json)


def _check_claims(path: str, subjects: Subjects, *, deadline: Deadline, threads: int, as_json: bool) -> int:
    """`relugeom check` of a file of many claims."""
    with progress() as report:
        found = check_claims(
            path,
            subjects,
            threads=threads,
            time_limit=deadline,
            on_progress=lambda done: report("claims checked", done),
        )
    return show(_CheckedClaims(Path(path).name, found), as_json=as_json)


def _check_audit(
    folder: str,
    *,
    model: str | None,
    domain: str | None,
    data: str | None,
    threads: int,
    deadline: Deadline,
    reading: Reading,
    as_json: bool,
) -> int:
    """`relugeom check` of the folder of an audit."""
    from relugeom.audit.audit_check import as_audited, check_audit, read_audited  # the store is slow to load

    if model is None:
        raise InputError("a folder of an audit is checked against a model: give it with --model")
    network = as_audited(folder, reading.network(model))
    samples = None if data is None else read_audited(folder, network, data)
    ranges = None if samples is None else samples.table.range()
    wanted = None if domain is None else load_domain(domain, network, data=ranges)
    with progress() as report:
        found = check_audit(
            folder,
            network,
            domain=wanted,
            samples=samples,
            spec=domain,
            threads=threads,
            time_limit=deadline,
            on_progress=report,
        )
    return show(_CheckedAudit(folder, found), as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Checked:
    """Result of checking a certificate, under a title."""

    title: str
    found: CheckedCertificate

    @property
    def status(self) -> str:
        return self.found.status

    def as_json(self) -> dict[str, Any]:
        found = self.found
        return _entry(found) | {
            "regions": found.regions,
            "unexplored_parts": found.unexplored,
            "unexplored": found.unexplored,  # an older name, and so is `closed`
            "proofs": found.proofs,
            "cells": found.closed,
            "closed": found.closed,
            "seconds": found.seconds,
            "names": list(found.names),
            "names_not_checked": list(found.names_not_checked),
        }

    def as_parts(self) -> "list[RenderableType]":
        found = self.found
        if not found.accepted:
            return [f"{found.status}: {found.reason}"]
        facts = [
            ("Accepted", found.proved[0]),
            *(("", text) for text in found.proved[1:]),
            ("Network", ", ".join(found.networks)),
            ("Domain", found.domain),
            *([("Not compared", _listed_with_options(found.not_compared))] if found.not_compared else []),
            ("Names", ", ".join(name or "version 1: no digest of names" for name in found.names)),
            *([("", f"names not checked: {', '.join(found.names_not_checked)}")] if found.names_not_checked else []),
            ("Counted", ", ".join(_counted(found))),
            ("SHA-256", found.digest),
            ("Time", in_seconds(found.seconds)),
        ]
        return [fact_table(self.title, facts)]


def _listed_with_options(subjects: Iterable[CheckedSubject]) -> str:
    """Parts that were compared with nothing, each with the option that would compare it."""
    return ", ".join(f"{subject} ({COMPARING[subject]})" for subject in subjects)


def _counted(found: CheckedCertificate) -> Iterator[str]:
    """Counts of what the certificate holds, without the zeros."""
    for count, name in ((found.regions, "region"), (found.proofs, "proof"), (found.closed, "closed cell")):
        if count:
            yield f"{count:,} {name}{'s' if count > 1 else ''}"


@dataclass(frozen=True, slots=True)
class _CheckedAudit:
    """Result of checking the folder of an audit."""

    folder: str
    found: "CheckedAudit"

    @property
    def status(self) -> str:
        return self.found.status

    def as_json(self) -> dict[str, Any]:
        found = self.found
        return {
            "status": found.status.value,
            "run": found.run,
            "proved": [{"statement": statement, "claim": claim} for statement, claim in found.proved],
            "unproved": list(found.unproved),
            "open": found.open,
            "differences": list(found.differences),
            "compared": dict(found.compared),
            "not_compared": list(found.not_compared),
        }

    def as_parts(self) -> "list[RenderableType]":
        found = self.found
        facts = [
            *(("Differs", text) for text in found.differences),
            *((thing.capitalize(), f"as audited: {digest}") for thing, digest in found.compared.items()),
            *([("Not compared", ", ".join(found.not_compared))] if found.not_compared else []),
            *(("Not proved", text) for text in found.unproved),
            ("Proved", counted(len(found.proved), "statement")),
            ("Not checked", f"{counted(found.open, 'statement')} that fail or are unknown"),
            ("Status", found.status.value),
        ]
        return [fact_table(self.folder, facts)]


@dataclass(frozen=True, slots=True)
class _CheckedClaims:
    """Result of checking a file of many claims, under a title."""

    title: str
    found: CheckedClaims

    @property
    def status(self) -> str:
        return self.found.status

    def as_json(self) -> dict[str, Any]:
        found = self.found
        claims = [{"name": name, **_entry(claim)} for name, claim in found.claims.items()]
        return {"status": found.status.value, "reason": found.reason, "claims": claims}

    def as_parts(self) -> "list[RenderableType]":
        claims = self.found.claims
        accepted = [claim for claim in claims.values() if claim.accepted]
        facts = [(name, line) for name, claim in claims.items() for line in _lines(claim)]
        for label, digests in (
            ("Networks", {digest for claim in accepted for digest in claim.networks}),
            ("Domains", {claim.domain for claim in accepted}),
            ("Not compared", {subject for claim in accepted for subject in claim.not_compared}),
        ):
            if digests:
                facts.append((label, ", ".join(sorted(digests))))
        facts.append(("Accepted", f"{len(accepted):,} of {counted(len(claims), 'claim')}"))
        return [fact_table(self.title, facts)]


def _lines(claim: CheckedCertificate) -> list[str]:
    return list(claim.proved) if claim.accepted else [f"{claim.status}: {claim.reason}"]


def _entry(claim: CheckedCertificate) -> dict[str, Any]:
    return {
        "status": claim.status.value,
        "reason": claim.reason,
        "proved": list(claim.proved),
        "networks": list(claim.networks),
        "domain_digest": claim.domain,
        "sha256": claim.digest,
        "not_compared": list(claim.not_compared),
    }
