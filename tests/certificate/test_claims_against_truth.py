"""Random claims about small integer networks, full of coincidences: proved iff the naive truth says that they hold."""

from fractions import Fraction

import numpy as np
import pytest
from claim_truth import is_met, moves_wrongly, settle
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import integer_network
from oracles import INFEASIBLE, LOWER_DIMENSIONAL, REGION, classify_all, domain_forms, exact_layers

from relugeom.certificate.claim_proof.header_entry import as_excluded
from relugeom.claims.ball import l1_ball, linf_ball
from relugeom.claims.claim import Equivalent, Excluded, Monotone, OutputBound, SameDecision, SameLargest, Scope, Twin
from relugeom.claims.inequality import Inequality
from relugeom.claims.patterns import PatternClaims, PatternStatement
from relugeom.errors import CertificateError
from relugeom.geometry.domain import Domain, list_admissible

seeds = st.integers(0, 2**32 - 1)
inf = float("inf")


def domains(inputs):
    """Boxes, flat ones, a single point, rows, implicit equalities, open sides."""
    ones = np.ones((1, inputs))
    return [
        Domain.box([-1] * inputs, [1] * inputs),
        Domain.box([-2] * inputs, [0.5] * inputs),
        Domain.box([0] * inputs, [0, *[1] * (inputs - 1)]),
        Domain.box([1] * inputs, [1] * inputs),
        Domain([-1] * inputs, [1] * inputs, A=ones, b=[0.5]),
        Domain([-1] * inputs, [1] * inputs, E=ones, f=[0.25]),
        Domain([0] * inputs, [3] * inputs, A=ones, b=[0.0]),
        Domain.everything(inputs),
        Domain.box([-inf, *[0] * (inputs - 1)], [1, *[inf] * (inputs - 1)]),
    ]


def whole_domains():
    """Integers, binary inputs, a one-hot group, one feature that is continuous."""
    return [
        Domain([-2, -1], [2, 1], kinds=("integer", "integer")),
        Domain([0, 0], [1, 1], kinds=("binary", "binary")),
        Domain([0, 0], [1, 1], groups=((0, 1),)),
        Domain([-2, -2], [2, 2], A=[[2.0, 2.0]], b=[1.0], kinds=("integer", "integer")),
    ]


def small(values):
    return tuple(Fraction(int(value), 2) for value in values)


def random_network(random, inputs, outputs=1):
    widths = [(3,), (4,), (2, 2)][random.integers(3)]
    return integer_network(random, inputs, *widths, outputs)


def random_sets(random, inputs, outputs, own=0, copied=0):
    """One or two sets of one or two inequalities."""
    sets = []
    for _ in range(random.integers(1, 3)):
        members = []
        for _ in range(random.integers(1, 3)):
            x, second = small(random.integers(-2, 3, inputs)), small(random.integers(-2, 3, own))
            y, other = small(random.integers(-2, 3, outputs)), small(random.integers(-2, 3, copied))
            constant = Fraction(int(random.integers(-9, 3)), int(random.integers(1, 4)))
            members.append(Inequality(constant, x, y, second, other, strict=bool(random.integers(2))))
        sets.append(tuple(members))
    return tuple(sets)


@settings(max_examples=60)
@given(seeds)
def test_sets_are_excluded_iff_no_cell_meets_them(tmp_path_factory, seed):
    random = np.random.default_rng(seed)
    network = random_network(random, 2, outputs=2)
    domain = domains(2)[random.integers(9)]
    ball = [None, None, l1_ball, linf_ball][random.integers(4)]
    ball = ball and ball(small(random.integers(-2, 3, 2)), Fraction(int(random.integers(0, 5)), 3))
    claim = Excluded(random_sets(random, 2, 2), ball=ball)
    path = tmp_path_factory.mktemp("claims") / "claim.cert"
    assert settle(claim, network, domain, path) is not is_met(claim, [network], domain)


