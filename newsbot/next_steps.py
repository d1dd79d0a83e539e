"""What to do about a site that is not complete: for the summary of a crawl and for the report. Pure."""

from __future__ import annotations

from newsbot.wordpress.receipt import Cause

STEPS: dict[Cause, str] = {
    "address": "correct the address",
    "another-run": "wait for the other run, then {command}",
    "challenge": "ask the site to let your address pass",
    "deletions": "{command} -a confirm_deletions=1, if the site did delete them",
    "list": "crawl it in a run of its own: scrapy crawl SPIDER -a site={url}",
    "login": "{command} with the login that earlier runs had, or with -a confirm_deletions=1, if its rows may go",
    "no-api": "scrapy doctor {url} tells what the site is",
    "part": "correct the address or the argument, as the reason says",
    "private-address": "NEWSBOT_ALLOW_PRIVATE allows the host, if it is your own",
    "robots": "ask the site for permission",
    "rows": "{command} asks for them again",
    "stopped": "{command} goes on",
    "type": "correct types=",
    "unreachable": "check the address and its port; if both are right, {command} tries again",
}
"""Cause -> the next step."""

_BY_VERDICT = {
    "payment": "ask the owner for access, since newsbot pays nothing",
    "closed": "NEWSBOT_AUTH, if you have an account there",
    "blocked": "look at the site in a browser and ask its owner, since newsbot never works around a refusal",
}
"""Verdict -> the next step, if no cause has a better step."""


def next_step(verdict: str, cause: str | None, *, command: str = "the same command", url: str = "URL") -> str:
    """The next step of a site with this verdict and cause. ``command`` crawls the site at ``url`` again.

    The receipts of earlier versions have no cause, and the receipts of later versions may have an unknown cause.
    """
    # A site that asks for payment may also have another cause.
    named = None if verdict == "payment" else next((step for known, step in STEPS.items() if known == cause), None)
    step = named or _BY_VERDICT.get(verdict, "{command} tries again")
    return step.replace("{command}", command).replace("{url}", url)
