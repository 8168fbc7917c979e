"""The first line of a certificate: what it is about, with every number as an exact integer (FORMAT.md).

Notation: numbers are hexadecimal; a layer's are integers over 2^e, the least e that makes them so, and those of the
domain have one exponent in common.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from relugeom.geometry.domain import Domain, FeatureKind
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.exact import scaled_integers
from relugeom.network.network import ReLUNetwork

__all__ = ["domain_exponent", "domain_forms", "header_line", "hexadecimal", "output_names"]

KINDS = {FeatureKind.CONTINUOUS: "c", FeatureKind.INTEGER: "i", FeatureKind.BINARY: "b"}
WIDTH = 8
"""Digits of the limits, which are known when all else is written."""


def header_line(
    networks: Sequence[ReLUNetwork],
    domain: Domain,
    claim: Mapping[str, Any],
    *,
    multiplier_bits: int,
    point_bits: int,
    exponent: int | None = None,
) -> bytes:
    """The header as one line of JSON; the domain's exponent is the least one, or a greater one that is given."""
    table = {
        "format": "relugeom-certificate",
        "version": "1",
        "multiplier_bits": f"{multiplier_bits:0{WIDTH}x}",
        "point_bits": f"{point_bits:0{WIDTH}x}",
        "networks": [_network(network) for network in networks],
        "domain": _domain(domain, domain_exponent(domain) if exponent is None else exponent),
        "claim": dict(claim),
    }
    return json.dumps(table).encode("ascii") + b"\n"


def hexadecimal(values: Iterable[int]) -> str:
    """Integers as hexadecimal text with a space between."""
    return " ".join(f"{value:x}" for value in values)


def output_names(network: ReLUNetwork) -> tuple[str, ...]:
    """The names of the outputs; y0, y1, … where there are none."""
    return network.output_names or tuple(f"y{index}" for index in range(network.outputs))


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
def _network(network: ReLUNetwork) -> list[Any]:
    """Remembered, as many claims are made about one network."""
    layers = []
    for W, b in zip(network.weights, network.biases, strict=True):
        table = np.column_stack([W, b])
        entries, exponent = scaled_integers(table)
        width = table.shape[1]
        rows = (entries[start : start + width] for start in range(0, len(entries), width))
        layers.append([f"{exponent:x}", [hexadecimal(row) for row in rows]])
    return layers


def _domain(domain: Domain, e: int) -> dict[str, Any]:
    inputs = []
    for kind, *bounds, name in zip(domain.kinds, domain.lower, domain.upper, domain.names, strict=True):
        sides = [f"{_over(bound, e):x}" if np.isfinite(bound) else "*" for bound in bounds]
        inputs.append([KINDS[kind], *sides, name])
    return {
        "exponent": f"{e:x}",
        "inputs": inputs,
        "at_most": [hexadecimal(row) for row in _rows(domain.A, domain.b, e)],
        "equal": [hexadecimal(row) for row in _rows(domain.E, domain.f, e)],
        "groups": [hexadecimal(group) for group in domain.groups],
    }
