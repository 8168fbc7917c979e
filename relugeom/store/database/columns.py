"""Building blocks of the store's tables: kinds of columns, and names for everything else."""

from functools import partial

from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Text

__all__ = ["SCHEMA_TABLE", "Digest", "PatternText", "key", "metadata", "owner", "reference", "required"]

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

SCHEMA_TABLE = "relugeom_schema"
"""Table in which Alembic keeps the version of the schema; a database with this table is one of our stores."""

Digest = String(64)
"""SHA-256, hexadecimal."""

PatternText = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by character code, whatever the language of the database."""

required = partial(Column, nullable=False)
"""Column that always has a value."""


def key(name: str, comment: str) -> Column[int]:
    """Number that is part of the primary key."""
    return Column(name, Integer, primary_key=True, autoincrement=False, comment=comment)


def owner(name: str, column: str, comment: str) -> Column[int]:
    """First column of a primary key; the row is deleted with its owner."""
    return Column(name, ForeignKey(column, ondelete="CASCADE"), primary_key=True, autoincrement=False, comment=comment)


def reference(name: str, column: str, comment: str, *, nullable: bool = False) -> Column[int]:
    """Reference to a value that cannot be deleted while it is referred to."""
    return Column(name, ForeignKey(column), nullable=nullable, comment=comment)
