"""Bad input: one clear line on the error stream, exit code 2, and nothing on the disk has changed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from command_line import TITANIC, assert_refused, run_command, small_network, snapshot, write_network, write_rows

DATA = {
    "missing value": (b"a,b,y\n1,2,0\n,3,1\n", ["column 'a'", "data row 2", "missing"]),
    "NaN": (b"a,b,y\n1,2,0\n1,nan,1\n", ["column 'b'", "data row 2", "missing"]),
    "infinite value": (b"a,b,y\n1,inf,0\n", ["column 'b'", "data row 1", "not finite"]),
    "beyond float64": (b"a,b,y\n1e400,2,0\n", ["column 'a'", "data row 1", "not finite"]),
    "text": (b"a,b,y\nred,2,0\nblue,3,1\n", ["column 'a'", "'red'", "a_red, a_blue", "[[groups]]"]),
    "one word among numbers": (b"a,b,y\n1,2,0\noops,3,1\n", ["column 'a'", "data row 2", "'oops'"]),
    "text target": (b"a,b,y\n1,2,yes\n", ["column 'y'", "'yes'", "number the classes"]),
    "missing target": (b"a,b,y\n1,2,\n", ["column 'y'", "missing"]),
    "missing column": (b"a,y\n1,0\n", ["'b'"]),
    "extra column": (b"a,b,c,y\n1,2,3,0\n", ["'c'", "--ignore"]),
    "the same column twice": (b"a,a,y\n1,2,0\n", ["'a'"]),
    "no rows": (b"a,b,y\n", ["no rows"]),
    "nothing at all": (b"", ["empty"]),
    "short row": (b"a,b,y\n1,2,0\n1,2\n", ["data row 2"]),
    "no header": (b"1,2,0\n3,4,1\n", ["names of the columns"]),
    "semicolons": (b"a;b;y\n1;2;0\n", ["';'"]),
    "Latin-1": ("é,b,y\n1,2,0\n".encode("latin-1"), ["UTF-8"]),
    "UTF-16": ("a,b,y\n1,2,0\n".encode("utf-16"), ["UTF-8"]),
    "open quote": (b'a,b,y\n"1,2,0\n', ["CSV"]),
    "NUL": (b"a,b,y\n1,\x002,0\n", ["column 'b'"]),
}

DOMAINS = {
    "box upside down": ("box:1,0", ["'a'"]),
    "box of words": ("box:a,b", ["box:LO,HI"]),
    "box of one number": ("box:1", ["box:LO,HI"]),
    "box of NaN": ("box:nan,1", ["NaN"]),
    "box at infinity": ("box:inf,inf", ["'a'"]),
    "no such file": ("nowhere.toml", ["nowhere.toml"]),
    "a folder": ("folder", ["folder"]),
    "bounds upside down": ("[features.a]\nlower = 1\nupper = 0\n", ["'a'"]),
    "no TOML": ("[features.a\n", ["TOML"]),
    "unknown feature": ("[features.c]\nlower = 0\n", ["'c'", "a, b"]),
    "unknown kind": ("[features.a]\nkind = 'whole'\n", ["integer"]),
    "unknown relation": ("[[constraints]]\ncoefficients = {a = 1.0}\nrelation = '<'\nvalue = 1\n", ["<=, >=, =="]),
    "bound of words": ("[features.a]\nlower = 'x'\n", ["features.a.lower"]),
    "bound of NaN": ("[features.a]\nlower = nan\n", ["features.a.lower"]),
    "group of a stranger": ("[[groups]]\nfeatures = ['a', 'c']\n", ["'c'"]),
    "contradiction": (
        "[features.a]\nlower = 0\nupper = 1\n[features.b]\nlower = 0\nupper = 1\n"
        "[[constraints]]\ncoefficients = {a = 1.0, b = 1.0}\nrelation = '>='\nvalue = 2.5\n",
        ["contradict"],
    ),
}

STORES = {
    "text": ("text.db", ["not an SQLite database"]),
    "folder": ("folder", ["folder"]),
    "database of something else": ("other.db", ["another database"]),
    "below a file": ("text.db/audit.db", ["text.db"]),
    "folder that is not there": ("nowhere/audit.db", ["nowhere"]),
    "another database": ("mysql://user@host/name", ["SQLite"]),
    "in memory": ("sqlite://", ["sqlite:///FILE"]),
    "no name": ("", ["file name"]),
}

OPTIONS = {
    "unknown target": (["--target", "z"], ["'z'", "'a', 'b', 'y'"]),
    "no target": ([], ["'y'", "--target"]),
    "target that is an input": (["--target", "a"], ["'a'"]),
    "too few features": (["--target", "y", "--features", "a"], ["--features"]),
    "unknown feature": (["--target", "y", "--features", "a,z"], ["--features", "'z'"]),
    "feature twice": (["--target", "y", "--features", "a,a"], ["'a'"]),
    "target as feature": (["--target", "y", "--features", "a,y"], ["'y'"]),
    "unknown column ignored": (["--target", "y", "--ignore", "z"], ["--ignore", "'z'"]),
    "input ignored": (["--target", "y", "--ignore", "a"], ["'a'"]),
    "no regions": (["--target", "y", "--max-regions", "0"], ["regions"]),
    "regions in words": (["--target", "y", "--max-regions", "many"], ["--max-regions"]),
    "less than no time": (["--target", "y", "--time-limit", "-1"], ["time"]),
    "no threads": (["--target", "y", "--threads", "0"], ["threads"]),
    "unknown option": (["--target", "y", "--color"], ["--color"]),
    "folder below a file": (["--target", "y", "--out", "text.db/out"], ["text.db/out"]),
    "folder that is a file": (["--target", "y", "--out", "text.db"], ["text.db"]),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a model, data, and things that are no stores."""
    write_network(tmp_path / "model.npz", small_network(2, 3, 1, input_names=("a", "b")))
    write_rows(tmp_path / "data.csv", "aby", [(1, 2, 0), (-1, 0.5, 1), (0.25, -2, 1)])
    (tmp_path / "text.db").write_text("no database, but long enough to be one\n" * 40)
    (tmp_path / "empty.db").touch()
    (tmp_path / "folder").mkdir()
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.commit()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def refuses(place: Path, capsys: pytest.CaptureFixture[str]):
    """Check that a command is refused in these words and changes nothing."""

    def check(words: list[str], *arguments: object) -> None:
        before = snapshot(place)
        assert_refused(run_command(capsys, *arguments), *words)
        assert snapshot(place) == before

    return check


