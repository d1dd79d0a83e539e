"""The RSS feed: ten whole posts a page, newest first. After the last page comes a 404 with an empty channel."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

import orjson

from tests.newsroom.answer import Answer, Question, text
from tests.newsroom.archive import Archive
from tests.newsroom.articles import feed_url, password_form
from tests.newsroom.places import Places
from tests.newsroom.records import ZERO, Post
from tests.newsroom.sorted_ids import id_of

PER_PAGE = 10
_OPENING = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"
\txmlns:content="http://purl.org/rss/1.0/modules/content/"
\txmlns:dc="http://purl.org/dc/elements/1.1/"
\txmlns:atom="http://www.w3.org/2005/Atom"
\txmlns:slash="http://purl.org/rss/1.0/modules/slash/">
"""


class Feed:
    def __init__(self, archive: Archive, places: Places) -> None:
        self.archive, self.places = archive, places

    def answer(self, question: Question) -> Answer | None:
        """The feed, or None where the question is not for the feed."""
        if self.archive.options.feed == "none":
            return None
        pretty = question.path.rstrip("/") in ("/feed", "/feed/rss2") and not self.archive.options.plain
        if not pretty and (question.first("feed") not in ("rss2", "rss", "feed") or len(question.path) > 10):
            return None
        given = question.first("paged") or "1"
        page = max(1, int(given)) if given.isdigit() else 1
        keys = self.archive.by_date("post").keys
        end = len(keys) - PER_PAGE * (page - 1)
        rows = [row for key in reversed(keys[max(0, end - PER_PAGE) : max(0, end)]) if (row := self._row(key))]
        return self._conditional(question, rows)

    def _row(self, key: int) -> Post | None:
        return self.archive.row(id_of(key))

    def _conditional(self, question: Question, rows: list[Post]) -> Answer:
        """304 where the client has seen the blog's last change, on every page. A deletion is not a change for
        WordPress.
        """
        keys = self.archive.by_modified("post").keys
        last = self._row(keys[-1]) if keys else None
        stamp = _rfc_822(last.modified.utc if last else "2019-01-01T00:00:00").replace("+0000", "GMT")
        tag = '"' + hashlib.md5(stamp.encode(), usedforsecurity=False).hexdigest() + '"'
        headers = {"ETag": tag, "Last-Modified": stamp}
        match, since = question.headers.get("if-none-match"), question.headers.get("if-modified-since")
        unchanged = (match is None or match.removeprefix("W/") == tag) and (since is None or since == stamp)
        if unchanged and (match or since):
            return Answer(status=304, headers=headers)
        answer = text(self._channel(rows), kind="application/rss+xml", status=200 if rows else 404)
        answer.headers |= headers
        return answer

    def _channel(self, rows: list[Post]) -> str:
        options = self.archive.options
        head = f"""{_OPENING}<channel>
\t<title>{escape(options.name)}</title>
\t<atom:link href="{escape(feed_url(self.places))}" rel="self" type="application/rss+xml" />
\t<link>{self.places.home}</link>
\t<description>Small news from small harbours</description>
\t<language>en-US</language>
\t<generator>https://wordpress.org/?v={options.core}</generator>
"""
        return head + "".join(map(self._item, rows)) + "</channel>\n</rss>\n"

    def _item(self, row: Post) -> str:
        user = self.archive.users.get(row.author)
        terms = [self.archive.terms["category"][i].name for i in row.categories if i in self.archive.terms["category"]]
        terms += [self.archive.terms["post_tag"][i].name for i in row.tags if i in self.archive.terms["post_tag"]]
        link = escape(self.places.link(row))
        return f"""\t<item>
\t\t<title>{"Protected: " if row.protected else ""}{re.sub("<[^>]*>", "", row.title)}</title>
\t\t<link>{link}</link>
\t\t<comments>{link}#comments</comments>
\t\t<dc:creator>{_cdata(user.name if user else "")}</dc:creator>
\t\t<pubDate>{_rfc_822(row.date.utc)}</pubDate>
{"".join(f"{chr(9)}{chr(9)}<category>{_cdata(name)}</category>{chr(10)}" for name in terms)}\
\t\t<guid isPermaLink="false">{self.places.fill(row.guid)}</guid>
\t\t<description>{_cdata(self._lead(row))}</description>
{self._content(row)}\t\t<slash:comments>0</slash:comments>
\t</item>
"""

    def _lead(self, row: Post) -> str:
        if row.protected:
            return "There is no excerpt because this is a protected post."
        return "" if row.body is not None else f"<p>{self.archive.writer.lead(row.id)[:200]} [&#8230;]</p>"

    def _content(self, row: Post) -> str:
        if self.archive.options.feed == "excerpts":
            return ""
        body: str = orjson.loads(b'"' + self.archive.body(row, self.places.home) + b'"')
        content = password_form(self.places, row) if row.protected else body
        return f"\t\t<content:encoded>{_cdata(content)}</content:encoded>\n"


def _cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _rfc_822(utc: str) -> str:
    if utc == ZERO:
        return ""
    return format_datetime(datetime.fromisoformat(utc).replace(tzinfo=UTC), usegmt=False)
