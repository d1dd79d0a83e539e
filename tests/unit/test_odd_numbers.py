"""Numbers that Python cannot read: thousands of digits, digits of other scripts, numbers beyond a float."""

from __future__ import annotations

import pytest
from twisted.web.http_headers import Headers

from newsbot.article.cleaning.clean import clean
from newsbot.errors import BadArgument, NoSuchPart, Refused
from newsbot.export.files import _latest
from newsbot.safety.addresses import AddressPolicy, address_of
from newsbot.safety.handler import mend_lengths
from newsbot.warc.reading import DamagedRecord, StoredRecord, message_of, unchunked
from newsbot.wordpress.api import Api, Site
from newsbot.wordpress.discovery.index import read_site
from newsbot.wordpress.joins.relations import learn
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.narrowing.addresses import meaning_of
from newsbot.wordpress.narrowing.lookup import Lookup
from newsbot.wordpress.pages.sitemap import read_sitemap
from newsbot.wordpress.payload import per_page_limit
from newsbot.wordpress.records import read_post

HOME = "https://news.example"
LONG = "1" * 5000
"""Python refuses to read more than 4,300 digits."""


def page(body: str) -> Reply:
    return Reply(status=200, url=f"{HOME}/a/", body=body.encode())


def site() -> Site:
    return Site(key=HOME, api=Api(root=f"{HOME}/wp-json/"), home=HOME)


@pytest.mark.parametrize("host", [LONG, f"1.{LONG}", f"{LONG}.1.1.1", f"0x{LONG}"])
def test_a_number_that_is_too_large_is_no_address(host: str) -> None:
    assert address_of(host) is None
    assert AddressPolicy().refusal(host, 80) is None


def test_private_address_with_leading_zeros_is_refused() -> None:
    assert AddressPolicy().refusal("0" * 5000 + "177.0.0.1", 80) is not None


def test_huge_image_width_does_not_fail_cleaning() -> None:
    icons = f'<ul class="share"><li><a href="https://social.example/s"><img src="/i.png" width="{LONG}"></a></li></ul>'
    assert "Words stay." in clean(f"<p>Words stay.</p>{icons}", base_url=HOME).html


@pytest.mark.parametrize("name", [f"postid-{LONG}", f"author-{LONG}", f"tag-{LONG}", "postid-٧", f"postid-{2**63}"])
def test_body_class_with_a_huge_number_gives_no_id(name: str) -> None:
    assert meaning_of(f"{HOME}/a/", page(f'<body class="{name}">'), site()).id is None


def test_link_with_a_huge_number_gives_no_relation_field() -> None:
    links = {"author": [{"href": f"{HOME}/wp-json/wp/v2/users/{LONG}", "embeddable": True}]}
    relations = learn([{"id": 1, "_links": links}], site().api)
    assert all(relation.field is None for relation in relations)


def test_per_page_limit_with_a_huge_number_is_ignored() -> None:
    assert per_page_limit(Refused("rest_invalid_param", status=400, text=f"per_page must be below {LONG}")) is None
    assert per_page_limit(Refused("rest_invalid_param", status=400, text="per_page must be from 1 to 50")) == 50


@pytest.mark.parametrize("hours", [10**400, "1e400", "nan", 1e308, "inf", [3], "24"])
def test_impossible_time_zone_offset_is_unknown(hours: object) -> None:
    assert read_site({"gmt_offset": hours}, site().api, HOME).gmt_offset is None


def test_time_zone_offset_of_half_an_hour_is_read() -> None:
    assert read_site({"gmt_offset": "5.5"}, site().api, HOME).gmt_offset == 5.5


@pytest.mark.parametrize("size", ["\N{SUPERSCRIPT TWO}", LONG, "-1", ""])
def test_a_record_whose_size_is_no_number_is_damaged(size: str) -> None:
    record = StoredRecord(offset=0, length=1, headers={}, block=f"HTTP/1.1 {size} OK\r\n\r\n".encode("latin-1"))
    with pytest.raises(DamagedRecord):
        message_of(record)


def test_chunk_with_a_negative_size_ends_the_body() -> None:
    assert unchunked(b"3\r\nabc\r\n-15\r\nx\r\n") == b"abc"


def test_sitemap_with_invalid_xml_names_is_read() -> None:
    text = f"<urlset><url.0><x>1</x></url.0><a:b:c></a:b:c><url><loc>{HOME}/b/</loc></url></urlset>"
    assert list(read_sitemap(page(text)).urls) == [f"{HOME}/b/"]


@pytest.mark.parametrize("name", ["\N{SUPERSCRIPT TWO}", LONG])
def test_name_that_only_looks_like_an_id_is_searched_as_a_name(name: str) -> None:
    asking = Lookup(site(), "author", "users").choose([name])
    refusal = Reply(status=403, url=HOME, body=b'{"code":"no","message":"No.","data":{"status":403}}')
    assert next(asking)
    with pytest.raises(NoSuchPart, match="give the id of the"):
        asking.send(refusal)


@pytest.mark.parametrize("number", [10**308, 2**63, -7, True, str(2**63), 0])
def test_invalid_id_links_no_row(number: object) -> None:
    raw = {"id": 7, "author": number, "featured_media": number, "parent": number}
    post = read_post(raw, site=site(), type_="post", fetched_at="", request_url=HOME)
    assert (post.author, post.image, post.parent) == (None, None, None)


@pytest.mark.parametrize("value", [LONG, "0", "²", "-1"])
def test_invalid_number_of_an_option_gives_one_line(value: str) -> None:
    with pytest.raises(BadArgument, match="--latest takes a number from 1"):
        _latest(value)


def test_impossible_content_length_is_removed() -> None:
    headers = Headers({b"Content-Length": [LONG.encode()]})
    mend_lengths(headers)
    assert headers.getRawHeaders(b"Content-Length") is None
