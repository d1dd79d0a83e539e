"""Every listing that a site can extend without end has a bound; a healthy site does not meet it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from sys import getsizeof
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

import pytest

from newsbot.wordpress.api import Collection
from newsbot.wordpress.catalog import INTERNAL_TYPES, MOST_OF_ALL, choose
from newsbot.wordpress.fallback import worth
from newsbot.wordpress.fallback.feed_end import Answer as Probed
from newsbot.wordpress.fallback.feed_end import FeedEnd
from newsbot.wordpress.fallback.listed import read_listed
from newsbot.wordpress.fallback.sitemaps import find_sitemaps
from newsbot.wordpress.fallback.worth import Folders, PageWorth, Worth, spread
from newsbot.wordpress.joins.child_rows import CHILD
from newsbot.wordpress.messages import Asking, Query, Reply
from newsbot.wordpress.options import Options
from newsbot.wordpress.pages.urls import absolute
from newsbot.wordpress.receipt import SiteFacts
from newsbot.wordpress.site_crawl import crawl
from newsbot.wordpress.witness.choice import choose as choose_lists
from tests.unit.site_documents import CLOSING, HOME, OPENING
from tests.unit.test_children import Answer, comments, fetch_replies
from tests.unit.test_fallback_collection import PLAIN, ClosedSite, bring, drive, entry
from tests.unit.test_fallback_listed import index, urlset

PAGE_SIZE = 10
BARE = CHILD + getsizeof("")
"""Bytes of a reply without a text."""


@dataclass
class FeedSite(ClosedSite):
    """A site with a feed alone. ``last`` gives the number of the last page, when that page number was asked for."""

    last: Callable[[int], int] = lambda _: 70
    clamps: bool = False

    def reply(self, query: Query) -> Reply:
        parts = urlsplit(query.url)
        if parts.path != "/feed/":
            return super().reply(query)
        self.asked.append(query.url)
        number = int(dict(parse_qsl(parts.query)).get("paged", "1"))
        last = self.last(number)
        if number > last and not self.clamps:
            return Reply(status=404, url=query.url)
        first = (min(number, last) - 1) * PAGE_SIZE
        items = "".join(entry(f"n{n}", f"{HOME}/?p={n + 1}") for n in range(first, first + PAGE_SIZE))
        return Reply(status=200, url=query.url, body=(OPENING + items + CLOSING).encode())


def test_endless_feed_is_abandoned_and_reported() -> None:
    site = FeedSite({}, last=lambda _: 10**9)
    posts, facts = bring(site)
    assert (facts.verdict, dict(facts.faults), len(posts)) == ("incomplete", {"endless": 1}, 500)
    assert "the feed has no end: newsbot left it after page 50" in facts.why
    assert site.count("paged=") < 55


def test_feed_whose_end_moves_with_each_request_is_abandoned() -> None:
    reached = [0]

    def last(number: int) -> int:
        if number <= reached[0] + 5:
            reached[0] = max(reached[0], number)
        return reached[0] + 5

    site = FeedSite({}, last=last)
    _, facts = bring(site)
    assert (facts.verdict, facts.faults["endless"]) == ("incomplete", 1)
    assert site.count("paged=") < 120


@pytest.mark.parametrize("clamps", [False, True])
def test_long_feed_comes_completely_with_few_more_requests(clamps: bool) -> None:
    site = FeedSite({}, clamps=clamps)
    posts, facts = bring(site)
    assert (len(posts), "endless" in facts.faults) == (700, False)
    assert site.count("/feed/") <= 70 + (36 if clamps else 4)


@dataclass
class InterruptedSite(FeedSite):
    """``walls`` are the places of probes far after the end of the walk that get an HTML page instead."""

    walls: int = 1
    place: int = 0

    def reply(self, query: Query) -> Reply:
        number = int(dict(parse_qsl(urlsplit(query.url).query)).get("paged", "1"))
        if number > self.place + 5 and self.walls:
            self.asked.append(query.url)
            self.walls -= 1
            return Reply(status=200, url=query.url, body=b"<!doctype html><html>Back soon</html>")
        self.place = number if number <= self.place + 5 else self.place
        return super().reply(query)


@pytest.mark.parametrize(("walls", "posts", "named"), [(1, 800, False), (2, 800, False), (10**6, 1_600, True)])
def test_html_page_in_place_of_a_feed_page_is_no_end_of_the_feed(walls: int, posts: int, named: bool) -> None:
    site = InterruptedSite({}, walls=walls, last=lambda _: 10**9 if named else 80)
    came, facts = bring(site)
    assert (len(came) <= posts, "endless" in facts.faults) == (True, named), facts.why
    assert facts.faults["not-xml"] > 0
    assert named or len(came) == posts


@pytest.mark.parametrize(("listed", "posts"), [(10, 40), (15, 40), (30, 40), (40, 40)])
def test_posts_that_a_sitemap_of_the_newest_posts_lacks_come_by_feed(listed: int, posts: int) -> None:
    site = FeedSite({"/sitemap.xml": urlset(*(f"n{n}" for n in range(listed)))}, last=lambda _: 4)
    came, facts = bring(site)
    assert (len(came), facts.verdict) == (posts, "complete"), facts.why
    assert site.count("/feed/") <= 7


def test_refused_probes_do_not_prove_an_end_of_the_feed() -> None:
    end = FeedEnd()
    end.take_far(Probed(None, refused="HTTP 403"))
    for at in (50, 100, 200, 400, 800):
        assert end.is_due(at) and not end.is_far_known
        end.take(2 * at, Probed(None, refused="HTTP 403"), at=at)
    assert (end.behind, end.unknown, end.is_unproven(999), end.is_unproven(1_000)) == (None, 0, False, True)
    end.take_far(Probed([]))
    assert not end.is_unproven(1_000)


@pytest.mark.parametrize(("far", "unproven"), [(Probed([]), False), (Probed(None, refused="HTTP 403"), True)])
def test_single_refused_probe_does_not_bound_a_feed(far: Probed, unproven: bool) -> None:
    end = FeedEnd()
    end.take_far(far)
    end.take(100, Probed(None, refused="timeout"), at=50)
    end.take(200, Probed(["a"]), at=100)
    assert end.is_unproven(1_000) == unproven


@dataclass
class RefusingSite(FeedSite):
    """``empty`` pages of the feed show nothing. Pages from ``refused`` on are refused."""

    empty: frozenset[int] = frozenset()
    refused: int = 10**9
    missing: bool = False

    def reply(self, query: Query) -> Reply:
        number = int(dict(parse_qsl(urlsplit(query.url).query)).get("paged", "1"))
        if number >= self.refused:
            self.asked.append(query.url)
            return Reply(status=403, url=query.url, body=b"<html>No")
        if number in self.empty:
            self.asked.append(query.url)
            return Reply(status=404 if self.missing else 200, url=query.url, body=(OPENING + CLOSING).encode())
        return super().reply(query)


@pytest.mark.parametrize(
    ("empty", "missing", "listed"),
    [*((empty, False, listed) for empty in ({3}, {3, 4}, {2, 5}) for listed in (0, 20, 40)), ({3}, True, 0)],
)
def test_feed_is_read_beyond_empty_pages(empty: set[int], missing: bool, listed: int) -> None:
    pages: dict[str, str | Reply] = {"/sitemap.xml": urlset(*(f"n{n}" for n in range(listed)))} if listed else {}
    pages |= {f"/n{n}/": PLAIN.format(id=n + 1) for n in range(listed)}
    site = RefusingSite(pages, last=lambda _: 7, empty=frozenset(empty), missing=missing)
    posts, _ = bring(site)
    in_feed = {10 * page + n + 1 for page in range(7) if page + 1 not in empty for n in range(10)}
    assert posts.keys() == in_feed | set(range(1, listed + 1))
    assert site.count("/feed/") <= 14


def test_feed_whose_end_is_refused_is_abandoned_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsbot.wordpress.fallback.feed_end.MOST_UNPROVEN", 90)
    site = RefusingSite({}, last=lambda _: 10**9, refused=100)
    posts, facts = bring(site)
    assert (len(posts), facts.verdict) == (900, "incomplete")
    assert "whether the feed has an end is unknown (HTTP 403): newsbot left it after page 90" in facts.why


@pytest.mark.parametrize(("refused", "verdict"), [(3, "incomplete"), (2, "complete"), (9, "complete")])
def test_refused_feed_page_is_reported_beside_a_sitemap(refused: int, verdict: str) -> None:
    pages: dict[str, str | Reply] = {"/sitemap.xml": urlset(*(f"n{n}" for n in range(20)))}
    pages |= {f"/n{n}/": PLAIN.format(id=n + 1) for n in range(20)}
    posts, facts = bring(RefusingSite(pages, last=lambda _: 2, refused=refused))
    assert (len(posts), facts.verdict) == (20, verdict), facts.why
    assert (f"the site refuses page {refused} of its feed (HTTP 403)" in facts.why) == (verdict == "incomplete")


def test_sitemap_urls_without_articles_are_abandoned_and_counted() -> None:
    site = ClosedSite({"/sitemap.xml": urlset(*(f"made-up-{n}" for n in range(1_000)))})
    posts, facts = bring(site)
    assert (posts, facts.verdict, site.count("/made-up")) == ({}, "incomplete", 300)
    assert "300 of 300 pages show no article; newsbot leaves the other 700" in facts.why


def lists(count: int, listed: Callable[[int], str], *, name: str = "post-sitemap{}.xml") -> dict[str, str | Reply]:
    names = [name.format(n) for n in range(count)]
    pages: dict[str, str | Reply] = {f"/{one}": listed(n) for n, one in enumerate(names)}
    return pages | {"/sitemap.xml": index(*names)}


INVENTED: dict[str, tuple[Callable[[int], str], int, str]] = {
    "empty": (lambda _: urlset(), 101, "100 of"),
    "alike": (lambda _: urlset("same"), 113, "110 of"),
    "made up": (lambda n: urlset(f"made-up-{n}"), 201, "the pages that its sitemaps list do not exist"),
}
"""The content of the lists of an index -> the most lists that are asked for, and the reason."""


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("post-sitemap{}.xml", "empty"),
        ("post-sitemap{}.xml", "alike"),
        ("post-sitemap{}.xml", "made up"),
        ("list-{}.xml", "alike"),
        ("list-{}.xml", "made up"),
    ],
)
def test_sitemaps_without_articles_are_abandoned(name: str, what: str) -> None:
    listed, most, why = INVENTED[what]
    site = ClosedSite(lists(600, listed, name=name))
    _, facts = bring(site)
    assert (facts.verdict, site.count("sitemap") + site.count("/list-") <= most + 3) == ("incomplete", True)
    assert site.count("made-up") <= 300
    assert why in facts.why


def test_a_site_with_a_sitemap_for_each_day_is_complete() -> None:
    articles: dict[str, str | Reply] = {f"/n{n}/": PLAIN.format(id=n + 1) for n in range(250)}
    site = ClosedSite(lists(250, lambda n: urlset(f"n{n}"), name="list-{}.xml") | articles)
    posts, facts = bring(site)
    assert (len(posts), facts.verdict) == (250, "complete")


def test_number_of_sitemap_urls_in_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worth, "MOST_URLS", 25)
    articles: dict[str, str | Reply] = {f"/n{n}/": PLAIN.format(id=n + 1) for n in range(60)}
    pages = lists(6, lambda n: urlset(*(f"n{10 * n + one}" for one in range(10)))) | articles
    posts, facts = bring(ClosedSite(pages))
    assert (len(posts), facts.verdict, "newsbot holds no more than" in facts.why) == (30, "incomplete", True)


@pytest.mark.parametrize(
    "url",
    [f"{HOME}/a/?b=c", f"{HOME}:8080/a/%C3%A9/", f"{HOME}/a/../b//c", "http://news.example/?p=7", f"{HOME}/a=b@c:d/*"],
)
def test_absolute_gives_the_result_of_urljoin(url: str) -> None:
    for base in (f"{HOME}/sitemap.xml", "http://other.example/x/y?z"):
        assert absolute(url, base) == urlunsplit(urlsplit(urljoin(base, url)))


def test_sitemap_at_the_usual_address_of_an_index_is_read() -> None:
    posts, facts = bring(ClosedSite({"/wp-sitemap.xml": urlset("a"), "/a/": PLAIN.format(id=1)}))
    assert (set(posts), facts.verdict) == ({1}, "complete")


def test_article_with_too_many_parts_costs_one_request() -> None:
    links = "".join(f'<a class="post-page-numbers" href="{HOME}/a/{n}/">{n}</a>' for n in range(2, 200))
    site = ClosedSite({"/wp-sitemap.xml": urlset("a"), "/a/": PLAIN.format(id=1).replace("</div>", f"</div>{links}")})
    posts, facts = bring(site)
    assert (posts, facts.missing_urls, site.count("/a/")) == ({}, {f"{HOME}/a/": "it has more than 50 other pages"}, 1)


def test_requests_end_after_many_without_a_result() -> None:
    pages = PageWorth(free=3, to_each=2)
    for brought in (False, True, False, False, False):
        pages.note(brought=brought)
    assert not pages.is_spent
    pages.note(brought=False)
    assert pages.is_spent
    lists = Worth()
    for number in range(9):
        lists.take([f"{HOME}/{number}/"])
    assert list(lists.newest) == [f"{HOME}/{number}/" for number in range(4, 9)]
    for gone in ([True, True, True, True, False], [True], []):
        lists.tested(gone)
        assert lists.ended_by is None
    lists.tested([True] * 5)
    assert lists.ended_by is not None


def endless_replies(*, fresh: bool) -> Callable[[dict[str, str]], Answer]:
    def ask(params: dict[str, str]) -> Answer:
        page = int(params["page"]) if fresh else 1
        rows: list[dict[str, Any]] = [{"id": page * 1_000 + n, "post": 1} for n in range(100)]
        return 200, rows, None

    return ask


@pytest.mark.parametrize(("fresh", "held", "most"), [(False, 10**9, 5), (True, 1_000, 12), (True, 10**9, 51)])
def test_endless_replies_are_abandoned_and_reported(
    fresh: bool, held: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsbot.wordpress.joins.children.MOST_HELD", held * BARE)
    monkeypatch.setattr("newsbot.wordpress.joins.children.OVERFLOWS", 1)
    got, fetcher, asked = fetch_replies(3, endless_replies(fresh=fresh), times=2)
    assert (set(got), sorted(set(fetcher.failed)), asked <= most) == ({None}, [1, 2, 3], True)
    assert fetcher.stats == {"replies_endless": 6}


def test_many_replies_come_completely() -> None:
    got, fetcher, _ = fetch_replies(20, comments(dict.fromkeys(range(1, 21), 15)))
    assert (got, fetcher.failed, fetcher.held) == ([15] * 20, [], 300 * BARE)


def test_batch_with_too_many_replies_is_reported_and_later_batches_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsbot.wordpress.joins.children.MOST_HELD", 1_500 * BARE)
    many = comments({1: 900, 2: 900, **dict.fromkeys(range(101, 105), 2)})
    got, fetcher, _ = fetch_replies(104, many)
    assert (set(got[:100]), got[100:], fetcher.stats["replies_endless"]) == ({None}, [2] * 4, 100)
    assert sorted(set(fetcher.failed)) == list(range(1, 101))


def test_an_index_that_begins_with_empty_lists_is_read_to_its_end() -> None:
    articles: dict[str, str | Reply] = {f"/n{n}/": PLAIN.format(id=n + 1) for n in range(150, 180)}
    site = ClosedSite(lists(180, lambda n: urlset(f"n{n}") if n >= 150 else urlset(), name="list-{}.xml") | articles)
    posts, facts = bring(site)
    assert (len(posts), facts.verdict) == (30, "complete"), facts.why
    names = [str(n) for n in range(1_001)]
    assert sorted(spread(names), key=int) == names
    assert [*spread(names)][:4] == ["1000", "0", "512", "256"]
    assert [*spread(names[:100])] == names[:100]


def asked(steps: Asking[Any], site: ClosedSite) -> Any:
    """What steps that only ask the site return."""
    reply: Reply | None = None
    while True:
        try:
            reply = site.reply(steps.send(reply) if reply is not None else next(steps))
        except StopIteration as end:
            return end.value


def test_sitemaps_of_a_type_keep_their_order_and_are_all_read() -> None:
    typed = lists(1_024, lambda n: urlset(f"n{n}") if n < 880 else urlset())
    site = ClosedSite(typed | {f"/n{n}/": PLAIN.format(id=n + 1) for n in range(880)})
    found = asked(find_sitemaps(HOME), site)
    assert found.of("post") == [f"{HOME}/post-sitemap{n}.xml" for n in range(1_024)]
    assert choose_lists(found.of("post"), found.changed, first=0, most=2)[0] == f"{HOME}/post-sitemap1023.xml"
    listed = asked(read_listed(HOME, found, "post", Counter()), site)
    assert (len(listed.articles), listed.gap) == (880, None)


def test_tag_pages_listed_before_articles_do_not_hide_articles() -> None:
    tags: dict[str, str | Reply] = {
        f"/topic/t{n}/": "<body class='archive tax-topic'><main>Posts</main></body>" for n in range(320)
    }
    articles: dict[str, str | Reply] = {f"/2024/n{n}/": PLAIN.format(id=n + 1) for n in range(40)}
    listed = urlset(*(path.strip("/") for path in (*tags, *articles)))
    posts, facts = bring(ClosedSite({"/sitemap.xml": listed} | tags | articles))
    assert (len(posts), facts.verdict) == (40, "complete"), facts.why
    folders = Folders(most=2)
    for brought in (False, True, *[False] * 11):
        assert not folders.is_put_off(f"{HOME}/a/1/")
        folders.note(f"{HOME}/a/2/", brought=brought)
    assert folders.is_put_off(f"{HOME}/a/3/")
    assert not folders.is_put_off(f"{HOME}/b/3/")


def test_sitemaps_that_take_too_much_memory_are_requested_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worth, "MOST_WAITING", 25)
    articles: dict[str, str | Reply] = {f"/n{n}/": PLAIN.format(id=n + 1) for n in range(60)}
    pages = lists(6, lambda n: urlset(*(f"n{10 * n + one}" for one in range(10))), name="list-{}.xml") | articles
    site = ClosedSite(pages)
    posts, facts = bring(site)
    assert (len(posts), facts.verdict, site.count("/list-")) == (60, "complete", 12), facts.why


def test_number_of_sitemaps_in_indexes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsbot.wordpress.fallback.sitemaps.MOST_NAMED", 5)
    pages = lists(6, lambda n: urlset(f"n{n}")) | {f"/n{n}/": PLAIN.format(id=n + 1) for n in range(6)}
    pages["/sitemap.xml"] = index("one.xml", "two.xml")
    pages["/one.xml"] = index(*(f"post-sitemap{n}.xml" for n in range(3)))
    pages["/two.xml"] = index(*(f"post-sitemap{n}.xml" for n in range(3, 6)))
    posts, facts = bring(ClosedSite(pages))
    assert (len(posts), facts.verdict) == (3, "incomplete")
    assert "two.xml: newsbot takes no more than 5 sitemaps" in facts.why


def test_types_beyond_the_maximum_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsbot.wordpress.fallback.site.MOST_TYPES", 2)
    pages = {f"/{name}-sitemap.xml": urlset(name) for name in ("podcast", "film", "book")}
    articles: dict[str, str | Reply] = {
        f"/{name}/": PLAIN.format(id=n).replace("single-post", f"single-{name}")
        for n, name in enumerate(("podcast", "film", "book"), 1)
    }
    facts = SiteFacts(asked=HOME)
    site = ClosedSite({"/sitemap_index.xml": index(*(path.strip("/") for path in pages)), **pages, **articles})
    assert len(drive(crawl(Options(url=HOME, types=("all",)), facts), site)) == 1
    assert facts.verdict == "incomplete"
    collection = facts.collections["all"]
    assert (collection.why, collection.cause) == ("the sitemaps name 4 types, and newsbot brings 2 of them", "type")


def test_a_type_whose_sitemap_fails_stays_in_the_receipt() -> None:
    facts, pages = SiteFacts(asked=HOME), {"/sitemap_index.xml": index("podcast-sitemap.xml", "film-sitemap.xml")}
    failing = Reply(status=503, url=f"{HOME}/podcast-sitemap.xml")
    drive(
        crawl(Options(url=HOME, types=("all",)), facts),
        ClosedSite({**pages, "/podcast-sitemap.xml": failing, "/film-sitemap.xml": urlset()}),
    )
    assert "podcast-sitemap.xml: HTTP 503" in facts.collections["podcast"].why
    assert "film" not in facts.collections


BARE_PAGE = '<html><body class="single single-landing postid-{id}"><nav>Menu</nav></body></html>'


@pytest.mark.parametrize(
    ("second", "types", "verdict"),
    [
        (BARE_PAGE, ("all",), "complete"),
        (BARE_PAGE, ("all", "landing"), "incomplete"),
        (None, ("all",), "complete"),
        (Reply(status=500, url=f"{HOME}/l2/"), ("all",), "incomplete"),
        (PLAIN.replace("single-post", "single-landing"), ("all",), "incomplete"),
    ],
)
def test_type_whose_pages_have_no_article_is_reported_without_missing_posts(
    second: str | Reply | None, types: tuple[str, ...], verdict: str
) -> None:
    pages: dict[str, str | Reply] = {
        "/sitemap_index.xml": index("landing-sitemap.xml"),
        "/landing-sitemap.xml": urlset("l1", "l2"),
        "/l1/": BARE_PAGE.format(id=8),
    }
    if second is not None:
        pages["/l2/"] = second if isinstance(second, Reply) else second.format(id=9)
    facts = SiteFacts(asked=HOME)
    drive(
        crawl(Options(url=HOME, types=types), facts),
        ClosedSite(pages, browser=lambda query: ClosedSite(pages).reply(replace(query, render=False))),
    )
    collection = facts.collections["landing"]
    assert collection.verdict == verdict, collection.why
    assert ("without an article" in collection.why) == (verdict == "complete")


def test_number_of_types_that_all_selects_is_bounded() -> None:
    offered = {f"type{n}": Collection(name=f"type{n}", route=f"/wp/v2/type{n}") for n in range(5_000)}
    catalog = choose(offered, ("all", "type4999"), INTERNAL_TYPES)
    assert (len(catalog.collections), catalog.left) == (MOST_OF_ALL + 1, 5_000 - MOST_OF_ALL)
