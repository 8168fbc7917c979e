"""What a time limit buys, in words: the statements that an audit counts beforehand are those that it answers."""

import re

import pytest
from command_line import TITANIC
from networks import he_network

from relugeom.audit import audit
from relugeom.audit.allowance import cells_per_second
from relugeom.claims.subject import Question


@pytest.mark.parametrize("protected", [[], ["Gender"]])
@pytest.mark.parametrize("limit", [None, 0.0, 120.0])
def test_an_audit_says_at_its_start_what_the_time_buys_and_how_many_statements_it_answers(protected, limit, tmp_path):
    remarks = []
    found = audit(
        TITANIC / "network.onnx",
        TITANIC / "passengers.csv",
        target="Survived",
        protected=protected,
        out=tmp_path,
        time_limit=limit,
        on_remark=remarks.append,
    )
    (said,) = (text for text in remarks if "time limit" in text)
    assert remarks.index(said) <= 3
    (statements,) = re.findall(r"each of (\d+) statements", said)
    asked = [answer for answer in found.answers if answer.subject.question is not Question.SIMPLIFICATION]
    sides = sum(2 if own.subject.question is Question.RANGE and own.subject.side is None else 1 for own in asked)
    assert int(statements) == sides
    assert said.startswith(
        {None: "no time limit", 0.0: "time limit 0 s:", 120.0: "time limit 120 s (the default)"}[limit]
    )
    assert limit is None or (re.search(r"about ([\d,]+) cells", said)[1] == "0") == (limit == 0)


def test_larger_networks_get_fewer_cells():
    small, large = he_network(0, 30, 16, 1), he_network(0, 30, 512, 512, 1)
    assert cells_per_second(small) > 3 * cells_per_second(large) > 0
