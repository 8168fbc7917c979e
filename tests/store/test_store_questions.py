"""The documented questions, asked in SQL on both backends and answered once more without any SQL."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from math import nextafter
from typing import Any, NamedTuple

import hand_made
import numpy as np
import pytest
from networks import he_network

from relugeom.analysis.decisions import decide_regions
from relugeom.analysis.importance import cluster_importance
from relugeom.analysis.margins import sample_margins
from relugeom.audit.verdicts import headlines
from relugeom.claims.answer import Answer
from relugeom.claims.claim import Scope
from relugeom.claims.reason import Cause, Reason
from relugeom.claims.settlement import Verdict
from relugeom.claims.subject import Question, Subject
from relugeom.errors import StoreError
from relugeom.geometry.domain import Domain
from relugeom.measures.adjacency import Adjacency, find_adjacency
from relugeom.measures.volumes import VolumeMethod, Volumes, region_volumes
from relugeom.network.activation import activation_patterns
from relugeom.network.decision import Decision, classify
from relugeom.network.effective import effective_map
from relugeom.network.forward import evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import pattern_texts
from relugeom.partition.census import Met
from relugeom.partition.clusters import Clusters, cluster_samples
from relugeom.partition.partition import Partition, PartitionStatus
from relugeom.search.enumeration import enumerate_regions
from relugeom.store.reading import read_run
from relugeom.store.records import Answers, ClusterRecord, RegionClasses
from relugeom.store.store import Store
from relugeom.store.subjects.datasets import describe_dataset

SAMPLES = np.random.default_rng(11).uniform(-1.2, 1.2, size=(60, 2))


class Study(NamedTuple):
    """A run, and what it was about."""

    run: int
    partition: Partition
    texts: list[str]
    adjacency: Adjacency
    volumes: Volumes
    clusters: Clusters

    @property
    def network(self) -> ReLUNetwork:
        return self.partition.network


def save_study(store: Store, network: ReLUNetwork, samples: np.ndarray = SAMPLES) -> Study:
    domain = Domain.box([-1.0, -1.0], [1.0, 1.0])
    partition = enumerate_regions(network, domain)
    adjacency, volumes = find_adjacency(partition), region_volumes(partition)
    clusters = cluster_samples(network, samples, domain=domain)
    with store.run("audit", network=network, domain=domain) as run:
        run.save(partition)
        run.save(adjacency)
        run.save(volumes)
        run.save(RegionClasses(decide_regions(partition)))
        run.save(ClusterRecord(clusters, cluster_importance(clusters, samples.std(axis=0))))
        run.save(sample_margins(clusters, samples))
    return Study(run.id, partition, pattern_texts(partition.packed, network.widths), adjacency, volumes, clusters)


def classifier(seed: int) -> ReLUNetwork:
    network = he_network(seed, 2, 5, 4, 2)
    return replace(network, decision=Decision.largest(("no", "yes")), input_names=("age", "fare"))


@pytest.fixture
def study(store) -> Study:
    return save_study(store, classifier(3))


def test_regions_by_share_of_the_domain(study, ask):
    rows = ask("SELECT pattern, volume_share, method, samples FROM regions_by_share ORDER BY volume_share DESC, region")
    inside = np.abs(SAMPLES).max(axis=1) <= 1
    texts = pattern_texts(activation_patterns(study.network, SAMPLES[inside]).packed, study.network.widths)
    order = np.argsort(-study.volumes.shares, kind="stable")
    assert rows == [
        (study.texts[row], study.volumes.shares[row], "exact", texts.count(study.texts[row])) for row in order
    ]
    assert sum(share for _, share, _, _ in rows) == pytest.approx(1.0)
    assert ask(
        "SELECT count(*) FROM regions_by_share WHERE share_low <= volume_share AND volume_share <= share_high"
    ) == [(len(rows),)]


def bits(text: str) -> str:
    return text.replace("/", "")


def test_neighbours_of_a_region(study, ask):
    """In general position neighbours differ in the unit whose hyperplane they share, and in no other of its layer."""
    rows = ask("SELECT region, pattern, neighbour, neighbour_pattern, layer, unit FROM neighbours")
    assert len(rows) == 2 * len(study.adjacency) > 0
    assert {(a, b) for a, _, b, _, _, _ in rows} == {
        (a + 1, b + 1)
        for row in range(len(study.partition))
        for a, b in [(row, int(other)) for other in study.adjacency.neighbours(row)]
    }
    start_of = (0, 5)
    for region, pattern, neighbour, other, layer, unit in rows:
        assert (study.texts[region - 1], study.texts[neighbour - 1]) == (pattern, other)
        differing = [place for place, (a, b) in enumerate(zip(bits(pattern), bits(other), strict=True)) if a != b]
        assert differing == [start_of[layer] + unit]


def output(network: ReLUNetwork, point: np.ndarray) -> np.ndarray:
    for weight, bias in list(zip(network.weights, network.biases, strict=True))[:-1]:
        point = np.maximum(weight @ point + bias, 0)
    return network.weights[-1] @ point + network.biases[-1]


def test_classes_of_regions_and_where_they_flip(study, ask):
    classes = [int(np.argmax(output(study.network, point))) for point in study.partition.points]
    assert len(set(classes)) == 2
    assert ask("SELECT class, class_name, tied FROM region_classes ORDER BY region") == [
        (number, ("no", "yes")[number], 0) for number in classes
    ]
    pairs = zip(study.adjacency.first.tolist(), study.adjacency.second.tolist(), strict=True)
    flips = {(a + 1, b + 1, classes[a], classes[b]) for a, b in pairs if classes[a] != classes[b]}
    assert flips
    rows = ask("SELECT region, neighbour, class, neighbour_class FROM decision_flips")
    assert len(rows) == len(flips)
    assert set(rows) == flips


def test_sign_changes_of_effects_across_regions(study, ask):
    signs: dict[tuple[str, str], list[float]] = {}
    for text in study.texts:
        omega, _ = effective_map(study.network, text)
        for (i, name), (j, feature) in [
            ((i, name), (j, feature))
            for i, name in enumerate(study.network.target_names)
            for j, feature in enumerate(study.network.feature_names)
        ]:
            signs.setdefault((name, feature), []).append(float(np.sign(omega[i, j])))
    rows = ask("SELECT output, feature, rising, falling, flat, changes_sign FROM effect_signs")
    assert sorted(rows) == sorted(
        (name, feature, found.count(1), found.count(-1), found.count(0), int(1 in found and -1 in found))
        for (name, feature), found in signs.items()
    )


def test_samples_near_a_boundary(study, ask):
    """Walking to the named hyperplane switches its unit just behind the distance, and nothing before it."""
    rows = ask("SELECT sample, distance, layer, unit, pattern, inside FROM samples_near_boundary ORDER BY distance")
    assert len(rows) == len(SAMPLES)
    for sample, distance, layer, unit, pattern, inside in rows:
        x = SAMPLES[sample]
        assert inside == (np.abs(x).max() <= 1)
        weight, bias = np.eye(2), np.zeros(2)
        active = iter(pattern.split("/"))
        for below in range(layer):
            gate = np.array([letter == "1" for letter in next(active)], dtype=float)
            weight, bias = (
                study.network.weights[below] @ weight,
                study.network.weights[below] @ bias + study.network.biases[below],
            )
            weight, bias = gate[:, None] * weight, gate * bias
        row = (study.network.weights[layer] @ weight)[unit]
        z = row @ x + (study.network.weights[layer] @ bias + study.network.biases[layer])[unit]
        direction = -np.sign(z) * row / np.linalg.norm(row)
        steps = np.array([x + direction * distance * t for t in (0.999, 1.001)])
        before, behind = pattern_texts(activation_patterns(study.network, steps).packed, study.network.widths)
        assert before == pattern
        assert behind != pattern
        around = x + distance * 0.999 * np.array([[np.cos(t), np.sin(t)] for t in np.linspace(0, 6.28, 40)])
        assert set(pattern_texts(activation_patterns(study.network, around).packed, study.network.widths)) == {pattern}


def test_a_sample_that_nothing_bounds_has_no_margin(store, ask):
    network = ReLUNetwork.from_layers((np.zeros((1, 2)), [1.0]), ([[1.0]], [0.0]))
    clusters = cluster_samples(network, SAMPLES)
    assert np.isinf(sample_margins(clusters, SAMPLES).distance).all()
    linear = ReLUNetwork.from_layers(([[1.0, 2.0]], [0.0]))
    assert np.isinf(sample_margins(cluster_samples(linear, SAMPLES), SAMPLES).distance).all()
    with store.run("cluster", network=network) as run:
        run.save(ClusterRecord(clusters, cluster_importance(clusters, SAMPLES.std(axis=0))))
        run.save(sample_margins(clusters, SAMPLES))
    assert ask("SELECT count(*) FROM samples_near_boundary") == [(0,)]


def test_patterns_are_searched_by_unit(study, ask):
    rows = ask(
        "SELECT pattern FROM pattern_units WHERE network = 1 AND layer = 1 AND unit = 2 AND active = 1 ORDER BY 1"
    )
    assert [text for (text,) in rows] == sorted({text for text in study.texts if text[8] == "1"} | outside(study, 8))
    assert ask("SELECT count(*) FROM pattern_units WHERE active NOT IN (0, 1)") == [(0,)]


def outside(study: Study, place: int) -> set[str]:
    """Patterns of samples outside the domain."""
    texts = pattern_texts(study.clusters.packed, study.network.widths)
    return {text for text in texts if text[place] == "1"}


@pytest.mark.parametrize("pair", list(permutations((0, 1), 2)))
def test_two_runs_side_by_side(store, ask, pair):
    """Two trainings of one architecture: clusters that stayed, vanished or appeared, and effects that turned round."""
    first, second = classifier(3), classifier(3)
    second = replace(second, weights=(*second.weights[:-1], -second.weights[-1]), input_names=("fare", "age"))
    studies = [save_study(store, first), save_study(store, second, SAMPLES[:20])]
    before, after = studies[pair[0]], studies[pair[1]]
    known: list[dict[str, Any]] = [
        dict(zip(pattern_texts(s.clusters.packed, s.network.widths), s.clusters.size.tolist(), strict=True))
        for s in (before, after)
    ]
    expected = {
        (text, "stayed" if text in known[1] else "vanished", size, known[1].get(text))
        for text, size in known[0].items()
    } | {(text, "appeared", None, size) for text, size in known[1].items() if text not in known[0]}
    where = f"WHERE run_before = {before.run} AND run_after = {after.run}"
    rows = ask(f"SELECT pattern, change, samples_before, samples_after FROM cluster_changes {where}")
    assert len(rows) == len(expected)
    assert set(rows) == expected
    assert len({change for _, change, _, _ in rows}) == 2
    effects = ask(f"SELECT pattern, output, feature, sign_before, sign_after, changed_sign FROM effect_changes {where}")
    shared = set(known[0]) & set(known[1])
    assert len(effects) == 4 * len(shared)
    for text, name, feature, sign_before, sign_after, changed in effects:
        signs = []
        for s in (before, after):
            omega, _ = effective_map(s.network, text)
            entry = omega[s.network.target_names.index(name), s.network.feature_names.index(feature)]
            signs.append(int(np.sign(entry)))
        assert [sign_before, sign_after] == signs
        assert changed == (signs[0] != signs[1])
    assert {changed for *_, changed in effects} == {0, 1}


@pytest.mark.parametrize("named", ["alike", "turned round", "one unnamed"])
def test_two_runs_on_the_same_data_tell_which_samples_changed_decision(store, ask, named):
    """Of two networks with other layers; what the clusters tell is what the networks decide, sample by sample."""
    X = np.random.default_rng(5).normal(size=(300, 2))
    data = describe_dataset("people.csv", X, ("age", "fare"))
    names = {"alike": ("no", "yes"), "turned round": ("yes", "no"), "one unnamed": ()}[named]
    networks = [classifier(3), replace(he_network(8, 2, 7, 2), decision=Decision.largest(names))]
    grouped = [cluster_samples(network, X) for network in networks]
    for network, clusters in zip(networks, grouped, strict=True):
        with store.run("cluster", network=network, dataset=data) as run:
            run.save(ClusterRecord(clusters, cluster_importance(clusters, X.std(axis=0))))
    save_study(store, networks[0], X)  # without data that are known: it is compared with none
    classes = [classify(network.rule, evaluate(network, X)) for network in networks]
    called = [
        np.array(network.rule.class_names or ("0", "1"))[found]
        for network, found in zip(networks, classes, strict=True)
    ]
    truth = called[0] != called[1] if names else classes[0] != classes[1]
    certain = [clusters.class_share.max(axis=1)[clusters.assignment] == 1 for clusters in grouped]
    rows = ask(
        "SELECT sample, cluster_before, cluster_after, changed FROM decision_changes "
        "WHERE run_before = 1 AND run_after = 2 ORDER BY sample"
    )
    assert [row[:3] for row in rows] == list(zip(range(300), *(c.assignment + 1 for c in grouped), strict=True))
    words = np.where(certain[0] & certain[1], np.where(truth, "yes", "no"), "unknown")
    assert [row[3] for row in rows] == words.tolist()
    assert set(words) == {"yes", "no", "unknown"}
    overlaps = ask(
        "SELECT cluster_before, cluster_after, samples FROM cluster_overlaps WHERE run_before = 1 AND run_after = 2"
    )
    assert {row[:2]: row[2] for row in overlaps} == Counter(row[1:3] for row in rows)
    assert ask("SELECT DISTINCT run_before, run_after FROM decision_changes ORDER BY 1") == [(1, 2), (2, 1)]


def test_the_same_network_decides_alike(store, ask):
    hand_made.save_audit(store)
    hand_made.save_audit(store)
    assert ask("SELECT changed, count(*) FROM decision_changes WHERE run_before = 2 GROUP BY changed") == [("no", 5)]


def test_certificates_and_provenance(store, ask):
    hand_made.save_audit(store)
    assert ask("SELECT run, file, sha256, regions, proofs, bytes, status FROM run_certificates") == [
        (1, "partition.cert", "c" * 64, 7, 8, 1159, "complete")
    ]
    digests = dict(ask("SELECT item, value FROM run_provenance WHERE kind = 'digest'"))
    assert digests == {
        "network": hand_made.network().digest,
        "domain": hand_made.domain().digest,
        "data": hand_made.dataset().digest,
    }
    assert ask("SELECT item, value FROM run_provenance WHERE kind = 'options'") == [("parameters", "{}")]
    software = {item for (item,) in ask("SELECT item FROM run_provenance WHERE kind = 'software'")}
    assert {"relugeom", "python", "numpy"} <= software


def test_which_patterns_admissible_inputs_have(store, ask):
    """Counted, or proved where they cannot be counted, or open."""
    hand_made.save_audit(store)
    query = "SELECT pattern, admissible FROM pattern_list WHERE run = ? ORDER BY pattern"
    counted = {"000": "yes", "010": "yes", "100": "yes", "110": "no", "111": "yes"}
    infeasible = {"001": "no", "011": "no", "101": "no"}
    assert dict(ask(query, 1)) == counted | infeasible
    assert ask("SELECT pattern, admissible FROM regions_without_data ORDER BY 1") == [("100", "yes"), ("111", "yes")]
    met = np.array([Met.YES, Met.NO, Met.UNKNOWN, 0, 1])
    proved = hand_made.census(region_admissible=None, lower_admissible=None, region_met=met)
    names = ("a", "b")
    network, domain = hand_made.network(names=names), Domain(np.full(2, -1.0), np.ones(2), kinds=("integer",) * 2)
    domain = replace(domain, b=np.array([9.0]), A=np.ones((1, 2)))
    with store.run("audit", network=network, domain=domain) as run:
        run.save(proved)
    answers = {"000": "yes", "010": "no", "100": "unknown", "110": "no", "111": "yes"}
    assert dict(ask(query, run.id)) == answers | infeasible


def test_shares_worked_out_by_hand(store, ask):
    hand_made.save_audit(store)
    rows = ask("SELECT pattern, volume_share, samples FROM regions_by_share ORDER BY region")
    assert rows == [("000", 0.25, 1), ("010", 0.25, 1), ("100", 0.25, 0), ("110", 0.125, 2), ("111", 0.125, 0)]
    assert ask("SELECT pattern, neighbour_pattern, unit FROM neighbours WHERE region < neighbour ORDER BY 1, 2") == [
        ("000", "010", 1),
        ("000", "100", 0),
        ("010", "110", 0),
        ("100", "110", 1),
        ("110", "111", 2),
    ]
    assert ask("SELECT pattern, class, neighbour_pattern, neighbour_class FROM decision_flips") == [
        ("110", 1, "111", 0)
    ]
    assert ask("SELECT feature, rising, falling, flat, changes_sign FROM effect_signs ORDER BY position") == [
        ("age", 2, 1, 2, 1),
        ("fare", 2, 1, 2, 1),
    ]
    margins = ask("SELECT sample, distance, unit FROM samples_near_boundary ORDER BY sample")
    root = pytest.approx(0.25 / 2**0.5)
    assert margins == [(0, root, 2), (1, root, 2), (2, 0.5, 0), (3, 2.0, 0), (4, 0.5, 0)]


def test_an_exact_measurement_replaces_an_estimate_and_never_the_other_way(store, ask):
    partition = hand_made.partition()
    estimate = region_volumes(partition, method=VolumeMethod.MONTE_CARLO, samples=500)
    for volumes, method in [(estimate, "Monte Carlo"), (region_volumes(partition), "exact"), (estimate, "exact")]:
        with store.run("enumerate", network=partition.network, domain=partition.domain) as run:
            run.save(partition)
            run.save(volumes)
        assert ask("SELECT DISTINCT method FROM regions_by_share") == [(method,)]
    assert ask("SELECT count(*) FROM region_volumes") == [(5,)]


def test_an_unbounded_domain_has_no_shares(store, ask):
    network = hand_made.network()
    partition = enumerate_regions(network, Domain.everything(2))
    with store.run("enumerate", network=network, domain=partition.domain) as run:
        run.save(partition)
        run.save(region_volumes(partition))
    assert ask("SELECT count(*), count(volume_share) FROM regions_by_share") == [(len(partition), 0)]


def test_a_decision_is_exact_at_ties_and_thresholds():
    """Outputs 2^-1000 apart have one float64 sum each, the same; an output on its threshold is class 0."""
    tied = ReLUNetwork.from_layers(([[1.0], [1.0]], [0.0, 0.0]))
    apart = ReLUNetwork.from_layers(([[1.0], [1.0]], [0.0, 2.0**-1000]))
    base = {"domain": Domain.box([0.0], [1.0]), "packed": np.zeros((1, 0), np.uint8), "tree": [], "dimension": 1}
    for network, expected in [(tied, -2), (apart, 1)]:
        decided = replace(network, decision=Decision.largest(("a", "b")))
        assert decide_regions(Partition(network=decided, points=[[0.5]], **base)).tolist() == [expected]
    for bias, expected in [(-0.5, 0), (-0.5 + 2.0**-54, 1)]:
        network = ReLUNetwork.from_layers(([[1.0]], [bias]))
        decided = replace(network, decision=Decision.at_threshold(0.0))
        assert decide_regions(Partition(network=decided, points=[[0.5]], **base)).tolist() == [expected]


def test_ties_and_open_decisions_are_stored_as_such(store, ask):
    partition = hand_made.partition()
    with store.run("enumerate", network=partition.network, domain=partition.domain) as run:
        run.save(partition)
        run.save(RegionClasses(np.array([0, 1, -1, -2, 1])))
    assert ask("SELECT class, tied FROM region_classes ORDER BY region") == [
        (0, 0),
        (1, 0),
        (None, 0),
        (None, 1),
        (1, 0),
    ]


def test_what_is_measured_needs_a_partition(store):
    with pytest.raises(StoreError, match="has no partition yet"), store.run("save", network=hand_made.network()) as run:
        run.save(RegionClasses(np.zeros(5, dtype=np.int64)))


def test_a_truncated_partition_is_measured_too(store, ask):
    partition = enumerate_regions(classifier(3), Domain.box([-1.0, -1.0], [1.0, 1.0]), max_regions=4)
    assert partition.status is PartitionStatus.TRUNCATED
    with store.run("enumerate", network=partition.network, domain=partition.domain) as run:
        run.save(partition)
        run.save(region_volumes(partition))
        run.save(find_adjacency(partition))
    ((count, share),) = ask("SELECT count(*), sum(volume_share) FROM regions_by_share")
    assert count == 4
    assert 0 < share < 1


def test_answers_about_the_whole_domain(store, ask):
    hand_made.save_audit(store)
    columns = "run, number, question, statement, verdict, value, witness, reason, file, sha256"
    assert ask(f"SELECT {columns} FROM answer_list ORDER BY number") == [
        (1, 1, "range", "y0 ≤ 0.333334", "holds", 1 / 3,
         "0.3333333333333333 is reached at the admissible input age = 1, fare = 0", "", "proofs/0001.cert", "d" * 64),
        (1, 2, "monotonicity", "y0 never falls when fare alone rises", "fails", None,
         "as fare rises from 0 to 0.333333 it falls from 1 to 0.5, at age = 0", "", None, None),
        (1, 3, "monotonicity", "y0 never rises when age alone rises", "unknown", None, "",
         "the time limit (3 cells closed)", None, None),
        (1, 4, "fairness", "inputs that differ only in age, fare get the same decision", "fails", 2 / 9,
         "2 of 9 admissible inputs have such a counterpart; an estimated 19.0 % or more of the domain (95 % "
         "confidence, 1,000 random admissible inputs) have such a counterpart; 1 of 5 samples of the domain have such "
         "a counterpart; fare 0 → 1 changes the decision from died to not clear, at age = 1", "", None, None),
        (1, 5, "simplification", "2 of the 3 units give the same outputs on the domain (simplified.npz)", "holds", 2.0,
         "not needed: unit 0.2 never fires", "", None, None),
    ]  # fmt: skip


def test_what_shows_an_answer_is_in_numbers(store, ask):
    hand_made.save_audit(store)
    columns = "number, input, feature, value, exact_value, output_value, exact_output_value, class, class_name"
    assert ask(f"SELECT {columns} FROM answer_inputs WHERE run = 1 ORDER BY number, input, position") == [
        (1, 1, "age", 1.0, None, 1 / 3, "1/3", None, None),
        (1, 1, "fare", 0.0, None, 1 / 3, "1/3", None, None),
        (2, 1, "age", 0.0, None, 0.5, None, None, None),
        (2, 1, "fare", 1 / 3, "1/3", 0.5, None, None, None),
        (2, 2, "age", 0.0, None, 1.0, None, None, None),
        (2, 2, "fare", 0.0, None, 1.0, None, None, None),
        (4, 1, "age", 1.0, None, None, None, 0, "died"),
        (4, 1, "fare", 0.0, None, None, None, 0, "died"),
        (4, 2, "age", 1.0, None, None, None, None, None),
        (4, 2, "fare", 1.0, None, None, None, None, None),
    ]
    shares = "number, population, inputs, unequal, exhaustive, low, high, confidence"
    assert ask(f"SELECT {shares} FROM answer_populations ORDER BY population") == [
        (4, "domain", 1000, 217, 0, 0.19, 0.24, 0.95),
        (4, "samples", 5, 1, 1, None, None, None),
    ]
    assert ask("SELECT run, number, layer, unit, reason FROM answer_units") == [(1, 5, 0, 2, "never fires")]


def test_answers_and_distances_have_two_sides(store, ask):
    """They are rounded outwards: a third lies strictly between the floats next to it."""
    hand_made.save_audit(store)
    below, above = ask("SELECT lower, upper FROM answer_list WHERE number = 1")[0]
    assert Fraction(below) < Fraction(1, 3) < Fraction(above) and nextafter(below, 1) == above
    assert ask("SELECT number, lower, upper FROM answer_list WHERE verdict = 'unknown'") == [(3, 0.0, above)]
    assert ask("SELECT sample, lower, upper FROM nearest_other_decisions ORDER BY sample") == [
        (0, 0.75, 0.75),
        (4, None, None),
    ]


def test_answers_are_found_by_their_subject(store, ask):
    hand_made.save_audit(store)
    asked = "SELECT number FROM answer_list WHERE feature = 'age' AND direction = 'falls' AND output = 'y0'"
    assert ask(asked) == [(3,)]
    assert ask("SELECT number, short_reason FROM answer_list WHERE cause = 'time'") == [(3, "the time limit")]
    assert ask("SELECT count(*) FROM answer_list WHERE cause IS NULL AND short_reason IS NULL") == [(4,)]
    assert ask("SELECT number, part, whole FROM answer_list WHERE whole IS NOT NULL") == [(4, 2, 9), (5, 2, 3)]
    assert ask("SELECT number FROM answer_list WHERE side = 'highest' AND scope = 'admissible'") == [(1,)]
    assert [number for (number,) in ask("SELECT number FROM answer_list WHERE from_samples")] == [2]
    assert ask("SELECT run, number, feature, position FROM answer_features ORDER BY position") == [
        (1, 4, "age", 0),
        (1, 4, "fare", 1),
    ]


def test_a_summary_takes_the_short_reason_as_it_is(store):
    """Brackets in it are no marks: nothing is cut at them."""
    short, full = "output (a) is open", "output (a) is open (8 cells closed): allow more"
    fair = Answer(
        Subject(Question.FAIRNESS, Scope.ADMISSIBLE, protected=(0,)),
        Verdict.UNKNOWN,
        reason=Reason(Cause.LIMIT, short, full),
    )
    with store.run("audit", network=hand_made.network(), domain=hand_made.domain()) as run:
        run.save(hand_made.partition())
        run.save(hand_made.census())
        run.save(Answers([fair]))
    tables = read_run(store, run.id)
    assert tables.answers["reason"].tolist() == [full]
    assert [line.finding for line in headlines(tables, hand_made.network()) if "age" in line.statement][:1] == [short]


def test_distances_name_the_inputs_among_which_they_are_least(store, ask):
    hand_made.save_audit(store)
    assert ask("SELECT DISTINCT norm, scope FROM nearest_other_decisions") == [("l1", "admissible")]
