"""Files of many claims: what is kept is what was proved, at every moment, and forged or damaged files are refused."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from networks import he_network

from relugeom import checker
from relugeom.certificate.checking import CheckedSubject, Subjects, check_certificate
from relugeom.certificate.checking_many import check_claims
from relugeom.certificate.claim import settle_claim
from relugeom.certificate.proof_file import ProofFile
from relugeom.claims.claim import Equivalent, Monotone, OutputBound
from relugeom.claims.settlement import Settlement, Verdict
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork

NETWORK, OTHER = he_network(0, 3, 5, 1), he_network(1, 3, 5, 1)
BOX = Domain.box([-1] * 3, [1] * 3)
SAME = ReLUNetwork.from_layers(*((W * 1.0, b) for W, b in zip(NETWORK.weights, NETWORK.biases, strict=True)))
FAR = 1_000
NAMES = ("0001", "0002", "same")


def settle(file: ProofFile, name: str, claim, network=NETWORK, **options) -> Settlement:
    return file.keep(settle_claim(claim, network, BOX, file.place_of_next(), **options), name)


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> tuple[Path, list[Settlement]]:
    """A file with claims of both kinds of trees, one of them with marks, and one of two networks."""
    file = ProofFile(tmp_path_factory.mktemp("kept") / "proofs.cert", NETWORK)
    above = OutputBound((Fraction(1),), Fraction(4))
    while (first := settle_claim(above, NETWORK, BOX)).verdict is not Verdict.HOLDS:
        above = replace(above, bound=above.bound * 2)
    assert first.proof
    found = [
        settle(file, "0001", above),
        settle(file, "0002", OutputBound((Fraction(-1),), Fraction(FAR))),
        settle(file, "same", Equivalent(Fraction(0)), second_network=SAME),
    ]
    assert all(each.proof for each in found)
    return file.path, found


def program(*arguments) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", checker.__file__, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def pieces(path: Path) -> tuple[bytes, dict[str, bytes]]:
    """The header of a file, and its certificates."""
    content = path.read_bytes()
    entries = list(checker.read_entries(str(path)))
    found = {entry.name: content[entry.begin : entry.begin + entry.size] for entry in entries}
    return content[: content.index(b"\n") + 1], found


def joined(header: bytes, *claims: tuple[str, bytes]) -> bytes:
    return header + b"".join(
        f"claim {name} {len(text):x} {hashlib.sha256(text).hexdigest()}\n".encode() + text for name, text in claims
    )


def refused(path: Path, content: bytes) -> str:
    """The one line with which both programs refuse a file."""
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        check_claims(path)
    assert checker.main([str(path)]) == 2
    assert "\n" not in str(error.value)
    return str(error.value)


def test_every_claim_is_checked_by_itself_and_named(kept):
    path, settled = kept
    found = check_claims(path, Subjects(NETWORK, SAME, BOX))
    assert found.status == "accepted" and found.reason == "" and tuple(found.claims) == NAMES
    for claim, each in zip(found.claims.values(), settled, strict=True):
        assert claim.accepted and claim.digest == each.proof.digest and not claim.not_compared
        assert check_certificate(each.proof.path, model=NETWORK, domain=BOX).digest == each.proof.digest
    assert check_claims(path).claims["same"].not_compared == tuple(CheckedSubject)
    assert [each.proof.path for each in settled] == [path / name for name in NAMES]
    assert not list(path.parent.glob(".*.part"))


def test_a_claim_proves_what_its_own_file_would(kept, tmp_path):
    _, settled = kept
    for each in settled[:2]:
        settle_claim(each.claim, NETWORK, BOX, tmp_path / "own.cert")
        own, claim = check_certificate(tmp_path / "own.cert"), check_certificate(each.proof.path)
        assert replace(own, seconds=0.0, digest="") == replace(claim, seconds=0.0, digest="")


@pytest.mark.parametrize("threads", [1, 2])
def test_processes_and_time_limits_change_no_answer(kept, threads):
    path, _ = kept
    free, limited = (check_claims(path, threads=threads, time_limit=limit) for limit in (None, 600))
    for found in (free, limited):
        assert {name: (claim.proved, claim.digest) for name, claim in found.claims.items()} == {
            name: (claim.proved, claim.digest) for name, claim in check_claims(path).claims.items()
        }
    one = check_certificate(path / "0001", threads=threads, time_limit=600)
    assert one.accepted and one.proved == free.claims["0001"].proved
    late = check_claims(path, threads=threads, time_limit=0)
    assert late.status == "unknown" and not any(claim.finished for claim in late.claims.values())


def test_a_tree_that_two_processes_share_is_that_of_the_claim(tmp_path):
    """Marks keep their places when the network is taken out of the header."""
    network, box = he_network(5, 4, 40, 40, 1), Domain.box([-1] * 4, [1] * 4)
    file, bound = ProofFile(tmp_path / "proofs.cert", network), Fraction(12)
    settled = settle_claim(OutputBound((Fraction(1),), bound), network, box, file.place_of_next())
    assert settled.proof
    found = file.keep(settled, "far")
    assert found.proof
    entry = checker.find_entry(str(file.path), "far")
    spans = checker.read_index(str(file.path), entry)
    answers = checker.check_subtrees(str(file.path), *spans, entry=entry) if spans else []
    assert [answer[:2] for answer in answers] == spans
    whole = checker.check(str(file.path), None, [tuple(answer) for answer in answers], entry=entry)
    assert whole["closed"] == checker.check(str(file.path), entry=entry)["closed"]
    assert len(whole["skipped"]) == len(spans)
    assert check_certificate(file.path / "far", threads=2).accepted


def test_a_swapped_network_or_domain_is_rejected(kept):
    path, _ = kept
    assert "another" not in check_claims(path, Subjects(model=NETWORK)).reason
    assert "about the network" in check_claims(path, Subjects(model=OTHER)).reason
    found = check_claims(path, Subjects(domain=Domain.box([-1] * 3, [2] * 3)))
    assert found.status == "rejected" and "about the domain" in found.reason


def test_a_claim_that_does_not_follow_is_rejected_and_the_others_are_not(kept, tmp_path):
    header, claims = pieces(kept[0])
    own = json.loads(claims["0002"].split(b"\n")[0])
    sets = own["claim"]["sets"]
    sets[0][0][2] = sets[0][0][2].replace(f"{-FAR:x}", "1", 1)
    forged = json.dumps(own).encode() + claims["0002"][claims["0002"].index(b"\n") :]
    shift = len(forged) - len(claims["0002"])
    counts, end = forged.rstrip(b"\n").rsplit(b" ", 1)
    forged = b"%s %x\n" % (counts, int(end, 16) + shift)
    path = tmp_path / "proofs.cert"
    path.write_bytes(joined(header, ("0001", claims["0001"]), ("0002", forged)))
    found = check_claims(path)
    assert [claim.accepted for claim in found.claims.values()] == [True, False]
    assert found.status == "rejected" and found.reason.startswith("0002: ")
    done = program(path)
    assert done.returncode == 1 and "0002: rejected" in done.stdout and "claims accepted: 1\n" in done.stdout


def hostile(header: bytes, claims: dict[str, bytes]):
    """Forged and damaged files, with what the refusal says."""
    one, two = ("0001", claims["0001"]), ("0002", claims["0002"])
    whole = joined(header, one, two)
    table = json.loads(header)
    own = json.loads(claims["0001"].split(b"\n")[0])
    rest = claims["0001"][claims["0001"].index(b"\n") :]

    def with_networks(networks) -> bytes:
        return joined(header, ("0001", json.dumps({**own, "networks": networks}).encode() + rest))

    yield joined(header, one, one), "comes twice"
    yield whole[:-1], "ends within the claim 0002"
    yield joined(header, one) + b"claim 0002 ", "the file ends there"
    yield joined(header, one) + b"\n", "no claim begins"
    yield header, "holds no claim"
    yield header.replace(b'"1"', b'"2"', 1), "not a"
    yield json.dumps({**table, "more": ""}).encode() + b"\n" + whole[len(header) :], "is not a"
    yield header.replace(b'"network"', b'"network": [], "network"') + whole[len(header) :], "key appears twice"
    for lie in (b"claim 0001 0", b"claim 0001 -1", b"claim 0001 01", b"claim 0001 " + b"f" * 17, b"claim ../x 1"):
        yield whole.replace(b"claim 0001 %x" % len(one[1]), lie, 1), "no claim begins"
    for shift, text in ((-1, "SHA-256"), (1, "no claim begins"), (10**12, "ends within")):
        lie = b"claim 0001 %x" % (len(one[1]) + shift)
        yield whole.replace(b"claim 0001 %x" % len(one[1]), lie, 1), "" if text == "SHA-256" else text
    yield whole.replace(one[1][-40:], one[1][-40:].replace(b"end", b"enc"), 1), "SHA-256"
    yield with_networks([table["network"]]), "leaves out its first network"
    yield with_networks([]), "leaves out its first network"
    yield with_networks(["", ""]), "not a list"
    yield joined(header, ("0001", whole)), "leaves out its first network"
    yield joined(header, *((f"{k}", b"x") for k in range(checker.CLAIMS + 1))), "too many claims"
    yield joined(header, ("0001", b"")), "no claim begins"


def test_hostile_files_are_refused_in_one_line(kept, tmp_path, capsys):
    header, claims = pieces(kept[0])
    for content, text in hostile(header, claims):
        assert text in refused(tmp_path / "c", content), text
        told = capsys.readouterr()
        assert "refused: " in told.out + told.err and told.err.count("\n") <= 1


def test_a_large_network_bounds_how_many_claims_share_it(tmp_path):
    """Every claim derives the network anew, so a small file with a large one is refused before that takes long."""
    header = b'{"format": "relugeom-certificates", "version": "1", "network": "%s"}\n' % (b"1" * 10_000_000)
    (tmp_path / "c").write_bytes(joined(header, *((f"{k}", b"x") for k in range(2_000))))
    with pytest.raises(InputError, match="too many claims"):
        check_claims(tmp_path / "c")


def test_a_certificate_alone_does_not_leave_its_network_out(kept, tmp_path):
    _, claims = pieces(kept[0])
    (tmp_path / "c").write_bytes(claims["0001"])
    with pytest.raises(InputError, match="is not a certificate"):
        check_certificate(tmp_path / "c")


def test_cut_anywhere_a_file_keeps_its_whole_claims(kept, tmp_path):
    path, _ = kept
    content, entries = path.read_bytes(), list(checker.read_entries(str(path)))
    ends = [entry.begin + entry.size for entry in entries]
    draw = np.random.default_rng(0)
    for size in [*ends, *draw.integers(entries[0].begin, len(content), 60).tolist()]:
        (tmp_path / "c").write_bytes(content[:size])
        whole = []
        try:
            whole.extend(entry.name for entry in checker.read_entries(str(tmp_path / "c")))
        except checker.Refused:
            found = checker.read_entries(str(tmp_path / "c"))
            whole = [next(found).name for end in ends if end <= size]
            assert size not in ends
        assert whole == [entry.name for entry, end in zip(entries, ends, strict=True) if end <= size]


def test_names_are_new_and_an_earlier_file_gives_way(kept, tmp_path):
    (tmp_path / "proofs.cert").write_text("an earlier audit's")
    file = ProofFile(tmp_path / "proofs.cert", NETWORK)
    assert (tmp_path / "proofs.cert").read_text() == "an earlier audit's"
    claim = OutputBound((Fraction(-1),), Fraction(FAR))
    assert [settle(file, "same", claim).proof.path.name for _ in range(3)] == ["same", "same-2", "same-3"]
    assert file.keep(Settlement(Monotone(0, 0, 1), Verdict.UNKNOWN), "none").proof is None
    assert len(check_claims(file.path).claims) == 3


@pytest.mark.skipif(not hasattr(os, "geteuid") or sys.platform != "linux", reason="needs /dev/full")
def test_a_full_disk_is_one_clear_line(tmp_path):
    file = ProofFile(tmp_path / "proofs.cert", NETWORK)
    claim = OutputBound((Fraction(-1),), Fraction(FAR))
    settle(file, "one", claim)
    (tmp_path / "proofs.cert").unlink()
    (tmp_path / "proofs.cert").symlink_to("/dev/full")
    with pytest.raises(InputError, match="cannot be written"):
        settle(file, "two", claim)
