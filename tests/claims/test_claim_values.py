"""Claims as values: exact numbers, equality by content, and what cannot be claimed."""

from fractions import Fraction

import pytest

from relugeom.claims.ball import Ball, Norm, l1_ball, l2_ball, linf_ball
from relugeom.claims.claim import Equivalent, Excluded, Monotone, OutputBound, SameDecision, SameLargest, Scope, Twin
from relugeom.claims.inequality import Inequality
from relugeom.claims.patterns import PatternClaims, PatternStanding, PatternStatement
from relugeom.errors import InputError


def test_a_float_means_the_rational_number_that_it_is():
    assert OutputBound((0.1,), 0.5).coefficients == (Fraction(0.1),) != (Fraction(1, 10),)
    assert Inequality(1, outputs=(0.25, 2)).outputs == (Fraction(1, 4), Fraction(2))
    assert l2_ball([0.1, 0], squared_radius=Fraction(1, 3)).size == Fraction(1, 3)


def test_claims_with_the_same_content_are_equal_and_can_be_kept_in_sets():
    assert OutputBound([1.0], 2) == OutputBound((Fraction(1),), 2.0)
    assert len({Monotone(0, 1, 1), Monotone(0, 1, 1), Monotone(0, 1, -1)}) == 2
    assert linf_ball([0, 0], 1) != l1_ball([0, 0], 1)
    assert Ball("l2", (0,), 1) == l2_ball([0.0], squared_radius=1)
    assert PatternStatement("01/1", "flat") == PatternStatement("01/1", PatternStanding.FLAT)
    assert Excluded((((Inequality(1)),),), "admissible").scope is Scope.ADMISSIBLE


def test_the_bits_of_a_pattern_are_read_with_and_without_strokes():
    assert PatternStatement("01/1", "region").bits == PatternStatement("011", "region").bits == "011"


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: OutputBound((float("nan"),), 0), "finite"),
        (lambda: OutputBound((1,), float("inf")), "finite"),
        (lambda: Monotone(0, 0, 0), "direction"),
        (lambda: SameDecision((0,), 1, 0), "threshold"),
        (lambda: SameDecision((0, 0)), "each once"),
        (lambda: SameLargest((-1,)), "indices"),
        (lambda: Equivalent(-1), "epsilon"),
        (lambda: linf_ball([0], -0.5), "radius"),
        (lambda: Ball(Norm.L1, (float("inf"),), 1), "finite"),
        (lambda: Excluded(()), "at least one set"),
        (lambda: Excluded(((),)), "at least one"),
        (lambda: Excluded(((Inequality(copy_outputs=(1,)),),)), "second copy"),
        (lambda: Excluded(((Inequality(own_inputs=(1,)),),)), "second copy"),
        (lambda: PatternClaims(()), "at least one pattern"),
        (lambda: PatternStatement("012", "region"), "not an activation pattern"),
        (lambda: Twin((1, 1)), "each once"),
    ],
)
def test_what_cannot_be_claimed_is_refused_in_words(build, text):
    with pytest.raises(InputError, match=text):
        build()


@pytest.mark.parametrize("build", [lambda: Excluded(((Inequality(1),),), "some"), lambda: Ball("l3", (0,), 1)])
def test_unknown_words_are_refused(build):
    with pytest.raises(InputError, match=r"is not a (scope|norm): use '"):
        build()
