"""A model of a WordPress site that changes, and crawls of the model by the real listings and the real archive."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from newsbot.archive import Archive, Feed
from newsbot.items import Checkpoint, Post
from newsbot.spiders.archive_answers import ArchiveAnswers
from newsbot.wordpress.api import Api, Collection, RouteAccepts, Site
from newsbot.wordpress.collection.crawl import CollectionCrawl
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.options import Options
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.receipt import CollectionFacts
from tests.unit.outgoing import outgoing

KEY = "https://news.example"
ROUTE = "/wp/v2/posts"
BARE = {"status": 502, "headers": {"content-type": "text/html"}, "body": b"<html>Bad gateway</html>"}
"""A page dies, and the web server answers in place of WordPress."""

PARAMS = frozenset(
    {"modified_after", "after", "before", "exclude", "include", "orderby", "order", "page", "per_page", "offset"}
)
POSTS = Collection(name="post", route=ROUTE)


def iso(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


@cache
def _parsed(text: str) -> datetime:
    return datetime.fromisoformat(text)


def ids_of(text: str) -> frozenset[int]:
    """The ids of a parameter such as ``include``."""
    return frozenset(int(number) for number in text.split(",") if number.isdigit())


@dataclass(slots=True)
class Article:
    """``local`` is the value in the column of local dates. A site that changes its time zone leaves this value
    unchanged, as well as the column of local modification dates, which were written in ``zone``."""

    date: datetime
    modified: datetime
    title: str
    status: str = "publish"
    slug: str = ""
    local: datetime = datetime(1, 1, 1, tzinfo=UTC)
    zone: timedelta = timedelta(0)
    fatal: bool = False


@dataclass
class ChangingSite:
    """Published articles by id. ``now`` is the site's clock, ``zone`` its offset from UTC.

    ``events`` happen during a crawl: the number of a request -> what happens before the site answers that request.
    """

    now: datetime = datetime(2026, 3, 1, tzinfo=UTC)
    articles: dict[int, Article] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    events: dict[int, Callable[[], None]] = field(default_factory=dict)
    zone: timedelta = timedelta(0)
    per_page: int = 100
    death: Mapping[str, Any] = field(default_factory=dict)
    """How a page with a fatal post dies: the fields of the ``Reply``. Empty: WordPress answers with its own error."""
    zero_totals: bool = False
    page_totals: bool = False
    """A plugin sends the number of rows on the page as the total."""
    soft_404: bool = False
    filtered: set[int] = field(default_factory=set)
    """A plugin takes these posts out of each list, and the site counts them."""
    filters_ids: bool = False
    """The plugin takes them out of ``include=`` too."""
    undated: bool = False
    """A theme takes the dates of change out of all rows."""
    cache: dict[str, Reply] | None = None
    """A cache in front of the site: answers by URL."""
    drops_unknown: bool = False
    """The cache drops the parameter that WordPress does not know, and tells no age of its answers."""
    clock_error: timedelta = timedelta(0)
    """By how much the ``Date`` header is ahead of the site's clock. ``fetched_at`` is always right."""
    outage: bool = False
    wall: bool = False
    newest: int = 0

    def insert(self, *, age: timedelta = timedelta(0), status: str = "publish") -> int:
        self.newest += 1
        when = self.now - age
        title, slug = f"Title {self.newest}", f"slug-{self.newest}"
        self.articles[self.newest] = Article(when, when, title, status, slug, when + self.zone, self.zone)
        return self.newest

    def edit(self, number: int, title: str) -> None:
        one = self.articles[number]
        # If the clock was set back, an edit still gets a later date than the edit before it. Otherwise the copy
        # would not be newer.
        one.title, one.modified = title, max(self.now, one.modified + timedelta(seconds=1))
        one.zone = self.zone

    def live(self) -> dict[int, Article]:
        return {n: self.articles[n] for n in sorted(self.articles) if self.articles[n].status == "publish"}

    def site(self, params: frozenset[str] = PARAMS) -> Site:
        accepts = {ROUTE: RouteAccepts(params=params, per_page=self.per_page)}
        return Site(key=KEY, api=Api(root=f"{KEY}/wp-json/"), home=KEY, accepts=accepts)

    def reply(self, query: Query) -> Reply:
        self.asked.append(query.url)
        url = re.sub(r"&_=\d+", "", query.url) if self.drops_unknown else query.url
        if self.cache is not None and url in self.cache:
            return self.cache[url]
        reply = self._reply(query)
        if self.cache is not None:
            cache_headers = {"x-cache": "HIT"} if self.drops_unknown else {"age": "600"}
            self.cache[url] = replace(reply, headers={**reply.headers, **cache_headers})
        return reply

    def _reply(self, query: Query) -> Reply:
        if (event := self.events.pop(len(self.asked), None)) is not None:
            event()
        parts = urlsplit(query.url)
        if self.outage:
            return Reply(status=0, url=query.url, error="timeout")
        if self.wall:
            return self._json(401, {"code": "rest_forbidden", "message": "no", "data": {"status": 401}})
        last = parts.path.rpartition("/")[2]
        if last.isdigit():
            return self._single(int(last))
        return self._listing(dict(parse_qsl(parts.query)))

    def _single(self, number: int) -> Reply:
        one = self.articles.get(number)
        if one is None and self.soft_404:
            return Reply(status=200, url=KEY, headers={"content-type": "text/html"}, body=b"<html>Not here</html>")
        if one is None:
            return self._json(404, {"code": "rest_post_invalid_id", "message": "no", "data": {"status": 404}})
        if one.status != "publish":
            return self._json(401, {"code": "rest_forbidden", "message": "no", "data": {"status": 401}})
        return self._json(200, {"id": number})

    def _listing(self, params: dict[str, str]) -> Reply:
        found = self._matching(params)
        size, page = int(params.get("per_page", 10)), int(params.get("page", 1))
        if params.get("orderby", "date") == "date":
            found.sort(key=lambda pair: pair[1].local)
        elif params["orderby"] == "modified":
            found.sort(key=lambda pair: pair[1].modified + pair[1].zone)
        if params.get("order", "desc") == "desc":
            found.reverse()
        first = int(params.get("offset", (page - 1) * size))
        rows = found[first : first + size]
        if "include" not in params or self.filters_ids:
            rows = [(n, one) for n, one in rows if n not in self.filtered]
        if page > 1 and not rows:
            return self._json(400, {"code": "rest_post_invalid_page_number", "message": "no", "data": {"status": 400}})
        if "content" in params.get("_fields", "content") and any(one.fatal for _, one in rows):
            if self.death:
                return Reply(**{"url": KEY, "status": 0, **self.death})
            return self._json(500, {"code": "internal_server_error", "message": "fatal", "data": {"status": 500}})
        total = 0 if self.zero_totals else len(rows) if self.page_totals else len(found)
        given = [_row(n, one) | ({"modified_gmt": None} if self.undated else {}) for n, one in rows]
        if "_fields" in params:
            wanted = params["_fields"].split(",")
            given = [{name: value for name, value in row.items() if name in wanted} for row in given]
        return self._json(200, given, total=total)

    def _matching(self, params: dict[str, str]) -> list[tuple[int, Article]]:
        """The live articles that a listing with these parameters holds, by id. Reads each parameter once."""

        def asked(name: str) -> datetime:
            # A date with a time zone is converted to the local time of today's zone. A date without one is local
            # already.
            moment = _parsed(params[name])
            return moment + self.zone if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

        live = self.live()
        found = list(live.items())
        if "include" in params:
            found = [(n, live[n]) for n in sorted(ids_of(params["include"]) & live.keys())]
        if "exclude" in params:
            excluded = ids_of(params["exclude"])
            found = [(n, one) for n, one in found if n not in excluded]
        if "after" in params:
            after = asked("after")
            found = [(n, one) for n, one in found if one.local > after]
        if "before" in params:
            before = asked("before")
            found = [(n, one) for n, one in found if one.local < before]
        if "modified_after" in params:
            modified_after = asked("modified_after")
            found = [(n, one) for n, one in found if one.modified + one.zone > modified_after]
        return found

    def _json(self, status: int, body: Any, *, total: int | None = None) -> Reply:
        headers = {
            "content-type": "application/json",
            "date": format_datetime(self.now + self.clock_error, usegmt=True),
        }
        if total is not None:
            headers["x-wp-total"] = str(total)
        now = iso(self.now) + "Z"
        return Reply(status=status, url=KEY, headers=headers, body=json.dumps(body).encode(), fetched_at=now)


