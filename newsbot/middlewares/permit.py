"""A request that has passed its queues, until it ends; and how much a run used a host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from newsbot.middlewares.host_queue import HostQueue
from newsbot.politeness.pace import Outcome

FLUSHED_AFTER = 4
"""Turns of the event loop after which a request that was passed to its connection is on the wire.

Twisted's TLS passes the request on in the next turn, and a socket writes it in the turn after that.
"""


@dataclass(slots=True)
class HostUsage:
    """The use of one host in this run: requests sent, bytes of the bodies received, seconds that requests waited.

    ``address`` is the name of the queue that the host shares with others (``ip:...``), with NEWSBOT_SHARE_IP.
    """

    requests: int = 0
    bytes: int = 0
    waited: float = 0.0
    address: str | None = None


@dataclass(slots=True)
class Permit:
    """A request that has passed its queues. ``sent``: when it was on the wire; infinite until this time is certain."""

    host: str
    queues: list[HostQueue] = field(default_factory=list)
    sent: float | None = None

    def flushed(self) -> None:
        self.sent = asyncio.get_running_loop().time()

    def end(self, outcome: Outcome | None) -> None:
        queues, self.queues = self.queues, []
        for queue in queues:
            queue.release(outcome)


def after_turns(turns: int, then: Callable[[], None]) -> None:
    if turns == 0:
        then()
    else:
        asyncio.get_running_loop().call_soon(after_turns, turns - 1, then)
