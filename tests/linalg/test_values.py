"""Arrays that nobody can change, affine maps and digests."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from relugeom.linalg.affine import AffineMap
from relugeom.linalg.arrays import frozen_array, frozen_flags
from relugeom.linalg.digest import content_digest


def test_frozen_arrays_are_private_read_only_copies():
    source = np.array([[1.0, -0.0], [2.0, 3.0]], order="F")
    frozen = frozen_array(source)
    source[0, 0] = 7.0
    assert frozen.tolist() == [[1.0, 0.0], [2.0, 3.0]]
    assert frozen.flags.c_contiguous and not frozen.flags.writeable
    assert not np.signbit(frozen).any()
    with pytest.raises(ValueError, match="read-only"):
        frozen[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        frozen_flags([True])[0] = False


def test_frozen_array_takes_lists_integers_and_float32():
    assert frozen_array([1, 2]).dtype == np.float64
    assert frozen_array(np.float32([0.1]))[0] == float(np.float32(0.1))


def test_affine_map():
    a = AffineMap(np.array([[1.0, 2.0], [0.0, -0.0]]), np.array([1.0, -1.0]))
    omega, b = a
    assert omega is a.weight and b is a.bias
    assert a(np.array([1.0, 1.0])).tolist() == [4.0, -1.0]
    assert a(np.eye(2)).tolist() == [[2.0, -1.0], [3.0, -1.0]]
    same = AffineMap(np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([1.0, -1.0]))
    assert a == same and hash(a) == hash(same)
    assert a != AffineMap(np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([1.0, -1.0]))
    assert a != "a map"
    with pytest.raises(ValueError, match="affine map"):
        AffineMap(np.eye(2), np.zeros(3))


PARTS = st.lists(
    st.one_of(
        st.text(max_size=3),
        st.integers(-12, 12),
        st.binary(max_size=3),
        hnp.arrays(np.float64, hnp.array_shapes(max_dims=2, max_side=2), elements=st.sampled_from([0.0, 1.0, 2.0])),
    ),
    max_size=3,
)


def key(part):
    return (part.shape, part.tobytes()) if isinstance(part, np.ndarray) else (type(part), part)


@given(PARTS, PARTS)
def test_digests_are_equal_iff_the_parts_are(left, right):
    same = [key(part) for part in left] == [key(part) for part in right]
    assert (content_digest("kind", *left) == content_digest("kind", *right)) == same


def test_digests_of_look_alikes_differ():
    table = np.zeros((2, 3))
    variants = [
        ("a", "bc"),
        ("ab", "c"),
        ("abc",),
        (b"abc",),
        ("1",),
        (1,),
        (b"1",),
        (table,),
        (table.T,),
        (table.ravel(),),
        (table[:1], table[1:]),
        (np.zeros((0, 3)),),
        (np.zeros((3, 0)),),
        (),
        ("",),
        (b"",),
        ("s:0:",),
        ("s:1:x", "s"),
        ("s:1", "xs"),
    ]
    digests = [content_digest("kind", *parts) for parts in variants] + [content_digest("kinda"), content_digest("")]
    assert len(set(digests)) == len(digests)


def test_digests_know_no_negative_zero_and_no_memory_order():
    assert content_digest("k", np.array([0.0, 1.0])) == content_digest("k", np.array([-0.0, 1.0]))
    table = np.arange(6.0).reshape(2, 3)
    assert content_digest("k", np.asfortranarray(table)) == content_digest("k", table)
    assert content_digest("k", table.astype(">f8")) == content_digest("k", table)


def test_digests_take_unpaired_surrogates():
    assert content_digest("k", "\ud800") != content_digest("k", "\udfff")


def test_a_digest_that_must_never_change():
    assert content_digest("network", np.array([[1.0, -2.0]]), np.array([0.5]), "x", 3, b"\x00") == (
        "a0cc3d9e5437e12eb793104d898baedb261ae7a8336801948537fc7789c9cf92"
    )
