"""Networks from .npz files: exact, complete, and nothing unpacked on the word of a header."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from networks import he_network

from relugeom.errors import InputError, ModelError
from relugeom.importers.loading import load_network, save_network
from relugeom.importers.npz import write_npz
from relugeom.network.decision import Decision, Squashing
from relugeom.network.network import ReLUNetwork

pytestmark = pytest.mark.filterwarnings("ignore::relugeom.remarks.RelugeomWarning")  # tests/network/test_assumptions.py

LAYERS: dict[str, Any] = {
    "W0": [[1.0, -2.0], [0.5, 0.25], [3.0, 0.0]],
    "b0": [0.0, 1.0, -1.0],
    "W1": [[1.0, 2.0, 3.0]],
    "b1": [0.5],
}


def stored(folder: Path, **changes: Any) -> Path:
    """LAYERS with changes in a file; None leaves an array out."""
    path = folder / "network.npz"
    content = {name: values for name, values in {**LAYERS, **changes}.items() if values is not None}
    np.savez(path, **content)
    return path


def refused(path: Path, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        load_network(path)
    assert str(caught.value).removeprefix("'").startswith(str(path))
    assert "\n" not in str(caught.value)


def test_reads_layers(tmp_path: Path) -> None:
    network = load_network(str(stored(tmp_path)))
    assert network == ReLUNetwork.from_layers((LAYERS["W0"], LAYERS["b0"]), (LAYERS["W1"], LAYERS["b1"]))
    assert (network.origin.source, network.origin.precision, network.origin.rounded_count) == ("npz", "float64", 0)


@pytest.mark.parametrize("dtype", ["f2", "<f4", ">f4", "<f8", ">f8", "i1", "u2", "<i8", ">i4"])
def test_number_types_are_exact(dtype: str, tmp_path: Path) -> None:
    layers = {
        name: np.asarray(np.rint(values) if np.dtype(dtype).kind != "f" else values) for name, values in LAYERS.items()
    }
    layers = {name: np.abs(values).astype(dtype) for name, values in layers.items()}
    network = load_network(stored(tmp_path, **layers))
    assert np.array_equal(network.weights[0], layers["W0"].astype(float))
    assert network.origin.precision == ("float32" if dtype in ("f2", "<f4", ">f4") else "float64")


def test_column_major_and_compressed_arrays(tmp_path: Path) -> None:
    path = tmp_path / "network.npz"
    np.savez_compressed(path, **LAYERS | {"W0": np.asfortranarray(LAYERS["W0"])})
    assert load_network(path) == load_network(stored(tmp_path))


def test_reads_meaning(tmp_path: Path) -> None:
    path = stored(tmp_path, input_names=["age", "größe"], output_names="Survived", squashing="sigmoid", threshold=0.25)
    network = load_network(path)
    assert network.feature_names == ("age", "größe")
    assert network.target_names == ("Survived",)
    assert network.squashing is Squashing.SIGMOID
    assert network.rule == Decision.at_threshold(0.25)
    named = load_network(stored(tmp_path, class_names=["no", "yes"]))
    assert named.rule == Decision.at_threshold(0.0, ("no", "yes"))
    several = load_network(stored(tmp_path, W1=np.ones((2, 3)), b1=np.zeros(2), class_names=["no", "yes"]))
    assert several.rule == Decision.largest(("no", "yes"))


@settings(max_examples=60)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=5),
    data=st.data(),
    squashing=st.sampled_from(Squashing),
    probability=st.floats(0.01, 0.99),
)
def test_what_is_written_is_read_back(
    sizes: list[int],
    data: st.DataObject,
    squashing: Squashing,
    probability: float,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    if squashing is Squashing.SOFTMAX and sizes[-1] == 1:
        squashing = Squashing.NONE
    finite = st.floats(allow_nan=False, allow_infinity=False)
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    single = Decision.at_probability(probability, ("no", "yes"))
    network = ReLUNetwork(
        tuple(data.draw(arrays(np.float64, shape, elements=finite)) for shape in shapes),
        tuple(data.draw(arrays(np.float64, shape[:1], elements=finite)) for shape in shapes),
        input_names=tuple(f"input {index}" for index in range(sizes[0])),
        squashing=squashing,
        decision=data.draw(st.sampled_from([None, Decision(), single if sizes[-1] == 1 else Decision.largest()])),
    )
    path = tmp_path_factory.mktemp("written") / "network.npz"
    write_npz(network, path)
    again = load_network(path)
    assert again == network
    assert again.meaning_digest == network.meaning_digest


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"W1": None, "b1": None, "W2": [[1.0]], "b2": [1.0]}, "the array 'W1' is missing"),
        ({"b0": None}, "the array 'b0' is missing"),
        ({"W0": None, "b0": None, "W1": None, "b1": None}, "the array 'W0' is missing"),
        ({"weights": [1.0]}, "the array 'weights' is unknown"),
        ({"W01": [1.0]}, "the array 'W01' is unknown"),
        ({"b0": [0.0, 1.0]}, "layer 0: b has shape"),
        ({"b0": 0.0}, "layer 0: b has shape"),
        ({"W1": [[1.0, 2.0]]}, "layer 1: W of shape"),
        ({"W0": np.zeros((3, 0))}, "layer 0: W must be a matrix"),
        ({"b1": [np.nan]}, r"layer 1: b\[0\] is nan"),
        ({"W1": [[1.0, -np.inf, 0.0]]}, r"layer 1: W\[0, 1\] is -inf"),
        ({"b1": np.array([2**53 + 1])}, "b1 holds 9007199254740993, which is not a float64"),
        ({"b1": np.array([2**64 - 1], dtype=np.uint64)}, "b1 holds 18446744073709551615"),
        ({"b1": [1j]}, "b1 holds values of type complex128"),
        ({"b1": [True]}, "b1 holds values of type bool"),
        ({"b1": ["0.5"]}, "b1 holds values of type <U3"),
        ({"b1": np.array([0.5], dtype=np.longdouble)}, "b1 holds values of type (float128|longdouble)"),
        ({"b1": np.array([None])}, "array 'b1.npy' holds Python objects"),
        ({"input_names": ["age"]}, "1 input names for 2 inputs"),
        ({"input_names": ["age", "age"]}, "'age' is used twice"),
        ({"input_names": [1, 2]}, "input_names must be a list of texts"),
        ({"squashing": "tanh"}, "squashing must be one of none, sigmoid, softmax, not 'tanh'"),
        ({"squashing": "softmax"}, "a softmax of a single output"),
        ({"decision": "argmax", "threshold": 0.0}, "threshold must be one number"),
        ({"threshold": [1.0, 0.0]}, "threshold must be one number"),
        ({"threshold": np.nan}, "threshold must be one number"),
        ({"class_names": ["a", "b", "c"]}, "3 class names for 2 classes"),
    ],
)
def test_what_cannot_be_read(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = stored(tmp_path, **changes)
    with pytest.raises(Exception, match=message) as caught:
        load_network(path)
    assert str(caught.value).removeprefix("'").startswith(str(path))


def test_integers_beyond_53_bits_that_are_floats(tmp_path: Path) -> None:
    assert load_network(stored(tmp_path, b1=np.array([-(2**60)]))).biases[1][0] == -(2.0**60)


# Damaged and hostile archives


def archive(folder: Path, members: list[tuple[str, bytes]]) -> Path:
    path = folder / "network.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def array_bytes(values: Any, shape_text: str | None = None) -> bytes:
    """An array as .npy, its header's shape replaced by a text of another length."""
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(values))
    content = buffer.getvalue()
    if shape_text is None:
        return content
    header = content[10:128].decode()
    start, end = header.index("("), header.index(")") + 1
    changed = (header[:start] + shape_text + header[end:].rstrip() + "\n").encode()
    return content[:8] + len(changed).to_bytes(2, "little") + changed + content[128:]


