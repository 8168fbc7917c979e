import math
import time

import pytest

from relugeom.deadline import Deadline
from relugeom.errors import InputError


def test_without_a_limit_it_never_comes():
    never = Deadline.of(None)
    assert not never.passed
    assert never.seconds_left == math.inf
    assert never.share(0.5) == never


def test_seconds_become_a_moment_and_a_moment_stays_as_it_is():
    before = time.monotonic()
    deadline = Deadline.of(30)
    assert before + 30 <= deadline.end <= time.monotonic() + 30
    assert Deadline.of(deadline) is deadline


def test_after_its_moment_it_has_passed():
    deadline = Deadline.of(1e-9)
    assert deadline.passed
    assert deadline.seconds_left == 0
    assert deadline.share(0.5).passed


def test_a_part_of_a_job_ends_no_later_than_the_job():
    job = Deadline.of(10)
    assert job.within(100) == job
    assert job.within(1).end < job.end
    assert 4 < job.share(0.5).seconds_left <= 5
    assert job.later(5).end == job.end + 5


@pytest.mark.parametrize("seconds", [0, -1, math.nan])
def test_a_limit_that_is_not_positive_is_refused(seconds):
    with pytest.raises(InputError, match="positive number of seconds"):
        Deadline.of(seconds)
