"""What a check of the contract knows: the content of a site."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.newsroom.rest_client import Ask, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """``posts``: id -> local date ("2021-06-15T12:00:00") of every published post, ``modified`` the same for the date
    of change.

    ``tied`` is a local date that at least 60 posts share. The others are ids: ``forbidden_image`` is an attachment of a
    draft, ``dangling_image`` a post whose featured image is gone, ``silent_user`` a user without published posts,
    ``deleted_author`` a post of a user who is gone, ``authorless`` one with author 0.
    """

    core: str
    zone: str
    plain: bool
    posts: Mapping[int, str]
    modified: Mapping[int, str]
    media: frozenset[int]
    tied: str
    draft: int
    trashed: int
    protected: int
    zero_date: int
    empty_guid: int
    dangling_image: int
    forbidden_image: int
    silent_user: int
    deleted_author: int
    authorless: int


Check = Callable[[Ask, Truth], None]
NOBODY = 888_888_888
"""An id that no row has."""


def refused(reply: Reply, status: int, code: str) -> None:
    assert (reply.status, reply.json.get("code")) == (status, code)
    assert reply.json["data"]["status"] == status


def ids_in(reply: Reply) -> list[int]:
    assert reply.status == 200, reply.json
    return [row["id"] for row in reply.json]


def walk(ask: Ask, route: str, params: Mapping[str, str | int]) -> list[int]:
    """The ids of every page, by page number."""
    ids: list[int] = []
    for page in range(1, 1_000):
        reply = ask(route, {"per_page": 100, "_fields": "id", **params, "page": page})
        if reply.status == 400:
            refused(reply, 400, "rest_post_invalid_page_number")
            break
        found = ids_in(reply)
        ids += found
        if page >= int(reply.headers["x-wp-totalpages"]):
            break
    return ids
