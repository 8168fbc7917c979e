"""Runs: what was asked, when, of what, with which software, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from math import isfinite
from platform import platform, python_version
from typing import Any, NamedTuple

from sqlalchemy import JSON, CheckConstraint, Column, Connection, Double, Index, Integer, Table, Text

from relugeom.errors import RelugeomError
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.printing import printable
from relugeom.store.database.clock import SILENT_BEFORE
from relugeom.store.database.columns import metadata, owner, reference, required
from relugeom.store.database.insertion import insert_columns, insert_value, stored_text
from relugeom.store.database.view import View
from relugeom.store.subject import StoreSubject
from relugeom.store.subjects.datasets import DatasetRecord, save_dataset
from relugeom.store.subjects.domains import save_domain
from relugeom.store.subjects.networks import save_network
from relugeom.version import VERSION

__all__ = [
    "LATEST_RUN",
    "OVERVIEW_OF_RUN",
    "RUNS",
    "RUN_SOFTWARE",
    "SOFTWARE_OF_RUN",
    "SOURCE_OF_RUN",
    "STATUS_OF_RUN",
    "SUBJECT",
    "RunInputs",
    "RunRows",
    "insert_run",
    "now_in_words",
    "reason_of",
]

RUNS = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    required("command", Text, comment="what was asked for: audit, cluster, enumerate, save"),
    required("status", Text, comment="running, complete, truncated, failed, or interrupted (its process is gone)"),
    required("reason", Text, comment="why the run is not complete, or empty"),
    required("started_at", Text, comment="UTC, like 2026-11-23T10:15:00Z"),
    Column("finished_at", Text, comment="UTC; NULL while the run is in progress"),
    Column("seconds", Double, comment="seconds from start to finish"),
    Column("search_seconds", Double, comment="seconds of the search for regions; NULL without one"),
    reference("network_id", "networks.id", "the network"),
    Column("network_name", Text, comment="name of the model file in this run; NULL for runs before revision 0013"),
    reference("domain_id", "domains.id", "the domain, if any", nullable=True),
    Column(
        "domain_name",
        Text,
        comment="specification of the domain in this run; NULL without a domain, or before revision 0013",
    ),
    reference("dataset_id", "datasets.id", "the data, if any", nullable=True),
    Column("dataset_name", Text, comment="name of the data in this run; NULL without data, or before revision 0013"),
    reference("partition_id", "partitions.id", "the partition, if any", nullable=True),
    Column("samples", Integer, comment="number of samples assigned to clusters; NULL if none were"),
    Column("clusters", Integer, comment="number of clusters; NULL if no samples were clustered"),
    required("parameters", JSON, comment="options of the run, with passwords hidden"),
    CheckConstraint("status IN ('running', 'complete', 'truncated', 'failed', 'interrupted')", name="status"),
    Index(None, "network_id"),
    comment="Runs: what was run, when and on what.",
)

RUN_SOFTWARE = Table(
    "run_software",
    metadata,
    owner("run_id", "runs.id", "the run"),
    Column("package", Text, primary_key=True, comment="name of the package, or python, or platform"),
    required("version", Text, comment="version of the package"),
    comment="Software that a run used.",
)

PACKAGES = ("numpy", "scipy", "highspy", "numba", "python-flint", "sqlalchemy", "onnx")


@dataclass(frozen=True, slots=True)
class RunInputs:
    """Subject of a run; the names are those of files and specifications, for people."""

    network: ReLUNetwork
    network_name: str = ""
    domain: Domain | None = None
    domain_name: str = ""
    dataset: DatasetRecord | None = None


class RunRows(NamedTuple):
    """Ids of the rows that a run and its subject have in the store."""

    run: int
    network: int
    domain: int | None


def insert_run(connection: Connection, command: str, subject: RunInputs, parameters: Mapping[str, Any]) -> RunRows:
    """Save a run that begins, and its subject if that is new."""
    network_id = save_network(connection, subject.network, stored_text(subject.network_name))
    domain_id, dataset_id = None, None
    if subject.domain is not None:
        domain_id = save_domain(connection, subject.domain, stored_text(subject.domain_name))
    if subject.dataset is not None:
        dataset_id = save_dataset(connection, subject.dataset)
    facts = {
        "command": command,
        "status": "running",
        "reason": "",
        "started_at": now_in_words(),
        "network_id": network_id,
        "network_name": stored_text(subject.network_name) or None,
        "domain_id": domain_id,
        "domain_name": None if subject.domain is None else stored_text(subject.domain_name) or None,
        "dataset_id": dataset_id,
        "dataset_name": None if subject.dataset is None else printable(subject.dataset.name) or None,
        "parameters": _stored_value(parameters),
    }
    run_id = insert_value(connection, RUNS, facts)
    software = _software_versions()
    columns = {"run_id": run_id, "package": list(software), "version": list(software.values())}
    insert_columns(connection, RUN_SOFTWARE, columns)
    return RunRows(run_id, network_id, domain_id)


def now_in_words() -> str:
    """The present moment in UTC, like 2026-11-23T10:15:00Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def reason_of(error: BaseException) -> str:
    """Reason of a run that ends with an error."""
    if isinstance(error, KeyboardInterrupt):
        return "it was stopped by hand"
    said = str(error) if isinstance(error, RelugeomError) or not isinstance(error, Exception) else ""
    text = said or f"{type(error).__name__}: {error}"
    return stored_text(text)


