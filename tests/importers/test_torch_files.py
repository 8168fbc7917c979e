"""PyTorch's state_dict and safetensors: bit for bit, and in the right order."""

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from command_line import assert_refused, run_command
from importer_conformance import FileCase, check_file, refused
from safetensors.numpy import save_file
from torch_models import FOUR, archive, tensor_pickle

from relugeom.errors import UnsupportedModelError
from relugeom.importers.loading import load_network
from relugeom.importers.npz import write_npz
from relugeom.importers.torch.pickle_reader import Name, read_pickle
from relugeom.network.decision import Squashing
from relugeom.network.forward import evaluate

pytestmark = pytest.mark.filterwarnings("ignore::relugeom.remarks.RelugeomWarning")  # tests/network/test_assumptions.py

FIXTURES = Path(__file__).parent / "fixtures"
DIGESTS = {
    "torch_plain": "1ab7f79962b3f8454cd044d89465f103f662fa2e573756be9096f3313f155b96",
    "torch_named": "09f316571ed3e3dc2d63a11d65080bfec5bd0edabbf50245f0547c3448a19b71",
    "torch_double": "4dddb2b79d552e994f7268a0cf2431d7a92ff0ba9945d91151a0c5c62d3401a0",
    "torch_square": "aadd485436b8c7d9b8fb7a3e77c0ad3446f12897dd395709eb28a154829f8d66",
}


def arrays(name):
    return dict(np.load(FIXTURES / f"{name}.npz"))


@pytest.mark.parametrize("name", DIGESTS)
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_files_that_pytorch_wrote(name, suffix, tmp_path, capsys):
    table = arrays(name)
    layers = [(table[f"W{k}"], table[f"b{k}"]) for k in range((len(table) - 2) // 2)]
    path = FIXTURES / f"{name}{suffix}"
    tail = 22 if suffix == ".pt" else 0  # the end of the archive's directory
    said = ("relu",) if name == "torch_named" else None
    case = FileCase(path, table["x"], table["y"], DIGESTS[name], layers, tail=tail, activations=said)
    check_file(case, tmp_path, capsys)


def test_bfloat16_and_strided_tensors_are_exact():
    network, table = load_network(FIXTURES / "torch_bfloat16.pt"), arrays("torch_bfloat16")
    for layer, index in enumerate((0, 2)):
        assert np.array_equal(network.weights[layer], table[f"{index}.weight"])
        assert np.array_equal(network.biases[layer], table[f"{index}.bias"])
    strided = load_network(FIXTURES / "torch_strided.pt").weights[0]
    assert np.array_equal(strided, np.arange(24.0).reshape(4, 6).T[::2, 1:])


def test_a_training_checkpoint_holds_its_state_dict():
    assert load_network(FIXTURES / "torch_checkpoint.pt", activations=["relu"]).widths == (5, 4)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("torch_pickled_module", ("torch.nn.modules.container.Sequential", "state_dict")),
        ("torch_legacy", ("before 1.6", "state_dict")),
        ("torch_scripted", ("TorchScript", "ONNX")),
        ("torch_batch_norm", ("'1.weight'", "network_from", "ONNX")),
    ],
)
def test_what_is_no_chain_of_linear_layers_is_refused_with_advice(name, words):
    refused(lambda: load_network(FIXTURES / f"{name}.pt"), *words, error=UnsupportedModelError)


# --- the order of layers ------------------------------------------------------------------------------------------


def saved(path, **shapes):
    """A file of layers with these shapes, every weight another number."""
    tensors, count = {}, 0
    for name, shape in shapes.items():
        size = int(np.prod(shape))
        tensors[f"{name}.weight"] = np.arange(count, count + size, dtype=np.float32).reshape(shape)
        tensors[f"{name}.bias"] = np.full(shape[0], count, dtype=np.float32)
        count += size
    save_file(tensors, path)
    return tensors


def test_the_only_order_in_which_layers_fit_is_taken(tmp_path):
    path = tmp_path / "m.safetensors"
    tensors = saved(path, out=(1, 4), hidden=(4, 3), between=(4, 4))
    network = load_network(path, activations=["relu"])
    order = ("hidden", "between", "out")
    assert all(np.array_equal(W, tensors[f"{n}.weight"]) for W, n in zip(network.weights, order, strict=True))


def test_numbers_in_names_decide_where_shapes_do_not(tmp_path):
    path = tmp_path / "m.safetensors"
    tensors = saved(path, **{f"layers.{k}": (3, 3) for k in (10, 8, 0, 2)})
    network = load_network(path)
    assert np.array_equal(network.weights[1], tensors["layers.2.weight"])
    assert np.array_equal(network.weights[3], tensors["layers.10.weight"])


