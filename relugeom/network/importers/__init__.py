"""Trained networks from files, without running anything that a file says."""

from collections.abc import Callable
from pathlib import Path

from relugeom.errors import InputError, ModelError
from relugeom.network.importers.npz import read_npz, write_npz
from relugeom.network.network import ReLUNetwork

__all__ = ["load_network", "write_npz"]


def load_network(path: str | Path) -> ReLUNetwork:
    """Read a trained network; the suffix of the file tells its format.

    Parameters
    ----------
    path
        ``.npz`` with arrays W0, b0, W1, b1, … (y = W x + b), ``.onnx``, ``.keras``, or ``.h5`` as Keras
        saves whole models.

    Raises
    ------
    ModelError
        The file is missing, damaged, or in no known format.
    UnsupportedModelError
        The model is no fully connected ReLU network.
    """
    file = Path(path)
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise ModelError(f"{file}: the suffix {file.suffix!r} names no known format; known are {', '.join(_READERS)}")
    if not file.is_file():
        raise ModelError(f"{file}: {'this is not a regular file' if file.exists() else 'there is no such file'}")
    try:
        return reader(file)
    except OSError as error:
        raise ModelError(f"{file}: cannot be read: {error.strerror or error}") from error
    except InputError as error:
        raise type(error)(f"{file}: {error}") from error


def _read_onnx(path: Path) -> ReLUNetwork:
    from relugeom.network.importers.onnx_reader import read_onnx  # loads onnx only where it is needed

    return read_onnx(path)


def _read_keras(path: Path) -> ReLUNetwork:
    from relugeom.network.importers.keras_file import read_keras  # loads h5py only where it is needed

    return read_keras(path)


def _read_h5(path: Path) -> ReLUNetwork:
    from relugeom.network.importers.keras_file import read_h5

    return read_h5(path)


_READERS: dict[str, Callable[[Path], ReLUNetwork]] = {
    ".npz": read_npz,
    ".onnx": _read_onnx,
    ".keras": _read_keras,
    ".h5": _read_h5,
    ".hdf5": _read_h5,
}
