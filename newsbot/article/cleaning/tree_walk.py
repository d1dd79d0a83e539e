"""One walk over the parsed post: elements that a rule matches are left out, all others go to the writer.

The tree is never changed and the walk does not recurse, so that a held-back rule costs a second walk, and a hostile
post cannot exhaust the stack.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning import shortcodes
from newsbot.article.cleaning.block import Block
from newsbot.article.cleaning.follow_us import inviting
from newsbot.article.cleaning.headings import RANKS
from newsbot.article.cleaning.hidden import is_hidden, is_scraped_picture
from newsbot.article.cleaning.house_ads import NUMBERED, is_banner, is_numbered, labelled
from newsbot.article.cleaning.iframes import Quoted, embed_block, quoted_embed
from newsbot.article.cleaning.judgement import Judgement
from newsbot.article.cleaning.line import Line, LineReader
from newsbot.article.cleaning.link_words import is_in_sentence, shows_picture
from newsbot.article.cleaning.media import HANDLED, MediaWriter
from newsbot.article.cleaning.named import agrees
from newsbot.article.cleaning.removal import LONG_RUN
from newsbot.article.cleaning.rule import Rule
from newsbot.article.cleaning.scripted import SCRIPTED
from newsbot.article.cleaning.selectors import Attributes
from newsbot.article.cleaning.tag_lists import POST_TAGS, is_listed, is_tag
from newsbot.article.cleaning.tags import BLOCKS, INLINE, NOTHING, TABLE, WRAPPERS, attribute, integer, numbering, spans
from newsbot.article.cleaning.writer import Writer
from newsbot.article.embeds import is_own_name
from newsbot.article.images import is_picture
from newsbot.article.links import absolute
from newsbot.article.text import scrub
from newsbot.items import Embed, Image

_MEANT_TO_OPEN = re.compile(r"accord|toggle|faq|question|collaps|expand|tab|spoiler|summary", re.I)
HIDDEN = Rule(name="hidden", what="an element the page does not show", broad=True)
GENERATED = Rule(name="scraped-picture", what="a picture gathered by a generator", broad=True)
_UNFOLDS = frozenset(
    {"aria-expanded", "aria-controls", "data-toggle", "data-bs-toggle", "data-target", "data-bs-target"}
)
_TELLING = frozenset({"class", "id", "style", "hidden"})
_KEPT = {"abbr": "title", "time": "datetime", "bdo": "dir"}
_CODE = frozenset({"code", "kbd", "samp"})
# The number of elements that are searched for hidden or quoted content: each search reads their whole text.
PATIENCE = 500
# The number of different classes whose words are read. No article has as many; each costs a search.
MOST_NAMES = 2_000

# A tab between words stays in a paragraph without attributes, and becomes a space in a paragraph with attributes.
_UNALIKE = re.compile(r"[\t\r\f]").search

Leave = Callable[[], None]
_BARE_HEADING = len("<h2>")
_TEXT = 2
"""Lexbor's number of text nodes."""
_NAMED = 256
"""Lexbor gives the elements of HTML lower numbers than this. A document numbers all other elements itself."""
_TAGS: dict[int, str] = {}
"""The names of elements by Lexbor's numbers. Reading a name again costs more than all other work on a node."""


