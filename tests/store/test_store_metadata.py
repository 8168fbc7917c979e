"""Datasette opens a store and it reads well: every table and view has a page, in words, with names for numbers."""

import asyncio
import html
import json
from collections.abc import Iterator
from pathlib import Path

import hand_made
import pytest
from command_line import run_command
from databases import Database
from datasette.app import Datasette

from relugeom.errors import StoreError
from relugeom.store.metadata import DESCRIPTION, LABELS, datasette_metadata
from relugeom.store.schema import SCHEMA_TABLE, metadata
from relugeom.store.store import open_store
from relugeom.store.view_columns import describe_columns
from relugeom.store.views import VIEWS


@pytest.fixture
def store_file(path: Path) -> Path:
    with open_store(path) as store:
        hand_made.save_audit(store)
        hand_made.save_audit(store)
    return path


def pages(path: Path, names: list[str]) -> Iterator[tuple[str, str]]:
    """What Datasette shows of each table or view."""

    async def read() -> list[str]:
        server = Datasette([str(path)], metadata=datasette_metadata(str(path)))
        found = []
        for name in names:
            response = await server.client.get(f"/{path.stem}/{name}".rstrip("/"))
            assert response.status_code == 200, name
            found.append(html.unescape(response.text))
        return found

    yield from zip(names, asyncio.run(read()), strict=True)


def test_every_table_and_view_has_a_page_that_says_what_it_is(store_file: Path) -> None:
    for name, page in pages(store_file, [view.name for view in VIEWS]):
        description = next(view.description for view in VIEWS if view.name == name)
        assert description in page
        assert "blob-download" not in page, "what people read is no BLOB"
        assert all(words in page for words in describe_columns()[name].values())
    for name, page in pages(store_file, list(metadata.tables)):
        assert str(metadata.tables[name].comment) in page
        assert all(str(column.comment) in page for column in metadata.tables[name].columns if column.comment)


def test_the_page_of_the_store_points_to_the_views(store_file: Path) -> None:
    ((_, page),) = pages(store_file, [""])
    assert DESCRIPTION in page
    assert f"/{store_file.stem}/runs" in page
    assert f"/{store_file.stem}/{SCHEMA_TABLE}" not in page


def test_rows_that_are_referred_to_are_named(store_file: Path) -> None:
    ((_, runs), (_, verdicts)) = pages(store_file, ["runs", "pattern_statuses"])
    place = f"/{store_file.stem}"
    for table, name in [("networks", "network.onnx"), ("domains", "domain.toml"), ("datasets", "passengers.csv")]:
        assert f'<a href="{place}/{table}/1">{name}</a>' in runs
    assert f'<a href="{place}/patterns/1">000</a>' in verdicts


def test_labels_are_columns() -> None:
    assert all(column in metadata.tables[table].columns for table, column in LABELS.items())


def test_the_command_prints_it(store_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = run_command(capsys, "db", "metadata", store_file)
    assert json.loads(told.out) == datasette_metadata(str(store_file))
    assert told.out == run_command(capsys, "db", "metadata", store_file, "--json").out


def test_a_server_has_its_comments_itself(postgres: Database) -> None:
    open_store(postgres.url).close()
    with pytest.raises(StoreError, match="its comments are in the database"):
        datasette_metadata(postgres.url)


def test_a_store_that_is_not_there(path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store"):
        datasette_metadata(str(path))
