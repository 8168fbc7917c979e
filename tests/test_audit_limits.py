"""Audits with little time, and with none: what is left out is said, and a store and a report are there."""

import sqlite3
from contextlib import closing
from dataclasses import asdict, replace

import numpy as np
import pytest
from budgets import SHORT
from command_line import TITANIC, write_network, write_rows
from networks import he_network

from relugeom.analysis.decisions import decide_regions
from relugeom.analysis.group_bounds import bound_groups
from relugeom.analysis.margins import sample_margins
from relugeom.analysis.parsimony import group_clusters
from relugeom.analysis.region_ranges import region_ranges
from relugeom.analysis.unobserved import find_unobserved
from relugeom.audit import audit
from relugeom.audit.schedule import LEAST, MOST_CLUSTERS, Schedule, affordable, report_seconds, work_ends
from relugeom.budget import Counts, Shares
from relugeom.certificate.partition import certify_partition
from relugeom.claims.settlement import Settlement, Verdict
from relugeom.deadline import NEVER, Deadline
from relugeom.errors import CertificateError
from relugeom.geometry import exact_program, exact_simplex
from relugeom.geometry.domain import Domain
from relugeom.measures.adjacency import find_adjacency
from relugeom.measures.linear_regions import merge_linear_regions
from relugeom.measures.radii import chebyshev_radii
from relugeom.measures.slices import slice_regions
from relugeom.measures.volumes import VolumeMethod, covered_share, region_volumes
from relugeom.network.decision import Decision
from relugeom.network.network import ReLUNetwork
from relugeom.partition.clusters import cluster_samples
from relugeom.partition.partition import PartitionStatus, PatternStatus
from relugeom.questions.output_bounds import output_bounds
from relugeom.questions.sample_robustness import sample_robustness
from relugeom.questions.unit_signs import bound_unit_signs
from relugeom.search.enumeration import enumerate_regions
from relugeom.search.feasibility import settle_clusters, take_census
from relugeom.search.locate import locate_pattern

OVER = Deadline(0)
NETWORK = he_network(3, 4, 6, 5, 1)
DOMAIN = Domain.box(-np.ones(4), np.ones(4))
X = np.random.default_rng(5).uniform(-1, 1, (60, 4))


@pytest.fixture(scope="module")
def partition():
    return enumerate_regions(NETWORK, DOMAIN)


@pytest.fixture
def no_programs(monkeypatch):
    """Whoever asks for an exact program after the deadline has not looked at it."""

    def asked(*_values, **_options):
        raise AssertionError("an exact program was begun although there is no time")

    monkeypatch.setattr(exact_simplex, "independent_columns", asked)
    monkeypatch.setattr(exact_program, "shadow_rows", asked)


def not_settled(claim, *_more):
    return Settlement(claim, Verdict.UNKNOWN, reason="there is no time")


@pytest.mark.usefixtures("no_programs")
def test_without_time_every_measure_says_so_at_once(partition, tmp_path):
    volumes = region_volumes(partition, time_limit=OVER)
    assert volumes.method is VolumeMethod.UNKNOWN and "time ran out" in volumes.reason
    assert np.isnan(volumes.shares).all()
    part = enumerate_regions(NETWORK, DOMAIN, max_regions=20)
    covered = covered_share(part, time_limit=OVER)
    assert (covered.low, covered.high) == (0.0, 1.0) and "time ran out" in covered.reason
    adjacency = find_adjacency(partition, time_limit=OVER)
    assert len(adjacency.first) == 0 and not adjacency.complete and "time ran out" in adjacency.reason
    ranges = region_ranges(partition, time_limit=OVER)
    assert ranges.known == 0 and "left" in ranges.reason
    merged = merge_linear_regions(partition, time_limit=OVER)
    assert merged.count == len(partition) and not merged.complete and "time ran out" in merged.reason
    radii = chebyshev_radii(partition, time_limit=OVER)
    assert np.isnan(radii.radii).all() and not radii.unbounded.any() and "time ran out" in radii.reason
    located = locate_pattern(NETWORK, DOMAIN, partition[0].pattern, time_limit=OVER)
    assert located.status is PatternStatus.UNKNOWN and located.point is None and "time" in located.reason
    with pytest.raises(CertificateError, match="time ran out"):
        certify_partition(partition, tmp_path / "none.cert", time_limit=OVER)
    assert not list(tmp_path.iterdir())
    cut = slice_regions(NETWORK, DOMAIN, (0, 1), np.zeros(4), time_limit=OVER)
    assert len(cut) == 0 and not cut.covered and cut.partition.status is PartitionStatus.TRUNCATED


