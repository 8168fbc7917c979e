"""The quick way through a CSV file and the careful one agree on every file: the same numbers, or the same refusal."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relugeom.data import csv_file, plain_csv
from relugeom.data.samples import read_samples
from relugeom.data.source import PieceSizes
from relugeom.errors import DataError

NUMBERS = [
    "1",
    "-2.5",
    "1e3",
    "0.1",
    " 7",
    "7 ",
    "+3",
    "-0",
    "1_000",
    "1e400",
    "1e-320",
    "9" * 40,
    "0x1p3",
    "1e",
    "nan",
]
WORDS = ["inf", "", "x", "١", "é", "true", "NA", "1;2", "'", "\0"]
QUOTED = ['"1"', '"a,b"', '"a""b"', '"a\nb"', '"', 'a"b', "a\rb"]
CELLS = st.sampled_from([*NUMBERS, *WORDS, *QUOTED])
ROWS = st.lists(CELLS, min_size=1, max_size=4)
PLAIN = st.lists(st.floats(allow_nan=False, allow_infinity=False).map(repr), min_size=3, max_size=3)
ADVICE = re.compile(r"( \(the first of [^)]*\))?: [^:]*$")
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def outcome(path: Path, sizes: PieceSizes) -> tuple[bytes, bytes] | str:
    """The numbers, bit by bit, or what is wrong with them; the advice may depend on the piece that is looked at."""
    try:
        samples = read_samples(path, inputs=1, target="y", ignore=["text"], sizes=sizes)
    except DataError as error:
        return ADVICE.sub("", str(error))
    assert samples.target is not None
    return samples.X.tobytes(), samples.target.tobytes()


def both_ways(path: Path, block: int) -> None:
    assert outcome(path, PieceSizes(plain_bytes=block)) == outcome(path, PieceSizes(plain_columns=0))


@given(
    header=st.sampled_from(["x,text,y", '"x","text","y"', "\ufeffx,text,y", "x,y,text", "x,text,y,"]),
    rows=st.lists(st.one_of(PLAIN, PLAIN, ROWS), max_size=12),
    end=ENDS,
    last=st.sampled_from(["", "\n", "\n\n,,\n", "\r"]),
    block=st.sampled_from([24, 40, 1 << 20]),
)
@example(header="x,text,y", rows=[["1", '"a', "2"], ["3", 'b"', "4"]], end="\n", last="\n", block=24)
@example(header="x,text,y", rows=[["1", "a\rb", "2"]], end="\n", last="\n", block=1 << 20)
@example(header="x,text,y", rows=[["1", "", "2"], [""], ["3", "", "4"]], end="\n", last="\n", block=1 << 20)
def test_both_ways_agree(
    tmp_path_factory: pytest.TempPathFactory, header: str, rows: list[list[str]], end: str, last: str, block: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "both.csv"
    path.write_bytes((end.join([header, *map(",".join, rows)]) + last).encode())
    both_ways(path, block)


@pytest.mark.parametrize(
    "content", [b"x,text,y\n1,\xff,2\n", b"x,text,y\n1,a,2\n\xff", b"\xff", b"", b"\n", b"x,text,y"]
)
def test_both_ways_agree_on_what_is_no_text(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(content)
    both_ways(path, 1 << 20)


def pieces_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows of each piece that came the quick way."""
    seen: list[int] = []

    def counted(*asked) -> Iterator[list[Sequence[float]]]:
        for piece in plain_csv.plain_pieces(*asked):
            seen.append(len(piece[0]))
            yield piece

    monkeypatch.setattr(csv_file, "plain_pieces", counted)
    outcome(path, PieceSizes(plain_bytes=4_000))
    return seen


def test_plain_files_come_the_quick_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the piece with the first quotation mark."""
    values = np.random.default_rng(0).normal(size=(1000, 2)).tolist()
    lines = ['"x","text","y"', *[f"{x!r},word,{y!r}" for x, y in values]]
    path = tmp_path / "data.csv"
    path.write_text("\n".join(lines) + "\n")
    assert sum(pieces_read(path, monkeypatch)) == 1000
    lines[900] = lines[900].replace("word", '"word"')
    path.write_text("\n".join(lines) + "\n")
    assert 500 < sum(pieces_read(path, monkeypatch)) < 900
