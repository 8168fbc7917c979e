"""Read-only queries on an SQLite file, run in a process that may be killed (`process`).

The file is opened read-only. An authorizer lets SELECT read tables and call functions, and refuses everything else
(ATTACH and VACUUM INTO would write other files, a PRAGMA could lift the protection, an extension is foreign code). Only
one statement is accepted.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

from relugeom.store.query.frames import RefusedError

__all__ = ["ask_file"]

ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
FORBIDDEN_FUNCTIONS = {"load_extension", "fts3_tokenizer"}  # the second shows and takes addresses of code
LARGEST_VALUE = 1 << 28
"""Bytes: a step that would make a longer value is refused before it allocates the memory."""
JSON_TABLES = "SELECT 1 FROM json_each('[]'), json_tree('[]')"
"""Table-valued functions that are used once in advance: SQLite sets them up by creating tables, which is refused
later.
"""


def ask_file(path: str, sql: str) -> Iterator[tuple[Any, ...]]:
    """Yield nothing once the file is open, then the columns, then the rows of one SELECT statement.

    Raises
    ------
    RefusedError
        The statement is wrong or would do more than read.
    """
    try:
        address = f"file:{quote(os.fsencode(path))}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
            connection.execute(JSON_TABLES).close()
            connection.set_authorizer(_authorize)
            yield ()
            cursor = connection.execute(sql)
            if cursor.description is None:
                raise RefusedError("EMPTY", "")
            yield tuple(column[0] for column in cursor.description)
            yield from cursor
    except (sqlite3.Error, sqlite3.Warning, UnicodeEncodeError) as error:
        raise RefusedError(getattr(error, "sqlite_errorname", ""), str(error)) from None


def _authorize(action: int, first: str | None, second: str | None, database: str | None, source: str | None) -> int:
    allowed = action in ALLOWED and not (action == sqlite3.SQLITE_FUNCTION and second in FORBIDDEN_FUNCTIONS)
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
