"""Claims as certificates: a proof that anybody can check, or the input that shows that the claim is false."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from numpy.typing import ArrayLike

from relugeom.bounding.engine import search
from relugeom.bounding.outcome import Effort
from relugeom.certificate.claim_excess import excess_in_words, excess_of, first_excess, why_open
from relugeom.certificate.claim_problem import ClaimJudge, claim_problem
from relugeom.certificate.claim_proof.cell_proofs import CellProver
from relugeom.certificate.claim_proof.closers import SetCloser, SlopeCloser
from relugeom.certificate.claim_proof.counterexample import SET_IS_MET, FalseClaimError, UnprovedClaimError, wrong_way
from relugeom.certificate.claim_proof.header_entry import as_excluded, claim_object, set_rows
from relugeom.certificate.claim_proof.joint_cell import Copies, JointCell
from relugeom.certificate.claim_proof.pattern_proofs import PatternTrees
from relugeom.certificate.claim_proof.proof_range import ProofRange
from relugeom.certificate.claim_proof.task import ClaimTask, keep_proof
from relugeom.certificate.claim_proof.tree import ClaimTree, Closer, Lines
from relugeom.certificate.cover_proof.settle import settle_cover
from relugeom.certificate.given_inputs import find_counterexample
from relugeom.certificate.header import domain_exponent
from relugeom.certificate.slope_judge import SlopeJudge
from relugeom.claims.claim import Claim, Excluded, Monotone
from relugeom.claims.cover_tree import CoverTree
from relugeom.claims.patterns import PatternClaims
from relugeom.claims.reason import Cause, Reason
from relugeom.claims.settlement import Proof, Settlement, Verdict
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.partition.partition import check_inputs

__all__ = ["certify_claim", "settle_along", "settle_claim"]

BOUND_BITS = 24
"""Binary places of the bounds of relaxed units, which are written as multiples of the domain's numbers."""
LONGEST_EXPONENT = 1100
VERY_FEW_UNITS, FEW_UNITS, FIRST_CELLS = 16, 64, 1000
"""Units up to which the tree of patterns comes first, and early, and the cells that it may close then."""
GLANCE, TINY, SHORT_GLANCE = 20_000, 8, 200
"""Cells that are bounded before that tree where it comes early; and where it comes first, but has more units than this,
whose programs take longer than a few cells.
"""
LATE = Reason(Cause.TIME, "time ran out", "time ran out (before anything was tried)")
SLACK = 1e-10
"""Bounds below this, relative to the size of their terms, are left to exact arithmetic where equality is no failure."""
COVERING, COVER_CELLS = 2 / 3, 200_000
"""Part of the time, and most cells, for covering the domain with bounded cells."""


def certify_claim(
    claim: Claim,
    network: ReLUNetwork,
    domain: Domain,
    path: str | Path = "claim.cert",
    *,
    second_network: ReLUNetwork | None = None,
    max_cells: int = 1_000_000,
    time_limit: TimeLimit = None,
    on_progress: Callable[[int], None] | None = None,
) -> Proof:
    """Prove a claim and write the proof as a certificate.

    Parameters
    ----------
    claim
        What is claimed of the network on the domain.
    path
        The file to write; it appears when it is whole.
    second_network
        What `Equivalent` and twins of a second network compare with.
    max_cells, time_limit
        Cells that are closed, and seconds (or a deadline), at most.
    on_progress
        Called with the number of cells closed so far.

    Raises
    ------
    FalseClaimError
        The claim is false; its `counterexample` was verified exactly.
    CertificateError
        Something could not be proved; the text names the cell. In both cases no file is written.
    InputError
        The claim does not fit the networks and the domain, or the file cannot be written.
    """
    task, deadline = prepare_claim(claim, network, domain, second_network), Deadline.of(time_limit)
    covered = None if _has_few_units(task) else _by_covering(claim, task, path, max_cells, deadline, on_progress)
    if covered is None or covered.verdict is Verdict.UNKNOWN:
        return keep_proof(task, proof_lines(task, max_cells, deadline, on_progress), path)
    if covered.counterexample is not None:
        what = wrong_way(claim, domain.names) if isinstance(claim, Monotone) else SET_IS_MET
        raise FalseClaimError(what, covered.counterexample, domain.names)
    assert covered.proof is not None, "a covering proves or refutes"
    return covered.proof


def settle_claim(
    claim: Claim,
    network: ReLUNetwork,
    domain: Domain,
    path: str | Path | None = None,
    *,
    second_network: ReLUNetwork | None = None,
    candidates: ArrayLike | None = None,
    max_cells: int = 1_000_000,
    time_limit: TimeLimit = None,
    on_progress: Callable[[int], None] | None = None,
) -> Settlement:
    """Decide whether a claim holds: like `certify_claim`, with a value for each of its three ends.

    Parameters
    ----------
    path
        Where the certificate is to be; by default the proof is found, but not written.
    candidates
        Inputs, shape (k, n), such as samples: where they show that the claim fails, nothing is searched.

    Raises
    ------
    InputError
        The claim does not fit the networks and the domain, or the file cannot be written.
    """
    deadline = Deadline.of(time_limit)
    task = prepare_claim(claim, network, domain, second_network)
    shown = None
    if candidates is not None:
        shown = find_counterexample(claim, task.networks, domain, candidates, deadline=deadline)
    if shown is not None:
        reason = Reason(Cause.INPUT, "one of the given inputs refutes the claim")
        return Settlement(claim, Verdict.FAILS, counterexample=shown, reason=reason)
    return settle_task(claim, task, path, max_cells, deadline, on_progress)