@pytest.mark.parametrize("shape", ["(1000000000000000,)", "(-1,)", "(2, 10)", "()", "(99999999999, 99999999999)"])
def test_headers_that_disagree_with_the_data(shape: str, tmp_path: Path) -> None:
    refused(archive(tmp_path, [("W0.npy", array_bytes(np.zeros(8), shape))]), "'W0.npy' does not have the size")


@pytest.mark.parametrize("shape", ["(True", "(" * 5000, "(" * 20000, "(1.5,)", "__import__('os')", "('a',)"])
def test_headers_that_are_no_header(shape: str, tmp_path: Path) -> None:
    refused(archive(tmp_path, [("W0.npy", array_bytes(np.zeros(8), shape))]), "is damaged")


def test_archives_that_say_they_unpack_to_too_much(tmp_path: Path) -> None:
    path = archive(tmp_path, [("W0.npy", array_bytes(np.zeros(10)))])
    content = bytearray(path.read_bytes())
    size = content.rindex(b"PK\1\2") + 24
    content[size : size + 4] = (2**30).to_bytes(4, "little")
    path.write_bytes(content)
    refused(path, f"unpack to more than {2**29} bytes")


def test_archives_compressed_in_another_way(tmp_path: Path) -> None:
    path = tmp_path / "network.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("W0.npy", array_bytes([[1.0]]))
    refused(path, "not compressed as NumPy does it")


