"""Covering trees that are true, and thousands that may not be: what is accepted is judged without its tree.

Every verdict is also that of `replay`, and every bound on the way.
"""

import random
from collections import Counter
from fractions import Fraction

import pytest
from cover_growing import Grower, grown, random_problem
from hand_covering import ALL_COVERING, covering, over
from hand_written import Written
from judge import holds
from mutations import mutate
from replay import Node, Replay
from test_checker_mutations import verdict

from relugeom.checker import Walk

MUTANTS = 120
"""Of each base; there are more than twenty."""
PROBLEMS = 40


def grown_trees() -> dict[str, Written]:
    """Some that grew at random."""
    found = {f"grown-{seed}": grown(random.Random(seed)) for seed in range(100, 140)}
    chosen = {name: written for name, written in found.items() if written and 6 < len(written.lines) < 40}
    return dict([*chosen.items()][:6])


BASES = {**{name: make() for name, make in ALL_COVERING.items()}, **grown_trees()}


def is_replayed(content: bytes) -> bool:
    """Whether the naive replay accepts a file, whose header is in order; a step that it cannot read does not follow."""
    try:
        return Replay(content).run()
    except (ValueError, KeyError, IndexError, StopIteration):
        return False


def judged_mutants(name: str, count: int, path) -> Counter:
    """Verdicts on mutants; one that is accepted must be true."""
    base, others = BASES[name], [*BASES.values()]
    assert verdict(path, base.content()) == "accepted" and holds(base.content())
    rng, found = random.Random(name), Counter()
    for _ in range(count):
        content = mutate(rng, base, others)
        said = verdict(path, content)
        found[said] += 1
        if said != "refused":
            assert is_replayed(content) == (said == "accepted"), content.decode()
        if said == "accepted" and content != base.content():
            assert holds(content), content.decode()
    return found


@pytest.mark.parametrize("name", BASES)
def test_a_mutant_is_turned_down_or_still_true(name, tmp_path):
    found = judged_mutants(name, MUTANTS, tmp_path / "c")
    assert found["accepted"] and found["rejected"] and found["refused"], found


def test_what_grows_is_accepted_and_true(tmp_path):
    """Random tiny problems, their constants set so that sets are met barely not, or not at all."""
    rng, found = random.Random(7), Counter()
    for _ in range(PROBLEMS):
        written = grown(rng)
        if written is not None:
            found[written.header["claim"]["kind"]] += 1
            assert verdict(tmp_path / "c", written.content()) == "accepted"
            assert is_replayed(written.content())
            assert holds(written.content()), written.content().decode()
    assert found["excluded"] > PROBLEMS // 4 and found["monotone"], found


def test_bounds_and_maxima_are_those_of_the_rule(tmp_path):
    """Along the first path of every tree, number by number, also where they decide nothing."""
    rng, written = random.Random(2), [*BASES.values(), long_in_the_middle()]
    for problem in (random_problem(rng) for _ in range(40)):
        grower = Grower(rng, problem.header)
        grower.grow(3)
        written.append(problem._replace(lines=grower.lines))
    for each in written:
        (tmp_path / "c").write_bytes(each.content())
        with (tmp_path / "c").open("rb") as file:
            compare_first_path(Walk(file), Replay(each.content()))


def long_in_the_middle() -> Written:
    """Short weights below and above long ones, all of one sign, so that sums are as long as they can be."""
    most = (1 << 40) - 1
    layers = [[[1, 1], [1, 2], [1, 3]], [[most] * 3 + [0]] * 3, [[1, 1, 1, 0], [-1, -1, -1, 0]], [[1, 1, 0]]]
    network = [(0, rows) for rows in layers]
    return covering(over("0 0 1"), [network], ["n 0 1 2 3 4 5 6 7"], (16, 0), bounds="8 4 0")


def compare_first_path(walk: Walk, replay: Replay) -> None:
    node, waiting, cell = Node(*replay.sides, replay.count), [], walk.cell
    for line in replay.lines:
        key, *fields = line.encode().split(b" ")
        if not replay.goes_on(node, key.decode(), [field.decode() for field in fields], waiting):
            break
        node = waiting.pop() if key in (b"b", b"k", b"s") else node
        walk.checks[key](walk, fields)
        scales = [1 << replay.bits[name[1:3]] for name in replay.units + replay.units[: replay.pairs]]
        for found, ends in ((cell.least + cell.fall, node.low), (cell.most + cell.rise, node.high)):
            assert found == [None if end is None else end * scale for end, scale in zip(ends, scales, strict=True)]
    rng = random.Random(0)
    for _ in range(20):
        levels = [place for place, level in enumerate(cell.levels) if level.count]
        terms = {place: [(rng.randrange(cell.levels[place].count), rng.randint(-9, 9))] for place in levels}
        names = {
            place: [name for name, own in zip(replay.units, cell.level_of, strict=False) if own == place]
            for place in levels
        }
        rows = {names[place][row]: Fraction(c, 8) for place, [(row, c)] in terms.items()}
        slopes = [rng.randint(-5, 5) for _ in range(1 + cell.n)]
        form = {"1": Fraction(slopes[0], 2), **{("x", k): Fraction(c, 2) for k, c in enumerate(slopes[1:])}}
        (found,) = cell.maxima([terms], 3, [(1, [slopes[0] << cell.constant_bits, *slopes[1:]])])
        found = None if found is None else Fraction(found[0], 1 << found[1])
        assert found == replay.maximum(node, {**form, **rows})
