"""The views answer the hand-made example with the numbers that were worked out by hand."""

import hand_made
import numpy as np
import pandas as pd
import pytest

from relugeom.errors import StoreError
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.partition.census import PatternCensus
from relugeom.partition.partition import PatternStatus
from relugeom.report.content import ReportContent
from relugeom.store.reading import read_run
from relugeom.store.records import ClusterRecord
from relugeom.store.views import VIEWS, find_view, list_views

HOSTILE = ['"', "'; DROP TABLE runs; --", "a\nb", "50% %s %(x)s :x ?", "π <script>$\\bad{$[bold]", "=1+1"]


@pytest.fixture
def audit(store):
    hand_made.save_audit(store)
    return store


def test_counts_of_patterns(audit, ask):
    assert ask("SELECT patterns, count, count_text FROM pattern_counts WHERE run = 1 ORDER BY position") == [
        ("all patterns", 8, "8"),
        ("regions", 5, "5"),
        ("lower-dimensional", 0, "0"),
        ("infeasible", 3, "3"),
        ("met by an admissible input", 4, "4"),
        ("holding samples of the domain", 3, "3"),
    ]


@pytest.mark.parametrize("source", ["status", "verdict", "former name"])
def test_statuses_of_all_patterns(audit, ask, source):
    """The former name of the view, and of the column in it, stays for one version."""
    view = "pattern_list" if source == "status" else "pattern_verdicts"
    column = "verdict" if source == "verdict" else "status"
    query = f"SELECT pattern, {column}, active_units, admissible_inputs, samples, cluster FROM {view}"
    assert ask(f"{query} WHERE run = 1 ORDER BY pattern") == [
        ("000", "region", 0, 4, 1, 2),
        ("001", "infeasible", 1, 0, 0, None),
        ("010", "region", 1, 2, 1, 4),
        ("011", "infeasible", 2, 0, 0, None),
        ("100", "region", 1, 2, 0, None),
        ("101", "infeasible", 2, 0, 0, None),
        ("110", "region", 2, 0, 2, 1),
        ("111", "region", 3, 1, 0, 3),
    ]
    assert ask("SELECT pattern FROM region_list WHERE run = 1 ORDER BY 1") == [(text,) for text in hand_made.REGIONS]
    assert ask("SELECT pattern FROM regions_without_data WHERE run = 1 ORDER BY 1") == [("100",), ("111",)]


def test_regions_of_a_run_without_data_are_not_called_empty(store, ask):
    store.save(hand_made.partition())
    assert ask("SELECT count(*), count(samples) FROM region_list") == [(5, 0)]
    assert ask("SELECT count(*) FROM regions_without_data") == [(0,)]


def test_points_of_regions(store, ask):
    store.save(hand_made.truncated_partition())
    assert ask("SELECT region, pattern, feature, value, exact_value FROM region_points ORDER BY region, feature") == [
        (1, "000", "age", -0.5, None),
        (1, "000", "fare", -0.5, None),
        (2, "010", "age", 1 / 3, "1/3"),
        (2, "010", "fare", -2 / 3, "-2/3"),
    ]


def test_effective_maps(audit, ask):
    query = "SELECT feature, coefficient, sign, bias FROM effective_coefficients WHERE pattern = ? ORDER BY feature"
    assert ask(query, "110") == [("age", 1.0, 1, 0.5), ("fare", 2.0, 1, 0.5)]
    assert ask(query, "111") == [("age", -3.0, -1, 4.5), ("fare", -2.0, -1, 4.5)]
    assert ask(query, "000") == [("age", 0.0, 0, 0.5), ("fare", 0.0, 0, 0.5)]


def test_effective_maps_by_region(audit, ask):
    query = "SELECT region, pattern, feature, coefficient, sign, bias FROM region_effects WHERE run = 1 AND region > 3"
    assert ask(f"{query} ORDER BY region, feature") == [
        (4, "110", "age", 1.0, 1, 0.5),
        (4, "110", "fare", 2.0, 1, 0.5),
        (5, "111", "age", -3.0, -1, 4.5),
        (5, "111", "fare", -2.0, -1, 4.5),
    ]


