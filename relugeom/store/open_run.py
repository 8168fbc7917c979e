"""An open run, as the files of the subjects see it: a connection, the rows it is about, and what it says of itself."""

import time
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from relugeom.errors import StoreError
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import PartitionStatus

__all__ = ["OpenRun"]


def _complete() -> dict[str, Any]:
    return {"status": PartitionStatus.COMPLETE.value, "reason": ""}


@dataclass(slots=True)
class OpenRun:
    """A run that goes on; whoever saves something in it has the connection's transaction.

    Attributes
    ----------
    id, network_id
        Their rows.
    facts
        What the row of the run says when the step under way ends.
    end
        What it says when the run ends.
    blocks
        How many blocks of its search are there.
    earlier
        Seconds that an earlier run searched, with which this one goes on.
    """

    connection: Connection
    id: int
    network: ReLUNetwork
    network_id: int
    domain: Domain | None
    domain_row: int | None
    facts: dict[str, Any] = field(default_factory=lambda: {"status": "running", "reason": ""})
    end: dict[str, Any] = field(default_factory=_complete)
    blocks: int = 0
    earlier: float = 0.0
    start: float = field(default_factory=time.perf_counter)

    @property
    def domain_id(self) -> int:
        """Row of its domain."""
        if self.domain_row is None:
            raise StoreError(f"run {self.id} has no domain, and what a pattern is depends on one")
        return self.domain_row

    @property
    def partition_id(self) -> int:
        """Row of its partition."""
        found = self.facts.get("partition_id")
        if found is None:
            raise StoreError(f"run {self.id} has no partition yet: save it before what is measured on it")
        return int(found)

    @property
    def seconds(self) -> float:
        """Time since it began."""
        return time.perf_counter() - self.start

    def finish(self, status: PartitionStatus, reason: str) -> None:
        """Say how it ends."""
        self.end = {"status": status.value, "reason": reason}

    def check(self, network: ReLUNetwork, domain: Domain | None) -> None:
        """Raise unless it is about this network and this domain."""
        if network != self.network or domain != self.domain:
            raise StoreError(
                f"run {self.id} is about {self.network!r} on {self.domain!r}, not about {network!r} on {domain!r}"
            )
