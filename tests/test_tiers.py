"""The quick tier of the tests leaves out what is slow, and nothing that does not exist."""

import ast
from pathlib import Path

TESTS = Path(__file__).parent


def test_slow_tests_are_there():
    named = (TESTS / "slow_tests.txt").read_text(encoding="utf-8").splitlines()
    assert named == sorted(set(named))
    for name in named:
        file, _, function = name.partition("::")
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        assert any(isinstance(node, ast.FunctionDef) and node.name == function for node in ast.walk(tree)), name
