"""In which features an output only rises, or only falls.

Notation: the output never falls in feature k iff y(x') ≥ y(x) for all inputs x, x' of the domain that differ in
x'_k > x_k only; it never rises iff −y never falls. The one idea: what holds on the relaxation holds; a pair that shows
that it fails must be admissible, and where features are integers the pairs of admissible inputs are asked about.
"""

from dataclasses import dataclass
from fractions import Fraction

from relugeom.claims.claim import Excluded, Monotone, Scope, Twin
from relugeom.claims.inequality import Inequality
from relugeom.claims.settlement import Settle, Settlement, Verdict
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.network.effective import effective_maps
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import Partition

__all__ = ["Monotonicity", "SignMap", "monotonicity", "sign_map"]


@dataclass(frozen=True, slots=True)
class Monotonicity:
    """How one output moves with one feature; where both hold, the feature has no influence on it.

    Attributes
    ----------
    never_falls, never_rises
        Settled claims; a counterexample is a pair of admissible inputs, the one with the smaller feature first.
    """

    output: int
    feature: int
    never_falls: Settlement
    never_rises: Settlement


@dataclass(frozen=True, slots=True, eq=False)
class SignMap:
    """Signs of the effective maps, region by region.

    Attributes
    ----------
    negative, zero, positive
        Number of regions with that sign, shape (outputs, features).
    negative_share, positive_share
        Share of the domain, or None where the regions' volumes are not known.
    """

    negative: IntArray
    zero: IntArray
    positive: IntArray
    negative_share: FloatArray | None = None
    positive_share: FloatArray | None = None


def monotonicity(
    network: ReLUNetwork, domain: Domain, settle: Settle, *, output: int = 0, feature: int
) -> Monotonicity:
    """Whether an output never falls, and whether it never rises, in a feature.

    Parameters
    ----------
    settle
        Settles claims about this network on this domain.

    Raises
    ------
    InputError
        There is no such output or feature.
    """
    for name, index, size in (("output", output, network.outputs), ("feature", feature, network.inputs)):
        if not 0 <= index < size:
            raise InputError(f"there is no {name} {index}: they are numbered from 0 to {size - 1}")
    rises, falls = (_settle_direction(network, domain, settle, output, feature, sign) for sign in (1, -1))
    return Monotonicity(output, feature, rises, falls)


def sign_map(partition: Partition, *, shares: FloatArray | None = None) -> SignMap:
    """Exact signs of the coefficients of all regions.

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


def _settle_direction(
    network: ReLUNetwork, domain: Domain, settle: Settle, output: int, feature: int, direction: int
) -> Settlement:
    found = settle(Monotone(output, feature, direction))
    if found.verdict is Verdict.HOLDS or (found.verdict is Verdict.FAILS and not domain.integral.any()):
        return found
    farther = Inequality(
        inputs=tuple(Fraction(-(k == feature)) for k in range(network.inputs)), own_inputs=(Fraction(1),)
    )
    moves = tuple(Fraction(direction * (k == output)) for k in range(network.outputs))
    wrong = Inequality(outputs=moves, copy_outputs=tuple(-value for value in moves), strict=True)
    scope = Scope.ADMISSIBLE if domain.integral.any() else Scope.RELAXATION
    return settle(Excluded(((farther, wrong),), scope, twin=Twin((feature,))))
