"""How many samples keep their decision, against a count one by one."""

from math import inf, nan

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from relugeom.analysis.kept_decisions import KeptDecisions, kept_decisions

SAMPLES = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0, 2.0, nan]), st.booleans()), max_size=12)


@given(SAMPLES, st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, 5.0, inf]), max_size=4))
def test_a_sample_keeps_its_decision_where_no_other_one_is_as_near(samples, radii):
    distance = np.array([far for far, _ in samples])
    settled = np.array([known for _, known in samples], dtype=bool)
    found = kept_decisions(distance, settled, radii)
    for radius, kept in zip(radii, found, strict=True):
        far = [known for at, known in samples if not at <= radius]
        assert kept == KeptDecisions(radius, sum(far), len(far))
        assert kept.least <= kept.most
