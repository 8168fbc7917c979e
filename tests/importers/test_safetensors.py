"""Files of safetensors, right and wrong, with the format's own library as the oracle."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import assert_refused, run_command
from hypothesis import given, settings
from hypothesis import strategies as st
from importer_conformance import refused
from safetensors import SafetensorError, safe_open
from torch_models import FOUR, promptly

from relugeom.errors import ModelError
from relugeom.importers.loading import load_network
from relugeom.importers.torch.safetensors_file import LARGEST_HEADER

pytestmark = pytest.mark.filterwarnings("ignore::relugeom.remarks.RelugeomWarning")  # tests/network/test_assumptions.py

FIXTURES = Path(__file__).parent / "fixtures"
WEIGHT = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}


def written(path: Path, header: Any, content: bytes = FOUR, *, length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + content)
    return path


def test_the_hand_written_file_is_one(tmp_path: Path) -> None:
    path = written(tmp_path / "m.safetensors", {"__metadata__": {"format": "pt"}, "a.weight": WEIGHT})
    assert load_network(path).weights[0].tolist() == [[0, 1], [2, 3]]
    swapped = {"a.bias": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}}
    swapped |= {"a.weight": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]}}
    network = load_network(written(path, json.dumps(swapped).encode() + b"   "))
    assert (network.weights[0].tolist(), network.biases[0].tolist()) == ([[0], [1]], [2, 3])


@pytest.mark.parametrize("kind", ["F16", "BF16"])
def test_every_short_float_is_read_exactly(kind: str, tmp_path: Path) -> None:
    bits = np.arange(1 << 16, dtype=np.uint16)
    exponent = 0x7C00 if kind == "F16" else 0x7F80
    finite = bits[bits & exponent != exponent]
    header = {"a.weight": {"dtype": kind, "shape": [1, len(finite)], "data_offsets": [0, 2 * len(finite)]}}
    path = written(tmp_path / "m.safetensors", header, finite.astype("<u2").tobytes())
    network = load_network(path)
    assert network.weights[0].ravel().tolist() == [value_of(int(code), kind) for code in finite]
    assert network.origin.precision == "float32"
    for code in bits[bits & exponent == exponent][::61]:
        one = {"a.weight": {"dtype": kind, "shape": [1, 1], "data_offsets": [0, 2]}}
        refused(lambda one=one, code=code: load_network(written(path, one, struct.pack("<H", code))), "not a finite")


def value_of(code: int, kind: str) -> float:
    """The number behind the bits, from the definition of the format (IEEE 754; bfloat16: 8 bits of exponent)."""
    places, bias = (10, 15) if kind == "F16" else (7, 127)
    sign, exponent, fraction = code >> 15, code >> places & (2 * bias + 1), code & ((1 << places) - 1)
    significand = fraction + (1 << places) * (exponent > 0)
    return float((-1) ** sign * significand * 2.0 ** (max(exponent, 1) - bias - places))


def entry(**changes: Any) -> dict[str, Any]:
    return {"a.weight": WEIGHT | changes}


def entries(*offsets: tuple[int, int]) -> dict[str, Any]:
    return {
        f"fc{k}.weight": {"dtype": "F32", "shape": [1, (end - begin) // 4], "data_offsets": [begin, end]}
        for k, (begin, end) in enumerate(offsets)
    }


def doubled(inner: str) -> bytes:
    return b'{"a.weight":' + json.dumps(WEIGHT)[:-1].encode() + inner.encode() + b"}}"


HOSTILE = {
    "numbers beyond the file": (entry(data_offsets=[16, 32]), "overlap, or leave"),
    "numbers before the file": (entry(data_offsets=[-16, 0]), "in an unknown way"),
    "offsets of other sizes": (entry(data_offsets=[0, 12]), "not those of its shape"),
    "offsets in the wrong order": (entry(data_offsets=[16, 0]), "not those of its shape"),
    "three offsets": (entry(data_offsets=[0, 8, 16]), "in an unknown way"),
    "offsets that are floats": (entry(data_offsets=[0.0, 16.0]), "in an unknown way"),
    "offsets that are texts": (entry(data_offsets="ab"), "in an unknown way"),
    "a huge shape": (entry(shape=[1_000_000, 1_000_000]), "not those of its shape"),
    "a shape that wraps round": (entry(shape=[1 << 32, 1 << 32]), "not those of its shape"),
    "a shape of true": (entry(shape=[True, 4]), "in an unknown way"),
    "a shape of many axes": (entry(shape=[2, 2] + [1] * 70), "in an unknown way"),
    "a shape that is nested": (entry(shape=[[2, 2]]), "in an unknown way"),
    "a number for a kind": (entry(dtype=5), "in an unknown way"),
    "something else in an entry": (entry(strides=[2, 1]), "in an unknown way"),
    "an entry that is a list": ({"a.weight": [1]}, "in an unknown way"),
    "an entry without a kind": ({"a.weight": {"shape": [2, 2], "data_offsets": [0, 16]}}, "in an unknown way"),
    "tensors that overlap": (entries((0, 12), (8, 16)), "overlap"),
    "one place for two": (entries((0, 16), (0, 16)), "overlap"),
    "a gap": (entries((0, 4), (8, 16)), "overlap, or leave"),
    "bytes behind the last": (entries((0, 12)), "12 bytes of numbers, and 16 follow"),
    "too few bytes": (entries((0, 20)), "20 bytes of numbers, and 16 follow"),
    "no tensors but numbers": ({}, "0 bytes of numbers, and 16 follow"),
    "a name twice": (doubled('},"a.weight":' + json.dumps(WEIGHT)[:-1]), "comes twice"),
    "a kind twice": (doubled(',"dtype":"F16"'), "comes twice"),
    "two notes of one name": (doubled('},"__metadata__":{"a":"1","a":"2"'), "comes twice"),
    "notes that are no texts": ({"__metadata__": {"a": 1}, "a.weight": WEIGHT}, "values other than text"),
    "notes that are a list": ({"__metadata__": [], "a.weight": WEIGHT}, "values other than text"),
    "a header that is a list": (b"[]", "not a JSON object"),
    "not a JSON": (b"{not json}", "cannot be read"),
    "not UTF-8": (b'{"\xff":1}', "cannot be read"),
    "something behind the JSON": (json.dumps(entry()).encode() + b"{}", "cannot be read"),
    "spaces before it": (b" " + json.dumps(entry()).encode(), "not a JSON object"),
    "an endless number": (b'{"a":' + b"9" * 5000 + b"}", "cannot be read"),
    "brackets without an end": (b'{"a":' + b"[" * 100_000, "cannot be read"),
    "brackets upon brackets": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "cannot be read"),
    "a million lists": (b'{"a":[' + b"[]," * 1_000_000 + b"[]]}", "in an unknown way"),
    "a name of any letters": ({"\n\x1b\ud800" * 99: 5}, "in an unknown way"),
    "a kind of any letters": (entry(dtype="\n\x1b\ud800" * 99), "holds numbers of type"),
    "float8": (entry(dtype="F8_E4M3", shape=[4, 4]), "type F8_E4M3"),
    "integers": (entry(dtype="I32"), "type I32"),
    "complex numbers": (entry(dtype="C64", shape=[1, 2]), "type C64"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_headers_are_refused_in_a_line_a_moment_and_a_little_memory(name: str, tmp_path: Path) -> None:
    header, word = HOSTILE[name]
    path = written(tmp_path / "m.safetensors", header)
    with promptly(memory=150_000_000):
        refused(lambda: load_network(path), word)


def test_empty_layers_are_refused_before_anything_of_their_size_is_made(tmp_path: Path) -> None:
    for shape in ([0, 1 << 62], [1 << 62, 0], [0, 0]):
        header = {"a.weight": {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]}}
        with promptly():
            refused(lambda header=header: load_network(written(tmp_path / "m.safetensors", header, b"")), "no number")


def test_a_header_that_lies_about_its_length_is_not_read(tmp_path: Path) -> None:
    path, header = tmp_path / "m.safetensors", json.dumps(entry()).encode()
    for length in (len(header) + 17, 1 << 40, (1 << 64) - 1):
        refused(lambda length=length: load_network(written(path, header, length=length)), "before its header does")
    for length in (0, 1, len(header) - 1, len(header) + 1, len(header) + 16):
        refused(lambda length=length: load_network(written(path, header, length=length)), "safetensors")
    for content in (b"", b"\0", bytes(7), bytes(8)):
        path.write_bytes(content)
        refused(lambda: load_network(path), "safetensors")
    with path.open("wb") as file:  # a hole, which takes no room on the disk
        file.write(struct.pack("<Q", 1 << 33) + b"{")
        file.truncate(1 << 34)
    with promptly(memory=5_000_000):
        refused(lambda: load_network(path), f"more than {LARGEST_HEADER:,} are not read")


def test_a_file_of_huge_tensors_is_refused_before_they_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "m.safetensors", entry(shape=[1 << 15, 1 << 15], data_offsets=[0, 1 << 32]), b"")
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + (1 << 32))
    with promptly(memory=5_000_000):
        refused(lambda: load_network(path), "cannot be analysed")


def test_signalling_nans_are_refused_without_a_warning(tmp_path: Path) -> None:
    for kind, bits in (("F16", "017c"), ("BF16", "817f"), ("F32", "0100807f"), ("F64", "010000000000f07f")):
        content = bytes.fromhex(bits)
        header = entry(dtype=kind, shape=[1, 1], data_offsets=[0, len(content)])
        path = written(tmp_path / "m.safetensors", header, content)
        refused(lambda path=path: load_network(path), "a.weight[0, 0] is nan")


BYTES = {"F64": 8, "F32": 4, "F16": 2, "U8": 1}


@st.composite
def headers(draw: st.DrawFn) -> dict[str, Any]:
    """Two layers, with numbers of any kind in any order, one after the other; half of them then go wrong somewhere."""
    hidden = draw(st.integers(1, 3))
    shapes = {"a.weight": [hidden, 2], "b.weight": [1, hidden], "a.bias": [hidden]}
    header, place = {}, 0
    for name in draw(st.permutations(list(shapes))):
        kind = draw(st.sampled_from(list(BYTES)[:3] * 3 + ["U8"]))
        size = BYTES[kind] * int(np.prod(shapes[name]))
        header[name] = {"dtype": kind, "shape": shapes[name], "data_offsets": [place, place + size]}
        place += size
    if draw(st.booleans()):
        wrong = header[draw(st.sampled_from(list(header)))]
        key = draw(st.sampled_from(["dtype", "shape", "data_offsets"]))
        if key == "dtype":
            wrong[key] = draw(st.sampled_from([*BYTES, "F7"]))
        else:
            wrong[key][draw(st.integers(0, len(wrong[key]) - 1))] += draw(st.sampled_from([-4, -1, 1, 4, 1 << 62]))
    return header


@settings(max_examples=300)
@given(headers(), st.sampled_from([0, 0, 0, 0, -1, 1]))
def test_what_is_read_is_what_the_library_reads(tmp_path_factory: Any, header: dict[str, Any], more: int) -> None:
    """None is accepted that the library refuses, none is refused that it accepts, and none is read otherwise."""
    size = max(0, min(1000, max(entry["data_offsets"][1] for entry in header.values())) + more)
    numbers = b"\x01" * size
    path = written(tmp_path_factory.getbasetemp() / "m.safetensors", header, numbers)
    try:
        network = load_network(path)
    except ModelError as error:
        if "safetensors file, or a damaged one" not in str(error):
            return  # a file of something else than this network
        with pytest.raises(SafetensorError), safe_open(path, framework="numpy"):
            pass
        return
    with safe_open(path, framework="numpy") as file:
        tensors = {name: file.get_tensor(name).astype(np.float64) for name in header}
    layers = zip(network.weights, network.biases, strict=True)
    assert [[w.tolist(), b.tolist()] for w, b in layers] == [
        [tensors["a.weight"].tolist(), tensors["a.bias"].tolist()],
        [tensors["b.weight"].tolist(), [0.0]],
    ]


def test_a_file_with_one_bit_wrong_ends_in_a_network_or_a_line(tmp_path: Path) -> None:
    whole, path = (FIXTURES / "torch_plain.safetensors").read_bytes(), tmp_path / "m.safetensors"
    read = 0
    for place in range(len(whole)):
        for bit in (0, 3, 6):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])
            try:
                load_network(path)
            except ModelError as error:
                assert "\n" not in str(error)
            else:
                read += 1
    assert read > 100, "numbers carry no checksum"


def test_the_command_line_ends_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("tensors that overlap", "a name twice", "a name of any letters"):
        path = written(tmp_path / "m.safetensors", HOSTILE[name][0])
        assert_refused(run_command(capsys, "inspect", path), "m.safetensors")
