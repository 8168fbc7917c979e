"""Pickles of PyTorch that are damaged or mean harm: one line, nothing run, and little time and memory."""

import io
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import assert_refused, run_command
from hypothesis import given, settings
from hypothesis import strategies as st
from importer_conformance import refused
from torch_models import (
    TENSOR,
    Call,
    Named,
    Persistent,
    Raw,
    archive,
    assembled,
    promptly,
    storage,
    tensor,
    tensor_pickle,
)

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.loading import load_network
from relugeom.importers.torch.pickle_reader import LARGEST_PICKLE, STEPS, read_pickle

pytestmark = pytest.mark.filterwarnings("ignore::relugeom.remarks.RelugeomWarning")  # tests/network/test_assumptions.py

DEPTH = 32
"""Of tuples that hold the one below twice: 2^32 steps for whoever walks them, a minute at the least."""


class Evil:
    def __init__(self, call: object, *arguments: object) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> Any:
        return self.call, self.arguments


@pytest.mark.parametrize("protocol", range(2, 6))
def test_no_pickle_is_ever_run(protocol: int, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    for call, arguments in (
        (os.system, (f"touch {touched}",)),
        (eval, ("1",)),
        (exec, (f"open({str(touched)!r}, 'w')",)),
        (getattr, (1, "real")),
        (open, (str(touched), "w")),
        (io.open, (str(touched), "w")),
        (bytearray, (1 << 40,)),
        (__import__, ("antigravity",)),
    ):
        path = archive(tmp_path / "m.pt", pickle.dumps({"a.weight": Evil(call, *arguments)}, protocol))
        refused(lambda path=path: load_network(path), error=UnsupportedModelError)
    assert not touched.exists()


ENDLESS = Raw(b"NN\x86" + b"q\x00h\x00\x86" * DEPTH)
HUGE = 1 << 62
DEEP = Raw(b")" + b"\x85" * 100_000)
REBUILD = Named("torch._utils", "_rebuild_tensor_v2")
NEWER = Named("torch._utils", "_rebuild_tensor_v3")
ORDERED = Named("collections", "OrderedDict")


def one(value: object) -> bytes:
    return tensor_pickle({"a.weight": value})


HOSTILE = {
    "a storage that is not there": (one(tensor(storage(key="9"))), "no member"),
    "a path out of the archive": (one(tensor(storage(key="../../../../etc/passwd"))), "no member"),
    "a path within the archive": (one(tensor(storage(key="../data.pkl"))), "no member"),
    "a key of any letters": (one(tensor(storage(key="\n\x1b[31m\ud800"))), "no member"),
    "a storage that is too short": (one(tensor(storage(size=5))), "bytes for 5 numbers"),
    "a storage that is too long": (one(tensor(storage(size=3), 0, (1, 1))), "longer than 12 bytes"),
    "a tensor beyond its storage": (one(tensor(None, 1)), "beyond its storage"),
    "strides beyond the storage": (one(tensor(None, 0, (2, 2), (1 << 40, 1))), "beyond its storage"),
    "strides that overflow": (one(tensor(None, 0, (2, 2), (HUGE, HUGE))), "beyond its storage"),
    "a negative stride": (one(tensor(None, 0, (2, 2), (-2, 1))), "in an unknown way"),
    "a negative offset": (one(tensor(None, -1)), "in an unknown way"),
    "a huge storage": (one(tensor(storage(size=1 << 50))), "too large"),
    "a storage of more than all bytes": (one(tensor(storage(size=1 << 63))), "in an unknown way"),
    "a huge tensor of one number": (one(tensor(None, 0, (1 << 30, 1 << 30), (0, 0))), "too large"),
    "a large tensor of one number": (one(tensor(None, 0, (8192, 4096), (0, 0))), "too large"),
    "a long tensor of one number": (one(tensor(None, 0, (1, 1 << 25), (0, 0))), "too large"),
    "many tensors of one number": (
        tensor_pickle({f"{k}.weight": tensor(None, 0, (1024, 1024), (0, 0)) for k in range(100)}),
        "too large",
    ),
    "a tall layer of one number": (one(tensor(None, 0, ((1 << 20) + 1, 1), (0, 0))), "1,048,578 units"),
    "a wide layer without outputs": (one(tensor(None, 0, (0, 1 << 62))), "holds no number"),
    "a layer without inputs": (one(tensor(None, 0, (1 << 40, 0))), "holds no number"),
    "a bias of no number": (
        tensor_pickle({"a.weight": tensor(), "a.bias": tensor(None, 0, (0,), (1,))}),
        "'a.bias' holds no number",
    ),
    "more axes than arrays have": (one(tensor(None, 0, (1,) * 70, (1,) * 70)), "in an unknown way"),
    "a bias of four axes": (
        tensor_pickle({"a.weight": tensor(), "a.bias": tensor(None, 0, (1, 1, 2, 1), (9, 9, 1, 9))}),
        "a.bias has the shape [1, 1, 2, 1]",
    ),
    "axes of a thousand digits": (one(tensor(None, 0, (1 << 2000, 1), (1, 1))), "in an unknown way"),
    "a size of -1": (one(tensor(storage(size=-1))), "in an unknown way"),
    "a size that is true": (one(tensor(storage(size=True))), "in an unknown way"),
    "shape and strides of other lengths": (one(tensor(None, 0, (2, 2, 1))), "in an unknown way"),
    "an unknown storage": (one(tensor(storage("ComplexStorage"))), "type torch.ComplexStorage"),
    "a storage of another module": (
        one(tensor(storage("FloatStorage", module="torch.storage"))),
        "type torch.storage.FloatStorage",
    ),
    "two kinds in one storage": (
        tensor_pickle({"a.weight": tensor(), "a.bias": tensor(storage("HalfStorage"), 0, (2,), (1,))}),
        "'a.bias' is described in two ways",
    ),
    "two sizes of one storage": (
        tensor_pickle({"a.weight": tensor(), "a.bias": tensor(storage(size=3), 0, (2,), (1,))}),
        "described in two ways",
    ),
    "another call": (tensor_pickle().replace(b"_rebuild_tensor_v2", b"_rebuild_sparse_xx"), "_rebuild_sparse_xx"),
    "a call of a class of PyTorch": (one(Call(Named("torch", "load"), ("a",))), "torch.load"),
    "a call of no tuple": (one(Call(REBUILD, [1])), "calls something without a name"),
    "a call of a list": (one(Call([], ())), "calls something without a name"),
    "a dictionary that is called with items": (one(Call(ORDERED, ([["a", 1]],))), "in an unknown way"),
    "a tensor of a name": (one(tensor(REBUILD)), "in an unknown way"),
    "a tensor of too few parts": (one(Call(REBUILD, (storage(), 0))), "in an unknown way"),
    "a tensor of a newer kind": (one(Call(NEWER, (*tensor().arguments, Named("torch", "float8_e5m2")))), "float8_e5m2"),
    "a newer kind of an old name": (
        one(Call(NEWER, (*tensor(storage("UntypedStorage")).arguments, Named("torch", "float32")))),
        "torch.float32",
    ),
    "a newer kind that is none": (one(Call(NEWER, tensor().arguments)), "in an unknown way"),
    "a parameter of nothing": (one(Call(Named("torch._utils", "_rebuild_parameter"), ())), "in an unknown way"),
    "hooks": (one(Call(REBUILD, (storage(), 0, (2, 2), (2, 1), False, {"a": 1}))), "in an unknown way"),
    "a complex mark": (one(tensor(None, 0, (2, 2), (2, 1), {"conj": True})), "complex"),
    "an unknown mark": (one(tensor(None, 0, (2, 2), (2, 1), {"transposed": True})), "marked"),
    "a mark of no bit": (one(tensor(None, 0, (2, 2), (2, 1), {"neg": 1})), "marked"),
    "two marks": (one(tensor(None, 0, (2, 2), (2, 1), {}, {})), "in an unknown way"),
    "no state_dict": (tensor_pickle([1, 2]), "not a state_dict"),
    "keys without tensors": (tensor_pickle({"epoch": 1, "loss": 0.5}), "(epoch, loss)"),
    "keys of any letters": (tensor_pickle({"\n\x1b[31m\ud800": 1}), "not a state_dict"),
    "a bias that is a list": (tensor_pickle({"a.weight": tensor(), "a.bias": [1.0, 2.0]}), "'a.bias' in its"),
    "a number for a name": (tensor_pickle({"a.weight": tensor(), 7: tensor()}), "'7' in its state_dict"),
    "two networks": (
        tensor_pickle({"model": {"a.weight": tensor()}, "state_dict": {"a.weight": tensor()}}),
        "several state_dicts",
    ),
    "a network in a network": (
        tensor_pickle({"model": {"a.weight": tensor()}, "b.weight": tensor()}),
        "several state_dicts",
    ),
    "two values of one name": (tensor_pickle(Raw(assembled({"a": 1}) + assembled("a") + b"Ns")), "two values"),
    "weights that are integers": (one(tensor(storage("LongStorage"))), "type torch.LongStorage"),
    "an empty pickle": (b"", "damaged"),
    "no end": (TENSOR[:-1], "damaged"),
    "two ends": (b"\x80\x02}}.", "leaves values"),
    "a mark that stays": (b"\x80\x02(}.", "leaves values"),
    "a memo that is not there": (b"\x80\x02h\x05.", "damaged"),
    "a memo of nothing": (b"\x80\x02q\x05.", "damaged"),
    "a memo of a mark": (b"\x80\x02(q\x00h\x00t.", "damaged"),
    "a stack that is empty": (b"\x80\x02R.", "damaged"),
    "values below a mark": (b"\x80\x02NN(\x86.", "damaged"),
    "marks that nobody made": (b"\x80\x02t.", "damaged"),
    "a key without a value": (b"\x80\x02}(Nu.", "no value"),
    "items of a list": (b"\x80\x02](NNu.", "no dict"),
    "members of a dictionary": (b"\x80\x02}Na.", "no list"),
    "an unknown opcode": (b"\x80\x02\xff.", "damaged"),
    "an unknown protocol": (b"\x80\x63}.", "protocol 99"),
    "a frame beyond the end": (b"\x80\x04\x95" + struct.pack("<Q", 1 << 60) + b"}.", "ends too early"),
    "a text beyond the end": (b"\x80\x04\x8d" + struct.pack("<Q", 1 << 60) + b"a.", "ends too early"),
    "a text of no letters": (b"\x80\x02X\x02\x00\x00\x00\xff\xff.", "UTF-8"),
    "a name without an end": (b"\x80\x02ctorch", "ends too early"),
    "a name that is no text": (b"\x80\x04NN\x93.", "not text"),
    "an old text": (b"\x80\x02S'\\d'\n.", "step STRING"),
    "an endless decimal": (b"\x80\x02I" + b"9" * 5000 + b"\n.", "step INT"),
    "a set": (pickle.dumps({1, 2}, 4), "step EMPTY_SET"),
    "bytes of any length": (b"\x80\x05\x96" + struct.pack("<Q", 1 << 60) + b".", "step BYTEARRAY8"),
    "an object that is built": (b"\x80\x02K\x01}b.", "damaged"),
    "a list in itself": (b"\x80\x02]q\x00h\x00a.", "not a state_dict"),
    "a dictionary in itself": (tensor_pickle(Raw(b"}q\x00" + assembled("model") + b"h\x00s")), "not a state_dict"),
    "a class with a line in its name": (one(Raw(assembled("a\nb") + assembled("c\x1b") + b"\x93")), "a\\nb"),
    "a class with a long name": (one(Raw(assembled("a" * 9999) + assembled("c") + b"\x93")), "aaa"),
    "an endless key": (tensor_pickle({ENDLESS: 1}), "a key that is a tuple"),
    "an endless call": (one(Call(ENDLESS, ())), "calls something without a name"),
    "an endless argument": (one(Call(ORDERED, ENDLESS)), "in an unknown way"),
    "an endless class": (one(Raw(assembled(ENDLESS) + assembled(ENDLESS) + b"\x93")), "not text"),
    "an endless storage": (one(Persistent(ENDLESS)), "in an unknown way"),
    "an endless key of a storage": (one(tensor(storage(key=ENDLESS))), "in an unknown way"),  # type: ignore[arg-type]
    "an endless offset": (one(tensor(None, ENDLESS)), "in an unknown way"),
    "an endless shape": (one(tensor(None, 0, ENDLESS, ENDLESS)), "in an unknown way"),
    "an endless size": (one(tensor(None, 0, (2, ENDLESS))), "in an unknown way"),
    "an endless mark": (one(tensor(None, 0, (2, 2), (2, 1), ENDLESS)), "marked"),
    "an endless value of a mark": (one(tensor(None, 0, (2, 2), (2, 1), {"neg": ENDLESS})), "marked"),
    "an endless tensor": (one(ENDLESS), "not a state_dict"),
    "an endless bias": (tensor_pickle({"a.weight": tensor(), "a.bias": ENDLESS}), "'a.bias' in its"),
    "an endless state_dict": (tensor_pickle(ENDLESS), "not a state_dict"),
    "a deep tuple": (tensor_pickle(DEEP), "not a state_dict"),
    "a deep key": (tensor_pickle({DEEP: 1}), "a key that is a tuple"),
    "integers of one hash": (
        b"\x80\x02}(" + b"".join(assembled(k * (2**61 - 1)) + b"N" for k in range(100_000)) + b"u.",
        "a key that is a int",
    ),
    "marks upon marks": (b"\x80\x02" + b"(" * 100_000 + b"t" * 100_000 + b".", "not a state_dict"),
    "marks behind many values": (b"\x80\x02" + b"N" * 100_000 + b"(t" * 100_000 + b".", "leaves values"),
    "one value many times": (b"\x80\x02(" + b"N" * 100_000 + b"tq\x00" + b"h\x00" * 100_000, "early"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles_are_refused_in_a_line_a_moment_and_a_little_memory(name: str, tmp_path: Path) -> None:
    content, word = HOSTILE[name]
    path = archive(tmp_path / "m.pt", content)
    with promptly():
        refused(lambda: load_network(path), word)


def test_a_pickle_of_too_many_steps_is_not_run_to_its_end(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.pt", b"\x80\x02" + b"}\x94" * (STEPS // 2 + 1), packed=True)
    with promptly(seconds=20, memory=150_000_000):
        refused(lambda: load_network(path), f"more than {STEPS:,} steps")
    with pytest.raises(ModelError, match="more than 16,777,216 are not read"):
        read_pickle(bytes(LARGEST_PICKLE + 1), {}, lambda identifier: identifier)
    path = archive(tmp_path / "m.pt", b"N" * (LARGEST_PICKLE + 1), packed=True)
    with promptly():
        refused(lambda: load_network(path), "longer than")


def test_long_names_and_many_layers_make_a_short_line(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    long = "x" * 5000 + "\n\x1b"
    archive(path, tensor_pickle({f"{long}{k}.weight": tensor(None, 0, (1, 1)) for k in range(300)}))
    assert load_network(path, activations=["relu"]).widths == (1,) * 299, "their numbers say in which order they come"
    for shape in ((1, 1), (1, 2), (2, 1)):
        table = {f"{long}{'ab' * k}.weight": tensor(None, 0, shape) for k in range(200)}
        archive(path, tensor_pickle(table))
        with promptly():
            refused(lambda: load_network(path), "194 more")
            refused(lambda: load_network(path, layers=["a"]), "194 more")
    for table in ({f"{long}.weight": tensor(None, 0, (2,), (1,))}, {f"{long}.other": tensor()}, {long: tensor()}):
        archive(path, tensor_pickle(table))
        refused(lambda: load_network(path), "does not belong to a linear layer")
    nan = np.full(4, np.nan, dtype="<f4").tobytes()
    archive(path, tensor_pickle({f"{long}.weight": tensor()}), {"m/data/0": nan})
    refused(lambda: load_network(path), "not a finite number")


def test_numbers_of_any_length_in_names_are_compared(tmp_path: Path) -> None:
    names = [f"fc{digits}.weight" for digits in ("1" + "0" * 5000, "0009", "2" + "0" * 5000, "10")]
    numbers = np.arange(4, dtype="<f4").tobytes()
    table = {name: tensor(None, k, (1, 1)) for k, name in enumerate(names)}
    path = archive(tmp_path / "m.pt", tensor_pickle(table), {"m/data/0": numbers})
    assert [weight[0, 0] for weight in load_network(path, activations=["relu"]).weights] == [1, 3, 0, 2]
    archive(path, tensor_pickle({"fc1.weight": tensor(None, 0, (1, 1)), "fc01.weight": tensor(None, 1, (1, 1))}))
    refused(lambda: load_network(path), "more than one order")
    for wrong in ([1, "a"], [["a"]], [None, None], "fc1"):
        refused(lambda wrong=wrong: load_network(path, layers=wrong), "fc1, fc01")  # type: ignore[misc]


# --- views --------------------------------------------------------------------------------------------------------


def test_the_opposite_of_numbers_is_read_where_it_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    for marks, sign in (({"neg": True}, -1), ({"neg": False}, 1), ({"conj": False}, 1), ({}, 1), (None, 1)):
        archive(path, one(tensor(None, 0, (2, 2), (2, 1), marks)))
        assert load_network(path).weights[0].tolist() == [[0, sign], [sign * 2, sign * 3]]


def test_views_of_few_numbers_are_read_right(tmp_path: Path) -> None:
    table = {
        "a.weight": tensor(None, 1, (3, 2), (0, 1)),
        "a.bias": tensor(None, 3, (3,), (0,)),
        "b.weight": tensor(None, 0, (1, 3), (1 << 62, 1)),
    }
    network = load_network(archive(tmp_path / "m.pt", tensor_pickle(table)), activations=["relu"])
    assert [weight.tolist() for weight in network.weights] == [[[1, 2]] * 3, [[0, 1, 2]]]
    assert network.biases[0].tolist() == [3, 3, 3]


def test_a_storage_of_many_views_is_read_once(tmp_path: Path) -> None:
    numbers = np.zeros(2_000_000, dtype="<f4")
    table = {f"fc{k}.weight": tensor(storage(size=numbers.size), k, (1, 1)) for k in range(1000)}
    path = archive(tmp_path / "m.pt", tensor_pickle(table), {"m/data/0": numbers.tobytes()})
    with promptly(seconds=5):
        assert len(load_network(path, activations=["relu"]).weights) == 1000


def test_signalling_nans_are_refused_without_a_warning(tmp_path: Path) -> None:
    for kind, bits in (
        ("HalfStorage", b"\x01\x7c"),
        ("BFloat16Storage", b"\x81\x7f"),
        ("FloatStorage", b"\x01\x00\x80\x7f"),
        ("DoubleStorage", b"\x01\x00\x00\x00\x00\x00\xf0\x7f"),
    ):
        path = archive(tmp_path / "m.pt", one(tensor(storage(kind, size=1), 0, (1, 1))), {"m/data/0": bits})
        refused(lambda path=path: load_network(path), "a.weight[0, 0] is nan")


@settings(max_examples=300)
@given(st.data())
def test_any_change_of_a_pickle_ends_in_a_network_or_a_line(tmp_path_factory: Any, data: st.DataObject) -> None:
    pickled = bytearray((TENSOR, pickle.dumps({"a": [1, (2.5, "x")], "b": {}}, 4))[data.draw(st.integers(0, 1))])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(pickled) - 1))
        pickled[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    path = archive(tmp_path_factory.getbasetemp() / "m.pt", bytes(pickled))
    try:
        load_network(path)
    except ModelError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 700


@pytest.mark.parametrize("name", ["an endless key", "a large tensor of one number", "a class with a line in its name"])
def test_the_command_line_ends_in_one_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = archive(tmp_path / "m.pt", HOSTILE[name][0])
    assert_refused(run_command(capsys, "inspect", path), "m.pt")
    assert_refused(run_command(capsys, "inspect", path, "--json"), "m.pt")
