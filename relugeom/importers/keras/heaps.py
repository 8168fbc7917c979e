"""A look at an HDF5 file before the library opens it, for what would make the library run for ever.

Texts of variable length lie in *global heaps*: collections that begin with GCOL, a version and their size, and hold
objects one after the other, each with a header of 16 bytes (a number, and the size of what follows it; object 0 is the
free rest, whose size counts its header too). The library (1.14 and 2.0 at least) walks from object to object without
asking whether it gets ahead: a size of 0 keeps it at one place, and no signal or time limit of ours can call it back.
So each heap is walked here first.

References: HDF5 File Format Specification, version 3.0, sections II.A (superblock) and III.E (global heap).
"""

from mmap import mmap

from relugeom.errors import ModelError

__all__ = ["check_heaps"]

SIGNATURE = b"\x89HDF\r\n\x1a\n"
WORD = 8
"""Bytes of a size or address; the format allows others, but nobody writes them."""
WORD_PLACES = {0: (13, 14), 1: (13, 14), 2: (9, 10), 3: (9, 10)}
"""Positions of these sizes in a superblock of each version."""
HEAP = b"GCOL\x01"
SMALLEST_HEAP = 4096
HEADER = 16


def check_heaps(content: bytes | mmap) -> None:
    """Refuse a file whose global heaps cannot be walked to their ends.

    Raises
    ------
    ModelError
        It is not an HDF5 file, or such a heap is in it.
    """
    places = WORD_PLACES.get(content[8]) if content[:8] == SIGNATURE and len(content) > HEADER else None
    if places is None or any(content[place] != WORD for place in places):
        raise ModelError("this is not an HDF5 file, or its first bytes are damaged: save the model again")
    start = content.find(HEAP)
    while start >= 0:
        size = _word(content, start + 8)
        # Outside these limits the library refuses the heap itself; or the five bytes are a part of some weights.
        if SMALLEST_HEAP <= size <= len(content) - start and not _can_be_walked(content, start, size):
            raise ModelError(f"the heap of texts at byte {start} of the HDF5 file is damaged: save the model again")
        start = content.find(HEAP, start + 1)


def _can_be_walked(content: bytes | mmap, start: int, size: int) -> bool:
    place = HEADER
    while place + HEADER <= size:
        number = int.from_bytes(content[start + place : start + place + 2], "little")
        length = _word(content, start + place + 8)
        step = HEADER + -(-length // WORD) * WORD if number else length
        if step < HEADER or place + step > size:
            return False
        place += step
    return True


def _word(content: bytes | mmap, place: int) -> int:
    return int.from_bytes(content[place : place + WORD], "little")
