"""Posts of the API whose article is on their page: how many pages are asked for, and what is reported."""

from __future__ import annotations

from typing import Any

import pytest

from newsbot.items import FeaturedImage, Post
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.pages.bodies import Bodies
from newsbot.wordpress.pages.reader import PageReader

HOME = "https://news.example"
SHELL = '<div class="et_pb_section"><div class="et_pb_row"></div></div>'
BODY = "".join(f"<p>Sentence {number} of the article that visitors read on its page.</p>" for number in range(9))


def page(number: int, body: str) -> bytes:
    return f"<html><body class='single postid-{number}'><div class='entry-content'>{body}</div></body></html>".encode()


class Site:
    """``pages``: id -> the body of its page; other pages are not there."""

    def __init__(self, pages: dict[int, str], status: int = 200, *, type_: str = "post", schema: str = "") -> None:
        self.pages, self.status, self.asked, self.told = pages, status, 0, []
        described = Query(url=f"{HOME}/wp-json/wp/v2/{type_}", purpose="options", method="OPTIONS")
        self.bodies = Bodies(reader=PageReader(type=type_, site=HOME, render="never"), schema=described)
        self.schema, self.described = schema, 0

    told: list[int]

    def complete(self, number: int, content: str | None, *, raw: dict[str, Any] | None = None, **fields: Any) -> Post:
        about = {"site": HOME, "type": "post", "url": f"{HOME}/{number}/"} | fields
        post = Post(id=number, content_html=content, **about)
        steps = self.bodies.complete(post, {"content": {}} if raw is None else raw)
        try:
            query = next(steps)
            while True:
                if query.purpose == "options":
                    self.described += 1
                    query = steps.send(Reply(status=200, url=query.url, body=self.schema.encode()))
                    continue
                self.asked += 1
                body = self.pages.get(number)
                status = 404 if body is None else self.status
                query = steps.send(Reply(status=status, url=query.url, body=page(number, body or "")))
        except StopIteration as end:
            self.told += end.value
        return post


def test_body_of_an_empty_shell_comes_from_its_page() -> None:
    site = Site({1: BODY})
    post = site.complete(1, SHELL)
    assert (post.via, "Sentence 8" in (post.content_html or ""), site.told) == ("page", True, [])


def test_page_with_no_more_text_does_not_replace_the_body() -> None:
    site = Site({1: "<p>Few.</p>"})
    content = '<div class="vc_row"><p>A few words more.</p></div>'
    post = site.complete(1, content)
    assert (post.content_html, post.via, site.told) == (content, "rest", [])


def test_shell_whose_page_fails_is_reported() -> None:
    site = Site({1: BODY}, status=500)
    site.complete(1, SHELL)
    assert site.told == [1]


def test_missing_content_is_reported_when_the_page_lacks_it() -> None:
    site = Site({})
    site.complete(1, None, raw={})
    assert site.told == [1]
    site.complete(2, None, raw={}, url=None)
    assert (site.told, site.asked, site.described) == ([1, 2], 1, 0)


@pytest.mark.parametrize(
    ("schema", "reported", "described"),
    [
        ('{"schema": {"properties": {"id": {}, "title": {}}}}', [], 1),
        ('{"schema": {"properties": {"id": {}, "content": {}}}}', [*range(1, 31)], 1),
        ("[]", [], 1),
        ("<html>", [], 1),
    ],
    ids=["no-editor", "editor", "no-schema", "no-json"],
)
def test_rows_without_content_are_reported_when_their_type_has_an_editor(
    schema: str, reported: list[int], described: int
) -> None:
    site = Site({}, type_="leaflet", schema=schema)
    for number in range(1, 31):
        site.complete(number, None, raw={})
    assert (site.told, site.described) == (reported, described)
    # Pages that bring nothing are asked for no longer.
    assert site.asked == (30 if reported else 20)


def test_rows_without_content_are_reported_after_a_row_with_content() -> None:
    site = Site({3: BODY}, type_="leaflet", schema="[]")
    for number in (1, 2, 3):
        site.complete(number, None, raw={})
    assert site.told == []
    site.complete(4, BODY)
    site.complete(5, None, raw={"content": None}, url=None)
    assert site.told == [1, 2, 5]


def test_photo_posts_do_not_cost_one_request_each() -> None:
    site = Site(dict.fromkeys(range(300), ""))
    image = FeaturedImage(id=9)
    for number in range(300):
        site.complete(number, None, image=image)
    assert (site.asked < 12, site.told) == (True, [])
    for number in range(300):
        site.complete(number, '<img src="/a.jpg">')
        site.complete(number, None, format="video")
    assert site.asked < 12


def test_skipped_posts_are_reported_after_a_page_has_an_article() -> None:
    pages = dict.fromkeys(range(1, 8), "") | dict.fromkeys(range(8, 60), BODY)
    site = Site(pages)
    for number in range(1, 60):
        site.complete(number, None)
    assert site.told
    complete = 59 - len(site.told)
    assert site.asked == complete
    assert set(site.told) >= {8, 9, 10}


def test_page_of_every_shell_is_requested_while_pages_have_articles() -> None:
    site = Site(dict.fromkeys(range(100), BODY))
    for number in range(100):
        site.complete(number, SHELL)
    assert (site.asked, site.told) == (100, [])
