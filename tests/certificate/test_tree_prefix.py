"""Trees that are closed behind a leaf: every cut of every tree, and certificates for which time ran out."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import Looks
from networks import he_network, integer_network

from relugeom.budget import Pace
from relugeom.certificate.partition import certify_partition
from relugeom.certificate.partition_proof.tree_prefix import TreePrefix
from relugeom.checker import check
from relugeom.deadline import Deadline
from relugeom.errors import CertificateError
from relugeom.geometry.domain import Domain
from relugeom.search.enumeration import enumerate_regions

LEAF, UNEXPLORED = ["p 1 5"], ["u"]
TREES = st.recursive(
    st.sampled_from([LEAF, LEAF, UNEXPLORED]),
    lambda tree: st.one_of(
        st.tuples(tree, tree).map(lambda sides: ["s 0", *sides[0], *sides[1]]),
        tree.map(lambda below: ["1 a 1", *below]),
        tree.map(lambda below: ["m 1--", *(line for line in below if not line.startswith("m"))]),
    ),
    max_leaves=12,
)


def subtree_end(lines, begin):
    """Where the subtree ends that begins with a line."""
    if lines[begin][0] in "pu":
        return begin + 1
    end = subtree_end(lines, begin + 1)
    return subtree_end(lines, end) if lines[begin][0] == "s" else end


def marks_of(lines):
    """Offsets at which marked subtrees begin and end, found by reading the whole tree."""
    offsets = np.cumsum([0, *(len(line) + 1 for line in lines)]).tolist()
    return [
        offset
        for place, line in enumerate(lines)
        if line[0] == "m"
        for offset in (offsets[place], offsets[subtree_end(lines, place)])
    ]


@given(tree=TREES, stops=st.lists(st.integers(0, 40), max_size=4), cut=st.integers(0, 40))
def test_every_tree_that_is_cut_short_is_a_tree_again(tree, stops, cut):
    cut = min(cut, len(tree))
    prefix, marks = TreePrefix(), marks_of(tree)
    offsets = np.cumsum([0, *(len(line) + 1 for line in tree)]).tolist()
    bounds = sorted({0, cut, *(stop for stop in stops if stop < cut)})
    for first, last in pairwise(bounds):
        begin, end = offsets[first], offsets[last]
        told = [mark - begin for place, mark in enumerate(marks) if begin + place % 2 <= mark < end + place % 2]
        prefix.add("".join(f"{line}\n" for line in tree[first:last]).encode(), told)
    text = "".join(f"{line}\n" for line in tree)[: prefix.end].encode()
    leaves = sum(line[0] == "p" for line in tree[:cut])
    assert text.count(b"p 1 5\n") == prefix.counts.leaves == leaves
    if not leaves:
        assert prefix.end == 0
        return
    closed = (text + prefix.rest).decode().splitlines()
    assert subtree_end(closed, 0) == len(closed)
    assert closed.count("u") == prefix.counts.unexplored + prefix.counts.ends_missing
    assert closed.count("1 a 1") == prefix.counts.proofs
    assert prefix.marks == marks_of(closed)


@pytest.mark.parametrize("most", [None, 30])
@pytest.mark.parametrize("network", [he_network(4, 3, 8, 5, 1), integer_network(np.random.default_rng(2), 3, 5, 4, 1)])
def test_what_was_proved_when_the_time_was_up_is_certified(network, most, tmp_path):
    partition = enumerate_regions(network, Domain.box(-np.ones(3), np.ones(3)), max_regions=most)
    path, looks, proved = tmp_path / "c", 0, [0]
    while proved[-1] < len(partition):
        looks += 1
        try:
            certificate = certify_partition(partition, path, time_limit=Looks.until(looks), pace=Pace(7, 7))
        except CertificateError as error:
            assert f"0 of {len(partition):,} regions" in str(error) and not list(tmp_path.iterdir())
            continue
        assert bool(certificate.reason) is (certificate.regions < len(partition))
        if certificate.regions > proved[-1]:
            found = check(str(path))
            assert (found["regions"], found["proofs"]) == (certificate.regions, certificate.proofs)
            assert (found["unexplored"] == 0) is (most is None and not certificate.reason)
        proved.append(certificate.regions)
    assert proved == sorted(proved) and len(set(proved)) > 6
    assert path.read_bytes() == certify_partition(partition, tmp_path / "d").path.read_bytes()


def test_a_search_that_found_nothing_in_time_has_no_certificate(tmp_path):
    partition = enumerate_regions(he_network(4, 3, 8, 5, 1), Domain.everything(3), time_limit=Deadline(0))
    with pytest.raises(CertificateError, match="no region was found"):
        certify_partition(partition, tmp_path / "c")
    assert not list(tmp_path.iterdir())
