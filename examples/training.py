"""Training with Keras (JAX backend), as both studies need it: `pip install '.[studies]'`.

A study has *settings*, and a table of the results of seeds 0, 1, 2, …: one CSV file with one row per seed.
"""

import argparse
import csv
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import relugeom as rg

os.environ.setdefault("KERAS_BACKEND", "jax")

STEPS_PER_CALL = 100
"""Batches that Keras hands to JAX at once; the result is the same."""

Weights = list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a network with ReLU layers and a sigmoid output is trained on the cross-entropy with Adam."""

    widths: tuple[int, ...]
    step_size: float
    epochs: int
    batch_size: int
    activity_l1: float = 0.0  # on the first hidden layer; Keras divides it by the batch size
    kernel_l2: float = 0.0  # on the first hidden layer
    validation_share: float = 0.0  # the last rows, which are not trained on


def build_model(inputs: int, settings: Settings):
    """The Keras model, compiled."""
    import keras

    first = {
        "activity_regularizer": keras.regularizers.L1(settings.activity_l1) if settings.activity_l1 else None,
        "kernel_regularizer": keras.regularizers.L2(settings.kernel_l2) if settings.kernel_l2 else None,
    }
    layers = [keras.Input((inputs,))]
    for number, width in enumerate(settings.widths):
        layers.append(keras.layers.Dense(width, activation="relu", **({} if number else first)))
    model = keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])
    model.compile(
        optimizer=keras.optimizers.Adam(settings.step_size),
        loss="binary_crossentropy",
        steps_per_execution=STEPS_PER_CALL,
    )
    return model


def train_network(X: np.ndarray, target: np.ndarray, settings: Settings, *, seed: int) -> Weights:
    """(W, b) of every layer, y = W x + b, in float32."""
    import keras

    keras.utils.set_random_seed(seed)
    model = build_model(X.shape[1], settings)
    model.fit(
        X.astype(np.float32),
        target.astype(np.float32),
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        validation_split=settings.validation_share,
        verbose=0,
    )
    return [(layer.get_weights()[0].T, layer.get_weights()[1]) for layer in model.layers]


def save_network(weights: Weights, path: Path, names: Sequence[str], target: str) -> None:
    """Write an ONNX file: float32 weights as they are, ReLU between layers, a sigmoid, the names of the features."""
    nodes, tensors, value = [], [], "features"
    for k, (W, b) in enumerate(weights):
        tensors += [numpy_helper.from_array(W, f"W{k}"), numpy_helper.from_array(b, f"b{k}")]
        nodes.append(helper.make_node("Gemm", [value, f"W{k}", f"b{k}"], [f"z{k}"], transB=1))
        value = f"a{k}" if k < len(weights) - 1 else target
        nodes.append(helper.make_node("Relu" if k < len(weights) - 1 else "Sigmoid", [f"z{k}"], [value]))
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])
        for name, size in (("features", len(names)), (target, 1))
    ]
    graph = helper.make_graph(nodes, "network", [ends[0]], [ends[1]], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    helper.set_model_props(model, {"input_names": json.dumps(names), "output_names": json.dumps([target])})
    onnx.save(model, path)


def run_seeds(
    settings: Mapping[str, Settings],
    X: np.ndarray,
    target: np.ndarray,
    names: Sequence[str],
    target_name: str,
    describe: Callable[[rg.ReLUNetwork], Mapping[str, object]],
    *,
    table: Path,
    trained_rows: int | None = None,
) -> None:
    """The command line of a study's train.py: train seeds under a setting, and write what `describe` says of each.

    Parameters
    ----------
    trained_rows
        Only the first rows are trained on; by default all.
    table
        Where the rows go: ``<setting>.csv`` in this folder.
    """
    parser = argparse.ArgumentParser(description="Train networks with Keras and describe them, one line per seed.")
    parser.add_argument("setting", choices=sorted(settings))
    parser.add_argument("--seeds", type=int, default=100, metavar="N", help="seeds 0 to N − 1 (100)")
    parser.add_argument("--seed", type=int, metavar="S", help="this seed alone")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the networks, as DIR/<setting>-<seed>.onnx")
    parser.add_argument("--table", type=Path, default=table, metavar="DIR", help=f"folder of the table ({table.name})")
    chosen = parser.parse_args()
    seeds = range(chosen.seeds) if chosen.seed is None else [chosen.seed]
    keep = chosen.keep or chosen.table / "networks"
    rows = []
    for seed in seeds:
        weights = train_network(X[:trained_rows], target[:trained_rows], settings[chosen.setting], seed=seed)
        keep.mkdir(parents=True, exist_ok=True)
        place = keep / f"{chosen.setting}-{seed}.onnx"
        save_network(weights, place, list(names), target_name)
        rows.append({"seed": seed, **describe(rg.load_network(place))})
        if chosen.keep is None:
            place.unlink()
        print(*(f"{key} {value}" for key, value in rows[-1].items()), sep=", ", flush=True)
    if chosen.keep is None:
        keep.rmdir()
    if chosen.seed is None:
        with (chosen.table / f"{chosen.setting}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    sys.stdout.flush()
