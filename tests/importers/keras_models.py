"""Keras files written by hand, as Keras 3 and Keras 2 lay them out, to be bent in tests."""

import io
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

SNAKE = {"Dense": "dense", "BatchNormalization": "batch_normalization", "Normalization": "normalization"}
Layer = tuple[str, dict[str, Any], list[NDArray[Any]]]
RNG = np.random.default_rng(5)


def dense(n: int, m: int, activation: Any = "linear", **settings: Any) -> Layer:
    arrays = [RNG.normal(size=(n, m)).astype(np.float32), RNG.normal(size=m).astype(np.float32)]
    return "Dense", {"units": m, "activation": activation, **settings}, arrays


def layer(kind: str, *arrays: NDArray[Any], **settings: Any) -> Layer:
    return kind, settings, list(arrays)


def entries(layers: tuple[Layer, ...], shape: list[Any] | None) -> list[dict[str, Any]]:
    described = [
        {"module": "keras.layers", "class_name": kind, "config": {"name": f"l{i}", **settings}, "registered_name": None}
        for i, (kind, settings, _) in enumerate(layers)
    ]
    first = {"module": "keras.layers", "class_name": "InputLayer", "config": {"name": "in", "batch_shape": shape}}
    return [first, *described] if shape is not None else described


def sequential(layers: tuple[Layer, ...], shape: list[Any] | None) -> dict[str, Any]:
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": entries(layers, shape)}}


def functional(layers: tuple[Layer, ...], shape: list[Any] | None) -> dict[str, Any]:
    """A chain in the connections of Keras 3."""
    listed = entries(layers, shape)
    for before, entry in zip([None, *listed], listed, strict=False):
        entry["inbound_nodes"] = [] if before is None else [{"args": [tensor(before["config"]["name"])], "kwargs": {}}]
    names = [entry["config"]["name"] for entry in listed]
    settings = {"name": "f", "layers": listed, "input_layers": ["in", 0, 0], "output_layers": [[names[-1], 0, 0]]}
    return {"module": "keras", "class_name": "Functional", "config": settings}


def tensor(name: str, node: int = 0, output: int = 0) -> dict[str, Any]:
    return {"class_name": "__keras_tensor__", "config": {"shape": [None, 1], "keras_history": [name, node, output]}}


def weights_file(layers: tuple[Layer, ...]) -> bytes:
    """model.weights.h5 as Keras 3 writes it."""
    buffer, counts = io.BytesIO(), Counter[str]()
    with h5py.File(buffer, "w") as file:
        for position, (kind, _, arrays) in enumerate(layers):
            if kind in SNAKE:
                number = counts[kind]
                counts[kind] += 1
                group = file.create_group(f"layers/{SNAKE[kind]}{f'_{number}' if number else ''}/vars")
                group.attrs["name"] = f"l{position}"
                for i, array in enumerate(arrays):
                    group[str(i)] = array
    return buffer.getvalue()


def archive(path: Path, config: Any, weights: bytes, **options: Any) -> Path:
    """A .keras file; `config` is a description, or the text of one."""
    with zipfile.ZipFile(path, "w", **options) as file:
        file.writestr("metadata.json", "{}")
        file.writestr("config.json", config if isinstance(config, str | bytes) else json.dumps(config))
        file.writestr("model.weights.h5", weights)
    return path


def saved(folder: Path, *layers: Layer, shape: list[Any] | None = None, form: Any = sequential) -> Path:
    """A whole model as a .keras file; its first layer's matrix tells the shape of the input."""
    if shape is None:
        shape = [None, next(arrays[0].shape[0] for kind, _, arrays in layers if kind == "Dense")]
    return archive(folder / "model.keras", form(layers, shape), weights_file(layers))


def keras_2_file(path: Path, *layers: Layer, as_chain: bool = False) -> Path:
    """An .h5 file with the description, the connections and the names that Keras 2 wrote."""
    names = [f"l{i}" for i in range(len(layers))]
    listed = [
        {"class_name": kind, "config": {"name": name, **settings}}
        for name, (kind, settings, _) in zip(names, layers, strict=True)
    ]
    settings: Any = {"name": "s", "layers": listed}
    size = layers[0][2][0].shape[0]
    if as_chain:
        first = {"class_name": "InputLayer", "config": {"name": "in", "batch_input_shape": [None, size]}}
        for before, entry in zip(["in", *names], listed, strict=False):
            entry |= {"name": entry["config"]["name"], "inbound_nodes": [[[before, 0, 0, {}]]]}
        settings |= {"layers": [first | {"inbound_nodes": []}, *listed]}
        settings |= {"input_layers": [["in", 0, 0]], "output_layers": [[names[-1], 0, 0]]}
    else:
        listed[0]["config"]["batch_input_shape"] = [None, size]
    model = {"class_name": "Model" if as_chain else "Sequential", "config": settings}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(model).encode()
        file.attrs["keras_version"] = b"2.3.1"
        for name, (_, _, arrays) in zip(names, layers, strict=True):
            group = file.create_group(f"model_weights/{name}")
            paths = [f"{name}/{what}:0" for what in ("kernel", "bias")[: len(arrays)]]
            group.attrs["weight_names"] = np.array(paths, dtype="S")
            for place, array in zip(paths, arrays, strict=True):
                group[place] = array
    return path
