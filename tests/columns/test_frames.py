"""Tables in memory: whatever has names is matched by name, whatever has none is taken in order."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import he_network

import relugeom as rg
from relugeom.analysis.importance import as_spread
from relugeom.analysis.unequal_share import unequal_samples
from relugeom.certificate.claim import settle_claim
from relugeom.columns.frames import table_in_order
from relugeom.errors import DataError, InputError
from relugeom.geometry.domain import Domain
from relugeom.network.decision import Decision
from relugeom.network.forward import as_samples

NAMES = ("age", "income", "rent")
PLAIN = replace(he_network(3, 3, 4, 1), decision=Decision.at_threshold(0.0))
NAMED = PLAIN.with_inputs(NAMES)
X = np.random.default_rng(0).normal(size=(40, 3))
FRAME = pd.DataFrame(X, columns=NAMES)
MOVED = FRAME[["rent", "age", "income"]]
BOX = Domain.box(X.min(axis=0), X.max(axis=0), NAMES)


@given(st.permutations(NAMES), st.integers(1, 5))
def test_columns_in_any_order_are_the_same_table(order, rows):
    found = as_samples(NAMED, FRAME[list(order)][:rows])
    assert found.tolist() == X[:rows].tolist()
    assert as_samples(NAMED, FRAME[list(order)].iloc[0]).tolist() == X[:1].tolist()


def settle(claim):
    return settle_claim(claim, NAMED, BOX)


QUESTIONS = {
    "clusters": lambda table: rg.cluster_samples(NAMED, table).assignment.tolist(),
    "outputs": lambda table: rg.evaluate(NAMED, table).tolist(),
    "predictions": lambda table: rg.predict(NAMED, table).tolist(),
    "patterns": lambda table: rg.activation_patterns(NAMED, table).packed.tolist(),
    "pattern of a row": lambda table: str(rg.activation_pattern(NAMED, row_of(table))),
    "margins": lambda table: rg.sample_margins(rg.cluster_samples(NAMED, X), table).distance.tolist(),
    "gradients": lambda table: rg.gradients(NAMED, table).assignment.tolist(),
    "integrated gradients": lambda table: rg.integrated_gradients(NAMED, table, baseline=row_of(table)).values.tolist(),
    "permutation": lambda table: rg.permutation_importance(NAMED, table, repeats=1).drops.tolist(),
    "relevance": lambda table: rg.cluster_relevance(rg.cluster_samples(NAMED, X), table, limit=1).relevance.tolist(),
    "performance": lambda table: rg.cluster_performance(rg.cluster_samples(NAMED, X), table).predicted_mean.tolist(),
    "groups": lambda table: rg.group_clusters(rg.cluster_samples(NAMED, X), table, groups=2).group.tolist(),
    "spread": lambda table: as_spread(NAMED, X.std(axis=0) if table is X else table.std(ddof=0)).round(9).tolist(),
    "domain": lambda table: rg.load_domain("data", NAMED, data=table).digest,
    "box": lambda table: Domain.box(BOX.lower if table is X else table[list(NAMES)].min(), table.max(axis=0)).digest,
    "region": lambda table: str(rg.enumerate_regions(NAMED, BOX).region_of(row_of(table)).pattern),
    "bounds": lambda table: rg.output_bounds(NAMED, BOX, settle, candidates=table).highest.value,
    "direction": lambda table: rg.monotonicity(NAMED, BOX, settle, feature=0, candidates=table).never_falls.verdict,
    "distance": lambda table: (
        rg.distance_to_other_decision(
            NAMED, BOX, lambda domain, claim: settle_claim(claim, NAMED, domain), row_of(table), candidates=table
        ).distance
    ),
    "fairness": lambda table: unequal_samples(NAMED, BOX, table, [0]),
    "slice": lambda table: rg.slice_regions(NAMED, BOX, (0, 1), row_of(table)).covered,
}


def row_of(table):
    return table[3] if isinstance(table, np.ndarray) else table.iloc[3]


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_function_that_takes_samples_takes_them_by_name(name):
    ask = QUESTIONS[name]
    assert ask(MOVED) == ask(X)


def test_without_names_they_are_taken_in_order():
    for network, table in ((PLAIN, MOVED), (NAMED, pd.DataFrame(MOVED.to_numpy())), (NAMED, MOVED.to_numpy())):
        assert as_samples(network, table).tolist() == MOVED.to_numpy().tolist()
    assert as_samples(NAMED, X[0].tolist()).tolist() == X[:1].tolist()
    assert as_samples(NAMED, pd.Series(X[0])).tolist() == X[:1].tolist()


@pytest.mark.parametrize(
    ("table", "match"),
    [
        (FRAME[["age", "rent"]], "no column for the input 'income'"),
        (FRAME.assign(good=1), "feed no input: 'good': drop it"),
        (FRAME.rename(columns={"rent": "age"}), "'age' occurs 2 times"),
        (FRAME.rename(columns={"rent": "Rent"}), "no column for the input 'rent'"),
        (FRAME.assign(age="old"), "column 'age', data row 1: 'old' is not a number"),
        (FRAME.assign(age=[object()] * 40), "column 'age', data row 1"),
        (FRAME.assign(age=pd.Timestamp("2020-01-01")), "'age' holds dates"),
        (FRAME.assign(age=1j), "complex"),
        (FRAME.assign(age=[np.nan, *range(39)]), "column 'age', data row 1: the value is missing"),
        (FRAME.assign(age=pd.array([1, None, *range(38)], dtype="Int64")), "data row 2: the value is missing"),
        (FRAME.assign(age=np.inf), "not finite"),
        (FRAME.iloc[0][["age", "rent"]], "no column for the input 'income'"),
        ([["a", "b", "c"]], "table of numbers"),
        ([[1, 2, 3], [1]], "table of numbers"),
        ({"age": 1, "income": 2, "rent": 3}, "table of numbers"),
        (np.array([[1, 2, 3]], dtype="M8[D]"), "table of numbers"),
        (np.array([[1j, 2, 3]]), "table of numbers"),
        (X[:, :2], r"takes 3 inputs"),
        (X[None], r"takes 3 inputs"),
        (None, "table of numbers|takes 3 inputs|not finite"),
    ],
)
def test_what_is_no_table_of_the_inputs_is_refused_in_one_line(table, match):
    with pytest.raises(DataError, match=match) as raised:
        as_samples(NAMED, table)
    assert len(str(raised.value).splitlines()) == 1


def test_truth_values_categories_and_texts_of_numbers():
    frame = FRAME.assign(age=True, income=pd.Categorical(["2"] * 40), rent="1.5")
    assert as_samples(NAMED, frame)[0].tolist() == [1.0, 2.0, 1.5]


@pytest.mark.parametrize("name", ["Unnamed: 0", "", " "])
@pytest.mark.parametrize("first", [0, 1])
def test_a_column_that_counts_the_rows_is_left_out_with_a_remark(name, first):
    frame = FRAME.copy()
    frame.insert(0, name, range(first, first + 40))
    for names in (NAMES, ()):
        remarks = []
        found = table_in_order(frame, inputs=3, input_names=names, on_remark=remarks.append)
        assert found.tolist() == X.tolist()
        assert remarks == [f"the column {name!r} only numbers the rows and is left out"]
    with pytest.warns(rg.RelugeomWarning, match="only numbers the rows"):
        rg.cluster_samples(NAMED, frame)
    frame[name] = frame[name][::-1].to_numpy()
    with pytest.raises(DataError, match=r"has no name, and it does not number the rows.*data row 1.*drop it"):
        as_samples(NAMED, frame)


def test_a_spread_and_a_box_with_other_labels_are_refused():
    with pytest.raises(DataError, match="has the labels"):
        as_spread(NAMED, FRAME.std().rename({"age": "Age"}))
    with pytest.raises(DataError, match="has the labels"):
        Domain.box(FRAME.min(), FRAME[["age", "rent"]].max())


def test_a_domain_in_another_order_than_the_network_is_refused():
    domain = Domain.box(MOVED.min(), MOVED.max())
    assert domain.feature_names == tuple(MOVED.columns)
    with pytest.raises(InputError, match="another order"):
        rg.enumerate_regions(NAMED, domain)
    assert rg.enumerate_regions(NAMED, BOX).status == "complete"
    assert rg.enumerate_regions(PLAIN, domain).status == "complete"


@given(st.permutations(NAMES))
def test_a_domain_says_which_rows_are_admissible(order):
    domain = replace(BOX, kinds=("integer", "continuous", "continuous"))
    whole = FRAME.assign(age=FRAME["age"].round().clip(-1, 1))
    assert domain.contains(whole[list(order)]).all()
    assert BOX.contains(FRAME[list(order)]).all()
    assert domain.contains(FRAME[list(order)]).tolist() == (X[:, 0] == X[:, 0].round()).tolist()
    beyond = whole.assign(rent=whole["rent"].max() + 1)
    assert not domain.contains(beyond[list(order)]).any()
    assert domain.contains(whole.iloc[0][list(order)]).tolist() == [True]


def test_what_is_no_table_of_a_domain_is_refused():
    with pytest.raises(DataError, match="no column for the input 'income'"):
        BOX.contains(FRAME[["age", "rent"]])
    with pytest.raises(DataError, match="has 3 inputs"):
        BOX.contains(X[:, :2])
    assert Domain.everything(2).contains([[0, 1], [np.nan, 0], [np.inf, 0]]).tolist() == [True, False, False]
    assert Domain.everything(2).contains(np.zeros((0, 2))).tolist() == []
