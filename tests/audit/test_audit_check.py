"""The folder of an audit is accepted as it was written, and refused once anything in it was changed."""

import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from command_line import run_command, write_network, write_rows
from sqlalchemy import LargeBinary

from relugeom import checker
from relugeom.audit.audit_check import LISTED, CheckedAudit, check_audit, read_audited
from relugeom.audit.conduct import audit
from relugeom.audit.page import report_content
from relugeom.certificate.partition import certify_partition
from relugeom.geometry.domain import Domain
from relugeom.importers.loading import load_network
from relugeom.network.decision import Decision
from relugeom.network.network import ReLUNetwork
from relugeom.report.page_tables import verdict_table
from relugeom.search.enumeration import enumerate_regions
from relugeom.store.content_digest import LATER, digest_content
from relugeom.store.database.connection import connect_engine, writing
from relugeom.store.database.location import parse_location
from relugeom.store.schema import metadata
from relugeom.store.store import open_store

NETWORK = ReLUNetwork.from_layers(
    ([[1.0, 0.5, 0.0], [-1.0, 1.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.5, 0.0]], [0.0, 0.25, -4.0, 0.5]),
    ([[1.0, 2.0, 1.0, 0.5]], [-1.0]),
)
NAMES = ["left", "right", "spare"]
"""Columns of the data; the model itself names no inputs."""
BOX = Domain.box([-1.0] * 3, [1.0] * 3)
ROWS = np.random.default_rng(0).uniform(-1, 1, (12, 3)).round(3)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with model, data and audit; the third feature, which is protected, moves nothing."""
    place = tmp_path_factory.mktemp("made")
    model = write_network(place / "net.npz", NETWORK)
    data = write_rows(place / "data.csv", NAMES, ROWS)
    write_rows(place / "other.csv", NAMES, ROWS + 0.001)
    options = {"domain": "box:-1,1", "protected": NAMES[2:], "decision": Decision.at_threshold(0.0)}
    audit(model, data, out=place / "audit", **options, time_limit=600)
    return place


@pytest.fixture
def folder(made, tmp_path) -> Path:
    """A copy of the audit, to be changed."""
    shutil.copy(made / "net.npz", tmp_path)
    return Path(shutil.copytree(made / "audit", tmp_path / "audit"))


def check(folder: Path, made: Path, *, data: str = "data.csv", network: ReLUNetwork | None = None) -> CheckedAudit:
    network = load_network(made / "net.npz") if network is None else network
    return check_audit(folder, network, domain=BOX, samples=read_audited(folder, network, made / data))


def change(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / "audit.db")) as connection:
        assert connection.execute(statement, values).rowcount == 1
        connection.commit()


def write_report_anew(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Write the report of the store as it is now, as somebody would who had changed it."""
    assert run_command(capsys, "report", folder / "audit.db", "--out", folder / "report.html").code == 0


def holding(folder: Path) -> list[tuple[int, str, str]]:
    """Position, question and file of the answers that hold."""
    with closing(sqlite3.connect(folder / "audit.db")) as connection:
        query = "SELECT position, question, file FROM answers WHERE verdict = 'holds' ORDER BY position"
        return connection.execute(query).fetchall()


def swap_claims(folder: Path, first: str, second: str) -> None:
    """Give each claim of a file the other's name."""
    path = folder / "proofs.cert"
    content = path.read_bytes()
    entries = {entry.name: entry for entry in checker.read_entries(str(path))}
    pieces = [content[: content.index(b"\n") + 1]]
    names = {first: second, second: first}
    for name, entry in entries.items():
        text = content[entry.begin : entry.begin + entry.size]
        pieces.append(f"claim {names.get(name, name)} {len(text):x} {entry.digest}\n".encode() + text)
    path.write_bytes(b"".join(pieces))


def test_an_audit_is_accepted_as_it_was_written(made):
    found = check(made / "audit", made)
    assert (found.status, found.differences, found.unproved) == ("accepted", (), ())
    assert set(found.compared) == {"network", "domain", "data", "report", "store"}
    held = holding(made / "audit")
    assert {question for _, question, _ in held} == {"range", "monotonicity", "fairness", "simplification"}
    proved = dict(found.proved)
    assert proved[LISTED] == "partition.cert" and len(proved) > len(held) + 1  # distances of samples, too
    assert {Path(file).name for _, _, file in held} < set(proved.values())
    alone = check_audit(made / "audit", load_network(made / "net.npz"), threads=2)
    assert alone.status == "accepted" and {"domain", "data"} <= set(alone.not_compared)
    late = check_audit(made / "audit", load_network(made / "net.npz"), time_limit=0)
    assert late.status == "unknown" and len(late.unproved) == len(found.proved)