def test_an_order_that_is_not_clear_must_be_given(tmp_path):
    path = tmp_path / "m.safetensors"
    tensors = saved(path, alpha=(3, 3), beta=(3, 3))
    refused(lambda: load_network(path), "alpha, beta; beta, alpha", "layers=")
    network = load_network(path, layers=["beta", "alpha"], activations=["relu"])
    assert np.array_equal(network.weights[0], tensors["beta.weight"])
    for wrong in (["alpha"], ["alpha", "alpha"], ["alpha", "gamma"], "alpha"):
        refused(lambda wrong=wrong: load_network(path, layers=wrong), "alpha, beta")


def test_layers_that_do_not_fit_are_refused_with_their_shapes(tmp_path):
    path = tmp_path / "m.safetensors"
    saved(path, one=(3, 2), two=(4, 5))
    refused(lambda: load_network(path), "one 3×2, two 4×5")
    refused(lambda: load_network(path, layers=["one", "two"], activations=["none"]), "two.weight takes 5 values")
    saved(path, **{f"layer{k}": (2, 2) for k in "abcdefghijkl"})
    refused(lambda: load_network(path), "layers=")
    save_file({}, path)
    refused(lambda: load_network(path), "no linear layer")


def test_layers_without_a_bias_and_values_that_are_no_numbers(tmp_path):
    path = tmp_path / "m.safetensors"
    save_file({"a.weight": np.ones((2, 3), dtype=np.float64)}, path)
    assert not load_network(path).biases[0].any()
    save_file({"a.weight": np.array([[1.0, np.nan]])}, path)
    refused(lambda: load_network(path), "a.weight[0, 1] is nan")
    save_file({"a.weight": np.ones((2, 3)), "a.bias": np.ones(3)}, path)
    refused(lambda: load_network(path), "a.bias has the shape [3]")
    save_file({"a.weight": np.ones((2, 3), dtype=np.int64)}, path)
    refused(lambda: load_network(path), "I64", error=UnsupportedModelError)
    save_file({"conv.weight": np.ones((2, 3, 3, 3))}, path)
    refused(lambda: load_network(path), "'conv.weight' (2×3×3×3)", error=UnsupportedModelError)


def test_layers_are_named_for_files_of_tensors_only():
    for name in ("layers", "activations"):
        words = f"{name} is only for files of tensors"
        refused(lambda name=name: load_network(FIXTURES / "torch_plain.npz", **{name: ["0"]}), words)


# --- what lies between layers -------------------------------------------------------------------------------------


def chain(path, *names, width=2):
    """A file of square layers, each with weights and biases of its own; the (W, b) of each."""
    random = np.random.default_rng(len(names))
    tensors = {}
    for name in names:
        tensors[f"{name}.weight"] = random.normal(size=(width, width))
        tensors[f"{name}.bias"] = random.normal(size=width)
    save_file(tensors, path)
    return [(tensors[f"{n}.weight"], tensors[f"{n}.bias"]) for n in names]


def computed(layers, activations, x):
    for (weight, bias), activation in zip(layers, activations, strict=True):
        x = x @ weight.T + bias
        x = np.maximum(x, 0) if activation == "relu" else x
    return x


@pytest.mark.parametrize(
    ("names", "between"),
    [
        (("0", "2", "4"), ["relu", "relu", "none"]),
        (("0", "1", "3"), ["none", "relu", "none"]),
        (("net.1", "net.4", "net.5", "net.9"), ["relu", "none", "relu", "none"]),
        (("0", "1"), ["none", "none"]),
        (("a.b.3", "a.b.12"), ["relu", "none"]),
    ],
)
def test_numbers_that_a_sequential_leaves_out_are_activations(names, between, tmp_path, capsys):
    path = tmp_path / "m.safetensors"
    layers = chain(path, *names)
    network = load_network(path)
    x = np.random.default_rng(0).normal(size=(50, 2))
    assert len(network.widths) == between.count("relu")
    assert np.allclose(evaluate(network, x), computed(layers, between, x), rtol=1e-12, atol=1e-12)
    assert network == load_network(path, activations=between)
    assert (network.origin.rounded_count > 0) == ("none" in between[:-1]), "two affine maps in a row are rounded once"
    said, silent = (
        run_command(capsys, "inspect", path),
        run_command(capsys, "inspect", path, "--layers", ",".join(names), "--activations", ",".join(between)),
    )
    assert said.code == silent.code == 0
    assert ", ".join(name.rpartition(".")[2] for name in names) in said.err
    assert len(said.err.splitlines()) == 1
    assert silent.err == ""


