"""A map of regions: a slice, what is known of its regions, and the samples that are drawn on top.

The map runs along two features; the others stand at the values that it names. Samples are projected on the plane: they
need not lie in it, and the page says so. Samples at one place are one dot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DomainError, InputError
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain, FeatureKind, round_to_rules
from relugeom.geometry.forms import float_point
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.measures.slices import RegionSlice, slice_regions
from relugeom.network.decision import DecisionRule
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import pattern_texts

__all__ = ["RegionMap", "affine_text", "choose_features", "decision_lines", "draw_map", "find_features", "sample_dots"]

OPEN_SPREADS, OPEN_REACH = 3.0, 10.0
"""An open side is drawn so many spreads from the mean, or so far from 0 where there are no samples."""
MAX_REGIONS, TIME_LIMIT = 2_000, 20.0
MAX_CANDIDATES, LOOK_REGIONS, LOOK_SECONDS = 6, 200, 0.5
"""So many features are tried in pairs, with a short look at each of their maps."""
ENOUGH_REGIONS = 3

Sides = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class RegionMap:
    """A slice through the regions of a network, ready to be drawn.

    Attributes
    ----------
    cut
        The slice of k regions.
    patterns
        Their patterns, as text.
    clusters
        For each region the number of the cluster with its pattern, 0 where none has it, shape (k,).
    dots
        Columns x, y, samples, cluster: the samples at one place of one cluster; empty where none are drawn.
    fixed
        The other features, name → the value at which they stand.
    through
        What the point is through which the plane goes, in words.
    """

    cut: RegionSlice
    patterns: Sequence[str]
    clusters: IntArray
    dots: pd.DataFrame
    fixed: Mapping[str, float]
    through: str = ""

    @property
    def names(self) -> tuple[str, str]:
        """The features drawn to the right and upwards."""
        names = self.cut.partition.network.feature_names
        return names[self.cut.features[0]], names[self.cut.features[1]]

    @property
    def middles(self) -> FloatArray:
        """The mean of each region's corners, shape (k, 2)."""
        return np.array([self.cut.polygon(row).mean(axis=0) for row in range(len(self.cut))]).reshape(-1, 2)

    @property
    def values(self) -> FloatArray:
        """The outputs before squashing at the middles, shape (k, m)."""
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
    """The map along two features, through the mean of the samples or, without samples, the middle of the domain.

    Parameters
    ----------
    features
        Pairs of inputs, from 0; of several the one whose map shows most regions is taken (the first of equals).
    overall
        Mean and spread by feature (`overall_profile`), or None.
    clusters
        Columns cluster and pattern, or None.
    others
        Further points, shape (n,), with words for them: they are tried where the map through the mean shows fewer than
        three regions.
    time_limit
        Seconds, or a deadline, for all planes that are tried.

    Raises
    ------
    DomainError
        No pair has a plane with an area in the domain.
    """
    deadline = Deadline.of(time_limit)
    chart = domain_chart(domain)
    inside = float_point(chart.embed(chart.interior))
    typical, spread = _typical(domain, overall, inside)
    first = ("the middle of the domain" if overall is None or overall.empty else "the mean of the samples", typical)
    looked = len(features) > 1 or bool(others)
    limits = (LOOK_REGIONS, LOOK_SECONDS) if looked else (MAX_REGIONS, TIME_LIMIT)
    found: list[tuple[RegionSlice, str]] = []
    refusal = DomainError("there was no time to draw one" if features else "no two features were given")
    for words, point in (first, ("a point of the domain", inside), *others):
        if found and (len(max(found, key=_regions)[0]) >= ENOUGH_REGIONS or words == "a point of the domain"):
            continue  # the mean gives way only where it breaks a row of the domain or shows next to nothing
        for pair in features:
            if deadline.passed:
                break
            try:
                cut = _cut(network, domain, pair, point, _window(domain, pair, typical, spread), limits, deadline)
            except DomainError as error:
                refusal = error
            else:
                found.append((cut, words))
    if not found:
        raise refusal
    cut, through = max(found, key=_regions)
    if looked and not cut.covered and not deadline.passed:
        window = _window(domain, cut.features, typical, spread)
        cut = _cut(network, domain, cut.features, cut.point, window, (MAX_REGIONS, TIME_LIMIT), deadline)
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
        through=through,
    )


