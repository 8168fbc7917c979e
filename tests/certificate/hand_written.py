"""Certificates that a person can follow: tiny networks, each line of each tree written by hand.

A network is a list of layers (e, rows), a row per unit with its bias last, integers over 2^e. Numbers are those of
FORMAT.md: with N units and n inputs, rows 0 … N − 1 are decided units, N … 2N − 1 relaxed ones, and so on.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from relugeom import checker

FOLD = [(0, [[1, 0], [-1, 0]]), (0, [[1, 1, 0]])]
"""y = |x|, of the units x and −x."""
UNFOLDED = [(0, [[-1, 0], [1, 0]]), (0, [[1, 1, 0]])]
"""The same function: the units −x and x."""
RAMP = [(0, [[1, 0]]), (0, [[1, 0]])]
"""y = relu(x)."""
WEDGE = [(0, [[1, 0], [-1, 1]]), (0, [[1, 1, 0]])]
"""The units x and 1 − x: both are active for 0 < x < 1."""
TWO_LAYERS = [(0, [[1, 0], [-1, 0]]), (1, [[2, 2, -1]]), (0, [[1, 0]])]
"""y = relu(|x| − 1/2)."""
LINE = {"exponent": 0, "inputs": [["c", -1, 1, "x"]], "at_most": [], "equal": [], "groups": []}
"""−1 ≤ x ≤ 1."""
WHOLE = {"exponent": 0, "inputs": [["i", -1, 1, "x"]], "at_most": [], "equal": [], "groups": []}
"""x in {−1, 0, 1}."""
COMPLETE = {"kind": "partition", "status": "complete"}
OVER_ONE = [[True, "0", "-1 0 1"]]
"""The set y > 1 of a network with one input."""


class Written(NamedTuple):
    """A certificate in parts: the table of its header, lines of its tree, counts R U P C of its last line."""

    header: dict[str, Any]
    lines: list[str]
    counts: tuple[int, int, int, int]

    def content(self, *, marks: Iterable[tuple[int, int]] = ()) -> bytes:
        """The file; marks are given by their first and last line of the tree, counted from 0."""
        start = len(json.dumps(self.header)) + 1
        offsets = [start]
        for line in self.lines:
            offsets.append(offsets[-1] + len(line) + 1)
        index = [f"{offsets[first]:x} {offsets[last + 1]:x}" for first, last in marks]
        ending = " ".join(f"{count:x}" for count in (*self.counts, offsets[-1]))
        return "\n".join([json.dumps(self.header), *self.lines, *index, f"end {ending}", ""]).encode()


def ended(path: Path) -> checker.Refused | checker.Rejected | None:
    """How the check of a file ends, where it is not accepted."""
    try:
        checker.check(path)
    except (checker.Refused, checker.Rejected) as error:
        return error
    return None


def texts(rows: Iterable[Sequence[int]]) -> list[str]:
    """Rows of integers as the header has them."""
    return [" ".join(f"{entry:x}" for entry in row) for row in rows]


def header(claim, *networks, domain=LINE, multiplier_bits=8, point_bits=8) -> dict[str, Any]:
    """The table of a header."""
    sides = [[k, *("*" if side is None else f"{side:x}" for side in (low, high)), name] for k, low, high, name in
             domain["inputs"]]  # fmt: skip
    rows = {key: texts(domain[key]) for key in ("at_most", "equal", "groups")}
    return {
        "format": "relugeom-certificate",
        "version": "1",
        "multiplier_bits": f"{multiplier_bits:x}",
        "point_bits": f"{point_bits:x}",
        "networks": [[[f"{e:x}", texts(layer)] for e, layer in network] for network in networks],
        "domain": {"exponent": f"{domain['exponent']:x}", "inputs": sides, **rows},
        "claim": claim,
    }


def digest_of(*lists: Sequence[str]) -> str:
    """The digest of names of inputs, outputs and classes."""
    texts = ["names", *(text for names in lists for text in (str(len(names)), *names))]
    contents = [text.encode("utf-8", "surrogatepass") for text in texts]
    return hashlib.sha256(b"".join(b"s:%d:%s" % (len(content), content) for content in contents)).hexdigest()


def named(written: "Written", outputs: Sequence[str] = ("y",), classes: Sequence[str] = ()) -> "Written":
    """A certificate in version 2; all its networks call their outputs and classes so."""
    inputs = [entry[3] for entry in written.header["domain"]["inputs"]]
    names = [[*outputs], [*classes], digest_of(inputs, outputs, classes)]
    table: dict[str, Any] = {}
    for key, value in written.header.items():
        table[key] = "2" if key == "version" else value
        if key == "networks":
            table["names"] = [names for _ in value]
    return written._replace(header=table)


def excluded(sets, *, scope="relaxation", copies=(), ball=None) -> dict[str, Any]:
    """The claim that no input lies in any of the sets."""
    return {"kind": "excluded", "scope": scope, "copies": list(copies), "ball": ball, "sets": sets}


def patterns(*pairs) -> dict[str, Any]:
    """The claim about patterns (bits, status)."""
    return {"kind": "patterns", "patterns": [list(pair) for pair in pairs]}


def fold_partition() -> Written:
    """The two regions of |x|; in each half the other unit is proved by the row of the split."""
    lines = ["s 0", "1 1 1 0 1", "p 2 -1", "0 1 1 0 1", "p 2 1"]
    return Written(header(COMPLETE, FOLD), lines, (2, 0, 2, 0))


def deep_partition() -> Written:
    """The four regions of relu(|x| − 1/2): a second layer is decided in each half of the first."""
    lines = ["s 0", "1 1 1 0 1", "s 2", "p 4 -1", "p 4 -3", "0 1 1 0 1", "s 2", "p 4 1", "p 4 3"]
    return Written(header(COMPLETE, TWO_LAYERS), lines, (4, 0, 2, 0))


def truncated_partition() -> Written:
    """One region of |x|; the other half is not explored."""
    lines = ["s 0", "u", "0 1 1 0 1", "p 2 1"]
    return Written(header({"kind": "partition", "status": "truncated"}, FOLD), lines, (1, 1, 1, 0))


def fold_bound() -> Written:
    """|x| ≤ 1 on the domain: on each half, y − 1 > 0 is closed by the box alone."""
    lines = ["s 0", "1 1 1 0 1", "c 1", "0 1 1 0 1", "c 1"]
    return Written(header(excluded([OVER_ONE]), FOLD), lines, (0, 0, 2, 2))


def fold_ball(norm="linf", radius="1 2") -> Written:
    """|x| ≤ 1/2 within 1/2 of the centre 0 (for l2 the radius is squared)."""
    ball = {"norm": norm, "centre": "1 0", "radius": radius}
    lines = ["s 0", "1 1 1 0 1", "c 1", "0 1 1 0 1", "c 1"]
    return Written(header(excluded([[[True, "1", "-1 0 2"]]], ball=ball), FOLD), lines, (0, 0, 2, 2))


def relaxed_bound() -> Written:
    """|x| ≤ 1 without a split: both units are relaxed on [−1, 1], and 2a ≤ z + 1 for each."""
    lines = ["r 0 -1 1", "1", "1", "r 1 -1 1", "1", "1", "c 2 2 1 3 1"]
    return Written(header(excluded([OVER_ONE]), FOLD), lines, (0, 0, 4, 1))


def equal_networks() -> Written:
    """|x| of one network is never above that of another: units 2 and 3 are those of the copy."""
    lines = ["s 0", "1 1 1 0 1", "1 2 1 0 1", "0 3 1 0 1", "c 1", "0 1 1 0 1", "0 2 1 0 1", "1 3 1 0 1", "c 1"]
    claim = excluded([[[True, "0", "0 0 1 -1"]]], copies=[["1", ""]])
    return Written(header(claim, FOLD, UNFOLDED), lines, (0, 0, 6, 2))


def protected_input() -> Written:
    """relu(x) and relu(x'), for two inputs of the domain that share nothing, differ by 1 at most."""
    lines = ["s 0", "s 1", "c 1", "c 1", "s 1", "c 1", "c 1 1 1"]
    claim = excluded([[[True, "0", "-1 0 0 1 -1"]]], copies=[["0", "0"]])
    return Written(header(claim, RAMP), lines, (0, 0, 0, 4))


def whole_gap() -> Written:
    """No integer x has 1/3 < relu(x) < 2/3: one branch in front of every decision, and one behind."""
    claim = excluded([[[True, "0", "-1 0 3"], [True, "0", "2 0 -3"]]], scope="admissible")
    lines = ["k 0 0", "0 0 1 4 1", "c 1 0", "k 0 0", "e 4 1 5 1", "1 0 1 5 1", "c 0 1 5 3"]
    return Written(header(claim, RAMP, domain=WHOLE), lines, (0, 0, 2, 3))


def rising() -> Written:
    """relu never falls."""
    claim = {"kind": "monotone", "output": "0", "input": "0", "direction": "1"}
    return Written(header(claim, RAMP), ["s 0", "g", "g"], (0, 0, 0, 2))


def fold_patterns() -> Written:
    """All four patterns of the units x and −x."""
    claim = patterns(("10", "region"), ("11", "infeasible"), ("00", "lower-dimensional"), ("00", "flat"))
    lines = ["t 0", "0 1 1 0 1", "p 2 1", "t 0", "t 1", "e 0 1 1 1", "t 0", "t 1", "f 1 1", "0 1 1 1", "p 1 0",
             "t 0", "t 1", "f 1 1", "0 1 1 1"]  # fmt: skip
    return Written(header(claim, FOLD), lines, (0, 0, 1, 4))


def whole_pattern() -> Written:
    """0 < x < 1 holds no integer: branches x ≤ 0 and x ≥ 1, row 4 + 2 + 2 (the steps before)."""
    lines = ["t 0", "t 1", "k 0 0", "e 0 1 8 1", "e 1 1 8 1"]
    return Written(header(patterns(("11", "inadmissible")), WEDGE, domain=WHOLE), lines, (0, 0, 0, 2))


ALL = {
    "partition": fold_partition,
    "deep-partition": deep_partition,
    "truncated": truncated_partition,
    "bound": fold_bound,
    "ball-linf": fold_ball,
    "ball-l1": lambda: fold_ball("l1"),
    "ball-l2": lambda: fold_ball("l2", "1 4"),
    "relaxed": relaxed_bound,
    "two-networks": equal_networks,
    "two-inputs": protected_input,
    "admissible": whole_gap,
    "monotone": rising,
    "patterns": fold_patterns,
    "inadmissible": whole_pattern,
}
