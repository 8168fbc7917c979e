"""Limits of memory: what a search keeps is counted, and thousands of sets are bounded a few at a time."""

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from networks import he_network

from relugeom.bounding.engine import find_peak, search
from relugeom.bounding.outcome import Effort, End
from relugeom.bounding.pairs import relaxation_of
from relugeom.bounding.tightening import bound_units, close_sets, root_cell
from relugeom.certificate.claim import prepare_claim
from relugeom.certificate.claim_excess import why_open
from relugeom.certificate.claim_problem import ClaimJudge, claim_problem
from relugeom.claims.claim import Excluded
from relugeom.claims.inequality import Inequality
from relugeom.claims.reason import Cause
from relugeom.geometry.domain import Domain

NETWORK = he_network(np.random.default_rng(3), 4, 12, 12, 2)
BOX = Domain.box([-1] * 4, [1] * 4)


def above(least: int, first: int = 1) -> tuple[Inequality, ...]:
    """The outputs of a set: the first one, or its opposite, is at least a number, and the second one another."""
    return (
        Inequality(Fraction(-least), outputs=(Fraction(first), Fraction(0))),
        Inequality(Fraction(-least, 3), outputs=(Fraction(0), Fraction(first))),
    )


def problem_of(*sets: tuple[Inequality, ...]):
    task = prepare_claim(Excluded(sets), NETWORK, BOX, None)
    return claim_problem(task), ClaimJudge(task)


@pytest.mark.parametrize(("allowed", "cells"), [(1 << 16, 0), (1 << 22, 2)])
def test_a_search_ends_before_it_needs_more_memory_than_it_may(allowed: int, cells: int) -> None:
    problem, judge = problem_of(above(-9))  # which is met, but never confirmed
    found = search(problem, lambda _: False, judge.are_inside, effort=Effort(bytes=allowed))
    assert found.end is End.OPEN
    assert found.is_full
    assert found.cells >= cells
    assert (found.upper < np.inf) is (cells > 0)
    reason = why_open(found, late=False, cells=1_000_000)
    assert reason.cause is Cause.LIMIT
    assert "memory" in str(reason)


def test_a_peak_for_which_there_is_no_memory_is_met_and_not_bounded() -> None:
    problem, judge = problem_of(above(0)[:1])
    found = find_peak(problem, judge.are_inside, effort=Effort(bytes=1 << 16))
    assert (found.cells, found.upper) == (0, np.inf)
    assert found.value > -np.inf


def test_many_sets_are_bounded_as_each_by_itself() -> None:
    random = np.random.default_rng(0)
    sets = [above(int(least), 1 if k % 3 else -1)[: 1 + k % 2] for k, least in enumerate(random.integers(-3, 9, 90))]
    problem, _ = problem_of(*sets)
    relaxation = relaxation_of(problem)
    cells = root_cell(problem, relaxation)
    bounded = bound_units(problem, relaxation, cells)
    together = close_sets(problem, relaxation, cells, bounded)
    for number in range(0, 90, 7):
        alone, _ = problem_of(sets[number])
        own = close_sets(alone, relaxation_of_root(alone), cells, bounded)
        assert together.bounds[0, number] == pytest.approx(own.bounds[0, 0], abs=1e-9)
        (members,) = problem.rows.sets(slice(number, number + 1))
        assert together.weights[0, members] == pytest.approx(own.weights[0], abs=1e-6)


def relaxation_of_root(problem):
    relaxation = relaxation_of(problem)
    root_cell(problem, relaxation)
    return relaxation


def test_thousands_of_sets_need_no_table_of_all_sets_by_all_inequalities() -> None:
    problem, judge = problem_of(*((Inequality(Fraction(-900 - k), outputs=(1, 1)),) for k in range(1200)))
    tracemalloc.start()
    found = search(problem, judge.is_met, judge.are_inside, effort=Effort(cells=1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.end is End.CLOSED
    assert peak < 150 << 20  # that table alone has 11 MB for one cell, and others have many times as much
