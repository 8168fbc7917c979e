"""The main job on the Titanic, against a truth computed here from all admissible inputs."""

import json
import sqlite3
from contextlib import closing
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from budgets import SHORT
from command_line import TITANIC, run_command, small_network, write_network, write_rows

from relugeom import check_certificate
from relugeom.audit import AuditResult, audit
from relugeom.claims.words import answer_in_words
from relugeom.partition.partition import PartitionStatus, PatternStatus
from relugeom.partition.scope import names_on

MODEL, PASSENGERS = TITANIC / "network.onnx", TITANIC / "passengers.csv"
ADMISSIBLE = np.array(list(product(range(5), range(2), range(1, 4), range(4), range(3), range(1, 6), range(2))), float)


@pytest.fixture(scope="module")
def layers() -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights and biases of the example, read without the importer."""
    arrays = [onnx.numpy_helper.to_array(entry) for entry in onnx.load(MODEL).graph.initializer]
    weights = {array.shape[::-1]: array for array in arrays if array.ndim == 2}
    biases = {len(array): array for array in arrays if array.ndim == 1}
    return [(weights[n, m].astype(float), biases[m].astype(float)) for n, m in ((7, 3), (3, 2), (2, 1))]


def naive_patterns(layers: list[tuple[np.ndarray, np.ndarray]], X: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Patterns and outputs by the definition; no pre-activation may lie where rounding could change its sign."""
    texts, x = [], X
    for weight, bias in layers[:-1]:
        z = x @ weight.T + bias
        assert np.abs(z).min() > 1e-9
        texts.append(["".join(map(str, row)) for row in (z > 0).astype(int)])
        x = np.maximum(z, 0)
    weight, bias = layers[-1]
    return ["/".join(parts) for parts in zip(*texts, strict=True)], (x @ weight.T + bias)[:, 0]


@pytest.fixture(scope="module")
def titanic(tmp_path_factory: pytest.TempPathFactory) -> AuditResult:
    out = tmp_path_factory.mktemp("titanic") / "audit"
    return audit(MODEL, PASSENGERS, target="Survived", out=out, budget=SHORT)


def ask(store: str | Path, statement: str) -> list[tuple]:
    with closing(sqlite3.connect(store)) as connection:
        return connection.execute(statement).fetchall()


def test_the_counts(titanic: AuditResult) -> None:
    assert len(ADMISSIBLE) == 3600
    assert titanic.partition.status is PartitionStatus.COMPLETE
    assert len(titanic.clusters) == 3
    assert len(titanic.partition) == 3
    counts = dict(zip(titanic.content.census["patterns"], titanic.content.census["count"], strict=True))
    assert counts == {
        "all patterns": "32",
        "regions": "3",
        "lower-dimensional": "0",
        "infeasible": "29",
        "met by an admissible input": "3",
        "holding samples of the domain": "3",
    }
    assert set(titanic.statuses) == {PatternStatus.REGION}


def test_the_admissible_inputs(titanic: AuditResult, layers) -> None:
    met, _ = naive_patterns(layers, ADMISSIBLE)
    assert len(set(met)) == 3
    stored = ask(titanic.store, "SELECT pattern, admissible_inputs FROM region_list WHERE admissible_inputs > 0")
    assert dict(stored) == {pattern: met.count(pattern) for pattern in met}


