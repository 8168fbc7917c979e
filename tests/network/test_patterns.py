"""Patterns as text, as packed bytes, and in groups."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import identity_layer

from relugeom.errors import PatternError
from relugeom.network.activation import activation_patterns
from relugeom.network.pattern import (
    ActivationPattern,
    group_rows,
    pack_patterns,
    packed_width,
    pattern_texts,
    unpack_patterns,
)

WIDTHS = st.lists(st.integers(1, 40), max_size=4).map(tuple)


@given(WIDTHS, st.data())
def test_text_round_trip(widths, data):
    bits = data.draw(st.lists(st.booleans(), min_size=sum(widths), max_size=sum(widths)))
    pattern = ActivationPattern.from_bits(widths, bits)
    text = "".join("1" if bit else "0" for bit in bits)
    cuts = [sum(widths[:layer]) for layer in range(len(widths) + 1)]
    expected = "/".join(text[a:b] for a, b in itertools.pairwise(cuts)) if widths else "-"
    assert str(pattern) == expected
    assert ActivationPattern.from_text(widths, expected) == pattern
    assert pattern.bits.tolist() == bits
    assert [layer.size for layer in pattern.layers] == list(widths)
    assert len(pattern.packed) == packed_width(sum(widths))


def test_more_units_than_an_integer_holds():
    widths = (70, 130)
    one, other = np.zeros(200, dtype=bool), np.zeros(200, dtype=bool)
    one[0], other[64] = True, True
    patterns = {ActivationPattern.from_bits(widths, bits) for bits in (one, other, one | other, one & other)}
    assert len(patterns) == 4
    assert len({str(pattern) for pattern in patterns}) == 4


def test_patterns_with_other_layers_are_other_patterns():
    one, other = ActivationPattern.from_text((1, 2), "0/10"), ActivationPattern.from_text((2, 1), "01/0")
    assert one.packed == other.packed
    assert one != other


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "0 bits"),
        ("01", r"2 bits.*3 \+ 2 units.*'000/00'"),
        ("011/1", r"3 \+ 1 bits"),
        ("01110", "5 bits"),
        ("011/10/", r"3 \+ 2 \+ 0 bits"),
        ("012/10", "layer 0 holds something other"),
        ("011/1 ", r"3 \+ 1 bits"),
        ("011/¹0", "layer 1 holds something other"),
        ("٠11/10", "layer 0 holds something other"),
        ("-", "layer 0 holds something other"),
        ("011\n/10", "layer 0"),
    ],
)
def test_texts_that_do_not_fit(text, complaint):
    with pytest.raises(PatternError, match=complaint):
        ActivationPattern.from_text((3, 2), text)


def test_white_space_around_a_text_is_harmless():
    assert str(ActivationPattern.from_text((3, 2), " 011/10\n")) == "011/10"


def test_bits_that_do_not_fit():
    with pytest.raises(PatternError, match="3 units cannot have 2 bits"):
        ActivationPattern.from_bits((3,), [0, 1])


def test_a_network_without_hidden_layers_has_one_pattern():
    pattern = ActivationPattern.from_text((), "-")
    assert str(pattern) == "-" and pattern.packed == b"" and pattern.layers == []
    with pytest.raises(PatternError):
        ActivationPattern.from_text((), "0")
    with pytest.raises(PatternError):
        ActivationPattern.from_text((), "")


def test_pattern_keys_stay_apart():
    network = identity_layer(16)
    wanted = [[1, 84], [18, 4]]
    bits = np.unpackbits(np.array(wanted, dtype=np.uint8), axis=1)
    packed = activation_patterns(network, np.where(bits, 1.0, -1.0)).packed
    assert packed.tolist() == wanted
    first, group, size = group_rows(packed)
    assert first.tolist() == [0, 1] and group.tolist() == [0, 1] and size.tolist() == [1, 1]
    assert len(set(pattern_texts(packed, (16,)))) == 2
    assert len({ActivationPattern((16,), row.tobytes()) for row in packed}) == 2


@given(st.lists(st.lists(st.booleans(), min_size=9, max_size=9), max_size=6))
def test_packing_round_trip(rows):
    bits = np.array(rows, dtype=bool).reshape(len(rows), 9)
    packed = pack_patterns(bits)
    assert packed.shape == (len(rows), 2)
    assert (unpack_patterns(packed, 9) == bits).all()
    assert pattern_texts(packed, (4, 5)) == [
        "".join("01"[bit] for bit in row[:4]) + "/" + "".join("01"[bit] for bit in row[4:]) for row in rows
    ]


@given(st.integers(0, 3), st.integers(0, 60), st.integers(0, 2**32 - 1))
def test_groups_against_a_dictionary(width, rows, seed):
    packed = np.random.default_rng(seed).choice(np.array([0, 1, 9, 32, 255], dtype=np.uint8), (rows, width))
    members: dict[bytes, list[int]] = {}
    for row, content in enumerate(packed):
        members.setdefault(content.tobytes(), []).append(row)
    expected = sorted(members.values(), key=lambda rows_of: (-len(rows_of), rows_of[0]))
    first, group, size = group_rows(packed)
    assert first.tolist() == [rows_of[0] for rows_of in expected]
    assert size.tolist() == [len(rows_of) for rows_of in expected]
    assert [np.flatnonzero(group == number).tolist() for number in range(len(size))] == expected


def test_groups_of_a_column_view():
    packed = np.array([[1, 0], [2, 0], [1, 9]], dtype=np.uint8)[:, :1]
    assert group_rows(packed)[2].tolist() == [2, 1]
