"""URLs of articles: their spellings, and ids in them and of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsbot.wordpress.pages import urls
from tests.unit.site_documents import HOME

# URLs.


def test_spellings_of_one_article_url_are_equal() -> None:
    same = (
        f"{HOME}/2021/caf%C3%A9/",
        "http://www.news.example:80/2021/café#comments",
        f"{HOME}/2021/caf%c3%a9?utm_source=rss&fbclid=x",
    )
    assert len({urls.canonical(url) for url in same}) == 1
    assert len({urls.id_of_url(url) for url in same}) == 1
    assert urls.canonical(f"{HOME}/?p=1") != urls.canonical(f"{HOME}/?p=2")
    assert urls.untracked(f"{HOME}/a/?utm_source=x&b=1#c") == f"{HOME}/a/?b=1"


@given(st.text())
def test_id_of_a_url_is_never_an_id_of_wordpress(url: str) -> None:
    assert -(2**48) <= urls.id_of_url(url) < 0
    assert urls.id_of_url(url) == urls.id_of_url(url)


@given(st.integers(1, 10**10 - 1), st.sampled_from(["post", "page", "story"]))
def test_id_in_a_url_is_read_for_its_type(row_id: int, type_: str) -> None:
    url = {"post": "?p=%d", "page": "?page_id=%d", "story": "?post_type=story&p=%d"}[type_] % row_id
    assert urls.id_in(f"{HOME}/{url}", type_) == row_id
    others = {"post", "page", "story"} - {type_}
    assert all(urls.id_in(f"{HOME}/{url}", other) is None for other in others)
