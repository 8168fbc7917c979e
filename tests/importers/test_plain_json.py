"""Networks in JSON: every number as it is written, everything that could be read in two ways refused."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from importer_conformance import FileCase, assert_honest_rounding, check_file, refused

from relugeom.errors import UnsupportedModelError
from relugeom.importers.loading import load_network
from relugeom.importers.plain_json import LARGEST_FILE
from relugeom.network.decision import Decision, Squashing
from relugeom.network.network import ReLUNetwork

FIXTURES = Path(__file__).parent / "fixtures"
LAYERS = [{"W": [[1, -2.5], [0, 3e-1]], "b": [0, -1]}, {"W": [[1, 2]], "b": [0.5]}]
NETWORK = {"format": "relugeom network", "version": 1, "squashing": "none", "layers": LAYERS}
ODD = ("", "nan", "inf", "1_0", "0x1p3", " 1", "1/0", "1/-2", "1.5/2", "1e1000", "٣", "1e", ".", "1/2/3")
HEAD = json.dumps(NETWORK).removesuffix("}")


def written(folder: Path, content: object) -> Path:
    """A file with an object, or with a text as it is."""
    path = folder / "network.json"
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    return path


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    described: dict[str, Any] = json.loads(json.dumps(NETWORK))
    change(described)
    return described


@pytest.mark.parametrize("name", ["acas", "torch_double"])
def test_what_a_framework_held_is_read_bit_for_bit(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with np.load(FIXTURES / f"{name}.npz") as file:
        held = dict(file)
    depth = max(int(key[1:]) for key in held if key[0] == "W" and key[1:].isdigit()) + 1
    layers = [(held[f"W{layer}"].astype(float), held[f"b{layer}"].astype(float)) for layer in range(depth)]
    listed = [{"W": W.tolist(), "b": b.tolist()} for W, b in layers]
    names = [f"input {place}" for place in range(layers[0][0].shape[1])]
    path = written(tmp_path, NETWORK | {"layers": listed, "input_names": names})
    digest = ReLUNetwork.from_layers(*layers).digest
    x, y = held["x"], held["y"]
    check_file(FileCase(path, x, y, digest, layers, tuple(names)), tmp_path, capsys)


@settings(max_examples=60)
@given(
    sizes=st.lists(st.integers(1, 3), min_size=2, max_size=4),
    data=st.data(),
    squashing=st.sampled_from(Squashing),
    probability=st.floats(0.01, 0.99),
)
def test_what_is_written_out_is_read_back(
    sizes: list[int],
    data: st.DataObject,
    squashing: Squashing,
    probability: float,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    squashing = Squashing.NONE if sizes[-1] == 1 and squashing is Squashing.SOFTMAX else squashing
    finite = st.floats(allow_nan=False, allow_infinity=False)
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    layers = [
        {
            "W": data.draw(st.lists(st.lists(finite, min_size=n, max_size=n), min_size=m, max_size=m)),
            "b": data.draw(st.lists(finite, min_size=m, max_size=m)),
        }
        for m, n in shapes
    ]
    rule = Decision.at_probability(probability, ("no", "yes")) if sizes[-1] == 1 else Decision.largest()
    network = ReLUNetwork(
        tuple(np.array(layer["W"]) for layer in layers),
        tuple(np.array(layer["b"]) for layer in layers),
        input_names=tuple(f"größe {index}" for index in range(sizes[0])),
        squashing=squashing,
        decision=rule,
    )
    decision: dict[str, Any] = {"rule": rule.rule.value, "class_names": list(rule.class_names)}
    decision |= {"threshold": [rule.lower, rule.upper]} if sizes[-1] == 1 else {}
    if not rule.class_names:
        del decision["class_names"]
    content = {"layers": layers, "squashing": squashing.value, "input_names": network.input_names, "decision": decision}
    again = load_network(written(tmp_path_factory.mktemp("json"), NETWORK | content))
    assert again == network
    assert again.meaning_digest == network.meaning_digest


@given(
    st.fractions(max_denominator=10**6),
    st.sampled_from(["{0.numerator}/{0.denominator}", "+{1}/00{0.denominator}"]),
)
def test_a_number_in_quotes_means_what_it_says(exact: Fraction, form: str) -> None:
    from relugeom.importers.plain_json import _exact

    exact = abs(exact) if form.startswith("+") else exact
    value, rounded = _exact(form.format(exact, exact.numerator), "W[0]")
    assert value == float(exact)
    assert rounded is (Fraction(value) != exact)


def test_decimals_in_quotes_are_rounded_once_and_counted(tmp_path: Path) -> None:
    layers = [{"W": [["0.1", "1/3"], ["0.5", "-2e3"]], "b": [".25", "1e-320"]}, {"W": [[0.1, 1]], "b": ["7."]}]
    network = load_network(written(tmp_path, NETWORK | {"layers": layers}))
    assert network.weights[0].tolist() == [[0.1, 1 / 3], [0.5, -2000.0]]
    assert network.biases[0].tolist() == [0.25, 1e-320]
    assert network.origin.rounded_count == 3  # a number without quotes means the nearest float64
    assert [flags.tolist() for flags in network.origin.rounded_weights] == [
        [[True, True], [False, False]],
        [[False] * 2],
    ]
    assert_honest_rounding(network, rounded=True)


def test_what_the_weights_do_not_tell_is_read(tmp_path: Path) -> None:
    decision = {"rule": "threshold", "threshold": 0.25, "class_names": ["no", "yes"]}
    more = {"input_names": ["age", "größe"], "output_names": ["Survived"], "precision": "float32", "decision": decision}
    network = load_network(written(tmp_path, NETWORK | {"squashing": "sigmoid"} | more))
    assert (network.feature_names, network.target_names) == (("age", "größe"), ("Survived",))
    assert network.rule == Decision.at_threshold(0.25, ("no", "yes"))
    assert (network.squashing, network.origin.precision) == (Squashing.SIGMOID, "float32")
    plain = load_network(written(tmp_path, NETWORK))
    assert (plain.input_names, plain.origin.precision, plain.origin.rounded_weights) == ((), "float64", ())
    assert plain.rule == Decision()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not a network in JSON"),
        ("\ufeff" + json.dumps(NETWORK), "BOM"),
        ("\ud800", "not a network in JSON"),
        ("[]", "the file must hold an object with the keys format, version, squashing, layers, not an empty list"),
        ("null", "not null"),
        ('"network"', "not 'network'"),
        (HEAD, "not a network in JSON"),
        (HEAD + "}}", "Extra data"),
        (HEAD + ', "version": 1}', "a key comes twice"),
        (HEAD.replace('"b": [0.5]', '"b": [0.5], "b": [1]') + "}", "a key comes twice"),
        (HEAD.replace("-2.5", "NaN") + "}", "NaN is not a finite number"),
        (HEAD.replace("-2.5", "-Infinity") + "}", "-Infinity is not a finite number"),
        (HEAD.replace("-2.5", "1e999") + "}", "layer 0: W[0][1] is beyond the largest float64"),
        (HEAD.replace("-2.5", "9" * 400) + "}", "layer 0: W[0][1] is beyond the largest float64"),
        (HEAD.replace("-2.5", "9" * 10**6) + "}", "layer 0: W[0][1] is beyond the largest float64"),
        (HEAD.replace("-2.5", "[" * 10**5 + "]" * 10**5) + "}", "it is nested too deeply"),
        ("[" * 10**6, "nested too deeply"),
        (HEAD.replace("-2.5", "01") + "}", "not a network in JSON"),
        (HEAD.replace("-2.5", "true") + "}", "layer 0: W[0][1] is true: write a number"),
        (HEAD.replace("-2.5", "null") + "}", "layer 0: W[0][1] is null: write a number"),
        (HEAD.replace("-2.5", "{}") + "}", "layer 0: W[0][1] is an object: write a number"),
        (HEAD.replace("-2.5", "[1]") + "}", "layer 0: W[0][1] is a list: write a number"),
        *((HEAD.replace("-2.5", f'"{text}"') + "}", f"layer 0: W[0][1] is {text!r}: write a number") for text in ODD),
        (HEAD.replace("-2.5", '"' + "1" * 401 + '"') + "}", "layer 0: W[0][1] is '111"),
        (HEAD.replace("-2.5", '"1e999"') + "}", "layer 0: W[0][1] is beyond the largest float64"),
        (HEAD.replace("-2.5", '"1e-999"') + "}", "whose nearest float64 is 0"),
        (NETWORK | {"format": "onnx"}, "\"format\" and \"version\" are 'onnx' and 1.0"),
        (NETWORK | {"version": 2}, "only \"relugeom network\", version 1, is read"),
        (NETWORK | {"version": True}, "are 'relugeom network' and true"),
        (NETWORK | {"activation": "relu"}, "the file has the key 'activation', which is unknown there"),
        (NETWORK | {"squashing": "tanh"}, "\"squashing\" must be one of none, sigmoid, softmax, not 'tanh'"),
        (NETWORK | {"squashing": ["none"]}, "not a list"),
        (NETWORK | {"squashing": "softmax"}, "a softmax of a single output"),
        (NETWORK | {"precision": "float16"}, "\"precision\" must be one of float32, float64"),
        (NETWORK | {"input_names": ["age"]}, "1 input names for 2 inputs"),
        (NETWORK | {"input_names": ["age", "age"]}, "'age' is used twice"),
        (NETWORK | {"input_names": ["age", 1]}, "must be a list of texts, not of 1.0"),
        (NETWORK | {"output_names": "Survived"}, "must be a list that is not empty, not 'Survived'"),
        (NETWORK | {"output_names": []}, "not an empty list"),
        (NETWORK | {"decision": "largest"}, "\"decision\" must hold an object"),
        (NETWORK | {"decision": {}}, "\"decision\" lacks the key 'rule'"),
        (NETWORK | {"decision": {"rule": "threshold"}}, "needs a \"threshold\""),
        (NETWORK | {"decision": {"rule": "none", "threshold": 0}}, "must not have one otherwise"),
        (NETWORK | {"decision": {"rule": "threshold", "threshold": [1, 0]}}, "one number, or two in ascending order"),
        (NETWORK | {"decision": {"rule": "threshold", "threshold": "1/3"}}, "one number, or two in ascending order"),
        (NETWORK | {"decision": {"rule": "threshold", "threshold": []}}, "one number, or two in ascending order"),
        (NETWORK | {"decision": {"rule": "threshold", "threshold": 0, "class_names": ["a"]}}, "1 class names for 2"),
        (NETWORK | {"layers": []}, '"layers" must be a list that is not empty'),
        (NETWORK | {"layers": {"W": []}}, "not an object"),
        (NETWORK | {"layers": [[]]}, "layer 0 must hold an object with the keys W, b"),
        (changed(lambda held: held["layers"][1].update(b=[1, 2])), "layer 1: b has shape (2,)"),
        (changed(lambda held: held["layers"][1].update(W=[[1]])), "layer 1: W of shape (1, 1) takes 1 values"),
        (changed(lambda held: held["layers"][0].update(W=[[1, 2], [3]])), "layer 0: W[1] has 1 numbers, and W[0]"),
        (changed(lambda held: held["layers"][0].update(W=[])), "layer 0: W must be a list that is not empty"),
        (changed(lambda held: held["layers"][0].update(W=[1, 2])), "layer 0: W[0] must be a list"),
        (changed(lambda held: held["layers"][0].update(activation="tanh")), "layer 0 has the key 'activation'"),
        *((changed(lambda held, key=key: held.pop(key)), f"the file lacks the key {key!r}") for key in NETWORK),
        (changed(lambda held: held["layers"][0].pop("b")), "layer 0 lacks the key 'b'"),
    ],
)  # fmt: skip
def test_what_could_be_read_in_two_ways_is_refused(content: object, words: str, tmp_path: Path) -> None:
    path = written(tmp_path, content)
    refused(lambda: load_network(path), str(path), words)


def test_files_that_are_too_large_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    refused(lambda: load_network(path), "save a larger one as .npz")
    path.write_text(f'{{"layers": [{",".join(["[]"] * 2**20)}]}}', encoding="ascii")
    refused(lambda: load_network(path), "more units cannot be analysed", error=UnsupportedModelError)
    refused(lambda: load_network(path, layers=["fc1"]), "layers is only for files of tensors")
