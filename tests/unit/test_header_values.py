from __future__ import annotations

import re
from pathlib import Path

from scrapy.http.headers import Headers

import newsbot
from newsbot.net.header_values import header_values

PACKAGE = Path(newsbot.__file__).parent


def test_header_in_any_encoding_becomes_text() -> None:
    headers = Headers({b"X-City": "Köln".encode("latin-1"), b"x-wp-total": b"7", b"X-\xe9": b"\xff\xfe"})
    headers.appendlist("Link", b"<a>")
    headers.appendlist("Link", "<Zürich>".encode())
    assert header_values(headers) == {
        "x-city": "Köln",
        "x-wp-total": "7",
        "x-\xe9": "\xff\xfe",
        "link": "<a>, <ZÃ¼rich>",
    }


def test_no_module_reads_headers_as_utf_8() -> None:
    """Scrapy's own functions raise UnicodeDecodeError for a header that is not UTF-8: the site's crawl ends."""
    reading = re.compile(r"headers\.(to_unicode_dict|to_string)\(")
    found = [str(file.relative_to(PACKAGE)) for file in PACKAGE.rglob("*.py") if reading.search(file.read_text())]
    assert found == []
