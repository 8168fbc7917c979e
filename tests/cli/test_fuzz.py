"""Hundreds of files that are nearly right: an answer or one line, soon, in little memory, and without a warning."""

import io
import resource
import time
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random

import pytest
from budgets import SHORT
from fuzz_cases import Format, formats

from relugeom.cli import main

MUTANTS, SEEDS = 60, 20_000
"""Files of each format."""
SECONDS, MEGABYTES, LONGEST = 2.0, 500, 2100
CUTS, CUT = 50, ("csv", "toml", "vnnlib", "json", "nnet", "npz", "onnx", "safetensors")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutants")


@pytest.fixture(scope="module")
def known(place: Path) -> dict[str, Format]:
    return formats(place)


def peak() -> float:
    """The most memory that this process ever had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def check(case: Format, content: bytes, label: str) -> int:
    """Read one file; its exit code."""
    Path(case.name).write_bytes(content)
    out, err, before, start = io.StringIO(), io.StringIO(), peak(), time.process_time()
    with redirect_stdout(out), redirect_stderr(err), warnings.catch_warnings(), pytest.raises(SystemExit) as ended:
        warnings.simplefilter("error")
        main(list(case.arguments), budget=SHORT)
    code, said = int(ended.value.code or 0), err.getvalue()
    assert time.process_time() - start <= SECONDS, label
    assert peak() - before <= MEGABYTES, label
    assert code in case.codes, label
    if code == 2:
        assert out.getvalue() == "", label
        assert said.startswith("relugeom: "), label
        assert said.count("\n") == 1, label
        assert len(said) <= LONGEST, label
    return code


NAMES = (
    "csv",
    "toml",
    "groups",
    "vnnlib",
    "json",
    "nnet",
    "npz",
    "onnx",
    "operators",
    "safetensors",
    "keras",
    "h5",
    "torch",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_mutants(name: str, place: Path, known: dict[str, Format], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    assert set(NAMES) == set(known)
    case = known[name]
    assert check(case, case.content, name) != 2
    codes = {check(case, case.mutate(Random(seed)), f"{name}, seed {seed}") for seed in range(SEEDS, SEEDS + MUTANTS)}
    assert {0, 2} <= codes  # some were still right


@pytest.mark.slow
@pytest.mark.parametrize("name", CUT)
def test_files_that_end_early(
    name: str, place: Path, known: dict[str, Format], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    case = known[name]
    for end in range(0, len(case.content) - 1, -(-len(case.content) // CUTS)):
        code = check(case, case.content[:end], f"{name}, the first {end} bytes")
        assert code == 2 or name in ("csv", "toml", "vnnlib", "onnx"), end  # those may be whole before their end
    (place / "domain.toml").unlink(missing_ok=True)
