"""Request one page of a site, and stop if no more pages may be requested."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from newsbot.errors import PaymentRequired
from newsbot.wordpress import payload
from newsbot.wordpress.messages import Asking, Query, Reply
from newsbot.wordpress.receipt import Verdict

_HALTING = frozenset({"stopped", "given-up", "private-address", "robots-unreachable", "dns", "refused", "tls"})
"""Errors that every other URL of the host would have too."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Halt(Exception):
    """No more requests may be made to the site. The text says why; ``verdict`` and ``fault`` are for the receipt."""

    def __init__(self, why: str, *, verdict: Verdict, fault: str) -> None:
        super().__init__(why)
        self.verdict: Verdict = verdict
        self.fault = fault


def ask(
    url: str,
    purpose: str,
    type_: str | None = None,
    *,
    render: bool = False,
    headers: Mapping[str, str] = NO_HEADERS,
) -> Asking[Reply]:
    """Ask for one URL of the site. Returns the reply of any status. Raises Halt if no more requests may be made."""
    reply = yield Query(url=url, purpose=purpose, type=type_, expects="any", tries=3, render=render, headers=headers)
    if reply.error in _HALTING:
        verdict: Verdict = "blocked" if reply.error == "private-address" else "incomplete"
        raise Halt(reply.reason, verdict=verdict, fault=reply.error)
    if reply.error is None and payload.is_challenge(reply):
        raise Halt("a bot check came instead of an answer", verdict="blocked", fault="challenge")
    if reply.status == 402 and purpose != "article":
        raise Halt(str(PaymentRequired()), verdict="payment", fault="payment")
    return reply
