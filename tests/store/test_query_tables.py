"""Answers of queries as tables: the rows of the reader, nothing but reading, and cuts that are told."""

import hand_made
import pytest

import relugeom as rg
from relugeom.errors import StoreError
from relugeom.store.query.readonly import run_query
from relugeom.store.store import open_store

SQL = "SELECT number, question, value, cause FROM answer_list ORDER BY number"


@pytest.fixture
def filled(database) -> str:
    with open_store(database.url) as store:
        hand_made.save_audit(store)
    return database.url


def test_a_table_has_the_rows_of_the_query(filled):
    table, rows = rg.query(filled, SQL), list(run_query(filled, SQL).rows)
    assert list(table.columns) == ["number", "question", "value", "cause"]
    assert table["number"].tolist() == [row[0] for row in rows] and table["value"].dtype == float
    assert table["question"].tolist() == [row[1] for row in rows]
    with open_store(filled, create=False) as store:
        assert rg.query(store, SQL).equals(table)
    assert list(rg.query(filled, SQL.replace("ORDER", "WHERE number < 0 ORDER")).columns) == list(table.columns)


@pytest.mark.parametrize("sql", ["DELETE FROM runs", "SELECT nothing FROM answer_list", ""])
def test_nothing_but_reading_is_allowed(filled, sql):
    with pytest.raises(StoreError):
        rg.query(filled, sql)
    assert rg.query(filled, "SELECT count(*) AS runs FROM runs_overview")["runs"].tolist() == [1]


def test_values_that_are_cut_are_told(filled, database):
    wide = "zeroblob(20000000)" if database.kind == "sqlite" else "repeat('x', 20000000)"
    with pytest.warns(rg.RelugeomWarning):
        rg.query(filled, f"SELECT {wide} AS wide")
