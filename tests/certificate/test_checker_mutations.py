"""Thousands of mutants: one whose claim is false is never accepted, and nothing but a verdict comes back."""

import json
import random

import numpy as np
import pytest
from hand_written import ALL, Written
from judge import holds
from mutations import mutate, recount
from networks import integer_network

from relugeom import checker
from relugeom.certificate.partition import certify_partition
from relugeom.geometry.domain import Domain
from relugeom.search.enumeration import enumerate_regions

MUTANTS = 800
"""Of each base; there are more than ten."""


def verdict(path, content: bytes) -> str:
    """What the checker says about a file; anything but its own two exceptions fails the test."""
    path.write_bytes(content)
    try:
        checker.check(path)
    except checker.Refused:
        return "refused"
    except checker.Rejected:
        return "rejected"
    return "accepted"


def read_back(path) -> Written:
    """The parts of a certificate of a partition, its marks left out."""
    head, *lines = path.read_text().splitlines()
    header = json.loads(head)
    tree = [line for line in lines if line[0] in "01spu" and not line.startswith("m")]
    tree = tree[
        : sum(line[0] in "pu" for line in tree) and max(k for k, line in enumerate(tree) if line[0] in "pu") + 1
    ]
    return Written(header, tree, recount(header, tree))


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> dict[str, Written]:
    """Every certificate by hand, and some of small networks that the prover wrote."""
    folder, found = tmp_path_factory.mktemp("certificates"), {name: make() for name, make in ALL.items()}
    rules = {"A": np.array([[1.0, 1.0]]), "b": np.array([1.0])}
    domains = [Domain.box([-1.0, -1.0], [1.0, 1.0]), Domain(np.array([-1.0, -2.0]), np.array([2.0, 1.0]), **rules)]
    for seed, domain in enumerate(domains):
        network = integer_network(np.random.default_rng(seed), 2, 3, 2, 1)
        certify_partition(enumerate_regions(network, domain), folder / "p.cert")
        found[f"prover-{seed}"] = read_back(folder / "p.cert")
    return found


NAMES = [*ALL, "prover-0", "prover-1"]


@pytest.mark.parametrize("name", NAMES)
def test_a_mutant_is_turned_down_or_still_true(name, written, tmp_path):
    base, others = written[name], list(written.values())
    assert verdict(tmp_path / "c", base.content()) == "accepted"
    assert holds(base.content())
    rng, found = random.Random(name), {"accepted": 0, "rejected": 0, "refused": 0}
    for _ in range(MUTANTS):
        content = mutate(rng, base, others)
        said = verdict(tmp_path / "c", content)
        found[said] += 1
        if said == "accepted" and content != base.content():
            assert holds(content), content.decode()
    assert all(found.values()), found  # mutants that nothing tells apart from damage would prove little


def test_false_mutants_reach_the_proofs(written):
    """The judge is no yes-man: of the mutants that keep their form, many state something false."""
    rng, false = random.Random(5), 0
    for base in written.values():
        for _ in range(60):
            try:
                false += not holds(mutate(rng, base, [base]))
            except Exception:  # not of the form of a certificate
                continue
    assert false > 100
