"""Archives of PyTorch that are damaged or mean harm: one line, and little time and memory."""

import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from command_line import assert_refused, run_command
from importer_conformance import refused
from torch_models import FOUR, TENSOR, archive, promptly, storage, tensor, tensor_pickle

from relugeom.errors import ModelError
from relugeom.importers.loading import load_network
from relugeom.importers.torch.archive import LARGEST_DIRECTORY

pytestmark = pytest.mark.filterwarnings("ignore::relugeom.remarks.RelugeomWarning")  # tests/network/test_assumptions.py

FIXTURES = Path(__file__).parent / "fixtures"


def test_bombs_are_not_unpacked(tmp_path: Path) -> None:
    bomb = bytes(300_000_000)
    path = archive(tmp_path / "m.pt", TENSOR, {"m/data/0": bomb}, packed=True)
    with promptly():
        refused(lambda: load_network(path), "longer than 16 bytes")
    path = archive(tmp_path / "m.pt", bomb, packed=True)
    with promptly():
        refused(lambda: load_network(path), "longer than")
    stated = tensor_pickle({"a.weight": tensor(storage(size=len(bomb) // 4), 0, (1, 1))})
    path = archive(tmp_path / "m.pt", stated, {"m/data/0": bomb}, packed=True)
    with promptly():
        refused(lambda: load_network(path), "too large")


def test_archives_of_other_things_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    for content in (b"", b"PK", b"text", b"\x80\x02garbage"):
        path.write_bytes(content)
        refused(lambda: load_network(path))
    for members, words in (
        ({"m/other": b""}, "no data.pkl"),
        ({"data.pkl": TENSOR}, "no data.pkl"),
        ({"m/data.pkl": TENSOR, "n/data.pkl": TENSOR}, "two data.pkl"),
        ({"m/data.pkl": TENSOR, "m/byteorder": b"middle"}, "byte order"),
        ({"m/data.pkl": TENSOR, "m/byteorder": b"little" * 9}, "longer than 16 bytes"),
        ({"m/data.pkl": TENSOR, "m/constants.pkl": b"", "m/data/0": FOUR}, "TorchScript"),
        ({"m/data.pkl": TENSOR, "n/data/0": FOUR}, "no member 'm/data/0'"),
    ):
        with zipfile.ZipFile(path, "w") as file:
            for name, content in members.items():
                file.writestr(name, content)
        refused(lambda: load_network(path), words)


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    for name, content in (("m/data/0", bytes(16)), ("m/data.pkl", TENSOR), ("m/other", b"")):
        archive(path, TENSOR, {"m/data/0": FOUR, "m/other": b""})
        with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr(name, content)
        refused(lambda: load_network(path), "two members of the same name")


def bent(path: Path, place: int, content: bytes, *, member: str = "m/data/0") -> Path:
    """An archive with other bytes at a place of a member's entry in the directory."""
    raw = bytearray(archive(path).read_bytes())
    start = raw.rindex(member.encode()) - 46
    assert raw[start : start + 4] == b"PK\x01\x02"
    raw[start + place : start + place + len(content)] = content
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("place", "content", "words"),
    [
        (8, b"\x01\x00", "encrypted"),
        (8, b"\x41\x00", "encrypted"),
        (8, b"\x20\x00", "damaged"),
        (10, b"\x08\x00", "damaged"),
        (10, b"\x0c\x00", "compressed in a way"),
        (10, b"\x0e\x00", "compressed in a way"),
        (10, b"\x63\x00", "compressed in a way"),
        (16, b"\x00\x00\x00\x00", "CRC-32"),
        (20, b"\xff\xff\xff\x7f", "longer than the file"),
        (20, b"\x04\x00\x00\x00", "damaged"),
        (24, b"\xff\xff\xff\x7f", "longer than"),
        (24, b"\x0f\x00\x00\x00", "damaged"),
        (24, b"\x00\x00\x00\x00", "damaged"),
        (28, b"\xff\xff", ""),
        (30, b"\xff\xff", ""),
        (34, b"\x01\x00", ""),
        (42, b"\x00\x00\x00\x00", "damaged"),
        (42, b"\xff\xff\xff\xff", "damaged"),
        (42, b"\xff\xff\xff\x7f", "damaged"),
        (46, b"m/data/\x00", "no member"),
        (46, b"m/data/1", "no member"),
    ],
)
def test_entries_of_the_directory_that_lie_are_refused(place: int, content: bytes, words: str, tmp_path: Path) -> None:
    path = bent(tmp_path / "m.pt", place, content)
    with promptly():
        if words:
            refused(lambda: load_network(path), words)
        else:  # what the last entry says about this is not needed
            assert load_network(path).weights[0].tolist() == [[0, 1], [2, 3]]


def test_a_packed_stream_that_breaks_is_refused(tmp_path: Path) -> None:
    path, numbers = tmp_path / "m.pt", bytes(4000)
    pickled = tensor_pickle({"a.weight": tensor(storage(size=1000), 0, (2, 2))})
    whole = archive(path, pickled, {"m/data/0": numbers}, packed=True).read_bytes()
    assert load_network(path).weights[0].tolist() == [[0, 0], [0, 0]]
    start = whole.index(b"m/data/0") + len(b"m/data/0")
    for place in range(start, start + 12):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        refused(lambda: load_network(path), "damaged")


def test_the_list_of_members_is_measured_before_it_is_read(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.pt")
    whole = path.read_bytes()
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *(20, 20, 0, 0, 0, 0), 0, 0, 0, 8, 0, 0, 0, 0, 0, 0)
    many = b"".join(entry + f"{k:08d}".encode() for k in range(LARGEST_DIRECTORY // 54 + 1))
    ends = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, len(many), 0, 0)
    path.write_bytes(many + ends)
    with promptly(memory=5_000_000):
        refused(lambda: load_network(path), "list of the archive's members")
    far = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 0, 0, len(many), 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(many), 1)
    path.write_bytes(many + far + locator + ends[:12] + bytes(4) + ends[16:])
    with promptly(memory=5_000_000):
        refused(lambda: load_network(path), "list of the archive's members")
    path.write_bytes(many + far + locator[:8] + struct.pack("<QL", 7, 1) + ends)
    refused(lambda: load_network(path), "its end is not where it says")
    path.write_bytes(whole[:-2] + b"\x05\x00hello")
    refused(lambda: load_network(path), "does not end with")
    path.write_bytes(whole + whole)
    assert load_network(path).weights[0].tolist() == [[0, 1], [2, 3]], "what comes before an archive is no part of it"


def test_a_member_that_is_read_under_many_names_is_counted_each_time(tmp_path: Path) -> None:
    """Members within members: each holds the next, so that a small file has large contents."""
    count, filler = 200, bytes(1_000_000)
    inner, entries = b"", []
    for k in reversed(range(count)):
        name = f"m/data/{k}".encode()
        inner = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0) + name + inner
        inner += filler if k == count - 1 else b""
        entries.append((name, len(inner) - 30 - len(name)))
    table, directory = {}, b""
    for name, size in entries:
        key = name.decode().removeprefix("m/data/")
        table[f"fc{key}.weight"] = tensor(storage("DoubleStorage", key=key, size=size // 8), 0, (1, 1))
        sizes = (0, size, size, len(name), 0, 0, 0, 0, 0)
        offset = len(inner) - 30 - len(name) - size
        directory += struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *(20, 20, 0, 0, 0, 0), *sizes, offset) + name
    pickled = tensor_pickle(table)
    head = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, len(pickled), len(pickled), 10, 0)
    directory += struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", *(20, 20, 0, 0, 0, 0), zlib.crc32(pickled), len(pickled), len(pickled), 10,
        *(0, 0, 0, 0, 0), len(inner),
    ) + b"m/data.pkl"  # fmt: skip
    body = inner + head + b"m/data.pkl" + pickled
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count + 1, count + 1, len(directory), len(body), 0)
    (tmp_path / "m.pt").write_bytes(body + directory + end)
    with promptly(memory=30_000_000):
        refused(lambda: load_network(tmp_path / "m.pt"), "too large")


@pytest.mark.parametrize("name", ["torch_plain", "torch_bfloat16"])
def test_a_file_with_one_bit_wrong_is_refused_or_the_same_network(name: str, tmp_path: Path) -> None:
    whole, network, path = (
        (FIXTURES / f"{name}.pt").read_bytes(),
        load_network(FIXTURES / f"{name}.pt"),
        tmp_path / "m.pt",
    )
    read = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << place % 8)]) + whole[place + 1 :])
        try:
            found = load_network(path)
        except ModelError as error:
            assert "\n" not in str(error)
        else:
            assert found == network
            read += 1
    assert read > 100, "dates, padding and the like say nothing"


def test_the_command_line_ends_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = bent(tmp_path / "m.pt", 16, bytes(4))
    assert_refused(run_command(capsys, "inspect", path), "m.pt", "CRC-32")
    assert_refused(run_command(capsys, "inspect", path, "--json"), "m.pt", "CRC-32")
