"""Verdicts on requirements are those of every admissible input, and nothing that cannot be judged is begun."""

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from alembic import command
from command_line import assert_refused, run_command, small_network, write_network, write_rows
from networks import he_network

from relugeom.analysis.performance import area_under_curve
from relugeom.audit import audit
from relugeom.claims.requirement import Judgement, overall
from relugeom.network.decision import Decision
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import decide, evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.store.database import migration
from relugeom.store.database.connection import connect_engine, writing
from relugeom.store.database.location import parse_location

NAMES = ("age", "sex", "car")
NETWORK = small_network(3, 5, 1, seed=18, input_names=NAMES, decision=Decision.at_threshold(0.0))
ADMISSIBLE = np.array(list(product(range(5), range(2), range(2))), dtype=np.float64)
VALUES = [evaluate_exactly(NETWORK, [*map(Fraction, x.tolist())])[1][0] for x in ADMISSIBLE]
OTHER = ReLUNetwork.from_layers(
    (NETWORK.weights[0], NETWORK.biases[0]), (NETWORK.weights[1] * 1.0625, NETWORK.biases[1] - 0.125)
)
OTHERS = [evaluate_exactly(OTHER, [*map(Fraction, x.tolist())])[1][0] for x in ADMISSIBLE]
GAPS = [abs(value - other) for value, other in zip(VALUES, OTHERS, strict=True)]
DOMAIN = """
[features.age]
lower = 0
upper = 4
kind = "integer"
scale = 2
[features.sex]
kind = "binary"
[features.car]
kind = "binary"
"""
SAMPLES = ADMISSIBLE[::3]
TARGET = (np.arange(len(SAMPLES)) % 3 == 0).astype(float)


def write_sets(path, *, least, sex):
    """A property that outputs of at least so much for this sex would violate."""
    declared = "".join(f"(declare-const {name} Real)\n" for name in ("X_0", "X_1", "X_2", "Y_0"))
    path.write_text(f"{declared}(assert (= X_1 {sex}))\n(assert (>= Y_0 {Decimal(least):f}))\n")


def write_case(folder, required, *, network=NETWORK, domain=DOMAIN):
    write_network(folder / "other.npz", OTHER)
    model = write_network(folder / "model.npz", network)
    rows = [(*x, y) for x, y in zip(SAMPLES.tolist(), TARGET, strict=True)]
    data = write_rows(folder / "data.csv", (*NAMES, "good"), rows)
    (folder / "domain.toml").write_text(domain + "".join(f"[[requirements]]\n{text}\n" for text in required))
    return model, data


def judged(folder, required, **options):
    model, data = write_case(folder, required)
    decision = Decision.at_threshold(0.0)
    return audit(model, data, target="good", decision=decision, out=folder / "out", **options)


def moves(feature, sign):
    """Whether the output never moves against the sign when the feature alone rises by a step."""
    at = {tuple(x): value for x, value in zip(ADMISSIBLE.tolist(), VALUES, strict=True)}
    step = np.eye(3)[feature]
    pairs = ((x, tuple((np.array(x) + step).tolist())) for x in at)
    return all(sign * (at[y] - at[x]) >= 0 for x, y in pairs if y in at)


def robust_share(radius, order, scale):
    """Share of samples that no admissible input within a radius decides otherwise."""
    scales = [scale, *SAMPLES.std(axis=0)[1:].tolist()]
    kept = 0
    for x in SAMPLES:
        moves = [[Fraction(m) / Fraction(s) for m, s in zip(other - x, scales, strict=True)] for other in ADMISSIBLE]
        far = {
            "linf": lambda d: max(map(abs, d)),
            "l1": lambda d: sum(map(abs, d)),
            "l2": lambda d: sum(e * e for e in d),
        }
        most = Fraction(radius) ** (2 if order == "l2" else 1)
        near = [far[order](move) <= most for move in moves]
        kept += len(set(decide(NETWORK, ADMISSIBLE[near]).tolist())) == 1
    return kept / len(SAMPLES)


def flips(rows):
    """How many of these inputs have another decision for another sex."""
    other = rows.copy()
    other[:, 1] = 1 - other[:, 1]
    return int((decide(NETWORK, rows) != decide(NETWORK, other)).sum())


