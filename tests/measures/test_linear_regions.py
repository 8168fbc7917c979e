"""Linear regions against the definition: all pairs of regions, exact facets, exact functions, and a search by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import Looks
from networks import DEGENERATE, he_network, integer_network, layered, tent_map
from oracles import domain_forms, exact_layers, hull_dimension, unit_forms, vanishes

from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.measures.adjacency import find_adjacency
from relugeom.measures.linear_regions import merge_linear_regions
from relugeom.network.pattern import pattern_texts
from relugeom.search.enumeration import enumerate_regions


def cube(n, size=1.0):
    return Domain.box(np.full(n, -size), np.full(n, size))


def naive_labels(partition):
    """Labels in order of first appearance, by relabelling until nothing changes."""
    layers, weak, n = exact_layers(partition.network), domain_forms(partition.domain), partition.domain.inputs
    d, texts = hull_dimension(weak, n), pattern_texts(partition.packed, partition.network.widths)
    cells, outputs = [], []
    for text in texts:
        forms = unit_forms(layers, text)
        bits = text.replace("/", "").replace("-", "")
        rows = [row for layer in forms[:-1] for row in layer]
        cells.append([row if bit == "1" else [-x for x in row] for row, bit in zip(rows, bits, strict=True)])
        outputs.append(forms[-1])
    label = list(range(len(texts)))
    for first in range(len(texts)):
        for second in range(first):
            rows = zip(outputs[first], outputs[second], strict=True)
            gaps = [[a - b for a, b in zip(mine, other, strict=True)] for mine, other in rows]
            touch = hull_dimension([*weak, *cells[first], *cells[second]], n) == d - 1
            if touch and all(vanishes(gap, weak, n) for gap in gaps):
                old, new = label[first], label[second]
                label = [new if entry == old else entry for entry in label]
    order = list(dict.fromkeys(label))
    return [order.index(entry) for entry in label]


def check(partition):
    merged = merge_linear_regions(partition)
    assert merged.complete and len(merged) == merged.count == len(merged.sizes) == merged.label.max() + 1
    assert merged.sizes.sum() == len(partition) and (merged.sizes > 0).all()
    assert merged.members(-1).tolist() == np.flatnonzero(merged.label == merged.count - 1).tolist()
    assert merged.label.tolist() == naive_labels(partition)
    return merged


DOMAINS = {
    "square": (2, cube(2, 2.0)),
    "plane": (2, Domain.everything(2)),
    "flat": (3, Domain([-2, -2, -2], [2, 2, 2], A=[[1, 1, 1]], b=[1], E=[[1.0, -1, 0.5]], f=[0.25])),
    "interval": (1, cube(1, 3.0)),
}


@pytest.mark.parametrize("name", DOMAINS)
@settings(max_examples=8)
@given(seed=st.integers(0, 10**6), reach=st.integers(1, 2))
def test_small_integers(name: str, seed: int, reach: int) -> None:
    """Weights of −1, 0 and 1 make functions meet."""
    inputs, domain = DOMAINS[name]
    network = integer_network(np.random.default_rng(seed), inputs, 3, 2, 1 + seed % 2, reach=reach)
    check(enumerate_regions(network, domain))


@pytest.mark.parametrize("name", [name for name in DEGENERATE if "strip" not in name])
def test_degenerate_networks(name: str) -> None:
    check(enumerate_regions(DEGENERATE[name][0], cube(2, 4.0)))


def test_an_ignored_unit() -> None:
    """What the outputs do not read makes no difference."""
    network = layered((np.eye(2), [0, 0]), ([[1.0, 0.0]], [0.0]))
    merged = check(enumerate_regions(network, cube(2)))
    assert (merged.count, merged.sizes.tolist()) == (2, [2, 2])


def test_one_function_in_two_places() -> None:
    """A step with two flat ends, and a bump that is 0 on both sides: what no facet joins stays apart."""
    flat_ends = layered(([[1.0], [1.0]], [1, -1]), ([[1.0, -1.0]], [0.0]))
    assert check(enumerate_regions(flat_ends, cube(1, 3.0))).label.tolist() == [0, 1, 2]
    bump = layered(([[1.0], [1.0], [1.0]], [1, 0, -1]), ([[1.0, -2.0, 1.0]], [0.0]))
    merged = check(enumerate_regions(bump, cube(1, 3.0)))
    assert merged.label.tolist() == [0, 1, 2, 3]


def test_the_same_function_on_the_hull_only() -> None:
    """relu(x) + relu(−y) is x or −y beyond 0: two maps of R², and one and the same where x + y = 0."""
    network = layered((np.eye(2), [0, 0]), ([[1.0, -1.0], [0, 0]], [0.0, 0.0]), ([[1.0, 1.0]], [0.0]))
    diagonal = Domain([-1, -1], [1, 1], E=[[1.0, 1.0]], f=[0.0])
    assert check(enumerate_regions(network, diagonal)).count == 2
    folded = layered(([[1.0, 0.0], [0.0, -1.0]], [0, 0]), ([[1.0, -1.0]], [0.0]))
    assert check(enumerate_regions(folded, diagonal)).count == 1
    assert check(enumerate_regions(folded, cube(2))).count == 4


def test_tent_maps() -> None:
    merged = merge_linear_regions(enumerate_regions(tent_map(8), Domain.box([0], [1])))
    assert (merged.count, set(merged.sizes.tolist())) == (256, {1})


def test_a_difference_far_below_rounding() -> None:
    """relu(x) · 2^-90 on top of x: two functions, although floats see one."""
    network = layered(([[1.0], [1.0]], [0.0, 4.0]), ([[2.0**-90, 1.0]], [0.0]))
    assert merge_linear_regions(enumerate_regions(network, cube(1))).count == 2
    cancelled = layered(([[1.0], [1.0], [1.0]], [0.0, 0.0, 4.0]), ([[0.1, -0.1, 1.0]], [0.0]))
    assert check(enumerate_regions(cancelled, cube(1))).count == 1


def test_every_output_counts() -> None:
    network = layered((np.eye(2), [0, 0]), ([[1.0, 0.0], [0.0, 1.0]], [0, 0]))
    assert check(enumerate_regions(network, cube(2))).count == 4


def test_without_units_and_a_point() -> None:
    without_units = layered(([[1.0, 2.0]], [0.0]))
    point = Domain.box([0.5, 0.5], [0.5, 0.5])
    for network, domain in [(without_units, cube(2)), (DEGENERATE["plateau"][0], point)]:
        merged = merge_linear_regions(enumerate_regions(network, domain))
        assert (merged.count, merged.label.tolist(), merged.members(0).tolist()) == (1, [0], [0])


def test_ordinary_networks_do_not_merge() -> None:
    told: list[int] = []
    partition = enumerate_regions(he_network(2, 2, 6, 5, 2), cube(2))
    dead = [text.endswith("/00000") for text in pattern_texts(partition.packed, partition.network.widths)]
    merged = merge_linear_regions(partition, find_adjacency(partition), on_progress=told.append)
    assert told == [len(partition)]
    apart = np.flatnonzero(~np.array(dead))
    assert (merged.sizes[merged.label[apart]] == 1).all()


def test_truncated_partitions() -> None:
    network = layered((np.eye(2), [0, 0]), ([[1.0, 0.0]], [0.0]))
    part = enumerate_regions(network, cube(2), max_regions=3)
    merged = merge_linear_regions(part)
    assert not merged.complete and merged.label.tolist() == [0, 0, 1]


def test_another_partition() -> None:
    partition = enumerate_regions(DEGENERATE["plateau"][0], cube(2, 4.0))
    other = find_adjacency(enumerate_regions(he_network(2, 2, 6, 1), cube(2)))
    with pytest.raises(InputError, match="does not belong"):
        merge_linear_regions(partition, other)


def test_neighbours_that_were_not_compared_in_time_stay_apart():
    network = layered((np.ones((6, 1)), np.arange(1, 7) / 7), (np.zeros((1, 6)), [0.0]))
    partition = enumerate_regions(network, Domain.box([-1], [0]))
    adjacency, counts = find_adjacency(partition), []
    for looks in range(len(adjacency) + 3):
        merged = merge_linear_regions(partition, adjacency, time_limit=Looks.until(looks))
        assert merged.complete is not bool(merged.reason)
        counts.append(merged.count)
    assert counts[0] == len(partition) and counts[-1] == 1 and merged.complete
    assert counts == sorted(counts, reverse=True) and len(set(counts)) == len(partition)
    cut = merge_linear_regions(partition, find_adjacency(partition, time_limit=Looks.until(0)))
    assert not cut.complete and "time ran out" in cut.reason and cut.reason in repr(cut)
