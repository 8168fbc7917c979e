"""Every outcome has one code, the documentation is made from the codes, and what breaks down is no answer."""

import ast
import json
import re
from pathlib import Path

import highspy
import numpy as np
import pytest
from command_line import run_command, write_network, write_npz, write_rows
from from_code.command_line import list_verbs
from from_code.exit_codes import codes_table, statuses_table, verbs_table
from networks import he_network, layered

from relugeom import cli
from relugeom.certificate.checking import CheckStatus
from relugeom.claims.requirement import Judgement
from relugeom.claims.settlement import Verdict
from relugeom.cli.exit_codes import MEANINGS, STATUSES, VERBS, ExitCode
from relugeom.errors import EmptyDomainError, SolverCrashError
from relugeom.geometry.domain import Domain
from relugeom.partition.partition import PartitionStatus, PatternStatus
from relugeom.questions.equivalence import Equivalence
from relugeom.questions.verification import PropertyStatus
from relugeom.search.admissible import check_admissible
from relugeom.search.estimate import EstimateStatus
from relugeom.store.query.readonly import QueryStatus

CLI = Path(cli.__file__).parent
STATUS_TYPES = (
    Verdict,
    PartitionStatus,
    PatternStatus,
    Equivalence,
    PropertyStatus,
    CheckStatus,
    QueryStatus,
    EstimateStatus,
    Judgement,
)
BOX = "".join(f"(declare-const X_{k} Real)(assert (>= X_{k} -1))(assert (<= X_{k} 1))" for k in range(2))
STATED = f"{BOX}(declare-const Y_0 Real)(assert (>= Y_0 100))"
ONE_SIDED = (
    "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"
    "(assert (<= X_0 1))(assert (<= X_1 1))(assert (>= Y_0 100))"
)


def test_the_codes_that_scripts_rely_on():
    assert [(code.name, code.value) for code in ExitCode] == [
        ("DONE", 0),
        ("FAILS", 1),
        ("BAD_INPUT", 2),
        ("UNKNOWN", 3),
        ("FAULT", 4),
        ("INTERRUPTED", 130),
        ("TERMINATED", 143),
    ]
    assert set(MEANINGS) == set(ExitCode)


@pytest.mark.parametrize("kind", STATUS_TYPES)
def test_every_status_has_a_code_and_what_is_not_known_is_never_0_or_1(kind):
    codes = {value: STATUSES[value] for value in kind}
    open_ones = {value for value, code in codes.items() if code is ExitCode.UNKNOWN}
    assert open_ones == {value for value in kind if value in ("unknown", "truncated", "open")}


def test_every_verb_and_code_is_documented():
    assert {f"relugeom {verb}" for verb in VERBS} == {verb.name for verb in list_verbs()}
    assert [f"| {code:d} |" in codes_table() for code in ExitCode] == [True] * len(ExitCode)
    assert [f"`{verb}`" in verbs_table() for verb in VERBS] == [True] * len(VERBS)
    assert [f"`{status}`" in statuses_table() for status in STATUSES] == [True] * len(STATUSES)


def test_no_verb_ends_with_a_number_of_its_own():
    """Codes come from the one module that has them, also where a name stands for a number."""
    for path in sorted(CLI.glob("*.py")):
        if path.name == "exit_codes.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and named_int(node.returns)]
        for node in (node for function in functions for node in ast.walk(function) if isinstance(node, ast.Return)):
            numbers = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
            assert not [n for n in numbers if isinstance(n, int) and n > 0], f"{path.name}:{node.lineno}"


def test_no_verb_has_a_status_or_a_code_of_its_own():
    """A result carries its status, and the table has its code: verbs name neither."""
    codes = {"exit_codes.py", "__init__.py", "app.py"}  # the table; errors and signals; usage
    for path in sorted(CLI.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert path.name in codes or not named & {"ExitCode", "STATUSES"}, path.name
        for node in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "status"):
            said = node.body[-1]
            handed_on = isinstance(said, ast.Return) and getattr(said.value, "attr", "") == "status"
            assert handed_on or path.name == "output.py", f"{path.name}:{node.lineno}"  # the protocol


def test_every_code_of_an_answer_comes_from_a_status_that_some_result_has():
    assert set(STATUSES) == {value for kind in STATUS_TYPES for value in kind}


def named_int(annotation):
    return isinstance(annotation, ast.Name) and annotation.id == "int"


def test_an_answer_has_two_forms_and_is_printed_in_one_place():
    """What is streamed, and what is JSON in any case, is printed by itself."""
    printing = {"print_json", "print_parts"}
    found = {
        path.name
        for path in CLI.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in printing
    }
    assert found == {"output.py", "stores.py"}


class Breaking:
    """A `Highs` that breaks down when it is asked."""

    def __init__(self):
        self._highs = ORIGINAL()

    def __getattr__(self, name):
        return getattr(self._highs, name)

    def run(self):
        raise RuntimeError("corrupted factor")


class GivingUp(Breaking):
    """A `Highs` that ends every program with an error of its own, and says so."""

    def run(self):
        return self._highs.run()

    def getModelStatus(self):
        return highspy.HighsModelStatus.kSolveError


ORIGINAL = highspy.Highs


