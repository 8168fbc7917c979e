"""Extremes of an output where all activation regions are listed: the best of the regions' exact programs.

The one idea: a complete list of regions covers the relaxation, and on each of them the output is one affine map; so the
largest of the regions' maxima is the maximum, however tight the claim is that no input goes beyond it.
"""

from fractions import Fraction

from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError
from relugeom.geometry.exact_simplex import ExactOptimum
from relugeom.linalg.exact import as_fraction
from relugeom.measures.closed_cells import Best, domain_forms
from relugeom.measures.region_programs import RegionPrograms
from relugeom.partition.partition import Partition, PartitionStatus

__all__ = ["leaf_extremes"]


def leaf_extremes(partition: Partition, output: int, *, time_limit: TimeLimit = None) -> tuple[Best, Best] | None:
    """The least and the largest value of an output over the relaxation, with inputs that reach them.

    Returns
    -------
    tuple[Best, Best] | None
        A value is None if there is no limit. None if the list of regions is not complete, or time ran out.
    """
    deadline = Deadline.of(time_limit)
    if partition.status is not PartitionStatus.COMPLETE:
        return None
    rows, ends = domain_forms(partition.domain), dict[int, Best]()
    try:
        for row in range(len(partition)):
            deadline.check()
            programs = RegionPrograms(partition, row, rows, deadline=deadline)
            for sign in (-1, 1):
                found = _largest(programs, output, sign)
                ends[sign] = found if sign not in ends or _rank(found) > _rank(ends[sign]) else ends[sign]
    except DeadlinePassedError:
        return None
    least, most = (ends[sign] for sign in (-1, 1))
    return Best(None if least.value is None else -least.value, least.point), most


def _largest(programs: RegionPrograms, output: int, sign: int) -> Best:
    """The largest value of sign · output on one region."""
    form, scale = programs.cell.outputs.rows()[output], 1 << programs.cell.outputs.exponent
    found = programs.maximise([sign * entry for entry in form])
    value = as_fraction(found.value) / scale if isinstance(found, ExactOptimum) else None
    return Best(value, tuple(map(as_fraction, found.point)))


def _rank(best: Best) -> tuple[bool, Fraction]:
    return best.value is None, best.value or Fraction(0)
