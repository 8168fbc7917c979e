"""What is fuzzed: for each format a small file that is right, the verb that reads it, and how it goes wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import onnx
from command_line import small_network, write_network
from mutants import archive_mutant, binary_mutant, onnx_mutant, text_mutant

CSV = 'a,"b",y\n1,2,0\n-1.5,0.25,1\n"0.5",-2,1\n1e-3,4e2,0\n'
TOML = """[features.a]
lower = -1.5
upper = 2
kind = "continuous"

[features.b]
lower = 0
upper = 3
kind = "integer"

[[constraints]]
coefficients = { a = 1.0, b = -0.5 }
relation = "<="
value = 1.25
"""
GROUPS = '\n[[groups]]\nfeatures = ["a", "b"]\n'
VNNLIB = """; a property
(declare-const X_0 Real)
(declare-const X_1 Real)
(declare-const Y_0 Real)
(assert (<= X_0 1.5))
(assert (>= X_0 -0.5))
(assert (and (<= X_1 1e0) (>= X_1 -1.0)))
(assert (or (and (>= Y_0 (+ 0.25 (* 2 X_0)))) (and (<= Y_0 -3.0) (<= X_0 X_1))))
"""
JSON = """{"format": "relugeom network", "version": 1, "squashing": "sigmoid",
 "layers": [{"W": [[1.0, "-0.1"], [2, "1/3"]], "b": [0.5, 0]}, {"W": [[1, -2e-1]], "b": [".5"]}],
 "input_names": ["a", "b"], "output_names": ["y"], "precision": "float64",
 "decision": {"rule": "threshold", "threshold": 0, "class_names": ["no", "yes"]}}
"""
JSON_WORDS = [
    "NaN",
    "Infinity",
    '"W"',
    '"argmax"',
    '"\\ud800"',
    "null",
    "true",
    "[]",
    "{}",
    "1e999",
    '"1/0"',
    '"format": 1,',
]
NNET = """// a network
2,2,1,3,
2,3,1,
0,
-1.0,-2.0,
1.0,2.0,
0.5,0.25,0.0,
1.0,2.0,3.0,
0.1,-0.2,
0.3,0.4,
-0.5,0.6,
0.01,
0.02,
-0.03,
1.5,-2.5,3.5,
0.125,
"""
BOX = ("--domain", "box:-1,1")


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes
    ----------
    name
        The name of the file.
    content
        A file that is right.
    arguments
        The command that reads it.
    codes
        The exit codes that its answers have, and that of a refusal.
    mutate
        A file that may be wrong.
    """

    name: str
    content: bytes
    arguments: Sequence[str]
    codes: tuple[int, ...]
    mutate: Callable[[Random], bytes]


def _text(name: str, content: str, words: Sequence[str], arguments: Sequence[str], codes: tuple[int, ...]) -> Format:
    return Format(name, content.encode(), arguments, codes, partial(text_mutant, content, words=words))


def _model(name: str, content: bytes, mutate: Callable[[bytes, Random], bytes]) -> Format:
    return Format(name, content, ("inspect", name), (0, 2), partial(mutate, content))


def _onnx() -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(3)
    arrays = {"W0": random.normal(size=(2, 3)), "b0": random.normal(size=3), "W1": random.normal(size=(3, 1))}
    nodes = [
        helper.make_node("Gemm", ["x", "W0", "b0"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "W1"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size]) for name, size in (("x", 2), ("y", 1))]
    tensors = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in arrays.items()]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    return bytes(onnx.ModelProto.SerializeToString(model))


def _safetensors() -> bytes:
    from safetensors.numpy import save

    random = np.random.default_rng(4)
    shapes = {"0.weight": (3, 2), "0.bias": (3,), "2.weight": (1, 3), "2.bias": (1,)}
    return bytes(save({name: random.normal(size=shape) for name, shape in shapes.items()}))


def _fixture(name: str) -> bytes:
    return (Path(__file__).parents[1] / "importers" / "fixtures" / name).read_bytes()


def formats(folder: Path) -> dict[str, Format]:
    """All formats; the folder gets the model that data, domains and properties are about."""
    write_network(folder / "model.npz", small_network(2, 3, 1, input_names=("a", "b")))
    npz = (folder / "model.npz").read_bytes()
    toml_words = ["features", "groups", "constraints", "lower", "kind", '"binary"', "[features.a]", "[[groups]]", "nan"]
    vnnlib_words = [
        "X_0",
        "Y_1",
        "X_99999",
        "assert",
        "and",
        "or",
        "not",
        "<=",
        ">",
        "=",
        "*",
        "declare-const",
        "Real",
        '"',
    ]
    domain = ("enumerate", "model.npz", "--domain", "domain.toml", "--time-limit", "1")
    return {
        "csv": _text(
            "data.csv", CSV, ["na", "null", "true"], ("cluster", "model.npz", "data.csv", "--target", "y"), (0, 2)
        ),
        "toml": _text("domain.toml", TOML, toml_words, domain, (0, 2, 3)),
        "groups": _text("domain.toml", TOML + GROUPS, toml_words, domain, (0, 2, 3)),
        "vnnlib": _text(
            "property.vnnlib",
            VNNLIB,
            vnnlib_words,
            ("verify", "model.npz", "property.vnnlib", "--time-limit", "1"),
            (0, 1, 2, 3),
        ),
        "json": _text("mutant.json", JSON, JSON_WORDS, ("inspect", "mutant.json"), (0, 2)),
        "nnet": _text("mutant.nnet", NNET, [], ("inspect", "mutant.nnet"), (0, 2)),
        "npz": _model("mutant.npz", npz, archive_mutant),
        "onnx": _model("mutant.onnx", _onnx(), onnx_mutant),
        "operators": _model("mutant.onnx", _fixture("normalised_script.onnx"), onnx_mutant),
        "keras": _model("mutant.keras", _fixture("keras_plain.keras"), archive_mutant),
        "h5": _model("mutant.h5", _fixture("keras_plain.h5"), binary_mutant),
        "torch": _model("mutant.pt", _fixture("torch_plain.pt"), archive_mutant),
        "safetensors": _model("mutant.safetensors", _safetensors(), binary_mutant),
    }
