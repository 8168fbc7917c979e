"""The face, the names of files and their sizes."""

import json
import subprocess
import sys
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
        most = 625 if path.name == "checker.py" else 420  # one file, to be read by itself
        assert len(path.read_text(encoding="utf-8").splitlines()) <= most, f"{path} is longer than about 400 lines"


def test_every_module_says_what_it_is():
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8").lstrip()
        assert text.startswith(('"""', 'r"""')), f"{path} has no docstring"


def test_every_error_descends_from_one_root():
    from relugeom import errors

    for name in errors.__all__:
        assert issubclass(getattr(errors, name), errors.RelugeomError)
