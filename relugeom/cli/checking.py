"""The verb `check` for a file of many claims."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relugeom.certificate.checking import CheckedCertificate, Subjects
from relugeom.certificate.checking_many import CheckedClaims, check_claims
from relugeom.cli.output import progress, show
from relugeom.deadline import Deadline
from relugeom.printing import counted
from relugeom.report.plain_tables import fact_table

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["run_check_claims"]


def run_check_claims(path: str, subjects: Subjects, *, deadline: Deadline, threads: int, as_json: bool) -> int:
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
