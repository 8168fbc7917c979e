"""Arrays from HDF5 groups, reading what the file itself stores and nothing else.

HDF5 can point elsewhere in many ways (soft and external links, external storage, virtual datasets) and can declare
arrays of any size: links are looked at before they are followed, and a shape is compared with what is expected, and
with the bytes that are stored for it, before a number is read.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.affine_chain import finite_floats
from relugeom.importers.budget import WEIGHTS
from relugeom.importers.keras.heaps import check_heaps
from relugeom.linalg.arrays import FloatArray

__all__ = ["child_group", "open_hdf5", "read_array", "read_text", "read_texts", "stored_names"]

HDF5_ERRORS = (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""What h5py raises for damaged files, depending on the part that is damaged."""
PLAIN_FILTERS = (h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32)
"""Filters inside the library; any other would be loaded from elsewhere."""
BEST_DEFLATION = 1100
"""Compression that deflate cannot reach."""
LARGEST_CHUNK = 2**26
LARGEST_TEXT = 2**26
MOST_TEXTS = 10**4
MOST_MEMBERS = 10**4


@contextmanager
def open_hdf5(source: Path | bytes) -> Iterator[Any]:
    """The root group of an HDF5 file, or of the bytes of one.

    Raises
    ------
    ModelError
        It is not an HDF5 file, or it is truncated.
    """
    if isinstance(source, bytes):
        check_heaps(source)
    elif source.stat().st_size:
        with source.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            check_heaps(content)
    try:
        opened = h5py.File(io.BytesIO(source) if isinstance(source, bytes) else source, "r")
    except HDF5_ERRORS as error:
        raise _damaged("the HDF5 file", error) from error
    with opened:
        yield opened


def child_group(parent: Any, path: str) -> Any:
    """The group at a path below another, reached by hard links only; None if there is none."""
    found = _member(parent, path)
    if found is not None and not isinstance(found, h5py.Group):
        raise ModelError(f"{path[:80]!r} is not a group: the file is damaged, save the model again")
    return found


def stored_names(group: Any) -> list[str]:
    """Names of a group's members."""
    try:
        if len(group) > MOST_MEMBERS:
            raise ModelError(
                f"a group holds more than {MOST_MEMBERS} arrays: the file is damaged, save the model again"
            )
        return list(group)
    except HDF5_ERRORS as error:
        raise _damaged("a group", error) from error


def read_array(parent: Any, path: str, shape: tuple[int, ...], place: str) -> FloatArray:
    """An array of floats as float64, of exactly this shape and finite.

    Raises
    ------
    ModelError
        It is missing, damaged, of another shape or type, or holds a number that is not finite.
    UnsupportedModelError
        It is stored elsewhere, or with a filter that HDF5 would have to load.
    """
    if prod(shape) > WEIGHTS:
        raise UnsupportedModelError(f"{place} has {prod(shape)} numbers: the limit is {WEIGHTS}")
    dataset = _member(parent, path)
    if not isinstance(dataset, h5py.Dataset):
        raise ModelError(f"{place} is missing: the file is damaged, save the model again")
    try:
        _check_storage(dataset, shape, place)
        values = dataset[()]
    except HDF5_ERRORS as error:
        raise _damaged(place, error) from error
    return finite_floats(values, shape, place)


def _check_storage(dataset: Any, shape: tuple[int, ...], place: str) -> None:
    if dataset.is_virtual or dataset.external:
        raise UnsupportedModelError(f"{place} is stored in other files, which are never opened: save the model again")
    if dataset.shape != shape:
        raise ModelError(
            f"{place} has the shape {_shape_text(dataset.shape)} instead of {list(shape)}: the file is damaged, "
            "save the model again"
        )
    if dataset.dtype.kind != "f" or dataset.dtype.itemsize > 8:
        raise UnsupportedModelError(f"{place} holds values of type {dataset.dtype}: save the model in float32")
    size, stored = dataset.dtype.itemsize * prod(shape), dataset.id.get_storage_size()
    settings = dataset.id.get_create_plist()
    filters = [settings.get_filter(i)[0] for i in range(settings.get_nfilters())]
    if not set(filters) <= set(PLAIN_FILTERS):
        raise UnsupportedModelError(f"{place} is compressed by a filter that is not HDF5's own: save the model again")
    shrunk = BEST_DEFLATION if h5py.h5z.FILTER_DEFLATE in filters else 1
    if stored * shrunk < size or stored > dataset.file.id.get_filesize():
        raise ModelError(f"{place} of {size} bytes is stored in {stored}: the file is damaged, save the model again")
    if dataset.chunks is not None and prod(dataset.chunks) * dataset.dtype.itemsize > max(size, LARGEST_CHUNK):
        raise ModelError(
            f"{place} is stored in pieces of {prod(dataset.chunks)} numbers: the file is damaged, save the model again"
        )


def read_text(group: Any, name: str) -> str | None:
    """A text among a group's attributes; None if there is none."""
    texts = read_texts(group, name)
    if texts is not None and len(texts) != 1:
        raise ModelError(
            f"the attribute {name!r} is a list of {len(texts)} texts, not one: the file is damaged, save the "
            "model again"
        )
    return texts[0] if texts else None


def read_texts(group: Any, name: str) -> list[str] | None:
    """A text, or a list of them, among a group's attributes; None if there is none."""
    try:
        if name not in group.attrs:
            return None
        held = group.attrs.get_id(name)
        count = 0 if held.shape is None else prod(held.shape)
        if not count:
            return []
        if h5py.check_string_dtype(held.dtype) is None:
            raise ModelError(
                f"the attribute {name!r} holds values of type {held.dtype}, not texts: the file is damaged, save "
                "the model again"
            )
        if count > MOST_TEXTS or count * held.dtype.itemsize > LARGEST_TEXT:
            raise ModelError(f"the attribute {name!r} is too large: the file is damaged, save the model again")
        values = np.asarray(group.attrs[name], dtype=np.object_).ravel().tolist()
        return [value.decode("utf-8") if isinstance(value, bytes) else str(value) for value in values]
    except HDF5_ERRORS as error:
        raise _damaged(f"the attribute {name!r}", error) from error


def _member(parent: Any, path: str) -> Any:
    here = parent
    for name in path.split("/"):
        try:
            link = here.get(name, getlink=True) if isinstance(here, h5py.Group) and name else None
            if link is None:
                return None
            if not isinstance(link, h5py.HardLink):
                raise UnsupportedModelError(
                    f"{path[:80]!r} is a link to another place, which is never followed: save the model again"
                )
            here = here.get(name)
        except HDF5_ERRORS as error:
            raise _damaged(repr(path[:80]), error) from error
    return here


def _shape_text(shape: Any) -> str:
    return "none" if shape is None else repr(list(shape))[:80]


def _damaged(what: str, error: Exception) -> ModelError:
    return ModelError(
        f"{what} cannot be read ({' '.join(str(error).split())[:200]}): the file is damaged, save the model again"
    )
