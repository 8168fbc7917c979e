"""The .nnet format: what is stored, what its normalisation means, and files that are no networks."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from importer_conformance import FileCase, assert_agrees, assert_honest_rounding, check_file, refused

import relugeom as rg
from relugeom.errors import ModelError
from relugeom.importers.loading import load_network
from relugeom.importers.nnet import read_nnet_normalisation

pytestmark = pytest.mark.filterwarnings("ignore::relugeom.remarks.RelugeomWarning")  # tests/network/test_assumptions.py

FIXTURES = Path(__file__).parent / "fixtures"
ACAS = FIXTURES / "acas.nnet"
LINES = ACAS.read_text(encoding="ascii").splitlines()
SMALL = ["// two inputs, one unit, one output", "2,2,1,2,", "2,1,1,", "0,", "0,0,", "1,10,", "0.5,5,7,", "2,4,0.1,"]
SMALL += ["3.0,-1e0,", "0.1,", "1,", "-.5"]


def facts() -> dict[str, Any]:
    with np.load(FIXTURES / "acas.npz") as file:
        return dict(file)


def written(folder: Path, lines: list[str], end: str = "\n") -> Path:
    path = folder / "model.nnet"
    path.write_text(end.join(lines) + end, encoding="utf-8")
    return path


def test_the_network_as_it_is_stored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = facts()
    layers = [(held[f"W{i}"], held[f"b{i}"]) for i in range(3)]
    case = FileCase(ACAS, held["x"], held["y"], str(held["digest"]), layers=layers, tail=1)  # the last line break
    check_file(case, tmp_path, capsys)
    assert load_network(ACAS).origin.precision == "float64"


def test_the_normalisation_can_be_folded_in() -> None:
    held = facts()
    network = load_network(ACAS, fold_normalisation=True)
    assert_agrees(network, held["units"], held["folded"])
    assert_honest_rounding(network, rounded=True)
    assert [array.shape for array in network.weights] == [array.shape for array in load_network(ACAS).weights]
    assert not network.origin.rounded_weights[1].any()
    assert np.array_equal(network.weights[1], held["W1"])


def test_folding_is_exact_up_to_one_rounding(tmp_path: Path) -> None:
    network = load_network(written(tmp_path, SMALL), fold_normalisation=True)
    row, bias, scale, mean = [Fraction(3), Fraction(-1)], Fraction(0.1), Fraction(0.1), Fraction(7)
    first = [row[0] / 2, row[1] / 4]
    shift = bias - row[0] / 2 * Fraction(1, 2) - row[1] / 4 * 5
    assert network.weights[0].tolist() == [[float(entry) for entry in first]]
    assert network.biases[0].tolist() == [float(shift)]
    assert (network.weights[1].item(), network.biases[1].item()) == (float(scale), float(mean - scale / 2))
    exact = [*first, shift, scale, mean - scale / 2]
    assert network.origin.rounded_count == sum(Fraction(float(value)) != value for value in exact)


def test_the_normalisation_is_told() -> None:
    told = read_nnet_normalisation(ACAS)
    assert told.lower.tolist() == [0, -3.141593, -3.141593, 100, 0]
    assert told.upper[0] == 60760
    assert told.means.tolist() == [19791.091, 0, 0, 650, 600]
    assert told.ranges[-1] == 1200
    assert (told.output_mean, told.output_range) == (7.5188840, 373.9)
    assert not told.means.flags.writeable
    assert rg.read_nnet_normalisation is read_nnet_normalisation
    refused(lambda: read_nnet_normalisation(FIXTURES / "ghost.nnet"), "ghost.nnet", "there is no such file")
    refused(lambda: read_nnet_normalisation(FIXTURES / "write_fixtures.py"), "write_fixtures.py: line")


def test_only_nnet_keeps_a_normalisation_apart() -> None:
    path = FIXTURES / "keras_plain.keras"
    refused(lambda: load_network(path, fold_normalisation=True), "is for .nnet files")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_lines_may_end_as_they_like(end: str, tmp_path: Path) -> None:
    network = load_network(written(tmp_path, SMALL, end))
    assert network == rg.ReLUNetwork.from_layers(([[3, -1]], [0.1]), ([[1]], [-0.5]))
    assert network.origin.rounded_count == 0


def test_a_file_that_is_cut_anywhere_is_refused_or_the_same_network(tmp_path: Path) -> None:
    """A last number that is cut short is another number."""
    path = tmp_path / "model.nnet"
    for last in ("2.81e-02", "2.81e-02,", "-.5", "1", "10,"):
        whole = "\n".join([*SMALL[:-1], last]).encode() + b"\n"
        path.write_bytes(whole)
        network = load_network(path)
        for length in range(len(whole)):
            path.write_bytes(whole[:length])
            try:
                assert load_network(path) == network
                assert whole[:length].endswith(b",")
            except ModelError as error:
                assert "\n" not in str(error)
        path.write_bytes(whole.rstrip(b",\n"))
        refused(lambda: load_network(path), "line 12: the file ends right after a number", "line break")


@pytest.mark.parametrize(
    ("line", "text", "words"),
    [
        (1, "2,2,1", ["line 2", "should be 4 numbers, not 3"]),
        (1, "0,2,1,2,", ["0 layers"]),
        (1, "1e9,2,1,2,", ["1000000000 layers"]),
        (1, "2.5,2,1,2,", ["whole numbers"]),
        (1, "2,3,1,2,", ["do not begin with 3 inputs"]),
        (2, "2,1,", ["line 3", "should be 3 numbers, not 2"]),
        (2, "2,0,1,", ["do not fit a file"]),
        (2, "2,1e9,1,", ["do not fit a file"]),
        (2, "1e300,1e300,1e300,", ["do not fit a file"]),
        (2, "2,-1,1,", ["do not fit a file"]),
        (6, "0.5,5,", ["line 7", "the means should be 3 numbers"]),
        (7, "2,0,0.1,", ["line 8", "a range is 0"]),
        (8, "3.0,", ["row 0 of W0 should be 2 numbers, not 1"]),
        (8, "3.0,nan,", ["line 9", "'nan' is not a finite number"]),
        (8, "3.0,-inf,", ["'-inf' is not a finite number"]),
        (8, "3.0,1e400,", ["'1e400' is not a finite number"]),
        (8, "3.0,0x10,", ["'0x10' is not a finite number"]),
        (8, "3.0," + "1" * 5000, ["is not a finite number"]),
        (8, "3.0,,", ["'' is not a finite number"]),
        (8, "3.0,1_0,", ["'1_0' is not a finite number"]),
        (8, "3.0,١,", ["is not a finite number"]),
        (9, "// a comment in the place of a number", ["ends before entry 0 of b1", "truncated"]),
        (11, "-.5,\n1", ["line 13", "more values than the widths announce"]),
    ],
)
def test_files_that_are_damaged(line: int, text: str, words: list[str], tmp_path: Path) -> None:
    lines = [*SMALL]
    lines[line] = text
    refused(lambda: load_network(written(tmp_path, lines)), *words)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", ["ends before", "truncated"]), (b"// only a comment\n", ["truncated"]), (b"\xff\xfe", ["not text"])],
)
def test_files_of_something_else(content: bytes, words: list[str], tmp_path: Path) -> None:
    path = tmp_path / "model.nnet"
    path.write_bytes(content)
    refused(lambda: load_network(path), *words)


def test_a_file_beyond_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "model.nnet"
    with path.open("wb") as file:
        file.truncate(2**31)  # a hole: no disk is used
    refused(lambda: load_network(path), "at most 268435456 bytes")


def replaced(lines: list[str], data: st.DataObject) -> None:
    lines[data.draw(st.integers(0, len(lines) - 1))] = data.draw(
        st.sampled_from(["", "1,", "1,2,3,", "x", "//", "-1,"])
    )


def cut(lines: list[str], data: st.DataObject) -> None:
    del lines[data.draw(st.integers(0, len(lines) - 1))]


def altered(lines: list[str], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.integers(0, len(lines[number])))
    lines[number] = lines[number][:place] + data.draw(st.characters(exclude_categories=["Cs"])) + lines[number][place:]


@settings(max_examples=200)
@given(change=st.sampled_from([replaced, cut, altered]), data=st.data())
def test_damaged_lines_never_surprise(
    change: Callable[[list[str], st.DataObject], None], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = [*SMALL]
    change(lines, data)
    try:
        load_network(written(tmp_path_factory.mktemp("damaged"), lines))
    except ModelError as error:
        assert "\n" not in str(error)
