"""The checker as a program in an interpreter without packages, and golden files of every version of the format."""

import subprocess
import sys
from pathlib import Path

import hand_written as hand
import numpy as np
import pytest
from hand_covering import ALL_COVERING
from hand_written import ALL
from networks import DEGENERATE

from relugeom import checker
from relugeom.certificate.partition import certify_partition
from relugeom.geometry.domain import Domain
from relugeom.importers.loading import load_network
from relugeom.search.enumeration import enumerate_regions

GOLDEN = Path(__file__).with_name("golden")
PROVED = {
    "partition": "2 activation regions of the network lie in the domain, and there are no others",
    "deep-partition": "4 activation regions of the network lie in the domain, and there are no others",
    "degenerate": "4 activation regions of the network lie in the domain, and there are no others",
    "truncated": "1 activation region of the network lies in the domain; the rest of the domain is not covered",
    "bound": "never: -1 + 1 y0 > 0",
    "ball-linf": "never: -1/2 + 1 y0 > 0",
    "ball-l1": "never: -1/2 + 1 y0 > 0",
    "ball-l2": "never: -1/2 + 1 y0 > 0",
    "relaxed": "never: -1 + 1 y0 > 0",
    "two-networks": "never: 1 y0 + -1 y0' > 0",
    "two-inputs": "never: -1 + 1 y0 + -1 y0' > 0",
    "admissible": "never: -1 + 3 y0 > 0 and 2 + -3 y0 > 0",
    "monotone": "output 0 never falls when input 0 (called 'x' in the file) rises",
    "patterns": "pattern 00: lower-dimensional",
    "inadmissible": "pattern 11: inadmissible",
}


def run(*arguments) -> subprocess.CompletedProcess[str]:
    """The program as an auditor runs it."""
    command = [sys.executable, "-I", "-S", checker.__file__, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env={})


@pytest.mark.parametrize("name", PROVED)
def test_golden_certificates_are_still_accepted(name):
    found = checker.check(GOLDEN / f"{name}-1.cert")
    assert PROVED[name] in found["proved"]


@pytest.mark.parametrize("name", ALL)
def test_golden_certificates_of_version_2_name_what_they_speak_of(name):
    found, before = checker.check(GOLDEN / f"{name}-2.cert"), checker.check(GOLDEN / f"{name}-1.cert")
    digest = hand.digest_of(found["called"]["inputs"], ["y"], ["no", "yes"])
    assert set(found["names"]) == {digest} and set(before["names"]) == {None}
    assert {*map(tuple, found["called"]["outputs"])} == {("y",)} and found["called"]["classes"][0] == ["no", "yes"]
    keys = ("networks", "domain", "regions", "unexplored", "proofs", "closed")
    assert [found[key] for key in keys] == [before[key] for key in keys]
    unnamed = [line.replace(" (called 'y' in the file)", "") for line in found["proved"]]
    assert unnamed == before["proved"]
    assert unnamed != found["proved"] or found["proved"][0].startswith(("pattern", *"0123456789"))


@pytest.mark.parametrize("name", ALL)
def test_golden_certificates_are_what_is_written_today(name):
    assert (GOLDEN / f"{name}-1.cert").read_bytes() == ALL[name]().content()
    assert (GOLDEN / f"{name}-2.cert").read_bytes() == hand.named(ALL[name](), classes=("no", "yes")).content()


@pytest.mark.parametrize("name", ALL_COVERING)
def test_golden_certificates_with_covering_trees_are_still_accepted(name):
    written = ALL_COVERING[name]()
    path = GOLDEN / f"{name}-{written.header['version']}.cert"
    assert path.read_bytes() == written.content()
    assert checker.check(path)["closed"] == written.counts[3]


def test_digests_are_those_of_the_package(tmp_path):
    network, _ = DEGENERATE["plateau"]
    rules = {"A": np.array([[1.0, 1.0]]), "b": np.array([1.5]), "E": np.array([[1.0, -1.0]]), "f": np.array([0.25])}
    domain = Domain(np.array([0.0, -np.inf]), np.array([1.0, 3.0]), kinds=("integer", "continuous"), **rules)
    certify_partition(enumerate_regions(network, domain), tmp_path / "c")
    found = checker.check(tmp_path / "c")
    assert found["networks"] == [network.digest] and found["domain"] == domain.digest
    groups = Domain(np.zeros(2), np.ones(2), groups=((0, 1),))
    certify_partition(enumerate_regions(network, groups), tmp_path / "c")
    assert checker.check(tmp_path / "c")["domain"] == groups.digest


