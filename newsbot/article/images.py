"""Images: the real source of a lazy image, and images that are not part of an article."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice

from newsbot.article.links import absolute
from newsbot.numbers import decimal, up_to

Attributes = Mapping[str, str | None]

# Lazy loaders keep the real source in one of these attributes, and a placeholder in ``src``. The most reliable
# attribute comes first.
LAZY_SOURCES = (
    "data-lazy-src", "data-src", "data-original", "data-lazyload", "data-lazy", "data-orig-src", "data-cfsrc",
    "data-ezsrc",
    "data-wpfc-original-src", "data-breeze", "data-pagespeed-lazy-src", "data-perfmatters-src", "data-echo",
    "data-hi-res-src",
    "data-li-src", "data-noop-src", "data-eio-src", "data-opt-src", "data-mt-src", "data-srcs", "nitro-lazy-src",
    "data-src-img",
    "data-actualsrc", "data-flickity-lazyload",
)  # fmt: skip
# These names may also hold the full size of a gallery's picture. They are used only if the picture itself is missing.
SPARE_SOURCES = (
    "data-image-src",
    "data-url",
    "data-image",
    "data-full-url",
    "data-large-file",
    "data-orig-file",
    "data-thumb",
    "data-src-fg",
    "data-img-url",
    "data-img-src",
    "data-lazysrc",
    "lazy-src",
    "data-lazy-original",
    "data-sf-src",
    "data-medium-file",
    "data-full",
    "data-pin-media",
)
_LAZY = frozenset(LAZY_SOURCES)
LAZY_SETS = (
    "data-lazy-srcset",
    "data-srcset",
    "data-original-set",
    "data-ezsrcset",
    "nitro-lazy-srcset",
    "data-breeze-srcset",
    "data-srcset-fg",
)
_NO_ADDRESS = ("data:", "about:", "image/", "//:0", "#", "javascript:")
# A photograph may have such a name too ("gray-wolf.jpg", "wheel-loader.jpg"): it counts only in a short name.
_PLACEHOLDER = re.compile(
    r"(?:(?:[\w-]+[_-])?(?:placeholder|spacer|1x1|1px|lazy(?:[_-]?load(?:er|ing)?)?|(?:ajax|pre)[_-]?load(?:er|ing)?)"
    r"(?:[._-](?:\d[\dx]*(?:px)?|image|img|gif|gr[ea]y|white|black|transparent|trans|blank))*"
    r"|(?:(?:img|image|pic|bg|white|black|lazy|post)[_-])?"
    r"(?:blank|transparent|trans|pixel|loading|loader|gr[ea]y|clear|dummy|empty)"
    r"(?:[._-](?:\d[\dx]*(?:px)?|image|img|gif|bg|pixel|gr[ea]y|white|black))*)"
    r"\.(?:gif|png|svg|jpe?g|webp)",
    re.I,
)
# Files of a theme or of a plugin belong to the site's layout, not to the article.
_LAYOUT = re.compile(r"/wp-content/(themes|plugins|mu-plugins)/[^?#]*+|/wp-includes/images/", re.I).finditer
_LAYOUT_FILES = (".gif", ".png", ".svg", ".jpg", ".jpeg", ".webp")
_CANDIDATES = 40
_CANDIDATE = re.compile(r"(\S+)(?:\s+([\d.]+)([wx]))?\s*(?:,|$)")


_FILES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif")
_LONGEST_EMOJI = 16
_SHORT_NAME = 40
_SIZE = re.compile(r"-(?:\d+x\d+|scaled|e\d{10,})(?=\.\w+$)")


def real_source(attributes: Attributes, base: str) -> str | None:
    """The absolute URL of the picture that a reader finally sees, or None."""
    lazy = not _LAZY.isdisjoint(attributes)
    for name in LAZY_SOURCES if lazy else ():
        found = _usable(attributes.get(name), base) if name in attributes else None
        if found:
            return found
    found = _usable(attributes.get("src"), base)
    if found:
        return found
    for name in (*LAZY_SETS, "srcset"):
        value = attributes.get(name)
        found = largest(value, base) if value else None
        if found:
            return found
    for name in SPARE_SOURCES:
        found = _usable(attributes.get(name), base) if name in attributes else None
        if found:
            return found
    return None


def largest(srcset: str, base: str) -> str | None:
    """The widest candidate of a ``srcset``. A URL may contain commas."""
    best, width = None, -1.0
    for found in islice(_CANDIDATE.finditer(srcset), _CANDIDATES):
        size = decimal(found[2] or "") or 0.0
        url = _usable(found[1].strip(","), base)
        if url and size > width:
            best, width = url, size
    return best


def junk_kind(url: str, attributes: Attributes) -> str | None:
    """Why this image is not part of the article: ``tracking-pixel`` or ``site-furniture``. None where it may be
    part."""
    if "width" in attributes and _is_dot(attributes["width"]) and _is_dot(attributes.get("height")):
        return "tracking-pixel"
    # Only the file that a reader finally sees counts: a lazy loader's placeholder is a file of a theme or a plugin.
    found = _layout(url) if "/wp-" in url else None
    # A photograph in a block pattern is a file of the theme, and belongs to the article.
    if found and not (found[1] == "themes" and _is_large(attributes.get("width"))):
        return "site-furniture"
    return None


def _layout(url: str) -> re.Match[str] | None:
    """The path of a file that belongs to the site's layout."""
    return next((found for found in _LAYOUT(url) if not found[1] or found[0].lower().endswith(_LAYOUT_FILES)), None)


def is_picture(url: str) -> bool:
    """Whether a link leads to the file of a picture."""
    return url[-5:].lower().endswith(_FILES) or ("?" in url and url.partition("?")[0][-5:].lower().endswith(_FILES))


def key(url: str) -> str:
    """The key of a picture, equal for its copies: the URL without scheme, query and WordPress's size suffix."""
    bare = url.partition("://")[2].partition("?")[0]
    return _SIZE.sub("", bare)


def emoji(attributes: Attributes) -> str | None:
    """The character that an emoji image shows, or None for a real image."""
    alt = attributes.get("alt")
    if not alt or len(alt) > _LONGEST_EMOJI:
        return None
    names = attributes.get("class") or ""
    meant = "emoji" in names or "wp-smiley" in names or "/images/core/emoji/" in (attributes.get("src") or "")
    return alt if meant else None


def _usable(value: str | None, base: str) -> str | None:
    if not value or value.lstrip()[:11].lower().startswith(_NO_ADDRESS):
        return None
    if _is_placeholder(value):
        return None
    url = absolute(value, base)
    # An empty source would resolve to the URL of the page.
    return url if url and url[0] == "h" and url != base else None


def _is_placeholder(value: str) -> bool:
    # Only the name of the file is evidence, and only if the name is short.
    name = value.partition("?")[0].rpartition("/")[2]
    return len(name) <= _SHORT_NAME and _PLACEHOLDER.fullmatch(name.strip()) is not None


def _is_large(width: str | None) -> bool:
    return (up_to(width, 300) or 0) >= 300


def _is_dot(value: str | None) -> bool:
    return value is not None and value.strip().removesuffix("px") in {"0", "1"}
