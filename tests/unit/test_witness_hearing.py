"""Crawls of a model site with a sitemap, a feed and pages: what they list and the API does not show."""

from __future__ import annotations

import gzip
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsbot.archive import Archive
from newsbot.archive.archive import Clock, utc_now
from newsbot.items import Checkpoint, Post, Record
from newsbot.spiders.archive_answers import ArchiveAnswers
from newsbot.wordpress.api import Site
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.offered import crawl_collections
from newsbot.wordpress.options import Options
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts
from tests.unit.model_site import HOME, ModelSite, Object, listen
from tests.unit.outgoing import outgoing
from tests.unit.test_languages import site_of

INDEX = "/wp-sitemap.xml"
LIST = "/wp-sitemap-posts-post-1.xml"


@dataclass
class ListedSite(ModelSite):
    """``by_slug`` are ids that only a query by slug shows, ``unseen`` those that no query shows. ``folder`` stands in
    the permalinks before the slug."""

    folder: str = ""
    by_slug: frozenset[int] = frozenset()
    unseen: frozenset[int] = frozenset()

    def _answer(self, route: str, params: dict[str, str]) -> tuple[int, int | None, Any]:
        if route == "/wp/v2/types":
            return 200, None, {"post": {"rest_base": "posts"}}
        if route in ("/wp/v2/pages", "/wp/v2/categories", "/wp/v2/tags") and "slug" in params:
            return 200, 0, []
        return super()._answer(route, params)

    def _matching(self, params: dict[str, str]) -> list[Object]:
        found = [row for row in super()._matching(params) if row.id not in self.unseen]
        if "slug" not in params:
            return [one for one in found if one.id not in self.by_slug]
        slugs = params["slug"].split(",")
        return [one for one in found if f"post-{one.id}" in slugs]

    def _row(self, one: Object, params: dict[str, str]) -> dict[str, Any]:
        return super()._row(one, params) | {"slug": f"post-{one.id}", "link": f"{HOME}{self.folder}/post-{one.id}/"}


def slugged() -> Site:
    """A site that declares the parameter ``slug``, as WordPress does."""
    site = site_of(takes=False)
    site.accepts = {
        route: replace(accepts, params=accepts.params | {"slug"}) for route, accepts in site.accepts.items()
    }
    return site


def urlset(urls: Iterable[str]) -> str:
    return f"<urlset>{''.join(f'<url><loc>{HOME}{url}</loc></url>' for url in urls)}</urlset>"


def index(*names: str) -> str:
    return f"<sitemapindex>{''.join(f'<sitemap><loc>{HOME}{name}</loc></sitemap>' for name in names)}</sitemapindex>"


def page(number: int, *, body: str = "The article.", type_: str = "post") -> str:
    head = f"<html><body class='single single-{type_} postid-{number}'><h1 class='entry-title'>Title {number}</h1>"
    return f"{head}<div class='entry-content'><p>{body}</p></div></body></html>"


def listed_site(count: int = 30, *, listed: Iterable[str] | None = None, **fields: Any) -> ListedSite:
    model = ListedSite({number: Object(number, 60 * number) for number in range(1, count + 1)}, **fields)
    urls = [f"/post-{number}/" for number in model.objects] if listed is None else listed
    model.web |= {INDEX: index(LIST), LIST: urlset(urls)}
    return model


def crawled(model: ListedSite, site: Site | None = None, **options: Any) -> tuple[list[Record], CollectionFacts]:
    facts = SiteFacts(asked=HOME)
    chosen = Options(url=HOME, **({"follow": frozenset()} | options))
    rows, _ = listen(crawl_collections(site or slugged(), chosen, facts), model)
    return rows, facts.collections["post"]


def ids(rows: Iterable[Record]) -> list[int]:
    return sorted(row.id for row in rows)


