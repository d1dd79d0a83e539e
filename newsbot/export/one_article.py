"""One article as text or JSON: what ``scrapy article`` prints."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scrapy import Spider
from scrapy.statscollectors import StatsCollector

from newsbot.charsets import marked_charset
from newsbot.items import Post
from newsbot.pipelines.clean import CleanPipeline
from newsbot.safe_json import json_bytes
from newsbot.terminal import in_one_line, visible
from newsbot.wordpress.single_article import Found

_SIGNATURES = (b"%PDF-", b"\x1f\x8b", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")
"""The first bytes of PDFs, compressed files and pictures. Some of these files have no NUL."""

_NULS = 500
"""A text has at most one NUL among this many bytes: some pages have one by mistake, and browsers drop it."""


class _Unread(StatsCollector):
    """Stats that discard what the components of a crawl count for one article."""

    def __init__(self) -> None:
        self._stats = {}

    def inc_value(self, key: str, count: int = 1, start: int = 0, spider: Spider | None = None) -> None:
        """Discard the count."""


def read_page_file(path: Path, *, most: int) -> bytes:
    """A saved page. Raises OSError for a file that cannot be read, has more than ``most`` bytes, or is not text."""
    with path.open("rb") as file:
        body = file.read(most + 1)
    if len(body) > most:
        raise OSError(errno.EFBIG, f"larger than the {most:,} bytes of DOWNLOAD_MAXSIZE")
    refuse_bytes(body)
    return body


def refuse_bytes(body: bytes) -> None:
    """Raises OSError for a file that is not text: a picture, a PDF, a compressed file."""
    if body.startswith(_SIGNATURES) or (body.count(0) * _NULS > len(body) and not marked_charset(body)):
        raise OSError(errno.EINVAL, "no text: a picture, a PDF or a compressed file")


def printed(found: Found, *, source: str, as_json: bool) -> str:
    """The article that was found in ``source``, cleaned by the pipeline of a crawl: a JSON line, or text."""
    post = CleanPipeline(_Unread(), with_markdown=False).process_item(found.post)
    facts = dict(_facts(post, found.judge))
    if as_json:
        whole = {"source": source, **facts, "text": post.content_text, "html": post.content_html}
        lists = {"images": post.images, "links": post.links, "embeds": post.embeds}
        return json_bytes({**whole, **lists})[0].decode()
    lines = [f"{name}: {_shown(value)}" for name, value in facts.items() if value not in (None, {}, False)]
    return "\n".join([*lines, "", visible(post.content_text or ""), ""])


def _facts(post: Post, judge: str) -> Iterator[tuple[str, Any]]:
    yield "title", post.title
    yield "url", post.url
    yield "author", ", ".join(author.name for author in post.authors if author.name) or None
    yield "byline", post.byline
    yield "published", post.published or post.published_local
    yield "modified", post.modified
    yield "language", post.language
    yield "image", post.image.url if post.image else None
    yield "truncated", post.truncated
    yield "word_count", post.word_count
    yield "removed", post.removed
    yield "judge", judge


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{rule} {count}" for rule, count in value.items())
    return in_one_line(str(value))
