"""Few maps instead of many clusters: what 1 to 100 groups cost where nearly every sample is a cluster of its own.

    python benchmarks/group_clusters.py [--rows 100000] [--groups 100] [--runs 3]

The network has layers of 10, 40, 40 and 1 units. With random weights it is as rough as such a network can be; trained
on a smooth target it is what people have. Errors are the largest change of the output on the samples, beside the
spread of the output; times are medians. Nothing is asserted.
"""

import argparse
import resource
import statistics
import time

import numpy as np
from fill_store import he_network

from relugeom import ReLUNetwork, cluster_samples, evaluate, group_clusters

SIZES = (10, 40, 40, 1)
SHOWN = (1, 2, 5, 10, 20, 50, 100)


def trained_network(X: np.ndarray, y: np.ndarray, *, steps: int = 3000, batch: int = 256) -> ReLUNetwork:
    """Least squares by Adam, from He weights."""
    random = np.random.default_rng(5)
    start = he_network(*SIZES)
    layers = [array.copy() for pair in zip(start.weights, start.biases, strict=True) for array in pair]
    first, second = [np.zeros_like(a) for a in layers], [np.zeros_like(a) for a in layers]
    for step in range(1, steps + 1):
        rows = random.integers(0, len(X), batch)
        gradients = _gradients(layers, X[rows], y[rows])
        for at, gradient in enumerate(gradients):
            first[at] = 0.9 * first[at] + 0.1 * gradient
            second[at] = 0.999 * second[at] + 0.001 * gradient**2
            mean, square = first[at] / (1 - 0.9**step), second[at] / (1 - 0.999**step)
            layers[at] -= 1e-3 * mean / (np.sqrt(square) + 1e-8)
    return ReLUNetwork.from_layers(*zip(layers[::2], layers[1::2], strict=True))


def _gradients(layers: list[np.ndarray], X: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
    """Of the mean squared error, by weights and biases in turn."""
    inputs = [X]
    for at in range(0, len(layers) - 2, 2):
        inputs.append(np.maximum(inputs[-1] @ layers[at].T + layers[at + 1], 0.0))
    slope = 2 * ((inputs[-1] @ layers[-2].T + layers[-1]) - y[:, None]) / len(X)
    found: list[np.ndarray] = []
    for at in range(len(layers) - 2, -1, -2):
        found = [slope.T @ inputs[at // 2], slope.sum(axis=0), *found]
        slope = (slope @ layers[at]) * (inputs[at // 2] > 0)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    X = np.random.default_rng(1).normal(size=(options.rows, SIZES[0]))
    smooth = np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + np.abs(X[:, 3]) - 0.5 * X[:, 4] ** 2
    networks = {"random weights": he_network(*SIZES), "trained": trained_network(X, smooth)}
    shown = [count for count in SHOWN if count <= options.groups]
    print(f"{'network':15} {'clusters':>9} {'seconds':>8} {'spread':>7} " + " ".join(f"{n:>7}" for n in shown))
    for name, network in networks.items():
        clusters = cluster_samples(network, X)
        seconds = []
        for _ in range(options.runs):
            start = time.perf_counter()
            groups = group_clusters(clusters, X, groups=options.groups)
            seconds.append(time.perf_counter() - start)
        spread = float(evaluate(network, X).std())
        errors = " ".join(f"{groups.curve.error[count - 1]:7.3f}" for count in shown)
        print(f"{name:15} {len(clusters):>9,} {statistics.median(seconds):>8.2f} {spread:>7.3f} {errors}")
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:,.0f} MB")


if __name__ == "__main__":
    main()