@pytest.mark.usefixtures("no_programs")
def test_without_time_every_analysis_says_so_at_once(partition):
    clusters = cluster_samples(NETWORK, X, domain=DOMAIN)
    assert np.isnan(sample_margins(clusters, X, time_limit=OVER).distance).all()
    deciding = enumerate_regions(threshold_network(), DOMAIN, max_regions=5)
    assert len(decide_regions(deciding, time_limit=OVER)) == 0
    groups = group_clusters(clusters, X, groups=10, time_limit=OVER)
    assert groups.reason == "time ran out" and len(groups) == 1
    bounds = bound_groups(groups, partition, time_limit=OVER)
    assert np.isnan(bounds.bound).all() and "left" in bounds.reason
    found = find_unobserved(partition, clusters, X.std(axis=0), time_limit=OVER)
    assert np.isnan(found.departure).all() and (found.nearest == -1).all()
    assert not bound_unit_signs(NETWORK, DOMAIN, time_limit=OVER).signs.any()


@pytest.mark.usefixtures("no_programs")
def test_without_time_questions_are_open_and_inputs_count_all_the_same():
    bounds = output_bounds(NETWORK, DOMAIN, not_settled, candidates=X, time_limit=OVER)
    assert bounds.lowest.verdict is Verdict.UNKNOWN and bounds.highest.verdict is Verdict.UNKNOWN
    assert bounds.lowest.value < bounds.highest.value  # inputs were looked at
    found = sample_robustness(threshold_network(), DOMAIN, lambda *_: None, X, time_limit=OVER)
    assert len(found) == 0 and "60 of 60 samples" in found.reason


def threshold_network():
    values = NETWORK.weights, NETWORK.biases
    return ReLUNetwork(*values, decision=Decision.at_threshold(0.1))


def test_without_time_patterns_on_hyperplanes_are_not_settled():
    network = ReLUNetwork.from_layers((np.eye(2), [0.0, 0.0]), ([[1.0, 1.0]], [0.0]))
    clusters = cluster_samples(network, np.array([[0.0, 0.5], [0.5, 0.5]]))
    domain = Domain.box([0, 0], [1, 1])
    statuses = settle_clusters(clusters, domain, time_limit=OVER)
    assert statuses.count(PatternStatus.UNKNOWN) == 1 and statuses.count(PatternStatus.REGION) == 1
    assert PatternStatus.UNKNOWN not in settle_clusters(clusters, domain)
    census = take_census(enumerate_regions(network, domain), time_limit=OVER)
    assert not census.lower_complete


def test_parts_take_shares_of_what_is_left_and_leave_what_they_save():
    shares = Shares()
    schedule, weights = Schedule(NEVER.within(100.0), shares), asdict(shares)
    names = list(weights)
    first = schedule.part(names[0])
    assert first.seconds_left == pytest.approx(100 * weights[names[0]] / sum(weights.values()), rel=0.1)
    assert schedule.part(names[-1]).seconds_left == pytest.approx(100, rel=0.1)  # the others were left out
    assert Schedule(NEVER, shares).part(names[3]) == NEVER
    assert all(Schedule(OVER, shares).part(name).passed for name in names)


