"""A claim of each kind whose truth is known by hand: proved, checked as by an auditor, refused when stronger."""

import subprocess
import sys
import tempfile
from fractions import Fraction
from itertools import pairwise
from math import inf
from pathlib import Path

import numpy as np
import pytest
from claim_truth import refuse, settle, with_claim
from networks import he_network, layered

import relugeom.checker
from relugeom.certificate.claim import certify_claim, settle_claim
from relugeom.certificate.claim_proof.counterexample import FalseClaimError
from relugeom.checker import Rejected, check
from relugeom.claims.ball import l1_ball, l2_ball, linf_ball
from relugeom.claims.claim import Equivalent, Excluded, Monotone, OutputBound, SameDecision, SameLargest, Scope, Twin
from relugeom.claims.inequality import Inequality
from relugeom.claims.patterns import PatternClaims, PatternStatement
from relugeom.claims.reason import Cause
from relugeom.claims.settlement import Verdict
from relugeom.deadline import Deadline
from relugeom.errors import CertificateError, InputError
from relugeom.geometry.domain import Domain
from relugeom.geometry.highs import HighsSession
from relugeom.network.activation import activation_patterns

CHECKER = Path(relugeom.checker.__file__)
TINY = Fraction(1, 1 << 60)
SQUARE = Domain.box([-1, -1], [1, 1])
PLANE = Domain.everything(2)
# y = relu(x₀ + x₁) − relu(−x₀): at most 2 on the square; it never falls in either input.
RAMP = layered(([[1, 1], [-1, 0]], [0, 0]), ([[1, -1]], [0]))
# The same function: units exchanged and scaled, one more that is always 0.
TWISTED = layered(([[-2, 0], [0.25, 0.25], [0, 0]], [0, 0, -1]), ([[-0.5, 4, 7]], [0]))
SHIFTED = layered(([[-2, 0], [0.25, 0.25]], [0, 0]), ([[-0.5, 4]], [0.125]))
# y = (x₀, x₁) through pairs of units.
IDENTITY = layered(([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, -1, 0, 0], [0, 0, 1, -1]], [0, 0]))
# x + y − 1 > 0, 1 − x − y > 0: admissible inputs lie on the border.
BETWEEN = layered(([[1, 1], [-1, -1]], [-1, 1]), ([[1, 1]], [0]))
BINARY = Domain([0, 0], [1, 1], kinds=("binary", "binary"))
# z = 2x − 1 vanishes at no integer.
HALF = layered(([[2.0]], [-1.0]), ([[1.0]], [0.0]))
ABOVE = Inequality(-1, outputs=(1, 1), strict=True)  # y₀ + y₁ > 1
SPREAD = Inequality(-3, outputs=(1,), copy_outputs=(-1,), strict=True)  # y − y' > 3


def excluded(*members, **options):
    return Excluded((members,), **options)


