"""Estimates of the number of regions against counts: how often the interval contains the count, and how wide it is.

    python benchmarks/estimate_regions.py [--seeds 200] [--nets FOLDER] [--seconds 2]

Each row is one network with a known count and one size of the estimate: 16 groups of that many descents each, without
the short search that would list a small network. With `--seconds`, also estimates as users get them, within that time,
but again without the search. Networks are made here or are arrangements whose counts are theorems; `--nets` takes those
of a folder where their names match. Nothing is asserted.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path

import numpy as np

from relugeom import Domain, EstimateBudget, ReLUNetwork, enumerate_regions, estimate_regions, load_network

HEADING = "| network | regions | descents | within the interval | mean / count | interval, typically | processor s |"
NOT_LISTED = {"listing": 1e-9, "listing_seconds": 1e-9}
WIDTHS = (1, 4, 16)
MADE = ["box_d2_16_16", "box_d3_16_16_16", "box_d5_20_20", "box_d6_10_10", "box_d10_12_8", "box_d10_16_16"]


def made(name: str, folder: Path | None) -> ReLUNetwork:
    """The network of a name like box_d6_10_10: from the folder, or made with a seed."""
    if folder is not None and (folder / f"{name}.npz").exists():
        return load_network(folder / f"{name}.npz")
    sizes = [int(part.lstrip("d")) for part in name.split("_")[1:]] + [1]
    random = np.random.default_rng(sum(sizes))
    return ReLUNetwork.from_layers(
        *[(random.normal(size=(m, n)) * (2 / n) ** 0.5, random.normal(size=m) * 0.1) for n, m in pairwise(sizes)]
    )


def without_bias(network: ReLUNetwork) -> ReLUNetwork:
    """The same weights, and no biases."""
    return ReLUNetwork.from_layers(*[(weight, np.zeros(len(weight))) for weight in network.weights])


def arrangement(normals: list[tuple[int, ...]]) -> ReLUNetwork:
    """One unit per hyperplane through the origin."""
    table = np.array(normals, dtype=float)
    return ReLUNetwork.from_layers((table, np.zeros(len(table))), (np.ones((1, len(table))), np.zeros(1)))


def fitted(inputs: int, width: int) -> ReLUNetwork:
    """A network fitted to a table of two clouds, by gradient descent on all rows."""
    random = np.random.default_rng(inputs + width)
    y = np.arange(400) % 2
    X = random.normal(size=(400, inputs)) + np.where(y[:, None] == 1, 0.5, -0.5)
    W, b, v = random.normal(size=(width, inputs)) * 0.6, np.zeros(width), random.normal(size=width) * 0.4
    for _ in range(500):
        h = np.maximum(X @ W.T + b, 0.0)
        slope = (1.0 / (1.0 + np.exp(-h @ v)) - y) / len(y)
        back = slope[:, None] * v * (h > 0.0)
        v, W, b = v - h.T @ slope, W - back.T @ X, b - back.sum(axis=0)
    return ReLUNetwork.from_layers((W, b), (v[None, :], np.zeros(1)))


def cases(folder: Path | None) -> Iterator[tuple[str, ReLUNetwork, Domain, int]]:
    """Names, networks, domains and counts."""
    networks = [(name, made(name, folder)) for name in MADE]
    networks += [
        ("without bias, 6-10-8", without_bias(made("box_d6_10_8", None))),
        ("without bias, 4-24", without_bias(made("box_d4_24", None))),
        ("fitted, 8-16", fitted(8, 16)),
        ("threshold, n = 5", arrangement([(1, *v) for v in product((1, -1), repeat=4)])),
        ("resonance, n = 5", arrangement([v for v in product((0, 1), repeat=5) if any(v)])),
    ]
    for name, network in networks:
        side = 3.0 if name.startswith("fitted") else 1.0
        domain = Domain.box(np.full(network.inputs, -side), np.full(network.inputs, side))
        yield name, network, domain, len(enumerate_regions(network, domain))
    plane = made("box_d3_16_16", None)
    yield "3-16-16 on R^3", plane, Domain.everything(3), len(enumerate_regions(plane, Domain.everything(3)))


def study(
    name: str, network: ReLUNetwork, domain: Domain, count: int, *, seeds: int, width: int | None, seconds: float
):
    """Print a row: estimates with a width, or in a time if that is None."""
    began = time.process_time()
    budget = EstimateBudget(**NOT_LISTED) if width is None else EstimateBudget(**NOT_LISTED, widths=(width,), batches=1)
    limit = seconds if width is None else None
    found = [estimate_regions(network, domain, seed=seed, time_limit=limit, budget=budget) for seed in range(seeds)]
    took = (time.process_time() - began) / seeds
    within = sum(each.low <= count <= each.high for each in found)
    assert all(each.patterns <= each.low for each in found)
    mean = statistics.fmean(each.count / count for each in found)
    low, high = (statistics.median(getattr(each, side) / each.count for each in found) for side in ("low", "high"))
    descents = f"{statistics.median(each.descents for each in found):,.0f}"
    share = f"{within} of {seeds} ({within / seeds:.1%})"
    print(
        f"| {name} | {count:,} | {descents} | {share} | {mean:.3f} | × {low:.2f} to {high:.2f} | {took:.2f} |",
        flush=True,
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--nets", type=Path)
    parser.add_argument("--seconds", type=float)
    options = parser.parse_args()
    print(HEADING, "|---|---|---|---|---|---|---|", sep="\n")
    for name, network, domain, count in cases(options.nets):
        for width in WIDTHS if options.seconds is None else (None,):
            study(name, network, domain, count, seeds=options.seeds, width=width, seconds=options.seconds or 0.0)


if __name__ == "__main__":
    main()
