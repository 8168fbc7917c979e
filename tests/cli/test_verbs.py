"""What each verb prints and how it ends."""

import json
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from command_line import TITANIC, run_command, small_network, write_network, write_rows

from relugeom.network.decision import Decision, Squashing
from relugeom.network.network import ReLUNetwork
from relugeom.partition.census import CensusKind
from relugeom.version import VERSION

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"

ROWS = [(1, 2, 0), (-1, 0.5, 1), (0.25, -2, 1), (1.5, 2, 0)]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one network of every kind and data for them."""
    signs = (np.array([[1.0], [-1.0]]), np.array([0.0, 0.0]))
    networks = {
        "model": small_network(2, 3, 1),
        "linear": small_network(2, 1),
        "several": small_network(2, 3, 3),
        "classes": small_network(
            2, 3, 3, squashing=Squashing.SOFTMAX, decision=Decision.largest(("red", "green", "blue"))
        ),
        "binary": small_network(2, 3, 1, squashing=Squashing.SIGMOID, decision=Decision.at_threshold(0.0)),
        "many": small_network(2, 30, 1),
        "one": small_network(1, 4, 1),
        "signs": ReLUNetwork(weights=(signs[0], np.ones((1, 2))), biases=(signs[1], np.zeros(1))),
    }
    for name, network in networks.items():
        write_network(tmp_path / f"{name}.npz", network)
    write_rows(tmp_path / "data.csv", "aby", ROWS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(place: Path, capsys: pytest.CaptureFixture[str]):
    return lambda *arguments: run_command(capsys, *arguments)


@pytest.fixture
def answer(run):
    """The one JSON object that a verb prints, and its exit code."""

    def call(*arguments: object) -> tuple[dict, int]:
        ended = run(*arguments, "--json")
        found = json.loads(ended.out)
        assert isinstance(found, dict)
        return found, ended.code

    return call


def test_version(run) -> None:
    ended = run("--version")
    assert (ended.code, ended.out) == (0, f"relugeom {VERSION}\n")


@pytest.mark.parametrize(
    "arguments", [[], *[[verb] for verb in ("audit", "inspect", "cluster", "enumerate", "locate", "graph", "query")]]
)
def test_help(arguments: list[str], run) -> None:
    ended = run(*arguments, "--help")
    assert ended.code == 0
    assert "Usage: relugeom" in ended.out
    assert not arguments or f"relugeom {arguments[0]} " in ended.out.partition("Example:")[2]


# --- inspect ------------------------------------------------------------------------------------------------------


def test_inspect(answer) -> None:
    facts, code = answer("inspect", TITANIC / "network.onnx")
    assert code == 0
    assert facts["hidden_layers"] == [3, 2]
    assert (facts["inputs"], facts["units"], facts["outputs"], facts["patterns"]) == (7, 5, 1, "32")
    assert facts["squashing"] == "sigmoid"
    assert len(facts["digest"]) == 64


def test_many_patterns_are_said_in_words(answer, run) -> None:
    assert answer("inspect", "many.npz")[0]["patterns"] == "2^30"
    assert "2^30" in run("inspect", "many.npz").out


@pytest.mark.parametrize("name", ["linear", "several", "classes", "binary", "one"])
def test_inspect_prints_a_table(name: str, run) -> None:
    ended = run("inspect", f"{name}.npz")
    assert (ended.code, ended.err) == (0, "")
    assert f"{name}.npz" in ended.out


# --- cluster ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["model", "linear", "several", "classes", "binary", "many"])
def test_cluster(name: str, answer, run) -> None:
    found, code = answer("cluster", f"{name}.npz", "data.csv", "--target", "y")
    assert code == 0
    assert found["samples"] == sum(row["samples"] for row in found["clusters"]) == len(ROWS)
    outputs = 3 if name in ("several", "classes") else 1
    assert all(len(row["importance"]) == 2 * outputs for row in found["clusters"])
    assert all((row["accuracy"] is not None) == (outputs > 1 or name == "binary") for row in found["clusters"])
    table = run("cluster", f"{name}.npz", "data.csv", "--target", "y")
    assert table.code == 0
    assert table.err.startswith("inputs: a, b; target: y\n")


def test_the_order_of_features(answer) -> None:
    plain, _ = answer("cluster", "model.npz", "data.csv", "--features", "a,b")
    turned, _ = answer("cluster", "model.npz", "data.csv", "--features", "b,a", "--ignore", "y")
    assert [entry["feature"] for entry in plain["clusters"][0]["importance"]] == ["a", "b"]
    assert [entry["feature"] for entry in turned["clusters"][0]["importance"]] == ["b", "a"]


# --- enumerate and locate -----------------------------------------------------------------------------------------


def test_enumerate(answer) -> None:
    found, code = answer("enumerate", "signs.npz", "--domain", "box:-1,1")
    assert code == 0
    assert found["status"] == "complete"
    assert (found["regions"], found["inputs"], found["units"]) == (2, 1, 2)
    assert found["seconds"] >= 0
    assert found["network"] == answer("inspect", "signs.npz")[0]["digest"]


def test_enumerate_without_hidden_layers(answer) -> None:
    assert answer("enumerate", "linear.npz", "--domain", "all")[0]["regions"] == 1


def test_enumerate_up_to_a_limit(answer, run) -> None:
    found, code = answer("enumerate", "many.npz", "--domain", "box:-1,1", "--max-regions", 3)
    assert (found["status"], found["regions"], code) == ("truncated", 3, 3)
    ended = run("enumerate", "many.npz", "--domain", "box:-1,1", "--max-regions", 3)
    assert ended.code == 3
    assert "2^30" in ended.out


def test_threads_change_nothing(answer) -> None:
    one, _ = answer("enumerate", "many.npz", "--domain", "box:-3,3", "--threads", 1)
    three, _ = answer("enumerate", "many.npz", "--domain", "box:-3,3", "--threads", 3)
    assert one["regions"] == three["regions"] > 30


@pytest.mark.parametrize(
    ("pattern", "status", "code"), [("10", "region", 0), ("00", "lower-dimensional", 1), ("11", "infeasible", 1)]
)
def test_locate(pattern: str, status: str, code: int, answer, run) -> None:
    found, ended = answer("locate", "signs.npz", pattern, "--domain", "box:-1,1")
    assert (found["status"], found["pattern"], ended) == (status, pattern, code)
    assert (found["point"] is None) == (status == "infeasible")
    assert bool(found["proof"]) == (status != "region")
    table = run("locate", "signs.npz", pattern, "--domain", "box:-1,1")
    assert table.code == code
    assert status in table.out


# --- graph, query, report, db -------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".graphml", ".json", ".svg", ".png"])
def test_graph(suffix: str, place: Path, answer) -> None:
    found, code = answer("graph", "model.npz", "101", "--out", f"graph{suffix}")
    assert (found["nodes"], found["arcs"], code) == (5, 6, 0)
    assert (place / f"graph{suffix}").stat().st_size > 100
    if suffix == ".graphml":
        assert len(nx.read_graphml(place / "graph.graphml")) == 5


def test_query_and_db(answer, run) -> None:
    found, _ = answer("enumerate", "model.npz", "--domain", "box:-9,9", "--store", "a.db")
    asked = ("query", "a.db", "SELECT count(*) AS regions FROM region_list")
    assert answer(*asked) == ({"columns": ["regions"], "rows": [[found["regions"]]]}, 0)
    assert run(*asked, "--format", "csv").out == f"regions\n{found['regions']}\n"
    assert str(found["regions"]) in run(*asked).out
    views = [row[0] for row in answer("query", "a.db", "--list")[0]["rows"]]
    assert "pattern_counts" in views
    for view in views:
        assert run("query", "a.db", "--view", view).code == 0
    version, code = answer("db", "current", "a.db")
    assert (version["current"], code) == (version["newest"], 0)
    assert answer("db", "upgrade", "a.db")[0]["before"] == version["current"]


def test_what_is_said_of_the_schema(place: Path, run) -> None:
    Path("empty.db").touch()
    assert run("db", "current", "empty.db").out.startswith("empty.db has no schema: upgrade it to ")
    assert run("db", "upgrade", "empty.db").out.rstrip().endswith(" (it had none before)")
    head = max(path.name for path in MIGRATIONS.glob("[0-9]*.py"))[:4]
    assert run("db", "current", "empty.db").out == f"empty.db has schema {head}\n"
    assert run("db", "upgrade", "empty.db").out == f"empty.db has schema {head} already\n"


def test_a_report_again_from_the_store_alone(place: Path, answer, run) -> None:
    first, code = answer("audit", "binary.npz", "data.csv", "--target", "y", "--out", "out", "--no-samples")
    assert code == 0
    assert Path(first["report"]) == Path("out/report.html")
    assert answer("report", "out/audit.db", "--out", "again.html", "--no-samples")[1] == 0
    assert (place / "again.html").read_bytes() == (place / "out" / "report.html").read_bytes()


def test_samples_are_on_the_map_unless_they_are_kept_out(place: Path, answer, run) -> None:
    for options in ([], ["--no-samples"]):
        assert answer("audit", "binary.npz", "data.csv", "--target", "y", "--out", "o", *options)[1] == 0
        page = (place / "o" / "report.html").read_text(encoding="utf-8")
        assert ("projected onto the plane" in page) == (not options)
        assert ("no rows of the data" in page) == bool(options)


def test_the_features_of_the_map_are_asked_for_by_name(place: Path, answer, run) -> None:
    asked = ("audit", "binary.npz", "data.csv", "--target", "y", "--out")
    assert answer(*asked, "m", "--map", "b,a")[1] == 0
    assert "along b and a" in (place / "m" / "report.html").read_text(encoding="utf-8")
    for option in ("a,nowhere", "a"):
        for again in ((*asked, "none"), ("report", "m/audit.db", "--out", "none.html")):
            ended = run(*again, "--map", option)
            assert (ended.code, len(ended.err.splitlines())) == (2, 1)
            assert "--map" in ended.err
    assert not (place / "none").exists()
    assert not (place / "none.html").exists()


@pytest.mark.parametrize("name", ["linear", "several", "classes", "binary", "model"])
def test_audit_of_every_kind_of_network(name: str, answer, run) -> None:
    found, code = answer("audit", f"{name}.npz", "data.csv", "--target", "y", "--out", name)
    assert (found["status"], found["samples"], found["outside"], code) == ("complete", len(ROWS), 0, 0)
    assert found["domain"] == "the range of the data"
    asked = ("query", f"{name}/audit.db", "SELECT sum(samples) FROM cluster_list", "--format", "csv")
    assert run(*asked).out.splitlines()[1] == str(len(ROWS))


def test_audit_of_many_units_lists_no_infeasible_patterns(answer, run) -> None:
    found, code = answer("audit", "many.npz", "data.csv", "--target", "y", "--out", "many", "--max-regions", 2)
    assert code == 3
    assert found["patterns"]["all patterns"] == found["census"]["all"] == "2^30"
    assert set(found["census"]) == set(CensusKind)
    asked = (
        "query",
        "many/audit.db",
        "SELECT count(*) FROM pattern_statuses WHERE status = 'infeasible'",
        "--format",
        "csv",
    )
    assert run(*asked).out.splitlines()[1] == "0"
