"""Random claims of every kind that can be settled, each compared with the naive truth of `oracles_by_vertices.py`.

A kind is a function of a generator and an empty folder: it draws a claim, has it settled, and returns the verdict, or
nothing where no claim was drawn. Whatever is not as the truth says is an AssertionError.
"""

import zlib
from pathlib import Path

import numpy as np
from claims_about_inputs import CLAIMS_ABOUT_INPUTS
from claims_about_pairs import CLAIMS_ABOUT_PAIRS
from claims_about_regions import CLAIMS_ABOUT_REGIONS

KINDS = CLAIMS_ABOUT_INPUTS | CLAIMS_ABOUT_PAIRS | CLAIMS_ABOUT_REGIONS


def settle_one(name: str, number: int, folder: Path) -> str:
    """The verdict on one claim of a kind, which its number decides."""
    return KINDS[name](np.random.default_rng([zlib.crc32(name.encode()), number]), folder)
