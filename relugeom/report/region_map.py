"""Maps of regions: a slice, facts about its regions, and the samples that are drawn on top.

The map runs along two features; the others are fixed at the values that it names. Samples are projected on the plane:
they need not lie in it, and the page says so. Samples at one place are one dot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.measures.shades import Shades
from relugeom.measures.slices import RegionSlice
from relugeom.network.pattern import pattern_texts

__all__ = ["SHADES", "RegionMap", "label_map", "sample_dots"]

SHADES = 8
"""Bands of an output that have a tone each, in every drawing of a map."""


@dataclass(frozen=True, slots=True, eq=False)
class RegionMap:
    """A slice through the regions of a network, ready to be drawn.

    Attributes
    ----------
    cut
        Slice of k regions.
    shades
        The regions, cut into parts that have a tone each.
    boundary
        Lines where the decision changes: segments within regions, shape (segments, 2, 2).
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
    shades: Shades
    boundary: FloatArray
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


def label_map(
    cut: RegionSlice, shades: Shades, boundary: FloatArray, *, clusters: Mapping[str, int], through: str
) -> RegionMap:
    """Name the regions of a slice and the fixed features; no samples are drawn yet.

    Parameters
    ----------
    clusters
        Numbers of the clusters, by pattern.
    through
        Point that the plane goes through, in words.
    """
    network = cut.partition.network
    patterns = pattern_texts(cut.partition.packed, network.widths)
    values = zip(network.feature_names, cut.point.tolist(), strict=True)
    return RegionMap(
        cut=cut,
        shades=shades,
        boundary=boundary,
        patterns=patterns,
        clusters=np.array([clusters.get(pattern, 0) for pattern in patterns], dtype=np.int64),
        dots=pd.DataFrame(columns=["x", "y", "samples", "cluster"]),
        fixed={name: value for feature, (name, value) in enumerate(values) if feature not in cut.features},
        through=through,
    )


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
