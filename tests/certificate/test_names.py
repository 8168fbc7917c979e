"""Names in certificates: whatever a forger writes, `check` accepts no statement that has other names."""

import json
import unicodedata
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hand_written import digest_of
from networks import layered

from relugeom import checker
from relugeom.certificate.checking import check_certificate
from relugeom.certificate.claim import certify_claim
from relugeom.certificate.partition import certify_partition
from relugeom.claims.ball import Ball
from relugeom.claims.claim import Equivalent, Monotone, OutputBound, SameDecision, SameLargest, Scope
from relugeom.claims.patterns import PatternClaims, PatternStatement
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.network.decision import Decision, DecisionRule
from relugeom.network.network import ReLUNetwork
from relugeom.search.enumeration import enumerate_regions

INPUTS, OUTPUTS, CLASSES = ("Age", "PClass", "Gen\u00e9"), ("score", "risk"), ("low", "high")
LAYERS = ([[1, -1, 0], [1, 0, 1], [0, -1, 1]], [0, 0, 0]), ([[1, 1, 1], [1, 1, 1]], [0, -100])
DECISION = Decision(DecisionRule.ARGMAX, class_names=CLASSES)
NETWORK = replace(layered(*LAYERS), input_names=INPUTS, output_names=OUTPUTS, decision=DECISION)
TURNED = [(np.array(LAYERS[0][0])[::-1], LAYERS[0][1]), LAYERS[1]]
SECOND = replace(layered(*TURNED), input_names=INPUTS, output_names=("score", "hazard"), decision=DECISION)
UNNAMED = layered(*LAYERS)
DOMAIN = Domain(np.full(3, -1.0), np.full(3, 1.0), kinds=("continuous", "integer", "continuous"), feature_names=INPUTS)
REGION = enumerate_regions(NETWORK, DOMAIN)[0].pattern
CLAIMS = {
    "bound": OutputBound((Fraction(1), Fraction(0)), Fraction(50)),
    "admissible": OutputBound((Fraction(1), Fraction(0)), Fraction(50), Scope.ADMISSIBLE),
    "ball": OutputBound((Fraction(1), Fraction(0)), Fraction(50), ball=Ball("l1", (0, 0, 0), Fraction(1, 2))),
    "monotone": Monotone(0, 0, 1),
    "falling": Monotone(1, 1, -1),
    "decision": SameDecision((2,), Fraction(50), Fraction(50)),
    "largest": SameLargest((2,)),
    "equivalent": Equivalent(),
    "patterns": PatternClaims((PatternStatement(str(REGION), "region"),)),
}
LOOKALIKES = str.maketrans("AeclosrikGPg", "\u0410\u0435\u0441l\u043e\u0455r\u0456k\u0262\u0420\u0261")


@pytest.fixture(scope="module")
def proofs(tmp_path_factory) -> dict[str, Any]:
    """An honest certificate of every kind of claim."""
    folder = tmp_path_factory.mktemp("proofs")
    for status, most in (("complete", None), ("truncated", 3)):
        certify_partition(enumerate_regions(NETWORK, DOMAIN, max_regions=most), folder / status)
    for name, claim in CLAIMS.items():
        second = SECOND if name == "equivalent" else None
        certify_claim(claim, NETWORK, DOMAIN, folder / name, second_network=second)
    return {path.name: path for path in folder.iterdir()}


def rewritten(content: bytes, header: dict[str, Any]) -> bytes:
    """A certificate with another header; the offsets of its last line follow."""
    old, *lines = content.split(b"\n")
    new = json.dumps(header).encode()
    *counts, index = lines[-2].split(b" ")
    assert not counts[0].isalnum() or counts[0] == b"end"
    lines[-2] = b" ".join([*counts, b"%x" % (int(index, 16) + len(new) - len(old))])
    return b"\n".join([new, *lines])