def settle_along(
    claim: Claim,
    network: ReLUNetwork,
    domain: Domain,
    plan: CoverTree,
    path: str | Path | None = None,
    *,
    second_network: ReLUNetwork | None = None,
    max_cells: int = 1_000_000,
    time_limit: TimeLimit = None,
    on_progress: Callable[[int], None] | None = None,
) -> Settlement:
    """Decide whether a claim holds that can probably be proved along a plan: nothing is searched then.

    Raises
    ------
    InputError
        The claim does not fit the networks and the domain, or the plan does not fit the claim, or the file cannot be
        written.
    """
    deadline = Deadline.of(time_limit)
    task = prepare_claim(claim, network, domain, second_network)
    if not deadline.passed:
        with suppress(UnprovedClaimError):
            return Settlement(claim, Verdict.HOLDS, settle_cover(task, plan, path, deadline))
    return settle_task(claim, task, path, max_cells, deadline, on_progress)


def prepare_claim(claim: Claim, network: ReLUNetwork, domain: Domain, second_network: ReLUNetwork | None) -> ClaimTask:
    """The claim with what it is about.

    Raises
    ------
    InputError
        The claim does not fit the networks and the domain.
    """
    networks = (network,) if second_network is None else (network, second_network)
    for each in networks:
        check_inputs(each, domain)
    asked = claim if isinstance(claim, Monotone | PatternClaims) else as_excluded(claim, networks)
    second = isinstance(asked, Excluded) and asked.twin is not None and asked.twin.second_network
    if second is not (second_network is not None):
        needed = "needs a second network" if second else "is about one network, but two were given"
        raise InputError(f"the claim {needed}")
    entry = claim_object(asked, networks, domain.inputs)
    exponent = domain_exponent(domain)
    if isinstance(asked, Excluded):
        exponent = max(exponent, min(exponent + BOUND_BITS, LONGEST_EXPONENT))
    sets = set_rows(asked, networks, domain.inputs) if isinstance(asked, Excluded) else []
    return ClaimTask(asked, networks, domain, entry, exponent, sets)


def settle_task(
    claim: Claim,
    task: ClaimTask,
    path: str | Path | None,
    max_cells: int,
    deadline: Deadline,
    on_progress: Callable[[int], None] | None,
    *,
    glance: int = 0,
) -> Settlement:
    """What becomes of a claim that was prepared.

    A tree of patterns meets every claim exactly, and is quick where units are very few; cells with bounds reach
    further. So the tree comes first in small networks, with a part of the work, and last in any case.

    Parameters
    ----------
    glance
        Cells that are bounded before anything else even where units are very few: none by default.
    """
    if deadline.passed and not isinstance(claim, PatternClaims):
        return _narrowed(claim, [Settlement(claim, Verdict.UNKNOWN, reason=LATE)], task)
    open_ones = []
    for attempt in _attempts(claim, task, path, max_cells, deadline, on_progress, glance):
        if attempt is not None and attempt.verdict is not Verdict.UNKNOWN:
            return attempt
        open_ones += [] if attempt is None else [attempt]
        if open_ones and deadline.passed:  # another attempt would only be set up
            break
    return _narrowed(claim, open_ones, task)


def _attempts(
    claim: Claim,
    task: ClaimTask,
    path: str | Path | None,
    max_cells: int,
    deadline: Deadline,
    on_progress: Callable[[int], None] | None,
    glance: int,
) -> Iterator[Settlement | None]:
    if _has_few_units(task):
        if not _is_for_patterns(task):
            glance = max(glance, GLANCE)
        elif _units_of(task) > TINY:
            glance = max(glance, SHORT_GLANCE)
        if glance:
            cells, part = min(glance, max_cells), COVERING / 2
            yield _by_covering(claim, task, path, cells, deadline, on_progress, part)
        yield _by_patterns(claim, task, path, min(max_cells, FIRST_CELLS), deadline.share(1 / 2), on_progress)
    yield _by_covering(claim, task, path, max_cells, deadline, on_progress)
    if not (_has_few_units(task) and max_cells <= FIRST_CELLS):
        yield _by_patterns(claim, task, path, max_cells, deadline, on_progress)


