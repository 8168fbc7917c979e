"""The door for model files: the suffix tells the format, whose reader is loaded on first use."""

from collections.abc import Sequence
from os import PathLike, fspath
from typing import Any

from relugeom.errors import InputError, ModelError
from relugeom.files import regular_file
from relugeom.importers.formats import find_format, suffixes
from relugeom.network.network import ReLUNetwork
from relugeom.remarks import OnRemark, warn

__all__ = ["load_network", "load_networks"]


def load_network(
    path: str | PathLike[str],
    *,
    layers: Sequence[str] | None = None,
    activations: Sequence[str] | None = None,
    fold_normalisation: bool = False,
    on_remark: OnRemark = warn,
) -> ReLUNetwork:
    """Read a trained network; the suffix of the file tells its format.

    Parameters
    ----------
    path
        A file in one of the formats of `relugeom.importers.formats`, such as ``.onnx`` or ``.npz`` with arrays W0, b0,
        W1, b1, … (y = W x + b).
    layers
        For files of tensors alone (``.pt``, ``.pth``, ``.safetensors``): the names of the layers in their order, as
        ``fc1`` for ``fc1.weight``. By default the order in which they fit each other.
    activations
        For these files: what follows each layer, ``["relu", "none", "relu"]``, with ``"sigmoid"`` or ``"softmax"``
        where they follow the last one; left out after the last one, nothing follows it. By default what the numbers of
        a Sequential tell, where a number that is left out (0, 2) is taken for a ReLU, and none left out (0, 1, 3) for
        nothing between; where they do not tell, the file is refused.
    fold_normalisation
        For ``.nnet`` alone, which keeps a normalisation apart from its layers (`read_nnet_normalisation` shows it):
        make it part of the first and the last layer, so that inputs and outputs are in the user's units. Entries that
        this changes are rounded once and counted.
    on_remark
        Gets a sentence where something was taken for granted that the file does not say; a warning by default.

    Raises
    ------
    ModelError
        The file is missing, damaged, or in no known format.
    UnsupportedModelError
        The model is no fully connected ReLU network.

    Notes
    -----
    What a format does not say, and what is taken for granted:

    - ``.npz``: W has the shape (outputs, inputs), y = W x + b. This is said where all matrices of a file that was
      written by hand are square; other shapes tell.
    - State_dicts: a number that a Sequential leaves out is a ReLU, and nothing follows the last layer. This is said;
      where no numbers tell, the file is refused.
    - ``.nnet``: inputs and outputs are normalised ones. This is said where the file has a normalisation.
    - ``.onnx``: inference, so dropout does nothing and statistics are those of training. Attributes that are left out
      have the defaults of the file's operator set. A clip at the largest float is none. A first axis of a fixed size
      above 1 is the batch, where nothing mixes its rows, and this is said.
    - ``.keras``, ``.h5``: the same; settings that are left out have Keras's defaults (no activation, a bias,
      ε = 0.001).
    """
    if not isinstance(path, str | PathLike):
        raise ModelError(f"{type(path).__name__} is no path of a file: network_from(model) takes models in memory")
    file = regular_file(path, refusal=ModelError)
    known = find_format(file)
    if known is None:
        raise ModelError(
            f"{file}: the suffix {file.suffix!r} names no known format; known are {', '.join(suffixes())} (a model in "
            "memory, as one that was pickled, goes to relugeom.network_from)"
        )
    if fold_normalisation and not known.keeps_normalisation:
        raise ModelError(
            f"{file}: fold_normalisation is for .nnet files: other formats keep none apart from the layers"
        )
    options: dict[str, Any] = {"fold_normalisation": True} if fold_normalisation else {}
    for name, value in (("layers", layers), ("activations", activations)):
        if value is not None and not known.tensors_alone:
            raise ModelError(
                f"{file}: {name} is for files of tensors alone ({', '.join(suffixes(tensors_alone=True))}): this "
                "format says itself which layers there are and what lies between them"
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
    """Read several networks, of which one description of layers is about those files that need it.

    Parameters
    ----------
    layers, activations
        As `load_network` takes them, of files of tensors alone; where none of the files is one, they are about all.

    Raises
    ------
    ModelError
        As `load_network` does.
    """
    formats = [find_format(fspath(path)) for path in paths]
    needs = [known is not None and known.tensors_alone for known in formats]
    given = [(layers, activations) if need or not any(needs) else (None, None) for need in needs]
    return [
        load_network(path, layers=names, activations=kinds, on_remark=on_remark)
        for path, (names, kinds) in zip(paths, given, strict=True)
    ]
