"""Frames and quoted posts: whether they show something to the reader, and the URL of that content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning.selectors import Attributes
from newsbot.article.embeds import is_social_widget, recognise
from newsbot.article.links import absolute, host
from newsbot.items import Embed

# Standard sizes of advertisements: a frame of such a size from an unknown host is an advertisement.
_AD_SIZES = frozenset({
    "300x250", "336x280", "728x90", "970x90", "970x250", "160x600", "120x600", "300x600", "300x1050", "320x50",
    "320x100",
    "468x60", "234x60", "88x31", "120x60", "120x90", "120x240", "125x125", "180x150", "200x200", "250x250",
    "240x400", "930x180",
    "980x120", "300x50", "300x100", "240x120",
})  # fmt: skip
_AD_STYLES = tuple((f"width:{width}px", f"height:{height}px") for width, height in (s.split("x") for s in _AD_SIZES))
_SOURCES = ("data-lazy-src", "data-src", "data-litespeed-src", "data-cmp-src", "data-cookieblock-src",
"data-cookie-src",
            "data-src-cmplz", "data-orig-src", "data-original", "data-rocket-src", "data-ezsrc", "data-opt-src",
            "data-url",
            "data-borlabs-cookie-src", "nitro-lazy-src", "consent-original-src-_", "consent-original-src",
            "data-cli-src",
            "suppressedsrc", "data-suppressedsrc", "uc-src", "data-uc-src", "data-consent-src", "data-lazyload-src",
            "data-wpfc-original-src", "data-breeze", "src")  # fmt: skip
_LAZY_SOURCES = frozenset(_SOURCES) - {"src"}
# A quoted post: class -> provider, and whether the words inside are the post's own.
_QUOTED = {
    "twitter-tweet": ("X", True), "twitter-video": ("X", True), "instagram-media": ("Instagram", False),
    "tiktok-embed": ("TikTok", False), "bluesky-embed": ("Bluesky", True), "reddit-card": ("Reddit", True),
    "reddit-embed-bq": ("Reddit", True), "mastodon-embed": ("Mastodon", True), "text-post-media": ("Threads", False),
    "imgur-embed-pub": ("Imgur", False),
    "fb-xfbml-parse-ignore": ("Facebook", True), "wp-embedded-content": ("WordPress", True),
}  # fmt: skip
_BOXES = frozenset({"div", "section", "blockquote"})
_LINES = _BOXES | {"p", "br"}
_OF_NETWORK = re.compile(r"instagram|threads|tiktok|imgur|\(@|^@|^♬", re.I)
_FEWEST_SPACES = 2
_CAPTION_LINES = 3
_CAPTION_NODES = 250
_QUOTED_ADDRESSES = ("data-instgrm-permalink", "data-bluesky-uri", "data-text-post-permalink", "cite")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A frame: its content, or the rule that matches it. A frame without a URL has neither of them."""

    embed: Embed | None = None
    junk: str | None = None


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quoted post. ``words``: all text inside is the post's. ``caption``: the lines of the post, if the element also
    contains words of the network.
    """

    embed: Embed
    words: bool
    caption: tuple[str, ...] = ()


def frame_verdict(attributes: Attributes, base: str) -> Verdict:
    """What an ``<iframe>`` shows in the article."""
    url = _address(attributes, base)
    if url is None:
        return Verdict()
    if is_social_widget(url):
        return Verdict(junk="social-widget")
    names = (attributes.get("class") or "").split()
    if "wp-embedded-content" in names:
        return Verdict()  # the blockquote beside it has the link
    known = recognise(url)
    if known is not None:
        return Verdict(embed=Embed(provider=known[0], url=known[1]))
    junk = _junk_frame(attributes)
    name = host(url)
    if junk or not name:
        return Verdict(junk=junk)
    return Verdict(embed=Embed(provider=name, url=url))


def _junk_frame(attributes: Attributes) -> str | None:
    """The rule that matches a frame of an unknown host by its size and style."""
    width, height = (_digits(attributes.get(name)) for name in ("width", "height"))
    style = (attributes.get("style") or "").replace(" ", "").lower()
    if f"{width}x{height}" in _AD_SIZES or any(wide in style and high in style for wide, high in _AD_STYLES):
        return "ad-frame"
    if not {width, height}.isdisjoint(("0", "1")) or "display:none" in style or "visibility:hidden" in style:
        return "hidden-frame"
    return None


def quoted_embed(names: str, node: LexborNode, attributes: Attributes, base: str) -> Quoted | None:
    """The post that a ``<blockquote>`` quotes, by the class of its network. None for an ordinary quotation."""
    kind = next((_QUOTED[name] for name in names.split() if name in _QUOTED), None)
    if kind is None:
        return None
    provider, words = kind
    declared = (absolute(attributes.get(name), base) for name in _QUOTED_ADDRESSES)
    url = next((url for url in declared if url and url.startswith("http")), None)
    if url is None:
        url = _own_link(node, base, words=words)
    if not url:
        return None
    caption = () if words else tuple(_caption(node))
    # A quote of many lines has no end tag: it contains the rest of the article.
    whole = words or len(caption) > _CAPTION_LINES
    return Quoted(Embed(provider=provider, url=url.partition("?")[0]), whole, () if whole else caption)


def _caption(quote: LexborNode) -> Iterator[str]:
    """The lines of a quoted post without the words of its network: "View this post on Instagram", "A post shared by
    Jo (@jo)", the name of a sound."""
    lines: list[list[str]] = [[]]
    for inner in islice(quote.traverse(include_text=True), _CAPTION_NODES):
        if inner.tag == "-text":
            lines[-1].append(inner.text_content or "")
        elif inner.tag in _LINES or (inner.tag == "a" and inner.parent is not None and inner.parent.tag in _BOXES):
            lines.append([])
    for line in lines:
        words = " ".join("".join(line).split())
        if words.count(" ") >= _FEWEST_SPACES and not _OF_NETWORK.search(words):
            yield words


