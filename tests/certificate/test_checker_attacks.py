"""One crafted attack per clause of FORMAT.md, each with the reason for which it is turned down."""

import json
import re
import time

import hand_written as hand
import pytest
from hand_written import (
    ALL,
    COMPLETE,
    FOLD,
    LINE,
    OVER_ONE,
    RAMP,
    WEDGE,
    WHOLE,
    Written,
    ended,
    excluded,
    header,
    patterns,
)
from limits import peak_memory

from relugeom.checker import Refused, Rejected, check

ZERO = [(0, [[1, 0], [0, 0]]), (0, [[1, 1, 0]])]
"""The units x and 0."""
SQUARE = {"exponent": 0, "inputs": [["c", -1, 1, "x"], ["c", -1, 1, "y"]], "at_most": [], "equal": [], "groups": []}
PLANE = [(0, [[1, 0, 0], [0, 1, 0]]), (0, [[1, 1, 0]])]
"""The units x and y."""
HALVES = ["s 0", "1 1 1 0 1", "p 2 -1", "0 1 1 0 1", "p 2 1"]


def partition(*lines, network=FOLD, domain=LINE, status="complete", counts=None, **options) -> Written:
    tree = header({"kind": "partition", "status": status}, network, domain=domain, **options)
    own = tuple(sum((line or "?")[0] in keys for line in lines) for keys in ("p", "u", "01", "ec"))
    return Written(tree, list(lines), counts or own)


def on_rows(lines, **rows) -> Written:
    return partition(*lines, network=PLANE, domain={**SQUARE, **rows})


def bound(*lines, claim=None, network=FOLD, second=None, domain=LINE, proofs=0, closed=0, **options) -> Written:
    networks = [network] if second is None else [network, second]
    table = header(claim or excluded([OVER_ONE]), *networks, domain=domain, **options)
    return Written(table, [*lines], (0, 0, proofs, closed))


def about(*pairs, lines, network=FOLD, domain=LINE, proofs=0, closed=1) -> Written:
    return Written(header(patterns(*pairs), network, domain=domain), lines, (0, 0, proofs, closed))


ODD_WHOLE = {**WHOLE, "inputs": [["i", -1, 1, "x"], ["c", -1, 1, "y"]]}
NOT_POSITIVE = "multiplier of what is to be proved is not positive"
UNPROVED = "does not prove its statement"
STILL_THERE = "does not prove that nothing is left"
OUT_OF_TURN = "decided out of turn"
BOX, ROW, PATTERN = "outside the box", "violates a row of the domain", "does not have the pattern of its path"
NO_ROW = "uses a row that the cell does not have"

