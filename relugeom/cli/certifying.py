"""The verb `certify`."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relugeom.audit.inputs import ChosenDomain, choose_domain
from relugeom.budget import Budget
from relugeom.certificate.checking import (
    CHECKER,
)
from relugeom.certificate.domain_proof import DomainProof, certify_domain
from relugeom.cli.model_file import Reading
from relugeom.cli.output import progress, show
from relugeom.cli.written_files import file_entries
from relugeom.printing import counted
from relugeom.report.plain_tables import fact_table

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["run_certify"]


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
