"""Objects in JSON whose keys are different: a reader that takes the last of two equal ones hides the first."""

from typing import Any

__all__ = ["different_keys"]


def different_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, for `json.loads(…, object_pairs_hook=different_keys)`.

    Raises
    ------
    ValueError
        A key comes twice.
    """
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a key comes twice in one object")
    return table
