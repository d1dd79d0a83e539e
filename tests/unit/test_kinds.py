"""The crawl of several kinds of rows of one site: its verdicts, its options, and what standard output can hold."""

from __future__ import annotations

from typing import Any

import pytest

from newsbot.arguments.site_list import Target
from newsbot.commands.crawl import one_table
from newsbot.items import Post
from newsbot.spiders.archive_answers import NoArchive
from newsbot.spiders.wp_site import WpSiteSpider
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.offered import crawl_kinds
from newsbot.wordpress.options import KINDS, Options
from newsbot.wordpress.questions import AskKnown, AskState, AskTombstones, CollectionState
from newsbot.wordpress.receipt import SiteFacts
from newsbot.wordpress.site_crawl import crawl
from tests.unit.model_site import HOME, site
from tests.unit.outgoing import outgoing

TYPES = b'{"post": {"rest_base": "posts"}}'
CLOSED = b'{"code": "rest_forbidden", "message": "No.", "data": {"status": 401}}'
EMPTY = {"x-wp-total": "0", "x-wp-totalpages": "0"}


def crawled_kinds(
    *kinds: str, optional: bool = False, live: int = 0, shut: tuple[str, ...] = (), stop: str = ""
) -> SiteFacts:
    """The facts of a crawl of an empty site. The site refuses the routes ``shut``. The crawl is stopped at ``stop``."""
    facts, stopped = SiteFacts(asked=HOME), False
    every = [Options(url=HOME, kind=kind, types=("all",), follow=frozenset(), optional=optional) for kind in kinds]

    def reply(query: Query) -> Reply:
        nonlocal stopped
        stopped = stopped or (bool(stop) and f"/{stop}" in query.url)
        if stopped:
            return Reply(status=0, url=query.url, error="stopped")
        if any(f"/{route}" in query.url for route in shut):
            return Reply(status=401, url=query.url, body=CLOSED)
        if "/wp/v2/types" in query.url:
            return Reply(status=200, url=query.url, body=TYPES)
        if "/wp/v2/taxonomies" in query.url:
            return Reply(status=200, url=query.url, body=b'{"post": {"rest_base": "labels"}}')
        return Reply(status=200, url=query.url, body=b"[]", headers=EMPTY)

    def answer(question: Any) -> Any:
        if isinstance(question, AskState):
            return CollectionState(live=live)
        return NoArchive().answer(question)

    list(outgoing(crawl_kinds(site(), every, facts), reply, answer))
    return facts


def test_type_and_taxonomy_with_one_name_have_separate_collections() -> None:
    facts = crawled_kinds("posts", "terms")
    assert {name: (c.kind, c.type) for name, c in facts.collections.items()} == {
        "post": ("posts", "post"),
        "terms/post": ("terms", "post"),
    }
    assert facts.find("post", "terms") is facts.collections["terms/post"]
    assert facts.verdict == "complete"


@pytest.mark.parametrize(
    ("optional", "live", "not_public", "verdict"),
    [(True, 0, ["users"], "complete"), (True, 9, [], "closed"), (False, 0, [], "closed")],
)
def test_closed_kind_is_a_failure_when_the_user_or_the_archive_names_it(
    optional: bool, live: int, not_public: list[str], verdict: str
) -> None:
    facts = crawled_kinds("comments", "users", optional=optional, live=live, shut=("users",))
    assert (facts.not_public, facts.verdict) == (not_public, verdict)
    assert ("user" in facts.collections) is not bool(not_public)


def test_kind_whose_types_are_not_listed_is_incomplete_and_the_others_come() -> None:
    facts = crawled_kinds("posts", "terms", "users", shut=("taxonomies",))
    assert facts.collections["terms"].why.startswith("the site does not list its types")
    assert {name: c.verdict for name, c in facts.collections.items()} == {
        "post": "complete",
        "terms": "incomplete",
        "user": "complete",
    }
    assert facts.verdict == "incomplete"