def test_the_program_says_what_is_proved(tmp_path):
    found = run(GOLDEN / "partition-1.cert")
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.startswith("accepted:\n  2 activation regions") and "\nregions: 2\n" in found.stdout
    lines = hand.fold_partition().lines
    (tmp_path / "c").write_bytes(hand.fold_partition()._replace(lines=[*lines[:2], "p 2 1", *lines[3:]]).content())
    found = run(tmp_path / "c")
    assert (found.returncode, found.stderr) == (1, "") and found.stdout.startswith("rejected: a point")
    (tmp_path / "c").write_bytes(b"PK\x03\x04")
    found = run(tmp_path / "c")
    assert (found.returncode, found.stdout) == (2, "") and found.stderr.startswith("refused: ")
    assert found.stderr.count("\n") == 1 and "Traceback" not in found.stderr
    for arguments in ([], ["a", "b"], ["a", "--model"], ["--model", "a", "b"], ["a", "b", "c", "d"]):
        assert run(*arguments).returncode == 2


def test_the_model_is_compared(tmp_path):
    layers = {"W0": [[1.0], [-1.0]], "b0": [0.0, 0.0], "W1": [[1.0, 1.0]], "b1": [-0.0]}
    model, golden = tmp_path / "model.npz", GOLDEN / "partition-1.cert"
    for kind in (np.float64, np.float32):
        np.savez(model, **{name: np.array(value, dtype=kind) for name, value in layers.items()})
        assert run(golden, "--model", model).returncode == 0
        assert checker.check(golden, model)["networks"] == [load_network(model).digest]
    np.savez_compressed(model, **{name: np.asfortranarray(value) for name, value in layers.items()})
    assert run(golden, "--model", model).returncode == 0
    np.savez(model, **{**layers, "b1": [0.5]})
    found = run(golden, "--model", model)
    assert found.returncode == 1 and "about another network" in found.stdout
    content = model.read_bytes()
    for damage in (b"", b"PK", content[:200], content[:60] + b"\xff" * 20 + content[80:]):
        model.write_bytes(damage)
        found = run(golden, "--model", model)
        assert found.returncode == 2 and "Traceback" not in found.stderr
    np.savez(model, **{name: np.array(value).astype(">f8") for name, value in layers.items()})
    assert run(golden, "--model", model).returncode == 0
    assert run(golden, "--domain", model).stderr.startswith(f"refused: {model} is damaged")
    assert run(golden, "--data", model).stderr.startswith("refused: usage")


def test_the_words_tell_the_second_input_from_the_first(tmp_path):
    (tmp_path / "c").write_bytes(hand.protected_input().content())
    assert "never: -1 + 1 y0 + -1 y0' > 0" in run(tmp_path / "c").stdout
    claim = hand.excluded([[[True, "0", "-3 1 -1 0 0"]]], copies=[["0", "0"]])
    written = hand.protected_input()._replace(header=hand.header(claim, hand.RAMP))
    (tmp_path / "c").write_bytes(written._replace(lines=["s 0", "s 1", "c 1", "c 1", "s 1", "c 1", "c 1"]).content())
    told = run(tmp_path / "c").stdout
    assert "never: -3 + 1 x0 + -1 x0' > 0\n  where x0 is input 0 (called 'x' in the file)\n" in told
    assert "  where x0' is input 0 (called 'x' in the file) of the copy\n" in told
    (tmp_path / "c").write_bytes(hand.named(hand.equal_networks()).content())
    assert "  where y0' is output 0 (called 'y' in the file) of the second network\n" in run(tmp_path / "c").stdout


@pytest.mark.parametrize("name", ["\x1b[2J", "x\naccepted:\n  all", "\ud800", "é", "'"])
def test_names_of_features_cannot_forge_the_report(name, tmp_path):
    domain = {**hand.LINE, "inputs": [["c", -1, 1, name]]}
    claim = {"kind": "monotone", "output": "0", "input": "0", "direction": "1"}
    written = hand.rising()._replace(header=hand.header(claim, hand.RAMP, domain=domain))
    (tmp_path / "c").write_bytes(written.content())
    found = run(tmp_path / "c")
    assert found.returncode == 0, found.stderr
    assert len(found.stdout.splitlines()) == 2 + 3 + 9 and "\x1b" not in found.stdout
    claim = hand.excluded([[[True, "0", "-2 1 0"]]])
    written = hand.Written(hand.header(claim, hand.RAMP, domain=domain), ["s 0", "c 1", "c 1"], (0, 0, 0, 2))
    (tmp_path / "c").write_bytes(written.content())
    found = run(tmp_path / "c")
    assert found.returncode == 0 and len(found.stdout.splitlines()) == 4 + 3 + 9
