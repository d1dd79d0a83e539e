"""The door of one host: one request through at a time, in the order they came, when the host's pace says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from newsbot.net.refusals import HostGivenUp, Refusal
from newsbot.politeness.pace import Outcome, Pace

_Waiter = tuple[asyncio.Future[None], float | None]


class Gate:
    """Holds requests back by a Pace. ``now`` is the event loop's clock, so that its timers and the pace agree."""

    __slots__ = ("_busy", "_timer", "_waiting", "name", "pace")

    def __init__(self, name: str, pace: Pace) -> None:
        self.name = name
        self.pace = pace
        self._busy = False
        self._waiting: list[_Waiter] = []  # a deque would cost each quiet host 0.7 KiB
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, delay: float | None = None) -> None:
        """Wait for the turn and take it; ``leave`` must follow. Raises a Refusal if the turn never comes.

        ``delay``: seconds that replace the run's delay for this request.
        """
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append((turn, delay))
        self._open(loop)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._free(loop)  # the turn was given in the very moment it was no longer wanted
            else:
                self._waiting = [waiter for waiter in self._waiting if waiter[0] is not turn]
            raise
        # Only now: between the turn given and this line the loop may have been busy with others.
        self.pace.started(loop.time())

    def leave(self, outcome: Outcome | None) -> None:
        """Give the turn back. ``outcome`` is None where the request was never sent, or was cancelled."""
        loop = asyncio.get_running_loop()
        if outcome is not None:
            self.pace.ended(loop.time(), outcome)
        self._free(loop)

    def idle(self, now: float) -> bool:
        """Whether nothing waits, nothing is in flight, and nothing learnt would be lost."""
        quiet = not self._busy and not self._waiting and self.pace.failing_since is None
        return quiet and self.pace.given_up is None and self.pace.idle_at() < now

    def fail(self, refusal: Callable[[], Refusal]) -> None:
        """Turn away everyone who waits."""
        waiting, self._waiting = self._waiting, []
        for turn, _ in waiting:
            if not turn.done():
                turn.set_exception(refusal())

    def _free(self, loop: asyncio.AbstractEventLoop) -> None:
        self._busy = False
        self._open(loop)

    def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the next one in, now or when its time has come."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.pace.given_up is not None:
            why = f"{self.name} was given up for this run: {self.pace.given_up}"
            self.fail(lambda: HostGivenUp(why))
        while self._waiting and self._waiting[0][0].done():
            self._waiting.pop(0)
        if self._busy or not self._waiting:
            return
        ready_at = self.pace.ready_at(self._waiting[0][1])
        if ready_at is not None and ready_at > loop.time():
            self._timer = loop.call_at(ready_at, self._open, loop)
            return
        self._busy = True
        self._waiting.pop(0)[0].set_result(None)
