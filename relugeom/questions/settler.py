"""Settlers of a question's claims: the prover, unless a caller brings another one.

The one idea: a question makes claims about its network on a domain and gets a settlement for each. It asks through one
small type, `Settler`, which is told how much time is left; a plain function is turned into one where the question
begins.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar, runtime_checkable

from relugeom.certificate.claim import settle_along, settle_claim
from relugeom.claims.claim import Claim, Equivalent
from relugeom.claims.cover_tree import CoverTree
from relugeom.claims.reason import Cause, Reason
from relugeom.claims.settlement import Settlement, Verdict
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import InputError
from relugeom.files import make_folder, place_to_write
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork

__all__ = [
    "Ask",
    "PlainSettle",
    "Prover",
    "Settler",
    "asking",
    "settler_may_come_third",
    "settler_of",
    "settler_of_two",
]

PlainSettle = Callable[..., Settlement]
"""Function that settles claims and knows by itself how long it may take."""
LATE = Reason(Cause.TIME, "time ran out", "time ran out before it was asked")


class Ask(Protocol):
    """Settles a claim about the networks and the domain of a question, within its time."""

    def __call__(self, claim: Claim, /, plan: CoverTree | None = None) -> Settlement:
        """Decide a claim, along a plan if there is one."""


Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@runtime_checkable
class Settler(Protocol):
    """Settles claims about one network, or two, that are agreed on. Callers may bring their own."""

    def settle(self, claim: Claim, domain: Domain, *, time_limit: TimeLimit = None) -> Settlement:
        """Decide a claim about the inputs of a domain.

        Parameters
        ----------
        time_limit
            Seconds, or the deadline of the question; a claim that is not settled by then is UNKNOWN.
        """


@runtime_checkable
class PlannedSettler(Settler, Protocol):
    """A settler that can be shown how a claim is probably proved, which spares it the search."""

    def settle_along(
        self, claim: Claim, domain: Domain, plan: CoverTree, *, time_limit: TimeLimit = None
    ) -> Settlement:
        """Decide a claim; the plan is tried first."""


@dataclass(slots=True)
class Prover:
    """The default settler of questions: it proves or refutes claims by `settle_claim`.

    Attributes
    ----------
    network, second_network
        Networks that the claims are about; the second one if networks are compared.
    certificates
        Folder for the certificate of every claim that holds (``0001.cert`` and so on), or a function that names the
        file for a claim, or None for no file. By default none is written.
    max_cells, claim_seconds
        Most cells that are closed, and most seconds, for one claim.
    on_progress
        Called with the number of cells that are closed so far, claim by claim.
    """

    network: ReLUNetwork
    second_network: ReLUNetwork | None = field(default=None, kw_only=True)
    certificates: str | Path | Callable[[Claim], str | Path | None] | None = field(default=None, kw_only=True)
    max_cells: int = field(default=1_000_000, kw_only=True)
    claim_seconds: float | None = field(default=None, kw_only=True)
    on_progress: Callable[[int], None] | None = field(default=None, kw_only=True)
    _number: int = field(default=1, init=False, repr=False)

    def settle(self, claim: Claim, domain: Domain, *, time_limit: TimeLimit = None) -> Settlement:
        """Decide a claim about the inputs of a domain, with a proof or an input that refutes it."""
        return settle_claim(claim, self.network, domain, self._place(claim), **self._limits(time_limit))

    def settle_along(
        self, claim: Claim, domain: Domain, plan: CoverTree, *, time_limit: TimeLimit = None
    ) -> Settlement:
        """Decide a claim; the plan of a proof is tried before anything is searched."""
        return settle_along(claim, self.network, domain, plan, self._place(claim), **self._limits(time_limit))

    def _limits(self, time_limit: TimeLimit) -> dict[str, Any]:
        """What both ways have in common."""
        deadline = Deadline.of(time_limit)
        return {
            "second_network": self.second_network,
            "max_cells": self.max_cells,
            "time_limit": deadline if self.claim_seconds is None else deadline.within(self.claim_seconds),
            "on_progress": self.on_progress,
        }

    def _place(self, claim: Claim) -> str | Path | None:
        """File for a certificate; in a folder, the next free number, which stays free if the claim does not hold."""
        if self.certificates is None:
            return None
        if callable(self.certificates):
            return self.certificates(claim)
        folder = make_folder(self.certificates)
        while (place := folder / f"{self._number:04}.cert").exists():
            self._number += 1
        return place


@dataclass(frozen=True, slots=True)
class _Plain:
    """A plain function as a settler; it is not told how much time is left."""

    function: Callable[[Claim, Domain], Settlement]

    def settle(self, claim: Claim, domain: Domain, *, time_limit: TimeLimit = None) -> Settlement:
        if Deadline.of(time_limit).passed:
            return Settlement(claim, Verdict.UNKNOWN, reason=LATE)
        return self.function(claim, domain)


def settler_of(
    given: Settler | PlainSettle | None,
    default: Settler,
    call: Callable[[PlainSettle, Claim, Domain], Settlement] = lambda settle, claim, _domain: settle(claim),
) -> Settler:
    """Settler of a question.

    Parameters
    ----------
    given
        Settler or function that the caller gave, if any.
    default
        Settler if nothing was given.
    call
        How a plain function is called; by default with the claim alone.

    Raises
    ------
    InputError
        What was given settles nothing.
    """
    if given is None:
        return default
    if isinstance(given, Settler):
        return given
    if not callable(given):
        raise InputError(f"settle={given!r} cannot settle claims: give a Prover, or a function such as settle(claim)")
    return _Plain(lambda claim, domain: call(given, claim, domain))


def settler_of_two(
    networks: tuple[ReLUNetwork, ReLUNetwork],
    given: Settler | PlainSettle | None,
    certificate: str | Path | None,
    on_progress: Callable[[int], None] | None = None,
) -> Settler:
    """Settler of a question about two networks; the proof that they are the same function may be kept.

    Raises
    ------
    InputError
        What was given settles nothing, or it is not the prover, which alone keeps a certificate; or the file of the
        certificate cannot be written.
    """
    if given is not None and certificate is not None:
        raise InputError("certificate= is only for the prover: a settler of your own keeps its proofs itself")
    first, second = networks
    kept = None if certificate is None else place_to_write(certificate)  # before a long search

    def place(claim: Claim) -> Path | None:
        return kept if isinstance(claim, Equivalent) else None

    return settler_of(given, Prover(first, second_network=second, certificates=place, on_progress=on_progress))


def asking(settler: Settler, domain: Domain, deadline: Deadline) -> Ask:
    """Ask a settler about a domain until a deadline; a claim that is asked afterwards is unknown, with first bounds."""

    def ask(claim: Claim, /, plan: CoverTree | None = None) -> Settlement:
        if plan is not None and isinstance(settler, PlannedSettler):
            return settler.settle_along(claim, domain, plan, time_limit=deadline)
        return settler.settle(claim, domain, time_limit=deadline)

    return ask


def settler_may_come_third(question: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Accept a settler as the third positional argument, too, as it was before it became an option."""
    call: Callable[..., Result] = question

    @wraps(question)
    def asked(*given: Parameters.args, **options: Parameters.kwargs) -> Result:
        if len(given) > 2 and (isinstance(given[2], Settler) or callable(given[2])):
            return call(*given[:2], *given[3:], settle=given[2], **options)
        return call(*given, **options)

    return asked