def _narrowed(claim: Claim, attempts: Sequence[Settlement], task: ClaimTask) -> Settlement:
    """The last of some attempts that left a claim open, the last one that knows how far it is from being settled if any
    does, with the best of what is known from all.
    """
    known = [attempt for attempt in attempts if attempt.upper is not None or attempt.lower is not None]
    sides = [first_excess(task), *((attempt.lower, attempt.upper) for attempt in known)]
    lower = max((low for low, _ in sides if low is not None), default=None)
    upper = min((high for _, high in sides if high is not None), default=None)
    last = (known or attempts)[-1]
    full = "; ".join([str(last.reason), *excess_in_words(claim, lower, upper)])
    return replace(last, reason=replace(last.reason, full=full), lower=lower, upper=upper)


def _has_few_units(task: ClaimTask) -> bool:
    return sum(network.units for network in task.networks) <= FEW_UNITS


def _is_for_patterns(task: ClaimTask) -> bool:
    """Whether patterns come first: units are very few, or two networks may be the same, which is tight everywhere."""
    return len(task.networks) > 1 or _units_of(task) <= VERY_FEW_UNITS


def _units_of(task: ClaimTask) -> int:
    return sum(network.units for network in task.copies)


def _by_patterns(
    claim: Claim,
    task: ClaimTask,
    path: str | Path | None,
    max_cells: int,
    deadline: Deadline,
    on_progress: Callable[[int], None] | None,
) -> Settlement:
    """Decide a claim unit by unit, with linear programs."""
    try:
        proof = keep_proof(task, proof_lines(task, max_cells, deadline, on_progress), path)
    except FalseClaimError as error:
        return Settlement(claim, Verdict.FAILS, counterexample=error.counterexample, reason=error.reason)
    except UnprovedClaimError as error:
        return Settlement(claim, Verdict.UNKNOWN, reason=error.reason)
    return Settlement(claim, Verdict.HOLDS, proof)


def _by_covering(
    claim: Claim,
    task: ClaimTask,
    path: str | Path | None,
    max_cells: int,
    deadline: Deadline,
    on_progress: Callable[[int], None] | None,
    part: float = COVERING,
) -> Settlement | None:
    """Decide a claim by attack, bounds and branching; None if that has no method for it.

    Parameters
    ----------
    part
        That of the time for the search; once it has ended, its proof may take all that is left.
    """
    problem = claim_problem(task)
    if problem is None:
        return None
    judge: ClaimJudge | SlopeJudge
    judge = SlopeJudge(task, task.claim) if isinstance(task.claim, Monotone) else ClaimJudge(task)
    effort = Effort(cells=min(max_cells, COVER_CELLS))
    until = deadline.share(part)
    slack = SLACK if _is_strict(task.claim) else 0.0
    found = search(
        problem, judge.is_met, judge.are_inside, slack=slack, effort=effort, deadline=until, on_progress=on_progress
    )
    if judge.shown is not None:
        return Settlement(claim, Verdict.FAILS, counterexample=judge.shown, reason=judge.refuted.reason)
    if found.tree is None:
        excess = excess_of(found, judge)
        reason = why_open(found, late=until.passed, cells=effort.cells)
        return Settlement(claim, Verdict.UNKNOWN, reason=reason, lower=excess[0], upper=excess[1])
    if path is None and not found.tight:  # the bounds allow for their rounding, so they are a proof
        return Settlement(claim, Verdict.HOLDS, Proof(None, found.tree.leaves, len(found.tree.bounded), 0, ""))
    try:
        return Settlement(claim, Verdict.HOLDS, settle_cover(task, found.tree, path, deadline))
    except UnprovedClaimError as error:
        upper = None if found.tight else Fraction(0)
        return Settlement(claim, Verdict.UNKNOWN, reason=error.reason, upper=upper)


def _is_strict(claim: Claim) -> bool:
    """Whether every set has a strict inequality, so that a claim may hold that is met with equality."""
    return isinstance(claim, Excluded) and all(any(row.strict for row in members) for members in claim.sets)


def proof_lines(
    task: ClaimTask, max_cells: int, deadline: Deadline, on_progress: Callable[[int], None] | None
) -> Iterator[Lines]:
    """The lines of the tree, or of all trees.

    Raises
    ------
    FalseClaimError, CertificateError
        The claim is false, or was not proved.
    """
    claim, networks, domain = task.claim, task.networks, task.domain
    ball = claim.ball if isinstance(claim, Excluded) else None
    copies = Copies(networks[:1], domain, task.exponent)
    if isinstance(claim, Excluded) and claim.twin is not None:
        copies = Copies((networks[0], networks[-1]), domain, task.exponent, claim.twin.own)
    auxiliary = ProofRange.auxiliary(ball, copies.inputs)
    cell = JointCell(copies, auxiliary=auxiliary, sides_numbered=ball is not None)
    prover = CellProver(cell, ProofRange(cell.box, ball, copies.inputs, copies.units), deadline=deadline)
    if isinstance(claim, PatternClaims):
        trees = PatternTrees(prover, max_cells=max_cells, deadline=deadline)
        for statement in claim.statements:
            yield from trees.lines(statement, on_progress)
        return
    closer: Closer
    closer = SlopeCloser(claim, prover) if isinstance(claim, Monotone) else SetCloser(claim, prover, task.sets)
    yield from ClaimTree(prover, closer, max_cells=max_cells, deadline=deadline, on_progress=on_progress)
