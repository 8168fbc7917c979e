"""Reads models, each in a process of its own with little memory, and says how it ended.

    python read_alone.py LIMIT SHARE FILE …

LIMIT is the address space of each process in bytes beyond what it begins with, SHARE the part of the usual budget that
it has. For each FILE a line of JSON: exit code, what it printed, peak memory in bytes and seconds of the processor.
"""

import json
import os
import resource
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from relugeom.cli import main, models
from relugeom.importers import budget
from relugeom.importers.keras import file as keras_file
from relugeom.importers.onnx import reader as onnx_reader
from relugeom.importers.torch import file as torch_file
from relugeom.importers.torch import safetensors_file

LOADED = (models, keras_file, onnx_reader, safetensors_file, torch_file)
"""Loaded before the processes part, once for all of them."""


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _read(path: str, limit: int, share: float) -> dict[str, object]:
    most = _address_space() + limit
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    budget.BYTES, budget.WORK = int(budget.BYTES * share), int(budget.WORK * share)
    out, err, code = StringIO(), StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(["inspect", path])
        except SystemExit as ended:
            code = int(ended.code or 0)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "code": code,
        "out": out.getvalue(),
        "err": err.getvalue(),
        "memory": used.ru_maxrss * 1024,
        "seconds": used.ru_utime + used.ru_stime,
    }


if __name__ == "__main__":
    limit, share, *paths = sys.argv[1:]
    for path in paths:
        child = os.fork()
        if not child:
            sys.stdout.write(json.dumps(_read(path, int(limit), float(share))) + "\n")
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            sys.stdout.write(json.dumps({"code": -status, "out": "", "err": "", "memory": 0, "seconds": 0}) + "\n")
            sys.stdout.flush()
