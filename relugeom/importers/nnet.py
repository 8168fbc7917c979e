"""Networks in ``.nnet``, the text format of the ACAS Xu networks and of Stanford's NNet project.

After comment lines (``//``) come, as decimal numbers between commas: the number of layers, inputs, outputs and the
largest width; the widths, inputs first; a flag without use; the least and the greatest value of each input; a mean and
a range for each input and one of each for all outputs; then for each layer its matrix, row by row, and its biases.

Such a network is trained on normalised values. With μ, ρ the means and ranges, it maps u to N((u − μ) / ρ) · ρ_y + μ_y,
where N is what the layers compute; a program that uses it also moves u into the box of least and greatest values first.
The file's network is N. The rest can be read beside it, or folded into its first and last layer.

A decimal stands for the nearest float64, as all numbers do that people type. A number ends with a comma or with its
line; a file that ends right after a digit is refused, because 2.81e-02 cut short is 2.81, another weight.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf, isfinite
from pathlib import Path

import numpy as np

from relugeom.errors import ModelError
from relugeom.files import regular_file
from relugeom.importers.affine_chain import AffineChain
from relugeom.importers.budget import check_size
from relugeom.importers.rational_arrays import rationals
from relugeom.linalg.arrays import FloatArray, frozen_array
from relugeom.network.network import ReLUNetwork

__all__ = ["NNetNormalisation", "read_nnet", "read_nnet_normalisation"]

LARGEST_FILE = 2**28
MOST_LAYERS = 10**4
LONGEST_NUMBER = 400
"""Most characters of a decimal: 1e-308 written out is shorter."""
LEFT_OUT = (
    "the file's normalisation is left out: inputs and outputs are those of the layers, (input - mean) / range "
    "(load_network(…, fold_normalisation=True) includes it)"
)
DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
"""Narrower than what Python's `float` accepts, which includes 1_0, nan and the digits of other alphabets."""


@dataclass(frozen=True, slots=True, eq=False)
class NNetNormalisation:
    """Normalisation of inputs and outputs by programs that use the network.

    Attributes
    ----------
    lower, upper
        Shape (n,): the box that inputs are moved into, in the user's units.
    means, ranges
        Shape (n,): the network takes (u − means) / ranges.
    output_mean, output_range
        The program takes output · output_range + output_mean, the same for all outputs.
    """

    lower: FloatArray
    upper: FloatArray
    means: FloatArray
    ranges: FloatArray
    output_mean: float
    output_range: float

    @property
    def is_trivial(self) -> bool:
        """Whether the normalisation changes nothing."""
        no_shift = not self.means.any() and not self.output_mean
        return no_shift and bool((self.ranges == 1).all()) and self.output_range == 1

    def __post_init__(self) -> None:
        for name in ("lower", "upper", "means", "ranges"):
            object.__setattr__(self, name, frozen_array(getattr(self, name)))


def read_nnet(path: Path, *, fold_normalisation: bool = False) -> ReLUNetwork:
    """Read a network from a ``.nnet`` file.

    Parameters
    ----------
    fold_normalisation
        Whether to fold the normalisation into the first and the last layer, so that inputs and outputs are in the
        user's units. The entries that this changes are rounded once to float64 and counted in the network's origin. The
        box of inputs is not part of the network: take it as the domain.

    Raises
    ------
    ModelError
        The file is damaged.
    """
    normalisation, layers = _read(path)
    chain = AffineChain.start(layers[0][0].shape[1])
    if fold_normalisation:
        chain = chain.shifted(-rationals(normalisation.means)).scaled(1 / rationals(normalisation.ranges))
    for position, (weight, bias) in enumerate(layers):
        chain = chain.rectified() if position else chain
        chain = chain.multiplied(weight).shifted(rationals(bias))
    if fold_normalisation:
        whole = np.ones(chain.size)
        chain = chain.scaled(rationals(whole * normalisation.output_range))
        chain = chain.shifted(rationals(whole * normalisation.output_mean))
    network = chain.network(source="nnet", precision="float64")
    if fold_normalisation or normalisation.is_trivial:
        return network
    return replace(network, origin=replace(network.origin, assumption=LEFT_OUT))