def test_matching_sitemap_is_in_the_receipt() -> None:
    rows, facts = crawled(model := listed_site())
    assert (ids(rows), facts.verdict) == (list(range(1, 31)), "complete")
    assert facts.witnesses == {"sitemap": {"lists": 1, "read": 1, "listed": 30, "lacking": 0}}
    assert model.visited == ["/robots.txt", INDEX, LIST]


def test_site_without_a_sitemap_is_complete_with_a_note() -> None:
    model = listed_site()
    model.web.clear()
    _, facts = crawled(model)
    assert facts.verdict == "complete"
    assert facts.witnesses["sitemap"] == {"why": "the site has no sitemap"}


def test_posts_that_only_a_query_by_slug_shows_are_delivered() -> None:
    model = listed_site(by_slug=frozenset({5, 6, 7}))
    rows, facts = crawled(model)
    assert (ids(rows), facts.verdict, facts.live) == (list(range(1, 31)), "complete", 30)
    assert facts.witnesses["sitemap"]["slug"] == 3
    assert facts.why == "all 27 listed came; 3 more came, since the sitemap or the feed lists them"


def test_posts_that_no_query_shows_come_from_their_pages() -> None:
    model = listed_site(unseen=frozenset({5, 6}))
    model.web |= {"/post-5/": page(5), "/post-6/": page(6)}
    rows, facts = crawled(model)
    assert (ids(rows), facts.verdict) == (list(range(1, 31)), "complete")
    assert [row.via for row in rows if isinstance(row, Post) and row.id in (5, 6)] == ["page", "page"]
    assert facts.via == {"page": 2}


def test_post_that_cannot_be_read_is_named() -> None:
    model = listed_site(unseen=frozenset({5}))
    model.web["/post-5/"] = Reply(status=500, url=f"{HOME}/post-5/")
    _, facts = crawled(model)
    assert (facts.verdict, facts.missing_urls) == ("incomplete", {f"{HOME}/post-5/": "HTTP 500"})
    assert facts.why == f"1 listed by the site and not shown by its API: {HOME}/post-5/ (HTTP 500)"


@pytest.mark.parametrize("types", [("post",), ("all",)])
def test_hidden_posts_whose_pages_show_no_article_are_missing(types: tuple[str, ...]) -> None:
    model = listed_site(3, unseen=frozenset({1, 2, 3}))
    bare = "<html><body class='single single-post postid-{id}'><div id='root'></div></body></html>"
    model.web |= {f"/post-{number}/": bare.format(id=number) for number in (1, 2, 3)}
    rows, facts = crawled(model, types=types)
    assert (rows, facts.verdict, len(facts.missing_urls)) == ([], "incomplete", 3)


def redirect(path: str) -> Reply:
    return Reply(status=200, url=f"{HOME}{path}", body=b"<html><body>Home</body></html>")


@pytest.mark.parametrize(
    ("listed", "web"),
    [
        (["/gone/"], {}),
        (["/gone/"], {"/gone/": Reply(status=410, url=f"{HOME}/gone/")}),
        (["/gone/"], {"/gone/": redirect("/")}),
        (["/old-slug/"], {"/old-slug/": redirect("/post-3/")}),
        (["/2020/01/post-3/"], {}),
        (["/members/"], {"/members/": Reply(status=403, url=f"{HOME}/members/")}),
        (["/about/"], {"/about/": page(400, type_="page")}),
        (["/fr/poste-3/"], {"/fr/poste-3/": page(3)}),
        (["/", "/page/2/", "/feed/", "/category/news/", "/wp-content/uploads/a.jpg"], {}),
        (["/?p=3"], {}),
        (["/blog/"], {"/blog/": "<html><body class='blog archive'><article>x</article></body></html>"}),
        (["/else/"], {"/else/": Reply(status=200, url="https://other.example/else/", body=page(9).encode())}),
    ],
)
def test_healthy_site_raises_no_false_alarm(listed: list[str], web: dict[str, str | Reply]) -> None:
    model = listed_site(listed=[*(f"/post-{number}/" for number in range(1, 31)), *listed])
    model.web |= web
    rows, facts = crawled(model)
    assert (ids(rows), facts.verdict, facts.missing_urls) == (list(range(1, 31)), "complete", {})


