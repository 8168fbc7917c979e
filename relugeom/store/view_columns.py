"""Columns of the views and what they mean, for the documentation and for programs that show databases.

The one idea: a column that a view takes unchanged from a table keeps the table's description, so that only computed
columns need one: in the view, or in `SHARED` for names that mean the same in many views.
"""

import re
from collections.abc import Mapping
from functools import cache

from sqlalchemy import create_engine

from relugeom.store.schema import metadata
from relugeom.store.views import VIEWS

__all__ = ["describe_columns"]

SHARED = {
    "run": "number of the run, from 1",
    "run_before": "number of the earlier run",
    "run_after": "number of the later run",
    "region": "number of the region in tree order, from 1",
    "neighbour": "number of the neighbouring region, from 1",
    "pattern": "activation pattern, one digit per unit",
    "number": "number of the answer, from 1",
    "admissible": "whether an admissible input has the pattern: yes, no or unknown",
    "status": "status of the pattern: region, lower-dimensional, infeasible or unknown",
    "samples": "number of samples of the domain; NULL if no samples were clustered",
}
"""Computed columns of several views."""
SELECTED = re.compile(r"SELECT(?: DISTINCT)?\s(?P<items>.*?)\sFROM\s", re.DOTALL)
SOURCE = re.compile(r"(?:FROM|JOIN)\s+(?P<table>[a-z_0-9]+)(?:\s+(?:AS\s+)?(?P<alias>[a-z]\w*))?")
ITEM = re.compile(r"^(?:(?P<source>\w+)\.)?(?P<column>\w+)(?:\s+AS\s+(?P<name>\w+))?$")
NESTED = re.compile(r"\([^()]*\)")


@cache
def describe_columns() -> Mapping[str, Mapping[str, str]]:
    """Columns of each view in their order, and what each means; empty if nothing says it."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    found: dict[str, dict[str, str]] = {}
    with engine.connect() as connection:
        for view in VIEWS:
            rows = connection.exec_driver_sql(f"PRAGMA table_info({view.name})")
            taken = _meanings(view.query, found)
            meanings = taken | SHARED if "UNION" in view.query else SHARED | taken  # of a union, no table speaks
            found[view.name] = {row[1]: (meanings | dict(view.columns)).get(row[1], "") for row in rows}
    engine.dispose()
    return found


def _meanings(query: str, views: dict[str, dict[str, str]]) -> dict[str, str]:
    """Descriptions of the columns that a query takes unchanged from tables."""
    while (flat := NESTED.sub("computed", query)) != query:
        query = flat
    selected = SELECTED.search(query)
    if selected is None:
        return {}
    tables = {
        table.name: {column.name: column.comment or "" for column in table.columns} for table in metadata.sorted_tables
    }
    sources = [(match["alias"] or match["table"], match["table"]) for match in SOURCE.finditer(query)]
    meanings = {}
    for item in selected["items"].split(","):
        taken = ITEM.match(" ".join(item.split()))
        if taken is None:
            continue
        places = [table for alias, table in sources if alias == taken["source"] or taken["source"] is None]
        known = [(tables | views)[place] for place in places if place in tables or place in views]
        words = next((columns[taken["column"]] for columns in known if columns.get(taken["column"])), "")
        if words and taken["column"] != "run_id":
            meanings[taken["name"] or taken["column"]] = words
    return meanings
