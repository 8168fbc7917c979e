"""Every number of a page, on a domain of integers, a one-hot group and binaries: against all admissible inputs."""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from itertools import product

import numpy as np
import pytest
from budgets import SHORT
from command_line import write_network, write_rows
from numpy.typing import NDArray

from relugeom.audit import AuditResult, audit, report_content
from relugeom.network.decision import Decision
from relugeom.network.network import ReLUNetwork
from relugeom.report.summary import render_json
from relugeom.store.store import open_store

NAMES = ["duration", "credits", "job=a", "job=b", "job=c", "female", "telephone"]
RANDOM = np.random.default_rng(3)
WEIGHTS, BIASES = RANDOM.normal(size=(5, 7)).round(3), RANDOM.normal(size=5).round(3)
LAST, OFFSET = RANDOM.normal(size=5).round(3), 5.39
JOBS = np.eye(3)
ADMISSIBLE = np.array(
    [(d, c, *job, f, t) for d, c, job, f, t in product(range(1, 6), range(1, 4), JOBS, (0, 1), (0, 1))], float
)
ROWS = ADMISSIBLE[RANDOM.integers(len(ADMISSIBLE), size=60)]
TARGET = RANDOM.integers(2, size=60)
FEMALE = NAMES.index("female")


def output_of(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(rows @ WEIGHTS.T + BIASES, 0) @ LAST + OFFSET


def patterns_of(rows: NDArray[np.float64]) -> list[str]:
    return ["".join("01"[on] for on in row) for row in (rows @ WEIGHTS.T + BIASES > 0).astype(int)]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> AuditResult:
    place = tmp_path_factory.mktemp("numbers")
    bounds = {"duration": (1, 5), "credits": (1, 3)}
    lines = []
    for name in NAMES:
        lower, upper = bounds.get(name, (0, 1))
        kind = "integer" if name in bounds else "binary"
        lines.append(f'[features."{name}"]\nlower = {lower}\nupper = {upper}\nkind = "{kind}"\n')
    lines.append('[[groups]]\nfeatures = ["job=a", "job=b", "job=c"]\n')
    (place / "domain.toml").write_text("\n".join(lines), encoding="utf-8")
    network = ReLUNetwork.from_layers((WEIGHTS, BIASES), ([LAST], [OFFSET]))
    model = write_network(place / "net.npz", network)
    data = write_rows(place / "data.csv", [*NAMES, "good"], np.column_stack([ROWS, TARGET]).tolist())
    return audit(
        model,
        data,
        target="good",
        domain=str(place / "domain.toml"),
        protected=["female"],
        decision=Decision.at_threshold(0.0),
        out=place / "audit",
        budget=SHORT,
    )


def ask(result: AuditResult, statement: str) -> list[tuple]:
    with closing(sqlite3.connect(result.store)) as connection:
        return connection.execute(statement).fetchall()


def test_the_first_page(result):
    with open_store(result.store, create=False) as store:
        content = report_content(store, result.run)
    page, good = json.loads(render_json(content)), int(((output_of(ROWS) > 0) == TARGET).sum())
    assert page["summary"]["Accuracy"].startswith(f"{100 * good / 60:.1f} % ({good} of 60; ")
    assert page["summary"]["Samples"] == f"60 in {len(set(patterns_of(ROWS)))} clusters"
    assert Counter(row["verdict"] for row in page["statements"]) == Counter(
        verdict for (verdict,) in ask(result, "SELECT verdict FROM answers")
    )


def test_clusters_their_sizes_means_and_maps(result):
    where, values = np.array(patterns_of(ROWS)), output_of(ROWS)
    stored = ask(result, "SELECT cluster, samples, share, positive_share, target_mean, accuracy, pattern"
                 " FROM clusters JOIN patterns ON patterns.id = pattern_id")  # fmt: skip
    assert {pattern: count for _, count, *_, pattern in stored} == Counter(where.tolist())
    for cluster, count, *shares, pattern in stored:
        own = where == pattern
        met = [count / 60, (values > 0)[own].mean(), TARGET[own].mean(), ((values > 0) == TARGET)[own].mean()]
        assert shares == pytest.approx(met)
        means = ask(result, f"SELECT mean, spread FROM cluster_features WHERE cluster = {cluster} ORDER BY feature")
        assert np.array(means) == pytest.approx(np.column_stack([ROWS[own].mean(axis=0), ROWS[own].std(axis=0)]))
        effect = (LAST * np.array([bit == "1" for bit in pattern])) @ WEIGHTS
        found = "SELECT coefficient, scaled, contribution FROM importance_by_cluster"
        shown = np.array(ask(result, f"{found} WHERE cluster = {cluster} ORDER BY position"), float)
        assert shown[:, 0] == pytest.approx(effect)
        assert shown[:, 1] == pytest.approx(effect * ROWS.std(axis=0))
        assert shown[:, 2] == pytest.approx(effect * ROWS[own].mean(axis=0))


def test_patterns_of_admissible_inputs_are_counted(result):
    query = "SELECT pattern, admissible_inputs FROM pattern_statuses JOIN patterns ON patterns.id = pattern_id"
    counted = {pattern: count for pattern, count in ask(result, query) if count}
    assert counted == Counter(patterns_of(ADMISSIBLE))


def test_ends_of_the_range(result):
    values = output_of(ADMISSIBLE)
    ends = dict(ask(result, "SELECT side, value FROM answers WHERE question = 'range' AND verdict = 'holds'"))
    assert ends == pytest.approx({"lowest": values.min(), "highest": values.max()})


def test_directions(result):
    """Each feature that can change alone, over all pairs of inputs that differ only in it."""
    values = output_of(ADMISSIBLE)
    stored = ask(result, "SELECT feature, direction, verdict, lower FROM answers WHERE question = 'monotonicity'")
    assert {feature for feature, *_ in stored} == {0, 1, 5, 6} and len(stored) == 8
    for feature, direction, verdict, shown in stored:
        rest = np.unique(np.delete(ADMISSIBLE, feature, axis=1), axis=0, return_inverse=True)[1].ravel()
        low, high = np.nonzero((rest[:, None] == rest) & (ADMISSIBLE[:, feature, None] < ADMISSIBLE[:, feature]))
        rises = values[high] - values[low]
        worst = -rises.min() if direction == "rises" else rises.max()
        assert verdict == ("fails" if worst > 0 else "holds")
        assert shown is None or shown <= worst + 1e-9


def test_unequal_treatment_is_counted(result):
    swapped = ADMISSIBLE.copy()
    swapped[:, FEMALE] = 1 - swapped[:, FEMALE]
    unequal = (output_of(ADMISSIBLE) > 0) != (output_of(swapped) > 0)
    ((verdict, witness),) = ask(result, "SELECT verdict, witness FROM answers WHERE question = 'fairness'")
    assert verdict == ("fails" if unequal.any() else "holds")
    count, whole = int(unequal.sum()), len(ADMISSIBLE)
    assert 0 < count < whole
    assert witness.startswith(f"{count} of {whole} admissible inputs ({100 * count / whole:.1f} %) have such")


def test_distances_to_another_decision(result):
    decided = output_of(ADMISSIBLE) > 0
    stored = ask(result, "SELECT sample, norm, distance, lower, upper FROM sample_distances WHERE verdict = 'holds'")
    assert stored
    for sample, norm, distance, lower, upper in stored:
        own = output_of(ROWS[sample : sample + 1])[0] > 0
        gaps = np.abs(ADMISSIBLE[decided != own] - ROWS[sample])
        nearest = (gaps.sum(axis=1) if norm == "l1" else gaps.max(axis=1)).min()
        assert distance == pytest.approx(nearest) and lower <= nearest <= upper


def test_shares_of_the_domain_are_within_their_intervals(result):
    """Of the relaxation, of which points are drawn here; intervals of 95 % that hold nearly always when widened."""
    random = np.random.default_rng(4)
    points = np.column_stack([random.uniform(1, 5, 40_000), random.uniform(1, 3, 40_000),
        random.dirichlet([1, 1, 1], 40_000), random.random((40_000, 2))])  # fmt: skip
    drawn = Counter(patterns_of(points))
    query = (
        "SELECT pattern, share, low, high FROM region_volumes"
        " JOIN partition_regions USING (partition_id, position) JOIN patterns ON patterns.id = pattern_id"
    )
    stored = ask(result, query)
    assert sum(share for _, share, *_ in stored) == pytest.approx(1)
    assert set(drawn) <= {pattern for pattern, *_ in stored}
    for pattern, share, low, high in stored:
        assert low <= share <= high
        assert low - 0.012 <= drawn[pattern] / 40_000 <= high + 0.012