def test_stop_between_two_kinds_names_the_incomplete_kinds() -> None:
    facts = crawled_kinds("posts", "terms", "users", stop="taxonomies")
    assert facts.verdict == "incomplete"
    assert {name for name, c in facts.collections.items() if c.verdict != "complete"} == {"terms", "user"}


def test_closed_api_names_every_kind_that_only_the_api_has() -> None:
    facts = SiteFacts(asked=HOME)
    first, *also = [Options(url=HOME, kind=kind, types=("all",), render="never") for kind in ("posts", "users")]

    def reply(query: Query) -> Reply:
        if query.url.endswith("/sitemap.xml"):
            body = f"<urlset><url><loc>{HOME}/2026/01/a-story/</loc></url></urlset>"
            return Reply(status=200, url=query.url, body=body.encode(), headers={"content-type": "application/xml"})
        if "/wp-json" in query.url or "rest_route" in query.url:
            return Reply(status=401, url=query.url, body=CLOSED)
        return Reply(status=404, url=query.url)

    list(outgoing(crawl(first, facts, also), reply, NoArchive().answer))
    assert (facts.collections["user"].verdict, facts.collections["user"].kind) == ("closed", "users")
    assert facts.verdict == "closed"


def test_arguments_of_wp_site_apply_to_their_kinds() -> None:
    spider = WpSiteSpider(site="news.example", since="2026-01-01", kinds="terms,posts", follow="terms")
    posts, terms = spider.options(Target(url="news.example", types=("page",)))
    assert (posts.kind, posts.types, posts.follow, posts.since is None) == (
        "posts",
        ("page",),
        frozenset({"terms"}),
        False,
    )
    assert (terms.kind, terms.types, terms.follow, terms.since) == ("terms", ("all",), frozenset({"author"}), None)
    assert (posts.optional, terms.optional) == (False, False)
    assert WpSiteSpider(site="news.example").kinds == KINDS
    asked = {of.kind: of for of in spider.asked([Target(url="news.example")])}
    assert (asked["posts"].types, asked["posts"].since is None) == ({"news.example": None}, False)
    assert (asked["terms"].types, asked["terms"].since) == ({"news.example": None}, None)


@pytest.mark.parametrize(
    ("form", "kinds", "fits"),
    [("jsonl", KINDS, True), ("csv", KINDS, False), ("csv", ("posts",), True), ("json", (), True)],
)
def test_standard_output_accepts_one_kind(form: str, kinds: tuple[str, ...], fits: bool) -> None:
    assert (one_table({"stdout:": {"format": form}, "x.csv": {"format": "csv"}}, kinds) is None) is fits


@pytest.mark.parametrize(
    ("held", "status", "expected"),
    [
        (20, 404, {"podcast": "incomplete", "post": "complete"}),
        (20, 200, {"podcast": "complete", "post": "complete"}),
        (20, 503, {"podcast": "incomplete", "post": "complete"}),
        (0, 404, {"post": "complete"}),
    ],
)
@pytest.mark.parametrize(("kind", "prefix"), [("posts", ""), ("terms", "terms/")])
def test_type_that_the_site_no_longer_lists_is_requested(
    held: int, status: int, expected: dict[str, str], kind: str, prefix: str
) -> None:
    """``types=all`` brought podcasts before. The archive holds ``held`` of them; their route answers ``status``."""
    facts, known = SiteFacts(asked=HOME), site()
    of_other_kind = "podcast" if prefix else "terms/podcast"
    known.types = {
        f"{prefix}podcast": "/wp/v2/podcasts",
        f"{prefix}post": "/wp/v2/posts",
        of_other_kind: "/wp/v2/sounds",
    }
    facts.kind = kind
    absent = b'{"code": "rest_no_route", "message": "No.", "data": {"status": 404}}'

    def reply(query: Query) -> Reply:
        if "/wp/v2/types" in query.url or "/wp/v2/taxonomies" in query.url:
            return Reply(status=200, url=query.url, body=TYPES)
        if "/podcasts" in query.url and status != 200:
            return Reply(status=status, url=query.url, body=absent if status == 404 else b"<html>Busy")
        return Reply(status=200, url=query.url, body=b"[]", headers=EMPTY)

    def answer(question: Any) -> Any:
        if isinstance(question, AskState):
            return CollectionState(live=held if question.type == "podcast" and status != 200 else 0)
        return NoArchive().answer(question)

    options = Options(url=HOME, kind=kind, types=("all",), follow=frozenset())
    list(outgoing(crawl_kinds(known, [options], facts), reply, answer))
    assert {name: c.verdict for name, c in facts.collections.items()} == expected
    assert known.types.pop(of_other_kind) == "/wp/v2/sounds"
    assert {name.removeprefix(prefix) for name in known.types} == set(expected)
    if expected.get("podcast") == "incomplete":
        podcast = facts.collections["podcast"]
        # Only for a route that is gone the reason names the option: a busy site did not give the type up.
        way_out = "no longer names this type: -a confirm_deletions=1 takes its 20 rows as deleted"
        assert (podcast.cause == "deletions", podcast.why.endswith(way_out)) == (status == 404, status == 404)


