"""The floors of the house, from the test that enforces them and from the docstring of each room."""

import ast
from collections import defaultdict
from html import escape
from pathlib import Path

from from_code.markdown import in_cell

__all__ = ["floors_picture", "floors_table", "read_floors", "sentence_of"]

REPOSITORY = Path(__file__).resolve().parents[2]
PLAN = REPOSITORY / "tests" / "test_house_plan.py"


def read_floors() -> dict[int, list[str]]:
    """The rooms on each floor, from the top floor to the ground."""
    tree = ast.parse(PLAN.read_text(encoding="utf-8"))
    found = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "FLOORS"
    )
    floors = defaultdict(list)
    for room, floor in found.items():
        floors[floor].append(room)
    return {floor: sorted(floors[floor]) for floor in sorted(floors, reverse=True)}


def source_of(room: str) -> Path:
    """File whose docstring describes a room."""
    package = REPOSITORY / "relugeom"
    return package / room / "__init__.py" if (package / room).is_dir() else package / f"{room}.py"


def paragraphs_of(room: str) -> list[str]:
    """The paragraphs of a room's docstring."""
    text = ast.get_docstring(ast.parse(source_of(room).read_text(encoding="utf-8"))) or ""
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def sentence_of(room: str) -> str:
    """What a room is, from its docstring."""
    return paragraphs_of(room)[0]


def manners_of(room: str) -> str:
    """What a room may import and what it never does, from its docstring; empty for a single file."""
    return next((text for text in paragraphs_of(room) if text.startswith("Imports ")), "")


def files_of(room: str) -> int:
    """Number of modules in a room."""
    source = source_of(room)
    return sum(1 for path in source.parent.rglob("*.py")) if source.name == "__init__.py" else 1


def floors_picture() -> str:
    """The house as a picture: one row per floor, the command line on top."""
    rows = []
    for floor, rooms in read_floors().items():
        boxes = "".join(
            f'<span class="room" title="{escape(sentence_of(room))}">{escape(_name(room))}</span>' for room in rooms
        )
        rows.append(f'<div class="floor"><span class="number">{floor}</span>{boxes}</div>')
    return '<div class="house" role="img" aria-label="The floors of relugeom">' + "".join(rows) + "</div>"


def floors_table() -> str:
    """One row per room: its floor, its name, how many files it has, what it is, what it imports and never does."""
    lines = ["| floor | room | files | what it is, what it imports, what it never does |", "|---|---|---|---|"]
    for floor, rooms in read_floors().items():
        for room in rooms:
            words = "<br>".join(in_cell(text) for text in (sentence_of(room), manners_of(room)) if text)
            cells = (floor, f"`{_name(room)}`", files_of(room), words)
            lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _name(room: str) -> str:
    """The room as a path: folders end in a slash."""
    return f"{room}/" if source_of(room).name == "__init__.py" else f"{room}.py"
