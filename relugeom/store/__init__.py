"""The SQL store: findings of an analysis, in tables and views that people query.

Imports the values that it keeps; it alone uses SQLAlchemy, Alembic and psycopg. Never computes what it stores.
"""