def _row(number: int, one: Article) -> dict[str, Any]:
    return {
        "id": number,
        "slug": one.slug,
        "status": one.status,
        "type": "post",
        "link": f"{KEY}/{one.slug}/",
        "date": iso(one.local),
        "date_gmt": iso(one.date),
        "modified_gmt": iso(one.modified),
        "guid": {"rendered": f"{KEY}/?p={number}"},
        "title": {"rendered": one.title},
        "content": {"rendered": "text", "protected": False},
    }


def drive(talk: Generator[Any, Any, Any], model: ChangingSite, archive: Archive) -> Any:
    """Act as the driver: queries go to the model, questions to the archive. Returns what the site crawl returns."""
    answer: Any = None
    while True:
        try:
            message = talk.send(answer)
        except StopIteration as end:
            return end.value
        answer = model.reply(message) if isinstance(message, Query) else ArchiveAnswers(archive).answer(message)


class Crash(Exception):
    """Ends the run as kill -9 does."""


class Update:
    """A run over the site: the first is a whole walk, later ones are updates. It dies after ``steps`` messages or
    commits."""

    def __init__(self, folder: Path, number: int, model: ChangingSite, *, steps: int = 10**9, **options: Any) -> None:
        self.model, self.steps = model, steps
        self.archive = Archive.open(
            f"sqlite:///{folder / 'newsbot.db'}", run=f"run-{number}", clock=lambda: model.now, alive=lambda _: False
        )
        self.feed = Feed(folder / f".run-{number}.part", folder / f"run-{number}.feed")
        self.rows: list[Any] = []
        self.recovered: set[int] = set()
        self.facts = CollectionFacts(type="post")
        self.options = Options(url=KEY, follow=frozenset(), **options)

    def step(self) -> None:
        self.steps -= 1
        if self.steps <= 0:
            raise Crash

    def run(self) -> None:
        archive = self.archive
        archive.outbox.finish_renames()
        archive.runs.start("wp_posts")
        archive.outbox.enter()
        assert archive.leases.take(KEY) is None
        for row in archive.outbox.recover(KEY, "posts"):
            self.recovered.add(row.record.id)
            self.keep(row.record)
        self.model.asked.clear()
        site = self.model.site(self.params)
        queries = Queries(site=site, collection=POSTS, options=self.options)
        self.take_in(CollectionCrawl(queries=queries, facts=self.facts).run())
        self.model.events.clear()
        archive.flush()
        self.feed.part.write_text("".join(json.dumps(row) + "\n" for row in self.rows))
        archive.outbox.sealing([self.feed])
        self.step()
        self.feed.part.replace(self.feed.final)
        self.step()
        archive.outbox.delivered()

    params = PARAMS

    def take_in(self, talk: Generator[Any, Any, Any]) -> None:
        """Run a crawl as the driver does, and archive its items as the pipelines do."""
        memory = ArchiveAnswers(self.archive)

        def reply(query: Query) -> Reply:
            self.step()
            return self.model.reply(query)

        def answer(question: Any) -> Any:
            self.step()
            return memory.answer(question)

        for message in outgoing(talk, reply, answer):
            self.step()
            if isinstance(message, Checkpoint):
                self.archive.commit(message)
                continue
            assert isinstance(message, Post)
            # The result of cleaning.
            message.content_text = "text"
            if self.archive.add(message):
                self.keep(message)

    def keep(self, record: Any) -> None:
        self.rows.append([record.id, record.revision, record.change, record.title])
        self.step()


def finished(folder: Path) -> list[tuple[int, int, str, str]]:
    """Every row of every finished file."""
    lines = [line for path in folder.glob("*.feed") for line in path.read_text().splitlines()]
    return sorted(tuple(json.loads(line)) for line in lines)
