"""An example small enough to check by hand.

The units are x, y and x + y − 1 on the square [−1, 1]², both features integer. Five of the eight patterns are regions
(x + y > 1 needs both x > 0 and y > 0): three quarters of the square, and the two halves of the fourth. The nine integer
points meet four of them: 000 four times, 010 and 100 twice each, 111 once. Of the five samples two are in 110, and one
each in 000, 010 and, outside the square, 111.
"""

from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from relugeom.analysis.decisions import decide_regions
from relugeom.analysis.group_bounds import bound_groups
from relugeom.analysis.importance import ClusterImportance, cluster_importance
from relugeom.analysis.margins import sample_margins
from relugeom.analysis.parsimony import group_clusters
from relugeom.analysis.performance import cluster_performance, region_performance
from relugeom.analysis.region_ranges import region_ranges
from relugeom.analysis.relevance import cluster_relevance
from relugeom.analysis.unobserved import find_unobserved
from relugeom.analysis.whole_domain import ImportanceComparison
from relugeom.certificate.partition import Certificate
from relugeom.claims.answer import Answer, CounterpartShare, Population, RemovedUnit, ShownInput
from relugeom.claims.ball import Norm
from relugeom.claims.claim import Scope
from relugeom.claims.reason import Cause, Reason
from relugeom.claims.requirement import Judged, Judgement, Requirement, RequirementKind
from relugeom.claims.settlement import Proof, Verdict
from relugeom.claims.subject import Direction, Question, Side, Subject
from relugeom.geometry.domain import Domain
from relugeom.measures.adjacency import find_adjacency
from relugeom.measures.volumes import region_volumes
from relugeom.network.decision import Decision, Squashing
from relugeom.network.network import Origin, ReLUNetwork
from relugeom.partition.census import PatternCensus
from relugeom.partition.clusters import Clusters, cluster_samples
from relugeom.partition.partition import Partition, PartitionStatus, PatternStatus
from relugeom.questions.sample_robustness import SampleRobustness
from relugeom.store.records import (
    Answers,
    ClusterRecord,
    GroupRecord,
    Judgements,
    Notes,
    PerformanceRecord,
    RegionClasses,
    RelevanceRecord,
    RobustnessRecord,
)
from relugeom.store.run import Run
from relugeom.store.store import Store
from relugeom.store.subjects.datasets import DatasetRecord, describe_dataset

NAMES = ("age", "fare")
SAMPLES = np.array([[0.5, 0.25], [0.25, 0.5], [-0.5, -0.5], [2.0, 2.0], [-0.5, 0.5]])
TARGET = np.array([1.0, 0.0, 1.0, 0.0, 1.0])
REGIONS = ("000", "010", "100", "110", "111")


def packed(*texts: str) -> np.ndarray:
    bits = np.array([[letter == "1" for letter in text] for text in texts], dtype=np.bool_).reshape(len(texts), 3)
    return np.packbits(bits, axis=1)


def network(*, names=NAMES, origin=None) -> ReLUNetwork:
    return ReLUNetwork(
        (np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), np.array([[1.0, 2.0, -4.0]])),
        (np.array([0.0, 0.0, -1.0]), np.array([0.5])),
        input_names=names,
        squashing=Squashing.SIGMOID,
        decision=Decision.at_threshold(0.0, ("died", "survived")),
        origin=origin or Origin("npz", "float32"),
    )


def domain() -> Domain:
    return Domain(np.array([-1.0, -1.0]), np.array([1.0, 1.0]), kinds=("integer", "integer"))


def partition(**changes) -> Partition:
    facts = {
        "network": network(),
        "domain": domain(),
        "packed": packed(*REGIONS),
        "points": [[-0.5, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.25, 0.25], [0.9375, 0.9375]],
        "tree": [2, 2, 0, 0, 2, 0, 2],
        "dimension": 2,
        "seconds": 0.25,
    }
    return Partition(**facts | changes)


def truncated_partition() -> Partition:
    third = (Fraction(1, 3), Fraction(-2, 3))
    return partition(
        packed=packed("000", "010"),
        points=[[-0.5, -0.5], [1 / 3, -2 / 3]],
        tree=[2, 2, 0, 0, 3],
        exact_points={1: third},
        status=PartitionStatus.TRUNCATED,
        reason="stopped after 2 regions",
    )


def clusters() -> Clusters:
    return cluster_samples(network(), SAMPLES, domain=domain(), target=TARGET)


def importance() -> ClusterImportance:
    return cluster_importance(clusters(), SAMPLES.std(axis=0))


def census(**changes) -> PatternCensus:
    facts = {
        "units": 3,
        "region_packed": packed(*REGIONS),
        "lower_packed": packed(),
        "region_admissible": np.array([4, 2, 2, 0, 1]),
        "region_met": np.array([1, 1, 1, 0, 1]),
        "lower_admissible": np.array([], dtype=np.int64),
        "complete": True,
        "lower_complete": True,
    }
    return PatternCensus(**facts | changes)


def dataset() -> DatasetRecord:
    return describe_dataset("passengers.csv", SAMPLES, NAMES, target_name="survived", target=TARGET)