def test_rows_of_a_removed_type_are_deleted_after_confirmation() -> None:
    known, live = site(), {7, 9}
    known.types = {"podcast": "/wp/v2/podcasts"}
    absent = b'{"code": "rest_no_route", "message": "No.", "data": {"status": 404}}'

    def reply(query: Query) -> Reply:
        if "/podcasts" in query.url:
            return Reply(status=404, url=query.url, body=absent)
        return Reply(status=200, url=query.url, body=TYPES if "/types" in query.url else b"[]", headers=EMPTY)

    def answer(question: Any) -> Any:
        of_podcasts = getattr(question, "type", None) == "podcast"
        if isinstance(question, AskState) and of_podcasts:
            return CollectionState(live=len(live), whole=True, watermark="2026-01-01T00:00:00Z")
        if isinstance(question, AskKnown) and of_podcasts:
            return dict.fromkeys(live)
        if isinstance(question, AskTombstones):
            return [Post(site=HOME, type="podcast", id=row_id, change="deleted") for row_id in question.ids]
        return NoArchive().answer(question)

    outcomes = []
    for confirm in (True, False):
        facts = SiteFacts(asked=HOME)
        options = Options(url=HOME, types=("all",), follow=frozenset(), confirm_deletions=confirm)
        sent = list(outgoing(crawl_kinds(known, [options], facts), reply, answer))
        outcomes.append(({row.id for row in sent if isinstance(row, Post)}, facts.verdict, sorted(facts.collections)))
        live.clear()
    assert outcomes == [({7, 9}, "complete", ["podcast", "post"]), (set(), "complete", ["post"])]


def test_next_run_finds_a_type_at_its_new_route() -> None:
    known, asked = site(), list[str]()
    known.types = {"podcast": "/wp/v2/podcasts"}

    def reply(query: Query) -> Reply:
        asked.append(query.url)
        if "/wp/v2/types" in query.url:
            return Reply(status=200, url=query.url, body=b'{"podcast": {"rest_base": "shows"}}')
        if "/podcasts" in query.url:
            absent = b'{"code": "rest_no_route", "message": "No.", "data": {"status": 404}}'
            return Reply(status=404, url=query.url, body=absent)
        return Reply(status=200, url=query.url, body=b"[]", headers=EMPTY)

    verdicts = []
    for _ in range(2):
        facts = SiteFacts(asked=HOME)
        options = Options(url=HOME, types=("podcast",), follow=frozenset())
        list(outgoing(crawl_kinds(known, [options], facts), reply, NoArchive().answer))
        verdicts.append(facts.verdict)
    assert verdicts == ["incomplete", "complete"]
    assert known.types == {"podcast": "/wp/v2/shows"}
