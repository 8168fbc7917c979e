"""The house plan: a room imports only from floors below its own, and each third party has its door.

Imports are read from the source, those inside functions and under TYPE_CHECKING too.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
FLOORS = {
    "errors": 1,
    "decimals": 1,
    "budget": 3,
    "defaults": 1,
    "columns": 2,
    "deadline": 2,
    "files": 2,
    "printing": 1,
    "remarks": 1,
    "version": 1,
    "checker": 1,
    "linalg": 2,
    "geometry": 3,
    "network": 3,
    "claims": 3,
    "data": 3,
    "importers": 4,
    "partition": 4,
    "search": 5,
    "measures": 6,
    "bounding": 6,
    "certificate": 7,
    "analysis": 7,
    "graph": 7,
    "questions": 8,
    "store": 9,
    "report": 9,
    "audit": 10,
    "cli": 11,
    "__main__": 12,
}
DOORS = {
    "sqlalchemy": ("store", "migrations", "data.sql_table"),
    "pyarrow": ("data.parquet_file", "data.plain_csv"),
    "alembic": ("store", "migrations"),
    "psycopg": ("store",),
    "networkx": ("graph",),
    "matplotlib": ("report",),
    "jinja2": ("report",),
    "highspy": ("geometry",),
    "cvxpy": ("geometry",),
    "scipy.optimize": ("geometry",),
    "onnx": ("importers",),
    "h5py": ("importers",),
    "safetensors": ("importers",),
    "typer": ("cli",),
    "rich": ("report", "cli"),
    "threadpoolctl": ("linalg",),
    "pandas": ("store", "report", "data", "cli"),
}
DEFAULTS = ("__defaults__", "__kwdefaults__")
STRANGERS = ("torch", "tensorflow", "keras", "onnxruntime", "sklearn", "pytest", "hypothesis")


def imported_names(source: str, package: str) -> Iterator[tuple[str, int]]:
    """Dotted names that a module imports (with what it takes from them), and the lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, base] if base else parents)
            for alias in node.names:
                yield f"{base}.{alias.name}", node.lineno
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                yield node.args[0].value, node.lineno


