"""Samples of Parquet files and of databases: the same as those of a CSV file, and refused in the same words."""

import csv
import datetime
import decimal
import sqlite3
from pathlib import Path

import numpy as np
import pandas
import pyarrow
import pyarrow.parquet
import pytest
from databases import Database
from sqlalchemy import URL

from relugeom.data.samples import read_samples
from relugeom.data.source import PieceSizes
from relugeom.errors import DataError

ROWS = 1000
NAMES = ["id", "a", 'b "odd"; DROP TABLE t; --', "wanted"]


@pytest.fixture(scope="module")
def columns() -> dict[str, list]:
    random = np.random.default_rng(3)
    return {
        NAMES[0]: list(range(ROWS)),
        NAMES[1]: random.normal(size=ROWS).tolist(),
        NAMES[2]: random.integers(-5, 5, size=ROWS).tolist(),
        NAMES[3]: random.integers(0, 2, size=ROWS).tolist(),
    }


def write_csv(path: Path, columns: dict[str, list]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def write_sqlite(path: Path, columns: dict[str, list]) -> None:
    quoted = ['"' + name.replace('"', '""') + '"' for name in columns]
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE samples ({', '.join(quoted)})")
        marks = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO samples VALUES ({marks})", list(zip(*columns.values(), strict=True)))
    connection.close()


def same(samples, columns: dict[str, list]) -> bool:
    wanted = np.column_stack([columns[NAMES[1]], columns[NAMES[2]]])
    return np.array_equal(samples.X, wanted) and np.array_equal(samples.target, columns[NAMES[3]])


OPTIONS = {"inputs": 2, "target": "wanted", "ignore": ["id"]}


def test_a_csv_file_in_many_pieces(tmp_path: Path, columns) -> None:
    sizes = PieceSizes(cells=100, plain_columns=0)
    path = tmp_path / "data.csv"
    write_csv(path, columns)
    path.write_text(path.read_text() + "\n,,,\n\n")
    told: list[int] = []
    assert same(read_samples(path, **OPTIONS, sizes=sizes, on_progress=told.append), columns)
    assert told == list(range(25, ROWS + 1, 25))


@pytest.mark.parametrize("block", [100, 1 << 20])
def test_bad_cells_of_later_pieces_are_named_by_their_row(tmp_path: Path, columns, block: int) -> None:
    sizes = PieceSizes(cells=100, plain_bytes=block)
    path = tmp_path / "data.csv"
    for bad, words in (("", "value is missing"), ("x", "'x' is not a number"), ("inf", "not finite")):
        write_csv(path, columns | {"a": [*columns["a"][:778], bad, *columns["a"][779:]]})
        with pytest.raises(DataError, match=rf"column 'a', data row 779: .*{words}"):
            read_samples(path, **OPTIONS, sizes=sizes)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:500], "", *lines[500:]]))
    with pytest.raises(DataError, match="data row 500 has 0 values"):
        read_samples(path, **OPTIONS, sizes=sizes)


def test_parquet(tmp_path: Path, columns) -> None:
    path = tmp_path / "data.parquet"
    pyarrow.parquet.write_table(pyarrow.table(columns), path, row_group_size=77)
    samples = read_samples(path, **OPTIONS)
    assert samples.name == "data.parquet"
    assert same(samples, columns)
    other = path.rename(tmp_path / "data")  # known by its first bytes
    assert same(read_samples(other, **OPTIONS), columns)


def test_parquet_types_that_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    table = pyarrow.table(
        {
            "half": pyarrow.array(np.array([0.5, 1.5], dtype=np.float16)),
            "single": pyarrow.array([0.1, 2.0], pyarrow.float32()),
            "big": pyarrow.array([2**53 + 1, -(2**62)], pyarrow.int64()),
            "unsigned": pyarrow.array([2**64 - 1, 0], pyarrow.uint64()),
            "flag": [True, False],
            "decimal": [decimal.Decimal("0.10"), decimal.Decimal("-7.25")],
            "text": ["1e3", " 4 "],
            "category": pyarrow.array(["true", "false"]).dictionary_encode(),
            "chunked": pyarrow.chunked_array([[1], [2]]),
        }
    )
    pyarrow.parquet.write_table(table, path)
    assert read_samples(path, inputs=9).X.tolist() == [
        [0.5, float(np.float32(0.1)), 2.0**53, 2.0**64, 1, 0.1, 1000, 1, 1],
        [1.5, 2, -(2.0**62), 0, 0, -7.25, 4, 0, 2],
    ]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([1.0, None], "data row 2: the value is missing"),
        ([1.0, float("nan")], "data row 2: the value is missing"),
        ([1, None], "data row 2: the value is missing"),
        ([float("-inf"), 1.0], "data row 1: '-inf' is not finite"),
        (["S", "C"], "x_S, x_C"),
        ([datetime.date(2020, 1, 1), None], "dates or times (date32[day])"),
        ([[1, 2], [3]], "a column of numbers for each part"),
        ([{"u": 1}, {"u": 2}], "a column of numbers for each part"),
        ([b"\xff", b"1"], "is not a number"),
    ],
)
def test_parquet_cells_that_are_refused(cells: list, words: str, tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"x": cells}), path)
    with pytest.raises(DataError) as raised:
        read_samples(path, inputs=1)
    assert words in str(raised.value)
    assert "data.parquet" in str(raised.value)