def test_the_clusters(titanic: AuditResult, layers) -> None:
    table = pd.read_csv(PASSENGERS)
    X, target = table.drop(columns="Survived").to_numpy(float), table["Survived"].to_numpy(float)
    patterns, outputs = naive_patterns(layers, X)
    table = pd.DataFrame({"pattern": patterns, "target": target, "class": (outputs > 0).astype(float)})
    table["prediction"] = 1 / (1 + np.exp(-outputs))
    assert {str(cluster.pattern) for cluster in titanic.clusters} == set(patterns)
    for cluster in titanic.clusters:
        chosen = (table["pattern"] == str(cluster.pattern)).to_numpy()
        mine = table[chosen]
        assert cluster.size == len(mine)
        assert cluster.outside == 0
        assert cluster.positive_share == pytest.approx(mine["class"].mean(), abs=1e-12)
        assert cluster.target_mean == pytest.approx(mine["target"].mean(), abs=1e-12)
        assert cluster.accuracy == pytest.approx((mine["class"] == mine["target"]).mean(), abs=1e-12)
        assert cluster.prediction_mean == pytest.approx([mine["prediction"].mean()], rel=1e-12)
        assert cluster.feature_mean == pytest.approx(X[chosen].mean(axis=0), abs=1e-12)
    assert list(titanic.clusters.size) == sorted(titanic.clusters.size, reverse=True)


def test_the_importance(titanic: AuditResult, layers) -> None:
    X = pd.read_csv(PASSENGERS).drop(columns="Survived").to_numpy(float)
    for row, cluster in enumerate(titanic.clusters):
        omega = np.eye(7)
        for (weight, _), bits in zip(layers, [*str(cluster.pattern).split("/"), "1"], strict=True):
            omega = np.diag([float(bit) for bit in bits]) @ weight @ omega
        assert titanic.importance.coefficients[row] == pytest.approx(omega, abs=1e-12)
        assert titanic.importance.scaled[row] == pytest.approx(omega * X.std(axis=0), abs=1e-12)
        assert titanic.importance.contribution[row] == pytest.approx(omega * cluster.feature_mean, abs=1e-12)


def test_the_same_numbers_in_the_store(titanic: AuditResult) -> None:
    counts = ask(titanic.store, "SELECT count FROM pattern_counts WHERE run = 1 ORDER BY position")
    assert [count for (count,) in counts] == [32, 3, 0, 29, 3, 3]
    clusters = ask(titanic.store, "SELECT pattern, samples, target_mean, accuracy FROM cluster_list ORDER BY cluster")
    assert clusters == [
        (str(cluster.pattern), cluster.size, cluster.target_mean, cluster.accuracy) for cluster in titanic.clusters
    ]
    assert ask(titanic.store, "SELECT count(*) FROM assignments") == [(891,)]
    stored = ask(titanic.store, "SELECT coefficient FROM importance_by_cluster ORDER BY cluster, position")
    assert [value for (value,) in stored] == titanic.importance.coefficients.ravel().tolist()
    assert len(ask(titanic.store, "SELECT pattern FROM regions_without_data")) == 0


def test_the_report_says_them_too(titanic: AuditResult) -> None:
    page = titanic.report.read_text(encoding="utf-8")
    assert all(str(cluster.pattern) in page for cluster in titanic.clusters)
    assert "met by an admissible input" in page


