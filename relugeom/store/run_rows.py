"""The rows that a run begins with: what it is about, what it runs on, and the process that it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from math import isfinite
from platform import platform, python_version
from typing import Any, NamedTuple

from sqlalchemy import Connection

from relugeom.errors import RelugeomError
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.printing import hide_passwords, printable
from relugeom.store import schema
from relugeom.store.database.insertion import insert_columns, insert_value
from relugeom.store.datasets import DatasetRecord, save_dataset
from relugeom.store.domains import save_domain
from relugeom.store.networks import save_network
from relugeom.store.processes import record_process
from relugeom.version import VERSION

__all__ = ["RunRows", "RunSubject", "insert_run", "now_in_words", "reason_of", "stored_text"]

PACKAGES = ("numpy", "scipy", "highspy", "numba", "python-flint", "sqlalchemy", "onnx")


@dataclass(frozen=True, slots=True)
class RunSubject:
    """What a run is about; the names are those of files and specifications, for people."""

    network: ReLUNetwork
    network_name: str = ""
    domain: Domain | None = None
    domain_name: str = ""
    dataset: DatasetRecord | None = None


class RunRows(NamedTuple):
    """The rows that a run and its subject have in the store."""

    run: int
    network: int
    domain: int | None


def insert_run(connection: Connection, command: str, subject: RunSubject, parameters: Mapping[str, Any]) -> RunRows:
    """Record a run that begins, and its subject where the store does not have it yet."""
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
    run_id = insert_value(connection, schema.runs, facts)
    software = _software_versions()
    columns = {"run_id": run_id, "package": list(software), "version": list(software.values())}
    insert_columns(connection, schema.run_software, columns)
    record_process(connection, run_id)
    return RunRows(run_id, network_id, domain_id)


def now_in_words() -> str:
    """This moment in UTC, like 2026-11-23T10:15:00Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def reason_of(error: BaseException) -> str:
    """What a run says that ends with an error."""
    if isinstance(error, KeyboardInterrupt):
        return "it was stopped by hand"
    said = str(error) if isinstance(error, RelugeomError) or not isinstance(error, Exception) else ""
    text = said or f"{type(error).__name__}: {error}"
    return stored_text(text)


def stored_text(text: str) -> str:
    """A text as it may be kept: without passwords, on one line."""
    return printable(hide_passwords(text))


def _software_versions() -> dict[str, str]:
    """What this process runs on."""
    versions = {"relugeom": VERSION, "python": python_version(), "platform": platform()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def _stored_value(value: Any) -> Any:
    """An option as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(name): _stored_value(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_stored_value(entry) for entry in value]
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value)):
        return value
    return stored_text(str(value))
