"""Certificates with covering trees (versions 3, 4 and 5) that a person can follow: each line is written by hand."""

from collections.abc import Sequence

from hand_written import FOLD, LINE, OVER_ONE, RAMP, TWO_LAYERS, UNFOLDED, WHOLE, Written, excluded, header, named

SQUARE = {"exponent": 0, "inputs": [["c", 0, 1, "x"], ["c", 0, 1, "y"]], "at_most": [], "equal": [], "groups": []}
PLANE = [(0, [[1, 0, 0], [0, 1, 0]]), (0, [[1, 1, 0]])]
"""y = relu(x₀) + relu(x₁)."""
PAIR = {
    "exponent": 0,
    "inputs": [["b", 0, 1, "no"], ["b", 0, 1, "yes"]],
    "at_most": [],
    "equal": [],
    "groups": [[0, 1]],
}
UNBENT = [(0, [[1, 0], [-1, 0]]), (0, [[1, -1, 0]])]
"""y = relu(x) − relu(−x) = x."""
RISE = {"kind": "monotone", "output": "0", "input": "0", "direction": "1"}


def covering(
    claim, networks, lines: Sequence[str], counts, bounds="8", domain=LINE, outputs=("y",), **options
) -> Written:
    """A certificate of version 3; the counts are those of proofs and of closed cells."""
    written = named(Written(header(claim, *networks, domain=domain, **options), [*lines], (0, 0, *counts)), outputs)
    return written._replace(header={**written.header, "version": "3", "bounds": bounds})


