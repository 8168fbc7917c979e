"""The subjects of the store: each table, view and kind of value has one place, and the gatherers lose none."""

import importlib
import re

import hand_made
import numpy as np
import pytest
from sqlalchemy import create_engine

from relugeom.errors import StoreError
from relugeom.network.network import ReLUNetwork
from relugeom.store import records
from relugeom.store.database.view import View
from relugeom.store.reading import FINDINGS
from relugeom.store.records import ClusterRecord, ClusterStatuses, Notes, RegionClasses
from relugeom.store.registry import SAVERS, SUBJECTS, find_saver
from relugeom.store.schema import TABLES, metadata
from relugeom.store.views import VIEWS


def test_every_table_belongs_to_one_subject():
    assert sorted(table.name for table in TABLES) == sorted(metadata.tables)


def test_every_view_belongs_to_one_subject():
    names = [view.name for view in VIEWS]
    assert len(names) == len(set(names)) and not set(names) & set(metadata.tables)
    assert all(isinstance(view, View) for view in VIEWS)


def test_a_view_reads_tables_and_views_before_it():
    known = set(metadata.tables)
    for view in VIEWS:
        read = set(re.findall(r"\b(?:FROM|JOIN)\s+([a-z]\w*)", view.query))
        assert read <= known, view.name
        known.add(view.name)


@pytest.mark.parametrize("name", SAVERS)
def test_every_kind_of_value_that_is_saved_exists(name):
    module, _, kind = name.rpartition(".")
    assert isinstance(getattr(importlib.import_module(module), kind), type)


def test_every_record_can_be_saved():
    assert {f"{records.__name__}.{name}" for name in records.__all__} <= set(SAVERS)


def test_one_subject_saves_a_kind_of_value():
    assert len(SAVERS) == sum(len(subject.savers) for subject in SUBJECTS)


def test_findings_and_parts_have_different_names():
    assert len(FINDINGS) == sum(len(subject.findings) for subject in SUBJECTS)
    parts = [subject.part[0] for subject in SUBJECTS if subject.part is not None]
    assert len(parts) == len(set(parts)) > 0


def test_what_is_asked_for_a_report_can_be_asked():
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    queries = [*FINDINGS.values(), *(subject.part[1] for subject in SUBJECTS if subject.part is not None)]
    with engine.connect() as connection:
        for query in queries:
            assert connection.exec_driver_sql(query, {"run": 1}).all() == []
    engine.dispose()


def test_a_value_of_a_derived_type_is_saved_like_its_base():
    class Remarks(Notes):
        pass

    assert find_saver(Remarks(["a"])) is find_saver(Notes(["a"]))


@pytest.mark.parametrize("value", [None, 3, "a note", ["a note"], np.zeros(3), Notes])
def test_what_no_subject_keeps_is_refused_in_one_line(store, ask, value):
    with store.run("save", network=hand_made.network()) as run:
        with pytest.raises(StoreError, match=r"cannot save a \w+, only one of .*Partition") as caught:
            run.save(value)
        assert "\n" not in str(caught.value)
        run.save(Notes(["The run goes on."]))
    assert ask("SELECT note FROM run_notes") == [("The run goes on.",)]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (hand_made.partition(), "is about"),
        (ClusterRecord(hand_made.clusters(), hand_made.importance()), "is about"),
        (ClusterStatuses(["region"]), "1 statuses for 0 clusters"),
    ],
)
def test_what_is_not_about_the_run_is_refused_before_a_step_begins(store, ask, value, said):
    """The run is whole all the same: nothing of it was under way."""
    other = ReLUNetwork.from_layers((np.eye(2), np.zeros(2)), (np.ones((1, 2)), np.zeros(1)))
    with store.run("save", network=other, domain=hand_made.domain()) as run:
        with pytest.raises(StoreError, match=said):
            run.save(value)
        run.save(Notes(["The run goes on."]))
    assert ask("SELECT status FROM runs") == [("complete",)]


def test_what_is_measured_needs_a_partition(store, ask):
    with (
        pytest.raises(StoreError, match="no partition yet"),
        store.run("save", network=hand_made.network(), domain=hand_made.domain()) as run,
    ):
        run.save(RegionClasses(np.zeros(5, dtype=np.int64)))
    assert ask("SELECT status FROM runs") == [("failed",)]


def test_lists_go_behind_what_is_there(store, ask):
    with store.run("save", network=hand_made.network()) as run:
        for notes in (["one", "two"], [], ["three"]):
            run.save(Notes(notes))
    assert ask("SELECT position, note FROM run_notes ORDER BY position") == [(0, "one"), (1, "two"), (2, "three")]
