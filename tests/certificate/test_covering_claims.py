"""Claims about more units than can be listed: proved by certificates that are accepted, or refuted by an input."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from claim_truth import lies_in_set
from networks import he_network, layered

from relugeom.bounding.engine import search
from relugeom.bounding.outcome import End
from relugeom.certificate.claim import certify_claim, prepare_claim, settle_claim
from relugeom.certificate.claim_problem import ClaimJudge, claim_problem
from relugeom.certificate.claim_proof.counterexample import FalseClaimError
from relugeom.certificate.output_peak import find_output_peak
from relugeom.checker import check
from relugeom.claims.claim import Excluded, OutputBound, Scope, Twin
from relugeom.claims.inequality import Inequality
from relugeom.claims.settlement import Verdict
from relugeom.geometry.domain import Domain
from relugeom.network.exact import evaluate_exactly

TESTS = Path(__file__).parents[1]
GROUPED = (*["continuous"] * 6, "integer")


@pytest.mark.parametrize(
    ("weight", "side", "coefficients"),
    [
        (1e-160, 1.0, (1, 1)),
        (1.0, 1e-300, (1, 1)),
        (1.0, 1.0, (Fraction(10) ** 280, 1)),
        (1e-80, 1e-80, (1, Fraction(1, 10**130))),
        (1e80, 1e80, (1, 10**130)),
    ],
)
def test_numbers_beyond_the_range_of_floats_are_left_to_exact_methods(weight, side, coefficients):
    network = layered(([[weight]], [0]), ([[weight]], [0]))
    row = Inequality(inputs=coefficients[:1], outputs=coefficients[1:])
    task = prepare_claim(Excluded(((row,),)), network, Domain.box([-side], [1.0]), None)
    assert claim_problem(task) is None
    task = prepare_claim(OutputBound((1,), 1), layered(([[1]], [0]), ([[1]], [0])), Domain.box([-1], [1.0]), None)
    assert claim_problem(task) is not None


def seeded(seed: int):
    """A network of 80 units, alone or beside a second one, a domain, claims' scope, and the combinations of outputs."""
    random = np.random.default_rng(seed)
    box = Domain.box([-0.2] * 6, [0.2] * 6)
    grouped = Domain([0, 0, 0, 0, -0.1, -0.1, -2], [1, 1, 1, 1, 0.1, 0.1, 2], groups=((0, 1, 2, 3),), kinds=GROUPED)
    domain = [box, grouped][seed % 2]
    networks = [he_network(seed, domain.inputs, 40, 40, 2)]
    if seed % 4 > 1:
        other = networks[0]
        moved = [W + random.normal(size=W.shape) * 0.01 for W in other.weights]
        networks.append(layered(*zip(moved, other.biases, strict=True)))
    weights = [Fraction(1), Fraction(-1, 3)]
    if len(networks) > 1:
        weights += [-weight for weight in weights]
    return networks, domain, [Scope.RELAXATION, Scope.ADMISSIBLE][seed % 2], weights


def beyond(networks, weights, bound, scope) -> Excluded:
    """The claim that a combination of outputs never reaches a value."""
    first = networks[0].outputs
    row = Inequality(-bound, outputs=weights[:first], copy_outputs=weights[first:])
    return Excluded(((row,),), scope, twin=Twin(second_network=True) if len(networks) > 1 else None)


@pytest.mark.parametrize("seed", [0, 1, 3, 5, 6, 7])
def test_what_holds_is_certified_and_what_fails_is_shown(tmp_path, seed):
    networks, domain, scope, weights = seeded(seed)
    second = {"second_network": networks[1]} if len(networks) > 1 else {}
    peak = find_output_peak(networks, domain, weights, scope=scope, max_cells=200)
    outputs = [y for network in networks for y in evaluate_exactly(network, peak.point)[1]]
    reached = sum(w * y for w, y in zip(weights, outputs, strict=True))
    assert reached <= peak.limit
    width = max(peak.limit - reached, Fraction(1, 100))

    path = tmp_path / "holds.cert"
    claim = beyond(networks, weights, peak.limit + width / 10, scope)
    settled = settle_claim(claim, networks[0], domain, path, max_cells=2000, **second)
    assert settled.verdict is Verdict.HOLDS
    found = check(str(path))
    assert found["closed"] == settled.proof.cells
    assert found["networks"] == [network.digest for network in networks]

    path = tmp_path / "fails.cert"
    claim = beyond(networks, weights, reached - width / 10, scope)
    settled = settle_claim(claim, networks[0], domain, path, max_cells=2000, **second)
    assert settled.verdict is Verdict.FAILS
    assert lies_in_set(claim, networks, domain, settled.counterexample)
    assert not list(tmp_path.glob("*fails*"))


def test_a_network_of_images_keeps_to_its_time_and_memory():
    """The clock may stop the work after each block of it; what one block takes is far below this bound."""
    code = """
import time
from pathlib import Path
from networks import he_network
from relugeom.certificate.claim import settle_claim
from relugeom.claims.claim import OutputBound
from relugeom.geometry.domain import Domain
network, domain = he_network(3, 784, 256, 256, 1), Domain.box([0] * 784, [0.05] * 784)
settle_claim(OutputBound((1,), -5), network, domain, time_limit=1)
began, settled = time.process_time(), settle_claim(OutputBound((1,), 1), network, domain, time_limit=1)
used = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
print(time.process_time() - began, int(used.split()[1]) / 2**20, settled.verdict)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TESTS)
    seconds, gigabytes, verdict = done.stdout.split()
    assert float(seconds) < 20 and float(gigabytes) < 1 and verdict == "unknown"


def test_a_claim_on_many_units_is_certified_or_refuted(tmp_path):
    (network,), domain, scope, weights = seeded(0)
    limit = find_output_peak((network,), domain, weights, scope=scope, max_cells=64).limit
    proof = certify_claim(OutputBound(weights, limit + 1), network, domain, tmp_path / "a.cert")
    assert check(proof.path)["closed"] == proof.cells > 0
    with pytest.raises(FalseClaimError) as caught:
        certify_claim(OutputBound(weights, limit - 100), network, domain, tmp_path / "b.cert")
    assert caught.value.counterexample is not None and not (tmp_path / "b.cert").exists()


@pytest.mark.parametrize(("bound", "end"), [(Fraction(5, 2), End.CLOSED), (Fraction(1), End.MET)])
def test_a_network_without_units_is_settled(bound, end):
    network, domain = layered(([[1, 1]], [0])), Domain.box([0, 0], [1, 1])
    task = prepare_claim(OutputBound((1,), bound), network, domain, None)
    assert search(claim_problem(task), ClaimJudge(task).is_met, ClaimJudge(task).are_inside).end is end
