"""Which tests are slow: measured in processor time, written down in a list, read by `conftest.py`.

    pytest --processor-times times.txt    # appends a line a test: seconds, tab, name
    python tests/tiers.py times.txt       # writes slow_tests.txt anew, and prints what dominates

A test has all of its cases together. A fixture that the tests of a file share has a line of its own: where it is slow,
so are all of them. The end of a file, where fixtures go, has one too. The time is that of the process and of those it
started and waited for, so that other work on the machine does not matter; a PostgreSQL server, which nobody waits for,
is left out.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SLOW_TESTS = TESTS / "slow_tests.txt"
SLOW_SECONDS = 0.6
SHOWN = 30


def processor_seconds() -> float:
    """What this process and its children have had so far."""
    return sum(os.times()[:4])


INNER: list[float] = []
"""Seconds within each of the measurements that go on, innermost last, that have been written down already."""


@contextmanager
def measured(config: pytest.Config, name: str) -> Iterator[None]:
    """Write down what happens within, but for what is written down within it, where that is asked for."""
    file = config.getoption("--processor-times")
    if file is None:
        yield
        return
    begin = processor_seconds()
    INNER.append(0.0)
    try:
        yield
    finally:
        whole = processor_seconds() - begin
        own = whole - INNER.pop()
        if INNER:
            INNER[-1] += whole
        with Path(file).open("a", encoding="utf-8") as times:
            times.write(f"{own:.3f}\t{name}\n")


def read_slow_tests() -> dict[str, float]:
    """The list: `file::test` or `file::fixture`, seen from the folder of the tests, with their seconds."""
    rows = [line.split() for line in SLOW_TESTS.read_text(encoding="utf-8").splitlines()]
    return {name: float(seconds) for seconds, name in rows}


def sum_cases(lines: list[str]) -> Counter[str]:
    """Seconds of each test, from those of its cases."""
    seconds: Counter[str] = Counter()
    for line in lines:
        measured, _, name = line.partition("\t")
        seconds[name.partition("[")[0]] += float(measured)
    return seconds


def main() -> None:
    seconds = sum_cases(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines())
    slow = {
        name: taken
        for name, taken in sorted(seconds.items())
        if taken >= SLOW_SECONDS and not name.startswith("conftest.py::") and not name.endswith("::")
    }
    SLOW_TESTS.write_text("".join(f"{taken:.0f} {name}\n" for name, taken in slow.items()), encoding="utf-8")
    files: Counter[str] = Counter()
    for name, taken in seconds.items():
        files[name.partition("::")[0]] += taken
    whole = sum(seconds.values())
    quick = sum(taken for name, taken in seconds.items() if name not in slow and not name.endswith("::"))
    print(f"{whole:.0f} seconds; the quick tier {quick:.0f}")
    for title, found in (("files", files), ("tests", seconds)):
        print(f"\n{title}")
        for name, taken in found.most_common(SHOWN):
            print(f"{taken:7.1f}  {name}")


if __name__ == "__main__":
    main()
