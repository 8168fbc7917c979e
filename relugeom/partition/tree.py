"""The split tree as a list of tokens in preorder.

Every decision of a unit is one token (`TreeToken`): INACTIVE and ACTIVE have one child, SPLIT has two (the inactive
side first), UNEXPLORED has none. A node that has decided all N units is a leaf, which needs no token; so a tree can be
read without an index, and a subtree is a slice.
"""

from collections.abc import Collection

import numpy as np

from relugeom.linalg.arrays import ByteArray
from relugeom.partition.partition import Partition, PartitionStatus, TreeToken

__all__ = ["EMPTY", "cut_tree", "unexplored_prefixes", "unexplored_subtrees", "without_empty_nodes"]

EMPTY = 4
"""Token for a node whose cell turned out to be empty, until `without_empty_nodes` has removed it."""


def unexplored_subtrees(tree: ByteArray, leaves: int) -> int:
    """Number of subtrees missing after the last token: s splits end in s + 1 leaves or missing subtrees."""
    return int((tree == TreeToken.SPLIT).sum()) + 1 - leaves - int((tree == TreeToken.UNEXPLORED).sum())


def cut_tree(tree: ByteArray, units: int, leaves: int) -> ByteArray:
    """Tokens that come before this many leaves are done."""
    return tree[: _walk(tree, units, leaves)[0]]


def unexplored_prefixes(partition: Partition) -> list[str]:
    """Prefixes of the patterns that a truncated partition did not search, in tree order.

    The pattern of every region that is not in the partition begins with one of these texts (``"011"``, ``"011/0"``);
    the empty one stands for everything. A complete partition has none.
    """
    network = partition.network
    if partition.status is PartitionStatus.COMPLETE:
        return []
    if len(partition) == 0 or not partition.is_searched:
        return [""]
    last = str(partition[len(partition) - 1].pattern)
    _, pending = _walk(partition.tree, network.units, len(partition))
    slashes = np.repeat(np.arange(len(network.widths)), network.widths)
    ends = [depth + int(slashes[depth - 1]) for depth in reversed(pending)]  # characters of the first `depth` units
    return [f"{last[: end - 1]}1" for end in ends]


def _walk(tree: ByteArray, units: int, leaves: int) -> tuple[int, list[int]]:
    """Tokens before this many leaves are done, and the depths at which active sides wait after them."""
    pending: list[int] = []
    depth = position = 0
    while leaves > 0:
        if depth == units:
            leaves -= 1
            if leaves == 0 or not pending:
                break
            depth = pending.pop()
            continue
        # Between splits nothing but the depth changes: skip to the next split, or to the leaf.
        end = position + units - depth
        splits = np.flatnonzero(tree[position:end] == TreeToken.SPLIT)
        step = int(splits[0]) + 1 if len(splits) else units - depth
        depth, position = depth + step, position + step
        if len(splits):
            pending.append(depth)
    return position, pending


def without_empty_nodes(tree: ByteArray, units: int, empty_leaves: Collection[int]) -> ByteArray:
    """The same tree with every empty node removed: a split with one empty side is a stable unit.

    Parameters
    ----------
    empty_leaves
        Numbers of the empty leaves, from 0.
    """
    if not empty_leaves and not (tree == EMPTY).any():
        return tree
    tokens, empty_leaves = tree.tolist(), frozenset(empty_leaves)
    position = leaf = 0
    finished: list[int] | None = None
    # One frame per open node: its token and the subtrees done so far (None for an empty one).
    frames: list[tuple[int, list[list[int] | None]]] = []
    while True:
        if len(frames) == units:
            finished = None if leaf in empty_leaves else []
            leaf += 1
        elif position == len(tokens):
            break  # the search ended here
        else:
            token = tokens[position]
            position += 1
            if token != EMPTY:
                frames.append((token, []))
                continue
            finished = None
        while frames:
            token, children = frames[-1]
            children.append(finished)
            if len(children) < (2 if token == TreeToken.SPLIT else 1):
                break
            frames.pop()
            finished = _joined(token, children)
        else:
            return np.array(finished or [], dtype=np.uint8)
    open_tokens: list[int] = []
    for token, children in frames:
        left = children[0] if children else []
        open_tokens += [TreeToken.ACTIVE] if children and left is None else [token, *(left or [])]
    return np.array(open_tokens, dtype=np.uint8)


def _joined(token: int, children: "list[list[int] | None]") -> list[int] | None:
    """A node with its finished subtrees; None if all of them are empty."""
    kept = [child for child in children if child is not None]
    if not kept:
        return None
    if token == TreeToken.SPLIT and len(kept) == 1:
        return [TreeToken.INACTIVE if children[1] is None else TreeToken.ACTIVE, *kept[0]]
    return [token, *(entry for child in kept for entry in child)]
