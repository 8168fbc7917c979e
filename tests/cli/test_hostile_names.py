"""Names that look like code, from the model and the data through the store, the report, the terminal and pictures."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import mutants
import numpy as np
import pytest
from command_line import Ended, run_captured, run_command, small_network, write_network

NAMES = (*mutants.NAMES, "'; DROP TABLE runs; --")
TARGET = "@<b>target</b>"
STEM = "<i>$x$ [red] =é'\""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def audited(place: Path) -> Ended:
    """An audit whose files, features, output and target all have hostile names."""
    network = small_network(len(NAMES), 4, 1, input_names=NAMES, output_names=("=<u>out</u>",))
    model = write_network(place / f"{STEM}.npz", network)
    data = place / f"{STEM}.csv"
    values = np.random.default_rng(3).normal(size=(12, len(NAMES))).round(3)
    with data.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*NAMES, TARGET])
        writer.writerows([*row, number % 2] for number, row in enumerate(values.tolist()))
    ended = run_captured("audit", model, data, "--target", TARGET, "--out", place / "out")
    assert ended.code == 0, ended.err
    return ended


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_terminal(audited: Ended) -> None:
    for text in (audited.out, audited.err):
        assert all(character.isprintable() or character == "\n" for character in text)
    assert "[bold]loud[/bold]" in audited.err
    assert r"line\nbreak" in audited.err
    assert "{{ 7 * 7 }}" in audited.out


def test_the_store_keeps_them_letter_by_letter(audited: Ended, place: Path) -> None:
    with closing(sqlite3.connect(place / "out" / "audit.db")) as connection:
        names = connection.execute("SELECT DISTINCT name FROM features ORDER BY position").fetchall()
        files = connection.execute("SELECT network, data FROM runs_overview").fetchall()
    assert [name for (name,) in names] == list(NAMES)
    assert set(files) == {(f"{STEM}.npz", f"{STEM}.csv")}


def test_the_page(audited: Ended, place: Path) -> None:
    page = Page()
    page.feed((place / "out" / "report.html").read_text(encoding="utf-8"))
    assert not {"b", "u", "i"} & set(page.tags)
    assert page.tags.count("script") == 1, "the page's own"
    text = "".join(page.texts)
    for name in ("<script>alert('x')</script>", "[bold]loud[/bold]", "{{ 7 * 7 }}", "=1+1", "Größe 漢字", STEM):
        assert name in text


def test_a_table_for_a_spreadsheet(audited: Ended, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("query", place / "out" / "audit.db", "SELECT name FROM features ORDER BY position", "--format")
    rows = list(csv.reader(io.StringIO(run_command(capsys, *asked, "csv").out)))
    assert [row[0].removeprefix("'") for row in rows[1:]] == [name.removeprefix("'") for name in NAMES]
    assert not any(row[0].startswith(("=", "+", "-", "@")) for row in rows)


def test_json_has_them_as_they_are(audited: Ended, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("query", place / "out" / "audit.db", "SELECT name FROM features ORDER BY position", "--json")
    assert [row[0] for row in json.loads(run_command(capsys, *asked).out)["rows"]] == list(NAMES)


@pytest.mark.parametrize("view", ["importance_by_cluster", "cluster_profile", "runs_overview"])
def test_a_table_for_the_terminal(view: str, audited: Ended, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = run_command(capsys, "query", place / "out" / "audit.db", "--view", view).out
    assert all(character.isprintable() or character == "\n" for character in shown)


@pytest.mark.parametrize("verb", ["inspect", "cluster", "locate"])
def test_other_verbs(verb: str, audited: Ended, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = {
        "inspect": (),
        "cluster": (place / f"{STEM}.csv", "--target", TARGET),
        "locate": ("1111", "--domain", "box:-9,9"),
    }[verb]
    shown = run_command(capsys, verb, place / f"{STEM}.npz", *arguments)
    assert shown.code in (0, 1), shown.err
    assert all(character.isprintable() or character == "\n" for character in shown.out + shown.err)
    assert "{{ 7 * 7 }}" in shown.out + shown.err
    parsed = json.loads(run_command(capsys, verb, place / f"{STEM}.npz", *arguments, "--json").out)
    assert isinstance(parsed, dict)


@pytest.mark.parametrize("suffix", [".svg", ".png", ".graphml", ".json"])
def test_pictures(suffix: str, audited: Ended, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = place / f"{STEM}{suffix}"
    assert run_command(capsys, "graph", place / f"{STEM}.npz", "1010", "--out", out).code == 0
    if suffix in (".svg", ".graphml"):
        tree = ElementTree.parse(out)
        assert not [node for node in tree.iter() if node.tag.endswith("script")]
    elif suffix == ".json":
        json.loads(out.read_text(encoding="utf-8"))
    else:
        assert out.read_bytes().startswith(b"\x89PNG")


def test_an_error_about_them_is_one_line(place: Path, audited: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    ended = run_command(capsys, "cluster", place / f"{STEM}.npz", place / f"{STEM}.csv", "--target", NAMES[5])
    assert ended.code == 2
    assert len(ended.err.splitlines()) == 1
    assert ended.err[:-1].isprintable()


LONG = {
    "ten thousand letters": "x" * 10_000,
    "wide letters": "W" * 10_000,
    "twice as wide": "漢" * 10_000,
    "emoji": "😀👩‍👩‍👧" * 2_000,
    "accents": "a\u0301\u0302" * 3_000,
    "from right to left": "\u202eא\u2066" * 3_000,
    "lines": "\n" * 3_000,
    "mathematics": "$x^{2}_" * 2_000,
}


@pytest.mark.parametrize("kind", LONG)
def test_long_names(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures have room for themselves beside long names, and nothing is warned about."""
    monkeypatch.chdir(tmp_path)
    names = tuple(f"{LONG[kind][:-1]}v{number}" for number in range(4))
    network = small_network(2, 3, 1, input_names=names[:2], output_names=names[2:3])
    write_network(tmp_path / "model.npz", network)
    with Path("data.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[*names[:2], names[3]], [1, 2, 0], [-1, 0.5, 1], [0.25, -2, 1]])
    for suffix in ("svg", "png"):
        ended = run_captured("graph", "model.npz", "111", "--out", f"graph.{suffix}")
        assert (ended.code, len(ended.err.splitlines())) == (0, 1)
    if kind in ("wide letters", "lines"):
        ended = run_captured("audit", "model.npz", "data.csv", "--target", names[3], "--out", "out")
        assert ended.code == 0, ended.err[-300:]
        assert "constrained_layout" not in ended.err
    ended = run_captured("cluster", "model.npz", "data.csv", "--target", names[3])
    assert ended.code == 0
    assert all(letter.isprintable() or letter == "\n" for letter in ended.out + ended.err)
