"""Kernels that are interpreted: the same bits as machine code, and nothing is compiled for a small job."""

import os
import subprocess
import sys
from math import inf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import layered

from relugeom import certify_partition, chebyshev_radii, enumerate_regions, find_adjacency, warm_up
from relugeom.geometry.compiled import interpreted_for
from relugeom.geometry.domain import Domain

KINDS = ("floats", "integers", "no bias", "proportional units", "huge", "tiny")


def network_of(kind: str, seed: int, sizes: list[int]):
    """A network whose units often coincide, or whose numbers are far from 1."""
    rng = np.random.default_rng(seed)
    layers = []
    for below, here in zip(sizes, [*sizes[1:], 1], strict=True):
        if kind == "integers":
            layers.append((rng.integers(-2, 3, (here, below)), rng.integers(-1, 2, here)))
            continue
        weight, bias = rng.normal(size=(here, below)), rng.normal(size=here) * (kind != "no bias")
        if kind == "proportional units":
            scale = rng.choice([1, -1, 2, 0.5, 3], here)
            weight[1:], bias[1:] = scale[1:, None] * weight[0], scale[1:] * bias[0]
        power = {"huge": 100, "tiny": -100}.get(kind, 0)
        layers.append((weight * 10.0**power, bias * 10.0**power))
    return layered(*layers)


@settings(max_examples=60)
@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(1, 5), min_size=2, max_size=3),
    inputs=st.integers(1, 7),
    bounded=st.booleans(),
)
def test_interpreted_kernels_give_the_bits_of_machine_code(tmp_path_factory, kind, seed, sizes, inputs, bounded):
    network = network_of(kind, seed, [inputs, *sizes])
    domain = Domain.box(-np.ones(inputs), np.ones(inputs)) if bounded else Domain.everything(inputs)
    path, found = tmp_path_factory.getbasetemp() / "interpreted.cert", []
    for seconds in (0, inf):
        with interpreted_for(seconds):
            partition = enumerate_regions(network, domain, max_regions=40)
            digest = certify_partition(partition, path).digest
            adjacency, radii = find_adjacency(partition), chebyshev_radii(partition)
        columns = (partition.tree, partition.points, adjacency.first, adjacency.second, radii.radii)
        found.append((len(partition), digest, *(column.tobytes() for column in columns)))
    assert found[0] == found[1]


SMALL = """
import numpy as np
import relugeom as rg
draw = np.random.default_rng(0).normal
layers = [(draw(size=(5, 7)), draw(size=5)), (draw(size=(3, 5)), draw(size=3)), (np.ones((1, 3)), [0])]
domain = rg.Domain.box(-np.ones(7), np.ones(7))
partition = rg.enumerate_regions(rg.ReLUNetwork.from_layers(*layers), domain)
rg.certify_partition(partition, "partition.cert")
rg.find_adjacency(partition)
print(rg.check_certificate("partition.cert").accepted)
"""


def test_a_small_job_compiles_nothing(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SMALL], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


@pytest.mark.slow
def test_what_large_jobs_need_is_compiled_ahead() -> None:
    ahead = {"fill_plan", "find_depths", "search", "search_cones", "widest_points", "write_tree"}
    assert ahead <= set(warm_up().kernels)
