"""What proves completeness where the API is closed. Sitemaps that fail, break off or are partial are reported."""

from __future__ import annotations

import pytest

from newsbot.wordpress.fallback import sitemaps
from newsbot.wordpress.messages import Reply
from tests.unit.site_documents import HOME
from tests.unit.test_fallback_collection import ClosedSite, articles, bring, entry, feed

NEWS = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'


def index(*names: str) -> str:
    return f"<sitemapindex>{''.join(f'<sitemap><loc>{HOME}/{name}</loc></sitemap>' for name in names)}</sitemapindex>"


def urlset(*names: str, more: str = "", attributes: str = "") -> str:
    urls = "".join(f"<url><loc>{HOME}/{name}/</loc>{more}</url>" for name in names)
    return f"<urlset {attributes}>{urls}</urlset>"


def failing(name: str, status: int = 503) -> dict[str, str | Reply]:
    return {f"/{name}": Reply(status=status, url=f"{HOME}/{name}")}


def test_failing_sitemap_with_any_name_is_reported() -> None:
    pages = articles(a=1, b=2) | {"/sitemap_index.xml": index("sitemap-1.xml", "sitemap-2.xml")}
    posts, facts = bring(ClosedSite({**pages, "/sitemap-1.xml": urlset("a"), **failing("sitemap-2.xml")}))
    assert (set(posts), facts.verdict) == ({1}, "incomplete")
    assert f"the sitemap may not list all posts: {HOME}/sitemap-2.xml: HTTP 503" in facts.why


def test_failing_sitemap_of_robots_txt_is_reported_unless_it_is_gone() -> None:
    robots = f"Sitemap: {HOME}/list-1.xml\nSitemap: {HOME}/list-2.xml\n"
    pages = articles(a=1) | {"/robots.txt": robots, "/list-1.xml": urlset("a")}
    assert bring(ClosedSite({**pages, **failing("list-2.xml", 500)}))[1].verdict == "incomplete"
    assert bring(ClosedSite({**pages, **failing("list-2.xml", 404)}))[1].verdict == "complete"


@pytest.mark.parametrize("name", ["post-sitemap{}.xml", "sitemap-{}.xml"])
def test_feed_in_place_of_a_sitemap_is_reported(name: str) -> None:
    pages = articles(a=1, b=2) | feed(entry("a", f"{HOME}/?p=1"))
    first, second = name.format(1), name.format(2)
    lists = {"/sitemap_index.xml": index(first, second), f"/{first}": urlset("a"), f"/{second}": pages["/feed/"]}
    posts, facts = bring(ClosedSite({**pages, **lists}))
    assert (set(posts), facts.verdict) == ({1}, "incomplete")
    assert f"{HOME}/{second}: expected a sitemap, got rss" in facts.why


def test_feed_that_robots_txt_names_as_a_sitemap_is_accepted() -> None:
    robots = f"Sitemap: {HOME}/feed/\nSitemap: {HOME}/list-1.xml\n"
    pages = articles(a=1) | feed(entry("a", f"{HOME}/?p=1")) | {"/robots.txt": robots, "/list-1.xml": urlset("a")}
    assert bring(ClosedSite(pages))[1].verdict == "complete"


def test_truncated_index_is_reported() -> None:
    whole = index("post-sitemap.xml", "post-sitemap2.xml")
    lists = {"/sitemap_index.xml": whole[: whole.index("post-sitemap2")], "/post-sitemap.xml": urlset("a")}
    posts, facts = bring(ClosedSite({**lists, **articles(a=1, b=2), "/post-sitemap2.xml": urlset("b")}))
    assert (set(posts), facts.verdict) == ({1}, "incomplete")
    assert f"{HOME}/sitemap_index.xml is truncated" in facts.why


def test_more_sitemaps_than_newsbot_reads_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemaps, "MOST_READ", 3)
    lists = {f"/sitemap-{name}.xml": urlset(name) for name in "abc"}
    names = [path.removeprefix("/") for path in lists]
    posts, facts = bring(ClosedSite({**lists, **articles(a=1, b=2, c=3), "/sitemap_index.xml": index(*names)}))
    assert (set(posts), facts.verdict) == ({1, 2}, "incomplete")
    assert f"{HOME}/sitemap-c.xml: newsbot reads no more than 3 sitemaps" in facts.why


def test_indexes_nested_too_deeply_are_reported() -> None:
    deep = {f"/sitemap-{n}.xml": index(f"sitemap-{n + 1}.xml") for n in range(1, 5)}
    pages = {**deep, "/sitemap-5.xml": urlset("b"), "/sitemap-a.xml": urlset("a"), **articles(a=1, b=2)}
    _, facts = bring(ClosedSite({**pages, "/sitemap.xml": index("sitemap-a.xml", "sitemap-1.xml")}))
    assert facts.verdict == "incomplete"
    assert "this index is nested too deeply" in facts.why


def news_only(**pages: str | Reply) -> ClosedSite:
    """robots.txt names a sitemap of the last two days, which holds only ``a``. The feed has more posts."""
    news = urlset("a", more="<news:news><news:title>A</news:title></news:news>", attributes=NEWS)
    first = feed(*(entry(name, f"{HOME}/?p={row_id}") for row_id, name in enumerate("abc", 1)))
    second = feed(entry("d", f"{HOME}/?p=4"))["/feed/"]
    robots: dict[str, str | Reply] = {"/robots.txt": f"Sitemap: {HOME}/sitemap-news.xml\n", "/sitemap-news.xml": news}
    return ClosedSite({**robots, **first, "/feed/?paged=2": second, **articles(e=5), **pages})


def test_google_news_sitemap_does_not_prove_completeness() -> None:
    posts, facts = bring(news_only())
    assert (set(posts), facts.verdict) == ({1, 2, 3, 4}, "incomplete")
    assert "is for Google News" in facts.why


def test_complete_sitemap_is_searched_beside_a_google_news_sitemap() -> None:
    posts, facts = bring(news_only(**{"/sitemap.xml": urlset("a", "b", "c", "d", "e")}))
    assert (set(posts), facts.verdict) == ({1, 2, 3, 4, 5}, "complete")


def test_feed_with_posts_that_the_sitemap_lacks_is_read_to_its_end() -> None:
    site = news_only(**{"/sitemap-news.xml": urlset("a")})
    posts, facts = bring(site)
    assert (set(posts), facts.verdict, site.count("paged=")) == ({1, 2, 3, 4}, "complete", 3)
    posts, facts = bring(news_only(**{"/sitemap-news.xml": urlset("a")} | failing("feed/?paged=2")))
    assert (set(posts), facts.verdict) == ({1, 2, 3}, "incomplete")
    assert "the feed breaks off: HTTP 503, and shows 2 posts that no sitemap lists" in facts.why
