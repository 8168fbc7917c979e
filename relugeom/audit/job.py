"""An audit in progress: the request, the inputs, the time that is left, and where findings go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from relugeom.analysis.importance import ClusterImportance
from relugeom.analysis.sample_ranges import SampleRange
from relugeom.audit.inputs import ChosenDomain
from relugeom.audit.request import AuditRequest
from relugeom.audit.required_questions import Required
from relugeom.audit.schedule import Affordable, Schedule
from relugeom.audit.search_plan import Listing
from relugeom.certificate.partition import Certificate
from relugeom.certificate.proof_file import ProofFile
from relugeom.claims.answer import Answer
from relugeom.claims.requirement import Judged
from relugeom.data.samples import Samples
from relugeom.network.network import ReLUNetwork
from relugeom.partition.census import PatternCensus
from relugeom.partition.clusters import Clusters
from relugeom.partition.found import SearchProgress
from relugeom.partition.partition import Partition, PatternStatus
from relugeom.remarks import warn

if TYPE_CHECKING:
    from relugeom.store.run import Run
    from relugeom.store.subjects.datasets import DatasetRecord

__all__ = ["Found", "Grouped", "Inputs", "Job", "Listeners"]


def _ignore(*_news: object) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Listeners:
    """Functions that are called while an audit runs.

    Attributes
    ----------
    remark
        Called with each choice that was made: the columns, the domain.
    tell
        Called from time to time with what is being done and how much of it is done.
    doubt
        Called with what a model file does not say; issues a warning by default.
    """

    remark: Callable[[str], None]
    tell: Callable[[str, int | SearchProgress], None]
    doubt: Callable[[str], None]

    @classmethod
    def of(
        cls,
        on_remark: Callable[[str], None] | None,
        on_progress: Callable[[str, int | SearchProgress], None] | None,
    ) -> "Listeners":
        """Listeners from the functions that were given."""
        return cls(on_remark or _ignore, on_progress or _ignore, on_remark or warn)

    def counting(self, stage: str) -> Callable[[int], None]:
        """Report that a stage begins; returns a function that reports how much of it is done."""
        self.tell(stage, 0)
        return lambda done: self.tell(stage, done)


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Inputs of an audit.

    Attributes
    ----------
    protected
        Indices of the features on which a decision should not depend.
    required
        What must hold, from the domain file.
    record
        Facts about the samples that the store keeps.
    """

    network: ReLUNetwork
    samples: Samples
    domain: ChosenDomain
    protected: tuple[int, ...]
    required: Required
    record: "DatasetRecord"


class Grouped(NamedTuple):
    """Samples by pattern, what the network makes of their features in each group, and the range of each output over
    the samples of the domain.
    """

    clusters: Clusters
    importance: ClusterImportance
    ranges: Sequence[SampleRange]


class Found(NamedTuple):
    """What an audit found, besides the measures that only its store keeps.

    Attributes
    ----------
    statuses
        Status of each cluster's pattern on the domain.
    listing
        Which regions the plan lists.
    certificate
        Proof of the list of regions, or None if it could not be proved.
    """

    grouped: Grouped
    statuses: Sequence[PatternStatus]
    listing: Listing
    partition: Partition
    certificate: Certificate | None
    census: PatternCensus
    answers: Sequence[Answer]
    judged: Sequence[Judged]


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """An audit in progress.

    Attributes
    ----------
    most
        What can be stored in reasonable time.
    folder, proofs
        Folder for certificates and the report, and the file for the certificates of statements.
    place
        Location of the store.
    run
        Run in which findings are saved.
    began
        When the audit began, by `CLOCK`.
    """

    request: AuditRequest
    inputs: Inputs
    schedule: Schedule
    most: Affordable
    listeners: Listeners
    folder: Path
    proofs: ProofFile
    place: str | Path
    run: "Run"
    began: float
