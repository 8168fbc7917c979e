"""Listing and proving in one go: the certificate is that of the list, and both keep one limit."""

import pytest
from limits import Looks
from networks import he_network

from relugeom.budget import Budget
from relugeom.certificate import domain_proof
from relugeom.certificate.domain_proof import certify_domain
from relugeom.certificate.partition import certify_partition
from relugeom.checker import check
from relugeom.errors import InputError
from relugeom.geometry import compiled
from relugeom.geometry.domain import Domain
from relugeom.partition.partition import PartitionStatus
from relugeom.search.enumeration import enumerate_regions

NETWORK, SQUARE = he_network(1, 2, 5, 4, 1), Domain.box([-1, -1], [1, 1])


def test_every_region_is_proved(tmp_path):
    stages = []
    found = certify_domain(
        NETWORK, SQUARE, tmp_path / "p.cert", on_progress=lambda stage, done: stages.append((stage, done))
    )
    regions = len(enumerate_regions(NETWORK, SQUARE))
    assert (found.status, found.reason) == (PartitionStatus.COMPLETE, "")
    assert found.certificate.regions == len(found.partition) == regions
    assert check(str(tmp_path / "p.cert"))["regions"] == regions
    assert stages[-1] == ("proving regions", regions)


def test_what_is_not_listed_is_said_and_certified_as_not_listed(tmp_path):
    found = certify_domain(NETWORK, SQUARE, tmp_path / "p.cert", budget=Budget(max_regions=3))
    assert found.status is PartitionStatus.TRUNCATED and found.reason == found.partition.reason
    told = check(str(tmp_path / "p.cert"))
    assert told["regions"] == 3 and told["unexplored"] > 0


def test_the_search_has_half_of_the_time(tmp_path, monkeypatch):
    limits = []

    def watch(network, domain, *, time_limit, **options):
        limits.append(time_limit.seconds_left)
        return enumerate_regions(network, domain, **options)

    monkeypatch.setattr(domain_proof, "enumerate_regions", watch)
    certify_domain(NETWORK, SQUARE, tmp_path / "p.cert", budget=Budget(time_limit=1000))
    assert 400 < limits[0] <= 500


def test_who_interrupts_the_search_waits_neither_for_a_long_proof_nor_for_a_compiler(tmp_path, monkeypatch):
    asked = []

    def interrupted(network, domain, **options):
        return enumerate_regions(network, domain, max_regions=3)  # as after Ctrl-C: no limit was reached

    def watch(partition, path, *, time_limit, **options):
        kernels = [kernel for kernel in compiled.KERNELS if not kernel.has_code]
        asked.append((time_limit.seconds_left, any(kernel._is_worth_it((0,)) for kernel in kernels)))
        return certify_partition(partition, path, **options)

    monkeypatch.setattr(domain_proof, "enumerate_regions", interrupted)
    monkeypatch.setattr(domain_proof, "certify_partition", watch)
    found = certify_domain(NETWORK, SQUARE, tmp_path / "p.cert", budget=Budget(time_limit=1000))
    assert found.certificate.regions == 3 and found.status is PartitionStatus.TRUNCATED
    certify_domain(NETWORK, SQUARE, tmp_path / "p.cert", budget=Budget(time_limit=1000, max_regions=3))
    (after_a_key, compiles), (after_a_limit, _) = asked
    assert after_a_key <= 5 and not compiles and after_a_limit > 400


def test_a_file_that_cannot_be_written_is_refused_before_the_search(tmp_path):
    with pytest.raises(InputError, match="there is no folder"):
        certify_domain(NETWORK, SQUARE, tmp_path / "none" / "p.cert", budget=Budget(time_limit=Looks.until(0)))
