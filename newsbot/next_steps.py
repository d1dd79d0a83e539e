"""What to do about a site that is not complete: for the summary of a crawl and for the report. Pure."""

from __future__ import annotations

_BY_REASON = (
    ("confirm_deletions", "{command} -a confirm_deletions=1, if the site did delete them"),
    ("robots.txt", "ask the site for permission"),
    ("bot check", "ask the site to let your address pass"),
    ("private", "NEWSBOT_ALLOW_PRIVATE allows the host, if it is your own"),
    ("does not resolve", "correct the address"),
    ("is not a web address", "correct the address"),
    ("nothing is at", "correct the address"),
    ("connection was refused", "check the address and its port; if both are right, {command} tries again"),
    ("no WordPress REST API", "scrapy doctor URL tells what the site is"),
    ("stopping", "{command} goes on"),
    ("stopped", "{command} goes on"),
    ("not started", "{command} goes on"),
    ("not finished", "{command} goes on"),
    ("unreadable", "{command} asks for them again"),
    ("another run", "wait for the other run, then {command}"),
    ("no public type", "correct types="),
    ("has no category", "correct the argument"),
    ("has no tag", "correct the argument"),
    ("has no author", "correct the argument"),
    ("category=", "correct the argument"),
)
"""Words of a reason -> the next step. The first that fits counts."""

_BY_VERDICT = {
    "payment": "ask the owner for access, since newsbot pays nothing",
    "closed": "NEWSBOT_AUTH, if you have an account there",
    "blocked": "look at the site in a browser and ask its owner, since newsbot goes round no wall",
}
"""Verdict -> the next step, where no reason tells a better one."""


def next_step(verdict: str, why: str, *, command: str = "the same command") -> str:
    """The next step of a site with this verdict and reason. ``command`` crawls the site again."""
    # A site that asks for payment may name any other reason with it.
    named = () if verdict == "payment" else _BY_REASON
    step = next((step for words, step in named if words in why), _BY_VERDICT.get(verdict, "{command} tries again"))
    return step.replace("{command}", command)
