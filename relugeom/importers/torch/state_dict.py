"""Names and tensors as a chain of linear layers.

A state_dict says which weights there are, and little of what happens between them. The one idea about their order: a
chain is one where each layer takes as many values as the one before gives. Where several orders are chains, numbers in
the names decide (``fc1``, ``fc2``; ``0``, ``2``). What lies between them is read in `activations_between.py`.

What is assumed, and said in the network's origin: W has the shape (outputs, inputs), as in PyTorch, and y = W x + b;
numbers that a Sequential leaves out are ReLUs; nothing follows the last layer; dropout does nothing.

Names, kinds and shapes decide whether there is a chain; a number is read only once there is one.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.affine_chain import AffineChain, finite_floats
from relugeom.importers.budget import check_size
from relugeom.importers.rational_arrays import rationals
from relugeom.importers.torch.activations_between import find_activations
from relugeom.importers.torch.layer_order import find_orders
from relugeom.importers.torch.shown_names import shown
from relugeom.linalg.arrays import FloatArray
from relugeom.network.network import ReLUNetwork

__all__ = ["Tensor", "chain_of_tensors", "is_size"]

NUMBER = re.compile(r"[0-9]+")
SINGLE = ("float32", "float16", "bfloat16")
FLOATS = ("float64", *SINGLE)
LISTED = 6
"""Most layers that an error lists."""


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """Numbers that can be read.

    Attributes
    ----------
    kind
        Their type in the file: one of `FLOATS`, or whatever else the format calls it.
    shape
        Lengths of the axes.
    read
        Gives them as float64, each exactly; called for floats alone.
    """

    kind: str
    shape: tuple[int, ...]
    read: Callable[[], FloatArray]


def chain_of_tensors(
    tensors: Mapping[str, Tensor],
    *,
    layers: Sequence[str] | None,
    activations: Sequence[str] | None,
    source: str,
) -> ReLUNetwork:
    """The network of linear layers and of what lies between them.

    Parameters
    ----------
    tensors
        ``<layer>.weight`` of shape (outputs, inputs) and, where there is one, ``<layer>.bias``.
    layers
        The layers' names in their order; by default the one order that makes a chain.
    activations
        What follows each layer, as `find_activations` takes it; by default what the numbers in the names tell.

    Raises
    ------
    UnsupportedModelError
        There are tensors of other layers, or numbers that are not floats.
    ModelError
        The layers make no chain, or several, and no order is given; or nothing says what lies between them.
    """
    found = _linear_layers(tensors)
    order = _given(found, layers) if layers is not None else _order(found)
    between = find_activations(order, activations)
    chain = AffineChain.start(found[order[0]][0].shape[1])
    for position, name in enumerate(order):
        weight, bias = found[name]
        place = shown(_name(name, "weight"))
        if chain.size != weight.shape[1]:
            raise ModelError(f"{place} takes {weight.shape[1]} values, but the previous layer returns {chain.size}")
        chain = chain.multiplied(finite_floats(weight.read(), weight.shape, place))
        if bias is not None:
            shift = finite_floats(bias.read(), (weight.shape[0],), shown(_name(name, "bias")))
            chain = chain.shifted(rationals(shift))
        chain = chain.rectified() if between.rectified[position] else chain
    kinds = {tensor.kind for name in order for tensor in found[name] if tensor is not None}
    precision = "float32" if kinds <= set(SINGLE) else "float64"
    network = chain.squashed(between.squashing).network(
        source=f"{source} ({between.told})" if between.told else source, precision=precision
    )
    return replace(network, origin=replace(network.origin, assumption=between.assumption))


def _linear_layers(tensors: Mapping[str, Tensor]) -> dict[str, tuple[Tensor, Tensor | None]]:
    """Weight and bias by the layer's name."""
    found = {}
    for name, tensor in tensors.items():
        layer, _, part = name.rpartition(".")
        if part == "weight" and len(tensor.shape) == 2:
            found[layer] = tensor, tensors.get(_name(layer, "bias"))
    used = {_name(layer, part) for layer in found for part in ("weight", "bias")}
    for name, tensor in tensors.items():
        if name not in used:
            shape = "×".join(map(str, tensor.shape[:8])) or "a number"
            raise UnsupportedModelError(
                f"'{shown(name)}' ({shape}) does not belong to a linear layer, and a state_dict does not say where it "
                f"acts: pass the live model to relugeom.network_from, or export it to ONNX"
            )
        if tensor.kind not in FLOATS:
            raise UnsupportedModelError(f"'{shown(name)}' holds numbers of type {tensor.kind}: save it as float32")
        if 0 in tensor.shape:
            raise ModelError(f"'{shown(name)}' holds no numbers: a layer must have inputs and outputs")
    if not found:
        raise ModelError("it contains no linear layer: no tensor in it is called <layer>.weight")
    units = max(weight.shape[1] for weight, _ in found.values()) + sum(weight.shape[0] for weight, _ in found.values())
    check_size(sum(prod(tensor.shape) for tensor in tensors.values()), units)
    return found


def _given(found: Mapping[str, object], layers: Sequence[str]) -> Sequence[str]:
    texts = not isinstance(layers, str) and all(isinstance(name, str) for name in layers)
    if not texts or sorted(layers) != sorted(found):
        raise ModelError(f"layers must name each of these once, in their order: {_listed(found)}")
    return layers


def _order(found: Mapping[str, tuple[Tensor, Tensor | None]]) -> Sequence[str]:
    """The order of the layers."""
    sizes = {name: (weight.shape[1], weight.shape[0]) for name, (weight, _) in found.items()}
    orders = find_orders(sizes)
    if not orders:
        listed = _listed(found, (f" {outputs}×{inputs}" for inputs, outputs in sizes.values()))
        raise ModelError(
            f"there is no order in which each of its layers takes as many values as the previous one returns: {listed}"
        )
    if len(orders) == 1:
        return orders[0]
    by_number = sorted(sizes, key=_numbers)
    alike = len({NUMBER.sub("#", name) for name in sizes}) == 1 and len(set(map(_numbers, sizes))) == len(sizes)
    if alike and all(sizes[above][0] == sizes[below][1] for below, above in pairwise(by_number)):
        return by_number
    raise ModelError(
        f"its layers form a chain in more than one order ({_listed(orders[0])}; {_listed(orders[1])}): choose one "
        f"with layers=[…] or --layers"
    )


def _numbers(name: str) -> tuple[tuple[int, str], ...]:
    """What the numbers in a name are sorted by; they may have more digits than `int` reads."""
    digits = [number.lstrip("0") for number in NUMBER.findall(name)]
    return tuple((len(number), number) for number in digits)


def _name(layer: str, part: str) -> str:
    return f"{layer}.{part}" if layer else part


def _listed(names: Iterable[str], notes: Iterable[str] | None = None) -> str:
    listed = [shown(name, most=24) for name in names]
    if notes is not None:
        listed = [name + note for name, note in zip(listed, notes, strict=True)]
    more = len(listed) - LISTED
    return ", ".join(listed[:LISTED]) + (f" and {more} more" if more > 0 else "")


def is_size(number: object) -> bool:
    """Whether something from a file can be a size or an offset."""
    return type(number) is int and 0 <= number < 1 << 63
