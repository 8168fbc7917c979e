"""Estimates of the number of regions: exact where all are listed, else an interval that contains the number."""

import os
import subprocess
import sys
from dataclasses import replace
from math import comb, log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import generic, he_network, hidden, layered, resonance, threshold

from relugeom.budget import EstimateBudget
from relugeom.deadline import NEVER
from relugeom.errors import EmptyDomainError, InputError
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.search.descents import SplitTree, descend
from relugeom.search.enumeration import enumerate_regions
from relugeom.search.estimate import (
    EstimateStatus,
    RegionEstimate,
    estimate_regions,
    interval_of_mean,
    most_regions,
)
from relugeom.search.estimate_words import duration_in_words, estimate_in_words, rounded
from relugeom.search.setup import Setup

NO_LIST = EstimateBudget(listing=1e-9, listing_seconds=1e-9, groups=16, widths=(4,), batches=1)
"""Descents only: the search has no time."""


def box(network: ReLUNetwork, side: float = 1.0) -> Domain:
    return Domain.box(np.full(network.inputs, -side), np.full(network.inputs, side))


def test_a_small_network_is_listed() -> None:
    network = he_network(1, 2, 6, 4, 1)
    found, listed = estimate_regions(network, box(network)), enumerate_regions(network, box(network))
    assert found.exact and found.status is EstimateStatus.COMPLETE
    assert found.count == found.low == found.high == found.patterns == len(listed)
    assert (found.confidence, found.descents) == (1.0, 0)
    assert found.expected_seconds is not None and found.expected_seconds <= found.seconds


def test_a_network_without_units_has_one_region() -> None:
    linear = layered(([[1.0, 2.0]], [0.5]))
    assert estimate_regions(linear, box(linear)).count == 1


def test_descents_alone_say_what_they_are() -> None:
    network = he_network(2, 4, 8, 6, 1)
    found = estimate_regions(network, box(network), time_limit=None, budget=NO_LIST)
    truth = len(enumerate_regions(network, box(network)))
    assert found.status is EstimateStatus.ESTIMATED and not found.exact
    assert found.descents == 64 and 30 < found.patterns <= 64
    assert found.patterns <= found.low <= truth <= found.high
    assert found.low <= (found.count or 0) <= found.high


def test_a_seed_gives_one_estimate() -> None:
    network = he_network(2, 4, 8, 6, 1)
    ask = [estimate_regions(network, box(network), time_limit=None, seed=seed, budget=NO_LIST) for seed in (3, 3, 4)]
    one, same, other = (replace(found, seconds=0.0, pace=None, expected_seconds=None) for found in ask)
    assert one == same and one.count != other.count


def test_more_batches_of_the_last_width_are_joined() -> None:
    network = he_network(2, 4, 8, 6, 1)
    budget = replace(NO_LIST, widths=(1, 4), batches=3)
    found = estimate_regions(network, box(network), time_limit=None, budget=budget)
    assert found.descents == 16 * 4 * 3


def test_wide_batches_are_left_out_where_dictionaries_would_be_large() -> None:
    network = he_network(2, 4, 8, 6, 1)
    budget = replace(NO_LIST, widths=(1, 4, 10**9), most_entries=16 * 4 * 15 * 4)
    assert estimate_regions(network, box(network), time_limit=None, budget=budget).descents == 64


def test_too_little_time_leaves_bounds() -> None:
    network = he_network(2, 30, 200, 200, 1)
    found = estimate_regions(network, box(network), time_limit=1e-6)
    assert found.status is EstimateStatus.UNKNOWN and found.count is None and found.expected_seconds is None
    assert 0 <= found.low <= 1 < found.high == most_regions((200, 200), 30)
    assert "regions" in estimate_in_words(found)


