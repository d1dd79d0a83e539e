"""Types as PHP encodes them, and the relations in `_links`."""

from __future__ import annotations

from dataclasses import replace
from sys import getsizeof
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.errors import RecordError
from newsbot.items import Author, Post
from newsbot.wordpress import records
from newsbot.wordpress.api import Api, Site
from newsbot.wordpress.joins.given import read_links
from newsbot.wordpress.joins.relations import learn
from newsbot.wordpress.payload import parse
from newsbot.wordpress.values import memory_of, objects_in

PRETTY, PLAIN = Api(root="https://a.example/wp-json/"), Api(root="https://a.example/index.php?rest_route=/")
SITE = Site(key="https://a.example", home="https://a.example", api=PRETTY, timezone="Europe/Kyiv")


def post(**fields: Any) -> Post:
    return records.read_post({"id": 7, **fields}, site=SITE, type_="post", fetched_at="", request_url="")


def test_dates_are_utc_and_a_zero_date_is_replaced_by_the_local_date() -> None:
    assert post(date="2024-07-01T12:00:00", date_gmt="2024-07-01T09:00:00").published == "2024-07-01T09:00:00Z"
    assert post(date="2024-07-01T12:00:00", date_gmt="-0001-11-30T00:00:00").published == "2024-07-01T09:00:00Z"
    assert post(date="-0001-11-30T00:00:00", date_gmt=None).published is None


@pytest.mark.parametrize("zone", [{"timezone": "America/New_York"}, {"timezone": None, "gmt_offset": -3.5}])
def test_date_beyond_the_calendar_in_utc_has_no_utc_date(zone: dict[str, Any]) -> None:
    raw = {"id": 7, "date": "9999-12-31T23:59:59"}
    found = records.read_post(raw, site=replace(SITE, **zone), type_="post", fetched_at="", request_url="")
    assert (found.published, found.published_local) == (None, "9999-12-31T23:59:59")


def test_text_is_decoded_once_and_empty_text_is_none() -> None:
    found = post(
        title={"rendered": "R&amp;D &lt;b&gt; <em>x</em>"}, slug="", guid={"rendered": "http://a/?p=1&#038;b=2"}
    )
    assert (found.title, found.slug, found.guid) == ("R&D <b> x", None, "http://a/?p=1&b=2")


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://a.example/x/?a=1&#038;b=2#c", "https://a.example/x/?a=1&b=2#c"),
        ("/news/x/#comment-5", "https://a.example/news/x/#comment-5"),
        ("?p=7", "https://a.example/?p=7"),
        ("//b.example/x", "https://b.example/x"),
        ("www.a.example/x", "https://www.a.example/x"),
        ("a.example/x", "https://a.example/x"),
        ("HTTP://b.example/x", "HTTP://b.example/x"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//[b", None),
        ("", None),
        (5, None),
    ],
)
def test_url_of_a_row_is_a_web_address_or_none(link: Any, url: str | None) -> None:
    assert post(link=link).url == url
    media = records.read_media({"id": 7, "source_url": link}, site=SITE, fetched_at="", request_url="")
    assert media.file_url == url
    author = records.read_linked("users", {"id": 7, "name": "Ann", "link": link}, None, home=SITE.home)
    assert isinstance(author, Author) and author.url == url


@pytest.mark.parametrize("value", ["52", 52.0, 52])
def test_id_is_read_from_text_and_from_a_float(value: Any) -> None:
    assert records.record_id({"id": value}) == 52


@pytest.mark.parametrize("value", [None, 0, -1, True, "x", 1.5, 1e300, float("nan"), float("inf"), [], {}])
def test_an_object_without_an_id_is_refused_with_its_value(value: Any) -> None:
    with pytest.raises(RecordError):
        records.record_id({"id": value})


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["rendered", "0", "id"]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*records.POST_FIELDS[1:], *records.MEDIA_FIELDS[1:]]), JUNK))
def test_rows_with_any_json_types_are_read(fields: dict[str, Any]) -> None:
    raw = {**fields, "id": 7}
    post(**fields)
    records.read_media(raw, site=SITE, fetched_at="", request_url="")
    records.read_comment(raw, site=SITE, fetched_at="", request_url="", personal=True)
    records.read_user(raw, site=SITE, fetched_at="", request_url="", personal=True)
    records.read_term(raw, site=SITE, taxonomy="category", fetched_at="", request_url="")


