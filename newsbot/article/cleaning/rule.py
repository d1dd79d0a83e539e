"""One junk rule, and how it is read from TOML. ``rules.py`` compiles all rules."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

_PART = re.compile(r"([.#]?)((?:[\w*-]|\[0-9\])+)|\[([\w-]+)(?:=([^\]]*))?\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The content that a plugin, or a kind of plugin, adds to an article.

    ``select`` are selectors. ``texts`` are whole texts of a block without a class. ``patterns`` are regular expressions
    for whole paragraphs without links, ``linked`` for paragraphs with links. With ``also_linked``, ``patterns`` are for
    both. ``marks`` are words: if a paragraph of several sentences contains one of them, ``patterns`` apply to it too.
    With ``headings`` texts apply to headings too, and ``bare`` to headings with nothing under them, as all texts do; a
    text of ``bare`` may end with an asterisk, for the site's name. ``heads`` are texts that may also be headings of an
    author: as a heading or a line of bold words, they are removed only with nothing under them. ``captions`` are whole
    captions: a figure with one of them is removed with its pictures.

    ``hrefs`` are URLs of frames, images and links, ``invitations`` the URLs of all links in a short block, or in a
    block that ``linked`` matches: each is a host, a slash, and an expression for the rest. With ``pictures``, only a
    link that shows a picture counts, since the words of a link are the author's. With ``labels`` a link in a sentence
    is removed and its words stay. With ``long`` a block of several sentences counts for ``linked`` with ``invitations``
    too. ``about`` are expressions for a newsroom's own matters: a longer block without one of them, and a short block
    that makes a request for somebody else, are the author's.

    A ``broad`` rule has a name that an author's own markup might share: it never removes more than half of a post's
    text. A ``wordless`` rule names a plugin that writes no sentences, an ``asks`` rule a plugin that asks the reader
    for something: neither removes an element with an author's sentences. A ``stub`` rule also means that the article
    continues elsewhere, a ``credit`` rule shows the article's source. ``unless`` are classes of elements that the rule
    never removes.

    ``named`` are expressions for the words of a class, as in "mobile share box", and ``ids`` whole ids of boxes. Such a
    rule removes an element only if its content fits ``holds``: see ``holding.py``.
    """

    name: str
    what: str
    select: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    hrefs: tuple[str, ...] = ()
    invitations: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    holds: str = ""
    headings: bool = False
    pictures: bool = False
    labels: bool = False
    broad: bool = False
    stub: bool = False
    credit: bool = False
    wordless: bool = False
    asks: bool = False
    long: bool = False
    also_linked: bool = False

    @property
    def for_links(self) -> tuple[str, ...]:
        """The expressions for paragraphs with links."""
        return (*self.linked, *self.patterns) if self.also_linked else self.linked


_ESCAPE = re.compile(r"\\.|\(\?P")
_RULE_NAME = re.compile(r"[a-z][a-z0-9-]*")
_LISTS = tuple(each.name for each in fields(Rule) if each.default == ())
_TELLING = tuple(name for name in _LISTS if name not in ("unless", "about", "marks"))
HOLDS = ("advertising", "author", "bar", "contents", "links", "plea")
_PLAIN = {"name": str, "what": str, "holds": str} | {each.name: bool for each in fields(Rule) if each.default is False}


def read_rules(text: str) -> list[Rule]:
    """The ``[[rule]]`` tables of a TOML text. Raises ValueError, which names the rule, for an invalid rule."""
    return [read_rule(table) for table in tomllib.loads(text).get("rule", [])]


def read_rule(table: Mapping[str, Any]) -> Rule:
    """One ``[[rule]]`` table. Raises ValueError, which names the rule, for an invalid rule."""
    name = table.get("name")
    if not isinstance(name, str) or not _RULE_NAME.fullmatch(name):
        raise ValueError(f"a junk rule needs a name of small letters, digits and hyphens, not {name!r}")
    try:
        if "what" not in table:
            raise ValueError("it does not say what it takes away")
        rule = Rule(**{key: _value(key, value) for key, value in table.items()})
        if not any(getattr(rule, key) for key in _TELLING):
            raise ValueError(f"it has none of {', '.join(_TELLING)}")
        for selector in rule.select:
            read_selector(selector)
        if bool(rule.named or rule.ids) != (rule.holds in HOLDS):
            raise ValueError(f"named or ids needs holds, and holds needs one of these; holds is {', '.join(HOLDS)}")
        addresses = (each.partition("/")[2] for each in (*rule.hrefs, *rule.invitations))
        for pattern in (*rule.patterns, *rule.linked, *rule.about, *rule.named, *addresses):
            re.compile(pattern)
            if any(letter.isupper() for letter in _ESCAPE.sub("", pattern)):
                raise ValueError(f"expressions are written in small letters: {pattern!r}")
    except (ValueError, re.error) as error:
        raise ValueError(f"junk rule {name}: {error}") from error
    return rule


def _value(key: str, value: Any) -> Any:
    if key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise ValueError(f"{key} takes a list of texts")
        return tuple(value)
    if not isinstance(value, _PLAIN.get(key, ())):
        raise ValueError(f"{key} cannot be {value!r}" if key in _PLAIN else f"there is no key {key!r}")
    return value


def read_selector(selector: str) -> list[tuple[str, str, str | None]]:
    """The parts of a selector: (``#``, ``.``, ``[`` or a space for a tag; name; value). Raises ValueError."""
    found: list[tuple[str, str, str | None]] = []
    position = 0
    while position < len(selector):
        hit = _PART.match(selector, position)
        if hit is None:
            raise ValueError(f"cannot read selector {selector!r}")
        kind, name, attribute, value = hit.groups()
        if name and not kind and "*" in name:
            raise ValueError(f"a tag is named in full: {selector!r}")
        found.append(("[", attribute, value and value.strip("\"'")) if attribute else (kind or " ", name, None))
        position = hit.end()
    if not found:
        raise ValueError("an empty selector")
    return found