def edit_report(folder: Path) -> None:
    page = folder / "report.html"
    page.write_text(page.read_text(encoding="utf-8").replace("fails", "holds", 1) + " ", encoding="utf-8")


def swap_two_directions(folder: Path) -> None:
    first, second = [Path(file).name for _, question, file in holding(folder) if question == "monotonicity"][:2]
    swap_claims(folder, first, second)


def point_to_another_claim(folder: Path) -> None:
    """Edit the store so that one answer has the certificate of another, digest and all."""
    first, second = [at for at, question, _ in holding(folder) if question == "monotonicity"][:2]
    with closing(sqlite3.connect(folder / "audit.db")) as connection:
        row = connection.execute("SELECT file, sha256 FROM answers WHERE position = ?", (second,)).fetchone()
    change(folder, "UPDATE answers SET file = ?, sha256 = ? WHERE position = ?", *row, first)


def number(column: str, question: str) -> Callable[[Path], None]:
    """Change a number of an answer that holds."""

    def edit(folder: Path) -> None:
        at = next(at for at, own, _ in holding(folder) if own == question)
        change(folder, f"UPDATE answers SET {column} = {column} + 1 WHERE position = ?", at)

    return edit


def words(folder: Path) -> None:
    at = next(at for at, own, _ in holding(folder) if own == "fairness")
    change(folder, "UPDATE answers SET statement = statement || ' always' WHERE position = ?", at)


def wider_protection(folder: Path) -> None:
    at = next(at for at, own, _ in holding(folder) if own == "fairness")
    change(folder, "UPDATE protected_features SET feature = 1 WHERE position = ?", at)


def verdict(folder: Path) -> None:
    """A direction that fails is said to hold, with the certificate of one that does."""
    at, _, file = next(row for row in holding(folder) if row[1] == "monotonicity")
    with closing(sqlite3.connect(folder / "audit.db")) as connection:
        digest = connection.execute("SELECT sha256 FROM answers WHERE position = ?", (at,)).fetchone()[0]
        other = connection.execute("SELECT min(position) FROM answers WHERE verdict = 'fails'").fetchone()[0]
    edit = "UPDATE answers SET verdict = 'holds', witness = '', file = ?, sha256 = ? WHERE position = ?"
    change(folder, edit, file, digest, other)


def bare_verdict(folder: Path) -> None:
    change(folder, "UPDATE answers SET verdict = 'holds' WHERE position = (SELECT min(position) FROM answers"
    " WHERE verdict = 'fails')")  # fmt: skip


def distance(folder: Path) -> None:
    change(folder, "UPDATE sample_distances SET lower = lower * 2 WHERE sample = (SELECT min(sample) FROM"
    " sample_distances WHERE verdict = 'holds')")  # fmt: skip


def other_sample(folder: Path) -> None:
    """Two samples have each other's certificates, and each other's distance."""
    with closing(sqlite3.connect(folder / "audit.db")) as connection:
        query = (
            "SELECT sample, lower, file, sha256 FROM sample_distances WHERE verdict = 'holds' ORDER BY sample LIMIT 2"
        )
        (first, *_), (_, *second) = connection.execute(query).fetchall()
    change(folder, "UPDATE sample_distances SET lower = ?, file = ?, sha256 = ? WHERE sample = ?", *second, first)


def partition(folder: Path) -> None:
    """The proof of another list, on a part of the domain."""
    listed = enumerate_regions(load_network(folder.parent / "net.npz"), Domain.box([-1.0] * 3, [0.5] * 3))
    certify_partition(listed, folder / "partition.cert")


def cut(folder: Path) -> None:
    """The last claim is gone."""
    path = folder / "proofs.cert"
    last = list(checker.read_entries(str(path)))[-1]
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex(b"claim ", 0, last.begin)])


def without_report(folder: Path) -> None:
    (folder / "report.html").unlink()


def other_digest(folder: Path) -> None:
    change(folder, "UPDATE networks SET digest = ?", "0" * 64)


FORGED = (
    edit_report,
    swap_two_directions,
    point_to_another_claim,
    number("value", "range"),
    number("upper", "range"),
    number("part", "simplification"),
    words,
    wider_protection,
    verdict,
    bare_verdict,
    distance,
    other_sample,
    partition,
    cut,
    lambda folder: (folder / "proofs.cert").unlink(),
    lambda folder: (folder / "partition.cert").unlink(),
    without_report,
    other_digest,
)


OF_THE_REPORT = (edit_report, without_report)
UNWRITABLE = (other_digest,)
"""Stores of which no report can be written."""


@pytest.mark.parametrize("forge", FORGED)
def test_a_forged_audit_is_rejected(made, folder, forge, capsys):
    """Even if the report is written anew, so that it agrees with the store."""
    forge(folder)
    found = check(folder, made)
    assert found.status == "rejected", found
    assert all("\n" not in text for text in found.differences)
    if forge not in (*OF_THE_REPORT, *UNWRITABLE):
        write_report_anew(folder, capsys)
        assert check(folder, made).status == "rejected"


