"""CSV reads back as it was, except that no text can be taken for a formula."""

import csv
from io import StringIO

import pytest

from relugeom.report.csv_text import csv_cell, csv_text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_formula_becomes_text(start):
    assert csv_cell(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize("value", [-1.5, -3, None, "Age", "0110/10", "a=b", ""])
def test_numbers_and_other_texts_stay(value):
    assert csv_cell(value) is value


def test_a_table_reads_back():
    columns = ["=name", 'a "quoted" one']
    rows = [("-1+1", -1.5), ("two\nlines, one comma", None), ("漢字", 1e-300)]
    text = "".join(csv_text(columns, rows))
    assert list(csv.reader(StringIO(text))) == [
        ["'=name", 'a "quoted" one'],
        ["'-1+1", "-1.5"],
        ["two\nlines, one comma", ""],
        ["漢字", "1e-300"],
    ]


def test_a_table_without_rows_has_its_header():
    assert list(csv_text(["a", "b"], [])) == ["a,b\n"]


def test_a_long_table_comes_in_pieces():
    """Of about a megabyte, whether it is of many rows or of long ones."""
    pieces = list(csv_text(["n"], ((number,) for number in range(400_000))))
    assert len(pieces) == 3
    assert "".join(pieces).split() == ["n", *map(str, range(400_000))]
    long = list(csv_text(["n"], (("x" * 2_000_000,) for _ in range(3))))
    assert [len(piece) for piece in long] == [2_000_003, 2_000_001, 2_000_001, 0]


def test_bytes_are_hexadecimal():
    assert csv_cell(b"\x00=") == "003d"
