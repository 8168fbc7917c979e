"""Live PyTorch modules against their own forward pass, where PyTorch is installed."""

import warnings

import numpy as np
import pytest
from importer_conformance import assert_agrees, assert_honest_rounding, assert_same_weights, refused
from torch_models import special_tensors

from relugeom import load_network, network_from, predict
from relugeom.errors import UnsupportedModelError
from relugeom.network.decision import Squashing

pytestmark = pytest.mark.filterwarnings("ignore::relugeom.remarks.RelugeomWarning")  # tests/network/test_assumptions.py

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'relugeom[frameworks]'")
nn = torch.nn
save_file = pytest.importorskip("safetensors.torch").save_file  # imports torch


def outputs(model, x):
    with torch.no_grad():
        return model.eval()(torch.tensor(x, dtype=next(model.parameters()).dtype)).numpy()


def trained_statistics(layer):
    """Running statistics as training leaves them."""
    layer.running_mean.copy_(torch.randn(layer.num_features))
    layer.running_var.copy_(torch.rand(layer.num_features) + 0.25)
    return layer


def shared_layers():
    """One ReLU, one layer and one block, each used twice."""
    activation, layer = nn.ReLU(), nn.Linear(4, 4)
    block = nn.Sequential(layer, activation)
    return nn.Sequential(nn.Linear(3, 4), activation, block, block, layer, activation, nn.Linear(4, 2))


MODELS = {
    "plain": lambda: nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2)),
    "double": lambda: nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 1)).double(),
    "nested": lambda: nn.Sequential(
        nn.Sequential(nn.Flatten(), nn.Linear(3, 5), nn.ReLU()), nn.Dropout(0.5), nn.Identity(), nn.Linear(5, 1)
    ),
    "shared": shared_layers,
    "sigmoid": lambda: nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 1), nn.Sigmoid()),
    "softmax": lambda: nn.Sequential(nn.Linear(3, 5, bias=False), nn.ReLU(), nn.Linear(5, 3), nn.Softmax(dim=1)),
    "normalised": lambda: nn.Sequential(
        trained_statistics(nn.BatchNorm1d(3)),
        nn.Linear(3, 6),
        trained_statistics(nn.BatchNorm1d(6, affine=False)),
        nn.ReLU(),
        nn.Linear(6, 4),
        trained_statistics(nn.BatchNorm1d(4, bias=False)),
        nn.ReLU(),
        nn.Linear(4, 2),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_module_is_read_as_it_computes(name):
    torch.manual_seed(3)
    model = MODELS[name]()
    network, x = network_from(model), np.random.default_rng(1).normal(size=(50, 3))
    assert_agrees(network, x.astype(np.float32) if network.origin.precision == "float32" else x, outputs(model, x))
    assert_honest_rounding(network, rounded=name == "normalised")
    if name != "normalised":
        named = model.named_modules(remove_duplicate=False)
        linear = [layer for _, layer in named if isinstance(layer, nn.Linear)]
        assert_same_weights(
            network,
            [
                (layer.weight.detach().numpy(), np.zeros(len(layer.weight)) if layer.bias is None else
                 layer.bias.detach().numpy())
                for layer in linear
            ],
        )  # fmt: skip
    assert network.squashing is {"sigmoid": Squashing.SIGMOID, "softmax": Squashing.SOFTMAX}.get(name, Squashing.NONE)


def test_later_training_does_not_change_what_was_read():
    model = MODELS["plain"]()
    network = network_from(model)
    digest = network.digest
    with torch.no_grad():
        model[0].weight.zero_()
    assert network.digest == digest and network.weights[0].any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_short_floats_are_exact(dtype):
    model = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 2)).to(dtype)
    layers = [(model[k].weight.detach().double().numpy(), model[k].bias.detach().double().numpy()) for k in (0, 2)]
    assert_same_weights(network_from(model), layers)


