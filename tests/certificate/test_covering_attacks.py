"""One crafted attack per clause of FORMAT.md about covering trees, each with the reason for which it is turned down."""

import re

import hand_covering as cover
import hand_written as hand
import pytest
from hand_covering import FOLD, LINE, PAIR, PLANE, RAMP, RISE, SQUARE, UNBENT, WHOLE, covering, over, paired
from hand_written import OVER_ONE, Written, excluded, header

from relugeom.checker import Refused, Rejected, Walk, check

HALF = [(1, [[1, 0]]), (0, [[1, 0]])]
"""y = relu(x / 2), whose bounds are no integers."""


def tree(*lines, claim=None, network=FOLD, domain=LINE, proofs=0, closed=0, bounds="8", **options) -> Written:
    """A covering tree for |x| ≤ 1, or for another claim."""
    claim = claim or excluded([OVER_ONE])
    return covering(claim, [network], lines, (proofs, closed), bounds=bounds, domain=domain, **options)


def from_base(make, *lines, **changes) -> Written:
    """Another tree, or another header, for a claim that holds."""
    written = make()
    return written._replace(header={**written.header, **changes}, lines=list(lines) or written.lines)


def with_side(place: int, low, high):
    """PAIR with other sides of one input."""
    inputs = [list(entry) for entry in PAIR["inputs"]]
    inputs[place][1:3] = low, high
    return {**PAIR, "inputs": inputs}


FAR = {**PAIR, "inputs": [["b", -1, 2, "no"], ["b", -1, 2, "yes"]]}
OVERLAP = {**PAIR, "groups": [[0, 1], [1]]}
UNEVEN = {**LINE, "inputs": [["c", -1, 2, "x"]]}
"""On which 2 / 3, the slope of a line above x, is no multiple of 2^−20."""
ADMISSIBLE = excluded([OVER_ONE], scope="admissible")
MIXED = {**SQUARE, "inputs": [["i", -1, 1, "x"], ["c", -1, 1, "y"]]}
FALL = {**RISE, "direction": "-1"}
STILL_THERE, NO_ROW = "does not prove that nothing is left", "uses a row that the cell does not have"
NO_CONTRADICTION, NO_SLOPE = "closed by a contradiction, but there is none", "not between 0 and 1"
NEGATIVE, NO_UNIT = "weight or multiplier of an inequality is negative", "unit that there is not"
TWICE, WRONG_WAY = "a unit is split twice, or there is no such unit", "an output may move the other way"