def test_verdicts_are_those_of_all_admissible_inputs(tmp_path):
    highest, lowest = float(max(VALUES)), float(min(VALUES))
    domain_share, sample_share = flips(ADMISSIBLE) / len(ADMISSIBLE), flips(SAMPLES) / len(SAMPLES)
    accuracy = float((decide(NETWORK, SAMPLES) == TARGET).mean())
    women = SAMPLES[:, 1] == 1
    own_accuracy = float((decide(NETWORK, SAMPLES) == TARGET)[women].mean())
    auc = area_under_curve(evaluate(NETWORK, SAMPLES)[:, 0], TARGET == 1)
    below, above = (lambda x: float(np.nextafter(x, -np.inf))), (lambda x: float(np.nextafter(x, np.inf)))
    cases = [
        *(
            (f'monotone = "{name}"\ndirection = "{word}"', moves(feature, sign))
            for feature, name in enumerate(NAMES)
            for word, sign in (("up", 1), ("down", -1))
        ),
        (f'range = "y0"\nupper = {above(highest)!r}', True),
        (f'range = "y0"\nupper = {below(highest)!r}', False),
        (f'range = "y0"\nlower = {below(lowest)!r}\nupper = {above(highest)!r}', True),
        (f'range = "y0"\nlower = {above(lowest)!r}\nupper = {above(highest)!r}', False),
        ('same_decision = ["sex"]', domain_share == 0),
        (f'same_decision = ["sex"]\nat_most = {above(domain_share)!r}', True),
        ('same_decision = ["sex"]\nof = "samples"', sample_share == 0),
        (f'same_decision = ["sex"]\nof = "samples"\nat_most = {sample_share!r}', True),
        (f'same_decision = ["sex"]\nof = "samples"\nat_most = {below(sample_share)!r}', False),
        (f'differs_from = "other.npz"\nat_most = {above(float(max(GAPS)))!r}', True),
        (f'differs_from = "other.npz"\nat_most = {below(float(max(GAPS)))!r}', False),
        ('never = "met.vnnlib"', False),
        ('never = "unmet.vnnlib"', True),
        *(
            (f'robust = {radius}\nnorm = "{order}"\nat_least = {share!r}', share <= robust_share(radius, order, 2.0))
            for radius in (0.5, 1.5, 2.25)
            for order in ("linf", "l1", "l2")
            for share in (robust_share(radius, order, 2.0), min(above(robust_share(radius, order, 2.0)), 1.0))
        ),
        ('robust = 3\nof = "domain"', False),
        (f"accuracy = {below(accuracy)!r}", True),
        (f"accuracy = {above(accuracy)!r}", False),
        (f"accuracy = {accuracy!r}", True),
        (f"accuracy = {below(own_accuracy)!r}\nsegment = {{ sex = 1 }}", True),
        (f"accuracy = {above(own_accuracy)!r}\nsegment = {{ sex = 1 }}", False),
        (f"auc = {below(auc)!r}", True),
        (f"auc = {above(auc)!r}", False),
    ]
    best = float(max(value for x, value in zip(ADMISSIBLE, VALUES, strict=True) if x[1] == 1))
    write_sets(tmp_path / "met.vnnlib", least=below(best), sex=1)
    write_sets(tmp_path / "unmet.vnnlib", least=above(best), sex=1)
    assert 0 < domain_share < 1 and {met for _, met in cases} == {True, False}
    result = judged(tmp_path, [text for text, _ in cases])
    found = [own.judgement for own in result.judged]
    assert found == [Judgement.PASS if met else Judgement.FAIL for _, met in cases]
    assert result.verdict is Judgement.FAIL
    page = result.report.read_text(encoding="utf-8")
    assert f"FAIL: of {len(cases)} requirements" in page
    assert all(line.statement in page for line in result.content.requirements[:4])


def test_codes_and_words_of_an_audit_with_requirements(tmp_path, capsys):
    model, data = write_case(tmp_path, ['range = "y0"\nupper = 1000', "accuracy = 0.0"])
    asked = ("audit", model, data, "--target", "good", "--threshold", "0", "--out", tmp_path / "out")
    ended = run_command(capsys, *asked, "--json")
    told = json.loads(ended.out)
    assert (ended.code, told["verdict"], [own["verdict"] for own in told["requirements"]]) == (0, "pass", ["pass"] * 2)
    write_case(tmp_path, ['range = "y0"\nupper = -1000'])
    ended = run_command(capsys, *asked)
    assert (
        ended.code == 1 and "requirements: fail" in ended.out and "y0 is at most -1000: an input reaches" in ended.out
    )
    stored = run_command(
        capsys, "query", tmp_path / "out" / "audit.db", "--view", "requirement_list", "--format", "csv"
    )
    assert len(stored.out.splitlines()) == 4


