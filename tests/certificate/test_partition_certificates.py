"""Certificates of partitions: what the prover writes, the checker accepts; and it writes nothing that is not so."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import file_size_limit
from networks import he_network, hidden, integer_network, layered

from relugeom import (
    Domain,
    activation_pattern,
    certify_partition,
    enumerate_regions,
    unexplored_prefixes,
    volumes_sum_to_domain,
)
from relugeom.budget import Pace
from relugeom.certificate.partition_proof import holes, tree_columns, tree_text
from relugeom.certificate.partition_proof.plan import make_plan
from relugeom.certificate.writer import CertificateFile
from relugeom.checker import check
from relugeom.errors import CertificateError, InputError
from relugeom.partition.partition import TreeToken
from relugeom.search import columns


def accepted(partition, path, **pace):
    """The checker's findings, once they agree with the partition."""
    certificate = certify_partition(partition, path, **pace)
    found = check(str(path))
    assert found["regions"] == certificate.regions == len(partition)
    assert found["networks"] == [partition.network.digest]
    assert found["domain"] == partition.domain.digest
    assert found["proofs"] == certificate.proofs
    assert certificate.size == path.stat().st_size
    return found


DOMAINS = {
    "all": Domain.everything,
    "box": lambda n: Domain.box([-2.0] * n, [2.0] * n),
    "half": lambda n: Domain.box([0.0] * n, [np.inf] * n),
    "rows": lambda n: Domain([-1.5] * n, [1.5] * n, A=np.vstack([np.full(n, 0.1), np.eye(n)[0]]), b=[0.2, 1.1]),
    "equality": lambda n: Domain([-1.5] * n, [1.5] * n, E=np.full((1, n), 0.3), f=[0.1]),
    "zero width": lambda n: Domain.box([0.3] + [-1.0] * (n - 1), [0.3] + [1.0] * (n - 1)),
    "implicit equality": lambda n: Domain([0.0] * n, [1.0] * n, A=np.eye(n)[:1], b=[0.0]),
    "one-hot": lambda n: Domain([0.0] * n, [1.0] * n, groups=(tuple(range(n - 1)),)),
    "point": lambda n: Domain.box([1.0] * n, [1.0] * n),
}


@pytest.mark.parametrize("kind", DOMAINS)
@given(seed=st.integers(0, 10**6), sizes=st.sampled_from([(2, 4, 3, 1), (3, 5, 2), (3, 3, 3, 2, 1)]))
@settings(max_examples=12, deadline=None)
def test_degenerate_networks_are_certified_on_every_kind_of_domain(tmp_path_factory, kind, seed, sizes):
    network = integer_network(np.random.default_rng(seed), *sizes)
    partition = enumerate_regions(network, DOMAINS[kind](network.inputs))
    accepted(partition, tmp_path_factory.mktemp("degenerate") / "partition.cert")


@pytest.mark.parametrize("kind", DOMAINS)
@pytest.mark.parametrize("sizes", [(4, 8, 6, 1), (7, 6, 5, 2), (1, 12, 1)])
def test_random_networks_are_certified_on_every_kind_of_domain(tmp_path, kind, sizes):
    network = he_network(11, *sizes)
    domain = DOMAINS[kind](network.inputs) if network.inputs > 1 else Domain.box([-3.0], [3.0])
    found = accepted(enumerate_regions(network, domain), tmp_path / "partition.cert")
    assert found["unexplored"] == 0


def test_forms_too_long_for_compiled_integers_are_proved_in_python(tmp_path):
    network = he_network(3, 2, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 1)
    accepted(enumerate_regions(network, Domain.everything(2)), tmp_path / "partition.cert")


def test_a_linear_program_settles_what_proposals_do_not(tmp_path, monkeypatch):
    network = integer_network(np.random.default_rng(5), 3, 6, 4, 1)
    partition = enumerate_regions(network, DOMAINS["implicit equality"](3))
    calls = []
    prove = holes.ExactCell.prove
    monkeypatch.setattr(holes.ExactCell, "prove", lambda *args, **more: calls.append(1) or prove(*args, **more))
    accepted(partition, tmp_path / "partition.cert")
    assert calls


@pytest.mark.parametrize("kind", ["all", "box", "half", "rows", "one-hot"])
@pytest.mark.parametrize("loss", ["dictionary", "everything"])
def test_proofs_do_not_rest_on_the_dictionary(tmp_path, monkeypatch, kind, loss):
    """Again and again it is set up anew at the present node, or floats are given up below it."""
    advance = tree_text._Walker._advance

    def lose(walker, steps):
        counters = walker._state.counters
        inside = 0 < counters[columns.U] < walker._setup.units
        if inside and steps and loss == "dictionary":
            walker._stand_again()
        elif inside and steps and counters[columns.S] % 2:
            walker._walk.cursor[tree_columns.BLIND] = 1
        return advance(walker, steps)

    monkeypatch.setattr(tree_text._Walker, "_advance", lose)
    accepted(enumerate_regions(he_network(8, 4, 7, 5, 1), DOMAINS[kind](4)), tmp_path / "lost.cert", pace=Pace(7, 7))


