"""A trained fully connected ReLU network as a value.

Notation: layer l maps x to W_l x + b_l; ReLU follows every layer but the last. There are n inputs, m outputs, and N
*units* (hidden ReLU neurons), each named (layer, index), both from 0. The object studied is the real function whose
weights are the rational numbers that the float64 entries are.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from relugeom.errors import InputError, ModelError
from relugeom.linalg.arrays import BoolArray, FloatArray, frozen_array, frozen_flags
from relugeom.linalg.digest import content_digest, names_digest
from relugeom.linalg.pickling import Call, as_call
from relugeom.network.decision import Decision, DecisionRule, Squashing

__all__ = ["Origin", "ReLUNetwork", "numbered_names"]


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Where the weights come from, and which of them an importer had to compute.

    Attributes
    ----------
    source
        Source of the model: the name of a file format, or ``"memory"``.
    precision
        Precision of the deployed model: ``"float32"`` or ``"float64"``.
    rounded_weights, rounded_biases
        One array of flags per layer, True where an entry was computed and rounded once to float64; empty if
        every entry is as it was read.
    assumption
        What the importer assumed because the file does not say it, as a sentence for the user; empty if nothing.
    """

    source: str = "memory"
    precision: str = "float64"
    rounded_weights: tuple[BoolArray, ...] = ()
    rounded_biases: tuple[BoolArray, ...] = ()
    assumption: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rounded_weights", tuple(map(frozen_flags, self.rounded_weights)))
        object.__setattr__(self, "rounded_biases", tuple(map(frozen_flags, self.rounded_biases)))

    @property
    def rounded_count(self) -> int:
        """Number of weights and biases that were rounded."""
        return int(sum(flags.sum() for flags in (*self.rounded_weights, *self.rounded_biases)))


