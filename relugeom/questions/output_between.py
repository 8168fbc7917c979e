"""Required ranges: whether an output stays between two bounds on the whole domain.

The one idea: requiring a range is cheaper than finding it. An input that leaves the range settles the question, so
available inputs are evaluated first. If none does, each bound is one claim, for which the best possible bound need not
be known.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from relugeom.claims.claim import OutputBound, Scope
from relugeom.claims.inequality import Number, exact_number
from relugeom.claims.settlement import Counterexample, Settlement, Verdict
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.linalg.arrays import FloatArray
from relugeom.network.exact import evaluate_exactly
from relugeom.network.forward import as_samples, evaluate
from relugeom.network.network import ReLUNetwork
from relugeom.partition.scope import choose_scope
from relugeom.questions.output_bounds import promising_inputs
from relugeom.questions.settler import PlainSettle, Prover, Settler, asking, settler_of

__all__ = ["OutputBetween", "output_between"]


@dataclass(frozen=True, slots=True)
class OutputBetween:
    """Settlements of two bounds of an output, before any squashing.

    Attributes
    ----------
    output
        Number of the output.
    scope
        Inputs that the bounds are about: admissible ones, or all of the relaxation.
    lower, upper
        Required bounds, exactly; None if nothing was required.
    not_below, not_above
        Settlement of each bound; None if nothing was required.
    lowest_seen, highest_seen
        The least and the most that inputs are known to reach, where any was looked at or found.
    """

    output: int
    scope: Scope
    lower: Fraction | None
    upper: Fraction | None
    not_below: Settlement | None
    not_above: Settlement | None
    lowest_seen: Fraction | None
    highest_seen: Fraction | None

    @property
    def settlements(self) -> tuple[Settlement, ...]:
        """Settlements of the required bounds, the lower one first."""
        return tuple(found for found in (self.not_below, self.not_above) if found is not None)

    @property
    def verdict(self) -> Verdict:
        """HOLDS if every bound does, FAILS if an input breaks one."""
        verdicts = {found.verdict for found in self.settlements}
        return next(verdict for verdict in (Verdict.FAILS, Verdict.UNKNOWN, Verdict.HOLDS) if verdict in verdicts)

    @property
    def witness(self) -> Counterexample | None:
        """An input at which the output leaves the range."""
        shown = (found.counterexample for found in self.settlements)
        return next((counterexample for counterexample in shown if counterexample is not None), None)

    @property
    def reason(self) -> str:
        """Why the verdict is unknown, or empty."""
        open_ones = (found.reason for found in self.settlements if found.verdict is Verdict.UNKNOWN)
        return str(next(open_ones, "")) if self.verdict is Verdict.UNKNOWN else ""


def output_between(
    network: ReLUNetwork,
    domain: Domain,
    *,
    output: int = 0,
    lower: Number | None = None,
    upper: Number | None = None,
    settle: Settler | PlainSettle | None = None,
    scope: Scope | None = None,
    candidates: ArrayLike | None = None,
    time_limit: TimeLimit = None,
) -> OutputBetween:
    """Decide whether an output, before any squashing, is at least `lower` and at most `upper` on the whole domain.

    Parameters
    ----------
    lower, upper
        The bounds, in units of the output; None requires nothing, but one of them is needed.
    settle
        Settler of the claims: a `Settler`, or a function settle(claim) for this network on this domain; by default the
        claims are proved here. Only a `Settler` is told how much time is left.
    scope
        ADMISSIBLE: over admissible inputs, which is meant by default where the domain has whole numbers; RELAXATION:
        over all inputs of the relaxation.
    candidates
        Inputs that are looked at first, besides random ones, shape (k, n), such as samples; those that are out of scope
        are passed over.
    time_limit
        Seconds, or a deadline, for all of it, of which each bound has a half; a bound that is not settled by then is
        UNKNOWN.

    Raises
    ------
    InputError
        There is no such output or scope, no bound is given, one is not finite, or the lower one is above the upper one.
    """
    deadline = Deadline.of(time_limit)
    low, high = _bounds(network, output, lower, upper)
    scope, settler = choose_scope(domain, scope), settler_of(settle, Prover(network))
    inputs = promising_inputs(domain, scope, None if candidates is None else as_samples(network, candidates))
    order = np.argsort(evaluate(network, inputs)[:, output], kind="stable")
    known = [_at(network, inputs[row]) for row in order[[0, -1]]] if len(order) else []

    def settled(sign: int, bound: Fraction | None, part: float) -> Settlement | None:
        """Settle whether sign · y is at most sign · bound: by a known input, or else by the settler."""
        if bound is None:
            return None
        claim = OutputBound(tuple(Fraction(sign * (k == output)) for k in range(network.outputs)), sign * bound, scope)
        beyond = [shown for shown in known if sign * shown.outputs[output] > sign * bound]
        if beyond:
            return Settlement(claim, Verdict.FAILS, counterexample=beyond[0])
        return asking(settler, domain, deadline.share(part))(claim)

    ends = settled(-1, low, 1 if high is None else 1 / 2), settled(1, high, 1)
    shown = [*known, *(end.counterexample for end in ends if end is not None and end.counterexample is not None)]
    seen = [example.outputs[output] for example in shown]
    return OutputBetween(output, scope, low, high, *ends, min(seen, default=None), max(seen, default=None))


def _bounds(
    network: ReLUNetwork, output: int, lower: Number | None, upper: Number | None
) -> tuple[Fraction | None, Fraction | None]:
    """Both bounds of an existing output, exactly."""
    low, high = (None if bound is None else exact_number(bound) for bound in (lower, upper))
    if not 0 <= output < network.outputs:
        raise InputError(f"there is no output {output}: they are numbered from 0 to {network.outputs - 1}")
    if low is None and high is None:
        raise InputError("nothing is required: give lower=, upper=, or both")
    if low is not None and high is not None and low > high:
        raise InputError(f"no output is at least {low} and at most {high}: the lower bound is above the upper one")
    return low, high


def _at(network: ReLUNetwork, x: FloatArray) -> Counterexample:
    """An input, and the exact outputs of the network there."""
    point = tuple(map(Fraction, x.tolist()))
    return Counterexample(point, evaluate_exactly(network, point)[1])