def matches(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def offence(module: str, name: str) -> str | None:
    """Why `module` (dotted, without the leading package, "" for the face) may not import `name`, or None."""
    room = module.split(".")[0]
    if room == "checker" and name.split(".")[0] not in sys.stdlib_module_names:
        return "the checker imports the standard library only"
    for library, doors in DOORS.items():
        if matches(name, library) and not any(matches(module, door) for door in doors):
            return f"{library} comes in through {' and '.join(doors)} only"
    if name.split(".")[0] in STRANGERS:
        return f"{name.split('.')[0]} is no dependency"
    if not matches(name, "relugeom"):
        return None
    if room == "migrations":
        return (
            None if module == "migrations.env" and matches(name, "relugeom.store.schema") else "migrations stand alone"
        )
    target = name.split(".")[1] if "." in name else ""
    if not room:
        return None if target in FLOORS else f"there is no room {target!r}"
    if room not in FLOORS:
        return f"the room {room!r} stands on no floor"
    if target == room:
        return None
    if target not in FLOORS:
        return "nobody inside imports the face"
    if FLOORS[target] >= FLOORS[room]:
        return f"{target} (floor {FLOORS[target]}) is not below {room} (floor {FLOORS[room]})"
    return None


def modules_of(repository: Path) -> dict[str, list[str]]:
    """The dotted names of all modules of the package, and what each imports."""
    found = {}
    for path in (repository / "relugeom").rglob("*.py"):
        parts = path.relative_to(repository).with_suffix("").parts
        names = imported_names(path.read_text(encoding="utf-8"), ".".join(parts[:-1]))
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = [name for name, _ in names]
    return found


def find_circles(repository: Path) -> list[list[str]]:
    """Modules that import each other, in whatever function they do so."""
    sources, graph = modules_of(repository), nx.DiGraph()
    for module, names in sources.items():
        for name in names:
            target = name if name in sources else name.rpartition(".")[0]
            if target in sources:
                graph.add_edge(module, target)
    alone = ([node] for node in graph if graph.has_edge(node, node))
    return [sorted(part) for part in nx.strongly_connected_components(graph) if len(part) > 1] + list(alone)


def find_offences(repository: Path) -> list[str]:
    """Every forbidden import of the package and its migrations."""
    found = []
    for folder in ("relugeom", "migrations"):
        for path in sorted((repository / folder).rglob("*.py")):
            parts = path.relative_to(repository).with_suffix("").parts
            package = ".".join(parts[:-1])
            kept = parts[1:] if folder == "relugeom" else parts
            module = ".".join(kept[:-1] if kept[-1] == "__init__" else kept)
            for name, line in imported_names(path.read_text(encoding="utf-8"), package):
                reason = offence(module, name)
                if reason:
                    found.append(f"{path.relative_to(repository)}:{line} imports {name}: {reason}")
    return found


def test_every_import_keeps_to_the_house_plan():
    assert find_offences(REPOSITORY) == []


def test_no_files_import_each_other():
    assert find_circles(REPOSITORY) == []


@pytest.mark.parametrize("text", ["from relugeom.linalg.a import x", "def f():\n    from relugeom.linalg import a"])
def test_a_circle_is_found(tmp_path, text):
    write(tmp_path, "relugeom/__init__.py", "")
    write(tmp_path, "relugeom/linalg/a.py", "import relugeom.linalg.b")
    write(tmp_path, "relugeom/linalg/b.py", text)
    assert find_circles(tmp_path) == [["relugeom.linalg.a", "relugeom.linalg.b"]]


def test_every_room_says_what_it_is_for():
    """Three lines: what it answers; a blank one; what it imports, which must be so, and what it never does."""
    modules = modules_of(REPOSITORY)
    for folder in (REPOSITORY / "relugeom").iterdir():
        if folder.name in FLOORS and folder.is_dir():
            said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
            first, blank, last = said.splitlines()
            assert first.endswith(".") and not blank and last.endswith("."), folder.name
            imports, never, _ = last.partition(" Never ")
            assert imports.startswith("Imports ") and never, folder.name
            own = [names for module, names in modules.items() if module.split(".")[1:2] == [folder.name]]
            imported = {name.split(".")[1] for names in own for name in names if name.startswith("relugeom.")}
            assert set(re.findall(r"\w+", imports)) & set(FLOORS) <= imported, folder.name


def computed_imports(repository: Path) -> list[str]:
    """Functions that the report takes from the rooms of geometry: it should have their values handed in."""
    return [
        f"{module} imports {name}"
        for module, names in modules_of(repository).items()
        for name in names
        if matches(module, "relugeom.report")
        and name.split(".")[:1] == ["relugeom"]
        and name.split(".")[1] in ("geometry", "search", "measures")
        and name.rpartition(".")[2][0].islower()
    ]


def test_the_report_computes_no_geometry():
    """It lays out values that the audit hands over: of the rooms of geometry it knows types alone."""
    assert computed_imports(REPOSITORY) == []


def test_a_report_that_computes_is_found(tmp_path):
    write(tmp_path, "relugeom/report/a.py", "def f():\n    from relugeom.measures.planes import Plane, find_plane")
    write(tmp_path, "relugeom/report/b.py", "from relugeom.measures import planes\nimport relugeom.graph.export")
    expected = ["relugeom.report.a imports relugeom.measures.planes.find_plane"]
    assert computed_imports(tmp_path) == [*expected, "relugeom.report.b imports relugeom.measures.planes"]


def long_bodies(source: str) -> Iterator[tuple[str, int]]:
    """Functions that take more than twelve lines, and these lines: without signature, docstring and blank lines.

    A few statements may be longer: a call with one argument per line is one thought.
    """
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[ast.get_docstring(node) is not None :]
            told = [line for part in body for line in lines[part.lineno - 1 : part.end_lineno] if line.strip()]
            statements = sum(isinstance(inner, ast.stmt) for part in body for inner in ast.walk(part))
            if len(told) > 12 and statements > 4:
                yield node.name, len(told)


def test_steps_of_the_audit_are_short():
    """An audit reads like a table of contents, and each of its steps does, too."""
    audit = sorted((REPOSITORY / "relugeom" / "audit").rglob("*.py"))
    found = {path.name: dict(long_bodies(path.read_text(encoding="utf-8"))) for path in audit}
    assert {name: bodies for name, bodies in found.items() if bodies} == {}


def test_a_long_body_is_found():
    plain = 'def f():\n    """Say what."""\n' + "\n".join(f"    x = {number}\n" for number in range(13))
    call = "def g():\n    return f(\n" + "\n".join(f"        x{number}=1," for number in range(20)) + "\n    )"
    assert dict(long_bodies(f"{plain}\n\n{call}\n")) == {"f": 13}


def test_no_room_is_crowded():
    """No room has more than 15 % of the lines, and no file more than 400."""
    files = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in (REPOSITORY / "relugeom").rglob("*.py")
    }
    long = {str(path.relative_to(REPOSITORY / "relugeom")) for path, lines in files.items() if lines > 400}
    assert long == {"checker.py"}
    for room in FLOORS:
        within = (lines for path, lines in files.items() if room in path.relative_to(REPOSITORY).parts)
        share = sum(within) / sum(files.values())
        assert share <= 0.15, room