def test_damaged_parquet(tmp_path: Path, columns) -> None:
    path = tmp_path / "data.parquet"
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    content = path.read_bytes()
    for damaged in (b"", b"PAR1", content[:-20], content[: len(content) // 2], b"a,b\n1,2\n"):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"data\.parquet") as raised:
            read_samples(path, **OPTIONS)
        assert "\n" not in str(raised.value)
    random = np.random.default_rng(0)
    for _ in range(60):
        broken = bytearray(content)
        for place in random.integers(0, len(content), size=8):
            broken[place] = random.integers(256)
        path.write_bytes(broken)
        try:  # what it still reads has the right shape; what it does not, it refuses in a line
            assert read_samples(path, **OPTIONS).table.shape[1] == 2
        except DataError as error:
            assert "\n" not in str(error)


def test_sqlite_tables_views_and_selects(tmp_path: Path, columns) -> None:
    path = tmp_path / "odd name?#.db"
    write_sqlite(path, columns)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE VIEW seen AS SELECT * FROM samples")
    connection.close()
    before, url = path.read_bytes(), URL.create("sqlite", database=str(path)).render_as_string()
    for asked in (
        "samples",
        "main.samples",
        "seen",
        "SELECT * FROM samples",
        "with t as (select * from samples) select * from t",
    ):
        told: list[int] = []
        samples = read_samples(asked, url=url, **OPTIONS, sizes=PieceSizes(rows=33), on_progress=told.append)
        assert same(samples, columns)
        assert told == [*range(33, ROWS, 33), ROWS]  # a SELECT in pieces too, not row by row
        assert samples.name == ("query" if " " in asked else asked.removeprefix("main."))
    few = read_samples("SELECT a, wanted FROM samples WHERE 'x:y' LIKE 'x:%' ORDER BY a LIMIT 2", url=url, inputs=2)
    assert few.X[:, 0].tolist() == sorted(columns["a"])[:2]
    assert path.read_bytes() == before


def test_rows_stand_in_the_order_of_the_primary_key(tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (k INTEGER, x REAL, PRIMARY KEY (k DESC)) WITHOUT ROWID")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(3, 30), (1, 10), (2, 20)])
    connection.close()
    samples = read_samples("t", url=f"sqlite:///{path}", inputs=1, ignore=["k"])
    assert samples.X.ravel().tolist() == [10, 20, 30]


@pytest.mark.parametrize(
    ("asked", "url", "words"),
    [
        ("t", "nonsense", "is not a URL"),
        ("t", "sqlite:///{folder}/nowhere.db", "no such file"),
        ("t", "sqlite://", "is not a file name"),
        ("t", "oracle://u:secret@h/x", "not installed"),
        ("t", "strange://u:secret@h/x", "not installed"),
        ("t", "postgresql://u:secret@127.0.0.1:1/x", "the database says"),
        ("other", "sqlite:///{folder}/data.db", "there is no table 'other'; there are 't'"),
        ("SELECT nonsense", "sqlite:///{folder}/data.db", "nonsense"),
        ("SELECT 1 AS x; DROP TABLE t", "sqlite:///{folder}/data.db", "one statement"),
        ("WITH q AS (SELECT 1) DELETE FROM t", "sqlite:///{folder}/data.db", "readonly"),
        ("SELECT x, x FROM t", "sqlite:///{folder}/data.db", "'x' occurs 2 times"),
        ("SELECT x FROM t WHERE 0", "sqlite:///{folder}/data.db", "no rows"),
        ("SELECT NULL AS x", "sqlite:///{folder}/data.db", "data row 1: the value is missing"),
        ("SELECT 'word' AS x", "sqlite:///{folder}/data.db", "x_word"),
        ("SELECT 9e999 AS x", "sqlite:///{folder}/data.db", "not finite"),
        ("t", "sqlite:///{folder}/text.csv", "not a database"),
    ],
)
def test_databases_that_are_refused(asked: str, url: str, words: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "data.db") as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (1)")
    connection.close()
    (tmp_path / "text.csv").write_text("a,b\n" + "1,2\n" * 1000)
    with pytest.raises(DataError) as raised:
        read_samples(asked, url=url.format(folder=tmp_path), inputs=1)
    assert words in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)
    with sqlite3.connect(tmp_path / "data.db") as connection:
        assert connection.execute("SELECT * FROM t").fetchall() == [(1,)]
    connection.close()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (pyarrow.array([1 << 62], pyarrow.timestamp("us")), "dates or times (timestamp[us])"),  # after the year 9999
        (pyarrow.array([1 << 60], pyarrow.timestamp("ms", "UTC")), "dates or times (timestamp[ms, tz=UTC])"),
        (pyarrow.array([1 << 30], pyarrow.date32()), "dates or times (date32[day])"),
        (pyarrow.array([1 << 60], pyarrow.duration("s")), "dates or times (duration[s])"),
        (pyarrow.array([1 << 62], pyarrow.timestamp("us")).dictionary_encode(), "dates or times"),
        (pyarrow.array([[1.0]]), "a column of numbers for each part"),
        (pyarrow.array([{"x": 1 << 62}], pyarrow.struct({"x": pyarrow.timestamp("us")})), "for each part"),
    ],
)
def test_parquet_columns_that_hold_no_numbers(values: pyarrow.Array, words: str, tmp_path: Path) -> None:
    """Also where Python has no value for them."""
    pyarrow.parquet.write_table(pyarrow.table({"a": [1.0], "b": values}), tmp_path / "data.parquet")
    with pytest.raises(DataError) as raised:
        read_samples(tmp_path / "data.parquet", inputs=2)
    assert "column 'b'" in str(raised.value)
    assert words in str(raised.value)
    assert read_samples(tmp_path / "data.parquet", inputs=1, ignore=["b"]).X.tolist() == [[1.0]]


