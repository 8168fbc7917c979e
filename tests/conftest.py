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
from tiers import TESTS, processor_seconds, read_slow_tests

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
    """Write down what a test took, with its fixtures, where that is asked for."""
    before = processor_seconds()
    result = yield
    file = item.config.getoption("--processor-times")
    if file is not None:
        with Path(file).open("a", encoding="utf-8") as times:
            times.write(f"{processor_seconds() - before:.3f}\t{place_of(item)}::{item.name}\n")
    return result


def place_of(item: pytest.Item) -> str:
    """The file of a test, seen from the folder of the tests."""
    return item.path.relative_to(TESTS).as_posix()


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: tests often wait for a process that they started."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that `slow_tests.txt` names are marked; files with much of that come first, so that none is left alone."""
    slow = read_slow_tests()
    files: Counter[str] = Counter()
    for name, seconds in slow.items():
        files[name.partition("::")[0]] += seconds
    for item in items:
        if f"{place_of(item)}::{item.name.partition('[')[0]}" in slow:
            item.add_marker("slow")
    items.sort(key=lambda item: -files[place_of(item)])


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
