"""Marks, subtrees that are checked by themselves, and the forms that are kept from one path to the next."""

import random
from io import BytesIO
from itertools import pairwise

import hand_written as hand
import numpy as np
import pytest
from hand_written import Written, header
from hypothesis import given
from hypothesis import strategies as st
from networks import he_network

from relugeom import checker
from relugeom.certificate.partition import certify_partition
from relugeom.checker import Refused, Rejected, check, check_subtrees, read_index
from relugeom.geometry.domain import Domain
from relugeom.search.enumeration import enumerate_regions


def marked() -> Written:
    """The partition of `deep_partition` with a mark in front of either half."""
    base = hand.deep_partition()
    lines = ["s 0", "m 0--", *base.lines[1:5], "m 1--", *base.lines[5:]]
    return base._replace(lines=lines)


MARKS = [(1, 5), (6, 10)]


def write(path, written: Written, marks=MARKS):
    path.write_bytes(written.content(marks=marks))
    return path


def test_subtrees_may_be_checked_by_themselves(tmp_path):
    path = write(tmp_path / "c", marked())
    whole = check(path)
    index = read_index(path)
    done = check_subtrees(path, *index)
    assert [(text, counts) for _, _, text, counts in done] == [("0--", [2, 0, 1, 0]), ("1--", [2, 0, 1, 0])]
    assert whole["skipped"] == [] and whole["regions"] == 4
    for part in ([], done[:1], done[1:], done, done[::-1]):
        found = check(path, done=part)
        assert sorted(found["skipped"]) == sorted(text for _, _, text, _ in part)
        assert {**found, "skipped": [], "seconds": 0} == {**whole, "seconds": 0}


def test_a_mark_under_a_proof_names_it(tmp_path):
    """s is for a unit that is proved to be inactive: at a leaf below, its z may be 0."""
    zero = [(0, [[0, 0], [1, 0]]), (0, [[1, 1, 0]])]
    claim = {"kind": "partition", "status": "complete"}
    written = Written(header(claim, zero), ["0 0 1", "s 1", "m s0", "p 2 -1", "m s1", "p 2 1"], (2, 0, 1, 0))
    path = write(tmp_path / "c", written, [(2, 3), (4, 5)])
    done = check_subtrees(path, *read_index(path))
    assert check(path, done=done)["skipped"] == ["s0", "s1"]
    path = write(path, written._replace(lines=["0 0 1", "s 1", "m 00", "p 2 -1", "m s1", "p 2 1"]), [(2, 3), (4, 5)])
    with pytest.raises(Refused, match="path of a mark is not the path to it"):
        check(path)
    with pytest.raises(Rejected, match="hyperplane"):
        check_subtrees(path, read_index(path)[0])


@pytest.mark.parametrize(
    "marks", [[], MARKS[:1], [*MARKS, MARKS[0]], MARKS[::-1], [(1, 4), (6, 10)], [(2, 5), (6, 10)], [(1, 10), (6, 10)]]
)
def test_an_index_that_differs_from_the_tree_is_refused(marks, tmp_path):
    with pytest.raises(Refused, match="index or the last line"):
        check(write(tmp_path / "c", marked(), marks))


@pytest.mark.parametrize("text", ["-0-", "0", "0---", "1--", "s--", "01-", ""])
def test_a_mark_with_another_path_is_refused(text, tmp_path):
    written = marked()
    written.lines[1] = f"m {text}"
    path = write(tmp_path / "c", written)
    with pytest.raises(Refused, match="path of a mark is not the path to it"):
        check(path)
    with pytest.raises((Refused, Rejected)):  # or the answer does not fit
        check(path, done=check_subtrees(path, *read_index(path)))


def test_marks_do_not_nest(tmp_path):
    written = marked()
    written.lines.insert(3, "m 01-")
    path = write(tmp_path / "c", written, [(1, 6), (3, 6), (7, 11)])
    with pytest.raises(Refused, match="a mark lies within another"):
        check(path)
    with pytest.raises(Refused, match="a mark lies within another"):
        check_subtrees(path, read_index(path)[0])


def test_a_subtree_is_exactly_the_bytes_between_its_marks(tmp_path):
    path = write(tmp_path / "c", marked())
    begin, end = read_index(path)[0]
    for start, stop in ((begin, end - 1), (begin, end + 1), (begin + 1, end), (begin - 1, end), (0, end), (end, end)):
        with pytest.raises(Refused):
            check_subtrees(path, (start, stop))


def test_only_marks_of_partitions_can_be_checked_by_themselves(tmp_path):
    (tmp_path / "c").write_bytes(hand.fold_bound().content())
    with pytest.raises(Refused, match="there are no marks"):
        check_subtrees(tmp_path / "c", (400, 500))
    path = write(tmp_path / "c", marked())
    with pytest.raises(Refused, match="there are no marks"):
        check_subtrees(path, (3, read_index(path)[0][1]))
    written = marked()
    written.lines[1] = "m 0-"
    path = write(path, written)
    with pytest.raises(Refused, match="begins with its mark"):
        check_subtrees(path, read_index(path)[0])


