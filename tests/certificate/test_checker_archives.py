"""What the checker and the importer read in one archive: the same network, or both of them nothing.

An archive is put together byte by byte, so that its members, its two lists of them and its arrays can disagree.
"""

import itertools
import random
import struct
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from limits import peak_memory

from relugeom import checker
from relugeom.errors import RelugeomError
from relugeom.importers.loading import load_network

LAYERS = {
    "W0": np.array([[1.0, -2.0], [0.5, 0.25], [3.0, -0.0]]),
    "b0": np.array([0.0, 1.0, -1.0]),
    "W1": np.array([[1.0, 2.0, 3.0]]),
    "b1": np.array([-0.0]),
}
SHAPES = [([[0] * 3] * 3, 0), ([[0] * 4], 0)]
"""The shapes of LAYERS as the checker has those of a certificate."""
MAGIC = b"\x93NUMPY"
DTYPES = ["<f8", ">f8", "<f4", ">f4", "<f2", ">f2", "<i8", ">i4", "|i1", "|u1", "<u2", "<u8", "|b1", "<c16", "<f16",
          "|O", "=f8", "f8", "|f8", "<i1", "float64", "<d", "<U3", "|S8", "<M8[s]", "|V8"]  # fmt: skip


def array(values: np.ndarray, dtype: str = "<f8", *, version: tuple[int, int] = (1, 0), **changes: Any) -> bytes:
    """A .npy file; `changes` are texts in the place of header entries, or the whole header, padding and data."""
    try:
        data = np.asarray(values).astype(dtype).tobytes(order="F" if changes.get("fortran_order") == "True" else "C")
    except (TypeError, ValueError):
        data = np.asarray(values).tobytes()
    entries = {"descr": repr(dtype), "fortran_order": "False", "shape": repr(np.shape(values))}
    entries |= {key: text for key, text in changes.items() if key not in ("header", "data", "more")}
    text = changes.get("header", "{" + ", ".join(f"{key!r}: {value}" for key, value in entries.items()) + "}")
    header = (text + changes.get("more", "") + "\n").encode("utf-8")
    size = struct.pack("<H" if version == (1, 0) else "<I", len(header))
    return MAGIC + bytes(version) + size + header + changes.get("data", data)


@dataclass(frozen=True)
class Member:
    """A member of an archive, as its local header and the central directory have it."""

    name: str
    content: bytes
    method: int = 0
    local: dict[str, Any] = field(default_factory=dict)
    central: dict[str, Any] = field(default_factory=dict)
    descriptor: bool = False
    stream: bytes | None = None
    tail: bytes = b""
    at: int | None = None


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def archive(members: list[Member], *, before: bytes = b"", after: bytes = b"", count: int | None = None) -> bytes:
    """A zip archive; a member with `at` has no local header of its own but that of the member with this number."""
    body, listing, offsets = before, b"", []
    for member in members:
        stream = member.stream if member.stream is not None else (
            deflated(member.content) if member.method == 8 else member.content)  # fmt: skip
        facts = {"flags": 8 if member.descriptor else 0, "method": member.method, "crc": zlib.crc32(member.content),
                 "packed": len(stream), "size": len(member.content), "name": member.name}  # fmt: skip
        here = facts | ({"crc": 0, "packed": 0, "size": 0} if member.descriptor else {}) | member.local
        there = facts | member.central
        offsets.append(len(body) if member.at is None else offsets[member.at])
        if member.at is None:
            body += entry(b"PK\x03\x04" + struct.pack("<H", 20), here) + struct.pack("<H", 0)
            body += here["name"].encode() + stream
            if member.descriptor:
                body += b"PK\x07\x08" + struct.pack("<III", facts["crc"], facts["packed"], facts["size"])
            body += member.tail
        listing += entry(b"PK\x01\x02" + struct.pack("<HH", 20, 20), there)
        listing += struct.pack("<HHHHII", 0, 0, 0, 0, 0, offsets[-1]) + there["name"].encode()
    many = len(members) if count is None else count
    end = struct.pack("<HHHHIIH", 0, 0, many, many, len(listing), len(body), 0)
    return body + listing + b"PK\x05\x06" + end + after


def entry(start: bytes, facts: dict[str, Any]) -> bytes:
    """What both headers of a member have in common."""
    sizes = struct.pack("<III", facts["crc"], facts["packed"], facts["size"])
    name = struct.pack("<H", len(facts["name"].encode()))
    return start + struct.pack("<HHHH", facts["flags"], facts["method"], 0, 33) + sizes + name


def honest(**arrays: bytes) -> list[Member]:
    return [Member(f"{name}.npy", arrays.get(name, array(values))) for name, values in LAYERS.items()]


def with_member(*members: Member) -> list[Member]:
    return [*honest(), *members]


def changed(place: int, **changes: Any) -> list[Member]:
    members = honest()
    return [*members[:place], replace(members[place], **changes), *members[place + 1 :]]


