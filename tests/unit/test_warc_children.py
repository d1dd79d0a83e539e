"""The comments of posts are found again, although the records of posts and of comments end at different rows."""

from __future__ import annotations

import orjson
import pytest

from newsbot.export.warc_answers import WarcAnswers
from newsbot.export.warc_children import fill_children
from newsbot.items import Post
from newsbot.wordpress.api import Api, Site
from newsbot.wordpress.joins.relations import Relation
from newsbot.wordpress.messages import Reply

SITE = Site(key="https://news.example", api=Api(root="https://news.example/wp-json/"), home="https://news.example/")
REPLIES = Relation(rel="replies", route="/wp/v2/comments", param="post")
FIELDS = "id,post,parent,author,author_name,author_url,date,date_gmt,content,link"


def asked(*ids: int, size: int = 100) -> str:
    params: dict[str, str | int | list[int]] = {
        "page": 1,
        "per_page": size,
        "_fields": FIELDS,
        "post": list(ids),
        "orderby": "id",
        "order": "asc",
    }
    return SITE.api.url(REPLIES.route, params)


def given(*posts: int) -> tuple[int, bytes]:
    """The answer that has one comment for each of these posts."""
    return 200, orjson.dumps(
        [{"id": 100 + post_id, "post": post_id, "content": {"rendered": "<p>No.</p>"}} for post_id in posts]
    )


@pytest.mark.parametrize(
    ("recorded", "have", "lacking"),
    [
        ({asked(2, 3): given(2, 3)}, {2: 1, 3: 1}, {1, 4}),
        (
            {asked(1, 2, 3, 4): (403, b"{}"), asked(1, 2): given(2), asked(3, 4): (403, b"{}"), asked(3): given(3)}
            | {asked(4): (403, b"{}")},
            {1: 0, 2: 1, 3: 1},
            set(),
        ),
        ({asked(1, 2, 3, 4): (403, b"{}"), asked(3, 4): given(4)}, {3: 0, 4: 1}, {1, 2}),
        ({asked(1, 2, 3, 4): (400, b"{}"), asked(1, 2, 3, 4, size=50): given(1)}, {1: 1, 2: 0, 3: 0, 4: 0}, set()),
        ({asked(1, 2, 3, 4, 5): given(5)}, {}, {1, 2, 3, 4}),
    ],
    ids=["two of them came before", "a post refuses", "a record is gone", "smaller pages", "other posts"],
)
def test_children_of_a_post_come_from_the_smallest_request_that_names_it(
    monkeypatch: pytest.MonkeyPatch, recorded: dict[str, tuple[int, bytes]], have: dict[int, int], lacking: set[int]
) -> None:
    answers = WarcAnswers()
    replies = {
        url: Reply(status=status, url=url, body=body, headers={"x-wp-total": str(body.count(b"rendered"))})
        for url, (status, body) in recorded.items()
    }
    answers.urls.update({url: [] for url in replies})
    monkeypatch.setattr(WarcAnswers, "find", lambda _, url: replies.get(url))
    posts = [Post(site=SITE.key, type="post", id=one) for one in (1, 2, 3, 4)]
    assert fill_children(answers, SITE, "replies", REPLIES, posts) == lacking
    found = {post.id: post.linked["replies"] for post in posts}
    assert {one: len(replies) for one, replies in found.items() if replies is not None} == have
