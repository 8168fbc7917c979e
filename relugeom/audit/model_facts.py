"""What the owner of a model says of it: the table `[model]` of a domain file, for the title of the report.

The one idea: these are words for people. They change no question and no verdict, and no digest has them.
"""

from collections.abc import Mapping
from pathlib import Path

from relugeom.errors import DomainError
from relugeom.geometry.domain_spec import read_domain_document
from relugeom.printing import printable

__all__ = ["MODEL_FACTS", "read_model_facts"]

MODEL_FACTS = {
    "name": "Model",
    "version": "Version",
    "owner": "Owner",
    "purpose": "Purpose",
    "intended_use": "Intended use",
}
"""Entries of the table, and what each is called in a report."""
LONGEST = 1000


def read_model_facts(path: str | Path) -> Mapping[str, str]:
    """Entries of the table `[model]` of a domain file, in the order of `MODEL_FACTS`; empty without the table.

    Raises
    ------
    DomainError
        The table has another entry, or one that is no text; the message names it.
    """
    table = read_domain_document(path).get("model", {})
    place = f"domain file {str(path)!r}: model"
    if not isinstance(table, dict):
        raise DomainError(f"{place} must be a table, written as [model]")
    if unknown := sorted(set(table) - set(MODEL_FACTS)):
        raise DomainError(f"{place} has an unknown entry {unknown[0]!r}: it can have {', '.join(MODEL_FACTS)}")
    return {name: _text(table[name], f"{place}.{name}") for name in MODEL_FACTS if name in table}


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):  # a number may have lost digits: version = 1.10 would be 1.1
        raise DomainError(f"{place} is no text: write it in quotes")
    text = value.strip()
    if not text or len(text) > LONGEST:
        raise DomainError(f"{place} has {len(text):,} characters: write 1 to {LONGEST:,}")
    return printable(text)
