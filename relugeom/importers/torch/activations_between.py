"""Activations between the layers of a file of tensors, as far as their names show them.

The one idea: a Sequential numbers all its layers and keeps tensors for those that have weights, so that the numbers
that are left out are layers without weights. Between linear layers these are, by a convention that is all but
universal, an activation (``0``, ``2``), perhaps with a dropout beside it (``0``, ``3``): taken for one ReLU, and said.
None left out, where others are (``0``, ``1``, ``3``), is two linear layers in a row.

Everything else is unknown and never guessed. Attributes (``fc1``, ``fc2``) are numbered by hand. A ModuleList numbers
as a Sequential does and leaves activations to its code: where a list with a name of its own leaves out no number at all
(``layers.0``, ``layers.1``), it may be one. (Without a name, ``0``, ``1``, the Sequential is the whole model.)
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from relugeom.errors import ModelError
from relugeom.importers.torch.shown_names import shown
from relugeom.network.decision import Squashing

__all__ = ["Activations", "find_activations"]

BETWEEN = ("relu", "none")
ENDS = {squashing.value: squashing for squashing in Squashing}
OTHERWISE = "use --activations (in Python, activations=[…]) if that is wrong"
ALONE = "nothing is assumed to follow its only layer"
LISTED = 6
LONGEST_NUMBER = 9
"""Digits of a layer's number."""


@dataclass(frozen=True, slots=True)
class Activations:
    """What follows each layer.

    Attributes
    ----------
    rectified
        For each layer, whether a ReLU does.
    squashing
        What follows the last one.
    told
        Where this is from, for the network's origin.
    assumption
        What was taken for granted, as a sentence; empty if the user said it.
    """

    rectified: tuple[bool, ...]
    squashing: Squashing
    told: str
    assumption: str = ""


def find_activations(order: Sequence[str], given: Sequence[str] | None) -> Activations:
    """What follows each of the layers.

    Parameters
    ----------
    order
        The layers' names in their order.
    given
        ``relu`` or ``none`` for each layer, at the last one also ``sigmoid`` or ``softmax``; the last may be left out,
        and nothing follows it then. One word alone stands between all of them. None: what the names tell.

    Raises
    ------
    ModelError
        What is given does not fit, or nothing is given and the names do not tell.
    """
    if given is not None:
        return _given(order, given)
    if len(order) == 1:
        return Activations((False,), Squashing.NONE, "", f"{ALONE}: {OTHERWISE}")
    numbers = _numbers(order)
    steps = [above - below for below, above in pairwise(numbers)]
    whole = "." not in order[0]
    if not numbers or min(steps) < 1 or (max(steps) == 1 and not whole):
        raise ModelError(
            f"the file does not name the activations between its layers ({_listed(order)}): give them with "
            f"--activations relu (between all of them) or relu,none,… (one word for each; in Python, "
            f"activations=[…]), or export the model to ONNX"
        )
    rectified = (*(step > 1 for step in steps), False)
    listed = _listed(list(map(str, numbers)))
    read = (
        f"a ReLU is assumed at each gap in its layers' numbers {listed}"
        if max(steps) > 1
        else f"no activation is assumed, since its layers' numbers {listed} have no gap"
    )
    return Activations(
        rectified,
        Squashing.NONE,
        read,
        f"{read}, and nothing {'before the first or ' * (numbers[0] > 0)}after the last: {OTHERWISE}",
    )


def _given(order: Sequence[str], given: Sequence[str]) -> Activations:
    texts = not isinstance(given, str) and all(isinstance(name, str) for name in given)
    if texts and len(given) == 1 and given[0] in BETWEEN and len(order) > 1:
        given = [*given] * (len(order) - 1)
    if texts:
        _check_words(given, {*BETWEEN, *ENDS})
    if not texts or len(given) not in (len(order) - 1, len(order)):
        raise ModelError(
            f"activations must name what follows each of these layers ({_listed(order)}), optionally for the last "
            f"one: {len(order) - 1} or {len(order)} words, not {_listed(list(map(str, given)))}"
        )
    *between, end = given if len(given) == len(order) else (*given, "none")
    _check_words(between, set(BETWEEN))
    words = _listed([*between, end])
    return Activations((*(name == "relu" for name in between), end == "relu"), ENDS.get(end, Squashing.NONE), words)


def _check_words(words: Sequence[str], known: Set[str]) -> None:
    wrong = [word for word in words if word not in known]
    if wrong:
        raise ModelError(
            f"the activation '{shown(wrong[0])}' is none of {', '.join(BETWEEN)}, and of "
            f"{', '.join(name for name in ENDS if name not in BETWEEN)} at the end: other networks cannot be analysed"
        )


def _numbers(order: Sequence[str]) -> list[int]:
    """Places of the layers in the one list that holds them all; nothing if there is none."""
    parts = [name.rpartition(".") for name in order]
    alike = len({above for above, _, _ in parts}) == 1
    digits = [last for _, _, last in parts]
    if not alike or not all(d.isascii() and d.isdigit() and len(d) <= LONGEST_NUMBER for d in digits):
        return []
    return list(map(int, digits))


def _listed(names: Sequence[str], comma: str = ", ") -> str:
    listed = comma.join(shown(name, most=24) for name in names[:LISTED])
    more = len(names) - LISTED
    return listed + (f" and {more} more" if more > 0 and comma != "," else "…" if more > 0 else "")
