"""The face, the names of files and their sizes."""

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import relugeom
from relugeom import checker

PACKAGE = Path(relugeom.__file__).parent
FORBIDDEN = {"utils", "util", "core", "common", "misc", "manager", "helpers"}
HEAVY = (
    "scipy",
    "cvxpy",
    "highspy",
    "numba",
    "pandas",
    "sqlalchemy",
    "networkx",
    "matplotlib",
    "onnx",
    "h5py",
    "jinja2",
)


@pytest.mark.parametrize("name", sorted(set(relugeom.__all__) - {"__version__"}))
def test_every_name_of_the_face_resolves(name):
    value = getattr(relugeom, name)
    assert callable(value)
    assert value.__name__ == name
    assert value.__module__.startswith("relugeom.")
    assert value.__doc__


def test_the_face_lists_its_names_and_refuses_others():
    assert set(relugeom.__all__) <= set(dir(relugeom))
    assert relugeom.__version__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        relugeom.nothing  # noqa: B018


def test_type_checkers_are_told_the_same_names():
    """What an editor reads of a name is where it is loaded from."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    told = {alias.asname: (node.module, alias.name) for node in block.body for alias in node.names}
    assert told == {name: (home, name) for name, home in relugeom._HOMES.items()}


def test_importing_the_package_loads_nothing_heavy():
    script = "import json, sys, relugeom; print(json.dumps(sorted(m.split('.')[0] for m in sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(json.loads(done.stdout))


def test_modules_have_honest_names_and_a_readable_size():
    for path in PACKAGE.rglob("*.py"):
        assert not FORBIDDEN & set(path.relative_to(PACKAGE).with_suffix("").parts), path
        if path.name != "checker.py":  # one file, to be read by itself: below
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, f"{path} is longer than 400 lines"


BRANCHES = (ast.If, ast.IfExp, ast.For, ast.While, ast.ExceptHandler, ast.comprehension)


def complexity(function: ast.FunctionDef) -> int:
    """Cyclomatic complexity; each operand of `and` and `or`, and each loop of a comprehension, counts."""
    nodes = list(ast.walk(function))
    operands = sum(len(node.values) - 1 for node in nodes if isinstance(node, ast.BoolOp))
    return 1 + operands + sum(isinstance(node, BRANCHES) for node in nodes)


def test_the_checker_can_be_read_in_an_afternoon():
    """It holds as much as a person can go through in a few hours, in small steps: not as few lines as possible."""
    nodes = list(ast.walk(ast.parse((PACKAGE / "checker.py").read_text(encoding="utf-8"))))
    expressions = [node.lineno for node in nodes if isinstance(node, ast.expr)]
    statements = [node.lineno for node in nodes if isinstance(node, ast.stmt)]
    assert len(expressions) < 13_600
    assert len(statements) < 2_060
    assert max(Counter(expressions).values()) < 30  # names, numbers and operations on a line
    assert max(Counter(statements).values()) == 1
    assert not [node.lineno for node in nodes if isinstance(node, ast.NamedExpr | ast.Lambda)]
    for function in (node for node in nodes if isinstance(node, ast.FunctionDef)):
        assert complexity(function) <= 11, function.name
        assert sum(isinstance(node, ast.stmt) for node in ast.walk(function)) <= 28, function.name
        assert len(function.args.args) <= 6, function.name


def test_the_checker_says_which_section_of_the_format_it_checks():
    """Docstrings name sections in brackets; the sections that say what is checked are all named."""
    document = (PACKAGE / "certificate" / "FORMAT.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^##+ (.*)$", document, flags=re.MULTILINE))
    tree, named = ast.parse((PACKAGE / "checker.py").read_text(encoding="utf-8")), set()
    documented = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    for node in documented:
        said = ast.get_docstring(node) or ""
        assert said or node.name == "__init__", node.name
        named |= {place.split(":")[0] for place in re.findall(r"\[([A-Z][^\]]+)\]$", said, flags=re.MULTILINE)}
    assert named == sections - {"Words", "Why this suffices"}


def keys_of_table(document: str, title: str) -> set[str]:
    """The keys of lines that a table of FORMAT.md describes, in its first column."""
    table = document[document.index(title) :].split("\n\n")[0]
    return {key for row in re.findall(r"^\| (.*?) \|", table, re.MULTILINE) for key in re.findall(r"`(\w)\b", row)}


def lines_of_trees(document: str, title: str) -> dict[str, set[str]]:
    """The lines that each tree may have, by a table of FORMAT.md."""
    table = document[document.index(title) :].split("\n\n")[0]
    rows = re.findall(r"^\| (.*) \| `([0-9a-z ]+)`(?:, and `(\w)` .*)? \|$", table, re.MULTILINE)
    trees = {tuple(re.split(r"[:,] ", name)): lines.split() for name, lines, _ in rows}
    told = {name: set(lines) for names, lines in trees.items() for name in names if name != "partition"}
    for name, extra in {"truncated": "u", "admissible": "k", "inadmissible": "k"}.items():
        if name in told:
            told[name].add(extra)
    return {name: lines for name, lines in told.items() if name != "excluded"}


def test_every_line_of_a_tree_has_its_check():
    """Kinds of lines, the tables of checks and the document name the same lines, for both kinds of trees."""
    document = (PACKAGE / "certificate" / "FORMAT.md").read_text(encoding="utf-8")
    kinds = {value.decode() for name, value in vars(checker.Line).items() if name.isupper()}
    found = set()
    for title, proved, checks, trees in (
        ("| line | meaning |", "| what is proved | lines that its tree may have |", checker.CHECKS, checker.LINES),
        (
            "| line | meaning in a covering tree |",
            "| what is proved | lines that its covering tree may have |",
            checker.COVER_CHECKS,
            checker.COVER_LINES,
        ),
    ):
        described = keys_of_table(document, title)
        assert described == {key.decode() for key in checks}
        assert len({*checks.values()}) == len(checks)
        assert lines_of_trees(document, proved) == {
            name: {key.decode() for key in lines} for name, lines in trees.items()
        }
        found |= described
    assert kinds == found


def test_every_module_says_what_it_is():
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8").lstrip()
        assert text.startswith(('"""', 'r"""')), f"{path} has no docstring"


def test_every_error_descends_from_one_root():
    from relugeom import errors

    for name in errors.__all__:
        assert issubclass(getattr(errors, name), errors.RelugeomError)