def test_nothing_is_compiled(tmp_path: Path) -> None:
    """Without a cache, everything is interpreted, and so is what comes next in the process, for as long as usual."""
    script = (
        "import numpy as np, relugeom as rg\n"
        "from relugeom.geometry.compiled import COMPILE_AFTER, compiled_kernels\n"
        "from relugeom.search.cone_search import search_cones\n"
        "random = np.random.default_rng(0)\n"
        "layers = [(random.normal(size=(20, 4)), random.normal(size=20)), (np.ones((1, 20)), [0.0])]\n"
        "network = rg.ReLUNetwork.from_layers(*layers)\n"
        "found = rg.estimate_regions(network, rg.Domain.box(-np.ones(4), np.ones(4)), time_limit=0.5)\n"
        "print(compiled_kernels(), found.machine_code, search_cones.patience == COMPILE_AFTER)\n"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "() False True" and not list(tmp_path.rglob("*.nbc"))


@pytest.mark.parametrize("limit", [-1.0, float("nan")])
def test_a_limit_is_a_number_of_seconds(limit: float) -> None:
    network = he_network(1, 2, 3, 1)
    with pytest.raises(InputError, match="time limit"):
        estimate_regions(network, box(network), time_limit=limit)


def test_bad_domains_are_refused() -> None:
    network = he_network(1, 2, 3, 1)
    with pytest.raises(InputError):
        estimate_regions(network, Domain.everything(3))
    nothing = Domain(np.zeros(2), np.ones(2), A=[[1.0, 1.0]], b=[-1.0])
    with pytest.raises(EmptyDomainError):
        estimate_regions(network, nothing)


def tabular(seed: int) -> ReLUNetwork:
    """A network fitted to a table of two clouds, by full-batch gradient descent."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(200, 6)) + np.where(np.arange(200)[:, None] % 2, 0.7, -0.7)
    y = np.arange(200) % 2
    W, b, v = random.normal(size=(10, 6)) * 0.6, np.zeros(10), random.normal(size=10) * 0.4
    for _ in range(300):
        h = np.maximum(X @ W.T + b, 0.0)
        slope = (1.0 / (1.0 + np.exp(-h @ v)) - y) / len(y)
        back = slope[:, None] * v * (h > 0.0)
        v, W, b = v - h.T @ slope, W - back.T @ X, b - back.sum(axis=0)
    return layered((W, b), (v[None, :], [0.0]))


FAMILY = {
    "shallow": (he_network(11, 5, 12, 1), None),
    "deep": (he_network(12, 3, 6, 6, 6, 1), None),
    "many inputs": (he_network(13, 8, 6, 5, 1), None),
    "bias-free": (hidden((he_network(14, 4, 9, 1).weights[0], np.zeros(9))), None),
    "central": (threshold(5), 1882),
    "resonance": (resonance(4), 370),
    "generic": (generic(12, 4), sum(comb(12, k) for k in range(5))),
    "tabular": (tabular(15), None),
}


@pytest.mark.parametrize("name", FAMILY)
def test_intervals_contain_the_number_of_regions(name: str) -> None:
    """In at least 90 of 100 seeds, from few descents; the estimate is right on average."""
    network, count = FAMILY[name]
    domain = Domain.everything(network.inputs) if name == "generic" else box(network, 3.0)
    truth = count or len(enumerate_regions(network, domain))
    tree, random = SplitTree(Setup(network, domain_chart(domain))), np.random.default_rng(16)
    groups, seeds = 16, 100
    found = descend(tree, groups=groups * seeds, width=4, random=random, deadline=NEVER)
    intervals = [interval_of_mean(logs) for logs in found.logs.reshape(seeds, groups)]
    hits = sum(low <= log(truth) <= high for _, low, high in intervals)
    assert hits >= 90
    estimates = np.exp(found.logs)
    assert abs(estimates.mean() - truth) <= 4.0 * estimates.std(ddof=1) / len(estimates) ** 0.5


@pytest.mark.parametrize("spread", [0.01, 0.3, 1.0, 2.0])
def test_the_interval_of_a_heavy_tail_reaches_the_mean(spread: float) -> None:
    """Log-normal numbers: the mean e^(s²/2) lies in 90 of 100 intervals, although most samples lie far below it."""
    logs = np.random.default_rng(1).normal(scale=spread, size=(500, 16))
    hits = sum(low <= spread**2 / 2 <= high for _, low, high in map(interval_of_mean, logs))
    assert hits >= 450


@given(logs=st.lists(st.floats(-500.0, 5000.0), min_size=2, max_size=40))
def test_an_interval_contains_its_estimate(logs: list[float]) -> None:
    centre, low, high = interval_of_mean(np.array(logs))
    assert low < centre < high and max(logs) - log(len(logs)) - 1e-9 <= centre <= max(logs) + 1e-9


def test_no_network_exceeds_the_bound() -> None:
    for network, _ in FAMILY.values():
        assert len(enumerate_regions(network, box(network), max_regions=1000)) <= most_regions(network.widths, 9)
    assert most_regions((12,), 4) == sum(comb(12, k) for k in range(5))
    assert most_regions((3, 2), 10) == 2**5
    assert most_regions((1, 50), 10) == 2 * 51
    assert most_regions((100_000,) * 100, 50_000) == 10**1000


def test_huge_numbers_stay_numbers() -> None:
    """A number of regions may lie beyond the floats."""
    found = RegionEstimate(
        count=10**400,
        low=10**399,
        high=10**401,
        confidence=0.95,
        exact=False,
        descents=16,
        patterns=16,
        seconds=1.0,
        expected_seconds=float("inf"),
        pace=1e5,
        machine_code=True,
        seed=0,
    )
    assert "1.0 · 10^400 regions" in estimate_in_words(found)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (7, "7"),
        (93, "93"),
        (937, "940"),
        (1_437, "1,400"),
        (99_600, "100,000"),
        (999_999, "1.0 · 10^6"),
        (1_370_416, "1.4 · 10^6"),
        (9_960_000, "1.0 · 10^7"),
        (437 * 10**30, "4.4 · 10^32"),
    ],
)
def test_two_digits_are_meant(number: int, words: str) -> None:
    assert rounded(number) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.123, "0.12 s"),
        (90.0, "90 s"),
        (600.0, "10 minutes"),
        (86_400.0, "24 hours"),
        (3e7, "350 days"),
        (1e20, "3.2 · 10^12 years"),
    ],
)
def test_durations_have_a_unit_that_fits(seconds: float, words: str) -> None:
    network = he_network(1, 2, 3, 1)
    found = replace(estimate_regions(network, box(network)), expected_seconds=seconds)
    assert duration_in_words(found) == f"about {words}"