# Networks, domain, a claim that holds with no margin, a stronger one that does not.
CASES = {
    "bound": ([RAMP], SQUARE, OutputBound((1,), 2), OutputBound((1,), 2 - TINY)),
    "lower bound": ([RAMP], SQUARE, OutputBound((-1,), 1), OutputBound((-1,), 1 - TINY)),
    "bound on the plane": ([BETWEEN], PLANE, OutputBound((-1,), 0), OutputBound((-1,), -TINY)),
    "monotone": ([RAMP], PLANE, Monotone(0, 0, 1), Monotone(0, 0, -1)),
    "same decision": ([RAMP], SQUARE, SameDecision((1,), 2, 2), SameDecision((1,), 2 - TINY, 2 - TINY)),
    "same decision, threshold between": ([RAMP], SQUARE, SameDecision((1,), 2, 3), SameDecision((1,), 0, 1)),
    "same largest": (
        [IDENTITY],
        Domain.box([1, -1], [2, 1 - 2.0**-40]),
        SameLargest((0, 1)),
        SameLargest((0, 1)),
    ),
    "pair": ([RAMP], SQUARE, excluded(SPREAD, twin=Twin((0, 1))), excluded(Inequality(
        -3, outputs=(1,), copy_outputs=(-1,)), twin=Twin((0, 1)))),
    "equivalent": ([RAMP, TWISTED], PLANE, Equivalent(0), Equivalent(0)),
    "nearly equivalent": ([RAMP, SHIFTED], SQUARE, Equivalent(0.125), Equivalent(0.125 - TINY)),
    "l1 ball": (
        [IDENTITY], PLANE, excluded(ABOVE, ball=l1_ball([0, 0], 1)), excluded(ABOVE, ball=l1_ball([0, 0], 1 + TINY))
    ),
    "l2 ball": (
        [IDENTITY],
        PLANE,
        excluded(ABOVE, ball=l2_ball([0, 0], squared_radius=0.5)),
        excluded(ABOVE, ball=l2_ball([0, 0], squared_radius=0.5 + Fraction(1, 1 << 30))),
    ),
    "linf ball": (
        [IDENTITY],
        PLANE,
        excluded(ABOVE, ball=linf_ball([0, 0], 0.5)),
        excluded(ABOVE, ball=linf_ball([0, 0], 0.5 + TINY)),
    ),
    "admissible": (
        [HALF],
        Domain([-3], [3], kinds=("integer",)),
        excluded(Inequality(0, outputs=(1,), strict=True), Inequality(1, (-1,), strict=True), scope=Scope.ADMISSIBLE),
        excluded(Inequality(0, outputs=(1,), strict=True), Inequality(1, (-1,)), scope=Scope.ADMISSIBLE),
    ),
    "infeasible": ([BETWEEN], PLANE, PatternClaims((PatternStatement("11", "infeasible"),)), None),
    "flat": ([BETWEEN], PLANE, PatternClaims((PatternStatement("00", "flat"),)), None),
    "lower-dimensional": ([BETWEEN], PLANE, PatternClaims((PatternStatement("00", "lower-dimensional"),)), None),
    "region": ([BETWEEN], PLANE, PatternClaims((PatternStatement("10", "region"),)), None),
    "inadmissible": (
        [layered(([[2, 2], [-2, -2]], [-1, 1.5]), ([[1, 1]], [0]))],
        BINARY,
        PatternClaims((PatternStatement("11", "inadmissible"),)),
        PatternClaims((PatternStatement("10", "inadmissible"),)),
    ),
}  # fmt: skip
STRONGER = [
    name for name, (_, _, claim, stronger) in CASES.items() if stronger is not None and repr(stronger) != repr(claim)
]


def certified(name, path):
    networks, domain, claim, _ = CASES[name]
    options = {"second_network": networks[1]} if len(networks) > 1 else {}
    assert settle(claim, networks[0], domain, path, **options)
    return networks, domain, options


@pytest.mark.parametrize("name", CASES)
def test_a_true_claim_is_accepted_by_the_checker_run_as_a_file(name, tmp_path):
    certified(name, tmp_path / "claim.cert")
    command = [sys.executable, "-I", "-S", str(CHECKER), str(tmp_path / "claim.cert")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={})
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.startswith("accepted:") and not done.stderr


@pytest.mark.parametrize("name", STRONGER)
def test_a_stronger_claim_is_shown_to_be_false_and_no_tree_of_the_weaker_one_proves_it(name, tmp_path):
    path = tmp_path / "claim.cert"
    networks, domain, options = certified(name, path)
    stronger = CASES[name][3]
    forged = tmp_path / "forged.cert"
    forged.write_bytes(with_claim(path.read_bytes(), stronger, networks, domain.inputs))
    with pytest.raises(Rejected):
        check(str(forged))
    path.unlink()
    assert not settle(stronger, networks[0], domain, path, **options)


@pytest.mark.parametrize(
    "ball",
    [l1_ball([0, 0], 1), linf_ball([0, 0], 0.5), l2_ball([0, 0], squared_radius=0.5)],
    ids=lambda b: b.norm.value,
)
def test_a_ball_that_touches_a_closed_set_meets_it(ball, tmp_path):
    """y₀ + y₁ ≥ 1 is met where the ball touches it; what shows that > 1 is not met does not show this."""
    path, touching = tmp_path / "claim.cert", excluded(Inequality(-1, outputs=(1, 1)), ball=ball)
    assert settle(excluded(ABOVE, ball=ball), IDENTITY, PLANE, path)
    path.write_bytes(with_claim(path.read_bytes(), touching, [IDENTITY], 2))
    with pytest.raises(Rejected):
        check(str(path))
    path.unlink()
    assert not settle(touching, IDENTITY, PLANE, path)


def test_a_tie_of_the_largest_outputs_is_no_same_decision(tmp_path):
    domain = Domain.box([1, -1], [2, 1])  # at (1, 1) both are the largest
    with pytest.raises(FalseClaimError) as caught:
        certify_claim(SameLargest((0, 1)), IDENTITY, domain, tmp_path / "claim.cert")
    shown = caught.value.counterexample
    assert (1, 1) in (shown.x, shown.second_x)


