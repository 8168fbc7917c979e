"""The verb verify: its three answers, its certificates, and what it refuses."""

import gzip
import json
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from command_line import run_command, write_npz
from networks import he_network, layered, load_case
from oracles import evaluate_layers, exact_layers

from relugeom import Domain, output_bounds
from relugeom.errors import InputError
from relugeom.files import read_packed_text

CHECKER = Path(__file__).parents[2] / "relugeom" / "checker.py"
DECLARED = "".join(f"(declare-const {name} Real)\n" for name in ("X_0", "X_1", "X_2", "Y_0"))
ONE_INPUT = "(declare-const X_0 Real)(declare-const Y_0 Real)"
BOX = "".join(f"(assert (>= X_{k} -1))(assert (<= X_{k} 1))\n" for k in range(3))


@pytest.fixture
def run(capsys):
    return lambda *arguments: run_command(capsys, *arguments)


@pytest.fixture
def network():
    return he_network(3, 3, 9, 7, 1)


@pytest.fixture
def model(tmp_path, network):
    write_npz(network, tmp_path / "model.npz")
    return str(tmp_path / "model.npz")


def written(folder, text):
    (folder / "property.vnnlib").write_text(text, encoding="utf-8")
    return str(folder / "property.vnnlib")


def test_a_property_that_holds_leaves_a_certificate_for_the_checker(run, model, tmp_path):
    out = tmp_path / "property.cert"
    done = run("verify", model, written(tmp_path, f"{DECLARED}{BOX}(assert (>= Y_0 100))"), "--out", str(out), "--json")
    told = json.loads(done.out)
    assert (done.code, told["status"]) == (0, "holds")
    assert told["certificates"][0]["bytes"] == out.stat().st_size
    command = [sys.executable, "-I", "-S", str(CHECKER), str(out), "--model", model]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0 and "never: -100 + 1 y0 >= 0" in checked.stdout
    assert run("check", str(out), "--model", model).code == 0


def test_a_counterexample_is_exact_and_shown_with_names(run, model, network, tmp_path):
    stated = written(tmp_path, f"{DECLARED}{BOX}(assert (>= Y_0 0.5))")
    done = run("verify", model, stated, "--json", "--out", str(tmp_path / "c.cert"))
    told = json.loads(done.out)
    assert (done.code, told["status"]) == (1, "counterexample")
    x = [Fraction(entry["exact"]) for entry in told["counterexample"]["inputs"].values()]
    (y,) = evaluate_layers(exact_layers(network), x)[-1]
    assert all(-1 <= value <= 1 for value in x) and y >= Fraction(1, 2)
    assert Fraction(told["counterexample"]["outputs"]["y0"]["exact"]) == y
    assert not (tmp_path / "c.cert").exists()
    text = run("verify", model, stated)
    assert text.code == 1 and "does not hold" in text.out and "x0" in text.out


def test_an_output_that_is_called_like_an_input_is_shown_beside_it(run, tmp_path):
    """y = |x| + 1 of a network whose only input and only output have one name, which is that of a line, too."""
    network = layered(([[1], [-1]], [0, 0]), ([[1, 1]], [1]))
    write_npz(replace(network, input_names=("Time",), output_names=("Time",)), tmp_path / "model.npz")
    stated = written(tmp_path, f"{ONE_INPUT}(assert (>= X_0 2))(assert (<= X_0 2))(assert (>= Y_0 0))")
    lines = run("verify", str(tmp_path / "model.npz"), stated).out.splitlines()
    assert [line.split() for line in lines if line.split()[:1] == ["Time"]][:2] == [["Time", "2"], ["Time", "3"]]


def test_a_domain_says_which_inputs_are_meant(run, tmp_path):
    """y = x reaches 0.5 on the box of the property, at no whole number between the ends."""
    write_npz(layered(([[1], [-1]], [0, 0]), ([[1, -1]], [0])), tmp_path / "model.npz")
    (tmp_path / "whole.toml").write_text('[features.x0]\nlower = -9\nupper = 9\nkind = "integer"\n', encoding="utf-8")
    between = "(assert (>= X_0 -0.5))(assert (<= X_0 0.75))(assert (>= Y_0 0.25))"
    asked = ("verify", str(tmp_path / "model.npz"), written(tmp_path, ONE_INPUT + between))
    told = json.loads(run(*asked, "--json").out)
    assert (told["status"], told["domain"], told["scope"]) == ("counterexample", None, None)
    out = str(tmp_path / "whole.cert")
    done = run(*asked, "--domain", str(tmp_path / "whole.toml"), "--out", out, "--json")
    told = json.loads(done.out)
    assert (done.code, told["status"], told["scope"]) == (0, "holds", "admissible")
    assert run("check", out, "--model", asked[1]).code == 0
    assert "admissible inputs" in run(*asked, "--domain", str(tmp_path / "whole.toml")).out


