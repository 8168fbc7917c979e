"""The two studies, run as their users run them; what their READMEs show is what the scripts print."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import relugeom

pytestmark = pytest.mark.slow
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
STUDIES = ("boolean", "titanic")


@pytest.fixture(scope="module", params=STUDIES)
def study(request, tmp_path_factory):
    """Name, folder and output of a study that has run."""
    out = tmp_path_factory.mktemp(request.param)
    command = [sys.executable, str(EXAMPLES / request.param / "study.py"), "--out", str(out)]
    package = str(Path(relugeom.__file__).parents[1])
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, "PYTHONPATH": package}
    )
    assert done.returncode == 0, done.stderr
    return request.param, out, done.stdout


def test_the_readme_shows_what_the_study_prints(study):
    name, _, printed = study
    text = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    shown = [line for block in re.findall(r"```text\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    lines = printed.splitlines()
    assert len(shown) >= 10
    assert [line for line in shown if line not in lines] == []


def test_every_claim_of_the_paper_is_so_in_the_committed_network(study):
    _, _, printed = study
    stated = [line[:3] for line in printed.splitlines() if line.startswith(("yes  ", "no   "))]
    assert len(stated) >= 7
    assert set(stated) == {"yes"}


def test_a_study_ends_in_a_store_a_report_and_a_proof(study):
    _, out, _ = study
    assert relugeom.check_certificate(out / "partition.cert").accepted
    assert (out / "report.html").stat().st_size > 10_000
    with relugeom.open_store(out / "audit.db") as store:
        assert store is not None


def test_the_committed_pictures_are_those_that_the_study_draws(study):
    name, out, _ = study
    for picture in ("importance.svg", "seeds.svg"):
        drawn, committed = ((folder / picture).read_text() for folder in (out, EXAMPLES / name))
        words = [re.findall(r"<text[^>]*>([^<]*)<", text) for text in (drawn, committed)]
        assert words[0] == words[1] and len(words[0]) > 10


def test_the_settings_are_those_of_the_paper_and_of_its_script():
    """Read off the models that Keras builds, without training."""
    if not (find_spec("keras") and find_spec("jax")):
        pytest.skip("Keras and JAX are not installed: pip install 'relugeom[studies]'")
    script = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/" + sys.argv[2]]
import train
from training import build_model
for name in ("REGULARISED", "UNREGULARISED") if sys.argv[2] == "boolean" else ("TEXT", "SCRIPT"):
    settings = getattr(train, name)
    model = build_model(5, settings)
    first = model.layers[0]
    penalties = [p and {k: round(float(v), 4) for k, v in p.get_config().items()} for p in
                 (first.activity_regularizer, first.kernel_regularizer)]
    print(name, [layer.units for layer in model.layers], [layer.activation.__name__ for layer in model.layers],
          type(model.optimizer).__name__, round(float(model.optimizer.learning_rate), 4), model.loss, *penalties,
          settings.epochs, settings.batch_size, settings.validation_share, sep="; ")
"""
    printed = ""
    for name in STUDIES:
        done = subprocess.run(
            [sys.executable, "-c", script, str(EXAMPLES), name], capture_output=True, text=True, timeout=300,
            env={**os.environ, "PYTHONPATH": str(Path(relugeom.__file__).parents[1])},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        printed += done.stdout
    common = "['relu', 'relu', 'sigmoid']; Adam"
    assert printed.splitlines() == [
        f"REGULARISED; [4, 2, 1]; {common}; 0.01; binary_crossentropy; {{'l1': 0.02}}; None; 10; 100; 0.0",
        f"UNREGULARISED; [4, 2, 1]; {common}; 0.01; binary_crossentropy; None; None; 10; 100; 0.0",
        f"TEXT; [4, 2, 1]; {common}; 0.01; binary_crossentropy; {{'l1': 0.02}}; None; 10; 100; 0.0",
        f"SCRIPT; [3, 2, 1]; {common}; 0.001; binary_crossentropy; None; {{'l2': 0.1}}; 100; 32; 0.1",
    ]
