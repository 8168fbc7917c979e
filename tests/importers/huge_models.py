"""Small files that describe something huge: one generator for each way, in each format.

Each writes a file below a folder. None of them holds a network that can be read; what they take on the disk is a
small part of what a reader would need that believes them.
"""

import json
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper
from onnx_models import T, chain, graph_model
from torch_models import archive, storage, tensor, tensor_pickle

__all__ = ["HUGE"]

Write = Callable[[Path], Path]


def _onnx(make: Callable[[], ModelProto | bytes]) -> Write:
    def write(folder: Path) -> Path:
        model, path = make(), folder / "model.onnx"
        path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
        return path

    return write


def _nodes(*operations: tuple[str, list[str]], **attributes: int) -> list[NodeProto]:
    """Nodes that each give t1, t2, …, the last one y."""
    last = len(operations)
    return [
        helper.make_node(kind, inputs, ["y" if k == last else f"t{k}"], **attributes if kind == "Concat" else {})
        for k, (kind, inputs) in enumerate(operations, 1)
    ]


def _doubled(times: int, *between: str) -> ModelProto:
    """c, c; c, c, c, c; and so on, with other operators between."""
    operations, name = [], "x"
    for _ in range(times):
        for kind in between:
            operations.append((kind, [name]))
            name = f"t{len(operations)}"
        operations.append(("Concat", [name, name]))
        name = f"t{len(operations)}"
    return graph_model(("N", 4), _nodes(*operations, axis=1), {})


def _repeated(kind: str, times: int, size: int, value: float) -> ModelProto:
    constant = np.full(size, value, dtype=np.float64)
    operations = [(kind, ["x" if not k else f"t{k}", "c"]) for k in range(times)]
    return graph_model(("N", size), _nodes(*operations), {"c": constant}, element=TensorProto.DOUBLE)


def _products(times: int, size: int) -> ModelProto:
    weights = np.random.default_rng(0).normal(size=(size, size))
    operations = [("MatMul", ["x" if not k else f"t{k}", "c"]) for k in range(times)]
    return graph_model(("N", size), _nodes(*operations), {"c": weights}, element=TensorProto.DOUBLE)


def _field(number: int, content: bytes) -> bytes:
    length, sizes = len(content), bytearray()
    while length > 127:
        sizes.append(length & 127 | 128)
        length >>= 7
    return bytes([number << 3 | 2, *sizes, length]) + content


def _with_graph(extra: bytes) -> bytes:
    """A small model whose graph has these fields too."""
    model = chain(("N", 6), ("Relu", [T]))
    graph = model.graph.SerializeToString()
    model.ClearField("graph")
    return model.SerializeToString() + _field(7, graph + extra)


