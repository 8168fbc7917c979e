"""The front door of the store.

    with open_store("audit.db") as store:
        store.save(partition)

These laws hold whatever happens: a store that opens has the schema of this relugeom; every step of a run is atomic, and
a run that lacks steps is marked as unfinished or failed; what was saved before stays as it was; the same network,
domain, data, pattern or partition saved twice is one row; a loaded value equals the saved one, bit by bit.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from sqlalchemy import Connection, select

from relugeom.budget import StoreWaits
from relugeom.claims.subject import Subject
from relugeom.errors import StoreError
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import Partition
from relugeom.store.content_digest import digest_content
from relugeom.store.database.connection import connect_engine, explained, reading, writing
from relugeom.store.database.location import StoreLocation, parse_location
from relugeom.store.database.migration import check_schema, create_schema, is_blank, schema_version
from relugeom.store.run import Run, open_run
from relugeom.store.subjects.answers import load_subjects
from relugeom.store.subjects.blocks import load_found
from relugeom.store.subjects.datasets import DatasetRecord, load_columns
from relugeom.store.subjects.domains import load_domain
from relugeom.store.subjects.networks import load_network
from relugeom.store.subjects.partitions import load_partition
from relugeom.store.subjects.processes import mark_interrupted
from relugeom.store.subjects.reports import load_reports, save_report
from relugeom.store.subjects.runs import RUNS, RunInputs
from relugeom.store.views import create_tables

__all__ = ["RunRecord", "Store", "open_store"]

NO_PARAMETERS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run, in one line."""

    id: int
    command: str
    started_at: str


def open_store(location: str | Path, *, create: bool = True, waits: StoreWaits = StoreWaits()) -> "Store":
    """Open a store, and create it first if it does not exist.

    Parameters
    ----------
    location
        A file name, or a URL like ``sqlite:///audit.db`` or ``postgresql://host/audits``.
    create
        Whether to create a missing file, and tables in a file or database that has none.
    waits
        How long it waits for others.

    Raises
    ------
    SchemaVersionError
        Another version of relugeom wrote the store; the text holds the command to run.
    StoreError
        The store does not exist, is not a store, or cannot be read; or a new one cannot be written.
    """
    place = parse_location(location)
    if create and is_blank(place):
        create_schema(place, create_tables)
    check_schema(place)
    mark_interrupted(place)
    return Store(place, waits=waits)


class Store:
    """An open store; use it in a ``with`` block."""

    def __init__(self, location: StoreLocation, *, waits: StoreWaits = StoreWaits()) -> None:
        self.location, self._waits = location, waits
        self._engine = connect_engine(location, waits=waits)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({self.location.text!r})"

    def close(self) -> None:
        """Close the store: no file is left beside an SQLite file, and no connection stays open."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection that sees one state of the store."""
        with explained(self.location), reading(self._engine) as connection:
            yield connection

    def run(
        self,
        command: str,
        *,
        network: ReLUNetwork,
        network_name: str = "",
        domain: Domain | None = None,
        domain_name: str = "",
        dataset: DatasetRecord | None = None,
        parameters: Mapping[str, Any] = NO_PARAMETERS,
    ) -> AbstractContextManager[Run]:
        """Begin a run: ``with store.run("audit", network=network, …) as run:``.

        Parameters
        ----------
        command
            What was asked for, in one word.
        network_name, domain_name
            File or specification, for people; stored with the run, and with a network or domain that is new to the
            store.
        parameters
            Options of the run; passwords in them are hidden.
        """
        inputs = RunInputs(network, network_name, domain, domain_name, dataset)
        return open_run(self.location, self._engine, command, inputs, parameters, waits=self._waits)

    def save(self, partition: Partition) -> int:
        """Save a partition in a run of its own, and return the number of the run."""
        with self.run("save", network=partition.network, domain=partition.domain) as run:
            run.save(partition)
        return run.id

    def load_network(self, network_id: int) -> ReLUNetwork:
        """Load the network with this id."""
        with self.reading() as connection:
            return load_network(connection, network_id)

    def load_domain(self, domain_id: int) -> Domain:
        """Load the domain with this id."""
        with self.reading() as connection:
            return load_domain(connection, domain_id)

    def load_partition(self, run_id: int) -> Partition:
        """Load the partition of a run, or the part that its search had found if it did not finish."""
        query = select(RUNS.c.partition_id, RUNS.c.search_seconds).where(RUNS.c.id == run_id)
        with self.reading() as connection:
            found = connection.execute(query).first()
            if found is not None and found.partition_id is not None:
                return load_partition(connection, found.partition_id, found.search_seconds)
            partition = None if found is None else load_found(connection, run_id)
            if partition is None:
                missing = "has no partition" if found else "does not exist"
                raise StoreError(f"store {self.location.text!r}: run {run_id} {missing}")
            return partition

    def keep_report(self, run_id: int, path: Path, content: bytes) -> None:
        """Keep the digest of a report that was written of a run."""
        digest = hashlib.sha256(content).hexdigest()
        with explained(self.location), writing(self._engine) as connection, connection.begin():
            save_report(connection, run_id, str(path), digest, len(content))

    def load_columns(self, run_id: int) -> tuple[str | None, tuple[str, ...]]:
        """Load the target of a run's data, and the columns that feed the inputs."""
        with self.reading() as connection:
            dataset = connection.execute(select(RUNS.c.dataset_id).where(RUNS.c.id == run_id)).scalar()
            if dataset is None:
                raise StoreError(f"store {self.location.text!r}: run {run_id} is about no data")
            return load_columns(connection, dataset)

    def digest_content(self, run_id: int) -> str:
        """The schema, a colon, and the SHA-256 of all that the store says about a run."""
        with self.reading() as connection:
            return f"{schema_version(self.location.text).head}:{digest_content(connection, run_id)}"

    def load_reports(self, run_id: int) -> set[str]:
        """Load the digests of the reports that were written of a run."""
        with self.reading() as connection:
            return load_reports(connection, run_id)

    def load_subjects(self, run_id: int) -> list[Subject | None]:
        """Load the subjects of a run's answers, in their order; None for a run before revision 0013."""
        with self.reading() as connection:
            return load_subjects(connection, run_id)

    def unfinished_runs(self) -> list[RunRecord]:
        """Runs that are in progress in another process, or were interrupted."""
        query = select(RUNS.c.id, RUNS.c.command, RUNS.c.started_at).where(
            RUNS.c.status.in_(("running", "interrupted"))
        )
        with self.reading() as connection:
            return [RunRecord(*row) for row in connection.execute(query.order_by(RUNS.c.id))]
