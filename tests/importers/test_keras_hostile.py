"""Keras files that are damaged or mean harm: one line, nothing followed, nothing written, memory bounded."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from importer_conformance import refused
from keras_models import archive, dense, functional, keras_2_file, sequential, weights_file
from limits import peak_memory

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.loading import load_network

FIXTURES = Path(__file__).parent / "fixtures"
MEGABYTE = 2**20
LAYERS = dense(3, 4, "relu"), dense(4, 2)
MODEL = sequential(LAYERS, [None, 3])
PLACE = "layers/dense/vars"
KERNEL, BIAS = LAYERS[0][2]


def changed(path: Path, change: Callable[[h5py.File], object], **options: Any) -> Path:
    """A .keras file whose weights were changed."""
    buffer = io.BytesIO(weights_file(LAYERS))
    with h5py.File(buffer, "r+") as file:
        change(file)
    return archive(path / "model.keras", MODEL, buffer.getvalue(), **options)


def replaced(**options: Any) -> Callable[[h5py.File], object]:
    """The first kernel written otherwise."""

    def change(file: h5py.File) -> None:
        del file[f"{PLACE}/0"]
        file.create_dataset(f"{PLACE}/0", **options)

    return change


def elsewhere(folder: Path) -> Path:
    """An honest HDF5 file with the arrays that a link could point to."""
    with h5py.File(folder / "elsewhere.h5", "w") as file:
        file["0"], file["1"] = KERNEL, BIAS
        file["kernel"] = KERNEL
    KERNEL.tofile(folder / "elsewhere.bin")
    return folder


def test_the_unchanged_file_is_read(tmp_path: Path) -> None:
    network = load_network(changed(tmp_path, lambda file: None))
    assert network.weights[0].tobytes() == np.ascontiguousarray(KERNEL.T.astype(np.float64)).tobytes()


def linked(link: Callable[[Path], object], name: str) -> Callable[[Path, h5py.File], None]:
    def change(folder: Path, file: h5py.File) -> None:
        del file[name]
        file[name] = link(folder)

    return change


def virtual(folder: Path, file: h5py.File) -> None:
    layout = h5py.VirtualLayout(shape=KERNEL.shape, dtype=KERNEL.dtype)
    layout[:] = h5py.VirtualSource(folder / "elsewhere.h5", "kernel", shape=KERNEL.shape)
    del file[f"{PLACE}/0"]
    file.create_virtual_dataset(f"{PLACE}/0", layout)


def stored_outside(folder: Path, file: h5py.File) -> None:
    outside = [(str(folder / "elsewhere.bin"), 0, KERNEL.nbytes)]
    replaced(shape=KERNEL.shape, dtype=KERNEL.dtype, external=outside)(file)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (linked(lambda _: h5py.SoftLink("/layers/dense/vars/1"), f"{PLACE}/0"), "'0' is a link"),
        (linked(lambda _: h5py.SoftLink("/layers/dense_1/vars"), PLACE), "is a link"),
        (linked(lambda folder: h5py.ExternalLink(folder / "elsewhere.h5", "0"), f"{PLACE}/0"), "'0' is a link"),
        (linked(lambda folder: h5py.ExternalLink(folder / "elsewhere.h5", "/"), PLACE), "is a link"),
        (virtual, "kernel is stored in other files"),
        (stored_outside, "kernel is stored in other files"),
    ],
)
def test_arrays_elsewhere_are_not_followed(change: Any, word: str, tmp_path: Path) -> None:
    folder = elsewhere(tmp_path)
    path = changed(tmp_path, lambda file: change(folder, file))
    refused(lambda: load_network(path), word, "save the model again", error=UnsupportedModelError)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"data": KERNEL.T}, ["shape [4, 3] instead of [3, 4]"]),
        ({"data": KERNEL.ravel()}, ["shape [12] instead of [3, 4]"]),
        ({"data": h5py.Empty("f4")}, ["shape none instead of"]),
        ({"data": KERNEL.astype(np.int32)}, ["values of type int32"]),
        ({"data": KERNEL.astype(np.complex64)}, ["values of type complex64"]),
        ({"data": KERNEL.astype(np.longdouble)}, ["values of type float128"]),
        ({"data": np.full((3, 4), b"x")}, ["values of type |S1"]),
        ({"shape": (3, 4), "dtype": [("a", "f4")]}, ["values of type"]),
        ({"shape": (3, 4), "dtype": "f4"}, ["of 48 bytes is stored in 0"]),
        ({"shape": (2**40, 2**20), "dtype": "f4", "chunks": (2**10, 2**10)}, ["instead of [3, 4]"]),
        ({"data": KERNEL, "compression": "lzf"}, ["compressed by a filter"]),
        ({"data": np.where(KERNEL[1, 2] == KERNEL, np.nan, KERNEL)}, ["kernel[1, 2] is nan", "finite"]),
        ({"data": np.where(KERNEL[0, 1] == KERNEL, -np.inf, KERNEL)}, ["kernel[0, 1] is -inf", "finite"]),
    ],
)
def test_arrays_that_are_not_what_the_layer_needs(options: Any, words: list[str], tmp_path: Path) -> None:
    refused(lambda: load_network(changed(tmp_path, replaced(**options))), "layer 'l0' (Dense): kernel", *words)


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "gzip", "shuffle": True, "fletcher32": True},
        {"chunks": (1, 2), "maxshape": (None, None)},
        {"dtype": ">f4"},
        {"dtype": "f8"},
    ],
)
def test_unusual_storage_of_the_same_numbers_is_read(options: Any, tmp_path: Path) -> None:
    network = load_network(changed(tmp_path, replaced(data=KERNEL, **options)))
    assert np.array_equal(network.weights[0], KERNEL.T)


def test_an_absurd_shape_that_the_description_agrees_with_takes_no_memory(tmp_path: Path) -> None:
    units = 2**24
    layers = (("Dense", {"units": units}, []),)
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        group = file.create_group(PLACE)
        for name, shape in (("0", (3, units)), ("1", (units,))):
            group.create_dataset(name, shape=shape, dtype="f4", chunks=True, compression="gzip")
    path = archive(tmp_path / "m.keras", sequential(layers, [None, 3]), buffer.getvalue())
    peak = peak_memory(lambda: refused(lambda: load_network(path), "is stored in 0"))
    assert peak < 64 * MEGABYTE


def test_missing_and_exchanged_weights(tmp_path: Path) -> None:
    def rename(file: h5py.File) -> None:
        file[PLACE].attrs["name"] = "other"

    def add(file: h5py.File) -> None:
        file[f"{PLACE}/2"] = BIAS

    def regroup(file: h5py.File) -> None:
        del file[f"{PLACE}/0"]
        file.create_group(f"{PLACE}/0")

    def empty(file: h5py.File) -> None:
        del file["layers/dense"]
        file["layers/dense"] = BIAS

    refused(lambda: load_network(changed(tmp_path, lambda file: file.pop("layers/dense"))), "no weights in the archive")
    refused(lambda: load_network(changed(tmp_path, lambda file: file.pop(f"{PLACE}/1"))), "has 1 arrays")
    refused(lambda: load_network(changed(tmp_path, rename)), "weights of the layer 'other'")
    refused(lambda: load_network(changed(tmp_path, add)), "has 3 arrays, where kernel, bias should be")
    refused(lambda: load_network(changed(tmp_path, regroup)), "kernel is missing")
    refused(lambda: load_network(changed(tmp_path, empty)), "no weights")


# The archive


def test_bombs(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    zeros = bytes(2**26)
    archive(path, MODEL, zeros, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < MEGABYTE
    peak = peak_memory(lambda: refused(lambda: load_network(path), "'model.weights.h5' unpacks to 67108864 bytes"))
    assert peak < 8 * MEGABYTE
    archive(path, " " * 2**26 + json.dumps(MODEL), b"", compression=zipfile.ZIP_DEFLATED)
    refused(lambda: load_network(path), "'config.json' unpacks to")


def test_a_member_that_holds_more_than_it_declares(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.keras", MODEL, bytes(2**24), compression=zipfile.ZIP_DEFLATED)
    honest = (2**24).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(honest, (100).to_bytes(4, "little")))
    peak = peak_memory(lambda: refused(lambda: load_network(path), "damaged"))
    assert peak < MEGABYTE


def test_members_that_would_leave_the_folder_are_not_unpacked(tmp_path: Path) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    path = archive(folder / "m.keras", MODEL, weights_file(LAYERS))
    with zipfile.ZipFile(path, "a") as file:
        for name in ("../evil", "/tmp/evil", "assets/../../evil"):
            file.writestr(name, "evil")
    before = sorted(tmp_path.rglob("*"))
    assert load_network(path).inputs == 3
    assert sorted(tmp_path.rglob("*")) == before


def test_archives_of_another_form(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", json.dumps(MODEL))
    refused(lambda: load_network(path), "0 members 'model.weights.h5'")
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as file:
        file.writestr("config.json", json.dumps(MODEL))
    refused(lambda: load_network(path), "2 members 'config.json'")
    archive(path, MODEL, weights_file(LAYERS), compression=zipfile.ZIP_LZMA)
    refused(lambda: load_network(path), "packed in an unusual way")
    archive(path, MODEL, b"no HDF5")
    refused(lambda: load_network(path), "this is not an HDF5 file")
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    refused(lambda: load_network(path), "not a .keras file")


def test_an_encrypted_archive(tmp_path: Path) -> None:
    content = bytearray(archive(tmp_path / "m.keras", MODEL, weights_file(LAYERS)).read_bytes())
    for start in range(len(content) - 4):
        if content[start : start + 4] == b"PK\1\2":
            content[start + 8] |= 1
        if content[start : start + 4] == b"PK\3\4":
            content[start + 6] |= 1
    (tmp_path / "m.keras").write_bytes(content)
    refused(lambda: load_network(tmp_path / "m.keras"), "encrypted")


# The .h5 file


def old_file(folder: Path, change: Callable[[h5py.File], object]) -> Path:
    path = keras_2_file(folder / "old.h5", *LAYERS)
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def attribute(place: str, name: str, value: Any) -> Callable[[h5py.File], object]:
    return lambda file: file[place].attrs.__setitem__(name, value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda file: file.attrs.pop("model_config"), ["no model_config", "save the whole model"]),
        (lambda file: file.pop("model_weights"), ["no model_weights"]),
        (attribute("/", "model_config", 7), ["not texts"]),
        (attribute("/", "model_config", np.array([b"a", b"b"])), ["a list of 2 texts"]),
        (attribute("/", "model_config", b"\xff"), ["not JSON"]),
        (attribute("/", "model_config", h5py.Empty("S1")), ["a list of 0 texts"]),
        (lambda file: file.pop("model_weights/l0"), ["'l0' (Dense) has no weights in the file"]),
        (attribute("model_weights/l0", "weight_names", np.array([b"l0/kernel:0"])), ["has 1 arrays"]),
        (attribute("model_weights/l0", "weight_names", np.zeros(2)), ["not texts"]),
        (attribute("model_weights/l0", "weight_names", np.full(6 * 10**4, b"")), ["too large"]),
        (attribute("model_weights/l0", "weight_names", np.array([b"l0/bias:0", b"l0/kernel:0"])), ["'bias' where"]),
        (
            attribute("model_weights/l0", "weight_names", np.array([b"../l1/l1/kernel:0", b"l0/bias:0"])),
            ["kernel is missing"],
        ),
        (
            attribute("model_weights/l0", "weight_names", np.array([b"/model_weights/l1/l1/kernel:0", b"l0/bias:0"])),
            ["kernel is missing"],
        ),
    ],
)
def test_h5_files_that_are_damaged(change: Any, words: list[str], tmp_path: Path) -> None:
    refused(lambda: load_network(old_file(tmp_path, change)), *words)


def test_links_in_h5_files(tmp_path: Path) -> None:
    folder = elsewhere(tmp_path)

    def outside(file: h5py.File) -> None:
        del file["model_weights/l0/l0/kernel:0"]
        file["model_weights/l0/l0/kernel:0"] = h5py.ExternalLink(folder / "elsewhere.h5", "kernel")

    def around(file: h5py.File) -> None:
        del file["model_weights/l0"]
        file["model_weights/l0"] = file["model_weights"]  # a hard link to its own parent

    refused(lambda: load_network(old_file(tmp_path, outside)), "is a link", error=UnsupportedModelError)
    refused(lambda: load_network(old_file(tmp_path, around)), "has no weights in the file")


def test_weights_alone_and_files_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "m.h5"
    path.write_bytes(weights_file(LAYERS))
    refused(lambda: load_network(path), "no model_config", "save the whole model")
    path.write_bytes(b"PK\3\4")
    refused(lambda: load_network(path), "this is not an HDF5 file")


@settings(max_examples=150)
@given(data=st.data())
def test_damaged_descriptions_in_the_bytes_never_surprise(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    content = bytearray(archive(folder / "m.keras", functional(LAYERS, [None, 3]), weights_file(LAYERS)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / "m.keras").write_bytes(content)
    try:
        load_network(folder / "m.keras")
    except ModelError as error:
        assert "\n" not in str(error)


# What the library trusts


def heap_places(content: bytes) -> list[int]:
    """Where the objects of the first global heap begin, the free rest last."""
    start = content.find(b"GCOL\x01")
    size, place, places = int.from_bytes(content[start + 8 : start + 16], "little"), 16, []
    while place + 16 <= size:
        places.append(start + place)
        number, length = (
            content[start + place],
            int.from_bytes(content[start + place + 8 : start + place + 16], "little"),
        )
        place += 16 + -(-length // 8) * 8 if number else length
    return places


@pytest.mark.parametrize(
    ("number", "length"), [(0, 0), (0, 15), (1, 2**64 - 16), (1, 2**64 - 1), (0, 2**64 - 8), (1, 2**20)]
)
@pytest.mark.parametrize("object_index", [0, 3, -1])
def test_heaps_in_which_the_library_would_never_end(
    number: int, length: int, object_index: int, tmp_path: Path
) -> None:
    content = bytearray((FIXTURES / "keras_plain.h5").read_bytes())
    place = heap_places(content)[object_index]
    content[place : place + 16] = number.to_bytes(8, "little") + length.to_bytes(8, "little")
    path = tmp_path / "m.h5"
    path.write_bytes(content)
    refused(lambda: load_network(path), "the heap of texts", "damaged")


def test_weights_that_look_like_a_heap_are_read(tmp_path: Path) -> None:
    bits = np.frombuffer(b"GCOL\x01\0\0\0" + (2**63).to_bytes(8, "little") + b"GCOL\x01\0\0\0" + bytes(24), np.float32)
    layers = (("Dense", {"units": 4}, [bits.reshape(3, 4), BIAS]),)
    network = load_network(archive(tmp_path / "m.keras", sequential(layers, [None, 3]), weights_file(layers)))
    assert np.array_equal(network.weights[0], bits.reshape(3, 4).T)


@pytest.mark.parametrize("place", [8, 13, 14])
def test_sizes_of_another_width(place: int, tmp_path: Path) -> None:
    content = bytearray((FIXTURES / "keras_plain.h5").read_bytes())
    content[place] = 4
    (tmp_path / "m.h5").write_bytes(content)
    refused(lambda: load_network(tmp_path / "m.h5"), "first bytes are damaged")
