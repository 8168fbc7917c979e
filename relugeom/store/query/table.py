"""Answers of queries as tables for notebooks."""

from pathlib import Path
from typing import TYPE_CHECKING

from relugeom.deadline import TimeLimit
from relugeom.remarks import OnRemark, warn
from relugeom.store.query.readonly import run_query

if TYPE_CHECKING:
    import pandas as pd

    from relugeom.store.store import Store

__all__ = ["query"]


def query(
    store: "str | Path | Store", sql: str, *, time_limit: TimeLimit = 30.0, on_remark: OnRemark = warn
) -> "pd.DataFrame":
    """Ask a store one SELECT statement; nothing else is allowed.

    Parameters
    ----------
    store
        An open store, its file, or its URL.
    sql
        One SELECT statement, about documented views (``relugeom query STORE`` lists them) or tables.
    time_limit
        Seconds, or a deadline, from the start of the query to its last row.
    on_remark
        Called with a sentence on what the rows lack, if they were cut; issues a warning by default.

    Returns
    -------
    pandas.DataFrame
        One column for each of the statement's, in its order.

    Raises
    ------
    StoreError
        The store cannot be read, the statement is wrong or would do more than read, or time or memory ran out.
    """
    import pandas as pd

    location = store if isinstance(store, str | Path) else store.location.text
    result = run_query(location, sql, time_limit=time_limit)
    table = pd.DataFrame.from_records(list(result.rows), columns=list(result.columns))
    for line in result.left_out:
        on_remark(line)
    return table
