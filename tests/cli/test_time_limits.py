"""One limit of time for a whole verb: what was not finished is said, with exit code 3."""

import json

import pytest
from budgets import SHORT
from command_line import run_command, write_network
from limits import Looks
from networks import he_network

from relugeom.audit import stored_search
from relugeom.budget import Budget, Pace
from relugeom.certificate import domain_proof
from relugeom.deadline import Deadline


@pytest.fixture
def answer(tmp_path, monkeypatch, capsys):
    """The JSON object that a verb prints about a small network, its exit code, and its table."""
    write_network(tmp_path / "net.npz", he_network(1, 3, 8, 6, 1))
    monkeypatch.chdir(tmp_path)

    def call(verb, *arguments, looks, budget=SHORT):
        with monkeypatch.context() as patched:
            begun = {600.0: looks, None: Deadline}  # the verbs' own limit, and none
            patched.setattr(Deadline, "of", lambda limit: begun[limit]() if limit in begun else limit)
            ended = run_command(capsys, verb, "net.npz", *arguments, "--domain", "box:-1,1", "--json", budget=budget)
            table = run_command(capsys, verb, "net.npz", *arguments, "--domain", "box:-1,1", budget=budget).out
        return json.loads(ended.out), ended.code, " ".join(table.split())

    return call


def test_measuring_after_a_search_keeps_the_limit_of_the_verb(answer, monkeypatch):
    monkeypatch.setattr(stored_search, "enumerate_regions", without_limit(stored_search.enumerate_regions))
    measures = ("facets", "linear_regions", "volumes")
    whole, code, _ = answer("enumerate", "--measure", looks=lambda: Looks.until(10**9))
    assert code == 0 and not any(whole[f"{name}_reason"] for name in measures)
    cut, code, table = answer("enumerate", "--measure", looks=lambda: Looks.until(0))
    assert code == 3 and cut["status"] == "complete" and cut["regions"] == whole["regions"]
    assert all("time ran out" in cut[f"{name}_reason"] for name in measures)
    assert table.count("time ran out") == 3
    assert cut["linear_regions"] == cut["regions"] and cut["facets"] == 0


def without_limit(function):
    return lambda *values, **options: function(*values, **options | {"time_limit": None})


def test_a_pattern_that_was_not_settled_in_time_is_unknown(answer):
    pattern = "00000000/000000"
    found, code, table = answer("locate", pattern, looks=lambda: Looks.until(0))
    assert (found["status"], code) == ("unknown", 3) and "time ran out" in found["reason"]
    assert "unknown" in table and found["reason"] in table
    found, code, _ = answer("locate", pattern, looks=lambda: Looks.until(10**9))
    assert code in (0, 1) and found["reason"] == ""


def test_a_proof_that_is_cut_short_is_one_of_the_first_regions(answer, monkeypatch, capsys):
    monkeypatch.setattr(domain_proof, "enumerate_regions", without_limit(domain_proof.enumerate_regions))
    slow = Budget(proving=Pace(100, 100))
    whole, code, _ = answer("certify", looks=lambda: Looks.until(10**9), budget=slow)
    assert (whole["status"], whole["reason"], code) == ("complete", "", 0)
    cut, code, table = answer("certify", looks=lambda: Looks.until(4), budget=slow)
    assert (cut["status"], code) == ("truncated", 3) and 0 < cut["regions"] < whole["regions"]
    assert f"{cut['regions']:,} of {whole['regions']:,} regions were proved" in cut["reason"]
    assert cut["reason"] in table
    checked = run_command(capsys, "check", "partition.cert", "--model", "net.npz", "--domain", "box:-1,1", "--json")
    assert checked.code == 0 and json.loads(checked.out)["regions"] == cut["regions"]


def test_without_time_for_one_region_there_is_no_certificate(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(domain_proof, "enumerate_regions", without_limit(domain_proof.enumerate_regions))
    model, out = write_network(tmp_path / "net.npz", he_network(1, 3, 8, 6, 1)), tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(Deadline, "share", lambda *_: Deadline())
    arguments = ("--domain", "box:-1,1", "--time-limit", 0.001, "--out", out / "c", "--json")
    ended = run_command(capsys, "certify", model, *arguments)
    assert (ended.code, ended.out, list(out.iterdir())) == (3, "", [])
    assert ended.err.splitlines()[-1].startswith("relugeom: time ran out when 0 of ")


@pytest.mark.parametrize("verb", ["enumerate", "locate"])
def test_a_limit_must_be_positive(verb, tmp_path, capsys):
    write_network(tmp_path / "net.npz", he_network(1, 2, 3, 1))
    arguments = ["000"] if verb == "locate" else []
    ended = run_command(capsys, verb, tmp_path / "net.npz", *arguments, "--domain", "all", "--time-limit", -1)
    assert ended.code == 2 and "--time-limit" in ended.err
    assert ended.out == ""