def test_weights_by_name(audit, ask):
    query = "SELECT layer, unit, output, input, feature, weight, bias FROM weights_by_unit WHERE network = 1"
    output = hand_made.network().target_names[0]
    assert ask(f"{query} ORDER BY layer, unit, input") == [
        (0, 0, None, 0, "age", 1.0, 0.0),
        (0, 1, None, 1, "fare", 1.0, 0.0),
        (0, 2, None, 0, "age", 1.0, -1.0),
        (0, 2, None, 1, "fare", 1.0, -1.0),
        (1, 0, output, 0, None, 1.0, 0.5),
        (1, 0, output, 1, None, 2.0, 0.5),
        (1, 0, output, 2, None, -4.0, 0.5),
    ]


def test_weights_as_rows_make_up_the_network(store, ask):
    """A unit without weights has a row of its own; -0 and 0 are both no weight."""
    W = np.array([[0.1, -0.0, 1e-320], [0.0, 0.0, 0.0]])
    network = ReLUNetwork.from_layers((W, [0.3, -0.0]), ([[np.pi, -1e300]], [1 / 3]))
    with store.run("inspect", network=network):
        pass
    rows = ask("SELECT layer, unit, input, weight, bias FROM weights_by_unit ORDER BY layer, unit, input")
    assert rows == [
        (0, 0, 0, 0.1, 0.3),
        (0, 0, 2, 1e-320, 0.3),
        (0, 1, None, None, 0.0),
        (1, 0, 0, np.pi, 1 / 3),
        (1, 0, 1, -1e300, 1 / 3),
    ]


def test_clusters(audit, ask):
    query = "SELECT cluster, pattern, samples, share, outside, verdict, positive_share, target_mean, accuracy"
    assert ask(f"{query} FROM cluster_list WHERE run = 1 ORDER BY cluster") == [
        (1, "110", 2, 0.4, 0, "region", 1.0, 0.5, 0.5),
        (2, "000", 1, 0.2, 0, "region", 1.0, 1.0, 1.0),
        (3, "111", 1, 0.2, 1, "region", 0.0, 0.0, 1.0),
        (4, "010", 1, 0.2, 0, "region", 1.0, 1.0, 1.0),
    ]
    (prediction,) = ask("SELECT prediction FROM cluster_list WHERE cluster = 2")
    assert prediction == pytest.approx((1 / (1 + np.exp(-0.5)),))


def test_profiles_stand_beside_the_whole(audit, ask):
    rows = ask(
        "SELECT feature, mean, spread, mean_of_all, spread_of_all FROM cluster_profile WHERE cluster = 1 ORDER BY 1"
    )
    spread = hand_made.SAMPLES.std(axis=0)
    assert rows == [
        ("age", 0.375, 0.125, 0.35, pytest.approx(spread[0])),
        ("fare", 0.375, 0.125, 0.55, pytest.approx(spread[1])),
    ]


def test_importance(audit, ask):
    columns = "feature, coefficient, sign, scaled, contribution"
    rows = ask(f"SELECT {columns} FROM importance_by_cluster WHERE cluster = 1 ORDER BY 1")
    spread = hand_made.SAMPLES.std(axis=0)
    assert rows == [
        ("age", 1.0, 1, pytest.approx(spread[0]), 0.375),
        ("fare", 2.0, 1, pytest.approx(2 * spread[1]), 0.75),
    ]


def test_active_units(store, ask):
    network = ReLUNetwork.from_layers((np.eye(2), [0, 0]), ([[1, 1], [-1, -1]], [0, 0]), ([[1, 1]], [0]))
    columns = {"network": network, "packed": np.array([[0b01100000]], np.uint8), "points": [[0.0, 1.0]], "tree": []}
    store.save(hand_made.partition(**columns))
    query = "SELECT u.layer, u.unit FROM patterns p JOIN units u ON substr(p.pattern, u.text_position, 1) = '1'"
    assert ask(f"{query} ORDER BY 1") == [(0, 1), (1, 0)]
    hand_made.save_audit(store)
    assert ask("SELECT layer, unit FROM cluster_active_units WHERE cluster = 1 ORDER BY 1, 2") == [(0, 0), (0, 1)]


