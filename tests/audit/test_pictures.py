"""Which pictures a report shows, and what it says of those that it cannot."""

import numpy as np
import pytest
from networks import he_network
from report_samples import made_up_content, pictured_content

from relugeom.audit.pictures import Depicted, with_pictures
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.report.privacy import without_rows
from relugeom.search.enumeration import enumerate_regions


def plain():
    return made_up_content(("x0", "x1"), clusters=0, patterns=0)


def test_everything_that_can_be_drawn_is():
    content = pictured_content()
    assert len(content.maps) == 1
    assert content.maps[0].cut.covered
    assert int(content.maps[0].dots["samples"].sum()) == 300
    assert content.graph is not None
    assert len(content.graph.patterns) == len(content.patterns)
    assert list(content.subnetworks) == [1, 2, 3]
    for cluster, graph in content.subnetworks.items():
        assert graph.graph["pattern"] == content.clusters["pattern"].iloc[cluster - 1]


def test_the_clusters_of_a_map_are_those_with_its_patterns():
    content = pictured_content()
    numbers = dict(zip(content.clusters["pattern"], content.clusters["cluster"], strict=True))
    drawn = content.maps[0]
    assert drawn.clusters.tolist() == [numbers.get(pattern, 0) for pattern in drawn.patterns]
    assert drawn.clusters.max() > 0


def test_samples_leave_the_map_with_the_rows():
    kept = without_rows(pictured_content())
    assert len(kept.maps[0].dots) == 0
    assert kept.maps[0].patterns == pictured_content().maps[0].patterns


def test_features_are_taken_as_asked():
    network, domain = he_network(1, 3, 4, 1), Domain.box([0.0] * 3, [1.0] * 3)
    content = with_pictures(plain(), Depicted(network, domain), map_features=["x2", "x0"])
    assert content.maps[0].cut.features == (2, 0)
    with pytest.raises(InputError, match="no feature 'Age'"):
        with_pictures(plain(), Depicted(network, None), map_features=["x2", "Age"])


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        (Domain([0, 0], [1, 0]), "fewer than two features can vary"),
        (Domain([0, 0], [1, 1], E=[[1, 1]], f=[1.0]), "no area"),
    ],
)
def test_a_map_that_cannot_be_drawn_is_a_remark(domain, words):
    content = with_pictures(plain(), Depicted(he_network(1, 2, 4, 1), domain))
    assert content.maps == []
    assert words in content.notes[-1]


def test_large_networks_and_partitions_are_not_drawn():
    network, domain = he_network(1, 2, 61, 1), Domain.box([-3.0] * 2, [3.0] * 2)
    content = with_pictures(
        made_up_content(("x0", "x1"), patterns=0), Depicted(network, domain, enumerate_regions(network, domain))
    )
    assert content.graph is None
    assert content.subnetworks == {}
    assert len(content.maps[0].cut) > 300
    assert np.all(np.diff(content.maps[0].cut.starts) >= 3)
