"""An installed relugeom makes and upgrades stores with no checkout at hand: from wheel, sdist and editable install."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from privileges import drop_write_override

REPOSITORY = Path(__file__).resolve().parents[2]
HEAD = max(path.name for path in (REPOSITORY / "migrations" / "versions").glob("[0-9]*.py")).partition("_")[0]
PARTS = ["relugeom", "migrations", "pyproject.toml", "README.md", "alembic.ini"]
PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
USE = """
import pathlib, site, sys
known = list(sys.path)
site.addsitedir(sys.argv[1])
sys.path[:] = [path for path in sys.path if path not in known] + known  # before what this environment has
import relugeom
from relugeom.store.database import migration
from relugeom.store.query.readonly import run_query
folder = pathlib.Path(sys.argv[2])
with relugeom.open_store(folder / "100% new.db") as store:
    print(migration.schema_version(store.location.path).current)
blank = folder / "blank.db"
blank.touch()
print(migration.upgrade(blank).current, migration.schema_version(blank).current)
print(list(run_query(blank, "SELECT count(*) FROM runs_overview").rows))
print(relugeom.__file__)
print(migration.script_location())
"""

pytestmark = pytest.mark.slow


def run(*words: object, **options) -> str:
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of what is packed, in a folder whose name has a percent sign and a space."""
    folder = tmp_path_factory.mktemp("installed") / "50% checkout"
    folder.mkdir()
    for part in PARTS:
        source = REPOSITORY / part
        ignore = shutil.ignore_patterns("__pycache__")
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=ignore)
        else:
            shutil.copy(source, folder)
    return folder


@pytest.fixture(scope="module")
def built(checkout) -> Path:
    """A folder with sdist and wheel; the wheel is built from the sdist."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", checkout.parent / "dist", checkout)
    return checkout.parent / "dist"


def use(target: Path, folder: Path) -> tuple[str, str]:
    """Make, upgrade and query stores with what is installed in `target`; where it and its revisions lie."""
    command = [sys.executable, "-c", USE, target, folder]
    created, upgraded, rows, package, scripts = run(
        *command, cwd=folder, env={}, preexec_fn=drop_write_override
    ).splitlines()
    assert (created, upgraded, rows) == (HEAD, f"None {HEAD}", "[(0,)]")
    return package, scripts


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_from_a_wheel_and_from_an_sdist(built, tmp_path, kind):
    (archive,) = built.glob(kind)
    target = tmp_path / "read only"
    run(*PIP, "--target", target, archive)
    folders = [target, *(entry for entry in target.rglob("*") if entry.is_dir())]
    for cache in target.rglob("__pycache__"):
        shutil.rmtree(cache)
    for folder in filter(Path.exists, folders):
        folder.chmod(0o555)
    try:
        package, scripts = use(target, tmp_path)
        assert package == str(target / "relugeom" / "__init__.py")
        assert scripts == str(target / "relugeom" / "_migrations")
        assert not list(target.rglob("__pycache__"))
    finally:
        for folder in filter(Path.exists, folders):
            folder.chmod(0o755)


def test_from_an_editable_install(checkout, tmp_path):
    run(*PIP, "--target", tmp_path / "site", "--editable", checkout)
    package, scripts = use(tmp_path / "site", tmp_path)
    assert package == str(checkout / "relugeom" / "__init__.py")
    assert scripts == str(checkout / "migrations")