def paired(written: Written) -> Written:
    """The same of version 4, in which units of both copies are paired; their levels have the bounds of the first."""
    bounds = written.header["bounds"].split()
    half = bounds[: len(bounds) // 2]
    return written._replace(header={**written.header, "version": "4", "bounds": " ".join(half + half)})


def shortened(written: Written) -> Written:
    """The same of version 5, in which the networks are short."""
    return written._replace(header={**written.header, "version": "5"})


def over(row: str, exponent="0", *, strict=True, **options):
    """The claim that one inequality never holds."""
    return excluded([[[strict, exponent, row]]], **options)


def fold() -> Written:
    """|x| ≤ 1: each unit lies between −1 and 1, so that it puts out at most (z + 1) / 2."""
    return covering(excluded([OVER_ONE]), [FOLD], ["n 0 1", "c 1"], (4, 1))


def halves() -> Written:
    """|x| ≤ 1 on both halves of the domain, where every unit is stable."""
    return covering(excluded([OVER_ONE]), [FOLD], ["b 0 0", "n 0 1", "c 1", "n 0 1", "c 1"], (8, 2))


def split() -> Written:
    """|x| ≤ 1 on both sides of unit 0, whose row makes unit 1 active on the one, and inactive on the other."""
    lines = ["s 0", "d 0 1 1 0 1", "c 1", "d 1 1 1 0 1", "c 1"]
    return covering(excluded([OVER_ONE]), [FOLD], lines, (2, 2))


def deep() -> Written:
    """relu(|x| − 1/2) ≤ 1/2: the unit of the second layer is split while those of the first are undecided."""
    lines = ["n 0 1 2", "s 2", "c 2", "c 2"]
    return covering(over("-1 0 2", "1"), [TWO_LAYERS], lines, (6, 2), bounds="8 1")


def sign_row() -> Written:
    """|x| ≤ 1/2 where relu(|x| − 1/2) ≤ 0: z₂ ≤ 0 alone says so, by its row, while the units below are undecided."""
    claim = excluded([[[True, "0", "-1 2 0"], [False, "0", "0 0 -1"]]])
    return covering(claim, [TWO_LAYERS], ["n 0", "s 2", "c 1 0 2 2", "c 1 2"], (2, 2), bounds="0 1")


def below() -> Written:
    """relu(x) − relu(−x) ≤ 1: the line below unit 1 is 0, where its bounds −1 ≤ z ≤ 1 would make it z."""
    return covering(excluded([OVER_ONE]), [UNBENT], ["n 0 1", "a 1 0", "c 1"], (4, 1))


def on_row() -> Written:
    """x + y ≤ 1 where a row of the domain says so: it is row 2, behind two units."""
    domain = {**SQUARE, "at_most": [[1, 1, 1]]}
    return covering(over("-1 0 0 1"), [PLANE], ["n 0 1", "c 1 2 1"], (4, 1), domain=domain)


def one_hot() -> Written:
    """x + y ≤ 1 where one of the two is 1."""
    return covering(over("-1 0 0 1"), [PLANE], ["n 0 1", "c 1"], (4, 1), domain=PAIR)


def other_category() -> Written:
    """y is 1 in every category: two inputs that have one each do not differ, as each group is taken as a whole."""
    claim = over("0 0 0 0 0 1 -1", copies=[["0", "0 1"]])
    return covering(claim, [PLANE], ["n 0 1 2 3", "c 1"], (8, 1), bounds="3 3", domain=PAIR)


def partly_own() -> Written:
    """A copy that has one member of the group of its own: the group that it shares in part is row 5, an equality.

    The row is 1 − Σ x, whatever the exponents of the inequality and of the sides are.
    """
    domain = {**PAIR, "exponent": 2, "inputs": [["b", 0, 4, "no"], ["b", 0, 4, "yes"]]}
    claim = over("-8 0 0 0 0 8", "3", copies=[["0", "0"]])
    return covering(claim, [PLANE], ["n 2 3", "c 1 5 1"], (4, 1), bounds="3 3", domain=domain)


def whole_gap() -> Written:
    """No integer x has 1/3 < relu(x) < 2/3."""
    claim = excluded([[[True, "0", "-1 0 3"], [True, "0", "2 0 -3"]]], scope="admissible")
    return covering(claim, [RAMP], ["k 0 0", "n 0", "c 1 0", "n 0", "c 0 1"], (4, 2), domain=WHOLE)


def equal_networks() -> Written:
    """|x| of one network is never above that of another."""
    lines = ["s 0", "d 0 1 1 0 1", "d 0 2 1 0 1", "c 1", "d 1 1 1 0 1", "d 0 3 1 0 1", "c 1"]
    return covering(over("0 0 1 -1", copies=[["1", ""]]), [FOLD, UNFOLDED], lines, (4, 2), bounds="4 5")


def two_sets() -> Written:
    """0 ≤ relu(x) ≤ 1."""
    claim = excluded([OVER_ONE, [[True, "0", "0 0 -1"]]])
    return covering(claim, [RAMP], ["n 0", "a 0 0", "c 1", "c 1"], (2, 1))


def empty_cells() -> Written:
    """Nothing is left above the box, nothing below it, and nothing where a row of the domain says x ≤ 0 (row 2)."""
    domain = {**LINE, "at_most": [[1, 0]]}
    lines = ["b 0 2", "b 0 -2", "e", "b 0 1", "n 0 1", "c 1", "e 2 1", "e"]
    return covering(over("-1 0 1"), [FOLD], lines, (4, 4), domain=domain)


def rising() -> Written:
    """relu never falls, whatever its unit is."""
    return covering(RISE, [RAMP], ["g"], (0, 1))


def rising_fold() -> Written:
    """|x| never falls where x ≥ 0: unit 1 is inactive there."""
    domain = {**LINE, "inputs": [["c", 0, 1, "x"]]}
    return covering(RISE, [FOLD], ["b 0 0", "n 1", "g", "n 0 1", "g"], (6, 2), domain=domain)


def no_units() -> Written:
    """y = x ≤ 1, of a network without units."""
    return covering(over("-1 0 1"), [[(0, [[1, 0]])]], ["c 1"], (0, 1), bounds="")


BENT = [(0, [[1, 1, 0]]), (0, [[1, 0]])]
"""y = relu(x₀ + x₁)."""
BENT_TWICE = [(0, [[1, 1, 0], [1, -1, 0]]), (0, [[1, 1, -1]]), (0, [[1, 0]])]
"""y = relu(relu(x₀ + x₁) + relu(x₀ − x₁) − 1)."""
OWN_LAST = {"copies": [["0", "1"]]}
PLAIN = {**SQUARE, "inputs": [["c", -4, 4, "x"], ["c", 0, 1, "y"]]}


def difference() -> Written:
    """relu(x + y') ≤ relu(x + y) + 1, since y' ≤ y + 1: whatever x is, the pair (2) puts out at most (d + 1) / 2."""
    return paired(covering(over("-1 0 0 0 -1 1", **OWN_LAST), [BENT], ["n 0 1 2", "c 1"], (6, 1), "8 8", PLAIN))


def difference_on_sides() -> Written:
    """The same where y' ≤ 1/2 ≤ y and where not; with twice as much of y', which its own line bounds."""
    claim = over("-6 0 0 0 -1 2", **OWN_LAST)
    lines = ["n 0 1 2", "s 0", "c 1", "s 1", "c 1", "c 1"]
    return paired(covering(claim, [BENT], lines, (6, 3), "8 8", PLAIN))


def difference_below() -> Written:
    """Two levels: the pair of the second one (5) lies at most 2 apart."""
    claim = over("-2 0 0 0 -1 1", **OWN_LAST)
    return paired(covering(claim, [BENT_TWICE], ["n 0 1 3 4 6 7 2 5 8", "c 1"], (18, 1), "8 8 8 8", PLAIN))


def shifted_networks() -> Written:
    """A network and another one whose unit gets 1/2 more: outputs differ by 1/2 at most, and never fall."""
    more = [(1, [[2, 2, 1]]), (0, [[1, 0]])]
    claim = excluded([[[True, "1", "-1 0 0 -2 2"]], [[True, "0", "0 0 0 1 -1"]]], copies=[["1", ""]])
    return paired(covering(claim, [BENT, more], ["n 0 1 2", "c 1", "c 1"], (6, 1), "3 3", PLAIN))


def one_follows() -> Written:
    """y' ≤ y + 1: where z ≤ 0, z' is at most 1, as the bounds of d say."""
    claim = excluded([[[True, "0", "-1 0 0 0 0 1"], [True, "0", "0 0 0 0 -1 0"]]], **OWN_LAST)
    lines = ["n 2", "s 0", "c 1 0", "c 0 1 0 1"]
    return paired(covering(claim, [BENT], lines, (2, 2), "8 8", PLAIN))


CANCELS = [(0, [[1, 1, 0], [2, 2, 0], [0, 1, 0]]), (0, [[2, -1, 1, 0]])]
"""y = 2 relu(x₀ + x₁) − relu(2 x₀ + 2 x₁) + relu(x₁) = relu(x₁)."""
TWO_AT_ONCE = [(1, [[4, 0, 2], [6, 0, 3], [0, 0, -1], [0, 1, 0]]), (1, [[1, 1, 1, 0, 0]])]
"""y = (relu(2 x₀ + 1) + relu(3 x₀ + 3 / 2) + 0) / 2 = 5 relu(x₀ + 1 / 2) / 2; unit 3 is not used."""


def cancelling() -> Written:
    """What x₀ moves cancels: of three units one is left, and of its pair (2) d is 0."""
    claim = over("0 0 0 0 -1 1", copies=[["0", "0"]])
    return shortened(covering(claim, [CANCELS], ["n 0 1 2", "c 1"], (6, 1), "8 8", PLAIN))


def merged_units() -> Written:
    """5 relu(x + 1 / 2) / 2 ≤ 15 / 4 where x ≤ 1: one unit is left of four."""
    return shortened(covering(over("-f 0 0 4", "2"), [TWO_AT_ONCE], ["n 0", "c 1"], (2, 1), "1", SQUARE))


def lengthened() -> Written:
    """A network and a longer one that is the same: its short network has the pairs of the first."""
    longer = [(0, [[1, 1, 0], [0, 3, 0], [0, 6, 0]]), (1, [[2, 2, -1, 0]])]
    claim = excluded([[[True, "0", "0 0 0 1 -1"]], [[True, "0", "0 0 0 -1 1"]]], copies=[["1", ""]])
    return shortened(covering(claim, [BENT, longer], ["n 0 1 2", "c 1", "c 1"], (6, 1), "8 8", PLAIN))


def pruned() -> Written:
    """relu(x₀ + x₁) + relu(x₁), and without the second unit: both as they are, or units would not be paired."""
    first, second = ([(0, [[1, 1, 0], row]), (0, [[1, 1, 0]])] for row in ([0, 1, 0], [0, 0, -1]))
    claim = over("-1 0 0 1 -1", copies=[["1", ""]])
    return shortened(covering(claim, [first, second], ["n 0 1 2 3 4 5", "c 1"], (12, 1), "8 8", PLAIN))


STEP_DOMAIN = {**SQUARE, "inputs": [["c", -4, 3, "x"], ["b", 0, 1, "y"]]}
ON_STEP = ([False, "0", "0 0 -1 0 0 0"], [False, "0", "-1 0 0 1 0 0"])
"""y ≤ 0 and y' ≥ 1."""


def on_step(*rows, shares=()) -> Written:
    """Sets of one inequality each where y = 0 and y' = 1, so that d = 1, −4 ≤ z ≤ 3 and −3 ≤ z' ≤ 4."""
    claim = excluded([[[True, "0", row], *ON_STEP] for row in rows], scope="admissible", **OWN_LAST)
    closed = [[f"c {weights}"] * len(rows) for weights in ("0 0 1", "1 0 0", "0 1 0")]
    lines = ["k 1 0", "k 2 0", *closed[0], "n 0 1 2", *shares, *closed[1], *closed[2]]
    return shortened(covering(claim, [BENT], lines, (6, 3), "8 8", STEP_DOMAIN))


def ramp() -> Written:
    """relu(x + 1) − relu(x) lies between (x + 1) / 4 and (x + 4) / 4: lines in z', which are usual there."""
    return on_step("-4 -1 0 0 -4 4", "1 1 0 0 4 -4")


def ramp_by_mean() -> Written:
    """It is at most the mean of 1 and (x + 4) / 4, and at least that of 0 and (x + 1) / 4."""
    return on_step("-8 -1 0 0 -8 8", "1 1 0 0 8 -8", shares=["a 2 80000"])


ALL_COVERING = {
    "fold": fold,
    "halves": halves,
    "split": split,
    "deep": deep,
    "sign-row": sign_row,
    "below": below,
    "on-row": on_row,
    "one-hot": one_hot,
    "other-category": other_category,
    "partly-own": partly_own,
    "whole-gap": whole_gap,
    "equal-networks": equal_networks,
    "two-sets": two_sets,
    "empty-cells": empty_cells,
    "rising": rising,
    "rising-fold": rising_fold,
    "no-units": no_units,
    "difference": difference,
    "difference-on-sides": difference_on_sides,
    "difference-below": difference_below,
    "shifted-networks": shifted_networks,
    "one-follows": one_follows,
    "cancelling": cancelling,
    "merged-units": merged_units,
    "lengthened": lengthened,
    "pruned": pruned,
    "ramp": ramp,
    "ramp-by-mean": ramp_by_mean,
}
