"""What earlier runs and other processes learnt about a host, and what of it still holds. Pure.

All times are seconds since 1970 by the clock of this machine. That clock may be set back, so that a stored time lies in
the future: ``trusted`` then counts the stored waits from now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

LONGEST_HOLD = 7 * 86_400.0
"""A host that asks for a longer wait is requested again after this time: a Retry-After of years is an error."""

PENALTY_HALF_LIFE = 3600.0
"""Seconds without a request after which half of a learnt penalty is left."""

PENALTY_FORGOTTEN = 0.1
"""If less than this number of seconds is left of a penalty, the penalty counts as 0."""

CLOCK_TOLERANCE = 300.0
"""A record that was written later than now by more than this time shows that a clock was set back."""

FAILURE_REMEMBERED = 86_400.0
"""Seconds after the pause for which newsbot remembers that it stopped requests to a host because the host only
failed."""

ROBOTS_KEPT = 86_400.0
"""How long the answer for a robots.txt is used. RFC 9309 section 2.4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHost:
    """One host as the archive holds it.

    ``last_start``: when a process last started a request. ``penalty``: seconds that failures added to the delay, as of
    ``written``. ``held_until``: the host asked for no request before this time. ``failed_until``: a run stopped its
    requests to the failing host, and no run makes a request before this time.
    """

    written: float
    last_start: float | None = None
    penalty: float = 0.0
    held_until: float | None = None
    failed_until: float | None = None

    @property
    def closed_until(self) -> float:
        """No request may be made before this time."""
        return max(self.held_until or 0.0, self.failed_until or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The answer to a process that wants to make a request.

    ``wait``: seconds until the process may ask again; 0: the request may be made now. ``closed_until``: the time until
    which the host is closed, 0 if only its delay must pass. ``asked``: the host itself asked for the wait. ``penalty``:
    the present penalty. ``failed_before``: a short time ago a run stopped its requests to the failing host.
    """

    wait: float
    penalty: float
    closed_until: float = 0.0
    asked: bool = False
    failed_before: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRobots:
    """The last answer for the robots.txt of an origin. ``status`` 0: no answer, or an answer that allows nothing.

    ``failures`` counts the fetches in a row without an answer, after the first one.
    """

    fetched: float
    status: int
    body: bytes = b""
    failures: int = 0
    why: str = ""


def trusted(known: KnownHost, now: float) -> KnownHost:
    """``known`` with waits no longer than allowed, counted from ``now`` if it was written in the future."""
    ahead = known.written - now
    if ahead > CLOCK_TOLERANCE:
        known = KnownHost(
            written=now,
            penalty=known.penalty,
            held_until=_earlier(known.held_until, ahead),
            failed_until=_earlier(known.failed_until, ahead),
        )
    limit = known.written + LONGEST_HOLD
    held_until, failed_until = (_at_most(until, limit) for until in (known.held_until, known.failed_until))
    return replace(known, held_until=held_until, failed_until=failed_until)


def penalty_now(known: KnownHost, now: float) -> float:
    """The rest of the penalty, which halves with each hour without a request."""
    quiet = max(0.0, now - max(known.written, known.last_start or 0.0))
    left = known.penalty * 0.5 ** (quiet / PENALTY_HALF_LIFE)
    return left if left >= PENALTY_FORGOTTEN else 0.0


def turn(known: KnownHost, now: float, *, delay: float, penalty: float) -> Turn:
    """Whether a request may start now. ``delay`` does not contain the ``penalty``."""
    failed_before = known.failed_until is not None and now - known.failed_until < FAILURE_REMEMBERED
    closed_until = known.closed_until
    if closed_until > now:
        asked = (known.held_until or 0.0) >= closed_until
        return Turn(
            wait=closed_until - now,
            penalty=penalty,
            closed_until=closed_until,
            asked=asked,
            failed_before=failed_before,
        )
    wait = 0.0
    # A start in the future comes from another clock, so it does not count.
    if known.last_start is not None and known.last_start <= now + 1.0:
        wait = max(0.0, known.last_start + delay + penalty - now)
    return Turn(wait=wait, penalty=penalty, failed_before=failed_before)


def robots_hold(known: KnownRobots, now: float) -> float:
    """Seconds for which an answer for a robots.txt is still used; 0 if it must be requested again."""
    if known.status == 0 or known.fetched > now + CLOCK_TOLERANCE:
        return 0.0
    return max(0.0, known.fetched + ROBOTS_KEPT - now)


def user_time(seconds: float) -> str:
    """A time as the user reads it: ``2024-05-31T08:15:00Z``; "the year 9999" if the time is too large for a date."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return "the year 9999"


def _earlier(until: float | None, seconds: float) -> float | None:
    return None if until is None else until - seconds


def _at_most(until: float | None, limit: float) -> float | None:
    return None if until is None else min(until, limit)
