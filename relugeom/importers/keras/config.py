"""A Keras model's JSON description as plain values: the shape of its input, and its layers in the order they act.

Only the form is checked here: a Sequential model, or a functional one whose output is reached from its only input
through one layer after the other. What the layers mean is the business of `keras_layers.py`. Names of Python objects
in the description are compared with known texts, never imported. Descriptions of Keras 2 and Keras 3 differ in how
layers are connected; both are read.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.budget import LETTERS

__all__ = ["LayerConfig", "ModelConfig", "class_and_settings", "read_config"]

LARGEST_INPUT = 10**6
"""Most features of a model."""
MOST_AXES = 8
OWN_MODULES = ("keras", "tensorflow", "tf_keras", "builtins")
"""Packages whose classes can be told by their names."""


@dataclass(frozen=True, slots=True)
class LayerConfig:
    """One layer.

    Attributes
    ----------
    name
        The user's (or Keras's) name for it.
    kind
        Its class: ``"Dense"``.
    settings
        Its own description.
    ordinal
        How many layers of this class the file lists before it.
    """

    name: str
    kind: str
    settings: dict[str, Any]
    ordinal: int

    @property
    def label(self) -> str:
        """Name for messages."""
        return f"layer {self.name[:80]!r} ({repr(self.kind[:80])[1:-1]})"

    def unsupported(self, text: str) -> UnsupportedModelError:
        """An error that names the layer."""
        return UnsupportedModelError(f"{self.label} {text}")

    def damaged(self, text: str) -> ModelError:
        """An error that names the layer and blames the file."""
        return ModelError(f"{self.label} {text}: the model is damaged, save it again")


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """A chain of layers.

    Attributes
    ----------
    input_shape
        Without the batch axis; None if the description does not tell it.
    layers
        In the order they act; a layer that is used twice is listed twice.
    """

    input_shape: tuple[int, ...] | None
    layers: tuple[LayerConfig, ...]


def read_config(text: str | bytes) -> ModelConfig:
    """Read the JSON text that Keras writes for a model.

    Raises
    ------
    ModelError
        It is not JSON, or no description of a model.
    UnsupportedModelError
        The model is neither a Sequential one nor a functional chain.
    """
    if len(text) > LETTERS:
        raise ModelError(f"the model's description is longer than {LETTERS:,} characters, which no network needs")
    try:
        model = json.loads(text)
    except (ValueError, RecursionError):  # undecodable bytes are a ValueError too
        raise ModelError("the model's description is not JSON: the file is damaged, save the model again") from None
    kind, settings = class_and_settings(model, "the model")
    if kind not in ("Sequential", "Functional", "Model"):
        raise UnsupportedModelError(
            f"the model is of the class {kind[:80]!r}, whose computation is code: only Sequential and functional "
            "models can be read; others can be exported to ONNX"
        )
    layers = _layers(settings)
    chain = layers if kind == "Sequential" else _chain(settings, layers)
    acting = tuple(layer for layer in chain[1:] if layer.kind != "InputLayer")
    if len(acting) < len(chain) - 1:
        raise UnsupportedModelError(
            "the model has an input in the middle of the chain: only one at its start can be read; build the model "
            "without it"
        )
    acting = acting if chain[0].kind == "InputLayer" else (chain[0], *acting)
    if not acting:
        raise ModelError("the model has no layer besides its input: there is nothing to analyse")
    return ModelConfig(_input_shape(chain, settings, model), acting)


def class_and_settings(value: Any, place: str) -> tuple[str, dict[str, Any]]:
    """The class and the description of a serialised object, if the class is Keras's own."""
    if not isinstance(value, dict):
        raise ModelError(
            f"{place} is described by {_shown(value)}, not by an object: the file is damaged, save the model again"
        )
    kind, settings = value.get("class_name"), value.get("config")
    if isinstance(settings, list):  # how Keras 2.1 wrote a Sequential model
        settings = {"layers": settings}
    if not isinstance(kind, str) or not isinstance(settings, dict):
        raise ModelError(f"{place} lacks its class or its settings: the file is damaged, save the model again")
    module, registered = value.get("module"), value.get("registered_name")
    foreign = isinstance(module, str) and module.split(".")[0] not in OWN_MODULES
    if foreign or (module is not None and not isinstance(module, str)) or ">" in f"{registered or ''}{kind}":
        raise UnsupportedModelError(
            f"{place} is of the custom class {str(registered or kind)[:80]!r}, whose code is not in the file: rewrite "
            "it with Keras's own layers"
        )
    return kind, settings


def _layers(settings: dict[str, Any]) -> list[LayerConfig]:
    entries = settings.get("layers")
    if not isinstance(entries, list) or not entries:
        raise ModelError("the model lists no layers: the file is damaged, save the model again")
    counts: Counter[str] = Counter()
    layers = []
    for position, entry in enumerate(entries):
        named = entry.get("config") if isinstance(entry, dict) else None
        name = named.get("name") if isinstance(named, dict) else None
        name = name if isinstance(name, str) else str(position)
        kind, own = class_and_settings(entry, f"layer {name[:80]!r}")
        extra = {key: entry[key] for key in ("inbound_nodes", "build_config") if key in entry}
        layers.append(LayerConfig(name, kind, own | extra, counts[kind]))
        counts[kind] += 1
    repeated = [name for name, count in Counter(layer.name for layer in layers).items() if count > 1]
    if repeated:
        raise ModelError(f"two layers are called {repeated[0][:80]!r}: the file is damaged, save the model again")
    return layers


