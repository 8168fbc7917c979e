"""The first line of a certificate: what it is about, with every number as an exact integer (FORMAT.md).

Notation: numbers are hexadecimal; a layer's are integers over 2^e, the least e that makes them so, and those of the
domain have one exponent in common.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np

from relugeom.errors import InputError
from relugeom.geometry.domain import Domain, FeatureKind
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.digest import names_digest
from relugeom.linalg.exact import scaled_integers
from relugeom.network.network import ReLUNetwork

__all__ = [
    "CoverVersion",
    "domain_exponent",
    "domain_forms",
    "header_line",
    "hexadecimal",
    "input_names",
    "network_names",
]

KINDS = {FeatureKind.CONTINUOUS: "c", FeatureKind.INTEGER: "i", FeatureKind.BINARY: "b"}


class CoverVersion(StrEnum):
    """The version of a file whose tree is a covering tree: plain, or of short networks, whose units may be paired."""

    PLAIN = "3"
    SHORT = "5"


WIDTH = 8
"""Digits of the limits, which are known when everything else is written."""


def header_line(
    networks: Sequence[ReLUNetwork],
    domain: Domain,
    claim: Mapping[str, Any],
    *,
    multiplier_bits: int,
    point_bits: int,
    exponent: int | None = None,
    bounds: Sequence[int] | None = None,
    version: CoverVersion | None = None,
) -> bytes:
    """The header as one line of JSON.

    Parameters
    ----------
    exponent
        That of the domain's numbers: the least one, or a greater one that is given.
    bounds, version
        Exponents of the bounds of units, level by level, if the tree is a covering tree, and its version then.

    Raises
    ------
    InputError
        Networks and domain name an input differently.
    """
    names = input_names(networks, domain)
    table = {
        "format": "relugeom-certificate",
        "version": "2" if version is None else version.value,
        "multiplier_bits": f"{multiplier_bits:0{WIDTH}x}",
        "point_bits": f"{point_bits:0{WIDTH}x}",
        "networks": [network_entry(network) for network in networks],
        "names": [network_names(network, names) for network in networks],
        "domain": _domain(domain, names, domain_exponent(domain) if exponent is None else exponent),
        "claim": dict(claim),
    }
    if bounds is not None:
        table["bounds"] = hexadecimal(bounds)
    return json.dumps(table).encode("ascii") + b"\n"


def hexadecimal(values: Iterable[int]) -> str:
    """Integers as hexadecimal text with a space between."""
    return " ".join(f"{value:x}" for value in values)


def input_names(networks: Sequence[ReLUNetwork], domain: Domain) -> tuple[str, ...]:
    """What networks and domain call the inputs, as far as they do; x0, x1, … where nobody names them.

    Raises
    ------
    InputError
        They name an input differently.
    """
    said = [names for names in (*(network.input_names for network in networks), domain.feature_names) if names]
    for others in said[1:]:
        for place, (one, other) in enumerate(zip(said[0], others, strict=True)):
            if one != other:
                raise InputError(f"input {place} is called {one!a} here and {other!a} there: give it one name")
    return said[0] if said else domain.names


def network_names(network: ReLUNetwork, inputs: Sequence[str]) -> list[Any]:
    """The names of outputs and classes, and the digest of these and of the names of the inputs."""
    outputs, classes = network.target_names, network.rule.class_names
    return [[*outputs], [*classes], names_digest(inputs, outputs, classes)]


def domain_exponent(domain: Domain) -> int:
    """The least e for which every number of a domain is an integer over 2^e."""
    return scaled_integers(_numbers(domain))[1]


def domain_forms(
    domain: Domain, *, exponent: int | None = None
) -> tuple[list[list[int]], list[list[int]], list[list[int]]]:
    """Forms (c₁, …, c_n, c₀) over 2^e: inequalities b − a·x ≥ 0, equalities f − a·x = 0 (groups last), sides ≥ 0."""
    e, n = domain_exponent(domain) if exponent is None else exponent, domain.inputs
    inequalities = [[*(-entry for entry in row[:-1]), row[-1]] for row in _rows(domain.A, domain.b, e)]
    equalities = [[*(-entry for entry in row[:-1]), row[-1]] for row in _rows(domain.E, domain.f, e)]
    equalities += [[*(-int(k in group) for k in range(n)), 1] for group in domain.groups]
    sides = []
    for k, bounds in enumerate(zip(domain.lower, domain.upper, strict=True)):
        for bound, sign in zip(bounds, (1, -1), strict=True):
            if np.isfinite(bound):
                form = [0] * (n + 1)
                form[k], form[n] = sign << e, -sign * _over(bound, e)
                sides.append(form)
    return inequalities, equalities, sides


def _numbers(domain: Domain) -> FloatArray:
    sides = np.concatenate([domain.lower, domain.upper])
    return np.concatenate([sides[np.isfinite(sides)], domain.A.ravel(), domain.b, domain.E.ravel(), domain.f, [0.0]])


def _over(value: float, exponent: int) -> int:
    numerator, denominator = float(value).as_integer_ratio()
    return (numerator << exponent) // denominator


def _rows(matrix: FloatArray, vector: FloatArray, exponent: int) -> list[list[int]]:
    return [[_over(value, exponent) for value in row] for row in np.column_stack([matrix, vector]).tolist()]


@lru_cache(maxsize=4)
def network_entry(network: ReLUNetwork) -> list[Any]:
    """The layers of a network as they stand in a header; remembered, as many claims are made about one network."""
    layers = []
    for W, b in zip(network.weights, network.biases, strict=True):
        table = np.column_stack([W, b])
        entries, exponent = scaled_integers(table)
        width = table.shape[1]
        rows = (entries[start : start + width] for start in range(0, len(entries), width))
        layers.append([f"{exponent:x}", [hexadecimal(row) for row in rows]])
    return layers


def _domain(domain: Domain, names: Sequence[str], e: int) -> dict[str, Any]:
    inputs = []
    for kind, *bounds, name in zip(domain.kinds, domain.lower, domain.upper, names, strict=True):
        sides = [f"{_over(bound, e):x}" if np.isfinite(bound) else "*" for bound in bounds]
        inputs.append([KINDS[kind], *sides, name])
    return {
        "exponent": f"{e:x}",
        "inputs": inputs,
        "at_most": [hexadecimal(row) for row in _rows(domain.A, domain.b, e)],
        "equal": [hexadecimal(row) for row in _rows(domain.E, domain.f, e)],
        "groups": [hexadecimal(group) for group in domain.groups],
    }
