"""Pauses between tries."""

from __future__ import annotations

import random

BASE_SECONDS = 1.0
CAP_SECONDS = 60.0


def backoff_seconds(attempt: int, rng: random.Random, *, base: float = BASE_SECONDS, cap: float = CAP_SECONDS) -> float:
    """Seconds to wait before try number ``attempt`` + 1, ``attempt`` counting from 1: full jitter below a doubling cap.

    Uniform in [0, min(cap, base * 2**attempt)): clients that failed together do not come back together.
    """
    # 2**attempt overflows a float long after it has passed any cap.
    ceiling = min(cap, base * 2.0 ** min(attempt, 64))
    return rng.random() * ceiling