def other_names(names: list[str]) -> Iterator[list[str]]:
    """Lists of names that are not these."""
    for place in range(len(names)):
        before, name, after = names[:place], names[place], names[place + 1 :]
        for other in (f"{name} ", f"{name}2", "", name.upper(), name.translate(LOOKALIKES), f"{name}\u200b",
                      f"\u202e{name}", unicodedata.normalize("NFD", name), "\ud800", f"{name}\0",
                      f"x{place}", f"y{place}", "x\n", name[:-1], names[place - 1], repr(name)):  # fmt: skip
            yield [*before, other, *after]
        yield [*before, *after]
        yield [*before, name, name, *after]
    yield names[::-1]
    yield [*names[1:], names[0]]
    yield []


def forgeries(header: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Headers with other names, in both versions, their digests as they were and as they should be."""
    inputs = header["domain"]["inputs"]
    for names in other_names([entry[3] for entry in inputs]):
        if len(names) == len(inputs):
            yield changed(header, inputs=names)
    for network in range(len(header["names"])):
        for kind in (0, 1):
            for names in other_names(header["names"][network][kind]):
                yield changed(header, names=(network, kind, names))
        yield changed(header, names=(network, 2, "0" * 64))
    if len(header["names"]) > 1:
        yield {**header, "names": header["names"][::-1]}
    yield {**header, "names": header["names"][:1] * 3}
    yield {**header, "names": []}


def changed(header: dict[str, Any], *, inputs: list[str] | None = None, names: Any = None) -> dict[str, Any]:
    header = deepcopy(header)
    if inputs is not None:
        for entry, name in zip(header["domain"]["inputs"], inputs, strict=True):
            entry[3] = name
    if names is not None:
        network, place, value = names
        header["names"][network][place] = value
    return header


def with_digests(header: dict[str, Any]) -> dict[str, Any]:
    inputs = [entry[3] for entry in header["domain"]["inputs"]]
    names = [[outputs, classes, digest_of(inputs, outputs, classes)] for outputs, classes, _ in header["names"]]
    return {**header, "names": names}


def first_version(header: dict[str, Any]) -> dict[str, Any]:
    return {key: "1" if key == "version" else value for key, value in header.items() if key != "names"}


def is_accepted(path, **about) -> bool:
    try:
        found = check_certificate(path, **about)
    except InputError:
        return False
    if not found.accepted:
        assert found.reason and "\n" not in found.reason
    return found.accepted


def test_honest_proofs_are_accepted_with_all_their_names(proofs):
    for name, path in proofs.items():
        second = SECOND if name == "equivalent" else None
        found = check_certificate(path, model=NETWORK, second_model=second, domain=DOMAIN)
        assert found.accepted and found.names_not_checked == (), found.reason
        assert found.names[0] == NETWORK.names_digest == digest_of(INPUTS, OUTPUTS, CLASSES)
        assert found.names[1:] == (() if second is None else (SECOND.names_digest,))
        assert check_certificate(path).names_not_checked[:3] == ("inputs", "outputs", "classes")
        content = path.read_bytes()
        header = json.loads(content.split(b"\n")[0])
        (path.parent / "first").write_bytes(rewritten(content, first_version(header)))
        found = check_certificate(path.parent / "first", model=NETWORK, domain=DOMAIN)
        assert found.accepted and set(found.names) == {None}
        (path.parent / "first").unlink()


def test_no_forged_name_is_accepted(proofs, tmp_path):
    tried = 0
    for name, path in proofs.items():
        about = {"model": NETWORK, "domain": DOMAIN, "second_model": SECOND if name == "equivalent" else None}
        content = path.read_bytes()
        honest = json.loads(content.split(b"\n")[0])
        for forged in forgeries(honest):
            versions = [forged, with_digests(forged)]
            if forged["domain"] != honest["domain"]:
                versions.append(first_version(forged))
            for header in versions:
                if header in (honest, first_version(honest)):
                    continue
                (tmp_path / "c").write_bytes(rewritten(content, header))
                assert not is_accepted(tmp_path / "c", **about), (name, header)
                tried += 1
    assert tried > 2_000


def test_what_the_checker_accepts_says_the_names_as_those_of_the_file(proofs, tmp_path):
    for path in proofs.values():
        content = path.read_bytes()
        header = json.loads(content.split(b"\n")[0])
        forged = with_digests(changed(header, inputs=["Zebra", "Quagga", "Okapi"]))
        (tmp_path / "c").write_bytes(rewritten(content, forged))
        told = "\n".join(checker.check(tmp_path / "c")["proved"])
        for place, name in enumerate(("Zebra", "Quagga", "Okapi")):
            assert told.count(name) == told.count(f"input {place} (called {name!r} in the file)")


@pytest.mark.parametrize(("inputs", "message"), [
    (("PClass", "Age", "Gen\u00e9"), "input 0 is called 'PClass' in the certificate, but called 'Age' in the model"),
    (("Age", "PClass", "Gene\u0301"), r"called 'Gene\u0301' in the certificate, but called 'Gen\xe9' in the model"),
])  # fmt: skip
def test_both_names_are_told(proofs, tmp_path, inputs, message):
    content = proofs["monotone"].read_bytes()
    header = with_digests(changed(json.loads(content.split(b"\n")[0]), inputs=list(inputs)))
    (tmp_path / "c").write_bytes(rewritten(content, header))
    assert message in check_certificate(tmp_path / "c", model=NETWORK, domain=DOMAIN).reason


def test_what_has_no_names_is_said_not_to_be_checked(proofs):
    path = proofs["equivalent"]
    of_both = ("inputs", "outputs", "classes", "outputs of the second network", "classes of the second network")
    unnamed = Domain(DOMAIN.lower, DOMAIN.upper, kinds=DOMAIN.kinds)
    numbered = replace(unnamed, feature_names=("x0", "x1", "x2"))
    for about, unchecked in (
        ({}, of_both),
        ({"model": UNNAMED}, of_both),
        ({"model": UNNAMED, "domain": unnamed}, of_both),
        ({"model": UNNAMED, "domain": numbered}, of_both),  # so are they called where the model has no names
        ({"model": UNNAMED, "domain": DOMAIN}, of_both[1:]),
        ({"model": NETWORK}, of_both[3:]),
        ({"model": NETWORK, "second_model": layered(*TURNED)}, of_both[3:]),
    ):
        found = check_certificate(path, **about)
        assert found.accepted and found.names_not_checked == unchecked
    assert "called 'x0' in the domain" in check_certificate(path, model=NETWORK, domain=numbered).reason
    assert "not about" in check_certificate(path, model=NETWORK, second_model=layered(*LAYERS)).reason
    assert "one network only" in check_certificate(proofs["bound"], second_model=NETWORK).reason


def test_names_that_disagree_are_not_certified(tmp_path):
    other = replace(DOMAIN, feature_names=("Age", "Rank", "Gen\u00e9"))
    with pytest.raises(InputError, match="'Rank'"):
        certify_claim(CLAIMS["monotone"], NETWORK, other, tmp_path / "c")
    with pytest.raises(InputError, match="'Rank'"):
        certify_partition(enumerate_regions(NETWORK, other), tmp_path / "c")
    unnamed = Domain(DOMAIN.lower, DOMAIN.upper, kinds=DOMAIN.kinds)
    mixed = SECOND.with_inputs(INPUTS[::-1])
    with pytest.raises(InputError, match="input 0 is called 'Age' here"):
        certify_claim(Equivalent(), NETWORK, unnamed, tmp_path / "c", second_network=mixed)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("network", [NETWORK, UNNAMED])
@pytest.mark.parametrize("names", [(), INPUTS])
def test_a_header_has_all_names_that_are_known(tmp_path, network: ReLUNetwork, names):
    domain = replace(DOMAIN, feature_names=names)
    certificate = certify_partition(enumerate_regions(network, domain), tmp_path / "c")
    found = checker.check(tmp_path / "c")
    inputs = network.input_names or names or ("x0", "x1", "x2")
    assert found["called"]["inputs"] == [*inputs]
    assert found["called"]["outputs"] == [[*network.target_names]]
    assert found["names"] == [certificate.names_digest]
    assert certificate.names_digest == digest_of(inputs, network.target_names, network.rule.class_names)
