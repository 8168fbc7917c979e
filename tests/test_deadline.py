import math
import pickle

import pytest

from relugeom.deadline import CLOCK, Clock, Deadline
from relugeom.errors import DeadlinePassedError, InputError
from relugeom.geometry.compiled import inner


def test_without_a_limit_it_never_comes():
    never = Deadline.of(None)
    assert not never.passed
    assert never.seconds_left == math.inf
    assert never.share(0.5) == never


def test_seconds_become_a_moment_and_a_moment_stays_as_it_is():
    before = CLOCK.now()
    deadline = Deadline.of(30)
    assert before + 30 <= deadline.end <= CLOCK.now() + 30
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


@pytest.mark.parametrize("seconds", [-1, -1e-9, math.nan])
def test_a_negative_limit_is_refused(seconds):
    with pytest.raises(InputError, match="0 or more seconds"):
        Deadline.of(seconds)


def test_no_time_at_all_is_over_at_once():
    assert Deadline.of(0).passed


def test_checking_it_stops_a_step_that_is_late():
    Deadline.of(60).check()
    with pytest.raises(DeadlinePassedError):
        Deadline(end=0).check()


def test_a_clock_that_is_stopped_stands_still_for_every_deadline():
    clock = Clock()
    clock.stop()
    clock.stop()
    stood = clock.now()
    clock.start()
    assert clock.now() == stood  # stopped twice, started once
    clock.start()
    assert clock.now() >= stood
    assert clock.stopped > 0


def test_what_is_compiled_takes_nothing_from_a_job():
    before, deadline = CLOCK.stopped, Deadline.of(60)
    kernel = inner(lambda x: x + 1)  # not cached, so that it is compiled now
    left = deadline.seconds_left
    kernel.compile("int64(int64)")
    assert CLOCK.stopped > before
    assert left - deadline.seconds_left < CLOCK.stopped - before


def test_another_process_gets_the_same_moment():
    assert pickle.loads(pickle.dumps(Deadline())) == Deadline()
    job = Deadline.of(30)
    assert abs(pickle.loads(pickle.dumps(job)).seconds_left - job.seconds_left) < 1