def read_nnet_normalisation(path: str | Path) -> NNetNormalisation:
    """Read the normalisation and the box of inputs from a ``.nnet`` file.

    Raises
    ------
    ModelError
        The file is missing or damaged.
    """
    file = regular_file(path, refusal=ModelError)
    try:
        return _read(file)[0]
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def _read(path: Path) -> tuple[NNetNormalisation, list[tuple[FloatArray, FloatArray]]]:
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise ModelError(f"a .nnet file has at most {LARGEST_FILE} bytes, this one has {size}")
    try:
        with path.open(encoding="utf-8") as file:
            return _parsed(_Numbers(file), size)
    except UnicodeDecodeError:
        raise ModelError("this is not an .nnet file: it is not text") from None


def _parsed(reader: "_Numbers", size: int) -> tuple[NNetNormalisation, list[tuple[FloatArray, FloatArray]]]:
    depth, inputs, outputs, _ = reader.whole_numbers(4, "the numbers of layers, inputs, outputs and the largest width")
    if not 1 <= depth <= MOST_LAYERS:
        raise ModelError(f"line {reader.line}: {depth} layers: at least 1 and at most {MOST_LAYERS} can be read")
    widths = reader.whole_numbers(depth + 1, "the widths of the layers")
    numbers = sum((before + 1) * after for before, after in pairwise(widths))
    if min(widths) < 1 or 2 * numbers > size:  # a number takes a digit and a separator
        raise ModelError(f"line {reader.line}: the widths {str(widths)[:80]} do not fit a file of {size} bytes")
    check_size(numbers, sum(widths))
    if (widths[0], widths[-1]) != (inputs, outputs):
        raise ModelError(f"line {reader.line}: the widths do not begin with {inputs} inputs and end with {outputs}")
    reader.row(None, "the unused flag")
    lower, upper = reader.row(inputs, "the least values"), reader.row(inputs, "the greatest values")
    means, ranges = reader.row(inputs + 1, "the means"), reader.row(inputs + 1, "the ranges")
    if not ranges.all():
        raise ModelError(f"line {reader.line}: a range is 0, and division by it is impossible")
    layers = []
    for layer, (before, after) in enumerate(pairwise(widths)):
        weight = np.stack([reader.row(before, f"row {i} of W{layer}") for i in range(after)])
        layers.append((weight, np.concatenate([reader.row(1, f"entry {i} of b{layer}") for i in range(after)])))
    reader.finish()
    return NNetNormalisation(lower, upper, means[:-1], ranges[:-1], float(means[-1]), float(ranges[-1])), layers


class _Numbers:
    """The file's lines, each a row of numbers."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = ((i, line) for i, line in enumerate(lines, 1) if line.strip() and line[:2] != "//")
        self.line = 0

    def row(self, count: int | None, what: str) -> FloatArray:
        """The next line: exactly `count` finite numbers, or any number of them."""
        self.line, text = next(self._lines, (-1, ""))
        if self.line < 0:
            raise ModelError(f"the file ends before {what}: it is truncated")
        number = text.strip()
        if not text.endswith("\n") and not number.endswith(","):
            raise ModelError(
                f"line {self.line}: the file ends right after a number, which may be incomplete: if it is complete, "
                f"end the line with a comma or a line break"
            )
        number = number.removesuffix(",")
        held = number.count(",") + 1
        if held != count and (count is not None or held > MOST_LAYERS):
            wanted = f"at most {MOST_LAYERS}" if count is None else count
            raise ModelError(f"line {self.line}: {what} should be {wanted} numbers, not {held}")
        return np.array([self._number(field.strip(), what) for field in number.split(",")])

    def whole_numbers(self, count: int, what: str) -> list[int]:
        """The next line, all of it whole numbers."""
        values = self.row(count, what).tolist()
        if any(value != int(value) for value in values):
            raise ModelError(f"line {self.line}: {what} should be whole numbers")
        return [int(value) for value in values]

    def finish(self) -> None:
        """Nothing may follow."""
        number, _ = next(self._lines, (0, ""))
        if number:
            raise ModelError(f"line {number}: there are more values than the widths announce")

    def _number(self, field: str, what: str) -> float:
        value = float(field) if len(field) <= LONGEST_NUMBER and DECIMAL.fullmatch(field) else inf
        if not isfinite(value):
            raise ModelError(f"line {self.line}: {what}: {field[:40]!r} is not a finite number")
        return value
