"""URLs for an article: absolute, repaired, and without parameters that track the reader."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote, urljoin, urlsplit

from newsbot.urls import unicode_host

_SCHEME = re.compile(r"^(?:h?ttps?s?|https?)\s*(?::\s*/+|//+|:(?=www\.))", re.I)
_TRACKING = re.compile(
    r"^(?:utm_\w+|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|twclid|ttclid|yclid|igshid|igsh|mc_cid|mc_eid"
    r"|_hsenc|_hsmi"
    r"|__hstc|__hssc|__hsfp|hsctatracking|mkt_tok|vero_id|vero_conv|oly_enc_id|oly_anon_id|wickedid|rb_clickid"
    r"|s_cid|ml_subscriber"
    r"|ml_subscriber_hash|ck_subscriber_id|spm|_openstat|wt_mc|wt_zmc|at_medium|at_campaign|ref_src|ref_url|cmpid"
    r"|ocid|guccounter"
    r"|guce_referrer|guce_referrer_sig|share_source|sharetype|amp_js_v|usqp|xtor|piwik_\w+|mtm_\w+|matomo_\w+"
    r"|pk_\w+|hmb_\w+)$",
    re.I,
)
_QUOTES = " \t\n\r\f\v\"'“”„‟″‘’‚′«»\xa0\u200b\ufeff"
_ABSOLUTE = re.compile(r"https?://[^\s/?#]+", re.I)
# Most URLs have this form: nothing must be repaired, escaped or removed.
_PLAIN = re.compile(r"https?://[a-zA-Z0-9_.-]+/[a-zA-Z0-9_.~/%+,=&@:;()*!$-]*").fullmatch
_PLAIN_PATH = re.compile(r"/(?!/)[a-zA-Z0-9_.~/%+,=&@:;()*!$-]*").fullmatch
_WEB = re.compile("https?://", re.I | re.A).match
_CONTACT = re.compile("mailto:|tel:", re.I | re.A).match
# If an address has one of these characters, all its unsafe characters are escaped.
_BREAKING = re.compile('[ "<>]').search
_UNSAFE = (
    '"<>\\^`{|}\x7f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000'
    + "".join(map(chr, range(32)))
    + "".join(map(chr, range(0x2000, 0x200B)))
)
"""Control characters, white space of all scripts, and other characters that no URL may contain."""

_ESCAPED = {ord(each): "".join(f"%{byte:02X}" for byte in each.encode()) for each in _UNSAFE}


def absolute(url: str | None, base: str) -> str | None:
    """``url`` as an absolute http(s) or mailto/tel URL. A ``#fragment`` stays unchanged. None for any other URL."""
    if not url:
        return None
    if _PLAIN(url):
        return url
    if url[0] == "/" and "/." not in url and _PLAIN_PATH(url):
        root = _root(base)
        return root + url if root else None
    url = url.strip(_QUOTES)
    if url[:1] == "#":
        return url if len(url) > 1 else None
    if not _WEB(url):
        url = _mend(url, base)
    if _CONTACT(url):
        return url.translate(_ESCAPED)
    if not _ABSOLUTE.match(url):
        return None
    if not url.isprintable() or _BREAKING(url):
        url = url.translate(_ESCAPED)
    return untracked(url) if "?" in url else url


def untracked(url: str) -> str:
    """``url`` without tracking parameters. The rest of the URL stays byte for byte."""
    head, _, rest = url.partition("?")
    query, mark, fragment = rest.partition("#")
    pairs = query.split("&")
    kept = [
        pair for pair in pairs if not _TRACKING.match(pair.partition("=")[0].removeprefix("amp;").removeprefix("#038;"))
    ]
    if len(kept) == len(pairs):
        return url
    return head + ("?" + "&".join(kept) if kept else "") + mark + fragment


def original_image(url: str) -> str | None:
    """The original URL of an image from an image proxy (such as Jetpack's Photon), or None where ``url`` is another
    URL."""
    if ".wp.com/" not in url and "ampproject.org/" not in url:
        return None
    found = re.match(r"https?://i\d\.wp\.com/([^?#]+)", url)
    if found and "." in found[1].partition("/")[0]:
        scheme = "https" if "ssl=1" in url or "?" not in url else "http"
        return f"{scheme}://{found[1]}"
    found = re.match(r"https?://[\w.-]+\.cdn\.ampproject\.org/i{1,2}/(?:w\d+/)?(s/)?([^?#]+)", url)
    return f"{'https' if found[1] else 'http'}://{unquote(found[2])}" if found else None


def host(url: str) -> str:
    """The host of a URL as people read it, without ``www.`` and port. "" where the URL has no host."""
    try:
        name = urlsplit(url).hostname
    except ValueError:
        return ""
    return unicode_host(name or "").removeprefix("www.")


def is_same_page(url: str, other: str) -> bool:
    """Whether two URLs are those of one page. The scheme, ``www.``, a slash at the end and a fragment do not count."""
    if not host(url) or host(url) != host(other):
        return False
    one, two = urlsplit(url), urlsplit(other)
    return (one.path.rstrip("/"), one.query) == (two.path.rstrip("/"), two.query)


@lru_cache(maxsize=64)
def _root(base: str) -> str:
    """Scheme and host of a URL, the part before its path. "" where the URL has no host."""
    try:
        return urljoin(base, "/")[:-1]
    except ValueError:
        return ""


def _mend(url: str, base: str) -> str:
    found = _SCHEME.match(url)
    if found:  # httpss://, http//, http:/, ttps://
        secure = "s" in found[0].lower()
        return f"http{'s' if secure else ''}://{url[found.end() :]}"
    if url[:4].lower() == "www.":
        return "https://" + url
    try:
        return urljoin(base, url)
    except ValueError:
        return ""
