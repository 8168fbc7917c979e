"""Orders of layers against all permutations of them."""

from itertools import pairwise, permutations
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relugeom.importers.torch.layer_order import find_orders

SIZES = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), max_size=6)


def is_chain(roads: list[tuple[int, int]]) -> bool:
    return all(below[1] == above[0] for below, above in pairwise(roads))


def all_orders(sizes: dict[str, tuple[int, int]]) -> list[tuple[str, ...]]:
    return [order for order in permutations(sizes) if order and is_chain([sizes[name] for name in order])]


@given(SIZES)
@example([(1, 1)])
@example([(1, 2), (2, 1), (1, 3)])
@example([(1, 2), (2, 3), (3, 2), (2, 4)])
@example([(1, 2), (2, 3), (3, 4), (2, 3), (4, 2)])
def test_orders_are_found_where_there_are_any(roads: list[tuple[int, int]]) -> None:
    sizes = {f"layer{position}": road for position, road in enumerate(roads)}
    found, every = find_orders(sizes), all_orders(sizes)
    assert len(found) == min(2, len(every))
    assert len(set(found)) == len(found)
    assert set(found) <= set(every)


@given(st.lists(st.integers(1, 5), min_size=2, max_size=7), st.randoms(use_true_random=False))
def test_a_chain_that_was_shuffled_is_found_again(places: list[int], random: object) -> None:
    sizes = {f"layer{position}": road for position, road in enumerate(pairwise(places))}
    names = list(sizes)
    random.shuffle(names)  # type: ignore[attr-defined]
    found = find_orders({name: sizes[name] for name in names})
    assert found
    assert all(sorted(order) == sorted(sizes) and is_chain([sizes[name] for name in order]) for order in found)
    assert found == (tuple(sizes),) or len(found) == 2


@pytest.mark.parametrize("span", [1, 2, 50_000])
def test_thousands_of_layers_are_ordered_in_no_time(span: int) -> None:
    sizes = {f"layer{k}": (k % span, (k + 1) % span) for k in range(50_000)}
    start = process_time()
    assert len(find_orders(sizes)) == 2
    del sizes["layer49999"]
    assert len(find_orders(sizes)) == (1 if span == 50_000 else 2)
    assert process_time() - start < 5
