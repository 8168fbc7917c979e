"""Covering trees by hand: each line is accepted where it proves something, and says what it proves."""

import hand_covering
import pytest
from hand_covering import ALL_COVERING
from hand_written import ended
from hypothesis import given
from hypothesis import strategies as st

from relugeom.checker import Walk, check, products, read_node


@pytest.mark.parametrize("name", ALL_COVERING)
def test_covering_trees_by_hand_are_accepted(name, tmp_path):
    written = ALL_COVERING[name]()
    (tmp_path / "c").write_bytes(written.content())
    found = check(tmp_path / "c")
    assert (found["proofs"], found["closed"]) == written.counts[2:]


@pytest.mark.parametrize("name", ALL_COVERING)
def test_every_line_is_needed(name, tmp_path):
    """A tree without one of its lines proves nothing."""
    written = ALL_COVERING[name]()
    for place, line in enumerate(written.lines):
        counts = [count - change for count, change in zip(written.counts, worth(line), strict=True)]
        without = written._replace(lines=[*written.lines[:place], *written.lines[place + 1 :]], counts=tuple(counts))
        (tmp_path / "c").write_bytes(without.content())
        assert ended(tmp_path / "c") is not None, line


def worth(line: str) -> tuple[int, int, int, int]:
    """What a line counts for."""
    return 0, 0, {"n": 2 * (len(line.split()) - 1), "d": 1}.get(line[0], 0), int(line[0] in "ceg")


def bounds_after(written, tmp_path):
    """Bounds of all units after the first line of a tree."""
    (tmp_path / "c").write_bytes(written.content())
    with (tmp_path / "c").open("rb") as file:
        walk = Walk(file)
        key, *fields = read_node(file)
        walk.checks[key](walk, fields)
        return walk.cell.least, walk.cell.most


def test_bounds_are_those_of_back_substitution(tmp_path):
    """By hand: z₂ = h₀ + h₁ − 1/2 on −1 ≤ x ≤ 1 lies between x − x − 1/2 and (x + 1) / 2 + (1 − x) / 2 − 1/2."""
    least, most = bounds_after(hand_covering.deep(), tmp_path)
    assert least == [-256, -256, -1] and most == [256, 256, 1]
    coarse = hand_covering.deep()
    coarse.header["bounds"] = "8 0"
    least, most = bounds_after(coarse, tmp_path)
    assert least == [-256, -256, -1] and most == [256, 256, 1]


sizes = st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(0, 4))
numbers = st.integers(-(1 << 70), 1 << 70)


@given(st.data(), sizes)
def test_packed_products_are_those_of_each_form(data, size):
    """Up to the largest numbers that their slots hold: every weight and every entry at an end of its range."""
    forms, entries, columns = size
    bits = data.draw(st.integers(0, 40))
    weights = st.sampled_from([0, (1 << bits) - 1, 1 - (1 << bits)]) | st.integers(1 - (1 << bits), (1 << bits) - 1)
    table = data.draw(st.lists(st.lists(numbers, min_size=entries, max_size=entries), min_size=forms, max_size=forms))
    across = [data.draw(st.lists(weights, min_size=entries, max_size=entries)) for _ in range(columns)]
    found = products(table, across, bits + entries.bit_length())
    assert found == [[sum(a * b for a, b in zip(form, column, strict=True)) for column in across] for form in table]


def test_slots_hold_the_largest_sum():
    for sign in (1, -1):
        for bits in range(20):
            form = [sign * ((1 << bits) - 1)] * 3
            found = products([form, form, [0] * 3], [[255] * 3, [-255] * 3], 8 + 2)
            most = 3 * 255 * form[0]
            assert found == [[most, -most], [most, -most], [0, 0]]
