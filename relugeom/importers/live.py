"""One door for trained models in memory, whose classes show which framework they come from.

The classes of an object and of its parents carry the name of the package they come from; no framework is imported here.
"""

from importlib import import_module
from typing import Any

from relugeom.errors import InputError, UnsupportedModelError
from relugeom.network.network import ReLUNetwork

__all__ = ["network_from"]

_READERS = {
    "keras": ("keras.file", "network_from_keras"),  # first: on its PyTorch backend a layer is a torch module too
    "tf_keras": ("keras.file", "network_from_keras"),
    "sklearn": ("scikit_learn", "network_from_scikit_learn"),
    "torch": ("torch.module", "network_from_module"),
}
"""Package of a class, and the module and function that read its objects, loaded on first use."""


def network_from(model: Any) -> ReLUNetwork:
    """Read a live, trained model as it is at this moment.

    Parameters
    ----------
    model
        A Keras Sequential or functional model that is a chain of layers; a scikit-learn ``MLPClassifier`` or
        ``MLPRegressor``, or a ``Pipeline`` with scalers before one (inputs are then in the units before scaling);
        a ``torch.nn.Module`` that is a chain. Weights are copied: later training does not change the result.

    Raises
    ------
    UnsupportedModelError
        The object is not from a known framework, or its computation is not a chain of affine maps and ReLUs with at
        most one sigmoid or softmax at its end.
    ModelError
        The model is not fitted, or holds a weight that is not finite.
    """
    packages = {base.__module__.split(".")[0] for base in type(model).__mro__}
    reader = next((reader for package, reader in _READERS.items() if package in packages), None)
    name = f"{type(model).__module__}.{type(model).__qualname__}"
    if reader is None:
        raise UnsupportedModelError(
            f"an object of the class {name} is not a Keras, scikit-learn or PyTorch model: load_network reads files"
        )
    module, function = reader
    read = getattr(import_module(f"relugeom.importers.{module}"), function)
    try:
        network: ReLUNetwork = read(model)
    except InputError as error:
        raise type(error)(f"{name}: {error}") from error
    return network
