"""An open run, as the subjects see it: a connection, the rows that it is about, and facts about the run itself."""

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
    """A run in progress; values are saved in the transaction of its connection.

    Attributes
    ----------
    id, network_id
        Ids of their rows.
    facts
        Values for the row of the run when the present step ends.
    end
        Values for that row when the run ends.
    blocks
        Number of blocks of its search that are stored.
    earlier
        Seconds that the earlier run searched which this one continues.
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
        """Id of its domain's row."""
        if self.domain_row is None:
            raise StoreError(f"run {self.id} has no domain, and the status of a pattern depends on one")
        return self.domain_row

    @property
    def partition_id(self) -> int:
        """Id of its partition's row."""
        found = self.facts.get("partition_id")
        if found is None:
            raise StoreError(f"run {self.id} has no partition yet: save the partition before measurements of it")
        return int(found)

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self.start

    def finish(self, status: PartitionStatus, reason: str) -> None:
        """Set the status with which the run ends."""
        self.end = {"status": status.value, "reason": reason}

    def check(self, network: ReLUNetwork, domain: Domain | None) -> None:
        """Raise unless the run is about this network and this domain."""
        if network != self.network or domain != self.domain:
            raise StoreError(
                f"run {self.id} is about {self.network!r} on {self.domain!r}, not about {network!r} on {domain!r}"
            )
