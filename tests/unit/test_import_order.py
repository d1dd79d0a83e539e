"""Who may import whom. Imports for type checking count like all others."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.unit.test_repository import MODULES, ROOT, name_of, nodes

pytestmark = pytest.mark.xdist_group("code")  # one worker reads the code of the package, for all of them

MAY_IMPORT: dict[str, set[str]] = {
    # What every room may know: plain values, without Scrapy.
    "items": set(),
    "errors": set(),
    "signals": set(),
    "timestamps": set(),
    "numbers": set(),
    "urls": set(),
    "rights": set(),
    "safe_json": set(),
    "compact": set(),
    "charsets": set(),
    "durable": set(),
    "extras": {"errors", "terminal"},
    "components": set(),
    "terminal": set(),
    # What an article is, what WordPress is, and what is known already. Nothing here knows Scrapy.
    "article": {"items", "errors", "timestamps", "extras", "numbers", "urls"},
    "wordpress": {"article", "items", "charsets", "compact", "errors", "rights", "timestamps", "urls", "numbers"},
    "archive": {"wordpress", "compact", "politeness", "items", "errors", "timestamps", "safe_json", "extras", "urls"},
    # Packages of pure decisions, and packages that use the network and the disk.
    "schedule": set(),
    "politeness": {"charsets", "errors", "numbers"},
    "safety": {"errors", "signals", "numbers", "urls"},
    "media": {"durable", "errors"},
    "net": {"errors", "urls"},
    "settings": {"early_stop", "net"},
    "safe_logs": {"items", "terminal"},
    "json_logs": {"safe_json", "terminal"},
    "next_steps": {"wordpress"},
    "screen_log": {"terminal"},
    "interrupted": set(),
    "early_stop": {"interrupted"},
    # Input, from the command line and from site lists.
    "arguments": {"article", "wordpress", "safety", "errors", "extras", "urls"},
    "follow": {"archive", "arguments", "net", "schedule", "errors", "safe_json", "terminal", "timestamps", "urls"},
    # Scrapy's components.
    "browser": {"net", "wordpress", "errors", "extras", "urls"},
    "middlewares": {"archive", "net", "politeness", "safety", "errors", "signals"},
    "warc": {"arguments", "durable", "safety", "wordpress", "items", "safe_json", "signals", "timestamps", "numbers"},
    "spiders": {
        *("archive", "arguments", "browser", "net", "politeness", "rights", "schedule", "warc", "wordpress"),
        *("items", "errors", "signals", "timestamps"),
        "urls",
    },
    "feeds": {"durable", "terminal", "items", "errors", "signals", "timestamps", "safe_json", "compact", "urls"},
    "pipelines": {
        *("archive", "arguments", "article", "media", "net", "wordpress"),
        *("items", "compact", "errors", "signals", "timestamps"),
    },
    "extensions": {
        "compact",
        "json_logs",
        "terminal",
        "archive",
        "follow",
        "middlewares",
        "net",
        "next_steps",
        "schedule",
        "wordpress",
        "items",
        "errors",
        "signals",
        "timestamps",
        "safe_json",
        "urls",
    },
    "fleet": {
        *("archive", "arguments", "extensions", "net", "schedule", "spiders", "wordpress"),
        *("errors", "signals", "terminal"),
    },
    "monitors": {"archive", "extensions", "net", "schedule", "wordpress", "terminal", "timestamps"},
    # Output afterwards, and the commands.
    "report": {"archive", "errors", "feeds", "next_steps", "rights", "terminal", "timestamps", "numbers"},
    "doctor": {
        *("arguments", "browser", "net", "politeness", "spiders", "wordpress"),
        *("errors", "next_steps", "rights", "signals", "terminal"),
        "urls",
    },
    "export": {
        *("archive", "arguments", "article", "feeds", "media", "middlewares", "pipelines", "rights", "warc"),
        *("wordpress", "items", "compact", "durable", "errors", "extras", "timestamps", "safe_json", "terminal"),
        "charsets",
        "numbers",
        "urls",
    },
    "console": {"settings", "terminal"},
    "entry_point": {"console", "interrupted"},
    "commands": {
        *("archive", "arguments", "article", "doctor", "export", "feeds", "fleet", "follow", "report"),
        *("charsets", "net", "spiders", "wordpress"),
        *("early_stop", "errors", "extras", "json_logs", "safe_json", "screen_log", "signals", "terminal"),
        "numbers",
    },
}
"""Room of newsbot -> the rooms that the room may import. A room stands below all rooms that it may import."""

WORDPRESS_MAY_IMPORT: dict[str, set[str]] = {
    "messages": set(),
    "questions": {"messages"},
    "meaning": set(),
    "scope": {"values"},
    "options": {"scope"},
    "receipt": {"scope"},
    "empty_fields": {"messages", "replies"},
    "by_ids": {"api", "empty_fields", "messages", "replies", "values"},
    "listing_forms": {"api", "messages", "payload", "replies", "values"},
    "other_forms": {"api", "by_ids", "empty_fields", "listing_forms", "messages", "replies"},
    "login": {"api", "messages"},
    "values": set(),
    "api": {"meaning", "scope", "values"},
    "payload": {"messages", "values"},
    "site_json": {"api", "meaning", "scope"},
    "dates": {"api", "messages"},
    "records": {"api", "dates", "values"},
    "replies": {"messages", "payload", "values"},
    "guids": set(),
    "same_site": {"dates", "guids", "messages", "questions", "values"},
    "moves": {"api", "messages", "options", "questions", "replies", "same_site", "values"},
    "queries": {"api", "dates", "messages", "options", "questions", "records"},
    "narrowing": {
        *("api", "joins", "meaning", "messages", "options", "pages", "queries", "replies", "scope", "values"),
    },
    "discovery": {
        *("api", "empty_fields", "languages", "messages", "narrowing", "pages", "payload", "questions", "values"),
    },
    "catalog": {"api", "messages", "options", "questions", "replies", "site_json"},
    "kinds": {"catalog", "options", "receipt"},
    "pages": {"messages", "payload", "receipt", "replies"},
    "single_article": {"api", "messages", "pages", "records"},
    "languages": {
        *("api", "messages", "options", "pages", "payload", "questions", "replies", "site_json", "values"),
    },
    "joins": {"api", "dates", "messages", "payload", "queries", "questions", "records", "replies", "values"},
    "collection": {
        *("api", "dates", "messages", "payload", "queries", "questions", "receipt", "records", "replies"),
        *("joins", "pages", "same_site", "values"),
    },
    "fallback": {"catalog", "dates", "messages", "options", "pages", "payload", "questions", "receipt"},
    "witness": {
        *("api", "messages", "options", "queries", "questions", "receipt", "replies", "values"),
        *("collection", "fallback", "languages", "pages"),
    },
    "together": {
        *("api", "discovery", "meaning", "messages", "narrowing", "pages", "queries", "questions", "replies"),
        *("site_json", "values", "witness"),
    },
    "offered": {
        *("api", "catalog", "kinds", "options", "queries", "questions", "receipt"),
        *("collection", "fallback", "languages", "witness"),
    },
    "site_crawl": {
        *("api", "catalog", "discovery", "kinds", "login", "meaning", "messages", "moves", "narrowing", "together"),
        *("offered", "options", "other_forms", "questions", "receipt", "site_json"),
        *("collection", "fallback"),
    },
}
"""The same for the rooms within newsbot.wordpress."""

NAMES = frozenset(name_of(path) for path in MODULES)


@cache
def imported(path: Path) -> frozenset[str]:
    """The modules of newsbot that a module imports. ``from package import module`` imports the module."""
    found: set[str] = set()
    for node in nodes(path)[ast.Import]:
        found |= {alias.name for alias in node.names}
    for node in nodes(path)[ast.ImportFrom]:
        full = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        found |= {name if name in NAMES else str(node.module) for name in full.values()}
    return frozenset(found & NAMES)


def room_of(module: str, package: str) -> str | None:
    """The room of ``package`` that a module belongs to; None for the package itself and for modules outside of it."""
    inside = module.removeprefix(f"{package}.")
    return None if inside == module else inside.split(".", 1)[0]


def breaches(package: str, may_import: dict[str, set[str]]) -> list[str]:
    found = []
    for path in MODULES:
        importer = room_of(name_of(path), package)
        for name in sorted(imported(path)) if importer is not None else ():
            room = room_of(name, package)
            if room is not None and room != importer and room not in may_import.get(str(importer), set()):
                found.append(f"{name_of(path)} imports {name}")
    return found


@pytest.mark.parametrize(
    ("package", "may_import"), [("newsbot", MAY_IMPORT), ("newsbot.wordpress", WORDPRESS_MAY_IMPORT)]
)
def test_a_room_imports_only_the_rooms_below_it(package: str, may_import: dict[str, set[str]]) -> None:
    assert breaches(package, may_import) == []


@pytest.mark.parametrize(
    ("package", "may_import"), [("newsbot", MAY_IMPORT), ("newsbot.wordpress", WORDPRESS_MAY_IMPORT)]
)
def test_every_room_is_in_the_order_of_imports(package: str, may_import: dict[str, set[str]]) -> None:
    rooms = {room for name in NAMES if (room := room_of(name, package)) is not None}
    assert rooms == set(may_import)
    below: set[str] = set()
    left = dict(may_import)
    while ready := [room for room, lower in left.items() if lower <= below]:
        below |= set(ready)
        left = {room: lower for room, lower in left.items() if room not in below}
    assert left == {}, "these rooms may import each other in a circle"


def circles(graph: Mapping[str, Collection[str]]) -> list[str]:
    """The modules that reach themselves by imports."""
    found = []
    for start in graph:
        reached: set[str] = set()
        ahead = set(graph[start])
        while ahead:
            name = ahead.pop()
            if name not in reached:
                reached.add(name)
                ahead.update(graph[name])
        if start in reached:
            found.append(start)
    return found


def test_modules_have_no_import_cycle() -> None:
    assert circles({name_of(path): imported(path) for path in MODULES}) == []


def test_search_for_cycles_finds_a_cycle() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == ["b", "c"]


def test_forbidden_import_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MAY_IMPORT, "commands", MAY_IMPORT["commands"] - {"export"})
    assert any(breach.startswith("newsbot.commands.export imports") for breach in breaches("newsbot", MAY_IMPORT))


def test_package_is_in_the_expected_folder() -> None:
    assert (ROOT / "newsbot/settings.py").is_file()
    assert "newsbot.settings" in NAMES
