"""ONNX files, tensors and external data: what is damaged or lies elsewhere is refused in one line."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, external_data_helper, helper, numpy_helper
from onnx_models import GEMM, LAST, RELU, T, V, W, b, chain, graph_model, ints, refused, saved

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.loading import load_network


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (None, "has no shape"),
        (("N", "M"), "leaves axis 1 open"),
        (("N", 2**40), "at most 1000000 values"),
        ((2**40, 2**40), "at most 1000000 values"),
        ((1,) * 40, "40 axes"),
    ],
)
def test_inputs_without_a_usable_shape(shape: tuple[int | str, ...] | None, message: str, tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    refused(saved(graph_model(shape, nodes, {}), tmp_path), message)


def test_an_input_of_integers(tmp_path: Path) -> None:
    model = chain(("N", 6), GEMM, element=TensorProto.INT64)
    refused(saved(model, tmp_path), "input 'x' is of type int64", UnsupportedModelError)


@pytest.mark.parametrize("text", ["{", '"abc"', "[1, 2]", "[" * 100_000])
def test_names_that_are_no_list(text: str, tmp_path: Path) -> None:
    refused(saved(chain(("N", 6), GEMM, metadata={"feature_names": text}), tmp_path), "must be a JSON list of texts")


def test_an_old_operator_set(tmp_path: Path) -> None:
    refused(saved(chain(("N", 6), GEMM, opset=6), tmp_path), "operator set 6.*version_converter", UnsupportedModelError)


def test_no_operator_set(tmp_path: Path) -> None:
    model = chain(("N", 6), GEMM)
    del model.opset_import[:]
    refused(saved(model, tmp_path), "does not name its operator set")


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\3\4", b"\xc7", b"\0" * 100, b"\x08\x08"])
def test_not_an_onnx_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    refused(path, "not an ONNX model")


def test_a_file_beyond_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with path.open("wb") as file:
        file.truncate(2**31)  # a hole: no disk is used
    refused(path, "more than 1,073,741,824 bytes")


def test_texts_that_are_not_unicode(tmp_path: Path) -> None:
    path = saved(chain(("N", 6), ("Identity", [T])), tmp_path)
    path.write_bytes(path.read_bytes().replace(b"Identity", b"\xff" * 8))
    refused(path, r"'onnx.NodeProto.op_type' is not UTF-8")


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    whole = chain(("N", 6), GEMM, RELU, LAST).SerializeToString()
    path = tmp_path / "model.onnx"
    for length in range(len(whole) - 20):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError):
            load_network(path)


@settings(max_examples=400)
@given(data=st.data())
def test_damaged_bytes_never_surprise(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    operations = [
        ("Flatten", [T]),
        GEMM,
        ("BatchNormalization", [T, b, b, b, np.abs(b) + 1]),
        RELU,
        ("Reshape", [T, ints(-1, 2, 2)]),
        ("Squeeze", [T]),
    ]
    content = bytearray(chain(("N", 2, 3), *operations, metadata={"input_names": "[]"}).SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "model.onnx"
    path.write_bytes(content)
    try:
        load_network(path)
    except ModelError as error:
        assert "\n" not in str(error)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    refused(tmp_path / "ghost.onnx", "there is no such file")
    (tmp_path / "folder.onnx").mkdir()
    refused(tmp_path / "folder.onnx", "not a regular file")
    (tmp_path / "model.pkl").touch()
    refused(tmp_path / "model.pkl", r"a known format, which are \.npz, \.onnx")
    (tmp_path / "model").touch()
    refused(tmp_path / "model", r"a known format, which are \.npz, \.onnx")


def test_unreadable_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(chain(("N", 6), GEMM), tmp_path)

    def forbidden(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", forbidden)
    refused(path, "cannot be read: Permission denied")


# Tensors


def damaged_tensor(change: Callable[[TensorProto], object], folder: Path) -> Path:
    model = chain(("N", 6), GEMM)
    change(model.graph.initializer[0])
    return saved(model, folder)


def test_tensors_that_do_not_fill_their_shape(tmp_path: Path) -> None:
    def shortened(tensor: TensorProto) -> None:
        tensor.raw_data = tensor.raw_data[:-3]

    def enlarged(tensor: TensorProto) -> None:
        tensor.dims[:] = [2**31, 2**31]

    def negative(tensor: TensorProto) -> None:
        tensor.dims[:] = [-4, -6]

    def flat(tensor: TensorProto) -> None:
        tensor.dims[:] = [1] * 70

    refused(damaged_tensor(shortened, tmp_path), r"'c0_1' has the shape \[4, 6\] but 23 values")
    refused(damaged_tensor(enlarged, tmp_path), r"'c0_1' declares the shape")
    refused(damaged_tensor(negative, tmp_path), r"'c0_1' declares the shape \[-4, -6\]")
    refused(damaged_tensor(flat, tmp_path), r"'c0_1' has 70 axes")
    refused(damaged_tensor(lambda tensor: tensor.ClearField("raw_data"), tmp_path), r"but 0 values")


def test_tensors_of_other_types(tmp_path: Path) -> None:
    for kind, name in ((TensorProto.STRING, "string"), (TensorProto.INT8, "int8"), (99, "#99")):

        def typed(tensor: TensorProto, kind: int = kind) -> None:
            tensor.data_type = kind

        refused(damaged_tensor(typed, tmp_path), rf"'c0_1' holds {name} values", UnsupportedModelError)


def test_typed_fields_hold_the_same_values(tmp_path: Path) -> None:
    def typed(tensor: TensorProto) -> None:
        tensor.CopyFrom(helper.make_tensor(tensor.name, TensorProto.FLOAT, W.shape, W.ravel()))

    assert np.array_equal(load_network(damaged_tensor(typed, tmp_path)).weights[0], W)


def test_constants_that_the_output_does_not_need_may_hold_anything(tmp_path: Path) -> None:
    """As classes that scikit-learn calls by words: several outputs are refused for themselves, and one is read."""
    model = chain(("N", 6), GEMM, RELU)
    model.graph.initializer.append(helper.make_tensor("classes", TensorProto.STRING, [2], ["no", "yes"]))
    assert load_network(saved(model, tmp_path)).outputs == 4
    model.graph.node.append(helper.make_node("Identity", ["classes"], ["label"], "last"))
    model.graph.output.add(name="label")
    refused(saved(model, tmp_path), r"has 2 outputs \('y', 'label'\): keep one of them", UnsupportedModelError)
    model.graph.node[0].input.append("classes")
    del model.graph.output[1]
    refused(saved(model, tmp_path), "initialiser 'classes' holds string values", UnsupportedModelError)


def test_sparse_initialisers(tmp_path: Path) -> None:
    model = chain(("N", 6), GEMM)
    values, places = numpy_helper.from_array(b, "thin"), numpy_helper.from_array(ints(0, 1, 2, 3))
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [24]))
    refused(saved(model, tmp_path), "initialiser 'thin' is sparse", UnsupportedModelError)


# External data


def external_model(folder: Path) -> ModelProto:
    """A model in `folder` whose weights lie in weights.bin, not saved yet."""
    model = chain(("N", 6), GEMM, RELU, LAST)
    external_data_helper.convert_model_to_external_data(model, location="weights.bin", size_threshold=0)
    external_data_helper.write_external_data_tensors(model, str(folder))
    return model


def redirected(model: ModelProto, **entries: str) -> ModelProto:
    """The model with other entries for its first tensor."""
    tensor = model.graph.initializer[0]
    kept = {entry.key: entry.value for entry in tensor.external_data} | entries
    del tensor.external_data[:]
    for key, value in kept.items():
        tensor.external_data.add(key=key, value=value)
    return model


def test_external_data_beside_the_model(tmp_path: Path) -> None:
    model = external_model(tmp_path)
    network = load_network(saved(model, tmp_path))
    assert np.array_equal(network.weights[0], W)
    assert np.array_equal(network.weights[1], V)
    (tmp_path / "inner").mkdir()
    (tmp_path / "weights.bin").rename(tmp_path / "inner" / "weights.bin")
    for tensor in model.graph.initializer:
        next(entry for entry in tensor.external_data if entry.key == "location").value = "inner/weights.bin"
    assert load_network(saved(model, tmp_path)) == network


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"location": "/etc/hostname"}, "relative to the model's folder"),
        ({"location": "../weights.bin"}, "relative to the model's folder"),
        ({"location": "inner/../weights.bin"}, "relative to the model's folder"),
        ({"location": "C:\\weights.bin"}, "relative to the model's folder"),
        ({"location": ""}, "relative to the model's folder"),
        ({"location": "a\0b"}, "relative to the model's folder"),
        ({"location": "ghost.bin"}, "'ghost.bin': there is no such file"),
        ({"location": "."}, "there is no such file"),
        ({"location": "w" * 5000}, "cannot be read|no such file"),
        ({"offset": str(10**15)}, "needs 96 bytes, but 96 from byte 1000000000000000 on"),
        ({"offset": "9" * 400}, "not a whole number of bytes"),
        ({"offset": "-4"}, "not a whole number of bytes"),
        ({"length": "1e3"}, "not a whole number of bytes"),
        ({"length": str(10**15)}, "needs 96 bytes, but 1000000000000000 from byte"),
        ({"length": "95"}, "needs 96 bytes, but 95 from byte"),
    ],
)
def test_external_data_elsewhere(entries: dict[str, str], message: str, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    model = redirected(external_model(folder), **entries)
    (tmp_path / "weights.bin").write_bytes((folder / "weights.bin").read_bytes())
    with pytest.raises(ModelError, match=message):
        load_network(saved(model, folder))


def test_external_data_through_a_link(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    model = external_model(folder)
    (folder / "weights.bin").rename(tmp_path / "weights.bin")
    (folder / "weights.bin").symlink_to(tmp_path / "weights.bin")
    refused(saved(model, folder), re.escape("a link to a place outside the model's folder"))
    (folder / "weights.bin").unlink()
    (tmp_path / "weights.bin").rename(folder / "real.bin")
    (folder / "weights.bin").symlink_to(folder / "real.bin")
    assert np.array_equal(load_network(saved(model, folder)).weights[0], W)
