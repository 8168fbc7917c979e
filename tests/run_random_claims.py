"""Random claims of every kind against the naive truth: a table of what was settled, and whether it was right.

    python tests/run_random_claims.py --each 2000          # of every kind; the numbers of claims are their seeds
    python tests/run_random_claims.py --only "a ball in l2" --first 17 --each 1

The claims are those of `claims_of_every_kind.py`. The process ends with 1 if anything was wrong.
"""

import argparse
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from claims_of_every_kind import KINDS, settle_one

COLUMNS = ("claims", "holds", "fails", "unknown", "wrong")


def settle_many(name: str, each: int, first: int, *, patience: int = 20) -> tuple[Counter[str], float]:
    """The verdicts on so many claims of a kind, and the processor time; what is wrong is printed."""
    found: Counter[str] = Counter()
    begin, number = time.process_time(), first
    while found["claims"] < each and number < first + patience * each:
        with tempfile.TemporaryDirectory() as folder:
            try:
                verdict = settle_one(name, number, Path(folder))
            except Exception:  # whatever it is, the claim was not settled rightly
                print(f"{name}, number {number}:\n{traceback.format_exc()}", file=sys.stderr, flush=True)
                verdict = "wrong"
        number += 1
        if verdict:
            found.update(["claims", verdict])
    return found, time.process_time() - begin


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--each", type=int, default=2000, help="claims of every kind")
    options.add_argument("--first", type=int, default=0, help="number of the first one")
    options.add_argument("--only", action="append", choices=sorted(KINDS), help="a kind; several times for more")
    asked = options.parse_args()
    warnings.simplefilter("error")
    print(f"{'':32}" + "".join(f"{name:>9}" for name in COLUMNS) + "  seconds", flush=True)
    whole: Counter[str] = Counter()
    for name in asked.only or KINDS:
        found, seconds = settle_many(name, asked.each, asked.first)
        whole += found
        print(f"{name:32}" + "".join(f"{found[key]:9,}" for key in COLUMNS) + f"{seconds:9.0f}", flush=True)
    print(f"{'together':32}" + "".join(f"{whole[key]:9,}" for key in COLUMNS))
    return 1 if whole["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
