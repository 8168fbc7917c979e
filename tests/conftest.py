"""Settings of all tests: the same examples on every run, unless HYPOTHESIS_PROFILE asks for new ones.

One PostgreSQL server for those that need one; and the slowest files first, so that
no process has one of them left for itself in the end.
"""

import os
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from databases import Database, new_database, running_server
from hypothesis import HealthCheck, settings
from sqlalchemy import make_url
from tiers import TESTS, measured, read_slow_tests

from relugeom.store.store import open_store

sys.dont_write_bytecode = False  # tests start hundreds of processes, each of which would compile every module anew
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

SLOW_STARTS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("steady", derandomize=True, deadline=None, database=None, suppress_health_check=SLOW_STARTS)
settings.register_profile(
    "exploring", max_examples=500, deadline=None, database=None, suppress_health_check=SLOW_STARTS
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--processor-times", metavar="FILE", help="append the processor time of each test to a file")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Write down what a test took, without what it shares with others, where that is asked for."""
    with measured(item.config, f"{place_of(item.path)}::{item.name}"):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Write down what the tests of a file share, and what those of all files do."""
    if fixturedef.scope == "function":
        return (yield)
    place = "conftest.py" if fixturedef.scope == "session" else place_of(request.path)
    with measured(request.config, f"{place}::{fixturedef.argname}"):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Write down what the end of a file takes, where all that its tests share goes."""
    if nextitem is not None and nextitem.path == item.path:
        return (yield)
    with measured(item.config, f"{place_of(item.path)}::"):
        return (yield)


def place_of(path: Path) -> str:
    """A file as it is seen from the folder of the tests."""
    return path.relative_to(TESTS).as_posix()


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: tests often wait for a process that they started."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that `slow_tests.txt` names, or a fixture of theirs; the slowest files come first.

    So no process is left alone with one of them.
    """
    slow = read_slow_tests()
    files: Counter[str] = Counter()
    for name, seconds in slow.items():
        files[name.partition("::")[0]] += seconds
    for item in items:
        place, names = place_of(item.path), [item.name.partition("[")[0], *getattr(item, "fixturenames", ())]
        if any(f"{place}::{name}" in slow for name in names):
            item.add_marker("slow")
    items.sort(key=lambda item: -files[place_of(item.path)])


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