def test_any_other_value_in_the_store_changes_its_digest(folder):
    """But those that change later: heartbeats, and the reports that were written."""
    seen = 0
    with writing(connect_engine(parse_location(folder / "audit.db"))) as connection:
        known = digest_content(connection, 1)
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = 1")
        for table in metadata.sorted_tables:
            keys = ", ".join(table.primary_key.columns.keys())
            for column in (each for each in table.columns if not (each.primary_key or each.foreign_keys)):
                other = "x'0123'" if isinstance(column.type, LargeBinary) else f"coalesce(length({column.name}), 0) + 7"
                row = f"SELECT {keys} FROM {table.name} LIMIT 1"
                edit = f"UPDATE {table.name} SET {column.name} = {other} WHERE ({keys}) = ({row})"
                changed = connection.exec_driver_sql(edit).rowcount
                is_covered = bool(changed) and table not in LATER
                assert (digest_content(connection, 1) != known) == is_covered, (table.name, column.name)
                connection.rollback()
                seen += changed
    assert seen > 150


def test_a_second_report_of_the_same_run_is_accepted(made, folder, capsys):
    write_report_anew(folder, capsys)
    assert check(folder, made).status == "accepted"
    with closing(sqlite3.connect(folder / "audit.db")) as connection:
        kept = {digest for (digest,) in connection.execute("SELECT sha256 FROM run_reports")}
    assert hashlib.sha256((folder / "report.html").read_bytes()).hexdigest() in kept


def test_another_model_domain_or_data_is_rejected(made):
    other = ReLUNetwork.from_layers(*((W + 2.0**-20, b) for W, b in zip(NETWORK.weights, NETWORK.biases, strict=True)))
    assert re.search("another network", check(made / "audit", made, network=other).differences[0])
    assert re.search("another data", check(made / "audit", made, data="other.csv").differences[0])
    wide = check_audit(made / "audit", load_network(made / "net.npz"), domain=Domain.box([-1.0] * 3, [2.0] * 3))
    assert wide.status == "rejected" and "another domain" in wide.differences[0] and not wide.proved


def test_what_holds_without_a_certificate_is_not_proved(made, folder, capsys):
    at = next(at for at, question, _ in holding(folder) if question == "range")
    change(folder, "UPDATE answers SET file = NULL, sha256 = NULL WHERE position = ?", at)
    write_report_anew(folder, capsys)
    found = check(folder, made)
    assert found.status == "unknown" and len(found.unproved) == 1 and not found.differences


def test_an_open_answer_leaves_the_others_as_they_are(folder, made, capsys):
    """Then some have a reason and others none, which stays none, in the check and on the page."""
    at = next(at for at, question, _ in holding(folder) if question == "monotonicity")
    reason = "verdict = 'unknown', cause = 'time', reason = 'time ran out', short_reason = 'time ran out'"
    change(folder, f"UPDATE answers SET {reason}, file = NULL, sha256 = NULL WHERE position = ?", at)
    write_report_anew(folder, capsys)
    found = check(folder, made)
    assert (found.status, found.differences) == ("accepted", ())
    with open_store(folder / "audit.db", create=False) as store:
        content = report_content(store, found.run)
    assert {line.finding for line in content.headlines if line.verdict == "holds"} & {"nan", "None"} == set()
    assert any("time ran out" in str(reason) for reason in content.answers["reason"])
    assert "nan" not in {cell.text for row in verdict_table(content.headlines).rows for cell in row}


def test_the_command_says_all_of_it(made, folder, capsys):
    given = ("--model", made / "net.npz", "--domain", "box:-1,1", "--data", made / "data.csv")
    done = run_command(capsys, "check", folder, *given, "--json")
    told = json.loads(done.out)
    assert (done.code, told["status"]) == (0, "accepted") and set(told["compared"]) >= {"data", "report"}
    assert all(row["claim"] for row in told["proved"]) and told["open"] > 0
    named = made / "box.toml"
    named.write_text("".join(f"[features.{name}]\nlower = -1\nupper = 1\n" for name in NAMES), encoding="utf-8")
    assert run_command(capsys, "check", folder, *given[:3], named).code == 0
    edit_report(folder)
    done = run_command(capsys, "check", folder, *given)
    assert done.code == 1 and "report.html is not as it was written" in done.out
    assert run_command(capsys, "check", folder).code == 2  # without a model
    assert run_command(capsys, "check", made, *given).code == 2  # no folder of an audit
    assert run_command(capsys, "check", folder / "partition.cert", *given).code == 2  # data
