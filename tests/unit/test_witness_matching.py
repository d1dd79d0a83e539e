"""The comparison of listed URLs with held ones, the choice of sitemaps, and what a page proves."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.compact import SortedKeys
from newsbot.items import Post
from newsbot.wordpress.pages.article_page import ArticlePage
from newsbot.wordpress.pages.urls import place_key
from newsbot.wordpress.witness.choice import budget, choose, next_first
from newsbot.wordpress.witness.judging import PageProof, prove
from newsbot.wordpress.witness.matching import MOST_LETTERS, Lacking, lacking, slug_batches
from tests.examples import examples

HOME = "https://news.example"


def held(*urls: str) -> SortedKeys:
    return SortedKeys(map(place_key, urls))


def lacks(listed: str, *urls: str, site: str = HOME, typed: bool = True) -> bool:
    return bool(list(lacking({listed: None}, held(*urls), site=site, type_="post", typed=typed)))


@pytest.mark.parametrize(
    ("listed", "own"),
    [
        ("https://news.example/a/", "https://news.example/a/"),
        ("http://news.example/a/", "https://news.example/a/"),
        ("https://www.news.example/a", "https://news.example/a/"),
        ("https://NEWS.example:443/a/#comments", "https://news.example/a/"),
        ("https://news.example/%D7%A9%D7%9C/", "https://news.example/%d7%a9%d7%9c/"),
        ("https://news.example/caf%C3%A9/", "https://news.example/cafe%CC%81/"),
        ("https://news.example/a/?utm_source=x&amp=1", "https://news.example/a/"),
        ("https://news.example/A-Title/", "https://news.example/a-title/"),
        ("https://news.example/?p=7", "https://news.example/?p=7"),
    ],
)
def test_article_is_known_in_another_spelling_of_its_url(listed: str, own: str) -> None:
    assert not lacks(listed, own)


@pytest.mark.parametrize(
    "listed",
    [
        HOME,
        f"{HOME}/",
        f"{HOME}/page/2/",
        f"{HOME}/feed/",
        f"{HOME}/a/feed/rss2",
        f"{HOME}/2024/05/",
        f"{HOME}/wp-content/uploads/2024/a.jpg",
        f"{HOME}/photo.JPG",
        "https://other.example/a/",
        "https://news.example:8080/a/",
    ],
)
def test_urls_of_lists_files_and_other_sites_are_no_articles(listed: str) -> None:
    assert not lacks(listed)


def test_terms_in_a_sitemap_without_a_type_are_no_articles() -> None:
    assert not lacks(f"{HOME}/category/news/", typed=False)
    assert lacks(f"{HOME}/category/news/")


def test_site_in_a_folder_owns_only_its_folder() -> None:
    assert lacks(f"{HOME}/blog/a/", site=f"{HOME}/blog")
    assert not lacks(f"{HOME}/shop/a/", site=f"{HOME}/blog")
    assert not lacks(f"{HOME}/blogs/", site=f"{HOME}/blog")


def test_unknown_articles_are_lacking() -> None:
    for listed in (f"{HOME}/b/", f"{HOME}/fr/a/", f"{HOME}/?p=8", f"{HOME}/2024/05/a/", f"{HOME}/?name=b"):
        assert lacks(listed, f"{HOME}/a/", f"{HOME}/?p=7"), listed


slugs = st.text(alphabet="aZ9-_.~é你שЖ ", min_size=1, max_size=12).map(lambda name: f"x{name}x")


@given(st.lists(slugs, max_size=5), st.sampled_from(["http", "https"]), st.booleans(), st.booleans())
@examples(60)
def test_every_spelling_of_a_known_url_is_known(names: list[str], scheme: str, www: bool, lower: bool) -> None:
    own = [f"{HOME}/x/{quote(name)}/" for name in names]
    spelt = [f"{scheme}://{'www.' * www}news.example/x/{quote(name)}" for name in names]
    if lower:
        spelt = [url.replace("%E", "%e").replace("%C", "%c") for url in spelt]
    assert list(lacking(dict.fromkeys(spelt), held(*own), site=HOME, type_="post")) == []


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
@examples(60)
def test_lacking_articles_are_the_difference_of_two_sets(listed: set[int], own: set[int]) -> None:
    urls = {f"{HOME}/post-{number}/": None for number in listed}
    found = lacking(urls, held(*(f"{HOME}/post-{number}" for number in own)), site=HOME, type_="post")
    assert {article.url for article in found} == {f"{HOME}/post-{number}/" for number in listed - own}


def test_slugs_are_requested_in_batches_that_fit_into_a_url() -> None:
    plain = [Lacking(f"{HOME}/a-{number}/") for number in range(250)]
    assert [len(batch) for batch in slug_batches(plain)] == [100, 100, 50]
    long = [Lacking(f"{HOME}/{quote('ש' * 60)}-{number}/") for number in range(50)]
    batches = list(slug_batches(long))
    assert sum(map(len, batches)) == 50
    assert all(len(quote(",".join(batch))) <= MOST_LETTERS + 10 for batch in batches)


def test_two_urls_with_one_slug_are_in_two_batches() -> None:
    both = [Lacking(f"{HOME}/en/a/"), Lacking(f"{HOME}/fr/a/"), Lacking(f"{HOME}/?p=7"), Lacking(f"{HOME}/b.html")]
    assert [sorted(batch) for batch in slug_batches(both)] == [["a", "b"], ["a"]]


@given(st.integers(1, 20), st.integers(0, 30), st.integers(1, 12), st.integers(2, 12))
@examples(60)
def test_every_sitemap_is_read_in_turn(count: int, first: int, most: int, came: int) -> None:
    """``came`` of the chosen sitemaps are read; then the hearing holds the most URLs that it may hold."""
    urls = [f"map-{number}" for number in range(count)]
    read: set[str] = set()
    for _ in range(count + 1):
        chosen = choose(urls, {urls[-1]: "2026"}, first=first, most=max(most, 2))
        assert len(chosen) == len(set(chosen)) <= max(most, 2)
        assert urls[-1] in chosen
        read |= set(chosen[:came])
        first = next_first(urls, first=first, read=min(came, len(chosen)), most=max(most, 2))
    assert read == set(urls)


@pytest.mark.parametrize(("read", "most", "then"), [(0, 3, 2), (1, 3, 2), (3, 3, 4), (1, 1, 3), (1, 9, 3), (6, 9, 0)])
def test_next_hearing_skips_no_sitemap(read: int, most: int, then: int) -> None:
    assert next_first([*"abcdef"], first=2, read=read, most=most) == then


@pytest.mark.parametrize(("posts", "requests"), [(0, 3), (9_999, 3), (10_000, 3), (50_000, 15), (200_000, 60)])
def test_witness_costs_three_requests_for_ten_thousand_posts(posts: int, requests: int) -> None:
    assert budget(posts) == requests


def article(**fields: object) -> Post:
    return Post(site=HOME, type="post", id=0, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("page", "typed", "proof"),
    [
        (ArticlePage(id=9, type="post", post=article(), url=f"{HOME}/a/"), True, PageProof.ARTICLE),
        (ArticlePage(id=None, type=None, post=article(), url=f"{HOME}/a/"), True, PageProof.ARTICLE),
        (ArticlePage(id=7, type="post", post=article(), url=f"{HOME}/a/"), True, PageProof.KNOWN),
        (ArticlePage(id=7, type=None, post=article(), url=f"{HOME}/fr/a/"), True, PageProof.KNOWN),
        (ArticlePage(id=9, type="post", post=article(), url=f"{HOME}/new-address/"), True, PageProof.KNOWN),
        (ArticlePage(id=None, type=None, post=article(), url=f"{HOME}/"), True, PageProof.STALE),
        (ArticlePage(id=9, type="page", post=article(), url=f"{HOME}/a/"), True, PageProof.OTHER),
        (ArticlePage(id=None, type=None, post=None, url=f"{HOME}/a/"), True, PageProof.OTHER),
        (ArticlePage(id=None, type=None, post=article(), url=f"{HOME}/a/"), False, PageProof.OTHER),
        (ArticlePage(id=None, type=None, post=article(published="2024"), url=f"{HOME}/a/"), False, PageProof.ARTICLE),
    ],
)
def test_page_proves_an_article_a_known_row_or_nothing(page: ArticlePage, typed: bool, proof: PageProof) -> None:
    own, url = held(f"{HOME}/new-address"), f"{HOME}/a/"
    assert prove(page, url, held=own, known_ids={7}, home=HOME, type_="post", typed=typed) is proof
