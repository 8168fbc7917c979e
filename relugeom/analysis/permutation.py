"""Permutation importance: the value of a feature to the network on a table of samples.

The values of one feature are shuffled over the samples, which breaks its tie to the target and to the other features;
the drop of a score is its importance [Breiman, *Random forests*, Machine Learning 45, 2001]. Without a target, the mean
absolute change of the outputs before squashing takes the place of the drop.

The one idea: a score is a function of the outputs, so every shuffle costs one pass through the network. The inputs that
a shuffle makes need not be admissible, or anywhere near the data: correlated features share or lose their importance.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from relugeom.analysis.performance import area_under_curve, determination
from relugeom.data.labels import CodedTarget, read_target
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DataError, InputError
from relugeom.linalg.arrays import FloatArray, frozen_array
from relugeom.network.decision import DecisionRule, classify, squash
from relugeom.network.forward import as_samples, evaluate
from relugeom.network.network import ReLUNetwork

__all__ = ["PermutationImportance", "PermutationScore", "permutation_importance"]


class PermutationScore(StrEnum):
    """Score by which a shuffle is measured."""

    ACCURACY = "accuracy"
    AUC = "AUC"
    R2 = "R2"
    CHANGE = "change of output"


@dataclass(frozen=True, slots=True, eq=False)
class PermutationImportance:
    """Effect of shuffling each of n features, r times.

    Attributes
    ----------
    score
        Accuracy, AUC or R² and their drop, or the mean absolute change of each output.
    base
        The score without shuffling; None for CHANGE.
    drops
        Base minus the score after each shuffle, shape (r, 1, n); for CHANGE the mean |Δ| of each output, (r, m, n).
        A drop can be negative, by chance or if a feature misleads. NaN if there was no time.
    seed
        Of the shuffles.
    reason
        Why some shuffles were not made, or empty.
    """

    network: ReLUNetwork
    score: PermutationScore
    base: float | None
    drops: FloatArray
    seed: int
    reason: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "drops", frozen_array(self.drops))

    @property
    def mean(self) -> FloatArray:
        """Mean over the repeats, shape (1, n) or (m, n)."""
        return np.asarray(self.drops.mean(axis=0))

    @property
    def deviation(self) -> FloatArray:
        """Standard deviation over the repeats (dividing by r), shape (1, n) or (m, n)."""
        return np.asarray(self.drops.std(axis=0))


def permutation_importance(
    network: ReLUNetwork,
    X: ArrayLike,
    target: ArrayLike | CodedTarget | None = None,
    *,
    score: PermutationScore | None = None,
    repeats: int = 5,
    seed: int = 0,
    time_limit: TimeLimit = None,
) -> PermutationImportance:
    """Shuffle every feature of X, shape (s, n), and measure the loss.

    Parameters
    ----------
    target
        What the network should predict, shape (s,): classes 0, 1, … or other labels (`relugeom.data.labels`) if it
        takes a decision, numbers otherwise.
    score
        By default CHANGE without a target, accuracy if the network takes a decision, else R²; CHANGE also if R² does
        not exist because the target is constant or there are several outputs. AUC needs a 0/1 target and one output, or
        two of which the larger decides.
    repeats, seed
        Number of shuffles of each feature, and the seed that makes them the same every time.
    time_limit
        Seconds or a deadline; shuffles that were not made by then are NaN.

    Raises
    ------
    DataError
        There are no samples, or X or the target does not fit the network.
    InputError
        The score does not exist for this network and target, or `repeats` is not positive.
    """
    deadline, reason = Deadline.of(time_limit), ""
    samples = as_samples(network, X)
    if len(samples) == 0:
        raise DataError("there are no samples to shuffle")
    if repeats < 1:
        raise InputError(f"the number of repeats must be at least 1, not {repeats}")
    y = None
    if target is not None:
        y = read_target(target, len(samples), classes=network.classes, class_names=network.rule.class_names)
    chosen = _default_score(network, y) if score is None else PermutationScore(score)
    outputs = evaluate(network, samples)
    base = None if chosen is PermutationScore.CHANGE else _score(network, chosen, outputs, y)
    random, shuffled = np.random.default_rng(seed), samples.copy()
    drops = np.full((repeats, network.outputs if base is None else 1, network.inputs), np.nan)
    wanted = list(product(range(repeats), range(network.inputs)))
    for made, (repeat, feature) in enumerate(wanted):
        if deadline.passed:
            reason = f"time ran out when {made:,} of {len(wanted):,} shuffles were made"
            break
        shuffled[:, feature] = samples[random.permutation(len(samples)), feature]
        changed = evaluate(network, shuffled)
        if base is None:
            drops[repeat, :, feature] = np.abs(changed - outputs).mean(axis=0)
        else:
            drops[repeat, 0, feature] = base - _score(network, chosen, changed, y)
        shuffled[:, feature] = samples[:, feature]
    return PermutationImportance(network, chosen, base, drops, seed, reason)


def _default_score(network: ReLUNetwork, y: FloatArray | None) -> PermutationScore:
    if y is None:
        return PermutationScore.CHANGE
    if network.rule.rule is not DecisionRule.NONE:
        return PermutationScore.ACCURACY
    has_r2 = network.outputs == 1 and bool((y != y[0]).any())
    return PermutationScore.R2 if has_r2 else PermutationScore.CHANGE


def _score(network: ReLUNetwork, score: PermutationScore, outputs: FloatArray, y: FloatArray | None) -> float:
    """A score of outputs before squashing."""
    rule, m = network.rule.rule, network.outputs
    if y is None:
        raise InputError(f"the score {score.value!r} needs a target: give one, or measure the change of output")
    if score is PermutationScore.ACCURACY and rule is not DecisionRule.NONE:
        return float((classify(network.rule, outputs) == y).mean())
    if score is PermutationScore.AUC and (m == 1 or (m == 2 and rule is DecisionRule.ARGMAX)):
        area = area_under_curve(outputs[:, -1] - (outputs[:, 0] if m == 2 else 0.0), y == 1.0)
        if area is not None and np.isin(y, (0.0, 1.0)).all():
            return area
        raise InputError("the AUC needs a target with both classes, 0 and 1, and no other value")
    if score is PermutationScore.R2 and m == 1:
        r2 = determination(y, squash(network.squashing, outputs)[:, 0])
        if r2 is not None:
            return r2
        raise InputError("R² needs a target that is not constant")
    raise InputError(
        f"a network with {m} outputs and the decision {rule.value!r} has no {score.value}: "
        f"measure {PermutationScore.CHANGE.value!r}"
    )
