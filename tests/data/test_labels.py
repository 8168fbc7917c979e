"""Labels of targets: what is certain is taken, what is custom is said, what cannot be is refused with the row."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import he_network

import relugeom as rg
from relugeom.data.labels import CodedTarget, find_coding, read_target
from relugeom.data.samples import read_samples
from relugeom.data.source import PieceSizes
from relugeom.errors import DataError
from relugeom.network.decision import Decision
from relugeom.network.forward import decide


def coded(target, classes=2, names=()):
    remarks: list[str] = []
    found = read_target(target, len(target), classes=classes, class_names=names, on_remark=remarks.append)
    return found.tolist(), remarks


@pytest.mark.parametrize(
    ("target", "classes", "names", "numbers", "remark"),
    [
        ([0, 1, 1], 2, (), [0, 1, 1], None),
        ([True, False], 2, (), [1, 0], None),
        (["0", "1"], 2, (), [0, 1], None),
        (["true", "False"], 2, (), [1, 0], None),
        ([1, 1, 1], 2, (), [1, 1, 1], None),
        ([1, 2, 1], 2, (), [0, 1, 0], "1 → class 0, 2 → class 1"),
        ([2, 2], 2, (), [1, 1], "2 → class 1"),
        ([-1, 1], 2, (), [0, 1], "-1 → class 0, 1 → class 1"),
        ([-1, -1], 2, (), [0, 0], "-1 → class 0"),
        ([2, 4, 4], 2, (), [0, 1, 1], "2 → class 0, 4 → class 1"),
        ([3, 1, 2], 3, (), [2, 0, 1], "1 → class 0, 2 → class 1, 3 → class 2"),
        ([-1, 0, 1], 3, (), [0, 1, 2], "-1 → class 0, 0 → class 1, 1 → class 2"),
        ([1.0, 2.0], 2, ("bad", "good"), [0, 1], "1 → class 0 (bad), 2 → class 1 (good)"),
        (["good", "bad"], 2, (), [1, 0], "bad → class 0, good → class 1"),
        (["good", "bad"], 2, ("good", "bad"), [0, 1], "good → class 0 (good), bad → class 1 (bad)"),
        (["good"], 2, ("good", "bad"), [0], "good → class 0 (good)"),
        ([1, 2], 3, ("1", "2", "3"), [0, 1], "1 → class 0 (1), 2 → class 1 (2)"),
        ([1.0], 2, ("1.0", "2.0"), [0], "1 → class 0 (1.0)"),
        (pd.Series(["b", "a"], dtype="category"), 2, (), [1, 0], "a → class 0, b → class 1"),
        ([0.5, -3.25], 0, (), [0.5, -3.25], None),
    ],
)
def test_what_labels_stand_for(target, classes, names, numbers, remark):
    found, remarks = coded(target, classes, names)
    assert found == numbers
    assert remarks == ([] if remark is None else [f"target 'target': {remark}"])


@pytest.mark.parametrize(
    ("target", "classes", "names", "words"),
    [
        ([0, 1, 0.5], 2, (), ["data row 3", "0.5 is not a class", "2 classes, numbered from 0"]),
        ([0, 1, 2], 2, (), ["data row 3", "2 is not a class"]),
        ([0, 1, -1], 2, (), ["data row 3", "-1 is not a class"]),
        ([1, 2, 3], 2, (), ["data row 2", "2 is not a class"]),
        ([0.5, 1.5], 2, (), ["data row 1", "0.5 is not a class"]),
        ([7], 2, (), ["data row 1", "7 is not a class"]),
        ([5, 6], 3, (), ["data row 1", "5 is not a class"]),
        (["good"], 2, (), ["data row 1", "'good' is not a class"]),
        (["a", "b", "c"], 2, (), ["data row 3", "'c' is one label too many", "'a', 'b'"]),
        (["good", "ugly"], 2, ("good", "bad"), ["data row 2", "'ugly' is not a class", "'good', 'bad'"]),
        (["good", "1"], 2, (), ["data row 2", "'1' is a number among words"]),
        ([0, "good"], 2, (), ["'0' is a number among words"]),
        (["good", None], 2, (), ["data row 2", "missing"]),
        ([1, np.nan], 2, (), ["data row 2", "missing"]),
        ([1, np.inf], 2, (), ["data row 2", "not finite"]),
        (["good"], 0, (), ["data row 1", "'good' is not a number", "--threshold"]),
        ([[0], [1]], 2, (), ["shape (2, 1)"]),
    ],
)
def test_what_cannot_be_classes_is_refused_with_the_row(target, classes, names, words):
    with pytest.raises(DataError) as raised:
        coded(target, classes, names)
    for word in words:
        assert word in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


@given(st.integers(2, 6), st.data())
def test_codings_keep_the_order_and_number_within_the_classes(classes, data):
    labels = data.draw(st.lists(st.integers(-3, 9).map(float), min_size=1, max_size=classes, unique=True))
    coding = find_coding(labels, classes)
    if coding is None:
        return
    assert set(coding) == set(labels)
    numbers = [coding[label] for label in sorted(labels)]
    assert numbers == sorted(set(numbers)) and set(numbers) <= set(range(classes))
    if set(labels) <= set(range(classes)):
        assert numbers == sorted(labels)


def test_what_is_coded_is_not_coded_again():
    """A column of 1 alone, where class 0 is called 1."""
    assert coded([1, 1], 2, ("1", "2"))[0] == [0, 0]
    again = read_target(CodedTarget(np.ones(2)), 2, classes=2, class_names=("1", "2"))
    assert again.tolist() == [1, 1]


def test_labels_of_a_long_file_are_those_of_a_short_one(tmp_path: Path):
    options = {"inputs": 1, "target": "y", "classes": 2, "sizes": PieceSizes(cells=10)}
    labels = [("good", "bad")[row % 3 == 0] for row in range(100)]
    path = tmp_path / "data.csv"
    path.write_text("a,y\n" + "".join(f"{row},{label}\n" for row, label in enumerate(labels)))
    samples = read_samples(path, **options)
    assert samples.target.tolist() == [label == "good" for label in labels]
    assert samples.remarks == ("target 'y': bad → class 0, good → class 1",)
    path.write_text(path.read_text() + "7,ugly\n")
    with pytest.raises(DataError, match=r"data row 101: 'ugly' is one label too many, besides 'bad', 'good'"):
        read_samples(path, **options)


def test_an_accuracy_below_the_commonest_class_is_remarked():
    network = replace(he_network(1, 3, 4, 1), decision=Decision.at_threshold(0.0))
    X = np.random.default_rng(0).normal(size=(200, 3))
    right = decide(network, X)
    with pytest.warns(rg.RelugeomWarning, match=r"right for 0 of 200 samples \(0 %\).*in the right order"):
        rg.cluster_samples(network, X, target=1 - right)
    remarks: list[str] = []
    rg.cluster_samples(network, X, target=np.where(right, "yes", "no"), on_remark=remarks.append)
    assert remarks == ["target 'target': no → class 0, yes → class 1"]
    rg.cluster_samples(network, X[:4], target=1 - right[:4])  # of so few nothing is said