def bare_address(text: str) -> Embed | None:
    """The embed of a text that is only an address, because WordPress could not fetch the embed: a page of a known
    provider."""
    url = text.strip()
    if not url.startswith(("https://", "http://")) or any(map(str.isspace, url)):
        return None
    known = recognise(url) if url.partition("://")[2].partition("/")[2] else None  # a front page is not an embed
    return Embed(provider=known[0], url=known[1]) if known else None


def embed_block(node: LexborNode) -> Embed | None:
    """The embed of an embed block that holds nothing but an address."""
    url = node.text(deep=True).strip()
    if not url.startswith(("https://", "http://")) or any(map(str.isspace, url)) or not host(url):
        return None
    return bare_address(url) or Embed(provider=host(url), url=url)


def _own_link(quote: LexborNode, base: str, *, words: bool) -> str | None:
    """The link to a quoted post: the first link of a quote without words, else the last link, which the date of the
    post has."""
    # No selector is used, because compiling a selector costs more than the rest of the work for a quoted post.
    hrefs = (link.attributes.get("href") for link in quote.traverse() if link.tag == "a")
    links = [url for href in hrefs if (url := absolute(href, base)) and url[0] == "h"]
    if not words:
        return links[0] if links else None
    dated = [url for url in links if "/status/" in url] or links
    return dated[-1] if dated else None


def _address(attributes: Attributes, base: str) -> str | None:
    for name in _SOURCES if not _LAZY_SOURCES.isdisjoint(attributes) else ("src",):
        value = attributes.get(name)
        if value and not value.startswith(("about:", "data:", "javascript:")):
            url = absolute(value, base)
            if url and url.startswith("http"):
                return url
    return None


def _digits(value: str | None) -> str:
    return (value or "").strip().removesuffix("px")
