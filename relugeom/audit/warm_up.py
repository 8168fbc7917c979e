"""Compiling ahead of time what large jobs need.

The one idea: a few small jobs, with every kernel compiled at once, call each kernel with the types that large jobs do.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from relugeom.certificate.partition import certify_partition
from relugeom.geometry.compiled import compiled_kernels, interpreted_for
from relugeom.geometry.domain import Domain
from relugeom.measures.adjacency import find_adjacency
from relugeom.network.network import ReLUNetwork
from relugeom.search.enumeration import enumerate_regions

__all__ = ["WarmUp", "warm_up"]

JOBS = ((2, 3), (0, 6))
"""A seed and a number of inputs, few and many: generators search the cells of one, dictionaries those of the other."""


@dataclass(frozen=True, slots=True)
class WarmUp:
    """What is compiled now.

    Attributes
    ----------
    kernels
        Names of the compiled functions that a job calls.
    seconds
        How long compiling or loading them took.
    """

    kernels: tuple[str, ...]
    seconds: float


def warm_up() -> WarmUp:
    """Compile everything that large searches and proofs need, and keep it for later processes.

    Without it, a job that turns out to be large compiles what it needs. Where no folder can be written for compiled
    code (``NUMBA_CACHE_DIR`` names one), it serves this process only.
    """
    began = time.perf_counter()
    with interpreted_for(0.0), tempfile.TemporaryDirectory() as folder:
        for seed, inputs in JOBS:
            partition = enumerate_regions(*_job(seed, inputs))
            find_adjacency(partition)
            certify_partition(partition, Path(folder) / "partition.cert")
    return WarmUp(compiled_kernels(), time.perf_counter() - began)


def _job(seed: int, inputs: int) -> tuple[ReLUNetwork, Domain]:
    draw = np.random.default_rng(seed).normal
    network = ReLUNetwork.from_layers(
        (draw(size=(4, inputs)), draw(size=4)), (draw(size=(2, 4)), np.zeros(2)), (np.ones((1, 2)), np.zeros(1))
    )
    return network, Domain.box(np.full(inputs, -1.0), np.full(inputs, 1.0))
