"""Samples of CSV files: which column feeds which input, and what a cell means."""

from pathlib import Path

import numpy as np
import pytest

from relugeom.data.samples import Samples, read_samples
from relugeom.data.source import PieceSizes
from relugeom.errors import DataError


@pytest.fixture
def read(tmp_path: Path):
    """Read samples from a text."""

    def call(text: str | bytes, inputs: int = 2, **options) -> Samples:
        path = tmp_path / "data.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_samples(path, inputs=inputs, **options)

    return call


def test_columns_in_order(read) -> None:
    samples = read("a,b\n1,2\n3,4\n")
    assert samples.name == "data.csv"
    assert samples.columns == ("a", "b")
    assert samples.X.tolist() == [[1, 2], [3, 4]]
    assert samples.target is None
    assert samples.target_name is None
    assert not samples.X.flags.writeable


def test_columns_by_name_whatever_their_order(read) -> None:
    samples = read("b,y,a\n2,0,1\n4,1,3\n", input_names=("a", "b"), target="y")
    assert samples.columns == ("a", "b")
    assert samples.X.tolist() == [[1, 2], [3, 4]]
    assert samples.target.tolist() == [0, 1]
    assert samples.target_name == "y"


def test_features_in_the_order_asked_for(read) -> None:
    samples = read("a,b,c\n1,2,3\n", input_names=("u", "v"), features=["c", "a"])
    assert samples.columns == ("c", "a")
    assert samples.X.tolist() == [[3, 1]]


def test_ignored_columns_may_hold_anything(read) -> None:
    assert read("a,who,b\n1,Ann,2\n3,,4\n", ignore=["who"]).X.tolist() == [[1, 2], [3, 4]]


def test_columns_that_feed_nothing_are_not_ignored_by_themselves(read) -> None:
    with pytest.raises(DataError, match=r"'c'.*--ignore c"):
        read("a,b,c\n1,2,3\n")
    with pytest.raises(DataError, match=r"'c'.*--ignore c"):
        read("c,b,a\n1,2,3\n", input_names=("a", "b"))


def test_a_target_named_like_an_input_is_no_input(read) -> None:
    with pytest.raises(DataError, match="'a'"):
        read("a,b\n1,2\n", input_names=("a", "b"), target="a")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1", 1.0),
        (" -2.5 ", -2.5),
        ("1e-3", 0.001),
        ("true", 1.0),
        ("False", 0.0),
        ("TRUE", 1.0),
        ("0.1", 0.1),
        ("9007199254740993", 9007199254740992.0),
        ("5e-324", 5e-324),
    ],
)
def test_numbers(cell: str, value: float, read) -> None:
    assert float(read(f"a,b\n0,{cell}\n").X[0, 1]) == value


@pytest.mark.parametrize("cell", ["", " ", "NA", "n/a", "nan", "NaN", "null", "None"])
def test_missing_values(cell: str, read) -> None:
    with pytest.raises(DataError, match=r"data\.csv.*column 'b', data row 2: the value is missing"):
        read(f"a,b\n0,1\n0,{cell}\n0,2\n")


@pytest.mark.parametrize("cell", ["inf", "-inf", "Infinity", "1e309"])
def test_infinite_values(cell: str, read) -> None:
    with pytest.raises(DataError, match=r"column 'a', data row 1.*not finite"):
        read(f"a,b\n{cell},1\n")


def test_the_first_bad_row_is_named_and_the_others_counted(read) -> None:
    with pytest.raises(DataError, match=r"data row 2: .*the first of 3 such rows"):
        read("a,b\n0,1\n0,\n0,\n0,2\n0,\n")


def test_a_text_column_shows_the_group_to_write(read) -> None:
    with pytest.raises(DataError) as raised:
        read("a,port\n0,S\n0,C\n0,S\n")
    assert "port_S, port_C" in str(raised.value)
    assert '[[groups]] features = ["port_S", "port_C"]' in str(raised.value)


def test_a_column_of_many_words_is_not_listed(read) -> None:
    words = [f"word{number}" for number in range(500)]
    with pytest.raises(DataError) as raised:
        read("a,b\n" + "".join(f"0,{word}\n" for word in words))
    assert "500 different words" in str(raised.value)
    assert len(str(raised.value)) < 400


def test_byte_order_mark_windows_lines_and_blank_lines_at_the_end(read) -> None:
    samples = read(b"\xef\xbb\xbfa,b\r\n1,2\r\n3,4\r\n\r\n,\r\n")
    assert samples.columns == ("a", "b")
    assert samples.X.tolist() == [[1, 2], [3, 4]]


def test_quoted_names_with_commas_quotes_and_newlines(read) -> None:
    samples = read('"a,1","b ""2""\nline"\n1,2\n')
    assert samples.columns == ("a,1", 'b "2"\nline')
    assert samples.X.tolist() == [[1, 2]]


def test_one_column(read) -> None:
    assert read("a\n1\n2\n", inputs=1).X.tolist() == [[1], [2]]


