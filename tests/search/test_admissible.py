"""Which patterns admissible inputs have: against listings, slices, and networks worked out by hand."""

from fractions import Fraction
from itertools import product
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, hidden, identity_layer, integer_network, layered, needle
from oracles import (
    LOWER_DIMENSIONAL,
    REGION,
    all_patterns,
    classify,
    domain_forms,
    exact_layers,
    find_point,
    form_value,
    pattern_at,
    pattern_system,
)

from relugeom.errors import DomainError, EmptyDomainError, InputError
from relugeom.geometry.domain import Domain
from relugeom.geometry.integer_search import AdmissibleWitness, Undecided
from relugeom.network.pattern import pattern_texts
from relugeom.partition.census import Met
from relugeom.search import admissible
from relugeom.search.admissible import admissible_patterns, admissible_regions, check_admissible
from relugeom.search.enumeration import enumerate_regions
from relugeom.search.feasibility import classify_patterns, take_census

YES, NO, UNKNOWN = Met.YES, Met.NO, Met.UNKNOWN


@pytest.fixture
def unlisted(monkeypatch):
    """As if admissible inputs could never be listed."""
    monkeypatch.setattr(admissible, "list_admissible", lambda domain: None)


def check_witnesses(network, domain, texts, answer, rows):
    """Each witness is admissible and has its pattern, in fractions."""
    layers, weak = exact_layers(network), domain_forms(domain)
    for row in rows:
        exact = answer.exact_witnesses.get(row)
        point = [Fraction(x) for x in answer.witnesses[row].tolist()] if exact is None else list(exact)
        assert pattern_at(layers, point) == texts[row]
        assert all(form_value(form, point) >= 0 for form in weak)
        assert all(x.denominator == 1 for x, whole in zip(point, domain.integral, strict=True) if whole)


def patterns_of(network, domain, **options):
    """The texts of all patterns that were found, after checking their witnesses."""
    found = admissible_patterns(network, domain, **options)
    texts = pattern_texts(found.packed, network.widths)
    assert texts == sorted(set(texts))
    assert found.complete == (not found.reason)
    check_witnesses(network, domain, texts, found, range(len(texts)))
    return texts, found


def regions_of(network, domain, **options):
    """The verdict of every region, after checking witnesses and that every verdict has its reason."""
    partition = enumerate_regions(network, domain)
    found = admissible_regions(partition, **options)
    texts = pattern_texts(partition.packed, network.widths)
    met = np.flatnonzero(found.met == YES).tolist()
    check_witnesses(network, domain, texts, found, met)
    assert np.isnan(found.witnesses[found.met != YES]).all()
    assert sorted(found.reasons) == np.flatnonzero(found.met == UNKNOWN).tolist()
    if found.counts is None:
        assert sorted(found.proofs) == np.flatnonzero(found.met == NO).tolist()
    return dict(zip(texts, found.met.tolist(), strict=True)), found


def on_slice(form, fixed, rest):
    """A form as one of the other features, with these fixed."""
    return [*(form[feature] for feature in rest), form[-1] + sum(form[feature] * value for feature, value in fixed)]


def met_by_slices(network, domain):
    """The naive truth: fix the integer features in every way, and ask each pattern's system of the others."""
    layers, weak, integral = exact_layers(network), domain_forms(domain), domain.integral.tolist()
    sides = zip(domain.lower, domain.upper, strict=True)
    ranges = [range(int(np.ceil(low)), int(np.floor(high)) + 1) for low, high in sides]
    whole = [feature for feature, is_whole in enumerate(integral) if is_whole]
    rest = [feature for feature, is_whole in enumerate(integral) if not is_whole]
    met = set()
    for values in product(*(ranges[feature] for feature in whole)):
        fixed = list(zip(whole, values, strict=True))
        closed = [on_slice(form, fixed, rest) for form in weak]
        if find_point(closed, [], len(rest)) is None:
            continue
        for pattern in set(all_patterns(network.widths)) - met:
            positive, negative = (
                [on_slice(form, fixed, rest) for form in forms] for forms in pattern_system(layers, pattern)
            )
            if find_point([*closed, *negative], positive, len(rest)) is not None:
                met.add(pattern)
    return met


# --- worked out by hand -------------------------------------------------------------------------------------------


def both_signs(inputs, constant):
    """x₀ + … − c and its negative."""
    return hidden(([[1.0] * inputs, [-1.0] * inputs], [-constant, constant]))


