"""How random claims are settled: what the prover says is checked here before it is compared with the truth.

Each certificate goes through the checker, and each input that refutes a claim is evaluated in rationals. Half of the
time bounded cells come first, as they do for large networks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from claim_truth import lies_in_set
from oracles import domain_forms, evaluate_layers, exact_layers, satisfies
from oracles_by_vertices import Piece, pieces
from random_instances import MARGINS, Instance, chance, pick

from relugeom.certificate.claim import prepare_claim, settle_along, settle_task
from relugeom.certificate.claim_proof.header_entry import as_excluded
from relugeom.checker import check
from relugeom.claims.claim import Claim, Equivalent, Excluded, Monotone
from relugeom.claims.cover_tree import CoverTree
from relugeom.claims.patterns import PatternClaims
from relugeom.claims.settlement import Settlement, Verdict
from relugeom.deadline import Deadline, TimeLimit
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork

ZERO, ONE = Fraction(0), Fraction(1)
GLANCE = 500
"""Cells that are bounded first; what they leave open, such as claims that are met with equality, patterns decide."""


@dataclass
class Settles:
    """Settles claims about one network, or two; what it says is checked before it is passed on."""

    networks: tuple[ReLUNetwork, ...]
    folder: Path
    glance: int = 0
    max_cells: int = 1_000_000
    written: int = field(default=0, init=False)

    def settle(self, claim: Claim, domain: Domain, *, time_limit: TimeLimit = None) -> Settlement:
        task = prepare_claim(claim, self.networks[0], domain, self._second(claim))
        limit = Deadline.of(time_limit)
        found = settle_task(claim, task, self._path(), self.max_cells, limit, None, glance=self.glance)
        return self._checked(claim, domain, found)

    def settle_along(
        self, claim: Claim, domain: Domain, plan: CoverTree, *, time_limit: TimeLimit = None
    ) -> Settlement:
        second = self._second(claim)
        found = settle_along(
            claim, self.networks[0], domain, plan, self._path(), second_network=second, time_limit=time_limit
        )
        return self._checked(claim, domain, found)

    def _second(self, claim: Claim) -> ReLUNetwork | None:
        twin = claim.twin if isinstance(claim, Excluded) else None
        two = isinstance(claim, Equivalent) or (twin is not None and twin.second_network)
        return self.networks[-1] if two else None

    def _path(self) -> Path:
        self.written += 1
        return self.folder / f"{self.written}.cert"

    def _checked(self, claim: Claim, domain: Domain, found: Settlement) -> Settlement:
        path = self.folder / f"{self.written}.cert"
        if found.verdict is Verdict.HOLDS:
            accepted = check(str(path))
            assert accepted["closed"] == found.proof.cells and accepted["domain"] == domain.digest
            assert accepted["networks"][0] == self.networks[0].digest
            path.unlink()
        assert not path.exists()
        if found.counterexample is not None:
            if isinstance(claim, PatternClaims):
                assert satisfies(domain_forms(domain), [], found.counterexample.x)
            elif isinstance(claim, Monotone):
                assert moves_the_other_way(claim, self.networks[0], domain, found.counterexample)
            else:
                asked = as_excluded(claim, self.networks)
                assert lies_in_set(asked, list(self.networks), domain, found.counterexample)
        return found


def moves_the_other_way(claim: Monotone, network, domain, shown) -> bool:
    """Whether two inputs of the relaxation show that an output does."""
    low, high = (evaluate_layers(exact_layers(network), x)[-1][claim.output] for x in (shown.x, shown.second_x))
    differ = [k for k in range(domain.inputs) if shown.x[k] != shown.second_x[k]]
    inside = all(satisfies(domain_forms(domain), [], x) for x in (shown.x, shown.second_x))
    rises = shown.x[claim.feature] < shown.second_x[claim.feature]
    return inside and rises and differ == [claim.feature] and (high - low) * claim.direction < 0


def settles(random, folder, *networks) -> Settles:
    return Settles(networks, folder, glance=GLANCE if chance(random, 0.5) else 0)


def agreed(found: Settlement, truth: bool) -> str:
    """The verdict, which may not contradict the truth."""
    assert found.verdict is Verdict.UNKNOWN or (found.verdict is Verdict.HOLDS) is truth, (found.verdict, truth)
    return found.verdict.value


def pieces_of(instance: Instance) -> list[Piece]:
    return list(pieces([instance.layers], instance.domain, admissible=instance.admissible))


def unit(count: int, place: int, value=ONE) -> tuple[Fraction, ...]:
    return tuple(value if k == place else ZERO for k in range(count))


def near(random, value: Fraction | None) -> Fraction:
    """A number that is the truth, or a little or much beyond it."""
    return (ZERO if value is None else value) + pick(random, MARGINS) * pick(random, (1, -1))


def is_input(x: Sequence[Fraction], instance: Instance) -> bool:
    whole = all(v.denominator == 1 for v, k in zip(x, instance.domain.integral, strict=True) if k)
    return satisfies(domain_forms(instance.domain), [], x) and (whole or not instance.admissible)
