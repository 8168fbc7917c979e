"""Networks in JSON: weights, names and decision as one object that any language can write and read.

    {"format": "relugeom network", "version": 1, "squashing": "sigmoid",
     "layers": [{"W": [[1, "0.1"], [-2.5, "1/3"]], "b": [0, 0.5]}, …],
     "input_names": ["age", "income"], "output_names": ["default"], "precision": "float64",
     "decision": {"rule": "threshold", "threshold": 0, "class_names": ["no", "yes"]}}

Layer l is y = W x + b; W has one row per output, and a ReLU follows every layer but the last. The second and the third
line of the example may be left out, the first may not: what it says cannot be seen in the weights.

A JSON number means the nearest float64, as numbers do wherever people type them. A number in quotes means exactly what
it says, as a decimal or as a fraction; one that is not a float64 is rounded once, and counted. A threshold is one
number, or the two floats around an irrational one.
"""

import json
import re
from enum import StrEnum
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import numpy as np

from relugeom.errors import ModelError
from relugeom.importers.budget import LETTERS, UNITS, BeyondBudgetError, check_size
from relugeom.importers.json_keys import different_keys
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.network.decision import Decision, DecisionRule, Squashing
from relugeom.network.network import Origin, ReLUNetwork

__all__ = ["read_json"]

FORMAT, VERSION = "relugeom network", 1
LARGEST_FILE = 2**26
NEEDED, OPTIONAL = (
    ("format", "version", "squashing", "layers"),
    ("input_names", "output_names", "precision", "decision"),
)
LONGEST_NUMBER = 400
"""Characters of a number in quotes."""
EXACT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?|[+-]?[0-9]+/0*[1-9][0-9]*")
"""Decimals whose exponent has three digits at most, and fractions."""

Choice = TypeVar("Choice", bound=StrEnum)


