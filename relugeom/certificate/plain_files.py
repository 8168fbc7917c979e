"""A network and a domain as plain JSON, with which `checker.py` compares a certificate (FORMAT.md, plain files).

A network is written in the form that `load_network` reads as well; every number is the shortest decimal whose nearest
float64 it is.
"""

import json
from typing import Any

from relugeom.certificate.header import input_names
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import FloatArray
from relugeom.network.decision import DecisionRule
from relugeom.network.network import ReLUNetwork

__all__ = ["plain_domain", "plain_network"]


def plain_network(network: ReLUNetwork) -> bytes:
    """A network with its names and its decision, one layer a line."""
    rule = network.rule
    decision: dict[str, Any] = {"rule": rule.rule.value}
    if rule.rule is DecisionRule.THRESHOLD:
        decision["threshold"] = rule.lower if rule.lower == rule.upper else [rule.lower, rule.upper]
    if rule.class_names:
        decision["class_names"] = list(rule.class_names)
    layers = [{"W": W.tolist(), "b": b.tolist()} for W, b in zip(network.weights, network.biases, strict=True)]
    names = {"input_names": list(network.input_names), "output_names": list(network.output_names)}
    return _text(
        {
            "format": "relugeom network",
            "version": 1,
            "squashing": network.squashing.value,
            "layers": layers,
            **{key: given for key, given in names.items() if given},
            "decision": decision,
        }
    )


def plain_domain(domain: Domain, network: ReLUNetwork) -> bytes:
    """A domain of a network's inputs, one input or row a line.

    Raises
    ------
    InputError
        Network and domain name an input differently.
    """
    names = input_names((network,), domain)
    sides = zip(names, domain.kinds, domain.lower.tolist(), domain.upper.tolist(), strict=True)
    inputs = [
        {"name": name, "kind": kind.value, "lower": _side(lower), "upper": _side(upper)}
        for name, kind, lower, upper in sides
    ]
    return _text(
        {
            "format": "relugeom domain",
            "version": 1,
            "inputs": inputs,
            "at_most": _rows(domain.A, domain.b),
            "equal": _rows(domain.E, domain.f),
            "groups": [list(group) for group in domain.groups],
        }
    )


def _side(value: float) -> float | None:
    return value if abs(value) < float("inf") else None


def _rows(matrix: FloatArray, vector: FloatArray) -> list[list[float]]:
    return [[*row, last] for row, last in zip(matrix.tolist(), vector.tolist(), strict=True)]


def _text(table: dict[str, Any]) -> bytes:
    """JSON in which lists of objects and rows have a line for each."""
    parts = []
    for key, value in table.items():
        text = json.dumps(value)
        if isinstance(value, list) and value and not isinstance(value[0], str):
            text = "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"
        parts.append(f" {json.dumps(key)}: {text}")
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode("ascii")
