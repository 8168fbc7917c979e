"""Claims that hold because units cancel exactly: proved at the root, by certificates that are accepted."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from networks import he_network, layered

from relugeom.bounding.engine import find_peak
from relugeom.certificate.claim import certify_claim, prepare_claim, settle_claim
from relugeom.certificate.claim_problem import ClaimJudge, claim_problem
from relugeom.checker import check
from relugeom.claims.claim import Equivalent, Excluded, OutputBound, Scope, Twin
from relugeom.claims.inequality import Inequality
from relugeom.claims.settlement import Verdict
from relugeom.geometry.domain import Domain
from relugeom.network.forward import evaluate

NEVER_RISES = Excluded(
    ((Inequality(outputs=(Fraction(-1),), copy_outputs=(Fraction(1),), strict=True),),), twin=Twin((0,))
)


def fair_network(seed: int, level: int, factor: float = 1.0):
    """A network that feature 0 enters by two units of the first layer, which are multiples of one another there, and
    cancel in the second layer, or (level 1) in the last one.
    """
    network = he_network(seed, 8, 40, 40, 1)
    (W, b), (V, c), last = (
        (each.copy(), bias.copy()) for each, bias in zip(network.weights, network.biases, strict=True)
    )
    W[:, 0] = 0.0
    if level == 0:
        W[0, 0] = 0.75
        W[1], b[1] = factor * W[0], factor * b[0]
        V[:, 0] = -factor * V[:, 1]
    else:
        W[0, 0] = 0.75
        V[:, 0] = 0.0
        V[0, 0] = 1.0
        V[1], c[1] = factor * V[0], factor * c[0]
        last[0][0, 0] = -factor * last[0][0, 1]
    return layered((W, b), (V, c), last)


@pytest.mark.parametrize(("level", "factor"), [(0, 1.0), (0, 0.25), (1, 1.0), (1, 4.0)])
def test_what_cancels_exactly_is_proved_in_one_cell(tmp_path, level, factor):
    network, domain = fair_network(level, level, factor), Domain.box([-1] * 8, [1] * 8)
    proof = certify_claim(NEVER_RISES, network, domain, tmp_path / "c")
    assert proof.cells == 1 and check(tmp_path / "c")["closed"] == 1
    assert (tmp_path / "c").read_text(encoding="ascii").startswith('{"format": "relugeom-certificate", "version": "5"')


def test_a_network_that_has_units_twice_is_the_same_as_the_short_one(tmp_path):
    network = he_network(3, 6, 40, 40, 2)
    (W, b), (V, c), last = zip(network.weights, network.biases, strict=True)
    halved = np.column_stack([V[:, :1] / 2, V[:, 1:], V[:, :1] / 4])
    longer = layered((np.vstack([W, 2 * W[:1]]), np.append(b, 2 * b[0])), (halved, c), last)
    domain = Domain.box([-1] * 6, [1] * 6)
    found = settle_claim(Equivalent(Fraction(0)), network, domain, tmp_path / "c", second_network=longer)
    assert found.verdict is Verdict.HOLDS
    check(tmp_path / "c")


def test_units_are_paired_where_only_one_network_would_be_shorter(tmp_path):
    """Networks of the same widths, of which one has a unit that is never active: both are taken as they are."""
    network = he_network(4, 5, 30, 30, 1)
    (W, b), *others = zip(network.weights, network.biases, strict=True)
    pruned = layered((np.vstack([W[:-1], 0 * W[:1]]), np.append(b[:-1], -1.0)), *others)
    bounds = [Domain.box([-side] * 5, [side] * 5) for side in (1.0, 0.01)]
    for domain in bounds:
        for most in (Fraction(1, 100), Fraction(10)):
            path = tmp_path / f"{domain.upper[0]}-{most}"
            claim = Equivalent(most)
            found = settle_claim(claim, network, domain, path, second_network=pruned, max_cells=500)
            assert found.verdict is not Verdict.HOLDS or check(path)["closed"] == found.proof.cells
    assert found.verdict is Verdict.HOLDS


def test_other_claims_use_short_networks_too(tmp_path):
    network, domain = fair_network(2, 0), Domain.box([-1] * 8, [1] * 8)
    certify_claim(OutputBound((Fraction(1),), Fraction(60)), network, domain, tmp_path / "c")
    assert check(tmp_path / "c")["closed"] >= 1


def test_effects_of_a_feature_are_met_and_proved_by_means_of_two_lines(tmp_path):
    """Both sides of the largest effect of a binary feature meet at a pair of inputs; the proof sets shares."""
    network = he_network(5, 5, 70, 1)
    domain = Domain([0, -3, -3, -3, -3], [1, 3, 3, 3, 3], kinds=("binary", *["integer"] * 4))
    above = Inequality(outputs=(Fraction(1),), copy_outputs=(Fraction(-1),))
    task = prepare_claim(Excluded(((above,),), Scope.ADMISSIBLE, twin=Twin((0,))), network, domain, None)
    peak = find_peak(claim_problem(task), ClaimJudge(task).are_inside, gap=1e-6)
    grid = np.array(list(product(range(-3, 4), repeat=4)), dtype=float)
    ends = [evaluate(network, np.column_stack([np.full(len(grid), side), grid]))[:, 0] for side in (0.0, 1.0)]
    assert abs(peak.value - np.abs(ends[1] - ends[0]).max()) < 1e-9 and peak.upper - peak.value <= 2e-6
    rows = (replace(above, constant=-Fraction(peak.upper) - Fraction(1, 100)),)
    certify_claim(Excluded((rows,), Scope.ADMISSIBLE, twin=Twin((0,))), network, domain, tmp_path / "c")
    check(tmp_path / "c")
    lines = (tmp_path / "c").read_text(encoding="ascii").splitlines()
    assert any(int(unit, 16) >= 140 for line in lines if line.startswith("a ") for unit in line.split()[1::2])
