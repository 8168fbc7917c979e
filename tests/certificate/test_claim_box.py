"""The box on which a claim can fail holds every input that bounds of one input leave, and little else."""

from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st
from networks import he_network

from relugeom.certificate.claim import certify_claim, prepare_claim
from relugeom.certificate.claim_box import cut_box
from relugeom.certificate.claim_problem import claim_problem
from relugeom.certificate.claim_proof.header_entry import SetRow, set_rows
from relugeom.checker import check
from relugeom.claims.claim import Excluded, Scope, Twin
from relugeom.claims.cover_tree import NodeKind
from relugeom.claims.inequality import Inequality
from relugeom.geometry.domain import Domain

LOWER, UPPER = np.array([-2.0, 0.0, -0.5]), np.array([3.0, 1.0, 1e6])
bounds = st.tuples(st.integers(0, 2), st.integers(-40, 40), st.integers(-3, 3).filter(bool))


def rows_of(chosen) -> list[SetRow]:
    """c (x_k − v / 8) ≥ 0 as a claim states it."""
    found = []
    for column, value, slope in chosen:
        inputs = [Fraction(0)] * 3
        inputs[column] = Fraction(slope)
        found.append(Inequality(Fraction(-slope * value, 8), inputs=tuple(inputs)))
    claim = Excluded(((*found, Inequality(outputs=(Fraction(1),))),))
    return set_rows(claim, (he_network(0, 3, 2, 1),), 3)[0]


@given(st.lists(bounds, max_size=4), st.lists(bounds, max_size=2), st.lists(st.booleans(), min_size=3, max_size=3))
@example([(0, 8, 1)], [], [True] * 3)
@example([(2, -8, -1), (2, 8, 1)], [], [False] * 3)
def test_what_is_cut_off_misses_every_set(shared, more, whole):
    sets = [rows_of(shared + more), rows_of([*reversed(shared)])]
    lower, upper, cuts = cut_box(sets, LOWER, UPPER, np.array(whole))
    assert (lower >= LOWER).all() and (upper <= UPPER).all() and (lower <= upper).all()
    box = [LOWER.tolist(), UPPER.tolist()]
    for cut in cuts:
        end = cut.value if cut.above else cut.value + (cut.kind is NodeKind.BRANCH)
        weights = cut.weights.tolist()
        for members in sets:
            own, weights = weights[: len(members)], weights[len(members) :]
            total = [
                sum(int(w) * row.inputs[cut.column] for w, row in zip(own, members, strict=True)),
                sum(int(w) * row.constant for w, row in zip(own, members, strict=True)),
            ]
            assert (total[0] > 0) == cut.above and total[0] * Fraction(end) + total[1] < 0
        box[not cut.above][cut.column] = cut.value + (cut.above and cut.kind is NodeKind.BRANCH)
    assert [lower.tolist(), upper.tolist()] == box


def test_claims_with_bounds_of_one_input_are_proved_within_them(tmp_path):
    """Both copies have a feature of their own, which is at least 1 in the one and at most 0.3 in the other."""
    network = he_network(1, 4, 40, 40, 1)
    for kinds, scope in ((None, Scope.RELAXATION), (("integer", *["continuous"] * 3), Scope.ADMISSIBLE)):
        domain = Domain([-1] * 4, [2, 0, 0, 0], **({} if kinds is None else {"kinds": kinds}))
        conditions = (
            Inequality(Fraction(-1), inputs=(1, 0, 0, 0)),
            Inequality(Fraction(3, 10), own_inputs=(Fraction(-1),)),
        )
        above = Inequality(Fraction(-60), outputs=(Fraction(1),), copy_outputs=(Fraction(-1),))
        claim = Excluded(((*conditions, above),), scope, twin=Twin((0,)))
        problem = claim_problem(prepare_claim(claim, network, domain, None))
        ends = problem.lower[0], problem.upper[-1]
        assert ends == (1.0, 0.0) if scope is Scope.ADMISSIBLE else 0.99 < ends[0] < 1 and 0.3 < ends[1] < 0.31
        proof = certify_claim(claim, network, domain, tmp_path / "c")
        assert check(tmp_path / "c")["closed"] == proof.cells >= 3