@pytest.mark.parametrize("width", [1e-7, 1e-14])
@pytest.mark.parametrize("kind", ["all", "box"])
def test_thin_strips_are_certified(tmp_path, width, kind):
    network = hidden(([[1, 0], [1, 0], [0, 1]], [0, -width, 0]))
    assert accepted(enumerate_regions(network, DOMAINS[kind](2)), tmp_path / "strip.cert")["regions"] == 6


def test_a_region_without_a_float64_point_is_certified(tmp_path):
    network = layered(([[3]], [-1]), ([[-(2.0**60)]], [1]), ([[1]], [0]))
    assert accepted(enumerate_regions(network, Domain.box([-1], [1])), tmp_path / "thin.cert")["regions"] == 3


def test_a_network_without_hidden_units_has_one_region(tmp_path):
    network = layered((np.ones((1, 2)), [0.0]))
    assert accepted(enumerate_regions(network, Domain.box([0, 0], [1, 1])), tmp_path / "linear.cert")["regions"] == 1


@pytest.mark.parametrize("kind", ["all", "box", "one-hot"])
def test_a_truncated_partition_certifies_what_it_has(tmp_path, kind):
    network = he_network(2, 4, 9, 7, 1)
    partition = enumerate_regions(network, DOMAINS[kind](4), max_regions=20)
    found = accepted(partition, tmp_path / "part.cert")
    assert found["unexplored"] == int((partition.tree == TreeToken.UNEXPLORED).sum()) > 0


def test_subtrees_are_marked_where_they_begin(tmp_path):
    path = tmp_path / "large.cert"
    accepted(enumerate_regions(he_network(1, 3, 16, 16, 1), Domain.box([-5] * 3, [5] * 3)), path)
    content = path.read_bytes()
    index = int(content.split()[-1], 16)
    pairs = [tuple(int(text, 16) for text in line.split()) for line in content[index:].splitlines()[:-1]]
    assert pairs
    for begin, end in pairs:
        assert content[begin : begin + 2] == b"m "
        assert content[end - 1 : end] == b"\n"
        inside = content[begin:end].splitlines()
        splits, leaves = (sum(line[:2] == key for line in inside) for key in (b"s ", b"p "))
        assert leaves == splits + 1


def wrong_trees(partition):
    """The same partition with one stable unit's bit the other way."""
    for place in np.flatnonzero(partition.tree < TreeToken.SPLIT)[:40:4]:
        tree = partition.tree.copy()
        tree[place] = 1 - tree[place]
        yield replace(partition, tree=tree)


@pytest.mark.parametrize("kind", ["all", "box", "one-hot"])
def test_a_wrong_decision_is_refused_and_no_file_is_left(tmp_path, kind):
    partition = enumerate_regions(he_network(4, 3, 6, 5, 1), DOMAINS[kind](3))
    for wrong in wrong_trees(partition):
        with pytest.raises(CertificateError, match="could not be proved"):
            certify_partition(wrong, tmp_path / "wrong.cert")
        assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path):
    partition = enumerate_regions(he_network(4, 2, 3, 1), Domain.box([-1, -1], [1, 1]))
    with pytest.raises(InputError, match="cannot be written"):
        certify_partition(partition, tmp_path / "missing" / "partition.cert")
    with pytest.raises(InputError, match="is not a file"):
        certify_partition(partition, tmp_path)


