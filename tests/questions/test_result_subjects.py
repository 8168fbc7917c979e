"""Every result says what it is about: whoever has only the result knows the question."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from networks import layered

import relugeom as rg
from relugeom.claims.ball import Norm
from relugeom.claims.claim import Scope
from relugeom.claims.vnnlib import read_property
from relugeom.network.decision import Decision
from relugeom.network.network import ReLUNetwork
from relugeom.questions.monotonicity import monotonicity
from relugeom.questions.output_between import output_between
from relugeom.questions.output_bounds import output_bounds
from relugeom.questions.robustness import distance_to_other_decision
from relugeom.questions.sample_robustness import sample_robustness
from relugeom.questions.verification import verify_property

WHOLE = rg.Domain([0, 0], [3, 3], kinds=("integer", "continuous"))
REAL = rg.Domain.box([0, 0], [3, 3])
STATED = read_property(
    "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)"
    "(assert (>= Y_0 1000))"
)


@pytest.fixture(scope="module")
def network() -> ReLUNetwork:
    """y0 = x0 + x1 and y1 = x0."""
    return layered(([[1, 1], [1, 0]], [0, 0]), ([[1, 0], [0, 1]], [0, 0]))


@pytest.fixture(scope="module")
def deciding() -> ReLUNetwork:
    """Class 1 beyond x0 + x1 = 2."""
    return replace(layered(([[1, 1]], [0]), ([[1]], [-2])), decision=Decision.at_threshold(0.0))


@pytest.mark.parametrize(("domain", "scope"), [(REAL, Scope.RELAXATION), (WHOLE, Scope.ADMISSIBLE)])
@pytest.mark.parametrize("output", [0, 1])
def test_ranges_and_directions_name_output_feature_and_scope(network, domain, scope, output):
    found = output_bounds(network, domain, output=output)
    assert (found.output, found.scope, found.upper) == (output, scope, (6, 3)[output])
    between = output_between(network, domain, output=output, lower=0)
    assert (between.output, between.scope, between.lower) == (output, scope, 0)
    moves = monotonicity(network, domain, output=output, feature=1)
    assert (moves.output, moves.feature, moves.scope) == (output, 1, scope)


@pytest.mark.parametrize("domain", [None, WHOLE])
def test_a_property_is_in_its_result_with_the_domain(network, domain):
    found = verify_property(network, STATED, domain=domain, time_limit=10, on_remark=lambda _remark: None)
    assert (found.stated, found.domain) == (STATED, domain)
    assert found.scope is (None if domain is None else Scope.ADMISSIBLE)


def test_a_long_property_that_was_not_read_in_time_has_no_statement(network, tmp_path):
    path = tmp_path / "late.vnnlib"
    long = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (>= Y_0 0))" + "\n" * (1 << 18)
    path.write_text(long, encoding="utf-8")
    found = verify_property(network, path, time_limit=1e-9)
    assert (found.stated, found.domain, str(found.verdict)) == (None, None, "unknown")


@pytest.mark.parametrize("frozen", [(), (1,)])
def test_distances_name_input_norm_scope_and_frozen_features(deciding, frozen):
    x = np.array([1.0, 0.5])
    one = distance_to_other_decision(deciding, WHOLE, x, norm=Norm.L1, frozen=frozen)
    assert (one.point, one.frozen) == ((Fraction(1), Fraction(1, 2)), frozen)
    assert (one.norm, one.scope, one.distance) == (Norm.L1, Scope.ADMISSIBLE, 1 if frozen else Fraction(1, 2))
    many = sample_robustness(deciding, WHOLE, x[None, :], norm=Norm.L1, frozen=frozen)
    assert (many.norm, many.scope, many.frozen, many.rows.tolist()) == (Norm.L1, Scope.ADMISSIBLE, frozen, [0])
