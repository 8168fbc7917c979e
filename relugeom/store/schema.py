"""The tables of the store, as its subjects declare them.

A value is stored once: networks, domains, datasets and partitions are found again by their digests, patterns by their
text. A pattern belongs to a network; a status is a fact about a pattern on a domain (a region is a pattern whose
status is ``region``); an effective map belongs to a pattern. Runs refer to all of these and own their clusters,
assignments and counts. Rows are deleted with their owner; a row that others refer to cannot be deleted.

Layers, units, features, outputs, classes and samples are numbered from 0, clusters from 1 (largest first). Tables with
millions of rows have the owner first in the key, and no row number of their own on SQLite. A number that is not finite
(an open side of a box, a coefficient beyond the largest float64) is NULL.
"""

from relugeom.store.database.columns import SCHEMA_TABLE, metadata
from relugeom.store.registry import SUBJECTS

__all__ = ["SCHEMA_TABLE", "TABLES", "metadata"]

TABLES = tuple(table for subject in SUBJECTS for table in subject.tables)
"""All tables; `metadata` has the same tables in an order in which they can be created."""
