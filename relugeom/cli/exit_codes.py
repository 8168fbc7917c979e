"""Exit codes: one number for each kind of outcome, and what each verb means by it.

The one idea: an answer has a status, and one table maps each status to a code; so no verb chooses a code. The
documentation is generated from these tables.
"""

from collections.abc import Mapping
from enum import IntEnum

from relugeom.errors import CertificateError, DeadlinePassedError, InputError, RelugeomError

__all__ = ["MEANINGS", "STATUSES", "VERBS", "ExitCode", "code_of", "code_of_error"]


class ExitCode(IntEnum):
    """How a verb ended."""

    DONE = 0
    FAILS = 1
    BAD_INPUT = 2
    UNKNOWN = 3
    FAULT = 4
    INTERRUPTED = 130
    TERMINATED = 143


MEANINGS: Mapping[ExitCode, str] = {
    ExitCode.DONE: "done; complete; the statement holds; the certificate is accepted; the networks are equivalent",
    ExitCode.FAILS: (
        "a property fails, a certificate is rejected, a pattern is infeasible or lower-dimensional, two networks differ"
    ),
    ExitCode.BAD_INPUT: (
        "bad usage or bad input, or an answer that could not be written to the standard output: one line says what is "
        "wrong and what to do, and nothing is left half-written"
    ),
    ExitCode.UNKNOWN: "unknown or truncated: a limit was met, and what had been found by then is kept",
    ExitCode.FAULT: (
        "this program has a fault, or a solver that it uses broke down: this says nothing about the question and "
        "should be reported"
    ),
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C) when no partial answer could be given",
    ExitCode.TERMINATED: "terminated (SIGTERM)",
}

STATUSES: Mapping[str, ExitCode] = {
    "holds": ExitCode.DONE,
    "equivalent": ExitCode.DONE,
    "accepted": ExitCode.DONE,
    "complete": ExitCode.DONE,
    "pass": ExitCode.DONE,
    "estimated": ExitCode.DONE,
    "region": ExitCode.DONE,
    "fails": ExitCode.FAILS,
    "fail": ExitCode.FAILS,
    "counterexample": ExitCode.FAILS,
    "different": ExitCode.FAILS,
    "rejected": ExitCode.FAILS,
    "infeasible": ExitCode.FAILS,
    "lower-dimensional": ExitCode.FAILS,
    "truncated": ExitCode.UNKNOWN,
    "unknown": ExitCode.UNKNOWN,
    "open": ExitCode.UNKNOWN,
}
"""Code of each `status` that an answer can have."""
UNDECIDED = (DeadlinePassedError, CertificateError)
"""Errors that mean "unknown" because a limit was met; any other that the input did not cause is a fault of ours."""

JUST_DONE: Mapping[ExitCode, str] = {ExitCode.DONE: "done"}
LISTED: Mapping[ExitCode, str] = {ExitCode.DONE: "complete", ExitCode.UNKNOWN: "truncated"}
VERBS: Mapping[str, Mapping[ExitCode, str]] = {
    "audit": {
        ExitCode.DONE: "all that was planned is done and settled, and requirements pass; a plan need not list all "
        "regions",
        ExitCode.FAILS: "a requirement fails",
        ExitCode.UNKNOWN: "a limit cut a planned step, or left a statement or a requirement open; `--fail-on fail` "
        "makes this 0",
    },
    "inspect": JUST_DONE,
    "cluster": JUST_DONE,
    "enumerate": {
        ExitCode.DONE: "complete, or estimated with --estimate",
        ExitCode.UNKNOWN: "truncated; with --estimate, too little time for an estimate",
    },
    "locate": {
        ExitCode.DONE: "the pattern is a region",
        ExitCode.FAILS: "infeasible or lower-dimensional",
        ExitCode.UNKNOWN: "not settled in time",
    },
    "graph": JUST_DONE,
    "certify": LISTED,
    "check": {
        ExitCode.DONE: "accepted",
        ExitCode.FAILS: "rejected, or about another model, domain or name",
        ExitCode.UNKNOWN: "not checked in time",
    },
    "export": JUST_DONE,
    "verify": {
        ExitCode.DONE: "the property holds",
        ExitCode.FAILS: "a counterexample was found",
        ExitCode.UNKNOWN: "unknown",
    },
    "compare": {
        ExitCode.DONE: "the same function",
        ExitCode.FAILS: "they differ",
        ExitCode.UNKNOWN: "unknown",
    },
    "query": {ExitCode.DONE: "answered", ExitCode.UNKNOWN: "the answer was cut, or stopped after its first rows"},
    "report": JUST_DONE,
    "warm-up": JUST_DONE,
    "db current": JUST_DONE,
    "db upgrade": {ExitCode.DONE: "done", ExitCode.UNKNOWN: "the store could not be made one file again"},
    "db metadata": JUST_DONE,
}
"""Meaning of the codes, verb by verb; those not listed for a verb mean the same for all of them."""


def code_of(status: str | None, *, leftover: str = "", accepts_open: bool = False) -> ExitCode:
    """Code of an answer.

    Parameters
    ----------
    status
        Status of the answer; None for a verb that has nothing to decide.
    leftover
        What a copy of the written store would lack: then the job is not finished.
    accepts_open
        Whether UNKNOWN counts as DONE.
    """
    if leftover:
        return ExitCode.UNKNOWN
    code = ExitCode.DONE if status is None else STATUSES[status]
    return ExitCode.DONE if accepts_open and code is ExitCode.UNKNOWN else code


def code_of_error(error: RelugeomError) -> ExitCode:
    """Code of a verb that has no answer."""
    if isinstance(error, InputError):
        return ExitCode.BAD_INPUT
    return ExitCode.UNKNOWN if isinstance(error, UNDECIDED) else ExitCode.FAULT
