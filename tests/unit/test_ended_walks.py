"""A walk that a fault ends early: the rows that came leave with their joined objects while the site gives these."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import pytest

from newsbot.items import Checkpoint, Post
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.offered import crawl_collections
from newsbot.wordpress.options import Options
from newsbot.wordpress.receipt import SiteFacts
from tests.unit.model_site import HOME, ModelSite, Object, listen, site

PAGES = {
    "403": (403, b"<html>Forbidden</html>"),
    "503": (503, b"<html>Unavailable</html>"),
    "HTML": (200, b"<html>Hello</html>"),
}


@dataclass
class FailingListing(ModelSite):
    """From the third page of whole rows on, each such page is answered by ``page``. With ``bans`` every query is, from
    then on. ``after`` are the paths that were asked for later."""

    page: tuple[int, bytes] = PAGES["403"]
    bans: bool = False
    whole_pages: int = 0
    ended: int = 0
    after: list[str] = field(default_factory=list)

    def reply(self, query: Query) -> Reply:
        path, params = urlsplit(query.url).path, dict(parse_qsl(urlsplit(query.url).query))
        if path == "/wp-json/wp/v2/posts" and "content" in params.get("_fields", "") and "include" not in params:
            self.whole_pages += 1
        is_ended = self.whole_pages > 2
        self.after += [path] * (self.ended > 0)
        lists = path == "/wp-json/wp/v2/posts" and "include" not in params
        if is_ended and (lists or self.bans):
            self.ended += 1
            return Reply(status=self.page[0], url=query.url, body=self.page[1])
        return super().reply(query)


def crawled(model: FailingListing) -> tuple[list[Post], list[Checkpoint], str]:
    facts, here = SiteFacts(asked=HOME), site()
    here.accepts["/wp/v2/posts"] = here.accepted("/wp/v2/posts")
    options = Options(url=HOME, follow=frozenset({"author", "terms"}))
    rows, checkpoints = listen(crawl_collections(here, options, facts), model)
    return [row for row in rows if isinstance(row, Post)], checkpoints, facts.collections["post"].verdict


def ending(**more: object) -> FailingListing:
    found = {n: Object(n, n, author=1 + n % 7, tags=(20 + n % 5,)) for n in range(1, 350)}
    return FailingListing(found, users=range(1, 9), tags=range(20, 26), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("page", PAGES)
def test_rows_are_delivered_with_linked_objects_when_only_the_listing_fails(page: str) -> None:
    model = ending(page=PAGES[page])
    rows, checkpoints, verdict = crawled(model)
    assert verdict != "complete"
    assert [row.id for row in rows] == list(range(1, 201))
    assert all(row.author is not None and row.author.name for row in rows)
    assert all(tag.name for row in rows for tag in row.terms)
    assert any(checkpoint.cursor is not None for checkpoint in checkpoints), "the next run goes on after these rows"
    assert sum("/users" in path or "/tags" in path for path in model.after) <= 2


@pytest.mark.parametrize("page", ["403", "503"])
def test_site_that_stops_answering_gets_one_request_for_linked_objects(page: str) -> None:
    model = ending(page=PAGES[page], bans=True)
    rows, checkpoints, verdict = crawled(model)
    assert verdict != "complete"
    assert [row.id for row in rows] == list(range(1, 201)), "no row is lost"
    assert all(checkpoint.cursor is None for checkpoint in checkpoints), (
        "the next run brings these rows with their objects"
    )
    assert sum("/users" in path or "/tags" in path for path in model.after) == 1


def test_a_bot_check_ends_a_walk_without_a_request_for_linked_objects() -> None:
    model = ending(page=(403, b'<html><script src="/cdn-cgi/challenge-platform/x.js"></script></html>'))
    rows, checkpoints, verdict = crawled(model)
    assert verdict != "complete"
    assert [row.id for row in rows] == list(range(1, 201)), "no row is lost"
    assert all(one.cursor is None for one in checkpoints), "the next run brings these rows with their objects"
    assert not any("/users" in path or "/tags" in path for path in model.after)


@dataclass
class BlockedUsers(ModelSite):
    """A firewall answers a query for users with a page of its own. With ``bans`` it answers all later queries so."""

    bans: bool = False
    refused: int = 0

    def reply(self, query: Query) -> Reply:
        if "/users" in query.url or (self.bans and self.refused):
            self.refused += 1
            return Reply(status=403, url=query.url, body=PAGES["403"][1])
        return super().reply(query)


@pytest.mark.parametrize("bans", [False, True])
def test_ban_does_not_count_as_a_closed_route(bans: bool) -> None:
    """Rows without the objects of a closed route are complete. After a ban they are asked for again."""
    facts, here = SiteFacts(asked=HOME), site()
    here.accepts["/wp/v2/posts"] = here.accepted("/wp/v2/posts")
    model = BlockedUsers({n: Object(n, n, author=n) for n in range(1, 350)}, bans=bans)
    rows, _ = listen(crawl_collections(here, Options(url=HOME, follow=frozenset({"author"})), facts), model)
    collection = facts.collections["post"]
    assert (collection.verdict == "complete", "users_forbidden" in collection.links) == (not bans, not bans), (
        collection.why
    )
    assert len(rows) == len({row.id for row in rows})
    assert len(rows) == 349 or bans
    assert model.refused <= (3 if not bans else 40)
