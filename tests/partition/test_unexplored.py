"""A truncated partition says where the regions are that it does not have."""

import numpy as np
import pytest
from networks import he_network, resonance
from oracles import read_tree

from relugeom.budget import SearchBudget
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain
from relugeom.partition.found import RegionBlock
from relugeom.partition.tree import unexplored_prefixes
from relugeom.search.engine import Task
from relugeom.search.enumeration import enumerate_regions, partition_from_blocks
from relugeom.search.setup import Setup


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


@pytest.mark.parametrize("dimensions", [5, 0], ids=["generators", "dictionary"])
@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_a_search_that_stops_after_any_node_leaves_an_honest_prefix(step, dimensions):
    budget = SearchBudget(cone_dimensions=dimensions, integer_dimensions=dimensions)
    network = he_network(step, 3, 5, 4, 1)
    domain = Domain.box(-np.ones(3), np.ones(3))
    whole = enumerate_regions(network, domain, budget=budget)
    task = Task.whole(Setup(network, domain_chart(domain), budget))
    while not task.finished:
        task.run(step)
        columns = [[np.zeros((0, width), dtype=kind)] for width, kind in ((2, np.uint8), (3, np.float64))]
        tokens = [np.zeros(0, dtype=np.uint8)]
        for piece in task.pieces:
            assert not piece.exact_points and not piece.empty_leaves
            columns[0] += piece.packed
            columns[1] += piece.points
            tokens += piece.tokens
        block = RegionBlock(*map(np.concatenate, columns), {}, np.concatenate(tokens), ())
        part = partition_from_blocks(network, domain, [block], reason="stopped")
        assert part.packed.tobytes() == whole.packed[: len(part)].tobytes()
        leaves, unexplored = read_tree(part.tree.tolist(), network.units)
        assert leaves == [str(region.pattern).replace("/", "") for region in part]
        assert bool(unexplored) == (len(part) < len(whole))
    assert part.tree.tobytes() == whole.tree.tobytes()
