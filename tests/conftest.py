"""What all tests share."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A loaded machine is no fault of a test: how long an example takes says nothing.
settings.register_profile("newsbot", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# In CI the same examples each time: what a change is judged by must not hang on chance. At home they go on looking.
settings.register_profile("ci", settings.get_profile("newsbot"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI", "").lower() in {"1", "true"} else "newsbot")
