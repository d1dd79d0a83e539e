"""Raw shortcodes of buttons and players become links in HTML: a button leads to a page, a player plays a file.

This is done before parsing, since a shortcode may enclose any HTML. Code and the inside of tags stay unchanged.
"""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote

from newsbot.article.cleaning.tags import attribute, escape
from newsbot.article.embeds import recognise

_PLAYERS = {
    "youtube": ("YouTube", re.compile(r"[\w-]{11}", re.A), "https://www.youtube.com/watch?v={}"),
    "vimeo": ("Vimeo", re.compile(r"\d{1,12}", re.A), "https://vimeo.com/{}"),
    "dailymotion": ("Dailymotion", re.compile(r"x?[a-z0-9]{5,9}", re.A), "https://www.dailymotion.com/video/{}"),
}
_QUOTES = "\"'“”„″′‘’«»"
_NAMES = r"[a-z][\w-]{0,30}?[_-]|"  # the prefix of a page builder: su_button, fusion_youtube
_KINDS = "youtube|vimeo|dailymotion|button|btn"
_OPENER = rf"\[(?P<name>(?:{_NAMES})(?P<kind>{_KINDS}))(?P<arguments>[\s\xa0=][^\[\]<>]{{0,2000}})\]"
_WORTH = re.compile(rf"\[(?:{_NAMES})(?:{_KINDS})[\s\xa0=]")
# A tag is skipped as a whole, with ">" in its quoted values.
_PIECE = re.compile(
    r"<(?P<end>/?)(?P<code>(?i:pre|code|kbd|samp))(?=[\s/>])[^<>]*>"
    r"|<[a-zA-Z!/][^<>\"']*+(?:\"[^\"<]*+\"[^<>\"']*+|'[^'<]*+'[^<>\"']*+)*+>"
    rf"|{_OPENER}|\[/(?P<closer>[a-z][\w-]{{0,40}})\s*\]"
)
_VALUE = rf"\s*=\s*(?:[{_QUOTES}]([^{_QUOTES}]*)[{_QUOTES}]|([^\s{_QUOTES}]+))"
_LINK = re.compile(rf"(?:^|\s)(?:button_)?(?:url|link|href){_VALUE}")
_ID = re.compile(rf"(?:^|\s)(?:id|video_?id|clip_id|url|src|link|video){_VALUE}")
_ADDRESS = re.compile(rf"https?://[^\s{_QUOTES}|<>]+|\A/[^\s{_QUOTES}|<>]*")


def revive(html: str) -> str:
    """``html`` in which buttons that enclose words are links, and players are marked links to what they play."""
    if "[" not in html or not _WORTH.search(html):
        return html
    pieces: list[str] = []
    waiting: dict[str, list[tuple[int, str]]] = {}  # the name of a button -> where it opens, and its URL
    at = code = 0
    for found in _PIECE.finditer(html):
        pieces += (html[at : found.start()], found[0])
        at = found.end()
        if found["code"]:
            code = max(0, code - 1 if found["end"] else code + 1)
        elif code:
            continue
        elif found["kind"] in ("button", "btn"):
            waiting.setdefault(found["name"], []).append((len(pieces) - 1, _led_to(found["arguments"])))
        elif found["kind"]:
            pieces[-1] = _played(found["kind"], found["arguments"]) or found[0]
        elif found["closer"] and waiting.get(found["closer"]):
            place, url = waiting[found["closer"]].pop()
            if url:
                pieces[place], pieces[-1] = f"<a{attribute('href', url)}>", "</a>"
    return "".join((*pieces, html[at:]))


def names_player(text: str) -> bool:
    """Whether a plain text holds the beginning of a shortcode that ``revive`` may change."""
    return _WORTH.search(text) is not None


def _led_to(arguments: str) -> str:
    """The URL of a button, or "". A page builder writes it as ``link="url:https%3A%2F%2Fa.example|title:x"``."""
    found = _LINK.search(unescape(arguments))
    value = (found[1] or found[2] or "").strip() if found else ""
    if value.startswith("url:"):
        value = unquote(value[4:].partition("|")[0])
    address = _ADDRESS.search(value)
    return address[0] if address else ""


def _played(kind: str, arguments: str) -> str | None:
    """A link to the video of a player, or None where its arguments name no video."""
    said = unescape(arguments)
    provider, identity, page = _PLAYERS[kind]
    named = _ID.search(said)
    value = ((named[1] or named[2] or "") if named else said).strip(f" =\n\t\xa0{_QUOTES}")
    if identity.fullmatch(value):
        url = page.format(value)
    else:
        address = _ADDRESS.match(value)
        known = recognise(address[0]) if address else None
        if known is None:
            return None
        provider, url = known
    return f"<a{attribute('href', url)}{attribute('data-embed', provider)}>{escape(provider)}</a>"