REJECTED = {
    # the proof form
    "λ₀ is 0": (partition("s 0", "1 1 0", *HALVES[2:]), NOT_POSITIVE),
    "λ₀ is negative": (partition("s 0", "1 1 -1", *HALVES[2:]), NOT_POSITIVE),
    "λ is negative": (partition("0 0 1 4 -1", "0 1 1", "p 1 0"), "multiplier of an inequality is negative"),
    "λ of a side is negative": (bound("e 4 -1", closed=1), "multiplier of an inequality is negative"),
    "R is positive somewhere": (partition("0 0 1", "p 1 -1"), UNPROVED),
    "R is infinite": (
        partition("0 0 1", "p 1 -1", domain={**LINE, "inputs": [["c", -1, None, "x"]]}),
        UNPROVED,
    ),
    "a row that is not on the path": (partition("0 0 1 1 1", "p 1 0"), NO_ROW),
    "the row of the unit itself": (partition("0 0 1 0 1", "p 1 0"), NO_ROW),
    "a row of the sibling": (partition("s 0", "1 1 1 0 1", "p 2 -1", "1 1 1 0 1", "p 2 1"), UNPROVED),
    "the row of a relaxed unit where none is": (partition("s 0", "1 1 1 2 1", *HALVES[2:]), NO_ROW),
    "a row of a side that is open": (
        partition("0 0 1 5 1", domain={**LINE, "inputs": [["c", -1, None, "x"]]}),
        NO_ROW,
    ),
    "a row behind all others": (partition("0 0 1 ffff 1", "p 1 0"), NO_ROW),
    "a row with a negative number": (partition("0 0 1 -1 1", "p 1 0"), NO_ROW),
    # units and paths
    "z ≡ 0 called active": (
        partition("0 0 1", "1 1 1", "p 2 -1", network=[(0, [[1, -1], [0, 0]]), (0, [[1, 1, 0]])], counts=(1, 0, 2, 0)),
        "z = 0 at a unit that its path calls active",
    ),
    "z ≡ 0 called inactive without proof": (
        partition("s 0", "s 1", "p 2 -1", "p 2 -1", "s 1", "p 2 1", "p 2 1", network=ZERO),
        "lies on the hyperplane of a unit",
    ),
    "a path that skips a unit": (partition("s 0", "p 2 -1", "p 2 1"), "a leaf leaves a unit undecided"),
    "a unit decided twice": (partition("s 0", "s 0", "p 2 -1", "p 2 -1", "p 2 1"), OUT_OF_TURN),
    "a unit decided behind the last": (partition("s 0", "1 1 1 0 1", "s 0"), "every unit is decided already"),
    "a unit that there is not": (partition("s 2"), OUT_OF_TURN),
    "a unit with a negative number": (partition("s -1"), OUT_OF_TURN),
    "a unit of the next layer too early": (partition("s 2", network=hand.TWO_LAYERS), OUT_OF_TURN),
    "a leaf above the tree": (partition("p 2 1"), "a leaf leaves a unit undecided"),
    "a partition without a region": (partition("u", status="truncated"), "has no region"),
    # points
    "a point outside the box": (partition("s 0", "1 1 1 0 1", "p 2 -3", *HALVES[3:]), BOX),
    "a point above the box": (partition(*HALVES[:4], "p 1 2"), BOX),
    "a point of the other region": (partition("s 0", "1 1 1 0 1", "p 2 1", *HALVES[3:]), PATTERN),
    "a point on a hyperplane": (partition("s 0", "0 1 1", "p 1 0", network=WEDGE), UNPROVED),
    "a point on the split's hyperplane": (partition(*HALVES[:2], "p 1 0", *HALVES[3:]), "lies on the hyperplane"),
    "one region with a point of the hyperplane": (
        partition("s 0", "p 1 0", "p 2 1", network=RAMP),
        "lies on the hyperplane of a unit",
    ),
    "a point outside a row": (
        on_rows(["s 0", "s 1", "p 2 -1 -1", "p 2 -1 1", "s 1", "p 2 1 -1", "p 2 1 1"], at_most=[[1, 1, 0]]),
        ROW,
    ),
    "a point off an equality": (on_rows(["s 0", "s 1", "p 2 -1 -1"], equal=[[1, -1, 1]]), ROW),
    # what covers the domain
    "an empty domain": (partition(*HALVES, domain={**LINE, "inputs": [["c", 1, -1, "x"]]}), BOX),
    # empty cells and closed sets
    "a relaxed unit with a lower bound beyond the header's bits": (
        bound("r 0 -100 1", "1", "1"),
        "bounds of a relaxed unit",
    ),
    "a relaxed unit with an upper bound beyond the header's bits": (
        bound("r 0 -1 100", "1", "1"),
        "bounds of a relaxed unit",
    ),
    "a cell that is not empty": (bound("e", closed=1), STILL_THERE),
    "strictness by a unit that is proved active": (
        about(("1", "infeasible"), lines=["1 0 1", "e 0 1"], network=[(0, [[0, 0]]), (0, [[1, 0]])], proofs=1),
        STILL_THERE,
    ),
    "strictness by an inactive unit": (
        bound("s 0", "e 0 0", network=[(0, [[0, 0]]), (0, [[1, 0]])], closed=1),
        STILL_THERE,
    ),
    "strictness by a loose inequality": (
        bound("s 0", "c 1", network=RAMP, claim=excluded([[[False, "0", "0 0 1"]]]), closed=1),
        STILL_THERE,
    ),
    "strictness by a strict inequality of weight 0": (
        bound("s 0", "c 0", network=RAMP, closed=1),
        STILL_THERE,
    ),
    "a negative weight": (
        bound("s 0", "c -1", network=RAMP, closed=1),
        "weight or multiplier of an inequality is negative",
    ),
    "a set that is closed too early": (bound("c 1", closed=1), "a unit is not decided"),
    "a bound that does not hold": (
        bound(*HALVES[:2], "c 1", claim=excluded([[[True, "1", "-1 0 2"]]]), closed=1),
        STILL_THERE,
    ),
    "the second of two sets is not closed": (
        bound("s 0", "c 1", "c 1", network=RAMP, claim=excluded([OVER_ONE, [[True, "0", "1 0 0"]]]), closed=1),
        STILL_THERE,
    ),
    # relaxed units
    "a relaxed unit whose upper bound is not proved": (bound("r 0 -2 0", "1", "1"), "bounds of a relaxed unit"),
    "a relaxed unit with too low an upper bound": (
        bound("r 0 -2 1", "1", "1", network=[(0, [[2, 0]]), (0, [[1, 0]])]),
        UNPROVED,
    ),
    "a relaxed unit with too high a lower bound": (
        bound("r 0 -1 2", "1", "1", network=[(0, [[2, 0]]), (0, [[1, 0]])]),
        UNPROVED,
    ),
    "a relaxed unit whose lower bound is not negative": (bound("r 0 0 1", "1", "1"), "bounds of a relaxed unit"),
    "a variable below its unit": (bound("r 0 -1 1", "1", "1", "r 1 -1 1", "1", "1", "c 1", closed=1), STILL_THERE),
    # branches
    "a branch on a continuous input": (
        bound("k 0 0", claim=excluded([OVER_ONE], scope="admissible")),
        "not on an integer input",
    ),
    "a branch on the continuous one of two inputs": (
        bound(
            "k 1 0", claim=excluded([[[True, "0", "-1 0 0 1"]]], scope="admissible"), network=PLANE, domain=ODD_WHOLE
        ),
        "not on an integer input",
    ),
    "a branch on an input that there is not": (
        bound("k 1 0", claim=excluded([OVER_ONE], scope="admissible"), domain=WHOLE),
        "not on an integer input",
    ),
    "the row of a branch of the sibling": (
        bound("k 0 -2", "e 4 1 6 1", "e 4 1 6 1", claim=excluded([OVER_ONE], scope="admissible"), domain=WHOLE),
        STILL_THERE,
    ),
    # balls
    "a side of the box instead of the ball": (
        Written(hand.fold_ball(radius="2 1").header, ["s 0", "1 1 1 0 1", "c 1"], (0, 0, 1, 1)),
        STILL_THERE,
    ),
    "a ball of l2 whose radius is no square": (
        Written(hand.fold_ball("l2", "1 2").header, ["s 0", "1 1 1 0 1", "c 1"], (0, 0, 1, 1)),
        STILL_THERE,
    ),
    # slopes
    "a slope of the other sign": (
        Written(header({**hand.rising().header["claim"], "direction": "-1"}, RAMP), ["s 0", "g", "g"], (0, 0, 0, 2)),
        "moves the other way",
    ),
    "a slope before all units are decided": (
        Written(hand.rising().header, ["g"], (0, 0, 0, 1)),
        "a unit is not decided",
    ),
    # patterns
    "a proof about another pattern": (about(("11", "infeasible"), lines=["t 0", "0 1 1 0 1"]), "another pattern"),
    "a region with the point of another": (about(("10", "region"), lines=["t 0", "t 1", "p 2 -1"]), PATTERN),
    "a flat pattern whose row is 0 at the point too": (
        about(("00", "flat"), lines=["t 0", "t 1", "f 1 0", "0 1 1 1"]),
        "no row of the proof differs from 0",
    ),
    "a flat pattern by a row of weight 0": (
        about(("00", "flat"), lines=["t 0", "t 1", "f 1 1", "0 0 1 0"]),
        "no row of the proof differs from 0",
    ),
    "a flat pattern with a proof that leaves room": (
        about(("10", "flat"), lines=["t 0", "t 1", "f 1 1", "0 1"]),
        UNPROVED,
    ),
    "a flat pattern with a point outside the domain": (
        about(("00", "flat"), lines=["t 0", "t 1", "f 1 2", "0 1 1 1"]),
        BOX,
    ),
    "a lower-dimensional pattern that no input has": (
        about(("11", "lower-dimensional"), lines=["t 0", "t 1", "f 1 1", "0 1 1 1", "p 1 0"]),
        "calls active",
    ),
    "an infeasible pattern that only is flat": (
        about(("00", "infeasible"), lines=["t 0", "t 1", "e 0 1 1 1"]),
        STILL_THERE,
    ),
}