def test_numbered_columns_as_pandas_writes_them(read) -> None:
    assert read("0,1\n5,6\n").columns == ("0", "1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("a,b\n", "no rows"),
        ("a,b\n\n\n", "no rows"),
        ("a,a\n1,2\n", "'a' occurs 2 times"),
        ("1.5,2.5\n1,2\n", "names of the columns"),
        ("a;b\n1;2\n", "';'"),
        ("a\tb\n1\t2\n", "separated"),
        ("a,b\n1\n", "data row 1 has 1 values"),
        ("a,b\n1,2\n\n3,4\n", "data row 2"),
        ("a\n1\n", "2 inputs"),
        (b"\xff\xfea\x00", "UTF-8"),
        ('a,b\n"1,2\n', "CSV"),
    ],
)
def test_files_that_are_refused(text: str | bytes, words: str, read) -> None:
    with pytest.raises(DataError) as raised:
        read(text)
    assert words in str(raised.value)
    assert "data.csv" in str(raised.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        read_samples(tmp_path / "nowhere.csv", inputs=1)
    with pytest.raises(DataError, match="not a regular file"):
        read_samples(tmp_path, inputs=1)


def test_floats_come_back_as_they_were_written(read) -> None:
    values = np.random.default_rng(0).normal(size=(200, 2)) * 10.0 ** np.arange(-100, 100)[:, None]
    text = "a,b\n" + "".join(f"{x!r},{y!r}\n" for x, y in values.tolist())
    assert np.array_equal(read(text).X, values)


def test_a_long_target_is_read_as_a_short_one(tmp_path: Path) -> None:
    """It goes to disk on the way, so that it is not held twice; what is wrong with it is found there too."""
    sizes = PieceSizes(memory=100, cells=30, plain_columns=0)
    path = tmp_path / "data.csv"
    lines = [f"{row},{row % 3 - 1}.5" for row in range(1000)]
    path.write_text("a,y\n" + "\n".join(lines))
    target = read_samples(path, inputs=1, target="y", sizes=sizes).target
    assert target is not None and target.shape == (1000,) and not target.flags.writeable
    assert target.tolist() == [float(line.split(",")[1]) for line in lines]
    path.write_text("a,y\n" + "\n".join([*lines, "1,word"]))
    with pytest.raises(DataError, match="column 'y', data row 1001"):
        read_samples(path, inputs=1, target="y", sizes=sizes)


def test_a_value_that_may_have_lost_digits_is_remarked(read) -> None:
    """Wherever a file is cut, it is refused, or it lacks whole rows, or it is said that it may lack digits."""
    whole = "a,b\r\n1,2.5\r\n-3,4.25\r\n"
    for text in (whole, whole.replace("\r\n", "\n"), whole.replace("4.25", '"4.25"')):
        rows = read(text).X.tolist()
        assert read(text).remarks == ()
        for length in range(len(text)):
            try:
                samples = read(text[:length])
            except DataError:
                continue
            cut = samples.X.tolist() not in (rows[:1], rows)
            assert not cut or "without a line break" in samples.remarks[0]
    assert read("a,b\n1,2\n3,4").X.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_the_index_that_pandas_writes_is_left_out_with_a_remark(name: str, first: int, read) -> None:
    text = f"{name},a,b\n" + "".join(f"{row + first},{row},{row * 2}\n" for row in range(30))
    for names in ((), ("a", "b")):
        samples = read(text, input_names=names)
        assert samples.columns == ("a", "b")
        assert samples.X.tolist() == [[row, row * 2] for row in range(30)]
        assert samples.remarks == (f"the column {name!r} only numbers the rows and is left out",)
    assert read(text, ignore=[name]).remarks == ()
    assert read(text, features=[name, "a"]).X[1].tolist() == [1 + first, 1]
    assert read(text, inputs=3, input_names=(name, "a", "b")).remarks == ()
    with pytest.raises(DataError, match=r"only 2 columns: 'a', 'b' \('.*' only numbers the rows\)"):
        read(text, inputs=3)


@pytest.mark.parametrize(
    "cells", [("0", "2"), ("2", "3"), ("1", "0"), ("a", "b"), ("", ""), ("0", "1.5"), ("0", "1e400")]
)
def test_a_column_without_a_name_that_counts_nothing_is_refused(cells: tuple[str, str], read) -> None:
    with pytest.raises(DataError, match=r"column '' has no name, .*data row [12] .*--ignore ''"):
        read(f",a,b\n{cells[0]},1,2\n{cells[1]},3,4\n")


def test_a_column_without_a_name_behind_others_is_refused(read) -> None:
    with pytest.raises(DataError, match=r"column 2 has no name \(''\): name it, or leave it out with --ignore ''"):
        read("a,,b\n1,0,2\n3,1,4\n", inputs=3)


def test_counting_goes_on_from_piece_to_piece(read) -> None:
    sizes = PieceSizes(cells=30)
    rows = [f'{row},"{row}",2\n' for row in range(200)]
    assert len(read(",a,b\n" + "".join(rows), sizes=sizes).table) == 200
    with pytest.raises(DataError, match=r"data row 151 has '151'"):
        read(",a,b\n" + "".join(rows[:150] + rows[151:]), sizes=sizes)


def test_a_header_of_very_many_columns_is_looked_through_once(read) -> None:
    names = [f"c{number}" for number in range(20_000)]
    text = ",".join(names) + "\n" + ",".join("1" * len(names)) + "\n"
    assert read(text, inputs=len(names), input_names=names[::-1]).columns == tuple(names[::-1])
    with pytest.raises(DataError, match="'c7' occurs 2 times"):
        read(text.replace("c19999", "c7"), inputs=len(names))
