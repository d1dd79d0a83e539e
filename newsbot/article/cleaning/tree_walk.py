"""One walk over the parsed post: elements that a rule matches are left out, all others go to the writer.

The tree is never changed and the walk does not recurse, so holding back a rule needs only a second walk, and a hostile
post cannot exhaust the stack.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning.block_walk import BlockWalk, Leave
from newsbot.article.cleaning.headings import RANKS
from newsbot.article.cleaning.hidden import is_scraped_picture
from newsbot.article.cleaning.house_ads import NUMBERED, is_banner, is_numbered
from newsbot.article.cleaning.iframes import embed_block
from newsbot.article.cleaning.link_words import is_in_sentence, shows_picture
from newsbot.article.cleaning.media import HANDLED
from newsbot.article.cleaning.nodes import NAMES, TEXT, tag_of
from newsbot.article.cleaning.rule import Rule
from newsbot.article.cleaning.scripted import SCRIPTED
from newsbot.article.cleaning.selectors import Attributes
from newsbot.article.cleaning.tag_lists import POST_TAGS, is_listed, is_tag
from newsbot.article.cleaning.tags import BLOCKS, INLINE, NOTHING, TABLE, WRAPPERS, attribute
from newsbot.article.embeds import is_own_name
from newsbot.article.images import is_picture
from newsbot.article.links import absolute

_MEANT_TO_OPEN = re.compile(r"accord|toggle|faq|question|collaps|expand|tab|spoiler|summary", re.I)
GENERATED = Rule(name="scraped-picture", what="a picture gathered by a generator", broad=True)
_UNFOLDS = frozenset(
    {"aria-expanded", "aria-controls", "data-toggle", "data-bs-toggle", "data-target", "data-bs-target"}
)
_KEPT = {"abbr": "title", "time": "datetime", "bdo": "dir"}
_CODE = frozenset({"code", "kbd", "samp"})


class TreeWalk(BlockWalk):
    """The result of a walk."""

    def run(self, root: LexborNode) -> None:
        """Walk all nodes under ``root``."""
        node: LexborNode | None = root.first_child
        pending: list[tuple[LexborNode | None, Leave]] = []
        space, write, enter = self.writer.space, self._write, self._enter
        while True:
            if node is None:
                if not pending:
                    break
                node, leave = pending.pop()
                leave()
                continue
            number = node.tag_id
            if number == TEXT:
                text = node.text_content or ""
                if text.isspace():
                    space(text)
                else:
                    write(text)
                node = node.next
                continue
            leave_element = enter(NAMES.get(number) or tag_of(node), node)
            if leave_element is None:
                node = node.next
            else:
                pending.append((node.next, leave_element))
                node = node.first_child
        self.writer.finish()
        # The writer and the media refer to each other through this function. Without this deletion, only the garbage
        # collector could free the memory of the post.
        del self.writer.show_address

    def _enter(self, tag: str, node: LexborNode) -> Leave | None:
        if tag in NOTHING:
            if tag == "script":
                self.media.script(node)
            return None
        attributes: Attributes = node.attributes
        if (attributes or tag in self._bare_tags) and self._junk.is_junk(tag, node, attributes):
            return None
        return _ENTER.get(tag, TreeWalk._enter_unknown)(self, tag, node, attributes)

    def _enter_counter(self, _: str, _node: LexborNode, _attributes: Attributes) -> None:
        self.writer.counter()

    def _enter_unknown(self, _: str, _node: LexborNode, _attributes: Attributes) -> Leave:
        return _nothing

    def _enter_inline(self, tag: str, _: LexborNode, attributes: Attributes) -> Leave:
        kind = INLINE[tag]
        extra = ""
        if attributes:
            extra = self._id(attributes) if kind == "sup" else ""
            kept = _KEPT.get(kind)
            value = attributes.get(kept) if kept else None
            if kept and value:
                extra += attribute(kept, value)
        self.writer.inline(f"<{kind}{extra}>", f"</{kind}>")
        if kind in _CODE:
            self._code += 1
            return self._leave_code
        return self.writer.inline_end

    def _enter_aside(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        if is_scraped_picture(node) and self._junk.remove(GENERATED, node):
            return None
        return self._enter_wrapper(tag, node, attributes)

    def _enter_wrapper(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        if (
            "id" in attributes
            and is_numbered(attributes, self._base)
            and is_banner(node)
            and self._junk.remove(NUMBERED, node)
        ):
            return None
        if attributes and (not SCRIPTED.isdisjoint(attributes) or "background" in (attributes.get("style") or "")):
            self.writer.boundary()
            self.media.scripted(node, attributes)
        return self._enter_box(tag, node, attributes)

    def _enter_box(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        names = attributes.get("class") or "" if attributes else ""
        if "wp-" in names:
            if "wp-caption" in names.split():
                return self._enter_figure(tag, node, {})
            embed = embed_block(node) if "wp-block-embed__wrapper" in names else None
            if embed is not None:
                self.media.embed(embed.provider, embed.url)
                return None
        self.writer.boundary()
        return self.writer.boundary

    def _enter_media(self, _: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        return _nothing if self.media.show(node, attributes) else None

    def _enter_link(self, _: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        listed = "rel" in attributes and is_tag(attributes) and is_listed(node, self.judgement.is_tag_label)
        if listed and self._junk.remove(POST_TAGS, node):
            return None
        url = absolute(attributes.get("href"), self._base)
        marked = attributes.get("data-embed")
        if url and marked and is_own_name(marked, url):
            self.media.embed(marked, url, label=node.text())
            return None
        if url and attributes.get("data-pin-do") == "embedPin":
            self.media.embed("Pinterest", url, label=node.text())
            return None
        name = self._id(attributes)
        if url is not None and url[0] != "#":
            return self._enter_address(name, url, node)
        link = attribute("href", url) if url is not None and url[1:] in self.targets else ""
        if not (name or link):
            return _nothing
        self.writer.inline(f"<a{name}{link}>", "</a>")
        return self.writer.inline_end

    def _enter_address(self, name: str, url: str, node: LexborNode) -> Leave | None:
        """Enter a link that leads to another page."""
        rule = self._rules.match_url(url)
        if rule is not None:
            if rule.labels and is_in_sentence(node):
                return _nothing
            if (not rule.pictures or shows_picture(node)) and self._junk.remove(rule, node):
                return None
        self.writer.inline(f"<a{name}{attribute('href', url)}>", "</a>", href=url)
        if not is_picture(url):
            return self.writer.inline_end
        self.media.enlarged = url
        return self._leave_picture_link

    def _enter_button(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        """Enter a button. Its text says what a click does, so it is left out. A button that unfolds an answer contains
        the question, so it stays."""
        named = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
        if not _UNFOLDS.isdisjoint(attributes) or _MEANT_TO_OPEN.search(named):
            return self._enter_box(tag, node, attributes)
        return None

    def _enter_math(self, _: str, node: LexborNode, attributes: Attributes) -> None:
        annotation = node.css_first("annotation")
        words = attributes.get("alttext") or (annotation.text() if annotation else node.text())
        self._write(words or "")

    def _enter_break(self, _: str, _node: LexborNode, _attributes: Attributes) -> None:
        self.writer.line()

    def _enter_rule(self, _: str, _node: LexborNode, _attributes: Attributes) -> None:
        self.writer.rule()

    def _leave_picture_link(self) -> None:
        self.media.enlarged = None
        self.writer.inline_end()

    def _leave_code(self) -> None:
        self._code -= 1
        self.writer.inline_end()


def _nothing() -> None:
    """The ``Leave`` of an element whose end writes nothing."""


# Tag -> how to enter it.
_ENTER: dict[str, Callable[[TreeWalk, str, LexborNode, Attributes], Leave | None]] = {
    **dict.fromkeys(BLOCKS, TreeWalk._enter_block),
    **dict.fromkeys(RANKS, TreeWalk._enter_heading),
    **dict.fromkeys(INLINE, TreeWalk._enter_inline),
    **dict.fromkeys(("li", "dt", "dd"), TreeWalk._enter_item),
    **dict.fromkeys(TABLE, TreeWalk._enter_table_part),
    **dict.fromkeys(("td", "th"), TreeWalk._enter_cell),
    **dict.fromkeys(WRAPPERS, TreeWalk._enter_wrapper),
    **dict.fromkeys(HANDLED, TreeWalk._enter_media),
    **dict.fromkeys(("pre", "listing", "xmp"), TreeWalk._enter_pre),
    "p": TreeWalk._enter_paragraph,
    "ol": TreeWalk._enter_ordered,
    "figure": TreeWalk._enter_figure,
    "figcaption": TreeWalk._enter_caption,
    "blockquote": TreeWalk._enter_quote,
    "table": TreeWalk._enter_table,
    "aside": TreeWalk._enter_aside,
    "a": TreeWalk._enter_link,
    "button": TreeWalk._enter_button,
    "br": TreeWalk._enter_break,
    "hr": TreeWalk._enter_rule,
    "math": TreeWalk._enter_math,
    "fb:comments-count": TreeWalk._enter_counter,
    "fb:like": TreeWalk._enter_counter,
    "fb:share-button": TreeWalk._enter_counter,
}