REJECTED = {
    # what a path leaves behind
    "bounds of the other half": (tree("b 0 0", "n 0 1", "c 1", "c 1"), STILL_THERE),
    "bounds of the other side of a split": (tree("s 0", "n 0 1", "c 1", "c 1"), STILL_THERE),
    "slopes of the other half": (
        tree("n 0 1", "b 0 0", "a 1 0", "c 1", "c 1", network=UNBENT),
        STILL_THERE,
    ),
    "a side of the other half": (
        tree("b 0 0", "n 0", "c 1", "n 0", "c 1", network=RAMP, claim=over("0 0 1")),
        STILL_THERE,
    ),
    "a contradiction of the other half": (tree("b 0 -2", "e", "e"), NO_CONTRADICTION),
    "a contradiction between bounds of the other side": (
        tree("n 0", "s 0", "e", "e", network=[(0, [[1, 2]]), (0, [[1, 0]])]),
        NO_CONTRADICTION,
    ),
    "the row of a split in the second half": (
        tree("b 0 0", "s 0", "n 1", "c 1", "n 0 1", "c 1", "n 0 1", "c 1 0 1"),
        NO_ROW,
    ),
    "the row of the other side of a split": (tree("s 0", "d 0 1 1 0 1", "c 1", "d 0 1 1 0 1", "c 1"), STILL_THERE),
    # rows
    "the row of a unit that is not split": (tree("n 0 1", "c 1 0 1"), NO_ROW),
    "a row behind all others": (tree("n 0 1", "c 1 2 1"), NO_ROW),
    "a row with a negative number": (tree("n 0 1", "c 1 -1 1"), NO_ROW),
    "a negative multiplier of a split": (tree("s 0", "n 1", "c 1 0 -1"), NEGATIVE),
    "a negative multiplier of a split in a bound": (tree("s 0", "d 1 1 1 0 -1"), NEGATIVE),
    "a negative multiplier of an inequality": (from_base(cover.on_row, "n 0 1", "c 1 2 -1"), NEGATIVE),
    "a negative multiplier in an empty cell": (from_base(cover.on_row, "e 2 -1"), NEGATIVE),
    "a negative weight": (tree("n 0 1", "c -1"), NEGATIVE),
    "an equality of a group in numbers of the box": (
        tree("e 2 -1", domain={**PAIR, "exponent": 2, "inputs": [["b", 0, 2, "no"], ["b", 0, 2, "yes"]]},
             network=PLANE, claim=over("-1 0 0 1")),
        STILL_THERE,
    ),
    # slopes and bounds
    "a slope above 1": (tree("n 0 1", "a 1 100001", "c 1", network=UNBENT), NO_SLOPE),
    "a negative slope": (tree("n 0 1", "a 1 -1", "c 1", network=UNBENT), NO_SLOPE),
    "a slope of no unit": (tree("a 2 0"), NO_UNIT),
    "a slope of a unit from behind": (tree("a -1 0"), NO_UNIT),
    "bounds of no unit": (tree("n 2"), NO_UNIT),
    "bounds of a unit from behind": (tree("n -1"), NO_UNIT),
    "a bound by rows of no unit": (tree("d 1 2 1"), NO_UNIT),
    "λ₀ is 0": (tree("d 1 0 0", "c 1"), "multiplier of what is to be proved is not positive"),
    "λ₀ is negative": (tree("d 1 0 -1"), "multiplier of what is to be proved is not positive"),
    "a lower bound as an upper one": (tree("d 0 0 1", "d 0 1 1", "c 1"), STILL_THERE),
    "one side alone": (tree("d 1 0 1", "c 1"), STILL_THERE),
    "an upper bound rounded inwards": (
        tree("n 0", "c 1", network=HALF, claim=over("-1 0 4"), bounds="0"),
        STILL_THERE,
    ),
    "a lower bound rounded inwards": (
        tree("n 0", "c 2", network=HALF, claim=over("0 -1 2", "1"), bounds="0"),
        STILL_THERE,
    ),
    "an upper bound by rows rounded inwards": (
        tree("d 1 0 3", "c 1", network=HALF, claim=over("-1 0 4"), bounds="0"),
        STILL_THERE,
    ),
    "a lower bound by rows rounded inwards": (
        tree("d 1 0 1", "d 0 0 3", "c 2", network=HALF, claim=over("0 -1 2", "1"), bounds="0"),
        STILL_THERE,
    ),
    "a line above a unit that is rounded below its end": (
        tree("n 0", "c 1", network=RAMP, claim=over("-1fffff 0 100000", "14"), domain=UNEVEN),
        STILL_THERE,
    ),
    "an infinite bound": (
        tree("n 0 1", "c 1", domain={**LINE, "inputs": [["c", -1, None, "x"]]}),
        STILL_THERE,
    ),
    "a unit of unknown bounds": (tree("n 0", "c 1"), STILL_THERE),
    "a sum that only is bounded member by member": (
        tree("n 0 1", "c 1", claim=over("-1 0 2", "1")),
        STILL_THERE,
    ),
    # cuts
    "an input that there is not": (tree("b 1 0"), "an input is cut that there is not"),
    "an input from behind": (tree("b -1 0"), "an input is cut that there is not"),
    "a gap between halves": (
        from_base(cover.whole_gap, "b 0 0", "n 0", "c 1 0", "n 0", "c 0 1"),
        STILL_THERE,
    ),
    "a branch on a continuous input": (tree("k 0 0", claim=ADMISSIBLE), "not on an integer input"),
    "a branch on the continuous one of two inputs": (
        tree("k 1 0", claim=over("-1 0 0 1", scope="admissible"), network=PLANE, domain=MIXED, bounds="8"),
        "not on an integer input",
    ),
    "a branch on the continuous one of a copy's own": (
        tree("k 3 0", claim=over("-1 0 0 0 0 1 -1", scope="admissible", copies=[["0", "0 1"]]), network=PLANE,
             domain=MIXED, bounds="8 8"),
        "not on an integer input",
    ),
    "a branch on an input from behind": (tree("k -1 0", claim=ADMISSIBLE, domain=WHOLE), "not on an integer input"),
    "a branch on an input that there is not": (
        tree("k 1 0", claim=ADMISSIBLE, domain=WHOLE),
        "not on an integer input",
    ),
    "a branch that is not where it says": (
        tree("k 0 0", "e", "n 0 1", "c 1", claim=ADMISSIBLE, domain=WHOLE),
        NO_CONTRADICTION,
    ),
    "a unit split twice": (tree("s 0", "s 0"), TWICE),
    "a unit split on both sides": (tree("s 0", "s 1", "s 0"), TWICE),
    "a unit that there is not": (tree("s 2"), TWICE),
    "a unit from behind": (tree("s -1"), TWICE),
    # groups
    "a group that is only shared in part, as a whole": (from_base(cover.partly_own, "n 2 3", "c 1"), STILL_THERE),
    "members of a group of another copy": (
        tree("n 0 1 2 3", "c 1", claim=over("-1 0 0 0 0 1 1", copies=[["0", "0 1"]]), network=PLANE, domain=PAIR,
             bounds="8 8"),
        STILL_THERE,
    ),
    "a group with room": (tree("b 0 0", "e", network=PLANE, domain=PAIR, claim=over("-1 0 0 1")), NO_CONTRADICTION),
    "a group with an open side": (
        tree("n 0 1", "c 1", network=PLANE, domain=with_side(0, None, 1), claim=over("-1 0 0 1")),
        STILL_THERE,
    ),
    "a member of a group below 0": (
        tree("n 0 1", "c 1", network=PLANE, domain=FAR, claim=over("-1 0 0 1")),
        STILL_THERE,
    ),
    # leaves
    "a bound that does not hold": (tree("b 0 0", "n 0 1", "c 1", claim=over("-1 0 2", "1")), STILL_THERE),
    "max R = 0 where the inequality is weak": (
        tree("n 0 1", "c 1", claim=over("-1 0 1", strict=False)),
        STILL_THERE,
    ),
    "max R = 0 where the strict inequality has weight 0": (tree("n 0 1", "c 0"), STILL_THERE),
    "max R = 0 in an empty cell": (
        tree("e 2 1", domain={**LINE, "at_most": [[1, -1]]}),
        STILL_THERE,
    ),
    "strictness by a split": (
        tree("s 0", "e 0 1", network=[(0, [[0, 0]]), (0, [[1, 0]])], closed=1),
        STILL_THERE,
    ),
    "no multipliers where there is room": (tree("e"), NO_CONTRADICTION),
    "an empty cell by a row that is not violated": (from_base(cover.on_row, "e 2 1"), STILL_THERE),
    "the second of two sets is not closed": (
        tree("n 0", "c 1", "c 1", claim=excluded([OVER_ONE, [[True, "0", "1 0 0"]]]), network=RAMP),
        STILL_THERE,
    ),
    # slope claims
    "an output that rises where it should fall": (tree("g", claim=FALL, network=RAMP), WRONG_WAY),
    "an output that falls where it should rise": (tree("n 0 1", "g", claim=RISE), WRONG_WAY),
    "an interval with a wrong end": (
        tree("g", claim=RISE, network=[(0, [[1, 0], [1, 0]]), (0, [[2, -1, 0]])]),
        WRONG_WAY,
    ),
    "an unstable unit that takes something away": (
        tree("n 0 1", "g", claim=FALL, network=[(0, [[1, 0], [1, 2]]), (0, [[-1, 1, 0]])]),
        WRONG_WAY,
    ),
    "a falling output by a unit of the other half": (tree("b 0 0", "n 0", "g", "g", claim=FALL), WRONG_WAY),
    "a slope of another input": (
        tree("n 0 1", "g", claim={**RISE, "input": "1"}, network=[(0, [[1, -2, 0], [0, 1, 0]]), (0, [[1, 1, 0]])],
             domain=SQUARE),
        WRONG_WAY,
    ),
    "a slope of another output": (
        tree("n 0 1", "g", claim={**RISE, "output": "1"}, network=[FOLD[0], (0, [[1, 0, 0], [-1, 0, 0]])],
             outputs=("y", "w")),
        WRONG_WAY,
    ),
}  # fmt: skip


