"""Samples from a database through the command line: the same answers, clear refusals, no password anywhere."""

import json
import sqlite3
from contextlib import closing

import pandas as pd
import pytest
from command_line import TITANIC, assert_refused, run_command

from relugeom.store.query.readonly import run_query

MODEL, PASSENGERS = TITANIC / "network.onnx", TITANIC / "passengers.csv"


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """The passengers as a table, with a key behind their features."""
    path = tmp_path_factory.mktemp("ships") / "ships.db"
    with closing(sqlite3.connect(path)) as connection:
        table = pd.read_csv(PASSENGERS)
        columns = ", ".join(f'"{name}" INTEGER' for name in table.columns)
        connection.execute(f"CREATE TABLE passengers (id INTEGER PRIMARY KEY, {columns})")
        rows = [[at, *row] for at, row in enumerate(table.to_numpy().tolist())]
        connection.executemany(f"INSERT INTO passengers VALUES ({', '.join('?' * len(rows[0]))})", rows)
        connection.commit()
    return f"sqlite:///{path}"


def clustered(capsys, *arguments) -> dict:
    ended = run_command(capsys, "cluster", MODEL, *arguments, "--target", "Survived", "--json")
    assert ended.code == 0, ended.err
    return {key: told for key, told in json.loads(ended.out).items() if key != "seconds"}


@pytest.mark.parametrize("what", ["passengers", "SELECT * FROM passengers ORDER BY id"])
def test_a_table_and_a_select_answer_as_the_file_does(database, capsys, what):
    from_file = clustered(capsys, PASSENGERS)
    from_table = clustered(capsys, what, "--data-url", database, "--ignore", "id")
    assert from_table == from_file


def test_an_audit_of_a_table_remembers_where_the_data_are(database, tmp_path, capsys):
    out = tmp_path / "audit"
    arguments = ("passengers", "--data-url", database, "--ignore", "id", "--target", "Survived", "--out", out)
    ended = run_command(capsys, "audit", MODEL, *arguments, "--time-limit", "30")
    assert ended.code == 0, ended.err
    rows = list(run_query(str(out / "audit.db"), "SELECT value FROM run_provenance WHERE item = 'parameters'").rows)
    assert json.loads(rows[0][0])["data_url"] == database
    counts = list(run_query(str(out / "audit.db"), "SELECT samples, clusters FROM runs_overview").rows)
    assert counts == [(891, 3)]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("sailors", "sailors"),
        ("SELECT * FROM sailors", "sailors"),
        ("DELETE FROM passengers", "there is no table"),
        ("SELECT Age FROM passengers", "column"),
    ],
)
def test_what_cannot_be_read_is_named(database, tmp_path, capsys, what, words):
    arguments = (what, "--data-url", database, "--ignore", "id", "--target", "Survived", "--out", tmp_path / "out")
    assert_refused(run_command(capsys, "audit", MODEL, *arguments), words)
    assert not (tmp_path / "out").exists()
    assert clustered(capsys, "passengers", "--data-url", database, "--ignore", "id")["samples"] == 891


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////nowhere/at/all.db",
        "nonsense",
        "oracle9://somewhere/x",
        "postgresql+psycopg://me:s3cret@127.0.0.1:1/ships",
    ],
)
def test_a_database_that_is_not_there_is_one_line_without_its_password(tmp_path, capsys, url):
    arguments = ("passengers", "--data-url", url, "--target", "Survived", "--out", tmp_path / "out")
    ended = run_command(capsys, "audit", MODEL, *arguments)
    assert_refused(ended)
    assert "s3cret" not in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("where", ["model", "data"])
def test_the_password_of_a_url_in_the_wrong_place_is_not_shown(where, capsys):
    url = "postgresql://me:s3cret@127.0.0.1:1/ships?password=s3cret"
    arguments = (url, PASSENGERS) if where == "model" else (MODEL, url)
    ended = run_command(capsys, "cluster", *arguments, "--target", "Survived")
    assert_refused(ended, "me:***@127.0.0.1:1/ships")
    assert "s3cret" not in ended.err