def test_several_subtrees_cost_one_header_and_no_byte_twice(tmp_path, monkeypatch):
    path, headers, read_claim = write(tmp_path / "c", marked()), [], checker.read_claim
    monkeypatch.setattr(checker, "read_claim", lambda *header: (headers.append(1), read_claim(*header))[1])
    first, second = read_index(path)
    both = check_subtrees(path, first, second)
    assert len(headers) == 1
    assert both == check_subtrees(path, first) + check_subtrees(path, second)
    for spans in ((first, first), (second, first), (first, second, second)):
        with pytest.raises(Refused, match="out of order"):
            check_subtrees(path, *spans)


def test_answers_that_are_not_the_file_s_do_not_help(tmp_path):
    path = write(tmp_path / "c", marked())
    (begin, end), (start, stop) = read_index(path)
    first, second = check_subtrees(path, (begin, end), (start, stop))
    wrong = [(begin, end, "1--", first[3]), (begin, stop, *first[2:]), (begin, end, "0--", [3, 0, 1, 0]),
             (begin, begin, *first[2:]), (begin, end + 1, *first[2:])]  # fmt: skip
    for answer in wrong:
        with pytest.raises(Refused):
            check(path, done=[answer, second])
    assert check(path, done=[(0, 5, "0--", [1, 1, 1, 1]), second])["skipped"] == ["1--"]  # where there is no mark


def test_marks_of_the_prover_cover_the_same_tree(tmp_path):
    network = he_network(3, 4, 10, 8, 1)
    certify_partition(enumerate_regions(network, Domain.box([-1.0] * 4, [1.0] * 4)), tmp_path / "c")
    whole = check(tmp_path / "c")
    done = check_subtrees(tmp_path / "c", *read_index(tmp_path / "c"))
    found = check(tmp_path / "c", done=done)
    keys = ("proved", "networks", "domain", "regions", "unexplored", "proofs", "closed")
    assert [found[key] for key in keys] == [whole[key] for key in keys]
    assert len(found["skipped"]) == len(done)


@given(st.integers(0, 10_000), st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 3))
def test_forms_that_are_kept_are_those_of_the_path(seed, widths, inputs):
    """Random walks down and up; a relaxed unit's variable is one more input of the layers above."""
    rng = random.Random(seed)
    sizes = [inputs, *widths, 2]
    layers = [
        (rng.randrange(3), [[rng.randrange(-9, 10) for _ in range(n + 1)] for _ in range(m)])
        for n, m in pairwise(sizes)
    ]
    domain = {**hand.LINE, "inputs": [["c", -1, 1, "x"]] * inputs}
    row = " ".join(["0"] * (1 + inputs + 2 * 2))
    claim = hand.excluded([[[True, "0", row]]], copies=[["0", ""]])  # the same network once more, behind the first
    content = Written(header(claim, layers, domain=domain), [], (0, 0, 0, 0)).content()
    cell = checker.Walk(BytesIO(content)).cell
    depths = [0]
    for _ in range(60):
        undecided = [u for u in range(cell.units) if cell.bits[u] is None]
        if undecided and rng.random() < 0.8:
            here = [u for u in undecided if is_next(cell, u)]
            unit = rng.choice(here)
            form, bit = cell.form(unit), rng.choice((0, 1, 2))
            assert form == naive_forms(cell, layers)[unit]
            cell.decide(unit, form, bit)
            depths.append(len(cell.trail))
        else:
            cell.undo(rng.choice(depths[: len(cell.trail) + 1]) if rng.random() < 0.9 else 0)
            depths = [depth for depth in depths if depth <= len(cell.trail)]
    assert cell.level < len(cell.left) or cell.outputs() == naive_forms(cell, layers)["outputs"]


def is_next(cell, unit: int) -> bool:
    level = cell.levels[cell.level]
    return level.first <= unit < level.first + level.count


def naive_forms(cell, layers):
    """All forms under the present bits (0 where undecided), by multiplying out; times 2^scale."""
    found, outputs, unit, slots = {}, [], 0, cell.slots
    for _ in range(2):
        below = [np.array([0] + [j == k for j in range(slots - 1)], dtype=object) * 1 for k in range(cell.n)]
        exponent = 0
        for number, (e, rows) in enumerate(layers):
            constant = np.array([1] + [0] * (slots - 1), dtype=object)
            forms = [sum(w * form for w, form in zip(row, below, strict=False)) + constant * row[-1] * 2**exponent
                     for row in rows]  # fmt: skip
            exponent += e
            scaled = [[int(c) * 2 ** (cell.problem.scale - exponent) for c in form] for form in forms]
            if number == len(layers) - 1:
                outputs += scaled
                break
            below = []
            for form, own in zip(forms, scaled, strict=True):
                found[unit] = own
                variable = np.array([j == 1 + cell.n + unit for j in range(slots)], dtype=object) * 2**exponent
                below.append([form * 0, form, variable][cell.bits[unit] or 0])
                unit += 1
    return {**found, "outputs": outputs}
