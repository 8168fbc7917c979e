"""Many boxes at once: against the exact extremes of networks of one input, with counted work, and at a limit."""

from fractions import Fraction
from itertools import count, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, integer_network, layered
from oracles import evaluate_layers, exact_layers, pattern_at

import relugeom.certificate.boxes
import relugeom.deadline
from relugeom.certificate.boxes import settle_boxes
from relugeom.certificate.claim_proof.affine_boxes import find_affine_boxes
from relugeom.certificate.claim_proof.header_entry import set_rows
from relugeom.checker import check
from relugeom.claims.box_claims import BoxClaims
from relugeom.claims.claim import Excluded
from relugeom.claims.inequality import Inequality
from relugeom.claims.settlement import Verdict
from relugeom.claims.vnnlib import read_property
from relugeom.deadline import Deadline
from relugeom.errors import InputError
from relugeom.geometry.highs import HighsSession
from relugeom.questions.properties import property_claims


def extremes(network, low, high):
    """The least and the greatest output over an interval, from every point at which a unit changes sign."""
    layers, points = exact_layers(network), [Fraction(low), Fraction(high)]
    for level in range(len(layers) - 1):
        values = [evaluate_layers(layers, [x])[level] for x in points]
        added = set(points)
        for (x, at_x), (y, at_y) in pairwise(zip(points, values, strict=True)):
            crossings = ((a, b) for a, b in zip(at_x, at_y, strict=True) if a * b < 0)
            added |= {x + (y - x) * a / (a - b) for a, b in crossings}
        points = sorted(added)
    outputs = [evaluate_layers(layers, [x])[-1][0] for x in points]
    return min(outputs), max(outputs)


def within(low, high):
    """Nothing below low, nothing above high."""
    above, below = Inequality(-high, outputs=(1,), strict=True), Inequality(low, outputs=(-1,), strict=True)
    return Excluded(((below,), (above,)))


def line(edges, claims):
    edges = np.array(edges, dtype=np.float64)[:, None]
    return BoxClaims(edges[:-1], edges[1:], tuple(claims))


@st.composite
def intervals(draw):
    """A network of one input, edges, and bounds of the output that are exact, too wide, or (seldom) too narrow."""
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    build = draw(
        st.sampled_from([integer_network, lambda random, *sizes: he_network(int(random.integers(99)), *sizes)])
    )
    network = build(random, 1, *draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)), 1)
    edges = [Fraction(edge, 8) for edge in sorted(draw(st.sets(st.integers(-24, 24), min_size=2, max_size=12)))]
    slack = draw(st.lists(st.sampled_from([0, 0, Fraction(1, 4), 10]), min_size=len(edges), max_size=len(edges)))
    wrong = draw(st.none() | st.integers(0, len(edges) - 2))
    return network, edges, slack, wrong


@given(intervals())
def test_the_verdict_is_that_of_the_exact_extremes(case):
    network, edges, slack, wrong = case
    claims, truth = [], True
    for k, (low, high) in enumerate(pairwise(edges)):
        least, most = extremes(network, low, high)
        narrow = Fraction(1, 1 << 40) if k == wrong else 0
        claims.append(within(least - slack[k], most + slack[k] - narrow))
        truth &= slack[k] >= narrow
    found = settle_boxes(line(edges, claims), network)
    assert found.verdict is (Verdict.HOLDS if truth else Verdict.FAILS)
    assert found.boxes == len(claims) and (not truth or found.closed == len(claims))
    if not truth:
        (x,) = found.counterexample.x
        assert edges[wrong] <= x <= edges[wrong + 1]
        assert evaluate_layers(exact_layers(network), [x])[-1] == [*found.counterexample.outputs]
        assert found.counterexample.outputs[0] > claims[wrong].sets[1][0].constant * -1


@given(intervals(), st.integers(0, 10**6))
@settings(max_examples=50)
def test_bounds_in_floats_never_say_too_much(case, seed):
    """Patterns of boxes that are called affine are those of their points, and no set that is met is refuted."""
    network, edges, _, _ = case
    boxes = line(edges, [within(0, 0)] * (len(edges) - 1))
    found = find_affine_boxes(network, boxes.lower, boxes.upper)
    layers = exact_layers(network)
    random = np.random.default_rng(seed)
    for k in np.flatnonzero(found.affine).tolist():
        low, high = edges[k : k + 2]
        for share in (0, 1, Fraction(float(random.random()))):
            bits = pattern_at(layers, [low + share * (high - low)]).replace("/", "")
            assert bits == "".join(map(str, found.active[k].astype(int)))
        least, most = extremes(network, low, high)
        for met in (Inequality(-most, outputs=(1,)), Inequality(least, outputs=(-1,))):
            (members,) = set_rows(Excluded(((met,),)), [network], 1)
            assert found.refuting_member(k, members) is None


def test_boxes_on_which_the_network_is_affine_take_no_linear_program(monkeypatch):
    def never(*arguments, **options):
        raise AssertionError("no tree and no linear program is needed")

    monkeypatch.setattr(relugeom.certificate.boxes, "settle_task", never)
    monkeypatch.setattr(HighsSession, "__init__", never)
    network, edges = he_network(1, 1, 64, 64, 64, 1), np.linspace(-1, 1, 2001)
    known = find_affine_boxes(network, edges[:-1, None], edges[1:, None]).affine
    assert known.mean() > 0.8
    chosen = np.flatnonzero(known)
    boxes = BoxClaims(edges[chosen, None], edges[chosen + 1, None], (within(-1000, 1000),) * len(chosen))
    found = settle_boxes(boxes, network)
    assert found.verdict is Verdict.HOLDS and found.closed == found.cells == len(chosen)


