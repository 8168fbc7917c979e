"""The quick tier of the tests leaves out what is slow, and nothing that does not exist."""

import ast

from tiers import SLOW_TESTS, TESTS, read_slow_tests, sum_cases


def test_slow_tests_are_there():
    named = list(read_slow_tests())
    assert named == sorted(set(named))
    assert len(named) == len(SLOW_TESTS.read_text(encoding="utf-8").splitlines())
    for name in named:
        file, _, function = name.partition("::")
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        assert any(isinstance(node, ast.FunctionDef) and node.name == function for node in ast.walk(tree)), name


def test_cases_count_together():
    lines = ["1.500\ta/test_b.py::test_c[x-1]", "0.250\ta/test_b.py::test_c[y::z\t]", "0.125\ttest_d.py::test_e"]
    assert sum_cases(lines) == {"a/test_b.py::test_c": 1.75, "test_d.py::test_e": 0.125}