CLAIM = hand.fold_bound().header
DOMAIN = CLAIM["domain"]
NETWORKS = CLAIM["networks"]


def with_claim(**changes) -> Written:
    return hand.fold_bound()._replace(header={**CLAIM, "claim": {**CLAIM["claim"], **changes}})


def with_domain(**changes) -> Written:
    return hand.fold_bound()._replace(header={**CLAIM, "domain": {**DOMAIN, **changes}})


def with_header(**changes) -> Written:
    return hand.fold_bound()._replace(header={**CLAIM, **changes})


BALL = {"norm": "l1", "centre": "1 0", "radius": "1 2"}
BRANCHED = ["t 0", "t 1", "k 0 0", "e 0 1 8 1", "e 1 1 8 1"]

REFUSED = {
    "another format": (with_header(format="other"), "version 1, 2, 3, 4 or 5"),
    "another version": (with_header(version="3"), "version 1, 2, 3, 4 or 5"),
    "the version as a number": (with_header(version=1), "version 1, 2, 3, 4 or 5"),
    "a header with one key more": (with_header(more="1"), "the keys are not"),
    "a limit of 0 bits": (with_header(multiplier_bits="0"), "out of range"),
    "a limit beyond the limit": (with_header(point_bits="fffffff"), "out of range"),
    "a number instead of a text": (with_header(multiplier_bits=8), "not a text of integers"),
    "a bool instead of a text": (with_header(multiplier_bits=True), "not a text of integers"),
    "no network": (with_header(networks=[]), "damaged"),
    "a network without a layer": (with_header(networks=[[]]), "no layer"),
    "a layer without a row": (with_header(networks=[[["0", []], *NETWORKS[0][1:]]]), "damaged"),
    "rows of other lengths": (with_header(networks=[[["0", ["1 0", "1 0 0"]], *NETWORKS[0][1:]]]), "do not fit"),
    "layers that do not fit": (with_header(networks=[[NETWORKS[0][0], ["0", ["1 1 1 0"]]]]), "do not fit"),
    "a network that is not used": (with_header(networks=[*NETWORKS, *NETWORKS]), "a network is left out"),
    "a weight that is no float64": (
        with_header(networks=[[["0", ["1" + "0" * 15 + "1 0", "-1 0"]], NETWORKS[0][1]]]),
        "not a float64",
    ),
    "a weight that is too large": (
        with_header(networks=[[["0", ["1" * 400 + " 0", "-1 0"]], NETWORKS[0][1]]]),
        "damaged",
    ),
    "an exponent that is too large": (with_header(networks=[[["fffffff", ["1 0", "-1 0"]], NETWORKS[0][1]]]), "range"),
    "a negative exponent": (with_header(networks=[[["-1", ["1 0", "-1 0"]], NETWORKS[0][1]]]), "out of range"),
    "a table instead of rows": (with_header(networks=[[["0", {"1 0": 0, "-1 0": 0}], NETWORKS[0][1]]]), "not a list"),
    "0x": (with_domain(at_most=["0x1 0"]), "not a text of integers"),
    "an underscore": (with_domain(at_most=["1_0 0"]), "not a text of integers"),
    "upper case": (with_domain(at_most=["A 0"]), "not a text of integers"),
    "digits of other scripts": (with_domain(at_most=["\u0661 0"]), "not a text of integers"),
    "a plus sign": (with_domain(at_most=["+1 0"]), "not a text of integers"),
    "10^5 digits": (with_domain(at_most=["1" * 100_000 + " 0"]), "not 2 integers"),
    "no input": (with_domain(inputs=[]), "damaged"),
    "another kind": (with_domain(inputs=[["x", "-1", "1", "x"]]), "damaged"),
    "an input that is a text": (with_domain(inputs=["c-1x"]), "not a list"),
    "a name that is no text": (with_domain(inputs=[["c", "-1", "1", 5]]), "or bad names"),
    "NaN": (with_domain(inputs=[["c", float("nan"), "1", "x"]]), "not a text"),
    "a row that is too long": (with_domain(equal=["1 0 0"]), "not 2 integers"),
    "a network of more inputs": (partition(*HALVES, network=PLANE), "other inputs"),
    "a network of fewer inputs": (partition(*HALVES, domain=SQUARE), "other inputs"),
    "a second network of more inputs": (
        bound(claim=excluded([[[True, "0", "0 0 1 -1"]]], copies=[["1", ""]]), second=PLANE),
        "other inputs",
    ),
    "a network without inputs": (with_header(networks=[[["0", ["0", "0"]], NETWORKS[0][1]]]), "do not fit"),
    "a group that is not binary": (with_domain(groups=["0"]), "not binary"),
    "a group that names an input twice": (with_domain(groups=["0 0"], inputs=[["b", "0", "1", "x"]]), "twice"),
    "a group that counts from behind": (with_domain(groups=["-1"], inputs=[["b", "0", "1", "x"]]), "out of range"),
    "an unknown claim": (with_claim(kind="believed"), "the claim is unknown"),
    "a claim with one key more": (with_claim(more=1), "the keys are not"),
    "an unknown scope": (with_claim(scope="some"), "other inputs"),
    "no set": (with_claim(sets=[]), "no set is excluded"),
    "a set has no inequality": (with_claim(sets=[[]]), "a set has no inequality"),
    "an inequality of other length": (with_claim(sets=[[[True, "0", "1 0"]]]), "not 3 integers"),
    "strict as a text": (with_claim(sets=[[["true", "0", "-1 0 1"]]]), "does not say whether one is strict"),
    "strict as a number": (with_claim(sets=[[[1, "0", "-1 0 1"]]]), "does not say whether one is strict"),
    "an inequality of long numbers": (with_claim(sets=[[[True, "0", "-1 0 1" + "0" * 2000]]]), "out of range"),
    "two more copies": (with_claim(copies=[["0", ""], ["0", ""]]), "more than two copies"),
    "a copy of no network": (with_claim(copies=[["1", ""]]), "out of range"),
    "a copy of the network before the first": (with_claim(copies=[["-1", ""]]), "out of range"),
    "a copy whose own inputs repeat": (with_claim(copies=[["0", "0 0"]]), "does not have these inputs"),
    "a copy whose own input there is not": (with_claim(copies=[["0", "1"]]), "does not have these inputs"),
    "an unknown norm": (with_claim(ball={**BALL, "norm": "l3"}), "not a ball"),
    "a ball with negative radius": (with_claim(ball={**BALL, "radius": "-1 2"}), "out of range"),
    "a ball with radius over 0": (with_claim(ball={**BALL, "radius": "1 0"}), "not a ball"),
    "a ball with a centre over 0": (with_claim(ball={**BALL, "centre": "0 0"}), "not a ball"),
    "a ball in another space": (with_claim(ball={**BALL, "centre": "1 0 0"}), "not 2 integers"),
    "an unknown status": (partition(*HALVES, status="nearly"), "complete or truncated"),
    "no pattern": (about(lines=[], closed=0), "nothing is claimed"),
    "a pattern that is too short": (about(("1", "region"), lines=["t 0", "p 2 1"]), "not a pattern of the network"),
    "a pattern that is too long": (
        about(("100", "region"), lines=["t 0", "t 1", "p 2 1"]),
        "not a pattern of the network",
    ),
    "a pattern as a list": (
        about((["1", "0"], "region"), lines=["t 0", "t 1", "p 2 1"]),
        "not a pattern of the network",
    ),
    "a pattern with a relaxed unit": (
        about(("20", "region"), lines=["t 0", "t 1", "p 2 1"]),
        "not a pattern of the network",
    ),
    "a status of trees as one of patterns": (
        about(("10", "complete"), lines=["p 2 1"]),
        "not a pattern of the network",
    ),
    "an unknown status of a pattern": (about(("10", "odd"), lines=["t 0"]), "damaged"),
    "monotone in no input": (
        Written(header({**hand.rising().header["claim"], "input": "1"}, RAMP), ["s 0", "g", "g"], (0, 0, 0, 2)),
        "out of range",
    ),
    "monotone in no direction": (
        Written(header({**hand.rising().header["claim"], "direction": "0"}, RAMP), ["s 0", "g", "g"], (0, 0, 0, 2)),
        "nothing is claimed",
    ),
    # lines
    "an unexplored part in a complete partition": (partition(*HALVES[:4], "u"), "not a line of such a tree"),
    "an empty cell in a partition": (partition(*HALVES[:4], "e 0 1"), "not a line of such a tree"),
    "a taken side in a partition": (partition("t 0"), "not a line of such a tree"),
    "a relaxed unit in a partition": (partition("r 0 -1 1", "1", "1"), "not a line of such a tree"),
    "a branch in a partition": (partition("k 0 0", domain=WHOLE), "not a line of such a tree"),
    "a branch where the relaxation is asked for": (bound("k 0 0", domain=WHOLE), "not a line of such a tree"),
    "a branch under an infeasible pattern": (
        about(("11", "infeasible"), lines=BRANCHED, network=WEDGE, domain=WHOLE),
        "not a line of such a tree",
    ),
    "a branch under a flat pattern": (
        about(("11", "flat"), lines=BRANCHED, network=WEDGE, domain=WHOLE),
        "not a line of such a tree",
    ),
    "a region as an empty cell": (about(("11", "infeasible"), lines=["p 2 1"]), "not a line of such a tree"),
    "a relaxed unit in a monotone claim": (
        Written(hand.rising().header, ["r 0 -1 1", "1", "1", "g"], (0, 0, 2, 1)),
        "not a line of such a tree",
    ),
    "a mark in another claim": (bound("m --", *HALVES), "not a line of such a tree"),
    "a split with one child": (partition(*HALVES[:3]), "not a line of such a tree"),
    "a leaf too many": (partition(*HALVES, "p 2 1"), "index or the last line"),
    "a split with fields": (partition("s 0 1"), "too many fields"),
    "a slope with fields": (Written(hand.rising().header, ["s 0", "g 0"], (0, 0, 0, 2)), "too many fields"),
    "an unexplored part with fields": (partition("u 0", status="truncated"), "too many fields"),
    "a key of two letters": (partition("sp 0"), "not a line of such a tree"),
    "an empty line": (partition("s 0", "", *HALVES[1:]), "not a line of such a tree"),
    "two spaces": (partition("s  0"), "damaged"),
    "a multiplier without a row": (partition("s 0", "1 1 1 0"), "not in pairs"),
    "a proof without λ₀": (partition("s 0", "1 1"), "damaged"),
    "a point without a denominator": (partition(*HALVES[:2], "p"), "damaged"),
    "a point over 0": (partition(*HALVES[:2], "p 0 -1"), "a denominator with one number per input"),
    "a point over a negative number": (partition(*HALVES[:2], "p -2 1"), "a denominator with one number per input"),
    "a point with two coordinates": (partition(*HALVES[:2], "p 2 -1 0"), "a denominator with one number per input"),
    "a point of more bits than the header says": (partition(*HALVES[:2], "p 200 -1ff", point_bits=9), "longer than"),
    "multipliers of more bits than the header says": (
        partition("s 0", "1 1 200 0 200", multiplier_bits=9),
        "longer than",
    ),
    "a negative multiplier of too many bits": (
        on_rows(["0 0 1 4 -100"], equal=[[1, 0, 0]]),
        "longer than",
    ),
    "a weight of more bits than the header says": (bound("s 0", "c 100", network=RAMP), "longer than"),
    "one line for two sets": (
        bound("s 0", "c 1", "s 0", network=RAMP, claim=excluded([OVER_ONE, OVER_ONE])),
        "not closed",
    ),
    "an empty cell in place of a second set": (
        bound("s 0", "c 1", "e 1", network=RAMP, claim=excluded([OVER_ONE, OVER_ONE])),
        "not closed",
    ),
    "a set with fewer weights than inequalities": (
        bound("s 0", "c 1", network=RAMP, claim=excluded([[*OVER_ONE, *OVER_ONE]])),
        "not closed",
    ),
    "a branch beyond the header's bits": (
        bound("k 0 100", claim=excluded([OVER_ONE], scope="admissible"), domain=WHOLE),
        "beyond a limit",
    ),
    "a lower-dimensional pattern without a point": (
        about(("00", "lower-dimensional"), lines=["t 0", "t 1", "f 1 1", "0 1 1 1", "f 1 0"]),
        "shows no point",
    ),
    "other counts": (partition(*HALVES, counts=(3, 0, 2, 0)), "index or the last line"),
    "a count of proofs": (partition(*HALVES, counts=(2, 0, 1, 0)), "index or the last line"),
}


