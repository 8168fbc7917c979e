"""What an importer takes for granted is said: on the error stream by the command line, as a warning in Python."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import run_command
from importer_conformance import refused
from onnx_models import GEMM, LAST, RELU, WT, T, chain, saved
from safetensors.numpy import save_file

from relugeom.importers.loading import load_network
from relugeom.importers.npz import write_npz
from relugeom.remarks import RelugeomWarning

FIXTURES = Path(__file__).parent / "fixtures"


def square(path: Path, **extras: Any) -> Path:
    layers = {f"W{k}": np.arange(4.0).reshape(2, 2) for k in range(2)} | {f"b{k}": np.ones(2) for k in range(2)}
    np.savez(path, **layers, **extras)
    return path


def sequential(path: Path) -> Path:
    save_file({f"{k}.weight": np.arange(4.0).reshape(2, 2) for k in (0, 2)}, path)
    return path


def said(path: Path, capsys: pytest.CaptureFixture[str], **options: Any) -> str:
    """What is said of a file; in Python as on the command line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        network = load_network(path, **options)
    texts = [str(warning.message) for warning in caught]
    assert all(warning.category is RelugeomWarning for warning in caught)
    assert texts == [f"{path.name}: {network.origin.assumption}"] * bool(network.origin.assumption)
    heard: list[str] = []
    load_network(path, **options, on_remark=heard.append)
    assert heard == texts
    if not options:
        ended = run_command(capsys, "inspect", path)
        assert (ended.code, ended.err.splitlines()) == (0, texts)
    return "".join(texts)


def test_what_a_file_does_not_say_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "a ReLU is assumed at each gap in its layers' numbers 0, 2" in said(
        sequential(tmp_path / "m.safetensors"), capsys
    )
    path = tmp_path / "m.safetensors"
    save_file({"weight": np.ones((1, 2))}, path)
    assert "nothing is assumed to follow its only layer" in said(path, capsys)
    save_file({f"{k}.weight": np.ones((2, 2)) for k in (1, 3)}, path)
    assert "nothing before the first or after the last" in said(path, capsys)
    assert "of size 5, is assumed to be the batch" in said(saved(chain((5, 6), GEMM, RELU, LAST), tmp_path), capsys)
    assert "y = W x + b is assumed, W of shape (outputs, inputs)" in said(square(tmp_path / "m.npz"), capsys)
    assert "normalisation is left out" in said(FIXTURES / "acas.nnet", capsys)


def test_nothing_is_said_where_nothing_was_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(FIXTURES / "acas.nnet", capsys, fold_normalisation=True) == ""
    assert said(sequential(tmp_path / "m.safetensors"), capsys, activations=["relu"]) == ""
    path = tmp_path / "m.npz"
    assert said(square(path, squashing="none"), capsys) == ""
    write_npz(load_network(path), path)
    assert said(path, capsys) == ""
    np.savez(path, W0=np.ones((2, 3)), b0=np.ones(2))
    assert said(path, capsys) == ""
    save_file({"weight": np.ones((1, 2))}, tmp_path / "m.safetensors")
    assert said(tmp_path / "m.safetensors", capsys, activations=["sigmoid"]) == ""
    for shape in (("N", 6), (1, 6), (6,)):
        assert said(saved(chain(shape, ("MatMul", [T, WT]), RELU, LAST), tmp_path), capsys) == ""
    for name in ("keras_plain.keras", "keras_plain.h5"):
        assert said(FIXTURES / name, capsys) == ""


def test_matrices_of_the_other_orientation_are_seen_where_they_are_not_square(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    np.savez(path, W0=np.ones((3, 5)), b0=np.ones(5), W1=np.ones((5, 1)), b1=np.ones(1))
    refused(lambda: load_network(path), "W0 has the shape (3, 5) and b0 (5,)", "save the transpose")
    np.savez(path, W0=np.ones((3, 5)), b0=np.ones(5), W1=np.ones((1, 3)), b1=np.ones(1))
    refused(lambda: load_network(path), "layer 0: b has shape (5,)")
