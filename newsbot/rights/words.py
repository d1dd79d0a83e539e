"""Statements in words, a line for each: for ``scrapy doctor`` and the end of a crawl. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from newsbot.rights.uses import USES, meaning


def lines(statements: Mapping[str, Any]) -> list[str]:
    """A line for each statement, in the words of its vocabulary."""
    return list(_lines(statements))


def _lines(statements: Mapping[str, Any]) -> Iterator[str]:
    for key, name in (("content_usage", "Content-Usage"), ("content_signal", "Content-Signal")):
        if pairs := statements.get(key):
            yield f"{name}: {', '.join(f'{key}={value}' for key, value in pairs.items())}"
    if "tdm_reservation" in statements:
        policy = f", policy {statements['tdm_policy']}" if "tdm_policy" in statements else ""
        yield f"TDMRep: tdm-reservation {statements['tdm_reservation']}{policy}"
    if words := statements.get("robots"):
        yield f"robots: {', '.join(words)}"
    if "ai_txt" in statements:
        yield f"ai.txt: the text of pages for data sets: {statements['ai_txt']}"
    for key, name in (("rsl", "RSL licence"), ("licenses", "licence")):
        for url in statements.get(key, ()):
            yield f"{name}: {url}"


def meanings(statements: Mapping[str, Any]) -> dict[str, str]:
    """Use -> ``yes (...)`` or ``no (...)`` with the statement that decides, or ``not declared``."""
    return {use: _answer(statements, use) for use in USES}


def _answer(statements: Mapping[str, Any], use: str) -> str:
    found = meaning(statements, use)
    if found.allowed is None:
        return "not declared"
    return f"{'yes' if found.allowed else 'no'} ({found.by})"