def test_postgresql(postgres: Database, columns) -> None:
    postgres_url = postgres.url
    quoted = ['"' + name.replace('"', '""') + '"' for name in columns]
    kinds = ("integer PRIMARY KEY", "double precision", "numeric", "boolean")
    with postgres.connect() as connection:
        connection.execute("CREATE SCHEMA odd")
        connection.execute(f"CREATE TABLE odd.samples ({', '.join(map(' '.join, zip(quoted, kinds, strict=True)))})")
        for row in reversed(list(zip(*columns.values(), strict=True))):
            connection.execute("INSERT INTO odd.samples VALUES (%s, %s, %s, %s)", (*row[:3], bool(row[3])))
    assert same(read_samples("odd.samples", url=postgres_url, **OPTIONS), columns)
    query = "SELECT * FROM odd.samples WHERE 'x%y:z' LIKE 'x\\%%' AND '1'::int = 1 ORDER BY id"
    told: list[int] = []
    in_pieces = {"sizes": PieceSizes(rows=33), "on_progress": told.append}
    assert same(read_samples(query, url=postgres_url, **OPTIONS, **in_pieces), columns)
    assert told == [*range(33, ROWS, 33), ROWS]
    with pytest.raises(DataError, match="the database says"):
        read_samples("WITH d AS (DELETE FROM odd.samples RETURNING *) SELECT * FROM d", url=postgres_url, **OPTIONS)
    assert same(read_samples("odd.samples", url=postgres_url, **OPTIONS), columns)


def test_indexes_as_pandas_writes_them(tmp_path: Path) -> None:
    """In CSV, in Parquet and in a database; also after a filter, where they do not count any more."""
    frame = pandas.DataFrame({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]}, index=pandas.Index([0, 1, 2]))
    for kept, counts in ((frame, True), (frame[::2], False)):
        kept.to_csv(tmp_path / "data.csv")
        kept.to_parquet(tmp_path / "data.parquet", index=True)
        with sqlite3.connect(tmp_path / "data.db") as connection:
            kept.to_sql("samples", connection, if_exists="replace")
        connection.close()
        places = [
            (tmp_path / "data.csv", None, "''"),
            (tmp_path / "data.parquet", None, "'__index_level_0__'"),
            ("samples", f"sqlite:///{tmp_path / 'data.db'}", "'index'"),
        ]
        for place, url, name in places:
            if counts:
                samples = read_samples(place, inputs=2, input_names=("a", "b"), url=url)
                assert samples.X.tolist() == kept.to_numpy().tolist()
                assert samples.remarks == (f"the column {name} only numbers the rows and is left out",)
                assert read_samples(place, inputs=2, url=url).X.tolist() == kept.to_numpy().tolist()
            else:
                with pytest.raises(DataError, match=rf"column {name} .*does not number the rows.*--ignore"):
                    read_samples(place, inputs=2, input_names=("a", "b"), url=url)


def test_a_column_called_index_is_an_input_where_it_is_one(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("index,b\n0,4\n1,5\n")
    assert read_samples(tmp_path / "data.csv", inputs=2).columns == ("index", "b")
    assert read_samples(tmp_path / "data.csv", inputs=2, input_names=("b", "index")).columns == ("b", "index")
