"""The commands and snippets of the README and of `docs/`, run as they stand; the reference leaves nothing out."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from documents import REPOSITORY, Reader, Step, blocks, files, read_pages, steps
from from_code import GENERATED
from from_code.command_line import list_verbs
from from_code.floors import read_floors, sentence_of
from from_code.markdown import in_cell
from from_code.python_names import home_of, sections
from from_code.views import read_samples

import relugeom
from relugeom.claims.settlement import Verdict
from relugeom.claims.subject import Subject
from relugeom.cli.exit_codes import STATUSES
from relugeom.graph.export import GRAPH_SUFFIXES
from relugeom.importers.formats import suffixes
from relugeom.report.graph_drawing import PICTURE_SUFFIXES
from relugeom.store.schema import metadata
from relugeom.store.view_columns import describe_columns
from relugeom.store.views import list_views

PAGES = read_pages()
CONSOLE = [step for page, text in PAGES.items() for step in steps(page, text)]
PYTHON = [(page, snippet) for page, text in PAGES.items() for snippet in blocks(text, "python")]
COMMANDS = re.findall(r"```\n(python3 -m venv .*?)```", PAGES["README.md"], re.DOTALL)[0].splitlines()
VERBS = {verb.name: verb for verb in list_verbs()}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """A folder with the examples and the pages' files in it, where the commands run one after the other."""
    place = tmp_path_factory.mktemp("documents")
    (place / "examples").symlink_to(REPOSITORY / "examples")
    for text in PAGES.values():
        for name, content in files(text).items():
            (place / name).write_text(content, encoding="utf-8")
    return Reader(place, next(step.command for step in CONSOLE if step.command.startswith("relugeom audit")))


def lines(text: str) -> Iterator[str]:
    """Lines without their outer blanks; the tables' columns may be padded differently."""
    return (" ".join(line.split()) for line in text.splitlines() if line.strip())


def test_there_is_something_to_test() -> None:
    assert len([step for step in CONSOLE if step.page == "README.md"]) >= 5
    assert len({page for page, _ in PYTHON}) >= 2
    assert len(PAGES["README.md"].splitlines()) <= 220


