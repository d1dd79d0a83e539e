"""The keys of Request.meta with which the site list overrides settings for a site's own host."""

from __future__ import annotations

from dataclasses import replace

from scrapy import Request

from newsbot.politeness.pace import Limits

OVERRIDES = ("newsbot_delay", "newsbot_max_wait", "newsbot_give_up", "newsbot_delay_host")
"""The keys. The request for a host's robots.txt has these keys too."""


def delay_of(request: Request, host: str, delay: float) -> float | None:
    """The delay of the site list, or None. For a host that is not the site's own, this delay applies only if it is
    longer."""
    given = request.meta.get("newsbot_delay")
    if given is None:
        return None
    own_host = request.meta.setdefault("newsbot_delay_host", host)
    return float(given) if own_host == host else max(float(given), delay)


def limits_of(request: Request, host: str, limits: Limits) -> Limits:
    """The limits of the run. For a site's own host, ``max_wait`` and ``give_up`` come from the site list."""
    from_list = {name: request.meta.get(f"newsbot_{name}") for name in ("max_wait", "give_up")}
    given = {name: float(seconds) for name, seconds in from_list.items() if seconds is not None}
    if not given or request.meta.setdefault("newsbot_delay_host", host) != host:
        return limits
    return replace(
        limits, max_wait=given.get("max_wait", limits.max_wait), give_up=given.get("give_up", limits.give_up)
    )
