"""Articles of one site that one run asks for together."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest

from newsbot.wordpress.api import RouteAccepts
from newsbot.wordpress.meaning import Meaning
from newsbot.wordpress.messages import Query, Reply, answered
from newsbot.wordpress.queries import NO_FIELD
from newsbot.wordpress.questions import AskSite
from newsbot.wordpress.site_json import site_as_json
from newsbot.wordpress.together import asked_together, find_articles, find_site
from tests.unit.model_site import HOME, site

URLS = [f"{HOME}/a/", f"{HOME}/b.html", f"{HOME}/archives/7", f"{HOME}/?p=9", f"{HOME}/tag/d/"]


def article(number: int, text: str | None = "slug") -> Meaning:
    return Meaning(kind="article", base="posts", id=number, text=text)


def answer(query: Query, rows: Any, status: int = 200) -> Reply:
    return Reply(status=status, url=query.url, headers={"x-wp-total": "99"}, body=orjson.dumps(rows))


def params(query: Query) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(query.url).query))


def resolved(urls: Sequence[str], posts: list[dict[str, Any]]) -> tuple[dict[str, Meaning], list[dict[str, str]]]:
    """What the addresses mean, and the parameters of the queries. The site gives ``posts`` for each query of posts."""
    found, asked = site(), []
    steps = find_articles(found, urls)
    try:
        query = next(steps)
        while True:
            asked.append(params(query) | {"route": urlsplit(query.url).path.rpartition("/")[2]})
            query = steps.send(answer(query, posts if "/posts" in query.url else []))
    except StopIteration:
        return found.meanings, asked


def test_articles_are_found_by_slug_by_id_and_by_their_queries() -> None:
    posts = [{"id": 1, "link": URLS[0]}, {"id": 2, "link": URLS[1]}, {"id": 7, "link": URLS[2]}]
    meanings, asked = resolved(URLS, posts)
    assert {url: (meaning.kind, meaning.id) for url, meaning in meanings.items()} == {
        url: ("article", number) for url, number in zip(URLS, (1, 2, 7, 9), strict=False)
    }
    assert [(query["route"], query.get("slug"), query.get("include")) for query in asked] == [
        ("posts", None, "7"),
        ("posts", "a,b", None),
    ]


def test_a_post_with_another_permalink_is_not_the_article() -> None:
    meanings, asked = resolved(URLS[:3], [{"id": 1, "link": f"{HOME}/other/a/"}, {"id": 2, "link": None}, {"id": 3}])
    # Where the site knows no post of the list, nothing is asked about its pages.
    assert (meanings, {query["route"] for query in asked}) == ({}, {"posts"})


def test_two_posts_with_one_permalink_are_not_the_article() -> None:
    posts = [{"id": 1, "link": URLS[0]}, {"id": 3, "link": URLS[0]}, {"id": 2, "link": URLS[1]}]
    assert {meaning.id for meaning in resolved(URLS[:3], posts)[0].values()} == {2}
    assert {meaning.id for meaning in resolved(URLS[:3], [posts[0], *posts[::2]])[0].values()} == {1, 2}


def test_a_site_of_another_host_resolves_no_address() -> None:
    urls = [url.replace(HOME, "https://other.example") for url in URLS]
    assert resolved(urls, [{"id": 1, "link": URLS[0]}, {"id": 7, "link": URLS[2]}]) == ({}, [])


def test_a_query_in_another_folder_is_not_resolved_by_this_site() -> None:
    home, below = f"{HOME}/?p=9", f"{HOME}/blog/?p=9"
    assert resolved([home, below], [])[0].keys() == {home}


@pytest.mark.parametrize("urls", [URLS[:2], [URLS[4], f"{HOME}/category/e/", f"{HOME}/author/f/", URLS[0]]])
def test_list_without_possible_articles_costs_no_query(urls: list[str]) -> None:
    assert resolved(urls, []) == ({}, [])


OWN = Query(url=f"{HOME}/wp-json/wp/v2/posts?include=2&per_page=1&_fields=id,content,{NO_FIELD}99&_=9", purpose="list")
SINGLE = Query(url=f"{HOME}/wp-json/wp/v2/posts/2?_fields=id,type", purpose="narrow")
BESIDE = [f"{HOME}/{name}/" for name in "abcde"]


def together(
    query: Query, replies: Sequence[tuple[Any, int]], meanings: Sequence[Meaning | None] | None = None, size: int = 100
) -> tuple[list[Query], Reply]:
    """The queries that are sent for ``query``, and the reply that its crawl gets."""

    def one_query() -> Generator[Query, Reply, Reply]:
        return (yield query)

    found, sent = site(), []
    found.accepts["/wp/v2/posts"] = RouteAccepts(per_page=size)
    known = meanings or [article(number) for number in range(1, 6)]
    found.meanings = {url: meaning for url, meaning in zip(BESIDE, known, strict=True) if meaning is not None}
    steps = asked_together(one_query(), found, BESIDE[1], BESIDE)
    message, left = next(steps), list(replies)
    try:
        while True:
            sent.append(message)
            rows, status = left.pop(0)
            message = steps.send(answer(message, rows, status))
    except StopIteration as end:
        return sent, end.value


ROWS = [{"id": number, "content": "long", "author": 10 + number} for number in range(1, 6)]


def test_one_answer_gives_every_article() -> None:
    (sent,), reply = together(OWN, [(ROWS, 200)])
    assert (params(sent)["include"], params(sent)["per_page"]) == ("1,2,3,4,5", "5")
    assert orjson.loads(reply.body) == [ROWS[1]]
    assert reply.headers == {"x-wp-total": "1", "x-wp-totalpages": "1"}
    assert reply.beside == tuple({"id": row["id"], "author": row["author"]} for row in ROWS if row["id"] != 2)
    (without_token,), _ = together(Query(url=OWN.url.partition(f",{NO_FIELD}")[0], purpose="list"), [(ROWS, 200)])
    assert sent.shared == without_token.shared
    assert "&_=9" in sent.url


def test_the_route_of_one_article_is_answered_from_the_list() -> None:
    (sent,), reply = together(SINGLE, [(ROWS, 200)])
    assert (params(sent)["include"], orjson.loads(reply.body)) == ("1,2,3,4,5", ROWS[1])


@pytest.mark.parametrize("rows", [[], ROWS[2:], [{"id": "2x"}]], ids=["none", "others", "no id"])
def test_article_missing_in_the_answer_is_requested_alone(rows: list[Any]) -> None:
    sent, reply = together(OWN, [(rows, 200), (ROWS[1:2], 200)])
    assert sent[1] is OWN
    assert orjson.loads(reply.body) == ROWS[1:2]


def test_page_with_a_failing_article_is_requested_in_halves() -> None:
    sent, reply = together(OWN, [({}, 500), (ROWS[:2], 200)])
    assert [params(query)["include"] for query in sent] == ["1,2,3,4,5", "1,2"]
    assert orjson.loads(reply.body) == ROWS[1:2]
    sent, _ = together(OWN, [({}, 500), ({}, 500), (ROWS[1:2], 200)])
    assert sent[2] is OWN
    # Only texts kill a page. A refusal is no failure of one article.
    assert [query.url for query in together(OWN, [({}, 403), ([], 200)])[0]][1:] == [OWN.url]
    assert [query.url for query in together(SINGLE, [({}, 500), ({}, 200)])[0]][1:] == [SINGLE.url]


def test_only_articles_that_every_crawl_knows_are_requested_together() -> None:
    meanings = [
        article(1),
        article(2),
        article(3, text=None),
        Meaning(kind="article", base="pages", id=4, text="x"),
        None,
    ]
    (sent,), _ = together(OWN, [(ROWS, 200)], meanings)
    assert params(sent)["include"] == "1,2"
    (alone,), _ = together(OWN, [(ROWS, 200)], [None, article(2, text=None), article(3), None, None])
    assert alone is OWN
    (sent,), _ = together(OWN, [(ROWS, 200)], size=2)
    assert params(sent)["include"] == "1,2"


def test_other_queries_are_sent_unchanged() -> None:
    for query in (
        Query(url=OWN.url.replace("include=2", "include=3"), purpose="list"),
        Query(url=OWN.url.replace("posts", "pages"), purpose="list"),
        Query(url=OWN.url, purpose="include"),
        Query(url=f"{HOME}/b/", purpose="list"),
    ):
        (sent,), _ = together(query, [(ROWS, 200)])
        assert sent is query


def test_lone_surrogate_in_a_link_is_no_error() -> None:
    links = [f"{URLS[0]}?x=\udc00", URLS[1]]
    posts = [{"id": number, "link": link} for number, link in enumerate(links, 1)]
    steps = find_articles(site(), URLS[:3])
    next(steps)
    # The site knows no post 7.
    steps.send(Reply(status=200, url=HOME, body=json.dumps(posts).encode()))


def test_value_in_place_of_the_message_decides_the_answer() -> None:
    closed = []

    def steps() -> Generator[Any, Any, str]:
        try:
            return f"{(yield 'a')} {(yield 'b')}"
        finally:
            closed.append(True)

    def ask(message: str) -> Generator[Any, Any, str]:
        first = yield f"{message}1"
        return f"{first}{yield f'{message}2'}"

    run = answered(steps(), ask)
    assert [next(run), run.send("x"), run.send("y"), run.send("z")] == ["a1", "a2", "b1", "b2"]
    with pytest.raises(StopIteration) as end:
        run.send("w")
    assert end.value.value == "xy zw"
    stopped = answered(steps(), ask)
    next(stopped)
    stopped.close()
    assert closed == [True, True]


@pytest.mark.parametrize("doubted", [False, True])
def test_a_site_in_doubt_is_discovered_again_once_for_all_its_addresses(doubted: bool) -> None:
    kept = site()
    kept.doubted = doubted
    steps = find_site(URLS[0], URLS[:3], anew=False)
    query = next(steps)
    while not isinstance(query, Query):
        # The archive knows the site by its addresses, and nothing of a closed API.
        query = steps.send(site_as_json(kept) if isinstance(query, AskSite) else {})
    assert (query.purpose == "discover", query.shared) == (doubted, query.url)