def test_parametrised_weights_are_those_of_this_moment():
    model = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 2)).eval()
    nn.utils.parametrizations.weight_norm(model[0])
    layers = [(model[k].weight.detach().numpy(), model[k].bias.detach().numpy()) for k in (0, 2)]
    assert_same_weights(network_from(model), layers)


class OwnCall(nn.Sequential):
    def __call__(self, x):
        return super().__call__(x) + 1


class OwnForward(nn.Sequential):
    def forward(self, x):
        return super().forward(x) + 1


class Free(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, x):
        return self.layer(x) ** 2


def hooked():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    model[1].register_forward_hook(lambda module, inputs, output: output + 1)
    return model


def patched():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    model[0].forward = lambda x: x
    return model


def with_weight(weight):
    model = nn.Sequential(nn.Linear(2, 2, bias=False, dtype=weight.dtype)).requires_grad_(False)
    model[0].weight = nn.Parameter(weight, requires_grad=False)
    return model


def quantised_in_training():
    """PyTorch's layer of the same name that rounds its weights in each forward pass."""
    from torch.ao.nn.qat import Linear
    from torch.ao.quantization import get_default_qat_qconfig

    return Linear(2, 2, qconfig=get_default_qat_qconfig())


def quantised():
    from torch.ao.nn.quantized.dynamic import Linear

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # these tensors are to go from PyTorch
        return Linear(2, 2)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), ("1 is a Tanh", "ONNX")),
        (lambda: nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1)), ("2 (Linear) follows the sigmoid",)),
        (lambda: nn.Sequential(nn.Linear(2, 3), nn.Softmax(dim=0)), ("dimension 0",)),
        (lambda: OwnForward(nn.Linear(2, 3)), ("OwnForward", "forward pass of its own")),
        (lambda: OwnCall(nn.Linear(2, 3)), ("OwnCall", "forward pass of its own")),
        (Free, ("Free", "ONNX")),
        (lambda: nn.Sequential(nn.Linear(2, 3, dtype=torch.complex64)), ("0.weight", "complex64")),
        (hooked, ("1 has hooks",)),
        (patched, ("0 (Linear) has a forward pass of its own",)),
        (lambda: nn.Sequential(nn.ReLU(), nn.Linear(2, 3)), ("before the first linear layer",)),
        (lambda: nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3, track_running_stats=False)), ("statistics",)),
        (lambda: nn.Sequential(), ("no linear layer",)),
        (lambda: nn.Conv2d(1, 1, 3), ("Conv2d", "ONNX")),
        (lambda: nn.Sequential(nn.Linear(2, 3), nn.Flatten(0)), ("flattens the dimensions 0 to -1",)),
        (lambda: nn.Sequential(quantised_in_training(), nn.ReLU(), nn.Linear(2, 1)), ("0 (Linear)", "of its own")),
        (lambda: nn.Sequential(quantised(), nn.ReLU(), nn.Linear(2, 1)), ("0 is a Linear of torch.ao.nn.quantized",)),
        (lambda: nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(2, 2))), ("model.eval()",)),
        (lambda: with_weight(torch.eye(2).to_sparse()), ("0.weight", "layout torch.sparse_coo")),
        (lambda: torch.fx.symbolic_trace(nn.Sequential(nn.Linear(2, 1))), ("cannot be read", "ONNX")),
    ],
)
def test_what_is_no_chain_is_refused_with_advice(make, words):
    refused(lambda: network_from(make()), *words, error=UnsupportedModelError)