def test_samples(audit, ask):
    assert ask("SELECT sample, cluster, pattern, inside FROM sample_clusters WHERE run = 1 ORDER BY sample") == [
        (0, 1, "110", 1),
        (1, 1, "110", 1),
        (2, 2, "000", 1),
        (3, 3, "111", 0),
        (4, 4, "010", 1),
    ]


def test_overview_of_runs(audit, ask):
    columns = "command, status, network, hidden_layers, units, domain, data, samples, clusters, regions"
    assert ask(f"SELECT {columns}, partition_status FROM runs_overview") == [
        ("audit", "complete", "network.onnx", "3", 3, "domain.toml", "passengers.csv", 5, 4, 5, "complete")
    ]


def test_every_view_runs_and_has_one_line(audit, ask):
    hand_made.save_audit(audit)
    for name, description in list_views().items():
        assert ask(f"SELECT * FROM {name}")
        assert "\n" not in description
    assert find_view("cluster_list") in VIEWS
    with pytest.raises(
        StoreError, match=r"there is no view 'clusters_list': --list .* shows them; did you mean cluster_list"
    ):
        find_view("clusters_list")


def test_what_is_not_known_is_said(store, ask):
    beyond = PatternCensus(
        units=80,
        region_packed=np.zeros((1, 10), np.uint8),
        lower_packed=np.ones((1, 10), np.uint8),
        region_admissible=None,
        lower_admissible=None,
        complete=False,
        lower_complete=False,
    )
    network = ReLUNetwork.from_layers((np.ones((80, 1)), np.zeros(80)), (np.ones((1, 80)), [0.0]))
    with store.run("audit", network=network, domain=Domain.everything(1)) as run:
        run.save(beyond)
    assert ask("SELECT patterns, count, count_text FROM pattern_counts ORDER BY position") == [
        ("all patterns", None, "2^80"),
        ("regions", None, "at least 1"),
        ("lower-dimensional", None, "at least 1"),
        ("infeasible", None, "not known"),
        ("met by an admissible input", None, "not known"),
    ]


def test_infeasible_patterns_of_many_units_are_counted_not_listed(store, ask):
    network = ReLUNetwork.from_layers((np.ones((70, 1)), np.zeros(70)), (np.ones((1, 70)), [0.0]))
    all_or_none = np.packbits([[False] * 70, [True] * 70], axis=1)
    whole = hand_made.census(
        units=70,
        region_packed=all_or_none,
        lower_packed=np.zeros((0, 9), np.uint8),
        region_admissible=np.array([1, 1]),
        region_met=None,
    )
    with store.run("audit", network=network, domain=Domain.everything(1)) as run:
        run.save(whole)
    assert ask("SELECT count, count_text FROM pattern_counts WHERE patterns = 'infeasible'") == [(None, "2^70 − 2")]
    assert ask("SELECT count(*) FROM pattern_list") == [(2,)]


def test_names_from_anywhere_are_harmless(store, ask):
    names = tuple(HOSTILE)
    network = ReLUNetwork((np.eye(6), np.ones((1, 6))), (np.zeros(6), np.zeros(1)), names, (HOSTILE[1],))
    domain = Domain(np.zeros(6), np.ones(6), A=np.eye(6), b=np.ones(6), feature_names=names)
    columns = {"packed": np.array([[0b11111100]], np.uint8), "points": np.full((1, 6), 0.5), "tree": [1] * 6}
    partition = hand_made.partition(network=network, domain=domain, **columns, dimension=6)
    run_about = {"network_name": HOSTILE[1], "domain_name": HOSTILE[3], "parameters": {HOSTILE[1]: HOSTILE[3]}}
    with store.run(HOSTILE[1], network=network, domain=domain, **run_about) as run:
        run.save(partition)
    assert store.load_partition(1).network.input_names == names
    assert sorted(name for (name,) in ask("SELECT feature FROM effective_coefficients")) == sorted(HOSTILE)
    tables = read_run(store)
    assert list(tables.domain["feature"]) == HOSTILE
    assert tables.constraints[0] == '" ≤ 1'
    assert tables.about.network == HOSTILE[1] == dict(tables.network)["file"]


