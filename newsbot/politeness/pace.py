"""The pace of one host: when it may get the next request, and whether it may get one at all.

Times are seconds of any clock that never goes back; the caller passes them in. The caller makes one request at a time,
and calls ``started`` and then ``ended`` for each.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from newsbot.politeness.known import user_time

CRAWL_DELAY_CAP = 300.0
"""The longest wait in seconds, even if a robots.txt has a longer Crawl-delay."""

PENALTY_FIRST = 1.0
"""Seconds added between requests after a first failure."""

PENALTY_CAP = 60.0
RECOVERY = 0.8
"""The share of the penalty that remains after a good answer: 19 good answers reduce 60 s to less than 1 s."""

SLOW_FACTOR = 2.0
SLOW_SECONDS = 0.5
"""An answer is slow if it takes more than twice the usual latency and half a second more than that latency.

A large page alone does not show that the host is overloaded.
"""

USUAL_WEIGHT = 0.2
FAILURES_BEFORE_GIVING_UP = 3
"""The least number of failures, even if they took a long time: one failure in an hour does not prove that a host is
gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The settings that apply to every host of a run, in seconds.

    ``delay``: time between the starts of two requests. ``max_wait``: the longest wait that a host may ask for.
    ``give_up``: after this time with only failures, the run makes no further request to the host. ``shared``: several
    sites share the address, so requests to the address never stop.
    """

    delay: float = 1.0
    max_wait: float = 3600.0
    give_up: float = 900.0
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a request ended. ``failed``: no answer, 429 or 5xx. ``calm``: the failure says nothing about the host's load.

    ``latency``: seconds until the headers of the answer. ``retry_after``: seconds that the answer asks to wait.
    ``budget_in``: seconds until a used-up rate limit is reset. ``sent``: when the request was on the wire; None if it
    was never sent, infinite if it was sent at an unknown moment. ``cause``: the name of a failure, such as "HTTP 503".
    ``unresolved``: the name of the host has no address, so that no server was asked. ``at``: when it ended, in seconds
    since 1970.
    """

    failed: bool = False
    cause: str = ""
    calm: bool = False
    latency: float | None = None
    retry_after: float | None = None
    budget_in: float | None = None
    sent: float | None = None
    unresolved: bool = False
    at: float = 0.0


def asked_wait(outcome: Outcome, limits: Limits) -> float:
    """Seconds for which the host asked for no request; 0 for none."""
    budget = outcome.budget_in or 0.0
    if budget > limits.max_wait:
        # The header may have another meaning. If the host really wants this wait, it will refuse a request with a
        # Retry-After.
        budget = 0.0
    return max(outcome.retry_after or 0.0, budget)


