"""One junk rule, and how it is read from TOML. ``rules.py`` compiles many."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

_PART = re.compile(r"([.#]?)((?:[\w*-]|\[0-9\])+)|\[([\w-]+)(?:=([^\]]*))?\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one plugin, or one habit of plugins, puts into an article.

    ``select`` are selectors; ``texts`` whole texts of a block without a class, ``patterns`` the same as regular
    expressions, asked of paragraphs without links, ``linked`` of those with links; with ``headings`` texts are asked of
    headings too, ``bare`` of those with nothing under them, as all texts are. ``hrefs`` are addresses of frames, images
    and links, ``invitations`` those of all links in a short
    block, or in one that ``linked`` fits: each a host, a slash, and an expression for what follows. With ``pictures``
    a link counts only where it shows one: its words are the author's, wherever they lead. With ``labels`` a link of a
    sentence is undone, and its words stay. A ``broad`` rule has a name that an author's own markup might share: it
    never takes more than half of a post's text. A ``stub`` rule also says that the article goes on elsewhere, a
    ``credit`` rule where it came from. ``unless`` are classes of elements that are not meant, whatever selects them.
    """

    name: str
    what: str
    select: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    hrefs: tuple[str, ...] = ()
    invitations: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    headings: bool = False
    pictures: bool = False
    labels: bool = False
    broad: bool = False
    stub: bool = False
    credit: bool = False


_ESCAPE = re.compile(r"\\.|\(\?P")
_RULE_NAME = re.compile(r"[a-z][a-z0-9-]*")
_LISTS = tuple(each.name for each in fields(Rule) if each.default == ())
_TELLING = tuple(name for name in _LISTS if name != "unless")
_PLAIN = {"name": str, "what": str} | {each.name: bool for each in fields(Rule) if each.default is False}


def read_rules(text: str) -> list[Rule]:
    """The ``[[rule]]`` tables of a TOML text. Raises ValueError, naming the rule, for what cannot be a rule."""
    return [read_rule(table) for table in tomllib.loads(text).get("rule", [])]


def read_rule(table: Mapping[str, Any]) -> Rule:
    """One ``[[rule]]`` table. Raises ValueError, naming the rule, for what cannot be one."""
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
        addresses = (each.partition("/")[2] for each in (*rule.hrefs, *rule.invitations))
        for pattern in (*rule.patterns, *rule.linked, *addresses):
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
    """A selector's parts: (``#``, ``.``, ``[`` or a space for a tag; name; value). Raises ValueError."""
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
