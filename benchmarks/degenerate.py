"""Degenerate networks with float weights: processor time per region, of one checkout or of two beside each other.

    python benchmarks/degenerate.py [--runs 3] [--seconds 60] [--old CHECKOUT] [--certify]

Units are repeated, scaled or negated; hyperplanes meet in one point; two equal streams run side by side; Max and Min
are layers of their own. Every figure is the median of several searches in a process that has compiled code at hand; a
search that takes longer than `--seconds` is measured on the regions found until then. Nothing is asserted; counts that
differ are printed.
"""

import argparse
import itertools
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Case = tuple[Any, Any]


def arrangement(normals: Any, offsets: Any = None) -> Any:
    """A network of one hidden layer."""
    from relugeom import ReLUNetwork

    normals = np.array(normals, dtype=np.float64)
    offsets = np.zeros(len(normals)) if offsets is None else offsets
    return ReLUNetwork.from_layers((normals, offsets), (np.ones((1, len(normals))), [0.0]))


def cube(network: Any) -> Any:
    """[-1, 1]^n."""
    from relugeom import Domain

    return Domain.box(-np.ones(network.inputs), np.ones(network.inputs))


def everywhere(network: Any) -> Any:
    """All of R^n."""
    from relugeom import Domain

    return Domain.everything(network.inputs)


def repeated(factors: list[float]) -> Case:
    """Ten generic hyperplanes in R^5, and each again once per factor."""
    random = np.random.default_rng(10)
    normals, offsets = random.normal(size=(10, 5)), 0.3 * random.normal(size=10)
    scales = np.array([1.0, *factors])
    network = arrangement(
        np.repeat(normals, len(scales), axis=0) * np.tile(scales, 10)[:, None], np.outer(offsets, scales).ravel()
    )
    return network, cube(network)


def one_doubled() -> Case:
    """The same hyperplanes, with a double of the last."""
    random = np.random.default_rng(10)
    normals, offsets = random.normal(size=(10, 5)), 0.3 * random.normal(size=10)
    network = arrangement([*normals, 2.0 * normals[-1]], [*offsets, 2.0 * offsets[-1]])
    return network, cube(network)


def integers_twice() -> Case:
    """Ten hyperplanes with small integers in R^5, each twice."""
    random = np.random.default_rng(11)
    normals, offsets = random.integers(-4, 5, (10, 5)), random.integers(-2, 3, 10)
    network = arrangement(np.repeat(normals, 2, axis=0), np.repeat(offsets, 2).astype(float))
    return network, cube(network)


def signed_pairs(n: int, domain: Callable[[Any], Any]) -> Case:
    """The hyperplanes x_0 = ±x_i."""
    eye = np.eye(n)
    network = arrangement([eye[0] + sign * eye[i] for i in range(1, n) for sign in (1, -1)])
    return network, domain(network)


def central(m: int, n: int, domain: Callable[[Any], Any], seed: int = 12) -> Case:
    """Random hyperplanes through the origin."""
    network = arrangement(np.random.default_rng(seed).normal(size=(m, n)))
    return network, domain(network)


def concurrent(m: int, n: int) -> Case:
    """Hyperplanes through one point other than the origin, whose coordinates are short enough for exact biases."""
    random = np.random.default_rng(13)
    normals = np.round(random.normal(size=(m, n)) * 2**20) / 2**20
    point = np.array([0.25, -0.5, 0.375, 0.125, -0.25])[:n]
    network = arrangement(normals, -(normals @ point))
    return network, cube(network)


def twin(n: int, sizes: tuple[int, ...]) -> Case:
    """Two equal streams that only meet in the output."""
    from relugeom import ReLUNetwork

    random = np.random.default_rng(14)
    layers, below = [], n
    for here in sizes:
        weight, bias = random.normal(size=(here, below)), 0.3 * random.normal(size=here)
        stacked = np.vstack([weight, weight]) if not layers else np.kron(np.eye(2), weight)
        layers.append((stacked, np.concatenate([bias, bias])))
        below = here
    layers.append((np.ones((1, 2 * below)), np.zeros(1)))
    network = ReLUNetwork.from_layers(*layers)
    return network, cube(network)


