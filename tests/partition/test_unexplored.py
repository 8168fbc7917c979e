"""A truncated partition says where the regions are that it does not have."""

import numpy as np
import pytest
from networks import he_network, resonance

from relugeom.geometry.domain import Domain
from relugeom.partition.enumeration import enumerate_regions
from relugeom.partition.tree import unexplored_prefixes


@pytest.mark.parametrize("network", [he_network(3, 3, 6, 5, 1), he_network(4, 2, 5, 4, 3, 1), resonance(3)])
def test_every_missing_region_begins_like_exactly_one_unexplored_part(network):
    n = network.inputs
    domain = Domain.box(-np.ones(n), np.ones(n))
    whole = enumerate_regions(network, domain)
    texts = [str(region.pattern) for region in whole]
    assert unexplored_prefixes(whole) == []
    for count in range(1, len(whole)):
        prefixes = unexplored_prefixes(enumerate_regions(network, domain, max_regions=count))
        assert prefixes == sorted(prefixes)
        assert all(sum(text.startswith(prefix) for prefix in prefixes) == 1 for text in texts[count:])
        assert not any(text.startswith(prefix) for text in texts[:count] for prefix in prefixes)