def below_zero(*steps):
    """The sum of relu(x + 2k/1024) − relu(x + (2k + 1)/1024) is at most 0, which one relaxation does not show."""
    biases = [bias / 1024 for k in steps for bias in (2 * k, 2 * k + 1)]
    return layered(([[1]] * len(biases), biases), ([[1, -1] * len(steps)], [0]))


def test_a_limit_means_unknown_and_says_where(run, tmp_path):
    write_npz(below_zero(0), tmp_path / "zero.npz")
    stated = written(tmp_path, ONE_INPUT + "(assert (>= X_0 -1))(assert (<= X_0 1))(assert (>= Y_0 0.01))")
    done = run("verify", str(tmp_path / "zero.npz"), stated, "--max-cells", "1", "--json")
    told = json.loads(done.out)
    assert (done.code, told["status"]) == (3, "unknown")
    assert "the limit of cells was reached (after 1 cell); no input breaks the claim by more" in told["reason"]
    assert run("verify", str(tmp_path / "zero.npz"), stated).code == 0


def test_the_reason_of_a_large_network_is_short(run, tmp_path):
    """It says what is proved and what was met, and names no units.

    The best lines below show 49.5 for these 100 pairs, and the usual ones 90.
    """
    write_npz(below_zero(*range(100)), tmp_path / "zero.npz")
    stated = written(tmp_path, ONE_INPUT + "(assert (>= X_0 -1))(assert (<= X_0 1))(assert (>= Y_0 0.01))")
    done = run("verify", str(tmp_path / "zero.npz"), stated, "--max-cells", "1", "--json")
    told = json.loads(done.out)["reason"]
    bound = re.search(r"no input breaks the claim by more than ([0-9.]+);", told)
    assert done.code == 3 and bound is not None and 49.4 < float(bound[1]) < 60 and len(told) < 160


def test_boxes_that_were_closed_are_counted_where_another_stays_open(run, tmp_path):
    """The same network is affine on [1, 2]; nothing is left of that box's proof in the reason of the other."""
    write_npz(below_zero(0), tmp_path / "zero.npz")
    boxes = "(assert (or (and (>= X_0 1)(<= X_0 2)) (and (>= X_0 -1)(<= X_0 1)) (and (>= X_0 2)(<= X_0 3))))"
    stated = written(tmp_path, f"{ONE_INPUT}{boxes}(assert (>= Y_0 0.01))")
    command = ["verify", str(tmp_path / "zero.npz"), stated, "--out", str(tmp_path / "p.cert"), "--max-cells", "1"]
    done = run(*command, "--json")
    told = json.loads(done.out)
    assert (done.code, told["status"], told["boxes"], told["boxes_closed"]) == (3, "unknown", 3, 2)
    assert told["reason"].endswith("2 of 3 boxes are closed")
    assert [Path(entry["file"]).name for entry in told["certificates"]] == ["p-1.cert", "p-3.cert"]
    assert "2 of 3 boxes are closed" in " ".join(run(*command).out.split())
    assert run(*command[:-2], "--json").code == 0


def test_a_limit_that_is_over_at_once_leaves_nothing(run, model, tmp_path):
    other = BOX.replace("(assert (<= X_0 1))", "(assert (or (<= X_0 0) (and (>= X_0 0.25) (<= X_0 1))))")
    stated = written(tmp_path, f"{DECLARED}{other}(assert (>= Y_0 100))")
    done = run("verify", model, stated, "--out", str(tmp_path / "p.cert"), "--time-limit", "0.001", "--json")
    told = json.loads(done.out)
    assert (done.code, told["boxes_closed"]) == (3, 0)
    assert told["reason"].startswith("time ran out")
    assert not [*tmp_path.glob("p*.cert"), *tmp_path.glob(".*")]


