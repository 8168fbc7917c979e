"""Monotonicity: features with which an output only rises, or only falls.

Notation: the output never falls in feature k iff y(x') ≥ y(x) for all inputs x, x' of the domain that differ in x'_k >
x_k only; it never rises iff −y never falls. The one idea: a claim that holds on the relaxation holds. A pair that
refutes it must be admissible, and if features are integers, the claim is about pairs of admissible inputs. Most
directions fail, and a few inputs show it at once, without trying a proof.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from relugeom.claims.claim import Claim, Excluded, Monotone, Scope, Twin
from relugeom.claims.inequality import Inequality
from relugeom.claims.reason import Cause, Reason
from relugeom.claims.settlement import Counterexample, Settlement, Verdict
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.network.effective import effective_maps
from relugeom.network.forward import as_samples
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import Partition
from relugeom.partition.scope import choose_scope
from relugeom.questions.moved_inputs import find_pairs
from relugeom.questions.settler import PlainSettle, Prover, Settler, asking, settler_of

__all__ = ["Monotonicity", "SignMap", "monotonicity", "pairs_claim", "sign_map"]

CLIMBING = 1 / 8
"""Part of the time that looking for pairs may take."""


@dataclass(frozen=True, slots=True)
class Monotonicity:
    """How one output moves with one feature; if both claims hold, the feature has no influence on it.

    Attributes
    ----------
    never_falls, never_rises
        Settled claims; a counterexample is a pair of admissible inputs, the one with the smaller feature first.
    scope
        Inputs that the claims are about: admissible ones if the domain has integer features (a claim that holds on the
        relaxation holds for them).
    """

    output: int
    feature: int
    never_falls: Settlement
    never_rises: Settlement
    scope: Scope


@dataclass(frozen=True, slots=True, eq=False)
class SignMap:
    """Signs of the effective maps, region by region.

    Attributes
    ----------
    negative, zero, positive
        Number of regions with that sign, shape (outputs, features).
    negative_share, positive_share
        Share of the domain, or None if the regions' volumes are not known.
    """

    negative: IntArray
    zero: IntArray
    positive: IntArray
    negative_share: FloatArray | None = None
    positive_share: FloatArray | None = None


def monotonicity(
    network: ReLUNetwork,
    domain: Domain,
    settle: Settler | PlainSettle | None = None,
    *,
    output: int = 0,
    feature: int,
    candidates: ArrayLike | None = None,
    time_limit: TimeLimit = None,
) -> Monotonicity:
    """Decide whether an output never falls, and whether it never rises, in a feature.

    Parameters
    ----------
    settle
        Settler of the claims: a `Settler`, or a function settle(claim) for this network on this domain; by default the
        claims are proved here. Only a `Settler` is told how much time is left.
    candidates
        Inputs that are moved along the feature, shape (k, n): a pair that refutes a direction is looked for there and
        at drawn inputs before a proof is tried.
    time_limit
        Seconds or a deadline for everything; claims that are not settled by then are unknown.

    Raises
    ------
    InputError
        There is no such output or feature.
    """
    deadline, settler = Deadline.of(time_limit), settler_of(settle, Prover(network))
    for name, index, size in (("output", output, network.outputs), ("feature", feature, network.inputs)):
        if not 0 <= index < size:
            raise InputError(f"there is no {name} {index}: they are numbered from 0 to {size - 1}")
    known = None if candidates is None else as_samples(network, candidates)
    pairs = find_pairs(network, domain, output, feature, known, deadline=deadline.share(CLIMBING))
    parts = (1 / 2 if pairs[1] is None else 1, 1)
    rises, falls = (
        _shown(Monotone(output, feature, sign), pair)
        or _settle_direction(network, domain, settler, deadline.share(part), Monotone(output, feature, sign))
        for part, sign, pair in zip(parts, (1, -1), pairs, strict=True)
    )
    return Monotonicity(output, feature, rises, falls, choose_scope(domain))


def sign_map(partition: Partition, *, shares: FloatArray | None = None) -> SignMap:
    """Compute the exact signs of the coefficients of all regions.

    Parameters
    ----------
    shares
        Share of the domain of each region, shape (regions,).
    """
    signs = effective_maps(partition.network, partition.packed).signs[:, :, :-1]
    below, at, above = (signs == sign for sign in (-1, 0, 1))
    weight = None if shares is None else shares[:, None, None]
    return SignMap(
        negative=below.sum(axis=0),
        zero=at.sum(axis=0),
        positive=above.sum(axis=0),
        negative_share=None if weight is None else (weight * below).sum(axis=0),
        positive_share=None if weight is None else (weight * above).sum(axis=0),
    )


def _shown(claim: Claim, pair: Counterexample | None) -> Settlement | None:
    """Settlement that fails if a pair refutes the claim."""
    if pair is None:
        return None
    return Settlement(claim, Verdict.FAILS, counterexample=pair, reason=Reason(Cause.INPUT, "two inputs refute it"))


def _is_bounded_box(domain: Domain) -> bool:
    """Whether every feature changes alone and continuously: claims about slopes and about pairs are the same then."""
    sides = np.concatenate([domain.lower, domain.upper])
    free = not domain.has_integers and not domain.groups and not len(domain.A) and not len(domain.E)
    return free and bool(np.isfinite(sides).all() and (domain.lower < domain.upper).all())


def _settle_direction(
    network: ReLUNetwork, domain: Domain, settler: Settler, deadline: Deadline, claim: Monotone
) -> Settlement:
    """Settle the claim about the relaxation; if that does not decide it, the one about pairs of admissible inputs."""
    first = deadline.share(1 / 2) if domain.has_integers else deadline
    found = asking(settler, domain, first)(claim)
    if found.verdict is Verdict.HOLDS or (found.verdict is Verdict.FAILS and not domain.has_integers):
        return found
    if found.verdict is Verdict.UNKNOWN and (deadline.passed or _is_bounded_box(domain)):
        return found
    return asking(settler, domain, deadline)(pairs_claim(network, domain, claim)).within(found)


def pairs_claim(network: ReLUNetwork, domain: Domain, claim: Monotone) -> Excluded:
    """The same claim about pairs of inputs, which may be admissible ones alone."""
    farther = Inequality(
        inputs=tuple(Fraction(-(k == claim.feature)) for k in range(network.inputs)), own_inputs=(Fraction(1),)
    )
    moves = tuple(Fraction(claim.direction * (k == claim.output)) for k in range(network.outputs))
    wrong = Inequality(outputs=moves, copy_outputs=tuple(-value for value in moves), strict=True)
    return Excluded(((farther, wrong),), choose_scope(domain), twin=Twin((claim.feature,)))