ANOTHER = array(np.array([[7.0, 7.0], [7.0, 7.0], [7.0, 7.0]]))
LAYER = [("W2", array(np.array([[2.0]]))), ("b2", array(np.array([1.0])))]


def hostile_archives() -> dict[str, bytes]:
    """By what is odd about them."""
    found = {
        "nothing odd": archive(honest()),
        "compressed": archive([replace(member, method=8) for member in honest()]),
        "another order": archive(honest()[::-1]),
        "something before": archive(honest(), before=b"#!/bin/sh\n"),
        "something behind": archive(honest(), after=b"more"),
        "data descriptors": archive([replace(member, descriptor=True) for member in honest()]),
        "descriptors, compressed": archive([replace(member, descriptor=True, method=8) for member in honest()]),
        "a count that is too low": archive(honest(), count=3),
        "a count that is too high": archive(honest(), count=9),
        "no member": archive([]),
        "a layer without suffix": archive(with_member(*(Member(name, content) for name, content in LAYER))),
        "a layer more": archive(with_member(*(Member(f"{name}.npy", content) for name, content in LAYER))),
        "a gap": archive(with_member(Member("W3.npy", LAYER[0][1]), Member("b3.npy", LAYER[1][1]))),
        "a bias less": archive(honest()[:-1]),
        "the extras": archive(with_member(Member("squashing.npy", array(np.array("none"), "<U4")))),
        "an extra in upper case": archive(with_member(Member("Squashing.npy", array(np.array("none"), "<U4")))),
        "one local header for two": archive([*honest(), Member("W0.npy", b"", at=0)]),
        "one local header for two names": archive([*honest()[1:], Member("W0.npy", b"", at=0)]),
        "the array that another member holds": archive(changed(0, stream=ANOTHER)),
        "a stream that ends early": archive(changed(0, stream=honest()[0].content[:-8])),
        "a stream with more behind": archive(changed(0, method=8, stream=deflated(honest()[0].content) + b"more")),
        "a stream that unpacks to more": archive(changed(0, method=8, stream=deflated(honest()[0].content + b"m" * 9))),
        "a tail behind the array": archive(changed(0, tail=b"tail")),
    }  # fmt: skip
    names = ("w0.npy", "W0", "b0",
             "W0.NPY", "W0.npy ", "./W0.npy", "/W0.npy", "x/W0.npy", "W0.npy/", "W00.npy", "W\u0660.npy",
             "W0.npy.npy", "W-0.npy", "W0.npy\0.txt", "\u0057\u0300.npy", "W0\\.npy", "", "arr_0.npy",
             "Wx.npy")  # fmt: skip
    for name in names:
        found[f"member {name!r} more"] = archive(with_member(Member(name, ANOTHER)))
        found[f"{name!r} in place of W0"] = archive(changed(0, name=name))
        found[f"{name!r} in the local header"] = archive(changed(0, local={"name": name}))
        found[f"{name!r} in the directory"] = archive(changed(0, central={"name": name}))
    for name in ("W0.npy", "b1.npy", "squashing.npy"):
        found[f"{name} twice"] = archive(with_member(Member(name, ANOTHER), Member(name, ANOTHER)))
    for key, wrong in itertools.product(("crc", "packed", "size", "method", "flags"), (0, 1, 8, 12, 64, 2**31)):
        wrong = wrong % 65_536 if key in ("method", "flags") else wrong
        for side in ("local", "central"):
            found[f"{key} {wrong} in {side}"] = archive(changed(0, **{side: {key: wrong}}))
    matrix, vector = LAYERS["W0"], LAYERS["b0"]
    for dtype in DTYPES:
        for name in ("W0", "b0"):
            found[f"{name} of type {dtype}"] = archive(honest(**{name: array(LAYERS[name], dtype)}))
    for version in ((1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (4, 0), (0, 0), (1, 9)):
        found[f"version {version}"] = archive(honest(W0=array(matrix, version=version)))
    for order in ("True", "False", "1", "0", "None", "'C'"):
        found[f"W0 with fortran_order {order}"] = archive(honest(W0=array(matrix, fortran_order=order)))
        found[f"b0 with fortran_order {order}"] = archive(honest(b0=array(vector, fortran_order=order)))
    shapes = ("()", "(3,)", "(2, 3)", "(3, 2, 1)", "(3, 2,)", "[3, 2]", "(3.0, 2)", "(3, True)", "(3L, 2L)", "(-3, -2)",
              "(3, 2**1)", "(1 + 2, 2)", "6", "(0, 2)", "(10**9, 10**9)", "(" * 90 + ")" * 90)  # fmt: skip
    for text in shapes:
        found[f"W0 of shape {text[:20]}"] = archive(honest(W0=array(matrix, shape=text)))
        found[f"b0 of shape {text[:20]}"] = archive(honest(b0=array(vector, shape=text)))
    for value in (np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.7e308):
        found[f"W0 holds {value}"] = archive(honest(W0=array(np.where(matrix == 0, value, matrix))))
    found["an integer that is no float64"] = archive(honest(b0=array(np.array([2**53 + 1, 0, 1]), "<i8")))
    found["an integer that is one"] = archive(honest(b0=array(np.array([2**60, 0, 1]), "<i8")))
    plain = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2)"
    headers = (plain + "}", plain + ", }", plain + ", 'x': 1}", plain + ", 'descr': '>f8'}", "", "{}", "[]", "None",
               "(",                plain.replace("'descr'", "b'descr'") + "}", plain + "} # \u00e9",
               plain.replace("<f8", "<\" 'f8") + "}",
               plain.replace("'<f8'", "'<' 'f8'") + "}", plain.replace("'<f8'", "[('x', '<f8')]") + "}")  # fmt: skip
    for number, text in enumerate(headers):
        found[f"header {number}"] = archive(honest(W0=array(matrix, header=text)))
    for length in (9_000, 9_935, 9_945, 10_100, 60_000):
        found[f"a header of {length} bytes"] = archive(honest(W0=array(matrix, more=" " * length)))
    data = matrix.tobytes()
    for wrong in (data[:-1], data[:-8], data + b"\0", data + data, b""):
        found[f"data of {len(wrong)} bytes"] = archive(honest(W0=array(matrix, data=wrong)))
    return found


