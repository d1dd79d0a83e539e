"""URLs of articles: whether two URLs are the same, which post id a URL contains, and an id for a URL without one."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urljoin, urlsplit, urlunsplit

from newsbot.numbers import from_digits
from newsbot.urls import ascii_host, unicode_host

_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|mc_cid|mc_eid", re.I)
_ID_PARAMETERS = {"p": "post", "page_id": "page", "attachment_id": "attachment"}
"""Parameter with an id -> the type, if the query has no ``post_type``."""
_PLAIN_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{1,4})?")
"""The host of nearly every URL: it needs no parser of user names, of addresses in brackets and of wrong ports."""
_RECENT = 1_024
"""URLs whose parts are kept: a row's URL is compared several times during the crawl, and two pages of rows may come
between."""
_LONG = 2_000
"""The most characters of such a URL. The parts of a longer URL are not kept, so that no site fills the memory."""


_PLAIN_URL = re.compile(
    r"https?://[a-z0-9.-]+(?::\d{1,5})?/[!$%&'()*+,/0-9:=@A-Z_a-z~.-]*(?:\?[!$%&'()*+,/0-9:=@A-Z_a-z~.-]+)?", re.ASCII
)
"""A web address that would stay unchanged if it were resolved against a base. A sitemap has 50,000 of them."""


def site_host(url: str) -> str:
    """The host and port by which sites are compared, without ``www.`` and the usual ports, and in the form of DNS. ""
    for an invalid URL."""
    try:
        return _host(urlsplit(url))
    except ValueError:
        return ""


def _host(parts: SplitResult) -> str:
    """``site_host`` of a URL that is split. Raises ValueError for an invalid port."""
    netloc = parts.netloc
    if _PLAIN_HOST.fullmatch(netloc):
        host, _, port = netloc.lower().partition(":")
    else:
        host, port = ascii_host(parts.hostname or ""), "" if parts.port is None else str(parts.port)
    host = host.removeprefix("www.")
    return f"{host}:{int(port)}" if host and port and int(port) not in (80, 443) else host


def absolute(href: str, base: str) -> str | None:
    """A link of a page or feed as a web address without a fragment; None where the link is not a web address."""
    href = href.strip()
    if not href or _PLAIN_URL.fullmatch(href):
        return href or None
    try:
        parts = urlsplit(urljoin(base, href))
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        return None
    return urlunsplit(parts._replace(fragment=""))


def canonical(url: str) -> str:
    """The form by which URLs of articles are compared: two URLs of one article have the same form.

    It leaves out the scheme, ``www.``, the case and the form of the host, percent-encoding, a slash at the end, the
    fragment and tracking parameters.
    """
    host, place = _host_and_place(url)
    return host + place


def _host_and_place(url: str) -> tuple[str, str]:
    return _kept_parts(url) if len(url) <= _LONG else _parts(url)


def _parts(url: str) -> tuple[str, str]:
    """The two parts of the canonical form: ``site_host``, and path with query. ("", the URL) for an invalid URL."""
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True) if parts.query else []
    except ValueError:
        return "", url
    try:
        host = _host(parts)
    except ValueError:
        host = ""
    path = unquote(parts.path) if "%" in parts.path else parts.path
    if not path.isascii():
        path = unicodedata.normalize("NFC", path)
    kept = sorted(pair for pair in pairs if not _TRACKING.fullmatch(pair[0]))
    # The JSON of a site may contain half an emoji (a lone surrogate).
    query = urlencode(kept, errors="surrogatepass") if kept else ""
    return host, path.rstrip("/") + (f"?{query}" if query else "")


_kept_parts = lru_cache(_RECENT)(_parts)


def untracked(url: str) -> str:
    """The URL without tracking parameters and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    kept = [piece for piece in parts.query.split("&") if not _TRACKING.fullmatch(piece.partition("=")[0])]
    return urlunsplit(parts._replace(query="&".join(kept), fragment=""))


def post_id(text: str) -> int | None:
    """A row's id as WordPress writes it, or None: no WordPress has ids with more than ten digits."""
    return from_digits(text.strip(), most=9_999_999_999) or None


def id_in(url: str, type_: str) -> int | None:
    """The id in ``?p=7``, ``?page_id=7`` or ``?post_type=report&p=7``, exactly as WordPress builds them for the type.

    None where the query has any other parameter: an import or an editor wrote such a guid, not this WordPress.
    """
    parameters = _parameters(url.strip())
    for name, implied_type in _ID_PARAMETERS.items():
        if parameters.keys() - {"post_type"} == {name} and parameters.get("post_type", implied_type) == type_:
            return post_id(parameters[name])
    return None


def _parameters(url: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    except ValueError:
        return {}


def id_of_url(url: str) -> int:
    """An id for an article whose post id is unknown: negative, from 48 bits of a hash of its canonical URL.

    WordPress's ids are positive, so the two kinds never collide. The same URL has the same id in every run.
    """
    return _hashed_id(canonical(url))


def _hashed_id(place: str) -> int:
    return -1 - int.from_bytes(blake2b(place.encode("utf-8", "surrogatepass"), digest_size=6).digest(), "big")


def earlier_ids(url: str) -> tuple[int, ...]:
    """The ids that older versions gave the URL of an article on a host with an international name: they took its two
    forms for two hosts."""
    host, place = _host_and_place(url)
    return (_hashed_id(other + place),) if (other := unicode_host(host)) != host else ()


def place_key(url: str) -> int:
    """A key of the place of a URL within its site: of path and query, in their canonical form, without the host.

    Two URLs of one article have the same key, even if the site has moved to another host since.
    """
    place = _host_and_place(url)[1]
    return int.from_bytes(blake2b(place.encode("utf-8", "surrogatepass"), digest_size=6).digest(), "big") + 1


def slug_of(url: str) -> str | None:
    """The slug in a permalink: the last part of its path. None where the permalink is a query."""
    parts = urlsplit(url)
    return parts.path.rstrip("/").rpartition("/")[2] or None if not parts.query else None
