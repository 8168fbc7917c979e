"""Foundations of a store, whatever is in it: location, connections, kinds of columns, fast insertion, schema version.

Imports SQLAlchemy, Alembic and a few small helpers. Never names a table of the store.
"""