def test_half_of_the_inputs_lie_between_two_regions():
    network, square = both_signs(2, 1.0), Domain([0.0] * 2, [1.0] * 2, kinds=("binary",) * 2)
    known, found = regions_of(network, square)
    assert known == {"01": YES, "10": YES}
    assert found.counts.tolist() == [1, 1] and found.total == 4
    assert found.admissible_share.tolist() == [0.25, 0.25]
    texts, patterns = patterns_of(network, square)
    assert texts == ["00", "01", "10"] and patterns.counts.tolist() == [2, 1, 1]


def test_the_same_without_a_list(unlisted):
    network, square = both_signs(2, 1.0), Domain([0.0] * 2, [1.0] * 2, kinds=("binary",) * 2)
    known, found = regions_of(network, square)
    assert known == {"01": YES, "10": YES} and found.counts is None and found.admissible_share is None
    assert patterns_of(network, square)[0] == ["00", "01", "10"]


@pytest.mark.parametrize("constant", [0.5, 1.5])
def test_a_thin_region_without_integers(unlisted, constant):
    # Units x + y − 1/4 − ⌊c⌋ and x + y − 3/4 − ⌊c⌋: between them no integer sum.
    low = constant - 0.25
    network = hidden(([[1.0, 1.0], [1.0, 1.0]], [-low, -low - 0.5]))
    known, found = regions_of(network, Domain([0.0] * 2, [3.0] * 2, kinds=("integer",) * 2))
    assert known == {"00": YES, "10": NO, "11": YES}
    assert len(found.proofs[1].proof.nodes) == 1
    wide = Domain([-(2.0**60)] * 2, [2.0**60] * 2, kinds=("integer",) * 2)
    assert regions_of(network, wide)[0] == known
    everywhere = Domain([-inf] * 2, [inf] * 2, kinds=("integer",) * 2)
    assert regions_of(network, everywhere)[0] == known
    assert patterns_of(network, everywhere)[0] == ["00", "11"]


def test_zero_is_inactive(unlisted):
    # The one admissible input, (1, 1), lies where two of the three units are 0.
    network = hidden(([[3.0, -1.0], [-1.0, 3.0], [2.0, 2.0]], [-2.0, -2.0, -4.5]))
    domain = Domain([0.7, 0.7], [1.2, 1.2], kinds=("integer",) * 2)
    known, _ = regions_of(network, domain)
    assert known["000"] == YES and set(known.values()) == {YES, NO}
    assert patterns_of(network, domain)[0] == ["000"]


def test_a_continuous_direction_can_leave_only_a_line():
    # Units 2x − 2 and its negative: both are 0 on the line x = 1, and one third of the admissible lines is that.
    mixed = Domain([0.0, 0.0], [3.0, 3.0], kinds=("integer", "continuous"))
    network = hidden(([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0]], [-2.0, 2.0, -1.5]))  # x = 1 is lower-dimensional
    texts, _ = patterns_of(network, mixed)
    assert texts == ["000", "001", "010", "011", "100", "101"]
    assert set(regions_of(network, mixed)[0]) == {"010", "011", "100", "101"}


def test_groups(unlisted):
    domain = Domain([0.0] * 4, [1.0] * 4, kinds=("binary",) * 3 + ("continuous",), groups=((0, 1, 2),))
    network = hidden(([[1, 1, 0, 0], [1, 1, 1, -1], [2, -2, 0, 1]], [-0.5, 0.0, -1.5]))
    met = met_by_slices(network, domain)
    assert set(patterns_of(network, domain)[0]) == met
    known, _ = regions_of(network, domain)
    assert known == {text: YES if text in met else NO for text in known}
    assert set(known.values()) == {YES, NO} and len(met) > len(known)


def test_a_network_without_units():
    domain = Domain([0.0, 0.0], [1.0, 1.0], kinds=("integer", "continuous"))
    network = layered(([[1.0, 2.0]], [0.0]))
    assert patterns_of(network, domain)[0] == ["-"]
    assert regions_of(network, domain)[0] == {"-": YES}
    assert patterns_of(network, Domain([0.2, 0.0], [0.8, 1.0], kinds=domain.kinds))[0] == []


def test_continuous_domains_have_all_their_patterns():
    network, box = he_network(3, 2, 4, 1), Domain.box([-1.0] * 2, [1.0] * 2)
    assert set(regions_of(network, box)[0].values()) == {YES}
    feasible = {pattern for pattern, status in classify_patterns(network, box).items() if status != "infeasible"}
    assert set(patterns_of(network, box)[0]) == feasible


