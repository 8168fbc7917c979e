"""The verbs about certificates: certify and check."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relugeom.audit.inputs import ChosenDomain, choose_domain
from relugeom.budget import Budget
from relugeom.certificate.checking import (
    CHECKER,
    CheckedCertificate,
    CheckedSubject,
    Subjects,
    check_certificate,
    holds_many,
)
from relugeom.certificate.domain_proof import DomainProof, certify_domain
from relugeom.cli.checking import run_check_audit, run_check_claims
from relugeom.cli.model_file import Reading
from relugeom.cli.output import progress, show, tell_of_threads
from relugeom.cli.written_files import file_entries
from relugeom.deadline import Deadline
from relugeom.errors import InputError
from relugeom.geometry.domain_spec import load_domain
from relugeom.printing import counted, in_seconds
from relugeom.report.plain_tables import fact_table

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["run_certify", "run_check"]

COMPARING = {
    CheckedSubject.NETWORK: "--model",
    CheckedSubject.SECOND_NETWORK: "--second-model",
    CheckedSubject.DOMAIN: "--domain",
}


def run_certify(
    model: str,
    domain: str | None,
    *,
    out: str,
    budget: Budget,
    reading: Reading,
    as_json: bool,
) -> int:
    """`relugeom certify`."""
    budget = budget.begun()
    network = reading.network(model)
    chosen = choose_domain(domain, network, None, Path(model))
    with progress() as report:
        found = certify_domain(network, chosen.domain, out, budget=budget, on_progress=report)
    check = ["relugeom", "check", out, "--model", model, "--domain", chosen.spec, *reading.arguments]
    return show(_Certified(out, found, chosen, check), as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Certified:
    """A certificate in the file that the user named, and the command that checks it."""

    out: str
    found: DomainProof
    chosen: ChosenDomain
    check: Sequence[str]

    @property
    def status(self) -> str:
        return self.found.status

    def as_json(self) -> dict[str, Any]:
        partition, certificate = self.found.partition, self.found.certificate
        return {
            "status": self.found.status.value,
            "reason": self.found.reason,
            "regions": certificate.regions,
            "proofs": certificate.proofs,
            "certificates": file_entries([certificate]),
            "certificate": str(certificate.path),  # this key and the next two are older names
            "bytes": certificate.size,
            "sha256": certificate.digest,
            "inputs": partition.network.inputs,
            "units": partition.network.units,
            "domain": self.chosen.source,
            "domain_digest": self.chosen.domain.digest,
            "network": partition.network.digest,
            "seconds": self.found.seconds,
        }

    def as_parts(self) -> "list[RenderableType]":
        found, certificate = self.found, self.found.certificate
        regions = counted(certificate.regions, "activation region")
        facts = [
            ("Domain", self.chosen.source),
            ("Proved", f"{regions}, {counted(certificate.proofs, 'proof')} of stable units"),
            ("Status", ": ".join(filter(None, (found.status.value, found.reason)))),
            ("Size", f"{certificate.size:,} bytes"),
            ("SHA-256", certificate.digest),
        ]
        commands = [
            "check it        " + shlex.join(self.check),
            "without trust   " + shlex.join(["python", "-I", "-S", str(CHECKER), self.out]),
        ]
        return [fact_table(self.out, facts), "", *commands]


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
        return run_check_audit(
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
        return run_check_claims(certificate, subjects, deadline=deadline, threads=threads, as_json=as_json)
    with progress() as report:
        report("checking", 0)
        found = check_certificate(
            certificate, model=network, second_model=second, domain=wanted, threads=threads, time_limit=deadline
        )
    return show(_Checked(Path(certificate).name, found), as_json=as_json)


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
        return {
            "status": found.status.value,
            "reason": found.reason,
            "proved": list(found.proved),
            "networks": list(found.networks),
            "domain_digest": found.domain,
            "regions": found.regions,
            "unexplored_parts": found.unexplored,
            "unexplored": found.unexplored,  # an older name, and so is `closed`
            "proofs": found.proofs,
            "cells": found.closed,
            "closed": found.closed,
            "seconds": found.seconds,
            "sha256": found.digest,
            "names": list(found.names),
            "names_not_checked": list(found.names_not_checked),
            "not_compared": list(found.not_compared),
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