def test_posts_published_after_the_walk_are_no_difference() -> None:
    model = listed_site(listed=[f"/post-{number}/" for number in range(1, 32)])

    def publish(site: ModelSite, params: dict[str, str]) -> None:
        if "slug" in params:
            site.objects[31] = Object(31, second=86_400 * 900)

    model.before_reply = publish
    rows, facts = crawled(model)
    assert (ids(rows), facts.verdict) == (list(range(1, 32)), "complete")


def test_gzip_sitemaps_and_an_index_that_lists_itself_are_read() -> None:
    model = listed_site(unseen=frozenset({5}))
    lists = urlset(f"/post-{number}/" for number in model.objects).encode()
    packed = "/wp-sitemap-posts-post-1.xml.gz"
    model.web[INDEX] = index(INDEX, packed)
    model.web[packed] = Reply(status=200, url=f"{HOME}{packed}", body=gzip.compress(lists))
    model.web["/post-5/"] = page(5)
    rows, _ = crawled(model)
    assert ids(rows) == list(range(1, 31))


def test_robots_txt_names_the_sitemap_by_its_path() -> None:
    model = listed_site(unseen=frozenset({5}))
    model.web["/robots.txt"] = "User-agent: *\nSitemap: /maps/all.xml\n"
    model.web["/maps/all.xml"] = model.web.pop(INDEX)
    model.web["/post-5/"] = page(5)
    rows, _ = crawled(model)
    assert ids(rows) == list(range(1, 31))


def test_sitemap_of_all_kinds_of_pages_costs_few_requests() -> None:
    model = listed_site(listed=[])
    pages = [f"/page-{number}/" for number in range(300)]
    del model.web[INDEX], model.web[LIST]
    model.web["/sitemap.xml"] = urlset([*(f"/post-{number}/" for number in model.objects), *pages])
    model.web |= {url: page(1000 + number, type_="page") for number, url in enumerate(pages)}
    _, facts = crawled(model)
    assert facts.verdict == "complete"
    assert facts.witnesses["sitemap"]["unasked"] > 0
    assert len(model.visited) < 60


def test_sitemaps_of_other_types_are_not_read() -> None:
    model = listed_site()
    model.web[INDEX] = index(LIST, "/wp-sitemap-posts-page-1.xml", "/wp-sitemap-taxonomies-category-1.xml")
    crawled(model)
    assert "/wp-sitemap-posts-page-1.xml" not in model.visited


def test_sitemap_without_further_posts_explains_the_count_of_the_site() -> None:
    hidden = Object(31, second=60 * 31, hidden=True)
    for listed, verdict in (([], "incomplete"), ([f"/post-{number}/" for number in range(1, 31)], "complete")):
        model = listed_site(listed=listed)
        model.objects[31] = hidden
        rows, facts = crawled(model)
        assert (len(rows), facts.verdict) == (30, verdict), facts.why


def test_crawl_of_a_window_requests_no_sitemap() -> None:
    model = listed_site()
    _, facts = crawled(model, limit=5)
    assert (facts.witnesses, model.visited) == ({}, [])


def test_part_of_the_sitemaps_of_a_large_site_is_read_until_one_differs() -> None:
    model = listed_site(300)
    names = [f"/wp-sitemap-posts-post-{number}.xml" for number in range(1, 31)]
    model.web[INDEX] = index(*names)
    for number, name in enumerate(names):
        model.web[name] = urlset(f"/post-{n}/" for n in range(10 * number + 1, 10 * number + 11))
    _, facts = crawled(model)
    assert facts.witnesses["sitemap"] == {"lists": 30, "read": 2, "listed": 20, "lacking": 0}
    model.by_slug = frozenset(range(250, 301)) | {7}
    rows, facts = crawled(model)
    assert (facts.witnesses["sitemap"]["read"], len(rows), facts.verdict) == (30, 300, "complete")


