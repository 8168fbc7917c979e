"""Times claims: properties of networks with verdicts that others have published.

    python benchmarks/settle_claims.py FOLDER [--only TEXT] [--limit SECONDS] [--certificates FOLDER]

FOLDER holds `verdicts.csv` (benchmark, network, property, published), `nets/` and `vnnlib/`, as the instances of
VNN-COMP can be laid out. Each property is decided in this process, and its processor time is taken; with
--certificates, each proof is also written and then checked by `checker.py`, in another process. One line an instance
goes to standard error, and a table by benchmark to standard output.
"""

import argparse
import csv
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import relugeom as rg
from relugeom import checker

COLUMNS = (
    "benchmark",
    "properties",
    "decided",
    "wrong",
    "search, s: median / maximum",
    "proof, bytes: median",
    "checker, s: median",
)
VERDICTS = {"unsat": "holds", "sat": "fails"}


def settle(network: rg.ReLUNetwork, text: Path, limit: float, certificate: Path | None) -> dict[str, object]:
    """Decide one property; times are in seconds of the processor, sizes in bytes."""
    began = time.process_time()
    found = rg.verify_property(network, text, time_limit=limit)
    row: dict[str, object] = {"verdict": found.verdict.value, "seconds": time.process_time() - began}
    if certificate is not None and found.verdict.value == "holds":
        began = time.process_time()
        proved = rg.verify_property(network, text, time_limit=limit, certificate=certificate)
        row["proving"] = time.process_time() - began
        files = [proof.path for proof in proved.certificates]
        row["bytes"] = sum(file.stat().st_size for file in files)
        began = time.perf_counter()
        accepted = [subprocess.run([sys.executable, checker.__file__, file], capture_output=True) for file in files]
        row["checking"] = time.perf_counter() - began
        row["accepted"] = bool(files) and all(done.returncode == 0 for done in accepted)
    return row


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="part of the name of a benchmark, network or property")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for each property")
    parser.add_argument("--certificates", type=Path, help="folder for the proofs")
    chosen = parser.parse_args()
    networks: dict[str, rg.ReLUNetwork] = {}
    rows: dict[str, list[dict[str, object]]] = {}
    with (chosen.folder / "verdicts.csv").open() as file:
        instances = [row for row in csv.DictReader(file) if any(chosen.only in value for value in row.values())]
    for number, instance in enumerate(instances):
        name = instance["network"]
        if name not in networks:
            networks[name] = rg.load_network(chosen.folder / "nets" / name)
        certificate = chosen.certificates and chosen.certificates / f"{number:04}.cert"
        row = settle(networks[name], chosen.folder / "vnnlib" / instance["property"], chosen.limit, certificate)
        row["right"] = row["verdict"] in (VERDICTS[instance["published"]], "unknown")
        rows.setdefault(instance["benchmark"], []).append(row)
        print(name, instance["property"], row, file=sys.stderr, flush=True)
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    for benchmark, group in rows.items():
        print(line(benchmark, group))


def line(benchmark: str, group: list[dict[str, object]]) -> str:
    """One line of the table."""
    times = [float(str(row["seconds"])) for row in group]
    decided = sum(row["verdict"] != "unknown" for row in group)
    wrong = sum(not row["right"] for row in group)
    proved = [row for row in group if "checking" in row]
    refused = sum(not row["accepted"] for row in proved)
    proofs = "-" if not proved else f"{median(int(str(row['bytes'])) for row in proved):,.0f}"
    checks = "-" if not proved else f"{median(float(str(row['checking'])) for row in proved):.2f}"
    if refused:
        checks += f" ({refused} not accepted)"
    counts = f"{len(group)} | {decided} | {wrong}"
    return f"| {benchmark} | {counts} | {median(times):.3f} / {max(times):.2f} | {proofs} | {checks} |"


if __name__ == "__main__":
    main()
