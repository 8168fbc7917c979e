"""Enumerating regions: the engine beside affinitree and beside one warm HiGHS program per question, in one run.

    python benchmarks/enumerate_regions.py [--nets FOLDER] [--runs 5] [--large]

Every figure is the median of several runs of the same search in this process, taken in turn (engine, peer, …) so
that a drift of the machine touches both. Networks are made here (He weights, fixed seeds); with `--nets` `.npz` files
of a folder are used where their names match. Nothing is asserted; counts that differ are printed.
"""

import argparse
import contextlib
import itertools
import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from relugeom import Domain, ReLUNetwork, enumerate_regions, load_network
from relugeom.partition.enumeration import enumerate_by_reference

UNBOUNDED = ["he_2_16_1", "he_2_16_16_1", "he_2_32_32_1", "he_3_8_8_1", "he_3_16_16_1", "he_4_12_12_1", "he_5_10_10_1"]
BOUNDED = ["box_d2_32_32", "box_d4_12_12", "box_d6_10_10"]
SCALING = ["box_d2_64_64", "box_d3_32_32_32", "box_d5_20_20", "box_d10_12_8"]
LARGE = ["box_d10_16_16"]


def named_network(name: str, folder: Path | None) -> ReLUNetwork:
    """The network of a name like he_2_16_16_1 or box_d6_10_10: from the folder, or made with a seed."""
    if folder is not None and (folder / f"{name}.npz").exists():
        return load_network(folder / f"{name}.npz")
    sizes = [int(part.lstrip("d")) for part in name.split("_")[1:]]
    if name.startswith("box"):
        sizes.append(1)
    rng = np.random.default_rng(sum(sizes))
    layers = [
        (rng.normal(size=(here, below)) * np.sqrt(2 / below), rng.normal(size=here) * 0.1)
        for below, here in itertools.pairwise(sizes)
    ]
    return ReLUNetwork.from_layers(*layers)


def affinitree_count(network: ReLUNetwork) -> int:
    """Regions of R^n as affinitree's tree has them."""
    import affinitree

    architecture = affinitree.Architecture(network.inputs)
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        architecture.linear(affinitree.AffFunc.from_mats(weight, bias))
        architecture.relu()
    architecture.linear(affinitree.AffFunc.from_mats(network.weights[-1], network.biases[-1]))
    with silence():
        return affinitree.builder.from_layers(architecture).num_terminals()


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Nothing on the standard streams, not even from compiled code."""
    saved = [os.dup(1), os.dup(2)]
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
        try:
            yield
        finally:
            for place, stream in zip((1, 2), saved, strict=True):
                os.dup2(stream, place)
                os.close(stream)


def measure(tasks: list[Callable[[], int]], runs: int) -> list[tuple[int, float]]:
    """Answer and median seconds of each task, run in turn."""
    seconds: list[list[float]] = [[] for _ in tasks]
    answers = [0] * len(tasks)
    for _ in range(runs):
        for place, task in enumerate(tasks):
            start = time.perf_counter()
            answers[place] = task()
            seconds[place].append(time.perf_counter() - start)
    return [(answer, statistics.median(times)) for answer, times in zip(answers, seconds, strict=True)]


def row(name: str, ours: tuple[int, float], peer: tuple[int, float] | None) -> str:
    """One line of the table."""
    count, seconds = ours
    line = f"{name:18} {count:>10,} {seconds / count * 1e6:>10.2f}"
    if peer is None:
        return line
    different = "" if peer[0] == count else f"   (the peer counts {peer[0]:,})"
    return f"{line} {peer[1] / peer[0] * 1e6:>12.1f} {peer[1] / seconds:>8.0f}x{different}"


def count(network: ReLUNetwork, domain: Domain, threads: int = 1) -> int:
    """Regions as the engine has them."""
    return len(enumerate_regions(network, domain, threads=threads))


def reference_count(network: ReLUNetwork, domain: Domain) -> int:
    """Regions as the plain enumerator has them."""
    return len(enumerate_by_reference(network, domain))


def box(network: ReLUNetwork) -> Domain:
    """[-1, 1]^n."""
    return Domain.box(-np.ones(network.inputs), np.ones(network.inputs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nets", type=Path, help="folder of .npz files to use where names match")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--large", action="store_true", help="also the network with more than a million regions")
    options = parser.parse_args()
    start = time.perf_counter()
    len(enumerate_regions(named_network("he_2_16_1", None), Domain.everything(2)))
    print(f"first search of this process, compilation or its cache included: {time.perf_counter() - start:.1f} s\n")
    heading = f"{'network':18} {'regions':>10} {'µs/region':>10} {'peer µs':>12} {'ratio':>9}"

    print("all of R^n, one thread; peer: affinitree\n" + heading)
    for name in UNBOUNDED:
        network = named_network(name, options.nets)
        search = partial(count, network, Domain.everything(network.inputs))
        ours, peer = measure([search, partial(affinitree_count, network)], options.runs)
        print(row(name, ours, peer), flush=True)

    print("\n[-1, 1]^n, one thread; peer: one warm HiGHS program per question (the plain enumerator)\n" + heading)
    for name in BOUNDED:
        network = named_network(name, options.nets)
        ours, peer = measure(
            [partial(count, network, box(network)), partial(reference_count, network, box(network))], options.runs
        )
        print(row(name, ours, peer), flush=True)

    print("\n[-1, 1]^n, two threads beside one\n" + heading.replace("peer µs", "2 threads µs").replace("ratio", "gain"))
    for name in SCALING + (LARGE if options.large else []):
        network = named_network(name, options.nets)
        runs = options.runs if name in SCALING else min(3, options.runs)
        one, two = measure([partial(count, network, box(network), threads=threads) for threads in (1, 2)], runs)
        print(f"{row(name, one, None)} {two[1] / two[0] * 1e6:>12.2f} {one[1] / two[1]:>8.2f}x", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nlargest memory of this process: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
