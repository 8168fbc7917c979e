"""How large a model may be: one budget for all formats, counted before anything of that size is made.

A file of a kilobyte can describe a network of any size, and numbers of any length. The one idea: code that builds
something while a file is read first says how much it is, and one account of everything stops a job that would take too
much memory or time. Memory that is released is not credited (except if it lives no longer than one step), so that the
account bounds the work, too.

| of a model                                              | at most                   |
|---------------------------------------------------------|---------------------------|
| weights and biases, and numbers of all tensors together | 2^26 (half a gigabyte)    |
| units, inputs and outputs together                      | 2^20                      |
| bytes that reading it builds, all steps together        | 2^31                      |
| work of exact folding, in nanoseconds of a usual core   | 2^36 (about a minute)     |
| bits of one rational number; of one scale of a value    | 2^20; 2^14                |
| letters of all names, or of a description in JSON       | 2^24                      |
"""

from relugeom.errors import UnsupportedModelError

__all__ = [
    "LETTERS",
    "LONGEST_NUMBER",
    "LONGEST_SCALE",
    "OPERATION",
    "UNITS",
    "WEIGHTS",
    "BeyondBudgetError",
    "Budget",
    "check_size",
]

WEIGHTS = 2**26
UNITS = 2**20
BYTES = 2**31
WORK = 2**36
LONGEST_NUMBER = 2**20
LONGEST_SCALE = 2**14
LETTERS = 2**24

FLOAT = 8
RATIONAL = 100
"""Bytes of a rational number in addition to its digits."""
OPERATION = 300
"""Nanoseconds for an operation on two short rationals."""
COMMON_FACTOR = 2000
"""Nanoseconds per word for finding the common factor of two long numbers."""
WORD = 64


class BeyondBudgetError(UnsupportedModelError):
    """A model describes more than can be analysed."""


class Budget:
    """Account of one model that is being read."""

    __slots__ = ("_bytes", "_work")

    def __init__(self) -> None:
        self._bytes = self._work = 0

    def floats(self, count: int) -> None:
        """Count floats, or other entries of eight bytes, that are about to be made."""
        self._spend(count * FLOAT, count)

    def rationals(self, count: int, bits: int, *, shorter: int = 0, kept: bool = True) -> None:
        """Count rationals that are about to be computed.

        Parameters
        ----------
        bits
            Of all results together, at most.
        shorter
            Of the shorter ones of each two operands, all together.
        kept
            Whether they stay, or are let go at once.
        """
        size = count * RATIONAL + bits // 8
        self._spend(size, count * OPERATION + shorter // WORD * COMMON_FACTOR)
        self._bytes -= 0 if kept else size

    def products(self, count: int, bits: int) -> None:
        """Count products of two integers with at most this many bits that are about to be computed."""
        self._spend(0, count * (1 + bits // WORD))

    def steps(self, count: int, nanoseconds: int) -> None:
        """Count steps that are about to be done."""
        self._spend(0, count * nanoseconds)

    def _spend(self, size: int, work: int) -> None:
        self._bytes += size
        self._work += work
        if self._bytes > BYTES or self._work > WORK:
            what = f"{BYTES:,} bytes" if self._bytes > BYTES else "a minute"
            raise BeyondBudgetError(
                f"reading it exactly would take more than {what}: the model describes more than can be analysed; "
                f"simplify it first, for example with onnxsim, or export a smaller one"
            )


def check_size(weights: int, units: int) -> None:
    """Refuse a network that is larger than any that can be analysed.

    Parameters
    ----------
    weights
        Weights and biases of all layers.
    units
        Values of all layers, inputs and outputs among them.

    Raises
    ------
    BeyondBudgetError
        Either is more than the budget has.
    """
    if weights > WEIGHTS:
        raise BeyondBudgetError(f"it has {weights:,} weights: more than {WEIGHTS:,} cannot be analysed")
    if units > UNITS:
        raise BeyondBudgetError(f"its layers have {units:,} units: more than {UNITS:,} cannot be analysed")