HOSTILE = hostile_archives()


def digest_of_checker(path: Path, shapes: list[Any]) -> str | None:
    try:
        return checker.read_model(path, shapes)
    except (checker.Refused, checker.Rejected):
        return None


def digest_of_importer(path: Path) -> tuple[str | None, list[Any]]:
    try:
        network = load_network(path)
    except RelugeomError:
        return None, SHAPES
    return network.digest, [([[0] * (W.shape[1] + 1)] * W.shape[0], 0) for W in network.weights]


def assert_one_reading(path: Path) -> str | None:
    """The digest that both read; the checker is asked about a network of the shapes that the importer finds."""
    expected, shapes = digest_of_importer(path)
    found = digest_of_checker(path, shapes)
    assert found == expected
    assert digest_of_checker(path, SHAPES) in (None, expected)
    return found


def test_both_read_the_same_or_nothing(tmp_path):
    read = set()
    for name, content in HOSTILE.items():
        (tmp_path / "m.npz").write_bytes(content)
        try:
            found = assert_one_reading(tmp_path / "m.npz")
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error
        read |= {name} if found is not None else set()
    assert {"nothing odd", "compressed", "another order", "W0 of type >f8", "b0 of type <f4", "version (3, 0)"} <= read
    assert {"a layer without suffix", "a gap", "W0.npy twice", "W0 holds nan", "W0 of type |O"}.isdisjoint(read)
    assert 0.1 < len(read) / len(HOSTILE) < 0.6


def test_both_read_the_same_or_nothing_of_damaged_archives(tmp_path):
    rng, path = random.Random(15), tmp_path / "m.npz"
    bases = [
        HOSTILE[name] for name in ("nothing odd", "compressed", "data descriptors", "W0 of type >f8", "version (2, 0)")
    ]
    agreed = 0
    for _ in range(1_500):
        content = bytearray(rng.choice(bases))
        for _ in range(rng.choice((1, 1, 2, 5))):
            place = rng.randrange(len(content))
            content[place] = rng.choice((rng.randrange(256), content[place] ^ (1 << rng.randrange(8)), 0, 255))
        path.write_bytes(content)
        agreed += assert_one_reading(path) is not None
    assert agreed > 50


def test_what_unpacks_to_more_than_the_network_needs_is_not_unpacked(tmp_path):
    bomb = array(LAYERS["W0"], data=b"\0" * (1 << 28))
    (tmp_path / "m.npz").write_bytes(archive(changed(0, content=bomb, method=8)))
    with pytest.raises(checker.Rejected, match="another network"):
        checker.read_model(tmp_path / "m.npz", SHAPES)
    lying = archive(changed(0, content=bomb, method=8, central={"size": len(honest()[0].content)}))
    (tmp_path / "m.npz").write_bytes(lying)
    with pytest.raises((checker.Rejected, checker.Refused)):
        checker.read_model(tmp_path / "m.npz", SHAPES)


def test_a_header_of_an_array_is_no_longer_than_numpy_s(tmp_path):
    """It is measured before it is parsed: as long a literal as the data would be takes many times its bytes."""
    rows, columns = 400, 500
    text = "(" + "1, " * 500_000 + ")"
    member = Member("W0.npy", b"\x93NUMPY\2\0" + len(text).to_bytes(4, "little") + text.encode())
    (tmp_path / "m.npz").write_bytes(archive([member, Member("b0.npy", array(np.zeros(rows)))]))

    def read() -> None:
        with pytest.raises(checker.Refused, match="header"):
            checker.read_model(tmp_path / "m.npz", [([[0] * (columns + 1)] * rows, 0)])

    assert peak_memory(read) < 10_000_000