def test_two_arrays_of_one_name(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = archive(tmp_path, [("W0.npy", array_bytes([[1.0]])), ("W0.npy", array_bytes([[2.0]]))])
    refused(path, "two arrays")


def test_members_that_are_no_arrays(tmp_path: Path) -> None:
    refused(
        archive(tmp_path, [("W0.npy", array_bytes([[1.0]])), ("b0", array_bytes([2.0]))]), "'b0', which is not an array"
    )


def test_names_that_are_not_unicode(tmp_path: Path) -> None:
    wrong = array_bytes(np.array(["ab", "c"]))[:-16] + b"\xff" * 16
    members = [(f"{name}.npy", array_bytes(values)) for name, values in LAYERS.items()]
    refused(
        archive(tmp_path, [*members, ("input_names.npy", wrong)]), "input_names holds something that is not Unicode"
    )


@pytest.mark.parametrize("content", [b"", b"W0", b"PK\3\4", b"\x93NUMPY\1\0" + b"\0" * 50])
def test_not_an_archive(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "network.npz"
    path.write_bytes(content)
    refused(path, "not an .npz file, or it is damaged")


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    path = stored(tmp_path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        refused(path, "damaged")


@settings(max_examples=300)
@given(data=st.data())
def test_damaged_bytes_never_surprise(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("damaged") / "network.npz"
    np.savez_compressed(path, **LAYERS, input_names=["a", "b"])
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        load_network(path)
    except ModelError as error:
        assert "\n" not in str(error)


def test_missing_and_unknown_files(tmp_path: Path) -> None:
    refused(tmp_path / "ghost.npz", "there is no such file")
    (tmp_path / "folder.npz").mkdir()
    refused(tmp_path / "folder.npz", "not a regular file")
    (tmp_path / "network.mat").touch()
    refused(tmp_path / "network.mat", r"'\.mat' is not that of a known format, which are \.npz, \.onnx")


def test_a_saved_network_is_read_back(tmp_path):
    network = replace(
        he_network(3, 4, 6, 2), input_names=("a b", "c", "d", "é"), decision=Decision.largest(("no", "yes"))
    )
    save_network(network, tmp_path / "saved.npz")
    found = load_network(tmp_path / "saved.npz")
    assert (found.digest, found.meaning_digest) == (network.digest, network.meaning_digest)
    for name in ("saved.onnx", "saved"):
        with pytest.raises(InputError, match=r"has no suffix .npz"):
            save_network(network, tmp_path / name)
        assert not (tmp_path / name).exists()
