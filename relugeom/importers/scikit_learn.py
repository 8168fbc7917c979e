"""Live scikit-learn networks: `MLPClassifier`, `MLPRegressor`, and a `Pipeline` that scales in front of one.

Only attributes of fitted objects are looked at; scikit-learn is never imported. A scaler becomes part of the first
layer, so that regions are in the user's own units: what that changes is rounded once and counted.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from relugeom.errors import ModelError, UnsupportedModelError
from relugeom.importers.affine_chain import AffineChain, finite_floats
from relugeom.importers.rational_arrays import rationals
from relugeom.linalg.arrays import FloatArray
from relugeom.network.decision import Decision, Squashing
from relugeom.network.network import ReLUNetwork

__all__ = ["network_from_scikit_learn"]

ENDS = {"identity": Squashing.NONE, "logistic": Squashing.SIGMOID, "softmax": Squashing.SOFTMAX}
HIDDEN = ("relu", "identity")


def network_from_scikit_learn(model: Any) -> ReLUNetwork:
    """The network in a fitted scikit-learn model; see `network_from`.

    A classifier decides as its ``predict`` does: two classes at a probability of 1/2, several by the largest. A
    classifier of several labels at once and a regressor decide nothing.
    """
    kind = type(model).__name__
    steps = _steps(model) if kind == "Pipeline" else [model]
    *scalers, last = steps
    name = type(last).__name__
    if name not in ("MLPClassifier", "MLPRegressor"):
        raise UnsupportedModelError(
            f"{name} is not a model that can be read: MLPClassifier and MLPRegressor can be, also after scalers in a "
            f"Pipeline; for a search, give its best_estimator_"
        )
    weights, biases = _layers(last)
    chain = AffineChain.start(weights[0].shape[1])
    for scaler in scalers:
        chain = _scaled(chain, scaler)
    hidden = _known(last, "activation", HIDDEN, "train it with activation='relu'")
    for position, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        chain = chain.rectified() if position and hidden == "relu" else chain
        chain = chain.multiplied(weight).shifted(rationals(bias))
    chain = chain.squashed(ENDS[_known(last, "out_activation_", tuple(ENDS), "train it with loss='squared_error'")])
    output_names, decision = _meaning(last, chain)
    single = all(np.asarray(array).dtype.itemsize <= 4 for array in (*last.coefs_, *last.intercepts_))
    return chain.network(
        source="scikit-learn object",
        precision="float32" if single else "float64",
        input_names=tuple(str(name) for name in getattr(steps[0], "feature_names_in_", ())),
        output_names=output_names,
        decision=decision,
    )


def _steps(pipeline: Any) -> list[Any]:
    steps = [step for _, step in pipeline.steps if step is not None and not isinstance(step, str)]
    if not steps:
        raise UnsupportedModelError("the Pipeline has no step that does anything")
    return steps


def _layers(model: Any) -> tuple[list[FloatArray], list[FloatArray]]:
    coefficients = getattr(model, "coefs_", None)
    if coefficients is None:
        raise ModelError(f"this {type(model).__name__} is not fitted: fit it first")
    weights, biases = [], []
    before = int(model.n_features_in_)
    for layer, (kernel, bias) in enumerate(zip(coefficients, model.intercepts_, strict=True)):
        width = len(bias)
        weights.append(np.ascontiguousarray(finite_floats(kernel, (before, width), f"coefs_[{layer}]").T))
        biases.append(finite_floats(bias, (width,), f"intercepts_[{layer}]"))
        before = width
    return weights, biases


def _known(model: Any, attribute: str, known: tuple[str, ...], cure: str) -> str:
    value = getattr(model, attribute)
    if value not in known:
        raise UnsupportedModelError(
            f"the {type(model).__name__} has {attribute} = {value!r}, which is none of {', '.join(known)}: {cure}"
        )
    return str(value)


def _scaled(chain: AffineChain, scaler: Any) -> AffineChain:
    name = type(scaler).__name__
    if name not in SCALERS:
        raise UnsupportedModelError(
            f"the Pipeline's step {name} cannot become part of a network, as {', '.join(SCALERS)} can; apply it to "
            f"the data first"
        )
    return SCALERS[name](chain, scaler)


def _centred(centre: str, scale: str, switch: str = "") -> Callable[[AffineChain, Any], AffineChain]:
    """A scaler that takes (x − centre) / scale; an attribute that is None does nothing.

    Where `switch` names an attribute that is False, the centre is known but not used.
    """

    def apply(chain: AffineChain, scaler: Any) -> AffineChain:
        used = centre if not switch or getattr(scaler, switch) else ""
        subtracted, divisor = _vector(chain, scaler, used), _vector(chain, scaler, scale)
        if subtracted is not None:
            chain = chain.shifted(-rationals(subtracted))
        if divisor is not None:
            if not divisor.all():
                raise ModelError(f"{type(scaler).__name__} has a {scale} of 0: the scaler is damaged")
            chain = chain.scaled(1 / rationals(divisor))
        return chain

    return apply


def _min_max(chain: AffineChain, scaler: Any) -> AffineChain:
    if scaler.clip:
        raise UnsupportedModelError("MinMaxScaler(clip=True) is not affine: fit it with clip=False")
    scale, least = _vector(chain, scaler, "scale_"), _vector(chain, scaler, "min_")
    if scale is None or least is None:
        raise ModelError("the MinMaxScaler is not fitted: fit the Pipeline first")
    return chain.scaled(rationals(scale)).shifted(rationals(least))


def _vector(chain: AffineChain, scaler: Any, attribute: str) -> FloatArray | None:
    if not attribute:
        return None
    if not hasattr(scaler, attribute):
        raise ModelError(f"the {type(scaler).__name__} is not fitted: fit the Pipeline first")
    value = getattr(scaler, attribute)
    return None if value is None else finite_floats(value, (chain.size,), f"{type(scaler).__name__}.{attribute}")


def _meaning(model: Any, chain: AffineChain) -> tuple[tuple[str, ...], Decision]:
    """Names of the outputs, and the decision that ``predict`` takes."""
    if type(model).__name__ == "MLPRegressor":
        return (), Decision()
    classes = tuple(str(name) for name in model.classes_)
    if chain.squashing is Squashing.SOFTMAX:
        return classes, Decision.largest(classes)
    if chain.size == 1 and len(classes) == 2:
        return (), Decision.at_threshold(0.0, classes)
    return classes, Decision()


SCALERS: dict[str, Callable[[AffineChain, Any], AffineChain]] = {
    "StandardScaler": _centred("mean_", "scale_", "with_mean"),
    "RobustScaler": _centred("center_", "scale_"),
    "MaxAbsScaler": _centred("", "scale_"),
    "MinMaxScaler": _min_max,
}
