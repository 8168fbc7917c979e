"""Networks in NumPy's ``.npz``: arrays W0, b0, W1, b1, …, layer l being y = W_l x + b_l.

A file may also contain ``input_names``, ``output_names``, ``class_names`` (texts), ``squashing`` (``none``,
``sigmoid``, ``softmax``), ``decision`` (``none``, ``threshold``, ``argmax``) and ``threshold``: one number, compared
with the output before squashing, or the two floats around an irrational one.

The archive is read by hand: each member's header must agree with the size that the archive states before a byte of it
is unpacked, and pickles are never touched.
"""

import ast
import re
import sys
import zipfile
import zlib
from enum import StrEnum
from io import BytesIO
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from relugeom.errors import ModelError
from relugeom.files import write_whole
from relugeom.importers.budget import LETTERS, WEIGHTS, check_size
from relugeom.linalg.arrays import FloatArray
from relugeom.network.decision import Decision, DecisionRule, Squashing
from relugeom.network.network import Origin, ReLUNetwork

__all__ = ["read_npz", "write_npz"]

LARGEST_FILE = 8 * WEIGHTS
"""Most bytes of all arrays together, decompressed."""
BEST_RATIO = 200
"""Compression that trained weights cannot reach; a file that claims more is a bomb, unless it is small."""
SMALL_MEMBER = 2**24
VERSIONS = {(1, 0): 2, (2, 0): 4, (3, 0): 4}
"""Versions of NumPy's format, with the bytes of a header's length."""
LONGEST_HEADER = 10_000
EXTRAS = ("input_names", "output_names", "class_names", "squashing", "decision", "threshold")
WRITTEN = ("squashing", "decision")
"""Arrays that `write_npz` always writes."""
ORIENTATION = (
    "all matrices are square, so their shapes do not show the convention: y = W x + b is assumed, W of shape "
    "(outputs, inputs); save W.T if x W + b is meant"
)
SURROGATES = 0xD800 >> 11
LAYER_ARRAY = re.compile(r"[Wb](0|[1-9][0-9]{0,3})")

Array = NDArray[Any]
Choice = TypeVar("Choice", bound=StrEnum)


def read_npz(path: Path) -> ReLUNetwork:
    """Read a network from an ``.npz`` file.

    Raises
    ------
    ModelError
        The file is damaged, lacks an array, has one too many, or contains a number that is not a float64.
    """
    arrays = _read_arrays(path)
    layers = _count_layers(arrays)
    held = [arrays[f"{letter}{layer}"] for layer in range(layers) for letter in "Wb"]
    check_size(sum(array.size for array in held), sum(len(array) for array in held if array.ndim))
    weights = [_as_float64(f"W{layer}", arrays[f"W{layer}"]) for layer in range(layers)]
    biases = [_as_float64(f"b{layer}", arrays[f"b{layer}"]) for layer in range(layers)]
    _check_orientation(weights, biases)
    square = len({side for weight in weights for side in weight.shape}) == 1 and not set(arrays) & set(WRITTEN)
    single = all(array.dtype.kind == "f" and array.dtype.itemsize <= 4 for array in held)
    return ReLUNetwork(
        weights=tuple(weights),
        biases=tuple(biases),
        input_names=_texts(arrays, "input_names"),
        output_names=_texts(arrays, "output_names"),
        squashing=_choice(arrays, "squashing", Squashing) or Squashing.NONE,
        decision=_decision(arrays, several=len(biases[-1]) > 1),
        origin=Origin(
            source="npz", precision="float32" if single else "float64", assumption=ORIENTATION if square else ""
        ),
    )


def write_npz(network: ReLUNetwork, path: str | Path) -> None:
    """Write a network to an ``.npz`` file that `read_npz` reads back as an equal one.

    Weights, names, squashing and decision are kept; the origin of the weights is not.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    rule = network.rule
    arrays: dict[str, Array] = {}
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        arrays |= {f"W{layer}": weight, f"b{layer}": bias}
    names = {
        "input_names": network.input_names,
        "output_names": network.output_names,
        "class_names": rule.class_names,
    }
    arrays |= {key: np.array(texts, dtype=np.str_) for key, texts in names.items() if texts}
    arrays |= {"squashing": np.array(network.squashing.value), "decision": np.array(rule.rule.value)}
    if rule.rule is DecisionRule.THRESHOLD:
        arrays["threshold"] = np.array([rule.lower, rule.upper])
    content = BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    write_whole(path, content.getvalue())


def _read_arrays(path: Path) -> dict[str, Array]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > LARGEST_FILE:
                raise ModelError(f"the arrays unpack to more than {LARGEST_FILE} bytes: this is not a network")
            if any(member.file_size > max(SMALL_MEMBER, BEST_RATIO * member.compress_size) for member in members):
                raise ModelError("an array unpacks to more than 200 times its size: this is not a network")
            if {member.compress_type for member in members} - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise ModelError("the archive is not compressed as NumPy does it: save the network with np.savez")
            odd = next((member.filename for member in members if not member.filename.endswith(".npy")), None)
            if odd is not None:
                raise ModelError(
                    f"the archive holds {odd[:80]!r}, which is not an array (.npy): save the network again"
                )
            names = [member.filename.removesuffix(".npy") for member in members]
            if len(set(names)) < len(names):
                raise ModelError("the archive holds two arrays of the same name: save the network again")
            return {name: _read_array(archive, member) for name, member in zip(names, members, strict=True)}
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"this is not an .npz file, or it is damaged ({reason}): save the network again") from error


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    with archive.open(member) as file:
        shape, column_major, dtype = _read_header(file)
        if dtype.hasobject:
            raise ModelError(f"array {member.filename!r} holds Python objects, which are never loaded: save numbers")
        if min(shape, default=0) < 0 or file.tell() + prod(shape) * dtype.itemsize != member.file_size:
            raise ModelError(f"array {member.filename!r} does not have the size that its shape {shape} needs")
        content = file.read(prod(shape) * dtype.itemsize)  # no more than was said, whatever it unpacks to
        if len(content) != prod(shape) * dtype.itemsize:
            raise ModelError(f"array {member.filename!r} ends too early")
        return np.frombuffer(content, dtype).reshape(shape, order="F" if column_major else "C")


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type of an array as NumPy writes them: what could be read in two ways is refused."""
    version = npy.read_magic(file)
    if version not in VERSIONS:
        raise ValueError(f"an array has version {version} of NumPy's format")
    size = int.from_bytes(file.read(VERSIONS[version]), "little")
    if size > LONGEST_HEADER:
        raise ValueError("an array's header is too long")
    try:
        table = ast.literal_eval(file.read(size).decode("ascii"))
        shape, column_major, descr = (table.pop(key) for key in ("shape", "fortran_order", "descr"))
        dtype = np.dtype(descr)
    except (SyntaxError, TypeError, AttributeError, KeyError, MemoryError, RecursionError) as error:
        raise ValueError("an array's header cannot be parsed") from error
    plain = type(shape) is tuple and all(type(length) is int for length in shape) and type(column_major) is bool
    if table or not plain or descr != dtype.str:
        raise ValueError("an array's header is not as NumPy writes it")
    return shape, column_major, dtype


