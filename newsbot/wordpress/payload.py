"""A body -> its JSON, or a named error.

Real sites put a BOM, PHP notices or HTML before their JSON and a cache plugin's comment after it; they answer 200 with
a login page, and cut bodies short. What can be read without guessing is read; everything else has a name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson

from newsbot.errors import BadStatus, Challenge, NotJson, PayloadError, Refused, TooDeep, Truncated
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.values import object_in

_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504, 507, *range(520, 528), 530})
"""Statuses that may pass: 520-527 and 530 are Cloudflare's words for an ailing origin."""

_BOM = b"\xef\xbb\xbf"
_AFTER = re.compile(r"(?:\s|\x00|<!--.*?-->)*\Z", re.DOTALL)
_OPENING = re.compile(r"[\[{]")
_CANDIDATES = 64
"""How many brackets of a body that begins with something else are tried as the JSON's beginning."""
_READ_IN_VAIN = 8_000_000
"""Characters that may be read behind brackets which began no JSON: each costs all that follows it."""

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
"""What stands on the check itself, and not, like Cloudflare's silent script, on every page of a site that has one."""

_LARGEST_CHECK, _BARE_CHECK = 20_000, 2_000
_HTML = re.compile(rb"\s*(?:<!doctype html|<html)", re.IGNORECASE)
_ARTICLE = re.compile(rb"<article|\bpostid-", re.IGNORECASE)
_HINTS = (
    (re.compile(rb"wp-login\.php|name=[\"']pwd[\"']|type=[\"']password[\"']", re.I), "a login page"),
    (re.compile(rb"maintenance|coming[ -]soon|under construction", re.I), "a maintenance page"),
)
_LOGIN = re.compile(rb"<body[^>]{0,200}class=[\"'](?:[^\"'>]{0,200} )?login[ \"']", re.I)


def read(reply: Reply) -> Any:
    """The JSON of an answer: a list or an object. Raises a PayloadError where it is none, or is WordPress's refusal."""
    if is_challenge(reply):
        raise Challenge(f"{reply.status}: a bot check stands in the way")
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
    """What is wrong with an answer that a driver holds in its hands, or None: an answer is ready to be used."""
    if query.expects == "any" or query.method == "HEAD":
        may_pass = reply.status in _RETRYABLE and not (query.expects == "any" and is_challenge(reply))
        return _bad_status(reply) if may_pass else None
    if _looks_whole(reply):
        return None
    try:
        read(reply)
    except PayloadError as found:
        return found
    return None


def _looks_whole(reply: Reply) -> bool:
    # A refusal in WordPress's words is an answer; most are small, while a page of posts is read once, by its reader.
    return reply.status < 400 and reply.body[:1] in (b"[", b"{") and reply.body.rstrip()[-1:] in (b"]", b"}")


def parse(body: bytes) -> Any:
    """Bytes -> list or object; raises NotJson, Truncated or TooDeep."""
    body = body.removeprefix(_BOM).strip(b" \t\r\n\x00")
    if not body:
        raise NotJson("an empty body where JSON was due")
    if body[:1] in (b"[", b"{"):
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            pass
    return _parse_slowly(body)


def _parse_slowly(body: bytes) -> Any:
    """What orjson refuses but PHP sends: lone surrogates, NaN, raw control characters, text before and after."""
    text = body.decode("utf-8", "replace").replace("\ufeff", "")
    for data in _documents(text):
        return data
    if text[:1] in "[{":
        raise Truncated(f"the JSON breaks off within its {len(body)} bytes")
    hint = next((name for pattern, name in _HINTS if pattern.search(body)), None)
    what = hint or ("HTML" if "<" in text[:2_000] else "text")
    raise NotJson(f"{what} where JSON was due")


def _documents(text: str) -> Iterator[Any]:
    """What begins at a bracket of the text and goes on to its end. Raises TooDeep."""
    decoder, in_vain = json.JSONDecoder(strict=False), 0
    for opening in islice(_OPENING.finditer(text), _CANDIDATES):
        if in_vain > _READ_IN_VAIN:
            return
        try:
            data, end = decoder.raw_decode(text, opening.start())
        except RecursionError:
            raise TooDeep("JSON nested deeper than any WordPress sends") from None
        except ValueError as fault:
            in_vain += getattr(fault, "pos", len(text)) - opening.start()
            continue
        if _AFTER.match(text, end):
            yield data
        in_vain += end - opening.start()


def _is_refusal(data: Any) -> bool:
    """Whether JSON is WordPress's error object, and no row that has such fields."""
    return isinstance(data, dict) and isinstance(data.get("code"), str) and "message" in data and "id" not in data


def _refused(data: dict[str, Any], status: int) -> Refused:
    details = object_in(data.get("data"))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", str(data.get("message") or "")))[:300].strip()
    refused = Refused(str(data["code"])[:100], status=_real_status(details.get("status"), status), text=text)
    # Core names the refused parameter and its limits here: data.params.per_page.
    refused.params = {str(name): str(reason) for name, reason in object_in(details.get("params")).items()}
    return refused


def _real_status(said: Any, status: int) -> int:
    """The status that the error object names, where the answer came with a status of success."""
    return said if status < 400 and isinstance(said, int) and not isinstance(said, bool) else status


def _bad_status(reply: Reply) -> BadStatus:
    return BadStatus(f"HTTP {reply.status}", status=reply.status, retryable=reply.status in _RETRYABLE)


def is_challenge(reply: Reply) -> bool:
    """Whether a bot check stands in the answer's place."""
    headers = reply.headers
    if headers.get("cf-mitigated") == "challenge" or "challenge" in headers.get("sg-captcha", ""):
        return True
    if reply.status in (202, 403, 429, 503) and "json" not in headers.get("content-type", ""):
        return _CHALLENGE.search(reply.body[:20_000]) is not None
    return reply.status == 200 and _is_check_page(reply.body)


def _is_check_page(body: bytes) -> bool:
    """Whether a page that came with success is nothing but a bot check; an article that speaks of one is none."""
    if len(body) > _LARGEST_CHECK or not _HTML.match(body) or _ARTICLE.search(body):
        return False
    # Incapsula has its script on every page, and on the check nothing else.
    bare = len(body) <= _BARE_CHECK and b"/_Incapsula_Resource" in body
    return bare or _CHECK_PAGE.search(body) is not None


def is_login(reply: Reply) -> bool:
    """Whether the answer is WordPress's login page. A login form in a page's margin makes it none."""
    return "/wp-login.php" in reply.url or _LOGIN.search(reply.body) is not None


def per_page_limit(refusal: Refused) -> int | None:
    """The maximum a refused ``per_page`` may have, from core's own sentence, or None where it was not that."""
    text = refusal.params.get("per_page")
    if text is None and "per_page" not in refusal.text:
        return None
    numbers = [int(n) for n in re.findall(r"\d+", text or refusal.text)]
    return max(numbers) if numbers else None


def lowered_per_page(fault: PayloadError, asked: int) -> int | None:
    """The page size to ask for next, where a site refused ``asked`` and named a lower limit; None otherwise."""
    limit = per_page_limit(fault) if isinstance(fault, Refused) else None
    return limit if limit is not None and 1 <= limit < asked else None