def test_an_audit_of_requirements_is_checked_with_its_domain_file(tmp_path, capsys):
    highest = float(max(VALUES))
    write_sets(tmp_path / "set.vnnlib", least=highest + 1, sex=0)
    required = [
        f'range = "y0"\nupper = {highest + 1!r}',
        'differs_from = "other.npz"\nat_most = 100',
        'never = "set.vnnlib"',
        "accuracy = 0.25",
        'same_decision = ["sex"]\nof = "samples"\nat_most = 1',
    ]
    model, data = write_case(tmp_path, required)
    asked = ("audit", model, data, "--target", "good", "--threshold", "0", "--out", tmp_path / "out", "--json")
    assert json.loads(run_command(capsys, *asked).out)["verdict"] == "pass"
    given = (
        "check",
        tmp_path / "out",
        "--model",
        model,
        "--domain",
        tmp_path / "domain.toml",
        "--data",
        data,
        "--json",
    )
    told = json.loads(run_command(capsys, *given).out)
    assert told["status"] == "accepted" and "requirements" not in told["not_compared"]
    words = {own["statement"].partition(" ")[0] for own in told["proved"]}
    assert {"y0", "the"} <= words and any("is at most" in own["statement"] for own in told["proved"])
    alone = json.loads(run_command(capsys, *given[:4], "--json").out)
    assert "requirements" in alone["not_compared"] and len(alone["unproved"]) == 2

    write_sets(tmp_path / "set.vnnlib", least=highest + 2, sex=0)
    assert any("another one" in text for text in json.loads(run_command(capsys, *given).out)["differences"])
    write_sets(tmp_path / "set.vnnlib", least=highest + 1, sex=0)
    write_network(tmp_path / "other.npz", NETWORK)
    assert json.loads(run_command(capsys, *given).out)["status"] == "rejected"
    write_case(tmp_path, [f'range = "y0"\nupper = {highest + 2!r}', *required[1:]])
    differences = json.loads(run_command(capsys, *given).out)["differences"]
    assert [text for text in differences if text.startswith("requirement 1: the audit judged")] == differences
    write_case(tmp_path, required)
    assert json.loads(run_command(capsys, *given).out)["status"] == "accepted"
    with closing(sqlite3.connect(tmp_path / "out" / "audit.db")) as connection:
        connection.execute("UPDATE requirements SET verdict = 'open' WHERE kind = 'accuracy'")
        connection.commit()
    assert run_command(capsys, "report", tmp_path / "out" / "audit.db", "--out", tmp_path / "out/report.html").code == 0
    (told,) = json.loads(run_command(capsys, *given).out)["differences"]
    assert told == "requirement 4: the store says open, but its answers and the data say pass"


def test_earlier_schemas_have_no_answers_that_only_requirements_ask(tmp_path):
    judged(tmp_path, ['range = "y0"\nupper = 1000', 'range = "y0"\nupper = -1000'])
    place = tmp_path / "out" / "audit.db"
    query = "SELECT question, count(*) FROM answers GROUP BY question"
    with closing(sqlite3.connect(place)) as connection:
        before = dict(connection.execute(query))
    config, engine = migration.migration_config(), connect_engine(parse_location(place), pragmas=migration.REBUILDING)
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0018")
    with closing(sqlite3.connect(place)) as connection:
        assert dict(connection.execute(query)) == {kind: count for kind, count in before.items() if kind != "bound"}
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert before["bound"] == 2


