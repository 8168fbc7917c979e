"""Patterns that could not be classified in time are unknown; the others are what they are."""

from limits import Looks
from networks import hidden

from relugeom.geometry.domain import Domain
from relugeom.partition.partition import PatternStatus
from relugeom.search.feasibility import classify_patterns


def test_what_was_not_classified_in_time_is_unknown():
    network = hidden(([[1, 0], [-1, 0], [0, 1], [1, 1]], [0, 0, 1, 0]), ([[1, 1, -1, 0], [0, 1, 1, -1]], [0, -1]))
    domain = Domain.box([-2, -2], [2, 2])
    whole = classify_patterns(network, domain)
    assert set(whole.values()) == set(PatternStatus) - {PatternStatus.UNKNOWN}
    settled = []
    for looks in (0, 2, 4, 8, 16, 32, 10**9):
        found = classify_patterns(network, domain, time_limit=Looks.until(looks))
        known = {pattern: status for pattern, status in found.items() if status is not PatternStatus.UNKNOWN}
        assert list(found) == list(whole) and known.items() <= whole.items()
        settled.append(len(known))
    assert settled == sorted(settled) and settled[0] == 0 and found == whole
