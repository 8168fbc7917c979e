"""Decisions of a network inside the regions of a partition.

The decision is taken at the region's interior point, in rationals: so an output at its threshold and two equal outputs
are recognised. Elsewhere in the region the decision may be another one; if two neighbours differ, a decision boundary
passes between their points.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from flint import fmpq

from relugeom.deadline import Deadline, TimeLimit
from relugeom.linalg.arrays import IntArray
from relugeom.linalg.exact import as_fraction, evaluate_form, rational_point
from relugeom.network.decision import TIED, UNDECIDED, Decision, DecisionRule
from relugeom.network.exact import exact_network, output_forms
from relugeom.partition.partition import Partition

__all__ = ["decide_exactly", "decide_regions"]


def decide_regions(partition: Partition, *, time_limit: TimeLimit = None) -> IntArray:
    """Class at the interior point of each region, shape (k,); `UNDECIDED` or `TIED` if there is none.

    If time runs out before all regions are decided, the array holds only those that are.

    A network without a decision (a regression) decides nothing: all entries are `UNDECIDED`.
    """
    deadline, rule = Deadline.of(time_limit), partition.network.rule
    classes = np.full(len(partition), UNDECIDED, dtype=np.int64)
    if rule.rule is DecisionRule.NONE:
        return classes
    exact = exact_network(partition.network)
    for row, region in enumerate(partition):
        if deadline.passed:
            return classes[:row]
        forms = output_forms(exact, region.pattern)
        point = _point(region.exact_point) if region.exact_point else rational_point(region.point)
        scale = fmpq(1, 1 << forms.exponent)
        outputs = [as_fraction(evaluate_form(form, point) * scale) for form in forms.rows()]
        classes[row] = decide_exactly(rule, outputs)
    return classes


def decide_exactly(decision: Decision, outputs: Sequence[Fraction]) -> int:
    """Class of exact outputs before squashing; `UNDECIDED` or `TIED` if there is none."""
    if decision.rule is DecisionRule.NONE:
        return UNDECIDED
    if decision.rule is DecisionRule.THRESHOLD:
        if outputs[0] > Fraction(decision.upper):
            return 1
        return 0 if outputs[0] <= Fraction(decision.lower) else UNDECIDED
    largest = max(outputs)
    reached = [number for number, output in enumerate(outputs) if output == largest]
    return reached[0] if len(reached) == 1 else TIED


def _point(coordinates: Sequence[Fraction]) -> list[fmpq]:
    return [fmpq(value.numerator, value.denominator) for value in coordinates]
