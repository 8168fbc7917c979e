"""The formats of model files, from the table that reads them."""

from from_code.markdown import in_cell
from relugeom.importers.formats import FORMATS

__all__ = ["formats_table"]


def formats_table() -> str:
    """One row per format: its suffixes, and what is read."""
    rows = [
        f"| {', '.join(f'`{suffix}`' for suffix in known.suffixes)} | {in_cell(known.holds)} |" for known in FORMATS
    ]
    return "\n".join(["| suffix | what is read |", "|---|---|", *rows])
