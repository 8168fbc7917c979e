"""The command line in this process, and small files for it."""

import io
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from budgets import SHORT

from relugeom.budget import Budget
from relugeom.cli import main
from relugeom.importers.npz import write_npz
from relugeom.network.network import ReLUNetwork

TITANIC = Path(__file__).resolve().parents[1] / "examples" / "titanic"


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


def run_command(capsys: pytest.CaptureFixture[str], *arguments: object, budget: Budget = SHORT) -> Ended:
    """Run one verb."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments], budget=budget)
    printed = capsys.readouterr()
    return Ended(int(ended.value.code or 0), printed.out, printed.err)


def run_captured(*arguments: object) -> Ended:
    """Run one verb where no test captures what is printed: in fixtures that several tests share."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments], budget=SHORT)
    return Ended(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def assert_refused(ended: Ended, *words: str) -> None:
    """Exit code 2, and nothing printed but one clear line on the error stream."""
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.endswith("\n")
    assert ended.err.startswith("relugeom: ")
    assert len(ended.err.splitlines()) == 1, ended.err
    for word in words:
        assert word in ended.err


def small_network(*sizes: int, seed: int = 1, **settings: object) -> ReLUNetwork:
    """Random network; sizes from inputs to outputs."""
    random = np.random.default_rng(seed)
    layers = [(random.normal(size=(m, n)), random.normal(size=m)) for n, m in pairwise(sizes)]
    weights, biases = zip(*layers, strict=True)
    return ReLUNetwork(weights=weights, biases=biases, **settings)  # type: ignore[arg-type]


def write_network(path: Path, network: ReLUNetwork) -> Path:
    """The network as a file."""
    write_npz(network, path)
    return path


def write_rows(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    """A CSV file of names and numbers that need no quotes."""
    lines = [",".join(header), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder below a folder, with what the files hold."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}
