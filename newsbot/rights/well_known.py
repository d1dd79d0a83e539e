"""Files at fixed places: ``/.well-known/tdmrep.json`` and ``/ai.txt``. Only ``scrapy doctor`` asks for them. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from newsbot.rights.robots_txt import matches

TDMREP = "/.well-known/tdmrep.json"
AI_TXT = "/ai.txt"

_TEXTS = frozenset({"/", "*", "*.txt", "*.html", "*.htm"})
"""Patterns of ai.txt (Spawning) that cover the text of pages."""


def read_tdmrep(body: bytes, path: str = "/") -> dict[str, Any]:
    """The statement for a path: the first rule whose ``location`` matches. {} if no rule matches, or if the answer is
    not such a file."""
    try:
        rules = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    for rule in rules if isinstance(rules, list) else ():
        if not isinstance(rule, dict) or not isinstance(rule.get("location"), str):
            continue
        reservation, policy = rule.get("tdm-reservation"), rule.get("tdm-policy")
        if str(reservation) in ("0", "1") and matches(rule["location"][:2_000], path):
            found: dict[str, Any] = {"tdm_reservation": int(str(reservation))}
            return found | ({"tdm_policy": policy} if isinstance(policy, str) and policy else {})
    return {}


def read_ai_txt(body: bytes, content_type: str) -> dict[str, Any]:
    """``ai_txt`` is ``no`` if the file forbids every crawler to use the text of pages in data sets. A page in place of
    the file counts as no statement."""
    if "html" in content_type.lower() or body.lstrip()[:1] == b"<":
        return {}
    agents: set[str] = set()
    in_rules, text_is_closed, seen = False, False, False
    for line in body[:100_000].decode("utf-8", "replace").splitlines():
        found = re.match(r"\s*(user-agent|allow|disallow)\s*:\s*(\S*)", line, re.I)
        if found is None:
            continue
        name, value = found[1].lower(), found[2].lower()
        if name == "user-agent":
            agents = {value} if in_rules else agents | {value}
            in_rules = False
            continue
        in_rules = seen = True
        text_is_closed = text_is_closed or (name == "disallow" and "*" in agents and value in _TEXTS)
    return {"ai_txt": "no" if text_is_closed else "yes"} if seen else {}