def pairs(*lines, base=cover.difference, claim=None, **changes) -> Written:
    """Another tree for relu(x + y') ≤ relu(x + y) + 1, or for another claim, with units in pairs."""
    claim = claim or base().header["claim"]
    return from_base(base, *lines, claim=claim, **changes)


WIDER = {**cover.PLAIN, "inputs": [["c", -4, 4, "x"], ["c", 0, 2, "y"]]}
CLOSER = over("-3 0 0 0 -4 4", **cover.OWN_LAST)
MORE = over("0 0 0 0 1 -1", **cover.OWN_LAST)
STEEPER = over("-1 0 0 0 -1 2", **cover.OWN_LAST)
NO_PAIRS = "units are paired, but there are no two copies"


def of_two(first, second, bounds: str) -> Written:
    """Two networks whose units are said to be paired."""
    claim = over("0 0 1 -1", copies=[["1", ""]])
    written = covering(claim, [first, second], ["e"], (0, 1), bounds)
    return written._replace(header={**written.header, "version": "4"})


REJECTED_PAIRS = {
    "a pair that is not bounded": (pairs("n 0 1", "c 1"), STILL_THERE),
    "a closer bound than that of the pair": (pairs("n 0 1 2", "c 1", claim=CLOSER), STILL_THERE),
    "the other direction": (pairs("n 0 1 2", "c 1", claim=MORE), STILL_THERE),
    "more than the difference": (pairs("n 0 1 2", "c 1", claim=STEEPER), STILL_THERE),
    "a unit behind all pairs": (pairs("n 3", "c 1"), NO_UNIT),
    "a pair before all units": (pairs("n -1", "c 1"), NO_UNIT),
    "a pair where units are not paired": (pairs("n 0 1 2", "c 1", version="3"), NO_UNIT),
    "a split of a pair": (pairs("s 2", "c 1", "c 1"), TWICE),
    "a slope of a pair": (pairs("n 0 1 2", "a 2 0", "c 1"), NO_UNIT),
    "a bound of a pair by rows": (pairs("d 1 2 1", "c 1"), NO_UNIT),
    "the row of a pair": (pairs("n 0 1 2", "c 1 2 1"), NO_ROW),
    "a pair as bounded on the other half": (
        paired(covering(over("-1 0 0 0 -1 1", **cover.OWN_LAST), [cover.BENT],
                        ["b 2 1", "n 0 1 2", "c 1", "n 0 1", "c 1"], (0, 0), "8 8", WIDER)),
        STILL_THERE,
    ),
    "what followed on the other side": (pairs("n 2", "s 0", "c 1 0", "c 1 0", base=cover.one_follows), STILL_THERE),
    "what follows of a pair that is not bounded": (
        pairs("s 0", "c 1 0", "c 0 1 0 1", base=cover.one_follows), STILL_THERE),
    "no contradiction between units of a pair": (pairs("n 0 1 2", "s 0", "s 1", "e", "c 1", "c 1"), NO_CONTRADICTION),
    "a pair of the second level whose units below are not bounded": (
        pairs("n 0 3 8", "n 1 4 2 5", "c 1", base=cover.difference_below), STILL_THERE),
    "a second set that the difference leaves open": (
        pairs("n 0 1", "c 1", "c 1", base=cover.shifted_networks), STILL_THERE),
}  # fmt: skip
REJECTED |= REJECTED_PAIRS


