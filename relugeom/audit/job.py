"""An audit under way: what was asked, what it is about, what is left of its time, and where its findings go."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from relugeom.analysis.importance import ClusterImportance
from relugeom.audit.inputs import ChosenDomain
from relugeom.audit.request import AuditRequest
from relugeom.audit.schedule import Affordable, Schedule
from relugeom.data.samples import Samples
from relugeom.network.network import ReLUNetwork
from relugeom.partition.clusters import Clusters
from relugeom.partition.found import SearchProgress
from relugeom.remarks import warn

if TYPE_CHECKING:
    from relugeom.store.run import Run
    from relugeom.store.subjects.datasets import DatasetRecord

__all__ = ["Grouped", "Inputs", "Job", "Listeners"]


def _ignore(*_news: object) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Listeners:
    """Who hears of an audit while it runs.

    Attributes
    ----------
    remark
        Called with each choice that was made: which columns, which domain.
    tell
        Called now and then with what is being done and how much of it is done.
    doubt
        Called with what a model file leaves open: a warning, unless somebody listens.
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
        """Those that were given."""
        return cls(on_remark or _ignore, on_progress or _ignore, on_remark or warn)

    def counting(self, stage: str) -> Callable[[int], None]:
        """Tell that a stage begins, and how to tell how much of it is done."""
        self.tell(stage, 0)
        return lambda done: self.tell(stage, done)


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """What an audit is about.

    Attributes
    ----------
    protected
        Indices of the features on which a decision should not depend.
    record
        What the store keeps of the samples.
    """

    network: ReLUNetwork
    samples: Samples
    domain: ChosenDomain
    protected: tuple[int, ...]
    record: "DatasetRecord"


class Grouped(NamedTuple):
    """Samples by pattern, and what the network makes of their features in each group."""

    clusters: Clusters
    importance: ClusterImportance


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """An audit under way.

    Attributes
    ----------
    most
        What the store takes in good time.
    folder
        Where certificates and the report go.
    place
        Where the store is.
    run
        Where findings go.
    """

    request: AuditRequest
    inputs: Inputs
    schedule: Schedule
    most: Affordable
    listeners: Listeners
    folder: Path
    place: str | Path
    run: "Run"
