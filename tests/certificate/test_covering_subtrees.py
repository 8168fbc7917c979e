"""Marked subtrees of covering trees: what is above them is checked again, and together they are the whole."""

import random
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import hand_covering as cover
import pytest
from cover_growing import grown
from cover_trees import tree_of
from hand_written import Written
from mutations import mutate, recount
from networks import he_network

from relugeom.certificate.claim import prepare_claim
from relugeom.certificate.cover_proof.settle import settle_cover
from relugeom.checker import Refused, Rejected, check, check_subtrees, read_index
from relugeom.claims.claim import OutputBound
from relugeom.claims.cover_tree import NodeKind
from relugeom.deadline import NEVER
from relugeom.geometry.domain import Domain

MUTANTS = 25
"""Of each base; the bases are below."""


def marked() -> Written:
    """|x| ≤ 1 on four parts of the domain: bounds of the first cut hold in both subtrees of the lower half."""
    lines = ["b 0 0", "n 0 1", "b 0 -1", "m", "c 1", "m", "c 1", "m", "n 0 1", "s 0", "c 1", "c 1"]
    return cover.halves()._replace(lines=lines, counts=(0, 0, 8, 4))


MARKS = [(3, 4), (5, 6), (7, 11)]


def write(path, written: Written, marks=MARKS):
    path.write_bytes(written.content(marks=marks))
    return path


def without_time(found):
    return {key: value for key, value in found.items() if key not in ("seconds", "skipped")}


def test_subtrees_may_be_checked_by_themselves(tmp_path):
    path = write(tmp_path / "c", marked())
    whole, index = check(path), read_index(path)
    done = check_subtrees(path, *index)
    assert [answer.counts for answer in done] == [[0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 4, 2]]
    assert done == [answer for span in index for answer in check_subtrees(path, span)]
    assert check_subtrees(path, index[0], index[2]) == [done[0], done[2]] and check_subtrees(path) == []
    for chosen in range(8):
        part = [answer for place, answer in enumerate(done) if chosen >> place & 1]
        found = check(path, done=[tuple(answer) for answer in part])
        assert without_time(found) == without_time(whole) and len(found["skipped"]) == len(part)


def test_the_golden_file_with_marks_is_still_accepted(tmp_path):
    golden = Path(__file__).with_name("golden") / "marked-3.cert"
    assert golden.read_bytes() == write(tmp_path / "c", marked()).read_bytes()
    assert check(golden, done=check_subtrees(golden, *read_index(golden)))["closed"] == 4


def test_a_mark_adds_nothing(tmp_path):
    """In front of any line that begins a subtree, or goes on with it; wherever else it stands, there is no subtree."""
    plain = cover.halves()
    for place in range(len(plain.lines)):
        lines = [*plain.lines[:place], "m", *plain.lines[place:]]
        end = {0: 5, 1: 3, 2: 3, 3: 5, 4: 5}[place]
        path = write(tmp_path / "c", plain._replace(lines=lines), [(place, end)])
        assert check(path)["closed"] == 2
        assert check(path, done=check_subtrees(path, *read_index(path)))["skipped"] == [""]


@pytest.mark.parametrize("line", ["m 0", "m 0 0", "m ", "m --"])
def test_marks_of_covering_trees_have_no_path(line, tmp_path):
    written = marked()
    written.lines[3] = line
    path = write(tmp_path / "c", written)
    for attempt in (lambda: check(path), lambda: check_subtrees(path, *read_index(path))):
        with pytest.raises(Refused):
            attempt()


def test_marks_do_not_nest(tmp_path):
    written = marked()
    written.lines.insert(0, "m")
    path = write(tmp_path / "c", written, [(0, 12), *((a + 1, b + 1) for a, b in MARKS)])
    with pytest.raises(Refused, match="a mark lies within another"):
        check(path)
    with pytest.raises(Refused, match="a mark lies within another"):
        check_subtrees(path, read_index(path)[0])