def _input_shape(layers: list[LayerConfig], settings: dict[str, Any], model: dict[str, Any]) -> tuple[int, ...] | None:
    first = layers[0].settings
    for holder, key in (
        (first, "batch_shape"),
        (first, "batch_input_shape"),
        (settings, "build_input_shape"),
        (first.get("build_config"), "input_shape"),
        (model.get("build_config"), "input_shape"),
    ):
        shape = holder.get(key) if isinstance(holder, dict) else None
        if shape is not None:
            return _without_batch(shape)
    return None


def _without_batch(shape: Any) -> tuple[int, ...]:
    sizes = shape[1:] if isinstance(shape, list) and shape else None
    if not sizes or len(sizes) > MOST_AXES or not all(size is None or _is_whole(size) for size in sizes):
        raise ModelError(f"the input's shape is {_shown(shape)}: the file is damaged, save the model again")
    if None in sizes:
        raise UnsupportedModelError(
            f"the input's shape {_shown(shape)} leaves an axis open: fix the number of features"
        )
    if min(sizes, default=1) < 1 or prod(sizes) > LARGEST_INPUT:
        raise ModelError(f"the input's shape is {_shown(shape)}: at least 1 and at most {LARGEST_INPUT} values")
    return tuple(sizes)


def _chain(settings: dict[str, Any], layers: list[LayerConfig]) -> list[LayerConfig]:
    """The layers from the only input to the only output."""
    by_name = {layer.name: layer for layer in layers}
    sources, targets = _endpoints(settings, "input_layers"), _endpoints(settings, "output_layers")
    if len(sources) != 1 or len(targets) != 1:
        raise UnsupportedModelError(
            f"the model has {len(sources)} inputs and {len(targets)} outputs: only a chain from one input to one "
            "output can be read; build a keras.Model with one of each"
        )
    place, chain, seen = targets[0], [], set()
    while place not in seen:
        seen.add(place)
        name, node = place
        if name not in by_name:
            raise ModelError(
                f"the model uses a layer {name[:80]!r} that it does not list: the file is damaged, save the model again"
            )
        layer = by_name[name]
        chain.append(layer)
        if layer.kind == "InputLayer":
            if place != sources[0]:
                raise ModelError(
                    f"{layer.label} is not an input of the model: the file is damaged, save the model again"
                )
            return chain[::-1]
        place = _inbound(layer, node)
    raise layer.damaged("depends on itself")


def _endpoints(settings: dict[str, Any], key: str) -> list[tuple[str, int]]:
    value = settings.get(key)
    if isinstance(value, list) and value and isinstance(value[0], str):
        value = [value]
    if not isinstance(value, list):
        raise ModelError(f"the model's {key} is {_shown(value)}, not a list: the file is damaged, save the model again")
    return [_tensor(entry, "the model") for entry in value]


def _tensor(entry: Any, place: str) -> tuple[str, int]:
    """Layer and node of ["dense", 0, 0], which names a tensor."""
    if not isinstance(entry, list) or len(entry) < 3:
        raise ModelError(f"{place} names a tensor by {_shown(entry)}: the file is damaged, save the model again")
    name, node, output = entry[:3]
    if not isinstance(name, str) or not _is_whole(node) or not _is_whole(output) or node < 0:
        raise ModelError(f"{place} names a tensor by {_shown(entry)}: the file is damaged, save the model again")
    if output != 0:
        raise UnsupportedModelError(
            f"{place} takes output {output} of the layer {name[:80]!r}: only the first can be read"
        )
    return name, node


def _inbound(layer: LayerConfig, node: int) -> tuple[str, int]:
    """What a layer takes when it is used for the (node + 1)-th time."""
    nodes = layer.settings.get("inbound_nodes")
    if not isinstance(nodes, list) or node >= len(nodes):
        raise layer.damaged("is connected to nothing")
    tensors, options = _call(nodes[node])
    if len(tensors) != 1:
        raise layer.unsupported(
            f"combines {len(tensors)} tensors: only chains, one layer after the other, can be read from a Keras file; "
            f"export the model to ONNX with model.export(FILE, format='onnx')"
        )
    for key, value in options.items():
        if value not in (None, False) and not list(_keras_tensors(value)):
            raise layer.unsupported(
                f"is called with {key[:80]!r}: only plain calls, as in inference, can be read; build the model "
                f"without it"
            )
    return _tensor(tensors[0], layer.label)


def _call(node: Any) -> tuple[list[Any], dict[str, Any]]:
    """The tensors that a call takes, and its options."""
    if isinstance(node, dict):  # Keras 3: {"args": […], "kwargs": {…}}, tensors anywhere within
        arguments, options = node.get("args"), node.get("kwargs")
        tensors = [*_keras_tensors(arguments), *_keras_tensors(options)]
    else:  # Keras 2: [["dense", 0, 0, {…}]]
        tensors = node if isinstance(node, list) else []
        tensors = [tensors] if tensors and isinstance(tensors[0], str) else tensors
        options = tensors[0][3] if tensors and isinstance(tensors[0], list) and len(tensors[0]) > 3 else {}
    return tensors, options if isinstance(options, dict) else {}


def _keras_tensors(value: Any) -> Iterator[Any]:
    """Every tensor that is named in a call's arguments."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict) and part.get("class_name") == "__keras_tensor__":
            config = part.get("config")
            yield config.get("keras_history") if isinstance(config, dict) else None
        elif isinstance(part, dict):
            waiting.extend(part.values())


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    return repr(value)[:80]
