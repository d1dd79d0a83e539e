"""The preferences of a robots.txt, which apply to paths. Pure.

A group for another crawler does not apply to newsbot. ``License`` belongs to no group (RSL).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from newsbot.rights.preferences import content_signal, content_usage, strictest

_LINE = re.compile(r"[ \t]*([A-Za-z-]{1,40})[ \t]*:[ \t]*([^\r\n#]{0,4000})")
_TOKEN = re.compile(r"[a-z0-9_-]+", re.I)
_ANY = re.compile(rb"content-(?:usage|signal)|license", re.I)
_RULES = {"content-usage": ("content_usage", content_usage), "content-signal": ("content_signal", content_signal)}
_WEB = re.compile(r"https?://[^\s<>\"]{1,2000}", re.I)
MOST = 50
"""The most rules and licences of one robots.txt that are kept."""


def read_robots(body: bytes, agent: str) -> dict[str, Any]:
    """``rules``: a list of ``path`` (``""`` for every path) with statements; ``rsl``: URLs of licences. Empty keys are
    left out."""
    if not _ANY.search(body):
        return {}
    by_token: dict[str, list[dict[str, Any]]] = {"*": []}
    licenses: dict[str, None] = {}
    for agents, name, value in _lines(body.decode("utf-8", "replace").removeprefix("\ufeff")):
        for token in _tokens(agents) & {agent.lower(), "*"}:
            by_token.setdefault(token, []).extend(_rule(name, value))
        if name == "license" and _WEB.fullmatch(value):
            licenses[value] = None
    rules = by_token.get(agent.lower(), by_token["*"])[:MOST]
    return ({"rules": rules} if rules else {}) | ({"rsl": list(licenses)[:MOST]} if licenses else {})


def _tokens(agents: Sequence[str]) -> set[str]:
    """The crawlers that a group is for; ``*`` is every crawler. A rule before the first group is for every crawler."""
    every = {"*"} if not agents or "*" in agents else set()
    return every | {found[0].lower() for agent in agents if (found := _TOKEN.match(agent))}


def _lines(text: str) -> Iterator[tuple[Sequence[str], str, str]]:
    """The names of the group that a rule belongs to, and the rule's name and value."""
    agents: list[str] = []
    in_rules = False
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        name, value = found[1].lower(), found[2].strip()
        if name == "user-agent":
            agents = [value] if in_rules else [*agents, value]
            in_rules = False
            yield agents, name, value
        else:
            in_rules = in_rules or name not in ("license", "sitemap")
            yield agents, name, value


def _rule(name: str, value: str) -> list[dict[str, Any]]:
    """A rule with its path; an empty list if the line is not a rule, or if its statement is empty."""
    if name not in _RULES:
        return []
    key, read = _RULES[name]
    path, _, rest = value.partition(" ") if value.startswith("/") else ("", "", value)
    statement = read(rest)
    return [{"path": path, key: statement}] if statement else []


def robots_for(site: Mapping[str, Any], url: str | None) -> dict[str, Any]:
    """The statements of a robots.txt (``read_robots``) for one URL. For each vocabulary, the statements with the
    longest path apply."""
    path = _path(url or "/")
    found: dict[str, Any] = {}
    for key, deny in (("content_usage", "n"), ("content_signal", "no")):
        fitting = [rule for rule in site.get("rules", ()) if key in rule and matches(rule["path"], path)]
        longest = max((len(rule["path"]) for rule in fitting), default=0)
        if combined := strictest((rule[key] for rule in fitting if len(rule["path"]) == longest), deny=deny):
            found[key] = combined
    if site.get("rsl"):
        found["rsl"] = list(site["rsl"])
    return found


def _path(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "/"
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def matches(pattern: str, path: str) -> bool:
    """Whether the beginning of a path matches ``pattern``. ``*`` is any text and a ``$`` at the end ends the path (RFC
    9309)."""
    if "*" not in pattern and not pattern.endswith("$"):
        return path.startswith(pattern)
    place, ends = 0, pattern.endswith("$")
    pieces = pattern.removesuffix("$").split("*")
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        if ends and last:
            return path.endswith(piece) and len(path) - len(piece) >= place and (number > 0 or path == piece)
        at = path.find(piece, place) if number else (0 if path.startswith(piece) else -1)
        if at < 0:
            return False
        place = at + len(piece)
    return True
