"""Searches that were cut short go on: after a limit, after a kill at any moment, with the same answer."""

import itertools
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from databases import Database
from networks import he_network, layered

from relugeom.budget import SearchBudget
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import Partition, PartitionStatus
from relugeom.search.enumeration import enumerate_regions, partition_from_blocks
from relugeom.store.store import Store, open_store

KILLS = 3
# A search in a process of its own, which records what it has found every few milliseconds.
SEARCH = """
import sys
from relugeom.budget import Budget, Pace, SearchBudget
from relugeom.cli import main
main(["enumerate", *sys.argv[1:]], budget=Budget(search=SearchBudget(block_seconds=0.02, pace=Pace(16, 50))))
"""


def tenths(seed: int, *sizes: int) -> ReLUNetwork:
    """Multiples of 0.1, which are no floats: degenerate nearly everywhere, so that much is decided exactly."""
    rng = np.random.default_rng(seed)
    layers = [
        (rng.integers(-2, 3, size=(here, below)) * 0.1, rng.integers(-1, 2, size=here) * 0.1)
        for below, here in itertools.pairwise(sizes)
    ]
    return layered(*layers)


def save_network(network: ReLUNetwork, path: Path) -> Path:
    arrays = {}
    for number, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        arrays |= {f"W{number}": weight, f"b{number}": bias}
    np.savez(path, **arrays)
    return path


def assert_same(found: Partition, expected: Partition) -> None:
    assert found.status is expected.status
    assert found.packed.tobytes() == expected.packed.tobytes()
    assert found.points.tobytes() == expected.points.tobytes()
    assert found.tree.tobytes() == expected.tree.tobytes()
    assert found.exact_points == expected.exact_points


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("seed", range(8))
def test_a_partition_cut_anywhere_resumes_to_the_same(seed: int, threads: int) -> None:
    random_network = he_network(seed, 3, 6, 5, 1) if seed % 2 else tenths(seed, 3, 5, 4, 1)
    domain = Domain.box(-np.ones(3), np.ones(3)) if seed % 4 < 2 else Domain.everything(3)
    whole = enumerate_regions(random_network, domain)
    for cut in {1, len(whole) // 3, len(whole) - 1} - {0, len(whole)}:
        part = enumerate_regions(random_network, domain, max_regions=cut)
        assert part.status is PartitionStatus.TRUNCATED
        assert_same(enumerate_regions(random_network, domain, resume=part, threads=threads), whole)
        longer = enumerate_regions(random_network, domain, resume=part, max_regions=cut + 1)
        assert_same(longer, enumerate_regions(random_network, domain, max_regions=cut + 1))


@pytest.mark.parametrize("seed", range(4))
def test_blocks_make_up_the_partition(seed: int) -> None:
    network = he_network(seed, 4, 12, 10, 1) if seed % 2 else tenths(seed, 4, 6, 6, 1)
    domain = Domain.box(-np.ones(4), np.ones(4))
    blocks = []
    whole = enumerate_regions(
        network, domain, on_block=blocks.append, threads=2, budget=SearchBudget(block_seconds=0.0)
    )
    if blocks:
        part = partition_from_blocks(network, domain, blocks, reason="killed")
        assert part.packed.tobytes() == whole.packed[: len(part)].tobytes()
        assert_same(enumerate_regions(network, domain, resume=part), whole)


def count_rows(database: Database, query: str) -> int:
    """A number that the store knows; 0 before it has tables."""
    if database.kind == "sqlite" and not Path(database.url).exists():
        return 0
    return int(database.ask(query)[0][0] or 0) if "search_blocks" in database.tables() else 0


LATEST = "SELECT count(*) FROM search_blocks WHERE run_id = (SELECT max(id) FROM runs WHERE status = 'running')"


def wait_for_blocks(database: Database, blocks: int, process: "subprocess.Popen[bytes]") -> bool:
    """Wait until the latest running search has recorded so many blocks; whether that happened before its end."""
    while process.poll() is None and "search_blocks" not in tables_while_written(database):
        time.sleep(0.02)
    with database.connect() as connection:
        while process.poll() is None:
            with suppress(sqlite3.OperationalError):  # it lets nobody read while it writes
                if connection.execute(LATEST).fetchall()[0][0] >= blocks:
                    return True
            time.sleep(0.005)
    return False


def tables_while_written(database: Database) -> set[str]:
    try:
        return database.tables() if "://" in database.url or Path(database.url).exists() else set()
    except sqlite3.OperationalError:
        return set()


def kill_when_blocks_are_there(arguments: list[str], database: Database, blocks: int, delay: float) -> bool:
    """Start the search and kill it so long after it has recorded so many blocks; whether it was still there."""
    process = subprocess.Popen(
        [sys.executable, "-c", SEARCH, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        if wait_for_blocks(database, blocks, process):
            time.sleep(delay)
            os.kill(process.pid, signal.SIGKILL)
        _, errors = process.communicate()
    finally:
        process.kill()
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()
    return process.returncode != 0


def test_a_search_killed_at_random_moments_ends_with_the_same_partition(tmp_path: Path, database: Database) -> None:
    """A random network on one backend, a degenerate one on the other."""
    network = he_network(5, 6, 13, 11, 1) if database.kind == "postgresql" else tenths(3, 4, 11, 10, 1)
    n = network.inputs
    model = save_network(network, tmp_path / "network.npz")
    expected = enumerate_regions(network, Domain.box(-np.ones(n), np.ones(n)))
    arguments = [str(model), "--domain", "box:-1,1", "--store", database.url, "--resume"]
    chance = random.Random(database.kind)
    known, kills = 0, 0
    while kills < KILLS and kill_when_blocks_are_there(
        arguments, database, chance.randint(1, 3), 0.1 * chance.random()
    ):
        kills += 1
        database.assert_sound()
        assert count_rows(database, "SELECT count(*) FROM runs WHERE status IN ('complete', 'truncated')") == 0
        found = count_rows(database, "SELECT max(r) FROM (SELECT sum(regions) r FROM search_blocks GROUP BY run_id) b")
        assert found >= known  # nothing that was recorded is lost
        known = found
    assert kills > 0
    if kills == KILLS:
        assert not kill_when_blocks_are_there(arguments, database, 10**9, 0.0)
    with open_store(database.url) as opened:
        assert_same(opened.load_partition(last_run(opened)), expected)
    assert count_rows(database, "SELECT count(*) FROM search_blocks") == 0
    assert count_rows(database, "SELECT count(*) FROM runs WHERE status = 'running'") == 0


def last_run(store: Store) -> int:
    with store.reading() as connection:
        return int(connection.exec_driver_sql("SELECT max(id) FROM runs WHERE status = 'complete'").scalar_one())
