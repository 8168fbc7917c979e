"""Bounds within rows of a domain: never below the truth by vertices, and equal to it where there is but one row."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import he_network, integer_network
from oracles_by_vertices import box, clip, largest, slices

from relugeom.bounding.domain_rows import cells_without_inputs, within_rows
from relugeom.bounding.relaxation import Forms, Relaxation
from relugeom.bounding.tightening import root_cell
from relugeom.certificate.claim import prepare_claim, settle_claim
from relugeom.certificate.claim_problem import claim_problem
from relugeom.checker import check
from relugeom.claims.claim import Excluded, OutputBound, Twin
from relugeom.claims.inequality import Inequality
from relugeom.claims.settlement import Verdict
from relugeom.geometry.domain import Domain
from relugeom.questions.output_bounds import output_bounds

ABOVE = Inequality(outputs=(Fraction(1),), strict=True)


def bounded(domain, forms):
    """Bounds of forms (c₁, …, c_n, c₀) over a domain's box, and within its rows; and whether it seems empty."""
    network = integer_network(np.random.default_rng(0), domain.inputs, 2, 1)
    problem = claim_problem(prepare_claim(Excluded(((ABOVE,),)), network, domain, None))
    relaxation = Relaxation(problem)
    cells = root_cell(problem, relaxation)
    table = np.array(forms, dtype=float)[None]
    given_forms = Forms(table[..., :-1], table[..., -1], np.zeros(table.shape[:2]))
    with np.errstate(all="ignore"):  # as in a search
        within = within_rows(relaxation, given_forms, cells)
    plain, closer = (relaxation.maximum(each, cells)[0] for each in (given_forms, within))
    return plain, closer, bool(cells_without_inputs(relaxation, cells)[0])


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_bounds_are_never_below_the_largest_value_of_the_domain(seed):
    random = np.random.default_rng(seed)
    n, rows = int(random.integers(1, 4)), int(random.integers(0, 4))
    lower = random.integers(-3, 2, n)
    A, b = random.integers(-3, 4, (rows, n)), random.integers(-4, 5, rows) / 2
    domain = Domain(lower, lower + random.integers(0, 4, n), A=A.astype(float), b=b)
    if n > 1 and random.integers(2):
        domain = Domain([0] * n, [1] * n, A=domain.A, b=domain.b, groups=((0, 1),))
    if random.integers(4) == 0:
        domain = replace(domain, E=random.integers(-1, 2, (1, n)).astype(float), f=[float(random.integers(-1, 3)) / 2])
    forms = random.integers(-4, 5, (3, n + 1))
    plain, within, seems_empty = bounded(domain, forms)
    parts = slices(domain, admissible=False)
    if seems_empty:
        assert not parts and (within == -np.inf).all()
    assert (within <= plain + 1e-9).all()
    for form, bound, without in zip(forms.tolist(), within, plain, strict=True):
        for part in parts:
            most = float(largest(form, part)[0])
            assert most <= bound
            if len(domain.A) + 2 * len(domain.E) == 1 and not domain.groups:
                assert bound <= most + 1e-9
        assert rows or len(domain.E) or bound == without


def test_a_row_that_the_box_breaks_everywhere_leaves_nothing():
    domain = Domain([0, 0], [1, 1], A=[[1.0, 1.0]], b=[-0.5])
    assert clip(box((0, 0), (1, 1)), [-1, -1, Fraction(-1, 2)]) is None
    assert bounded(domain, [[1, 0, 0]])[1:] == (-np.inf, True)


def test_a_claim_that_holds_by_a_row_is_proved_in_a_network_of_many_units(tmp_path):
    """Beyond the row the output is larger by far, so that no proof can do without it."""
    network = he_network(2, 3, 34, 34, 1)
    box_alone = Domain.box([-1] * 3, [1] * 3)
    domain = Domain([-1] * 3, [1] * 3, A=[[1.0, 2.0, -1.0], [-1.0, 1.0, 0.5]], b=[-1.0, -0.5])
    found = output_bounds(network, domain, max_cells=1000)
    whole = output_bounds(network, box_alone, max_cells=1000)
    assert found.upper < whole.highest_seen and found.upper - found.highest_seen < Fraction(1, 10)
    most = found.upper + Fraction(1, 10)
    settled = settle_claim(OutputBound((Fraction(1),), most), network, domain, tmp_path / "c", max_cells=1000)
    assert settled.verdict is Verdict.HOLDS and check(tmp_path / "c")["closed"] == settled.proof.cells
    assert settle_claim(OutputBound((Fraction(1),), most), network, box_alone).verdict is Verdict.FAILS


def test_rows_of_both_inputs_of_a_pair_count():
    domain = Domain([-1] * 2, [1] * 2, A=[[1.0, 1.0]], b=[0.0])
    own = Excluded(((replace(ABOVE, copy_outputs=(Fraction(-1),)),),), twin=Twin((1,)))
    problem = claim_problem(prepare_claim(own, he_network(0, 2, 3, 1), domain, None))
    assert problem.domain_rows.inputs.tolist() == [[-1, -1, 0], [-1, 0, -1]]
    assert problem.domain_rows.constant.tolist() == [0, 0]
    same = replace(own, twin=Twin(second_network=True))
    problem = claim_problem(prepare_claim(same, he_network(0, 2, 3, 1), domain, he_network(1, 2, 3, 1)))
    assert problem.domain_rows.inputs.tolist() == [[-1, -1]]
