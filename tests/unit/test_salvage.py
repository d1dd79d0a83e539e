"""Posts whose rendering fails are named and skipped, however many follow one another. A site that is down does not
count as such posts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from newsbot.errors import PayloadError, Refused
from newsbot.politeness.backoff import patience_seconds
from newsbot.spiders.fetcher import _retryable_failure
from newsbot.wordpress.collection.salvage import MOST_FAILURES
from newsbot.wordpress.messages import Query, Reply, Steps
from newsbot.wordpress.offered import crawl_collections
from newsbot.wordpress.options import Options
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts
from newsbot.wordpress.replies import HOPELESS, Unanswered, split_until_alone
from tests.unit.model_site import HOME, ModelSite, Object, listen, site

DEATHS: dict[str, Callable[[Reply], Reply]] = {
    "bare 502": lambda reply: Reply(status=502, url=reply.url, body=b"<html>Bad Gateway</html>"),
    "500 of WordPress": lambda reply: reply,
    "cut body": lambda reply: Reply(status=200, url=reply.url, body=b'[{"id": 1, "content": {"rendered": "<p>Cut'),
    "blank page": lambda reply: Reply(status=200, url=reply.url),
    "timeout": lambda reply: Reply(status=0, url=reply.url, error="timeout"),
    "dropped": lambda reply: Reply(status=0, url=reply.url, error="dropped"),
}

RARER: dict[str, Callable[[Reply], Reply]] = {
    f"status {status}": lambda reply, status=status: Reply(status=status, url=reply.url, body=b"<html>no</html>")
    for status in (408, 504, 508, 509, 524)
} | {
    "no content": lambda reply: Reply(status=204, url=reply.url),
    "not a list": lambda reply: Reply(status=200, url=reply.url, body=b'{"success": false}'),
    "page of a fatal error": lambda reply: Reply(status=200, url=reply.url, body=b"<html>A critical error</html>"),
}  # fmt: skip
"""Further ways to die, which are tried in one stretch alone."""


@dataclass
class FailingPosts(ModelSite):
    """Pages with a fatal post die by ``death``. From request ``down_from`` on no answer comes."""

    death: str = "bare 502"
    down_from: int = 10**9

    def reply(self, query: Query) -> Reply:
        reply = super().reply(query)
        if len(self.asked) >= self.down_from:
            return Reply(status=503, url=query.url, body=b"<html>down</html>")
        return (DEATHS | RARER)[self.death](reply) if reply.status == 500 else reply


@dataclass
class LimitedProxy(ModelSite):
    """A proxy refuses whole rows beyond 20 a page with ``status`` and a page of HTML."""

    status: int = 413

    def reply(self, query: Query) -> Reply:
        reply, (_, params) = super().reply(query), self.asked[-1]
        whole = "content" in params.get("_fields", "content")
        large = whole and int(params.get("per_page", 10)) > 20 and b'"id"' in reply.body
        return Reply(status=self.status, url=query.url, body=b"<html>no</html>") if large else reply


@pytest.mark.parametrize("status", [400, 404, 406, 413, 414, 431])
def test_pages_that_a_proxy_refuses_as_too_large_come_in_parts(status: int) -> None:
    model, facts = (
        LimitedProxy({row_id: Object(row_id, row_id) for row_id in range(1, 31)}, status=status),
        SiteFacts(asked=HOME),
    )
    known_site = site()
    known_site.accepts["/wp/v2/posts"] = known_site.accepted("/wp/v2/posts")
    records, _ = listen(crawl_collections(known_site, Options(url=HOME, follow=frozenset()), facts), model)
    assert (len(records), facts.collections["post"].verdict) == (30, "complete"), facts.why


def newsroom(count: int, fatal: set[int]) -> FailingPosts:
    return FailingPosts({row_id: Object(row_id, row_id, fatal=row_id in fatal) for row_id in range(1, count + 1)})


def walk(model: FailingPosts) -> tuple[set[int], CollectionFacts]:
    facts = SiteFacts(asked=HOME)
    one = site()
    one.accepts["/wp/v2/posts"] = one.accepted("/wp/v2/posts")
    records, _ = listen(crawl_collections(one, Options(url=HOME, follow=frozenset()), facts), model)
    assert len({record.id for record in records}) == len(records)
    return {record.id for record in records}, facts.collections["post"]


STRETCHES = {
    "twelve": set(range(100, 112)),
    "first": set(range(1, 13)),
    "last": set(range(227, 239)),
    "thirty": set(range(90, 120)),
    "every third": set(range(3, 239, 3)),
    "all of a page": set(range(1, 101)),
}


@pytest.mark.parametrize("death", RARER)
def test_posts_that_fail_in_rare_ways_are_named(death: str) -> None:
    fatal = {30, 31, 32}
    model = newsroom(40, fatal)
    model.death = death
    ids, facts = walk(model)
    assert (ids, facts.unreadable, facts.verdict) == (set(range(1, 41)) - fatal, sorted(fatal), "incomplete")


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("stretch", STRETCHES)
def test_failing_posts_are_named_and_all_others_come(stretch: str, death: str) -> None:
    fatal = STRETCHES[stretch]
    model = newsroom(238, fatal)
    model.death = death
    ids, facts = walk(model)
    assert ids == set(range(1, 239)) - fatal
    assert (sorted(facts.unreadable), facts.missing, facts.verdict) == (sorted(fatal), [], "incomplete")
    assert len(model.asked) <= 20 + 6 * len(fatal)


TIMEOUT = 120.0


@dataclass
class TimingOutPosts(FailingPosts):
    """Dead posts never answer. A row takes ``each`` seconds to render; ``spent`` are the seconds of all queries."""

    each: float = 0.01
    spent: float = 0.0

    def reply(self, query: Query) -> Reply:
        reply = super().reply(query)
        waits = patience_seconds(query.usual, TIMEOUT)
        takes = self.each * reply.body.count(b'"id"') if "content" in query.url else 0.0
        if reply.error != "timeout" and takes <= waits:
            self.spent += takes
            return replace(reply, seconds=takes)
        self.spent += waits
        return Reply(status=0, url=query.url, error="timeout")


@pytest.mark.parametrize(
    ("stretch", "each", "most"),
    # The page itself and the first row alone cost the whole timeout. Before, each of some 30 queries did.
    [("twelve", 0.01, 600), ("twelve", 0.3, 1_000), ("first", 0.01, 1_100), ("none", 2.0, 700)],
)
def test_posts_without_an_answer_cost_less_than_one_timeout_each(stretch: str, each: float, most: int) -> None:
    fatal = STRETCHES.get(stretch, set())
    model = TimingOutPosts(newsroom(238, fatal).objects, death="timeout", each=each)
    ids, facts = walk(model)
    assert (ids, sorted(facts.unreadable)) == (set(range(1, 239)) - fatal, sorted(fatal))
    assert model.spent <= most


def test_search_for_failing_posts_ends_when_the_site_goes_down() -> None:
    model = newsroom(238, STRETCHES["twelve"])
    model.down_from = 12
    _, facts = walk(model)
    assert len(model.asked) <= 18
    assert (facts.verdict, len(facts.unreadable) <= 3, facts.why.startswith("HTTP 503")) == ("incomplete", True, True)


def test_search_for_failing_posts_is_bounded() -> None:
    model = newsroom(2_000, set(range(1, 2_001)))
    ids, facts = walk(model)
    assert (ids, len(facts.unreadable), facts.verdict) == (set(), 2_000, "incomplete")
    assert len(model.asked) <= 2 * MOST_FAILURES


@pytest.mark.parametrize(("code", "absent"), [("rest_no_route", True), ("rest_post_invalid_id", False)])
def test_a_type_without_its_route_is_not_public(code: str, absent: bool) -> None:
    class HalfRemoved(ModelSite):
        def _answer(self, route: str, params: dict[str, str]) -> tuple[int, int | None, Any]:
            if route == "/wp/v2/types":
                types = {"post": {"rest_base": "posts"}, "layout": {"rest_base": "cpt-layouts"}}
                return 200, None, types
            if route == "/wp/v2/cpt-layouts":
                return 404, None, {"code": code, "message": "No.", "data": {"status": 404}}
            return super()._answer(route, params)

    facts = SiteFacts(asked=HOME)
    one = site()
    one.accepts |= dict.fromkeys(("/wp/v2/posts", "/wp/v2/cpt-layouts"), one.accepted("/wp/v2/posts"))
    model = HalfRemoved({row_id: Object(row_id, row_id) for row_id in range(1, 31)})
    records, _ = listen(crawl_collections(one, Options(url=HOME, types=("all",), follow=frozenset()), facts), model)
    assert (len(records), sorted(facts.collections)) == (30, ["post"] if absent else ["layout", "post"])
    assert facts.verdict == ("complete" if absent else "incomplete")


SILENT = Unanswered(Reply(status=0, url=HOME, error="timeout"))
REFUSAL = Refused("internal_server_error", status=500, text="fatal")


@pytest.mark.parametrize(("fault", "named"), [(REFUSAL, 14), (SILENT, HOPELESS + 1)], ids=["refused", "unanswered"])
def test_only_rows_without_an_answer_count_as_failures_of_the_site(fault: PayloadError, named: int) -> None:
    def ask(_: list[int]) -> Steps[None]:
        yield from ()
        raise fault

    failed: list[int] = []
    asking = split_until_alone(range(1, 15), ask, lambda row_id, _: failed.append(row_id))
    with contextlib.suppress(PayloadError):
        list(asking)
    assert failed == list(range(1, named + 1))


def test_request_for_a_single_row_is_repeated_after_a_timeout_and_for_a_page_not() -> None:
    silent = Reply(status=0, url=HOME, error="timeout")
    page, alone = (Query(url=HOME, purpose=purpose) for purpose in ("list", "include"))
    assert (_retryable_failure(page, silent, 0), _retryable_failure(alone, silent, 0)) == (None, "timeout")
