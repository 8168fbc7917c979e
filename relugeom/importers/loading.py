"""The door for model files: the suffix tells the format, whose reader is loaded on first use."""

from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from relugeom.errors import InputError, ModelError
from relugeom.files import regular_file
from relugeom.importers.formats import FORMATS, find_format, suffixes
from relugeom.network.network import ReLUNetwork
from relugeom.remarks import OnRemark, warn

__all__ = ["load_network", "load_networks", "save_network"]


def load_network(
    path: str | PathLike[str],
    *,
    layers: Sequence[str] | None = None,
    activations: Sequence[str] | None = None,
    fold_normalisation: bool = False,
    on_remark: OnRemark = warn,
) -> ReLUNetwork:
    """Read a trained network from a file, whose suffix determines its format.

    Parameters
    ----------
    path
        A file in one of the formats of `relugeom.importers.formats`, such as ``.onnx`` or ``.npz`` with arrays W0, b0,
        W1, b1, … (y = W x + b).
    layers
        Names of the layers in their order, like ``fc1`` for ``fc1.weight``, only for files of tensors (``.pt``,
        ``.pth``, ``.safetensors``). By default, the order in which their sizes fit.
    activations
        Activation after each layer of such a file, like ``["relu", "none", "relu"]``. The last one may be ``"sigmoid"``
        or ``"softmax"``, or left out for none. By default, the numbers of a Sequential determine the activations: a gap
        (0, 2) is assumed to be a ReLU, and no gap, although there are gaps elsewhere (0, 1, 3), to be nothing. If the
        names have no such numbers, the file is refused.
    fold_normalisation
        Whether to fold the normalisation of a ``.nnet`` file, which is kept apart from its layers
        (`read_nnet_normalisation` reads it), into the first and the last layer, so that inputs and outputs are in the
        user's units. Entries that this changes are rounded once and counted.
    on_remark
        Called with a sentence if something was assumed that the file does not say; issues a warning by default.

    Raises
    ------
    ModelError
        The file is missing, damaged, or not in a known format.
    UnsupportedModelError
        The model is not a fully connected ReLU network.

    Notes
    -----
    The following is assumed where a format does not say it:

    - ``.npz``: W has the shape (outputs, inputs), y = W x + b. A remark says so if all matrices of a hand-written file
    are square; other shapes show the convention. - State_dicts: a gap in the numbers of a Sequential is a ReLU, and
    nothing follows the last layer. A remark says so; without such numbers, the file is refused.
    - ``.nnet``: inputs and outputs are normalised. A remark says so if the file has a normalisation.
    - ``.onnx``: inference mode, so dropout does nothing and statistics are those of training. Missing attributes have
    the defaults of the file's operator set. A clip at the largest float is not a clip. A first axis of a fixed size
    above 1 is the batch if nothing mixes its rows, and a remark says so.
    - ``.keras``, ``.h5``: the same; missing settings have Keras's defaults (no activation, a bias,
      ε = 0.001).
    """
    if not isinstance(path, str | PathLike):
        raise ModelError(
            f"{type(path).__name__} is not the path of a file: use network_from(model) for models in memory"
        )
    file = regular_file(path, refusal=ModelError)
    known = find_format(file)
    if known is None:
        raise ModelError(
            f"{file}: the suffix {file.suffix!r} is not that of a known format, which are {', '.join(suffixes())} "
            f"(pass a model in memory, such as an unpickled one, to relugeom.network_from)"
        )
    if fold_normalisation and not known.keeps_normalisation:
        keeping = " and ".join(kind.suffixes[0] for kind in FORMATS if kind.keeps_normalisation)
        raise ModelError(
            f"{file}: fold_normalisation is for {keeping} files: other formats do not keep the normalisation apart "
            f"from the layers"
        )
    options: dict[str, Any] = {"fold_normalisation": True} if fold_normalisation else {}
    for name, value in (("layers", layers), ("activations", activations)):
        if value is not None and not known.tensors_alone:
            raise ModelError(
                f"{file}: {name} is only for files of tensors ({', '.join(suffixes(tensors_alone=True))}): files of "
                f"this format themselves describe the layers and the activations between them"
            )
        options |= {} if value is None else {name: value}
    try:
        network: ReLUNetwork = known.reader()(file, **options)
    except OSError as error:
        raise ModelError(f"{file}: cannot be read: {error.strerror or error}") from error
    except InputError as error:
        refusal = type(error) if isinstance(error, ModelError) else ModelError  # such as a decision that does not fit
        raise refusal(f"{file}: {error}") from error
    if network.origin.assumption:
        on_remark(f"{file.name}: {network.origin.assumption}")
    return network


def load_networks(
    paths: Sequence[str | PathLike[str]],
    *,
    layers: Sequence[str] | None = None,
    activations: Sequence[str] | None = None,
    on_remark: OnRemark = warn,
) -> list[ReLUNetwork]:
    """Read several networks; a description of layers applies to those files that need it.

    Parameters
    ----------
    layers, activations
        As in `load_network`, for the files of tensors; if none of the files is one, for all files.

    Raises
    ------
    ModelError
        As in `load_network`.
    """
    formats = [find_format(fspath(path)) for path in paths]
    needs = [known is not None and known.tensors_alone for known in formats]
    given = [(layers, activations) if need or not any(needs) else (None, None) for need in needs]
    return [
        load_network(path, layers=names, activations=kinds, on_remark=on_remark)
        for path, (names, kinds) in zip(paths, given, strict=True)
    ]


def save_network(network: ReLUNetwork, path: str | PathLike[str]) -> None:
    """Write a network to an ``.npz`` file, from which `load_network` reads an equal one.

    Weights, names, squashing and decision are kept; where the weights came from is not.

    Raises
    ------
    InputError
        The suffix is another one, or the file cannot be written.
    """
    from relugeom.importers.npz import write_npz

    place = Path(path)
    if place.suffix != ".npz":
        raise InputError(f"{fspath(path)!r} has no suffix .npz: networks are written in this format alone")
    write_npz(network, place)
