"""Requests and budgets: one value says what is asked, and keywords and the command line make the same one."""

from dataclasses import FrozenInstanceError, fields, replace

import pytest
import typer

from relugeom.audit import AuditRequest
from relugeom.audit.request import AuditOptions
from relugeom.budget import Budget, Counts, Limits, Shares
from relugeom.cli.app import app
from relugeom.deadline import NEVER, Deadline

LIMITS = tuple(Limits.__annotations__)
OTHERS = {"max_regions": 7, "time_limit": 3.5, "threads": 2}


def test_keywords_are_the_fields_and_the_limits():
    named = {field.name for field in fields(AuditRequest)}
    assert set(AuditOptions.__annotations__) == named - {"model", "data"} | set(LIMITS)
    assert set(LIMITS) <= {field.name for field in fields(Budget)}


def test_keywords_make_the_same_request_as_values():
    budget = Budget(shares=Shares(distances=0.5), counts=Counts(pairs=3))
    asked = AuditRequest.of("m", "d", target="y", protected=["a"], budget=budget, **OTHERS)
    assert asked == AuditRequest(model="m", data="d", target="y", protected=["a"], budget=replace(budget, **OTHERS))
    assert AuditRequest.of("m", "d") == AuditRequest(model="m", data="d", budget=Budget())
    with pytest.raises(TypeError, match="max_region"):
        AuditRequest.of("m", "d", max_region=3)


def test_values_stay_as_they_are():
    for value, name in ((AuditRequest(model="m", data="d"), "out"), (Budget(), "threads"), (Counts(), "pairs")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, 1)


def test_the_command_line_begins_with_the_defaults_of_the_values():
    asked, budget = AuditRequest(model="m", data="d"), Budget()
    options = {option.name: option for option in typer.main.get_command(app).commands["audit"].params}
    for name in LIMITS:
        assert options[name].default == getattr(budget, name)
    given = {"no_samples": not asked.show_samples} | {
        name: getattr(asked, name) for name in ("out", "domain", "store", "target", "resume", "map_features")
    }
    assert {name: options[name].default for name in given} == given


@pytest.mark.parametrize(
    ("limit", "kept"), [(None, None), (9.5, 9.5), (NEVER, None), (Deadline(0), 0.0)], ids=["none", "s", "never", "over"]
)
def test_a_store_keeps_limits_as_numbers(limit, kept):
    budget = Budget(time_limit=limit, max_regions=None)
    assert budget.parameters() == {"max_regions": None, "time_limit": kept}


def test_a_store_keeps_what_was_said():
    asked = AuditRequest.of("m", "d", layers=("a", "b"), protected=("x",))
    assert asked.parameters() == {
        "model": "m", "data": "d", "target": None, "domain": None, "protected": ["x"], "layers": ["a", "b"]
    }  # fmt: skip