def test_a_run_read_back_fills_a_report(audit):
    tables = read_run(audit)
    assert tables.run == 1
    assert dict(tables.network)["decision"] == "class 1 if the output before squashing exceeds 0"
    assert tables.about.data == "passengers.csv" == dict(tables.provenance)["data"]
    wanted = {
        "domain": "feature kind lower upper group",
        "census": "kind patterns count",
        "clusters": "cluster pattern samples share outside status prediction positive_share target_mean accuracy",
        "profiles": "cluster feature mean spread",
        "importance": "cluster output feature coefficient sign scaled contribution",
        "patterns": "pattern status samples admissible",
    }
    frames = {name: getattr(tables, name) for name in wanted}
    assert {name: " ".join(frame.columns) for name, frame in frames.items()} == wanted
    assert {name: len(frame) for name, frame in frames.items()} == {
        "domain": 2,
        "census": 6,
        "clusters": 4,
        "profiles": 8,
        "importance": 8,
        "patterns": 8,
    }
    assert list(tables.patterns["status"]) == ["region"] * 5 + ["infeasible"] * 3
    assert list(tables.patterns["pattern"]) == ["110", "000", "010", "100", "111", "001", "011", "101"]
    assert list(tables.patterns["admissible"]) == [0, 4, 2, 2, 1, 0, 0, 0]
    assert tables.notes == ["This report counts activation regions.", "A second remark."]
    texts = {"network": tables.network, "provenance": tables.provenance, "constraints": tables.constraints}
    assert ReportContent(title="Audit", summary=(), **texts, **frames)


def test_a_run_that_is_not_there_is_named(audit):
    with pytest.raises(StoreError, match="has no run 7"):
        read_run(audit, 7)


def test_a_run_with_little_in_it_has_empty_tables(store):
    with store.run("inspect", network=hand_made.network()):
        pass
    tables = read_run(store, 1)
    assert all(isinstance(frame, pd.DataFrame) and frame.empty for frame in (tables.domain, tables.clusters))
    assert list(tables.clusters.columns)[:2] == ["cluster", "pattern"]
    assert tables.about.domain is None and "domain" not in dict(tables.provenance)


def test_numbers_that_are_not_there_stay_none_and_counts_stay_whole(store):
    with store.run("audit", network=hand_made.network(), domain=Domain.everything(2)) as run:
        run.save(ClusterRecord(hand_made.clusters(), hand_made.importance(), statuses=[PatternStatus.UNKNOWN] * 4))
        run.save(hand_made.census(region_admissible=None, lower_admissible=None))
    tables = read_run(store)
    assert list(tables.domain["lower"]) == [None, None]
    assert set(tables.patterns["admissible"].map(str)) == {"None", "0"}
    assert tables.clusters["samples"].dtype == np.int64


def test_linear_rows_in_words(store):
    domain = Domain(
        np.zeros(2),
        np.ones(2),
        A=np.array([[-1.0, 0.5], [0.0, 0.0], [0.1 + 0.2, -1.0]]),
        b=np.array([0.0, 1.0, -0.25]),
        E=np.array([[1.0, 1.0]]),
        f=np.array([1.0]),
    )
    with store.run("audit", network=hand_made.network(), domain=domain):
        pass
    assert read_run(store).constraints == [
        "−age + 0.5 · fare ≤ 0",
        "0 ≤ 1",
        "0.30000000000000004 · age − fare ≤ -0.25",
        "age + fare = 1",
    ]
