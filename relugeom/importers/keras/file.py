"""Keras models: ``.keras`` archives, ``.h5`` files and live objects, without Keras.

All three hold the same two things, a description in JSON and arrays; they differ in where the arrays of a layer lie. In
``.keras`` it is ``layers/dense_1/vars/0``, counted by class in the order of the description; in ``.h5`` a group named
after the layer, with a list of its arrays; a live layer has them in its ``weights``.
"""

import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from math import prod
from pathlib import Path
from typing import Any, TypeAlias

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.affine_chain import AffineChain, finite_floats
from relugeom.importers.budget import LETTERS
from relugeom.importers.keras.config import LayerConfig, ModelConfig, read_config
from relugeom.importers.keras.hdf5 import (
    child_group,
    open_hdf5,
    read_array,
    read_text,
    read_texts,
    stored_names,
)
from relugeom.importers.keras.layers import Flow, apply_layer
from relugeom.importers.keras.settings import precision_of
from relugeom.linalg.arrays import FloatArray
from relugeom.network.network import ReLUNetwork

__all__ = ["network_from_keras", "read_h5", "read_keras"]

LARGEST_WEIGHTS = 2**30
BEST_RATIO = 200
"""Compression that trained weights cannot reach; a member that claims more is a bomb."""
SMALL_MEMBER = 2**24
GROUP_NAMES = {"Dense": "dense", "BatchNormalization": "batch_normalization", "Normalization": "normalization"}


def read_keras(path: Path) -> ReLUNetwork:
    """Read a network from a ``.keras`` archive; nothing is unpacked to disk, and no code in it is run.

    Raises
    ------
    ModelError
        The archive is damaged, or unpacks to more than a model can be.
    UnsupportedModelError
        The model is not a chain of layers that are affine maps or ReLUs.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            config = _unpacked(archive, "config.json", LETTERS)
            weights = _unpacked(archive, "model.weights.h5", LARGEST_WEIGHTS)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"this is not a .keras file, or it is damaged ({reason}): save the model again") from error
    model = read_config(config)
    with open_hdf5(weights) as root:
        return _network(model, lambda layer: _archive_arrays(root, layer), source="keras")


def read_h5(path: Path) -> ReLUNetwork:
    """Read a network from an ``.h5`` file that `model.save` of Keras 2 or 3 wrote.

    Raises
    ------
    ModelError
        The file is damaged, or holds weights without a model.
    UnsupportedModelError
        The model is not a chain of layers that are affine maps or ReLUs.
    """
    with open_hdf5(path) as root:
        config = read_text(root, "model_config")
        if config is None:
            raise ModelError("the file has no model_config, perhaps only weights: save the whole model")
        weights = child_group(root, "model_weights")
        if weights is None:
            raise ModelError("the file has no model_weights: save the whole model")
        return _network(read_config(config), lambda layer: _layer_arrays(weights, layer), source="h5")


def network_from_keras(model: Any) -> ReLUNetwork:
    """The network that a live Keras model is at this moment; see `network_from`."""
    weights = {layer.name: layer.weights for layer in getattr(model, "layers", ())}
    to_json = getattr(model, "to_json", None)
    if to_json is None:
        raise UnsupportedModelError(
            f"an object of the class {type(model).__name__} is not a Keras model: give the model itself"
        )
    try:
        text = to_json()
    except NotImplementedError:
        raise UnsupportedModelError(
            f"the model is of the class {type(model).__name__}, which cannot describe itself: only Sequential and "
            "functional models can be read"
        ) from None
    return _network(read_config(text), lambda layer: _live_arrays(weights.get(layer.name, ())), source="keras object")


Arrays: TypeAlias = list[tuple[str, Callable[[tuple[int, ...], str], FloatArray]]]
"""A layer's arrays in Keras's order: the name of each, empty if the format has none, and how to read it."""


def _network(model: ModelConfig, arrays: Callable[[LayerConfig], Arrays], *, source: str) -> ReLUNetwork:
    def weights(layer: LayerConfig, shapes: dict[str, tuple[int, ...]], spare: int = 0) -> dict[str, FloatArray]:
        found = arrays(layer)
        if not len(shapes) <= len(found) <= len(shapes) + spare:
            raise layer.damaged(f"has {len(found)} arrays, where {', '.join(shapes) or 'none'} should be")
        result = {}
        for (name, shape), (stored, read) in zip(shapes.items(), found, strict=False):
            if stored not in ("", name):
                raise layer.damaged(f"has an array {stored[:80]!r} where {name!r} should be")
            result[name] = read(shape, f"{layer.label}: {name}")
        return result

    flow = _start(model)
    for layer in model.layers:
        flow = apply_layer(flow, layer, weights)
    # Keras casts to float32 for a batch normalisation, whatever the policy.
    single = any(precision_of(layer) == "float32" or layer.kind == "BatchNormalization" for layer in model.layers)
    return flow.chain.network(source=source, precision="float32" if single else "float64")


def _start(model: ModelConfig) -> Flow:
    shape = model.input_shape
    if shape is None:
        raise UnsupportedModelError("the model does not say how many inputs it has: give it an Input, or call it once")
    return Flow(AffineChain.start(prod(shape)), shape)


def _archive_arrays(root: Any, layer: LayerConfig) -> Arrays:
    name = GROUP_NAMES[layer.kind] + (f"_{layer.ordinal}" if layer.ordinal else "")
    group = child_group(root, f"layers/{name}/vars")
    if group is None:
        raise layer.damaged("has no weights in the archive")
    owner = read_text(group, "name")
    if owner not in (None, layer.name):
        raise layer.damaged(f"finds the weights of the layer {owner[:80]!r} in its place")
    count = len(stored_names(group))
    return [("", partial(read_array, group, str(position))) for position in range(count)]


def _layer_arrays(weights: Any, layer: LayerConfig) -> Arrays:
    group = child_group(weights, layer.name)
    paths = None if group is None else read_texts(group, "weight_names")
    if paths is None:
        raise layer.damaged("has no weights in the file")
    return [(_last_name(path), partial(read_array, group, path)) for path in paths]


def _live_arrays(variables: Any) -> Arrays:
    return [(_last_name(str(variable.name)), partial(_live_values, variable)) for variable in variables]


def _live_values(variable: Any, shape: tuple[int, ...], place: str) -> FloatArray:
    return finite_floats(variable.numpy(), shape, place)


def _last_name(path: str) -> str:
    """``kernel`` of "sequential/dense/kernel:0"."""
    return path.split("/")[-1].split(":")[0]


def _unpacked(archive: zipfile.ZipFile, name: str, largest: int) -> bytes:
    """A member's bytes, after a look at how many it claims."""
    members = [member for member in archive.infolist() if member.filename == name]
    if len(members) != 1:
        raise ModelError(
            f"the archive holds {len(members)} members {name!r}, where one should be: save the model again"
        )
    member = members[0]
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnsupportedModelError(f"the member {name!r} is packed in an unusual way: save the model again")
    bomb = member.file_size > max(SMALL_MEMBER, BEST_RATIO * member.compress_size)
    if bomb or member.file_size > largest:
        raise ModelError(f"{name!r} unpacks to {member.file_size} bytes: this is not a network")
    with archive.open(member) as file:
        return file.read(
            member.file_size
        )  # without a number, all that is packed is unpacked before the sizes are compared