def test_objects_with_numbers_as_keys_are_read_as_lists() -> None:
    assert [row["id"] for row in objects_in({"0": {"id": 1}, "2": {"id": 3}})] == [1, 3]
    assert read_links({"0": 4, "3": "5"}, "terms", "category").ids == [4, 5]
    assert read_links(0, "users", None).ids == []


def sample(api: Api, term: str, image: str) -> dict[str, Any]:
    return {
        "id": 9, "author": 3, "featured_media": 8,
        "_links": {
            "self": [{"href": api.url("/wp/v2/posts/9")}],
            "author": [{"embeddable": True, "href": api.url("/wp/v2/users/3")}],
            "replies": [{"href": api.url("/wp/v2/comments", {"post": 9})}],
            "version-history": [{"count": 1, "href": api.url("/wp/v2/posts/9/revisions")}],
            image: [{"href": api.url("/wp/v2/media/8")}],
            term: [
                {"taxonomy": "category", "href": api.url("/wp/v2/categories", {"post": 9})},
                {"taxonomy": "beat", "href": api.url("/newsroom/v1/beats", {"post": 9})},
            ],
            "curies": [{"name": "wp", "href": "https://api.w.org/{rel}", "templated": True}],
        },
    }  # fmt: skip


@pytest.mark.parametrize("api", [PRETTY, PLAIN])
@pytest.mark.parametrize("spelling", ["wp:", "https://api.w.org/"])
def test_relations_are_learnt_in_every_spelling(api: Api, spelling: str) -> None:
    relations = learn([sample(api, spelling + "term", spelling + "featuredmedia")], api)
    found = {
        (relation.rel.rsplit("/", 1)[-1], relation.route, relation.field, relation.param, relation.taxonomy)
        for relation in relations
    }
    assert found == {
        ("author", "/wp/v2/users", "author", None, None),
        ("replies", "/wp/v2/comments", None, "post", None),
        ("version-history", "/wp/v2/posts/{id}/revisions", None, None, None),
        ("featuredmedia", "/wp/v2/media", "featured_media", None, None),
        ("term", "/wp/v2/categories", "categories", "post", "category"),
        ("term", "/newsroom/v1/beats", "beats", "post", "beat"),
    }


def test_link_that_is_no_url_is_no_relation() -> None:
    links = {"author": [{"href": "http://[::1"}, {"href": PRETTY.url("/wp/v2/users/3")}]}
    assert [found.route for found in learn([{"id": 1, "author": 3, "_links": links}], PRETTY)] == ["/wp/v2/users"]


def test_number_of_thousands_of_digits_is_no_number() -> None:
    assert post(author="9" * 5_000, featured_media="8").author is None
    with pytest.raises(RecordError):
        records.record_id({"id": "9" * 5_000})


def test_a_link_to_the_apis_root_is_no_relation() -> None:
    lost = {"id": 1, "author": 0, "_links": {"author": [{"href": PRETTY.url("/")}], "curies": [{"href": "{rel}"}]}}
    assert learn([lost], PRETTY) == []


@given(st.sampled_from([PRETTY, PLAIN]), st.dictionaries(st.sampled_from(["a", "b"]), st.text(min_size=1, max_size=9)))
def test_route_is_read_from_the_url_of_a_route(api: Api, params: dict[str, str]) -> None:
    assert api.route(api.url("/wp/v2/posts", params)) == ("/wp/v2/posts", params)


def test_memory_of_a_row_includes_texts_at_every_depth() -> None:
    row = parse(b'{"id": 3, "title": "Letters", "x": ' + b"[" * 1_020 + b'"Letters"' + b"]" * 1_020 + b"}")
    assert memory_of(row) == 2 * getsizeof("Letters")
