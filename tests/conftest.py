"""Settings of all tests: the same examples on every run, unless HYPOTHESIS_PROFILE asks for new ones."""

import os

from hypothesis import HealthCheck, settings

SLOW_STARTS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("steady", derandomize=True, deadline=None, database=None, suppress_health_check=SLOW_STARTS)
settings.register_profile(
    "exploring", max_examples=500, deadline=None, database=None, suppress_health_check=SLOW_STARTS
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
