"""The settler of an audit's questions: it proves claims within the time of the question, and keeps every proof once.

The one idea: the quick pass and the later one ask the same questions, so a claim that is settled is remembered.
"""

from dataclasses import replace
from functools import partial
from typing import Any

from relugeom.certificate.claim import settle_along, settle_claim
from relugeom.certificate.proof_file import ProofFile
from relugeom.claims.claim import Claim
from relugeom.claims.cover_tree import CoverTree
from relugeom.claims.reason import Cause, Reason
from relugeom.claims.settlement import Settlement, Verdict
from relugeom.deadline import Deadline, TimeLimit
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork

__all__ = ["GLANCE_CELLS", "LATE", "MOST_CELLS", "PART_CLAIM", "KeepingSettler"]

PART_CLAIM = 2 / 3
"""Part of the time of a question that its first claim may take."""
MOST_CELLS, GLANCE_CELLS = 1_000_000, 64
"""Most cells that are closed for one claim, and in the quick pass."""
LATE = Reason(Cause.TIME, "time ran out", "time ran out: allow more with --time-limit, or ask this question alone")


class KeepingSettler:
    """Settles claims about one network on one domain, and keeps the proof of every claim that holds.

    Attributes
    ----------
    deadline, until
        End of the time for all claims, and of that for the question that is asked.
    most_cells
        Most cells that are closed for one claim.
    """

    def __init__(self, network: ReLUNetwork, proofs: ProofFile, deadline: Deadline) -> None:
        self.deadline, self.until, self.most_cells = deadline, deadline, MOST_CELLS
        self._network, self._proofs, self._proved = network, proofs, 0
        self._known: dict[Claim, Settlement] = {}

    def settle(
        self,
        claim: Claim,
        domain: Domain,
        *,
        second_network: ReLUNetwork | None = None,
        time_limit: TimeLimit = None,
    ) -> Settlement:
        """Settle a claim, and keep its proof under the next number if it holds."""
        return self._settle(claim, domain, second_network, None, time_limit)

    def settle_along(
        self, claim: Claim, domain: Domain, plan: CoverTree, *, time_limit: TimeLimit = None
    ) -> Settlement:
        """The same; the plan of a proof is tried before anything is searched."""
        return self._settle(claim, domain, None, plan, time_limit)

    def _settle(
        self,
        claim: Claim,
        domain: Domain,
        second_network: ReLUNetwork | None,
        plan: CoverTree | None,
        time_limit: TimeLimit,
    ) -> Settlement:
        if second_network is None and claim in self._known:
            return self._known[claim]
        if self.deadline.passed:
            late = settle_claim(claim, self._network, domain, second_network=second_network, time_limit=self.deadline)
            return replace(late, reason=LATE)
        settle = settle_claim if plan is None else partial(settle_along, plan=plan)
        settled = settle(claim, self._network, domain, second_network=second_network, **self._limits(time_limit))
        kept = self._kept(settled)
        if second_network is None and kept.verdict is not Verdict.UNKNOWN:
            self._known[claim] = kept
        return kept

    def _limits(self, time_limit: TimeLimit) -> dict[str, Any]:
        """What a claim may take, and where its proof goes."""
        asked = min(self.deadline, Deadline.of(time_limit), key=lambda limit: limit.end)
        until = asked.within(PART_CLAIM * self.until.seconds_left)
        return {"path": self._proofs.place_of_next(), "max_cells": self.most_cells, "time_limit": until}

    def _kept(self, settled: Settlement) -> Settlement:
        self._proved += settled.proof is not None
        return self._proofs.keep(settled, f"{self._proved:04}")
