"""How values are written."""

import numpy as np
import pandas as pd
import pytest

from relugeom.decimals import shortest_decimal
from relugeom.printing import affine_text, in_seconds, percent, printable, sentence, share_of
from relugeom.report.formatting import FEWEST, display, estimated_share, percent_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (pd.NA, "–"),
        (0, "0"),
        (np.int64(1234567), "1,234,567"),
        (2**80, "1,208,925,819,614,629,174,706,176"),
        (4.0, "4"),
        (-0.0, "0"),
        (0.36, "0.3600"),
        (np.float32(0.5), "0.5000"),
        (-1.23456, "-1.235"),
        (999.96, "1000"),
        (12345.6, "12,346"),
        (1e9 + 0.5, "1.000e+09"),
        (1.5e-7, "1.500e-07"),
        (float("inf"), "∞"),
        (float("-inf"), "-∞"),
        ("0110/10", "0110/10"),
        ("a\nb", r"a\nb"),
    ],
)
def test_display(value, text):
    assert display(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "–"), (0.0, "0 %"), (1, "100 %"), (0.9999, "100.0 %"), (1 / 3, "33.3 %"), (-0.5, "-50.0 %")],
)
def test_percent(share, text):
    assert percent(share) == text


@pytest.mark.parametrize("text", ["Age", r"$\bad{$", "Größe 漢字 👍", "<b> & 'x'", r"back\slash"])
def test_printing_characters_stay(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("\x9b1m", r"\x9b1m"),
        ("\u202eabc", r"\u202eabc"),
        ("\ud800", r"\ud800"),
        ("\0", r"\x00"),
    ],
)
def test_other_characters_are_spelled_out(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize("whole", [1, 2, FEWEST - 1, FEWEST, 1000])
def test_a_share_of_few_is_a_count(whole):
    """No percentage stands for fewer than the least number, wherever a share is written."""
    for text in (percent_of(1 / whole, whole), share_of(1, whole), estimated_share(1, whole)):
        assert ("%" in text) is (whole >= FEWEST)
        assert whole >= FEWEST or text == f"1 of {whole}"


def test_shares_in_words():
    assert share_of(217, 1000, "samples") == "217 of 1,000 samples (21.7 %)"
    assert estimated_share(217, 1000) == "21.7 % (217 of 1,000; 95 % interval 19.2 to 24.4 %)"
    assert estimated_share(0, 40) == "0 % (0 of 40; 95 % interval 0.0 to 8.8 %)"
    assert percent_of(None, 5) == percent_of(float("nan"), 500) == "–"


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        ([], ""),
        ([(-1.5, "Age"), (0.25, "Fare"), (-3.0, "")], "−1.5 · Age + 0.25 · Fare − 3"),
        ([(1.0, "income"), (-1.0, "rent"), (1.0, "")], "income − rent + 1"),
        ([(-1.0, "")], "−1"),
        ([(1.0000000000000002, "a"), (-0.1, "b")], "1.0000000000000002 · a − 0.1 · b"),
    ],
)
def test_sums(terms, text):
    assert affine_text(terms, shortest_decimal) == text


def test_percentages_and_seconds():
    assert [percent(share, digits=0) for share in (0.95, 0.254, 1.0)] == ["95 %", "25 %", "100 %"]
    assert [in_seconds(seconds) for seconds in (0.12345, 120.0)] == ["0.123 s", "120 s"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a remark", "A remark."), ("is it right?", "Is it right?"), ("It is.", "It is."), ("and so on …", "And so on …")],
)
def test_a_sentence_ends_with_one_mark(text, expected):
    assert (sentence(text), sentence("")) == (expected, "")
