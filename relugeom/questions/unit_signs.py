"""Signs of units: which units keep one side on a whole domain.

Notation: a unit *never fires* if z ≤ 0 on all of the relaxation (its ReLU is 0 there), and is *never negative* if
z ≥ 0 (its ReLU is z). The one idea: both are closed conditions, so a complete partition decides them: the
closures of its regions fill the relaxation, and a unit that is inactive in every region has z ≤ 0 everywhere, one that
is active in every region z ≥ 0, boundaries included. Without a partition, exact bounds of the
pre-activations prove what they can.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction

import numpy as np

from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError, EmptyDomainError, InputError
from relugeom.geometry.domain import Domain
from relugeom.geometry.exact_program import maximise_exactly
from relugeom.geometry.exact_simplex import ExactInfeasible, ExactUnbounded, Form
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.linalg.exact import as_fraction
from relugeom.measures.closed_cells import domain_forms
from relugeom.network.exact import exact_network, first_forms
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import unpack_patterns
from relugeom.partition.partition import Partition, PartitionStatus

__all__ = ["UnitSign", "UnitSigns", "bound_unit_signs", "partition_unit_signs"]

End = Fraction | None
"""End of an interval; None if it is open."""


class UnitSign(IntEnum):
    """Side of 0 on which a unit's pre-activation is proved to stay."""

    NEVER_FIRES = -1
    OPEN = 0
    NEVER_NEGATIVE = 1


@dataclass(frozen=True, slots=True, eq=False)
class UnitSigns:
    """The proved side of every unit of a network on a domain.

    Attributes
    ----------
    signs
        One `UnitSign` per unit, shape (N,), layer after layer. OPEN means that nothing was proved, not that the unit
        switches.
    """

    network: ReLUNetwork
    domain: Domain
    signs: IntArray

    def __post_init__(self) -> None:
        signs = np.array(self.signs, dtype=np.int64)
        signs.setflags(write=False)
        if signs.shape != (self.network.units,):
            raise InputError(f"{self.network.units} units need as many signs, not an array of shape {signs.shape}")
        object.__setattr__(self, "signs", signs)

    @property
    def layers(self) -> list[IntArray]:
        """The signs layer by layer."""
        return np.split(self.signs, np.cumsum(self.network.widths)[:-1]) if self.network.widths else []

    def __repr__(self) -> str:
        dead, active = (int((self.signs == sign).sum()) for sign in (-1, 1))
        return f"UnitSigns({dead} never fire, {active} are never negative, of {self.network.units} units)"


def partition_unit_signs(partition: Partition) -> UnitSigns:
    """Read the units that keep one side from a complete partition.

    Raises
    ------
    InputError
        The partition is TRUNCATED: a unit may switch in the part that was not searched.
    """
    if partition.status is not PartitionStatus.COMPLETE:
        raise InputError(
            "a truncated partition does not show which units keep one side: complete it, or use "
            "bound_unit_signs(network, domain)"
        )
    units = partition.network.units
    ends = np.stack([np.bitwise_or.reduce(partition.packed), np.bitwise_and.reduce(partition.packed)])
    ever, always = unpack_patterns(ends, units).astype(np.int64)
    return UnitSigns(partition.network, partition.domain, always + ever - 1)


def bound_unit_signs(network: ReLUNetwork, domain: Domain, *, time_limit: TimeLimit = None) -> UnitSigns:
    """Prove units to keep one side by exact bounds of their pre-activations, without a partition.

    The first layer is settled by exact linear programs over the relaxation, so nothing is missed there unless time runs
    out. Later layers are settled by interval arithmetic in rationals, which may leave a unit OPEN although it keeps one
    side.

    Raises
    ------
    InputError
        The domain has another number of inputs.
    EmptyDomainError
        No input satisfies the domain.
    """
    deadline = Deadline.of(time_limit)
    if domain.inputs != network.inputs:
        raise InputError(f"the network takes {network.inputs} inputs, but the domain has {domain.inputs}")
    signs: list[int] = []
    forms = first_forms(exact_network(network))
    rows, scale = domain_forms(domain), 1 << forms.exponent
    ranges = [_form_range(rows, row, scale, deadline) for row in forms.rows()] if network.widths else []
    for layer in range(len(network.widths)):
        if layer:
            inputs = [tuple(None if end is None else max(end, Fraction(0)) for end in each) for each in ranges]
            weight, bias = network.weights[layer], network.biases[layer]
            ranges = [_interval(row, float(b), inputs) for row, b in zip(weight, bias, strict=True)]
        signs += [_sign(*each) for each in ranges]
    return UnitSigns(network, domain, np.array(signs, dtype=np.int64))


def _sign(low: End, high: End) -> UnitSign:
    if high is not None and high <= 0:
        return UnitSign.NEVER_FIRES
    return UnitSign.NEVER_NEGATIVE if low is not None and low >= 0 else UnitSign.OPEN


def _form_range(rows: Sequence[Form], form: Form, scale: int, deadline: Deadline) -> tuple[End, End]:
    """Exact range of a form / scale over {h ≥ 0}; open if time runs out."""
    ends: list[End] = []
    for sign in (-1, 1):
        try:
            found = maximise_exactly(rows, [sign * entry for entry in form], deadline=deadline)
        except DeadlinePassedError:
            return None, None
        if isinstance(found, ExactInfeasible):
            raise EmptyDomainError("no input satisfies the domain, so units have no sides there")
        ends.append(None if isinstance(found, ExactUnbounded) else sign * as_fraction(found.value) / scale)
    return ends[0], ends[1]


def _interval(weights: FloatArray, bias: float, inputs: Sequence[tuple[End, ...]]) -> tuple[End, End]:
    """Range of w·a + b for a ≥ 0 in a box; an open lower end counts as 0, since outputs of ReLUs are ≥ 0."""
    low: End = Fraction(bias)
    high: End = Fraction(bias)
    for weight, (least, most) in zip(map(Fraction, weights.tolist()), inputs, strict=True):
        if weight == 0:
            continue
        least = least or Fraction(0)
        ends = (least, most) if weight > 0 else (most, least)
        low = None if low is None or ends[0] is None else low + weight * ends[0]
        high = None if high is None or ends[1] is None else high + weight * ends[1]
    return low, high