WRONG_INDEX = [
    [],
    MARKS[:2],
    MARKS[1:],
    [*MARKS, MARKS[2]],
    MARKS[::-1],
    [(3, 5), *MARKS[1:]],
    [(3, 6), *MARKS[1:]],
    [(3, 4), (5, 7), (7, 11)],
    [(3, 4), (5, 6), (7, 10)],
    [(3, 4), (4, 6), (7, 11)],
    [(3, 11), *MARKS[1:]],
]


@pytest.mark.parametrize("marks", WRONG_INDEX)
def test_an_index_that_differs_from_the_tree_is_refused(marks, tmp_path):
    """By the whole check, whichever answers it has: a process that skipped to a wrong END may give a wrong one."""
    path = write(tmp_path / "c", marked(), marks)
    with pytest.raises(Refused, match="index or the last line"):
        check(path)
    for step in (1, 2, 3):
        with pytest.raises((Refused, Rejected)):
            index = read_index(path)
            answers = [answer for start in range(step) for answer in check_subtrees(path, *index[start::step])]
            check(path, done=answers)


def test_spans_that_are_not_in_the_index_are_refused(tmp_path):
    path = write(tmp_path / "c", marked())
    first, second, third = read_index(path)
    begin, end = first
    for spans in (
        [(begin, end + 1)], [(begin, end - 1)], [(begin + 1, end)], [(end, end)], [(begin, third[1])], [(0, 5)],
        [second, first], [first, first], [first, second, second],
    ):  # fmt: skip
        with pytest.raises((Refused, Rejected)):
            check_subtrees(path, *spans)


def test_what_is_above_a_subtree_is_proved_again(tmp_path):
    """Bounds above a mark are computed; without them its leaf does not close, and with a wrong line above none does."""
    written = marked()
    written.lines[1] = "n 0"
    path = write(tmp_path / "c", written._replace(counts=(0, 0, 6, 4)))
    with pytest.raises(Rejected, match="nothing is left"):
        check_subtrees(path, read_index(path)[0])
    assert check_subtrees(path, read_index(path)[2])[0].counts == [0, 0, 4, 2]  # by itself it is right
    with pytest.raises(Rejected):
        check(path, done=check_subtrees(path, read_index(path)[2]))


def test_answers_that_are_not_the_file_s_do_not_help(tmp_path):
    path = write(tmp_path / "c", marked())
    first, second, third = check_subtrees(path, *read_index(path))
    wrong = [
        first._replace(path="0"), first._replace(end=second.end), first._replace(end=first.begin),
        first._replace(counts=[0, 0, 0, 2]), first._replace(counts=[0, 0, 0]), (*first, 0), first[:3],
    ]  # fmt: skip
    for answer in wrong:
        with pytest.raises(Refused):
            check(path, done=[answer, second, third])
    assert len(check(path, done=[(0, 5, "", [1, 1, 1, 1]), third])["skipped"]) == 1  # where there is no mark


def with_marks(rng: random.Random, written: Written) -> tuple[Written, list[tuple[int, int]]]:
    """A tree in which some subtrees are marked."""
    sets = len(written.header["claim"].get("sets") or [0])
    lines, marks, place = [], [], 0
    while place < len(written.lines):
        end = subtree_end(written.lines, place, sets)
        if end is not None and rng.random() < 0.4:
            marks.append((len(lines), len(lines) + end - place))
            lines += ["m", *written.lines[place:end]]
            place = end
            continue
        size = sets if written.lines[place][0] == "c" else 1
        lines += written.lines[place : place + size]
        place += size
    return written._replace(lines=lines), marks


def subtree_end(lines: list[str], place: int, sets: int) -> int | None:
    """Where the subtree that begins at a line ends."""
    open_nodes = 1
    while open_nodes:
        key = lines[place][0]
        open_nodes += {"b": 1, "k": 1, "s": 1, "c": -1, "e": -1, "g": -1}.get(key, 0)
        place += sets if key == "c" else 1
    return place


def bases() -> list[tuple[Written, list[tuple[int, int]]]]:
    rng, makes = random.Random(1), (cover.two_sets, cover.empty_cells, cover.split, cover.whole_gap, cover.rising_fold)
    found = [(marked(), MARKS), *(with_marks(rng, make()) for make in makes)]
    trees = (grown(random.Random(seed)) for seed in range(100, 160))
    found += [with_marks(rng, tree) for tree in trees if tree and 8 < len(tree.lines) < 60][:6]
    return [(written, marks) for written, marks in found if marks]


