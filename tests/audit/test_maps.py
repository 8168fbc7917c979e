"""Maps: the point they go through, and the features they take."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from networks import he_network, hidden
from report_samples import made_up_content

from relugeom.audit.inputs import find_features
from relugeom.audit.pictures import choose_features, draw_map
from relugeom.errors import DomainError, EmptyDomainError, InputError
from relugeom.geometry.domain import Domain, FeatureKind
from relugeom.network.network import ReLUNetwork


def around(*means: float, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    return np.array(means), np.full(len(means), spread)


def test_the_map_goes_through_the_mean_in_whole_numbers_where_the_domain_has_them():
    kinds = (FeatureKind.CONTINUOUS, FeatureKind.CONTINUOUS, FeatureKind.INTEGER, *[FeatureKind.BINARY] * 3)
    domain = Domain(np.zeros(6), np.full(6, 4.0), kinds=kinds, groups=((3, 4, 5),))
    drawn = draw_map(he_network(1, 6, 4, 1), domain, features=[(0, 1)], around=around(1, 1, 2.6, 0.2, 0.5, 0.3))
    assert drawn.fixed == {"x2": 3.0, "x3": 0.0, "x4": 1.0, "x5": 0.0}


def test_a_mean_that_breaks_the_domain_gives_way_to_a_point_inside():
    domain = Domain(np.zeros(3), np.ones(3), A=np.array([[0.0, 0.0, 1.0]]), b=np.array([0.25]))
    drawn = draw_map(he_network(1, 3, 4, 1), domain, features=[(0, 1)], around=around(0.5, 0.5, 0.5))
    assert 0.0 <= drawn.fixed["x2"] <= 0.25


def test_features_that_the_domain_ties_have_no_map():
    domain = Domain(np.zeros(2), np.ones(2), E=np.array([[1.0, 1.0]]), f=np.array([1.0]))
    with pytest.raises(DomainError, match="no area"):
        draw_map(he_network(1, 2, 4, 1), domain, features=[(0, 1)])
    with pytest.raises(EmptyDomainError):
        draw_map(he_network(1, 2, 4, 1), Domain([0, 0], [1, 1], A=[[1, 1]], b=[-1.0]), features=[(0, 1)])


def test_of_several_pairs_the_map_with_most_regions_is_taken():
    network = hidden(([[1, 0, 0], [0, 0, 1], [0, 0, 1]], [0.0, -0.25, 0.25]))
    drawn = draw_map(network, Domain.box([-1.0] * 3, [1.0] * 3), features=[(0, 1), (0, 2), (1, 2)])
    assert drawn.cut.features == (0, 2)
    assert len(drawn.cut) == 6


def test_a_map_that_shows_next_to_nothing_goes_through_another_point():
    network = hidden(([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [0.0, 0.0, -0.5]), ([[1, 1, -9]], [0.25]))
    domain, others = Domain.box([-1.0] * 3, [1.0] * 3), [("there", np.zeros(3))]
    drawn = draw_map(network, domain, features=[(0, 1)], around=around(0.0, 0.0, 1.0), others=others)
    assert drawn.through == "the mean of the samples"
    lone = hidden(([[1, 0, 1], [0, 1, 1]], [-2.5, -2.5]))
    drawn = draw_map(lone, Domain.box([0.0] * 3, [2.0] * 3), features=[(0, 1)], around=around(0.0, 0.0, 0.0))
    assert (drawn.through, len(drawn.cut)) == ("the mean of the samples", 1)
    others = [("there", np.array([0.0, 0.0, 1.5]))]
    drawn = draw_map(lone, Domain.box([0.0] * 3, [2.0] * 3), features=[(0, 1)], around=around(0, 0, 0), others=others)
    assert (drawn.through, len(drawn.cut), drawn.fixed) == ("there", 4, {"x2": 1.5})


def test_open_sides_are_drawn_around_the_samples():
    domain = Domain(np.array([0.0, -np.inf]), np.array([np.inf, np.inf]))
    drawn = draw_map(he_network(1, 2, 3, 1), domain, features=[(0, 1)], around=around(5.0, -1.0, spread=2.0))
    assert drawn.cut.outline.min(axis=0).tolist() == [0.0, -7.0]
    assert drawn.cut.outline.max(axis=0).tolist() == [11.0, 5.0]


def test_the_strongest_free_features_are_tried_first():
    network = he_network(1, 5, 3, 1)
    kinds = [FeatureKind.CONTINUOUS] * 5
    domain = Domain(np.zeros(5), np.array([1.0, 1, 1, 0, 1]), kinds=tuple(kinds), groups=((4,),))
    importance = pd.DataFrame({"feature": [f"x{at}" for at in range(5)], "scaled": [1.0, -3.0, 2.0, 9.0, 9.0]})
    content = replace(made_up_content(), importance=importance)
    assert choose_features(network, domain, content) == [(1, 2), (1, 0), (2, 0)]
    assert choose_features(network, Domain(np.zeros(5), np.zeros(5)), content) == []
    plain = replace(content, importance=importance[:0])
    assert choose_features(network, Domain.box([0.0] * 5, [1.0] * 5), plain)[0] == (0, 1)


def test_features_are_found_by_name():
    network = ReLUNetwork.from_layers((np.ones((2, 3)), np.zeros(2)), (np.ones((1, 2)), [0.0])).with_inputs(list("abc"))
    assert find_features(network, ["c", "a"]) == (2, 0)
    with pytest.raises(InputError, match="no feature 'z': its features are a, b, c"):
        find_features(network, ["a", "z"])
    for names in (["a"], ["a", "a"], ["a", "b", "c"]):
        with pytest.raises(InputError, match="two different features"):
            find_features(network, names)
