"""Pickles of values: a value is written as the call that makes it.

The one idea: what comes out of a pickle is checked and made read-only by the same constructor as any other value, and
views of dictionaries, which Python cannot pickle, are written as dictionaries.
"""

from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["Call", "as_call"]

Call = tuple[Any, tuple[Any, ...]]


def as_call(value: "DataclassInstance") -> Call:
    """The class of a value and the arguments that make it again, for `__reduce__`: its fields but computed ones."""
    arguments = (getattr(value, entry.name) for entry in fields(value) if entry.init)
    return type(value), tuple(dict(part) if isinstance(part, MappingProxyType) else part for part in arguments)
