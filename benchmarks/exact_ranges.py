"""Times exact ranges: the largest and the least output on a box, proved, beside a mixed-integer program in floats.

    python benchmarks/exact_ranges.py [--seeds K] [--limit SECONDS]

Networks have random weights (He), boxes the sides −1 and 1. Both sides run one after the other in this process, on one
core; times are seconds of the processor. relugeom's end is exact and has a certificate; what the file takes and how
long `checker.py` takes in this process is given. The peer is HiGHS's mixed-integer solver on the usual encoding, with
a binary variable for each unit that interval bounds leave open; its answer is a float, and nobody can check it.
"""

import argparse
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

import relugeom as rg
from relugeom import checker

NETWORKS = ((10, 12, 8, 1), (5, 20, 20, 1), (20, 16, 16, 1))
COLUMNS = ("network", "ends", "proved", "relugeom, s", "HiGHS MILP, s", "ratio", "certificate, bytes", "checker, s")


def he_network(seed: int, sizes: tuple[int, ...]) -> rg.ReLUNetwork:
    """Random weights and small biases."""
    random = np.random.default_rng(seed)
    layers = [(random.normal(size=(b, a)) * np.sqrt(2 / a), random.normal(size=b) * 0.1) for a, b in pairwise(sizes)]
    return rg.ReLUNetwork.from_layers(*layers)


def peer(network: rg.ReLUNetwork, sign: float, limit: float) -> float | None:
    """The largest sign · y as a mixed-integer program has it; None if time ran out."""
    n, units = network.inputs, sum(network.widths)
    columns = n + 2 * units  # inputs, outputs of units, and which are active
    low, high = -np.ones(n), np.ones(n)
    rows, least, most = [], [], []
    below, first = np.arange(n), n
    upper = np.concatenate([np.ones(n), np.full(units, np.inf), np.ones(units)])
    for W, b in zip(network.weights[:-1], network.biases[:-1], strict=True):
        positive, negative = np.maximum(W, 0), np.minimum(W, 0)
        z_low, z_high = positive @ low + negative @ high + b, positive @ high + negative @ low + b
        for unit in range(len(b)):
            h, active = first + unit, first + unit + units
            row = np.zeros((3, columns))
            row[:, below] = -W[unit]  # h ≥ z; h ≤ z − low (1 − active); h ≤ high active
            row[2, below] = 0
            row[:, h] = 1
            row[1, active], row[2, active] = -min(z_low[unit], 0), -max(z_high[unit], 0)
            rows.append(row)
            least += [b[unit], -np.inf, -np.inf]
            most += [np.inf, b[unit] - min(z_low[unit], 0), 0]
        low, high = np.maximum(z_low, 0), np.maximum(z_high, 0)
        below, first = np.arange(first, first + len(b)), first + len(b)
    cost = np.zeros(columns)
    cost[below] = -sign * network.weights[-1][0]
    found = milp(
        cost,
        constraints=LinearConstraint(sparse.csr_array(np.vstack(rows)), least, most),
        bounds=Bounds(np.concatenate([-np.ones(n), np.zeros(2 * units)]), upper),
        integrality=np.concatenate([np.zeros(n + units), np.ones(units)]),
        options={"time_limit": limit},
    )
    return float(-found.fun + sign * network.biases[-1][0]) if found.status == 0 else None


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="networks of each size")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for each range, and each program")
    chosen = parser.parse_args()
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    for sizes in NETWORKS:
        print(line(sizes, chosen.seeds, chosen.limit), flush=True)


def line(sizes: tuple[int, ...], seeds: int, limit: float) -> str:
    """One line of the table: medians over both ends of all networks of a size."""
    ours, theirs, ratios, sizes_of_files, checking, proved = [], [], [], [], [], 0
    for seed in range(seeds):
        network = he_network(seed, sizes)
        domain = rg.Domain.box(-np.ones(sizes[0]), np.ones(sizes[0]))
        with tempfile.TemporaryDirectory() as folder:
            began = time.process_time()
            found = rg.output_bounds(network, domain, rg.Prover(network, certificates=folder), time_limit=2 * limit)
            ours.append((time.process_time() - began) / 2)
            for file in Path(folder).iterdir():
                sizes_of_files.append(file.stat().st_size)
                began = time.process_time()
                checker.check(file)
                checking.append(time.process_time() - began)
        values = []
        for sign, end in ((1.0, found.highest), (-1.0, found.lowest.negative)):
            proved += end.verdict == "holds"
            began = time.process_time()
            value = peer(network, sign, limit)
            theirs.append(time.process_time() - began)
            values.append(value)
            if value is not None and end.verdict == "holds" and abs(value - end.value) > 1e-4 * max(1, abs(value)):
                print(f"{sizes}, seed {seed}: {value!r} and {float(end.value)!r} differ")
        ratios.append(sum(theirs[-2:]) / 2 / ours[-1])
    texts = (
        "-".join(map(str, sizes)),
        str(2 * seeds),
        str(proved),
        f"{median(ours):.2f}",
        f"{median(theirs):.2f}",
        f"{median(ratios):.2f}",
        f"{median(sizes_of_files):,.0f}",
        f"{median(checking):.2f}",
    )
    return "| " + " | ".join(texts) + " |"


if __name__ == "__main__":
    main()
