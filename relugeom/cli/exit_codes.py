"""Exit codes: one number for each kind of outcome, and what each verb means by it.

The one idea: an answer has a status, and one table maps each status to a code. The documentation is generated from
these tables.
"""

from collections.abc import Mapping
from enum import IntEnum

__all__ = ["MEANINGS", "STATUSES", "VERBS", "ExitCode"]


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
    "region": ExitCode.DONE,
    "fails": ExitCode.FAILS,
    "counterexample": ExitCode.FAILS,
    "different": ExitCode.FAILS,
    "rejected": ExitCode.FAILS,
    "infeasible": ExitCode.FAILS,
    "lower-dimensional": ExitCode.FAILS,
    "truncated": ExitCode.UNKNOWN,
    "unknown": ExitCode.UNKNOWN,
}
"""Code of each `status` that an answer can have."""

JUST_DONE: Mapping[ExitCode, str] = {ExitCode.DONE: "done"}
LISTED: Mapping[ExitCode, str] = {ExitCode.DONE: "complete", ExitCode.UNKNOWN: "truncated"}
VERBS: Mapping[str, Mapping[ExitCode, str]] = {
    "audit": {ExitCode.DONE: "the list of regions is complete", ExitCode.UNKNOWN: "it is truncated"},
    "inspect": JUST_DONE,
    "cluster": JUST_DONE,
    "enumerate": LISTED,
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
