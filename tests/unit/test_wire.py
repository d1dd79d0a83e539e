"""Bodies that are packed in another way than their header says, and redirects that wait for a cookie."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Mapping

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.exceptions import ResponseDataLossError
from scrapy.http import Response, TextResponse
from scrapy.utils._compression import zstd  # type: ignore[attr-defined]
from scrapy.utils.test import get_crawler

from newsbot.middlewares.compression import CompressionMiddleware
from newsbot.middlewares.redirects import RedirectsMiddleware
from newsbot.net.endings import ends_as_document, stream_ends
from newsbot.net.refusals import TooLarge, TooManyRedirects

URL = "https://news.example/wp-json/"
JSON = b'{"name": "News", "words": "' + b"word " * 200 + b'"}'
PACKED = gzip.compress(JSON, mtime=0)

BODIES: dict[str, tuple[str | None, bytes]] = {
    "gzip": ("gzip", PACKED),
    "gzip said, plain": ("gzip", JSON),
    "plain said, gzip": (None, PACKED),
    "deflate": ("deflate", zlib.compress(JSON)),
    "deflate without its header": ("deflate", zlib.compress(JSON)[2:-4]),
    "deflate said, plain": ("deflate", JSON),
    "deflate said, gzip": ("deflate", PACKED),
    "br": ("br", brotli.compress(JSON)),
    "br said, plain": ("br", JSON),
    "br said, gzip": ("br", PACKED),
    "zstd said, plain": ("zstd", JSON),
    "gzip said twice": ("gzip, gzip", PACKED),
    "gzip twice, said once": ("gzip", gzip.compress(PACKED, mtime=0)),
    "a charset for an encoding": ("UTF-8", JSON),
}

SHORT = (b'[{"id":1}]', b"[]", b'{"a":1}' * 50, "<rss>é</rss>".encode(), b'["' + "é".encode() * 1_500 + b'"]')
"""Texts that brotli or raw deflate unpack to rubbish, or to nothing, without an error; and one that is cut in a letter
where a sample of it ends."""


def unpacked(encoding: str | None, body: bytes, *, kind: str = "application/json", url: str = URL) -> Response:
    middleware = CompressionMiddleware.from_crawler(get_crawler(settings_dict={"DOWNLOAD_MAXSIZE": 100_000}))
    headers = {"Content-Type": kind} | ({"Content-Encoding": encoding} if encoding else {})
    response = middleware.process_response(Request(url), Response(url, headers=headers, body=body))
    assert isinstance(response, Response)
    return response


def test_content_encoding_that_is_no_ascii_is_ignored() -> None:
    """Scrapy decodes the name for its warning."""
    middleware = CompressionMiddleware.from_crawler(get_crawler(settings_dict={"DOWNLOAD_MAXSIZE": 100_000}))
    headers: dict[str, str | bytes] = {"Content-Type": "application/json", "Content-Encoding": b"K\xf6ln"}
    response = middleware.process_response(Request(URL), Response(URL, headers=headers, body=JSON))
    assert isinstance(response, Response) and response.body == JSON


@pytest.mark.parametrize("name", BODIES)
def test_body_is_read_with_a_wrong_content_encoding(name: str) -> None:
    response = unpacked(*BODIES[name])
    assert response.body == JSON
    assert isinstance(response, TextResponse) or name == "a charset for an encoding"


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip", "zstd"])
def test_plain_text_with_a_content_encoding_is_unchanged(encoding: str) -> None:
    for body in SHORT:
        assert unpacked(encoding, body).body == body


def test_compressed_file_is_not_decompressed() -> None:
    assert unpacked(None, PACKED, kind="application/x-gzip").body == PACKED
    assert unpacked(None, PACKED, kind="text/xml", url="https://news.example/sitemap.xml.gz").body == PACKED


@pytest.mark.parametrize("encoding", ["gzip", "deflate", None])
def test_decompression_bomb_with_a_wrong_header_is_too_large(encoding: str | None) -> None:
    with pytest.raises(TooLarge):
        unpacked(encoding, gzip.compress(bytes(1_000_000), mtime=0))


PAGE = b"<html><body>" + b"".join(b"<p>Sentence %d.</p>" % n for n in range(900))
WHOLE = PAGE + b"</body></html>\n<!-- stored by a cache -->"
PACK: Mapping[str, Callable[[bytes], bytes]] = {
    "br": brotli.compress,
    "deflate": zlib.compress,
    "gzip": gzip.compress,
    "zstd": zstd.compress,
}


def answer_of(encoding: str, packed: bytes, *, request: Request, kind: str = "text/html") -> Request | Response:
    middleware = CompressionMiddleware.from_crawler(get_crawler())
    middleware.process_request(request)
    response = Response(URL, headers={"Content-Type": kind, "Content-Encoding": encoding}, body=packed)
    return middleware.process_response(request, response)


def page_of(encoding: str, packed: bytes, *, kind: str = "text/html", fails: bool = False) -> Response:
    """The page, if the server gives the same answer to a request for the plain body."""
    answer = answer_of(
        encoding, packed, kind=kind, request=Request(URL, meta={} if fails else {"download_fail_on_dataloss": False})
    )
    if isinstance(answer, Request):
        answer = answer_of(encoding, packed, kind=kind, request=answer)
    assert isinstance(answer, Response)
    return answer


@pytest.mark.parametrize("encoding", PACK)
def test_compressed_data_without_its_end_is_a_data_loss(encoding: str) -> None:
    packed = PACK[encoding](PAGE)
    for size in (len(packed) // 2, len(packed) - 20):
        response = page_of(encoding, packed[:size])
        assert response.flags == ["dataloss"] and PAGE.startswith(response.body)
        with pytest.raises(ResponseDataLossError, match="has no end"):
            page_of(encoding, packed[:size], fails=True)


@pytest.mark.parametrize("encoding", PACK)
def test_whole_compressed_data_is_no_data_loss(encoding: str) -> None:
    # A page without </html> is whole where its compressed data is whole.
    for page in (PAGE, WHOLE, b"", b"x"):
        response = page_of(encoding, PACK[encoding](page), fails=True)
        assert (response.flags, response.body) == ([], page)


def test_page_with_its_last_tag_is_whole_although_its_compressed_data_has_no_end() -> None:
    packer = zlib.compressobj(wbits=31)
    flushed = packer.compress(WHOLE) + packer.flush(zlib.Z_SYNC_FLUSH)
    response = page_of("gzip", flushed, fails=True)
    assert (response.flags, response.body) == ([], WHOLE)


def test_body_without_its_end_is_requested_without_compression() -> None:
    for kind, text in (("text/html", PAGE), ("application/json", JSON)):
        cut = gzip.compress(text, mtime=0)[:-30]
        first = Request(URL, headers={"X-Key": ["1", "2"]}, meta={"newsbot_site": URL})
        again = answer_of("gzip", cut, kind=kind, request=first)
        assert isinstance(again, Request)
        assert (again.url, again.method, again.dont_filter, again.meta) == (URL, "GET", True, first.meta)
        assert again.headers.getlist("X-Key") == [b"1", b"2"]
        assert again.headers.getlist("Accept-Encoding") == [b"identity"]


@pytest.mark.parametrize("encoding", PACK)
def test_answer_without_a_body_is_not_requested_again(encoding: str) -> None:
    response = answer_of(encoding, b"", request=Request(URL))
    assert isinstance(response, Response)
    assert (response.flags, response.body) == ([], b"")


def test_data_that_cannot_be_decompressed_is_a_data_loss() -> None:
    for kind in ("text/html", "application/json"):
        with pytest.raises(ResponseDataLossError):
            page_of("gzip", b"\x1f\x8b\x08\x00rubbish", kind=kind, fails=True)


@given(st.binary(max_size=400), st.sampled_from(["text", "name", "members"]), st.integers(0, 7))
def test_gzip_data_ends_only_after_its_last_block(data: bytes, form: str, lost: int) -> None:
    file = io.BytesIO()
    with gzip.GzipFile("page.html" if form == "name" else "", "wb", fileobj=file) as packer:
        packer.write(data)
    packed = file.getvalue() * (2 if form == "members" else 1)
    # The checksum and the size are the last eight bytes.
    assert stream_ends(packed[: len(packed) - lost], b"gzip")
    assert not stream_ends(packed[:-9], b"gzip")


def test_gzip_header_can_have_all_optional_parts() -> None:
    raw = zlib.compress(PAGE, wbits=-15)
    header = b"\x1f\x8b\x08\x1e" + bytes(6) + b"\x03\x00abcname\0comment\0\x12\x34"
    assert stream_ends(header + raw + bytes(8), b"gzip")
    assert not stream_ends(header + raw[:-2], b"gzip")
    for cut in range(len(header)):
        assert not stream_ends((header + raw)[: max(cut, 2)], b"gzip")


@pytest.mark.parametrize(
    ("end", "whole"),
    [
        (b"</html>", True),
        (b"</HTML>\r\n\0", True),
        (b"</rss><!-- one --> <!-- two -->", True),
        (b"</urlset>", True),
        (b"</p>", False),
        (b"<!-- </html> -->", False),
        (b"</html", False),
    ],
)
def test_the_last_tag_shows_that_a_document_is_whole(end: bytes, whole: bool) -> None:
    assert ends_as_document(b"<p>" * 9_000 + end) is whole


class Browser:
    """Follows the redirects of a server that is given as ``answers``: path -> (location, cookie)."""

    def __init__(self, answers: Mapping[str, tuple[str, str]]) -> None:
        self.middleware = RedirectsMiddleware.from_crawler(get_crawler(settings_dict={"REDIRECT_MAX_TIMES": 8}))
        self.answers = answers
        self.asked: list[tuple[str, bytes | None]] = []

    def visit(self, url: str, *, wants: bytes = b"seen=1") -> str:
        """The URL where the visit ends: where the cookie ``wants`` is sent, or where nothing redirects."""
        request = Request(url)
        for _ in range(20):
            self.middleware.process_request(request)
            cookie = request.headers.get("Cookie")
            self.asked.append((request.url, cookie))
            place = request.url
            if place not in self.answers or wants in (cookie or b""):
                return request.url
            location, given = self.answers[place]
            headers = {"Location": location} | ({"Set-Cookie": given} if given else {})
            following = self.middleware.process_response(request, Response(place, status=302, headers=headers))
            assert isinstance(following, Request)
            request = following
        raise AssertionError("the redirects do not end")


def test_server_gets_the_cookie_of_its_own_redirect() -> None:
    browser = Browser({URL: (URL, "seen=1; path=/; HttpOnly"), f"{URL}posts": (f"{URL}posts", "seen=1")})
    assert browser.visit(URL) == URL
    assert browser.asked == [(URL, None), (URL, b"seen=1")]
    # Later requests to the same server bring the cookie at once. No other server sees it.
    browser.visit(f"{URL}posts")
    assert browser.asked[2:] == [(f"{URL}posts", b"seen=1")]
    browser.visit("https://other.example/")
    assert browser.asked[3:] == [("https://other.example/", None)]


@pytest.mark.parametrize(
    "name", ["PHPSESSID", "wordpress_test_cookie", "pll_language", "wp-wpml_current_language", "age"]
)
def test_cookies_of_wordpress_and_of_plugins_are_no_bot_check(name: str) -> None:
    browser = Browser({URL: (URL, f"{name}=1; path=/")})
    assert browser.visit(URL, wants=f"{name}=1".encode()) == URL


def test_cookie_is_taken_from_any_redirect_of_a_loop() -> None:
    check = "https://news.example/check"
    browser = Browser({URL: (check, ""), check: (URL, "seen=1")})
    assert browser.visit(URL) == URL
    assert [cookie for _, cookie in browser.asked] == [None, None, b"seen=1"]


def test_no_server_gets_a_cookie_of_another_server_in_a_redirect_loop() -> None:
    first, second = "https://other.example/1", "https://other.example/2"
    browser = Browser({URL: (first, "session=1"), first: (second, ""), second: (first, "")})
    with pytest.raises(TooManyRedirects):
        browser.visit(URL)
    assert {cookie for _, cookie in browser.asked} == {None}


@pytest.mark.parametrize(
    "cookie",
    [
        *(
            "__cf_bm=1",
            "cf_clearance=1",
            "datadome=1",
            "incap_ses_1=x",
            "wfwaf-authcookie-1f=x",
            "__ddg1_=a",
            "rbzid=a",
        ),
        *("qrator_jsid2=1", "TS01a2b3c4=1", "__uzmb=1", "acw_sc__v2=1", "techaro.lol-anubis-auth=1", "my-captcha=1"),
        *("afd_azwaf_jsclearance=1", "icwp-wpsf-notbot=1", "__jsluid_s=1", "_fs_ch_cp_79=1", "wsidchk=1", "KP_UIDz=1"),
        *("seen=", "bad name=1", "half"),
    ],
)
def test_cookies_of_bot_checks_and_malformed_cookies_are_never_sent(cookie: str) -> None:
    browser = Browser({URL: (URL, cookie)})
    with pytest.raises(TooManyRedirects):
        browser.visit(URL, wants=b"=")
    assert {sent for _, sent in browser.asked} == {None}


def test_a_redirect_to_another_url_brings_no_cookie() -> None:
    browser = Browser({URL: ("https://news.example/other/", "session=1")})
    browser.visit(URL)
    assert browser.asked[-1] == ("https://news.example/other/", None)
