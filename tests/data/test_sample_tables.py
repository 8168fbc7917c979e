"""Tables of samples in memory and on disk: the same numbers, the same sums, and no file left behind."""

import gc
import tempfile
from pathlib import Path

import numpy as np
import pytest
from limits import file_size_limit

from relugeom.data.samples import read_samples
from relugeom.data.source import PieceSizes
from relugeom.data.table import SampleTable, TableWriter
from relugeom.errors import DataError
from relugeom.linalg.digest import content_digest


@pytest.fixture
def pair() -> tuple[np.ndarray, SampleTable, SampleTable]:
    """1,000 rows of 3 numbers: as an array, in memory, and on disk; in chunks of 33 rows."""
    X = np.random.default_rng(1).normal(size=(1000, 3)) * 10.0 ** np.arange(-3, 6, 3)
    tables = []
    for memory in (1 << 20, 500):
        writer = TableWriter(3, sizes=PieceSizes(values=100, memory=memory))
        for start in range(0, 1000, 77):
            writer.append(X[start : start + 77])
        assert len(writer) == 1000
        tables.append(writer.close())
    assert [table.in_memory for table in tables] == [True, False]
    return X, tables[0], tables[1]


def test_what_was_written_is_read(pair) -> None:
    X, *tables = pair
    for table in (SampleTable.of(X, sizes=PieceSizes(values=100)), *tables):
        assert table.shape == (1000, 3)
        assert np.array_equal(table.whole(), X)
        pieces = list(table.chunks())
        assert np.array_equal(np.vstack([chunk for _, chunk in pieces]), X)
        assert [rows.start for rows, _ in pieces] == list(range(0, 1000, 33))
        rows = np.array([999, 0, 500, 500, 33, 32])
        assert np.array_equal(table.take(rows), X[rows])
        assert table.take(rows[:0]).shape == (0, 3)


def test_sums_are_the_same_bit_by_bit_and_right(pair) -> None:
    X, memory, disk = pair
    assert np.array_equal(memory.range(), [X.min(axis=0), X.max(axis=0)])
    assert np.array_equal(memory.range(), disk.range())
    for ours, theirs, numpys in zip(
        memory.mean_and_spread(), disk.mean_and_spread(), (X.mean(axis=0), X.std(axis=0)), strict=True
    ):
        assert np.array_equal(ours, theirs)
        assert np.allclose(ours, numpys, rtol=1e-12)


def test_a_digest_does_not_depend_on_where_a_table_is(pair) -> None:
    X, memory, disk = pair
    whole = content_digest("dataset", X, "a")
    assert content_digest("dataset", memory, "a") == content_digest("dataset", disk, "a") == whole
    assert content_digest("dataset", SampleTable.of(X[:999]), "a") != whole


def test_minus_zero_is_zero() -> None:
    for memory in (1 << 20, 0):
        writer = TableWriter(1, sizes=PieceSizes(memory=memory))
        writer.append(np.array([[-0.0]]))
        assert not np.signbit(writer.close().whole()).any()


def test_no_rows_and_no_columns() -> None:
    assert TableWriter(3).close().shape == (0, 3)
    writer = TableWriter(0, sizes=PieceSizes(memory=-1))
    writer.append(np.zeros((4, 0)))
    table = writer.close()
    assert table.shape == (4, 0)
    assert [chunk.shape for _, chunk in table.chunks()] == [(4, 0)]


def test_the_file_goes_with_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    writer = TableWriter(2, sizes=PieceSizes(memory=0))
    writer.append(np.ones((5, 2)))
    table = writer.close()
    assert not list(tmp_path.iterdir())  # it has no name from the start
    assert not table.in_memory
    del table, writer
    gc.collect()


def test_a_full_disk_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    writer = TableWriter(2, sizes=PieceSizes(memory=0))
    with file_size_limit(10_000), pytest.raises(DataError, match="TMPDIR"):
        writer.append(np.ones((5_000, 2)))


def test_no_temporary_folder_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not the data that are missing."""
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(tmp_path / "missing")])
    with pytest.raises(DataError, match="name a folder with more room in the environment variable TMPDIR"):
        read_samples(tmp_path / "data.csv", inputs=2, sizes=PieceSizes(memory=0))
