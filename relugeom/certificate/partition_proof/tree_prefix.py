"""A tree in preorder up to its last leaf: with unexplored parts behind that it is a tree again.

Notation: a tree with s splits ends s + 1 times, in a leaf or in an unexplored part. So behind any leaf it is known how
many ends are missing, of the whole and of the marked subtree that is open there; each of them may be unexplored.
"""

from typing import NamedTuple

import numpy as np

__all__ = ["LineCounts", "TreePrefix"]

UNEXPLORED = b"u\n"
NEWLINE = ord("\n")


class LineCounts(NamedTuple):
    """How many lines of each kind there are."""

    splits: int
    leaves: int
    unexplored: int
    proofs: int

    @property
    def ends_missing(self) -> int:
        """How many ends the splits have not found."""
        return self.splits + 1 - self.leaves - self.unexplored

    def and_those_of(self, text: bytes) -> "LineCounts":
        """With the lines of a text; the first byte of a line tells its kind."""
        characters = np.frombuffer(text, dtype=np.uint8)
        begins = np.flatnonzero(characters[:-1] == NEWLINE) + 1
        kinds = np.bincount(characters[begins], minlength=256) + np.bincount(characters[:1], minlength=256)
        s, p, u, zero, one = (int(kinds[ord(kind)]) for kind in "spu01")
        return LineCounts(self.splits + s, self.leaves + p, self.unexplored + u, self.proofs + zero + one)


class TreePrefix:
    """What has been written of a tree.

    Attributes
    ----------
    end
        Offset after the last leaf; 0 if there is none.
    counts
        The lines up to there.
    """

    def __init__(self) -> None:
        self.end, self.counts = 0, LineCounts(0, 0, 0, 0)
        self._size, self._all = 0, self.counts
        self._marks: list[int] = []
        self._before: dict[int, LineCounts] = {}  # the lines in front of each marked subtree, by its offset

    def add(self, text: bytes, marks: list[int]) -> None:
        """Take in whole lines, and at which offsets in them marked subtrees begin and end, in turn."""
        leaf = (b"\n" + text).rfind(b"\np ")
        end = text.index(b"\n", leaf) + 1 if leaf >= 0 else -1
        begins = set(marks[len(self._marks) % 2 :: 2])
        counted = 0
        for place in sorted(begins | ({end} - {-1})):
            self._all, counted = self._all.and_those_of(text[counted:place]), place
            if place in begins:
                self._before[self._size + place] = self._all
            if place == end:
                self.end, self.counts = self._size + place, self._all
        self._all = self._all.and_those_of(text[counted:])
        self._marks += [self._size + place for place in marks]
        self._size += len(text)

    @property
    def rest(self) -> bytes:
        """Lines that close the tree after its last leaf."""
        return UNEXPLORED * self.counts.ends_missing

    @property
    def marks(self) -> list[int]:
        """Where marked subtrees begin and end in the tree that is closed so."""
        kept = [mark for mark in self._marks if mark <= self.end]
        if len(kept) % 2 and kept[-1] == self.end:
            return kept[:-1]  # it would begin with what is missing
        if len(kept) % 2:
            before, here = self._before[kept[-1]], self.counts
            inside = LineCounts(*(now - then for now, then in zip(here, before, strict=True)))
            kept.append(self.end + len(UNEXPLORED) * inside.ends_missing)
        return kept