def _cut(
    network: ReLUNetwork,
    domain: Domain,
    pair: tuple[int, int],
    point: FloatArray,
    window: tuple[Sides, Sides],
    limits: tuple[int, float],
    deadline: Deadline,
) -> RegionSlice:
    return slice_regions(
        network, domain, pair, point, window=window, max_regions=limits[0], time_limit=deadline.within(limits[1])
    )


def _regions(found: tuple[RegionSlice, str]) -> int:
    return len(found[0])


def find_features(network: ReLUNetwork, names: Sequence[str]) -> tuple[int, int]:
    """The inputs with two names.

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
            raise InputError(f"--map: the network has no feature {name!r}; it has {known}")
    first, second = (network.feature_names.index(name) for name in names)
    return first, second


def choose_features(network: ReLUNetwork, domain: Domain, importance: pd.DataFrame) -> list[tuple[int, int]]:
    """Pairs of the features that move the outputs most and are free to move, the strongest pair first.

    Parameters
    ----------
    importance
        As in `ReportContent`; may be empty: then the first features are taken.
    """
    grouped = {feature for group in domain.groups for feature in group}
    free = [
        feature
        for feature in range(domain.inputs)
        if feature not in grouped and domain.lower[feature] < domain.upper[feature]
    ]
    strength = importance["scaled"].abs().groupby(importance["feature"]).sum() if len(importance) else {}
    scores = {feature: float(strength.get(network.feature_names[feature], 0.0)) for feature in free}
    order = sorted(free, key=lambda feature: (domain.kinds[feature] is FeatureKind.BINARY, -scores[feature], feature))
    return list(combinations(order[:MAX_CANDIDATES], 2))


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


def affine_text(coefficients: FloatArray, names: Sequence[str], *, digits: int = 4) -> str:
    """a x + b y + c in words like ``−1.5 · Age + 0.25 · Fare − 3``."""
    text = ""
    for value, name in zip(coefficients.tolist(), [*names, ""], strict=True):
        size = f"{abs(value):.{digits}g}" + (f" · {name}" if name else "")
        sign = ("−" if value < 0 else "") if not text else (" − " if value < 0 else " + ")
        text += sign + size
    return text


def decision_lines(region_map: RegionMap) -> FloatArray:
    """Where the decision changes: segments (s, t) → (s, t) within regions, for drawing, shape (segments, 2, 2)."""
    network = region_map.cut.partition.network
    if network.rule.rule is not DecisionRule.THRESHOLD:
        return np.zeros((0, 2, 2))
    segments = []
    for row in range(len(region_map.cut)):
        corners = region_map.cut.polygon(row)
        a, b, c = region_map.cut.maps[row, 0]
        values = corners @ np.array([a, b]) + c - network.rule.upper
        ends = []
        for at in range(len(corners)):
            here, there = values[at], values[(at + 1) % len(corners)]
            if (here > 0) != (there > 0):
                share = here / (here - there)
                ends.append(corners[at] + share * (corners[(at + 1) % len(corners)] - corners[at]))
        if len(ends) == 2:
            segments.append(ends)
    return np.array(segments).reshape(-1, 2, 2)


def _typical(domain: Domain, overall: pd.DataFrame | None, inside: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The point through which the map goes, with whole numbers where the domain has them, and the spreads."""
    if overall is None or overall.empty:
        return inside, np.full(domain.inputs, OPEN_REACH / OPEN_SPREADS)
    mean, spread = overall["mean"].to_numpy(dtype=np.float64), overall["spread"].to_numpy(dtype=np.float64)
    whole = round_to_rules(domain, mean[None, :])[0]
    return np.clip(whole, domain.lower, domain.upper), spread


def _window(domain: Domain, pair: tuple[int, int], typical: FloatArray, spread: FloatArray) -> tuple[Sides, Sides]:
    first, second = (_sides(domain, feature, typical[feature], spread[feature]) for feature in pair)
    return first, second


def _sides(domain: Domain, feature: int, middle: float, spread: float) -> Sides:
    reach = OPEN_SPREADS * (spread or 1.0)
    low, high = float(domain.lower[feature]), float(domain.upper[feature])
    return (
        low if np.isfinite(low) else min(middle, high) - reach,
        high if np.isfinite(high) else max(middle, low) + reach,
    )
