"""Covering trees are columns that fit together, in the preorder of one tree."""

from typing import Any

import numpy as np
import pytest

from relugeom.claims.cover_tree import CoverTree
from relugeom.errors import InputError


def tree_of(kinds: list[int], **changed: Any) -> CoverTree:
    count = len(kinds)
    columns: dict[str, Any] = {
        "kind": kinds,
        "index": [0 if kind >= 2 else -1 for kind in kinds],
        "value": [0.0] * count,
        "bounded_from": [0] * (count + 1),
        "bounded": [],
        "weights_from": np.cumsum([0, *(kind == 0 for kind in kinds)]),
        "weights": [1.0] * kinds.count(0),
    }
    return CoverTree(**columns | changed)


def test_leaves_are_counted_and_columns_cannot_be_changed() -> None:
    tree = tree_of([2, 4, 0, 1, 0])
    assert tree.leaves == 3
    with pytest.raises(ValueError, match="read-only"):
        tree.kind[0] = 1


@pytest.mark.parametrize("kinds", [[], [2], [2, 0], [0, 0], [2, 0, 0, 0], [5], [-1], [0, 2, 0]])
def test_what_is_not_one_tree_is_refused(kinds: list[int]) -> None:
    with pytest.raises(InputError, match="preorder of one tree"):
        tree_of(kinds)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"index": [0]}, "columns for .1, 3. nodes"),
        ({"value": [0.0] * 4}, "columns for .3, 4. nodes"),
        ({"bounded_from": [0, 1, 1, 1]}, "offsets of bounded"),
        ({"bounded_from": [0, 2, 1, 1], "bounded": [1]}, "offsets of bounded"),
        ({"weights_from": [0, 0, 1, 3]}, "offsets of weights"),
        ({"slopes": [0.5], "slope_units": [1]}, "offsets of slopes"),
        ({"slopes_from": [0, 0, 0, 1], "slopes": [0.5]}, "one unit per slope"),
        ({"rows_from": [0, 0, 0, 1], "multipliers": [0.5]}, "offsets of rows"),
    ],
)
def test_columns_that_do_not_fit_are_refused(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        tree_of([2, 0, 0], **changed)
