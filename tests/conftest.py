"""Which examples the property tests try, by HYPOTHESIS_PROFILE.

``usual``: always the same ones, so that what passed for a commit passes for it again. ``fresh``: as
many, new ones in each run. ``thorough``: fifty times as many, thousands for most properties.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# No deadline: a test must not depend on the speed of the machine.
settings.register_profile(
    "usual",
    max_examples=100,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("fresh", settings.get_profile("usual"), derandomize=False)
settings.register_profile("thorough", settings.get_profile("fresh"), max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))
