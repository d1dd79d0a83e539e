"""The role of each HTML element in an article: formatting, a block, a wrapper without meaning, or nothing."""

from __future__ import annotations

from newsbot.article.cleaning.selectors import Attributes
from newsbot.numbers import from_digits

INLINE = {
    **{tag: tag for tag in ("b", "strong", "i", "em", "u", "s", "del", "ins", "sub", "sup", "small", "mark", "code",
    "kbd", "samp", "var")},
    **{tag: tag for tag in ("q", "cite", "dfn", "abbr", "time", "bdi", "bdo", "ruby", "rt", "rp")},
    "strike": "s", "tt": "code", "acronym": "abbr",
}  # fmt: skip
BLOCKS = {
    **{tag: tag for tag in ("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd",
    "blockquote", "pre")},
    **{tag: tag for tag in ("figure", "figcaption", "details", "summary")},
    "dir": "ul", "menu": "ul", "listing": "pre", "xmp": "pre",
}  # fmt: skip
TABLE = frozenset({"table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th"})
WRAPPERS = frozenset({
    "div", "section", "article", "aside", "main", "header", "footer", "center", "address", "hgroup", "fieldset",
    "legend",
    "body", "form", "nav", "search", "marquee", "amp-carousel", "amp-accordion", "dialog", "optgroup", "option",
    "noindex",
})  # fmt: skip
# The content of these elements is never text of an article.
NOTHING = frozenset({
    "script", "style", "link", "meta", "base", "title", "head", "template", "svg", "canvas", "input", "select",
    "textarea",
    "datalist", "progress", "meter", "param", "source", "track", "area", "map", "frame", "frameset", "noframes",
    "noembed",
    "applet", "bgsound", "colgroup", "col", "keygen", "amp-ad", "amp-analytics", "amp-pixel", "amp-sticky-ad",
    "amp-auto-ads",
    "amp-social-share", "-comment", "!doctype", "-undef", "-document", "-doctype",
})  # fmt: skip


def numbering(attributes: Attributes) -> str:
    """The attributes of an ordered list that are kept."""
    start = integer(attributes.get("start"), default=1)
    return (attribute("start", str(start)) if start != 1 else "") + (' reversed=""' if "reversed" in attributes else "")


def spans(attributes: Attributes) -> str:
    """The attributes a cell of a table keeps: the number of columns and rows that it spans, if more than one."""
    return "".join(
        attribute(name, str(span))
        for name in ("colspan", "rowspan")
        if (span := from_digits(attributes.get(name), most=999)) is not None and span > 1
    )


def integer(value: str | None, *, default: int) -> int:
    """A small positive number, or ``default``."""
    return from_digits(value, most=999_999) or default


def escape(text: str) -> str:
    """Text as the HTML standard serialises it."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    return text.replace("\xa0", "&nbsp;") if "\xa0" in text else text


def attribute(name: str, value: str) -> str:
    """An attribute as the HTML standard serialises it, with its leading space."""
    value = escape(value)
    return f' {name}="{value.replace(chr(34), "&quot;")}"' if '"' in value else f' {name}="{value}"'