ANSWERS = (
    Answer(
        Subject(Question.RANGE, Scope.ADMISSIBLE, output=0, side=Side.HIGHEST),
        Verdict.HOLDS,
        Fraction(1, 3),
        shown=(ShownInput((Fraction(1), Fraction(0)), Fraction(1, 3)),),
        proof=Proof(Path("proofs/0001.cert"), 2, 5, 900, "d" * 64),
        lower=Fraction(1, 3),
        upper=Fraction(1, 3),
    ),
    Answer(
        Subject(Question.MONOTONICITY, Scope.ADMISSIBLE, 0, 1, Direction.RISES),
        Verdict.FAILS,
        shown=(
            ShownInput((Fraction(0), Fraction(1, 3)), Fraction(1, 2)),
            ShownInput((Fraction(0), Fraction(0)), Fraction(1)),
        ),
        from_samples=True,
    ),
    Answer(
        Subject(Question.MONOTONICITY, Scope.ADMISSIBLE, 0, 0, Direction.FALLS),
        Verdict.UNKNOWN,
        reason=Reason(Cause.TIME, "the time limit", "the time limit (3 cells closed)"),
        lower=Fraction(0),
        upper=Fraction(1, 3),
    ),
    Answer(
        Subject(Question.FAIRNESS, Scope.ADMISSIBLE, protected=(0, 1)),
        Verdict.FAILS,
        Fraction(2, 9),
        part=2,
        whole=9,
        shown=(
            ShownInput((Fraction(1), Fraction(0)), decided=0),
            ShownInput((Fraction(1), Fraction(1)), decided=-1),
        ),
        shares=(
            CounterpartShare(Population.DOMAIN, 1000, 217, False, 0.19, 0.24, 0.95),
            CounterpartShare(Population.SAMPLES, 5, 1, True),
        ),
    ),
    Answer(
        Subject(Question.SIMPLIFICATION, Scope.ADMISSIBLE, second_network="simplified.npz"),
        Verdict.HOLDS,
        Fraction(2),
        part=2,
        whole=3,
        removed=(RemovedUnit(0, 2, "never fires"),),
    ),
)


JUDGED = (
    Judged(
        Requirement(kind=RequirementKind.RANGE, output=0, upper=Fraction(1, 3)),
        Judgement.PASS,
        lower=Fraction(-2, 3),
        upper=Fraction(1, 3),
    ),
    Judged(
        Requirement(kind=RequirementKind.SAME_DECISION, protected=(0, 1), at_most=Fraction(1, 8)),
        Judgement.FAIL,
        2 / 9,
        part=2,
        whole=9,
    ),
    Judged(Requirement(kind=RequirementKind.MONOTONE, output=0, feature=0, direction=Direction.FALLS), Judgement.OPEN),
)


def distances() -> SampleRobustness:
    """Of the first and third sample: one with a counterfactual, one without any other decision."""
    return SampleRobustness(
        norm=Norm.L1,
        rows=np.array([0, 2]),
        verdicts=(Verdict.HOLDS, Verdict.FAILS),
        distance=np.array([0.75, np.nan]),
        counterfactual=np.array([[-0.25, 0.25], [np.nan, np.nan]]),
        change=np.array([[-0.75, 0.0], [np.nan, np.nan]]),
        proofs=(Proof(Path("proofs/sample-0.cert"), 2, 5, 900, "e" * 64), None),
        passed_over=1,
        scope=Scope.ADMISSIBLE,
        lower=np.array([0.75, np.nan]),
        upper=np.array([0.75, np.nan]),
    )


def comparison() -> ImportanceComparison:
    return ImportanceComparison(network(), ("by samples", "gradients"), np.array([[[0.25, 0.75]], [[1.0, 0.0]]]))


@cache
def findings() -> tuple[Any, ...]:
    """What the analyses of the audit find, in the order in which it is saved."""
    known = clusters()
    groups = group_clusters(known, SAMPLES, groups=3)
    return (
        cluster_performance(known, SAMPLES, TARGET),
        region_performance(partition(), known, SAMPLES, TARGET),
        find_unobserved(partition(), known, SAMPLES.std(axis=0)),
        region_ranges(partition()),
        groups,
        bound_groups(groups, partition()),
        cluster_relevance(known, SAMPLES),
    )


def save_findings(run: Run) -> None:
    """Save what the analyses of the audit find."""
    of_clusters, of_regions, unobserved, ranges, groups, bounds, relevance = findings()
    every = np.arange(len(clusters()))
    run.save(comparison())
    run.save(PerformanceRecord(of_clusters, every, of_regions))
    run.save(unobserved)
    run.save(ranges)
    run.save(RobustnessRecord(distances(), np.array([0, 1, 4]), with_inputs=True))
    run.save(GroupRecord(groups, every, bounds))
    run.save(RelevanceRecord(relevance, every))


def save_audit(store: Store) -> int:
    """Save all of it, as an audit would; the number of the run."""
    about = {"network_name": "network.onnx", "domain_name": "domain.toml", "dataset": dataset()}
    with store.run("audit", network=network(), domain=domain(), **about) as run:
        run.save(partition())
        run.save(region_volumes(partition()))
        run.save(find_adjacency(partition()))
        run.save(RegionClasses(decide_regions(partition())))
        run.save(ClusterRecord(clusters(), importance(), statuses=[PatternStatus.REGION] * 4))
        run.save(sample_margins(clusters(), SAMPLES))
        run.save(census())
        run.save(Certificate(Path("partition.cert"), 7, 8, 1159, "c" * 64, "a" * 64))
        run.save(Answers(ANSWERS))
        run.save(Judgements(JUDGED))
        save_findings(run)
        run.save(Notes(["This report counts activation regions.", "A second remark."]))
    store.keep_report(run.id, Path("report.html"), b"<!doctype html>")
    return run.id
