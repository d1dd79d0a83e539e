"""Recognises content without its article: a page builder's empty wrappers, a raw shortcode, a theme's stub. Pure.

Page builders keep an article outside of the content, or render it only on the page. The API then gives wrappers, a
shortcode or a few words. A post that consists of a photo or a film is whole without words.
"""

from __future__ import annotations

import re
from enum import StrEnum

from newsbot.article.text import count_words, plain_text

FEW_WORDS = 25
"""Content with this many words is an article, whatever else it contains."""

MORE_WORDS = 5
"""An excerpt with this many more words than the content shows that the content lacks words."""

_LONG = 400
_START = 4_000
"""Characters, tags included, that the quick check reads: text that is long enough for the check begins within them."""
_MOST = 2_000_000
"""The most characters of content without words that are searched. No page builder's wrappers are longer, and searching
more takes seconds."""
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<[^<>]*>", re.S)
_MEDIA = re.compile(
    r"<(?:img|video|audio|iframe|embed|object|picture|canvas|amp-|svg|form|table)\b|data-embed|background-image|"
    r"video_(?:url|type)|youtube_url|vimeo_url|(?:youtube\.com|youtu\.be|vimeo\.com|dailymotion\.com|soundcloud\.com|"
    r"spotify\.com|instagram\.com|tiktok\.com|twitter\.com|x\.com|facebook\.com|t\.me)/|"
    r"\.(?:jpe?g|png|gif|webp|mp[34]|pdf)\b|"
    r"\[/?(?:gallery|caption|embed|audio|video|playlist|youtube|vimeo|ngg\w*|foogallery|envira-gallery|instagram)\b",
    re.I,
)
_BUILDER = re.compile(
    r"class=[\"'][^\"']{0,400}?(?<![\w-])(?:elementor|et_pb_|et-l\b|fl-builder|fl-row|fl-module|fl-node|brxe-|brx-|"
    r"oxy-|ct-section|ct-div-block|ct-inner-content|vc_|wpb_|vce-|kc-elm|kc_row|kc-row|kc_column|thrv|tve_|tcb-|"
    r"fusion-|avia|av_|siteorigin|panel-grid|panel-layout|so-panel|cs-content|x-section|x-row|x-container|mfn-|themify|"
    r"tb_|zn_|znpb|zb-|brz-|brizy|dslc-|boldgrid|breakdance|bde-|nectar|tatsu|be-section|us_|g-cols|w-section|mk-|td-|"
    r"ux-|motopress|mpce-|gt3_|pagelayer|seedprod|sppb-|builder-|page-builder|live-composer|stk-|kt-row|uagb-)",
    re.I,
)
_SHORTCODE = re.compile(r"\[(/?)([A-Za-z][\w-]{1,60})(?:\s[^\[\]]{0,4000})?/?\]")


class Shell(StrEnum):
    """The kinds of content without an article."""

    NONE = ""
    """The content is an article, a photo or a film."""

    SURE = "sure"
    """Only a page builder or a shortcode leaves such content."""

    LIKELY = "likely"
    """The content has so few words that the article may be elsewhere."""


def shell_of(html: str | None, *, excerpt: str | None, wordless: bool = False, pictured: bool = False) -> Shell:
    """Judge the raw content of a post. ``excerpt`` is plain text.

    ``wordless``: the format of the post needs no words (a photo, a film). ``pictured``: it has a featured image.
    """
    html = html or ""
    if _is_long(html) or _MEDIA.search(html[:_MOST]):
        return Shell.NONE
    html = html[:_MOST]
    words = count_words(plain_text(_SHORTCODE.sub(" ", html)) or "")
    if words >= FEW_WORDS:
        return Shell.NONE
    if _BUILDER.search(html) or _has_shortcode(html):
        return Shell.SURE
    excerpt_words = count_words(excerpt or "")
    if words:
        return Shell.LIKELY if excerpt_words >= words + MORE_WORDS else Shell.NONE
    if excerpt_words:
        return Shell.LIKELY if pictured else Shell.SURE
    return Shell.NONE if wordless else Shell.LIKELY


def _is_long(html: str) -> bool:
    """Whether content has more text than a shell: a quick check, which decides nearly all articles."""
    start = html[: html.rfind(">", 0, _START) + 1]
    if "[" not in start and len(_TAG.sub("", start)) > _LONG:
        return True
    bare = _TAG.sub("", html)
    return len(bare) > _LONG and len(_SHORTCODE.sub("", bare)) > _LONG


def _has_shortcode(html: str) -> bool:
    """Whether a raw shortcode stands in the content: one with arguments, one that is closed, or one alone."""
    found = _SHORTCODE.search(html)
    if found is None:
        return False
    alone = (plain_text(html) or "") == found[0].strip()
    return alone or "=" in found[0] or f"[/{found[2]}]" in html


def is_more(found: str | None, than: str | None, *, by: int = 1) -> bool:
    """Whether a piece of HTML has more words than another, at least ``by`` words more."""
    return count_words(plain_text(found or "") or "") >= count_words(plain_text(than or "") or "") + by


def has_media(html: str | None) -> bool:
    """Whether a piece of HTML shows a picture, a film, a form or a table."""
    return _MEDIA.search(html or "") is not None
