"""Keras models that are no chain of affine maps and ReLUs: one line names the layer and the reason."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from importer_conformance import refused
from keras_models import archive, dense, functional, layer, saved, sequential, tensor, weights_file

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.loading import load_network

FOUR = np.ones(4, np.float32)
CUSTOM = {"module": "my.code", "class_name": "function", "config": "bend", "registered_name": "mine>bend"}
CAPPED = {"module": "keras.layers", "class_name": "ReLU", "config": {"max_value": 6.0}, "registered_name": None}


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (
            [dense(3, 4, "tanh"), dense(4, 1)],
            ["layer 'l0' (Dense)", "'tanh'", "not piecewise linear", "relu and linear"],
        ),
        ([dense(3, 4, "relu6"), dense(4, 1)], ["'relu6'", "relu and linear", "export the model to ONNX"]),
        ([dense(3, 4, "leaky_relu"), dense(4, 1)], ["'leaky_relu'", "export the model to ONNX"]),
        ([dense(3, 4), layer("ZeroPadding1D")], ["'l1' (ZeroPadding1D)", "export the model to ONNX"]),
        ([dense(3, 4), layer("Relu")], ["'l1' (Relu)", "export the model to ONNX"]),  # keras.ops.relu
        ([dense(3, 4, "sigmoid"), dense(4, 1)], ["layer 'l1' (Dense)", "follows a sigmoid", "end of a network"]),
        ([dense(3, 4, "softmax"), layer("Activation", activation="relu")], ["'l1' (Activation)", "follows a softmax"]),
        ([dense(3, 4, CUSTOM)], ["'mine>bend'", "whose code is not in the file"]),
        ([dense(3, 4, {"value": ["4wEAAAA=", None, None]})], ["is code, which is never run"]),
        ([dense(3, 4, {"class_name": "__lambda__", "config": {}})], ["is code, which is never run"]),
        ([dense(3, 4, CAPPED)], ["has a maximum", "plain ReLU"]),
        ([dense(3, 4), layer("Lambda", function="print")], ["layer 'l1' (Lambda)", "never run"]),
        ([dense(3, 4), layer("LSTM")], ["'l1' (LSTM)", "the supported layers are Activation"]),
        ([dense(3, 4), layer("Conv1D", filters=2)], ["'l1' (Conv1D)", "export the model to ONNX", "format='onnx'"]),
        ([dense(3, 4), layer("GlobalMaxPooling1D")], ["'l1' (GlobalMaxPooling1D)", "export the model to ONNX"]),
        ([dense(3, 4), layer("LeakyReLU")], ["'l1' (LeakyReLU)", "export the model to ONNX"]),
        ([dense(3, 4), layer("Sequential", layers=[])], ["a model inside the model"]),
        ([dense(3, 4), layer("My\nLayer")], ["'l1' (My\\nLayer)"]),
        ([dense(3, 4), layer("ReLU", negative_slope=0.1)], ["plain ReLU"]),
        ([dense(3, 4), layer("ReLU", threshold=1.0)], ["plain ReLU"]),
        ([dense(3, 4), layer("Softmax", axis=0)], ["works along the batch"]),
        ([dense(3, 4, dtype="mixed_float16")], ["'mixed_float16'", "only float32 and float64"]),
        ([dense(3, 4, dtype={"config": {"name": "int8_from_float32"}})], ["'int8_from_float32'"]),
        ([dense(3, 4, quantization_config={"mode": "int8"})], ["is quantised"]),
    ],
)
def test_layers_that_cannot_be_read(layers: list[Any], words: list[str], tmp_path: Path) -> None:
    refused(lambda: load_network(saved(tmp_path, *layers)), *words, error=UnsupportedModelError)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([dense(3, 4), dense(5, 1)], ["layer 'l1' (Dense): kernel has the shape [5, 1] instead of [4, 1]"]),
        ([dense(3, 4, units=5)], ["kernel has the shape [3, 4] instead of [3, 5]"]),
        ([dense(3, 4, units=2**70)], ["the limit is"]),
        ([dense(3, 4, 7)], ["has the activation 7"]),
        ([dense(3, 4, units=0)], ["units = 0"]),
        ([dense(3, 4, units=True)], ["units = True"]),
        ([dense(3, 4, use_bias=False)], ["has 2 arrays, where kernel should be"]),
        ([dense(3, 4, use_bias=None)], ["use_bias = None"]),
        ([dense(3, 4), layer("Rescaling", scale=[1, 2, 3])], ["a scale of shape [3] for samples of shape [4]"]),
        ([dense(3, 4), layer("Rescaling")], ["scale = None"]),
        ([dense(3, 4), layer("Rescaling", scale=[[1, 2], [3]])], ["neither a number nor a rectangular array"]),
        ([dense(3, 4), layer("Rescaling", scale=float("nan"))], ["not finite"]),
        ([dense(3, 4), layer("Rescaling", scale=10**400)], ["beyond float64"]),
        ([dense(3, 4), layer("Rescaling", scale=1e39)], ["not finite"]),  # in float32
        ([dense(3, 4), layer("Reshape", target_shape=[-1, -1])], ["gives 4 values the shape [-1, -1]"]),
        ([dense(3, 4), layer("Reshape", target_shape=[3, -1])], ["gives 4 values the shape [3, -1]"]),
        ([dense(3, 4), layer("Reshape", target_shape=[])], ["is not a shape"]),
        ([dense(3, 4), layer("BatchNormalization", axis=2)], ["axis = 2"]),
        ([dense(3, 4), layer("BatchNormalization", FOUR, FOUR, FOUR, FOUR, epsilon=[1, 2])], ["2 numbers for epsilon"]),
        ([dense(3, 4), layer("Normalization", mean=[1, 2], variance=1)], ["mean of shape [2] for [4] values"]),
        ([dense(3, 4), layer("Normalization", mean=0, variance=-1)], ["variance below zero"]),
    ],
)
def test_layers_whose_settings_do_not_fit(layers: list[Any], words: list[str], tmp_path: Path) -> None:
    refused(lambda: load_network(saved(tmp_path, *layers)), *words)


def test_variances_that_are_not_positive(tmp_path: Path) -> None:
    least = np.float32([1, 1, -0.001, 1])
    layers = dense(3, 4), layer("BatchNormalization", FOUR, FOUR, FOUR, least, epsilon=0.001)
    refused(lambda: load_network(saved(tmp_path, *layers)), "'l1' (BatchNormalization)", "not positive")


def test_a_dense_layer_on_rows(tmp_path: Path) -> None:
    path = saved(tmp_path, dense(3, 4), shape=[None, 2, 3])
    refused(lambda: load_network(path), "each of 2 rows", "Flatten", error=UnsupportedModelError)
    assert load_network(saved(tmp_path, dense(3, 4), shape=[None, 1, 3])).inputs == 3


def test_values_in_another_order(tmp_path: Path) -> None:
    flat = layer("Flatten", data_format="channels_first")
    refused(lambda: load_network(saved(tmp_path, flat, dense(6, 4), shape=[None, 2, 3])), "channels_last")
    assert load_network(saved(tmp_path, flat, dense(6, 4), shape=[None, 6])).inputs == 6


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ([None], ["input's shape is [None]"]),
        ([None, None], ["leaves an axis open"]),
        ([None, 0], ["at least 1"]),
        ([None, -3], ["at least 1"]),
        ([None, 10**6, 10**6], ["at most 1000000"]),
        ([None, 2.5], ["input's shape is"]),
        ([None, *[1] * 40], ["input's shape is"]),
    ],
)
def test_inputs_without_a_usable_shape(shape: list[Any], words: list[str], tmp_path: Path) -> None:
    refused(lambda: load_network(saved(tmp_path, dense(3, 4), shape=shape)), *words)


def test_a_model_that_does_not_know_its_inputs(tmp_path: Path) -> None:
    layers = (dense(3, 4),)
    path = archive(tmp_path / "m.keras", sequential(layers, None), weights_file(layers))
    refused(lambda: load_network(path), "how many inputs", error=UnsupportedModelError)


def bent(folder: Path, change: Any) -> Path:
    """A functional model of three layers, after a change of its description."""
    layers = dense(3, 3, "relu"), dense(3, 3, "relu"), dense(3, 2)
    model = functional(layers, [None, 3])
    change(model["config"], model["config"]["layers"])
    return archive(folder / "bent.keras", model, weights_file(layers))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda model, _: model.update(output_layers=[["l2", 0, 0], ["l1", 0, 0]]), ["1 inputs and 2 outputs"]),
        (lambda model, _: model.update(output_layers={"a": ["l2", 0, 0]}), ["output_layers is"]),
        (lambda model, _: model.update(output_layers=[["l9", 0, 0]]), ["a layer 'l9' that it does not list"]),
        (lambda model, _: model.update(output_layers=[["l2", 0, 1]]), ["takes output 1 of the layer 'l2'"]),
        (lambda model, _: model.update(output_layers=[["l2", -1, 0]]), ["names a tensor by"]),
        (lambda model, _: model.update(output_layers=[["l2", 0]]), ["names a tensor by"]),
        (lambda model, _: model.update(layers=[]), ["lists no layers"]),
        (lambda _, layers: layers[3].update(inbound_nodes=[]), ["'l2' (Dense)", "connected to nothing"]),
        (lambda _, layers: layers[1].update(inbound_nodes=[{"args": [tensor("l2")]}]), ["depends on itself"]),
        (
            lambda _, layers: layers[3].update(inbound_nodes=[{"args": [[tensor("l1"), tensor("l0")]]}]),
            ["combines 2 tensors"],
        ),
        (
            lambda _, layers: layers[3].update(inbound_nodes=[{"args": [tensor("l1")], "kwargs": {"training": True}}]),
            ["called with 'training'"],
        ),
        (lambda _, layers: layers[3].update(inbound_nodes=[[["l1", 0, 0, {"training": True}]]]), ["'training'"]),
        (lambda _, layers: layers[3]["config"].update(name="l1"), ["two layers are called 'l1'"]),
        (lambda _, layers: layers[3].update(module="my.code"), ["custom class 'Dense'"]),
        (lambda _, layers: layers[3].update(module=["keras"]), ["custom class"]),
        (lambda _, layers: layers[3].update(registered_name="Mine>Dense"), ["custom class 'Mine>Dense'"]),
        (lambda _, layers: layers[3].update(config=None), ["lacks its class or its settings"]),
        (lambda _, layers: layers.append(7), ["not by an object"]),
    ],
)
def test_connections_that_are_no_chain(change: Any, words: list[str], tmp_path: Path) -> None:
    refused(lambda: load_network(bent(tmp_path, change)), *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", ["not JSON"]),
        (b"\xff\xfe{", ["not JSON"]),
        ("[" * 10**5, ["not JSON"]),
        ("[]", ["not by an object"]),
        ('{"class_name": "Sequential"}', ["lacks its class or its settings"]),
        ('{"class_name": "Mine", "config": {}}', ["'Mine'", "whose computation is code"]),
        ('{"class_name": "Functional", "config": {"layers": 5}}', ["lists no layers"]),
    ],
)
def test_descriptions_of_no_model(text: str | bytes, words: list[str], tmp_path: Path) -> None:
    refused(lambda: load_network(archive(tmp_path / "m.keras", text, weights_file(()))), *words)


def test_a_model_of_nothing_but_an_input(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.keras", sequential((), [None, 3]), weights_file(()))
    refused(lambda: load_network(path), "no layer besides its input")


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for key, part in inner for place in places(part, (*here, key)))]


STRANGE = [
    None,
    True,
    0,
    -1,
    2**80,
    0.5,
    float("nan"),
    "",
    "tanh",
    "Dense",
    "a\nb",
    [],
    {},
    [[]],
    [None],
    {"config": 1},
]


@settings(max_examples=300)
@given(data=st.data())
def test_strange_values_anywhere_never_surprise(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    layers = (
        layer("Rescaling", scale=[1.0, 2.0, 3.0], offset=0.5),
        dense(3, 4, "relu", use_bias=True, dtype={"config": {"name": "float32"}}),
        layer("BatchNormalization", FOUR, FOUR, FOUR, FOUR, axis=-1, epsilon=0.001, scale=True, center=True),
        layer("Reshape", target_shape=[2, -1]),
        layer("Normalization", axis=[-1], mean=[1.0, 2.0], variance=[1.0, 4.0], invert=False),
        layer("Flatten", data_format="channels_last"),
        layer("ReLU", max_value=None, negative_slope=0.0, threshold=0.0),
        dense(4, 2, "softmax"),
    )
    model = data.draw(st.sampled_from([functional, sequential]))(layers, [None, 3])
    model = json.loads(json.dumps(model))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(places(model)[1:]))
        holder = model
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = deepcopy(data.draw(st.sampled_from(STRANGE)))
    path = archive(tmp_path_factory.mktemp("strange") / "m.keras", model, weights_file(layers))
    try:
        load_network(path)
    except ModelError as error:
        assert "\n" not in str(error)
