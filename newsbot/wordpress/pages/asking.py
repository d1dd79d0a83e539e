"""Asking for one page of a site, and when no more may be asked."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from newsbot.wordpress import payload
from newsbot.wordpress.messages import ERRORS, Asking, Query, Reply
from newsbot.wordpress.receipt import Verdict

_HALTING = frozenset({"stopped", "given-up", "private-address", "robots-unreachable", "dns", "tls"})
"""Errors that say the same of every URL of the host."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Halt(Exception):
    """Nothing more may be asked of the site."""

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
    """One page of the site, whatever it is. Raises Halt where the site, or our own crawl, wants no more requests."""
    reply = yield Query(url=url, purpose=purpose, type=type_, expects="any", tries=3, render=render, headers=headers)
    if reply.error in _HALTING:
        verdict: Verdict = "blocked" if reply.error == "private-address" else "incomplete"
        raise Halt(ERRORS[reply.error], verdict=verdict, fault=reply.error)
    if reply.error is None and payload.is_challenge(reply):
        raise Halt("a bot check stands in the way", verdict="blocked", fault="challenge")
    return reply
