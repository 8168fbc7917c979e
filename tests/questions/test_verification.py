"""Properties of a network, decided in Python: the answers of the command line without it."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import Looks
from networks import he_network, integer_network, layered
from oracles import evaluate_layers, exact_layers

import relugeom as rg
from relugeom.checker import check
from relugeom.claims.claim import Scope
from relugeom.claims.settlement import Verdict
from relugeom.claims.vnnlib import read_property
from relugeom.deadline import Deadline
from relugeom.errors import InputError
from relugeom.geometry.domain import Domain, list_admissible
from relugeom.questions.verification import verify_property

NETWORK = he_network(3, 2, 5, 4, 1)
DECLARED = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"
SQUARE = "".join(f"(assert (>= X_{k} -1))(assert (<= X_{k} 1))" for k in range(2))
HALVES = "(assert (or (<= X_0 -0.5) (>= X_0 0.5)))"


def silent(remark):
    raise AssertionError(remark)


def test_a_property_that_holds_has_one_certificate_for_each_box(tmp_path):
    stated = read_property(f"{DECLARED}{SQUARE}{HALVES}(assert (>= Y_0 100))")
    found = verify_property(NETWORK, stated, certificate=tmp_path / "p.cert", on_remark=silent)
    assert (found.verdict, found.boxes, found.boxes_closed, found.reason) == (Verdict.HOLDS, 2, 2, "")
    assert [proof.path.name for proof in found.certificates] == ["p-1.cert", "p-2.cert"]
    assert found.cells == sum(check(str(proof.path))["closed"] for proof in found.certificates)
    assert found.counterexample is None and found.seconds > 0
    unwritten = verify_property(NETWORK, stated)
    assert len(unwritten.proofs) == 2 and not unwritten.certificates


def test_a_file_is_read_and_named_in_what_is_wrong_with_it(tmp_path):
    path = tmp_path / "property.vnnlib"
    path.write_text(f"{DECLARED}{SQUARE}(assert (>= Y_0 -1000))", encoding="utf-8")
    found = rg.verify_property(NETWORK, path)
    assert found.verdict is Verdict.FAILS and found.boxes_closed == 0
    assert rg.evaluate(NETWORK, [float(x) for x in found.counterexample.x])[0, 0] >= -1000
    path.write_text(DECLARED, encoding="utf-8")
    with pytest.raises(InputError, match="the property is about 2 inputs, but the network has 1"):
        rg.verify_property(layered(([[1]], [0]), ([[1]], [0])), read_property(DECLARED + SQUARE))
    path.write_text("(declare-const", encoding="utf-8")
    with pytest.raises(InputError, match=r"property\.vnnlib: "):
        rg.verify_property(NETWORK, str(path))
    with pytest.raises(InputError, match="there is no such file"):
        rg.verify_property(NETWORK, tmp_path / "none.vnnlib")


def test_what_looks_as_if_it_were_not_meant_is_a_warning(tmp_path):
    nothing_about_outputs = read_property(DECLARED + SQUARE)
    with pytest.warns(rg.RelugeomWarning, match="no assertion is about an output"):
        assert verify_property(NETWORK, nothing_about_outputs).verdict is Verdict.FAILS
    impossible = read_property(f"{DECLARED}(assert (>= X_0 1))(assert (<= X_0 0))(assert (>= Y_0 0))")
    with pytest.warns(rg.RelugeomWarning, match="no certificate is written"):
        found = verify_property(NETWORK, impossible, certificate=tmp_path / "p.cert")
    assert (found.verdict, found.boxes) == (Verdict.HOLDS, 0) and "contradict each other" in found.reason
    assert not (tmp_path / "p.cert").exists()


WHOLE = Domain([-2, -2], [2, 2], kinds=("integer", "integer"))
"""25 admissible inputs."""


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_on_whole_numbers_the_answer_is_that_of_every_admissible_input(tmp_path_factory, seed):
    """Thresholds at, and just beyond, the largest output of an admissible input in the halves."""
    network, folder = integer_network(np.random.default_rng(seed), 2, 4, 1), tmp_path_factory.mktemp("p")
    inputs = list_admissible(WHOLE)
    inside = inputs[np.abs(inputs[:, 0]) >= 0.5]
    most = max(evaluate_layers(exact_layers(network), [Fraction(v) for v in x])[-1][0] for x in inside.tolist())
    text = f"{DECLARED}{HALVES}(assert (>= Y_0 {float(most)}))"
    reached = verify_property(network, read_property(text), domain=WHOLE)
    assert (reached.verdict, reached.scope) == (Verdict.FAILS, Scope.ADMISSIBLE)
    x = [float(value) for value in reached.counterexample.x]
    assert x in inside.tolist() and reached.counterexample.outputs[0] == most
    beyond = read_property(text.replace(">= Y_0", "> Y_0"))
    found = verify_property(network, beyond, domain=WHOLE, certificate=folder / "p.cert")
    assert (found.verdict, found.boxes_closed) == (Verdict.HOLDS, 2)
    assert found.cells == sum(check(str(proof.path))["closed"] for proof in found.certificates)


def test_a_domain_leaves_inputs_out():
    """y = x0 reaches 0.9 on the square, but not where x0 + x1 <= -0.5, nor in a box that the domain does not meet."""
    network = layered(([[1, 0], [-1, 0]], [0, 0]), ([[1, -1]], [0]))
    stated = read_property(f"{DECLARED}{SQUARE}(assert (>= Y_0 0.9))")
    assert verify_property(network, stated).verdict is Verdict.FAILS
    below = Domain([-1, -0.25], [1, 1], A=[[1.0, 1.0]], b=[-0.5])
    found = verify_property(network, stated, domain=below)
    assert (found.verdict, found.scope, found.boxes_closed) == (Verdict.HOLDS, Scope.RELAXATION, 1)
    apart = verify_property(network, stated, domain=Domain.box([3, 3], [4, 4]))
    assert (apart.verdict, apart.cells, apart.certificates) == (Verdict.HOLDS, 0, ())
    assert "no input of the domain meets what the property says" in apart.reason
    late = verify_property(network, stated, domain=below, time_limit=Deadline(0))
    assert late.verdict is Verdict.UNKNOWN
    with pytest.raises(InputError, match="the domain has 3"):
        verify_property(network, stated, domain=Domain.everything(3))


def test_inputs_without_bounds_are_named():
    remarks = list[str]()
    open_above = read_property(f"{DECLARED}(assert (>= X_0 -1))(assert (<= -1 X_1 1))(assert (<= Y_0 -100))")
    verify_property(NETWORK, open_above, on_remark=remarks.append)
    assert remarks == ["inputs have no bound (x0 above), so the answer takes longer or stays unknown: add bounds, or "
                       "give a domain"]  # fmt: skip
    verify_property(NETWORK, open_above, domain=Domain.box([-1, -1], [1, 1]), on_remark=remarks.append)
    assert len(remarks) == 1
    many = "".join(f"(declare-const X_{k} Real)" for k in range(8)) + "(declare-const Y_0 Real)"
    network = layered((np.ones((1, 8)).tolist(), [0]), ([[1]], [0]))
    verify_property(network, read_property(f"{many}(assert (<= Y_0 -1))"), on_remark=remarks.append)
    assert "(x0 below and above, x1 below and above, " in remarks[1] and "x4 below and above and 3 more)" in remarks[1]


@pytest.mark.parametrize("limit", [Deadline(0), Looks.until(1), Looks.until(3)], ids=["over", "one look", "three"])
def test_a_limit_means_unknown_and_never_an_exception(limit):
    text = f"{DECLARED}{SQUARE}{HALVES}(assert (>= Y_0 100))"
    found = verify_property(NETWORK, read_property(text), time_limit=limit)
    assert found.verdict is Verdict.UNKNOWN and "time ran out" in found.reason


def test_a_place_that_cannot_be_written_is_refused_before_the_search(tmp_path, monkeypatch):
    monkeypatch.setattr("relugeom.questions.verification.settle_boxes", lambda *_a, **_o: pytest.fail("a search began"))
    with pytest.raises(InputError, match="there is no folder"):
        verify_property(NETWORK, read_property(DECLARED + SQUARE), certificate=tmp_path / "none" / "p.cert")