@pytest.mark.parametrize(
    "names",
    [
        ("fc1", "fc2"),  # numbered by hand
        ("hidden", "out"),
        ("layers.0", "layers.1", "layers.2"),  # a ModuleList, whose activations are in its code
        ("layers.0.linear", "layers.2.linear"),
        ("body.0", "head.2"),
        ("net.0", "net.2", "out"),
        ("net.0", "net.٢"),
        ("net.0", "net." + "9" * 5000),
    ],
)
def test_what_the_names_do_not_tell_is_asked_for(names, tmp_path, capsys):
    path = tmp_path / "m.safetensors"
    layers = chain(path, *names)
    refused(lambda: load_network(path, layers=names), "does not name the activations between", "--activations")
    assert_refused(run_command(capsys, "inspect", path, "--layers", ",".join(names)), "--activations")
    x = np.random.default_rng(0).normal(size=(50, 2))
    for between in (["relu"] * (len(names) - 1), ["none"] * (len(names) - 1), ["relu"] * len(names)):
        network = load_network(path, layers=names, activations=between)
        follow = [*between, "none"][: len(names)]
        assert np.allclose(evaluate(network, x), computed(layers, follow, x), rtol=1e-12, atol=1e-12)
        assert not network.origin.assumption


def test_the_end_of_a_network_can_be_said(tmp_path):
    path = tmp_path / "m.safetensors"
    chain(path, "a", "b", "c")
    options = {"layers": ["a", "b", "c"]}
    assert load_network(path, **options, activations=["relu", "relu", "softmax"]).squashing is Squashing.SOFTMAX
    assert load_network(path, **options, activations=["relu"]).squashing is Squashing.NONE
    for wrong in (
        ["relu", "sigmoid"],
        ["relu", "tanh", "none"],
        ["tanh"],
        [],
        ["relu"] * 4,
        "relu",
        [1, 2],
        ["relu", ""],
    ):
        words = "activations must name" if wrong in ([], "relu", [1, 2], ["relu"] * 4) else "is none of relu"
        refused(lambda wrong=wrong: load_network(path, **options, activations=wrong), words)


def test_every_verb_that_takes_a_model_takes_what_the_file_does_not_say(tmp_path, capsys):
    path, other = tmp_path / "m.safetensors", tmp_path / "other.npz"
    chain(path, "a", "b")
    said = ("--layers", "b,a", "--activations", "relu")
    write_npz(load_network(path, layers=["b", "a"], activations=["relu"]), other)
    data, claim, proof = tmp_path / "d.csv", tmp_path / "p.vnnlib", tmp_path / "p.cert"
    data.write_text("x0,x1\n0.5,0.25\n-1,2\n3,-4\n", encoding="utf-8")
    declared = "".join(f"(declare-const {name} Real)" for name in ("X_0", "X_1", "Y_0", "Y_1"))
    box = "".join(f"(assert (<= X_{k} 1))(assert (>= X_{k} 0))" for k in (0, 1))
    claim.write_text(f"{declared}{box}(assert (>= Y_0 1000000))", encoding="utf-8")
    box = ("--domain", "box:-1,1")
    verbs = [
        ("inspect", path),
        ("enumerate", path, *box),
        ("locate", path, "11", *box),
        ("graph", path, "11", "--out", tmp_path / "g.json"),
        ("certify", path, *box, "--out", proof),
        ("check", proof, "--model", path, *box),
        ("verify", path, claim),
        ("compare", path, other, *box),
        ("compare", other, path, *box),
        ("cluster", path, data),
        ("audit", path, data, "--out", tmp_path / "audit"),
    ]
    for verb in verbs:
        assert_refused(run_command(capsys, *verb), "m.safetensors: its layers form a chain in more than one order")
        ended = run_command(capsys, *verb, *said)
        assert ended.code in (0, 1), ended
        assert ended.code == 0 or verb[0] == "locate", ended


# --- the parts of an archive ---------------------------------------------------------------------------------------


def test_the_hand_written_pickle_is_one(tmp_path):
    path = archive(tmp_path / "m.pt", tensor_pickle(), {"m/data/0": FOUR})
    assert load_network(path).weights[0].tolist() == [[0, 1], [2, 3]]
    big = np.arange(4, dtype=">f4").tobytes()
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("m/data.pkl", tensor_pickle())
        file.writestr("m/byteorder", "big")
        file.writestr("m/data/0", big)
    assert load_network(path).weights[0].tolist() == [[0, 1], [2, 3]]


def test_a_pickle_of_plain_data_is_read_as_it_is():
    value = {"a": [1, -5, 1 << 70, 0.25, "é", None, True, (1, 2, 3, 4), {}], "b": (), "c": [[1], (2,)]}
    for protocol in range(2, 6):
        assert read_pickle(pickle.dumps(value, protocol), {}, lambda identifier: identifier) == value
    with pytest.raises(UnsupportedModelError, match=r"builtins\.|__builtin__"):
        read_pickle(pickle.dumps(print, 2), {}, lambda identifier: identifier)
    assert str(Name("os", "system")) == "os.system"