def test_an_admissible_input_between_two_regions_meets_what_the_regions_miss(tmp_path):
    """x + y − 1 and its negative on {0, 1}²: two admissible inputs have neither pattern of a region."""
    settled = [PatternClaims((PatternStatement(bits, "inadmissible"),)) for bits in ("11", "00", "10")]
    found = [settle(claim, BETWEEN, BINARY, tmp_path / f"{k}.cert") for k, claim in enumerate(settled)]
    assert found == [True, False, False]


def test_a_counterexample_says_where_in_the_names_of_the_features(tmp_path):
    domain = Domain.box([0, 0], [1, 1], ("income", "rent"))
    text = refuse(OutputBound((1,), 0), RAMP, domain, tmp_path / "claim.cert")
    assert "the claim is false" in text and "income = 1" in text and "rent = " in text


@pytest.mark.parametrize("seed", range(6))
def test_l2_balls_in_three_dimensions_reach_exactly_to_the_nearest_plane(seed, tmp_path):
    """The distance of a point from a·y > c, which no input of the ball may meet: (c − a·p)² / ‖a‖² is rational."""
    random = np.random.default_rng(seed)
    both = np.vstack([np.eye(3), -np.eye(3)])
    network = layered((both, np.zeros(6)), (np.hstack([np.eye(3), -np.eye(3)]), np.zeros(3)))
    normal = tuple(Fraction(int(v)) for v in random.integers(-5, 6, 3))
    centre = tuple(Fraction(int(v), 4) for v in random.integers(-8, 9, 3))
    offset = sum(a * p for a, p in zip(normal, centre, strict=True)) + Fraction(int(random.integers(1, 9)), 4)
    gap = offset - sum(a * p for a, p in zip(normal, centre, strict=True))
    square = gap**2 / sum(a * a for a in normal)
    beyond = Inequality(-offset, outputs=normal, strict=True)
    domain, path = Domain.everything(3), tmp_path / "claim.cert"
    assert settle(excluded(beyond, ball=l2_ball(centre, squared_radius=square)), network, domain, path)
    wider = excluded(beyond, ball=l2_ball(centre, squared_radius=square * (1 + Fraction(1, 1 << 24))))
    forged = tmp_path / "forged.cert"
    forged.write_bytes(with_claim(path.read_bytes(), wider, [network], 3))
    with pytest.raises(Rejected):
        check(str(forged))
    path.unlink()
    assert not settle(wider, network, domain, path)


def test_a_claim_with_a_margin_is_proved_long_before_all_regions_are_listed(tmp_path):
    network, domain = he_network(4, 8, 12, 8, 1), Domain.box([-1] * 8, [1] * 8)
    reach = 3 * float(np.prod([np.abs(w).sum(axis=1).max() for w in network.weights]))
    written = certify_claim(OutputBound((1,), reach), network, domain, tmp_path / "claim.cert")
    assert written.cells <= 4
    assert check(str(tmp_path / "claim.cert"))["closed"] == written.cells


def test_limits_name_the_cell_and_leave_what_was_there(tmp_path):
    path = tmp_path / "claim.cert"
    path.write_text("what was there")
    network, domain = he_network(4, 4, 8, 8, 1), Domain.box([-1] * 4, [1] * 4)
    claim = Equivalent(0)
    for limit in ({"max_cells": 3}, {"time_limit": Deadline(0)}):
        with pytest.raises(CertificateError, match="allow more, or claim less"):
            certify_claim(claim, network, domain, path, second_network=network, **limit)
        assert path.read_text() == "what was there"
        assert [entry.name for entry in tmp_path.iterdir()] == ["claim.cert"]


