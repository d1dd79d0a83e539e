"""Requests that are never made and answers that are never accepted, without a network."""

from __future__ import annotations

from typing import Any

import pytest
from scrapy import Request, Spider
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from newsbot.middlewares.compression import CompressionMiddleware
from newsbot.middlewares.guard import GuardMiddleware
from newsbot.middlewares.redirects import RedirectsMiddleware
from newsbot.net.refusals import BadUrl, TooLarge, TooManyRedirects

SEED = {"newsbot_seed": True}


@pytest.mark.parametrize(
    ("url", "meta"),
    [
        ("ftp://news.example/", {}),
        ("file:///etc/passwd", {}),
        ("data:,", {}),
        ("data:,", SEED | {"redirect_times": 1}),
        ("https://anna:secret@news.example/", {}),
        ("https://news.example:0/", {}),
        ("https:///wp-json/", {}),
        ("https://news example/", {}),
    ],
)
def test_forbidden_request_is_refused(url: str, meta: dict[str, Any]) -> None:
    with pytest.raises(BadUrl) as refused:
        GuardMiddleware().process_request(Request(url, meta=meta))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "meta"),
    [
        ("data:,", SEED),
        ("http://news.example/", {}),
        ("https://news_1.example:8443/a?b=c", {}),
        ("http://[2001:db8::1]:81/", {}),
        ("https://xn--brger-kva.example/", {}),
    ],
)
def test_allowed_request_passes(url: str, meta: dict[str, Any]) -> None:
    GuardMiddleware().process_request(Request(url, meta=meta))


def test_answer_beyond_the_maximum_size_is_reported_as_too_large() -> None:
    guard, request = GuardMiddleware(), Request("https://news.example/")
    with pytest.raises(TooLarge, match="more than DOWNLOAD_MAXSIZE"):
        guard.process_exception(request, DownloadCancelledError())
    guard.process_exception(request, OSError())


def test_answer_compressed_several_times_is_refused() -> None:
    crawler = get_crawler(settings_dict={"COMPRESSION_ENABLED": True})
    middleware = CompressionMiddleware.from_crawler(crawler)
    request = Request("https://news.example/")
    for encodings, too_large in (["gzip, gzip"], False), (["gzip", "gzip, gzip"], True), (["gzip"] * 3, True):
        response = Response(request.url, headers={"Content-Encoding": encodings}, body=b"")
        if too_large:
            with pytest.raises(TooLarge, match="compressed 3 times"):
                middleware.process_response(request, response)
        else:
            middleware.process_response(request, response)


def redirects(most: int = 8) -> RedirectsMiddleware:
    crawler = get_crawler(settings_dict={"REDIRECT_MAX_TIMES": most})
    crawler.spider = Spider("redirected")
    return RedirectsMiddleware.from_crawler(crawler)


@pytest.mark.parametrize("location", ["https://news.example:port/", "https://[::1/", "https://news.example:99999/"])
def test_redirect_to_an_invalid_url_is_refused_with_one_line(location: str) -> None:
    request = Request("https://news.example/")
    response = Response(request.url, status=302, headers={"Location": location})
    with pytest.raises(BadUrl, match=r"https://news\.example/ redirects to an invalid URL") as refused:
        redirects().process_response(request, response)
    assert "\n" not in str(refused.value)


def test_redirects_beyond_the_maximum_are_refused() -> None:
    middleware = redirects(most=2)
    request = Request("https://news.example/0")
    for number in (1, 2):
        response = Response(request.url, status=302, headers={"Location": f"/{number}"})
        redirected = middleware.process_response(request, response)
        assert isinstance(redirected, Request)
        request = redirected
    response = Response(request.url, status=302, headers={"Location": "/3"})
    with pytest.raises(TooManyRedirects, match=r"/2 redirects again after 2 redirects"):
        middleware.process_response(request, response)
