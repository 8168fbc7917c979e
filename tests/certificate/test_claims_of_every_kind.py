"""A fixed few of the random claims that `run_random_claims.py` settles by the thousand.

The naive truth that they are held against, by vertices, is held against the other one, by elimination.
"""

from fractions import Fraction

import numpy as np
import oracles
import pytest
from claim_truth import is_met as is_met_by_elimination
from claims_about_inputs import random_members
from claims_of_every_kind import KINDS, settle_one
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import integer_network
from oracles_by_vertices import distance_to, is_met, pieces, slices
from random_instances import continuous_box, with_row

from relugeom.claims.ball import l1_ball, linf_ball
from relugeom.claims.claim import Excluded, Twin
from relugeom.geometry.domain import Domain

OF_EACH = 2


@pytest.mark.parametrize("name", KINDS)
def test_what_is_said_of_random_claims_is_true(tmp_path, name):
    verdicts = []
    for number in range(OF_EACH):
        (tmp_path / str(number)).mkdir()
        verdicts.append(settle_one(name, number, tmp_path / str(number)))
    assert set(verdicts) <= {"holds", "fails", "unknown", ""}


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_truth_by_vertices_is_truth_by_elimination(seed):
    random = np.random.default_rng(seed)
    domain = continuous_box(random, 2)
    domain = with_row(random, domain) if random.integers(2) else domain
    network = integer_network(random, 2, *[(3,), (2, 1)][random.integers(2)], 1)
    layers = oracles.exact_layers(network)
    every = list(pieces([layers], domain, admissible=False))
    found = oracles.classify_all(layers, oracles.domain_forms(domain))
    assert sorted(piece.bits for piece in every) == sorted(p for p, status in found.items() if status == oracles.REGION)

    sets = (random_members(random, 2, 1), random_members(random, 2, 1))
    centre = tuple(Fraction(int(v), 2) for v in random.integers(-3, 4, 2))
    ball = [None, l1_ball, linf_ball][random.integers(3)]
    ball = ball and ball(centre, Fraction(int(random.integers(0, 5)), 3))
    assert is_met(sets, every, ball) is is_met_by_elimination(Excluded(sets, ball=ball), [network], domain)

    pairs = pieces([layers] * 2, domain, (1,), admissible=False)
    sets = (random_members(random, 2, 1, 1),)
    claim = Excluded(sets, twin=Twin((1,)))
    assert is_met(sets, list(pairs), None) is is_met_by_elimination(claim, [network], domain)


def test_distances_to_a_corner_an_edge_and_a_face():
    (part,) = slices(Domain.box([0, 0], [1, 2]), admissible=False)
    assert distance_to(part, (-3, -4), "l2") == (25, (0, 0))
    assert distance_to(part, (-3, -4), "l1") == (7, (0, 0))
    assert distance_to(part, (-3, -4), "linf")[0] == 4
    assert distance_to(part, (2, Fraction(1, 3)), "l2") == (1, (1, Fraction(1, 3)))
    assert all(distance_to(part, (Fraction(1, 3), 1), norm)[0] == 0 for norm in ("l1", "l2", "linf"))