@settings(max_examples=25)
@given(seeds)
def test_an_output_is_bounded_by_its_supremum_and_by_nothing_less(tmp_path_factory, seed):
    """A bound with no margin at all: the largest of y at vertices of cells, found by bisection on the truth."""
    random = np.random.default_rng(seed)
    network, domain = random_network(random, 2), domains(2)[random.integers(7)]
    path = tmp_path_factory.mktemp("claims") / "claim.cert"
    claims = [OutputBound((1,), bound) for bound in range(-40, 41)]
    held = [not is_met(as_excluded(claim, [network]), [network], domain) for claim in (claims[0], claims[-1])]
    low, high = 0, 80
    while held == [False, True] and high - low > 1:
        middle = (low + high) // 2
        met = is_met(as_excluded(claims[middle], [network]), [network], domain)
        low, high = (middle, high) if met else (low, middle)
    assert settle(claims[high], network, domain, path) is held[1]
    path.unlink(missing_ok=True)
    assert settle(claims[low], network, domain, path) is held[0]


@settings(max_examples=30)
@given(seeds)
def test_admissible_inputs_are_excluded_iff_none_is_in_a_set(tmp_path_factory, seed):
    random = np.random.default_rng(seed)
    network, domain = random_network(random, 2), whole_domains()[random.integers(4)]
    claim = Excluded(random_sets(random, 2, 1), Scope.ADMISSIBLE)
    points = list_admissible(domain).tolist()
    pinned = [Domain.box(point, point) for point in points]
    met = any(is_met(claim, [network], point) for point in pinned)
    path = tmp_path_factory.mktemp("claims") / "claim.cert"
    assert settle(claim, network, domain, path) is not met


@settings(max_examples=25)
@given(seeds)
def test_pairs_of_inputs_and_networks_are_excluded_iff_no_pair_of_cells_meets_the_sets(tmp_path_factory, seed):
    random = np.random.default_rng(seed)
    first = integer_network(random, 2, *[(2,), (1, 2)][random.integers(2)], 2)
    second = integer_network(random, 2, 2, 2)
    domain = domains(2)[random.integers(9)]
    kind = random.integers(4)
    own = (int(random.integers(2)),)
    if kind == 0:
        claim = SameDecision(own, Fraction(int(random.integers(-4, 5))), Fraction(5), int(random.integers(2)))
    elif kind == 1:
        claim = SameLargest(own)
    elif kind == 2:
        claim = Equivalent(Fraction(int(random.integers(0, 9))))
    else:
        claim = Excluded(random_sets(random, 2, 2, 1, 2), twin=Twin(own, second_network=True))
    options = {"second_network": second} if kind > 1 else {}
    path = tmp_path_factory.mktemp("claims") / "claim.cert"
    networks = [first, second]
    assert settle(claim, first, domain, path, **options) is not is_met(as_excluded(claim, networks), networks, domain)


@settings(max_examples=50)
@given(seeds)
def test_an_output_is_monotone_iff_no_pair_shows_otherwise(tmp_path_factory, seed):
    random = np.random.default_rng(seed)
    network, domain = random_network(random, 2), domains(2)[random.integers(9)]
    claim = Monotone(0, int(random.integers(2)), [1, -1][random.integers(2)])
    path = tmp_path_factory.mktemp("claims") / "claim.cert"
    wrong = moves_wrongly(claim, network, domain)
    try:
        assert settle(claim, network, domain, path) is not wrong
    except CertificateError as error:  # where the feature is tied, slopes prove nothing
        assert "cannot change alone" in str(error)
        assert not wrong


@pytest.mark.parametrize("number", range(9))
@settings(max_examples=6)
@given(seed=seeds)
def test_every_pattern_is_certified_to_be_what_it_is_and_nothing_else(tmp_path_factory, number, seed):
    random = np.random.default_rng(seed)
    network, domain = random_network(random, 2), domains(2)[number]
    path = tmp_path_factory.mktemp("claims") / "claim.cert"
    for pattern, status in classify_all(exact_layers(network), domain_forms(domain)).items():
        assert settle(PatternClaims((PatternStatement(pattern, status),)), network, domain, path)
        path.unlink()
        true = {REGION: (), LOWER_DIMENSIONAL: ("flat",), INFEASIBLE: ("flat", "inadmissible")}[status]
        for standing in {"region", "flat", "lower-dimensional", "infeasible", "inadmissible"} - {status, *true}:
            with pytest.raises(CertificateError):
                settle(PatternClaims((PatternStatement(pattern, standing),)), network, domain, path)
                raise CertificateError("shown to be false")
            assert not path.exists()
