"""Read the JSON in the body of a reply, or raise a named error.

Real sites put a BOM, PHP notices or HTML before the JSON, and the comment of a cache plugin after it. They answer 200
with a login page, and truncate bodies. This module reads what can be read without guessing, and raises a PayloadError
otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson

from newsbot.charsets import BOMS
from newsbot.errors import (
    BadStatus,
    Challenge,
    Flooded,
    NotJson,
    PayloadError,
    PaymentRequired,
    Refused,
    TooDeep,
    Truncated,
)
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.values import object_in

_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 508, 509, *range(520, 528), 530})
"""Statuses of failures that may be temporary. Hosts that sell shares of a server answer 508 and 509 while a site uses
more than its share, Cloudflare answers 520-527 and 530 where the server behind it fails."""

_BOM = b"\xef\xbb\xbf"
_AFTER = re.compile(r"(?:[\s\x00]++|<!--(?>.*?-->))*+\Z", re.DOTALL)
"""The text that may follow the JSON. The group is atomic: otherwise the expression would divide unclosed comments in
every possible way."""
_LEVEL = r"(?:PHP )?(?:Notice|Warning|Deprecated|(?:Fatal|Parse) error|Strict Standards)"
_PRINTED = re.compile(rf"\s*+(?:<(?:br|b|p|div|script|html|!)|{_LEVEL}:)", re.I)
"""The text that PHP or a plugin prints after the JSON, such as warnings at the end of a request. Before the JSON, only
such warnings are allowed: JSON within a page is not the answer of an API."""
_WARNINGS = re.compile(rf"(?:\s*+(?:<br ?/?>)?+\s*+(?:<b>)?+{_LEVEL}(?:</b>)?+:[^\n]*+\n)*+\s*+")
_OPENING = re.compile(r"[\[{]")
_BEGINS = re.compile(r"\{\s*+\"|\[\s*+[\[{\"]")
"""A beginning of JSON that no line of PHP's log has."""
_MESSAGE = 3_000
"""The most characters of a refusal that are read."""
_CANDIDATES = 64
"""The most brackets that are tried as the beginning of the JSON, in a body that begins with other text."""
_READ_IN_VAIN = 8_000_000
"""The most characters that are read after brackets that turn out not to begin the JSON."""

USUAL_PER_PAGE = 10
"""The number of rows that WordPress gives if a query names no number. No site refuses such a small number."""

LARGE = 4 * 1024 * 1024
MOST_VALUES = 500_000
"""The most values in an answer of more than ``LARGE`` bytes. A value takes some 100 bytes of memory once it is parsed.
A page of 100 long articles has a few thousand."""

_CHALLENGE = re.compile(
    rb"challenge-platform|cf-chl-|_cf_chl_opt|sgcaptcha|sucuri_cloudproxy|/_Incapsula_Resource|px-captcha|"
    rb"<title>(?:Just a moment|Attention Required|Bot Verification|Please Wait\.\.\. \|)",
    re.IGNORECASE,
)
_CHECK_PAGE = re.compile(
    rb"_cf_chl_opt|cf-chl-|/orchestrate/(?:chl|jsch|managed)|sgcaptcha|sucuri_cloudproxy_js|px-captcha|"
    rb"<title>(?:Just a moment\.\.\.|Bot Verification)</title>",
    re.IGNORECASE,
)
"""Text that only the page of a bot check contains. Cloudflare's silent script, for example, is on every page of a
site."""

_LARGEST_CHECK, _BARE_CHECK = 20_000, 2_000
_HTML = re.compile(rb"\s*(?:<!doctype html|<html)", re.IGNORECASE)
_ARTICLE = re.compile(rb"<article|\bpostid-", re.IGNORECASE)
_HINTS = (
    (re.compile(rb"wp-login\.php|name=[\"']pwd[\"']|type=[\"']password[\"']", re.I), "a login page"),
    (re.compile(rb"maintenance|coming[ -]soon|under construction", re.I), "a maintenance page"),
)
_LOGIN = re.compile(rb"<body[^>]{0,200}class=[\"'](?:[^\"'>]{0,200} )?login[ \"']", re.I)


