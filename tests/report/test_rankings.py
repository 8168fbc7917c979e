"""One measure ranks features wherever they are ranked, and it does not depend on their units."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network
from test_plots import labels

from relugeom.analysis.attributions import gradients, integrated_gradients
from relugeom.analysis.importance import cluster_importance, region_importance
from relugeom.analysis.permutation import permutation_importance
from relugeom.analysis.whole_domain import compare_importance, domain_importance
from relugeom.geometry.domain import Domain
from relugeom.measures.volumes import region_volumes
from relugeom.network.network import ReLUNetwork
from relugeom.partition.clusters import cluster_samples
from relugeom.report.chapters import _ranked
from relugeom.report.charts import importance_bars, importance_caption
from relugeom.report.clusters import cluster_content
from relugeom.report.excerpt import RANKED, cluster_matrix
from relugeom.report.tables import cluster_tables
from relugeom.search.enumeration import enumerate_regions


def content_of(network: ReLUNetwork, X: np.ndarray):
    clusters = cluster_samples(network, X)
    return clusters, cluster_content("data", clusters, cluster_importance(clusters, X.std(axis=0)))


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(1, 2))
def test_the_order_is_that_of_the_mean_effect_and_has_no_units(seed, outputs):
    random = np.random.default_rng(seed)
    network, X = he_network(seed, 4, 5, outputs), random.normal(size=(80, 4)) * [1, 2, 0.5, 1]
    units = 2.0 ** random.integers(-12, 13, 4)  # exact in floats
    other = ReLUNetwork((network.weights[0] / units, *network.weights[1:]), network.biases)
    clusters, content = content_of(network, X)
    _, changed = content_of(other, X * units)
    scaled = cluster_importance(clusters, X.std(axis=0)).scaled
    effect = np.einsum("k,kmn->mn", clusters.size, np.abs(scaled))
    for output, name in enumerate(network.target_names):
        tables = [one.importance[one.importance["output"] == name] for one in (content, changed)]
        orders = [list(cluster_matrix(table, "coefficient", max_clusters=6).index) for table in tables]
        assert orders[0] == orders[1]
        assert orders[0] == [f"x{k}" for k in np.argsort(-effect[output], kind="stable")]


def test_every_picture_and_table_has_the_same_order():
    network = he_network(3, 4, 5, 1)
    X = np.random.default_rng(0).normal(size=(200, 4)) * [100, 1, 0.01, 1]
    clusters, content = content_of(network, X)
    order = list(cluster_matrix(content.importance, "coefficient", max_clusters=6).index)
    raw = content.importance.groupby("feature")["coefficient"].apply(lambda c: c.abs().max())
    assert order != list(raw.sort_values(ascending=False).index)  # else the test would show nothing
    assert order == labels(importance_bars(content.importance, "y0"))[: len(order)]
    assert RANKED in importance_caption(content.importance, "y0")
    titles = [part.renderables[1].plain for part in cluster_tables(content) if hasattr(part, "renderables")]
    assert any(RANKED in title for title in titles)

    spread = X.std(axis=0)
    partition = enumerate_regions(network, Domain.box(X.min(axis=0), X.max(axis=0)))
    whole = domain_importance(
        clusters, cluster_importance(clusters, spread), region_importance(partition, spread), region_volumes(partition)
    )
    compared = compare_importance(
        whole,
        gradients(network, X),
        integrated_gradients(network, X),
        permutation_importance(network, X, repeats=1),
        spread,
    )
    rows = [
        (str(measure), feature, compared.shares[place, 0, number])
        for place, measure in enumerate(compared.measures)
        for number, feature in enumerate(network.feature_names)
    ]
    ranked = _ranked(pd.DataFrame(rows, columns=["measure", "feature", "share"]))
    assert list(ranked["feature"].unique()) == order
