"""A WordPress in memory, for site crawls without a network: listings with ties, and refusals, as in WordPress."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from newsbot.items import Checkpoint, Record
from newsbot.spiders.archive_answers import NoArchive
from newsbot.wordpress.api import Api, Site
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.questions import SiteCrawl
from tests.unit.changing_site import ids_of
from tests.unit.outgoing import outgoing

START = datetime(2024, 1, 1)
HOME = "https://model.example"


@dataclass
class Object:
    id: int
    second: int
    hidden: bool = False
    """The site counts the row, and no listing shows it."""
    fatal: bool = False
    """A page that renders the row fails."""
    edited: str = ""
    """The time of the last edit; never by default."""
    author: int = 1
    image: int = 0
    tags: tuple[int, ...] = ()

    @property
    def date(self) -> str:
        return _iso(self.second)


@cache
def _iso(second: int) -> str:
    return (START + timedelta(seconds=second)).isoformat()


@dataclass
class ModelSite:
    """``before_reply`` is called before each answer, and may change the site during the crawl."""

    objects: dict[int, Object]
    users: Iterable[int] = (1,)
    media: Iterable[int] = ()
    tags: Iterable[int] = ()
    per_page_cap: int = 100
    silent_cap: bool = False
    refuses_exclude: bool = False
    ignores_exclude: bool = False
    total: Callable[[int], int | None] = lambda count: count
    users_closed: bool = False
    declares_images: bool = True
    linked_cap: int = 100
    """The most rows that a listing of linked objects gives, whatever ``per_page`` says."""
    before_reply: Callable[[ModelSite, dict[str, str]], None] = lambda site, params: None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    web: dict[str, str | Reply] = field(default_factory=dict)
    """What stands outside of the API: path with query -> the page or the whole reply."""
    visited: list[str] = field(default_factory=list)

    def reply(self, query: Query) -> Reply:
        if not urlsplit(query.url).path.startswith("/wp-json"):
            return self._page(query)
        params = dict(parse_qsl(urlsplit(query.url).query))
        route = urlsplit(query.url).path.removeprefix("/wp-json")
        self.before_reply(self, params)
        self.asked.append((route, params))
        status, total, data = self._answer(route, params)
        headers = {} if total is None else {"x-wp-total": str(total)}
        if total is not None and self.silent_cap:
            headers["x-wp-totalpages"] = str(-(-total // self.per_page_cap))
        return Reply(status=status, url=query.url, headers=headers, body=orjson.dumps(data), fetched_at="2026-01-01")

    def _page(self, query: Query) -> Reply:
        """What the site answers outside of its API."""
        path = query.url.removeprefix(HOME)
        self.visited.append(path)
        page = self.web.get(path)
        if page is None:
            return Reply(
                status=404, url=query.url, headers={"content-type": "text/html"}, body=b"<html>Not here</html>"
            )
        return page if isinstance(page, Reply) else Reply(status=200, url=query.url, body=page.encode())

    def _answer(self, route: str, params: dict[str, str]) -> tuple[int, int | None, Any]:
        if route == "/wp/v2/posts":
            return self._posts(params)
        if (number := route.removeprefix("/wp/v2/posts/")).isdigit():
            if int(number) in self.objects:
                return 200, None, {"id": int(number)}
            return 404, None, {"code": "rest_post_invalid_id", "message": "No.", "data": {"status": 404}}
        if route == "/wp/v2/users" and self.users_closed:
            return 401, None, {"code": "rest_user_cannot_view", "message": "No.", "data": {"status": 401}}
        known = {"/wp/v2/users": self.users, "/wp/v2/media": self.media, "/wp/v2/tags": self.tags}[route]
        ids = [i for i in known if "include" not in params or str(i) in params["include"].split(",")]
        rows = [{"id": i, "name": f"n{i}", "slug": f"s{i}", "source_url": f"{HOME}/{i}.jpg"} for i in ids]
        return 200, len(ids), rows[: min(self.linked_cap, int(params.get("per_page", 10)))]

    def _posts(self, params: dict[str, str]) -> tuple[int, int | None, Any]:
        size, page = int(params.get("per_page", "10")), int(params.get("page", "1"))
        if size > self.per_page_cap and not self.silent_cap:
            text = f"per_page must be between 1 (inclusive) and {self.per_page_cap} (inclusive)"
            data = {"status": 400, "params": {"per_page": text}}
            return 400, None, {"code": "rest_invalid_param", "message": "Invalid parameter(s): per_page", "data": data}
        if self.refuses_exclude and "exclude" in params:
            return 403, None, {"code": "blocked", "message": "no", "data": {"status": 403}}
        size = min(size, self.per_page_cap)
        found = self._ordered(self._matching(params), params)
        if page > 1 and page > -(-len(found) // size) and found:
            return 400, None, {"code": "rest_post_invalid_page_number", "message": "x", "data": {"status": 400}}
        first = int(params.get("offset", (page - 1) * size))
        rows = [one for one in found[first : first + size] if not one.hidden]
        renders = "content" in params.get("_fields", "content")
        if renders and any(one.fatal for one in rows):
            return 500, None, {"code": "internal_server_error", "message": "fatal", "data": {"status": 500}}
        return 200, self.total(len(found)), [self._row(row, params) for row in rows]

    def _ordered(self, found: list[Object], params: dict[str, str]) -> list[Object]:
        # There is no tie-break by id, as in WordPress: equal dates have a different order on every page.
        random.Random(repr(sorted(params.items()))).shuffle(found)
        by_id = params.get("orderby") in ("id", "include")
        found.sort(key=lambda one: one.id if by_id else one.second, reverse=params.get("order", "desc") == "desc")
        return found

    def _matching(self, params: dict[str, str]) -> list[Object]:
        """The rows that a listing with these parameters holds, in any order. Reads each parameter once."""
        after, before = params.get("after", "").removesuffix("Z"), params.get("before", "9").removesuffix("Z")
        excluded = ids_of("" if self.ignores_exclude else params.get("exclude", ""))
        candidates: Iterable[Object] = self.objects.values()
        if "include" in params:
            candidates = [self.objects[i] for i in sorted(ids_of(params["include"])) if i in self.objects]
        edited_after = params.get("modified_after", "").removesuffix("Z")
        return [
            candidate
            for candidate in candidates
            if after < _iso(candidate.second) < before
            and candidate.id not in excluded
            and (not edited_after or candidate.edited > edited_after)
        ]

    def _row(self, one: Object, params: dict[str, str]) -> dict[str, Any]:
        row: dict[str, Any] = {
            "id": one.id, "date": one.date, "date_gmt": one.date, "guid": {"rendered": f"{HOME}/?p={one.id}"},
            "title": {"rendered": f"Post {one.id}"}, "content": {"rendered": f"<p>{one.id}</p>", "protected": False},
            "author": one.author, "featured_media": one.image, "tags": list(one.tags),
        }  # fmt: skip
        if "_links" in params.get("_fields", "_links"):
            base = f"{HOME}/wp-json/wp/v2"
            row["_links"] = {
                "author": [{"href": f"{base}/users/{one.author}"}],
                "wp:term": [{"taxonomy": "post_tag", "href": f"{base}/tags?post={one.id}"}],
                "curies": [{"name": "wp", "href": "https://api.w.org/{rel}", "templated": True}],
            }
            if one.image and self.declares_images:
                row["_links"]["wp:featuredmedia"] = [{"href": f"{base}/media/{one.image}"}]
        return row


def site() -> Site:
    return Site(key=HOME, home=HOME, api=Api(root=f"{HOME}/wp-json/"))


def listen(talk: SiteCrawl, model: ModelSite, *, most: int = 5_000) -> tuple[list[Record], list[Checkpoint]]:
    """Run a site crawl to its end. Returns the rows and checkpoints that left it, in order."""
    records: list[Record] = []
    checkpoints: list[Checkpoint] = []
    for message in outgoing(talk, model.reply, NoArchive().answer, most=most):
        if isinstance(message, Checkpoint):
            of_type = [row for row in records if row.type == message.type]
            assert message.sequence == len(of_type), "a checkpoint counts every row of its type before it"
            checkpoints.append(message)
        else:
            records.append(message)
    return records, checkpoints
