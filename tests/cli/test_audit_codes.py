"""The exit code of an audit says whether limits left anything undone of its plan, not whether the plan lists all."""

import json
from fractions import Fraction

import numpy as np
import pytest
from command_line import assert_refused, run_command, small_network, write_network, write_rows
from networks import he_network

from relugeom.network.exact import evaluate_exactly

ROWS = [(1.0, 2.0), (-1.0, 0.5), (0.25, -2.0), (0.5, 0.5)]


@pytest.fixture
def asked(tmp_path):
    model = write_network(tmp_path / "model.npz", small_network(2, 3, 1, input_names=("a", "b")))
    return "audit", model, write_rows(tmp_path / "data.csv", "ab", ROWS), "--out", tmp_path / "out", "--json"


def test_a_plan_that_lists_only_regions_with_samples_is_carried_out(asked, capsys):
    ended = run_command(capsys, *asked, "--regions", "observed")
    told = json.loads(ended.out)
    assert (ended.code, told["status"], told["cut_short"]) == (0, "truncated", "")
    assert (told["verdict"], told["open"]) == (None, 0)


def test_what_a_limit_leaves_undone_is_told_and_may_be_accepted(asked, capsys):
    ended = run_command(capsys, *asked, "--max-regions", 1)
    assert ended.code == 3 and "list of regions" in json.loads(ended.out)["cut_short"]
    assert run_command(capsys, *asked, "--max-regions", 1, "--fail-on", "fail").code == 0
    assert run_command(capsys, *asked, "--max-regions", 1, "--fail-on", "open").code == 3
    assert_refused(run_command(capsys, *asked, "--fail-on", "never"), "--fail-on 'never'", "open or fail")


def test_statements_that_a_limit_leaves_open_are_told(tmp_path, capsys):
    network = he_network(3, 4, 6, 5, 1)
    X = np.random.default_rng(1).uniform(-1, 1, (20, 4))
    model, data = write_network(tmp_path / "model.npz", network), write_rows(tmp_path / "data.csv", "abcd", X.tolist())
    ended = run_command(capsys, "audit", model, data, "--out", tmp_path / "out", "--time-limit", 0, "--json")
    told = json.loads(ended.out)
    assert ended.code == 3 and told["open"] > 0 and f"open statements: {told['open']}" in told["cut_short"]
    (found,) = told["ranges"]
    seen = [float(evaluate_exactly(network, [*map(Fraction, x.tolist())])[1][0]) for x in X]
    assert (found["sample_lowest"], found["sample_highest"]) == (min(seen), max(seen))
    assert found["lower"] <= found["lowest_seen"] <= min(seen) <= max(seen) <= found["highest_seen"] <= found["upper"]
