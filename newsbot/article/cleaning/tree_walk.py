"""One walk over the parsed post: what a rule names is left out, all else goes to the page.

The tree is never changed and never descended by recursion, so a held-back rule costs a second walk and a hostile post
costs no stack.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence, Set

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning import shortcodes
from newsbot.article.cleaning.block import SPOKEN
from newsbot.article.cleaning.follow_us import inviting
from newsbot.article.cleaning.hidden import is_hidden, is_scraped_picture
from newsbot.article.cleaning.iframes import quoted_embed
from newsbot.article.cleaning.media import HANDLED, MediaWriter
from newsbot.article.cleaning.removal import LONG_RUN, Removal, weigh
from newsbot.article.cleaning.rule import Rule
from newsbot.article.cleaning.rules import CleaningRules
from newsbot.article.cleaning.scripted import SCRIPTED
from newsbot.article.cleaning.selectors import Attributes
from newsbot.article.cleaning.tags import BLOCKS, INLINE, NOTHING, TABLE, WRAPPERS, attribute, integer, numbering
from newsbot.article.cleaning.writer import Writer
from newsbot.article.links import absolute
from newsbot.article.text import scrub

_MEANT_TO_OPEN = re.compile(r"accord|toggle|faq|question|collaps|expand|tab|spoiler|summary", re.I)
HIDDEN = Rule(name="hidden", what="an element the page does not show", broad=True)
GENERATED = Rule(name="scraped-picture", what="a picture gathered by a generator", broad=True)
_UNFOLDS = frozenset(
    {"aria-expanded", "aria-controls", "data-toggle", "data-bs-toggle", "data-target", "data-bs-target"}
)
_KEPT = {"abbr": ("title",), "time": ("datetime",), "bdo": ("dir",)}
# How many elements are looked into for what they hide or quote: each look costs their whole text.
PATIENCE = 500
# A link with more words than that is no button: "Click to email a link to a friend (Opens in new window)" has 55.
LABEL = 59
# With more letters than that beside it, it stands in a sentence: "Share this article with your friends on" has 39.
SENTENCE = 40
_PICTURES = frozenset({"img", "amp-img", "image", "picture", "video", "iframe", "amp-iframe", "object", "embed"})
_MORE_THAN_A_BLOCK = frozenset({"ol", "pre", "figure", "figcaption"})


class TreeWalk:
    """The outcome of a walk. ``held`` are nodes that keep what a rule would take from them."""

    def __init__(
        self,
        *,
        base: str,
        rules: CleaningRules,
        closed: Set[str],
        targets: Set[str],
        held: Set[int] = frozenset(),
        references: bool = True,
    ) -> None:
        self.writer = Writer(self._judge, self._bare)
        self.counts: defaultdict[str, int] = defaultdict(int)
        self.media = MediaWriter(self.writer, base=base, rules=rules, counts=self.counts)
        self.removals: dict[str, Removal] = {}
        self.truncated = False
        self.credit: tuple[str, tuple[str, ...]] | None = None
        self.sentences = 0
        self._base = base
        self._rules = rules
        self._closed = closed
        self.targets = targets
        self._held = held
        self._references = references
        self._code = 0
        self._caption_at = 0
        self._patience = PATIENCE
        self._ways: dict[str, Callable[[], None] | None] = {
            "span": None,
            "block": self.writer.end,
            "wrapper": self.writer.boundary,
            "inline": self.writer.inline_end,
            "code": self._leave_code,
            "pre": self._leave_pre,
            "figure": self._leave_figure,
            "figcaption": self._leave_caption,
        }

    def run(self, root: LexborNode) -> None:
        """Walk everything under ``root``."""
        node: LexborNode | None = root.first_child
        pending: list[tuple[LexborNode | None, Callable[[], None] | None]] = []
        while True:
            if node is None:
                if not pending:
                    self.writer.finish()
                    return
                node, leave = pending.pop()
                if leave is not None:
                    leave()
                continue
            tag = node.tag or ""
            after = node.next
            if tag == "-text":
                text = node.text_content or ""
                if text.isspace():
                    self.writer.space(text)
                else:
                    self.writer.words(self._text(text))
            elif tag == "script":
                self.media.script(node)
            elif tag not in NOTHING and not (tag == "p" and self._plain_paragraph(node)):
                way = self._enter(tag, node)
                if way is not None:
                    pending.append((after, self._ways[way]))
                    after = node.first_child
            node = after

    # -- entering and leaving: the answer of ``_enter`` says how to leave, None says it is done with -------------------

    def _enter(self, tag: str, node: LexborNode) -> str | None:
        attributes: Attributes = node.attributes
        if attributes:
            rule = self._rules.selectors.match(tag, attributes)
            if rule is not None and self._remove(rule, node):
                return None
            if ("style" in attributes or "hidden" in attributes) and self._hide(tag, attributes, node):
                return None
        elif tag in self._rules.selectors.bare_tags:
            rule = self._rules.selectors.match(tag, attributes)
            if rule is not None and self._remove(rule, node):
                return None
        if tag == "aside" and is_scraped_picture(node) and self._remove(GENERATED, node):
            return None
        if tag in BLOCKS:
            return self._enter_block(BLOCKS[tag], node, attributes)
        if tag in INLINE:
            return self._enter_inline(INLINE[tag], attributes)
        if tag in TABLE:
            rule = inviting(node, self._base, self._rules) if tag == "table" else None
            if rule is not None and self._remove(rule, node):
                return None
            return self._enter_table(tag, attributes)
        if tag in WRAPPERS:
            if attributes and (not SCRIPTED.isdisjoint(attributes) or "background" in (attributes.get("style") or "")):
                self.writer.boundary()
                self.media.scripted(node, attributes)
            return self._enter_wrapper(attributes)
        method = _SPECIAL.get(tag)
        return method(self, node, attributes) if method else "span"

    def _enter_block(self, tag: str, node: LexborNode, attributes: Attributes) -> str | None:
        if not attributes and tag not in _MORE_THAN_A_BLOCK:
            self.writer.begin(tag, f"<{tag}>")
            return "block"
        names = attributes.get("class") or ""
        if tag == "blockquote" and (names or "data-embed" in attributes):
            done = self._enter_quote(names, node, attributes)
            if done is not None:
                return done or None
        if tag == "p" and "wp-caption-text" in names:
            tag = "figcaption"
        if not self.writer.begin(tag, f"<{tag}{self._id(attributes)}{numbering(tag, attributes)}>"):
            return "block"
        if tag == "ol":
            self.writer.number(integer(attributes.get("start"), default=1))
        elif tag == "pre":
            self._code += 1
            return "pre"
        elif tag == "figcaption":
            self._caption_at = len(self.writer.text)
            return "figcaption"
        elif tag == "figure":
            self.media.new_figure()
            return "figure"
        return "block"

    def _enter_quote(self, names: str, node: LexborNode, attributes: Attributes) -> str | None:
        """A post of a social network: "" when only its link remains, None for an ordinary quote."""
        url, provider = absolute(attributes.get("cite"), self._base), attributes.get("data-embed")
        words = True
        if provider is None or url is None:
            self._patience -= 1
            quoted = quoted_embed(names, node, attributes, self._base) if self._patience > 0 else None
            if quoted is None:
                return None
            provider, url, words = quoted.embed.provider, quoted.embed.url, quoted.words
        if not words:
            self.media.embed(provider, url)
            return ""
        start = f"<blockquote{attribute('cite', url)}{attribute('data-embed', provider)}>"
        self.writer.begin("blockquote", start, embed=(provider, url))
        return "block"

    def _enter_inline(self, tag: str, attributes: Attributes) -> str:
        extra = self._id(attributes) if tag == "sup" else ""
        for name in _KEPT.get(tag, ()):
            value = attributes.get(name)
            if value:
                extra += attribute(name, value)
        self.writer.inline(f"<{tag}{extra}>", f"</{tag}>")
        if tag in ("code", "kbd", "samp"):
            self._code += 1
            return "code"
        return "inline"

    def _enter_table(self, tag: str, attributes: Attributes) -> str:
        extra = ""
        if tag in ("td", "th"):
            for name in ("colspan", "rowspan"):
                value = attributes.get(name)
                if value and value.isdecimal() and value.isascii() and 1 < int(value[:4]) < 1000:
                    extra += attribute(name, str(int(value[:4])))
        self.writer.begin(tag, f"<{tag}{extra}>", now=True)
        return "block"

    def _enter_wrapper(self, attributes: Attributes) -> str:
        if "wp-caption" in (attributes.get("class") or "").split():
            if self.writer.begin("figure", "<figure>"):
                self.media.new_figure()
                return "figure"
            return "block"
        self.writer.boundary()
        return "wrapper"

    # -- elements of their own kind ------------------------------------------------------------------------------------

    def _link(self, node: LexborNode, attributes: Attributes) -> str | None:
        url = absolute(attributes.get("href"), self._base)
        if url and ("data-embed" in attributes or attributes.get("data-pin-do") == "embedPin"):
            self.media.embed(attributes.get("data-embed") or "Pinterest", url, label=node.text())
            return None
        name = self._id(attributes)
        if url is None or (url[0] == "#" and url[1:] not in self.targets):
            if not name:
                return "span"
            self.writer.inline(f"<a{name}>", "</a>")
            return "inline"
        if url[0] != "#":
            rule = self._rules.match_url(url)
            if rule is not None and rule.labels and (weigh(node)[0] > LABEL or _is_said(node)):
                return "span"
            if rule is not None and (not rule.pictures or _shows(node)) and self._remove(rule, node):
                return None
        self.writer.inline(f"<a{name}{attribute('href', url)}>", "</a>", href=url if url[0] != "#" else None)
        return "inline"

    def _button(self, _: LexborNode, attributes: Attributes) -> str | None:
        """A button says what a click does; one that unfolds an answer carries the question."""
        named = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
        if not _UNFOLDS.isdisjoint(attributes) or _MEANT_TO_OPEN.search(named):
            return self._enter_wrapper(attributes)
        return None

    def _math(self, node: LexborNode, attributes: Attributes) -> None:
        annotation = node.css_first("annotation")
        words = attributes.get("alttext") or (annotation.text() if annotation else node.text())
        self.writer.words(self._text(words or ""))

    # -- words ---------------------------------------------------------------------------------------------------------

    def _plain_paragraph(self, node: LexborNode) -> bool:
        """The commonest element of all, a paragraph of one text and no attributes, goes straight to the page."""
        only = node.first_child
        if only is None or only.tag != "-text" or only.next is not None or node.attributes:
            return False
        self.writer.paragraph(self._text(only.text_content or ""))
        return True

    def _text(self, text: str) -> str:
        if self._references:
            text = scrub(text)
        if "[" in text and not self._code:
            shown = shortcodes.pictures(text)
            text, count = shortcodes.strip(text, self._closed)
            if count:
                self.counts["shortcode"] += count
                for url in shown:
                    self.media.image({"src": url})
        if len(text) >= LONG_RUN:
            self.sentences += len(text)
        return text

    def _leave_code(self) -> None:
        self._code -= 1
        self.writer.inline_end()

    def _leave_pre(self) -> None:
        self._code -= 1
        self.writer.end()

    def _leave_figure(self) -> None:
        self.writer.end()
        self.media.new_figure()

    def _leave_caption(self) -> None:
        words = " ".join("".join(self.writer.text[self._caption_at :]).split())
        self.media.caption(words)
        self.writer.end()

    def _judge(self, words: str, hrefs: Sequence[str], tag: str) -> bool:
        """Whether a block's whole words are a plugin's: an exact text of a rule, or an invitation to follow."""
        if len(words) == 1 and words != "|":
            return False
        if not words.strip("| ") and not hrefs and "share-link" in self.removals:
            return True  # what stood between links that are gone
        rule: Rule | None = None
        if hrefs:
            rule = self._rules.match_linked(words, hrefs, listed=tag in SPOKEN)
        elif tag not in SPOKEN:
            rule = self._rules.match_text(words, heading=tag[0] == "h")
        if rule is None:
            return False
        self.counts[rule.name] += 1
        self.truncated = self.truncated or rule.stub
        if rule.credit:
            self.credit = words, tuple(hrefs)
        return True

    def _bare(self, words: str) -> bool:
        """Whether a heading with nothing under it is what a plugin left behind."""
        rule = self._rules.match_bare(words)
        if rule is not None:
            self.counts[rule.name] += 1
        return rule is not None

    # -- taking away ---------------------------------------------------------------------------------------------------

    def _remove(self, rule: Rule, node: LexborNode) -> bool:
        if node.mem_id in self._held:
            return False
        self.removals.setdefault(rule.name, Removal(rule.name, rule.broad)).add(node)
        self.truncated = self.truncated or rule.stub
        if node.tag in WRAPPERS or node.tag in BLOCKS:
            self.writer.boundary()
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


def _is_said(node: LexborNode) -> bool:
    """Whether a link is part of a sentence, or the words of a quote that a button beside it offers for sharing."""
    parent = node.parent
    if parent is not None and "ctt-text" in (parent.attributes.get("class") or ""):
        return True
    words = 0
    for beside in (node.prev, node.next):
        if beside is not None and beside.tag == "-text":
            words += len(" ".join((beside.text_content or "").split()))
    return words > SENTENCE


def _shows(node: LexborNode) -> bool:
    return any(inner.tag in _PICTURES for inner in node.traverse())


# Tag -> handler: None when the element is done with, else how to leave it.
_SPECIAL: dict[str, Callable[[TreeWalk, LexborNode, Attributes], str | None]] = {
    "a": TreeWalk._link,
    "button": TreeWalk._button,
    "br": lambda walk, *_: walk.writer.line(),
    "hr": lambda walk, *_: walk.writer.rule(),
    "math": TreeWalk._math,
    **dict.fromkeys(HANDLED, lambda walk, node, attributes: walk.media.show(node, attributes)),
}
