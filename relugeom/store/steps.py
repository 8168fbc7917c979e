"""Steps: a run stores its findings one step after the other, and each step is atomic.

A step is a transaction with the findings and the run's own row. Readers see only committed steps, during the run and
after its process was killed.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from sqlalchemy import func, select, update

from relugeom.budget import StoreWaits
from relugeom.errors import StoreError
from relugeom.store.database.connection import explained
from relugeom.store.database.location import StoreLocation
from relugeom.store.open_run import OpenRun
from relugeom.store.subjects.blocks import SEARCH_BLOCKS
from relugeom.store.subjects.processes import Pulse, give_sign
from relugeom.store.subjects.runs import RUNS

__all__ = ["Steps"]

OUTLINE = ("partition_id", "samples", "clusters")
"""Columns of a run that say which of its parts are stored."""


class Steps:
    """Steps of one run.

    Attributes
    ----------
    pulse
        Heartbeat that tells others between the steps that the run is in progress.
    """

    def __init__(self, location: StoreLocation, run: OpenRun, *, waits: StoreWaits) -> None:
        self.pulse = Pulse(location, run.id, every=waits.sign)
        self._location, self._connection, self._run = location, run.connection, run
        self._left = self._outline()
        self._is_open = self._is_broken = False

    @contextmanager
    def step(self, *, long: bool = False) -> Iterator[None]:
        """Store everything within the context as one step; a step within another is part of it.

        Parameters
        ----------
        long
            Whether the step may take so long that others must be told beforehand: no heartbeat can be written while an
            SQLite file is being written to.

        Raises
        ------
        StoreError
            The store refuses something, an earlier step was not stored, or another program has taken over the run.
        """
        if self._is_open:
            yield
            return
        with explained(self._location), ExitStack() as silence:
            if self._is_broken:
                raise StoreError(f"store {self._location.text!r}: a part of run {self._run.id} could not be stored")
            self._is_open = True
            try:
                if long and self._connection.dialect.name == "sqlite":
                    silence.enter_context(self.pulse.held())
                    with self._connection.begin():
                        give_sign(self._connection, self._run.id, storing=True)
                with self._connection.begin():
                    self._check_undisturbed()
                    yield
                    self._connection.execute(update(RUNS).where(RUNS.c.id == self._run.id).values(**self._run.facts))
                    give_sign(self._connection, self._run.id)
            except BaseException:
                self._is_broken = True
                raise
            finally:
                self._is_open = False
            self._left = self._outline()

    def _outline(self) -> tuple[Any, ...]:
        return (*(self._run.facts.get(column) for column in OUTLINE), self._run.blocks)

    def _check_undisturbed(self) -> None:
        """Raise if another process has taken over: one that slept for long is taken for dead."""
        count = (
            select(func.count())
            .select_from(SEARCH_BLOCKS)
            .where(SEARCH_BLOCKS.c.run_id == self._run.id)
            .scalar_subquery()
        )
        found = self._connection.execute(
            select(*(RUNS.c[column] for column in OUTLINE), count).where(RUNS.c.id == self._run.id)
        ).first()
        if found is None or tuple(found) != self._left:
            raise StoreError(
                f"store {self._location.text!r}: another program has taken over the findings of run {self._run.id}"
            )