def test_a_counterexample_in_the_last_box_comes_before_all_proofs(monkeypatch):
    monkeypatch.setattr(relugeom.certificate.boxes, "find_affine_boxes", None)
    network, edges = he_network(2, 1, 32, 32, 1), np.linspace(-1, 1, 3001)
    most = extremes(network, *edges[-2:])[1]
    claims = [within(-1000, 1000)] * 2999 + [within(-1000, most - Fraction(1, 10**6))]
    found = settle_boxes(line(edges, claims), network)
    assert found.verdict is Verdict.FAILS and found.closed == 0
    assert edges[-2] <= found.counterexample.x[0] <= edges[-1]


def test_bounds_that_are_no_floats_do_not_hide_a_counterexample(monkeypatch):
    """Boxes are rounded outwards: at their corners no input satisfies 0.1 ≤ x ≤ 0.3."""
    monkeypatch.setattr(relugeom.certificate.boxes, "find_affine_boxes", None)
    text = "".join(f"(declare-const X_{k} Real)(assert (>= X_{k} 0.1))(assert (<= X_{k} 0.3))" for k in range(12))
    network = layered((np.eye(12), np.zeros(12)), (np.ones((1, 12)), [0]))
    boxes = property_claims(read_property(f"{text}(declare-const Y_0 Real)(assert (>= Y_0 3.5999999999))"), network)
    found = settle_boxes(boxes, network)
    assert found.verdict is Verdict.FAILS
    assert all(Fraction(1, 10) <= x <= Fraction(3, 10) for x in found.counterexample.x)


@pytest.fixture
def ticks(monkeypatch):
    """A clock that goes on by one second whenever somebody looks at it."""
    clock = count(1000)
    monkeypatch.setattr(relugeom.deadline.time, "monotonic", lambda: float(next(clock)))


@pytest.mark.parametrize("kept", [False, True])
def test_at_the_limit_it_says_how_many_boxes_are_closed(ticks, tmp_path, kept):
    """|x| in boxes, of which one is not affine."""
    network = layered(([[1], [-1]], [0, 0]), ([[1, 1]], [0]))
    boxes = line([-4, -3, -2, -1, 1, 2, 3, 4], [within(-1, 5)] * 7)
    place = (lambda box: tmp_path / f"{box}.cert") if kept else None
    counts = set()
    for limit in range(1, 60):
        for path in tmp_path.iterdir():
            path.unlink()
        found = settle_boxes(boxes, network, place, time_limit=limit)
        counts.add(found.closed)
        if kept:
            assert {path.name for path in tmp_path.iterdir()} == {f"{box}.cert" for box in found.proofs}
            assert all(check(str(path))["closed"] == 1 for path in tmp_path.iterdir())
        if found.verdict is Verdict.HOLDS:
            break
        assert found.verdict is Verdict.UNKNOWN
        assert found.reason == f"time ran out: {found.closed} of 7 boxes are closed"
    assert found.verdict is Verdict.HOLDS and counts == {0, 1, 2, 3, 4, 5, 6, 7}


def test_after_the_deadline_nothing_is_closed():
    found = settle_boxes(line(range(-4, 5), [within(-1, 5)] * 8), he_network(1, 1, 3, 1), time_limit=Deadline(0))
    assert (found.verdict, found.closed) == (Verdict.UNKNOWN, 0)
    assert found.reason == "time ran out: 0 of 8 boxes are closed"


def test_open_flat_and_huge_boxes():
    """relu(x) − relu(−x) is x: what is said of infinite and empty widths, and at the end of the floats."""
    network = layered(([[1], [-1]], [0, 0]), ([[1, -1]], [0]))
    lower = np.array([[0.0], [-np.inf], [3.0], [1e308], [-1.7e308]])
    upper = np.array([[np.inf], [np.inf], [3.0], [1.7e308], [1.7e308]])
    never_below = Excluded(((Inequality(Fraction(-(10**400)), outputs=(-1,)),),))
    same = Excluded(((Inequality(inputs=(1,), outputs=(-1,), strict=True),),))
    assert settle_boxes(BoxClaims(lower, upper, (same,) * 5), network).verdict is Verdict.HOLDS
    assert settle_boxes(BoxClaims(lower[2:], upper[2:], (never_below,) * 3), network).verdict is Verdict.HOLDS
    for k in (0, 1):
        whole = BoxClaims(lower[k : k + 1], upper[k : k + 1], (within(-(10**9), 10**9),))
        assert settle_boxes(whole, network).verdict is Verdict.FAILS


def test_boxes_of_another_size_are_refused():
    with pytest.raises(InputError, match="1 inputs"):
        settle_boxes(line([0, 1], [within(0, 1)]), he_network(1, 2, 3, 1))


def test_no_box_at_all_holds():
    found = settle_boxes(BoxClaims(np.zeros((0, 1)), np.zeros((0, 1)), ()), he_network(1, 1, 3, 1))
    assert (found.verdict, found.boxes, found.closed) == (Verdict.HOLDS, 0, 0)
