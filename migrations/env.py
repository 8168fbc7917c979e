"""What Alembic runs: a live connection from `relugeom.store.database.migration`, or one of its own for developers.

Everything happens in one transaction, with foreign keys off (SQLite's default) and checked before the commit.
"""

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.schema import SetColumnComment, SetTableComment

from relugeom.store.schema import SCHEMA_TABLE, metadata


def migrate(connection: Connection) -> None:
    """Run the revisions that were asked for."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=SCHEMA_TABLE,
        transactional_ddl=True,
        render_as_batch=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            refuse_orphans(connection)
        elif context.get_context().get_current_revision() == context.script.get_current_head():
            refresh_comments(connection)


def refuse_orphans(connection: Connection) -> None:
    """Raise, and so roll everything back, where a row refers to one that is gone."""
    orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if orphan is not None:
        raise CommandError(
            f"the migration would leave a row of {orphan[0]} that refers to a missing row of {orphan[2]}"
        )


def refresh_comments(connection: Connection) -> None:
    """Replace the comments that older revisions wrote, as far as tables and columns exist; an SQLite file has none."""
    inspector = inspect(connection)
    present = set(inspector.get_table_names())
    for table in metadata.sorted_tables:
        if table.name in present:
            connection.execute(SetTableComment(table))
            names = {column["name"] for column in inspector.get_columns(table.name)}
            for column in table.columns:
                if column.comment and column.name in names:
                    connection.execute(SetColumnComment(column))


live = context.config.attributes.get("connection")
if live is not None:
    migrate(live)
else:
    with create_engine(context.config.get_main_option("sqlalchemy.url", "")).connect() as own:
        migrate(own)
