"""The verbs about certificates: certify and check."""

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from relugeom.audit import DOMAIN_FILE, choose_domain
from relugeom.certificate.checking import CHECKER, CheckedCertificate, check_certificate
from relugeom.certificate.partition import certify_partition
from relugeom.cli.model_file import Reading
from relugeom.cli.output import print_json, print_parts, progress, tell
from relugeom.deadline import Deadline
from relugeom.errors import InputError
from relugeom.files import place_to_write
from relugeom.geometry.domain_spec import load_domain
from relugeom.partition.partition import PartitionStatus
from relugeom.printing import counted
from relugeom.report.plain_tables import fact_table
from relugeom.search.enumeration import enumerate_regions

__all__ = ["run_certify", "run_check"]

REJECTED, TRUNCATED = 1, 3
SEARCHING = 0.5
"""Part of the time for the search; a proof of many inputs takes as long."""
COMPARING = {"network": "--model", "second network": "--second-model", "domain": "--domain"}


def run_certify(
    model: str,
    domain: str | None,
    *,
    out: str,
    max_regions: int,
    time_limit: float,
    threads: int,
    reading: Reading,
    as_json: bool,
) -> int:
    """`relugeom certify`."""
    deadline = Deadline.of(time_limit)
    place_to_write(out)  # before a long search
    network = reading.network(model)
    chosen = choose_domain(domain, network, None, Path(model))
    with progress() as report:
        partition = enumerate_regions(
            network,
            chosen.domain,
            threads=threads,
            max_regions=max_regions,
            time_limit=deadline.share(SEARCHING),
            on_progress=partial(report, "enumerating regions"),
        )
        certificate = certify_partition(
            partition, out, time_limit=deadline, on_progress=partial(report, "proving regions")
        )
    reasons = [reason for reason in (partition.reason, certificate.reason) if reason]
    status = PartitionStatus.TRUNCATED if reasons else PartitionStatus.COMPLETE
    if as_json:
        print_json(
            {
                "status": status.value,
                "reason": "; ".join(reasons),
                "regions": certificate.regions,
                "proofs": certificate.proofs,
                "certificate": str(certificate.path),
                "bytes": certificate.size,
                "sha256": certificate.digest,
                "inputs": network.inputs,
                "units": network.units,
                "domain": chosen.source,
                "domain_digest": chosen.domain.digest,
                "network": network.digest,
                "seconds": partition.seconds,
            }
        )
    else:
        regions = counted(certificate.regions, "activation region")
        facts = {
            "Domain": chosen.source,
            "Proved": f"{regions}, {counted(certificate.proofs, 'proof')} of stable units",
            "Status": ": ".join([status.value, *(["; ".join(reasons)] if reasons else [])]),
            "Size": f"{certificate.size:,} bytes",
            "SHA-256": certificate.digest,
        }
        spec = str(Path(model).parent / DOMAIN_FILE) if domain is None else domain
        commands = [
            "check it        "
            + shlex.join(["relugeom", "check", out, "--model", model, "--domain", spec, *reading.arguments]),
            "without trust   " + shlex.join(["python", "-I", "-S", str(CHECKER), out]),
        ]
        print_parts([fact_table(out, facts), "", *commands])
    return 0 if status is PartitionStatus.COMPLETE else TRUNCATED


def run_check(
    certificate: str,
    *,
    model: str | None,
    second_model: str | None,
    domain: str | None,
    threads: int,
    reading: Reading,
    as_json: bool,
) -> int:
    """`relugeom check`."""
    cores = os.cpu_count() or 1
    if threads > cores:
        tell(f"--threads {threads}: this machine has {cores} cores, more threads than that do not help")
    if domain is not None and model is None:
        raise InputError("--domain needs --model too: its inputs have the names and the number that SPEC is about")
    network, second = (None if path is None else reading.network(path) for path in (model, second_model))
    wanted = None if domain is None or network is None else load_domain(domain, network)
    with progress() as report:
        report("checking", 0)
        found = check_certificate(certificate, model=network, second_model=second, domain=wanted, threads=threads)
    if as_json:
        print_json(
            {
                "status": "accepted" if found.accepted else "rejected",
                "reason": found.reason,
                "proved": list(found.proved) if found.accepted else [],
                "networks": list(found.networks),
                "domain_digest": found.domain,
                "regions": found.regions,
                "unexplored": found.unexplored,
                "proofs": found.proofs,
                "closed": found.closed,
                "seconds": found.seconds,
                "sha256": found.digest,
                "names": list(found.names),
                "names_not_checked": list(found.names_not_checked),
                "not_compared": list(found.not_compared),
            }
        )
    elif found.accepted:
        facts: Mapping[str, str] = {
            "Accepted": found.proved[0],
            **{" " * place: text for place, text in enumerate(found.proved[1:], start=1)},  # lines without a name
            "Network": ", ".join(found.networks),
            "Domain": found.domain,
            **({"Not compared": _listed_with_options(found.not_compared)} if found.not_compared else {}),
            "Names": ", ".join(name or "version 1: no digest of names" for name in found.names),
            **({"": f"names not checked: {', '.join(found.names_not_checked)}"} if found.names_not_checked else {}),
            "Counted": ", ".join(_counted(found)),
            "SHA-256": found.digest,
            "Time": f"{found.seconds:.3g} s",
        }
        print_parts([fact_table(Path(certificate).name, facts)])
    else:
        print_parts([f"rejected: {found.reason}"])
    return 0 if found.accepted else REJECTED


def _listed_with_options(subjects: Iterable[str]) -> str:
    """What was compared with nothing, each with the option that would compare it."""
    return ", ".join(f"{subject} ({COMPARING[subject]})" for subject in subjects)


def _counted(found: CheckedCertificate) -> Iterator[str]:
    """What the certificate holds, as far as there is any."""
    for count, name in ((found.regions, "region"), (found.proofs, "proof"), (found.closed, "closed cell")):
        if count:
            yield f"{count:,} {name}{'s' if count > 1 else ''}"