def test_regions_without_float_points():
    known, found = regions_of(needle(), Domain.box([-1.0], [1.0]))
    assert set(known.values()) == {YES} and found.exact_witnesses


def test_a_network_of_another_size():
    with pytest.raises(InputError, match="2 inputs"):
        admissible_patterns(identity_layer(2), Domain.box([0.0], [1.0]))


# --- against naive truth ------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_searching_agrees_with_listing(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(1, 4))
    network = integer_network(random, n, *random.integers(1, 4, int(random.integers(1, 3))), 1)
    rows = int(random.integers(0, 2))
    lower = random.integers(-2, 1, n).astype(float)
    domain = Domain(
        lower,
        lower + random.integers(0, 4, n),
        A=random.integers(-2, 3, (rows, n)).astype(float),
        b=random.integers(0, 3, rows).astype(float),
        kinds=("integer",) * n,
    )
    try:
        listed_regions, counted = regions_of(network, domain)
    except EmptyDomainError:
        return
    listed, patterns = patterns_of(network, domain)
    assert counted.total == patterns.counts.sum()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(admissible, "list_admissible", lambda domain: None)
        assert regions_of(network, domain)[0] == listed_regions
        assert patterns_of(network, domain)[0] == listed


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_mixed_domains_slice_by_slice(seed):
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, *random.integers(1, 4, int(random.integers(1, 3))), 1)
    A = random.integers(-2, 3, (1, 2)).astype(float)
    kinds = ("integer", "continuous") if random.random() < 0.5 else ("continuous", "integer")
    domain = Domain([-2.0, -2.0], random.integers(-2, 3, 2) + 0.5, A=A, b=[1.0], kinds=kinds)
    try:
        known, _ = regions_of(network, domain)
    except EmptyDomainError:
        return
    truth = met_by_slices(network, domain)
    texts, found = patterns_of(network, domain)
    assert found.complete and set(texts) == truth
    assert {text for text, kept in known.items() if kept == YES} == truth & set(known)


# --- limits -------------------------------------------------------------------------------------------------------


def test_huge_ranges():
    network = he_network(5, 2, 5, 1)
    domain = Domain([1.0] * 2, [1e9] * 2, kinds=("integer",) * 2)
    known, _ = regions_of(network, domain, node_limit=200)
    assert UNKNOWN not in known.values()
    texts, found = patterns_of(network, domain, node_limit=200)
    assert found.complete and set(texts) >= {text for text, kept in known.items() if kept == YES}


def unsettled():
    """A region |2x − 4y − 1| < s ≤ 1/4 on unbounded integers: empty, but no end of branching."""
    network = hidden(([[2.0, -4.0, 1.0], [-2.0, 4.0, 1.0]], [-1.0, 1.0]))
    return network, Domain([-inf, -inf, 0.0], [inf, inf, 0.25], kinds=("integer", "integer", "continuous"))


def test_unbounded_integers_leave_a_verdict_open():
    network, domain = unsettled()
    known, found = regions_of(network, domain, node_limit=20)
    assert known["11"] == UNKNOWN and known["01"] == known["10"] == YES
    assert "20 nodes" in next(iter(found.reasons.values()))
    texts, patterns = patterns_of(network, domain, node_limit=20)
    assert texts == ["01", "10"] and not patterns.complete
    assert "11" in patterns.undecided


def test_time_limits_are_told():
    network = he_network(2, 4, 8, 8, 1)
    domain = Domain([-2.0] * 4, [2.0] * 4, kinds=("integer",) * 3 + ("continuous",))
    known, found = regions_of(network, domain, time_limit=1e-6)
    assert UNKNOWN in known.values() and "time" in next(iter(found.reasons.values()))
    _, patterns = patterns_of(network, domain, time_limit=0.05)
    assert not patterns.complete and "time" in patterns.reason


