"""Kernels are interpreted at first; compiled ones are kept, and what is damaged is compiled anew."""

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from operator import getitem, mul
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
import pytest
from limits import file_size_limit
from numba.core.codegen import JITCodeLibrary
from numba.core.types import Function

from relugeom.deadline import NEVER, Deadline
from relugeom.errors import DeadlinePassedError
from relugeom.geometry import compiled as compiling
from relugeom.geometry.compiled import Kernel, compiled, hurry, inner, interpreted_for
from relugeom.geometry.kernel_code import wanted_unless

SOURCE = "def double(x):\n    return x + x\n"
PROGRAM = """
import sys
import kept_kernels
import numpy as np
from relugeom.geometry.compiled import compiled, interpreted_for
double = compiled(kept_kernels.double)
arguments = {"integer": 3, "float": 1.5, "array": np.arange(3.0)}
with interpreted_for(0):
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
        with interpreted_for(0):
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
    with interpreted_for(0):
        assert compiled(scope["triple"])(2) == 6


def test_processes_that_compile_at_once(run: Runs, tmp_path: Path) -> None:
    settings = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-W", "error", "-c", PROGRAM]
    running = [
        subprocess.Popen([*command, *kinds], env=settings, stderr=subprocess.PIPE, text=True)
        for kinds in (("integer", "float"), ("array", "integer"), ("float", "array"))
    ]
    for process in running:
        said = process.communicate(timeout=120)[1].splitlines()
        assert set(said) <= {compiling.NOTICE}  # on a busy machine it may take long
        assert process.returncode == 0
    values = (3, 1.5, np.float32(2))
    run(*values)
    assert run(*values) == (3, 0)


@inner
def half(x):
    return x / 2


@inner
def halved(values, place):
    return half(values[place])


def sum_halves(values):
    total = 0.0
    for place in range(values.shape[0]):
        total += halved(values, place)
    return total


def kernel_with(patience: float) -> Kernel:
    """A kernel that has been interpreted before, and will be for so many seconds more."""
    kernel = compiled(sum_halves)
    assert isinstance(kernel, Kernel)
    kernel.patience = patience
    return kernel


def test_a_kernel_is_interpreted_until_it_has_worked_for_long() -> None:
    values, kernel = np.arange(100) / 7, kernel_with(0.05)
    interpreted = kernel(values)
    assert not kernel.overloads and kernel.patience < 0.05
    while kernel.patience > 0:
        assert kernel(values) == interpreted and not kernel.overloads
    assert kernel(values) == interpreted and kernel.overloads


def test_a_kernel_that_is_about_to_work_for_long_is_compiled_at_once() -> None:
    kernel = kernel_with(1_000.0)
    assert kernel(np.ones(10)) == 5 and not kernel.overloads
    assert kernel(np.ones(compiling.LONG + 1)) == (compiling.LONG + 1) / 2 and kernel.overloads


def test_one_that_is_kept_is_loaded_sooner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    patience = []
    for _ in range(2):
        kernel = compiled(sum_halves)
        kernel(np.ones(2))
        patience.append(kernel.patience)
        with interpreted_for(0):
            kernel(np.ones(2))
    assert patience[1] <= compiling.LOAD_AFTER < patience[0] <= compiling.COMPILE_AFTER


def test_only_what_is_compiled_is_announced_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class AtOnce:
        daemon = True

        def __init__(self, seconds, announce):
            self.start, self.cancel = announce, lambda: None

    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compiling.threading, "Timer", AtOnce)
    compiling._announce.cache_clear()
    for _ in range(2):
        with interpreted_for(0):
            compiled(sum_halves)(np.ones(2))
        assert caplog.messages == [compiling.NOTICE]
    with interpreted_for(0):
        compiled(sum_halves)(np.ones(2))
    compiling._announce.cache_clear()
    with interpreted_for(0):
        compiled(sum_halves)(np.ones(2))  # is loaded: nothing is said
    assert caplog.messages == [compiling.NOTICE]


def test_little_of_a_short_limit_is_spent_on_interpreting() -> None:
    kernel = kernel_with(4.0)
    hurry(kernel, Deadline.of(8))
    assert 0.9 < kernel.patience <= 1.0
    hurry(kernel, Deadline.of(800))
    hurry(kernel, NEVER)
    assert kernel.patience <= 1.0
    hurry(kernel, Deadline(0))
    assert kernel(np.ones(3)) == 1.5 and kernel.overloads


def test_how_kernels_are_run_is_set_for_one_thread_alone() -> None:
    before, after, kernel = threading.Event(), threading.Event(), kernel_with(4.0)

    def other() -> None:
        with interpreted_for(0):
            before.set()
            after.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    before.wait(60)
    assert kernel(np.ones(3)) == 1.5 and not kernel.overloads
    after.set()
    thread.join()


class Sample(NamedTuple):
    """What a kernel is handed over."""

    numbers: np.ndarray
    places: np.ndarray
    table: np.ndarray
    enabled: bool
    factor: float
    count: int


@inner
def weighed_sum(sample, sign):
    total = 0.0
    for place in sample.places:
        total += sign * sample.factor * sample.numbers[place]
    return total


def sums(sample, other):
    """A sum into the table of one tuple, with the numbers of another."""
    for row in range(sample.count):
        if sample.enabled:
            sample.table[row, 0] += weighed_sum(sample, 1)
            sample.table[row, 1] += weighed_sum(other, -row)
    return sample.table[:, 1].sum()


def two_samples() -> tuple[Sample, Sample]:
    numbers = np.arange(5.0)
    first = Sample(numbers, np.array([0, 3, 3, 1]), np.zeros((3, 2)), True, 0.5, 3)
    return first, first._replace(numbers=numbers[1:], places=np.array([2]), table=np.zeros((0, 2)), factor=4.0)


def test_kernels_read_the_fields_of_named_tuples_and_own_nothing() -> None:
    (first, second), expected = two_samples(), two_samples()
    kernel = compiled(sums)
    with interpreted_for(0):
        total = kernel(first, second)
    assert kernel.overloads and total == sums(*expected) == -36.0
    assert np.array_equal(first.table, expected[0].table) and first.table.any()
    arrays = [field for sample in (first, second) for field in sample if isinstance(field, np.ndarray)]
    before = [sys.getrefcount(array) for array in arrays]
    with interpreted_for(0):
        for _ in range(100):
            kernel(first, second)
    assert [sys.getrefcount(array) for array in arrays] == before


def test_a_part_of_a_kernel_is_compiled_once_whatever_constants_it_is_given() -> None:
    @inner
    def times(x, factor):
        return x * factor

    @compiled
    def twice_and_thrice(x):
        factor = 2
        if x > 1.0:
            factor = 3
        return times(x, 2) + times(x, factor)

    with interpreted_for(0):
        assert twice_and_thrice(2.0) == 10.0
    assert len(times.overloads) == 1


def test_machine_code_is_made_of_kernels_alone_and_kept_with_their_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    translate = JITCodeLibrary._finalize_specific

    def record(library: JITCodeLibrary) -> None:
        made.append(library.name.split(".")[-1])
        translate(library)

    @inner
    def square(x):
        return x * x

    def fourth_power(x):
        return square(square(x))

    monkeypatch.setattr(JITCodeLibrary, "_finalize_specific", record)
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    with interpreted_for(0):
        assert compiled(fourth_power)(3.0) == 81.0
        assert "fourth_power" in made and "square" not in made and square.overloads
        assert compiled(fourth_power)(3.0) == 81.0  # from the cache


def test_no_garbage_is_looked_for_during_compilation_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    kernel = compiled(lambda x: x + 1)
    compile_for = kernel._compiler.compile
    monkeypatch.setattr(kernel._compiler, "compile", lambda *types: seen.append(gc.isenabled()) or compile_for(*types))
    with interpreted_for(0):
        assert kernel(1) == 2
    assert seen == [False] and gc.isenabled()


def test_what_an_operator_does_to_types_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    find = Function.get_call_type

    def record(function: Function, *arguments: object) -> object:
        asked.append(function.typing_key)
        return find(function, *arguments)

    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    with interpreted_for(0):
        assert compiled(lambda a: a[0] * a[1] + 1)(np.arange(3)) == 1
        monkeypatch.setattr(Function, "get_call_type", record)
        assert compiled(lambda a: a[1] * a[0] + 1)(np.arange(3)) == 1
    assert not {mul, getitem} & set(asked)


def test_a_kernel_that_is_given_up_is_compiled_no_further_and_may_be_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    @inner
    def half_of(x):
        return x / 2

    @inner
    def third_of(x):
        return x / 3

    kernel = compiled(lambda x: half_of(x) + third_of(x))
    compile_for = half_of._compiler.compile
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(half_of._compiler, "compile", lambda *types: begun.append(types) or compile_for(*types))
    with interpreted_for(0):
        with wanted_unless(lambda: bool(begun)), pytest.raises(DeadlinePassedError):
            kernel(6.0)
        assert begun and not kernel.overloads and not third_of.overloads
        assert kernel(6.0) == 5.0