class _Precision(StrEnum):
    """Precision of the deployed model."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"


def read_json(path: Path) -> ReLUNetwork:
    """Read a network from a ``.json`` file.

    Raises
    ------
    ModelError
        The file is damaged or contains something else, lacks a key that the weights do not determine, or has a key
        twice or an unknown key.
    """
    described = _keys(_parsed(path), "the file", NEEDED, OPTIONAL)
    if described["format"] != FORMAT or type(described["version"]) is not float or described["version"] != VERSION:
        raise ModelError(
            f'"format" and "version" are {_shown(described["format"])} and {_shown(described["version"])}: only '
            f'"{FORMAT}", version {VERSION}, is read'
        )
    layers = [_layer(layer, f"layer {place}") for place, layer in enumerate(_listed(described["layers"], '"layers"'))]
    check_size(
        sum(weight.size + bias.size for (weight, _), (bias, _) in layers),
        sum(sum(weight.shape) for (weight, _), _ in layers),
    )
    rounded = any(flags.any() for layer in layers for _, flags in layer)
    return ReLUNetwork(
        weights=tuple(weight for (weight, _), _ in layers),
        biases=tuple(bias for _, (bias, _) in layers),
        input_names=_names(described, "input_names"),
        output_names=_names(described, "output_names"),
        squashing=_choice(described["squashing"], "squashing", Squashing),
        decision=_decision(described["decision"]) if "decision" in described else None,
        origin=Origin(
            source="json",
            precision=_choice(described.get("precision", _Precision.FLOAT64), "precision", _Precision).value,
            rounded_weights=tuple(flags for (_, flags), _ in layers) if rounded else (),
            rounded_biases=tuple(flags for _, (_, flags) in layers) if rounded else (),
        ),
    )


def _parsed(path: Path) -> Any:
    """Contents of the file: objects, lists, texts, and floats for all numbers."""
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise ModelError(f"a network in JSON has at most {LARGEST_FILE:,} bytes: save a larger one as .npz")
    if content.count(b"[") + content.count(b"{") > UNITS:  # before a list is made for each
        raise BeyondBudgetError(f"it has more than {UNITS:,} lists: more units cannot be analysed")
    try:
        return json.loads(
            content.decode("utf-8"),
            object_pairs_hook=different_keys,
            parse_int=float,  # in linear time, however many digits there are
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise ModelError(f"this is not a network in JSON, or it is damaged ({reason}): save it again") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a finite number")


def _keys(held: Any, place: str, needed: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, Any]:
    """An object with all keys that it needs and no unknown ones."""
    if not isinstance(held, dict):
        keys = f"the key {needed[0]}" if len(needed) == 1 else f"the keys {', '.join(needed)}"
        raise ModelError(f"{place} must hold an object with {keys}, not {_shown(held)}")
    missing, unknown = (
        [key for key in needed if key not in held],
        [key for key in held if key not in needed + optional],
    )
    if missing:
        raise ModelError(f"{place} lacks the key {missing[0]!r}, which the weights do not determine: add it")
    if unknown:
        raise ModelError(f"{place} has the key {_shown(unknown[0])}, which is unknown there: leave it out")
    return held


def _listed(held: Any, place: str) -> list[Any]:
    if not isinstance(held, list) or not held:
        raise ModelError(f"{place} must be a list that is not empty, not {_shown(held)}")
    return held


Numbers = tuple[FloatArray, BoolArray]
"""An array, and flags where its numbers were rounded."""


def _layer(held: Any, place: str) -> tuple[Numbers, Numbers]:
    """W and b."""
    described = _keys(held, place, ("W", "b"), ())
    rows = [_listed(row, f"{place}: W[{at}]") for at, row in enumerate(_listed(described["W"], f"{place}: W"))]
    lengths = [len(row) for row in rows]
    if len(set(lengths)) > 1:
        odd = next(at for at, length in enumerate(lengths) if length != lengths[0])
        raise ModelError(f"{place}: W[{odd}] has {lengths[odd]} numbers, and W[0] has {lengths[0]}")
    read = [_numbers(row, f"{place}: W[{at}]") for at, row in enumerate(rows)]
    weight = np.array([row for row, _ in read]), np.array([flags for _, flags in read])
    return weight, _numbers(_listed(described["b"], f"{place}: b"), f"{place}: b")


def _numbers(held: list[Any], place: str) -> Numbers:
    """A row of numbers, and where they were rounded."""
    values, flags = np.zeros(len(held)), np.zeros(len(held), dtype=np.bool_)
    for at, entry in enumerate(held):
        if type(entry) is float:
            values[at] = entry
        else:
            values[at], flags[at] = _exact(entry, f"{place}[{at}]")
        if not isfinite(values[at]):
            raise ModelError(f"{place}[{at}] is beyond the largest float64")
    return values, flags


def _exact(held: Any, place: str) -> tuple[float, bool]:
    """The float64 nearest to a number in quotes, and whether it is another number."""
    if not isinstance(held, str) or len(held) > LONGEST_NUMBER or EXACT.fullmatch(held) is None:
        raise ModelError(f'{place} is {_shown(held)}: write a number or, in quotes, a decimal or a fraction ("1/3")')
    exact = Fraction(held)
    try:
        nearest = float(exact)
    except OverflowError:
        raise ModelError(f"{place} is beyond the largest float64") from None
    if exact and not nearest:
        raise ModelError(f"{place} is {_shown(held)}, whose nearest float64 is 0: write 0 if that is meant")
    return nearest, Fraction(nearest) != exact


def _names(described: dict[str, Any], key: str) -> tuple[str, ...]:
    if key not in described:
        return ()
    names = _listed(described[key], f'"{key}"')
    odd = next((name for name in names if not isinstance(name, str)), None)
    if odd is not None:
        raise ModelError(f'"{key}" must be a list of texts, not of {_shown(odd)}')
    if sum(map(len, names)) > LETTERS:
        raise ModelError(f'"{key}" has more than {LETTERS:,} characters, which no list of names needs')
    return tuple(names)


def _choice(held: Any, key: str, choices: type[Choice]) -> Choice:
    known = [choice.value for choice in choices]
    if held not in known:
        raise ModelError(f'"{key}" must be one of {", ".join(known)}, not {_shown(held)}')
    return choices(held)


def _decision(held: Any) -> Decision:
    described = _keys(held, '"decision"', ("rule",), ("threshold", "class_names"))
    rule, class_names = _choice(described["rule"], "rule", DecisionRule), _names(described, "class_names")
    if (rule is DecisionRule.THRESHOLD) != ("threshold" in described):
        raise ModelError('"decision" needs a "threshold" if its rule is "threshold", and must not have one otherwise')
    if rule is not DecisionRule.THRESHOLD:
        return Decision(rule, class_names=class_names)
    given = described["threshold"]
    bounds = given if isinstance(given, list) else [given]
    is_number = all(type(bound) is float and isfinite(bound) for bound in bounds)
    if not is_number or len(bounds) not in (1, 2) or bounds[0] > bounds[-1]:
        raise ModelError(f'"threshold" must be one number, or two in ascending order, not {_shown(given)}')
    return Decision(rule, bounds[0], bounds[-1], class_names)


def _shown(held: Any) -> str:
    """Text of what was found instead, short and on one line, however large it is."""
    match held:
        case []:
            return "an empty list"
        case list():
            return "a list"
        case dict():
            return "an object"
        case None | bool():
            return {None: "null", True: "true", False: "false"}[held]
    return repr(held[:60] if isinstance(held, str) else held)
