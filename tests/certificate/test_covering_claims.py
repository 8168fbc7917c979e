"""Claims about more units than can be listed: proved by certificates that are accepted, or refuted by an input."""

from fractions import Fraction

import pytest
from networks import layered

from relugeom.certificate.claim import prepare_claim
from relugeom.certificate.claim_problem import claim_problem
from relugeom.claims.claim import Excluded, OutputBound
from relugeom.claims.inequality import Inequality
from relugeom.geometry.domain import Domain


@pytest.mark.parametrize(
    ("weight", "side", "coefficients"),
    [
        (1e-160, 1.0, (1, 1)),
        (1.0, 1e-300, (1, 1)),
        (1.0, 1.0, (Fraction(10) ** 280, 1)),
        (1e-80, 1e-80, (1, Fraction(1, 10**130))),
        (1e80, 1e80, (1, 10**130)),
    ],
)
def test_numbers_beyond_the_range_of_floats_are_left_to_exact_methods(weight, side, coefficients):
    network = layered(([[weight]], [0]), ([[weight]], [0]))
    row = Inequality(inputs=coefficients[:1], outputs=coefficients[1:])
    task = prepare_claim(Excluded(((row,),)), network, Domain.box([-side], [1.0]), None)
    assert claim_problem(task) is None
    task = prepare_claim(OutputBound((1,), 1), layered(([[1]], [0]), ([[1]], [0])), Domain.box([-1], [1.0]), None)
    assert claim_problem(task) is not None
