"""A site that moves keeps its archive; a copy, and another site at its address, do not get it."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from newsbot.errors import ForeignAnswer
from newsbot.items import Post
from newsbot.wordpress.api import Api, Collection, Site
from newsbot.wordpress.collection.identity import Identity
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.moves import former_key
from newsbot.wordpress.options import Options
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import (
    AskFormer,
    AskHeld,
    AskNewSite,
    AskSite,
    AskState,
    CollectionState,
    Former,
    HeldRow,
    KeepSite,
    RenameSite,
)
from newsbot.wordpress.receipt import SiteFacts
from newsbot.wordpress.same_site import moved_here, moved_url
from newsbot.wordpress.site_crawl import crawl
from newsbot.wordpress.site_json import site_as_json

OLD, NEW = "http://www.old-paper.press", "https://new-paper.press"


def raw(number: int, home: str = NEW, **fields: Any) -> dict[str, Any]:
    return {
        "id": number, "slug": f"story-{number}", "date": f"2026-01-{number:02d}T10:00:00",
        "guid": {"rendered": f"{OLD}/?p={number}"}, "link": f"{home}/story-{number}/",
    } | fields  # fmt: skip


def held(number: int, **fields: Any) -> HeldRow:
    values: dict[str, Any] = {
        "url": f"{OLD}/story-{number}/", "guid": f"{OLD}/?p={number}", "slug": f"story-{number}",
        "date": f"2026-01-{number:02d}T10:00:00",
    }  # fmt: skip
    return HeldRow(id=number, **(values | fields))


HELD = {number: held(number) for number in range(1, 6)}


def reply(rows: Any, *, url: str = f"{OLD}/wp-json/wp/v2/posts", status: int = 200, error: str | None = None) -> Reply:
    body = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    return Reply(status=status, url=url, body=body, error=error, headers={"content-type": "application/json"})


def run(steps: Generator[Any, Any, Any], answer: Callable[[Any], Any]) -> Any:
    message = next(steps)
    while True:
        try:
            message = steps.send(answer(message))
        except StopIteration as end:
            return end.value


# Whether rows are those of a site.


@pytest.mark.parametrize(
    ("rows", "known", "same"),
    [
        ([raw(n) for n in range(1, 6)], HELD, True),
        # One slug in five was changed.
        ([raw(1, slug="renamed"), *(raw(n) for n in range(2, 6))], HELD, True),
        ([raw(1, slug="x"), raw(2, slug="y"), *(raw(n) for n in range(3, 6))], HELD, False),
        # The move rewrote the guids. The dates agree.
        ([raw(n, guid={"rendered": f"{NEW}/?p={n}"}) for n in range(1, 6)], HELD, True),
        # Another WordPress, whose first post has the same slug too.
        ([raw(1, guid={"rendered": f"{NEW}/?p=1"}, date="2020-01-01T00:00:00")], {1: held(1)}, False),
        # Two sites that were developed on localhost.
        (
            [raw(1, guid={"rendered": "http://localhost/?p=1"}, date="2020-01-01T00:00:00")],
            {1: held(1, guid="http://localhost/?p=1")},
            False,
        ),
        # One imported post in five.
        ([raw(n) for n in range(1, 6)], {1: held(1)}, False),
        ([raw(1)], {1: held(1)}, True),
        ([], HELD, False),
    ],
)
def test_moved_site_is_recognised_by_ids_guids_and_slugs(
    rows: list[dict[str, Any]], known: dict[int, HeldRow], *, same: bool
) -> None:
    assert moved_here(rows, known, former=OLD) is same


def recognise(at_old: Reply, *, former: str = OLD, known: dict[int, HeldRow] = HELD) -> tuple[str | None, list[str]]:
    """The former key of the site NEW, and the queries that it cost. ``at_old`` is the answer at the old address."""
    asked: list[str] = []
    root = f"{former}/wp-json/"

    def answer(message: Any) -> Any:
        if isinstance(message, Query):
            asked.append(message.url)
            return reply([raw(n) for n in range(1, 6)]) if message.url.startswith(f"{NEW}/wp-json") else at_old
        if isinstance(message, AskNewSite):
            return "whole"
        if isinstance(message, AskHeld):
            assert message.site == "https://other.press"
            return {}
        assert isinstance(message, AskFormer)
        assert message.rows[0] == (1, f"{OLD}/?p=1")
        return [Former(site="https://other.press", root=None, rows={}), Former(site=former, root=root, rows=known)]

    site = Site(key=NEW, home=NEW, api=Api(root=f"{NEW}/wp-json/"))
    return run(former_key(site, Options(url=NEW)), answer), asked


@pytest.mark.parametrize(
    "at_old",
    [
        reply([raw(1)], url=f"{NEW}/wp-json/wp/v2/posts?include=1"),  # it redirects
        reply(b"", status=0, error="dns"),
        reply(b"", status=0, error="refused"),
        reply({"code": "rest_no_route", "message": "", "data": {"status": 404}}, status=404),
        reply(b"<html>This domain is for sale</html>"),
        reply([raw(1, OLD, slug="hello-world", guid={"rendered": "x"}, date="2030-01-01T00:00:00")]),
        reply([]),
        reply([raw(n) for n in range(1, 6)]),  # the same WordPress answers, and calls itself NEW
    ],
)
def test_site_that_no_longer_answers_at_its_old_address_has_moved(at_old: Reply) -> None:
    former, asked = recognise(at_old)
    assert former == OLD
    assert len(asked) == 2


@pytest.mark.parametrize(
    "at_old",
    [
        reply([raw(n, OLD) for n in range(1, 6)]),
        reply({"code": "x", "message": "", "data": {"status": 401}}, status=401),
        reply(b"", status=503),
        reply(b"", status=0, error="robots"),
    ],
)
def test_copy_of_a_site_that_still_answers_is_no_move(at_old: Reply) -> None:
    assert recognise(at_old)[0] is None


def test_change_to_https_or_www_is_always_a_move() -> None:
    former, asked = recognise(reply([raw(1)]), former="http://www.new-paper.press")
    assert former == "http://www.new-paper.press"
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("former", "newest_held", "found", "cost"),
    [
        # ``limit=``: 25 rows came since, so that the 20 oldest and the held ones have no row in common.
        ("http://www.new-paper.press", range(56, 76), True, 2),
        ("http://www.new-paper.press", range(75, 76), True, 2),
        # Another WordPress was at the address.
        ("http://new-paper.press", range(200, 206), False, 3),
        # Two sites of one template share a few rows.
        (OLD, range(99, 119), False, 3),
        # The site shows a half of the rows: those of one language, or those that it did not delete.
        (OLD, range(91, 111), True, 3),
        ("http://new-paper.press", range(98, 118), True, 2),
        # Only comments are held.
        ("http://new-paper.press", (), True, 1),
        # A new domain: the newest rows find the site.
        (OLD, range(56, 76), True, 3),
        (OLD, (), False, 2),
    ],
)
def test_partly_stored_site_is_compared_by_its_stored_rows(
    former: str, newest_held: Iterable[int], cost: int, *, found: bool
) -> None:
    of_site = {n: raw(n, date=f"2026-{1 + n // 28:02d}-{1 + n % 28:02d}T10:00:00") for n in range(1, 101)}
    known = {n: held(n, guid=f"{OLD}/?p={n}", slug=f"story-{n}", date=None) for n in newest_held}
    asked: list[str] = []

    def answer(message: Any) -> Any:
        if isinstance(message, Query):
            asked.append(message.url)
            if not message.url.startswith(NEW):
                return reply(b"", status=0, error="dns")
            params = dict(parse_qsl(urlsplit(message.url).query))
            ids = [int(n) for n in params["include"].split(",")] if "include" in params else list(of_site)
            ids = ids if params.get("order") == "asc" or "include" in params else ids[::-1]
            return reply([of_site[n] for n in ids if n in of_site][: int(params["per_page"])])
        if isinstance(message, AskNewSite):
            return "parts"
        if isinstance(message, AskHeld):
            assert message.site == former
            return known
        assert isinstance(message, AskFormer)
        numbers = {number for number, _ in message.rows}
        near = former != OLD
        shared = {n: row for n, row in known.items() if n in numbers}
        return [Former(site=former, root=f"{former}/wp-json/", rows=shared)] if near or shared else []

    site = Site(key=NEW, home=NEW, api=Api(root=f"{NEW}/wp-json/"))
    assert run(former_key(site, Options(url=NEW)), answer) == (former if found else None)
    assert len(asked) == cost


def test_site_in_a_folder_that_still_answers_is_no_move_to_the_folder_above() -> None:
    blog = f"{NEW}/blog"
    at_old = reply([raw(n, blog) for n in range(1, 6)], url=f"{blog}/wp-json/wp/v2/posts")
    assert recognise(at_old, former=blog)[0] is None
    assert recognise(reply([raw(n) for n in range(1, 6)], url=f"{NEW}/wp-json/wp/v2/posts"), former=blog)[0] == blog


@pytest.mark.parametrize("kind", ["comments", "terms", "users", "media"])
def test_sites_are_compared_for_every_kind_of_rows(kind: str) -> None:
    site = Site(key=NEW, home=NEW, api=Api(root=f"{NEW}/wp-json/"))
    former = Former(site="http://new-paper.press", root=None, rows={})
    answers = {AskNewSite: "whole", AskFormer: [former], Query: reply([raw(1)]), AskHeld: {}}
    options = Options(url=NEW, kind=kind, types=())
    assert run(former_key(site, options), lambda message: answers[type(message)]) == former.site


def test_archive_without_other_sites_costs_no_request() -> None:
    site = Site(key=NEW, home=NEW, api=Api(root=f"{NEW}/wp-json/"))
    assert run(former_key(site, Options(url=NEW)), {AskNewSite(site=NEW): None}.__getitem__) is None


@pytest.mark.parametrize(
    ("url", "moved"),
    [
        ("http://www.Old-Paper.press/A-story/?x=1", f"{NEW}/A-story/?x=1"),
        ("https://old-paper.press", NEW),
        ("https://old-paper.pressing/a/", "https://old-paper.pressing/a/"),
        ("https://elsewhere.press/a/", "https://elsewhere.press/a/"),
    ],
)
def test_url_of_a_moved_site_gets_the_new_address(url: str, moved: str) -> None:
    assert moved_url(url, old=OLD, new=NEW) == moved


def post(number: int, site: str = OLD, **fields: Any) -> Post:
    values = {
        "title": f"Title {number}", "slug": f"story-{number}", "guid": f"{OLD}/?p={number}",
        "url": f"{site}/story-{number}/",
    } | fields  # fmt: skip
    return Post(site=site, type="post", id=number, published_local=f"2026-01-0{number}T10:00:00", **values)


# The crawl of a site.


def kept_site() -> dict[str, Any]:
    return site_as_json(Site(key=OLD, home=OLD, api=Api(root=f"{OLD}/wp-json/"), types={"post": "/wp/v2/posts"}))


def test_site_whose_old_address_redirects_is_found_and_renamed() -> None:
    index = {"name": "Paper", "home": NEW, "url": NEW, "namespaces": ["wp/v2"], "routes": {}}
    sent: list[Any] = []

    def answer(message: Any) -> Any:
        if isinstance(message, AskSite):
            return kept_site()
        if isinstance(message, AskState):
            return CollectionState(whole=message.site == OLD, watermark="2026-02-01T00:00:00Z", live=5)
        if isinstance(message, Query):
            path = message.url.partition("/wp-json/")[2]
            if message.purpose in ("index", "discover"):
                return reply(index, url=f"{NEW}/wp-json/")
            return reply([raw(n) for n in range(1, 6)], url=f"{NEW}/wp-json/{path}")
        sent.append(message)
        if isinstance(message, AskNewSite):
            return "whole"
        if isinstance(message, AskFormer):
            return [Former(site=OLD, root=f"{OLD}/wp-json/", rows=HELD)]
        return None

    facts = SiteFacts(asked="www.old-paper.press")
    steps = crawl(Options(url="www.old-paper.press"), facts)
    message = next(steps)
    while not isinstance(message, KeepSite):
        message = steps.send(answer(message))
    assert sent[-1] == RenameSite(old=OLD, new=NEW)
    assert (facts.site, facts.moved_from) == (NEW, OLD)


def test_crawl_of_a_site_that_another_run_crawls_ends_as_busy() -> None:
    facts = SiteFacts(asked=NEW)
    index = {"name": "Paper", "home": NEW, "url": NEW, "namespaces": ["wp/v2"], "routes": {}}

    def answer(message: Any) -> Any:
        if isinstance(message, Query):
            return reply(index, url=f"{NEW}/wp-json/") if message.purpose == "index" else reply([raw(1)])
        answers = {AskNewSite: "whole", AskFormer: [Former(site=OLD, root=None, rows=HELD)], RenameSite: "busy: run x"}
        return answers.get(type(message))

    run(crawl(Options(url=NEW), facts), answer)
    assert (facts.verdict, facts.why, facts.moved_from) == ("incomplete", "busy: run x", None)


# Rows of another site.


def check(
    *pages: list[dict[str, Any]], live: int = 0, known: dict[int, HeldRow] | None = None,
    given: list[list[dict[str, Any]]] | None = None, kind: str = "posts",
) -> int:  # fmt: skip
    """Check pages of the site NEW. Returns the queries that it cost; ``given`` are the answers to them."""
    site = Site(key=NEW, home=NEW, api=Api(root=f"{NEW}/wp-json/"))
    queries = Queries(
        site=site, collection=Collection(name="post", route="/wp/v2/posts"), options=Options(url=NEW, kind=kind)
    )
    identity = Identity(queries=queries, live=live)
    answers = iter(given or [])
    asked = 0

    def answer(message: Any) -> Any:
        nonlocal asked
        if isinstance(message, AskHeld):
            return known or {}
        asked += 1
        return reply(next(answers))

    for page in pages:
        run(chain(identity.check(page)), answer)
    return asked


def chain(steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """A generator that yields at least once."""
    yield AskHeld(site=NEW, type="post", ids=())
    return (yield from steps)


def own(number: int, **fields: Any) -> dict[str, Any]:
    return raw(number, guid={"rendered": f"{NEW}/?p={number}"}, **fields)


FRONT = [raw(n, "https://front.press", guid={"rendered": f"https://front.press/?p={n}"}) for n in range(1, 6)]
ELSEWHERE = [own(1, link="https://elsewhere.press/x"), own(2)]
NEW_BLOG = [own(n, slug=f"blog-{n}", date=f"2030-01-0{n}T00:00:00") for n in range(1, 4)]


@pytest.mark.parametrize(
    ("pages", "options", "queries"),
    [
        ([[own(1), own(2)]], {}, 0),
        ([[own(1), own(2)]], {"live": 5, "known": HELD}, 0),
        ([[own(1, link="http://www.new-paper.press/?p=1")]], {}, 0),
        ([ELSEWHERE], {}, 0),  # links to articles elsewhere, with guids of the site
        ([[raw(n, "https://front.press", guid={"rendered": f"{NEW}/?p={n}"}) for n in (1, 2)]], {}, 0),
        ([FRONT, FRONT], {"given": [FRONT, FRONT]}, 2),  # a front end that all links and guids name
        ([FRONT], {"live": 5, "known": {1: held(1, url="https://front.press/story-1/", guid=None)}}, 0),
        ([[own(9)]], {"live": 5, "known": HELD}, 0),  # a new post
        ([[own(1, slug="renamed", date="2026-05-01T00:00:00"), own(2), own(3)]], {"live": 5, "known": HELD}, 0),
        # Old drafts that were published: the known rows are still there.
        ([[own(1), own(2), own(3)]], {"live": 5, "known": {9: held(9)}, "given": [[raw(9)]]}, 1),
        ([[own(1, slug="renamed", date="2026-05-01T00:00:00")]], {"live": 1, "known": {1: held(1)}}, 0),
        # The site ignores ``include``.
        ([[own(1), own(2), own(3)]], {"live": 5, "known": {9: held(9)}, "given": [[own(3), own(2)]]}, 1),
        # The site names other addresses now, but it is the same site.
        ([FRONT], {"live": 5, "known": HELD, "given": [FRONT, FRONT]}, 2),
    ],
)
def test_rows_of_the_same_site_are_accepted(pages: list[Any], options: dict[str, Any], queries: int) -> None:
    assert check(*pages, **options) == queries


@pytest.mark.parametrize(
    ("pages", "options", "reason"),
    [
        ([NEW_BLOG], {"live": 5, "known": HELD, "given": [NEW_BLOG]}, "another WordPress .* 0 of 5 known rows agree"),
        ([NEW_BLOG], {"live": 9, "known": {9: held(9)}, "given": [[]]}, "another WordPress"),
        ([FRONT], {"live": 9, "known": {9: held(9)}, "given": [[]]}, r"its rows link to front\.press"),
        ([[own(1)], FRONT], {"given": [[]]}, r"answer of another site came: it links to front\.press \(ids 1, 2"),
        ([[own(1)], FRONT], {"given": [[own(n) for n in range(1, 6)]]}, "answer of another site"),
        ([[own(1)], FRONT], {"given": [FRONT, []]}, "answer of another site"),
    ],
)
def test_rows_of_another_site_are_refused(pages: list[Any], options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ForeignAnswer, match=reason):
        check(*pages, **options)
