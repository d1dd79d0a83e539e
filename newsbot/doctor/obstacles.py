"""What stands in the way of a whole crawl of a site, a line for each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from newsbot.doctor.examination import Evidence
from newsbot.wordpress import payload
from newsbot.wordpress.api import PER_PAGE, Site
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.replies import total_of
from newsbot.wordpress.values import object_in, rendered

LONG_DELAY = 5.0
"""The shortest Crawl-delay (seconds) that is reported."""

FEW = 3
"""The fewest posts of a sample for which a fault of all of them is reported."""


def obstacles(evidence: Evidence, *, crawl_delay: float | None, paywalls: Sequence[str]) -> list[str]:
    """``crawl_delay``: the delay that robots.txt requests; ``paywalls`` are plugins and services that lock articles."""
    lines = [*_of_robots(evidence, crawl_delay), *_of_walls(evidence)]
    if evidence.site is not None:
        lines += _of_api(evidence.site)
    if evidence.sample is not None and evidence.fault is None:
        lines += _of_answers(evidence, evidence.sample)
    if evidence.types_fault is not None:
        lines.append(f"the site does not list its types ({evidence.types_fault})")
    if paywalls:
        lines.append(f"articles may be locked: {', '.join(paywalls)}")
    return list(dict.fromkeys(lines))


def _of_robots(evidence: Evidence, crawl_delay: float | None) -> Iterator[str]:
    forbidden = list(dict.fromkeys(_place(query.url) for query, reply in evidence.exchanges if reply.error == "robots"))
    if forbidden:
        more = f" and {len(forbidden) - FEW} more addresses" if len(forbidden) > FEW else ""
        yield f"robots.txt forbids {', '.join(forbidden[:FEW])}{more}"
    if crawl_delay is not None and crawl_delay >= LONG_DELAY:
        yield f"robots.txt asks for {crawl_delay:g} s between two requests"


def _place(url: str) -> str:
    """A URL without its host and without the parameter ``_fields``."""
    parts = urlsplit(url)
    route = next((value for name, value in parse_qsl(parts.query) if name == "rest_route"), None)
    return f"{parts.path}?rest_route={route}" if route else parts.path or "/"


def _of_walls(evidence: Evidence) -> Iterator[str]:
    error = evidence.failure or evidence.fault
    if error is not None and getattr(error, "fault", getattr(error, "name", None)) != "robots":
        yield str(error)
    if evidence.halt is not None:
        yield evidence.halt
    home = evidence.home
    if home is not None and home.error is None:
        if payload.is_challenge(home):
            yield "a bot check answers instead of the home page"
        elif home.status >= 400:
            yield f"the home page answers with HTTP {home.status}"
    for query, reply in evidence.exchanges:
        if reply.status == 429:
            yield f"the site limits the rate of requests (HTTP 429 for {query.url})"
        elif reply.status == 402:
            yield f"the site asks for payment (HTTP 402 for {query.url}); newsbot does not pay"


def _of_api(site: Site) -> Iterator[str]:
    accepted = site.accepted("/wp/v2/posts")
    if accepted.per_page < PER_PAGE:
        yield f"the API gives at most {accepted.per_page} posts a page, so that a crawl needs more requests"
    missing = [name for name in ("after", "before", "exclude", "orderby") if not accepted.takes(name)]
    if missing:
        yield f"the API does not take {', '.join(missing)}"
    if not accepted.takes("modified_after"):
        yield "the API does not take modified_after (before WordPress 5.7), so that edits cost more to find"
    if not site.api.takes_fields:
        yield "the API breaks answers to _fields, so that its answers are large"


def _of_answers(evidence: Evidence, sample: Reply) -> Iterator[str]:
    if sample.body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"[", b"{"):
        yield "the API sends text before its JSON; newsbot ignores this text"
    elif sample.body.startswith(b"\xef\xbb\xbf"):
        yield "the API sends a byte order mark before its JSON; newsbot ignores this mark"
    if total_of(sample) is None:
        yield "the API sends no X-WP-Total, so that the API does not say how many posts the site has"
    elif total_of(sample) == 0 and evidence.rows:
        yield "the API counts 0 posts and lists some"
    if lacks_content(evidence.rows):
        yield "the API gives posts without their content; a crawl reads the content from the pages"
    if len(evidence.rows) >= FEW and all(map(_is_protected, evidence.rows)):
        yield "the newest posts are protected by passwords"
    if evidence.home is not None and payload.is_login(evidence.home) and evidence.home.is_ok:
        yield "the home page is a login page"


def lacks_content(rows: Sequence[Mapping[str, object]]) -> bool:
    """Whether no post of a sample has a body. A post with a password has no body, and its page shows none either, so it
    does not count."""
    open_rows = [row for row in rows if not _is_protected(row)]
    return len(open_rows) >= FEW and not any(rendered(row.get("content")) for row in open_rows)


def _is_protected(row: Mapping[str, object]) -> bool:
    return bool(object_in(row.get("content")).get("protected"))
