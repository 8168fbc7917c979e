"""The SQL store: findings of an analysis, in tables and views that people query.

`subjects` has one file per subject, which `registry` gathers; `store` and `run` are the doors for programs, `query` is
the one for SQL, `reading` the one for reports; `database` holds what any store needs.

Imports the values that it keeps; it alone uses SQLAlchemy, Alembic and psycopg. Never computes what it stores.
"""
