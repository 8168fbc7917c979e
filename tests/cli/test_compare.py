"""The verb compare: the same function, or the largest difference and where it is."""

import json
from dataclasses import replace

import numpy as np
import pytest
from command_line import assert_refused, run_command, small_network, write_network

from relugeom import check_certificate
from relugeom.claims.settlement import Verdict
from relugeom.network.forward import evaluate
from relugeom.network.network import ReLUNetwork


@pytest.fixture
def pair(tmp_path):
    """A network, and one of which a unit is split into two halves: the same function."""
    network = small_network(2, 3, 1)
    (W, V), (b, c) = network.weights, network.biases
    halves = ReLUNetwork(
        (np.vstack([W, W[:1]]), np.hstack([V[:, :1] / 2, V[:, 1:], V[:, :1] / 2])), (np.append(b, b[0]), c)
    )
    other = replace(network, biases=(b + np.array([0.5, 0.0, 0.0]), c))
    files = {"one": network, "halves": halves, "other": other, "wide": small_network(3, 3, 1)}
    return {name: write_network(tmp_path / f"{name}.npz", each) for name, each in files.items()}, network, other


def test_the_same_function_is_proved_to_be_one(pair, tmp_path, capsys):
    files, _, _ = pair
    out = tmp_path / "same.cert"
    ended = run_command(capsys, "compare", files["one"], files["halves"], "--domain", "box:-1,1", "--out", out)
    assert (ended.code, ended.err) == (0, "")
    assert "the same function on the domain" in ended.out and str(out) in ended.out.replace("\n", "")
    assert check_certificate(out).digest
    everywhere = run_command(capsys, "compare", files["one"], files["halves"], "--domain", "all", "--json")
    assert everywhere.code == 0
    assert json.loads(everywhere.out)["status"] == "equivalent"


def test_the_largest_difference_is_found_and_reached(pair, tmp_path, capsys):
    files, network, other = pair
    out = tmp_path / "none.cert"
    arguments = ("compare", files["one"], files["other"], "--domain", "box:-1,1", "--out", out)
    ended = run_command(capsys, *arguments, "--json")
    assert ended.code == 1 and not out.exists()
    found = json.loads(ended.out)
    assert found["status"] == "different" and found["certificate"] is None
    largest = found["differences"]["y0"]
    at = np.array([list(largest["at"].values())])
    assert (largest["verdict"], largest["bounded"]) == ("holds", True)
    assert abs(evaluate(network, at) - evaluate(other, at))[0, 0] == pytest.approx(largest["largest"])
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 201)] * 2), axis=-1).reshape(-1, 2)
    assert np.abs(evaluate(network, grid) - evaluate(other, grid)).max() <= largest["largest"] + 1e-12
    words = run_command(capsys, *arguments)
    assert "differs by at most" in words.out and "reached at x0 = " in words.out


def test_a_difference_without_limit(pair, tmp_path, capsys):
    files, network, _ = pair
    twice = write_network(
        tmp_path / "twice.npz", replace(network, weights=(network.weights[0], 2 * network.weights[1]))
    )
    ended = run_command(capsys, "compare", files["one"], twice, "--domain", "all")
    assert ended.code == 1
    assert "differs without limit" in ended.out
    printed = run_command(capsys, "compare", files["one"], twice, "--domain", "all", "--json")
    [difference] = json.loads(printed.out)["differences"].values()
    assert (difference["bounded"], difference["largest"], difference["exact"]) == (False, None, None)
    assert difference["verdict"] == Verdict.FAILS


def test_an_output_may_be_called_like_a_line_of_the_table(pair, tmp_path, capsys):
    _, network, other = pair
    named = [replace(each, output_names=("Domain",)) for each in (network, other)]
    files = [write_network(tmp_path / f"{number}.npz", each) for number, each in enumerate(named)]
    shown = run_command(capsys, "compare", *files, "--domain", "box:-1,1").out
    assert "box:-1,1" in shown and "differs by at most" in shown


def test_networks_of_other_shapes_are_refused(pair, capsys):
    files, _, _ = pair
    ended = run_command(capsys, "compare", files["one"], files["wide"], "--domain", "box:-1,1")
    assert_refused(ended, "2 and 3 inputs", "cannot be compared")


def test_a_domain_must_be_named(pair, capsys):
    files, _, _ = pair
    assert_refused(run_command(capsys, "compare", files["one"], files["halves"]), "give a domain with --domain")


def test_a_domain_without_an_admissible_input_is_refused(pair, tmp_path, capsys):
    files, _, _ = pair
    domain = tmp_path / "between.toml"
    domain.write_text('[features.x0]\nlower = 0.2\nupper = 0.8\nkind = "integer"\n', encoding="utf-8")
    ended = run_command(capsys, "compare", files["one"], files["other"], "--domain", domain)
    assert_refused(ended, "no input is admissible: feature 'x0': no integer lies between its bounds 0.2 and 0.8")