def read(reply: Reply) -> Any:
    """The JSON of a reply: a list or an object. Raises a PayloadError where there is no JSON, or WordPress refused."""
    if is_challenge(reply):
        raise Challenge(f"a bot check came instead of an answer (HTTP {reply.status})")
    if reply.status == 402:
        raise PaymentRequired
    try:
        data = parse(reply.body)
    except PayloadError as fault:
        if reply.status >= 400:
            raise _bad_status(reply) from fault
        raise
    if _is_refusal(data):
        raise _refused(data, reply.status)
    if reply.status >= 400:
        raise _bad_status(reply)
    return data


def fault(query: Query, reply: Reply) -> PayloadError | None:
    """The reason why a driver may have to repeat a query, or None if the reply can be used."""
    if query.expects == "any":
        return None if is_challenge(reply) else _passing(reply)
    if query.method == "HEAD":
        return _passing(reply)
    return None if _looks_whole(reply) else _fault_in(reply)


def _passing(reply: Reply) -> BadStatus | None:
    """The fault of a reply whose status may be temporary, or None."""
    return _bad_status(reply) if reply.status in _RETRYABLE else None


def _fault_in(reply: Reply) -> PayloadError | None:
    try:
        read(reply)
    except PayloadError as found:
        return found
    return None


def _looks_whole(reply: Reply) -> bool:
    # A page of posts is large, so only its reader parses it. A refusal is small, and is parsed here.
    return reply.status < 400 and reply.body[:1] in (b"[", b"{") and reply.body.rstrip()[-1:] in (b"]", b"}")


def is_whole(body: bytes) -> bool:
    """Whether a body is JSON to its end."""
    try:
        parse(body)
    except PayloadError:
        return False
    return True


def parse(body: bytes) -> Any:
    """Parse bytes to a list or object. Raises NotJson, Truncated, TooDeep or Flooded."""
    if body[:2] in BOMS:
        body = body.decode("utf-16", "replace").encode("utf-8", "surrogatepass")
    body = body.removeprefix(_BOM).strip(b" \t\r\n\x00")
    if not body:
        raise NotJson("expected JSON, got an empty body")
    if len(body) > LARGE and _values(body) > MOST_VALUES:
        raise Flooded(f"the answer of {len(body)} bytes has more values than any page of WordPress")
    if body[:1] in (b"[", b"{"):
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            pass
    return _parse_slowly(body)


def _values(body: bytes) -> int:
    """About how many values JSON has. PHP writes no space after the comma of a list; a comma in a text has one."""
    return sum(map(body.count, (b",", b"{", b"[", b'":', b'", "'))) - body.count(b", ")


def _parse_slowly(body: bytes) -> Any:
    """Parse JSON that PHP sends and orjson refuses: lone surrogates, NaN, control characters, text around the JSON."""
    text = _text_of(body).replace("\ufeff", "")
    for data in _documents(text):
        return data
    if text[:1] in "[{":
        raise Truncated(f"the JSON is truncated after {len(body)} bytes")
    hint = next((name for pattern, name in _HINTS if pattern.search(body)), None)
    what = hint or ("HTML" if "<" in text[:2_000] else "text")
    raise NotJson(f"expected JSON, got {what}")


