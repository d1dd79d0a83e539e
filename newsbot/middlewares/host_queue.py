"""The queue of one host: requests leave it one at a time, in their order, when the host's pace allows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from newsbot.net.refusals import HostGivenUp, Refusal
from newsbot.politeness.pace import Outcome, Pace

_Waiting = tuple[asyncio.Future[None], float | None]


class HostQueue:
    """Delays requests according to a Pace. All times and timers use the event loop's clock."""

    __slots__ = ("_busy", "_timer", "_waiting", "name", "pace")

    def __init__(self, name: str, pace: Pace) -> None:
        self.name = name
        self.pace = pace
        self._busy = False
        self._waiting: list[_Waiting] = []  # a deque would cost 0.7 KiB for each host, also for idle ones
        self._timer: asyncio.TimerHandle | None = None

    async def acquire(self, delay: float | None = None) -> None:
        """Wait until the request may be sent. ``release`` must follow. Raises a Refusal if it may never be sent.

        ``delay``: seconds that replace the run's delay for this request.
        """
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append((turn, delay))
        self._let_next_through(loop)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._free(loop)  # the request left the queue and was cancelled at the same moment
            else:
                self._waiting = [waiting for waiting in self._waiting if waiting[0] is not turn]
            raise
        # This is called only now, since the event loop may have run other tasks after the request left the queue.
        self.pace.started(loop.time())

    def release(self, outcome: Outcome | None) -> None:
        """Note that the request has ended. ``outcome`` is None if the request was never sent or was cancelled."""
        loop = asyncio.get_running_loop()
        if outcome is not None:
            self.pace.ended(loop.time(), outcome)
        self._free(loop)

    def is_idle(self, now: float) -> bool:
        """Whether no request waits or is in flight, and the pace has no state that must be kept."""
        quiet = not self._busy and not self._waiting and self.pace.failing_since is None
        return quiet and self.pace.given_up is None and self.pace.idle_at() < now

    def refuse_waiting(self, refusal: Callable[[], Refusal]) -> None:
        """Refuse all waiting requests."""
        waiting, self._waiting = self._waiting, []
        for turn, _ in waiting:
            if not turn.done():
                turn.set_exception(refusal())

    def _free(self, loop: asyncio.AbstractEventLoop) -> None:
        self._busy = False
        self._let_next_through(loop)

    def _let_next_through(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the next request through: now, or by a timer when the pace allows it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.pace.given_up is not None:
            why = f"{self.name}: {self.pace.given_up}"
            self.refuse_waiting(lambda: HostGivenUp(why))
        while self._waiting and self._waiting[0][0].done():
            self._waiting.pop(0)
        if self._busy or not self._waiting:
            return
        ready_at = self.pace.ready_at(self._waiting[0][1])
        if ready_at is not None and ready_at > loop.time():
            self._timer = loop.call_at(ready_at, self._let_next_through, loop)
            return
        self._busy = True
        self._waiting.pop(0)[0].set_result(None)