def copying_layers(n: int, width: int, copies: int) -> Case:
    """A random layer, and layers that pass on its outputs."""
    from relugeom import ReLUNetwork

    random = np.random.default_rng(15)
    layers = [(random.normal(size=(width, n)), 0.3 * random.normal(size=width))]
    layers += [(np.eye(width) * random.choice([0.5, 1.0, 2.0], width)[:, None], np.zeros(width)) for _ in range(copies)]
    network = ReLUNetwork.from_layers(*layers, (np.ones((1, width)), np.zeros(1)))
    return network, cube(network)


def without_bias(n: int, *sizes: int) -> Case:
    """A random network with several layers and no bias."""
    from relugeom import ReLUNetwork

    random = np.random.default_rng(16)
    layers = [(random.normal(size=(here, below)), np.zeros(here)) for below, here in itertools.pairwise((n, *sizes, 1))]
    network = ReLUNetwork.from_layers(*layers)
    return network, cube(network)


def lattice(n: int, pieces: int, *fans: int) -> Case:
    """Affine pieces joined by Max and Min in turn: fans[0] of them at a time, then fans[1] of what came out, …"""
    import onnx
    from onnx import helper, numpy_helper

    from relugeom import load_network

    random = np.random.default_rng(17)
    weights, offsets = random.normal(size=(n, pieces)), 0.3 * random.normal(size=pieces)
    nodes, tensors, names = [], [], []
    for piece in range(pieces):
        tensors += [numpy_helper.from_array(weights[:, piece : piece + 1], f"w{piece}")]
        tensors += [numpy_helper.from_array(offsets[piece : piece + 1], f"b{piece}")]
        nodes.append(helper.make_node("Gemm", ["x", f"w{piece}", f"b{piece}"], [f"piece{piece}"]))
        names.append(f"piece{piece}")
    for level, fan in enumerate(fans):
        groups = [names[begin : begin + fan] for begin in range(0, len(names), fan)]
        names = [f"level{level}_{place}" for place in range(len(groups))]
        for group, name in zip(groups, names, strict=True):
            nodes.append(helper.make_node("Max" if level % 2 else "Min", group, [name]))
    inputs = [helper.make_tensor_value_info("x", onnx.TensorProto.DOUBLE, [None, n])]
    outputs = [helper.make_tensor_value_info(names[0], onnx.TensorProto.DOUBLE, [None, 1])]
    graph = helper.make_graph(nodes, "lattice", inputs, outputs, tensors)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "lattice.onnx"
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), place)
        network = load_network(place)
    return network, cube(network)


CASES: dict[str, Callable[[], Case]] = {
    "10 generic hyperplanes, cube of R^5": lambda: repeated([]),
    "the same, each unit twice": lambda: repeated([1.0]),
    "the same, second copy scaled by 2": lambda: repeated([2.0]),
    "the same, second copy scaled by -3": lambda: repeated([-3.0]),
    "the same, one unit doubled": one_doubled,
    "integer weights, each twice": integers_twice,
    "x0 = ±x_i, R^8": lambda: signed_pairs(8, everywhere),
    "x0 = ±x_i, R^9": lambda: signed_pairs(9, everywhere),
    "x0 = ±x_i, cube of R^9": lambda: signed_pairs(9, cube),
    "12 planes through 0, R^3": lambda: central(12, 3, everywhere),
    "12 planes through 0, cube of R^3": lambda: central(12, 3, cube),
    "11 hyperplanes through 0, R^7": lambda: central(11, 7, everywhere),
    "11 hyperplanes through 0, cube of R^7": lambda: central(11, 7, cube),
    "10 hyperplanes through a point, cube of R^4": lambda: concurrent(10, 4),
    "twin streams 3-[8,6]": lambda: twin(3, (8, 6)),
    "twin streams 7-[5,4]": lambda: twin(7, (5, 4)),
    "two layers that copy, 4-[8,8,8]": lambda: copying_layers(4, 8, 2),
    "no bias, 3-[8,8]": lambda: without_bias(3, 8, 8),
    "no bias, 7-[6,5]": lambda: without_bias(7, 6, 5),
    "Max of Min, 8 pieces, R^2": lambda: lattice(2, 8, 4, 2),
    "Max of Min, 8 pieces, R^4": lambda: lattice(4, 8, 2, 4),
    "tree of Max and Min, 32 pieces, R^2": lambda: lattice(2, 32, 2, 2, 2, 2, 2),
}