def short(first, last, *lines, version="5", claim=None, base=cover.cancelling) -> Written:
    """A tree that would do if the units of a network merged as those of `cancelling` do."""
    written = from_base(base, *(lines or ("n 0 1 2", "c 1")), claim=claim or base().header["claim"], version=version)
    layers = [[exponent, [*rows]] for exponent, rows in (first, last)]
    network = covering(over("0"), [layers], [], (0, 0)).header["networks"]
    return written._replace(header={**written.header, "networks": network})


UP, LAST = [2, 2, 0], (0, [[2, -1, 1, 0]])
HALF_MORE = over("0 0 0 0 -2 3", copies=[["0", "0"]])
REJECTED_SHORT = {
    "units that are nearly multiples": (
        short((0, [[1 << 51, 1 << 51, 0], [1 << 52, (1 << 52) + 1, 0], [0, 1, 0]]), LAST), STILL_THERE),
    "weights that are multiples and biases that are not": (
        short((0, [[1, 1, 1], [2, 2, 1], [0, 1, 0]]), LAST), STILL_THERE),
    "biases of other signs": (
        short((0, [[1, 1, 1], [2, 2, -2], [0, 1, 0]]), LAST), STILL_THERE),
    "units that are negative multiples": (
        short((0, [[1, 1, 0], [-2, -2, 0], [0, 1, 0]]), LAST), STILL_THERE),
    "what cancels if one is a negative multiple": (
        short((0, [[1, 1, 0], [-2, -2, 0], [0, 1, 0]]), (0, [[2, 1, 1, 0]])), STILL_THERE),
    "units that are multiples but do not cancel": (
        short((0, [[1, 1, 0], UP, [0, 1, 0]]), (0, [[2, 1, 1, 0]])), STILL_THERE),
    "units that cancel but for a trifle": (
        short((0, [[1, 1, 0], UP, [0, 1, 0]]), (30, [[(2 << 48) + 1, -1 << 48, 1, 0]])), STILL_THERE),
    "a sum that is no float64": (
        short((0, [[1, 1, 0], [1, 1, 0], [0, 1, 0]]), (0, [[1 << 53, 1, 1, 0]]), claim=HALF_MORE), STILL_THERE),
    "a row that is no float64": (
        short((1074, [[3, 0, 0], [1 << 1000, 0, 0], [0, 1, 0]]), (0, [[0, 0, 1, 0]]), "n 3", "c 1"), NO_UNIT),
    "a unit that is ≡ 0 as a multiple of every other": (
        short((0, [[0, 0, 0], [1, 1, 0], [0, 1, 0]]), (0, [[-1, 1, 1, 0]])), STILL_THERE),
    "a bias as a multiple of a unit": (
        short((0, [[0, 0, 1], [1, 1, 0], [0, 1, 0]]), (0, [[-1, 1, 1, 0]])), STILL_THERE),
    "a unit that only seems unused": (
        short((0, [[1, 1, 0], UP, [0, 1, 0]]), (60, [[2, 0, 1, 0]])), STILL_THERE),
    "units of networks as they are": (
        short((0, [[1, 1, 0], UP, [0, 1, 0]]), LAST, version="4"), STILL_THERE),
    "a unit that is merged away": (from_base(cover.merged_units, "n 0 1", "c 1"), NO_UNIT),
    "the bound of one of two merged units": (
        from_base(cover.merged_units, claim=over("-e 0 0 4", "2")), STILL_THERE),
    "the pairs of networks that are not short": (from_base(cover.lengthened, version="3"), STILL_THERE),
    "less than what a unit adds that the other network lacks": (
        from_base(cover.pruned, claim=over("-f 0 0 10 -10", "4", copies=[["1", ""]])), STILL_THERE),
    "numbers of the short network where both are as they are": (
        from_base(cover.pruned, "n 0 1 2", "c 1"), STILL_THERE),
    "one line, as in version 4": (from_base(cover.ramp, version="4"), STILL_THERE),
    "a mean of lines that was not set": (
        from_base(cover.ramp_by_mean, *(line for line in cover.ramp_by_mean().lines if line[0] != "a")), STILL_THERE),
    "another mean": (
        from_base(cover.ramp_by_mean, *(line.replace("a 2 8", "a 2 7") for line in cover.ramp_by_mean().lines)),
        STILL_THERE),
    "a mean beyond both lines": (cover.on_step("-4 -1 0 0 -4 4", shares=["a 2 100001"]), NO_SLOPE),
    "a mean of lines on the other side": (cover.on_step("-4 -1 0 0 -4 4", shares=["a 2 -1"]), NO_SLOPE),
    "lines of a pair behind all": (cover.on_step("-4 -1 0 0 -4 4", shares=["a 3 0"]), NO_UNIT),
    "less than the line in z'": (cover.on_step("-3 -1 0 0 -4 4"), STILL_THERE),
    "more than the line below": (cover.on_step("2 1 0 0 4 -4"), STILL_THERE),
    "a line of bounds that are not known": (
        from_base(cover.ramp, *(line.replace("n 0 1 2", "n 2") for line in cover.ramp().lines)), STILL_THERE),
}  # fmt: skip
REJECTED |= REJECTED_SHORT

