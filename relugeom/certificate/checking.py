"""Checking a certificate from inside relugeom: `checker.py` decides; digests say which network and domain it is about.

With several threads, processes of their own check the subtrees that the file marks, each as an auditor would: Python,
the standard library, and `checker.py` as a file.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relugeom import checker
from relugeom.errors import InputError
from relugeom.files import regular_file
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork

__all__ = ["CHECKER", "CheckedCertificate", "check_certificate"]

CHECKER = Path(checker.__file__)
"""The file that an auditor runs."""
WORKER = (
    "import json, runpy, sys; check = runpy.run_path(sys.argv[1])['check_subtree']; "
    "spans = [tuple(map(int, span.split('-'))) for span in sys.argv[3:]]; "
    "print(json.dumps([check(sys.argv[2], *span) for span in spans]))"
)


@dataclass(frozen=True, slots=True)
class CheckedCertificate:
    """What became of a certificate.

    Attributes
    ----------
    accepted, reason
        Whether every step follows, and else what does not.
    proved
        What is proved, in words.
    networks, domain
        Digests of what it is about, computed from its numbers.
    regions, unexplored, proofs, closed
        Counts: regions and unexplored parts of a partition, proofs of stable units, other cells.
    seconds
        Time of the check.
    digest
        SHA-256 of the file.
    """

    accepted: bool
    reason: str
    proved: tuple[str, ...]
    networks: tuple[str, ...]
    domain: str
    regions: int
    unexplored: int
    proofs: int
    closed: int
    seconds: float
    digest: str


def check_certificate(
    path: str | Path, *, model: ReLUNetwork | None = None, domain: Domain | None = None, threads: int = 1
) -> CheckedCertificate:
    """Check a certificate, and that it is about a network and a domain.

    Parameters
    ----------
    model, domain
        What the certificate should be about; without them, any will do, and the digests say which it is.
    threads
        How many processes check at a time.

    Raises
    ------
    InputError
        The file cannot be read, or is not a certificate of this version.
    """
    path = regular_file(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        found = checker.check(str(path), None, _check_subtrees(path, threads) if threads > 1 else ())
    except checker.Refused as error:
        raise InputError(f"{str(path)!r} is not a certificate that can be checked: {error}") from error
    except checker.Rejected as error:
        return CheckedCertificate(False, str(error), (), (), "", 0, 0, 0, 0, 0.0, digest)
    reason = ""
    if model is not None and found["networks"][0] != model.digest:
        reason = f"it is about the network {found['networks'][0]}, not about {model.digest}"
    elif domain is not None and found["domain"] != domain.digest:
        reason = f"it is about the domain {found['domain']}, not about {domain.digest}"
    return CheckedCertificate(
        accepted=not reason,
        reason=reason,
        proved=tuple(found["proved"]),
        networks=tuple(found["networks"]),
        domain=found["domain"],
        regions=found["regions"],
        unexplored=found["unexplored"],
        proofs=found["proofs"],
        closed=found["closed"],
        seconds=found["seconds"],
        digest=digest,
    )


def _check_subtrees(path: Path, processes: int) -> Sequence[Any]:
    """Answers for the marked subtrees, or none where one of them is not accepted: the whole check then says why."""
    try:
        spans = checker.read_index(str(path))
    except checker.Refused:
        return ()
    command = [sys.executable, "-I", "-S", "-c", WORKER, str(CHECKER), str(path)]
    shares = [spans[start::processes] for start in range(min(processes, len(spans)))]
    running = [
        subprocess.Popen(
            [*command, *(f"{begin}-{end}" for begin, end in share)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        for share in shares
    ]
    answers: list[Any] = []
    outputs = [process.communicate()[0] for process in running]
    for process, output in zip(running, outputs, strict=True):
        if process.returncode:
            return ()
        answers += [tuple(answer) for answer in json.loads(output)]
    return answers
