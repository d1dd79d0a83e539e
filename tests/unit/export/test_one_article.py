"""The files that ``scrapy article`` and ``scrapy clean`` read."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsbot.export.one_article import read_page_file, refuse_bytes


def test_endless_file_and_binary_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="larger than the 1,000 bytes of DOWNLOAD_MAXSIZE"):
        read_page_file(Path("/dev/zero"), most=1000)
    picture, page = tmp_path / "picture", tmp_path / "page"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    with pytest.raises(OSError, match="no text"):
        read_page_file(picture, most=1000)
    page.write_bytes("<p>Grüße</p>".encode("utf-16"))
    assert read_page_file(page, most=1000) == page.read_bytes()
    refuse_bytes(b"<p>The harbour board voted.</p>" * 40 + b"\x00")
    for body in (b"%PDF-1.7", b"\x1f\x8b\x08", "<p>x</p>".encode("utf-16-le")):
        with pytest.raises(OSError, match="no text: a picture, a PDF or a compressed file"):
            refuse_bytes(body)
