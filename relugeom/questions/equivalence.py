"""Equivalence of two networks on one domain: the same function, or the largest difference and where it is reached.

The one idea: that no output differs is one claim. If it fails, the difference of an output is itself piecewise affine
on the cells that both networks have in common, and has a largest value like any output.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from relugeom.claims.claim import Equivalent, Scope
from relugeom.claims.reason import Cause, Reason
from relugeom.claims.settlement import Counterexample, Proof, Settlement, Verdict
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.geometry.drawing import draw_admissible
from relugeom.geometry.integer_search import AdmissibleWitness
from relugeom.linalg.exact import Point, as_fraction
from relugeom.network.exact import evaluate_exactly
from relugeom.network.network import ReLUNetwork
from relugeom.partition.scope import choose_scope, in_scope
from relugeom.questions.output_bounds import LinearOutput
from relugeom.questions.settler import Ask, PlainSettle, Settler, asking, settler_of_two
from relugeom.questions.tightening import Extremum
from relugeom.search.admissible import check_admissible

__all__ = ["Comparison", "Equivalence", "compare_networks"]


class Equivalence(StrEnum):
    """Whether two networks are the same function."""

    EQUIVALENT = "equivalent"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


SAME = 1 / 2
"""Part of the time for deciding whether they are the same function."""
OF_VERDICT = {
    Verdict.HOLDS: Equivalence.EQUIVALENT,
    Verdict.FAILS: Equivalence.DIFFERENT,
    Verdict.UNKNOWN: Equivalence.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Comparison of two networks.

    Attributes
    ----------
    networks
        Both networks.
    equivalent
        Settled claim that no output differs anywhere on the domain.
    scope
        Inputs on which they were compared.
    differences
        The largest |y − y'| of each output, unless they are equivalent.
    seconds
        Time taken.
    """

    networks: tuple[ReLUNetwork, ReLUNetwork]
    equivalent: Settlement
    scope: Scope
    differences: tuple[Extremum, ...]
    seconds: float

    @property
    def status(self) -> Equivalence:
        """Whether they are the same function on the domain."""
        return OF_VERDICT[self.equivalent.verdict]

    @property
    def reason(self) -> str:
        """Why that is unknown, else empty."""
        return str(self.equivalent.reason) if self.status is Equivalence.UNKNOWN else ""

    @property
    def certificate(self) -> Proof | None:
        """Proof that they are, if it was written to a file."""
        proof = self.equivalent.proof
        return None if proof is None or proof.path is None else proof


def compare_networks(
    first: ReLUNetwork,
    second: ReLUNetwork,
    domain: Domain,
    settle: Settler | PlainSettle | None = None,
    *,
    certificate: str | Path | None = None,
    scope: Scope | None = None,
    time_limit: TimeLimit = None,
    on_progress: Callable[[int], None] | None = None,
) -> Comparison:
    """Decide whether two networks are the same function on a domain, or how far apart they are.

    Parameters
    ----------
    settle
        Settler of the claims: a `Settler`, or a function settle(claim) for these two networks on this domain; by
        default the claims are proved here. Only a `Settler` is told how much time is left.
    certificate
        File for the proof that they are the same function; by default none is written.
    scope
        ADMISSIBLE: on admissible inputs, the default if the domain has integer features; RELAXATION: on all inputs of
        the relaxation.
    time_limit
        Seconds or a deadline for everything; claims that are not settled by then are unknown.
    on_progress
        Called with the number of cells that a proof has closed so far.

    Raises
    ------
    InputError
        The networks have different numbers of inputs or outputs, or a certificate is asked of a settler other than the
        prover.
    EmptyDomainError
        No input of the domain is admissible, so nothing can be compared.
    """
    began, deadline = time.perf_counter(), Deadline.of(time_limit)
    if (first.inputs, first.outputs) != (second.inputs, second.outputs):
        raise InputError(
            f"networks with {first.inputs} and {second.inputs} inputs, {first.outputs} and {second.outputs} outputs "
            "cannot be compared"
        )
    networks, scope = (first, second), choose_scope(domain, scope)
    settler = settler_of_two(networks, settle, certificate, on_progress)
    some = _some_input(domain, scope, deadline)
    ask = asking(settler, domain, deadline)
    equivalent = asking(settler, domain, deadline.share(SAME))(Equivalent(Fraction(0), scope))
    near = None if equivalent.counterexample is None else equivalent.counterexample.x
    if equivalent.verdict is Verdict.UNKNOWN:
        near = some
    differences: tuple[Extremum, ...] = ()
    if near is not None:
        differences = tuple(_largest_differences(networks, domain, near, scope, ask, deadline))
        equivalent = _refuted(equivalent, networks, differences)
    return Comparison(networks, equivalent, scope, differences, time.perf_counter() - began)


def _some_input(domain: Domain, scope: Scope, deadline: Deadline) -> Point | None:
    """An input to start from; None if none is found in time.

    Raises
    ------
    EmptyDomainError
        There is none.
    """
    drawn = draw_admissible(domain, 1)
    drawn = drawn[in_scope(domain, drawn, scope)]
    if len(drawn):
        return tuple(map(Fraction, drawn[0].tolist()))
    found = check_admissible(domain, time_limit=deadline)
    return tuple(map(as_fraction, found.point)) if isinstance(found, AdmissibleWitness) else None


def _refuted(
    equivalent: Settlement, networks: tuple[ReLUNetwork, ReLUNetwork], differences: Sequence[Extremum]
) -> Settlement:
    """The settlement, or one that fails if an input was met since at which an output differs."""
    shown = next((end.point for end in differences if end.value is None or end.value > 0), None)
    if equivalent.verdict is not Verdict.UNKNOWN or shown is None:
        return equivalent
    first, second = (evaluate_exactly(network, shown)[1] for network in networks)
    if first == second:  # from this input on the difference grows without limit
        return equivalent
    reason = Reason(Cause.INPUT, "an input refutes it")
    return Settlement(equivalent.claim, Verdict.FAILS, None, Counterexample(shown, first, shown, second), reason)


def _largest_differences(
    networks: tuple[ReLUNetwork, ReLUNetwork],
    domain: Domain,
    near: Sequence[Fraction],
    scope: Scope,
    ask: Ask,
    deadline: Deadline,
) -> Iterator[Extremum]:
    """Largest difference of each output, starting from an input where one differs."""
    outputs = range(networks[0].outputs)
    done: list[int] = []
    for output in outputs:
        ends = []
        for sign in (1, -1):
            unit = tuple(Fraction(sign * (k == output)) for k in outputs)
            value = LinearOutput(networks, (*unit, *(-entry for entry in unit)))
            best = value.best_near(domain, near, scope, deadline=deadline)
            until = deadline.share(1 / (2 * len(outputs) - len(done)))
            done.append(output)
            ends.append(value.from_both_sides(domain, ask, best, scope, deadline=until))
        yield _larger(*ends)


def _larger(one: Extremum, other: Extremum) -> Extremum:
    """The larger of two extrema; known only if both are, and limited only if both are."""
    ends = sorted((one, other), key=lambda end: (end.value is None, end.value or Fraction(0)))
    limits = [end.limit for end in ends if end.limit is not None]
    ends[1] = replace(ends[1], limit=max(limits) if len(limits) == len(ends) else None)
    less, most = ends[0].limit, ends[1].value
    if most is not None and ends[0].verdict is Verdict.UNKNOWN and (less is None or less > most):
        return replace(ends[1], verdict=Verdict.UNKNOWN, settlement=ends[0].settlement)
    return ends[1]
