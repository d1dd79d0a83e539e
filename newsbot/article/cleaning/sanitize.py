"""The final allowlist sanitizer. Whatever the tree walk writes, only allowed tags, attributes and schemes remain."""

from __future__ import annotations

import nh3

INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "rp", "rt",
    "ruby",
    "s", "samp", "small", "strong", "sub", "sup", "time", "u", "var",
})  # fmt: skip
BLOCKS = frozenset({
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "figure",
    "figcaption",
    "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th", "details", "summary",
})  # fmt: skip
TAGS = INLINE | BLOCKS | {"br", "hr", "img", "audio", "video"}
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"id"},
    "a": {"href", "data-embed"},
    "blockquote": {"cite", "data-embed"},
    "img": {"src", "alt", "width", "height"},
    "audio": {"src", "controls"},
    "video": {"src", "controls", "poster"},
    "ol": {"start", "reversed"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "time": {"datetime"},
    "abbr": {"title"},
    "bdo": {"dir"},
}
SCHEMES = {"http", "https", "mailto", "tel"}

_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    attributes=ATTRIBUTES,
    clean_content_tags={"script", "style"},
    url_schemes=SCHEMES,
    link_rel=None,  # a feed reader adds its own ``rel``; one from here would only make every link longer
    strip_comments=True,
)


def sanitize(html: str) -> str:
    """HTML with only the tags, attributes and schemes above. HTML that has only these is returned unchanged."""
    return _CLEANER.clean(html)
