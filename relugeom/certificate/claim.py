"""Claims as certificates: a proof that anybody can check, or the input that shows that the claim is false."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from numpy.typing import ArrayLike

from relugeom.certificate.claim_proof.cell_proofs import CellProver
from relugeom.certificate.claim_proof.closers import SetCloser, SlopeCloser
from relugeom.certificate.claim_proof.counterexample import FalseClaimError
from relugeom.certificate.claim_proof.header_entry import as_excluded, claim_object, set_rows
from relugeom.certificate.claim_proof.joint_cell import Copies, JointCell
from relugeom.certificate.claim_proof.pattern_proofs import PatternTrees
from relugeom.certificate.claim_proof.proof_range import ProofRange
from relugeom.certificate.claim_proof.tree import ClaimTree, Closer, Lines
from relugeom.certificate.given_inputs import find_counterexample
from relugeom.certificate.header import domain_exponent, header_line
from relugeom.certificate.writer import CertificateFile
from relugeom.claims.claim import Claim, Excluded, Monotone
from relugeom.claims.patterns import PatternClaims
from relugeom.claims.settlement import Proof, Settlement, Verdict
from relugeom.errors import CertificateError, InputError
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.partition.enumeration import check_inputs

__all__ = ["certify_claim", "settle_claim"]

BOUND_BITS = 24
"""Binary places of the bounds of relaxed units, which are written in multiples of the domain's numbers."""
LONGEST_EXPONENT = 1100


def certify_claim(
    claim: Claim,
    network: ReLUNetwork,
    domain: Domain,
    path: str | Path = "claim.cert",
    *,
    second_network: ReLUNetwork | None = None,
    max_cells: int = 1_000_000,
    time_limit: float | None = None,
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
        Cells that are closed, and seconds, at most.
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
    networks = [network] if second_network is None else [network, second_network]
    asked = _check_networks(claim, networks, domain)
    entry = claim_object(asked, networks, domain.inputs)
    exponent = domain_exponent(domain)
    if isinstance(asked, Excluded):
        exponent = max(exponent, min(exponent + BOUND_BITS, LONGEST_EXPONENT))
    header = header_line(networks, domain, entry, multiplier_bits=0, point_bits=0, exponent=exponent)
    with CertificateFile(path, header) as file:
        pieces = _pieces(asked, networks, domain, exponent, max_cells, time_limit, on_progress)
        for lines in pieces:
            file.write(lines.content())
            file.proofs += lines.proofs
            file.closed += lines.closed
            file.count_bits(lines.longest, 1)
            file.point_bits = max(file.point_bits, lines.longest_point.bit_length())
    with file.path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return Proof(file.path, file.closed, file.proofs, file.path.stat().st_size, digest)


def settle_claim(
    claim: Claim,
    network: ReLUNetwork,
    domain: Domain,
    path: str | Path | None = None,
    *,
    second_network: ReLUNetwork | None = None,
    candidates: ArrayLike | None = None,
    max_cells: int = 1_000_000,
    time_limit: float | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Settlement:
    """Whether a claim holds: `certify_claim` with a value for each of its three ends.

    Parameters
    ----------
    path
        Where the certificate is to be; by default it is written, and not kept.
    candidates
        Inputs, shape (k, n), such as samples: where they show that the claim fails, nothing is searched.

    Raises
    ------
    InputError
        The claim does not fit the networks and the domain, or the file cannot be written.
    """
    if candidates is not None:
        networks = [network] if second_network is None else [network, second_network]
        _check_networks(claim, networks, domain)
        shown = find_counterexample(claim, networks, domain, candidates)
        if shown is not None:
            reason = "one of the inputs that were given shows that the claim is false"
            return Settlement(claim, Verdict.FAILS, counterexample=shown, reason=reason)
    with _place(path) as place:
        try:
            proof = certify_claim(
                claim,
                network,
                domain,
                place,
                second_network=second_network,
                max_cells=max_cells,
                time_limit=time_limit,
                on_progress=on_progress,
            )
        except FalseClaimError as error:
            return Settlement(claim, Verdict.FAILS, counterexample=error.counterexample, reason=str(error))
        except CertificateError as error:
            return Settlement(claim, Verdict.UNKNOWN, reason=str(error))
    return Settlement(claim, Verdict.HOLDS, replace(proof, path=None) if path is None else proof)


def _check_networks(claim: Claim, networks: list[ReLUNetwork], domain: Domain) -> Excluded | Monotone | PatternClaims:
    """The claim as it is proved, once the networks fit it and the domain."""
    for each in networks:
        check_inputs(each, domain)
    asked = claim if isinstance(claim, Monotone | PatternClaims) else as_excluded(claim, networks)
    second = isinstance(asked, Excluded) and asked.twin is not None and asked.twin.second_network
    if second is not (len(networks) > 1):
        needed = "needs a second network" if second else "is about one network, but two were given"
        raise InputError(f"the claim {needed}")
    return asked


@contextmanager
def _place(path: str | Path | None) -> Iterator[str | Path]:
    """Where the certificate goes: to the path, or to a temporary folder."""
    if path is not None:
        yield path
        return
    try:
        folder = TemporaryDirectory(prefix="relugeom-")
    except OSError as error:
        raise InputError(
            f"no temporary folder can be made ({error.strerror}): name one with room in the environment variable TMPDIR"
        ) from error
    with folder as name:
        yield Path(name) / "claim.cert"


def _pieces(
    claim: Excluded | Monotone | PatternClaims,
    networks: list[ReLUNetwork],
    domain: Domain,
    exponent: int,
    max_cells: int,
    time_limit: float | None,
    on_progress: Callable[[int], None] | None,
) -> Iterator[Lines]:
    """The lines of the tree, or of all trees."""
    ball = claim.ball if isinstance(claim, Excluded) else None
    copies = Copies((networks[0],), domain, exponent)
    if isinstance(claim, Excluded) and claim.twin is not None:
        copies = Copies((networks[0], networks[-1]), domain, exponent, claim.twin.own)
    auxiliary = ProofRange.auxiliary(ball, copies.inputs)
    cell = JointCell(copies, auxiliary=auxiliary, sides_numbered=ball is not None)
    prover = CellProver(cell, ProofRange(cell.box, ball, copies.inputs, copies.units))
    if isinstance(claim, PatternClaims):
        trees = PatternTrees(prover, max_cells=max_cells, time_limit=time_limit)
        for statement in claim.statements:
            yield from trees.lines(statement, on_progress)
        return
    closer: Closer
    if isinstance(claim, Monotone):
        closer = SlopeCloser(claim, prover)
    else:
        closer = SetCloser(claim, prover, set_rows(claim, networks, domain.inputs))
    yield from ClaimTree(prover, closer, max_cells=max_cells, time_limit=time_limit, on_progress=on_progress)
