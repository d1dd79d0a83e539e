"""Pauses between attempts."""

from __future__ import annotations

import random

BASE_SECONDS = 1.0
CAP_SECONDS = 60.0


def backoff_seconds(attempt: int, rng: random.Random, *, base: float = BASE_SECONDS, cap: float = CAP_SECONDS) -> float:
    """Seconds to wait after attempt number ``attempt``, which counts from 1: full jitter below a cap that doubles.

    Uniform in [0, min(cap, base * 2**attempt)), so that clients that failed together do not return together.
    """
    # Above 64 the power exceeds any cap, and above 1023 it overflows a float.
    ceiling = min(cap, base * 2.0 ** min(attempt, 64))
    return rng.random() * ceiling