@pytest.mark.parametrize("header", [b"a header that fits\n", b"long" * 5_000])
@pytest.mark.parametrize("ended", [None, CertificateError("not proved"), KeyboardInterrupt()])
def test_a_full_disk_is_a_clear_error_and_leaves_nothing(tmp_path, header, ended):
    """Also where the last bytes are refused when the file is closed, after something else went wrong."""
    header += b'"multiplier_bits": "0000" "point_bits": "0000"'
    with (
        file_size_limit(10),
        pytest.raises((InputError, CertificateError, KeyboardInterrupt)) as raised,
        CertificateFile(tmp_path / "partition.cert", header) as file,
    ):
        file.write(b"a line\n")
        if ended is not None:
            raise ended
    assert raised.value is ended or "cannot be written: File too large" in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_progress_counts_regions(tmp_path):
    partition = enumerate_regions(he_network(4, 2, 5, 5, 1), Domain.box([-1, -1], [1, 1]))
    seen = []
    certify_partition(partition, tmp_path / "partition.cert", on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == len(partition)


def naive_constants(partition):
    """For each node where a layer begins, and each side of a split: units of the layer with one bit in all regions."""
    widths = partition.network.widths
    starts = np.cumsum([0, *widths]).tolist()
    bits = [[int(bit) for layer in region.pattern.layers for bit in layer] for region in partition]
    begins, sides = [], []

    def constant(prefix):
        layer = max(k for k in range(len(widths)) if starts[k] <= min(len(prefix), starts[-1] - 1))
        below = {tuple(row[: starts[layer + 1]]) for row in bits if row[: len(prefix)] == prefix}
        return {
            u: row for u in range(len(prefix), starts[layer + 1]) for row in [{b[u] for b in below}] if len(row) == 1
        }

    position = 0
    stack = [[]]
    while stack:
        prefix = stack.pop()
        unit = len(prefix)
        if unit == starts[-1]:
            continue
        if unit in starts:
            begins.append(constant(prefix))
        token = int(partition.tree[position])
        position += 1
        if token < TreeToken.SPLIT:
            stack.append([*prefix, token])
            continue
        here = constant(prefix)
        same = unit + 1 not in starts
        pair = [constant([*prefix, bit]) if same else {} for bit in (0, 1)]
        sides.append([{u: b for u, b in side.items() if u not in here} for side in pair])
        stack += [[*prefix, 1], [*prefix, 0]]
    return begins, sides


@pytest.mark.parametrize(("seed", "sizes"), [(1, (2, 5, 3, 1)), (5, (2, 3, 1, 1))])
def test_a_search_may_be_cut_short_behind_any_region(tmp_path, seed, sizes):
    """Also where the last unit of the last region was split, and only its other side is missing."""
    network, domain = he_network(seed, *sizes), Domain.box([-2] * sizes[0], [2] * sizes[0])
    count = len(enumerate_regions(network, domain))
    depths = set()
    for most in range(1, count):
        partition = enumerate_regions(network, domain, max_regions=most)
        found = accepted(partition, tmp_path / "partition.cert")
        prefixes = unexplored_prefixes(partition)
        assert found["unexplored"] == len(prefixes) > 0
        depths |= {len(prefix.replace("/", "")) for prefix in prefixes}
    assert network.units in depths


@pytest.mark.parametrize(("seed", "sizes"), list(product((1, 2), [(2, 7, 5, 1), (3, 6, 4, 3, 1), (2, 66, 1)])))
def test_the_plan_names_units_at_the_topmost_node_where_they_are_constant(seed, sizes):
    network = he_network(seed, *sizes)
    partition = enumerate_regions(network, Domain.box([-1] * sizes[0], [1] * sizes[0]))
    starts = np.cumsum([0, *network.widths])
    plan = make_plan(partition.tree, starts, len(partition))
    assert plan.leaves == len(partition)

    def units(sets):
        found = {}
        for bit, word in product(range(2), range(sets.shape[1])):
            for place in range(64):
                if int(sets[bit, word]) >> place & 1:
                    found[64 * word + place] = bit
        return found

    def local(found):
        return {u - max(s for s in starts if s <= u): next(iter(bit)) for u, bit in found.items()}

    begins, sides = naive_constants(partition)
    assert [units(sets) for sets in plan.begins] == [local(found) for found in begins]
    assert [[units(side) for side in pair] for pair in plan.sides] == [[local(f) for f in pair] for pair in sides]


@pytest.mark.parametrize(
    ("seed", "sizes"), [(1, (1, 9, 6, 1)), (2, (2, 8, 6, 1)), (3, (3, 7, 5, 1)), (4, (2, 4, 4, 4, 1))]
)
def test_what_a_certificate_proves_is_proved_a_second_time_by_volumes(tmp_path, seed, sizes):
    """Exact volumes of the points' patterns sum to the domain's; they use no tree and no multiplier."""
    network = he_network(seed, *sizes)
    partition = enumerate_regions(network, Domain.box([-1] * sizes[0], [1] * sizes[0]))
    accepted(partition, tmp_path / "partition.cert")
    assert volumes_sum_to_domain(partition)
    points = [line.split()[1:] for line in (tmp_path / "partition.cert").read_bytes().splitlines() if line[:2] == b"p "]
    patterns = {str(activation_pattern(network, [int(x, 16) / int(D, 16) for x in X])) for D, *X in points}
    assert patterns == {str(partition[row].pattern) for row in range(len(partition))}


def test_a_later_layer_may_have_shorter_forms_than_one_below(tmp_path):
    scale = np.array([[1.0], [-4.0], [-1.0], [16.0]])
    network = hidden((scale * [[0.7, 0.1]], scale[:, 0] * 0.3), (np.zeros((1, 4)), [0.0]))
    partition = enumerate_regions(network, Domain.box([-1.0, -1.0], [1.0, 1.0]))
    accepted(partition, tmp_path / "shorter.cert")
