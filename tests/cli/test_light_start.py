"""Help is quick: it loads none of the heavy packages."""

import subprocess
import sys

import pytest

HEAVY = ["scipy", "cvxpy", "highspy", "numba", "pandas", "sqlalchemy", "networkx", "matplotlib", "onnx"]

HELP = """
from relugeom.cli import main
try:
    main({arguments})
except SystemExit as ended:
    assert not ended.code, ended.code
"""


@pytest.mark.parametrize(
    "program",
    [
        "import relugeom",
        HELP.format(arguments=["--help"]),
        HELP.format(arguments=["audit", "--help"]),
        HELP.format(arguments=["--version"]),
    ],
    ids=["import", "help", "help of a verb", "version"],
)
def test_nothing_heavy_is_loaded(program: str) -> None:
    asked = f"{program}\nimport sys\nprint([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stderr.strip() == "[]"


def test_a_property_is_verified_without_tables_and_compilers() -> None:
    """A time limit of seconds is no place for a second of loading."""
    unused = [name for name in HEAVY if name != "highspy"]
    asked = f"import relugeom.cli.verifying, sys\nprint([name for name in {unused} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.strip() == "[]"


def test_a_report_draws_its_own_pictures() -> None:
    asked = "import relugeom.report.html, relugeom.audit.steps, sys\nprint('matplotlib' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.strip() == "False"
