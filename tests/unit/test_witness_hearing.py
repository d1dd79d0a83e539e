"""Crawls of a model site with a sitemap, a feed and pages: what they list and the API does not show."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from newsbot.items import Post, Record
from newsbot.wordpress.api import Site
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.offered import crawl_collections
from newsbot.wordpress.options import Options
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts
from tests.unit.listed_site import INDEX, LIST, ListedSite, ids, index, listed_site, page, slugged, urlset
from tests.unit.model_site import HOME, ModelSite, Object, listen


def crawled(model: ListedSite, site: Site | None = None, **options: Any) -> tuple[list[Record], CollectionFacts]:
    facts = SiteFacts(asked=HOME)
    chosen = Options(url=HOME, **({"follow": frozenset()} | options))
    rows, _ = listen(crawl_collections(site or slugged(), chosen, facts), model)
    return rows, facts.collections["post"]


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