@pytest.fixture
def asked(tmp_path):
    """Verbs that ask HiGHS, by name."""
    write_npz(he_network(3, 2, 4, 3, 1), tmp_path / "model.npz")
    write_npz(layered(([[1, 0]], [0]), ([[1]], [0])), tmp_path / "other.npz")
    (tmp_path / "property.vnnlib").write_text(ONE_SIDED, encoding="utf-8")
    model, other = str(tmp_path / "model.npz"), str(tmp_path / "other.npz")
    return {
        "verify": ("verify", model, str(tmp_path / "property.vnnlib")),
        "compare": ("compare", model, other, "--domain", "box:-1,1"),
        "locate": ("locate", model, "0000/000", "--domain", "box:-1,1"),
    }


@pytest.mark.parametrize("verb", ["verify", "compare", "locate"])
def test_a_solver_that_breaks_down_is_an_error_in_one_line(verb, asked, capsys, monkeypatch):
    """It is neither "unknown" nor "fails", in either form of the answer."""
    monkeypatch.setattr(highspy, "Highs", Breaking)
    for form in ((), ("--json",)):
        ended = run_command(capsys, *asked[verb], *form)
        assert (ended.code, ended.out) == (ExitCode.FAULT, "")
        *remarks, error = ended.err.splitlines(keepends=True)
        assert ["inputs have no bound" in remark for remark in remarks] == [True] * (verb == "verify")
        assert re.fullmatch(
            "relugeom: the solver HiGHS broke down, which says nothing about the question: corrupted factor: "
            "please report it\n",
            error,
        )


def test_an_audit_in_which_a_solver_breaks_down_keeps_what_it_had_found(tmp_path, capsys, monkeypatch):
    """The run has failed, and says why; nothing in it is called unknown for that reason."""
    model = write_network(tmp_path / "model.npz", he_network(3, 2, 4, 3, 1))
    rows = np.random.default_rng(0).uniform(-1, 1, (30, 2)).round(3).tolist()
    data = write_rows(tmp_path / "data.csv", ["a", "b"], rows)

    class BreakingLater(Breaking):
        asked = 0

        def run(self):
            BreakingLater.asked += 1
            return super().run() if BreakingLater.asked > 20 else self._highs.run()

    monkeypatch.setattr(highspy, "Highs", BreakingLater)
    ended = run_command(capsys, "audit", model, data, "--out", tmp_path / "out", "--json")
    assert (ended.code, ended.out) == (ExitCode.FAULT, "") and "the solver HiGHS broke down" in ended.err
    asked = "SELECT status, reason, regions FROM runs_overview"
    told = run_command(capsys, "query", tmp_path / "out" / "audit.db", asked, "--format", "json")
    ((status, reason, regions),) = json.loads(told.out)["rows"]
    assert status == "failed" and "HiGHS broke down" in reason and regions > 0
    asked = "SELECT count(*) FROM answer_list WHERE reason LIKE '%HiGHS%'"
    counted = run_command(capsys, "query", tmp_path / "out" / "audit.db", asked, "--format", "csv")
    assert counted.out.split() == ["count(*)", "0"]


def test_a_search_for_integers_that_breaks_down_is_an_error(monkeypatch):
    class BreakingOnIntegers(Breaking):
        """Programs in real numbers are solved."""

        whole = False

        def changeColIntegrality(self, *asked):
            self.whole = True
            return self._highs.changeColIntegrality(*asked)

        def run(self):
            return super().run() if self.whole else self._highs.run()

    kinds = ("integer",) * 5 + ("continuous",)  # 2 (x0 + … + x4) = 3, nearly: proved by branching alone, on 29 nodes
    domain = Domain([0.0] * 5 + [-0.5], [1.0] * 5 + [0.5], E=[[2.0] * 5 + [1.0]], f=[3.0], kinds=kinds)
    with pytest.raises(EmptyDomainError):
        check_admissible(domain)
    monkeypatch.setattr(highspy, "Highs", BreakingOnIntegers)
    with pytest.raises(SolverCrashError, match="HiGHS broke down"):
        check_admissible(domain)


@pytest.mark.parametrize("verb", ["verify", "compare", "locate"])
def test_a_solver_that_gives_up_changes_no_answer(verb, asked, capsys, monkeypatch):
    """Exact arithmetic decides without its proposals."""
    before = run_command(capsys, *asked[verb], "--json")
    monkeypatch.setattr(highspy, "Highs", GivingUp)
    after = run_command(capsys, *asked[verb], "--json")
    assert after.code == before.code != ExitCode.UNKNOWN
    assert json.loads(after.out)["status"] == json.loads(before.out)["status"] != "unknown"


def test_a_fault_of_the_program_is_not_taken_for_a_property_that_fails(asked, capsys, monkeypatch):
    """The traceback stays, for whoever mends it."""

    def fault(*_asked, **_options):
        raise AssertionError("an input with another decision lies in its own cell")

    monkeypatch.setattr("relugeom.cli.verifying.verify_property", fault)
    ended = run_command(capsys, *asked["verify"], "--json")
    assert (ended.code, ended.out) == (ExitCode.FAULT, "")
    assert "Traceback" in ended.err and ended.err.splitlines()[-1].startswith(
        "relugeom: this is a fault in the program"
    )