def test_progress_counts_the_cells(tmp_path):
    seen: list[int] = []
    written = certify_claim(Monotone(0, 0, 1), RAMP, PLANE, tmp_path / "claim.cert", on_progress=seen.append)
    assert seen == list(range(1, written.cells + 1))


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        (OutputBound((1, 1), 0), "1 are needed"),
        (Monotone(1, 0, 1), "no output 1"),
        (Monotone(0, 2, 1), "no feature 2"),
        (SameDecision((2,)), "no feature 2"),
        (SameLargest((0,)), "with one output the largest"),
        (Equivalent(0), "needs a second network"),
        (PatternClaims((PatternStatement("0", "region"),)), "1 bits for 2 units"),
        (excluded(Inequality(1, inputs=(1,))), "2 are needed"),
        (excluded(ABOVE), "1 are needed"),
        (excluded(Inequality(2.0**-1000, outputs=(2.0**1000,)), scope=Scope.ADMISSIBLE), None),
        (excluded(Inequality(Fraction(1, 3**3000), outputs=(1,))), "bits"),
        (OutputBound((1,), 2, ball=linf_ball([0], 1)), "1 coordinates for 2 inputs"),
    ],
)
def test_claims_that_do_not_fit_are_refused_in_words(claim, text, tmp_path):
    path = tmp_path / "claim.cert"
    if text is None:  # long numbers that still fit
        assert not settle(claim, RAMP, SQUARE, path)
        return
    with pytest.raises(InputError, match=text):
        certify_claim(claim, RAMP, SQUARE, path)
    assert not list(tmp_path.iterdir())


def test_two_networks_are_refused_where_the_claim_is_about_one(tmp_path):
    with pytest.raises(InputError, match="two were given"):
        certify_claim(OutputBound((1,), 2), RAMP, SQUARE, tmp_path / "claim.cert", second_network=TWISTED)
    wide = he_network(1, 2, 3, 2)
    with pytest.raises(InputError, match="cannot be equivalent"):
        certify_claim(Equivalent(0), RAMP, SQUARE, tmp_path / "claim.cert", second_network=wide)
    other = he_network(1, 3, 3, 1)
    with pytest.raises(InputError, match="inputs"):
        certify_claim(Equivalent(0), RAMP, SQUARE, tmp_path / "claim.cert", second_network=other)


def test_an_unbounded_output_has_no_bound_and_the_input_shows_it(tmp_path):
    path = tmp_path / "claim.cert"
    for bound in (0, 10**6, 2.0**200):
        assert not settle(OutputBound((1,), bound), RAMP, PLANE, path)
    half = Domain.box([-inf, 0], [inf, inf])
    assert settle(OutputBound((-1,), 0), BETWEEN, half, path)


def test_a_proof_that_nobody_keeps_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    kept = settle_claim(OutputBound((1,), 2), RAMP, SQUARE, tmp_path / "c.cert").proof
    found = settle_claim(OutputBound((1,), 2), RAMP, SQUARE).proof
    assert (found.path, found.size, found.digest) == (None, 0, "")
    assert (found.cells, found.proofs) == (kept.cells, kept.proofs)


def test_a_time_limit_ends_within_a_cell():
    network = he_network(3, 4, 30, 30, 1)  # to decide all units of one cell already takes longer
    found = settle_claim(OutputBound((1,), 10**6), network, Domain.box([-1] * 4, [1] * 4), time_limit=Deadline(0))
    assert found.verdict is Verdict.UNKNOWN
    assert "time ran out (before anything was tried); the output is at most" in str(found.reason)
    assert (found.reason.cause, found.reason.short) == (Cause.TIME, "time ran out")


def test_what_bounds_of_the_box_show_takes_no_linear_program(monkeypatch):
    """On an affine box there is none, however many units; on one with a single kink a few, not two for each unit."""
    solved: list[int] = []
    solve = HighsSession.maximise
    monkeypatch.setattr(HighsSession, "maximise", lambda self, c: solved.append(len(c)) or solve(self, c))
    network = he_network(1, 1, 64, 64, 64, 1)
    kinks = {True: 0, False: 0}
    for low, high in pairwise(np.linspace(-1, 1, 401)[:60]):
        affine = len(np.unique(activation_patterns(network, np.array([[low], [high]])).packed, axis=0)) == 1
        solved.clear()
        found = settle_claim(OutputBound((1,), 1000), network, Domain.box([low], [high]))
        assert found.verdict is Verdict.HOLDS and found.proof.proofs >= network.units
        assert len(solved) <= (0 if affine else 12)
        kinks[affine] += 1
    assert min(kinks.values()) > 5


@pytest.mark.parametrize("standing", ["region", "infeasible", "flat"])
def test_patterns_are_left_open_at_a_deadline(standing):
    claim = PatternClaims((PatternStatement("11", standing), PatternStatement("00", standing)))
    found = settle_claim(claim, RAMP, SQUARE, time_limit=Deadline(0))
    assert found.verdict is Verdict.UNKNOWN and found.reason.cause is Cause.TIME
    assert "could not be proved in time" in str(found.reason)
