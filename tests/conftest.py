"""Settings of all tests: the same examples on every run, unless HYPOTHESIS_PROFILE asks for new ones.

One PostgreSQL server for those that need one; and the slow files first, so that
no process has one of them left for itself in the end.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import Database, new_database, running_server
from hypothesis import HealthCheck, settings
from sqlalchemy import make_url

from relugeom.store.store import open_store

sys.dont_write_bytecode = False  # tests start hundreds of processes, each of which would compile every module anew
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

SLOW_STARTS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("steady", derandomize=True, deadline=None, database=None, suppress_health_check=SLOW_STARTS)
settings.register_profile(
    "exploring", max_examples=500, deadline=None, database=None, suppress_health_check=SLOW_STARTS
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


SLOW = ("test_store_faults.py", "test_enumerations.py", "test_documents.py", "test_studies.py", "test_resuming.py")
SLOW_TESTS = Path(__file__).with_name("slow_tests.txt")
"""Tests that need 1.5 s of processor time or more, all their cases together."""


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: tests often wait for a process that they started."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files first; tests that `slow_tests.txt` names are marked."""
    named = set(SLOW_TESTS.read_text(encoding="utf-8").split())
    for item in items:
        place = item.path.relative_to(SLOW_TESTS.parent).as_posix()
        if f"{place}::{item.name.partition('[')[0]}" in named:
            item.add_marker("slow")
    items.sort(key=lambda item: item.path.name not in SLOW)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a real server, started once."""
    with running_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_store(postgres_server: str) -> Iterator[str]:
    """Name of a database on it that is an empty store: making one anew takes a second, a copy a tenth of it."""
    with new_database(postgres_server) as database:
        with open_store(database.url):
            pass
        yield str(make_url(database.url).database)


@pytest.fixture
def postgres(postgres_server: str, postgres_store: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A new database on it that is an empty store; without tables where the test is marked so."""
    template = "template0" if request.node.get_closest_marker("without_tables") else postgres_store
    with new_database(postgres_server, template=template) as database:
        yield database
