"""Every result has the status that the command line prints, whatever was asked of it."""

import numpy as np
import pytest
from limits import Looks
from networks import layered

import relugeom as rg
from relugeom.certificate.checking import CheckStatus, check_certificate
from relugeom.certificate.partition import certify_partition
from relugeom.claims.vnnlib import Property, read_property
from relugeom.questions.equivalence import Equivalence, compare_networks
from relugeom.questions.verification import PropertyStatus, verify_property

SQUARE = rg.Domain.box([-1, -1], [1, 1])
ONE = layered(([[1, 1]], [0]), ([[1]], [0]))
TWICE = layered(([[2, 2]], [0]), ([[0.5]], [0]))
OTHER = layered(([[1, 1]], [0]), ([[2]], [0]))


def stated(least: float) -> Property:
    """No output is at least this."""
    inputs = "".join(f"(declare-const X_{k} Real)(assert (>= X_{k} -1))(assert (<= X_{k} 1))" for k in range(2))
    return read_property(f"{inputs}(declare-const Y_0 Real)(assert (>= Y_0 {least}))")


@pytest.mark.parametrize(
    ("second", "limit", "status"),
    [(TWICE, None, Equivalence.EQUIVALENT), (OTHER, None, Equivalence.DIFFERENT), (TWICE, 0, Equivalence.UNKNOWN)],
)
def test_networks_are_equivalent_different_or_unknown(tmp_path, second, limit, status):
    place = tmp_path / "same.cert"
    for certificate in (None, place):
        looks = None if limit is None else Looks.until(limit)
        found = compare_networks(ONE, second, SQUARE, certificate=certificate, time_limit=looks)
        assert found.status is status and bool(found.reason) is (status is Equivalence.UNKNOWN)
        written = certificate is not None and status is Equivalence.EQUIVALENT
        assert (found.certificate is not None) is written is place.exists()


@pytest.mark.parametrize(
    ("least", "limit", "status"),
    [(3, None, PropertyStatus.HOLDS), (1, None, PropertyStatus.COUNTEREXAMPLE), (1, 0, PropertyStatus.UNKNOWN)],
)
def test_a_property_holds_or_has_a_counterexample_or_is_unknown(least, limit, status):
    looks = None if limit is None else Looks.until(limit)
    found = verify_property(ONE, stated(least), time_limit=looks)
    assert found.status is status
    assert (found.counterexample is not None) is (status is PropertyStatus.COUNTEREXAMPLE)


def test_a_certificate_is_accepted_rejected_or_unknown_and_proves_nothing_unless_accepted(tmp_path):
    path = tmp_path / "partition.cert"
    certify_partition(rg.enumerate_regions(ONE, SQUARE), path)
    found = check_certificate(path, model=ONE, domain=SQUARE)
    assert found.status is CheckStatus.ACCEPTED and found.proved
    about_another = check_certificate(path, model=TWICE)
    assert about_another.status is CheckStatus.REJECTED and about_another.proved == ()
    late = check_certificate(path, time_limit=1e-9)
    assert late.status is CheckStatus.UNKNOWN and late.proved == () and late.reason


def test_outside_samples_are_counted_once():
    samples = np.array([[0.5, 0.5], [2.0, 0.0], [-0.5, -0.5], [-3.0, 0.0], [0.25, 0.5]])
    assert rg.cluster_samples(ONE, samples, domain=SQUARE).samples_outside == 2
    assert rg.cluster_samples(ONE, samples).samples_outside == 0
