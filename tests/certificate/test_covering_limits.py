"""What a covering tree can make the checker do: work and memory follow the bytes of its file."""

import time

import hand_covering as cover
import pytest
from hand_covering import RISE, covering, over
from hand_written import Written, ended, excluded
from limits import peak_memory
from test_checker_limits import PLANES, WIDE, planes, wide

from relugeom.checker import Refused, Walk

DEEP = [(0, planes(WIDE)), (0, [[1] * PLANES + [0]] * WIDE), (0, [[0] * WIDE + [0]])]
"""A few units of many inputs, and many units above them."""
FAN = [(0, [[1, k] for k in range(WIDE)]), (0, [[0] * (WIDE + 1)])]
"""Many units of one input."""
BROAD = [(0, [[1] + [0] * WIDE]), (0, [[1, 0]])]
"""One unit of many inputs."""
LINE = {**cover.LINE, "exponent": 40, "inputs": [["c", 0, 1 << 40, ""]]}


def units(count: int, first: int = 0) -> str:
    return " ".join(f"{first + k:x}" for k in range(count))


def halving(count: int, lines: list[str]) -> list[str]:
    """Ever smaller boxes on one path, each with these lines."""
    return [line for k in range(count) for line in (f"b 0 {1 << 39 - k:x}", *lines)]


def never(inputs: int, outputs: int = 1) -> dict:
    return over(" ".join(["-1"] + ["0"] * (inputs + outputs)))


FILES = {
    "n, high up": covering(never(WIDE), [DEEP], [f"n {units(WIDE, PLANES)}"], (0, 0), "8 8", wide(WIDE)),
    "n, on a long path": covering(never(1), [FAN], halving(12, [f"n {units(WIDE)}"]), (0, 0), "44c", LINE),
    "n, with long weights": covering(
        never(1),
        [[(1000, [[1 << 1000, 1]] * 40), (1000, [[1 << 1000] * 41] * 40), (0, [[0] * 41])]],
        ["n " + units(80)],
        (0, 0),
        "8 8",
        LINE,
    ),
    "d": covering(never(WIDE), [DEEP], ["s 0", "d 1 8 1" + " 0 1" * 30_000], (0, 0), "8 8", wide(WIDE)),
    "a": covering(never(1), [FAN], ["a" + " 0 1" * 30_000] * 2, (0, 0), "8", LINE),
    "c": covering(
        never(WIDE),
        [BROAD],
        ["c 0" + " 1 1" * 30_000],
        (0, 0),
        "8",
        wide(WIDE, at_most=[[1] * (WIDE + 1)]),
    ),
    "e": covering(never(WIDE), [DEEP], ["s 0", "e" + " 0 1" * 30_000], (0, 0), "8 8", wide(WIDE)),
    "c, on a long path": covering(
        excluded([[[True, "0", "-1" + " 0" * (WIDE + 1)]] * 30], scope="admissible"),
        [BROAD],
        [f"k {k % WIDE:x} 0" if k % 2 else f"b {k % WIDE:x} 0" for k in range(1000)] + ["c " + "0 " * 29 + "1"],
        (0, 0),
        "8",
        wide(WIDE, "i"),
    ),
    "g": covering(
        RISE,
        [[(0, planes(WIDE)), (0, [[1] * PLANES + [0]])]],
        [line for _ in range(900) for line in ("b 0 0", "g")],
        (0, 0),
        "8",
        wide(WIDE),
    ),
    "b, in a large group": covering(
        never(WIDE),
        [BROAD],
        ["b 0 1"] * 1000,
        (0, 0),
        "8",
        wide(WIDE, "b", groups=[list(range(WIDE))]),
    ),
    "long sides": covering(
        never(1), [FAN], [f"b 0 {(1 << 1000) + k:x}" for k in range(200)] + [f"n {units(WIDE)}"], (0, 0), "8", LINE
    ),
    "many layers": covering(
        never(1), [[(1100, [[1 << 1100, 0]])] * 900], ["n " + units(100, 799)], (0, 0), " ".join(["44c"] * 899), LINE
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_work_and_memory_follow_the_bytes(name, tmp_path):
    path, content = tmp_path / "c", FILES[name].content()
    assert 4_000 < len(content) < 700_000
    path.write_bytes(content)
    start = time.process_time()
    peak = peak_memory(lambda: ended(path))
    assert peak < 8_000_000 + 250 * len(content), f"{peak:,} bytes for {len(content):,}"
    assert time.process_time() - start < 20


@pytest.mark.parametrize("name", FILES)
def test_steps_are_counted(name, tmp_path):
    """What a file asks for is charged before it is done: it ends where its share does, not later."""
    (tmp_path / "c").write_bytes(FILES[name].content())
    with (tmp_path / "c").open("rb") as file:
        try:
            walk = Walk(file)
        except Refused as error:
            assert "too much memory" in str(error)
            return
        walk.cell.work = 1_000
        told = "ends too early" if name == "a" else "more steps"  # slopes that are set cost nothing
        with pytest.raises(Refused, match=f"{told}|not a line"):
            walk.run(walk.claim.trees[0][0])
        assert (walk.cell.work < 0) == (name != "a")


@pytest.mark.parametrize("name", cover.ALL_COVERING)
def test_honest_covering_trees_use_a_small_part_of_their_share(name, tmp_path):
    written: Written = cover.ALL_COVERING[name]()
    (tmp_path / "c").write_bytes(written.content())
    with (tmp_path / "c").open("rb") as file:
        walk = Walk(file)
        before = walk.cell.work
        walk.run(walk.claim.trees[0][0])
    assert before - walk.cell.work < (tmp_path / "c").stat().st_size


def test_a_wide_network_may_ask_for_more(tmp_path):
    """Each byte is worth two products with every weight: a row of back-substitution per unit that a line names."""
    (tmp_path / "c").write_bytes(FILES["n, high up"].content())
    with (tmp_path / "c").open("rb") as file:
        walk = Walk(file)
    weights = PLANES * (WIDE + 1) + WIDE * (PLANES + 1) + WIDE + 1
    assert walk.cell.work == (1 << 26) + 2 * weights * (tmp_path / "c").stat().st_size
