"""The proof of a claim by a covering tree, as a certificate."""

from dataclasses import replace
from pathlib import Path

from relugeom.certificate.claim_proof.task import ClaimTask, keep_proof
from relugeom.certificate.cover_proof.cuts import box_exponent, short_cuts
from relugeom.certificate.cover_proof.problem import cover_problem
from relugeom.certificate.cover_proof.producer import CoverProducer, check_fit, out_of_time
from relugeom.certificate.header import CoverVersion, domain_exponent
from relugeom.claims.claim import Excluded
from relugeom.claims.cover_tree import CoverTree
from relugeom.claims.settlement import Proof
from relugeom.deadline import Deadline
from relugeom.errors import DeadlinePassedError

__all__ = ["settle_cover"]


def settle_cover(task: ClaimTask, tree: CoverTree, path: str | Path | None, deadline: Deadline) -> Proof:
    """Prove a claim exactly along a tree that was found in floats.

    Parameters
    ----------
    task
        An `Excluded` claim without a ball, or a `Monotone` one; its exponent does not count.
    tree
        Bisections, splits, units to bound and weights. Its values may be rounded, bounds that do not matter left out,
        and leaves that do not close divided further.
    path
        Where the certificate is to be (version 3; 5 if networks are short or units are paired); None if it is only to
        be verified.

    Raises
    ------
    UnprovedClaimError
        A leaf does not close exactly, or time ran out; no file is written.
    InputError
        The tree does not fit the claim, or the file cannot be written.
    """
    check_fit(cover_problem(task), tree)
    own = task.claim.twin.own if isinstance(task.claim, Excluded) and task.claim.twin else ()
    columns = [*range(task.domain.inputs), *own]
    lower, upper = task.domain.lower[columns], task.domain.upper[columns]
    cuts = short_cuts(tree, lower, upper)
    exact = replace(task, exponent=box_exponent(domain_exponent(task.domain), cuts, lower, upper))
    problem = cover_problem(exact)
    producer = CoverProducer(problem, tree, cuts, deadline)
    try:
        producer.begin()
    except DeadlinePassedError as error:
        raise out_of_time(0) from error
    version = CoverVersion.SHORT if problem.is_short or problem.pairs else CoverVersion.PLAIN
    return keep_proof(exact, producer.lines(), path, bounds=producer.bits, version=version)
