"""The result of an audit, as one value."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relugeom.analysis.importance import ClusterImportance
from relugeom.audit.inputs import ChosenDomain
from relugeom.certificate.partition import Certificate
from relugeom.claims.answer import Answer
from relugeom.data.samples import Samples
from relugeom.network.network import ReLUNetwork
from relugeom.partition.census import PatternCensus
from relugeom.partition.clusters import Clusters
from relugeom.partition.partition import Partition, PartitionStatus, PatternStatus
from relugeom.report.content import ReportContent

__all__ = ["AuditResult"]


@dataclass(frozen=True, slots=True, eq=False)
class AuditResult:
    """Findings of an audit, and where they were written.

    Attributes
    ----------
    statuses
        Status of each cluster's pattern on the domain.
    content
        Content of the report.
    run
        Number of the run in the store.
    store, report
        Locations of the store and the report.
    certificate
        Proof of the list of regions, or None if it could not be proved; the content's notes say which.
    answers
        Answers about the network on the whole domain; the certificates are in the folder ``proofs``.
    seconds
        Time of the work, from reading the model to the report.
    leftover
        One line on what a copy of the store's file would lack, because there was no room or others were reading; else
        empty.
    """

    network: ReLUNetwork
    samples: Samples
    domain: ChosenDomain
    clusters: Clusters
    statuses: Sequence[PatternStatus]
    partition: Partition
    census: PatternCensus
    importance: ClusterImportance
    content: ReportContent
    run: int
    store: str
    report: Path
    certificate: Certificate | None
    answers: Sequence[Answer]
    leftover: str
    seconds: float

    @property
    def proofs(self) -> "Sequence[Path]":
        """Files of certificates: that of the list of regions, and that of the statements, as far as there are any."""
        listed = [] if self.certificate is None else [self.certificate.path]
        kept = (answer.proof.path for answer in self.answers if answer.proof is not None)
        return list(dict.fromkeys([*listed, *(path.parent for path in kept if path is not None)]))

    @property
    def status(self) -> PartitionStatus:
        """Whether every region of the domain is listed."""
        return self.partition.status