def test_a_union_of_boxes_leaves_a_certificate_each(run, model, tmp_path):
    other = BOX.replace("(assert (<= X_0 1))", "(assert (or (<= X_0 0) (and (>= X_0 0.25) (<= X_0 1))))")
    stated = written(tmp_path, f"{DECLARED}{other}(assert (>= Y_0 100))")
    done = run("verify", model, stated, "--out", str(tmp_path / "p.cert"), "--json")
    assert done.code == 0 and json.loads(done.out)["boxes"] == 2
    assert [Path(entry["file"]).name for entry in json.loads(done.out)["certificates"]] == ["p-1.cert", "p-2.cert"]
    assert all(run("check", str(tmp_path / f"p-{k}.cert")).code == 0 for k in (1, 2))


def test_what_no_input_can_violate_holds(run, model, tmp_path):
    done = run("verify", model, written(tmp_path, f"{DECLARED}(assert (>= X_0 1))(assert (<= X_0 0))"), "--json")
    told = json.loads(done.out)
    assert (done.code, told["boxes"]) == (0, 0) and "contradict each other" in told["reason"]
    out = tmp_path / "c.cert"
    done = run("verify", model, str(tmp_path / "property.vnnlib"), "--out", str(out))
    assert done.code == 0 and "contradict each other" in done.out and "closed" not in done.out
    assert done.err == f"{out}: no certificate is written, because there is nothing to prove\n" and not out.exists()


def test_a_property_that_asks_nothing_of_outputs_is_remarked(run, model, tmp_path):
    """As one is where a file was cut behind its box."""
    whole = f"{DECLARED}{BOX}(assert (>= Y_0 100))"
    for text in (whole[: whole.index("(assert (>= Y_0")], f"{DECLARED}{BOX}(assert (<= 0 1))"):
        done = run("verify", model, written(tmp_path, text))
        assert done.code == 1 and "no assertion is about an output" in done.err and len(done.err.splitlines()) == 1
    done = run("verify", model, written(tmp_path, whole))
    assert (done.code, done.err) == (0, "") and "1 box, 1 cell closed" in done.out


def test_a_packed_property_is_the_same(run, model, tmp_path):
    text = f"{DECLARED}{BOX}(assert (>= Y_0 100))".encode()
    packed = tmp_path / "property.vnnlib.gz"
    packed.write_bytes(gzip.compress(text[:20]) + gzip.compress(text[20:]))
    assert run("verify", model, str(packed)).code == 0
    whole = gzip.compress(text)
    changed = whole[:-8] + b"\0" + whole[-7:]
    for damaged in (whole[:-4], whole[:15], changed, whole[:2], whole + b"more", whole[:12] + b"\xff" * 9 + whole[21:]):
        packed.write_bytes(damaged)
        done = run("verify", model, str(packed))
        assert done.code == 2 and "packed by gzip, but is damaged" in done.err and done.err.count("\n") == 1


def test_what_unpacks_to_too_much_is_refused(tmp_path):
    """Never more than is allowed is unpacked, and a byte more."""
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(b" " * 1_000_000))
    assert len(read_packed_text(bomb, most=1_000_000)) == 1_000_000
    with pytest.raises(InputError, match="larger than 999,999 bytes"):
        read_packed_text(bomb, most=999_999)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{DECLARED}(assert (>= Y_1 0))", "line 5: Y_1 is not declared"),
        (
            DECLARED.replace("X_2", "Y_0", 1).replace("(declare-const Y_0 Real)\n", "", 1),
            "the property is about 2 inputs",
        ),
        ("(assert", "line 1: the parenthesis"),
        ("no property", "begins with a parenthesis"),
    ],
)
def test_bad_properties_get_one_line(run, model, tmp_path, text, reason):
    done = run("verify", model, written(tmp_path, text))
    assert done.code == 2 and reason in done.err and done.err.count("\n") == 1 and not done.out


