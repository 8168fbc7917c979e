"""A network as a value: shapes, names, digests, evaluation."""

import numpy as np
import pytest
from networks import he_network, layered
from oracles import evaluate_layers, exact_layers

from relugeom.errors import InputError, ModelError
from relugeom.network.decision import Decision, DecisionRule, Squashing
from relugeom.network.forward import decide, evaluate, pre_activations, predict
from relugeom.network.network import Origin, ReLUNetwork

W, B = (np.array([[1.0, 2.0], [3.0, -0.0]]), np.array([[1.0, -1.0]])), (np.array([0.5, 0.0]), np.array([0.25]))


def test_shapes_and_names():
    network = ReLUNetwork(W, B)
    assert (network.inputs, network.outputs, network.widths, network.units) == (2, 1, (2,), 2)
    assert network.feature_names == ("x0", "x1") and network.target_names == ("y0",)
    assert network.with_inputs(["a", "b"]).feature_names == ("a", "b")
    assert "2-2-1" in repr(network)


def test_the_digest_sees_weights_and_nothing_else():
    network = ReLUNetwork(W, B)
    named = ReLUNetwork(W, B, ("a", "b"), ("c",), Squashing.SIGMOID, origin=Origin("file", "float32"))
    assert network == named and hash(network) == hash(named)
    assert network.meaning_digest != named.meaning_digest
    assert ReLUNetwork((W[0] + 0.0, W[1]), B) == network  # −0 and +0
    assert ReLUNetwork((np.asfortranarray(W[0]), W[1]), B) == network
    assert ReLUNetwork((np.nextafter(W[0], 9), W[1]), B) != network
    assert network != "a network"


def test_digests_see_shapes():
    zeros = [layered((np.zeros((a, 1)), np.zeros(a)), (np.zeros((1, a)), [0.0])).digest for a in (1, 2, 3)]
    assert len(set(zeros)) == 3


def test_meaning_tells_inputs_from_outputs():
    def meaning(inputs, outputs, classes=()):
        network = ReLUNetwork((np.eye(2),), (np.zeros(2),), inputs, outputs, decision=Decision.largest(classes))
        return network.meaning_digest

    assert len({meaning(("a", "b"), ()), meaning((), ("a", "b")), meaning((), (), ("a", "b")), meaning((), ())}) == 4


def test_arrays_are_private_and_read_only():
    weight = np.eye(2)
    network = layered((weight, [0.0, 0.0]), ([[1.0, 1.0]], [0.0]))
    weight[0, 0] = 9.0
    assert network.weights[0][0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        network.weights[0][0, 0] = 9.0
    with pytest.raises(AttributeError):
        network.weights = ()


@pytest.mark.parametrize(
    ("weights", "biases", "complaint"),
    [
        ((), (), "one bias per weight matrix"),
        ((np.eye(2),), (), "one bias per weight matrix"),
        ((np.ones(2),), (np.ones(2),), "layer 0: W must be a matrix"),
        ((np.ones((0, 2)),), (np.ones(0),), "layer 0: W must be a matrix with entries"),
        ((np.eye(2),), (np.ones(3),), r"layer 0: b has shape \(3,\)"),
        ((np.eye(2),), (np.ones((2, 1)),), "layer 0: b has shape"),
        ((np.eye(2), np.ones((1, 3))), (np.ones(2), np.ones(1)), "layer 1: W .* takes 3 values, but layer 0 returns 2"),
        ((np.array([[1.0, np.nan]]),), (np.ones(1),), r"layer 0: W\[0, 1\] is nan"),
        ((np.eye(1), np.eye(1)), (np.ones(1), np.array([-np.inf])), r"layer 1: b\[0\] is -inf"),
    ],
)
def test_weights_that_do_not_fit(weights, biases, complaint):
    with pytest.raises(ModelError, match=complaint):
        ReLUNetwork(weights, biases)


@pytest.mark.parametrize(
    ("options", "error", "complaint"),
    [
        ({"input_names": ("a",)}, ModelError, "1 input names for 2 inputs"),
        ({"input_names": ("a", "a")}, ModelError, "'a' is used twice"),
        ({"output_names": ("a", "b")}, ModelError, "2 output names for 1 outputs"),
        ({"squashing": Squashing.SOFTMAX}, ModelError, "softmax of a single output"),
        ({"decision": Decision.at_threshold(0.0, ("only",))}, InputError, "1 class names for 2 classes"),
    ],
)
def test_meanings_that_do_not_fit(options, error, complaint):
    with pytest.raises(error, match=complaint):
        ReLUNetwork(W, B, **options)


def test_a_threshold_needs_one_output():
    with pytest.raises(InputError, match="one output"):
        ReLUNetwork((np.eye(2),), (np.zeros(2),), decision=Decision.at_threshold(0.0))


def test_decisions_by_default():
    one, two = ((np.ones((1, 2)),), (np.zeros(1),)), ((np.eye(2),), (np.zeros(2),))
    assert ReLUNetwork(*one).rule.rule is DecisionRule.NONE
    assert ReLUNetwork(*one, squashing=Squashing.SIGMOID).rule == Decision.at_threshold(0.0)
    assert ReLUNetwork(*two).rule.rule is DecisionRule.ARGMAX
    assert ReLUNetwork(*two, squashing=Squashing.SOFTMAX).rule.rule is DecisionRule.ARGMAX


def test_evaluation_against_rationals():
    network = he_network(4, 3, 6, 5, 2)
    X = np.random.default_rng(1).normal(size=(7, 3))
    layers = exact_layers(network)
    for row, x in enumerate(X.tolist()):
        expected = [[float(z) for z in layer] for layer in evaluate_layers(layers, x)]
        found = [z[row] for z in pre_activations(network, X)]
        for one, other in zip(found, expected, strict=True):
            assert one == pytest.approx(other, rel=1e-12, abs=1e-12)
    assert evaluate(network, X[0]).shape == (1, 2)
    assert decide(network, X).tolist() == evaluate(network, X).argmax(axis=1).tolist()


def test_predictions_are_squashed():
    network = ReLUNetwork(W, B, squashing=Squashing.SIGMOID)
    X = np.array([[1.0, 1.0], [0.0, 0.0]])
    z = evaluate(network, X)
    assert predict(network, X) == pytest.approx(1 / (1 + np.exp(-z)))
    assert decide(network, X).tolist() == (z[:, 0] > 0).astype(int).tolist()


def test_rounded_entries_are_counted():
    flags = (np.array([[True, False], [True, True]]), np.array([[False, False]]))
    origin = Origin(rounded_weights=flags, rounded_biases=(np.array([True, False]), np.array([False])))
    assert origin.rounded_count == 4
    assert Origin().rounded_count == 0
