"""What the statements mean for a use: ``search``, ``train`` or ``archive``. Pure.

| vocabulary | search | train | archive |
|---|---|---|---|
| Content-Usage | ``search`` | ``train-ai`` | - |
| Content-Signal | ``search`` | ``ai-train`` | - |
| TDMRep | - | ``tdm-reservation``: 1 reserves, 0 does not | - |
| robots words | ``noindex`` | ``noai``; of files ``noimageai`` too | ``noarchive`` |
| ai.txt | - | reserves | - |
| RSL | - | terms that newsbot does not read: reserved | - |
| licences | - | CC0, public domain, CC BY and BY-SA allow; others of CC reserve | the same ones allow |

A hyphen: the vocabulary says nothing on the use. One statement that reserves a use overrides all statements that allow
it. Without a statement, the use is not declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

USES = ("search", "train", "archive")

_OPEN = re.compile(r"https?://(?:www\.)?creativecommons\.org/(?:publicdomain/(?:zero|mark)|licenses/by(?:-sa)?)/", re.I)
_CREATIVE_COMMONS = re.compile(r"https?://(?:www\.)?creativecommons\.org/", re.I)
_CATEGORIES = {"search": ("search", "search"), "train": ("train-ai", "ai-train")}
"""Use -> category of Content-Usage, signal of Content-Signal."""


@dataclass(frozen=True, slots=True)
class UseMeaning:
    """``allowed``: True, False, or None where nothing is declared. ``by`` names the statement that decides."""

    allowed: bool | None
    by: str | None = None


def meaning(statements: Mapping[str, Any], use: str, *, is_file: bool = False) -> UseMeaning:
    """What the statements on one row or site mean for a use. ``is_file``: the row is a picture or another file."""
    allowing = None
    for allowed, by in _said(statements, use, is_file=is_file):
        if not allowed:
            return UseMeaning(False, by)
        allowing = allowing or by
    return UseMeaning(True, allowing) if allowing else UseMeaning(None)


def strictest_meaning(first: UseMeaning, second: UseMeaning) -> UseMeaning:
    """The meaning of two sets of statements: a reservation wins, then a permission."""
    return next((found for wanted in (False, True) for found in (first, second) if found.allowed is wanted), first)


def _said(statements: Mapping[str, Any], use: str, *, is_file: bool) -> Iterator[tuple[bool, str]]:
    """Whether each statement that concerns the use allows it, and its name."""
    if use in _CATEGORIES:
        category, signal = _CATEGORIES[use]
        if (value := statements.get("content_usage", {}).get(category)) in ("y", "n"):
            yield value == "y", f"Content-Usage {category}={value}"
        if (value := statements.get("content_signal", {}).get(signal)) in ("yes", "no"):
            yield value == "yes", f"Content-Signal {signal}={value}"
    words = statements.get("robots", ())
    restricting = {"search": ("noindex",), "train": ("noai", "noimageai") if is_file else ("noai",)}
    for word in restricting.get(use, ("noarchive",)):
        if word in words:
            yield False, word
    if use == "train":
        yield from _on_training(statements)
    if use != "search":
        yield from _licensed(statements, use)


def _on_training(statements: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    if (reservation := statements.get("tdm_reservation")) in (0, 1):
        yield reservation == 0, f"tdm-reservation: {reservation}"
    if (answer := statements.get("ai_txt")) in ("yes", "no"):
        yield answer == "yes", f"ai.txt {answer}"
    if statements.get("rsl"):
        yield False, f"RSL licence {statements['rsl'][0]}"


def _licensed(statements: Mapping[str, Any], use: str) -> Iterator[tuple[bool, str]]:
    for url in statements.get("licenses", ()):
        if _OPEN.match(url):
            yield True, f"licence {url}"
        elif use == "train" and _CREATIVE_COMMONS.match(url):
            yield False, f"licence {url}"
