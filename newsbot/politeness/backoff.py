"""Pauses between attempts, and how long to wait for an answer."""

from __future__ import annotations

import random

BASE_SECONDS = 1.0
CAP_SECONDS = 60.0

SLOWER = 5.0
"""The wait for an answer ends after this many times the duration of the slowest answer so far."""

LEAST_SHARE, UNKNOWN_SHARE = 1 / 12, 1 / 4
"""Shares of the timeout: the least time to wait, and the time to wait if no answer of the kind came yet."""


def backoff_seconds(attempt: int, rng: random.Random, *, base: float = BASE_SECONDS, cap: float = CAP_SECONDS) -> float:
    """Seconds to wait after attempt number ``attempt``, which counts from 1: full jitter below a cap that doubles.

    Uniform in [0, min(cap, base * 2**attempt)), so that clients that failed together do not return together.
    """
    # Above 64 the power exceeds any cap, and above 1023 it overflows a float.
    ceiling = min(cap, base * 2.0 ** min(attempt, 64))
    return rng.random() * ceiling


def patience_seconds(usual: float | None, timeout: float) -> float:
    """Seconds to wait for an answer. ``usual``: the duration of the slowest answer of the kind; 0: no answer of the
    kind came yet; None: wait for the whole ``timeout``."""
    if usual is None:
        return timeout
    if not usual:
        return timeout * UNKNOWN_SHARE
    return min(timeout, max(timeout * LEAST_SHARE, SLOWER * usual))