def test_what_little_time_leaves_unsettled_is_open(tmp_path, capsys):
    network = he_network(3, 3, 24, 24, 1)
    domain = "".join(f"[features.{name}]\nlower = -1\nupper = 4\n" for name in NAMES)
    required = ['monotone = "age"\ndirection = "up"', 'same_decision = ["sex", "car"]\nat_most = 0.999', "robust = 0.1"]
    model, data = write_case(tmp_path, required, network=network, domain=domain)
    asked = ("audit", model, data, "--target", "good", "--threshold", "0", "--time-limit", 0, "--out", tmp_path / "out")
    ended = run_command(capsys, *asked, "--json")
    told = json.loads(ended.out)
    assert ended.code in (1, 3) and "open" in [own["verdict"] for own in told["requirements"]]
    assert told["requirements"][2]["finding"].endswith(f"0 do not; {len(SAMPLES)} are open")
    assert run_command(capsys, *asked, "--fail-on", "fail", "--json").code in (0, 1)
    files = ("--model", model, "--domain", tmp_path / "domain.toml", "--data", data)
    later = json.loads(run_command(capsys, "check", tmp_path / "out", *files, "--json").out)
    assert not later["differences"]  # what is settled by now does not contradict what was open


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names nothing that can be required: give exactly one of monotone, range"),
        ('monotone = "age"\nrange = "y0"', "names monotone and range: give exactly one"),
        ('monotone = "age"', "has direction None: give up or down"),
        (
            'monotone = "wage"\ndirection = "up"',
            "names feature 'wage', which does not exist: the features are age, sex",
        ),
        ('monotone = "age"\ndirection = "up"\nupper = 3', "has an unknown entry 'upper': monotone can have direction"),
        ('range = "y0"', "has no bound: give lower, upper, or both"),
        ('range = "y1"\nupper = 1', "names output 'y1', which does not exist: the outputs are y0"),
        ('range = "y0"\nlower = 2\nupper = 1', "contradicts itself: lower = 2.0 is above upper = 1.0"),
        ('range = "y0"\nupper = "high"', "has upper = 'high', which is no number"),
        ('range = "y0"\nupper = nan', "has upper = nan, which is no number"),
        ("same_decision = []", "must list the features"),
        ('same_decision = ["sex"]\nof = "women"', "has of = 'women': give domain or samples"),
        ('same_decision = ["sex"]\nat_most = 30', "has at_most = 30.0: give a share from 0 to 1"),
        ('differs_from = "other.npz"', "has at_most = None, which is no number"),
        ('differs_from = "other.npz"\nat_most = -1', "has at_most = -1.0: give a difference of 0 or more"),
        ('differs_from = "missing.npz"\nat_most = 1', "cannot be judged: "),
        (
            'differs_from = "wide.npz"\nat_most = 1',
            "wide.npz, which is about 4 inputs and 1 output; the network has 3 and 1",
        ),
        ("robust = -1", "has robust = -1.0: give a radius of 0 or more"),
        ('robust = 1\nnorm = "l3"', "has norm = 'l3': give l1, l2, linf"),
        ('robust = 1\nof = "domain"\nat_least = 0.5', "has at_least for the domain"),
        ("never = 3", "has never = 3: give the name of a file"),
        ('never = "missing.vnnlib"', "cannot be judged: "),
        ('never = "wide.vnnlib"', "about 1 input and 1 output; the network has 3 and 1"),
        ('never = "nothing.vnnlib"', "whose assertions contradict each other"),
        ("accuracy = 80", "asks for accuracy = 80.0: give a number from 0 to 1"),
        ("r2 = 0.5", "the network decides between classes: ask for accuracy or auc"),
        ("accuracy = 0.5\nsegment = { sex = 7 }", "is about a segment without samples: sex = 7"),
        ('accuracy = 0.5\nsegment = "women"', "has a segment that is no table"),
    ],
)
def test_what_cannot_be_judged_is_refused_before_the_work(tmp_path, capsys, text, words):
    write_network(tmp_path / "wide.npz", small_network(4, 5, 1))
    declared = "(declare-const X_0 Real)\n(declare-const Y_0 Real)\n"
    (tmp_path / "wide.vnnlib").write_text(declared + "(assert (>= Y_0 1))\n")
    fitting = "".join(f"(declare-const {name} Real)\n" for name in ("X_0", "X_1", "X_2", "Y_0"))
    (tmp_path / "nothing.vnnlib").write_text(f"{fitting}(assert (>= X_0 1))\n(assert (<= X_0 0))\n")
    model, data = write_case(tmp_path, ["accuracy = 0.1", text])
    asked = ("audit", model, data, "--target", "good", "--threshold", "0", "--out", tmp_path / "out")
    assert_refused(run_command(capsys, *asked), "requirements[2]", words)
    assert not (tmp_path / "out").exists()


def test_decisions_and_targets_that_are_not_there_are_missed(tmp_path, capsys):
    model, data = write_case(tmp_path, ["accuracy = 0.1"])
    refused = run_command(
        capsys, "audit", model, data, "--threshold", "0", "--ignore", "good", "--out", tmp_path / "out"
    )
    assert_refused(refused, "have no target: name its column with --target")
    model, data = write_case(tmp_path, ["accuracy = 0.1"], network=small_network(3, 5, 1, input_names=NAMES))
    refused = run_command(capsys, "audit", model, data, "--target", "good", "--out", tmp_path / "out")
    assert_refused(refused, "takes no decision", "--threshold")


def test_the_worst_verdict_is_that_of_all():
    assert overall([]) is None
    assert overall([Judgement.PASS, Judgement.OPEN]) is Judgement.OPEN
    assert overall([Judgement.OPEN, Judgement.FAIL, Judgement.PASS]) is Judgement.FAIL
    assert overall([Judgement.PASS]) is Judgement.PASS