def _grid() -> ModelProto:
    """A row and a column, broadcast to a matrix."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0]),
        helper.make_node("Add", ["x", "t"], ["y"]),
    ]
    return graph_model((1, 1_000_000), nodes, {})


def _external(folder: Path) -> Path:
    """Many tensors in one place of another file."""
    (folder / "weights").write_bytes(bytes(2**22))
    model = chain(("N", 6), ("Relu", [T]))
    for k in range(200):
        kept = model.graph.initializer.add(name=f"c{k}", dims=[2**19], data_type=TensorProto.DOUBLE, data_location=1)
        kept.external_data.add(key="location", value="weights")
        model.graph.node[0].input.append(kept.name)  # what nothing takes is not read
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def _declared() -> ModelProto:
    model = chain(("N", 6), ("Relu", [T]))
    model.graph.initializer.add(name="c", dims=[2**40, 2**20], data_type=TensorProto.FLOAT)
    model.graph.node[0].input.append("c")
    return model


def _ones(*shape: int) -> NDArray[np.float32]:
    return np.ones(shape, dtype=np.float32)


def _two_layers(size: int, times: int, kind: str) -> ModelProto:
    """Layers that cost little in a file and much when they are written with ReLU units."""
    operations = [(kind, ["x" if not k else f"t{k}"]) for k in range(times)]
    return graph_model(("N", size), _nodes(*operations), {})


def _largest_of_all(size: int) -> ModelProto:
    return chain((1, 1, size), ("GlobalMaxPool", [T]))


def _shortcuts(times: int, size: int) -> ModelProto:
    """relu(x) + x, again and again: each carries all values along."""
    operations, name = [], "x"
    for _ in range(times):
        operations += [("Relu", [name]), ("Add", [f"t{len(operations) + 1}", name])]
        name = f"t{len(operations)}"
    return graph_model(("N", size), _nodes(*operations), {})


def _cast_again(times: int) -> ModelProto:
    constant = np.ones(10**6, dtype=np.float32)
    nodes = [helper.make_node("Cast", ["c"], [f"k{k}"], to=TensorProto.DOUBLE) for k in range(times)]
    nodes += [helper.make_node("Add", ["x" if not k else f"t{k}", f"k{k}"], [f"t{k + 1}"]) for k in range(times)]
    nodes[-1].output[0] = "y"
    return graph_model(("N", 10**6), nodes, {"c": constant})


def _npz(member: Callable[[zipfile.ZipFile], None]) -> Write:
    def write(folder: Path) -> Path:
        path = folder / "model.npz"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            member(file)
        return path

    return write


def _zeros(name: str, shape: tuple[int, ...], kind: str, size: int) -> Callable[[zipfile.ZipFile], None]:
    def add(file: zipfile.ZipFile) -> None:
        header = BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": kind, "fortran_order": False, "shape": shape})
        with file.open(f"{name}.npy", "w", force_zip64=True) as member:
            member.write(header.getvalue())
            block = bytes(2**20)
            for _ in range(size // 2**20):
                member.write(block)

    return add


def _h5(write_weights: Callable[[h5py.Group], None], layers: list[dict[str, object]]) -> Write:
    def write(folder: Path) -> Path:
        path = folder / "model.h5"
        config = {"class_name": "Sequential", "config": {"layers": layers}}
        with h5py.File(path, "w") as file:
            file.attrs["model_config"] = json.dumps(config)
            write_weights(file.create_group("model_weights"))
        return path

    return write


def _dense(name: str, units: int, inputs: int) -> dict[str, object]:
    settings = {
        "name": name,
        "units": units,
        "use_bias": False,
        "activation": "relu",
        "batch_input_shape": [None, inputs],
    }
    return {"class_name": "Dense", "config": settings}


def _never_written(root: h5py.Group) -> None:
    """An array whose numbers no byte of the file holds."""
    group = root.create_group("a")
    group.attrs["weight_names"] = ["a/kernel:0"]
    group.create_dataset("a/kernel:0", shape=(1000, 50_000), dtype="f8", chunks=(1000, 1000), compression="gzip")


def _one_array_for_all(root: h5py.Group) -> None:
    """Many layers whose weights are one array."""
    first = None
    for k in range(400):
        group = root.create_group(f"l{k}")
        group.attrs["weight_names"] = ["kernel:0"]
        if first is None:
            first = group.create_dataset("kernel:0", data=np.zeros((1000, 1000)), compression="gzip")
        else:
            group["kernel:0"] = first


def _large_config(folder: Path) -> Path:
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("config.json", "[" + "[]," * 6_000_000 + "[]]")
        file.writestr("model.weights.h5", b"")
    return path


def _pt(pickled: bytes, members: dict[str, bytes] | None = None) -> Write:
    return lambda folder: archive(folder / "model.pt", pickled, members, packed=True)


def _safetensors(header: object, size: int) -> Write:
    def write(folder: Path) -> Path:
        path, text = folder / "model.safetensors", json.dumps(header).encode()
        with path.open("wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            file.truncate(8 + len(text) + size)  # a hole, which takes no room on the disk
        return path

    return write


def _nnet(content: bytes, size: int | None = None) -> Write:
    def write(folder: Path) -> Path:
        path = folder / "model.nnet"
        with path.open("wb") as file:
            file.write(content)
            file.truncate(len(content) if size is None else size)
        return path

    return write


F64 = {"dtype": "F64", "shape": [1 << 14, 1 << 14], "data_offsets": [0, 1 << 31]}
EXPANDED = {f"{2 * k}.weight": tensor(None, 0, (1000, 1000), (0, 0)) for k in range(3000)}
DRAWN_OUT = {"0.weight": tensor(storage(size=1 << 40), 0, (1 << 20, 1 << 20), (1, 1))}

HUGE: dict[str, Write] = {
    "concat": _onnx(lambda: _doubled(60)),
    "concat of relus": _onnx(lambda: _doubled(40, "Relu")),
    "concat of scaled relus": _onnx(lambda: _doubled(40, "Abs", "Relu")),
    "many products": _onnx(lambda: _repeated("Mul", 3_000, 300, 1 / 3e300)),
    "many quotients": _onnx(lambda: _repeated("Div", 20_000, 50, 3.7e-300)),
    "many sums": _onnx(lambda: _repeated("Add", 20_000, 2_000, 1 / 3e300)),
    "many matrices": _onnx(lambda: _products(300, 60)),
    "empty nodes": _onnx(lambda: _with_graph(b"\x0a\x00" * 10_000_000)),
    "empty tensors": _onnx(lambda: _with_graph(b"\x2a\x00" * 3_000_000)),
    "empty names": _onnx(lambda: _with_graph(_field(1, b"\x0a\x00" * 3_000_000))),
    "packed numbers of an attribute": _onnx(lambda: _with_graph(_field(1, _field(5, _field(8, bytes(30_000_000)))))),
    "packed numbers of a tensor": _onnx(lambda: _with_graph(_field(5, _field(7, bytes(70_000_000))))),
    "metadata": _onnx(lambda: chain(("N", 6), ("Relu", [T]), metadata={"input_names": "[" * 30_000_000})),
    "a row and a column": _onnx(_grid),
    "one external file for all": _external,
    "a declared shape": _onnx(_declared),
    "casts": _onnx(lambda: _cast_again(400)),
    "filters": _onnx(lambda: chain((1, 1, 40, 40), ("Conv", [T, _ones(200_000, 1, 1, 1)]))),
    "pads": _onnx(lambda: chain((1, 1, 4, 4), ("Conv", [T, _ones(1, 1, 1, 1)], {"pads": [20_000] * 4}))),
    "a large kernel": _onnx(
        lambda: chain((1, 1, 1, 1), ("MaxPool", [T], {"kernel_shape": [8000] * 2, "pads": [7999, 7999, 0, 0]}))
    ),
    "averages": _onnx(lambda: chain((1, 1, 1000, 1000), ("AveragePool", [T], {"kernel_shape": [2, 2]}))),
    "the largest of many": _onnx(lambda: _largest_of_all(1_000_000)),
    "shortcuts": _onnx(lambda: _shortcuts(200, 300)),
    "absolute values": _onnx(lambda: _two_layers(1000, 400, "Abs")),
    "leaky": _onnx(lambda: _two_layers(3000, 10, "LeakyRelu")),
    "zeros": _npz(_zeros("W0", (2**13, 2**12), "<f8", 2**28)),
    "zeros of one byte": _npz(_zeros("W0", (2**14, 2**14), "|i1", 2**28)),
    "a long name": _npz(_zeros("input_names", (1,), f"<U{2**26}", 2**28)),
    "an array never written": _h5(_never_written, [_dense("a", 50_000, 1000)]),
    "one array for all layers": _h5(_one_array_for_all, [_dense(f"l{k}", 1000, 1000) for k in range(400)]),
    "wide layers": _h5(lambda root: None, [_dense("a", 10**9, 10**6)]),
    "a large config": _large_config,
    "expanded tensors": _pt(tensor_pickle(EXPANDED)),
    "a storage drawn out": _pt(tensor_pickle(DRAWN_OUT)),
    "a packed storage": _pt(
        tensor_pickle({"0.weight": tensor(storage(size=10**7), 0, (1000, 10_000), (10_000, 1))}),
        {"m/data/0": bytes(4 * 10**7)},
    ),
    "a hole": _safetensors({"0.weight": F64}, 1 << 31),
    "declared in a header": _safetensors({"0.weight": F64}, 0),
    "commas": _nnet(b"2,2,1,2,\n2,1,1,\n" + b"," * 20_000_000),
    "line breaks": _nnet(b"\n" * 5_000_000),
    "zeros of text": _nnet(b"2,2,1,2,\n2,1,1,\n0,\n", 2**26),
    "widths": _nnet(b"1,1000,1000000,1000000,\n1000,1000000,\n0,\n", 2**28),
}  # fmt: skip
