"""Ranges over samples are those of exact arithmetic, over the samples that count, whatever the pieces."""

from fractions import Fraction

import numpy as np
import pytest
from networks import he_network

from relugeom.analysis.sample_ranges import sample_ranges
from relugeom.data.source import PieceSizes
from relugeom.data.table import SampleTable
from relugeom.network.exact import evaluate_exactly


@pytest.mark.parametrize("outputs", [1, 3])
def test_ends_are_those_of_exact_arithmetic(outputs):
    network, rng = he_network(4, 3, 6, 5, outputs), np.random.default_rng(outputs)
    X, inside = rng.normal(size=(60, 3)), rng.random(60) < 0.5
    values = [evaluate_exactly(network, [*map(Fraction, x)])[1] for x in X.tolist()]
    for sizes in (PieceSizes(), PieceSizes(values=20)):
        found = sample_ranges(network, SampleTable.of(X, sizes=sizes), inside)
        for output, own in enumerate(found):
            counted = {row: values[row][output] for row in np.flatnonzero(inside)}
            assert (own.lowest, own.highest) == (min(counted.values()), max(counted.values()))
            assert own.rows == (min(counted, key=counted.get), max(counted, key=counted.get))
        assert len(found) == outputs


def test_without_a_sample_that_counts_there_is_no_range():
    table = SampleTable.of(np.zeros((5, 2)))
    assert sample_ranges(he_network(1, 2, 3, 1), table, np.zeros(5, dtype=np.bool_)) == ()
