"""Required ranges of outputs against exact ranges, every admissible input, and hand-made networks."""

from dataclasses import replace
from fractions import Fraction
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import integer_network, layered
from oracles import evaluate_layers, exact_layers
from settling import settler

from relugeom import Prover, check_certificate, load_domain, load_network, output_between
from relugeom.claims.claim import Scope
from relugeom.claims.settlement import Settlement, Verdict
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain, list_admissible
from relugeom.questions.output_bounds import output_bounds

TITANIC = Path(__file__).parents[2] / "examples" / "titanic"
BOX = Domain.box([-1, -1], [1, 1])
TINY = Fraction(1, 10**9)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(3, 1), (2, 2, 2), (4, 2)]), st.booleans())
def test_a_range_holds_exactly_down_to_the_best_bounds(tmp_path_factory, seed, sizes, whole):
    """The least and the largest value hold as bounds, and nothing that is narrower by any amount does."""
    random = np.random.default_rng(seed)
    network, output = integer_network(random, 2, *sizes), int(random.integers(sizes[-1]))
    domain = replace(BOX, kinds=("integer", "integer")) if whole else BOX
    ends = output_bounds(network, domain, output=output)
    low, high = ends.lower, ends.upper
    if whole:
        every = [evaluate_layers(exact_layers(network), tuple(map(Fraction, x)))[-1] for x in list_admissible(domain)]
        assert (low, high) == (min(y[output] for y in every), max(y[output] for y in every))

    def asked(lower, upper):
        own = settler(tmp_path_factory.mktemp("b"), network, domain)
        return output_between(network, domain, output=output, lower=lower, upper=upper, settle=own)

    found = asked(low, high)
    assert (found.verdict, found.witness, found.reason) == (Verdict.HOLDS, None, "")
    assert low <= found.lowest_seen <= found.highest_seen <= high
    for lower, upper in ((low + TINY, high + 1), (low - 1, high - TINY)):
        found = asked(lower, upper)
        assert found.verdict is Verdict.FAILS
        shown = found.witness
        assert list(shown.outputs) == evaluate_layers(exact_layers(network), shown.x)[-1]
        assert not lower <= shown.outputs[output] <= upper
        assert found.lowest_seen <= shown.outputs[output] <= found.highest_seen
        assert all(abs(x) <= 1 and (x.denominator == 1 or not whole) for x in shown.x)


def test_what_is_proved_of_admissible_inputs_need_not_hold_on_the_relaxation(tmp_path):
    network = layered(([[1], [-1]], [-0.5, 0.5]), ([[1, 1]], [0]))  # |x − 1/2|, which only halves reach
    domain = Domain([0], [3], kinds=("integer",))
    proofs = Prover(network, certificates=tmp_path)
    assert output_between(network, domain, lower=0.5, settle=proofs).verdict is Verdict.HOLDS
    (kept,) = tmp_path.iterdir()
    assert check_certificate(kept, model=network, domain=domain).accepted
    found = output_between(network, domain, lower=0.5, scope=Scope.RELAXATION)
    assert (found.verdict, found.scope, found.not_above) == (Verdict.FAILS, Scope.RELAXATION, None)
    assert found.witness.outputs[0] < Fraction(1, 2)


def test_samples_settle_what_fails_and_nothing_is_asked():
    network = load_network(TITANIC / "network.onnx")
    domain = load_domain(TITANIC / "domain.toml", network)

    def unasked(claim):
        raise AssertionError("an input at hand settles it")

    found = output_between(network, domain, upper=-100, candidates=domain.lower[None], settle=unasked, time_limit=1e-9)
    assert found.verdict is Verdict.FAILS
    assert found.witness.outputs[0] > -100


def test_what_there_is_no_time_for_is_not_known():
    network = integer_network(np.random.default_rng(1), 2, 4, 1)
    found = output_between(network, BOX, lower=-1000, upper=1000, time_limit=1e-9)
    assert (found.verdict, found.witness) == (Verdict.UNKNOWN, None)
    assert "time" in found.reason
    halves = [Verdict.HOLDS, Verdict.UNKNOWN]

    def one_only(claim):
        return Settlement(claim, halves.pop(0), reason="")

    found = output_between(network, BOX, lower=-1000, upper=1000, settle=one_only)
    assert [part.verdict for part in found.settlements] == [Verdict.HOLDS, Verdict.UNKNOWN]
    assert found.verdict is Verdict.UNKNOWN


def test_an_output_without_limit_leaves_every_range():
    network = layered(([[1.0]], [0.0]), ([[2.0]], [0.0]))
    domain = Domain.box([-inf], [inf])
    assert output_between(network, domain, lower=0).verdict is Verdict.HOLDS
    found = output_between(network, domain, lower=0, upper=10**6)
    assert (found.not_below.verdict, found.not_above.verdict) == (Verdict.HOLDS, Verdict.FAILS)
    assert found.highest_seen == found.witness.outputs[0] > 10**6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "nothing is required"),
        ({"lower": 1, "upper": 0}, "the lower bound is above the upper one"),
        ({"lower": nan}, "finite numbers"),
        ({"upper": inf}, "finite numbers"),
        ({"upper": 1, "output": 1}, "there is no output 1"),
        ({"upper": 1, "output": -1}, "there is no output -1"),
        ({"upper": 1, "scope": "samples"}, "is not a scope"),
        ({"upper": 1, "settle": 3}, "cannot settle claims"),
    ],
)
def test_what_cannot_be_asked_is_said(options, words):
    network = layered(([[1.0, 0.0]], [0.0]), ([[2.0]], [0.0]))
    with pytest.raises(InputError, match=words):
        output_between(network, BOX, **options)