@pytest.mark.parametrize("name", REJECTED)
def test_a_step_that_does_not_follow_is_rejected(name, tmp_path):
    written, reason = REJECTED[name]
    (tmp_path / "c").write_bytes(written.content())
    with pytest.raises(Rejected, match=re.escape(reason)):
        check(tmp_path / "c")


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_certificate_is_refused(name, tmp_path):
    written, reason = REFUSED[name]
    (tmp_path / "c").write_bytes(written.content())
    with pytest.raises(Refused, match=re.escape(reason)):
        check(tmp_path / "c")


def test_what_the_attacks_start_from_is_accepted(tmp_path):
    for make in ALL.values():
        (tmp_path / "c").write_bytes(make().content())
        check(tmp_path / "c")


def test_equalities_take_multipliers_of_any_sign_and_points_may_lie_on_sides(tmp_path):
    """x = y on the square: y − x is 0, so that the side of x decides that of y; both corners are points of regions."""
    lines = ["s 0", "0 1 1 0 1 4 -1 5 0", "p 1 -1 -1", "1 1 1 0 1 4 1", "p 1 1 1"]
    (tmp_path / "c").write_bytes(on_rows(lines, equal=[[1, -1, 0]]).content())
    assert check(tmp_path / "c")["regions"] == 2


