"""Lossless simplification: a smaller network with the same function on a domain.

Notation: a unit's output is a_i = max(z_i, 0), and z = W a' + b in the outputs a' of the layer below. The one idea: a
unit can be removed if its output is an affine combination of its neighbours' outputs on the whole domain,

    a_i = c₀ + Σ_k c_k a_k          (k other units of its layer that stay),

so that the next layer takes it over: column k gains c_k times column i, the bias c₀ times it. Such units are

    never fires       z_i ≤ 0 on the domain: a_i = 0
    constant          its weights are 0
    unused            its column in the next layer is 0
    duplicate         z_i = t z_k with t > 0
    dependent         z_i ≥ 0 on the domain, and z_i a combination of others that are linear there
    opposite          z_i = −t z_k with t > 0, and z_k such a combination: a_i = t (a_k − z_k)

and a layer that is linear on the domain is removed as a whole: two layers are multiplied into one. All of this is
decided in rationals. The weights of the smaller network must be float64 numbers: a change that would round one of them
is refused and listed, unless rounding is asked for; a rounded result is never called lossless. That both networks are
the same function is a claim, whose proof anybody can check.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from relugeom.claims.claim import Equivalent
from relugeom.claims.settlement import Settlement
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import IntArray
from relugeom.network.network import Origin, ReLUNetwork
from relugeom.questions.network_draft import Draft, Removal
from relugeom.questions.settler import PlainSettle, Settler, asking, settler_of_two
from relugeom.questions.unit_signs import UnitSigns

__all__ = ["Inexact", "Simplification", "prove_simplification", "simplify_network"]


LATE = "time ran out: more units might go"


class Inexact(StrEnum):
    """What to do about a change after which a weight would not be a float64 number."""

    REFUSE = "refuse"
    ROUND = "round"


@dataclass(frozen=True, slots=True, eq=False)
class Simplification:
    """A network and a smaller one.

    Attributes
    ----------
    original, network
        The networks before and after; names, squashing and decision are the same.
    domain
        Domain on which they are the same function; None for all of R^n.
    removed
        Units that were removed, and why; `Removal.rounded` says what was rounded for it.
    refused
        Units that could be removed if weights were rounded.
    source_layers
        For each hidden layer of the smaller network, the original layer that it comes from.
    source_units
        For each hidden layer of the smaller network, the original indices of its units.
    reason
        Why there may be more units that could go, or empty.
    """

    original: ReLUNetwork
    network: ReLUNetwork
    domain: Domain | None
    removed: tuple[Removal, ...]
    refused: tuple[Removal, ...]
    source_layers: tuple[int, ...]
    source_units: tuple[IntArray, ...]
    reason: str = ""

    @property
    def lossless(self) -> bool:
        """Whether no weight was rounded: the function on the domain is the same one."""
        return not any(removal.rounded for removal in self.removed)

    @property
    def claim(self) -> Equivalent | None:
        """That `original` and `network` (the second network) never differ; None if weights were rounded."""
        return Equivalent(Fraction(0)) if self.lossless else None

    def __repr__(self) -> str:
        kind = "lossless" if self.lossless else "rounded"
        return f"Simplification({self.original.units} to {self.network.units} units, {kind})"


def simplify_network(
    network: ReLUNetwork,
    signs: UnitSigns | None = None,
    *,
    inexact: Inexact = Inexact.REFUSE,
    time_limit: TimeLimit = None,
) -> Simplification:
    """Remove the units that the function of a network does not need.

    Parameters
    ----------
    signs
        Units that keep one side on the domain; without them, only facts that hold on all of R^n are used.
    inexact
        Whether a change that would round a weight is refused, or made and counted.
    time_limit
        Seconds, or a deadline; the units that are there by then stay.

    Raises
    ------
    InputError
        The signs are about another network.
    """
    deadline = Deadline.of(time_limit)
    if signs is not None and signs.network != network:
        raise InputError("the signs of the units are about another network: find them for the one to simplify")
    draft = Draft(
        network, None if signs is None else signs.layers, rounds=Inexact(inexact) is Inexact.ROUND, deadline=deadline
    )
    while draft.sweep():
        pass
    smaller = replace(
        network,
        weights=tuple(draft.weights),
        biases=tuple(draft.biases),
        origin=Origin(precision=network.origin.precision) if draft.removed else network.origin,
    )
    return Simplification(
        original=network,
        network=smaller,
        domain=None if signs is None else signs.domain,
        removed=tuple(draft.removed),
        refused=tuple(draft.refused),
        source_layers=tuple(draft.source_layers),
        source_units=tuple(draft.source_units),
        reason=LATE if draft.late else "",
    )


def prove_simplification(
    found: Simplification,
    domain: Domain | None = None,
    *,
    settle: Settler | PlainSettle | None = None,
    certificate: str | Path | None = None,
    time_limit: TimeLimit = None,
) -> Settlement:
    """Prove that a smaller network is the same function as the one that it comes from.

    Parameters
    ----------
    domain
        Domain of the proof; by default that of the units' signs, or all of R^n if none were given.
    settle
        Settler of the claim: a `Settler`, or a function settle(claim) for both networks; by default the claim is proved
        here.
    certificate
        File for the proof; by default none is written.
    time_limit
        Seconds or a deadline; a claim that is not settled by then is unknown.

    Raises
    ------
    InputError
        Weights were rounded, so it is not the same function, or the certificate is asked of a settler other than the
        prover.
    """
    deadline = Deadline.of(time_limit)
    if found.claim is None:
        raise InputError(
            "weights were rounded, so the smaller network is another function and there is nothing to prove"
        )
    if domain is None:
        domain = Domain.everything(found.original.inputs) if found.domain is None else found.domain
    settler = settler_of_two((found.original, found.network), settle, certificate)
    return asking(settler, domain, deadline)(found.claim)
