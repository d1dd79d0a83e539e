"""The part of a robots.txt that is read, and the groups that apply to newsbot. RFC 9309 sections 2.2.1 and 2.5."""

from __future__ import annotations

import re

from newsbot.charsets import BOMS

PARSED_BYTES = 512 * 1024
"""Bytes of a robots.txt that are read. RFC 9309 section 2.5 requires at least 500 KiB."""

_TOKEN = re.compile(r"[a-z0-9_-]+", re.ASCII | re.I)
_AGENT = re.compile(rb"((?:^|\r|\xef\xbb\xbf)[ \t]*user[- ]?agent[ \t]*:?[ \t]*)([^\r\n]*)", re.I | re.M)
_CRAWL_DELAY = re.compile(
    rb"((?:^|\r)[ \t]*+crawl-delay[ \t]*+:[ \t]*+)(\d{1,9})(?:[.,](\d{1,9}))?"
    rb"[ \t]*+(?:seconds?|secs?|s)?+[ \t]*+(?=#|\r|$)",
    re.I | re.M,
)
_NOBODY = b"-"


def first_part(body: bytes) -> bytes:
    """The first ``PARSED_BYTES`` of a robots.txt, cut at the end of a line, in UTF-8. An editor may have saved the file
    in UTF-16."""
    if body[:2] in BOMS:
        body = body[: 2 * PARSED_BYTES].decode("utf-16", "replace").encode()
    if len(body) <= PARSED_BYTES:
        return body
    end = max(body.rfind(b"\n", 0, PARSED_BYTES), body.rfind(b"\r", 0, PARSED_BYTES))
    return body[: end + 1] if end >= 0 else body[:PARSED_BYTES]


def for_product(body: bytes, agent: str) -> bytes:
    """``body`` with the names of its groups changed so that the parser chooses the right groups.

    A group applies if its product token equals that of ``agent``, whatever follows the token: ``NewsBot/1.0`` applies
    to newsbot, ``news`` does not. The parser instead compares the beginnings of names, and would choose ``news``.
    """
    ours = _token(agent)

    def named(found: re.Match[bytes]) -> bytes:
        value = found[2].decode("utf-8", "replace").strip()
        token = _token(value)
        if token and token == ours:
            return found[1] + token.encode()
        if value.startswith("*"):
            # Text after the asterisk does not make the name another name.
            return found[1] + b"*" if value[1:2] in ("", " ", "\t", "#", ";", ",") else found[0]
        return found[0] if not ours.startswith(token) else found[1] + _NOBODY

    return _CRAWL_DELAY.sub(_plain_seconds, _AGENT.sub(named, body))


def _plain_seconds(found: re.Match[bytes]) -> bytes:
    """The line of a Crawl-delay with a number that the parser can read: ``10s`` becomes 10 and ``1,5`` becomes 1.5."""
    return found[1] + found[2] + (b"." + found[3] if found[3] else b"")


def _token(agent: str) -> str:
    found = _TOKEN.match(agent)
    return found[0].lower() if found else ""
