"""What the tables of the store are made of: kinds of columns, and names for everything else."""

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
"""Where Alembic keeps the version of the schema; a database that has this table is a store of ours."""

Digest = String(64)
"""SHA-256, hexadecimal."""

PatternText = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts letter by letter, whatever the language of the database."""

required = partial(Column, nullable=False)
"""A column that always has a value."""


def key(name: str, comment: str) -> Column[int]:
    """A number that is part of the primary key."""
    return Column(name, Integer, primary_key=True, autoincrement=False, comment=comment)


def owner(name: str, column: str, comment: str) -> Column[int]:
    """First column of a primary key: the row goes with its owner."""
    return Column(name, ForeignKey(column, ondelete="CASCADE"), primary_key=True, autoincrement=False, comment=comment)


def reference(name: str, column: str, comment: str, *, nullable: bool = False) -> Column[int]:
    """A value that is referred to; it cannot be deleted while it is."""
    return Column(name, ForeignKey(column), nullable=nullable, comment=comment)
