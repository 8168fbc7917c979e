"""The documented views of the store, each of which answers a common question.

Each subject has its own; here they are gathered, subject by subject in the order of the registry, which is that of the
documentation. Each view names its run in the column `run`; clusters are numbered from 1, regions too. SQLite joins
tables in the order given where a view says CROSS JOIN, which is deliberate: the table that narrows the answer comes
first.
"""

from difflib import get_close_matches

from sqlalchemy import Connection, MetaData, event

from relugeom.errors import StoreError
from relugeom.store.database.view import View
from relugeom.store.registry import SUBJECTS
from relugeom.store.schema import metadata

__all__ = ["VIEWS", "View", "create_tables", "find_view", "list_views", "view_query"]

VIEWS = tuple(view for subject in SUBJECTS for view in subject.views)
"""All views; a view may read those before it."""


@event.listens_for(metadata, "after_create")
def create_views(target: MetaData, connection: Connection, **options: object) -> None:
    """Add the views to the tables, in this order: later views read earlier ones."""
    for view in VIEWS:
        connection.exec_driver_sql(view.statement(connection.dialect.name))


def create_tables(connection: Connection) -> None:
    """All tables and views, in a database that has none."""
    metadata.create_all(connection, checkfirst=False)


def list_views() -> dict[str, str]:
    """Names of the views, with their descriptions."""
    return {view.name: view.description for view in VIEWS}


def find_view(name: str) -> View:
    """View of that name.

    Raises
    ------
    StoreError
        There is no such view; the text lists those that exist.
    """
    for view in VIEWS:
        if view.name == name:
            return view
    close = ", ".join(get_close_matches(name, list_views(), 3))
    meant = f"; did you mean {close}?" if close else ""
    raise StoreError(f"there is no view {name!r}: --list (in Python, list_views()) shows them{meant}")


def view_query(name: str) -> str:
    """Query that shows all rows of a view.

    Raises
    ------
    StoreError
        There is no view of that name; the text lists those that exist.
    """
    return f'SELECT * FROM "{find_view(name).name}"'