def _text_of(body: bytes) -> str:
    """The text of JSON, which is UTF-8. If no letter beyond ASCII is UTF-8, the server sends another charset."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
    if re.search(r"[^\x00-\x7f\ufffd]", text) is None:
        try:
            return body.decode("cp1252")
        except UnicodeDecodeError:
            return body.decode("latin-1")
    return text


def _documents(text: str) -> Iterator[Any]:
    """The JSON values that begin at a bracket of the text and reach to its end. Raises TooDeep."""
    decoder, in_vain = json.JSONDecoder(strict=False), 0
    # In JSON that is cut off, a bracket at the end of a text does not begin a value. A line of PHP's log begins with a
    # bracket, and the JSON may follow directly after a complete value.
    begins, before, read = text[:1] in "[{", "\n" if _BEGINS.match(text) else "\n>", 0
    for opening in islice(_OPENING.finditer(text), _CANDIDATES):
        if in_vain > _READ_IN_VAIN:
            return
        if begins and opening.start() != read and text[opening.start() - 1] not in before:
            continue
        try:
            data, end = decoder.raw_decode(text, opening.start())
        except RecursionError:
            raise TooDeep("the JSON is nested deeper than WordPress ever sends") from None
        except ValueError as fault:
            in_vain += getattr(fault, "pos", len(text)) - opening.start()
            continue
        if _AFTER.match(text, end) or (_PRINTED.match(text, end) and _WARNINGS.fullmatch(text, 0, opening.start())):
            yield data
        in_vain, read = in_vain + end - opening.start(), end


def _is_refusal(data: Any) -> bool:
    """Whether JSON is WordPress's error object. A row with such fields has an id too."""
    return isinstance(data, dict) and isinstance(data.get("code"), str) and "message" in data and "id" not in data


def _refused(data: dict[str, Any], status: int) -> Refused:
    details = object_in(data.get("data"))
    text = re.sub(r"\s+", " ", re.sub(r"<[^<>]*>", "", str(data.get("message") or "")[:_MESSAGE]))[:300].strip()
    refused = Refused(str(data["code"])[:100], status=_real_status(details.get("status"), status), text=text)
    # Core names each refused parameter and its limits, as in data.params.per_page.
    refused.params = {str(name): str(reason) for name, reason in object_in(details.get("params")).items()}
    return refused


def _real_status(named: Any, status: int) -> int:
    """The status in the error object if the reply itself has a status of success."""
    return named if status < 400 and isinstance(named, int) and not isinstance(named, bool) else status


def _bad_status(reply: Reply) -> BadStatus:
    return BadStatus(f"HTTP {reply.status}", status=reply.status, retryable=reply.status in _RETRYABLE)


def is_challenge(reply: Reply) -> bool:
    """Whether the reply is a bot check instead of an answer."""
    headers = reply.headers
    if headers.get("cf-mitigated") == "challenge" or "challenge" in headers.get("sg-captcha", ""):
        return True
    if reply.status in (202, 403, 429, 503) and "json" not in headers.get("content-type", ""):
        return _CHALLENGE.search(reply.body[:20_000]) is not None
    return reply.status == 200 and _is_check_page(reply.body)


def _is_check_page(body: bytes) -> bool:
    """Whether a page with status 200 is only a bot check. An article about bot checks is not."""
    if len(body) > _LARGEST_CHECK or not _HTML.match(body) or _ARTICLE.search(body):
        return False
    # Incapsula adds its script to every page; its check contains nothing else.
    bare = len(body) <= _BARE_CHECK and b"/_Incapsula_Resource" in body
    return bare or _CHECK_PAGE.search(body) is not None


def is_login(reply: Reply) -> bool:
    """Whether the reply is WordPress's login page. A page with a login form beside its content is not."""
    return "/wp-login.php" in reply.url or _LOGIN.search(reply.body) is not None


def per_page_limit(refusal: Refused) -> int | None:
    """The largest ``per_page`` that the site accepts, from the text of a refusal. None for another refusal."""
    text = refusal.params.get("per_page")
    if text is None and "per_page" not in refusal.text:
        return None
    numbers = [int(n) for n in re.findall(r"(?<![0-9])[0-9]{1,9}(?![0-9])", text or refusal.text)]
    return max(numbers) if numbers else None


def lowered_per_page(fault: PayloadError, asked: int) -> int | None:
    """The lower page size that a site demands when it refuses the page size ``asked``; None for another fault.

    If the refusal names the parameter without a number, half of the size is tried, but not less than WordPress's usual
    page size.
    """
    if not isinstance(fault, Refused):
        return None
    if (limit := per_page_limit(fault)) is not None and 1 <= limit < asked:
        return limit
    names_it = fault.status == 400 and ("per_page" in fault.params or "per_page" in fault.text)
    return max(USUAL_PER_PAGE, asked // 2) if names_it and asked > USUAL_PER_PAGE else None
