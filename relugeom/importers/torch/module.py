"""Live PyTorch modules that are a chain: `Sequential`, nested or not, of layers that are affine or ReLU.

PyTorch is not imported: classes are known by their names, and a subclass with a forward pass of its own is refused,
because nothing says what that does.
"""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.affine_chain import AffineChain, finite_floats
from relugeom.importers.rational_arrays import inverse_root, rationals
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import rational
from relugeom.network.decision import Squashing
from relugeom.network.network import ReLUNetwork

__all__ = ["network_from_module"]

PASSIVE = {"Identity", "Dropout", "Dropout1d", "AlphaDropout", "FeatureAlphaDropout"}
"""Layers that do nothing to a row of features when the model is used."""
ADVICE = "export the model to ONNX (torch.onnx.export), which states what it computes"


def network_from_module(module: Any) -> ReLUNetwork:
    """The network that a module is at this moment, as in evaluation mode.

    Raises
    ------
    UnsupportedModelError
        It is not a chain of Linear, ReLU, BatchNorm1d, Dropout, Flatten and Identity with at most one Sigmoid or
        Softmax at its end.
    ModelError
        A weight is not finite, or sizes do not fit.
    """
    chain: AffineChain | None = None
    precision = "float32"
    for name, layer in _leaves(module, ""):
        kind = _class_name(layer, name)
        if kind in PASSIVE or (kind == "Flatten" and _keeps_rows(layer, name)):
            continue
        if chain is not None and chain.squashing is not Squashing.NONE:
            raise UnsupportedModelError(
                f"{name} ({kind}) follows the {chain.squashing.value}, which must be at the end"
            )
        if chain is None:
            chain = AffineChain.start(_inputs(layer, kind, name))
        if kind == "Linear" and _is_double(layer):
            precision = "float64"
        chain = _STEPS[kind](chain, layer, name)
    if chain is None:
        raise UnsupportedModelError("the module contains no linear layer")
    return chain.network(source="PyTorch module", precision=precision)