CLAIM = cover.fold().header["claim"]
BALL = {"norm": "l1", "centre": "1 0", "radius": "1 2"}
NO_COVER = "a covering tree has another claim, a ball, groups that overlap, or bounds"
NO_LINE = "not a line of such a tree"

REFUSED = {
    # the header
    "version 2 with bounds": (from_base(cover.fold, version="2"), "version 1, 2, 3, 4 or 5"),
    "version 6": (from_base(cover.fold, version="6"), "version 1, 2, 3, 4 or 5"),
    "version 3 without bounds": (
        cover.fold()._replace(header={**hand.named(hand.fold_bound()).header, "version": "3"}),
        "version 1, 2, 3, 4 or 5",
    ),
    "version 3 without names": (
        cover.fold()._replace(header={k: v for k, v in cover.fold().header.items() if k != "names"}),
        "the keys are not",
    ),
    "bounds before the claim": (
        cover.fold()._replace(header={"bounds": "8", **cover.fold().header}),
        "the keys are not",
    ),
    "too few bounds": (from_base(cover.deep, bounds="8"), "not 2 integers"),
    "too many bounds": (from_base(cover.fold, bounds="8 8"), "not 1 integers"),
    "bounds that are too long": (from_base(cover.fold, bounds="44d"), "out of range"),
    "a negative exponent of bounds": (from_base(cover.fold, bounds="-1"), "out of range"),
    "bounds as a list": (from_base(cover.fold, bounds=["8"]), "not a text of integers"),
    "bounds of a network without units": (from_base(cover.no_units, bounds="8"), NO_COVER),
    "no bounds of a network without units": (from_base(cover.no_units, bounds=None), "damaged"),
    "a partition": (from_base(cover.fold, claim=hand.COMPLETE), NO_COVER),
    "patterns": (from_base(cover.fold, claim=hand.patterns(("10", "region"))), NO_COVER),
    "a ball": (from_base(cover.fold, claim={**CLAIM, "ball": BALL}), NO_COVER),
    "groups that overlap": (tree("e", network=PLANE, domain=OVERLAP, claim=over("0 0 0 1")), NO_COVER),
    # pairs
    "pairs without a copy": (from_base(cover.fold, version="4"), NO_PAIRS),
    "pairs under a slope claim": (from_base(cover.rising, version="4"), NO_PAIRS),
    "pairs of networks without units": (from_base(cover.no_units, version="4"), NO_PAIRS),
    "pairs of two networks without units": (of_two([(0, [[1, 0]])], [(0, [[1, 0]])], ""), NO_PAIRS),
    "pairs of other widths": (of_two(FOLD, RAMP, "8 8"), NO_PAIRS),
    "pairs of other depths": (of_two(FOLD, hand.TWO_LAYERS, "8 8 8"), NO_PAIRS),
    "pairs with other bounds": (from_base(cover.difference, bounds="8 7"), NO_PAIRS),
    "pairs with bounds of one copy": (from_base(cover.difference, bounds="8"), "not 2 integers"),
    "pairs with bounds of their own": (from_base(cover.difference, bounds="8 8 8"), "not 2 integers"),
    "the version of pairs as a number": (from_base(cover.difference, version=4), "version 1, 2, 3, 4 or 5"),
    "pairs that are counted once": (cover.difference()._replace(counts=(0, 0, 5, 1)), "index or the last line"),
    # lines of other trees
    **{
        f"an old line: {line}": (tree(line), NO_LINE)
        for line in ("0 0 1", "1 0 1", "r 0 -1 1", "p 1 1", "u", "t 0", "f 1 1", "g", "k 0 0")
    },
    **{
        f"a new line in a partition: {line}": (Written(header(hand.COMPLETE, FOLD), [line], (0,) * 4), NO_LINE)
        for line in ("b 0 0", "n 0", "d 1 0 1", "a 0 0")
    },
    **{
        f"a new line in an old tree: {line}": (hand.fold_bound()._replace(lines=[line]), NO_LINE)
        for line in ("b 0 0", "n 0", "d 1 0 1", "a 0 0")
    },
    "a mark with a path": (tree("m --"), "too many fields"),
    "a mark in an old claim": (hand.fold_bound()._replace(lines=["m"]), NO_LINE),
    "a mark in front of nothing": (from_base(cover.fold, "n 0 1", "c 1", "m"), "index or the last line"),
    "a mark that the index does not name": (from_base(cover.fold, "m", "n 0 1", "c 1"), "index or the last line"),
    "a branch where the relaxation is asked for": (tree("k 0 0", domain=WHOLE), NO_LINE),
    "a branch under a slope claim": (tree("k 0 0", claim=RISE, network=RAMP, domain=WHOLE), NO_LINE),
    "a closed cell under a slope claim": (tree("c 1", claim=RISE, network=RAMP), NO_LINE),
    # the shape of trees and lines
    "a missing second half": (tree("b 0 0", "n 0 1", "c 1", proofs=4, closed=1), NO_LINE),
    "a missing second side": (tree("s 0", "n 1", "c 1", proofs=2, closed=1), NO_LINE),
    "a leaf too many": (from_base(cover.fold, "n 0 1", "c 1", "c 1"), "index or the last line"),
    "bounds of no units": (tree("n"), "bounds no unit"),
    "slopes of no units": (tree("a"), "not in pairs"),
    "a unit without a slope": (tree("a 0"), "not in pairs"),
    "a bound without λ₀": (tree("d 1 0"), "damaged"),
    "a bound of a third side": (tree("d 2 0 1"), "a bound has no side"),
    "a bound of side −1": (tree("d -1 0 1"), "a bound has no side"),
    "a bound with half a row": (tree("s 0", "d 1 1 1 0"), "not in pairs"),
    "half of an input": (tree("b 0"), "damaged"),
    "an input with two values": (tree("b 0 0 0"), "damaged"),
    "a branch with two values": (tree("k 0 0 0", claim=ADMISSIBLE, domain=WHOLE), "damaged"),
    "a split with fields": (tree("s 0 1"), "damaged"),
    "a slope claim with fields": (tree("g 0", claim=RISE, network=RAMP), "too many fields"),
    "a leaf with half a row": (tree("n 0 1", "c 1 0"), "not in pairs"),
    "an empty cell with half a row": (tree("e 0"), "not in pairs"),
    "a set without a weight": (tree("n 0 1", "c"), "a set is not closed"),
    "one line for two sets": (from_base(cover.two_sets, "n 0", "a 0 0", "c 1"), "not a line of such a tree|not closed"),
    "an empty cell in place of a second set": (from_base(cover.two_sets, "n 0", "c 1", "e"), "a set is not closed"),
    # limits
    "a value far outside": (tree(f"b 0 {1 << 1024:x}"), "beyond a limit"),
    "a negative value far outside": (tree(f"b 0 -{1 << 1024:x}"), "beyond a limit"),
    "a branch beyond the header's bits": (tree("k 0 100", claim=ADMISSIBLE, domain=WHOLE), "beyond a limit"),
    "λ₀ of too many bits": (tree("d 1 0 100"), "longer than the file's limit"),
    "a multiplier of too many bits": (tree("s 0", "d 1 1 1 0 100"), "longer than the file's limit"),
    "a negative multiplier of too many bits": (from_base(cover.partly_own, "c 1 5 -100"), "longer than"),
    "a weight of too many bits": (tree("n 0 1", "c 100"), "longer than the file's limit"),
    "other counts": (cover.fold()._replace(counts=(0, 0, 3, 1)), "index or the last line"),
    "other counts of leaves": (cover.fold()._replace(counts=(0, 0, 4, 2)), "index or the last line"),
    "a region": (cover.fold()._replace(counts=(1, 0, 4, 1)), "index or the last line"),
}  # fmt: skip


