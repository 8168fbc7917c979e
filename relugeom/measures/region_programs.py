"""Linear programs over the closed cells of a partition's regions, settled exactly.

The one idea: all objectives of one region share its rows. So floats propose each optimum starting from the previous
one, and rational arithmetic verifies or corrects it.
"""

import numpy as np

from relugeom.deadline import NEVER, Deadline
from relugeom.errors import InputError
from relugeom.geometry.exact_simplex import ExactInfeasible, ExactOptimum, ExactUnbounded, Form, maximise_form
from relugeom.geometry.forms import shadow, shadow_rows
from relugeom.geometry.highs import HighsSolver
from relugeom.measures.closed_cells import ClosedCell, closed_cell, domain_forms
from relugeom.partition.partition import Partition

__all__ = ["RegionPrograms"]


class RegionPrograms:
    """The programs of one region of a partition.

    Attributes
    ----------
    cell
        Its closed cell, with the forms of the outputs on it.
    """

    def __init__(
        self,
        partition: Partition,
        row: int,
        domain_rows: list[Form] | None = None,
        *,
        deadline: Deadline = NEVER,
    ) -> None:
        """Programs of the region in this row; `domain_rows` are the forms of the domain, if they are available."""
        self._row, self._deadline = row, deadline
        self.cell: ClosedCell = closed_cell(partition.network, partition[row].pattern)
        known = domain_forms(partition.domain) if domain_rows is None else domain_rows
        self._rows = [*known, *(form for form in self.cell.units if any(form[:-1]))]
        A, b = shadow_rows(self._rows, partition.network.inputs)
        free = np.full(partition.network.inputs, np.inf)
        self._session = HighsSolver(deadline=deadline).open(A, b, -free, free)

    def maximise(self, objective: Form) -> ExactOptimum | ExactUnbounded:
        """Maximise an integer form on the closed cell.

        Raises
        ------
        InputError
            The region contains no input of its domain.
        DeadlinePassedError
            The deadline passed before the maximum was known.
        """
        hint = self._session.maximise(shadow(objective)[0][:-1]).tight_rows
        found = maximise_form(self._rows, objective, hint=hint, deadline=self._deadline)
        if isinstance(found, ExactInfeasible):
            raise InputError(f"region {self._row} of the partition holds no input of its domain: enumerate it again")
        return found