def _count_layers(arrays: dict[str, Array]) -> int:
    found = [int(name[1:]) for name in arrays if LAYER_ARRAY.fullmatch(name)]
    layers = max(found, default=0) + 1
    expected = {f"{letter}{layer}" for layer in range(layers) for letter in "Wb"}
    missing, unknown = sorted(expected - set(arrays)), sorted(set(arrays) - expected - set(EXTRAS))
    if missing:
        raise ModelError(f"the array {missing[0]!r} is missing: layer l needs W<l> and b<l>, with y = W x + b")
    if unknown:
        raise ModelError(
            f"the array {unknown[0][:80]!r} is unknown: besides W0, b0, … only {', '.join(EXTRAS)} may be present"
        )
    return layers


def _check_orientation(weights: list[FloatArray], biases: list[FloatArray]) -> None:
    """Refuse matrices that make a network as x W + b, and none as W x + b."""
    if any(weight.ndim != 2 for weight in weights):
        return
    as_read, turned = (
        all(weight.shape[side] == bias.size for weight, bias in zip(weights, biases, strict=True)) for side in (0, 1)
    )
    if turned and not as_read and all(one.shape[1] == two.shape[0] for one, two in pairwise(weights)):
        raise ModelError(
            f"W0 has the shape {weights[0].shape} and b0 {biases[0].shape}, as for x W + b: y = W x + b is meant, with "
            "W of shape (outputs, inputs), so save the transpose, W.T, of each"
        )


def _as_float64(name: str, values: Array) -> FloatArray:
    if values.dtype.kind in "iu":
        inexact = [value for value in values.ravel().tolist() if int(float(value)) != value]
        if inexact:
            raise ModelError(f"{name} holds {inexact[0]}, which is not a float64: save the weights as floats")
    elif values.dtype.kind != "f" or values.dtype.itemsize > 8:
        raise ModelError(f"{name} holds values of type {values.dtype}: save the weights as float32 or float64")
    return values.astype(np.float64)


def _texts(arrays: dict[str, Array], name: str) -> tuple[str, ...]:
    if name not in arrays:
        return ()
    values = arrays[name]
    if values.dtype.kind != "U" or values.ndim > 1:
        raise ModelError(f"{name} must be a list of texts, not values of type {values.dtype}")
    if values.nbytes > 4 * LETTERS:
        raise ModelError(f"{name} has more than {LETTERS:,} characters, which no list of names needs")
    codes = values.astype(values.dtype.newbyteorder("=")).reshape(-1).view(np.uint32)
    if (codes > sys.maxunicode).any() or (codes >> 11 == SURROGATES).any():
        raise ModelError(f"{name} holds something that is not Unicode: save the network again")
    return tuple(values.ravel().tolist())


def _choice(arrays: dict[str, Array], name: str, choices: type[Choice]) -> Choice | None:
    texts = _texts(arrays, name)
    if not texts:
        return None
    known = [choice.value for choice in choices]
    if len(texts) != 1 or texts[0] not in known:
        raise ModelError(f"{name} must be one of {', '.join(known)}, not {', '.join(texts)[:80]!r}")
    return choices(texts[0])


def _decision(arrays: dict[str, Array], *, several: bool) -> Decision | None:
    rule, class_names = _choice(arrays, "decision", DecisionRule), _texts(arrays, "class_names")
    if "threshold" in arrays:
        bounds = _as_float64("threshold", arrays["threshold"]).ravel()
        if rule not in (None, DecisionRule.THRESHOLD) or bounds.size not in (1, 2) or not bounds[0] <= bounds[-1]:
            raise ModelError(
                "threshold must be one number, or two in ascending order, and the network must decide by a threshold"
            )
        return Decision(DecisionRule.THRESHOLD, float(bounds[0]), float(bounds[-1]), class_names)
    if rule is None and class_names:
        rule = DecisionRule.ARGMAX if several else DecisionRule.THRESHOLD
    return Decision(rule, class_names=class_names) if rule is not None else None
