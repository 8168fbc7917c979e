"""What PyTorch itself saves, where it is installed: every number as it was held, or one line that says why not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from importer_conformance import assert_same_weights, refused
from torch_models import archive, special_tensors, storage, tensor, tensor_pickle

from relugeom import load_network, network_from
from relugeom.errors import ModelError, UnsupportedModelError

pytestmark = pytest.mark.filterwarnings("ignore::relugeom.remarks.RelugeomWarning")  # tests/network/test_assumptions.py

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'relugeom[frameworks]'")
nn = torch.nn
save_file = pytest.importorskip("safetensors.torch").save_file  # imports torch

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_saved_state_dict_holds_every_number_as_pytorch_held_it(dtype, protocol, tmp_path):
    torch.manual_seed(7)
    layers = nn.Flatten(), nn.Linear(3, 6), nn.ReLU(), nn.Dropout(0.5), nn.Identity(), nn.Linear(6, 6), nn.ReLU()
    model = nn.Sequential(*layers, nn.Linear(6, 2, bias=False)).to(dtype)
    state = model.state_dict()
    torch.save(state, tmp_path / "model.pt", pickle_protocol=protocol)
    save_file(state, tmp_path / "model.safetensors")
    table = {name: values.double().numpy() for name, values in state.items()}
    held = [(table[f"{k}.weight"], table.get(f"{k}.bias", np.zeros(2))) for k in (1, 5, 7)]
    for name in ("model.pt", "model.safetensors"):
        network = load_network(tmp_path / name)
        assert_same_weights(network, held)
        assert network.origin.precision == ("float64" if dtype == torch.float64 else "float32")
        assert network == network_from(model)


@pytest.mark.parametrize("dtype", FLOATS)
def test_tensors_that_pytorch_saves_as_views_are_read_right(dtype, tmp_path):
    tensors = special_tensors(dtype if dtype in (torch.float32, torch.float64) else torch.float32)
    for position, weight in enumerate(tensors):
        if dtype in (torch.float16, torch.bfloat16):
            if weight.is_neg():
                continue  # only complex numbers have views with this mark
            weight = weight.to(dtype).T.contiguous().T
        path = tmp_path / f"{position}.pt"
        torch.save({"a.weight": weight}, path)
        exact = torch.load(path)["a.weight"].double().clone().resolve_neg().numpy()
        assert np.array_equal(exact, weight.double().clone().resolve_neg().numpy())
        assert_same_weights(load_network(path), [(exact, np.zeros(2))])


def test_tied_weights_and_flat_parameters_are_read_right(tmp_path):
    path, layer = tmp_path / "model.pt", nn.Linear(3, 3)
    model = nn.Sequential(layer, nn.ReLU(), layer)
    torch.save(model.state_dict(), path)
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    assert_same_weights(load_network(path), [(weight, bias), (weight, bias)])
    flat = torch.arange(24.0)
    torch.save({"0.weight": flat[:12].view(4, 3), "0.bias": flat[10:14], "2.weight": flat[12:].view(3, 4)}, path)
    numbers = np.arange(24.0)
    layers = [(numbers[:12].reshape(4, 3), numbers[10:14]), (numbers[12:].reshape(3, 4), np.zeros(3))]
    assert_same_weights(load_network(path), layers)


def test_training_checkpoints_are_read_and_whole_modules_are_not(tmp_path):
    path, model = (
        tmp_path / "model.pth",
        nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2)),
    )
    optimiser = torch.optim.Adam(model.parameters())
    steps = torch.optim.lr_scheduler.MultiStepLR(optimiser, [2, 2, 3])
    loss = model(torch.ones(4, 3)).sum()
    loss.backward()
    optimiser.step()
    state = {"epoch": 1, "loss": loss.detach(), "device": torch.device("cpu"), "shape": loss.shape}
    more = {"optimizer_state_dict": optimiser.state_dict(), "scheduler": steps.state_dict(), "dtype": torch.float32}
    torch.save({**state, **more, "model_state_dict": model.state_dict()}, path)
    assert load_network(path) == network_from(model)
    torch.save({"state_dict": model.state_dict(), "model": model.state_dict()}, path)
    refused(lambda: load_network(path), "several state_dicts", error=UnsupportedModelError)
    torch.save(list(model.parameters()), path)
    refused(lambda: load_network(path), "not a state_dict", error=UnsupportedModelError)
    torch.save(model, path)
    refused(lambda: load_network(path), "torch.save(model.state_dict(), FILE)", error=UnsupportedModelError)
    torch.save(model.state_dict(), path, _use_new_zipfile_serialization=False)
    refused(lambda: load_network(path), "before 1.6", "model.state_dict()", error=UnsupportedModelError)
    torch.save(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).state_dict(), path)
    refused(lambda: load_network(path), "'1.weight'", "network_from", error=UnsupportedModelError)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: torch.ones(2, 2, dtype=torch.int64) << 53, "type torch.LongStorage"),
        (lambda: torch.ones(2, 2, dtype=torch.complex64), "type torch.ComplexFloatStorage"),
        (lambda: torch.ones(2, 2).to(torch.float8_e4m3fn), "type torch.float8_e4m3fn"),
        (lambda: torch.ones(2, 2, dtype=torch.uint16), "type torch.uint16"),
        (lambda: torch.eye(2).to_sparse(), "_rebuild_sparse_tensor, which is not run: only plain tensors"),
        (lambda: torch.ones(2, 2, device="meta"), "_rebuild_meta_tensor_no_storage"),
        (lambda: torch.zeros(1).expand(1 << 14, 1 << 14), "too large"),
        (lambda: torch.ones(0, 2), "holds no number"),
    ],
)
def test_tensors_that_are_no_arrays_of_floats_are_refused(make, words, tmp_path):
    torch.save({"a.weight": make()}, tmp_path / "model.pt")
    refused(lambda: load_network(tmp_path / "model.pt"), words)


def test_an_archive_without_checksums_says_why(tmp_path):
    path = tmp_path / "model.pt"
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"a.weight": torch.ones(2, 2)}, path)
    finally:
        torch.serialization.set_crc32_options(True)
    refused(lambda: load_network(path), "CRC-32", "set_crc32_options(False)")


STRIDE = st.integers(0, 5)


@settings(max_examples=300)
@given(
    kind=st.sampled_from(["HalfStorage", "BFloat16Storage", "FloatStorage", "DoubleStorage"]),
    size=st.integers(1, 16),
    offset=st.integers(0, 4),
    shape=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    strides=st.tuples(STRIDE, STRIDE),
    negated=st.sampled_from([None, None, {"neg": True}]),
    content=st.binary(min_size=128, max_size=128),
)
def test_any_view_is_what_torch_load_says(tmp_path_factory, kind, size, offset, shape, strides, negated, content):
    """The two accept the same views, and see the same numbers."""
    marks = [] if negated is None else [negated]
    kept = content[: size * {"HalfStorage": 2, "BFloat16Storage": 2, "FloatStorage": 4, "DoubleStorage": 8}[kind]]
    pickled = tensor_pickle({"a.weight": tensor(storage(kind, size=size), offset, shape, strides, *marks)})
    path = archive(tmp_path_factory.getbasetemp() / "m.pt", pickled, {"m/data/0": kept, "m/version": b"3\n"})
    try:
        held = torch.load(path, weights_only=True)["a.weight"].resolve_neg().double().numpy()
    except RuntimeError:
        held = None
    try:
        read = load_network(path).weights[0]
    except ModelError as error:
        assert held is None or "finite" in str(error), str(error)
        assert held is None or not np.isfinite(held).all()
    else:
        assert held is not None
        assert np.array_equal(held, read)