@pytest.mark.slow  # with the audit that the pages ask about
@pytest.mark.parametrize("step", CONSOLE, ids=[f"{step.page}-{step.command[9:40]}" for step in CONSOLE])
def test_a_command_prints_what_the_page_shows(
    step: Step, reader: Reader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(reader.folder)
    printed = reader.run(step.command, capsys)
    assert printed.code == step.code, printed.err
    if step.command.startswith("relugeom query") and "…" not in step.shown:
        assert list(lines(printed.out)) == list(lines(step.shown)), "no row more, no row less"
    found = list(lines(printed.err + printed.out))
    for line in lines(step.shown):
        assert line == "…" or line in found


@pytest.mark.slow
@pytest.mark.parametrize(("page", "snippet"), PYTHON, ids=[page for page, _ in PYTHON])
def test_a_snippet_runs(
    page: str, snippet: str, reader: Reader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(reader.folder)
    exec(compile(snippet, page, "exec"), {})
    assert capsys.readouterr().out


def test_the_second_command_is_what_the_check_runs() -> None:
    assert COMMANDS[1].endswith(".venv/bin/python -m pytest")
    assert "-m pytest" in (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("view", list_views())
def test_every_view_is_shown_with_its_columns_and_a_result(view: str) -> None:
    shown = steps(view, read_samples()[view] + "\n")
    assert any(re.search(rf"\bFROM {view}\b", step.command) for step in shown), "view-samples.md asks every view"
    section = section_of(GENERATED["views"](), view)
    columns = describe_columns()[view]
    assert [name for name, words in columns.items() if f"| `{name}` | {in_cell(words)} |" not in section] == []
    assert [name for name, words in columns.items() if not words] == []
    assert shown[0].command in section


def test_no_sample_is_of_a_view_that_is_gone() -> None:
    assert set(read_samples()) == set(list_views())


@pytest.mark.parametrize("verb", VERBS.values(), ids=list(VERBS))
def test_every_verb_and_option_is_documented(verb) -> None:
    section = section_of(GENERATED["command-line"](), verb.name)
    assert [name for name, words in verb.options if not words or f"| `{name}` |" not in section] == []
    assert verb.command.help


def named_formats(text: str) -> set[str]:
    """Suffixes of model files that a text names as such, and not as a part of a file's name."""
    return set(re.findall(r"(?<![\w.])\.[a-z]\w+", text)) & set(suffixes())


def test_formats_are_listed_in_their_table_alone() -> None:
    """Outside the importers nothing lists formats by hand: neither a text of the package nor a page."""
    package = REPOSITORY / "relugeom"
    for path in sorted(set(package.rglob("*.py")) - set((package / "importers").rglob("*.py"))):
        texts = [node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)]
        assert [text for text in texts if isinstance(text, str) and len(named_formats(text)) > 1] == [], path
    lines_of_pages = [line for text in PAGES.values() for line in text.splitlines()]
    assert [line for line in lines_of_pages if len(named_formats(line)) > 2] == []


def test_the_help_names_all_formats_of_graphs() -> None:
    """They are typed there, since the modules that write them are slow to load."""
    words = next(words for name, words in VERBS["relugeom graph"].options if name.startswith("--out"))
    assert set(re.findall(r"\.[a-z]\w+", words)) == {*GRAPH_SUFFIXES, *PICTURE_SUFFIXES}


SINGULAR = {"protected": "feature"}
"""Attributes of subjects that have a row for each of their values."""
JSON_PAGE = "docs/reference/json.md"
AS_JSON = [step for step in CONSOLE if step.page == JSON_PAGE]


def test_the_json_of_every_verb_is_documented() -> None:
    titles = re.findall(r"^## `(.*)`$", PAGES[JSON_PAGE], re.MULTILINE)
    assert sorted(f"relugeom {title}" for title in titles) == sorted(VERBS)
    assert len(AS_JSON) == len(titles)


@pytest.mark.slow
@pytest.mark.parametrize("step", AS_JSON, ids=[step.command[9:40] for step in AS_JSON])
def test_the_keys_of_a_json_object_are_those_of_the_page(
    step: Step, reader: Reader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(reader.folder)
    found = json.loads(reader.run(step.command, capsys).out)
    verb = next(verb for verb in VERBS if step.command.startswith(f"{verb} "))
    rows = re.findall(
        r"^\| ([^|]+) \|", section_of(PAGES[JSON_PAGE], f"`{verb.removeprefix('relugeom ')}`"), re.MULTILINE
    )
    assert sorted(found) == sorted(key for row in rows for key in re.findall(r"`(\w+)`", row))
    found.pop("databases", None)  # the keys below it are names of tables and columns
    assert {value for value in under("verdict", found) if value is not None} <= set(Verdict)
    assert {value for value in under("status", found) if value is not None} <= set(STATUSES)


def under(key: str, value: Any) -> Iterator[Any]:
    """What a JSON value has under a key, at any depth."""
    if isinstance(value, dict):
        yield from [value[key]] if key in value else []
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from under(key, part)


def test_what_several_verbs_print_is_one_thing_with_one_name() -> None:
    """A key of several objects is explained once, for all of them; older names are not counted."""
    own: dict[str, list[str]] = {}
    for title in re.findall(r"^## `(.*)`$", PAGES[JSON_PAGE], re.MULTILINE):
        section = section_of(PAGES[JSON_PAGE], f"`{title}`")
        for keys, meaning in re.findall(r"^\| ([^|]+) \| (.*) \|$", section, re.MULTILINE):
            for key in [] if meaning.startswith("older name") else re.findall(r"`(\w+)`", keys):
                own.setdefault(key, []).append(title)
    shared = PAGES[JSON_PAGE].partition("\n## ")[0]
    common = {key for row in re.findall(r"^\| ([^|]+) \|", shared, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)}
    assert {key: titles for key, titles in own.items() if len(titles) > 1 and key not in common} == {}


def test_every_public_name_is_documented() -> None:
    page = GENERATED["python"]()
    placed = [name for names in sections().values() for name in names]
    assert sorted(placed) == sorted(set(relugeom.__all__) - {"__version__"})
    assert [name for name in placed if f"::: {home_of(name)}\n" not in page] == []


def test_the_architecture_shows_every_room_and_what_it_is() -> None:
    picture, table = GENERATED["floors-picture"](), GENERATED["floors-table"]()
    rooms = [room for rooms in read_floors().values() for room in rooms]
    assert [room for room in rooms if not sentence_of(room)] == []
    assert [room for room in rooms if f">{room}" not in picture or f"| `{room}" not in table] == []


@pytest.mark.parametrize("part", GENERATED)
def test_what_is_made_from_the_code_stands_on_a_page(part: str) -> None:
    assert sum(f"<!-- generated: {part} -->" in text for text in PAGES.values()) == 1


@pytest.mark.parametrize("page", [page for page in PAGES if "/architecture/" in page])
def test_the_files_that_a_page_of_the_architecture_names_exist(page: str) -> None:
    """Names in capitals, and those with an ellipsis, stand for files that somebody will write."""
    named = re.findall(r"`((?:relugeom|tests|docs|migrations|examples|benchmarks)/[\w./-]*)`", PAGES[page])
    assert [name for name in named if not re.search(r"[A-Z]{4}", name) and not (REPOSITORY / name).exists()] == []


def test_a_finding_keeps_its_subject_where_the_page_says() -> None:
    section = section_of(PAGES["docs/architecture/laws.md"], "Where a finding keeps its subject")
    names = r"(?:`\w+`(?:, )?)+"
    named = [
        (table, column)
        for tables, columns in re.findall(rf"({names}) \(({names})\)", section)
        for table in re.findall(r"\w+", tables)
        for column in re.findall(r"\w+", columns)
    ]
    assert len({table for table, _ in named}) > 10
    assert [pair for pair in named if pair[0] in metadata.tables and pair[1] not in metadata.tables[pair[0]].c] == []
    assert {table for table, _ in named} <= set(metadata.tables)
    kept = {column for table, column in named if table in ("answers", "protected_features")}
    assert {SINGULAR.get(field.name, field.name) for field in fields(Subject)} == kept


@pytest.mark.parametrize("page", [*PAGES, "CONTRIBUTING.md"])
def test_what_a_page_types_exists(page: str) -> None:
    """Commands that need a server, or a model of the reader's own, are not run; but their verbs and options exist."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    typed = [line for block in blocks(text, "sh") + blocks(text, "") for line in block.splitlines()]
    for line in typed:
        command = line.split("#")[0].split()
        if command[:1] == ["relugeom"]:
            words = command[1:3] if command[1] == "db" else command[1:2]
            verb = VERBS[" ".join(["relugeom", *words])]
            known = {name for written, _ in verb.options for name in re.findall(r"--[\w-]+", written)}
            assert {word for word in command if word.startswith("--")} <= known, line


def section_of(page: str, title: str) -> str:
    """The part of a page below a heading."""
    return next(part for part in page.split("\n## ") if part.removeprefix("## ").startswith(f"{title}\n"))
