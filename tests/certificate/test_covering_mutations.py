"""Covering trees that are true, and thousands that may not be: what is accepted is judged without its tree."""

import random
from collections import Counter

import pytest
from cover_growing import grown
from hand_covering import ALL_COVERING
from hand_written import Written
from judge import holds
from mutations import mutate
from test_checker_mutations import verdict

MUTANTS = 120
"""Of each base; there are more than twenty."""
PROBLEMS = 60


def grown_trees() -> dict[str, Written]:
    """Some that grew at random."""
    found = {f"grown-{seed}": grown(random.Random(seed)) for seed in range(100, 140)}
    chosen = {name: written for name, written in found.items() if written and 6 < len(written.lines) < 40}
    return dict([*chosen.items()][:6])


BASES = {**{name: make() for name, make in ALL_COVERING.items()}, **grown_trees()}


def judged_mutants(name: str, count: int, path) -> Counter:
    """Verdicts on mutants; one that is accepted must be true."""
    base, others = BASES[name], [*BASES.values()]
    assert verdict(path, base.content()) == "accepted" and holds(base.content())
    rng, found = random.Random(name), Counter()
    for _ in range(count):
        content = mutate(rng, base, others)
        said = verdict(path, content)
        found[said] += 1
        if said == "accepted" and content != base.content():
            found["others"] += 1
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
            assert holds(written.content()), written.content().decode()
    assert found["excluded"] > PROBLEMS // 4 and found["monotone"], found
