"""A fresh store for each test, on each backend."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from databases import KINDS, Database, new_database

from relugeom.store.store import Store, open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.db"


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, path: Path) -> Database:
    """An empty database: a file that is not there yet, or a new one on the server."""
    if request.param == "sqlite":
        return Database("sqlite", str(path))
    found: Database = request.getfixturevalue("postgres")
    return found


@pytest.fixture
def other_database(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Another empty one, of the same kind."""
    if database.kind == "sqlite":
        yield Database("sqlite", str(tmp_path / "other.db"))
    else:
        with new_database(request.getfixturevalue("postgres_server")) as other:
            yield other


@pytest.fixture
def store_url(database: Database) -> str:
    return database.url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        yield opened


@pytest.fixture
def ask(database: Database) -> Callable[..., list[tuple[Any, ...]]]:
    """Rows of a query on the database itself, past everything that is tested."""
    return database.ask