def test_types_that_only_the_sitemap_names_come_from_their_pages() -> None:
    model = listed_site()
    model.web[INDEX] = index(LIST, "/wp-sitemap-posts-story-1.xml", "/wp-sitemap-posts-elementor_library-1.xml")
    model.web["/wp-sitemap-posts-story-1.xml"] = urlset(["/story/a/", "/story/b/"])
    model.web |= {"/story/a/": page(901, type_="story"), "/story/b/": page(902, type_="story")}
    facts = SiteFacts(asked=HOME)
    rows, _ = listen(crawl_collections(slugged(), Options(url=HOME, types=("all",), follow=frozenset()), facts), model)
    assert ids(rows) == [*range(1, 31), 901, 902]
    assert {row.type for row in rows} == {"post", "story"}
    assert (sorted(facts.collections), facts.verdict) == (["post", "story"], "complete")


def run(
    folder: Path,
    model: ListedSite,
    name: str,
    *,
    site: Site | None = None,
    dropped: Container[int] = (),
    clock: Clock = utc_now,
    **options: Any,
) -> tuple[list[Record], CollectionFacts]:
    """A run with an archive. A pipeline of the user drops the rows with ``dropped`` ids."""
    archive = Archive.open(f"sqlite:///{folder / 'a.db'}", run=name, clock=clock, alive=lambda _: False)
    archive.runs.start("wp_posts")
    facts, rows = SiteFacts(asked=HOME), []
    chosen = Options(url=HOME, follow=frozenset(), **options)
    talk = crawl_collections(site or slugged(), chosen, facts)
    for message in outgoing(talk, model.reply, ArchiveAnswers(archive).answer):
        if isinstance(message, Checkpoint):
            archive.commit(message)
        elif message.id in dropped:
            archive.count_dropped(message)
        elif archive.add(message):
            rows.append(message)
    archive.close()
    return rows, facts.collections["post"]


def noon_of(day: int) -> Clock:
    """The time of a run chooses the fields of its listing. At one second of the clock all runs would step alike."""
    return lambda: datetime(2026, 1, day, 12, tzinfo=UTC)


def test_rows_found_by_a_sitemap_are_updated_and_deleted(tmp_path: Path) -> None:
    model = listed_site(by_slug=frozenset({5}), unseen=frozenset({6, 7}))
    model.web |= {"/post-6/": page(6), "/post-7/": page(7)}
    first, _ = run(tmp_path, model, "1")
    assert ids(first) == list(range(1, 31))
    update, facts = run(tmp_path, model, "2")
    assert (update, facts.mode, facts.verdict, facts.live) == ([], "update", "complete", 30), facts.why
    del model.web["/post-6/"]
    model.web["/post-7/"] = page(7).replace("Title 7", "Another title")
    lines = [
        f"<url><loc>{HOME}/post-{n}/</loc><lastmod>2026-09-01T00:00:00+00:00</lastmod></url>" for n in range(7, 31)
    ]
    lines += [f"<url><loc>{HOME}/post-{n}/</loc></url>" for n in range(1, 6)]
    model.web[LIST] = f"<urlset>{''.join(lines)}</urlset>"
    swept, facts = run(tmp_path, model, "3", sweep=True)
    assert [(row.id, row.change) for row in swept] == [(6, "deleted"), (7, "edited")]
    assert (facts.verdict, facts.live) == ("complete", 29), facts.why


def addresses(rows: Iterable[Record]) -> dict[int, tuple[str | None, str | None]]:
    return {row.id: (row.change, row.url) for row in rows if isinstance(row, Post)}