def constants_patched(source: str) -> Iterator[tuple[str, int]]:
    """Constants of the package, and defaults of its functions, that a test sets: their names, and the lines."""
    tree = ast.parse(source)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    ours = {
        alias.asname or alias.name.split(".")[0]
        for node in imports
        for alias in node.names
        if matches(getattr(node, "module", None) or alias.name, "relugeom")
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            set_here = [target for target in node.targets if isinstance(target, ast.Attribute)]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("setattr", "setitem", "object"):
            place, *rest = node.args or [node]
            if isinstance(place, ast.Constant):  # "relugeom.room.NAME"
                owner, _, name = str(place.value).rpartition(".")
                place = ast.parse(owner or "_", mode="eval").body
            else:
                name = rest[0].value if rest and isinstance(rest[0], ast.Constant) else ""
            set_here = [ast.Attribute(place, str(name), lineno=node.lineno)]
        else:
            continue
        for target in set_here:
            root = ast.unparse(target.value).split(".")[0]
            of_defaults = "__kwdefaults__" in ast.unparse(target.value) or target.attr in DEFAULTS
            if root in ours | {"relugeom"} and (target.attr.isupper() or of_defaults):
                yield target.attr, target.lineno


def test_no_test_changes_a_constant():
    """What a test wants otherwise is handed in, as a value."""
    found = {
        f"{path.relative_to(REPOSITORY)}:{line} {name}"
        for path in sorted((REPOSITORY / "tests").rglob("*.py"))
        for name, line in constants_patched(path.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize(
    "text",
    [
        "from relugeom.data import table\ndef test(monkeypatch):\n    monkeypatch.setattr(table, 'SIZES', 1)",
        "def test(monkeypatch):\n    monkeypatch.setattr('relugeom.data.table.SIZES', 1)",
        "import relugeom.data.table\ndef test(patch):\n    patch.setattr(relugeom.data.table, 'SIZES', 1)",
        "import relugeom.data.table as t\ndef test():\n    t.SIZES = 1",
        "from unittest import mock\nfrom relugeom import data\nwith mock.patch.object(data, 'SIZES', 1):\n    pass",
        "from relugeom.a import T\ndef test(patch):\n    patch.setitem(T.__init__.__kwdefaults__, 'memory', 1)",
        "from relugeom.a import f\ndef test(patch):\n    patch.setattr(f, '__defaults__', (1,))",
    ],
)
def test_a_constant_that_is_changed_is_found(text):
    assert len(list(constants_patched(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import numba\ndef test(monkeypatch):\n    monkeypatch.setattr(numba.config, 'CACHE_DIR', '')",
        "from relugeom.search import engine\ndef test(patch):\n    patch.setattr(engine.Task, 'run', None)",
        "import relugeom\nSIZES = 1\ndef test(case):\n    case.SIZES = 1",
    ],
)
def test_what_stands_in_for_something_outside_is_left_alone(text):
    assert list(constants_patched(text)) == []


def test_no_function_takes_options_without_names():
    """What a function may be told stands in its signature, or in a table of types."""
    for path in sorted((REPOSITORY / "relugeom").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.args.kwarg is not None:
                said = node.args.kwarg.annotation
                assert said is not None and ast.unparse(said) != "Any", f"{path.name}:{node.lineno} {node.name}"


def test_every_room_stands_on_a_floor():
    entries = (REPOSITORY / "relugeom").iterdir()
    rooms = {path.stem for path in entries if path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))}
    assert rooms - {"__init__"} <= set(FLOORS)


def write(repository: Path, path: str, text: str) -> None:
    target = repository / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("relugeom/geometry/a.py", "from relugeom.network.pattern import pack_patterns"),
        ("relugeom/network/a.py", "import relugeom.geometry.domain as domain"),
        ("relugeom/linalg/a.py", "def f():\n    from relugeom.geometry import domain\n    return domain"),
        (
            "relugeom/linalg/a.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from relugeom.partition.partition import Region",
        ),
        ("relugeom/linalg/a.py", "import importlib\nimportlib.import_module('relugeom.store.store')"),
        ("relugeom/geometry/deep/a.py", "from ...network import pattern"),
        ("relugeom/geometry/__init__.py", "from ..network import pattern"),
        ("relugeom/geometry/a.py", "from .. import partition"),
        ("relugeom/partition/a.py", "import relugeom"),
        ("relugeom/partition/a.py", "from relugeom import Domain"),
        ("relugeom/partition/a.py", "from relugeom import *"),
        ("relugeom/report/a.py", "from relugeom.store.store import open_store"),
        ("relugeom/graph/a.py", "from relugeom.analysis.importance import cluster_importance"),
        ("relugeom/data/a.py", "from relugeom.network.network import ReLUNetwork"),
        ("relugeom/errors.py", "from relugeom.linalg.arrays import frozen_array"),
        ("relugeom/audit.py", "from relugeom.cli.verbs import main"),
        ("relugeom/cellar/a.py", "from relugeom.errors import InputError"),
        ("relugeom/checker.py", "import numpy"),
        ("relugeom/checker.py", "from relugeom.errors import InputError"),
        ("relugeom/analysis/a.py", "from sqlalchemy import select"),
        ("relugeom/cli/a.py", "import sqlalchemy.exc"),
        ("relugeom/cli/a.py", "import psycopg"),
        ("relugeom/store/a.py", "import networkx as nx"),
        ("relugeom/graph/a.py", "def draw():\n    import matplotlib.pyplot"),
        ("relugeom/cli/a.py", "from jinja2 import Environment"),
        ("relugeom/partition/a.py", "from scipy.optimize import linprog"),
        ("relugeom/partition/a.py", "from scipy import optimize"),
        ("relugeom/partition/a.py", "import highspy"),
        ("relugeom/certificate/a.py", "import cvxpy"),
        ("relugeom/network/a.py", "import onnx"),
        ("relugeom/store/a.py", "import h5py"),
        ("relugeom/report/a.py", "import typer"),
        ("relugeom/partition/a.py", "import pandas as pd"),
        ("relugeom/network/a.py", "import torch"),
        ("migrations/versions/a.py", "from relugeom.store import schema"),
        ("migrations/env.py", "from relugeom.store.store import open_store"),
    ],
)
def test_an_offending_import_is_found(tmp_path, path, text):
    write(tmp_path, "relugeom/__init__.py", "")
    write(tmp_path, path, text)
    assert len(find_offences(tmp_path)) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("relugeom/geometry/a.py", "from relugeom.linalg.exact import rational\nfrom .forms import shadow"),
        ("relugeom/geometry/__init__.py", "from .forms import shadow"),
        (
            "relugeom/partition/a.py",
            "from relugeom.network import network\nfrom relugeom.geometry.domain import Domain",
        ),
        (
            "relugeom/importers/a.py",
            "import onnx.numpy_helper\nfrom relugeom.network.network import ReLUNetwork",
        ),
        ("relugeom/cli/a.py", "from relugeom.audit import audit\nimport typer"),
        ("relugeom/checker.py", "import json\nfrom fractions import Fraction"),
        ("relugeom/network/a.py", "import scipy.special"),
        ("migrations/env.py", "from alembic import context\nfrom relugeom.store.schema import metadata"),
        ("migrations/versions/a.py", "import sqlalchemy as sa\nfrom alembic import op"),
    ],
)
def test_an_honest_import_is_left_alone(tmp_path, path, text):
    write(tmp_path, "relugeom/__init__.py", "")
    write(tmp_path, path, text)
    assert find_offences(tmp_path) == []
