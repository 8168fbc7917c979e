"""What every store needs, whatever is in it: location, connections, kinds of columns, quick rows, schema version.

Imports SQLAlchemy, Alembic and a few small helpers. Never names a table of the store.
"""
