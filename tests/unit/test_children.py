"""Replies, attachments and revisions of posts: fetched whole in few requests, with every failure reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest

from newsbot.items import Post
from newsbot.wordpress.joins.children import ChildrenFetcher
from newsbot.wordpress.joins.relations import Relation
from newsbot.wordpress.messages import Reply
from tests.unit.model_site import site

REPLIES = Relation(rel="replies", route="/wp/v2/comments", param="post")
REVISIONS = Relation(rel="version-history", route="/wp/v2/posts/{id}/revisions", param=None)
Answer = tuple[int, Any, int | None]
Ask = Callable[[dict[str, str]], Answer]


def refusal(status: int, **params: str) -> Answer:
    return status, {"code": "no", "message": "No.", "data": {"status": status, "params": params}}, None


def comments(posts: dict[int, int], *, cap: int = 100) -> Ask:
    """A site with this many comments on each post. It gives ``cap`` rows a page, whatever ``per_page`` says."""
    rows = [{"id": post * 1_000 + n, "post": post} for post, count in posts.items() for n in range(count)]

    def ask(params: dict[str, str]) -> Answer:
        chosen = [row for row in rows if "post" not in params or str(row["post"]) in params["post"].split(",")]
        size, page = min(cap, int(params["per_page"])), int(params.get("page", "1"))
        return 200, chosen[(page - 1) * size : page * size], len(chosen)

    return ask


def fetch_replies(
    count: int, ask: Ask, *, times: int = 1, name: str = "replies", relation: Relation = REPLIES
) -> tuple[list[Any], ChildrenFetcher, int]:
    """The children of the posts 1 to ``count``, their fetcher, and the number of requests."""
    fetcher, asked, got = ChildrenFetcher(site=site(), stats=Counter()), 0, []
    for _ in range(times):
        posts = [Post(site="s", type="post", id=number) for number in range(1, count + 1)]
        fetching, reply = fetcher.fetch(name, relation, posts), None
        while True:
            try:
                query = fetching.send(reply)  # type: ignore[arg-type]
            except StopIteration:
                break
            asked += 1
            status, data, total = ask(dict(parse_qsl(urlsplit(query.url).query)))
            headers = {} if total is None else {"x-wp-total": str(total)}
            reply = Reply(status=status, url=query.url, headers=headers, body=orjson.dumps(data))
        got += [None if post.linked[name] is None else len(post.linked[name]) for post in posts]
    return got, fetcher, asked


@pytest.mark.parametrize("cap", [100, 10])
def test_replies_of_many_posts_come_completely_with_any_forced_page_size(cap: int) -> None:
    there = {1: 3, 2: 0, 3: 140}
    got, fetcher, asked = fetch_replies(3, comments(there, cap=cap))
    assert (got, fetcher.failed, asked) == ([3, 0, 140], [], -(-143 // cap))


def test_page_size_that_a_site_demands_is_learnt_once() -> None:
    there = comments({1: 30})

    def ask(params: dict[str, str]) -> Answer:
        return refusal(400, per_page="between 1 and 20") if int(params["per_page"]) > 20 else there(params)

    got, _, asked = fetch_replies(1, ask, times=2)
    assert (got, asked) == ([30, 30], 5)


def test_forbidden_replies_of_one_post_do_not_affect_the_others() -> None:
    there = comments(dict.fromkeys(range(1, 101), 1))

    def ask(params: dict[str, str]) -> Answer:
        return refusal(401) if "77" in params.get("post", "").split(",") else there(params)

    got, fetcher, asked = fetch_replies(100, ask)
    assert (got.count(1), got[76], fetcher.failed) == (99, None, [])
    assert (fetcher.stats, asked <= 16) == ({"replies_refused": 1}, True)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_replies_that_no_visitor_may_read_cost_two_requests_in_all(status: int) -> None:
    got, fetcher, asked = fetch_replies(100, lambda _: refusal(status), times=3)
    assert (set(got), fetcher.failed, fetcher.stats, asked) == ({None}, [], {"replies_closed": 1}, 2)


def test_replies_that_fail_are_reported_after_few_requests() -> None:
    got, fetcher, asked = fetch_replies(100, lambda _: (502, "<html>", None), times=5)
    assert (set(got), sorted(set(fetcher.failed)), asked < 30) == ({None}, list(range(1, 101)), True)


@pytest.mark.parametrize("totals", [True, False])
@pytest.mark.parametrize(("there", "cap"), [(0, 100), (99, 100), (100, 100), (101, 100), (250, 100), (45, 10)])
def test_revisions_of_a_post_come_completely(there: int, cap: int, *, totals: bool) -> None:
    def ask(params: dict[str, str]) -> Answer:
        size, page = min(cap, int(params["per_page"])), int(params.get("page", "1"))
        rows = [{"id": number, "author": 1} for number in range(1, there + 1)][(page - 1) * size : page * size]
        if page > 1 and not rows:
            return refusal(400)
        return 200, rows, there if totals else None

    got, fetcher, _ = fetch_replies(1, ask, name="revisions", relation=REVISIONS)
    assert (got, fetcher.failed) == ([there], [])


def test_revisions_come_completely_from_a_route_that_ignores_pages() -> None:
    rows = [{"id": number, "author": 1} for number in range(1, 121)]
    got, fetcher, asked = fetch_replies(2, lambda _: (200, rows, None), name="revisions", relation=REVISIONS)
    assert (got, fetcher.failed, asked) == ([120, 120], [], 4)


def test_endless_revisions_are_detected_once_and_reported() -> None:
    def ask(params: dict[str, str]) -> Answer:
        first = int(params["page"]) * 100
        return 200, [{"id": number, "author": 1} for number in range(first, first + 100)], None

    got, fetcher, asked = fetch_replies(9, ask, name="revisions", relation=REVISIONS)
    assert (set(got), fetcher.failed, asked) == ({None}, list(range(1, 10)), 51)