@pytest.mark.parametrize("verb", ["audit", "cluster"])
@pytest.mark.parametrize("case", DATA)
def test_data(case: str, verb: str, place: Path, refuses) -> None:
    content, words = DATA[case]
    (place / "data.csv").write_bytes(content)
    refuses([*words, "data.csv"], verb, "model.npz", "data.csv", "--target", "y")


@pytest.mark.parametrize("name", ["nowhere.csv", "folder"])
def test_data_that_cannot_be_read(name: str, refuses) -> None:
    refuses([name], "audit", "model.npz", name)


@pytest.mark.parametrize("case", DOMAINS)
def test_domains(case: str, place: Path, refuses) -> None:
    spec, words = DOMAINS[case]
    if "\n" in spec:
        (place / "wrong.toml").write_text(spec)
        spec = "wrong.toml"
    refuses(words, "audit", "model.npz", "data.csv", "--target", "y", "--domain", spec)
    refuses(words, "cluster", "model.npz", "data.csv", "--target", "y", "--domain", spec)
    refuses(words, "enumerate", "model.npz", "--domain", spec, "--store", "new.db")
    refuses(words, "locate", "model.npz", "101", "--domain", spec)


def test_a_wrong_domain_file_beside_the_model(place: Path, refuses) -> None:
    (place / "domain.toml").write_text("[features.c]\nlower = 0\n")
    refuses(["domain.toml", "'c'"], "audit", "model.npz", "data.csv", "--target", "y")


@pytest.mark.parametrize("verb", ["enumerate", "locate"])
def test_no_domain(verb: str, refuses) -> None:
    refuses(["--domain"], verb, "model.npz", *(["101"] if verb == "locate" else []))


@pytest.mark.parametrize("case", OPTIONS)
def test_options(case: str, refuses) -> None:
    options, words = OPTIONS[case]
    refuses(words, "audit", "model.npz", "data.csv", *options)


@pytest.mark.parametrize("case", STORES)
def test_stores(case: str, refuses) -> None:
    store, words = STORES[case]
    refuses(words, "audit", "model.npz", "data.csv", "--target", "y", "--store", store)
    refuses(words, "enumerate", "model.npz", "--domain", "box:-1,1", "--store", store)
    refuses(words, "query", store, "SELECT 1")
    refuses(words, "report", store, "--out", "report.html")
    refuses(words, "db", "current", store)
    refuses(words, "db", "upgrade", store)


@pytest.mark.parametrize("store", ["nowhere.db", "empty.db"])
def test_stores_to_read(store: str, refuses) -> None:
    refuses([store], "query", store, "SELECT 1")
    refuses([store], "report", store, "--out", "report.html")


