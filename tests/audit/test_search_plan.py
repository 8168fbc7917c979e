"""The plan of a search: told before it begins, a matter of time alone, and no estimate where none is of use."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from budgets import SHORT
from command_line import write_network, write_rows
from networks import he_network

from relugeom.audit import audit, search_plan, steps
from relugeom.audit.schedule import MOST_CLUSTERS
from relugeom.audit.search_plan import (
    SHORTENED,
    WHOLE_TIME,
    Listing,
    SearchLimits,
    SearchPlan,
    choose_plan,
    plan_search,
)
from relugeom.budget import Counts
from relugeom.deadline import NEVER, Deadline
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import PartitionStatus
from relugeom.search.estimate import RegionEstimate
from relugeom.store.query.readonly import run_query


def estimate(count: int | None, *, low: int = 1, seconds: float | None = 100.0, exact: bool = False) -> RegionEstimate:
    return RegionEstimate(
        count=count,
        low=low,
        high=10**9,
        confidence=0.95,
        exact=exact,
        descents=16,
        patterns=1,
        seconds=2.0,
        expected_seconds=seconds,
        pace=1e4,
        machine_code=True,
        seed=0,
    )


def test_a_list_that_cannot_be_finished_leaves_most_of_its_time() -> None:
    plan = choose_plan(estimate(10**9, low=5 * 10**8, seconds=1e5), SearchLimits(NEVER, 30.0, None, 2))
    assert plan.part == SHORTENED and plan.listing is Listing.OBSERVED
    assert plan.remark.startswith(
        "about 1.0 · 10^9 regions: the partition is not listed; the regions that hold your data"
    )


def test_a_list_that_is_limited_is_told_and_keeps_its_time() -> None:
    plan = choose_plan(estimate(10**6, low=10**6, seconds=20.0), SearchLimits(NEVER, 30.0, 1000, 1))
    assert plan.part == 1.0 and "after 1,000 of them" in plan.remark


@pytest.mark.parametrize(
    "found",
    [
        estimate(10**6, low=10**5, seconds=100.0),  # the low end would take 10 of 30 seconds
        estimate(10**9, low=10**9, seconds=59.0),  # twice the time is needed to be sure
        estimate(None, seconds=None),
        estimate(10**9, seconds=None),
        estimate(10**9, seconds=1e9, exact=True),
    ],
)
def test_in_doubt_a_search_has_its_whole_time(found: RegionEstimate) -> None:
    assert choose_plan(found, SearchLimits(NEVER, 30.0, None, 1)) == WHOLE_TIME


def test_more_threads_finish_more() -> None:
    found = estimate(10**6, low=10**6, seconds=100.0)
    plans = [choose_plan(found, SearchLimits(NEVER, 30.0, None, threads)).part for threads in (1, 2)]
    assert plans == [SHORTENED, 1.0]


def box(network: ReLUNetwork) -> Domain:
    return Domain.box(-np.ones(network.inputs), np.ones(network.inputs))


@pytest.mark.parametrize(
    ("network", "deadline"),
    [
        (he_network(1, 12, 30, 20, 1), NEVER),
        (he_network(1, 4, 6, 5, 1), Deadline.of(120.0)),
    ],
    ids=["without a limit", "of a small network"],
)
def test_nothing_is_estimated_where_it_is_of_no_use(
    network: ReLUNetwork, deadline: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_plan, "estimate_regions", None)
    plan = plan_search(network, box(network), SearchLimits(deadline, 30.0, None, 1))
    assert plan == WHOLE_TIME


def test_a_list_without_room_is_made_only_if_asked_for() -> None:
    found, limits = estimate(61_000, low=40_000, seconds=5.0), SearchLimits(NEVER, 30.0, None, 1)
    assert choose_plan(found, limits) == WHOLE_TIME
    assert choose_plan(found, limits._replace(room=61_000)) == WHOLE_TIME
    plan = choose_plan(found, limits._replace(room=60_999))
    assert plan.listing is Listing.OBSERVED and plan.remark.startswith(
        "about 61,000 regions: the partition is not listed"
    )


@pytest.mark.parametrize("seconds", [0.0, 5.0])
def test_with_too_little_time_for_an_estimate_samples_come_first(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_plan, "estimate_regions", lambda *_about, time_limit: estimate(None, seconds=None))
    network = he_network(1, 12, 30, 20, 1)
    plan = plan_search(network, box(network), SearchLimits(Deadline.of(seconds), 30.0, None, 1))
    assert plan.listing is Listing.OBSERVED and "too little time" in plan.remark


def test_a_large_network_is_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    answer = estimate(10**9, low=10**9, seconds=1e5)
    monkeypatch.setattr(search_plan, "estimate_regions", lambda *_about, time_limit: asked.append(time_limit) or answer)
    network = he_network(1, 12, 30, 20, 1)
    deadline = Deadline.of(120.0)
    plan = plan_search(network, box(network), SearchLimits(deadline, 30.0, None, 1))
    assert plan.part == SHORTENED and asked[0].end <= deadline.end - 115.0


def test_an_estimate_that_knows_nothing_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [estimate(None, seconds=None), estimate(10**9, low=10**9, seconds=1e5)]
    monkeypatch.setattr(search_plan, "estimate_regions", lambda *_about, time_limit: answers.pop(0))
    network = he_network(1, 12, 30, 20, 1)
    plan = plan_search(network, box(network), SearchLimits(Deadline.of(120.0), 30.0, None, 1))
    assert plan.listing is Listing.OBSERVED and not answers


def test_a_plan_changes_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = he_network(3, 3, 5, 4, 1)
    write_network(tmp_path / "net.npz", network)
    write_rows(tmp_path / "data.csv", "abc", np.random.default_rng(5).uniform(-1, 1, (40, 3)))
    results, remarks = [], list[str]()
    for number, plan in enumerate([WHOLE_TIME, SearchPlan(SHORTENED, "the list will be cut short")]):
        monkeypatch.setattr(steps, "plan_search", lambda *_about, plan=plan: plan)
        results.append(
            audit(
                tmp_path / "net.npz",
                tmp_path / "data.csv",
                domain="box:-1,1",
                out=tmp_path / str(number),
                budget=SHORT,
                on_remark=remarks.append,
            )
        )
    assert remarks.count("the list will be cut short") == 1
    assert [len(result.partition) for result in results] == [len(results[0].partition)] * 2
    assert [answer.verdict for answer in results[0].answers] == [answer.verdict for answer in results[1].answers]


def test_the_regions_that_hold_samples_can_be_asked_for(tmp_path: Path) -> None:
    network = he_network(3, 3, 5, 4, 1)
    model = write_network(tmp_path / "net.npz", network)
    data = write_rows(tmp_path / "data.csv", "abc", np.random.default_rng(5).uniform(-1, 1, (40, 3)))
    options = {"domain": "box:-1,1", "budget": SHORT}
    few, again, every = (
        audit(model, data, out=tmp_path / out, regions=regions, resume=resume, **options)
        for out, regions, resume in (("a", "observed", False), ("a", None, True), ("b", "all", False))
    )
    near = audit(model, data, out=tmp_path / "near", regions="neighbours", **options).partition
    listed = {row.tobytes() for row in near.packed}
    assert {row.tobytes() for row in few.partition.packed} < listed <= {row.tobytes() for row in every.partition.packed}
    assert f"the neighbours of {len(few.partition)} regions of {len(few.partition)} were added" in near.reason
    neighbours = "SELECT pattern, count(*) FROM neighbours GROUP BY pattern"
    told, truth = (dict(run_query(tmp_path / out / "audit.db", neighbours).rows) for out in ("near", "b"))
    texts = {str(region.pattern) for region in few.partition}
    assert {text: told[text] for text in texts} == {text: truth[text] for text in texts}
    assert {row.tobytes() for row in few.partition.packed} == {row.tobytes() for row in few.clusters.packed}
    assert not few.partition.is_searched and few.certificate is None
    assert "only the regions that hold samples were looked for" in " ".join(few.content.notes)
    for whole in (again, every):  # nothing is resumed from a list that was not searched for
        assert whole.partition.status is PartitionStatus.COMPLETE
        assert whole.partition.packed.tobytes() == every.partition.packed.tobytes()
    with pytest.raises(InputError, match="regions='some' is unknown: give auto, all, observed, neighbours"):
        audit(model, data, out=tmp_path / "c", regions="some")
    assert not (tmp_path / "c").exists()


def test_the_features_of_small_clusters_are_left_out_where_clusters_are_many(tmp_path: Path) -> None:
    model = write_network(tmp_path / "net.npz", he_network(3, 3, 5, 4, 1))
    data = write_rows(tmp_path / "data.csv", "abc", np.random.default_rng(5).uniform(-1, 1, (40, 3)))
    budget = replace(SHORT, time_limit=5.0, counts=Counts(regions=3))
    found = audit(model, data, out=tmp_path / "a", domain="box:-1,1", budget=budget)
    assert len(found.clusters) > 3 and len(found.importance) == min(len(found.clusters), MOST_CLUSTERS)
    assert "more than 3 regions" in " ".join(found.content.notes)
