"""One host's pace: when it may be asked next, and whether it may be asked at all.

Times are seconds of any clock that never goes back; the caller passes them in. One request is in flight at a time: the
caller sees to that, and tells ``started`` and then ``ended`` for each.
"""

from __future__ import annotations

from dataclasses import dataclass

PENALTY_FIRST = 1.0
"""Seconds added between requests after a first failure."""

PENALTY_CAP = 60.0
RECOVERY = 0.8
"""What an answer without a fault leaves of the penalty: 60 s are back below one after 19 good answers."""

SLOW_FACTOR = 2.0
SLOW_SECONDS = 0.5
"""An answer is slow when it took twice the usual latency and half a second more: a heavy page alone is no distress."""

USUAL_WEIGHT = 0.2
FAILURES_BEFORE_GIVING_UP = 3
"""However long they took: one answer that took an hour of waiting is no proof that a host is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for every host of a run; all in seconds.

    ``delay`` between the starts of two requests; ``max_wait`` the longest wait a host may ask for; ``give_up`` how long
    a host may do nothing but fail. ``shared``: several sites stand behind it, and it is never given up.
    """

    delay: float = 1.0
    max_wait: float = 3600.0
    give_up: float = 900.0
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a request ended. ``failed``: no answer, 429 or 5xx. ``calm``: a failure that says nothing of the host's load.

    ``latency``: seconds to the headers of an answer.
    ``retry_after`` and ``budget_in``: seconds, where the answer asked for a wait or said that its budget was used up.
    ``sent``: the moment at which the request was on the wire; None: it never left, infinite: unknown, but it left.
    """

    failed: bool = False
    calm: bool = False
    latency: float | None = None
    retry_after: float | None = None
    budget_in: float | None = None
    sent: float | None = None


@dataclass(slots=True, kw_only=True)
class Pace:
    """The state of one host.

    ``phase``, 0 to 1: the part of a delay that the second request waits longer. Hosts that were begun together would
    else be asked together for ever, and a process that has 200 requests to send at one moment sends some late.
    """

    rules: Rules
    crawl_delay: float = 0.0
    phase: float = 0.0
    met: bool = False
    penalty: float = 0.0
    last_start: float | None = None
    held_until: float | None = None
    usual_latency: float | None = None
    failing_since: float | None = None
    failures: int = 0
    given_up: str | None = None
    """Why the host was given up, or None."""

    def delay(self, override: float | None = None) -> float:
        """Seconds between starts now. ``override`` replaces the run's delay, never what the site itself asks for."""
        own = self.rules.delay if override is None else override
        return max(own, self.crawl_delay) + self.penalty

    def ready_at(self, override: float | None = None) -> float | None:
        """The earliest moment of the next start, or None: at once."""
        moments = [] if self.last_start is None else [self.last_start + self.delay(override)]
        if self.held_until is not None:
            moments.append(self.held_until)
        return max(moments, default=None)

    def started(self, now: float) -> None:
        self.last_start = now

    def ended(self, now: float, outcome: Outcome) -> None:
        """Learn from how a request ended, ``now`` being when its answer was there."""
        if self.last_start is not None:
            # A busy process sends a request later than it was let go, and over a new connection later still.
            self.last_start = max(self.last_start, min(now, outcome.sent or 0.0))
        if not self.met:
            # The first request also opened the connection: the server met it later than it left us.
            self.met = True
            self.last_start = now + self.phase * self.delay()
        if outcome.failed:
            self._fail(now, outcome)
        else:
            self._pass(outcome)
        self._hold(now, outcome)

    def idle_at(self) -> float:
        """From when on nothing here is worth keeping, were no request made until then."""
        return max(self.last_start or 0.0, self.held_until or 0.0) + self.delay()

    def _fail(self, now: float, outcome: Outcome) -> None:
        if not outcome.calm:
            self.penalty = min(PENALTY_CAP, max(2 * self.penalty, PENALTY_FIRST))
        self.failures += 1
        if self.failing_since is None:
            self.failing_since = now
        failed_for = now - self.failing_since
        patience = float("inf") if self.rules.shared else self.rules.give_up
        if failed_for >= patience and self.failures >= FAILURES_BEFORE_GIVING_UP:
            self.given_up = f"{self.failures} failures and nothing else for {failed_for:.0f} s"

    def _pass(self, outcome: Outcome) -> None:
        self.failing_since, self.failures = None, 0
        latency, usual = outcome.latency, self.usual_latency
        if latency is None:
            return
        slow = usual is not None and latency > SLOW_FACTOR * usual and latency - usual > SLOW_SECONDS
        if slow and usual is not None:
            # Rest for as long as the answer took beyond the usual, and longer if that does not help.
            self.penalty = min(PENALTY_CAP, max(2 * self.penalty, latency - usual))
        else:
            self.penalty = self.penalty * RECOVERY if self.penalty > 0.02 else 0.0
        self.usual_latency = latency if usual is None else usual + USUAL_WEIGHT * (latency - usual)

    def _hold(self, now: float, outcome: Outcome) -> None:
        asked = outcome.retry_after or 0.0
        if self.rules.shared and asked > self.rules.max_wait:
            # The site that asks for it is given up or waits by itself; its neighbours asked for nothing.
            asked = 0.0
        if asked > self.rules.max_wait:
            self.given_up = f"it asks to wait {asked:.0f} s, more than {self.rules.max_wait:.0f}"
            return
        budget = outcome.budget_in or 0.0
        if budget > self.rules.max_wait:
            # A misread header must not cost a site: if it was meant, a Retry-After will follow.
            budget = 0.0
        if max(asked, budget) > 0:
            self.held_until = max(self.held_until or 0.0, now + max(asked, budget))
