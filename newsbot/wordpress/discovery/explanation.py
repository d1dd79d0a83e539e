"""Why no API was found, in one line, with a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

from newsbot.errors import BadStatus, Challenge, DiscoveryError, NoApi, PayloadError, PaymentRequired, Refused
from newsbot.wordpress.messages import Reply

BLOCKING = frozenset({"robots", "private-address"})
"""Errors that mean that newsbot itself is refused."""


class NoAnswer(PayloadError):
    """The host gave no answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.error)
        self.reply = reply


def explain(failures: Sequence[PayloadError]) -> DiscoveryError:
    """The error that says why no API was found: it names the most serious of all failures."""
    for explain_one in (
        _explain_payment,
        _explain_challenge,
        _explain_silence,
        _explain_refusal,
        _explain_failure,
        _explain_forbidden,
    ):
        for failure in failures:
            error = explain_one(failure)
            if error is not None:
                return error
    what = f" ({failures[0]})" if failures else ""
    return NoApi(f"no WordPress REST API was found{what}", verdict="closed")


def _explain_payment(failure: PayloadError) -> DiscoveryError | None:
    if not isinstance(failure, PaymentRequired):
        return None
    return DiscoveryError(str(failure), verdict="payment", fault=failure.name)


def _explain_challenge(failure: PayloadError) -> DiscoveryError | None:
    if not isinstance(failure, Challenge):
        return None
    return DiscoveryError(str(failure), verdict="blocked", fault=failure.name)


def _explain_silence(failure: PayloadError) -> DiscoveryError | None:
    return explain_no_answer(failure.reply) if isinstance(failure, NoAnswer) else None


def _explain_refusal(failure: PayloadError) -> DiscoveryError | None:
    return _explain_forbidden(failure) if isinstance(failure, Refused) else None


def _explain_failure(failure: PayloadError) -> DiscoveryError | None:
    if not isinstance(failure, BadStatus) or not failure.retryable:
        return None
    return DiscoveryError(f"the site's API fails ({failure})", verdict="incomplete")


def _explain_forbidden(failure: PayloadError) -> DiscoveryError | None:
    if not is_refusal(failure):
        return None
    return DiscoveryError(f"the site keeps its REST API closed ({failure})", verdict="closed")


def explain_no_answer(reply: Reply) -> DiscoveryError:
    verdict: Literal["blocked", "incomplete"] = "blocked" if reply.error in BLOCKING else "incomplete"
    return DiscoveryError(f"{urlsplit(reply.url).netloc}: {reply.reason}", verdict=verdict, fault=reply.error)


def is_refusal(failure: PayloadError) -> bool:
    """Whether an API, or a firewall in front of it, refuses visitors."""
    return getattr(failure, "status", None) in (401, 403)
