"""What the time limit of an audit buys, in words, before the work begins.

The one idea: the cells that a proof can close are counted from the time and the network, so that a user sees before a
long audit whether its statements have a chance.
"""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice, product

from relugeom.audit.job import Inputs
from relugeom.audit.questions import PART_PROOFS, movable_features
from relugeom.budget import Budget, Counts
from relugeom.claims.answer import Population
from relugeom.claims.requirement import Requirement, RequirementKind
from relugeom.deadline import Deadline
from relugeom.defaults import SECONDS
from relugeom.network.network import ReLUNetwork
from relugeom.printing import counted

__all__ = ["allowance_in_words", "cells_per_second", "count_statements"]

CELL_SECONDS, PRODUCTS_PER_SECOND = 0.0012, 1e9
"""Time that every cell takes, and multiplications per second in the bounds of large networks (one core of a two-core
machine; networks of 16 to 128 units closed 570 to 1,060 cells per second).
"""


def allowance_in_words(inputs: Inputs, budget: Budget) -> str:
    """The time limit, and the work that it buys for each statement about the whole domain."""
    statements = count_statements(inputs, budget.counts)
    about = counted(statements, "statement")
    if budget.time_limit is None:
        return f"no time limit: each of {about} about the whole domain is searched until it is settled, or too large"
    limit = budget.time_limit
    seconds = limit.seconds_left if isinstance(limit, Deadline) else limit
    usual = " (the default)" if limit == SECONDS else ""
    cells = int(_proving_seconds(seconds, budget) * cells_per_second(inputs.network) / max(statements, 1))
    return (
        f"time limit {seconds:,.0f} s{usual}: about {_rounded(cells):,} cells of a proof for each of {about} about the "
        f"whole domain; the audit ends earlier if everything is settled"
    )


def count_statements(inputs: Inputs, counts: Counts) -> int:
    """Number of statements about ranges, directions and equal decisions that an audit asks about."""
    network, required = inputs.network, inputs.required.requirements
    ranges = set(range(min(network.outputs, counts.outputs)))
    pairs = set(islice(product(range(network.outputs), movable_features(inputs.domain.domain)), counts.pairs))
    pairs |= {
        (own.output or 0, own.feature)
        for own in required
        if own.kind is RequirementKind.MONOTONE and own.feature is not None
    }
    return 2 * len(ranges) + 2 * len(pairs) + len(_protected(inputs)) + sum(map(_required_claims, required))


def _required_claims(own: Requirement) -> int:
    """Number of statements that only this requirement asks about."""
    if own.kind is RequirementKind.RANGE:
        return (own.lower is not None) + (own.upper is not None)
    return int(own.kind in (RequirementKind.DIFFERS_FROM, RequirementKind.NEVER))


def _protected(inputs: Inputs) -> set[tuple[int, ...]]:
    """Sets of features on which a decision should not depend on the domain."""
    equal = {
        tuple(own.protected)
        for own in inputs.required.requirements
        if own.kind is RequirementKind.SAME_DECISION and own.population is Population.DOMAIN
    }
    return equal | ({tuple(inputs.protected)} if inputs.protected else set())


def cells_per_second(network: ReLUNetwork) -> float:
    """Cells of this network that are bounded per second, roughly: bounds go back through all layers below each."""
    return 1 / (CELL_SECONDS + _products((network.inputs, *network.widths, network.outputs)) / PRODUCTS_PER_SECOND)


def _products(sizes: Sequence[int]) -> int:
    """Multiplications when the forms of each layer are carried back to the inputs."""
    return sum(
        sizes[layer] * sizes[below] * sizes[below - 1] for layer in range(1, len(sizes)) for below in range(1, layer)
    )


def _proving_seconds(seconds: float, budget: Budget) -> float:
    """Seconds for proofs if the parts before them take their whole share."""
    left = seconds
    shares: dict[str, float] = asdict(budget.shares)
    for name in tuple(shares):
        part = shares[name] / sum(shares.values())
        if name == "questions":
            return PART_PROOFS * part * left
        left -= part * left
        del shares[name]
    raise AssertionError("questions are a part of every audit")


def _rounded(count: int) -> int:
    """Two digits of a rough count."""
    step = int(10 ** max(len(str(count)) - 2, 0))
    return count // step * step