def test_missing_and_binary_files_get_one_line(run, model, tmp_path):
    assert "no such file" in run("verify", model, str(tmp_path / "none.vnnlib")).err
    (tmp_path / "binary.vnnlib").write_bytes(b"\xff\xfe\x00")
    assert "not text in UTF-8" in run("verify", model, str(tmp_path / "binary.vnnlib")).err
    stated = written(tmp_path, f"{DECLARED}(assert (>= Y_0 0))")
    assert run("verify", model, stated, "--out", str(tmp_path / "no" / "p.cert")).code == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "lower", "upper"),
    [
        ("acasxu_3_6", "0.493380324 0.3 0.3", "0.5 0.5 0.5"),
        ("acasxu_4_2", "0 0.318181818 0.083333333", "0 0.5 0.166666667"),
    ],
)
def test_clear_of_conflict_is_never_the_least_output(run, tmp_path, name, lower, upper):
    """ACAS Xu (Katz et al. 2017), properties 3 and 4: both hold."""
    write_npz(load_case(name), tmp_path / "model.npz")
    names = [f"X_{k}" for k in range(5)] + [f"Y_{k}" for k in range(5)]
    text = "".join(f"(declare-const {name} Real)" for name in names)
    lower, upper = f"-0.303531156 -0.009549297 {lower}", f"-0.298552812 0.009549297 {upper}"
    for k, (low, high) in enumerate(zip(lower.split(), upper.split(), strict=True)):
        text += f"(assert (>= X_{k} {low}))(assert (<= X_{k} {high}))"
    text += "".join(f"(assert (<= Y_0 Y_{k}))" for k in range(1, 5))
    out = tmp_path / "p.cert"
    done = run("verify", str(tmp_path / "model.npz"), written(tmp_path, text), "--out", str(out))
    assert done.code == 0, done.err
    assert run("check", str(out)).code == 0


@pytest.mark.parametrize(("beyond", "status"), [(100, "holds"), (-1, "counterexample"), (1e-6, "unknown")])
def test_bounds_of_the_outputs_are_told_whatever_the_verdict(run, model, network, tmp_path, beyond, status):
    """They are proved: no input of the box is beyond them."""
    exact = output_bounds(network, Domain.box([-1] * 3, [1] * 3))
    stated = written(tmp_path, f"{DECLARED}{BOX}(assert (>= Y_0 {float(exact.upper) + beyond:.9f}))")
    told = json.loads(run("verify", model, stated, "--json", "--max-cells", "1").out)
    assert told["status"] == status
    lower, upper = told["lower"]["y0"], told["upper"]["y0"]
    assert lower <= exact.lower < exact.upper <= upper < lower + 100


def test_bounds_that_nobody_knows_are_null(run, tmp_path):
    write_npz(layered(([[1]], [0]), ([[1]], [2])), tmp_path / "model.npz")
    file = str(tmp_path / "model.npz")
    told = json.loads(run("verify", file, written(tmp_path, f"{ONE_INPUT}(assert (<= Y_0 1))"), "--json").out)
    assert (told["lower"]["y0"], told["upper"]["y0"]) == (pytest.approx(2), None)
    none = written(tmp_path, f"{ONE_INPUT}(assert (<= X_0 1))(assert (>= X_0 2))(assert (<= Y_0 1))")
    told = json.loads(run("verify", file, none, "--json").out)
    assert (told["status"], told["lower"], told["upper"]) == ("holds", None, None)
    (tmp_path / "box.toml").write_text("[features.x0]\nlower = -2\nupper = 3\n", encoding="utf-8")
    stated = written(tmp_path, f"{ONE_INPUT}(assert (<= Y_0 1))")
    told = json.loads(run("verify", file, stated, "--domain", str(tmp_path / "box.toml"), "--json").out)
    assert (told["lower"]["y0"], told["upper"]["y0"]) == (pytest.approx(2), pytest.approx(5))


def test_outputs_beyond_the_floats_are_told_exactly(run, tmp_path):
    huge = layered(([[1e200], [-1e200]], [0, 0]), ([[1e200, 1.0]], [0]))
    write_npz(huge, tmp_path / "model.npz")
    write_npz(layered(([[1e200], [-1e200]], [0, 0]), ([[1e199, 1.0]], [0])), tmp_path / "other.npz")
    model, other = str(tmp_path / "model.npz"), str(tmp_path / "other.npz")
    stated = written(tmp_path, f"{ONE_INPUT}(assert (>= X_0 1))(assert (<= X_0 1))(assert (>= Y_0 5))")
    told = json.loads(run("verify", model, stated, "--json").out)
    value = told["counterexample"]["outputs"]["y0"]
    assert (value["value"], Fraction(value["exact"])) == (None, Fraction(1e200) ** 2)
    assert told["upper"]["y0"] is None
    done = run("verify", model, stated)
    assert done.code == 1 and "e+399 (rounded)" in done.out
    done = run("compare", model, other, "--domain", "box:0,1")
    assert done.code == 1 and "differs by at most 9e+399" in done.out
    told = json.loads(run("compare", model, other, "--domain", "box:0,1", "--json").out)["differences"]["y0"]
    assert told["largest"] is None and Fraction(told["exact"]) == Fraction(1e200) * (Fraction(1e200) - Fraction(1e199))
