"""All subjects of the store, and how a value of any kind is saved.

A new subject is a new file in `subjects` and one line here. Views are listed and documented, and parts of an audit are
measured, in this order: runs, the partition, samples, measurements of either, findings of the analyses, and finally the
network, the domain and the data.
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
    reports,
    requirements,
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
    reports.SUBJECT,
    requirements.SUBJECT,
    answers.SUBJECT,
    witnesses.SUBJECT,
    changes.SUBJECT,
)
SAVERS = {saver.name: saver for subject in SUBJECTS for saver in subject.savers}
"""Savers, by the full name of the type that they save."""


def find_saver(value: object) -> Saver:
    """Saver for this value.

    Raises
    ------
    StoreError
        A run cannot save values of its type; the text lists those that it can.
    """
    for kind in type(value).__mro__:
        saver = SAVERS.get(f"{kind.__module__}.{kind.__qualname__}")
        if saver is not None:
            return saver
    known = ", ".join(sorted(name.rpartition(".")[2] for name in SAVERS))
    raise StoreError(f"a run cannot save a {type(value).__name__}, only one of {known}")
