"""How many examples the property tests try: HYPOTHESIS_PROFILE is ``usual`` or ``thorough``."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# No deadline: a test must not depend on the speed of the machine.
settings.register_profile(
    "usual",
    max_examples=100,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", settings.get_profile("usual"), max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))