def refused(path, content: bytes, match: str | None = None) -> None:
    path.write_bytes(content)
    with pytest.raises(Refused, match=match):
        check(path)


def test_headers_that_json_reads_twice_are_refused(tmp_path):
    content = hand.fold_partition().content()
    twice = content.replace(b'"version": "1"', b'"version": "2", "version": "1"')
    refused(tmp_path / "c", twice, "a key appears twice")
    refused(tmp_path / "c", content.replace(b'"version": "1"', b'"version":  "1"'), "plain form")
    refused(tmp_path / "c", content.replace(b'"x"', b'"\\u0078"'), "plain form")
    refused(tmp_path / "c", content.replace(b'"x"', b'"\xc3\xa4"'), "plain form")
    refused(tmp_path / "c", content.replace(b"\n", b"\r\n"), "plain form")
    refused(tmp_path / "c", b'{"a": ' + b"[" * 100_000 + b"\n", "damaged")
    refused(tmp_path / "c", b"[" * 100_000 + b"\n", "its first line is not a header")
    refused(tmp_path / "c", b"\xef\xbb\xbf" + content, "its first line is not a header")


def test_lines_and_numbers_are_as_long_as_the_format_allows_and_no_longer(tmp_path):
    longest, most = 1 << 15, 1 << 16
    for digits in (longest, longest + 1):
        padded = "1".zfill(digits)
        in_tree = partition("s 0", f"1 1 1 0 {padded}", *HALVES[2:])
        in_header = partition(*HALVES, network=FOLD)
        in_header.header["networks"][0][0][1][0] = f"{padded} 0"
        for written in (in_tree, in_header):
            if digits == longest:
                (tmp_path / "c").write_bytes(written.content())
                check(tmp_path / "c")
            else:
                refused(tmp_path / "c", written.content(), "a number is too long|not None integers")
    for pairs in (most // 2 - 1, most // 2):
        lines = ["s 0", "1 1 1 0 1", "c 1" + " 0 0" * pairs, "0 1 1 0 1", "c 1"]
        content = bound(*lines, proofs=2, closed=2).content()
        if pairs < most // 2:
            (tmp_path / "c").write_bytes(content)
            check(tmp_path / "c")
        else:
            refused(tmp_path / "c", content, "too many fields")


def test_a_path_has_so_many_branches_and_no_more(tmp_path):
    """Branches on one input of a network without units, each closed at once by the box."""
    plain = [(0, [[1, 0]])]
    for branches in (1 << 10, (1 << 10) + 1):
        lines = ["k 0 0"] * branches + ["c 1"] * (branches + 1)
        claim = excluded([OVER_ONE], scope="admissible")
        content = bound(*lines, claim=claim, network=plain, domain=WHOLE, closed=branches + 1).content()
        if branches == 1 << 10:
            (tmp_path / "c").write_bytes(content)
            assert check(tmp_path / "c")["closed"] == branches + 1
        else:
            refused(tmp_path / "c", content, "beyond a limit")


def test_a_tree_has_so_many_marks_and_no_more(tmp_path):
    """A mark before every leaf of the whole tree over 16 units, then over 17; one leaf is a region."""
    for units, accepted in ((16, True), (17, False)):
        network = [(0, [[1, 2 * k + 1] for k in range(units)]), (0, [[1] * (units + 1)])]
        lines, marks = [], []
        for leaf in range(1 << units):
            path = f"{leaf:0{units}b}"
            first = 0 if leaf == 0 else units - (leaf & -leaf).bit_length() + 1
            lines += [f"s {unit:x}" for unit in range(first, units)]
            marks.append((len(lines), len(lines) + 1))
            lines += [f"m {path}", "p 1 1" if leaf == (1 << units) - 1 else "u"]
        counts = (1, (1 << units) - 1, 0, 0)
        tree = header({"kind": "partition", "status": "truncated"}, network)
        content = Written(tree, lines, counts).content(marks=marks)
        if accepted:
            (tmp_path / "c").write_bytes(content)
            assert check(tmp_path / "c")["unexplored"] == (1 << units) - 1
        else:
            refused(tmp_path / "c", content, "there are too many")


def test_the_file_ends_with_its_last_line(tmp_path):
    content = hand.fold_partition().content()
    for cut in range(len(content)):
        refused(tmp_path / "c", content[:cut])
    refused(tmp_path / "c", content + b"\n", "index or the last line")
    refused(tmp_path / "c", content[:-1] + b" 0\n", "index or the last line")
    offset = content.rsplit(b" ", 1)[1]
    refused(tmp_path / "c", content[: -len(offset)] + b"0" + offset, "index or the last line")
    refused(tmp_path / "c", content[: -len(offset)] + b"%x\n" % (int(offset, 16) + 1), "index or the last line")


def test_no_file_is_refused_in_words(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(Refused, match="damaged"):
            check(path)


HOSTILE = {
    "a line without end": lambda: b"0" * 20_000_000,
    "a tree without a leaf": lambda: prefix(WHOLE_TREE) + b"k 0 0\n" * 200_000,
    "splits without end": lambda: prefix(hand.fold_partition()) + b"s 0\n" * 200_000,
    "a line of many fields": lambda: prefix(hand.fold_partition()) + b"0 0 1" + b" 0 1" * 3_000_000 + b"\n",
    "a long number": lambda: prefix(hand.fold_partition()) + b"0 0 " + b"1" * 20_000_000 + b"\n",
    "large limits": lambda: Written(
        header(COMPLETE, FOLD, multiplier_bits=1 << 17, point_bits=1 << 17), HALVES, (2, 0, 2, 0)
    ).content(),
    "layers without end": lambda: Written(
        header(COMPLETE, [(1000, [[1 << 999, 1 << 999]])] * 20_000), ["s 0"], (0, 0, 0, 0)
    ).content(),
    "exponents that add up": lambda: Written(
        header(COMPLETE, [(1100, [[1, 0]])] * 12), ["s 0"], (0, 0, 0, 0)
    ).content(),
    "many inputs and variables": lambda: Written(
        header(excluded([[[True, "0", " ".join(["0"] * 3002)]]]),
               [(0, [[0] * 3000 + [1]] * 300), (0, [[0] * 301])],
               domain={**LINE, "inputs": [["c", 0, 1, "x"]] * 3000}, multiplier_bits=1 << 17), ["e"], (0, 0, 0, 1)
    ).content(),
}  # fmt: skip
WHOLE_TREE = Written(header(excluded([OVER_ONE], scope="admissible"), FOLD, domain=WHOLE), [], (0, 0, 0, 0))


def prefix(written: Written) -> bytes:
    return json.dumps(written.header).encode() + b"\n"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_cost_little(name, tmp_path):
    path, content = tmp_path / "c", HOSTILE[name]()
    path.write_bytes(content)
    start = time.process_time()
    assert ended(path) is not None or name == "large limits"
    assert time.process_time() - start < 10
    peak = peak_memory(lambda: ended(path))
    assert peak < 100_000_000 + 10 * len(content), f"{peak:,} bytes for {len(content):,}"
