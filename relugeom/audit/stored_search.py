"""Stored searches: the regions of a domain, listed, measured if wanted, and kept in a store if one is given.

The one idea: the findings of a search are stored block by block, so that a search that ends early can be resumed.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relugeom.audit.inputs import ChosenDomain
from relugeom.audit.words import resumption_in_words
from relugeom.budget import Budget, StoreWaits
from relugeom.deadline import CLOCK, Deadline
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.measures.partition_measures import PartitionMeasures, measure_partition
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import Partition, PartitionStatus
from relugeom.remarks import OnRemark, warn
from relugeom.search.enumeration import enumerate_regions

if TYPE_CHECKING:
    from relugeom.store.run import Run
    from relugeom.store.store import Store

__all__ = ["StoredSearch", "search_regions"]

SEARCHING = 0.5
"""Part of the time for the search, if the regions are measured, too."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredSearch:
    """A list of regions, and where it is stored.

    Attributes
    ----------
    measures
        Measures of the regions; None if they were not asked for.
    run, store
        Number of the run and its store; None without one.
    seconds
        Time of all of it.
    leftover
        Why a copy of the store's file would lack something, or empty.
    """

    partition: Partition
    chosen: ChosenDomain
    measures: PartitionMeasures | None
    run: int | None
    store: str | None
    seconds: float
    leftover: str

    @property
    def status(self) -> PartitionStatus:
        """COMPLETE if nothing was cut short: neither the list of regions nor, if they were asked for, its measures."""
        measured = self.measures is None or self.measures.status is PartitionStatus.COMPLETE
        return self.partition.status if measured else PartitionStatus.TRUNCATED


def search_regions(
    network: ReLUNetwork,
    chosen: ChosenDomain,
    *,
    budget: Budget,
    store: str | None,
    resume: bool,
    measure: bool,
    parameters: Mapping[str, Any],
    on_remark: OnRemark = warn,
    on_progress: Callable[[str, object], None] = lambda _stage, _done: None,
) -> StoredSearch:
    """List the activation regions of a domain.

    Parameters
    ----------
    budget
        Budget for everything; the search takes half of the time if the regions are measured, too.
    store
        A file name or an SQLAlchemy URL; None keeps nothing.
    resume
        Whether to continue from what the store holds of an earlier search.
    parameters
        Parameters to store with the run; ``model`` is the file of the network.

    Raises
    ------
    InputError
        The search is to be resumed without a store, or the store cannot be used.
    """
    began, deadline = CLOCK.now(), Deadline.of(budget.time_limit)
    if resume and store is None:
        raise InputError("--resume continues from a store: give it with --store")
    with _recorded(store, network, chosen, parameters, budget.storing) as run:
        known = _find_known(run, on_remark) if resume else None
        searching = replace(budget, time_limit=deadline.share(SEARCHING) if measure else deadline)
        partition = _search(network, chosen.domain, searching, known, run, partial(on_progress, "enumerating regions"))
        measures = measure_partition(partition, time_limit=deadline, on_progress=on_progress) if measure else None
    number, place, leftover = (None, None, "") if run is None else (run.id, run.location.text, run.leftover())
    return StoredSearch(partition, chosen, measures, number, place, CLOCK.now() - began, leftover)


@contextmanager
def _recorded(
    store: str | None,
    network: ReLUNetwork,
    chosen: ChosenDomain,
    parameters: Mapping[str, Any],
    waits: StoreWaits,
) -> "Iterator[Run | None]":
    """Open a run of the requested store before the search begins; yields None without a store."""
    if store is None:
        yield None
        return
    from relugeom.store.store import open_store  # slow to load

    with open_store(store, waits=waits) as opened, _begin_run(opened, network, chosen, parameters) as run:
        yield run


def _begin_run(
    store: "Store", network: ReLUNetwork, chosen: ChosenDomain, parameters: Mapping[str, Any]
) -> "AbstractContextManager[Run]":
    return store.run(
        "enumerate",
        network=network,
        network_name=Path(parameters["model"]).name,
        domain=chosen.domain,
        domain_name=chosen.source,
        parameters=parameters,
    )


def _find_known(run: "Run | None", on_remark: OnRemark) -> Partition | None:
    """Partition of an earlier run, and a remark on it."""
    known = None if run is None else run.resume()
    on_remark(resumption_in_words(known))
    return known


def _search(
    network: ReLUNetwork,
    domain: Domain,
    budget: Budget,
    known: Partition | None,
    run: "Run | None",
    on_progress: Callable[[object], None],
) -> Partition:
    """Search for regions, and store blocks of them as they are found, if there is a run."""
    partition = enumerate_regions(
        network,
        domain,
        threads=budget.threads,
        resume=known,
        on_progress=on_progress,
        on_block=None if run is None else run.save,
        max_regions=budget.max_regions,
        budget=budget.search,
        time_limit=budget.time_limit,
    )
    if run is not None:
        run.save(partition)
    return partition
