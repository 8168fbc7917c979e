"""Reading a domain: ``box:LO,HI``, ``all``, ``data``, or a TOML file.

[features.Age]            # named as in the data; inputs without names are x0, x1, …
lower = 0                 # a side that is not given is open
upper = 4
kind = "integer"          # "continuous" (default), "integer", "binary"

[[groups]]                # exactly one of them is 1
features = ["Embarked_S", "Embarked_C", "Embarked_Q"]

[[constraints]]           # linear, any number
coefficients = { income = 1.0, rent = -1.0 }
relation = ">="           # "<=", ">=", "=="
value = 0.0

[model]                   # what a report says of the model; no part of the domain
name = "Credit score"

[[requirements]]          # what an audit judges; no part of the domain either
monotone = "income"

A file that ends right after a number is refused. A file that was cut between lines is another valid file: it leaves
more open, which makes the domain larger, and what is proved on the larger domain holds on the smaller one.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from relugeom.columns.frames import table_in_order
from relugeom.decimals import parsed_float
from relugeom.errors import DomainError, InputError
from relugeom.files import read_text
from relugeom.geometry.domain import Domain, FeatureKind
from relugeom.linalg.arrays import FloatArray

__all__ = ["domain_of_data", "is_short", "load_domain", "read_domain_document", "read_domain_file"]

WITHOUT_DATA = "give box:LO,HI, all, or the name of a TOML file"
FORMS = "give box:LO,HI, data, all, or the name of a TOML file"
DEEPEST = 32
KEY_PART = r"""(?>[\w-]+|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\."""
LONG_KEY = re.compile(rf"(?<![\w-])(?:{KEY_PART}[ \t]*+){{{DEEPEST}}}")
"""Most dots in a name like a.b.c: the time and memory of `tomllib` grow with the square of its length."""
OPEN_NUMBER = re.compile(r"([0-9]|\b0x[0-9A-Fa-f_]*)\Z")
"""A number at the end of a text, of which more digits may be missing."""
RELATIONS = ("<=", ">=", "==")


class NamedInputs(Protocol):
    """Anything with named inputs, such as a network."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """One name per input."""

    @property
    def input_names(self) -> tuple[str, ...]:
        """One name per input, or empty if the model names none."""


def load_domain(spec: str | Path, inputs: NamedInputs, *, data: ArrayLike | None = None) -> Domain:
    """Read the domain that a specification describes.

    Parameters
    ----------
    spec
        ``box:LO,HI`` (the same interval for every input), ``data`` (the range of each column of `data`), ``all``
        (R^n), or the name of a TOML file.
    inputs
        The network: its inputs are named in the file.
    data
        Samples of shape (k, n), for ``data``.

    Raises
    ------
    DomainError
        The specification or the file cannot be read; the text names the entry.
    """
    names, text = inputs.feature_names, str(spec)
    if text == "all":
        return Domain.everything(len(names), names)
    if text == "data":
        if data is None:
            raise DomainError(f"domain 'data' is the range of a data file, but none was given: {WITHOUT_DATA}")
        return domain_of_data(table_in_order(data, inputs=len(names), input_names=inputs.input_names), names)
    if text.startswith("box:"):
        low, high = _interval(text)
        return Domain.box(np.full(len(names), low), np.full(len(names), high), names)
    return read_domain_file(spec, names)


def is_short(spec: str) -> bool:
    """Whether a specification is one of the short forms, and no file."""
    return spec in ("all", "data") or spec.startswith("box:")


def domain_of_data(data: FloatArray, names: Sequence[str] = ()) -> Domain:
    """Box between the smallest and largest value of each column of `data`, shape (k, n)."""
    if len(data) == 0:
        raise DomainError("the range of a table without rows is empty")
    return Domain.box(data.min(axis=0), data.max(axis=0), names)


def read_domain_file(path: str | Path, names: Sequence[str]) -> Domain:
    """Domain of a TOML file whose features are among `names`."""
    text, document = _read(path)
    try:
        domain = _domain_of_document(document, names)
    except DomainError as error:
        raise DomainError(f"domain file {str(path)!r}: {error}") from None
    if OPEN_NUMBER.search(text):  # TOML allows it, but 40 cut short is 4, and 0xAB is 0xA: another domain
        raise DomainError(
            f"domain file {str(path)!r} ends right after a number, which may be incomplete: if it is complete, end "
            f"the last line with a line break"
        )
    return domain


def read_domain_document(path: str | Path) -> Mapping[str, Any]:
    """Tables and values of a domain file, as TOML has them.

    Raises
    ------
    DomainError
        The file cannot be read, or is not TOML.
    """
    return _read(path)[1]


def _read(path: str | Path) -> tuple[str, Mapping[str, Any]]:
    """Text of a domain file, and what it says."""
    try:
        text = read_text(path)
    except InputError as error:
        raise DomainError(f"domain {error} ({FORMS})") from None
    if LONG_KEY.search(text):
        raise DomainError(f"domain file {str(path)!r}: a name with more than {DEEPEST} dots is not used by any entry")
    try:
        return text, tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers too long and lists too deep for Python
        raise DomainError(f"domain file {str(path)!r} is not TOML: {error}") from None


def _interval(text: str) -> tuple[float, float]:
    parts = text.removeprefix("box:").split(",")
    values = [parsed_float(part) for part in parts]
    match values:
        case [float(low), float(high)]:
            return low, high
    raise DomainError(f"domain {text!r} is not box:LO,HI with two numbers: {FORMS}")


def _domain_of_document(document: Mapping[str, Any], names: Sequence[str]) -> Domain:
    _refuse_unknown(document, ("features", "groups", "constraints", "model", "requirements"), "the file")
    index = {name: position for position, name in enumerate(names)}
    lower, upper = np.full(len(names), -np.inf), np.full(len(names), np.inf)
    kinds = [FeatureKind.CONTINUOUS] * len(names)
    for name, entry in _table(document.get("features", {}), "features").items():
        place = f"features.{name}"
        position = _position(name, index, place)
        entry = _table(entry, place)
        _refuse_unknown(entry, ("lower", "upper", "kind", "scale"), place)
        if not 0 < _number(entry.get("scale", 1.0), f"{place}.scale") < np.inf:
            raise DomainError(f"{place}.scale = {entry['scale']}: give a number above 0, one unit of distance")
        lower[position] = _number(entry.get("lower", -np.inf), f"{place}.lower")
        upper[position] = _number(entry.get("upper", np.inf), f"{place}.upper")
        kind = entry.get("kind", "continuous")
        if kind not in list(FeatureKind):
            raise DomainError(f"{place}.kind is {kind!r}: use one of {', '.join(FeatureKind)}")
        kinds[position] = FeatureKind(kind)
    groups = []
    for number, entry in enumerate(_tables(document.get("groups", []), "groups")):
        place = f"groups[{number}]"
        _refuse_unknown(entry, ("features",), place)
        members = entry.get("features")
        if not isinstance(members, list) or not members:
            raise DomainError(f"{place}.features must be a list of feature names")
        groups.append(tuple(_position(name, index, place) for name in members))
    rows: dict[str, list[tuple[FloatArray, float]]] = {relation: [] for relation in RELATIONS}
    for number, entry in enumerate(_tables(document.get("constraints", []), "constraints")):
        relation, row, value = _constraint(entry, index, f"constraints[{number}]")
        rows[relation].append((row, value))
    at_most = rows["<="] + [(-row, -value) for row, value in rows[">="]]
    return Domain(
        lower,
        upper,
        A=np.array([row for row, _ in at_most]),
        b=np.array([value for _, value in at_most]),
        E=np.array([row for row, _ in rows["=="]]),
        f=np.array([value for _, value in rows["=="]]),
        kinds=tuple(kinds),
        groups=tuple(groups),
        feature_names=tuple(names),
    )


def _constraint(entry: Mapping[str, Any], index: Mapping[str, int], place: str) -> tuple[str, FloatArray, float]:
    _refuse_unknown(entry, ("coefficients", "relation", "value"), place)
    relation = entry.get("relation")
    if relation not in RELATIONS:
        raise DomainError(f"{place}.relation is {relation!r}: use one of {', '.join(RELATIONS)}")
    row = np.zeros(len(index))
    for name, coefficient in _table(entry.get("coefficients", {}), f"{place}.coefficients").items():
        row[_position(name, index, place)] = _number(coefficient, f"{place}.coefficients.{name}")
    if not row.any():
        raise DomainError(f"{place} has no coefficient other than 0")
    if "value" not in entry:
        raise DomainError(f"{place} has no value")
    return str(relation), row, _number(entry["value"], f"{place}.value")


def _position(name: object, index: Mapping[str, int], place: str) -> int:
    if not isinstance(name, str) or name not in index:
        known = ", ".join(list(index)[:12]) + (", …" if len(index) > 12 else "")
        raise DomainError(f"{place}: {name!r} is not an input of the network, whose inputs are {known}")
    return index[name]


def _number(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise DomainError(f"{place} is {value!r}: write a number")
    try:
        return float(value)
    except OverflowError:
        raise DomainError(f"{place} is too large for a float64") from None


def _table(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DomainError(f"{place} must be a table of names and values")
    return value


def _tables(value: object, place: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise DomainError(f"{place} must be written as [[{place}]] tables")
    return value


def _refuse_unknown(table: Mapping[str, Any], known: Sequence[str], place: str) -> None:
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise DomainError(f"{place} has an unknown entry {unknown[0]!r}: it can have {', '.join(known)}")
