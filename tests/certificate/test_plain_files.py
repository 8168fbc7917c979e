"""Plain files of networks and domains: what is exported is what a certificate is about, and nothing else passes."""

import json
import random
from copy import deepcopy
from fractions import Fraction

import hand_covering as cover
import hand_written as hand
import numpy as np
import pytest
from hand_written import named

from relugeom.certificate.claim import certify_claim
from relugeom.certificate.plain_files import plain_domain, plain_network
from relugeom.checker import Refused, Rejected, check, main
from relugeom.claims.claim import Equivalent, OutputBound
from relugeom.geometry.domain import Domain
from relugeom.importers.loading import load_network
from relugeom.network.decision import Decision, DecisionRule
from relugeom.network.network import ReLUNetwork

NETWORK = ReLUNetwork(
    (np.array([[1.0, -0.1], [2.0, 0.5]]), np.array([[1.0, 1e-30]])),
    (np.array([0.25, -0.0]), np.array([3.0])),
    input_names=("age", "income"),
    output_names=("score",),
    decision=Decision(DecisionRule.THRESHOLD, -0.5, -0.25, ("no", "yes")),
)
DOMAIN = Domain(
    [18.0, 0.0],
    [99.0, 7.5],
    kinds=("integer", "continuous"),
    A=np.array([[1.0, -0.1], [0.0, 1.0]]),
    b=np.array([100.0, 8.0]),
    E=np.array([[0.5, -4.0]]),
    f=np.array([6.0]),
    feature_names=("age", "income"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A certificate, and the files of what it is about."""
    folder = tmp_path_factory.mktemp("plain")
    certify_claim(OutputBound((Fraction(1),), Fraction(10**6)), NETWORK, DOMAIN, folder / "c")
    (folder / "network.json").write_bytes(plain_network(NETWORK))
    (folder / "domain.json").write_bytes(plain_domain(DOMAIN, NETWORK))
    return folder


def test_what_is_exported_is_what_is_certified(made):
    found = check(made / "c", made / "network.json", domain=made / "domain.json")
    assert found["networks"] == [NETWORK.digest] and found["domain"] == DOMAIN.digest
    assert found["compared"] == [
        f"network: that of {str(made / 'network.json')!r}",
        f"domain: that of {str(made / 'domain.json')!r}",
    ]
    assert check(made / "c")["compared"] == ["network: compared with nothing", "domain: compared with nothing"]


def test_an_exported_network_is_read_as_the_same(made):
    found = load_network(made / "network.json")
    assert (found.digest, found.names_digest, found.rule) == (NETWORK.digest, NETWORK.names_digest, NETWORK.rule)


@pytest.mark.parametrize("name", ["one-hot", "on-row", "other-category", "equal-networks", "whole-gap", "fold"])
def test_files_of_other_domains_and_of_two_networks(name, tmp_path):
    written = cover.ALL_COVERING[name]()
    (tmp_path / "c").write_bytes(written.content())
    networks, domain = plain_of(written.header)
    for place, table in enumerate([*networks, domain]):
        (tmp_path / f"{place}.json").write_text(json.dumps(table))
    second = tmp_path / "1.json" if len(networks) > 1 else None
    found = check(tmp_path / "c", tmp_path / "0.json", (), second, tmp_path / f"{len(networks)}.json")
    assert len(found["compared"]) == 1 + len(networks) and "nothing" not in "".join(found["compared"])
    with pytest.raises(Rejected, match=r"one network only|\.json: "):
        check(tmp_path / "c", second_model=tmp_path / "0.json")


def plain_of(header):
    """Plain files with what a header says, numbers in quotes as fractions."""
    exponent = int(header["domain"]["exponent"], 16)

    def fractions(text: str, e: int) -> list[str]:
        return [str(Fraction(int(token, 16), 1 << e)) for token in text.split()]

    networks = []
    for network in header["networks"]:
        layers = []
        for e, rows in network:
            table = [fractions(row, int(e, 16)) for row in rows]
            layers.append({"W": [row[:-1] for row in table], "b": [row[-1] for row in table]})
        networks.append({"format": "relugeom network", "version": 1, "squashing": "none", "layers": layers})
    kinds = {"c": "continuous", "i": "integer", "b": "binary"}
    inputs = [
        {"name": name, "kind": kinds[kind], **{key: None if side == "*" else fractions(side, exponent)[0]
                                               for key, side in (("lower", low), ("upper", high))}}
        for kind, low, high, name in header["domain"]["inputs"]
    ]  # fmt: skip
    rows = {key: [fractions(row, exponent) for row in header["domain"][key]] for key in ("at_most", "equal")}
    groups = [[int(token, 16) for token in group.split()] for group in header["domain"]["groups"]]
    domain = {"format": "relugeom domain", "version": 1, "inputs": inputs, **rows, "groups": groups}
    return networks, domain


def places(table, path=()):
    """Every entry of a table: the keys that lead to it."""
    if isinstance(table, dict | list):
        for key in table if isinstance(table, dict) else range(len(table)):
            yield from places(table[key], (*path, key))
    if path:
        yield path


def changed(table, path, value):
    table = deepcopy(table)
    inner = table
    for key in path[:-1]:
        inner = inner[key]
    if value is Ellipsis:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return table


FREE = {("squashing",), ("decision", "rule"), ("decision", "threshold")}
"""What a certificate does not speak of."""


@pytest.mark.parametrize("name", ["network.json", "domain.json"])
def test_every_other_number_name_or_length_is_turned_down(name, made, tmp_path):
    table = json.loads((made / name).read_text())
    option = {"network.json": "model", "domain.json": "domain"}[name]
    for path in places(table):
        inner = table
        for key in path:
            inner = inner[key]
        for value in (Ellipsis, None, "1/3", "0.1", 17, [], {}, "integer", "x", 1.0 + 2.0**-52, True):
            if (value == inner and type(value) is type(inner)) or path[:2] in FREE or path in FREE:
                continue
            if value is Ellipsis and path[0] in ("input_names", "output_names", "decision") and len(path) < 3:
                continue  # these may be left out
            if value is None and path[-1] in ("input_names", "output_names", "class_names"):
                continue  # as good as left out
            if path == ("decision",) and value == {}:
                continue
            (tmp_path / name).write_text(json.dumps(changed(table, path, value)))
            with pytest.raises((Rejected, Refused)) as caught:
                check(made / "c", **{option: tmp_path / name})
            assert "\n" not in str(caught.value), path


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        (("layers", 0, "W", 1, 0), 2.5, "network.json: layer 0: W[1][0]: 2.5, but 2.0 in the certificate"),
        (("layers", 0, "W", 0, 1), "-0.1", "network.json: layer 0: W[0][1]: '-0.1', but -0.1 in the certificate"),
        (("layers", 1, "b", 0), 4, "network.json: layer 1: b[0]: 4.0, but 3.0 in the certificate"),
        (("layers", 1, "b"), [3, 4], "network.json: layer 1: b: how many numbers: 2, but 1 in the certificate"),
        (("input_names", 1), "rent", "network.json: input_names[1]: 'rent', but 'income' in the certificate"),
        (("decision", "class_names", 0), "n", "network.json: class_names[0]: 'n', but 'no' in the certificate"),
    ],
)
def test_the_place_of_a_difference_is_named(path, value, text, made, tmp_path):
    table = json.loads((made / "network.json").read_text())
    (tmp_path / "network.json").write_text(json.dumps(changed(table, path, value)))
    with pytest.raises(Rejected) as caught:
        check(made / "c", tmp_path / "network.json")
    assert str(caught.value).endswith(text)


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        (("inputs", 0, "upper"), 100, "inputs[0]: upper: 100.0, but 99.0 in the certificate"),
        (("inputs", 0, "upper"), None, "inputs[0]: upper: open (null): True, but False in the certificate"),
        (("inputs", 1, "kind"), "integer", "inputs[1]: kind: 'integer', but 'continuous' in the certificate"),
        (("inputs", 1, "name"), "rent", "inputs[1]: name: 'rent', but 'income' in the certificate"),
        (("at_most", 0, 2), 99, "at_most[0][2]: 99.0, but 100.0 in the certificate"),
        (("equal",), [], "equal: how many rows: 0, but 1 in the certificate"),
        (("groups",), [[0, 1]], "groups: how many rows: 1, but 0 in the certificate"),
    ],
)
def test_the_place_of_a_difference_in_the_domain_is_named(path, value, text, made, tmp_path):
    table = json.loads((made / "domain.json").read_text())
    (tmp_path / "domain.json").write_text(json.dumps(changed(table, path, value)))
    with pytest.raises(Rejected) as caught:
        check(made / "c", domain=tmp_path / "domain.json")
    assert str(caught.value).endswith(text)


ODD = {
    "empty": "",
    "no object": "[]",
    "a number": "7",
    "another format": '{"format": "relugeom", "version": 1}',
    "deep": "[" * 100_000,
    "not UTF-8": b"\xff\xfe",
    "a key twice": '{"format": "relugeom network", "format": "relugeom network"}',
}


@pytest.mark.parametrize("name", ODD)
def test_odd_files_are_refused(name, made, tmp_path, capsys):
    content = ODD[name]
    for option in ("--model", "--domain"):
        odd = tmp_path / "odd.json"
        odd.write_bytes(content if isinstance(content, bytes) else content.encode())
        assert main([str(made / "c"), option, str(odd)]) == 2
        told = capsys.readouterr()
        assert told.out == "" and told.err.startswith("refused: ") and told.err.count("\n") == 1


@pytest.mark.parametrize(
    "number",
    ["1e400", "-1e400", "NaN", "Infinity", '"1e999999999"', '"1/0"', '"nan"', '""', "true", "null", '"1e-9999"',
     '"' + "1" * 500 + '"', "[1]"],
)  # fmt: skip
def test_odd_numbers_are_refused(number, made, tmp_path, capsys):
    text = (made / "network.json").read_text()
    assert text.count("0.25") > 0
    (tmp_path / "n.json").write_text(text.replace("0.25", number, 1))
    if number == "[1]":
        (tmp_path / "n.json").write_text(text.replace('"b": [0.25', '"b": [[1]', 1))
    assert main([str(made / "c"), "--model", str(tmp_path / "n.json")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_bent_files_pass_only_if_they_say_the_same(made, tmp_path):
    """Bytes changed, cut out and doubled: what passes holds the same numbers and names."""
    rng, passed = random.Random(3), 0
    for name, option in (("network.json", "model"), ("domain.json", "domain")):
        content = (made / name).read_bytes()
        for _ in range(120):
            place, kind = rng.randrange(len(content)), rng.randrange(3)
            end = place + rng.randrange(1, 4)
            middle = [rng.choice(b'0123456789.,-e[]{}" ax').to_bytes(), b"", content[place:end] * 2][kind]
            bent = content[:place] + middle + content[place + 1 if kind == 0 else end :]
            (tmp_path / name).write_bytes(bent)
            try:
                check(made / "c", **{option: tmp_path / name})
            except (Rejected, Refused):
                continue
            passed += 1
            assert same_meaning(json.loads(bent), json.loads(content)), bent
    assert passed > 4


def same_meaning(bent, table) -> bool:
    def kept(value):
        free = ("squashing", "precision", "decision")
        return {key: entry for key, entry in value.items() if key not in free}

    classes = [value.get("decision", {}).get("class_names", ["no", "yes"]) for value in (bent, table)]
    return kept(bent) == kept(table) and classes[0] == classes[1]


def test_two_networks_have_two_files(tmp_path):
    other = ReLUNetwork((np.array([[1.0, 0.0]]), np.array([[0.0]])), (np.zeros(1), np.zeros(1)))
    same = ReLUNetwork((np.array([[0.5, 0.0]]), np.array([[0.0]])), (np.zeros(1), np.zeros(1)))
    domain = Domain.box([-1, -1], [1, 1])
    certify_claim(Equivalent(), other, domain, tmp_path / "c", second_network=same)
    for name, network in (("a.json", other), ("b.json", same)):
        (tmp_path / name).write_bytes(plain_network(network))
    files = [tmp_path / "a.json", tmp_path / "b.json"]
    assert check(tmp_path / "c", files[0], (), files[1])["compared"][1] == f"second network: that of {str(files[1])!r}"
    for first, second in ((files[1], None), (None, files[0]), files[::-1]):
        with pytest.raises(Rejected, match=r"layer 0: W\[0\]\[0\]"):
            check(tmp_path / "c", first, (), second)


def test_files_of_version_1_name_no_outputs(tmp_path):
    for written in (hand.fold_bound(), named(hand.fold_bound())):
        (tmp_path / "c").write_bytes(written.content())
        (network,), domain = plain_of(written.header)
        (tmp_path / "n.json").write_text(json.dumps({**network, "output_names": ["y"], "input_names": ["x"]}))
        (tmp_path / "d.json").write_text(json.dumps(domain))
        check(tmp_path / "c", tmp_path / "n.json", domain=tmp_path / "d.json")
