"""A site that was discovered is not discovered again until the stored result proves wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.wordpress.api import WHOLE_ROUTE, Api, RouteAccepts, Site
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.options import Options
from newsbot.wordpress.questions import AskSite, AskState, CollectionState, KeepSite
from newsbot.wordpress.receipt import SiteFacts
from newsbot.wordpress.site_crawl import crawl
from newsbot.wordpress.site_json import site_as_json, site_from_json

POSTS = RouteAccepts(per_page=50, orderby=frozenset({"date", "id"}), params=frozenset({"per_page", "modified_after"}))
SITE = Site(
    key="https://news.example",
    api=Api(root="https://news.example/wp-json/"),
    home="https://news.example",
    name="News",
    language="de",
    timezone="Europe/Berlin",
    gmt_offset=1.0,
    accepts={"/wp/v2/posts": POSTS},
)


TYPES = b"""{"report": {"slug": "report", "rest_base": "reports", "rest_namespace": "wp/v2", "taxonomies": []}}"""


def test_site_is_read_as_it_was_stored() -> None:
    assert site_from_json(site_as_json(SITE)) == SITE
    other = replace(SITE, types={"report": "/wp/v2/reports"}, doubted=True)
    assert site_from_json(site_as_json(other)) == other


def test_refusal_after_a_success_counts_as_the_first_refusal() -> None:
    both = frozenset({"modified_after", WHOLE_ROUTE})
    once = POSTS.leave("modified_after").leave(WHOLE_ROUTE)
    kept = site_from_json(site_as_json(replace(SITE, accepts={"/wp/v2/posts": once})))
    assert kept is not None
    later = kept.accepted("/wp/v2/posts")
    assert (later.is_closed, later.takes("modified_after"), later.doubted) == (False, True, both)
    assert later.leave("modified_after").has_passed(both).doubted == frozenset()
    passed = later.has_passed(both)
    assert (passed, passed.leave("modified_after").doubted) == (POSTS, frozenset({"modified_after"}))
    again = later.leave(WHOLE_ROUTE)
    assert (again.is_closed, again.doubted) == (True, frozenset({"modified_after"}))
    assert not again.has_passed({WHOLE_ROUTE}).is_closed


def test_stored_site_without_types_is_read() -> None:
    kept = site_as_json(SITE)
    del kept["types"]
    assert site_from_json(kept) == SITE


def test_route_of_a_type_is_requested_once() -> None:
    kept = site_as_json(replace(SITE, accepts={"/wp/v2/reports": POSTS}))
    for expected in (["types"], []):
        site_crawl = crawl(Options(url="news.example", types=("report",)), SiteFacts(asked="news.example"))
        answer: Any = None
        purposes: list[str] = []
        while not isinstance(message := site_crawl.send(answer), AskState):
            answer = None
            if isinstance(message, AskSite):
                answer = kept
            elif isinstance(message, KeepSite):
                kept = dict(message.site)
            elif isinstance(message, Query):
                purposes.append(message.purpose)
                answer = Reply(status=200, url=message.url, headers={"content-type": "application/json"}, body=TYPES)
        assert purposes == expected


@given(
    kept=st.dictionaries(
        st.sampled_from(sorted(site_as_json(SITE))), st.none() | st.integers() | st.text() | st.lists(st.text())
    )
)
def test_json_of_another_shape_is_no_site(kept: dict[str, Any]) -> None:
    assert site_from_json(kept) is None


def first_queries(reply: Reply, *, count: int, kept: Site = SITE) -> list[str]:
    """The purposes of the first queries of an update run whose site was ``kept``, each answered by ``reply``."""
    site_crawl = crawl(Options(url="news.example"), SiteFacts(asked="news.example"))
    answer: Any = None
    purposes: list[str] = []
    while len(purposes) < count:
        try:
            message = site_crawl.send(answer)
        except StopIteration:
            break
        answer = None
        if isinstance(message, AskSite):
            answer = site_as_json(kept)
        elif isinstance(message, AskState):
            answer = CollectionState(whole=True, watermark="2026-01-01T00:00:00Z", swept="2026-01-01T00:00:00Z")
        elif isinstance(message, Query):
            purposes.append(message.purpose)
            answer = reply
        else:
            assert not isinstance(message, KeepSite)
    return purposes


@pytest.mark.parametrize(
    ("status", "body", "looks_again"),
    [
        (404, b'{"code": "rest_no_route", "message": "No.", "data": {"status": 404}}', True),
        (404, b"<html>Not here</html>", True),
        (200, b"<html>A home page</html>", True),
        (503, b"<html>Busy</html>", False),
    ],
)
def test_only_a_different_answer_starts_discovery_again(status: int, body: bytes, looks_again: bool) -> None:
    reply = Reply(status=status, url="https://news.example/", headers={"content-type": "text/html"}, body=body)
    purposes = first_queries(reply, count=2)
    assert purposes[0] == "newest"
    assert (purposes[1:] == ["index"]) is looks_again


def test_site_whose_api_hides_rows_since_the_last_run_is_discovered_again() -> None:
    reply = Reply(status=404, url="https://news.example/")
    assert first_queries(reply, count=1) == ["newest"]
    assert first_queries(reply, count=1, kept=replace(SITE, doubted=True)) == ["index"]


def test_site_without_an_answer_is_not_discovered_again() -> None:
    reply = Reply(status=0, url="https://news.example/", error="timeout")
    assert first_queries(reply, count=2) == ["newest"]