def bent(rng: random.Random, base: Written, marks, others: list[Written]) -> bytes:
    """A mutant whose index fits its marks, or lies."""
    if rng.random() < 0.3:
        return mutate(rng, base, others)
    written, marks = base, list(marks)
    kind = rng.randrange(4)
    if kind == 0:
        place = rng.randrange(len(marks))
        begin, end = marks[place]
        last = len(base.lines) - 1
        marks[place] = (min(max(begin + rng.choice((0, 0, 1, -1)), 0), last),
                        min(max(end + rng.choice((0, 1, 1, -1, 2, 3)), 0), last))  # fmt: skip
    elif kind == 1:
        marks = rng.choice((marks[1:], marks[:-1], [*marks, marks[-1]], marks[::-1]))
    else:
        place = rng.randrange(len(base.lines))
        extra = rng.choice(("m", "e", "n 0", "b 0 0", *base.lines))
        lines = [*base.lines]
        if kind == 2:
            lines[place] = extra
        else:
            lines.insert(place, extra)
            marks = [(a + (a >= place), b + (b >= place)) for a, b in marks]
        written = base._replace(lines=lines)
        written = written._replace(counts=recount(written.header, lines))
    return written.content(marks=marks)


def whole_and_shared(path, step: int):
    """What the check of a file says, and what it says with answers of several processes."""
    found = []
    for processes in (0, step):
        answers, result = [], None
        with suppress(Refused, Rejected):
            if processes:
                index = read_index(path)
                answers = [a for start in range(processes) for a in check_subtrees(path, *index[start::processes])]
            result = without_time(check(path, done=answers))
        found.append(result)
    return found


def test_processes_accept_what_the_whole_check_accepts(tmp_path):
    """Mutants of marked trees, whose indices fit or lie."""
    rng, found, accepted = random.Random(5), bases(), 0
    others = [written for written, _ in found]
    assert len(found) > 8
    for base, marks in found:
        path = write(tmp_path / "c", base, marks)
        whole, shared = whole_and_shared(path, 2)
        assert whole is not None and shared == whole
        for _ in range(MUTANTS):
            path.write_bytes(bent(rng, base, marks, others))
            whole, shared = whole_and_shared(path, rng.randint(1, 3))
            assert shared is None or shared == whole, path.read_text()
            accepted += shared is not None
    assert accepted > MUTANTS


def test_the_producer_marks_large_trees(tmp_path):
    """Every leaf lies below a mark; small trees have none."""
    network, domain = he_network(4, 2, 6, 5, 1), Domain.box([-1.0, -1.0], [1.0, 1.0])
    for depth, many in ((3, False), (6, True)):
        tree = halves_of(depth)
        task = prepare_claim(OutputBound((Fraction(1),), Fraction(1000)), network, domain, None)
        proof = settle_cover(task, tree, tmp_path / "c", NEVER)
        whole, index = check(proof.path), read_index(proof.path)
        assert bool(index) is many and whole["closed"] == 2**depth == proof.cells
        done = check_subtrees(proof.path, *index)
        assert sum(answer.counts[3] for answer in done) == (2**depth if many else 0)
        assert without_time(check(proof.path, done=done)) == without_time(whole)


def halves_of(depth: int):
    """A full binary tree over two inputs between −1 and 1."""
    nodes = []

    def grow(lower, upper, left: int) -> None:
        if left == 0:
            nodes.append((NodeKind.CLOSED, -1, 0.0, (), ()))
            return
        k = left % 2
        middle = (lower[k] + upper[k]) / 2
        nodes.append((NodeKind.BISECT, k, middle, (), ()))
        grow(lower, [middle if place == k else side for place, side in enumerate(upper)], left - 1)
        grow([middle if place == k else side for place, side in enumerate(lower)], upper, left - 1)

    grow([-1.0, -1.0], [1.0, 1.0], depth)
    return tree_of(nodes)
