"""Builders of test networks: random ones, small degenerate ones, and arrangements whose counts are theorems."""

from itertools import combinations, pairwise, product
from pathlib import Path

import numpy as np
import pytest

from relugeom.network.network import ReLUNetwork

CASES = Path(__file__).resolve().parents[2] / "shared" / "cases" / "nets"


def layered(*layers) -> ReLUNetwork:
    """Network of (W, b) pairs."""
    return ReLUNetwork.from_layers(*[(np.array(w, dtype=float), np.array(b, dtype=float)) for w, b in layers])


def hidden(*layers) -> ReLUNetwork:
    """Network of hidden layers (W, b) with one output that sums the last of them."""
    width = len(layers[-1][1])
    return layered(*layers, (np.ones((1, width)), [0.0]))


def he_network(seed: int, *sizes: int) -> ReLUNetwork:
    """Random network with He weights and small biases; sizes from inputs to outputs."""
    random = np.random.default_rng(seed)
    pairs = pairwise(sizes)
    return layered(*[(random.normal(size=(m, n)) * (2 / n) ** 0.5, random.normal(size=m) * 0.3) for n, m in pairs])


def integer_network(random: np.random.Generator, *sizes: int, reach: int = 2) -> ReLUNetwork:
    """Random network of small integers, full of coincidences."""
    pairs = pairwise(sizes)
    return layered(
        *[(random.integers(-reach, reach + 1, (m, n)), random.integers(-reach, reach + 1, m)) for n, m in pairs]
    )


def load_case(name: str) -> ReLUNetwork:
    """A network of the shared cases; skips the test where the folder is absent."""
    path = CASES / f"{name}.npz"
    if not path.exists():
        pytest.skip(f"the case {name} is not present")
    arrays = np.load(path)
    return layered(*[(arrays[f"W{layer}"], arrays[f"b{layer}"]) for layer in range(len(arrays.files) // 2)])


# --- arrangements: one layer, counts that are theorems ------------------------------------------------------------


def arrangement(normals, offsets=None) -> ReLUNetwork:
    """One unit per hyperplane."""
    normals = np.array(normals, dtype=float)
    return hidden((normals, np.zeros(len(normals)) if offsets is None else offsets))


def resonance(n: int) -> ReLUNetwork:
    """All non-zero 0/1 vectors."""
    return arrangement([v for v in product((0, 1), repeat=n) if any(v)])


def threshold(n: int) -> ReLUNetwork:
    """All vectors (1, ±1, …, ±1)."""
    return arrangement([(1, *v) for v in product((1, -1), repeat=n - 1)])


def difference(n: int, i: int, j: int, sign: int = -1) -> list[int]:
    """The normal of x_i + sign · x_j."""
    normal = [0] * n
    normal[i], normal[j] = 1, sign
    return normal


def braid(n: int) -> ReLUNetwork:
    """x_i − x_j for i < j."""
    return arrangement([difference(n, i, j) for i, j in combinations(range(n), 2)])


def type_b(n: int) -> ReLUNetwork:
    """x_i and x_i ± x_j."""
    pairs = [difference(n, i, j, sign) for i, j in combinations(range(n), 2) for sign in (1, -1)]
    return arrangement([*np.eye(n).tolist(), *pairs])


def shi(n: int) -> ReLUNetwork:
    """x_i − x_j = 0 and 1 for i < j."""
    normals = [difference(n, i, j) for i, j in combinations(range(n), 2) for _ in range(2)]
    return arrangement(normals, [0.0, -1.0] * (len(normals) // 2))


def generic(m: int, n: int) -> ReLUNetwork:
    """m hyperplanes in general position in R^n: tangents of the moment curve."""
    powers = [[t**k for k in range(n)] for t in range(1, m + 1)]
    return arrangement(powers, [float(t**n) for t in range(1, m + 1)])


def tent_map(levels: int, coordinates: int = 1) -> ReLUNetwork:
    """The tent map composed `levels` times on [0, 1], coordinate by coordinate: 2 relu(x) − 4 relu(x − 1/2)."""
    eye = np.eye(coordinates)
    inner, slopes = np.kron(eye, [[1.0], [1.0]]), np.kron(eye, [[2.0, -4.0]])
    bias = np.tile([0.0, -0.5], coordinates)
    middle = [(inner @ slopes, bias)] * (levels - 1)
    return layered((inner, bias), *middle, (np.ones((1, coordinates)) @ slopes, [0.0]))


# --- degenerate networks on R^2 -----------------------------------------------------------------------------------

PLANE = [[1, 0], [0, 1]]


def strip(epsilon: float) -> ReLUNetwork:
    """The units x, x − ε and y."""
    return hidden(([[1, 0], [1, 0], [0, 1]], [0.0, -epsilon, 0.0]))


DEGENERATE = {
    "duplicate units": (hidden(([[1, 0], [1, 0], [0, 1]], [0, 0, 0])), 4),
    "opposite units": (hidden(([[1, 0], [-1, 0], [0, 1]], [0, 0, 0])), 4),
    "three concurrent lines": (hidden(([[1, 0], [0, 1], [1, 1]], [0, 0, 0])), 6),
    "thin strip 1e-7": (strip(1e-7), 6),
    "thin strip 1e-9": (strip(1e-9), 6),
    "thin strip 1e-12": (strip(1e-12), 6),
    "thin strip 1e-14": (strip(1e-14), 6),
    "plateau": (hidden(([[1, 0], [-1, 0]], [0, 0]), ([[1, 1], [-1, -1]], [-1, 1])), 4),
    "dead second layer": (hidden((PLANE, [0, 0]), ([[1, 1], [-1, -1]], [0, 0])), 4),
}


def needle() -> ReLUNetwork:
    """3x − 1, then 1 − 2^60 relu(3x − 1): the region between their zeros holds no float64."""
    return hidden(([[3.0]], [-1.0]), ([[-(2.0**60)]], [1.0]))


def identity_layer(units: int) -> ReLUNetwork:
    """One unit per input: the pattern says which inputs are positive."""
    return hidden((np.eye(units), np.zeros(units)))
