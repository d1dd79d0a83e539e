"""From any URL of a site to its API, with canned replies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import orjson
import pytest

from newsbot.errors import DiscoveryError
from newsbot.wordpress.api import Site
from newsbot.wordpress.discovery.closed import ClosedApi, recall_closed, remember_closed
from newsbot.wordpress.discovery.search import MOST_ROOTS, discover
from newsbot.wordpress.messages import Query, Reply

INDEX = {"name": "A &amp; B", "home": "https://a.example", "namespaces": ["wp/v2"], "gmt_offset": "2", "routes": {}}


def page(body: str = "<html></html>", *, link: str = "", status: int = 200) -> dict[str, object]:
    return {"status": status, "headers": {"link": link} if link else {}, "body": body.encode()}


def index(**changes: object) -> dict[str, object]:
    return {"status": 200, "body": orjson.dumps(INDEX | changes)}


def find(start: str, answers: Mapping[str, dict[str, object]], *, asked: list[str] | None = None) -> Site:
    """Discover with these answers by URL less ``_fields``; everything else is a 404 page."""
    search = discover(start)
    reply: Reply | None = None
    for _ in range(40):
        try:
            query = search.send(reply)  # type: ignore[arg-type]
        except StopIteration as end:
            site: Site = end.value
            return site
        url = query.url.split("_fields=")[0].rstrip("?&")
        if asked is not None:
            asked.append(url)
        reply = Reply(**{"url": url, **answers.get(url, page(status=404))})  # type: ignore[arg-type]
    raise AssertionError("discovery does not end")


def drive(start: str, answer: Callable[[Query], Reply]) -> Site:
    """Discover with the answers of a function."""
    search = discover(start)
    query = next(search)
    while True:
        try:
            query = search.send(answer(query))
        except StopIteration as end:
            site: Site = end.value
            return site


def test_a_bare_host_costs_one_request() -> None:
    asked: list[str] = []
    site = find("a.example", {"https://a.example/wp-json/": index()}, asked=asked)
    assert (site.key, site.name, site.gmt_offset, len(asked)) == ("https://a.example", "A & B", 2.0, 1)


def test_api_with_plain_permalinks_is_found_by_the_link_header_of_the_page() -> None:
    link = '<https://a.example/index.php?rest_route=/>; rel="https://api.w.org/"'
    answers = {
        "https://a.example/wp-json/": page(link=link),
        "https://a.example/index.php?rest_route=/": index(),
    }
    site = find("https://a.example", answers)
    assert site.api.url("/wp/v2/posts", {"page": 2}) == "https://a.example/index.php?rest_route=/wp/v2/posts&page=2"


@pytest.mark.parametrize(
    ("body", "language"),
    [
        ('<!DOCTYPE html><html class="x" lang="pt-BR" dir="ltr"><body>', "pt-BR"),
        ("<html><body lang='de'>", None),
        ("<rss><channel><link>https://a.example</link><language>nl-NL</language>", "nl-NL"),
    ],
)
def test_first_page_declares_the_language(body: str, language: str | None) -> None:
    answers = {"https://a.example/x/": page(body), "https://a.example/x/wp-json/": index(home="https://a.example/x")}
    assert find("https://a.example/x/", answers).language == language


def test_language_of_a_site_does_not_depend_on_the_given_address() -> None:
    answers = {"https://a.example/x/": page("<html lang='pt-BR'>"), "https://a.example/wp-json/": index()}
    assert find("https://a.example/x/", answers).language == find("https://a.example", answers).language


def test_api_with_another_prefix_is_found_by_the_link_element_of_an_article() -> None:
    tag = "<link rel='https://api.w.org/' href='https://a.example/api/' />"
    answers = {"https://a.example/2024/story/": page(tag), "https://a.example/api/": index()}
    assert find("https://a.example/2024/story/", answers).api.root == "https://a.example/api/"


@pytest.mark.parametrize("root", ["https://a.example/news/wp-json/", "https://a.example/news/?rest_route=/"])
def test_api_of_a_subdirectory_is_found_without_a_declaration(root: str) -> None:
    site = find("https://a.example/news/2024/story/", {root: index(home="https://a.example/news")})
    assert (site.key, site.api.root) == ("https://a.example/news", root)


def test_site_of_a_feed_is_found_by_its_link() -> None:
    feed = "<rss><channel><title>x</title><link>https://a.example/blog</link></channel></rss>"
    answers = {"https://a.example/x.xml": page(feed), "https://a.example/blog/wp-json/": index()}
    assert find("https://a.example/x.xml", answers).api.root == "https://a.example/blog/wp-json/"


def test_site_of_wordpress_com_is_crawled_by_its_public_api() -> None:
    root = "https://public-api.wordpress.com/wp/v2/sites/a.wordpress.com/"
    site = find("https://a.wordpress.com", {root + "types": {"status": 200, "body": b'{"post":{}}'}})
    assert (site.key, site.api.url("/wp/v2/posts")) == ("https://a.wordpress.com", root + "posts")


def test_http_is_tried_when_no_scheme_was_given() -> None:
    answers = {"http://a.example/wp-json/": index(home="http://a.example")}
    for start in ("https://a.example/wp-json/", "https://a.example/"):
        answers[start] = {"status": 0, "error": "tls"}
    assert find("a.example", answers).key == "http://a.example"


@pytest.mark.parametrize(
    ("offset", "hours"), [(0, 0.0), ("0", 0.0), (-3.5, -3.5), ("", None), (None, None), (False, None), ([], None)]
)
def test_offset_of_zero_is_utc_and_not_unknown(offset: object, hours: float | None) -> None:
    assert find("https://a.example", {"https://a.example/wp-json/": index(gmt_offset=offset)}).gmt_offset == hours


@pytest.mark.parametrize("home", ["http://[::1", "https://a.example:port"])
def test_home_that_is_no_url_is_ignored(home: str) -> None:
    assert find("https://a.example", {"https://a.example/wp-json/": index(home=home)}).key == "https://a.example"


def test_site_that_declares_localhost_has_its_address_as_key() -> None:
    site = find("https://a.example", {"https://a.example/wp-json/": index(home="http://localhost:10008")})
    assert site.key == "https://a.example"


@pytest.mark.parametrize(
    ("answer", "verdict", "said"),
    [
        (page("<p>no WordPress</p>"), "closed", "no WordPress REST API"),
        ({"status": 0, "error": "dns"}, "incomplete", "does not resolve"),
        ({"status": 0, "error": "private-address"}, "blocked", "private"),
        ({"status": 403, "headers": {"cf-mitigated": "challenge"}, "body": b"<html>"}, "blocked", "bot check"),
        ({"status": 401, "body": b'{"code":"closed","message":"No."}'}, "closed", "closed"),
        ({"status": 503, "body": b"<html>maintenance"}, "incomplete", "503"),
    ],
)
def test_missing_api_is_explained_in_one_line(answer: dict[str, object], verdict: str, said: str) -> None:
    class Everything(dict[str, dict[str, object]]):
        def get(self, *_: object) -> dict[str, object]:
            return answer

    with pytest.raises(DiscoveryError, match=said) as raised:
        find("https://a.example", Everything())
    assert raised.value.verdict == verdict
    assert "\n" not in str(raised.value)


def asked_in_vain(start: str, error: str) -> list[str]:
    """Every URL that discovery requests if each reply is ``error``."""
    asked: list[str] = []
    failure = Reply(status=0, url=start, error=error)

    def ask_all() -> None:
        talk = discover(start)
        query = next(talk)
        while True:
            asked.append(query.url)
            query = talk.send(replace(failure, url=query.url))

    with pytest.raises(DiscoveryError):
        ask_all()
    return asked


def test_https_that_the_user_gave_is_never_made_http() -> None:
    assert not any(url.startswith("http://") for url in asked_in_vain("https://a.example/", "refused"))
    assert any(url.startswith("http://") for url in asked_in_vain("a.example", "refused"))


def test_api_that_robots_txt_forbids_is_not_requested_by_another_url() -> None:
    asked = asked_in_vain("https://a.example/", "robots")
    assert not any("rest_route" in url or "index.php" in url for url in asked)


def test_api_that_an_https_page_declares_as_http_is_requested_over_https() -> None:
    asked: list[str] = []
    link = '<http://a.example/api/>; rel="https://api.w.org/"'
    answers = {"https://a.example/x/": page(link=link), "https://a.example/api/": index()}
    find("https://a.example/x/", answers, asked=asked)
    assert "https://a.example/api/" in asked
    assert "http://a.example/api/" not in asked


NEWS = index(home="https://a.example/dept/news")
PARENT = index(home="https://a.example")


@pytest.mark.parametrize("start", ["/dept/news/", "/dept/news/2024/05/story/", "/dept/news/category/x/", "/dept/news"])
def test_site_two_folders_deep_is_found_before_its_parent_site(start: str) -> None:
    answers = {"https://a.example/dept/news/wp-json/": NEWS, "https://a.example/wp-json/": PARENT}
    assert find(f"https://a.example{start}", answers).key == "https://a.example/dept/news"


def test_a_site_three_folders_deep_with_plain_permalinks_is_found() -> None:
    answers = {
        "https://a.example/a/b/c/?rest_route=/": index(home="https://a.example/a/b/c"),
        "https://a.example/wp-json/": PARENT,
    }
    assert find("https://a.example/a/b/c/", answers).key == "https://a.example/a/b/c"


SEARCHED = "2026-03-01T10:00:00Z"


def search(start: str, answers: Mapping[str, dict[str, object]], *, closed: ClosedApi | None, now: str) -> list[str]:
    """The URLs that discovery asks for at the time ``now``. ``closed`` is what an earlier run found out."""
    asked: list[str] = []
    talk, reply = discover(start, closed=closed), None
    try:
        while True:
            query = talk.send(reply)  # type: ignore[arg-type]
            url = query.url.split("_fields=")[0].rstrip("?&")
            asked.append(url)
            reply = Reply(**{"url": url, "fetched_at": now, **answers.get(url, page(status=404))})  # type: ignore[arg-type]
    except StopIteration:
        asked.append("found")
    except DiscoveryError as failure:
        asked.append(str(failure))
    return asked


def searched_in_vain(start: str, answers: Mapping[str, dict[str, object]], *, runs: int = 2) -> ClosedApi:
    """What the last of ``runs`` keeps."""
    found: ClosedApi | None = None
    for _ in range(runs):
        found = _searched_in_vain(start, answers, closed=found)
    assert found is not None
    return found


def _searched_in_vain(
    start: str, answers: Mapping[str, dict[str, object]], *, closed: ClosedApi | None
) -> ClosedApi | None:
    talk, reply = discover(start, closed=closed), None
    try:
        while True:
            query = talk.send(reply)  # type: ignore[arg-type]
            url = query.url.split("_fields=")[0].rstrip("?&")
            reply = Reply(**{"url": url, "fetched_at": SEARCHED, **answers.get(url, page(status=404))})  # type: ignore[arg-type]
    except DiscoveryError as failure:
        notes = list(remember_closed(start, failure, failure.first, failure.when))
    if not notes:
        return closed  # the earlier search holds
    (kept,) = notes
    recalling = recall_closed(start)
    asked = next(recalling)
    assert (asked.site, asked.relation, asked.ids) == (kept.site, kept.relation, tuple(kept.objects))
    with pytest.raises(StopIteration) as end:
        recalling.send(kept.objects)
    found: ClosedApi | None = end.value.value
    return found


STARTS = ["https://a.example/", "https://a.example/2024/05/story/", "https://a.example/dept/"]


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("api", [page(status=404), page("<p>no WordPress</p>"), {"status": 401, "body": b"no"}])
def test_later_run_makes_one_request_for_the_api_of_a_site_without_one(start: str, api: dict[str, object]) -> None:
    answers = {"https://a.example/wp-json/": api, "https://a.example/?rest_route=/": page(status=403)}
    closed = searched_in_vain(start, answers)
    whole = search(start, answers, closed=None, now=SEARCHED)
    again = search(start, answers, closed=closed, now="2026-03-08T09:59:59Z")
    assert (len(again) <= 3, again[-1]) == (True, whole[-1])
    assert "https://a.example/wp-json/" in again, "an API that returns stands there"
    assert len(whole) > 5
    assert search(start, answers, closed=closed, now="2026-03-08T10:00:00Z") == whole, "the search is a week old"
    assert search(start, answers, closed=closed, now="2026-02-28T10:00:00Z") == whole, "the clock went back"


def test_next_run_finds_an_api_that_answers_again() -> None:
    closed = searched_in_vain("https://a.example/", {})
    link = '<https://a.example/?rest_route=/>; rel="https://api.w.org/"'
    plain = {"https://a.example/wp-json/": page(link=link), "https://a.example/?rest_route=/": index()}
    for answers, requests in (({"https://a.example/wp-json/": index()}, 1), (plain, 2)):
        asked = search("https://a.example/", answers, closed=closed, now=SEARCHED)
        assert (asked[-1], len(asked)) == ("found", requests + 1)
    for start in STARTS[1:]:
        closed = searched_in_vain(start, {})
        assert search(start, {"https://a.example/wp-json/": index()}, closed=closed, now=SEARCHED)[-1] == "found"


@pytest.mark.parametrize("refusal", [page(status=403), {"status": 401, "body": b'{"code":"closed","message":"No."}'}])
def test_a_refusal_beyond_the_first_place_is_believed_after_two_runs(refusal: dict[str, object]) -> None:
    answers = {"https://a.example/?rest_route=/": refusal}
    opened = {"https://a.example/?rest_route=/": index()}
    for runs, found in ((1, True), (2, False)):
        closed = searched_in_vain("https://a.example/", answers, runs=runs)
        again = search("https://a.example/", opened, closed=closed, now="2026-03-02T10:00:00Z")
        assert (again[-1] == "found") is found


@pytest.mark.parametrize("now", [page(status=503), page(status=403), page("<p>moved</p>")])
def test_another_answer_at_the_first_address_starts_a_full_search(now: dict[str, object]) -> None:
    closed = searched_in_vain("https://a.example/", {})
    answers = {"https://a.example/wp-json/": now, "https://a.example/?rest_route=/": index()}
    assert search("https://a.example/", answers, closed=closed, now=SEARCHED)[-1] == "found"


def test_only_an_unsuccessful_search_is_stored() -> None:
    with pytest.raises(DiscoveryError) as raised:
        find("https://a.example", {"https://a.example/wp-json/": page(status=503)})
    assert list(remember_closed("https://a.example", raised.value, ("HTTP 503",), SEARCHED)) == []
    recalling = recall_closed("a.example")
    next(recalling)
    with pytest.raises(StopIteration) as end:
        recalling.send({})
    assert end.value.value is None


CLOSED = {"status": 401, "body": b'{"code":"rest_closed","message":"No."}'}
LINK = '<https://a.example/dept/news/wp-json/>; rel="https://api.w.org/"'


@pytest.mark.parametrize(
    ("start_page", "api"), [(page(), CLOSED), (page(link=LINK), CLOSED), (page(link=LINK), page(status=503))]
)
def test_parent_site_is_not_crawled_instead_of_a_folder_with_a_closed_api(
    start_page: dict[str, object], api: dict[str, object]
) -> None:
    answers = {
        "https://a.example/dept/news/": start_page,
        "https://a.example/dept/news/wp-json/": api,
        "https://a.example/wp-json/": PARENT,
    }
    with pytest.raises(DiscoveryError):
        find("https://a.example/dept/news/", answers)


def test_usual_addresses_are_tried_when_the_declared_api_does_not_answer() -> None:
    link = '<https://a.example/api/>; rel="https://api.w.org/"'
    answers = {"https://a.example/x/": page(link=link), "https://a.example/wp-json/": index()}
    assert find("https://a.example/x/", answers).key == "https://a.example"


@pytest.mark.parametrize(
    "link",
    [
        '"<https://a.example/api/>; rel=\\"https://api.w.org/\\""',
        "<https://a.example/api/>; rel=https://api.w.org/",
        '<https://a.example/x>; rel=a, < https://a.example/api/ >; title="a, b"; REL="https://api.w.org/ index"',
        "<<<<<https://a.example/api/>; rel='https://api.w.org/'",
    ],
)
def test_link_header_is_read_with_any_quoting(link: str) -> None:
    answers = {"https://a.example/x/": page(link=link), "https://a.example/api/": index()}
    assert find("https://a.example/x/", answers).api.root == "https://a.example/api/"


@pytest.mark.parametrize("empty", [b"", b"[]", b"{}", b"\xef\xbb\xbf\n"])
def test_index_that_is_empty_with_fields_is_requested_without_fields(empty: bytes) -> None:
    asked: list[str] = []

    def answer(query: Query) -> Reply:
        asked.append(query.url)
        body = empty if "_fields" in query.url else orjson.dumps(INDEX)
        return Reply(status=200, url=query.url, body=body)

    assert drive("https://a.example/", answer).key == "https://a.example"
    assert asked[1:] == ["https://a.example/wp-json/"]


def test_search_ends_when_every_page_declares_another_api() -> None:
    asked: list[str] = []

    def answer(query: Query) -> Reply:
        asked.append(query.url)
        link = f'<https://a.example/{len(asked)}/wp-json/>; rel="https://api.w.org/"'
        return Reply(status=404, url=query.url, headers={"link": link}, body=b"<html>")

    with pytest.raises(DiscoveryError):
        drive("https://a.example/x/", answer)
    assert len(asked) <= MOST_ROOTS


def test_name_of_a_site_has_no_control_characters() -> None:
    assert find("a.example", {"https://a.example/wp-json/": index(name="A\x00 &amp;\x9b B")}).name == "A & B"
