"""The quick tier of the tests leaves out what is slow, and nothing that does not exist."""

import ast

from tiers import SLOW_TESTS, TESTS, read_slow_tests, sum_cases


def test_slow_tests_are_there():
    named = list(read_slow_tests())
    assert named == sorted(set(named))
    assert len(named) == len(SLOW_TESTS.read_text(encoding="utf-8").splitlines())
    defined = {
        file: {
            node.name for node in ast.parse((TESTS / file).read_text(encoding="utf-8")).body if hasattr(node, "name")
        }
        for file in {name.partition("::")[0] for name in named}
    }
    assert [name for name in named if name.partition("::")[2] not in defined[name.partition("::")[0]]] == []


def test_cases_count_together():
    lines = ["1.500\ta/test_b.py::test_c[x-1]", "0.250\ta/test_b.py::test_c[y::z\t]", "0.125\ttest_d.py::test_e"]
    assert sum_cases(lines) == {"a/test_b.py::test_c": 1.75, "test_d.py::test_e": 0.125}
