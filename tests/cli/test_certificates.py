"""The verbs certify and check, and the certificate that an audit leaves."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from command_line import run_command, write_npz
from networks import he_network

from relugeom import Domain, certify_partition, check_certificate, enumerate_regions
from relugeom.certificate.checking_many import check_claims
from relugeom.errors import InputError

CHECKER = Path(__file__).parents[2] / "relugeom" / "checker.py"
TITANIC = Path(__file__).parents[2] / "examples" / "titanic"


@pytest.fixture
def run(capsys):
    return lambda *arguments: run_command(capsys, *arguments)


@pytest.fixture
def model(tmp_path):
    write_npz(he_network(3, 3, 9, 7, 1), tmp_path / "model.npz")
    return tmp_path / "model.npz"


def certified(run, model, *more):
    out = model.parent / "partition.cert"
    done = run("certify", str(model), "--domain", "box:-1,1", "--out", str(out), "--json", *more)
    return out, done, json.loads(done.out)


def test_what_is_certified_is_accepted_with_and_without_relugeom(run, model):
    out, done, told = certified(run, model)
    assert done.code == 0
    assert told["status"] == "complete"
    assert told["bytes"] == out.stat().st_size
    checked = run("check", str(out), "--model", str(model), "--domain", "box:-1,1", "--json")
    assert checked.code == 0
    answer = json.loads(checked.out)
    assert answer["status"] == "accepted"
    assert answer["regions"] == told["regions"]
    assert answer["sha256"] == told["sha256"]
    assert answer["networks"] == [told["network"]]
    alone = [sys.executable, "-I", "-S", str(CHECKER), str(out), "--model", str(model)]
    offline = subprocess.run(alone, capture_output=True, text=True, check=False)
    assert offline.returncode == 0, offline.stdout + offline.stderr
    assert f"{told['regions']:,} activation regions" in offline.stdout


def test_a_search_cut_short_certifies_what_it_found(run, model):
    out, done, told = certified(run, model, "--max-regions", "5")
    assert (done.code, told["status"], told["regions"]) == (3, "truncated", 5)
    checked = run("check", str(out))
    assert checked.code == 0
    assert "the rest of the domain is not covered" in checked.out


def test_another_model_or_domain_is_rejected_with_both_digests(run, model, tmp_path):
    out, _, told = certified(run, model)
    other = tmp_path / "other.npz"
    arrays = dict(np.load(model))
    arrays["W0"] = arrays["W0"] + 1.0
    np.savez(other, **arrays)
    for more in (["--model", str(other)], ["--model", str(model), "--domain", "box:-1,2"]):
        done = run("check", str(out), *more)
        assert done.code == 1
        assert "rejected: it is about the" in done.out
        assert told["network" if len(more) == 2 else "domain_digest"] in done.out
        assert f"give the {'model' if len(more) == 2 else 'domain'} that it was made for" in done.out


def test_names_are_compared_with_those_of_the_model(run, model):
    arrays = dict(np.load(model))
    outputs, inputs = np.array(["risk"]), np.array(["Age", "PClass", "Fare"])
    np.savez(model, **arrays, input_names=inputs, output_names=outputs)
    out, _, _ = certified(run, model)
    about = ["--model", str(model), "--domain", "box:-1,1", "--json"]
    answer = json.loads(run("check", str(out), *about).out)
    told = json.loads(run("inspect", str(model), "--json").out)
    assert (answer["status"], answer["names"], answer["names_not_checked"]) == ("accepted", [told["names_digest"]], [])
    np.savez(model, **arrays, input_names=inputs[[1, 0, 2]], output_names=outputs)
    done = run("check", str(out), *about[:-1])
    assert done.code == 1
    assert done.out == "rejected: input 0 is called 'Age' in the certificate, but called 'PClass' in the model\n"
    np.savez(model, **arrays)
    done = run("check", str(out), *about[:-1])
    assert done.code == 0
    assert "names not checked: inputs, outputs" in done.out
    answer = json.loads(run("check", str(out), *about).out)
    assert answer["names_not_checked"] == ["inputs", "outputs"]


def test_what_is_compared_with_nothing_is_said(run, tmp_path):
    model = tmp_path / "model.npz"
    write_npz(he_network(3, 3, 4, 3, 1), model)
    out, both = certified(run, model)[0], str(tmp_path / "both.cert")
    assert "Not compared  network (--model), domain (--domain)" in run("check", str(out)).out
    assert "Not compared  domain (--domain)" in run("check", str(out), "--model", str(model)).out
    about = ["--model", str(model), "--domain", "box:-1,1"]
    assert "Not compared" not in run("check", str(out), *about).out
    arrays = dict(np.load(model))
    other = str(tmp_path / "other.npz")
    np.savez(other, **{**arrays, "W0": arrays["W0"][::-1], "b0": arrays["b0"][::-1], "W1": arrays["W1"][:, ::-1]})
    assert run("compare", str(model), other, "--domain", "box:-1,1", "--out", both).code == 0
    assert "Not compared  second network (--second-model)" in run("check", both, *about).out
    answer = json.loads(run("check", both, *about, "--second-model", other, "--json").out)
    assert (answer["status"], answer["not_compared"]) == ("accepted", [])
    assert json.loads(run("check", both, "--json").out)["not_compared"] == ["network", "second network", "domain"]


def test_a_changed_proof_is_rejected_and_says_why(run, model):
    out, _, _ = certified(run, model)
    lines = out.read_bytes().splitlines(keepends=True)
    place = next(k for k, line in enumerate(lines) if line.startswith(b"p "))
    fields = lines[place].split()
    fields[2] = b"-" + fields[2].lstrip(b"-") if not fields[2].startswith(b"-") else fields[2][1:]
    lines[place] = b" ".join(fields) + b"\n"
    out.write_bytes(b"".join(lines))
    done = run("check", str(out))
    assert done.code in (1, 2)
    assert done.out.startswith("rejected") or "cannot" in done.err or "not a certificate" in done.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a relugeom certificate: "),
        (b"\x00\xff" * 50, "not a relugeom certificate: "),
        (b"PK\x03\x04", "not a relugeom certificate: "),
        (b"{}\n", "not a relugeom certificate of version 1, 2, 3, 4 or 5"),
        (b'{"format": "relugeom-certificate", "version": "9"}\n', "not a relugeom certificate of version 1, 2, 3, 4"),
    ],
)
def test_what_is_no_certificate_is_refused_in_one_line(run, tmp_path, content, said):
    path = tmp_path / "odd.cert"
    path.write_bytes(content)
    done = run("check", str(path))
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "not a certificate" in done.err and said in done.err


def test_a_missing_file_and_a_missing_model_are_named(run, tmp_path):
    assert "there is no such file" in run("check", str(tmp_path / "no.cert")).err
    done = run("check", str(tmp_path / "no.cert"), "--domain", "box:-1,1")
    assert done.code == 2
    assert "--model" in done.err


def test_a_folder_that_cannot_be_written_leaves_nothing(run, model, tmp_path):
    done = run("certify", str(model), "--domain", "box:-1,1", "--out", str(tmp_path / "none" / "x.cert"))
    assert done.code == 2
    assert "cannot be written" in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.npz"]


def test_processes_share_the_marked_subtrees(tmp_path):
    partition = enumerate_regions(he_network(1, 3, 16, 16, 1), Domain.box([-5] * 3, [5] * 3))
    path = tmp_path / "large.cert"
    certify_partition(partition, path)
    alone, shared = (check_certificate(path, threads=threads) for threads in (1, 2))
    assert alone.accepted
    assert shared.accepted
    assert (alone.regions, alone.proofs) == (shared.regions, shared.proofs) == (len(partition), alone.proofs)
    content = bytearray(path.read_bytes())
    begin = int(bytes(content[int(content.split()[-1], 16) :]).split()[0], 16)
    place = content.index(b"\np ", begin) + 3
    content[place : content.index(b" ", place)] = b"1" * (content.index(b" ", place) - place)
    path.write_bytes(bytes(content))
    try:
        assert not check_certificate(path, threads=2).accepted
    except InputError as error:
        assert "not a certificate" in str(error)


def test_an_audit_leaves_a_certificate_named_in_store_and_report(run, tmp_path):
    data = [str(TITANIC / "network.onnx"), str(TITANIC / "passengers.csv"), "--target", "Survived"]
    done = run("audit", *data, "--out", str(tmp_path / "audit"), "--json")
    assert done.code == 0
    told = json.loads(done.out)
    found = check_certificate(told["certificate"])
    assert found.accepted
    assert found.digest == told["certificate_sha256"]
    assert found.regions == told["regions"]
    assert found.digest in (tmp_path / "audit" / "report.html").read_text(encoding="utf-8")
    recorded = run("query", told["store"], "SELECT sha256, names_digest FROM certificates", "--format", "csv").out
    assert recorded.splitlines()[1] == f"{found.digest},{found.names[0]}"
    recorded = run("query", told["store"], "SELECT digest, names_digest FROM networks", "--format", "csv").out
    assert recorded.splitlines()[1] == f"{found.networks[0]},{found.names[0]}"
    assert found.names[0] in (tmp_path / "audit" / "report.html").read_text(encoding="utf-8")
    proofs = check_claims(tmp_path / "audit" / "proofs.cert").claims
    assert proofs
    for proof in proofs.values():
        assert proof.accepted and set(proof.names) == set(found.names)
    notes = run("query", told["store"], "SELECT * FROM run_notes", "--format", "csv").out
    assert found.digest in notes


@pytest.mark.parametrize("threads", [1, 2])
def test_a_time_limit_that_is_not_met_changes_no_answer(tmp_path, threads):
    """What is accepted, rejected or refused is so in a process of its own too."""
    domain, path = Domain.box([-1] * 3, [1] * 3), tmp_path / "partition.cert"
    certify_partition(enumerate_regions(he_network(3, 3, 9, 7, 1), domain), path)
    content = path.read_bytes()
    limited, free = (check_certificate(path, threads=threads, time_limit=limit) for limit in (600, None))
    assert limited.accepted and limited.finished
    assert replace(limited, seconds=0.0) == replace(free, seconds=0.0)
    path.write_bytes(content.replace(b"end ", b"end 1"))
    with pytest.raises(InputError) as told:
        check_certificate(path, threads=threads)
    with pytest.raises(InputError, match=re.escape(str(told.value))):
        check_certificate(path, threads=threads, time_limit=600)
    lines = content.split(b"\n")
    lines[1:3] = [lines[2], lines[1]]
    path.write_bytes(b"\n".join(lines))
    found = []
    for limit in (600, None):
        try:
            found.append(check_certificate(path, threads=threads, time_limit=limit))
        except InputError as error:
            found.append(str(error))
    assert found[0] == found[1]


def test_what_is_not_checked_in_time_is_not_known(run, model):
    out, _, _ = certified(run, model)
    done = run("check", str(out), "--time-limit", "0.001", "--json")
    told = json.loads(done.out)
    assert (done.code, told["status"], told["proved"]) == (3, "unknown", [])
    assert "time ran out" in told["reason"]
    assert run("check", str(out), "--time-limit", "0.001", "--threads", "2").code == 3
    assert "unknown: time ran out" in run("check", str(out), "--time-limit", "0.001").out


def test_exported_files_are_what_the_checker_compares(run, model):
    out, _, _ = certified(run, model)
    files = [str(model.parent / "exported" / name) for name in ("network.json", "domain.json")]
    arguments = ("export", model, "--out", model.parent / "exported", "--json")
    told = json.loads(run(*arguments).out)
    assert told["files"] == files[:1] and told["domain"] is told["domain_digest"] is None
    assert json.loads(run(*arguments, "--domain", "box:-1,1").out)["files"] == files
    alone = [sys.executable, "-I", "-S", str(CHECKER), str(out), "--model", files[0], "--domain", files[1]]
    offline = subprocess.run(alone, capture_output=True, text=True, check=False)
    assert offline.returncode == 0 and f"domain: that of {files[1]!r}" in offline.stdout
    assert run(*arguments, "--domain", "box:-1,2").code == 0
    offline = subprocess.run(alone, capture_output=True, text=True, check=False)
    assert offline.returncode == 1
    assert offline.stdout == f"rejected: {files[1]}: inputs[0]: upper: 2.0, but 1.0 in the certificate\n"


def test_what_cannot_be_exported_leaves_nothing(run, model):
    for more in (["--domain", "box:1,-1"], ["--domain", "data"], ["--domain", "no.toml"]):
        ended = run("export", model, "--out", model.parent / "exported", *more)
        assert ended.code == 2 and ended.err.count("\n") == 1
        assert not (model.parent / "exported").exists()
