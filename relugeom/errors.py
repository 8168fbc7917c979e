"""One tree of exceptions.

Every error that a user can cause says in one line what was wrong, where, and what to do about it; the command line
prints that line and ends with exit code 2. Questions that a limit leaves open end with 3, breakdowns with 4.
"""

__all__ = [
    "CertificateError",
    "DataError",
    "DeadlinePassedError",
    "DomainError",
    "EmptyDomainError",
    "EmptyPolytopeError",
    "InputError",
    "ModelError",
    "PatternError",
    "RelugeomError",
    "SchemaVersionError",
    "SolverCrashError",
    "SolverError",
    "StoreError",
    "UnboundedPolytopeError",
    "UnsupportedModelError",
]


class RelugeomError(Exception):
    """Root of every exception that relugeom raises on purpose."""


class DeadlinePassedError(RelugeomError):
    """The time for a job is over; the function that set the deadline says what is known by then."""


class InputError(RelugeomError):
    """Something that the user gave cannot be used."""


class ModelError(InputError):
    """A model file or a set of weights is damaged, inconsistent or not finite."""


class UnsupportedModelError(ModelError):
    """A model is well formed but contains something other than affine maps, ReLUs and a known tail."""


class PatternError(InputError):
    """An activation pattern does not fit the network."""


class DomainError(InputError):
    """A domain is not well formed."""


class EmptyDomainError(DomainError):
    """No input satisfies the domain."""


class DataError(InputError):
    """A table of samples cannot be used."""


class StoreError(InputError):
    """A store cannot be opened, read or written."""


class SchemaVersionError(StoreError):
    """A store has the schema of another version of relugeom."""


class EmptyPolytopeError(RelugeomError):
    """No point satisfies A x ≤ b."""


class UnboundedPolytopeError(RelugeomError):
    """Balls of every radius fit."""


class SolverError(RelugeomError):
    """A solver stopped without an answer; the text names the solver and its reason."""


class SolverCrashError(RelugeomError):
    """A solver broke down, which says nothing about the question."""


class CertificateError(RelugeomError):
    """Something could not be proved; the text names it."""
