"""What every importer owes its users: one suite that the tests of each format call.

The oracle is the framework itself: a fixture holds inputs `x` and the framework's own outputs `y` for them, and the
weights as the framework held them.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from command_line import run_command
from numpy.typing import ArrayLike, NDArray

from relugeom.errors import ModelError
from relugeom.importers.loading import load_network
from relugeom.network.decision import Squashing
from relugeom.network.forward import predict
from relugeom.network.network import ReLUNetwork
from relugeom.network.rounding import rounding_bound

__all__ = [
    "FileCase",
    "assert_agrees",
    "assert_honest_rounding",
    "assert_same_weights",
    "check_file",
    "framework_error",
    "refused",
]

Array = NDArray[np.float64]
UNIT_ROUNDOFF = {"float32": 2.0**-24, "float64": 2.0**-53}
STEPS = 4
"""Float operations that a framework may spend where the folded layer has one: normalising, scaling, shifting."""
SQUASHING_ULPS = 16
TRUNCATIONS = 60


@dataclass(frozen=True)
class FileCase:
    """A file with what its framework says about it.

    `layers` are the (W, b) that must be found bit for bit, None where weights are folded; `rounded` tells whether any
    entry is rounded. `tail` is how many bytes at the end of the file hold nothing that is needed. `activations` is what
    the user must say, where the file does not.
    """

    path: Path
    x: Array
    y: Array
    digest: str
    layers: Sequence[tuple[ArrayLike, ArrayLike]] | None = None
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    rounded: bool = False
    tail: int = 0
    activations: tuple[str, ...] | None = None

    def load(self, path: Path | str) -> ReLUNetwork:
        """The file, or a copy of it."""
        return load_network(path, activations=self.activations)


def check_file(case: FileCase, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every promise, for one file."""
    network = case.load(case.path)
    assert_agrees(network, case.x, case.y)
    assert_honest_rounding(network, rounded=case.rounded)
    if case.layers is not None:
        assert_same_weights(network, case.layers)
    assert (network.input_names, network.output_names) == (case.input_names, case.output_names)
    _check_digest(case, network, folder)
    _check_inspect(case, network, capsys)
    _check_truncations(case, folder)


def assert_agrees(network: ReLUNetwork, x: ArrayLike, y: ArrayLike) -> None:
    """Predictions differ from the framework's by no more than the framework's own float error."""
    difference = np.abs(predict(network, x) - np.asarray(y, dtype=np.float64))
    bound = framework_error(network, np.asarray(x, dtype=np.float64))
    worst = np.unravel_index(np.argmax(difference - bound), difference.shape)
    assert (difference <= bound).all(), f"{difference[worst]} at {worst}, where {bound[worst]} is allowed"


def framework_error(network: ReLUNetwork, x: Array) -> Array:
    """A bound of what a forward pass in the model's own precision can differ by, for each output.

    The standard bound of a sum, γ_k Σ |w x| with k operations, carried through the layers; a ReLU carries no more than
    it gets, a sigmoid a quarter, a softmax at most a half of the largest.
    """
    unit = UNIT_ROUNDOFF[network.origin.precision]
    value, error = np.abs(x), np.zeros(x.shape)
    for weight, bias in zip(network.weights, network.biases, strict=True):
        operations = STEPS * (weight.shape[1] + 2)
        gamma = operations * unit / (1 - operations * unit)
        magnitude = (value + error) @ np.abs(weight).T + np.abs(bias)
        error = error @ np.abs(weight).T + gamma * magnitude
        value = magnitude
    if network.squashing is Squashing.NONE:
        return error
    carried = error / 4 if network.squashing is Squashing.SIGMOID else error.max(axis=1, keepdims=True) + 0 * error
    return carried + SQUASHING_ULPS * unit


def assert_same_weights(network: ReLUNetwork, layers: Sequence[tuple[ArrayLike, ArrayLike]]) -> None:
    """Every weight is the number that the framework held, to the last bit."""
    assert len(network.weights) == len(layers)
    for (weight, bias), W, b in zip(layers, network.weights, network.biases, strict=True):
        for held, read in ((weight, W), (bias, b)):
            exact = np.asarray(held).astype(np.float64)
            assert exact.shape == read.shape
            assert np.array_equal(exact.view(np.int64), np.where(read == 0, exact, read).view(np.int64))
    assert network == ReLUNetwork.from_layers(*layers)


def assert_honest_rounding(network: ReLUNetwork, *, rounded: bool) -> None:
    """Flags have the shapes of the weights, count what they should, and bound the outputs' difference."""
    origin = network.origin
    flags = list(zip(origin.rounded_weights, origin.rounded_biases, strict=True))
    for (W_flags, b_flags), W, b in zip(flags, network.weights, network.biases, strict=bool(flags)):
        assert (W_flags.shape, b_flags.shape) == (W.shape, b.shape)
        assert W[W_flags].all(), "a weight of 0 is exact"
    assert origin.rounded_count == sum(int(W.sum() + b.sum()) for W, b in flags)
    assert (origin.rounded_count > 0) is rounded
    box = np.ones(network.inputs)
    assert bool(rounding_bound(network, -box, box).any()) is rounded


def _check_digest(case: FileCase, network: ReLUNetwork, folder: Path) -> None:
    """The digest is that of the weights: the same after a second reading, under another name, and in other years."""
    assert network.digest == case.digest
    copy = folder / f"another{case.path.suffix.upper()}"
    shutil.copy(case.path, copy)
    again = case.load(str(copy))
    assert again == network
    assert again.meaning_digest == network.meaning_digest


def _check_inspect(case: FileCase, network: ReLUNetwork, capsys: pytest.CaptureFixture[str]) -> None:
    options = () if case.activations is None else ("--activations", ",".join(case.activations))
    told = run_command(capsys, "inspect", case.path, "--json", *options)
    assert told.code == 0
    facts = json.loads(told.out)
    assert (facts["inputs"], facts["outputs"]) == (network.inputs, network.outputs)
    assert facts["rounded_weights"] == network.origin.rounded_count
    assert facts["digest"] == network.digest
    assert run_command(capsys, "inspect", case.path, *options).code == 0


def _check_truncations(case: FileCase, folder: Path) -> None:
    """A file that ends too early is refused, wherever it ends."""
    content, path = case.path.read_bytes(), folder / f"cut{case.path.suffix}"
    needed = len(content) - case.tail
    lengths = {0, 1, 8, needed - 1, *range(0, needed, max(1, needed // TRUNCATIONS))}
    for length in sorted(lengths):
        path.write_bytes(content[:length])
        refused(lambda: case.load(path))


def refused(action: Callable[[], object], *words: str, error: type[ModelError] = ModelError) -> None:
    """The action ends in one line that holds these words."""
    with pytest.raises(ModelError) as raised:
        action()
    assert isinstance(raised.value, error)
    text = str(raised.value)
    assert "\n" not in text
    assert len(text) < 700
    for word in words:
        assert word in text, text
