"""Maps of regions: a slice, facts about its regions, and the samples that are drawn on top.

The map runs along two features; the others are fixed at the values that it names. Samples are projected on the plane:
they need not lie in it, and the page says so. Samples at one place are one dot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relugeom.deadline import TimeLimit
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.measures.planes import find_plane, rank_pairs
from relugeom.measures.slices import RegionSlice, level_lines
from relugeom.network.decision import DecisionRule
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import pattern_texts

__all__ = ["RegionMap", "choose_features", "decision_lines", "draw_map", "find_features", "sample_dots"]


@dataclass(frozen=True, slots=True, eq=False)
class RegionMap:
    """A slice through the regions of a network, ready to be drawn.

    Attributes
    ----------
    cut
        Slice of k regions.
    patterns
        Patterns of the regions, as text.
    clusters
        Number of the cluster with the pattern of each region, or 0 if none has it, shape (k,).
    dots
        Columns x, y, samples, cluster: the samples at one place of one cluster; empty if none are drawn.
    fixed
        The other features: name → fixed value.
    through
        Point that the plane goes through, in words.
    """

    cut: RegionSlice
    patterns: Sequence[str]
    clusters: IntArray
    dots: pd.DataFrame
    fixed: Mapping[str, float]
    through: str = ""

    @property
    def names(self) -> tuple[str, str]:
        """Features that are drawn to the right and upwards."""
        names = self.cut.partition.network.feature_names
        return names[self.cut.features[0]], names[self.cut.features[1]]

    @property
    def middles(self) -> FloatArray:
        """Mean of each region's corners, shape (k, 2)."""
        return np.array([self.cut.polygon(row).mean(axis=0) for row in range(len(self.cut))]).reshape(-1, 2)

    @property
    def values(self) -> FloatArray:
        """Outputs before squashing at the middles, shape (k, m)."""
        hatted = np.column_stack([self.middles, np.ones(len(self.cut))])
        outputs: FloatArray = np.einsum("kmc,kc->km", self.cut.maps, hatted)
        return outputs


def draw_map(
    network: ReLUNetwork,
    domain: Domain,
    *,
    features: Sequence[tuple[int, int]],
    overall: pd.DataFrame | None = None,
    clusters: pd.DataFrame | None = None,
    others: Sequence[tuple[str, FloatArray]] = (),
    time_limit: TimeLimit = None,
) -> RegionMap:
    """Draw the map along two features through the mean of the samples or, without samples, the middle of the domain.

    Parameters
    ----------
    features
        Pairs of inputs, from 0; the pair whose map shows most regions is taken (the first among equals).
    overall
        Mean and spread by feature (`overall_profile`), or None.
    clusters
        Columns cluster and pattern, or None.
    others
        Further points, shape (n,), with words for them: they are tried if the map through the mean shows fewer than
        three regions.
    time_limit
        Seconds or a deadline for all planes that are tried.

    Raises
    ------
    DomainError
        No pair has a plane with an area in the domain.
    """
    words, around = _centre(overall)
    points = [point for _, point in others]
    cut, number = find_plane(network, domain, features=features, around=around, others=points, time_limit=time_limit)
    patterns = pattern_texts(cut.partition.packed, network.widths)
    numbers = {} if clusters is None else dict(zip(clusters["pattern"], clusters["cluster"], strict=True))
    return RegionMap(
        cut=cut,
        patterns=patterns,
        clusters=np.array([numbers.get(pattern, 0) for pattern in patterns], dtype=np.int64),
        dots=pd.DataFrame(columns=["x", "y", "samples", "cluster"]),
        fixed={
            name: float(cut.point[feature])
            for feature, name in enumerate(network.feature_names)
            if feature not in cut.features
        },
        through=[words, "a point of the domain", *(name for name, _ in others)][number],
    )


def _centre(overall: pd.DataFrame | None) -> tuple[str, tuple[FloatArray, FloatArray] | None]:
    """Point that the map runs through, in words, and mean and spread of the samples if it is their mean."""
    if overall is None or overall.empty:
        return "the middle of the domain", None
    mean, spread = (overall[column].to_numpy(dtype=np.float64) for column in ("mean", "spread"))
    return "the mean of the samples", (mean, spread)


def find_features(network: ReLUNetwork, names: Sequence[str]) -> tuple[int, int]:
    """Numbers of the inputs with two names.

    Raises
    ------
    InputError
        There are not two names, or the network has no such input.
    """
    if len(names) != 2 or names[0] == names[1]:
        raise InputError(f"a map runs along two different features, not {len(set(names))}: write --map A,B")
    for name in names:
        if name not in network.feature_names:
            known = ", ".join(network.feature_names[:8]) + (", …" if network.inputs > 8 else "")
            raise InputError(f"--map: the network has no feature {name!r}: its features are {known}")
    first, second = (network.feature_names.index(name) for name in names)
    return first, second


def choose_features(network: ReLUNetwork, domain: Domain, importance: pd.DataFrame) -> list[tuple[int, int]]:
    """Pairs of the features that move the outputs most and can vary, the strongest pair first.

    Parameters
    ----------
    importance
        As in `ReportContent`; if it is empty, the first features are taken.
    """
    total = importance["scaled"].abs().groupby(importance["feature"]).sum() if len(importance) else {}
    return rank_pairs(domain, np.array([float(total.get(name, 0.0)) for name in network.feature_names]))


def sample_dots(X: FloatArray, assignment: IntArray, features: tuple[int, int]) -> pd.DataFrame:
    """Samples projected on two features: one row for each place and cluster.

    Parameters
    ----------
    X
        Samples, shape (s, n).
    assignment
        The cluster of each sample, from 0, shape (s,).
    """
    table = pd.DataFrame({"x": X[:, features[0]], "y": X[:, features[1]], "cluster": assignment + 1})
    counted = table.groupby(["x", "y", "cluster"]).size().rename("samples").reset_index()
    return counted[["x", "y", "samples", "cluster"]]


def decision_lines(region_map: RegionMap) -> FloatArray:
    """Lines where the decision changes: segments (s, t) → (s, t) within regions, for drawing, shape (segments, 2,
    2).
    """
    network = region_map.cut.partition.network
    if network.rule.rule is not DecisionRule.THRESHOLD:
        return np.zeros((0, 2, 2))
    return level_lines(region_map.cut, 0, network.rule.upper)
