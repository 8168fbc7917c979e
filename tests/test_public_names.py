"""The face, the names of files and their sizes."""

import ast
import json
import subprocess
import sys
import tokenize
from io import StringIO
from pathlib import Path

import pytest

import relugeom

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


def test_importing_the_package_loads_nothing_heavy():
    script = "import json, sys, relugeom; print(json.dumps(sorted(m.split('.')[0] for m in sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(json.loads(done.stdout))


def test_modules_have_honest_names_and_a_readable_size():
    for path in PACKAGE.rglob("*.py"):
        assert not FORBIDDEN & set(path.relative_to(PACKAGE).with_suffix("").parts), path
        if path.name != "checker.py":  # one file, to be read by itself: below
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 420, f"{path} is longer than about 400 lines"


def test_the_checker_can_be_read_in_an_afternoon():
    """Lines of code: those that hold more than a docstring, a comment or nothing."""
    text = (PACKAGE / "checker.py").read_text(encoding="utf-8")
    documented = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
    ]
    first = [node.body[0] for node in documented if ast.get_docstring(node)]
    docstrings = {line for node in first for line in range(node.lineno, node.end_lineno + 1)}
    assert len(documented) - len(first) == 3  # the constructors
    empty = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    tokens = [token for token in tokenize.generate_tokens(StringIO(text).readline) if token.type not in empty]
    code = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
    assert len(code - docstrings) < 550


def test_every_module_says_what_it_is():
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8").lstrip()
        assert text.startswith(('"""', 'r"""')), f"{path} has no docstring"


def test_every_error_descends_from_one_root():
    from relugeom import errors

    for name in errors.__all__:
        assert issubclass(getattr(errors, name), errors.RelugeomError)