# --- no admissible input at all -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "complaint"),
    [
        (Domain([0, 0.2], [1, 0.8], kinds=("integer",) * 2, feature_names=("a", "Age")), "'Age': no integer .* 0.2"),
        (Domain([-9.0], [9.0], E=[[2.0]], f=[1.0], kinds=("integer",)), "equality 1"),
        (Domain([-inf], [inf], E=[[2.0]], f=[1.0], kinds=("integer",)), "equality 1"),
        (Domain([0.0] * 2, [inf] * 2, E=[[1, 1]], f=[0.5], kinds=("integer",) * 2), "equality 1: no solution"),
        (Domain([0.0] * 2, [1.0] * 2, A=[[-1, -1]], b=[-3], kinds=("binary", "continuous")), "inequality 1"),
        (Domain([0.0] * 2, [1.0] * 2, E=[[1, -1]], f=[0], kinds=("binary",) * 2, groups=((0, 1),)), "one-hot group 1"),
        (Domain([0.0] * 3, [9.0, 9.0, 0.25], A=[[2, -4, -1], [-2, 4, -1]], b=[1, -1],
                kinds=("integer", "integer", "continuous")), "no integers for 'x0'"),
    ],
)  # fmt: skip
def test_domains_without_admissible_inputs(domain, complaint):
    with pytest.raises(DomainError, match=complaint) as caught:
        check_admissible(domain)
    assert "\n" not in str(caught.value)
    assert patterns_of(he_network(0, domain.inputs, 2, 1), domain)[0] == []


def test_domains_with_admissible_inputs():
    assert isinstance(check_admissible(Domain.box([0.0], [1.0])), AdmissibleWitness)
    assert isinstance(check_admissible(Domain([1e300], [inf], kinds=("integer",))), AdmissibleWitness)
    open_question = Domain([-inf, -inf, 0.0], [inf, inf, 0.25], A=[[2, -4, -1], [-2, 4, -1]], b=[1, -1],
                           kinds=("integer", "integer", "continuous"))  # fmt: skip
    assert isinstance(check_admissible(open_question, node_limit=20), Undecided)


# --- the census ---------------------------------------------------------------------------------------------------


def test_a_census_of_listed_inputs():
    census = take_census(enumerate_regions(both_signs(2, 1.0), Domain([0.0] * 2, [1.0] * 2, kinds=("binary",) * 2)))
    assert census.region_admissible.tolist() == [1, 1] and census.lower_admissible.tolist() == [2]
    assert census.region_met.tolist() == [YES, YES] and census.lower_met.tolist() == [YES]
    assert census.admissible_complete and census.admissible == 3


def test_a_census_of_mixed_inputs():
    network = hidden(
        ([[2.0, 0.0], [2.0, 0.0], [-2.0, 0.0]], [-2.5, -3.5, 2.0])
    )  # 1 < x < 5/4 and 5/4 < x < 7/4 have none
    domain = Domain([0.0, 0.0], [3.0, 3.0], kinds=("integer", "continuous"))
    census = take_census(enumerate_regions(network, domain))
    texts = pattern_texts(census.region_packed, network.widths)
    assert dict(zip(texts, census.region_met.tolist(), strict=True)) == {
        "000": YES, "001": YES, "100": NO, "110": YES
    }  # fmt: skip
    assert census.region_admissible is None and census.lower_admissible is None
    assert census.admissible_complete and census.admissible == 3


def test_a_census_of_continuous_inputs():
    census = take_census(enumerate_regions(both_signs(2, 1.0), Domain.box([0.0] * 2, [1.0] * 2)))
    assert census.region_admissible is None and census.region_met.tolist() == [YES, YES]
    assert census.admissible_complete and census.admissible == 3


def test_a_census_that_cannot_settle_everything():
    network, domain = unsettled()
    census = take_census(enumerate_regions(network, domain), time_limit=0.4)
    texts = pattern_texts(census.region_packed, network.widths)
    assert dict(zip(texts, census.region_met.tolist(), strict=True))["11"] == UNKNOWN
    assert not census.admissible_complete and census.admissible is None


@settings(max_examples=12)
@given(st.integers(0, 2**32 - 1))
def test_a_census_of_a_truncated_partition(seed):
    """Patterns of admissible inputs behind the end of the list are located one by one."""
    random = np.random.default_rng(seed)
    network = integer_network(random, 2, 3, 1)
    domain = Domain([-2.0] * 2, [2.0] * 2, kinds=("integer", "continuous"))
    partition = enumerate_regions(network, domain, max_regions=1)
    census = take_census(partition)
    layers, weak = exact_layers(network), domain_forms(domain)
    met = met_by_slices(network, domain)
    for packed, known, status in (
        (census.region_packed, census.region_met, REGION),
        (census.lower_packed, census.lower_met, LOWER_DIMENSIONAL),
    ):
        for text, kept in zip(pattern_texts(packed, network.widths), known.tolist(), strict=True):
            assert classify(layers, weak, text) == status
            assert kept == (YES if text in met else NO)
    assert census.admissible == len(met)