def processor_seconds() -> float:
    """Of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(case: Case, seconds: float, certify: bool) -> tuple[float, int, str]:
    """Processor seconds of a search, of its certificate if that is wanted, and the regions found."""
    import relugeom as rg

    network, domain = case
    start = processor_seconds()
    partition = rg.enumerate_regions(network, domain, time_limit=seconds)
    taken = processor_seconds() - start
    if certify and partition.status.value == "complete":
        with tempfile.TemporaryDirectory() as folder:
            start = processor_seconds()
            rg.certify_partition(partition, Path(folder) / "partition.cert")
            taken = processor_seconds() - start
    return taken, len(partition), "" if partition.status.value == "complete" else "+"


def serve(runs: int, seconds: float, certify: bool) -> None:
    """Measure the cases named on standard input, line by line."""
    try:
        from relugeom.geometry.compiled import interpreted_for
    except ImportError:  # an older checkout compiles at once
        from contextlib import nullcontext

        def interpreted_for(_: float) -> Any:
            return nullcontext()

    for line in sys.stdin:
        case = CASES[line.rstrip("\n")]()
        with interpreted_for(0):
            measure(case, 1.0, certify)
            results = [measure(case, seconds, certify)]
            if results[0][0] < seconds / 10:
                results += [measure(case, seconds, certify) for _ in range(runs - 1)]
        print(statistics.median(taken for taken, _, _ in results), results[0][1], results[0][2] or "-", flush=True)


def start(checkout: Path, options: argparse.Namespace) -> subprocess.Popen[str]:
    """A process that works with the package of a checkout."""
    environment = os.environ | {"PYTHONPATH": str(checkout.resolve()), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--serve", f"--runs={options.runs}", f"--seconds={options.seconds}"]
    command += ["--certify"] if options.certify else []
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(worker: subprocess.Popen[str], name: str) -> tuple[float, str]:
    """Microseconds per region, and the regions."""
    assert worker.stdin
    assert worker.stdout
    print(name, file=worker.stdin, flush=True)
    taken, count, more = worker.stdout.readline().split()
    return 1e6 * float(taken) / max(int(count), 1), f"{int(count):,}{'' if more == '-' else more}"


def compare(options: argparse.Namespace) -> None:
    """The table."""
    here = Path(__file__).resolve().parents[1]
    workers = [start(checkout, options) for checkout in ([options.old] if options.old else []) + [here]]
    heading = ["old, µs", "new, µs"] if options.old else ["µs"]
    print("| network | regions |", *(f"{title} |" for title in heading))
    print("|---|---|" + "---|" * len(workers))
    try:
        for name in CASES:
            if options.only in name:
                found = [ask(worker, name) for worker in workers]
                counts = dict.fromkeys(count for _, count in found)
                figures = [f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}" for figure, _ in found]
                print(f"| {name} | {' / '.join(counts)} |", *(f"{figure} |" for figure in figures), flush=True)
    finally:
        for worker in workers:
            worker.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60.0, help="end a search after this time")
    parser.add_argument("--old", type=Path, help="an older checkout to measure as well")
    parser.add_argument("--only", default="", help="measure cases whose name contains this")
    parser.add_argument("--certify", action="store_true", help="measure certificates in place of searches")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.runs, options.seconds, options.certify)
    else:
        compare(options)


if __name__ == "__main__":
    main()
