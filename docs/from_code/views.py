"""The views and tables of a store, as the code defines them: descriptions, columns and their descriptions."""

import re
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine

from from_code.markdown import in_cell
from relugeom.store.schema import metadata
from relugeom.store.views import VIEWS

__all__ = ["list_columns", "read_samples", "tables_page", "views_page"]

SAMPLES = Path(__file__).resolve().parents[1] / "reference" / "view-samples.md"
"""Query to each view with its answer, which the tests run."""
SELECTED = re.compile(r"SELECT(?: DISTINCT)?\s(?P<items>.*?)\sFROM\s", re.DOTALL)
SOURCE = re.compile(r"(?:FROM|JOIN)\s+(?P<table>[a-z_0-9]+)(?:\s+(?:AS\s+)?(?P<alias>[a-z]\w*))?")
ITEM = re.compile(r"^(?:(?P<source>\w+)\.)?(?P<column>\w+)(?:\s+AS\s+(?P<name>\w+))?$")
NESTED = re.compile(r"\([^()]*\)")
COMPUTED = {
    "run": "number of the run, from 1",
    "run_before": "number of the earlier run",
    "run_after": "number of the later run",
    "network": "number of the network in the store",
    "region": "number of the region in tree order, from 1",
    "neighbour": "number of the neighbouring region, from 1",
    "neighbour_pattern": "pattern of the neighbouring region",
    "neighbour_class": "class that is decided at the neighbour's interior point",
    "pattern": "activation pattern, one digit per unit",
    "number": "number of the answer, from 1",
    "position": "position in the order in which rows are shown, from 0",
    "output_position": "number of the output, from 0",
    "measure_position": "position of the measure, from 0",
    "admissible": "whether an admissible input has the pattern: yes, no or unknown",
    "active": "1 if the unit is active, 0 if it is inactive",
    "changes_sign": "1 if the feature raises the output in some regions and lowers it in others",
    "changed_sign": "1 if the sign of the coefficient differs between the runs",
    "status": "status of the pattern: region, lower-dimensional, infeasible or unknown",
    "domain_is_range_of_data": "whether the domain is the box around the data: yes, no or unknown",
    "samples": "number of samples of the domain; NULL if no samples were clustered",
    "verdict": "the status under its former name, for one version",
    "volume_share": "share of the domain's volume",
    "patterns": "patterns that are counted, in words",
    "count": "number of these patterns; NULL if it is not known or exceeds 2^63",
    "count_text": "the number as text",
    "item": "name of the option, package or digest",
    "value": "value of the item",
    "change": "stayed, vanished or appeared",
    "prediction": "mean of the output after squashing; NULL with several outputs",
    "nearest_cluster": "cluster with the nearest map, from 1",
}
"""Descriptions of columns that a view computes."""
OF_VIEW = {
    "runs_overview": {
        "status": "complete, truncated, running, failed or interrupted",
        "network": "name of the model file in this run",
        "domain": "how the domain was specified in this run",
        "data": "name of the data in this run",
        "relugeom_version": "version of relugeom",
    },
    "pattern_counts": {"kind": "patterns that are counted, in one word"},
    "run_provenance": {"kind": "kind of item: software, options, digests, process"},
}
"""The same for columns that mean something different in one view."""


@cache
def list_columns() -> dict[str, dict[str, str]]:
    """Columns of each view of a new store, in order, and their descriptions (empty if there is none)."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    found: dict[str, dict[str, str]] = {}
    with engine.connect() as connection:
        for view in VIEWS:
            rows = connection.exec_driver_sql(f"PRAGMA table_info({view.name})")
            taken = _meanings(view.query, found)
            meanings = taken | COMPUTED if "UNION" in view.query else COMPUTED | taken  # of a union, no table speaks
            found[view.name] = {row[1]: (meanings | OF_VIEW.get(view.name, {})).get(row[1], "") for row in rows}
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


def read_samples() -> dict[str, str]:
    """Question and answer under the heading of each view."""
    parts = re.split(r"^## `(\w+)`\n", SAMPLES.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))


def views_page() -> str:
    """One section per view: its description, its columns, and a sample result."""
    samples = read_samples()
    return "\n".join(
        f"## {view.name}\n\n{_sentence(view.description)}\n\n{_columns(list_columns()[view.name])}\n\n"
        f"{samples.get(view.name, '')}\n"
        for view in VIEWS
    )


def tables_page() -> str:
    """One section per table: what a row is, and its columns with their descriptions."""
    return "\n".join(
        f"## {table.name}\n\n{_sentence(table.comment or '')}\n\n"
        f"{_columns({column.name: column.comment or '' for column in table.columns})}\n"
        for table in sorted(metadata.sorted_tables, key=lambda table: table.name)
    )


def _columns(columns: dict[str, str]) -> str:
    rows = [f"| `{name}` | {in_cell(words)} |" for name, words in columns.items()]
    return "\n".join(["| column | meaning |", "|---|---|", *rows])


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""
