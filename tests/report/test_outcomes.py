"""Several outputs: shares of classes and means of outputs against counting, never a mean of numbers of classes."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from command_line import run_command
from networks import he_network

from relugeom.analysis.importance import cluster_importance
from relugeom.analysis.performance import cluster_performance
from relugeom.importers.npz import write_npz
from relugeom.network.decision import Decision
from relugeom.network.forward import decide, predict
from relugeom.network.network import ReLUNetwork
from relugeom.partition.clusters import cluster_samples
from relugeom.report.clusters import cluster_content
from relugeom.report.outcomes import cluster_outcomes, outcome_section
from relugeom.store.reading import read_run
from relugeom.store.store import open_store

NAMES = ("setosa", "versicolor", "virginica")
X = np.random.default_rng(4).normal(size=(150, 2))


def three_classes() -> ReLUNetwork:
    made = he_network(7, 2, 4, 3)
    return ReLUNetwork(made.weights, made.biases, decision=Decision.largest(NAMES))


@pytest.fixture(scope="module")
def clustered():
    network = three_classes()
    target = decide(network, X)
    target[::5] = (target[::5] + 1) % 3
    return network, target, cluster_samples(network, X, target=target)


def test_outcomes_are_counted(clustered):
    network, target, clusters = clustered
    found = cluster_outcomes(clusters).set_index(["cluster", "kind", "name"])["value"]
    classes, outputs = decide(network, X), predict(network, X)
    for row in range(len(clusters)):
        mine = clusters.assignment == row
        for number, name in enumerate(NAMES):
            assert found[row + 1, "decided", name] == pytest.approx((classes[mine] == number).mean())
            assert found[row + 1, "target", name] == pytest.approx((target[mine] == number).mean())
            assert found[row + 1, "mean", f"y{number}"] == pytest.approx(outputs[mine, number].mean())


def test_no_mean_of_numbers_of_classes_is_given(clustered):
    _, target, clusters = clustered
    assert clusters.target_mean is None
    assert all(cluster.target_mean is None and cluster.positive_share is None for cluster in clusters)
    found = cluster_performance(clusters, X, target)
    assert np.isnan(found.response_mean).all() and found.overall.response_mean is None
    table = cluster_content("data", clusters, cluster_importance(clusters, X.std(axis=0))).clusters
    assert table["target_mean"].isna().all() and table["prediction"].isna().all()


def test_the_chapter_counts_where_there_are_few(clustered):
    _, _, clusters = clustered
    table = cluster_content("data", clusters, cluster_importance(clusters, X.std(axis=0))).clusters
    section = outcome_section(cluster_outcomes(clusters), table, show_samples=True)
    (shown,) = section.tables.values()
    assert list(shown.columns)[:3] == ["cluster", "samples", "decided setosa"]
    for row, size in enumerate(clusters.size.tolist()):
        text = shown["target virginica"][row]
        assert text.endswith("%") if size >= 20 else text.endswith(f"of {size}")
    assert (
        outcome_section(cluster_outcomes(cluster_samples(he_network(1, 2, 3, 1), X)), table, show_samples=True) is None
    )


def test_the_verbs_say_it_by_class(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = partial(run_command, capsys)
    network = three_classes()
    write_npz(network, "network.npz")
    target = decide(network, X)
    lines = [f"{a!r},{b!r},{NAMES[k]}" for (a, b), k in zip(X.tolist(), target, strict=True)]
    Path("data.csv").write_text("a,b,species\n" + "\n".join(lines) + "\n")
    ended = run("cluster", "network.npz", "data.csv", "--target", "species", "--json")
    assert ended.code == 0, ended.err
    rows = json.loads(ended.out)["clusters"]
    assert all(row["target_mean"] is None and row["prediction"] is None for row in rows)
    assert all(row["decided"] == row["target"] and sum(row["target"].values()) == pytest.approx(1) for row in rows)
    assert set(rows[0]["mean"]) == {"y0", "y1", "y2"}
    shown = run("cluster", "network.npz", "data.csv", "--target", "species").out
    assert "Decisions, target and outputs by cluster" in shown and "mean target" not in shown.replace("\n", " ")
    assert run("audit", "network.npz", "data.csv", "--target", "species", "--out", "out").code == 0
    with open_store("out/audit.db", create=False) as store:
        tables = read_run(store)
    assert tables.clusters["prediction"].isna().all() and tables.clusters["target_mean"].isna().all()
    kept = {(row.cluster, row.kind, row.name): row.value for row in tables.outcomes.itertuples(index=False)}
    for row in rows:
        for kind in ("decided", "target"):
            assert {name: kept[row["cluster"], kind, name] for name in NAMES} == pytest.approx(row[kind])
        assert {name: kept[row["cluster"], "mean", name] for name in row["mean"]} == pytest.approx(row["mean"])
    page = Path("out/report.html").read_text(encoding="utf-8")
    assert "Decisions, target and outputs by cluster" in page and "mean target" not in page
