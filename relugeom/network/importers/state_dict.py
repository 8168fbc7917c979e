"""Names and tensors as a chain of linear layers.

A state_dict says which weights there are, and nothing of what happens between them: ReLU is assumed between linear
layers, and nothing after the last. The one idea about their order: a chain is one where each layer takes as many values
as the one before gives. Where several orders are chains, numbers in the names decide (``fc1``, ``fc2``; ``0``, ``2``).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.linalg.arrays import FloatArray
from relugeom.network.importers.affine_chain import AffineChain, finite_floats
from relugeom.network.importers.folding import rationals
from relugeom.network.network import ReLUNetwork

__all__ = ["Tensor", "chain_of_tensors"]

NUMBER = re.compile(r"\d+")
STEPS = 100_000
"""Partial orders that are tried before the order must be given."""
ASSUMED = "ReLU assumed between layers"
PRECISE = ("f4", "f2", "bfloat16", "F32", "F16", "BF16")


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """Numbers as they were read, exactly, and the type that they had."""

    kind: str
    values: FloatArray


def chain_of_tensors(tensors: Mapping[str, Tensor], *, layers: Sequence[str] | None, source: str) -> ReLUNetwork:
    """The network of linear layers with ReLU between them.

    Parameters
    ----------
    tensors
        ``<layer>.weight`` of shape (outputs, inputs) and, where there is one, ``<layer>.bias``.
    layers
        The layers' names in their order; by default the one order that makes a chain.

    Raises
    ------
    UnsupportedModelError
        There are tensors of other layers.
    ModelError
        The layers make no chain, or several, and no order is given.
    """
    found = _linear_layers(tensors)
    order = _given(found, layers) if layers is not None else _order(found)
    chain: AffineChain | None = None
    for name in order:
        weight, bias = found[name]
        values = finite_floats(weight.values, weight.values.shape, f"{name}.weight")
        chain = AffineChain.start(values.shape[1]) if chain is None else chain.rectified()
        if chain.size != values.shape[1]:
            raise ModelError(f"{name}.weight takes {values.shape[1]} values, but the layer before gives {chain.size}")
        chain = chain.multiplied(values)
        if bias is not None:
            shift = finite_floats(bias.values, (len(values),), f"{name}.bias")
            chain = chain.shifted(rationals(shift))
    if chain is None:
        raise ModelError("it holds no linear layer")
    kinds = {tensor.kind for name in order for tensor in found[name] if tensor is not None}
    precision = "float32" if kinds <= set(PRECISE) else "float64"
    return chain.network(source=f"{source} ({ASSUMED})", precision=precision)


def _linear_layers(tensors: Mapping[str, Tensor]) -> dict[str, tuple[Tensor, Tensor | None]]:
    """Weight and bias by the layer's name."""
    found = {}
    for name, tensor in tensors.items():
        layer, _, part = name.rpartition(".")
        if part == "weight" and tensor.values.ndim == 2:
            found[layer] = tensor, tensors.get(f"{layer}.bias" if layer else "bias")
    used = {f"{layer}.{part}" if layer else part for layer in found for part in ("weight", "bias")}
    for name, tensor in tensors.items():
        if name not in used:
            shape = "×".join(map(str, tensor.values.shape)) or "a number"
            raise UnsupportedModelError(
                f"{name[:80]!r} ({shape}) belongs to no linear layer, and a state_dict does not say where it acts: "
                "give the live model to relugeom.network_from, or export it to ONNX"
            )
    return found


def _given(found: Mapping[str, object], layers: Sequence[str]) -> Sequence[str]:
    if isinstance(layers, str) or sorted(layers) != sorted(found):
        raise ModelError(f"layers must name each of these once, in their order: {', '.join(found)}")
    return layers


def _order(found: Mapping[str, tuple[Tensor, Tensor | None]]) -> list[str]:
    """The order of the layers."""
    shapes = {name: weight.values.shape for name, (weight, _) in found.items()}
    chains = list(islice(_chains(shapes), 2))
    if not chains:
        listed = ", ".join(f"{name} {shape[0]}×{shape[1]}" for name, shape in shapes.items())
        raise ModelError(f"in no order do its layers take as many values as the one before gives: {listed}")
    if len(chains) == 1:
        return chains[0]
    templates = {NUMBER.sub("#", name) for name in shapes}
    by_number = sorted(shapes, key=lambda name: [int(number) for number in NUMBER.findall(name)])
    if len(templates) == 1 and _is_chain([shapes[name] for name in by_number]):
        return by_number
    raise ModelError(
        f"its layers make a chain in more than one order ({', '.join(chains[0])}; {', '.join(chains[1])}): say which "
        "with layers=[…]"
    )


def _is_chain(shapes: Sequence[tuple[int, ...]]) -> bool:
    return all(above[1] == below[0] for below, above in pairwise(shapes))


def _chains(shapes: Mapping[str, tuple[int, ...]]) -> Iterator[list[str]]:
    """Orders in which each layer takes as many values as the one before gives, depth first."""
    names = list(shapes)[::-1]
    waiting = [[name] for name in names]
    for _ in range(STEPS):
        if not waiting:
            return
        path = waiting.pop()
        if len(path) == len(shapes):
            yield path
        size = shapes[path[-1]][0]
        waiting += [[*path, name] for name in names if name not in path and shapes[name][1] == size]
    raise ModelError("the order of its layers is not clear from their shapes: give it with layers=[…]")