def test_rows_are_delivered_again_when_the_site_changes_its_permalinks(tmp_path: Path) -> None:
    model = listed_site()
    run(tmp_path, model, "1")
    model.folder = "/news"
    model.web[LIST] = urlset(f"/news/post-{number}/" for number in model.objects)
    rows, facts = run(tmp_path, model, "2", sweep=True)
    edited = {number: ("edited", f"{HOME}/news/post-{number}/") for number in range(1, 31)}
    assert (addresses(rows), facts.verdict, facts.live) == (edited, "complete", 30), facts.why
    assert facts.why.endswith("; 30 came again with a new address")
    assert facts.witnesses["sitemap"] == {"lists": 1, "read": 1, "listed": 30, "lacking": 30, "known": 30} | {
        "readdressed": 30
    }
    rows, facts = run(tmp_path, model, "3", sweep=True)
    assert (rows, facts.witnesses["sitemap"]["lacking"]) == ([], 0)


@pytest.mark.parametrize("count", [8, 30, 250, 700])
def test_new_permalinks_are_found_without_a_sitemap_and_a_feed(tmp_path: Path, count: int) -> None:
    model = dated_site(count)
    model.web.clear()
    first, _ = run(tmp_path, model, "1", site=(site := addressed()), clock=noon_of(1))
    model.folder = "/news"
    address, asked = {row.id: row.url for row in first if isinstance(row, Post)}, []
    for day in range(2, 9):
        model.today = f"2026-01-{day:02}"
        model.asked.clear()
        rows, facts = run(tmp_path, model, f"{day}", site=site, clock=noon_of(day))
        assert facts.verdict == "complete", facts.why
        address |= {row.id: row.url for row in rows if isinstance(row, Post)}
        asked.append(sum("include" in params for _, params in model.asked))
    assert address == {number: f"{HOME}/news/post-{number}/" for number in model.objects}
    assert asked[-2:] == [0, 0], "nothing more is asked for once all rows came"


def test_addresses_of_listings_that_differ_from_their_rows_are_compared_once(tmp_path: Path) -> None:
    model = dated_site(30)
    model.web.clear()
    run(tmp_path, model, "1", site=(site := addressed()), clock=noon_of(1))
    model.listed_folder = "/amp"
    asked = []
    for day in range(2, 9):
        model.today = f"2026-01-{day:02}"
        model.asked.clear()
        rows, facts = run(tmp_path, model, f"{day}", site=site, clock=noon_of(day))
        assert (rows, facts.verdict) == ([], "complete"), facts.why
        asked.append(sum("include" in params for _, params in model.asked))
    assert sum(asked) == 1


def test_rows_that_a_pipeline_drops_have_no_new_address(tmp_path: Path) -> None:
    rows, facts = run(tmp_path, listed_site(), "1", dropped=range(1, 21))
    assert (ids(rows), facts.sent, facts.verdict) == (list(range(21, 31)), 30, "complete"), facts.why
    assert "readdressed" not in facts.witnesses["sitemap"]


def test_new_permalinks_are_found_by_the_feed_of_an_update(tmp_path: Path) -> None:
    model = listed_site()
    run(tmp_path, model, "1")
    model.folder = "/news"
    model.objects[31] = Object(31, 60 * 31)
    model.web[LIST] = urlset(f"/news/post-{number}/" for number in model.objects)
    entries = (f"<item><link>{HOME}/news/post-{n}/</link><guid>{HOME}/?p={n}</guid></item>" for n in range(31, 21, -1))
    model.web["/feed/"] = f"<rss version='2.0'><channel><title>A</title>{''.join(entries)}</channel></rss>"
    rows, facts = run(tmp_path, model, "2", site=(site := slugged()))
    assert not site.doubted
    assert sorted(addresses(rows).values()) == sorted(
        ("new" if number == 31 else "edited", f"{HOME}/news/post-{number}/") for number in range(1, 32)
    ), facts.why
    assert (facts.mode, facts.verdict, facts.live) == ("update", "complete", 31), facts.why


