"""What of a robots.txt is read, and which of its groups mean us. RFC 9309 sections 2.2.1 and 2.5."""

from __future__ import annotations

import re

PARSED_BYTES = 512 * 1024
"""How much of a robots.txt is read; RFC 9309 section 2.5 asks for 500 KiB at least."""

_TOKEN = re.compile(r"[a-z0-9_-]+", re.ASCII | re.I)
_AGENT = re.compile(rb"((?:^|\r|\xef\xbb\xbf)[ \t]*user[- ]?agent[ \t]*:?[ \t]*)([^\r\n]*)", re.I | re.M)
_NOBODY = b"-"


def first_part(body: bytes) -> bytes:
    """The lines that are read of a long one."""
    if len(body) <= PARSED_BYTES:
        return body
    end = max(body.rfind(b"\n", 0, PARSED_BYTES), body.rfind(b"\r", 0, PARSED_BYTES))
    return body[: end + 1] if end >= 0 else body[:PARSED_BYTES]


def for_product(body: bytes, agent: str) -> bytes:
    """``body`` with its groups named as a parser must understand them.

    A group means us where its product token is ours, whatever follows it: ``NewsBot/1.0`` does, and ``news`` does not.
    The parser goes by beginnings, which is the other way round.
    """
    ours = _token(agent)

    def named(found: re.Match[bytes]) -> bytes:
        value = found[2].decode("utf-8", "replace").strip()
        token = _token(value)
        if token and token == ours:
            return found[1] + token.encode()
        return found[0] if value.startswith("*") or not ours.startswith(token) else found[1] + _NOBODY

    return _AGENT.sub(named, body)


def _token(agent: str) -> str:
    found = _TOKEN.match(agent)
    return found[0].lower() if found else ""
