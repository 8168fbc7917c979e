"""Certifying partitions beside enumerating them, and checking the certificates with the standard library alone.

    python benchmarks/certify_partitions.py [--nets FOLDER] [--runs 5] [--large]

Networks and medians as in `enumerate_regions.py`. A certificate is checked by a process of its own, `python -I -S
checker.py FILE` on one core; its time is that of the whole process, its memory the largest that it held. Nothing is
asserted, but a certificate that is not accepted is printed.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import enumerate_regions as shared
import numpy as np

import relugeom
from relugeom import Domain, ReLUNetwork, certify_partition, enumerate_regions, load_network

CHECKER = Path(relugeom.__file__).with_name("checker.py")
BOXES = ["box_d10_12_8", "box_d5_20_20", "box_d6_10_10"]
HE = [*shared.UNBOUNDED]
GROWTH = [(10, 8, 4), (10, 10, 4), (10, 10, 8), (10, 12, 8), (10, 12, 12)]
HEADING = (
    f"{'network':18} {'regions':>10} {'enumerate µs':>13} {'certify µs':>11} {'both/alone':>11} "
    f"{'bytes/region':>13} {'check 1/s':>10} {'check MB':>9}"
)


def check(path: Path) -> tuple[float, float]:
    """Seconds and megabytes of a process that checks a file."""
    script = (
        "import runpy, sys; sys.argv = sys.argv[1:]\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "finally: print([line for line in open('/proc/self/status') if 'VmHWM' in line][0].split()[1])\n"
    )
    start = time.perf_counter()
    arguments = [sys.executable, "-I", "-S", "-c", script, str(CHECKER), str(path)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{path.name} is not accepted: {done.stdout}{done.stderr}")
    return time.perf_counter() - start, float(done.stdout.split()[-1]) / 1024


def certify(network: ReLUNetwork, domain: Domain, path: Path) -> int:
    """Bytes of the certificate of a partition that is enumerated here."""
    return certify_partition(enumerate_regions(network, domain), path).size


def line(name: str, network: ReLUNetwork, domain: Domain, runs: int, peer: bool = False) -> str:
    """Enumerating, both, checking, and perhaps affinitree, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "partition.cert"
        tasks = [partial(shared.count, network, domain), partial(certify, network, domain, path)]
        tasks += [partial(shared.affinitree_count, network)] if peer else []
        measured = shared.measure(tasks, runs)
        checks = [check(path) for _ in range(min(runs, 3))]
    (regions, alone), (size, both) = measured[:2]
    seconds, memory = sorted(checks)[len(checks) // 2]
    text = (
        f"{name:18} {regions:>10,} {alone / regions * 1e6:>13.2f} {(both - alone) / regions * 1e6:>11.2f} "
        f"{both / alone:>11.2f} {size / regions:>13.0f} {regions / seconds:>10,.0f} {memory:>9.0f}"
    )
    if not peer:
        return text
    return f"{text} {measured[2][1] * 1e3:>11.1f} {measured[2][1] / (both + seconds):>7.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nets", type=Path, help="folder of .npz files to use where names match")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--large", action="store_true", help="also networks with more than a hundred thousand regions")
    options = parser.parse_args()
    for bound in (1.0, np.inf):  # loads what the tables time
        network = shared.named_network("box_d7_4_2", None)
        line("", network, Domain.box(np.full(7, -bound), np.full(7, bound)), 1)
    shared.count(shared.named_network("he_2_16_1", None), Domain.everything(2))

    print(f"bounded boxes, [-1, 1]^n\n{HEADING}")
    for name in BOXES:
        network = shared.named_network(name, options.nets)
        print(line(name, network, shared.box(network), options.runs), flush=True)
    print(f"\n[-100, 100]^n; peer: affinitree, which enumerates R^n, beside all three\n{HEADING} affinitree ms   ratio")
    for name in HE:
        network = shared.named_network(name, options.nets)
        domain = Domain.box(np.full(network.inputs, -100.0), np.full(network.inputs, 100.0))
        print(line(name, network, domain, options.runs, peer=True), flush=True)
    print(f"\nall of R^n, where multipliers are exact\n{HEADING}")
    for name in HE:
        network = shared.named_network(name, options.nets)
        print(line(name, network, Domain.everything(network.inputs), options.runs), flush=True)
    if options.nets is not None and (options.nets / f"{shared.ACAS[0]}.npz").exists():
        print(f"\nACAS Xu, the box of property 3\n{HEADING}")
        network, domain = load_network(options.nets / f"{shared.ACAS[0]}.npz"), Domain.box(*shared.ACAS[1:])
        print(line(shared.ACAS[0], network, domain, options.runs), flush=True)
    print(f"\ntime and memory against regions, [-1, 1]^n\n{HEADING}")
    for sizes in GROWTH if options.large else GROWTH[:3]:
        network = shared.named_network(f"box_d{'_'.join(map(str, sizes))}", None)
        print(line("-".join(map(str, sizes)), network, shared.box(network), 1), flush=True)


if __name__ == "__main__":
    main()