def test_site_is_doubted_when_its_feed_shows_posts_that_the_api_hides(tmp_path: Path) -> None:
    model = listed_site()
    run(tmp_path, model, "1", site=(site := slugged()))
    assert not site.doubted
    for number in (31, 32):
        model.objects[number] = Object(number, 60 * number)
    model.by_slug = frozenset({31})
    entries = (f"<item><link>{HOME}/post-{n}/</link><guid>{HOME}/?p={n}</guid></item>" for n in (32, 31, 30))
    model.web["/feed/"] = f"<rss version='2.0'><channel><title>A</title>{''.join(entries)}</channel></rss>"
    rows, facts = run(tmp_path, model, "2", site=site)
    assert (ids(rows), site.doubted, facts.verdict) == ([31, 32], True, "complete"), facts.why


@dataclass
class DatedSite(ListedSite):
    """``today`` is the day of the site's answers."""

    today: str = "2026-01-01"
    listed_folder: str = ""
    """What stands in the permalinks of rows that come without their content."""

    def _row(self, one: Object, params: dict[str, str]) -> dict[str, Any]:
        row = super()._row(one, params)
        fields = params.get("_fields", "content").split(",")
        if "content" not in fields:
            row |= {"link": row["link"].replace(HOME, HOME + self.listed_folder)}
        return {name: value for name, value in row.items() if name in fields}

    def reply(self, query: Query) -> Reply:
        return replace(super().reply(query), fetched_at=f"{self.today}T00:00:00Z")


def dated_site(count: int) -> DatedSite:
    model = DatedSite({number: Object(number, 60 * number) for number in range(1, count + 1)})
    model.web |= {INDEX: index(LIST), LIST: urlset(f"/post-{number}/" for number in model.objects)}
    return model


def addressed() -> Site:
    """A site that declares ``slug`` and ``modified_after``."""
    site = slugged()
    for route, accepts in site.accepts.items():
        site.accepts[route] = replace(accepts, params=accepts.params | {"modified_after"})
    return site


def feed_of(*numbers: int) -> str:
    entries = (f"<item><link>{HOME}/post-{n}/</link><guid>{HOME}/?p={n}</guid></item>" for n in numbers)
    return f"<rss version='2.0'><channel><title>A</title>{''.join(entries)}</channel></rss>"


def test_site_whose_feed_always_shows_hidden_rows_is_discovered_again_once_a_week(tmp_path: Path) -> None:
    model, site = dated_site(1_200), addressed()
    run(tmp_path, model, "1", site=site)
    doubted = []
    for day in range(2, 12):
        model.today = f"2026-01-{day:02}"
        hidden, shown = 1_500 + 2 * day, 1_501 + 2 * day
        yesterday = 86_400 * (729 + day)
        model.objects |= {number: Object(number, yesterday + number) for number in (hidden, shown)}
        model.by_slug |= {hidden}
        model.web["/feed/"] = feed_of(shown, hidden, 1_200)
        site.doubted = False
        _, facts = run(tmp_path, model, f"{day}", site=site)
        assert facts.verdict == "complete", facts.why
        doubted.append(site.doubted)
    assert doubted == [True, *[False] * 6, True, False, False]


@pytest.mark.parametrize("count", [30, 400])
def test_rows_that_are_only_counted_are_accepted_until_their_number_grows(tmp_path: Path, count: int) -> None:
    """A plugin hides a row from the API and from the sitemap, and WordPress counts it."""
    model = dated_site(count)
    model.objects[5].hidden = True
    model.web[LIST] = urlset(f"/post-{number}/" for number in model.objects if number != 5)
    for number in ("1", "2", "3"):
        _, facts = run(tmp_path, model, number)
        assert (facts.verdict, facts.hidden, facts.unexplained) == ("complete", 1, 0), (number, facts.why)
    model.objects[count + 1] = Object(count + 1, 60 * count + 60, hidden=True)
    _, facts = run(tmp_path, model, "4")
    assert facts.verdict == "incomplete", facts.why


