"""Clusters and audits of samples that do not fit in memory, beside pandas and numpy with all of them in memory.

    python benchmarks/stream_samples.py [--rows 10000000] [--folder FOLDER] [--no-audit]

The same rows (10 features, a target) are written as CSV, as Parquet and as an SQLite table. Each command runs in a
process of its own, whose time and greatest memory are printed. All must find the same clusters: those that the peer
finds by reading the CSV file with pandas, evaluating the network with numpy and grouping rows by pattern with pandas.
Nothing is asserted.
"""

import argparse
import contextlib
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.parquet

FEATURES, UNITS, ROWS_AT_ONCE = 10, 8, 500_000
NAMES = [f"f{k}" for k in range(FEATURES)]
COLUMNS = [*NAMES, "y"]
PEER = """
import json, sys
import numpy as np
import pandas as pd
arrays = np.load(sys.argv[1])
frame = pd.read_csv(sys.argv[2])
X = frame.drop(columns="y").to_numpy()
active = X @ arrays["W0"].T + arrays["b0"] > 0
pattern = active @ (1 << np.arange(active.shape[1])[::-1])
groups = frame.groupby(pattern).mean()
sizes = pd.Series(pattern).value_counts()
print(json.dumps({f"{p:0{active.shape[1]}b}": int(n) for p, n in sizes.items()}))
"""
MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
sys.stdout.write(done.stdout)
sys.stderr.write(done.stderr if done.returncode else str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(done.returncode)
"""


def write_data(folder: Path, rows: int) -> None:
    """A model, and the rows in three forms."""
    random = np.random.default_rng(0)
    W, b = random.normal(size=(UNITS, FEATURES)) * 0.45, random.normal(size=UNITS) * 0.3
    V, c = random.normal(size=(1, UNITS)) * 0.5, random.normal(size=1) * 0.3
    np.savez(folder / "model.npz", W0=W, b0=b, W1=V, b1=c)
    schema = pyarrow.schema([(name, pyarrow.float64()) for name in COLUMNS])
    with (
        pyarrow.parquet.ParquetWriter(folder / "data.parquet", schema) as parquet,
        pyarrow.csv.CSVWriter(folder / "data.csv", schema) as text,
        contextlib.closing(sqlite3.connect(folder / "data.db")) as database,
    ):
        database.execute(f"CREATE TABLE samples (id INTEGER PRIMARY KEY, {' REAL, '.join(COLUMNS)} REAL)")
        insert = f"INSERT INTO samples ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
        for start in range(0, rows, ROWS_AT_ONCE):
            X = np.round(random.normal(size=(min(ROWS_AT_ONCE, rows - start), FEATURES)), 4)
            y = np.round(np.maximum(X @ W.T + b, 0) @ V.T + c, 4)
            piece = pyarrow.table(list(np.hstack([X, y]).T), schema=schema)
            parquet.write_table(piece)
            text.write_table(piece)
            database.executemany(insert, np.hstack([X, y]).tolist())
        database.commit()


def measure(what: str, command: list[str]) -> str:
    """Print the time and the greatest memory of a command; what it printed."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", MEASURED, *command], capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{what}: {done.stderr}")
    print(f"{what:32} {seconds:8.1f} s {int(done.stderr.splitlines()[-1]) / 1024:8,.0f} MB", flush=True)
    return done.stdout


def sizes(printed: str) -> dict[str, int]:
    """How many samples each pattern has, from what `cluster --json` printed."""
    return {cluster["pattern"]: cluster["samples"] for cluster in json.loads(printed)["clusters"]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="where the data are kept; by default they go with the benchmark")
    parser.add_argument("--no-audit", action="store_true")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(exist_ok=True)
        write_data(folder, options.rows)
        print(f"{options.rows:,} rows of {FEATURES} features and a target")
        relugeom = [sys.executable, "-m", "relugeom"]
        url = f"sqlite:///{folder / 'data.db'}"
        forms = {
            "CSV": [str(folder / "data.csv")],
            "Parquet": [str(folder / "data.parquet")],
            "table of SQLite": ["samples", "--data-url", url, "--ignore", "id"],
            "SELECT of SQLite": ["SELECT * FROM samples ORDER BY id", "--data-url", url, "--ignore", "id"],
        }
        model = str(folder / "model.npz")
        expected = json.loads(measure("pandas, CSV, all in memory", [sys.executable, "-c", PEER, model, *forms["CSV"]]))
        for name, data in forms.items():
            printed = measure(f"cluster, {name}", [*relugeom, "cluster", model, *data, "--target", "y", "--json"])
            print(f"    the same clusters as the peer's: {sizes(printed) == expected}")
        if options.no_audit:
            return
        for name, data in forms.items():
            with tempfile.TemporaryDirectory() as out:
                measure(f"audit, {name}", [*relugeom, "audit", model, *data, "--target", "y", "--out", out, "--json"])


if __name__ == "__main__":
    main()