@pytest.mark.parametrize("name", REJECTED)
def test_a_step_that_does_not_follow_is_rejected(name, tmp_path):
    written, reason = REJECTED[name]
    (tmp_path / "c").write_bytes(written.content())
    with pytest.raises(Rejected, match=re.escape(reason)):
        check(tmp_path / "c")


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_covering_tree_is_refused(name, tmp_path):
    written, reason = REFUSED[name]
    (tmp_path / "c").write_bytes(written.content())
    with pytest.raises(Refused, match="|".join(map(re.escape, reason.split("|")))):
        check(tmp_path / "c")


def test_a_path_has_so_many_cuts_and_no_more(tmp_path):
    plain = [(0, [[1, 0]])]
    for cuts in (1 << 10, (1 << 10) + 1):
        lines = [("b 0 0", "k 0 0")[place % 2] for place in range(cuts)] + ["c 1"] * (cuts + 1)
        written = tree(*lines, claim=ADMISSIBLE, network=plain, domain=WHOLE, closed=cuts + 1, bounds="")
        (tmp_path / "c").write_bytes(written.content())
        if cuts == 1 << 10:
            assert check(tmp_path / "c")["closed"] == cuts + 1
        else:
            with pytest.raises(Refused, match="beyond a limit"):
                check(tmp_path / "c")