@dataclass(frozen=True, slots=True, eq=False)
class ReLUNetwork:
    """A fully connected ReLU network; equal to another iff their weights are.

    Attributes
    ----------
    weights, biases
        One matrix (outputs of the layer, inputs of the layer) and one vector per layer, float64, read-only.
    input_names
        One name per input, or empty if the model names none.
    output_names
        One name per output, or empty.
    squashing
        Function after the last layer; predictions use it, regions and effective maps do not.
    decision
        By default: θ = 0 for one squashed output, the largest of several outputs, none for one plain output.
    origin
        Where the weights come from.
    digest
        SHA-256 of layer shapes and weights.
    """

    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    squashing: Squashing = Squashing.NONE
    decision: Decision | None = None
    origin: Origin = field(default_factory=Origin)
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        set_field(self, "weights", tuple(frozen_array(weight) for weight in self.weights))
        set_field(self, "biases", tuple(frozen_array(bias) for bias in self.biases))
        set_field(self, "input_names", tuple(self.input_names))
        set_field(self, "output_names", tuple(self.output_names))
        _check_layers(self.weights, self.biases)
        _check_names("input", self.input_names, self.inputs)
        _check_names("output", self.output_names, self.outputs)
        if self.squashing is Squashing.SOFTMAX and self.outputs == 1:
            raise ModelError("a softmax of a single output is always 1: the model has no meaning")
        if self.decision is None:
            set_field(self, "decision", _default_decision(self.squashing, self.outputs))
        _check_decision(self.rule, self.outputs)
        parts = [part for layer in zip(self.weights, self.biases, strict=True) for part in layer]
        set_field(self, "digest", content_digest("network", *parts))

    def __reduce__(self) -> Call:
        return as_call(self)

    @classmethod
    def from_layers(cls, *layers: tuple[ArrayLike, ArrayLike]) -> "ReLUNetwork":
        """Network of (W, b) pairs, first layer first."""
        return cls(tuple(np.asarray(w) for w, _ in layers), tuple(np.asarray(b) for _, b in layers))

    @property
    def inputs(self) -> int:
        """Number n of inputs."""
        return int(self.weights[0].shape[1])

    @property
    def outputs(self) -> int:
        """Number m of outputs."""
        return int(self.weights[-1].shape[0])

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of units in each hidden layer."""
        return tuple(int(weight.shape[0]) for weight in self.weights[:-1])

    @property
    def units(self) -> int:
        """Number N of units."""
        return sum(self.widths)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the inputs; x0, x1, … if the model names none."""
        return self.input_names or numbered_names("x", self.inputs)

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the outputs; y0, y1, … if the model names none."""
        return self.output_names or numbered_names("y", self.outputs)

    @property
    def rule(self) -> Decision:
        """The decision, never None."""
        return self.decision if self.decision is not None else Decision()

    @property
    def names_digest(self) -> str:
        """SHA-256 of the names of inputs, outputs and classes."""
        return names_digest(self.feature_names, self.target_names, self.rule.class_names)

    @property
    def classes(self) -> int:
        """Number of classes among which the network decides; 0 without a decision."""
        return {DecisionRule.THRESHOLD: 2, DecisionRule.ARGMAX: self.outputs, DecisionRule.NONE: 0}[self.rule.rule]

    @property
    def meaning_digest(self) -> str:
        """SHA-256 of names, squashing and decision, which the weights do not contain."""
        rule = self.rule
        texts = (*self.input_names, "", *self.output_names, "", *rule.class_names)
        bounds = np.array([rule.lower, rule.upper])
        return content_digest("meaning", self.squashing.value, rule.rule.value, bounds, *texts)

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, ReLUNetwork) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        shape = "-".join(str(size) for size in (self.inputs, *self.widths, self.outputs))
        return f"ReLUNetwork({shape}, {self.squashing.value}, {self.digest[:12]})"

    def with_inputs(self, names: Sequence[str]) -> "ReLUNetwork":
        """The same network with other input names."""
        return replace(self, input_names=tuple(names))


def numbered_names(letter: str, count: int) -> tuple[str, ...]:
    """Default names: the letter and a number from 0."""
    return tuple(f"{letter}{index}" for index in range(count))


def _default_decision(squashing: Squashing, outputs: int) -> Decision:
    if outputs > 1:
        return Decision.largest()
    return Decision.at_threshold(0.0) if squashing is Squashing.SIGMOID else Decision()


def _check_layers(weights: tuple[FloatArray, ...], biases: tuple[FloatArray, ...]) -> None:
    if not weights or len(weights) != len(biases):
        raise ModelError(f"a network needs one bias per weight matrix, not {len(biases)} for {len(weights)}")
    for position, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        if weight.ndim != 2 or 0 in weight.shape:
            raise ModelError(f"layer {position}: W must be a matrix with entries, its shape is {weight.shape}")
        if bias.shape != weight.shape[:1]:
            raise ModelError(
                f"layer {position}: b has shape {bias.shape}, but W of shape {weight.shape} needs ({weight.shape[0]},)"
            )
        if position and weight.shape[1] != weights[position - 1].shape[0]:
            raise ModelError(
                f"layer {position}: W of shape {weight.shape} takes {weight.shape[1]} values, but layer "
                f"{position - 1} returns {weights[position - 1].shape[0]}"
            )
        for name, values in (("W", weight), ("b", bias)):
            if not np.isfinite(values).all():
                place = tuple(int(index) for index in np.argwhere(~np.isfinite(values))[0])
                raise ModelError(f"layer {position}: {name}{list(place)} is {values[place]}: not a finite number")


def _check_names(kind: str, names: tuple[str, ...], count: int) -> None:
    if names and len(names) != count:
        raise ModelError(f"{len(names)} {kind} names for {count} {kind}s")
    repeated = sorted(name for name, uses in Counter(names).items() if uses > 1)
    if repeated:
        raise ModelError(f"the {kind} name {repeated[0][:80]!r} is used twice")


def _check_decision(decision: Decision, outputs: int) -> None:
    classes = {DecisionRule.THRESHOLD: 2, DecisionRule.ARGMAX: outputs, DecisionRule.NONE: 0}[decision.rule]
    if decision.rule is DecisionRule.THRESHOLD and outputs != 1:
        raise InputError(
            f"a threshold decides for networks with one output, but this one has {outputs}: use the largest"
        )
    if decision.class_names and len(decision.class_names) != classes:
        raise InputError(f"{len(decision.class_names)} class names for {classes} classes")
