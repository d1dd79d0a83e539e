"""Feeds and pages as sites send them, and what the readers make of them."""

from __future__ import annotations

from newsbot.wordpress.messages import Reply
from newsbot.wordpress.pages.article_page import ArticlePage, read_page
from newsbot.wordpress.pages.feed import FeedPage, read_feed

HOME = "https://news.example"
OPENING = (
    '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News &amp; Co</title><link>https://news.example/</link>'
)
CLOSING = "</channel></rss>"


def item(
    *,
    link: str = f"{HOME}/a/",
    guid: str = f"{HOME}/?p=7",
    title: str = "A title",
    body: str | None = "<p>Whole.</p>",
    more: str = "",
) -> str:
    content = "" if body is None else f"<content:encoded><![CDATA[{body}]]></content:encoded>"
    return f"<item><title>{title}</title><link>{link}</link><guid>{guid}</guid>{content}{more}</item>"


def reply(body: str | bytes, *, url: str = f"{HOME}/feed/", **headers: str) -> Reply:
    raw = body.encode() if isinstance(body, str) else body
    return Reply(status=200, url=url, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=raw)


def feed(*items: str, before: str = "", **headers: str) -> FeedPage:
    return read_feed(reply(before + OPENING + "".join(items) + CLOSING, **headers), site=HOME)


def page(html: str, *, url: str = f"{HOME}/a/", type_: str = "post", **headers: str) -> ArticlePage:
    return read_page(reply(html, url=url, **headers), url=url, site=HOME, type_=type_)