def test_other_paths_have_cuts_of_their_own(tmp_path):
    def whole(depth: int) -> list[str]:
        return ["b 0 0", *whole(depth - 1), *whole(depth - 1)] if depth else ["c 1"]

    written = tree(*whole(11), network=[(0, [[1, 0]])], closed=1 << 11, bounds="")
    (tmp_path / "c").write_bytes(written.content())
    assert check(tmp_path / "c")["closed"] == 1 << 11


def test_a_path_takes_so_much_memory_and_no_more(tmp_path):
    (tmp_path / "c").write_bytes(cover.fold().content())
    with (tmp_path / "c").open("rb") as file:
        walk = Walk(file)
        walk.cell.longest_trail = 3
        with pytest.raises(Refused, match="too much memory"):
            walk.run("relaxation")


def test_a_set_may_be_closed_by_multipliers_alone(tmp_path):
    """On no point of the cell does a row hold: then no set has one there, whatever its weights."""
    written = tree("c 0 2 1", domain={**LINE, "at_most": [[1, -2]]}, closed=1)
    (tmp_path / "c").write_bytes(written.content())
    assert check(tmp_path / "c")["closed"] == 1


@pytest.mark.parametrize("sides", [(2, 2), (-1, 0)])
def test_a_group_that_cannot_add_up_to_one_is_a_contradiction(sides, tmp_path):
    lower, upper = sides
    domain = {**PAIR, "inputs": [["b", lower, max(upper, 0), "no"], ["b", 0, max(upper, 0), "yes"]]}
    (tmp_path / "c").write_bytes(tree("e", network=PLANE, domain=domain, claim=over("0 0 0 1"), closed=1).content())
    assert check(tmp_path / "c")["closed"] == 1
    lines = ["b 0 0", "b 1 0", "e", "n 0 1", "c 1", "n 0 1", "c 1"]
    written = tree(*lines, network=PLANE, domain=PAIR, claim=over("-1 0 0 1"), proofs=8, closed=3)
    (tmp_path / "c").write_bytes(written.content())
    assert check(tmp_path / "c")["closed"] == 3


def test_what_the_other_second_network_is_called_stays_its_own(tmp_path):
    """Rows of splits and of the domain are those of all copies: unit 2 is the first one of the copy."""
    lines = ["s 2", "d 0 3 1 2 1", "d 0 0 1 2 1", "c 1", "d 1 3 1 2 1", "d 0 1 1 2 1", "c 1"]
    written = cover.equal_networks()._replace(lines=lines)
    (tmp_path / "c").write_bytes(written.content())
    with pytest.raises(Rejected, match=STILL_THERE):  # unit 2 is −x: its first side has x ≥ 0, where unit 1 is −x
        check(tmp_path / "c")
