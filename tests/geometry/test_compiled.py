"""Kernels that are kept for the next process: what cannot be kept, or is damaged, is compiled anew."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numba
import numpy as np
import pytest
from limits import file_size_limit

from relugeom.geometry.compiled import compiled

SOURCE = "def double(x):\n    return x + x\n"
PROGRAM = """
import sys
import kept_kernels
import numpy as np
from relugeom.geometry.compiled import compiled
double = compiled(kept_kernels.double)
arguments = {"integer": 3, "float": 1.5, "array": np.arange(3.0)}
for name in sys.argv[1:]:
    assert np.array_equal(double(arguments[name]), 2 * arguments[name])
"""
Runs = Callable[..., tuple[int, int]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Call the kernel with some values as a new process would: how often it was found, and how often compiled."""
    (tmp_path / "kept_kernels.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "kept_kernels", raising=False)
    function = import_module("kept_kernels").double
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))

    def call(*values: object) -> tuple[int, int]:
        kernel = compiled(function)
        for value in values:
            assert kernel(value) == 2 * value
        return sum(kernel._cache_hits.values()), sum(kernel._cache_misses.values())

    return call


def test_kernels_are_kept(run: Runs) -> None:
    assert run(3, 1.5) == (0, 2)
    assert run(3, 1.5) == (2, 0)


def test_a_file_of_another_signature_is_not_taken(run: Runs, tmp_path: Path) -> None:
    run(3, 1.5)
    first, second = sorted((tmp_path / "cache").rglob("*.nbc"))
    first.write_bytes(second.read_bytes())  # as when two processes give their files the same name
    assert run(3, 1.5) == (1, 1)
    assert run(3, 1.5) == (2, 0)


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("kept", [0, 1, 40, -1])
def test_damaged_files_are_compiled_anew(suffix: str, kept: int, run: Runs, tmp_path: Path) -> None:
    run(1.5)
    (file,) = (tmp_path / "cache").rglob(f"*.{suffix}")
    file.write_bytes(file.read_bytes()[:kept])
    assert run(1.5) == (0, 1)
    assert run(1.5) == (1, 0)


def test_a_folder_without_room(run: Runs, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    for size in (0, 200):
        with file_size_limit(size):
            assert run(1.5) == (0, 1)
    assert run(1.5) == (0, 1)
    assert run(1.5) == (1, 0)


def test_no_folder_at_all(run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", "/proc/nowhere")
    assert run(1.5) == (0, 1)
    scope: dict[str, Callable[[float], float]] = {}
    exec("def triple(x):\n    return 3 * x", scope)  # without a file of source
    assert compiled(scope["triple"])(2) == 6


def test_processes_that_compile_at_once(run: Runs, tmp_path: Path) -> None:
    settings = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-W", "error", "-c", PROGRAM]
    running = [
        subprocess.Popen([*command, *kinds], env=settings, stderr=subprocess.PIPE, text=True)
        for kinds in (("integer", "float"), ("array", "integer"), ("float", "array"))
    ]
    for process in running:
        assert process.communicate(timeout=120)[1] == ""
        assert process.returncode == 0
    values = (3, 1.5, np.float32(2))
    run(*values)
    assert run(*values) == (3, 0)