def test_a_truncated_audit_is_complete_on_observed_clusters(
    titanic: AuditResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("audit", MODEL, PASSENGERS, "--target", "Survived", "--max-regions", 2, "--out", tmp_path / "cut")
    ended = run_command(capsys, *asked, "--json")
    assert ended.code == 3
    answer = json.loads(ended.out)
    assert (answer["status"], answer["regions"], answer["clusters"]) == ("truncated", 2, 3)
    store = tmp_path / "cut" / "audit.db"
    clusters = ask(store, "SELECT pattern, status FROM cluster_list ORDER BY cluster")
    assert clusters == [(str(cluster.pattern), "region") for cluster in titanic.clusters]
    assert ask(store, "SELECT status, partition_status FROM runs_overview") == [("truncated", "truncated")]
    assert "truncated" in (tmp_path / "cut" / "report.html").read_text(encoding="utf-8")


def test_a_second_audit_into_the_same_folder_is_a_second_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = write_network(tmp_path / "model.npz", small_network(2, 3, 1, input_names=("a", "b")))
    data = write_rows(tmp_path / "data.csv", "aby", [(1, 2, 0), (-1, 0.5, 1), (0.25, -2, 1)])
    asked = ("audit", model, data, "--target", "y", "--out", tmp_path / "out", "--json")
    tables = ("networks", "domains", "datasets", "patterns", "coefficients", "partitions", "partition_regions")
    counted = []
    for run in (1, 2):
        ended = run_command(capsys, *asked)
        assert ended.code == 0
        assert json.loads(ended.out)["run"] == run
        store = tmp_path / "out" / "audit.db"
        counted.append([ask(store, f"SELECT count(*) FROM {table}") for table in tables])
        assert ask(store, "SELECT count(*) FROM runs") == [(run,)]
    assert counted[0] == counted[1]
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["audit.db", "partition.cert", "proofs.cert", "report.html"]


def test_samples_outside_the_domain_are_counted_and_flagged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_network(tmp_path / "model.npz", small_network(2, 3, 1))
    data = write_rows(tmp_path / "data.csv", "ab", [(0.5, 0.25), (9, 9), (-9, 0.5)])
    ended = run_command(capsys, "audit", model, data, "--domain", "box:-1,1", "--out", tmp_path / "out", "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["outside"] == 2
    store = tmp_path / "out" / "audit.db"
    assert ask(store, "SELECT sample, inside FROM sample_clusters ORDER BY sample") == [(0, 1), (1, 0), (2, 0)]
    assert "Outside the domain" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_what_an_audit_says_of_the_whole_domain_is_so_and_certified(titanic: AuditResult, layers) -> None:
    _, outputs = naive_patterns(layers, ADMISSIBLE)
    names = ["Age", "Gender", "PClass", "Fare", "Embarked", "Title", "IsAlone"]
    low, high, simpler, *moves = titanic.answers
    said = {
        answer: answer_in_words(answer, names_on(titanic.network, titanic.domain.domain)) for answer in titanic.answers
    }
    assert simpler.subject.question == "simplification"
    assert (float(low.value), float(high.value)) == (pytest.approx(outputs.min()), pytest.approx(outputs.max()))
    truth = []
    values = {tuple(x): y for x, y in zip(ADMISSIBLE.tolist(), outputs.tolist(), strict=True)}
    for feature, name in enumerate(names):
        steps = []
        for x, y in values.items():
            above = (*x[:feature], x[feature] + 1, *x[feature + 1 :])
            steps += [values[above] - y] if above in values else []
        for sign, word in ((1, "falls"), (-1, "rises")):
            holds = min(sign * step for step in steps) >= 0
            truth.append((f"Survived never {word} when {name} alone rises", "holds" if holds else "fails"))
    assert [(said[answer], answer.verdict.value) for answer in moves] == truth
    for answer in titanic.answers:
        assert (answer.proof is not None) is (answer.verdict.value == "holds")
        if answer.proof is not None:
            assert check_certificate(answer.proof.path).digest == answer.proof.digest
        else:
            assert answer.shown or answer.removed
    stored = ask(titanic.store, "SELECT statement, verdict, sha256 FROM answer_list ORDER BY number")
    assert stored == [(said[a], a.verdict.value, a.proof and a.proof.digest) for a in titanic.answers]
    page = titanic.report.read_text(encoding="utf-8")
    assert all(sentence in page for sentence in said.values())


def test_an_audit_records_shares_neighbours_decisions_and_margins(titanic: AuditResult) -> None:
    assert len(ask(titanic.store, "SELECT DISTINCT pattern FROM regions_by_share WHERE volume_share > 0")) == 3
    assert len(ask(titanic.store, "SELECT DISTINCT pattern, neighbour_pattern FROM neighbours")) == 4
    assert ask(titanic.store, "SELECT count(*) FROM samples_near_boundary") == [(891,)]
    assert len(ask(titanic.store, "SELECT pattern, class FROM region_classes")) == 3
