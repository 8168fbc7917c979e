"""Small files that describe something huge end in one line, and take no more than the budget of importers."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huge_models import HUGE
from onnx_models import pooled, saved

from relugeom.importers.budget import BYTES

BASE = 400_000_000
"""What a process takes before it reads anything, generously."""
NAMED = ("concat", "concat of relus", "many products", "many quotients", "empty nodes", "zeros")


def read_alone(paths: list[Path], *, limit: int, share: float) -> list[dict[str, Any]]:
    """How reading each of them ends, in a process of its own with so much memory and that part of the budget."""
    script = Path(__file__).with_name("read_alone.py")
    command = [sys.executable, str(script), str(limit), str(share), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    return [json.loads(line) for line in done.stdout.splitlines()]


def written(names: tuple[str, ...], folder: Path) -> list[Path]:
    places = [folder / str(number) for number in range(len(names))]
    for place in places:
        place.mkdir()
    return [HUGE[name](place) for name, place in zip(names, places, strict=True)]


def check(names: tuple[str, ...], ended: list[dict[str, Any]], *, memory: float, seconds: float) -> None:
    for name, end in zip(names, ended, strict=True):
        assert end["code"] == 2, (name, end)
        assert end["out"] == "", (name, end)
        assert len(end["err"].splitlines()) == 1, (name, end)
        assert end["err"].startswith("relugeom: "), (name, end)
        assert "there is not enough memory" not in end["err"], (name, end)
        assert end["memory"] < memory, (name, end)
        assert end["seconds"] < seconds, (name, end)


@pytest.mark.slow
def test_every_way_to_describe_something_huge_is_stopped_by_the_budget(tmp_path: Path) -> None:
    """With a small part of the budget, so that the law is tested and not the memory of this machine."""
    share, names = 1 / 16, tuple(HUGE)
    ended = read_alone(written(names, tmp_path), limit=2 * 10**9, share=share)
    check(names, ended, memory=BASE + 10**9, seconds=30)


def test_with_the_whole_budget_a_few_gigabytes_are_enough(tmp_path: Path) -> None:
    ended = read_alone(written(NAMED, tmp_path), limit=4 * 10**9, share=1.0)
    check(NAMED, ended, memory=BASE + 1.2 * BYTES, seconds=60)


def test_a_network_with_poolings_over_an_image_needs_a_part_of_the_budget(tmp_path: Path) -> None:
    (ended,) = read_alone([saved(pooled(28, (4, 8)), tmp_path)], limit=2 * 10**9, share=1 / 4)
    assert ended["code"] == 0, ended
    assert "inputs           784" in ended["out"], ended
    assert ended["memory"] < BASE + 10**9, ended
    assert ended["seconds"] < 30, ended


def test_memory_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    np.savez(path, W0=np.random.default_rng(0).normal(size=(2000, 4000)), b0=np.zeros(2000))
    (ended,) = read_alone([path], limit=4 * 10**7, share=1.0)
    assert ended["code"] == 2, ended
    assert ended["err"].startswith("relugeom: there is not enough memory"), ended
    assert len(ended["err"].splitlines()) == 1
    (ended,) = read_alone([path], limit=10**9, share=1.0)
    assert ended["code"] == 0, ended