def _software_versions() -> dict[str, str]:
    """Versions of the software that this process uses."""
    versions = {"relugeom": VERSION, "python": python_version(), "platform": platform()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def _stored_value(value: Any) -> Any:
    """Value of an option as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(name): _stored_value(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_stored_value(entry) for entry in value]
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value)):
        return value
    return stored_text(str(value))


LATEST_RUN = """\
SELECT run FROM runs_overview WHERE status <> 'running'
ORDER BY CASE WHEN status IN ('complete', 'truncated') THEN 0
              WHEN clusters IS NOT NULL OR regions IS NOT NULL THEN 1
              WHEN status = 'interrupted' THEN 2 ELSE 3 END, run DESC LIMIT 1"""

STATUS_OF_RUN = "SELECT status FROM runs_overview WHERE run = :run"

OVERVIEW_OF_RUN = "SELECT * FROM runs_overview WHERE run = :run"

SOFTWARE_OF_RUN = "SELECT package, version FROM run_software WHERE run_id = :run ORDER BY package"

SOURCE_OF_RUN = """\
SELECT r.network_id, r.domain_id,
       coalesce(p.regions, (SELECT CAST(sum(regions) AS INTEGER) FROM search_blocks WHERE run_id = r.id)) AS regions
FROM runs r LEFT JOIN partitions p ON p.id = r.partition_id
WHERE r.id = :run"""


VIEWS = (
    View(
        "runs_overview",
        "all runs: what was asked, on which network, domain and data, and how it ended (interrupted: its process is "
        "gone)",
        f"""\
SELECT r.id AS run, r.command,
       CASE WHEN r.status = 'running' AND (h.run_id IS NULL OR h.heartbeat_at < {SILENT_BEFORE})
            THEN 'interrupted' ELSE r.status END AS status, r.reason, r.started_at, r.finished_at, r.seconds,
       coalesce(r.network_name, n.file_name) AS network, n.hidden_layers, n.units, n.digest AS network_digest,
       coalesce(r.domain_name, d.name) AS domain, d.digest AS domain_digest,
       coalesce(r.dataset_name, s.name) AS data, s.digest AS data_digest,
       r.samples, r.clusters, p.regions, p.status AS partition_status, v.version AS relugeom_version,
       h.host, h.process, h.heartbeat_at,
       CASE WHEN d.digest = s.range_digest THEN 'yes' WHEN s.range_digest IS NOT NULL THEN 'no'
            WHEN d.id IS NOT NULL AND s.id IS NOT NULL THEN 'unknown' END AS domain_is_range_of_data
FROM runs r
JOIN networks n ON n.id = r.network_id
LEFT JOIN domains d ON d.id = r.domain_id
LEFT JOIN datasets s ON s.id = r.dataset_id
LEFT JOIN partitions p ON p.id = r.partition_id
LEFT JOIN run_software v ON v.run_id = r.id AND v.package = 'relugeom'
LEFT JOIN run_processes h ON h.run_id = r.id""",
        columns={
            "status": "complete, truncated, running, failed or interrupted",
            "network": "name of the model file in this run",
            "domain": "how the domain was specified in this run",
            "data": "name of the data in this run",
            "domain_is_range_of_data": "whether the domain is the box around the data: yes, no or unknown",
            "relugeom_version": "version of relugeom",
        },
    ),
    View(
        "run_provenance",
        "provenance of each run: options, software and versions, digests, machine and process",
        """\
SELECT run_id AS run, 'software' AS kind, package AS item, version AS value
FROM run_software
UNION ALL
SELECT id, 'options', 'parameters', CAST(parameters AS TEXT)
FROM runs
UNION ALL
SELECT r.id, 'digest', 'network', n.digest
FROM runs r
JOIN networks n ON n.id = r.network_id
UNION ALL
SELECT r.id, 'digest', 'domain', d.digest
FROM runs r
JOIN domains d ON d.id = r.domain_id
UNION ALL
SELECT r.id, 'digest', 'data', s.digest
FROM runs r
JOIN datasets s ON s.id = r.dataset_id
UNION ALL
SELECT run_id, 'process', 'host', host
FROM run_processes
UNION ALL
SELECT run_id, 'process', 'number', CAST(process AS TEXT)
FROM run_processes""",
        columns={
            "kind": "kind of item: software, options, digests, process",
            "item": "name of the option, package or digest",
            "value": "value of the item",
        },
    ),
)


SUBJECT = StoreSubject(
    tables=(RUNS, RUN_SOFTWARE),
    views=VIEWS,
)