def test_failed_request_for_the_sitemap_is_not_repeated_in_each_run(tmp_path: Path) -> None:
    model = listed_site()
    model.web[INDEX] = Reply(status=0, url=f"{HOME}{INDEX}", error="tls")
    _, facts = run(tmp_path, model, "1")
    assert (facts.verdict, facts.witnesses["sitemap"]) == ("complete", {"why": "the TLS connection failed"})
    model.visited.clear()
    run(tmp_path, model, "2")
    assert model.visited == []


def test_article_that_is_missing_stays_missing_in_later_runs(tmp_path: Path) -> None:
    model = listed_site(unseen=frozenset({5}))
    model.web["/post-5/"] = Reply(status=500, url=f"{HOME}/post-5/")
    _, facts = run(tmp_path, model, "1")
    assert facts.verdict == "incomplete"
    for number in ("2", "3"):
        _, facts = run(tmp_path, model, number)
        assert (facts.mode, facts.verdict, list(facts.missing_urls)) == ("update", "incomplete", [f"{HOME}/post-5/"])
    model.web["/post-5/"] = page(5)
    rows, facts = run(tmp_path, model, "4", sweep=True)
    assert (ids(rows), facts.verdict) == ([5], "complete"), facts.why


def test_sitemaps_without_a_type_are_read_in_turn(tmp_path: Path) -> None:
    model = listed_site(unseen=frozenset({25}))
    names = [f"/news-{n}.xml" for n in range(1, 7)]
    model.web[INDEX] = index(*names)
    model.web |= {
        name: urlset(f"/post-{number}/" for number in range(first, first + 5))
        for name, first in zip(names, range(1, 31, 5), strict=True)
    }
    model.web["/post-25/"] = page(25)
    came = [ids(run(tmp_path, model, str(number), sweep=True)[0]) for number in range(1, 5)]
    assert [25] in came[1:]


def test_site_is_incomplete_when_the_api_hides_articles_and_a_sitemap_fails() -> None:
    model = listed_site(unseen=frozenset({5}))
    second = LIST.replace("-1.xml", "-2.xml")
    model.web |= {INDEX: index(LIST, second), second: Reply(status=503, url=HOME + second), "/post-5/": page(5)}
    rows, facts = crawled(model)
    assert (ids(rows), facts.verdict) == (list(range(1, 31)), "incomplete")
    assert facts.why.endswith("; the API hides articles, and 1 of 2 sitemaps were read")


FEED = "<rss><channel><title>x</title><link>{home}/</link>{items}</channel></rss>"


def feed(*numbers: int) -> str:
    items = "".join(
        f"<item><title>t</title><link>{HOME}/post-{number}/</link><guid>{HOME}/?p={number}</guid></item>"
        for number in numbers
    )
    return FEED.format(home=HOME, items=items)


def test_feed_is_read_without_a_sitemap() -> None:
    model = listed_site(unseen=frozenset({30}))
    model.web = {"/feed/": feed(30, 29), "/post-30/": page(30)}
    rows, facts = crawled(model)
    assert ids(rows) == list(range(1, 31))
    assert facts.witnesses["feed"] == {"listed": 2, "lacking": 1, "article": 1}


def test_uncrawled_language_of_the_home_page_makes_a_site_incomplete() -> None:
    model = listed_site(unseen=frozenset({30}))
    model.web = {
        "/": f'<link rel="alternate" hreflang="en" href="/"><link rel="alternate" hreflang="fr-FR" href="{HOME}/fr/">',
        "/feed/": feed(29),
        "/fr/feed/": feed(30),
        "/post-30/": page(30),
    }
    rows, facts = crawled(model)
    assert ids(rows) == list(range(1, 31))
    assert (facts.verdict, "fr-FR" in facts.why) == ("incomplete", True)