def test_sizes_and_numbers_are_checked():
    refused(lambda: network_from(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(4, 1))), "2.weight")
    model = nn.Sequential(nn.Linear(2, 1))
    with torch.no_grad():
        model[0].bias.fill_(float("nan"))
    refused(lambda: network_from(model), "0.bias[0] is nan")
    refused(lambda: network_from(nn.Sequential(nn.Linear(2, 1)).to("meta")), "0.weight", "'meta'")
    gap = nn.Sequential(nn.Linear(2, 1))
    gap.add_module("gap", None)
    refused(lambda: network_from(gap), "gap is None")
    gap.gap = nn.Sequential(gap)
    refused(lambda: network_from(gap), "gap.0 holds itself")
    for weight in (None, [[1.0, 2.0]]):
        model = nn.Sequential(nn.Linear(2, 1))
        del model[0].weight
        model[0].weight = weight
        refused(lambda model=model: network_from(model), "0.weight is a", "not a tensor")


def test_a_variance_that_is_not_positive_is_refused():
    layer = nn.BatchNorm1d(2, eps=0.0)
    for variance in (0.0, -1.0):
        layer.running_var.fill_(variance)
        refused(lambda: network_from(nn.Sequential(nn.Linear(2, 2), layer)), "1 has a variance")


def test_a_hook_of_all_modules_is_seen():
    hook = nn.modules.module.register_module_forward_hook(lambda module, inputs, output: output + 1)
    try:
        refused(lambda: network_from(nn.Sequential(nn.Linear(2, 1))), "hooks", error=UnsupportedModelError)
    finally:
        hook.remove()


def test_weights_that_are_no_plain_numbers_in_memory_are_read_right_or_refused():
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        fake = nn.Sequential(nn.Linear(2, 1))
    refused(lambda: network_from(fake), "0.weight")
    for dtype in (torch.float32, torch.float64):
        for weight in special_tensors(dtype):
            model = with_weight(weight)
            assert_same_weights(network_from(model), [(weight.clone().resolve_neg().numpy(), np.zeros(2))])
            x = torch.tensor([[3.0, -5.0]], dtype=dtype)
            assert predict(network_from(model), x.numpy()).tolist() == model(x).tolist()


def test_what_pytorch_saves_is_what_the_live_module_is(tmp_path):
    """One model by every way out of PyTorch: state_dict, safetensors, ONNX."""
    torch.manual_seed(5)
    model = MODELS["plain"]().eval()
    network = network_from(model)
    torch.save(model.state_dict(), tmp_path / "model.pt")
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    example = torch.zeros(1, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # this exporter is the older of two
        options = {"dynamo": False, "dynamic_axes": {"input": {0: "n"}}, "input_names": ["input"]}
        torch.onnx.export(model, (example,), str(tmp_path / "model.onnx"), **options)
    for name in ("model.pt", "model.safetensors", "model.onnx"):
        assert load_network(tmp_path / name) == network


def test_an_exported_model_with_other_activations_and_a_shortcut_is_rewritten(tmp_path):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.last = nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, x):
            h = nn.functional.leaky_relu(self.first(x), 0.25)
            return self.last(nn.functional.hardtanh(self.second(h) + h))

    torch.manual_seed(6)
    model = Block().eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(model, (torch.zeros(1, 3),), str(tmp_path / "model.onnx"), dynamo=False)
    network, x = load_network(tmp_path / "model.onnx"), np.random.default_rng(2).normal(size=(50, 3)).astype(np.float32)
    assert np.abs(predict(network, x) - outputs(model, x)).max() < 1e-5


def test_scikit_learn_s_onnx_is_read_up_to_its_tail(tmp_path):
    neural_network = pytest.importorskip("sklearn.neural_network", reason="scikit-learn is not installed")
    skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")
    random = np.random.default_rng(3)
    X, y = random.normal(size=(80, 3)).astype(np.float32), random.normal(size=80)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so few steps do not converge, and need not
        model = neural_network.MLPRegressor(hidden_layer_sizes=(5, 4), max_iter=20, random_state=0).fit(X, y)
        (tmp_path / "model.onnx").write_bytes(skl2onnx.to_onnx(model, X[:1]).SerializeToString())
    network = load_network(tmp_path / "model.onnx")
    assert np.abs(predict(network, X)[:, 0] - model.predict(X)).max() < 1e-5
