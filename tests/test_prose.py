"""Words are only shown: no code cuts, searches or compares what was written for people."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PROSE = {"caption", "finding", "label", "note", "reason", "remark", "sentence", "short_reason", "statement", "witness"}
"""Names of what is written for people, of variables, attributes and columns alike."""
CUTS = {"endswith", "find", "index", "partition", "removeprefix", "removesuffix", "replace", "rpartition", "rsplit"}
CUTS |= {"split", "splitlines", "startswith", "strip"}


def named(node: ast.expr) -> str:
    """The last name of what an expression stands for, whatever it is wrapped in: ``str(row["reason"] or "")``."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case ast.Call(func=ast.Name(id="str"), args=[inner]) | ast.BoolOp(values=[inner, *_]):
            return named(inner)
    return ""


def read_words(source: str) -> Iterator[int]:
    """Lines in which something written for people is cut, searched, or compared with a text."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr=method)) if method in CUTS and named(value) in PROSE:
                yield node.lineno
            case ast.Subscript(value=value, slice=ast.Slice()) if named(value) in PROSE:
                yield node.lineno
            case ast.Compare(left=left, comparators=others):
                sides = [left, *others]
                texts = [side.value for side in sides if isinstance(side, ast.Constant) and isinstance(side.value, str)]
                if any(texts) and any(named(side) in PROSE for side in sides):
                    yield node.lineno


def test_no_code_reads_words():
    files = (REPOSITORY / "relugeom").rglob("*.py")
    read = [f"{path.relative_to(REPOSITORY)}:{line}" for path in files for line in read_words(path.read_text("utf-8"))]
    assert read == []


@pytest.mark.parametrize(
    "source",
    [
        'short = str(row["reason"] or "").partition(" (")[0]',
        'if found.reason == "time ran out": pass',
        'if "time" in settled.reason: pass',
        "name = statement[:3]",
        'late = row["witness"].startswith("at ")',
    ],
)
def test_words_that_are_read_are_found(source):
    assert list(read_words(source)) == [1]


@pytest.mark.parametrize(
    "source", ['text = reason or ""', 'if reason == "": pass', "late = reason.cause is Cause.TIME"]
)
def test_words_that_are_only_shown_are_left_alone(source):
    assert list(read_words(source)) == []