def test_a_store_of_another_schema_version(place: Path, capsys: pytest.CaptureFixture[str], refuses) -> None:
    asked = ("enumerate", "model.npz", "--domain", "box:-1,1", "--store", "audit.db")
    assert run_command(capsys, *asked).code == 0
    with closing(sqlite3.connect(place / "audit.db")) as connection:
        connection.execute("UPDATE relugeom_schema SET version_num = '0000'")
        connection.commit()
    refuses(["audit.db"], *asked)
    refuses(["audit.db"], "query", "audit.db", "SELECT 1")
    refuses(["audit.db"], "audit", "model.npz", "data.csv", "--target", "y", "--store", "audit.db")


def test_models(place: Path, refuses) -> None:
    whole = {"W0": np.ones((3, 2)), "b0": np.zeros(3), "W1": np.ones((1, 3)), "b1": np.zeros(1)}
    np.savez(place / "nan.npz", **(whole | {"W0": np.full((3, 2), np.nan)}))
    np.savez(place / "shapes.npz", **(whole | {"W1": np.ones((1, 4))}))
    (place / "cut.npz").write_bytes((place / "model.npz").read_bytes()[:-40])
    (place / "cut.onnx").write_bytes((TITANIC / "network.onnx").read_bytes()[:300])
    (place / "empty.onnx").touch()
    (place / "model.txt").touch()
    cases = {
        "nan.npz": "nan",
        "shapes.npz": "shape",
        "cut.npz": "damaged",
        "cut.onnx": "truncated",
        "empty.onnx": "not an ONNX model",
        "model.txt": ".npz, .onnx",
        "nowhere.npz": "no such file",
        "folder": "folder",
    }
    for name, word in cases.items():
        refuses([name, word], "inspect", name)
        refuses([name, word], "audit", name, "data.csv", "--target", "y")
        refuses([name, word], "enumerate", name, "--domain", "box:-1,1", "--store", "new.db")


@pytest.mark.parametrize("pattern", ["", "10", "1011", "10/1", "10x", "1²1"])
def test_patterns(pattern: str, refuses) -> None:
    refuses([f"'{pattern}'"], "locate", "model.npz", pattern, "--domain", "box:-1,1")
    refuses([f"'{pattern}'"], "graph", "model.npz", pattern, "--out", "graph.json")


@pytest.mark.parametrize("out", ["graph.txt", "graph", "folder", "nowhere/graph.svg", "text.db/graph.json"])
def test_where_a_graph_goes(out: str, refuses) -> None:
    refuses([out], "graph", "model.npz", "101", "--out", out)


@pytest.mark.parametrize(
    "statement",
    ["", "DROP TABLE runs", "SELECT 1; SELECT 2", "INSERT INTO runs VALUES (1)", "SELECT * FROM nowhere", "SELEC 1"],
)
def test_statements(statement: str, capsys: pytest.CaptureFixture[str], refuses) -> None:
    run_command(capsys, "enumerate", "model.npz", "--domain", "box:-1,1", "--store", "audit.db")
    refuses(["query"], "query", "audit.db", statement)


def test_questions_and_reports(capsys: pytest.CaptureFixture[str], refuses) -> None:
    run_command(capsys, "enumerate", "model.npz", "--domain", "box:-1,1", "--store", "audit.db")
    refuses(["--view"], "query", "audit.db")
    refuses(["--view"], "query", "audit.db", "SELECT 1", "--view", "cluster_list")
    refuses(["cluster_list"], "query", "audit.db", "--view", "clusters_list")
    refuses(["table, csv, json"], "query", "audit.db", "SELECT 1", "--format", "xml")
    refuses(["99"], "report", "audit.db", "--run", "99", "--out", "report.html")
    refuses(["folder"], "report", "audit.db", "--out", "folder")
    refuses(["text.db"], "report", "audit.db", "--out", "text.db/report.html")


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["audits"], "relugeom --help"),
        (["inspect"], "relugeom inspect --help"),
        (["inspect", "model.npz", "--loud"], "relugeom inspect --help"),
        (["db", "downgrade"], "relugeom db --help"),
    ],
)
def test_usage(arguments: list[str], shown: str, refuses) -> None:
    refuses([f"({shown} shows the usage)"], *arguments)


@pytest.mark.parametrize("suffix", [".onnx", ".npz", ".keras", ".h5", ".pt", ".safetensors", ".nnet"])
def test_a_model_whose_name_no_file_can_have_is_one_line(suffix, tmp_path, capsys):
    for verb in (("inspect",), ("enumerate", "--domain", "all"), ("certify", "--out", tmp_path / "p.cert")):
        ended = run_command(capsys, verb[0], tmp_path / ("m" * 300 + suffix), *verb[1:])
        assert_refused(ended, "File name too long")
    assert not any(tmp_path.iterdir())
