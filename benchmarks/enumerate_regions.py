"""Enumerating regions: the engine beside affinitree, beside one warm HiGHS program per question, and by itself.

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
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from relugeom import Domain, ReLUNetwork, enumerate_regions, load_network
from relugeom.budget import SearchBudget
from relugeom.search.enumeration import enumerate_by_reference

Task = Callable[[ReLUNetwork, Domain], int]
HEADING = f"{'network':18} {'regions':>10} {'µs/region':>10} {'peer µs':>12} {'ratio':>9}"
UNBOUNDED = ["he_2_16_1", "he_2_16_16_1", "he_2_32_32_1", "he_3_8_8_1", "he_3_16_16_1", "he_4_12_12_1", "he_5_10_10_1"]
BOUNDED = ["box_d2_32_32", "box_d4_12_12", "box_d6_10_10"]
OWN_PATHS = ["box_d2_64_64", "box_d3_32_32_32", "box_d5_20_20"]
SCALING = ["box_d3_32_32_32", "box_d5_20_20", "box_d10_12_8"]
LARGE = ["box_d10_16_16"]
ACAS = ("acasxu_5_1", [-0.303531156, -0.009549297, 0.493380324, 0.3, 0.3], [-0.298552812, 0.009549297, 0.5, 0.5, 0.5])
BY_REGIONS = [(3, 6, 6), (3, 12, 12), (3, 24, 24), (3, 40, 40), (3, 64, 64), (5, 24, 24), (5, 36, 36)]
BY_UNITS = [(2, width, width) for width in (16, 32, 64, 128, 256)]
BY_INPUTS = [(inputs, 10, 8) for inputs in (1, 2, 3, 4, 5, 6, 8, 10)]


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


def count_by_dictionary(network: ReLUNetwork, domain: Domain) -> int:
    """Regions as the engine has them without generators: one simplex dictionary per cell."""
    budget = SearchBudget(cone_dimensions=0, integer_dimensions=0)
    return len(enumerate_regions(network, domain, budget=budget))


def arrangement(rows: list[tuple[int, ...]]) -> ReLUNetwork:
    """A layer of hyperplanes through the origin."""
    table = np.array(rows, dtype=np.float64)
    return ReLUNetwork.from_layers((table, np.zeros(len(table))), (np.ones((1, len(table))), np.zeros(1)))


def first_search(inputs: int) -> float:
    """Seconds of the first search after an installation, by a new process with an empty cache."""
    script = (
        "import time; start = time.perf_counter(); import numpy as np; from relugeom import *; "
        f"n = {inputs}; rng = np.random.default_rng(0); "
        "layers = [(rng.normal(size=(b, a)), rng.normal(size=b)) for a, b in ((n, 6), (6, 4), (4, 1))]; "
        "enumerate_regions(ReLUNetwork.from_layers(*layers), Domain.box(-np.ones(n), np.ones(n))); "
        "print(time.perf_counter() - start)"
    )
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    return float(done.stdout)


def reference_count(network: ReLUNetwork, domain: Domain) -> int:
    """Regions as the plain enumerator has them."""
    return len(enumerate_by_reference(network, domain))


def box(network: ReLUNetwork) -> Domain:
    """[-1, 1]^n."""
    return Domain.box(-np.ones(network.inputs), np.ones(network.inputs))


def compare(
    title: str, names: list[str], options: argparse.Namespace, ours: Task, peer: Task, *, bounded: bool
) -> None:
    """One table: two tasks on each network, in turn."""
    print(f"\n{title}\n{HEADING}")
    for name in names:
        network = named_network(name, options.nets)
        domain = box(network) if bounded else Domain.everything(network.inputs)
        print(row(name, *measure([partial(ours, network, domain), partial(peer, network, domain)], options.runs)))


def scale(title: str, cases: list[tuple[int, ...]], options: argparse.Namespace) -> None:
    """One table: networks of growing size on [-1, 1]^n."""
    print(f"\n{title}\n{HEADING[:40]}")
    for sizes in cases:
        network = named_network(f"box_d{'_'.join(map(str, sizes))}", None)
        runs = 1 if max(sizes) > 100 or sizes[0] == 5 else options.runs
        print(row("-".join(map(str, sizes)), *measure([partial(count, network, box(network))], runs), None), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nets", type=Path, help="folder of .npz files to use where names match")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--large", action="store_true", help="also networks with more than a million regions")
    options = parser.parse_args()
    for inputs in (3, 7):
        print(
            f"first search on {inputs} inputs after an installation, compilation included: {first_search(inputs):.1f} s"
        )
    for network in (named_network("he_2_16_1", None), named_network("box_d7_4_2", None)):
        count(network, box(network))  # loads what the tables time

    title = "all of R^n, one thread; peer: affinitree"
    compare(title, UNBOUNDED, options, count, lambda network, domain: affinitree_count(network), bounded=False)
    title = "[-1, 1]^n, one thread; peer: one warm HiGHS program per question (the plain enumerator)"
    compare(title, BOUNDED, options, count, reference_count, bounded=True)
    title = "[-1, 1]^n, one thread; peer: the engine's own search with a dictionary"
    compare(title, OWN_PATHS, options, count, count_by_dictionary, bounded=True)

    if options.nets is not None and (options.nets / f"{ACAS[0]}.npz").exists():
        print(f"\nACAS Xu, the box of property 3, one thread\n{HEADING[:40]}")
        network, domain = load_network(options.nets / f"{ACAS[0]}.npz"), Domain.box(ACAS[1], ACAS[2])
        print(row(ACAS[0], *measure([partial(count, network, domain)], options.runs), None), flush=True)

    print(f"\ncentral arrangements with integer normals, [-1, 1]^n, one thread\n{HEADING[:40]}")
    for n in (4, 5, 6) if options.large else (4, 5):
        vectors = [vector for vector in itertools.product((0, 1), repeat=n) if any(vector)]
        signs = [(1, *signs) for signs in itertools.product((1, -1), repeat=n - 1)]
        for name, rows in ((f"resonance, n = {n}", vectors), (f"threshold, n = {n}", signs)):
            network = arrangement(rows)
            print(row(name, *measure([partial(count, network, box(network))], 1 if n == 6 else options.runs), None))

    scale("time against regions", BY_REGIONS[: None if options.large else 6], options)
    scale("time against units (2 inputs, two layers)", BY_UNITS, options)
    scale("time against inputs (layers of 10 and 8)", BY_INPUTS, options)

    print("\n[-1, 1]^n, two threads beside one\n" + HEADING.replace("peer µs", "2 threads µs").replace("ratio", "gain"))
    for name in SCALING + (LARGE if options.large else []):
        network = named_network(name, options.nets)
        runs = options.runs if name in SCALING else min(3, options.runs)
        one, two = measure([partial(count, network, box(network), threads=threads) for threads in (1, 2)], runs)
        print(f"{row(name, one, None)} {two[1] / two[0] * 1e6:>12.2f} {one[1] / two[1]:>8.2f}x", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nlargest memory of this process: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
