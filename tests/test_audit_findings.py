"""What an audit finds beyond regions, on the Titanic: against all 3,600 admissible inputs, or computed another way."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from html import escape
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from budgets import PATIENT
from command_line import TITANIC, assert_refused, run_command, small_network, write_network, write_rows

from relugeom import check_certificate, cluster_samples, enumerate_regions, load_network
from relugeom.audit import AuditResult, audit
from relugeom.audit.findings import _scattered, take_excerpt
from relugeom.audit.questions import ask_questions
from relugeom.budget import Counts
from relugeom.certificate.checking_many import check_claims
from relugeom.certificate.proof_file import ProofFile
from relugeom.claims.answer import Answer
from relugeom.claims.claim import Scope
from relugeom.claims.reason import Cause
from relugeom.claims.settlement import Verdict
from relugeom.claims.words import answer_in_words, witness_in_words
from relugeom.data.samples import read_samples
from relugeom.deadline import Deadline
from relugeom.geometry.domain import Domain
from relugeom.network.decision import Decision
from relugeom.network.forward import decide, evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.partition.scope import names_on
from relugeom.store.store import open_store

COUNTS = Counts()
MODEL, PASSENGERS = TITANIC / "network.onnx", TITANIC / "passengers.csv"
ADMISSIBLE = np.array(list(product(range(5), range(2), range(1, 4), range(4), range(3), range(1, 6), range(2))), float)
FEATURES = ["Age", "Gender", "PClass", "Fare", "Embarked", "Title", "IsAlone"]
GENDER = FEATURES.index("Gender")
NETWORK = load_network(MODEL)
DECIDED = decide(NETWORK, ADMISSIBLE)
TABLE = pd.read_csv(PASSENGERS)
X, TARGET = TABLE[FEATURES].to_numpy(float), TABLE["Survived"].to_numpy(float)


@pytest.fixture(scope="module")
def titanic(tmp_path_factory: pytest.TempPathFactory) -> AuditResult:
    out = tmp_path_factory.mktemp("titanic") / "audit"
    return audit(MODEL, PASSENGERS, target="Survived", protected=["Gender"], out=out, budget=PATIENT)


def said(result: AuditResult, answer: Answer) -> str:
    return answer_in_words(answer, names_on(result.network, result.domain.domain))


def ask(store: str | Path, statement: str) -> list[tuple]:
    with closing(sqlite3.connect(store)) as connection:
        return connection.execute(statement).fetchall()


def test_a_decision_that_depends_on_a_protected_feature(titanic: AuditResult) -> None:
    place = {tuple(x): row for row, x in enumerate(ADMISSIBLE.astype(int).tolist())}
    other = [place[(*x[:GENDER], 1 - x[GENDER], *x[GENDER + 1 :])] for x in ADMISSIBLE.astype(int).tolist()]
    unequal = int((DECIDED[other] != DECIDED).sum())
    (answer,) = [answer for answer in titanic.answers if answer.subject.question == "fairness"]
    assert unequal > 0
    assert answer.verdict is Verdict.FAILS
    assert said(titanic, answer) == "inputs that differ only in Gender get the same decision"
    assert answer.value == pytest.approx(unequal / 3600)
    witness = witness_in_words(answer, names_on(titanic.network, titanic.domain.domain))
    assert f"{unequal:,} of 3,600 admissible inputs" in witness
    assert witness in titanic.report.read_text(encoding="utf-8")
    first, second = answer.shown
    assert [k for k in range(len(first.x)) if first.x[k] != second.x[k]] == [GENDER]
    assert first.decided != second.decided
    rows = ask(titanic.store, "SELECT input, position, value, class FROM answer_inputs WHERE number = 1 ORDER BY 1, 2")
    assert rows == [(i, k, float(x), s.decided) for i, s in enumerate(answer.shown, 1) for k, x in enumerate(s.x)]


def test_distances_and_counterfactuals(titanic: AuditResult) -> None:
    rows = ask(titanic.store, "SELECT sample, norm, distance, verdict, file FROM nearest_other_decisions")
    assert len(rows) >= 5
    for sample, norm, distance, verdict, file in rows:
        steps = np.abs(ADMISSIBLE[decide(NETWORK, X[sample : sample + 1])[0] != DECIDED] - X[sample]).sum(axis=1)
        assert (norm, distance, verdict) == ("l1", steps.min(), "holds")
        found = ask(
            titanic.store, f"SELECT value, change FROM counterfactuals WHERE sample = {sample} ORDER BY position"
        )
        value, change = np.array(found).T
        assert (value - change).tolist() == X[sample].tolist()
        assert np.abs(change).sum() == distance
        assert decide(NETWORK, value[None])[0] != decide(NETWORK, X[sample : sample + 1])[0]
        assert Path(file).name == f"sample-{sample}"
    for _, _, _, _, file in rows[::20]:
        digest = ask(titanic.store, f"SELECT sha256 FROM nearest_other_decisions WHERE file = '{file}'")[0][0]
        assert check_certificate(file).digest == digest


def test_fewer_units_give_the_same_function(titanic: AuditResult) -> None:
    (answer,) = [answer for answer in titanic.answers if answer.subject.question == "simplification"]
    assert answer.verdict is Verdict.HOLDS and answer.proof is not None
    smaller = load_network(titanic.report.with_name("simplified.npz"))
    assert smaller.units == answer.value < NETWORK.units
    assert evaluate(smaller, ADMISSIBLE) == pytest.approx(evaluate(NETWORK, ADMISSIBLE), abs=1e-12)
    assert decide(smaller, ADMISSIBLE).tolist() == DECIDED.tolist()
    assert check_certificate(answer.proof.path).digest == answer.proof.digest


def test_importance_is_measured_in_several_ways(titanic: AuditResult) -> None:
    rows = ask(titanic.store, "SELECT measure, feature, share FROM importance_measures")
    table = pd.DataFrame(rows, columns=["measure", "feature", "share"]).pivot(
        index="measure", columns="feature", values="share"
    )[FEATURES]
    assert len(table) == 6
    assert table.sum(axis=1).to_numpy() == pytest.approx(1.0)
    # Gradients by differences: far smaller steps than any boundary is away.
    gradient = [
        np.abs((evaluate(NETWORK, X + 1e-7 * step) - evaluate(NETWORK, X - 1e-7 * step)) / 2e-7).mean()
        for step in np.eye(7)
    ] * X.std(axis=0)
    assert table.loc["gradients"].to_numpy() == pytest.approx(gradient / gradient.sum(), rel=1e-4)
    assert table.loc["effective vectors by samples"].to_numpy() == pytest.approx(gradient / gradient.sum(), rel=1e-4)


def test_scores_by_cluster_and_by_region(titanic: AuditResult) -> None:
    outputs = evaluate(NETWORK, X)[:, 0]
    for cluster, pattern, auc in ask(titanic.store, "SELECT cluster, pattern, local_auc FROM cluster_performance"):
        own = titanic.clusters.assignment == cluster - 1
        positive, negative = outputs[own & (TARGET == 1)], outputs[own & (TARGET == 0)]
        above = np.sign(positive[:, None] - negative[None, :])
        assert auc == pytest.approx((above.mean() + 1) / 2)
        statement = f"SELECT samples, local_auc FROM region_performance WHERE pattern = '{pattern}'"
        assert ask(titanic.store, statement) == [(int(own.sum()), pytest.approx(auc))]
    assert ask(titanic.store, "SELECT samples, accuracy FROM run_scores") == [
        (891, pytest.approx((decide(NETWORK, X) == TARGET).mean()))
    ]


def test_ranges_of_regions(titanic: AuditResult) -> None:
    outputs = evaluate(NETWORK, ADMISSIBLE)[:, 0]
    patterns = np.array(patterns_of(ADMISSIBLE))
    ranges = ask(titanic.store, "SELECT region, pattern, lowest, highest FROM region_ranges ORDER BY region")
    assert len(ranges) == 3
    for region, pattern, lowest, highest in ranges:
        own = outputs[patterns == pattern]
        assert lowest <= own.min() + 1e-12 and own.max() - 1e-12 <= highest
        points = np.array(
            ask(titanic.store, f"SELECT lowest_at, highest_at FROM region_range_inputs WHERE region = {region}")
        )
        assert evaluate(NETWORK, points.T)[:, 0] == pytest.approx([lowest, highest], abs=1e-9)


def patterns_of(points: np.ndarray) -> list[str]:
    clusters = cluster_samples(NETWORK, points)
    return [str(clusters[row].pattern) for row in clusters.assignment]


def test_groups_change_the_output_by_no_more_than_they_say(titanic: AuditResult) -> None:
    groups = dict(ask(titanic.store, "SELECT cluster, group_number FROM group_members"))
    outputs = evaluate(NETWORK, X)[:, 0]
    for number, error in ask(titanic.store, "SELECT group_number, error FROM group_list"):
        statement = f"SELECT coefficient, bias FROM group_effects WHERE group_number = {number} ORDER BY position"
        weights, biases = np.array(ask(titanic.store, statement)).T
        own = np.isin(titanic.clusters.assignment + 1, [cluster for cluster in groups if groups[cluster] == number])
        assert np.abs(X[own] @ weights + biases[0] - outputs[own]).max() <= error + 1e-12
    steps = ask(titanic.store, "SELECT groups, error FROM group_tradeoff ORDER BY groups")
    assert [count for count, _ in steps] == [1, 2, 3]
    assert steps[0][1] > steps[-1][1]


def test_relevance_knows_what_a_cluster_cannot_tell(titanic: AuditResult) -> None:
    rows = ask(titanic.store, "SELECT cluster, feature, relevance FROM relevance_by_cluster")
    constant = {
        (row + 1, name)
        for row in range(len(titanic.clusters))
        for name, reach in zip(FEATURES, np.ptp(X[titanic.clusters.assignment == row], axis=0), strict=True)
        if reach == 0
    }
    assert len(rows) == 21
    assert {(cluster, name) for cluster, name, word in rows if word == "not identifiable"} == constant


def test_the_report_has_a_chapter_on_each(titanic: AuditResult) -> None:
    page = titanic.report.read_text(encoding="utf-8")
    for title in (
        "Importance measured in several ways",
        "Relevance when features are correlated",
        "Predictions of the maps",
        "Robustness and counterfactuals",
        "Range of each region",
        "Fewer groups",
    ):
        assert f">{title}</h2>" in page


def test_regions_without_a_sample_are_ranked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_network(tmp_path / "net.npz", small_network(2, 4, 3, 1))
    data = write_rows(tmp_path / "data.csv", ["x0", "x1"], [[0.5, 0.25], [0.6, 0.3]])
    result = run_command(capsys, "audit", model, data, "--domain", "box:-1,1", "--out", tmp_path / "out")
    assert result.code == 0, result.err
    store = tmp_path / "out" / "audit.db"
    regions = ask(store, "SELECT count(*) FROM region_list")[0][0]
    shares = ask(store, "SELECT volume_share FROM unobserved_regions ORDER BY volume_share DESC")
    assert len(shares) == regions - ask(store, "SELECT count(*) FROM cluster_list")[0][0] > 0
    observed = ask(store, "SELECT sum(volume_share) FROM regions_by_share WHERE samples > 0")[0][0]
    assert sum(share for (share,) in shares) == pytest.approx(1 - observed)
    assert "Unobserved regions" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_without_samples_nothing_tells_of_one(tmp_path: Path) -> None:
    result = audit(MODEL, PASSENGERS, target="Survived", out=tmp_path / "audit", show_samples=False, budget=PATIENT)
    assert ask(result.store, "SELECT * FROM counterfactuals") == []
    assert {file for (file,) in ask(result.store, "SELECT file FROM nearest_other_decisions")} == {None}
    kept = check_claims(tmp_path / "audit" / "proofs.cert").claims
    assert kept and not [name for name in kept if name.startswith("sample")]
    page = result.report.read_text(encoding="utf-8")
    assert "Robustness and counterfactuals" in page
    assert "smallest change of the decision" not in page
    assert "The certificates were not kept" in page


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--protected", "Sex"], "there is no feature 'Sex' to protect: the features are x0, x1"),
        (["--protected", "x0"], "the network takes no decision that a protected feature could change"),
    ],
)
def test_a_protected_feature_that_means_nothing_is_refused(tmp_path, capsys, options, words) -> None:
    model = write_network(tmp_path / "net.npz", small_network(2, 4, 3, 1))
    data = write_rows(tmp_path / "data.csv", ["x0", "x1"], [[0.5, 0.25], [0.6, 0.3]])
    result = run_command(capsys, "audit", model, data, "--out", tmp_path / "out", *options)
    assert_refused(result, words)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_network(tmp_path / "net.npz", small_network(2, 4, 1))
    data = write_rows(tmp_path / "data.csv", ["x0", "x1"], [[0.5, 0.25], [0.6, 0.3]])
    result = run_command(capsys, "audit", model, data, "--out", data / "out")
    assert_refused(result, "cannot be made")
    assert data.is_file()


def test_what_there_was_no_time_for_is_an_answer_too(tmp_path: Path) -> None:
    network = ReLUNetwork.from_layers((np.eye(2, COUNTS.pairs + 5), [0.0, 0.0]), ([[1.0, 1.0]], [0.0]))
    network, size = replace(network, decision=Decision.at_threshold(0.5)), network.inputs
    partition = enumerate_regions(network, Domain.box(np.full(size, -1.0), np.full(size, 1.0)))
    pieces: list[Sequence[Answer]] = []
    answers = ask_questions(
        partition,
        np.zeros((0, size)),
        ProofFile(tmp_path / "proofs.cert", network),
        protected=[1],
        counts=COUNTS,
        time_limit=Deadline(0),
        on_progress=lambda _: None,
        on_answers=pieces.append,
    )
    assert all(pieces) and [answer for piece in pieces for answer in piece] == answers
    assert len(pieces) <= COUNTS.late_looks + 3  # questions in a row for which there is no time are one piece
    shown = [answer for answer in answers if answer.verdict is not Verdict.UNKNOWN]  # a look at some inputs shows it
    names = names_on(network, partition.domain)
    assert [(answer_in_words(answer, names), answer.verdict) for answer in shown] == [
        ("inputs that differ only in x1 get the same decision", Verdict.FAILS),
        *((f"y0 never rises when x{feature} alone rises", Verdict.FAILS) for feature in (0, 1)),
    ]
    assert all(answer.shown for answer in shown)
    unknown = [answer.reason for answer in answers if answer.verdict is Verdict.UNKNOWN]
    assert all(reason.cause is Cause.TIME and "time ran out" in str(reason) for reason in unknown)
    ranges = [answer for answer in answers if answer.subject.question == "range"]
    assert all(answer.shown and answer.lower <= answer.shown[0].value <= answer.upper for answer in ranges)
    kinds = [answer.subject.question for answer in answers]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "fairness": 1,
        "range": 2,
        "monotonicity": 2 * COUNTS.pairs + 1,
        "simplification": 1,
    }
    last = [answer for answer in answers if answer.subject.question == "monotonicity"][-1]
    assert "5 more pairs" in answer_in_words(last, names)


def test_an_excerpt_keeps_the_numbers_of_clusters() -> None:
    samples = read_samples(PASSENGERS, inputs=7, target="Survived")
    clusters = cluster_samples(NETWORK, samples.X, target=samples.target)
    domain = Domain.box(X.min(axis=0), X.max(axis=0))
    part = take_excerpt(samples, clusters, domain, 100)
    assert len(part.rows) == 100 < len(samples)
    assert part.X.tolist() == samples.X[part.rows].tolist()
    assert part.numbers[part.clusters.assignment].tolist() == clusters.assignment[part.rows].tolist()
    assert take_excerpt(samples, clusters, domain, len(samples)).clusters is clusters


def test_the_first_samples_of_a_scattered_order_are_spread_over_all() -> None:
    rows = np.arange(40) * 3
    order = _scattered(rows)
    assert sorted(order.tolist()) == rows.tolist()
    for count in (4, 8, 16):
        assert np.histogram(order[:count], bins=4, range=(0, 120))[0].min() >= count // 4 - 1


def test_the_first_page_names_the_features_that_an_output_rises_and_falls_with(titanic: AuditResult) -> None:
    outputs = evaluate(NETWORK, ADMISSIBLE)[:, 0].tolist()
    values = {tuple(x): y for x, y in zip(ADMISSIBLE.tolist(), outputs, strict=True)}
    rising, falling, neither = [], [], []
    for at, name in enumerate(FEATURES):
        above = [(x, (*x[:at], x[at] + 1, *x[at + 1 :])) for x in values]
        steps = [values[y] - values[x] for x, y in above if y in values]
        (rising if min(steps) >= 0 else falling if max(steps) <= 0 else neither).append(name)
    assert rising and falling and neither
    lines = {line.statement: line for line in titanic.content.headlines}
    up = lines[f"Survived never falls when one of these alone rises: {', '.join(rising)}"]
    down = lines[f"Survived never rises when one of these alone rises: {', '.join(falling)}"]
    assert (up.verdict, len(up.proofs)) == ("holds", len(rising))
    assert (down.verdict, len(down.proofs)) == ("holds", len(falling))
    assert lines[f"Survived is monotone in {', '.join(neither)}"].verdict == "fails"
    assert all(line.proofs for line in titanic.content.headlines if line.verdict == "holds")
    assert lines["the list of activation regions is complete"].proofs == ("partition.cert",)


def assert_every_answer_says_its_subject(result: AuditResult) -> None:
    """What is stored and shown is made from the subject and the numbers, and no two subjects say the same."""
    subjects = [answer.subject for answer in result.answers]
    sentences = [said(result, answer) for answer in result.answers]
    assert len(set(sentences)) == len(set(subjects)) == len(subjects)
    with open_store(result.store) as store:
        assert store.load_subjects(result.run) == subjects
    assert [row for (row,) in ask(result.store, "SELECT statement FROM answer_list ORDER BY number")] == sentences
    assert result.content.answers is not None
    assert list(result.content.answers["statement"]) == sentences
    page = result.report.read_text(encoding="utf-8")
    assert all(escape(sentence, quote=True).replace("&quot;", "&#34;") in page for sentence in sentences)


def test_every_answer_of_the_titanic_says_its_subject(titanic: AuditResult) -> None:
    assert_every_answer_says_its_subject(titanic)
    asked = "SELECT verdict FROM answer_list WHERE feature = 'PClass' AND direction = 'falls'"
    assert ask(titanic.store, asked) == [("holds",)]


def test_every_answer_about_groups_and_many_outputs_says_its_subject(tmp_path: Path) -> None:
    """One-hot groups, protected members of them, whole numbers, more outputs and features than are asked about."""
    names = ["port, north", "port, south", "when", "y never falls", "height"]
    model = write_network(tmp_path / "model.npz", small_network(5, 2, 31))
    rows = [(row % 3 == 0, row % 3 == 1, row % 3 == 2, row % 4, row / 12) for row in range(12)]
    data = write_rows(tmp_path / "data.csv", [f'"{name}"' for name in names], np.array(rows, float).tolist())
    spec = "".join(f'[features."{name}"]\nlower = 0\nupper = {3 if name == names[3] else 1}\n' for name in names)
    spec += f'[[groups]]\nfeatures = ["{names[0]}", "{names[1]}", "{names[2]}"]\n'
    (tmp_path / "domain.toml").write_text(spec, encoding="utf-8")
    result = audit(model, data, protected=names[:2], out=tmp_path / "out", time_limit=4.0)
    assert_every_answer_says_its_subject(result)
    assert {answer.subject.question for answer in result.answers} >= {"range", "monotonicity", "fairness"}
    assert {answer.subject.scope for answer in result.answers} == {Scope.ADMISSIBLE}
    assert [answer.subject.further for answer in result.answers if answer.subject.further] == [21, 2]
    assert not {0, 1, 2} & {answer.subject.feature for answer in result.answers}, "no member can rise alone"
    protected = ask(result.store, "SELECT feature FROM answer_features ORDER BY position")
    assert [name for (name,) in protected] == names[:2]


@pytest.mark.parametrize("rows", [1, 12])
def test_a_target_that_never_varies_ends_in_a_report(tmp_path: Path, rows: int) -> None:
    model = write_network(tmp_path / "model.npz", small_network(2, 3, 1))
    table = [(0.5 * row, 1.0 - row, 3) for row in range(rows)]
    data = write_rows(tmp_path / "data.csv", ["a", "b", "y"], table)
    result = audit(model, data, target="y", domain="box:-2,2", out=tmp_path / "out", budget=PATIENT)
    measures = [measure for (measure,) in ask(result.store, "SELECT DISTINCT measure FROM importance_measures")]
    assert "permutation (change of output)" in measures
    assert result.report.is_file()
