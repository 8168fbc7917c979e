"""Notes of a run: limits and remarks, which its report repeats."""

from sqlalchemy import Table, Text

from relugeom.store.database.columns import key, metadata, owner, required
from relugeom.store.database.insertion import insert_columns, next_position, stored_text
from relugeom.store.open_run import OpenRun
from relugeom.store.records import Notes
from relugeom.store.subject import Saver, StoreSubject

__all__ = ["NOTES_OF_RUN", "RUN_NOTES", "SUBJECT", "save_notes"]

RUN_NOTES = Table(
    "run_notes",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("position", "position in the order of reading, from 0"),
    required("note", Text, comment="one sentence"),
    comment="Limits and remarks of a run, which its report repeats.",
)


def save_notes(run: OpenRun, notes: Notes) -> None:
    """Append notes to those of the run."""
    first = next_position(run.connection, RUN_NOTES, run.id)
    columns = {
        "run_id": run.id,
        "position": range(first, first + len(notes.sentences)),
        "note": [stored_text(sentence) for sentence in notes.sentences],
    }
    insert_columns(run.connection, RUN_NOTES, columns)


NOTES_OF_RUN = "SELECT note FROM run_notes WHERE run_id = :run ORDER BY position"


SUBJECT = StoreSubject(
    tables=(RUN_NOTES,),
    savers=(Saver(Notes, save_notes),),
)
