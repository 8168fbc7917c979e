"""The views and tables of a store, as the code defines them: descriptions, columns and their descriptions."""

import re
from collections.abc import Mapping
from pathlib import Path

from from_code.markdown import in_cell
from relugeom.printing import sentence
from relugeom.store.schema import metadata
from relugeom.store.view_columns import describe_columns
from relugeom.store.views import VIEWS

__all__ = ["read_samples", "tables_page", "views_page"]

SAMPLES = Path(__file__).resolve().parents[1] / "reference" / "view-samples.md"
"""Query to each view with its answer, which the tests run."""


def read_samples() -> dict[str, str]:
    """Question and answer under the heading of each view."""
    parts = re.split(r"^## `(\w+)`\n", SAMPLES.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))


def views_page() -> str:
    """One section per view: its description, its columns, and a sample result."""
    samples = read_samples()
    return "\n".join(
        f"## {view.name}\n\n{sentence(view.description)}\n\n{_columns(describe_columns()[view.name])}\n\n"
        f"{samples.get(view.name, '')}\n"
        for view in VIEWS
    )


def tables_page() -> str:
    """One section per table: what a row is, and its columns with their descriptions."""
    return "\n".join(
        f"## {table.name}\n\n{sentence(table.comment or '')}\n\n"
        f"{_columns({column.name: column.comment or '' for column in table.columns})}\n"
        for table in sorted(metadata.sorted_tables, key=lambda table: table.name)
    )


def _columns(columns: Mapping[str, str]) -> str:
    rows = [f"| `{name}` | {in_cell(words)} |" for name, words in columns.items()]
    return "\n".join(["| column | meaning |", "|---|---|", *rows])
