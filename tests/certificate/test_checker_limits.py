"""What a file can make the checker do: work and memory follow its bytes, whatever it declares and its lines ask for."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import hand_written as hand
import pytest
from hand_written import Written, ended, excluded, header, patterns
from limits import peak_memory

from relugeom import checker
from relugeom.checker import COMMAS, LISTS, Refused, Rejected, Walk, check

TRUNCATED = {"kind": "partition", "status": "truncated"}
PLANES, WIDE = 6, 600
"""Units of a first layer; inputs, or units of a second layer."""


def wide(inputs: int, kind: str = "c", **rows) -> dict:
    return {**hand.LINE, "inputs": [[kind, -1, 1, ""]] * inputs, **rows}


def planes(inputs: int) -> list[list[int]]:
    return [[int(i == j) for i in range(inputs)] + [0] for j in range(PLANES)]


DEEP = [(0, planes(WIDE)), (0, [[1] * PLANES + [0]] * WIDE), (0, [[0] * WIDE + [0]])]
"""A few units of many inputs, and many units above them: a whole layer of forms has WIDE² coefficients."""


def every_path(leaf: list[str]) -> list[str]:
    """All patterns of the first layer, each with the same leaf."""
    lines, waiting = [], [0]
    while waiting:
        depth = waiting.pop()
        lines += leaf if depth == PLANES else [f"s {depth:x}"]
        waiting += [depth + 1] * 2 * (depth < PLANES)
    return lines


def one_set(inputs: int, outputs: int = 1, copies=()) -> dict:
    row = " ".join(["0"] * (1 + inputs + outputs))
    return excluded([[[True, "0", row]]], copies=copies)


def greedy_files() -> Iterator[tuple[str, Written]]:
    """For each kind of line, one that asks for much in few bytes; and headers that declare much."""
    one, slope = (
        [(0, [[1] + [0] * WIDE]), (0, [[1, 0]])],
        {"kind": "monotone", "output": "0", "input": "0", "direction": "1"},
    )
    fan = {**hand.LINE, "inputs": [["c", 0, 9_999, ""]]}
    many = [(0, [[1, i + 1] for i in range(WIDE)]), (0, [[0] * (WIDE + 1)])]
    proved = [(0, [[0] * (WIDE + 1)] * PLANES), (0, [[0] * (PLANES + 1)] * WIDE), (0, [[0] * (WIDE + 1)])]
    rows = " ".join(["0 1"] * 30_000)
    yield "u", Written(header(TRUNCATED, DEEP, domain=wide(WIDE)), every_path(["u"]), (0, 2**PLANES, 0, 0))
    above = [f"s {PLANES:x}", "u", "u"]
    yield "s", Written(header(TRUNCATED, DEEP, domain=wide(WIDE)), every_path(above), (0, 2 ** (PLANES + 1), 0, 0))
    proofs = [f"0 {unit:x} 1" for unit in range(PLANES + WIDE)]
    yield "0", Written(header(TRUNCATED, proved, domain=wide(WIDE)), [*proofs, "u"], (0, 1, len(proofs), 0))
    yield "1", Written(header(TRUNCATED, DEEP, domain=wide(WIDE)), ["1 0 1 " + rows], (0, 0, 1, 0))
    yield "e", Written(header(one_set(WIDE), one, domain=wide(WIDE)), ["s 0", "e " + rows, "e"], (0, 0, 0, 2))
    yield "c", Written(header(one_set(WIDE), one, domain=wide(WIDE)), ["s 0", "c 0 " + rows, "c 0"], (0, 0, 0, 2))
    outputs = [(0, [[1] + [0] * WIDE]), (0, [[1, 0]] * WIDE)]
    yield (
        "c, outputs",
        Written(header(one_set(WIDE, WIDE), outputs, domain=wide(WIDE)), ["s 0", "c 0", "c 0"], (0, 0, 0, 2)),
    )
    above = [(0, planes(WIDE)), (0, [[1] * PLANES + [0]] * WIDE)]
    yield "g", Written(header(slope, above, domain=wide(WIDE)), every_path(["g"]), (0, 0, 0, 2**PLANES))
    relaxed = [f"r {unit:x} -1 1\n1\n1" for unit in range(PLANES)]
    yield (
        "r",
        Written(header(one_set(WIDE), [above[0], (0, [[1] * PLANES + [0]])], domain=wide(WIDE)), relaxed, (0,) * 4),
    )
    claim, walk = patterns(*[("1" * WIDE, "region")] * 20), [f"t {unit:x}" for unit in range(WIDE)]
    yield "t", Written(header(claim, many, domain=fan), [*walk, "p 1 1"] * 20, (0, 0, 0, 20))
    yield (
        "p",
        Written(header({**TRUNCATED}, many, domain=fan), [f"1 {k:x} 1" for k in range(WIDE)] + ["p 1 1"], (0,) * 4),
    )
    claim = patterns(("1", "flat"))
    point = "f 1 " + " ".join(["0"] * WIDE)
    yield "f", Written(header(claim, one, domain=wide(WIDE)), ["t 0", point, rows], (0, 0, 0, 1))
    long = [True, "0", " ".join(["-1"] + ["0"] * WIDE + [f"{(1 << 4_000) - 1:x}"])]
    last = [(0, planes(WIDE)), (0, [[1] * PLANES + [0]])]
    leaf = ["c " + " ".join(["1"] * 40)]
    yield (
        "c, long",
        Written(header(excluded([[long] * 40]), last, domain=wide(WIDE)), every_path(leaf), (0, 0, 0, 2**PLANES)),
    )
    admissible = excluded([[[True, "0", " ".join(["0"] * (WIDE + 2))]]], scope="admissible")
    branches = [f"k {k % WIDE:x} 0" for k in range(1_000)]
    yield "k", Written(header(admissible, one, domain=wide(WIDE, "i")), [*branches, "e"], (0, 0, 0, 1))
    yield "m", Written(header(TRUNCATED, many, domain=fan), ["m " + "-" * WIDE, "u"], (0, 1, 0, 0))
    broad = [(0, [[1] + [0] * 8_000]), (0, [[1, 0]])]
    yield "many inputs", Written(header(TRUNCATED, broad, domain=wide(8_000)), ["s 0", "u", "u"], (0, 2, 0, 0))
    groups = {"groups": [[0]] * 20_000}
    yield (
        "many groups",
        Written(header(TRUNCATED, broad, domain=wide(8_000, "b", **groups)), ["s 0", "u", "u"], (0, 2, 0, 0)),
    )
    own = " ".join(f"{k:x}" for k in range(8_000))
    claim = one_set(16_000, 2, [["0", own]])
    yield "a copy of many inputs", Written(header(claim, broad, domain=wide(8_000)), ["s 0"], (0,) * 4)


GREEDY = dict(greedy_files())


@pytest.mark.parametrize("name", GREEDY)
def test_work_and_memory_follow_the_bytes(name, tmp_path):
    path, content = tmp_path / "c", GREEDY[name].content()
    assert 4_000 < len(content) < 700_000
    path.write_bytes(content)
    start = time.process_time()
    peak = peak_memory(lambda: ended(path))
    assert peak < 8_000_000 + 100 * len(content), f"{peak:,} bytes for {len(content):,}"
    assert time.process_time() - start < 20


@pytest.mark.parametrize("name", GREEDY)
def test_steps_are_counted(name, tmp_path):
    """What a file asks for is charged before it is done: it ends where its share does, not later."""
    path, content = tmp_path / "c", GREEDY[name].content()
    path.write_bytes(content)
    with path.open("rb") as file:
        walk = Walk(file)
        walk.cell.work = 1_000
        try:
            for status, text in walk.claim.trees:
                walk.run(status, text)
        except (Refused, Rejected) as error:
            assert walk.cell.work >= 0 or "more steps than a file of this size may" in str(error)
        else:
            assert walk.cell.work >= 0
    if name in ("s", "0", "1", "e", "c", "g", "r", "t", "f"):
        assert walk.cell.work < 0


def test_a_leaf_that_asks_for_no_form_costs_none(tmp_path):
    (tmp_path / "c").write_bytes(GREEDY["u"].content())
    with (tmp_path / "c").open("rb") as file:
        walk = Walk(file)
        before = walk.cell.work
        walk.run("truncated")
    assert before - walk.cell.work < 20 * 2**PLANES * WIDE  # of each unit below its own form, of those above none


def test_coefficients_are_charged_by_their_length(tmp_path):
    (tmp_path / "c").write_bytes(GREEDY["c, long"].content())
    with (tmp_path / "c").open("rb") as file:
        assert Walk(file).problem.price > 3


@pytest.mark.parametrize("inputs, below, above", [(2_500, 8, 2_500), (3_000, 4, 2_700)])
def test_forms_count_with_what_python_needs_for_them(inputs, below, above, tmp_path):
    """Short coefficients take more for their objects than for their digits."""
    layers = [(0, [[1] * (inputs + 1)] * below), (0, [[1] * (below + 1)] * above), (0, [[0] * (above + 1)])]
    (tmp_path / "c").write_bytes(Written(header(TRUNCATED, layers, domain=wide(inputs)), ["u"], (0,) * 4).content())
    with pytest.raises(Refused, match="too much memory"):
        check(tmp_path / "c")


def test_honest_certificates_use_a_small_part_of_their_share(tmp_path):
    for name, written in hand.ALL.items():
        (tmp_path / name).write_bytes(written().content())
        with (tmp_path / name).open("rb") as file:
            walk = Walk(file)
            before = walk.cell.work
            for status, text in walk.claim.trees:
                walk.run(status, text)
        assert before - walk.cell.work < 5 * (tmp_path / name).stat().st_size


@pytest.mark.parametrize("value", ["[]", "{}", "0", '""', "[[]]", "1e5", "null"])
def test_values_of_a_header_are_counted_before_they_are_read(value, tmp_path):
    """Lists and objects take more memory than other values, and there may be fewer of them."""
    count = LISTS + 1 if value[0] in "[{" else COMMAS + 2
    text = '{"format": [' + ", ".join([value] * count) + "]}\n"
    (tmp_path / "c").write_text(text)
    told: list[BaseException | None] = []
    peak = peak_memory(lambda: told.append(ended(tmp_path / "c")))
    assert isinstance(told[0], Refused) and "too long" in str(told[0])
    assert peak < 1_000_000 + 4 * len(text)


def test_what_is_no_regular_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "c").write_bytes(hand.fold_partition().content())
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        for arguments in ([path], [tmp_path / "c", path]):
            with pytest.raises(Refused, match="no regular file"):
                check(*arguments)
        with pytest.raises(Refused, match="no regular file"):
            checker.read_index(path)
