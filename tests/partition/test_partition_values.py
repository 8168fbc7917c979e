"""Partitions as values: regions by pattern, and pickles."""

import pickle
from fractions import Fraction

import numpy as np
import pytest
from networks import he_network

import relugeom as rg
from relugeom.errors import PatternError
from relugeom.partition.census import AdmissibleInputs, AdmissiblePatterns

NETWORK = he_network(3, 2, 4, 2, 1)
DOMAIN = rg.Domain.box([-1, -1], [1, 1])


@pytest.fixture(scope="module")
def partition():
    return rg.enumerate_regions(NETWORK, DOMAIN)


def test_a_region_is_found_by_its_row_and_by_its_pattern(partition):
    for row, region in enumerate(partition):
        found = [partition[key] for key in (row, row - len(partition), region.pattern, str(region.pattern))]
        assert {str(other.pattern) for other in found} == {str(region.pattern)}
        assert all(other.point.tolist() == region.point.tolist() for other in found)


def test_a_pattern_that_is_no_region_is_refused_with_its_reason(partition):
    listed = {str(region.pattern) for region in partition}
    every = (f"{number >> 2:04b}/{number & 3:02b}" for number in range(64))
    with pytest.raises(PatternError, match=r"none of the .* which are all regions"):
        partition[next(text for text in every if text not in listed)]
    with pytest.raises(PatternError, match="which are not all regions"):
        rg.enumerate_regions(NETWORK, DOMAIN, max_regions=1)[str(partition[len(partition) - 1].pattern)]
    with pytest.raises(PatternError, match="write it like '0000/00'"):
        partition["01/01"]
    with pytest.raises(IndexError):
        partition[len(partition)]


def test_a_partition_comes_out_of_a_pickle_as_it_was(partition):
    strip = rg.ReLUNetwork.from_layers(([[3.0]], [-1.0]), ([[-(2.0**60)]], [1.0]), ([[1.0]], [0.0]))
    odd = rg.enumerate_regions(strip, rg.Domain.box([0.0], [1.0]))
    assert odd.exact_points  # its middle region holds no float64
    for whole in (partition, odd, rg.enumerate_regions(NETWORK, DOMAIN, max_regions=2)):
        copy = pickle.loads(pickle.dumps(whole))
        assert (copy.network, copy.domain, copy.status) == (whole.network, whole.domain, whole.status)
        assert (copy.reason, copy.seconds, copy.dimension) == (whole.reason, whole.seconds, whole.dimension)
        assert dict(copy.exact_points) == dict(whole.exact_points)
        for name in ("packed", "points", "tree"):
            assert np.array_equal(getattr(copy, name), getattr(whole, name))
            assert not getattr(copy, name).flags.writeable
        with pytest.raises(TypeError):
            copy.exact_points[0] = ()


def test_what_is_known_of_admissible_inputs_comes_out_of_a_pickle_as_it_was():
    exact = {1: (Fraction(1, 3),)}
    inputs = AdmissibleInputs(np.array([1, 1]), np.array([[1.0], [1 / 3]]), exact, reasons={0: "time"}, total=2)
    patterns = AdmissiblePatterns(np.zeros((2, 1), dtype=np.uint8), inputs.witnesses, exact, undecided=("0",))
    for value in (inputs, patterns):
        copy = pickle.loads(pickle.dumps(value))
        assert dict(copy.exact_witnesses) == exact
        assert copy.witnesses.tolist() == value.witnesses.tolist()
    assert dict(pickle.loads(pickle.dumps(inputs)).reasons) == {0: "time"}
    assert pickle.loads(pickle.dumps(patterns)).undecided == ("0",)


@pytest.mark.parametrize(
    "value",
    [
        rg.ReLUNetwork.from_layers(([[1.0, -0.1]], [0.25]), ([[2.0]], [0.0])),
        rg.Domain(
            [0, -1], [1, np.inf], A=[[1.0, 1.0]], b=[0.5], kinds=("integer", "continuous"), feature_names=("a", "b")
        ),
    ],
    ids=["network", "domain"],
)
def test_networks_and_domains_come_out_of_a_pickle_read_only(value):
    copy = pickle.loads(pickle.dumps(value))
    assert copy == value and copy.digest == value.digest
    assert {type(copy), repr(copy)} == {type(value), repr(value)}
    arrays = (
        [*copy.weights, *copy.biases] if isinstance(copy, rg.ReLUNetwork) else [copy.lower, copy.upper, copy.A, copy.b]
    )
    assert not any(array.flags.writeable for array in arrays)
