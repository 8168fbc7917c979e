"""Audits that are stopped, at any moment, leave a report of what had been found by then."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from command_line import small_network, write_network, write_rows

from relugeom.audit import audit


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    folder = tmp_path_factory.mktemp("job")
    rows = np.random.default_rng(3).random((40, 2)).round(2).tolist()
    return write_network(folder / "net.npz", small_network(2, 4, 1)), write_rows(folder / "d.csv", ["x0", "x1"], rows)


class StoppedError(BaseException):
    """What a signal raises."""


@pytest.mark.parametrize("stop", [KeyboardInterrupt, StoppedError])
@pytest.mark.parametrize(
    "stage", ["enumerating regions", "asking about the whole domain", "measuring volumes", "writing the report"]
)
def test_the_report_is_there_and_says_how_the_run_ended(stop, stage, job, tmp_path):
    def on_progress(name, _):
        if name == stage:
            raise stop

    said = []
    with pytest.raises(stop):
        audit(*job, out=tmp_path / "out", on_progress=on_progress, on_remark=said.append)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert ("This run was interrupted" in page) is (stage != "writing the report")
    assert any("report.html" in remark for remark in said)
    with closing(sqlite3.connect(tmp_path / "out" / "audit.db")) as store:
        ((status,),) = store.execute("SELECT status FROM runs_overview")
    assert status == ("complete" if stage == "writing the report" else "interrupted")