class TreeWalk:
    """The result of a walk. ``judgement`` decides what is removed."""

    def __init__(
        self, judgement: Judgement, *, base: str, closed: Set[str], targets: Set[str], references: bool = True
    ) -> None:
        self.judgement = judgement
        self.writer = Writer(judgement)
        self.media = MediaWriter(self.writer, base=base, rules=judgement.rules, counts=judgement.counts)
        self.sentences = 0
        self._base = base
        self._rules = judgement.rules
        self._bare_tags = self._rules.selectors.bare_tags
        self._telling = self._rules.selectors.asked_for | _TELLING
        self._asked = self._telling - {"class"} | self._rules.selectors.asked_for
        self._closed = closed
        self.targets = targets
        self._references = references
        self._code = 0
        self._figures: list[tuple[Block, list[Image]]] = []  # each open figure, and the pictures before it
        self._captions: list[int] = []  # where the text of each open caption begins
        self._patience = self._kinds_patience = PATIENCE
        self._names: set[str | None] = set()  # the classes whose words were read
        # What a line reader does not know is left to the walk: the ids that links lead to, control characters.
        usable = not (targets or references)
        self._lines = LineReader(self._rules, base, self._names, MOST_NAMES) if usable else None

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
            if number == _TEXT:
                text = node.text_content or ""
                if text.isspace():
                    space(text)
                else:
                    write(text)
                node = node.next
                continue
            leave_element = enter(_TAGS.get(number) or _name(node), node)
            if leave_element is None:
                node = node.next
            else:
                pending.append((node.next, leave_element))
                node = node.first_child
        self.writer.finish()
        # With this the writer and the media keep each other alive, and all memory of the post waits for the garbage
        # collector.
        del self.writer.show_address

    # -- entering: the result says how to leave the element; None means that the element is finished -------------------

    def _enter(self, tag: str, node: LexborNode) -> Leave | None:
        if tag in NOTHING:
            if tag == "script":
                self.media.script(node)
            return None
        attributes: Attributes = node.attributes
        # Most elements have no attribute that tells anything about junk.
        telling = attributes and not self._telling.isdisjoint(attributes)
        if (telling or tag in self._bare_tags) and self._is_junk(tag, node, attributes):
            return None
        return _ENTER.get(tag, TreeWalk._enter_unknown)(self, tag, node, attributes)

    def _is_junk(self, tag: str, node: LexborNode, attributes: Attributes) -> bool:
        # Most elements with a class have one that no rule asks for, and nothing else that tells of junk.
        names = attributes.get("class")
        alone = names and self._asked.isdisjoint(attributes) and tag not in self._bare_tags
        if names and alone and len(self._names) <= MOST_NAMES and self._rules.is_plain(names):
            self._names.add(names)
            return False
        rule = self._rules.selectors.match(tag, attributes)
        if rule is not None and self._remove(rule, node):
            return True
        if ("class" in attributes or "id" in attributes) and self._is_of_a_kind(tag, node, attributes):
            return True
        return ("style" in attributes or "hidden" in attributes) and self._hide(tag, attributes, node)

    def _is_of_a_kind(self, tag: str, node: LexborNode, attributes: Attributes) -> bool:
        """Whether an element's name and its content agree that a plugin or a theme printed it."""
        if len(self._names) > MOST_NAMES:
            return False
        self._names.add(attributes.get("class"))
        kinds = self._rules.kinds
        found = kinds.match(tag, attributes)
        if found and any(self._removes_kind(rule, node) for rule in found):
            return True
        of_id = kinds.match_id(tag, attributes["id"]) if "id" in attributes else None
        return of_id is not None and self._removes_kind(of_id, node, by_id=True)

    def _removes_kind(self, rule: Rule, node: LexborNode, *, by_id: bool = False) -> bool:
        self._kinds_patience -= 1
        return self._kinds_patience > 0 and agrees(rule, node, self._base, by_id=by_id) and self._remove(rule, node)

    def _enter_counter(self, _: str, _node: LexborNode, _attributes: Attributes) -> None:
        self.writer.counter()

    def _enter_unknown(self, _: str, _node: LexborNode, _attributes: Attributes) -> Leave:
        return _nothing

    def _enter_paragraph(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        """Write a paragraph of one text directly. It is the most common element."""
        if attributes and "wp-caption-text" in (attributes.get("class") or ""):
            return self._enter_caption(tag, node, attributes)
        start = f"<p{self._id(attributes)}>" if attributes and self.targets else "<p>"
        only = node.first_child
        if start == "<p>" and only is not None and only.tag_id == _TEXT and only.next is None:
            text = only.text_content or ""
            if "[" not in text and not (attributes and _UNALIKE(text)):
                if self._references:
                    text = scrub(text)
                length = len(text)
                if length >= LONG_RUN:
                    self.sentences += length
                self.writer.leaf(text)
                return None
        if start == "<p>" and self.writer.is_between_blocks:
            line = self._line(node)
            if line is not None:
                self.writer.paragraph(line)
                return None
            self.writer.begin("p", start)
            return self.writer.end
        return self._fill(node) if self.writer.begin("p", start) else self.writer.end

    def _enter_heading(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        """Write a heading of one text directly."""
        start = f"<{tag}{self._id(attributes)}>" if attributes else f"<{tag}>"
        only = node.first_child
        if len(start) == _BARE_HEADING and only is not None and only.tag_id == _TEXT and only.next is None:
            text = only.text_content or ""
            if "[" not in text and not _UNALIKE(text):
                self.writer.leaf(self._text(text), tag)
                return None
        return self._fill(node) if self.writer.begin(tag, start) else self.writer.end

    def _enter_item(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        start = f"<{tag}{self._id(attributes)}>" if attributes else f"<{tag}>"
        return self._fill(node) if self.writer.begin(tag, start) else self.writer.end

    def _fill(self, block: LexborNode) -> Leave | None:
        """Write all the content of a block that was entered, where it is a line. Else the walk goes on in the block."""
        line = self._line(block)
        if line is None:
            return self.writer.end
        self.writer.fill(line)
        self.writer.end()
        return None

    def _line(self, block: LexborNode) -> Line | None:
        """The content of a block that holds only words, formatting and links."""
        line = None if self._lines is None or self.writer.is_formatting else self._lines.read(block)
        if line is not None:
            self.sentences += line.sentences
            self._patience -= line.styled
        return line

    def _enter_block(self, tag: str, _: LexborNode, attributes: Attributes) -> Leave:
        name = BLOCKS[tag]
        self.writer.begin(name, f"<{name}{self._id(attributes)}>" if attributes else f"<{name}>")
        return self.writer.end

    def _enter_ordered(self, _: str, _node: LexborNode, attributes: Attributes) -> Leave:
        if self.writer.begin("ol", f"<ol{self._id(attributes)}{numbering(attributes)}>"):
            self.writer.number(integer(attributes.get("start"), default=1))
        return self.writer.end

    def _enter_pre(self, _: str, _node: LexborNode, attributes: Attributes) -> Leave:
        if not self.writer.begin("pre", f"<pre{self._id(attributes)}>"):
            return self.writer.end
        self._code += 1
        return self._leave_pre

    def _enter_figure(self, _: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        rule = labelled(node, self._rules)
        if rule is not None and self._remove(rule, node):
            return None
        if not self.writer.begin("figure", f"<figure{self._id(attributes)}>"):
            return self.writer.end
        self._figures.append((self.writer.innermost, self.media.new_figure()))
        return self._leave_figure

    def _enter_caption(self, _: str, _node: LexborNode, attributes: Attributes) -> Leave:
        if not self.writer.begin("figcaption", f"<figcaption{self._id(attributes)}>"):
            return self.writer.end
        self._captions.append(len(self.writer.text))
        return self._leave_caption

    def _enter_quote(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        """Enter a quotation, or a post of a social network. Of a post without words only its link remains."""
        quoted = self._quoted(node, attributes)
        if quoted is None:
            return self._enter_block(tag, node, attributes)
        provider, url = quoted.embed.provider, quoted.embed.url
        if not (quoted.words or quoted.caption):
            self.media.embed(provider, url)
            return None
        start = f"<blockquote{attribute('cite', url)}{attribute('data-embed', provider)}>"
        self.writer.begin("blockquote", start, embed=(provider, url))
        if quoted.words:
            return self.writer.end
        for line in quoted.caption:
            self.writer.begin("p", "<p>")
            self._write(line)
            self.writer.end()
        self.writer.end()
        return None

    def _quoted(self, node: LexborNode, attributes: Attributes) -> Quoted | None:
        names = attributes.get("class") or ""
        if not names and "data-embed" not in attributes:
            return None
        url, provider = absolute(attributes.get("cite"), self._base), attributes.get("data-embed")
        if provider is not None and url is not None and is_own_name(provider, url):
            return Quoted(Embed(provider=provider, url=url), words=True)
        self._patience -= 1
        return quoted_embed(names, node, attributes, self._base) if self._patience > 0 else None

    def _enter_inline(self, tag: str, _: LexborNode, attributes: Attributes) -> Leave:
        name = INLINE[tag]
        extra = ""
        if attributes:
            extra = self._id(attributes) if name == "sup" else ""
            kept = _KEPT.get(name)
            value = attributes.get(kept) if kept else None
            if kept and value:
                extra += attribute(kept, value)
        self.writer.inline(f"<{name}{extra}>", f"</{name}>")
        if name in _CODE:
            self._code += 1
            return self._leave_code
        return self.writer.inline_end

    def _enter_table(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        rule = inviting(node, self._base, self._rules)
        if rule is not None and self._remove(rule, node):
            return None
        return self._enter_table_part(tag, node, attributes)

    def _enter_table_part(self, tag: str, _: LexborNode, _attributes: Attributes) -> Leave:
        self.writer.begin(tag, f"<{tag}>", now=True)
        return self.writer.end

    def _enter_cell(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        begun = self.writer.begin(tag, f"<{tag}{spans(attributes)}>", now=True)
        return self._fill(node) if begun else self.writer.end

    def _enter_aside(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        if is_scraped_picture(node) and self._remove(GENERATED, node):
            return None
        return self._enter_wrapper(tag, node, attributes)

    def _enter_wrapper(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        if (
            "id" in attributes
            and is_numbered(attributes, self._base)
            and is_banner(node)
            and self._remove(NUMBERED, node)
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
        if listed and self._remove(POST_TAGS, node):
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
        """A link that leads out of the post."""
        rule = self._rules.match_url(url)
        if rule is not None:
            if rule.labels and is_in_sentence(node):
                return _nothing
            if (not rule.pictures or shows_picture(node)) and self._remove(rule, node):
                return None
        self.writer.inline(f"<a{name}{attribute('href', url)}>", "</a>", href=url)
        if not is_picture(url):
            return self.writer.inline_end
        self.media.enlarged = url
        return self._leave_picture_link

    def _enter_button(self, tag: str, node: LexborNode, attributes: Attributes) -> Leave | None:
        """The text of a button says what a click does. A button that unfolds an answer holds the question."""
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

    # -- words ---------------------------------------------------------------------------------------------------------

    def _write(self, text: str) -> None:
        """Write the words of a text node, and the pictures of its shortcodes at their places."""
        if "[" not in text or self._code:
            if self._references:
                text = scrub(text)
            length = len(text)
            if length >= LONG_RUN:
                self.sentences += length
            self.writer.words(text)
            return
        words, pictures, count = shortcodes.strip(scrub(text) if self._references else text, self._closed)
        if count:
            self.judgement.counts["shortcode"] += count
        self.writer.words(self._counted(words[0]))
        for url, behind in zip(pictures, words[1:], strict=True):
            self.writer.boundary()
            self.media.image({"src": url})
            self.writer.boundary()
            self.writer.words(self._counted(behind))

    def _text(self, text: str) -> str:
        return self._counted(scrub(text) if self._references else text)

    def _counted(self, text: str) -> str:
        if len(text) >= LONG_RUN:
            self.sentences += len(text)
        return text

    def _leave_picture_link(self) -> None:
        self.media.enlarged = None
        self.writer.inline_end()

    def _leave_code(self) -> None:
        self._code -= 1
        self.writer.inline_end()

    def _leave_pre(self) -> None:
        self._code -= 1
        self.writer.end()

    def _leave_figure(self) -> None:
        figure, pictures = self._figures.pop()
        self.writer.end()
        # A figure that stayed empty is not written: the caption behind it belongs to the pictures before it.
        self.media.new_figure(None if figure.opened else pictures)

    def _leave_caption(self) -> None:
        words = " ".join("".join(self.writer.text[self._captions.pop() :]).split())
        self.media.caption(words)
        self.writer.end()

    # -- removing ------------------------------------------------------------------------------------------------------

    def _remove(self, rule: Rule, node: LexborNode) -> bool:
        if not self.judgement.removes(rule, node, at=self.writer.length):
            return False
        if node.tag in WRAPPERS or node.tag in BLOCKS:
            self.writer.boundary()
        self.writer.cut()
        return True

    def _hide(self, tag: str, attributes: Attributes, node: LexborNode) -> bool:
        if self._patience <= 0 or not is_hidden(tag, attributes, node):
            self._patience -= 1
            return False
        return self._remove(HIDDEN, node)

    def _id(self, attributes: Attributes) -> str:
        if not self.targets:
            return ""
        name = attributes.get("id") or attributes.get("name")
        return attribute("id", name) if name and name in self.targets else ""


def _nothing() -> None:
    """Leave an element that adds nothing to its content."""


def _name(node: LexborNode) -> str:
    tag = node.tag or ""
    if node.tag_id < _NAMED:
        _TAGS[node.tag_id] = tag
    return tag


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