def _leaves(module: Any, name: str, above: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    """The layers of a Sequential in their order, each with its name."""
    if "Sequential" not in {base.__name__ for base in type(module).__mro__ if _is_torch(base)}:
        yield name or type(module).__name__, module
        return
    _class_name(module, name or type(module).__name__)
    for child, layer in module._modules.items():  # named_children leaves out a layer's second use, forward does not
        path = f"{name}.{child}" if name else child
        if layer is None:
            raise ModelError(f"{path} is None: the module cannot be run")
        if any(layer is outer for outer in (*above, module)):
            raise ModelError(f"{path} holds itself: the module cannot be run")
        yield from _leaves(layer, path, (*above, module))


def _is_torch(base: type) -> bool:
    """Whether it is one of the layers that PyTorch computes with; its quantised ones share their names."""
    return base.__module__.startswith("torch.nn.modules.")


def _class_name(layer: Any, name: str) -> str:
    """The name of PyTorch's own class, whose forward pass the layer has."""
    known = {*_STEPS, *PASSIVE, "Flatten", "Sequential"}
    base = next((base for base in type(layer).__mro__ if _is_torch(base) and base.__name__ in known), None)
    if base is None:
        raise UnsupportedModelError(
            f"{name} is a {type(layer).__name__} of {type(layer).__module__}, which cannot be read: {ADVICE}"
        )
    own = any(getattr(type(layer), method) is not getattr(base, method) for method in ("forward", "__call__"))
    if own or "forward" in vars(layer):
        raise UnsupportedModelError(f"{name} ({type(layer).__name__}) has a forward pass of its own: {ADVICE}")
    of_all = sys.modules.get("torch.nn.modules.module")
    kinds = "forward_hooks", "forward_pre_hooks"
    if any(getattr(layer, f"_{kind}", None) or getattr(of_all, f"_global_{kind}", None) for kind in kinds):
        raise UnsupportedModelError(f"{name} has hooks that may change what it computes: {ADVICE}")
    if getattr(layer, "parametrizations", None) and layer.training:
        raise UnsupportedModelError(f"{name} computes its weights differently in training mode: call model.eval()")
    return base.__name__


def _keeps_rows(layer: Any, name: str) -> bool:
    if {layer.start_dim, layer.end_dim} <= {1, -1}:
        return True
    raise UnsupportedModelError(
        f"{name} flattens the dimensions {layer.start_dim} to {layer.end_dim}, samples among them: {ADVICE}"
    )


def _inputs(layer: Any, kind: str, name: str) -> int:
    if kind == "Linear":
        return int(layer.in_features)
    if kind == "BatchNorm1d":
        return int(layer.num_features)
    raise UnsupportedModelError(
        f"{name} ({kind}) comes before the first linear layer, so its number of inputs is unknown"
    )


def _is_double(layer: Any) -> bool:
    return "float64" in str(getattr(layer.weight, "dtype", ""))


def _values(tensor: Any, shape: tuple[int, ...], place: str) -> FloatArray:
    """A tensor's numbers in float64, which holds those of every shorter type of PyTorch exactly."""
    if not hasattr(tensor, "is_meta") or not hasattr(tensor, "resolve_neg"):
        raise UnsupportedModelError(f"{place} is a {type(tensor).__name__}, not a tensor: {ADVICE}")
    if tensor.is_meta:
        raise ModelError(f"{place} is on the device 'meta', where tensors have no numbers: load the weights first")
    if not tensor.is_floating_point():
        raise UnsupportedModelError(f"{place} holds values of type {tensor.dtype}: only floats can be read")
    if str(tensor.layout) != "torch.strided":
        raise UnsupportedModelError(f"{place} is a tensor of the layout {tensor.layout}: use tensor.to_dense()")
    try:
        values = tensor.detach().cpu().double().resolve_neg().numpy()
    except (RuntimeError, TypeError, NotImplementedError) as error:  # tensors of other devices and kinds
        reason = " ".join(str(error).split())[:120]
        raise ModelError(f"{place} holds numbers that PyTorch does not return: {reason}") from error
    return finite_floats(values, shape, place)


def _linear(chain: AffineChain, layer: Any, name: str) -> AffineChain:
    shape = int(layer.out_features), chain.size
    chain = chain.multiplied(_values(layer.weight, shape, f"{name}.weight"))
    if layer.bias is None:
        return chain
    return chain.shifted(rationals(_values(layer.bias, (chain.size,), f"{name}.bias")))


def _batch_norm(chain: AffineChain, layer: Any, name: str) -> AffineChain:
    """(y − mean) / √(variance + ε) · weight + bias, with the running statistics."""
    if layer.running_mean is None or layer.running_var is None:
        raise UnsupportedModelError(f"{name} keeps no running statistics, so its effect depends on the batch")
    shape = (chain.size,)
    mean, variance = (
        _values(t, shape, f"{name}.{n}") for t, n in ((layer.running_mean, "mean"), (layer.running_var, "var"))
    )
    epsilon = rational(float(layer.eps))
    widened = (rationals(variance) + epsilon).tolist()
    if not all(total > 0 for total in widened):
        raise ModelError(f"{name} has a variance that is not positive")
    chain = chain.shifted(-rationals(mean)).scaled(np.array(list(map(inverse_root, widened)), dtype=object))
    if layer.weight is not None:
        chain = chain.scaled(rationals(_values(layer.weight, shape, f"{name}.weight")))
    if layer.bias is not None:
        chain = chain.shifted(rationals(_values(layer.bias, shape, f"{name}.bias")))
    return chain


def _softmax(chain: AffineChain, layer: Any, name: str) -> AffineChain:
    if layer.dim not in (1, -1):
        raise UnsupportedModelError(f"{name} is a softmax over dimension {layer.dim}, not over the outputs (1)")
    return chain.squashed(Squashing.SOFTMAX)


_STEPS: dict[str, Callable[[AffineChain, Any, str], AffineChain]] = {
    "Linear": _linear,
    "BatchNorm1d": _batch_norm,
    "ReLU": lambda chain, layer, name: chain.rectified(),
    "Sigmoid": lambda chain, layer, name: chain.squashed(Squashing.SIGMOID),
    "Softmax": _softmax,
}