@pytest.mark.parametrize("seconds", [0.0, 1.0, 20.0, 600.0])
@pytest.mark.parametrize("clusters", [0, 1_000])
def test_work_ends_early_enough_for_the_report_and_takes_half_of_the_time_at_least(seconds, clusters):
    deadline, report = NEVER.within(seconds), report_seconds(he_network(0, 30, 3, 1), clusters)
    kept = deadline.end - work_ends(deadline, report).end
    assert min(report, deadline.seconds_left / 2) <= kept + 1e-6 and kept <= min(report, seconds / 2) + 1e-6
    assert report_seconds(he_network(0, 300, 3, 1), clusters + 1) > report
    assert work_ends(NEVER, report) == NEVER


def test_what_a_store_takes_follows_from_the_time_and_the_inputs():
    wide, narrow = he_network(0, 400, 3, 1), he_network(0, 4, 3, 1)
    hour, minute = NEVER.within(3600), NEVER.within(60)
    assert affordable(narrow, 1000, minute).regions > 50 * affordable(wide, 1000, minute).regions
    assert affordable(wide, 1000, hour).regions > 50 * affordable(wide, 1000, minute).regions
    assert affordable(wide, 1000, OVER)[:2] == (LEAST, LEAST)
    assert affordable(wide, 1000, NEVER)[:2] == (None, MOST_CLUSTERS)  # however much time there is, a store stays small
    rooms = [affordable(narrow, samples, minute).room for samples in (1000, 10**7)]
    assert affordable(wide, 1000, minute).room < rooms[0] < rooms[1]
    prefixes = [affordable(network, 1000, limit).prefix for network in (narrow, wide) for limit in (OVER, NEVER)]
    assert prefixes[0] == prefixes[1] > 2 * prefixes[2] == 2 * prefixes[3] >= 2 * LEAST


@pytest.mark.parametrize("name", ["titanic", "wide"])
def test_an_audit_without_time_writes_its_store_and_its_report(name, tmp_path):
    model, data, target = TITANIC / "network.onnx", TITANIC / "passengers.csv", "Survived"
    if name == "wide":
        model, target = write_network(tmp_path / "wide.npz", he_network(1, 150, 12, 8, 1)), None
        rows = np.random.default_rng(2).random((30, 150)).round(3).tolist()
        data = write_rows(tmp_path / "wide.csv", [f"x{k}" for k in range(150)], rows)
    result = audit(model, data, target=target, out=tmp_path / "out", time_limit=OVER)
    assert result.partition.status is PartitionStatus.TRUNCATED
    assert result.certificate is None and result.report.exists()
    assert {answer.verdict for answer in result.answers} <= {Verdict.UNKNOWN, Verdict.FAILS}
    notes = " ".join(result.content.notes)
    for said in ("truncated", "not certified", "because time ran out", "no map of regions"):
        assert said in notes
    with closing(sqlite3.connect(tmp_path / "out" / "audit.db")) as store:
        assert store.execute("SELECT status FROM runs").fetchone() == ("truncated",)
        clusters, told = (
            store.execute(f"SELECT count(*) FROM {view}").fetchone()[0]
            for view in ("clusters", "(SELECT DISTINCT cluster FROM cluster_features)")
        )
        assert clusters == len(result.clusters) and told == min(LEAST, clusters)
    assert not list((tmp_path / "out").glob("*-wal"))


def test_maps_that_were_not_tried_on_all_samples_are_counted(tmp_path):
    model, data, few = TITANIC / "network.onnx", TITANIC / "passengers.csv", replace(SHORT, counts=Counts(maps=2))
    result = audit(model, data, target="Survived", out=tmp_path / "out", budget=few)
    notes = [note for note in result.content.notes if "applied to all samples" in note]
    assert notes == [
        f"The maps of 2 of 3 {kind} with samples were applied to all samples, largest first."
        for kind in ("clusters", "regions")
    ]
