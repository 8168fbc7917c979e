"""The result of an audit, as one value."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relugeom.analysis.importance import ClusterImportance
from relugeom.analysis.sample_ranges import SampleRange
from relugeom.audit.inputs import ChosenDomain
from relugeom.audit.search_plan import Listing
from relugeom.certificate.partition import Certificate
from relugeom.claims.answer import Answer
from relugeom.claims.requirement import Judged, Judgement, overall
from relugeom.claims.settlement import Verdict
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
    sample_ranges
        Range of each output, before squashing, over the samples of the domain; empty if there are none.
    statuses
        Status of each cluster's pattern on the domain.
    listing
        Which regions the plan lists.
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
    judged
        The verdicts on requirements.
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
    sample_ranges: Sequence[SampleRange]
    statuses: Sequence[PatternStatus]
    listing: Listing
    partition: Partition
    census: PatternCensus
    importance: ClusterImportance
    content: ReportContent
    run: int
    store: str
    report: Path
    certificate: Certificate | None
    answers: Sequence[Answer]
    judged: Sequence[Judged]
    leftover: str
    seconds: float

    @property
    def proofs(self) -> "Sequence[Path]":
        """Files of certificates: that of the list of regions, and that of the statements, as far as there are any."""
        listed = [] if self.certificate is None else [self.certificate.path]
        kept = (answer.proof.path for answer in self.answers if answer.proof is not None)
        return list(dict.fromkeys([*listed, *(path.parent for path in kept if path is not None)]))

    @property
    def verdict(self) -> Judgement | None:
        """The verdict on all requirements together; None without any."""
        return overall(own.judgement for own in self.judged)

    @property
    def open(self) -> int:
        """Number of statements about the whole domain that are neither proved nor refuted."""
        return sum(answer.verdict is Verdict.UNKNOWN for answer in self.answers)

    @property
    def cut_short(self) -> str:
        """What limits left undone of the plan, in words; empty if nothing. A plan need not list all regions."""
        cut = {
            "regions with samples that are not listed": 0 if self.listing is Listing.ALL else self._unlisted,
            "patterns of samples that are not settled": sum(
                status is PatternStatus.UNKNOWN for status in self.statuses
            ),
            "open statements": self.open,
        }
        is_cut = self.listing is Listing.ALL and self.partition.status is not PartitionStatus.COMPLETE
        parts = [f"{name}: {number:,}" for name, number in cut.items() if number]
        return "; ".join(["the list of regions is not complete", *parts] if is_cut else parts)

    @property
    def _unlisted(self) -> int:
        """Number of the regions with samples that are not listed."""
        listed = {row.tobytes() for row in self.partition.packed}
        settled = zip(self.clusters.packed, self.statuses, strict=True)
        return sum(row.tobytes() not in listed for row, status in settled if status is PatternStatus.REGION)

    @property
    def status(self) -> PartitionStatus | Judgement:
        """FAIL if a requirement fails; else TRUNCATED if a limit left anything of the plan undone; else the verdict on
        all requirements, or COMPLETE without any. `partition` says whether all regions are listed.
        """
        if self.cut_short and self.verdict is not Judgement.FAIL:
            return PartitionStatus.TRUNCATED
        return self.verdict or PartitionStatus.COMPLETE
