"""The regions of a domain, listed and proved to be all of them, within one limit of time.

The one idea: a proof of many inputs takes about as long as the search, so each has half of the time; what either could
not do in it is said.
"""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from relugeom.budget import Budget
from relugeom.certificate.partition import Certificate, certify_partition
from relugeom.deadline import Deadline
from relugeom.files import place_to_write
from relugeom.geometry.compiled import only_kept_code
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import Partition, PartitionStatus
from relugeom.search.enumeration import enumerate_regions

__all__ = ["DomainProof", "certify_domain"]

SEARCHING = 0.5
"""Part of the time for the search."""
PATIENCE = 5.0
"""Seconds for the proof of what a search had found when a key ended it."""
UNLIMITED = Budget(time_limit=None)


@dataclass(frozen=True, slots=True)
class DomainProof:
    """A list of regions, and the certificate of those of them that are proved.

    Attributes
    ----------
    seconds
        Time of the search and the proof.
    """

    partition: Partition
    certificate: Certificate
    seconds: float

    @property
    def reason(self) -> str:
        """Why not all regions are listed, or not all listed ones proved; empty if both are complete."""
        return "; ".join(filter(None, (self.partition.reason, self.certificate.reason)))

    @property
    def status(self) -> PartitionStatus:
        """COMPLETE where every region of the domain is proved."""
        return PartitionStatus.TRUNCATED if self.reason else PartitionStatus.COMPLETE


def certify_domain(
    network: ReLUNetwork,
    domain: Domain,
    path: str | Path = "partition.cert",
    *,
    budget: Budget = UNLIMITED,
    on_progress: Callable[[str, int], None] = lambda _stage, _done: None,
) -> DomainProof:
    """List the activation regions of a domain, and write a proof that these are all.

    Parameters
    ----------
    path
        The file to write; it appears when it is whole.
    budget
        What the search and the proof may spend together. If Ctrl-C ends the search, the proof takes a few seconds at
        most.
    on_progress
        Called with what is being done and how many regions are done.

    Raises
    ------
    CertificateError
        No region was proved in time. No file is written.
    InputError
        The file cannot be written, or network and domain do not fit each other.
    """
    began, deadline = time.perf_counter(), Deadline.of(budget.time_limit)
    place_to_write(path)  # before a long search
    searching = deadline.share(SEARCHING)
    partition = enumerate_regions(
        network,
        domain,
        threads=budget.threads,
        max_regions=budget.max_regions,
        time_limit=searching,
        budget=budget.search,
        on_progress=partial(on_progress, "enumerating regions"),
    )
    truncated = partition.status is PartitionStatus.TRUNCATED
    interrupted = truncated and not searching.passed and len(partition) != budget.max_regions
    with only_kept_code() if interrupted else nullcontext():  # who presses Ctrl-C does not wait for a compiler
        certificate = certify_partition(
            partition,
            path,
            time_limit=deadline.within(PATIENCE) if interrupted else deadline,
            pace=budget.proving,
            on_progress=partial(on_progress, "proving regions"),
        )
    return DomainProof(partition, certificate, time.perf_counter() - began)