@dataclass(slots=True, kw_only=True)
class Pace:
    """The state of one host.

    ``phase``, 0 to 1: the share of the delay by which the second request waits longer. Without ``phase``, hosts whose
    first requests were sent together would also get all later requests together. A process that must send 200 requests
    at one moment sends some of them late.
    """

    limits: Limits
    crawl_delay: float = 0.0
    phase: float = 0.0
    answered: bool = False
    penalty: float = 0.0
    last_start: float | None = None
    held_until: float | None = None
    usual_latency: float | None = None
    failing_since: float | None = None
    failures: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    """The cause of failures in a row -> the number of these failures."""

    failed_before: bool = False
    """An earlier run stopped its requests to this host, and the host has not answered since. A few failures are then
    enough to stop again."""

    given_up: str | None = None
    """Why this run makes no further request to the host, or None."""

    only_failed: bool = False
    """The requests to the host were stopped because all of them failed, not because the host asked for a long wait."""

    def plain_delay(self, override: float | None = None) -> float:
        """The delay without the penalty. ``override`` replaces the run's delay, not the Crawl-delay."""
        configured = self.limits.delay if override is None else override
        return max(configured, self.crawl_delay)

    def delay(self, override: float | None = None) -> float:
        """Seconds between the starts of two requests. ``override`` replaces the run's delay, not the Crawl-delay."""
        return self.plain_delay(override) + self.penalty

    def ready_at(self, override: float | None = None) -> float | None:
        """The earliest time of the next start; None: now."""
        moments = [] if self.last_start is None else [self.last_start + self.delay(override)]
        if self.held_until is not None:
            moments.append(self.held_until)
        return max(moments, default=None)

    def started(self, now: float) -> None:
        self.last_start = now

    def ended(self, now: float, outcome: Outcome) -> None:
        """Adapt the pace to the outcome of a request. ``now`` is when its answer was complete."""
        if self.last_start is not None:
            # A busy process sends a request after ``started`` was called, and later still if it must open a connection.
            self.last_start = max(self.last_start, min(now, outcome.sent or 0.0))
        if not self.answered:
            # The first request also opened the connection, so the server received it later than it was sent.
            self.answered = True
            self.last_start = now + self.phase * self.delay()
        if outcome.failed:
            self._fail(now, outcome)
        else:
            self._pass(outcome)
        self._hold(now, outcome)

    def idle_at(self) -> float:
        """The time after which this state has no effect any more, if no request is made until then."""
        return max(self.last_start or 0.0, self.held_until or 0.0) + self.delay()

    def _fail(self, now: float, outcome: Outcome) -> None:
        if not outcome.calm:
            self.penalty = min(PENALTY_CAP, max(2 * self.penalty, PENALTY_FIRST))
        self.failures += 1
        self.causes[outcome.cause] += bool(outcome.cause)
        if self.failing_since is None:
            self.failing_since = now
        failed_for = now - self.failing_since
        if self.limits.shared or self.failures < FAILURES_BEFORE_GIVING_UP:
            return
        if failed_for >= self.limits.give_up or self.failed_before:
            self.given_up = f"{self.failures} requests in a row failed within {failed_for:.0f} s{_told(self.causes)}"
            self.only_failed = True

    def _pass(self, outcome: Outcome) -> None:
        self.failing_since, self.failures, self.failed_before = None, 0, False
        self.causes.clear()
        latency, usual = outcome.latency, self.usual_latency
        if latency is None:
            return
        slow = usual is not None and latency > SLOW_FACTOR * usual and latency - usual > SLOW_SECONDS
        if slow and usual is not None:
            # Wait for the time by which the answer exceeded the usual latency, and longer if this does not help.
            self.penalty = min(PENALTY_CAP, max(2 * self.penalty, latency - usual))
        else:
            self.penalty = self.penalty * RECOVERY if self.penalty > 0.02 else 0.0
        self.usual_latency = latency if usual is None else usual + USUAL_WEIGHT * (latency - usual)

    def _hold(self, now: float, outcome: Outcome) -> None:
        wait = asked_wait(outcome, self.limits)
        if wait > self.limits.max_wait:
            if not self.limits.shared:
                until, most = user_time(outcome.at + wait), self.limits.max_wait
                self.given_up = f"it asks to wait {wait:.0f} s, until {until}, more than the allowed {most:.0f} s"
                return
            # The queue of the site itself handles the long wait. The other sites at this address did not ask for it.
            wait = asked_wait(replace(outcome, retry_after=None), self.limits)
        if wait > 0:
            self.held_until = max(self.held_until or 0.0, now + wait)


MOST_CAUSES = 4
"""Causes of failures that are counted by name. All others are counted together."""


def _told(causes: Counter[str]) -> str:
    """The causes with their numbers, the most frequent first: `` (9 x HTTP 503, 2 x timeout)``."""
    parts = [f"{count} x {cause}" for cause, count in causes.most_common(MOST_CAUSES) if count]
    others = causes.total() - sum(count for _, count in causes.most_common(MOST_CAUSES))
    parts += [f"{others} x others"] * (others > 0)
    return f" ({', '.join(parts)})" if parts else ""
