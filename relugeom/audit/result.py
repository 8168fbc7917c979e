"""What an audit found, as one value."""

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
from relugeom.partition.partition import Partition, PatternStatus
from relugeom.report.content import ReportContent

__all__ = ["AuditResult"]


@dataclass(frozen=True, slots=True, eq=False)
class AuditResult:
    """What an audit found, and where it was written.

    Attributes
    ----------
    statuses
        What the pattern of each cluster is on the domain.
    content
        What the report says.
    run
        Number of the run in the store.
    store, report
        Where they are.
    certificate
        The proof of the list of regions, or None where it could not be proved; the content's notes say which.
    answers
        What was asked of the network on the whole domain; the certificates are in the folder ``proofs``.
    seconds
        Time of the work, from reading the model to the report.
    leftover
        One line on what a copy of the store's file would lack, for want of room or because others read it; else empty.
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
