"""Every subject of the store, and how a value of any kind is saved.

A new subject is a file of its own in `subjects`, and a line here. The order is that in which views are listed and
documented, and parts of an audit are measured: runs, the partition, samples, what is measured on either, what the
analyses found, and in the end what all of it is about.
"""

from relugeom.errors import StoreError
from relugeom.store.subject import Saver
from relugeom.store.subjects import (
    adjacency,
    answers,
    assignments,
    blocks,
    census,
    certificates,
    changes,
    clusters,
    datasets,
    decisions,
    domains,
    effective_maps,
    groups,
    importance,
    margins,
    networks,
    notes,
    partitions,
    patterns,
    performance,
    processes,
    ranges,
    relevance,
    robustness,
    runs,
    statuses,
    unobserved,
    volumes,
    witnesses,
)

__all__ = ["SAVERS", "SUBJECTS", "find_saver"]

SUBJECTS = (
    runs.SUBJECT,
    processes.SUBJECT,
    notes.SUBJECT,
    blocks.SUBJECT,
    census.SUBJECT,
    statuses.SUBJECT,
    partitions.SUBJECT,
    effective_maps.SUBJECT,
    clusters.SUBJECT,
    assignments.SUBJECT,
    margins.SUBJECT,
    volumes.SUBJECT,
    adjacency.SUBJECT,
    decisions.SUBJECT,
    ranges.SUBJECT,
    unobserved.SUBJECT,
    importance.SUBJECT,
    performance.SUBJECT,
    groups.SUBJECT,
    relevance.SUBJECT,
    robustness.SUBJECT,
    patterns.SUBJECT,
    networks.SUBJECT,
    domains.SUBJECT,
    datasets.SUBJECT,
    certificates.SUBJECT,
    answers.SUBJECT,
    witnesses.SUBJECT,
    changes.SUBJECT,
)
SAVERS = {saver.name: saver for subject in SUBJECTS for saver in subject.savers}
"""How a value is saved, by the full name of its type."""


def find_saver(value: object) -> Saver:
    """How this value is saved in a run.

    Raises
    ------
    StoreError
        Runs keep no values of its type; the text lists those that they do.
    """
    for kind in type(value).__mro__:
        saver = SAVERS.get(f"{kind.__module__}.{kind.__qualname__}")
        if saver is not None:
            return saver
    known = ", ".join(sorted(name.rpartition(".")[2] for name in SAVERS))
    raise StoreError(f"a run keeps no {type(value).__name__}: it keeps {known}")
