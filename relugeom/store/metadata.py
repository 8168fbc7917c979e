"""Descriptions of a store's tables, columns and views, for programs that show databases.

PostgreSQL keeps the comments of tables and columns itself. An SQLite file cannot, so Datasette reads them from a file
beside it (https://docs.datasette.io/en/stable/metadata.html).
"""

from typing import Any

from relugeom.errors import StoreError
from relugeom.store.database.location import parse_location
from relugeom.store.database.migration import check_schema
from relugeom.store.schema import SCHEMA_TABLE, metadata
from relugeom.store.view_columns import describe_columns
from relugeom.store.views import VIEWS

__all__ = ["DESCRIPTION", "LABELS", "datasette_metadata"]

DESCRIPTION = (
    "A store of relugeom. The views, listed below the tables, answer common questions and show names instead of "
    "numbers."
)
LABELS = {"networks": "file_name", "domains": "name", "datasets": "name", "patterns": "pattern", "runs": "command"}
"""Column that is shown for a row when another table refers to it."""


def datasette_metadata(location: str) -> dict[str, Any]:
    """Metadata for Datasette: one line on each table, column and view, and what to show instead of a row's number.

    Raises
    ------
    StoreError
        The store does not exist, has another schema, or is not a file.
    """
    place = parse_location(location)
    check_schema(place)
    if place.path is None:
        raise StoreError(
            f"store {place.text!r} is not a file that Datasette can open; its comments are in the database (\\d+ in "
            f"psql)"
        )
    tables: dict[str, dict[str, Any]] = {SCHEMA_TABLE: {"description": "version of the schema", "hidden": True}}
    for table in metadata.sorted_tables:
        meanings = {column.name: column.comment for column in table.columns if column.comment}
        tables[table.name] = {"description": table.comment, "columns": meanings}
    for table_name, column in LABELS.items():
        tables[table_name]["label_column"] = column
    for view in VIEWS:
        tables[view.name] = {"description": view.description, "columns": dict(describe_columns()[view.name])}
    return {"databases": {place.path.stem: {"description": DESCRIPTION, "tables": tables}}}
