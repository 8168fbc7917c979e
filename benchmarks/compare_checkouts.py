"""Two checkouts of the project beside each other: the same work, in turn, in one run.

    git worktree add ../before COMMIT
    python benchmarks/compare_checkouts.py ../before . [--runs 5] [--only regions]

One process per checkout does each piece of work once unmeasured, so that compiled code is loaded, then several times,
the checkouts in turn. Figures are medians of processor seconds, child processes included; other programs on the machine
disturb them less than wall time. Only names that users are promised are used, so that distant versions can be compared.
Nothing is asserted; answers that differ are printed.
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

Work = Callable[[Path], object]
RATIO = "new/old"


def processor_seconds() -> float:
    """Of this process and of the children that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def pieces_of_work(examples: Path) -> dict[str, Work]:
    """The work by name; each takes a folder for what it writes and returns an answer to compare."""
    import numpy as np

    import relugeom as rg

    rng = np.random.default_rng(1)

    def network(*sizes: int) -> Any:
        layers = [
            (rng.normal(size=(here, below)) * np.sqrt(2 / below), rng.normal(size=here) * 0.1)
            for below, here in itertools.pairwise(sizes)
        ]
        return rg.ReLUNetwork.from_layers(*layers)

    def box(net: Any) -> Any:
        return rg.Domain.box(-np.ones(net.inputs), np.ones(net.inputs))

    few, deep, many, wide = network(3, 24, 24, 1), network(5, 12, 10, 1), network(10, 10, 6, 1), network(30, 64, 64, 1)
    small = network(2, 4, 1)
    samples, wide_samples = rng.uniform(-1, 1, (200_000, 10)), rng.normal(size=(20_000, 30))
    model, data, domain = (
        str(examples / "titanic" / name) for name in ("network.onnx", "passengers.csv", "domain.toml")
    )

    def certify(net: Any, folder: Path) -> int:
        return int(rg.certify_partition(rg.enumerate_regions(net, box(net)), folder / "partition.cert").size)

    def check(net: Any, folder: Path) -> bytes:
        place = folder / "partition.cert"
        rg.certify_partition(rg.enumerate_regions(net, box(net)), place)
        checker = Path(rg.__file__).with_name("checker.py")
        return subprocess.run([sys.executable, "-I", "-S", checker, place], capture_output=True, check=True).stdout[:8]

    def verb(*words: str) -> Work:
        def run(folder: Path) -> int:
            command = [sys.executable, "-m", "relugeom", *words]
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
            if done.returncode > 1:
                print(*command, done.stderr, file=sys.stderr)
            return done.returncode

        return run

    def verb_on(net: Any, *words: str) -> Work:
        weights = {f"W{place}": weight for place, weight in enumerate(net.weights)}
        biases = {f"b{place}": bias for place, bias in enumerate(net.biases)}

        def run(folder: Path) -> int:
            np.savez(folder / "model.npz", allow_pickle=False, **weights, **biases)
            return verb(*words)(folder)

        return run

    def regions(count: int, *sizes: int) -> Work:
        own = np.random.default_rng(0)
        layers = [
            (own.normal(size=(here, below)) / np.sqrt(below), own.normal(size=here) * 0.1)
            for below, here in itertools.pairwise((*sizes, 1))
        ]
        net = rg.ReLUNetwork.from_layers(*layers)
        return lambda _: len(rg.enumerate_regions(net, box(net), max_regions=count, threads=1))

    return {
        "100,000 regions of 13-50": regions(100_000, 13, 50),
        "100,000 regions of 16-22-10": regions(100_000, 16, 22, 10),
        "20,000 regions of 20-64-32-16-8-4": regions(20_000, 20, 64, 32, 16, 8, 4),
        "5,000 regions of 784-10-10": regions(5_000, 784, 10, 10),
        "enumerate 3-24-24": lambda _: len(rg.enumerate_regions(few, box(few))),
        "enumerate 5-12-10": lambda _: len(rg.enumerate_regions(deep, box(deep))),
        "enumerate 10-10-6": lambda _: len(rg.enumerate_regions(many, box(many))),
        "enumerate 2-4, 50 times": lambda _: sum(len(rg.enumerate_regions(small, box(small))) for _ in range(50)),
        "enumerate and certify 10-10-6": lambda folder: certify(many, folder),
        "enumerate and certify 5-12-10": lambda folder: certify(deep, folder),
        "the same and check": lambda folder: check(deep, folder),
        "cluster 200,000 x 10": lambda _: len(rg.cluster_samples(many, samples)),
        "cluster 20,000 x 30": lambda _: len(rg.cluster_samples(wide, wide_samples)),
        "relugeom --help": verb("--help"),
        "relugeom inspect, Titanic": verb("inspect", model),
        "relugeom cluster, Titanic": verb("cluster", model, data, "--target", "Survived"),
        "relugeom enumerate --store 10-10-6": verb_on(
            many, "enumerate", "model.npz", "--domain", "box:-1,1", "--store", "regions.db"
        ),
        "relugeom audit, Titanic": verb(
            "audit", model, data, "--target", "Survived", "--domain", domain, "--out", "audit"
        ),
    }


def serve(examples: Path) -> None:
    """Do the work named on standard input, line by line; print its processor seconds and its answer."""
    with tempfile.TemporaryDirectory() as home:
        work = pieces_of_work(examples)
        print(*work, sep="\n", flush=True)
        print(flush=True)
        for line in sys.stdin:
            with tempfile.TemporaryDirectory(dir=home) as folder:
                start = processor_seconds()
                answer = work[line.rstrip("\n")](Path(folder))
                print(f"{processor_seconds() - start:.6f} {answer!r}", flush=True)


def start(checkout: Path) -> subprocess.Popen[str]:
    """A process that works with the package of a checkout."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = kept | {"PYTHONPATH": str(checkout.resolve()), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--serve", str(checkout.resolve() / "examples")]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(worker: subprocess.Popen[str], name: str) -> tuple[float, str]:
    """Processor seconds of a piece of work, and its answer."""
    assert worker.stdin and worker.stdout
    print(name, file=worker.stdin, flush=True)
    seconds, answer = worker.stdout.readline().rstrip("\n").split(" ", 1)
    return float(seconds), answer


def compare(old: Path, new: Path, runs: int, only: str) -> None:
    """The table, of the work whose name contains a text."""
    workers = [start(old), start(new)]
    try:
        names = [list(iter(lambda out=worker.stdout: out.readline().rstrip("\n"), "")) for worker in workers]
        print(f"{'work':36} {'old, s':>10} {'new, s':>10} {RATIO:>8}")
        for name in (name for name in names[1] if only in name):
            warm = [ask(worker, name)[1] for worker in workers]
            taken = [[ask(worker, name)[0] for worker in workers] for _ in range(runs)]
            before, after = (statistics.median(times) for times in zip(*taken, strict=True))
            different = "" if warm[0] == warm[1] else f"   (the answers differ: {warm[0]}, {warm[1]})"
            print(f"{name:36} {before:>10.4f} {after:>10.4f} {after / before:>8.3f}{different}", flush=True)
    finally:
        for worker in workers:
            worker.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", nargs="*", type=Path, metavar="OLD NEW")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", metavar="TEXT", help="do the work whose name contains this text")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        serve(options.serve)
    elif len(options.checkouts) == 2:
        compare(*options.checkouts, options.runs, options.only)
    else:
        parser.error("name two checkouts: the older and the newer one")


if __name__ == "__main__":
    main()
