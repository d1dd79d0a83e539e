"""A report of what cleaning did to a post, rule by rule, for a terminal."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator

from newsbot.article.cleaning.clean import Cleaned, clean
from newsbot.article.cleaning.rules import CleaningRules, default_rules
from newsbot.article.text import plain_text

_WIDTH = 58
BUILT_IN = {
    "hidden": "elements the page does not show",
    "php-message": "messages of PHP about a faulty plugin or theme",
    "shortcode": "raw shortcodes of plugins that are gone",
    "tracking-pixel": "images that only count readers",
    "site-furniture": "images of the theme or of a plugin",
    "ad-frame": "frames in an advertisement's size",
    "hidden-frame": "frames too small to see",
    "frame-flood": "frames after the first 5,000 of a post",
    "social-widget": "like buttons, page boxes, comment boxes",
    "scraped-picture": "pictures gathered by a generator",
    "post-tags": "the tags and categories of the post, as links",
    "numbered-ad": "banners in the numbered boxes of an ad manager",
}


def explain(html: str, *, base_url: str, rules: CleaningRules | None = None) -> Iterator[str]:
    """The lines of the report: what each rule removed and why, what was held back, then before and after side by
    side."""
    rules = rules or default_rules()
    cleaned = clean(html, base_url=base_url, rules=rules)
    yield from _told(cleaned, rules)
    yield ""
    yield f"{'before':{_WIDTH}} | after"
    yield f"{'-' * _WIDTH}-+-{'-' * _WIDTH}"
    before = [line for line in (plain_text(line) for line in _lines(html)) if line]
    after = [line for line in (" ".join(line.split()) for line in cleaned.text.split("\n")) if line]
    yield from _side_by_side(before, after)


def _told(cleaned: Cleaned, rules: CleaningRules) -> Iterator[str]:
    if not cleaned.removed:
        yield "nothing removed"
    for name, count in cleaned.removed.items():
        rule = rules.by_name.get(name)
        yield f"{count:4} x {name}: {rule.what if rule else BUILT_IN.get(name, '')}"
    for name in cleaned.held_back:
        yield f"held back: {name} would have taken the article itself"
    yield (
        f"{cleaned.word_count} words, {len(cleaned.images)} images, {len(cleaned.links)} links, "
        f"{len(cleaned.embeds)} embeds" + (", cut short: the article goes on elsewhere" if cleaned.truncated else "")
    )


def _lines(html: str) -> list[str]:
    for tag in ("p", "div", "li", "h1", "h2", "h3", "h4", "tr", "figcaption", "blockquote"):
        html = html.replace(f"</{tag}>", f"</{tag}>\n")
    return html.replace("<br", "\n<br").split("\n")


def _side_by_side(before: list[str], after: list[str]) -> Iterator[str]:
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        mark = "|" if kind == "equal" else "*"
        for row in range(max(end - start, other_end - other_start)):
            left = before[start + row] if start + row < end else ""
            right = after[other_start + row] if other_start + row < other_end else ""
            yield f"{_short(left):{_WIDTH}} {mark} {_short(right)}".rstrip()


def _short(line: str) -> str:
    return textwrap.shorten(line, _WIDTH, placeholder=" …")
