"""Numbers as people type them, very large and very small ones, and very many columns."""

import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from command_line import assert_refused, run_command, small_network, write_network, write_rows

from relugeom.data.table import SampleTable
from relugeom.errors import DataError
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.partition.clusters import cluster_samples

NO_NUMBERS = ["1_000", "1__0", "١٢", "１", "1\u00a0000", "0x10", "1e", "12,5", "½", "²", "--1"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_network(tmp_path / "model.npz", small_network(2, 3, 1, input_names=("a", "b")))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_only_python_takes_for_a_number_is_none(text, place, capsys):
    (place / "data.csv").write_text(f'a,b\n1,2\n"{text}",2\n3,"4"\n')
    assert_refused(run_command(capsys, "cluster", "model.npz", "data.csv"), "column 'a'", "data row 2", "not a number")
    (place / "data.csv").write_text(f'a,b\n"{text}",2\n')
    assert_refused(run_command(capsys, "cluster", "model.npz", "data.csv"), "column 'a'", "data row 1")
    for box in (f"box:{text},2e3", f"box:-1,{text}"):
        assert_refused(run_command(capsys, "enumerate", "model.npz", "--domain", box), "box:LO,HI")
    (place / "p.vnnlib").write_text(
        f"(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(assert (<= X_0 {text}))"
    )
    assert_refused(run_command(capsys, "verify", "model.npz", "p.vnnlib"))


@pytest.mark.parametrize(("text", "value"), [("1e3", 1000.0), (" .5 ", 0.5), ("+7.", 7.0), ("-0", 0.0), ("1E-2", 0.01)])
def test_decimals_are_numbers(text, value, place, capsys):
    write_rows(place / "data.csv", "ab", [(f'"{text}"', 0)])
    ended = run_command(capsys, "cluster", "model.npz", "data.csv", "--json")
    assert ended.code == 0
    assert cluster_samples(small_network(2, 3, 1), np.array([[value, 0.0]])).feature_mean[0, 0] == value


def test_a_header_of_many_columns_is_answered_soon(place, capsys):
    names = ["a", "b", *(f"c{number}" for number in range(100_000))]
    write_rows(place / "wide.csv", names, [range(len(names))])
    start = time.process_time()
    assert_refused(run_command(capsys, "cluster", "model.npz", "wide.csv"), "feed no input", "--ignore")
    assert run_command(capsys, "cluster", "model.npz", "wide.csv", "--features", "a,b").code == 0
    write_rows(place / "wide.csv", [*names, "c99999"], [range(len(names) + 1)])
    assert_refused(run_command(capsys, "cluster", "model.npz", "wide.csv"), "'c99999' occurs 2 times")
    assert time.process_time() - start < 10


def test_a_name_as_long_as_a_file_is_shortened_in_errors(place, capsys):
    (place / "data.csv").write_text("a,b," + "c" * 100_000 + "\n1,2,3\n")
    ended = run_command(capsys, "cluster", "model.npz", "data.csv")
    assert_refused(ended, "feed no input", "--target")
    assert len(ended.err) < 2100


def test_a_key_of_many_dots_is_refused_at_once(place, capsys):
    for text in ("a." * 50_000 + "b = 1", "[" + "a." * 50_000 + "b]", '"a" . ' * 50_000 + "b = 1"):
        (place / "domain.toml").write_text(text)
        start = time.process_time()
        assert_refused(run_command(capsys, "enumerate", "model.npz", "--domain", "domain.toml"), "dots")
        assert time.process_time() - start < 3


def test_values_that_cannot_be_averaged_are_named(place, capsys):
    for value in (1e308, -1e308, 1.1e150):
        write_rows(place / "data.csv", "ab", [(1, 2), (3, value)])
        assert_refused(run_command(capsys, "cluster", "model.npz", "data.csv"), "sample 2", "'b'", f"{value:g}")
    write_rows(place / "data.csv", "aby", [(1, 2, 1), (3, 4, 1e308)])
    assert_refused(run_command(capsys, "cluster", "model.npz", "data.csv", "--target", "y"), "sample 2", "target")


@pytest.mark.parametrize("size", [1e149, 1e-100, 1e-150, 1e-200, 1e-300])
def test_means_and_spreads_are_right_at_every_size(size):
    X = np.random.default_rng(3).normal(size=(40, 2)) * size / 4
    network = ReLUNetwork(weights=(np.zeros((1, 2)), np.zeros((1, 1))), biases=(np.ones(1), np.zeros(1)))
    clusters = cluster_samples(network, X)
    mean, spread = SampleTable.of(X).mean_and_spread()
    for column in range(2):
        values = [Fraction(value) for value in X[:, column].tolist()]
        middle = sum(values) / 40
        variance = sum((value - middle) ** 2 for value in values) / 40
        for found in (mean[column], clusters.feature_mean[0, column]):
            assert abs(Fraction(float(found)) - middle) <= Fraction(size) / 10**12
        for found in (spread[column], clusters.feature_spread[0, column]):
            assert abs(Fraction(float(found)) ** 2 / variance - 1) < Fraction(1, 10**9)


def test_sums_that_overflow_on_the_way_are_evaluated_exactly():
    big = 1.5e308
    network = ReLUNetwork(
        weights=(np.array([[big, -big], [big, big]]), np.array([[1.0, -1.0]])), biases=(np.zeros(2), np.array([0.5]))
    )
    X = np.array([[1.0, 0.5], [2.0, 1.0], [4.0, -4.0], [-3.0, 2.0], [1e-300, 1e-300], [1.5, 0.0], [1e3, 1.0]])
    for row, found in zip(X, evaluate(network, X)[:, 0], strict=True):
        exact = evaluate_exactly(network, [Fraction(value) for value in row.tolist()])[1][0]
        limit = Fraction(sys.float_info.max)
        assert found == (float(exact) if abs(exact) <= limit else np.copysign(np.inf, 1 if exact > 0 else -1))
    with pytest.raises(DataError, match="sample 3: the output 'y0' is inf"):
        cluster_samples(network, X[[4, 5, 2]])
