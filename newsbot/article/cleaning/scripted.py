"""Content that a script or a style sheet adds: a player described by an attribute, a picture in the background.

The markup has no frame and no image for it. Without this module the article's film or photograph would be lost.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping

from selectolax.lexbor import LexborNode

from newsbot.article.cleaning.selectors import Attributes
from newsbot.article.text import plain_text

# Without one of these attributes nothing is added. This quick check decides most elements.
SCRIPTED = frozenset({
    "role", "data-settings", "data-href", "data-facadesrc", "data-src", "data-id", "data-thumbnail",
    "data-borlabs-cookie-content", "data-gallery",
})  # fmt: skip
_LONGEST_GALLERY = 200_000
# A gradient may come before the address. Without a limit the cost of the search is quadratic for a style of many
# colons.
_BEHIND = re.compile(r"background(?:-image)?\s*:[^;]{0,300}?url\(\s*[\"']?([^\"')]+)", re.I)
_ELEMENTOR = re.compile(r'"video_type":"(\w+)"')
_FRAME = re.compile(r"<iframe\b[^<>]*?\bsrc=[\"']([^\"']+)", re.I)
_GIST = re.compile(r"(https://gist\.github\.com/[\w./-]+?)\.js(?:\?|\Z)")
_CHART = re.compile(r"(https://datawrapper\.dwcdn\.net/\w+/)(?:\d+/)?embed\.js")
_LONGEST = 20_000
_ANSWERS = frozenset({"youtube", "vimeo", "dailymotion", "videopress"})


def element_frame(attributes: Attributes) -> str | None:
    """The URL of the frame or page that a script would show in this element, as written, or None."""
    names = attributes.get("class") or ""
    for name, read in _BY_ATTRIBUTE.items():
        if name in attributes:
            return read(attributes[name] or "", names)
    for name, attribute, page in _BY_CLASS:
        value = attributes.get(attribute)
        if name in names and value:
            return page.format(value)
    identity = attributes.get("id") or ""
    return f"https://www.youtube.com/watch?v={identity[5:]}" if identity.startswith("lyte_") else None


def script_frame(attributes: Attributes, node: LexborNode) -> str | None:
    """The URL of the frame or page that a ``<script>`` would show, as written, or None."""
    if attributes.get("data-telegram-post"):
        return f"https://t.me/{attributes['data-telegram-post']}"
    if attributes.get("type") == "text/template":
        inner = node.first_child
        return _iframe_in_base64((inner.text_content or "").strip()) if inner is not None else None
    found = (_GIST.match if "gist" in (source := attributes.get("src") or "") else _CHART.match)(source)
    return found[1] if found else None


def background_picture(attributes: Attributes) -> str | None:
    """The background picture of an element, only where it replaces an image and is not a decoration."""
    names = attributes.get("class") or ""
    if attributes.get("role") != "img" and "wp-block-cover" not in names and "e-gallery-image" not in names:
        return None
    found = _BEHIND.search(attributes.get("style") or "")
    return found[1] if found else attributes.get("data-thumbnail") or attributes.get("data-bg")


def slideshow(attributes: Attributes) -> list[dict[str, str | None]]:
    """The pictures of Jetpack's slideshow as the attributes of images. The markup has them only as JSON."""
    gallery = attributes.get("data-gallery")
    if not gallery or len(gallery) > _LONGEST_GALLERY or "jetpack-slideshow" not in (attributes.get("class") or ""):
        return []
    try:
        found = json.loads(gallery)
    except (ValueError, RecursionError):
        return []
    pictures = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return [
        {"src": each["src"], "alt": _first_words(each, "alt", "caption")}
        for each in pictures
        if isinstance(each.get("src"), str)
    ]


def _first_words(fields: Mapping[str, object], *names: str) -> str | None:
    found = (plain_text(value) for name in names if isinstance(value := fields.get(name), str))
    return next((words for words in found if words), None)


def _elementor(settings: str, names: str) -> str | None:
    kind = _ELEMENTOR.search(settings[:_LONGEST]) if "elementor-widget-video" in names else None
    if kind is None or kind[1] not in _ANSWERS:
        return None
    found = re.search(rf'"{kind[1]}_url":"([^"]+)"', settings[:_LONGEST])
    return found[1].replace("\\/", "/") if found else None


def _facebook(address: str, names: str) -> str | None:
    return address if "fb-video" in names or "fb-post" in names else None


def _iframe_in_base64(content: str) -> str | None:
    """The frame that a consent plugin stores in base64 until the reader agrees."""
    if len(content) > _LONGEST:
        return None
    try:
        found = _FRAME.search(b64decode(content, validate=True).decode("utf-8", "replace"))
    except ValueError:
        return None
    return found[1].replace("&amp;", "&").replace("&#038;", "&") if found else None


# The first of these attributes decides: value and class -> address.
_BY_ATTRIBUTE: dict[str, Callable[[str, str], str | None]] = {
    "data-settings": _elementor,
    "data-href": _facebook,
    "data-facadesrc": lambda address, _: address,
    "data-borlabs-cookie-content": lambda content, _: _iframe_in_base64(content),
}
# Class, attribute, address.
_BY_CLASS = (
    ("rll-youtube-player", "data-src", "{}"),
    ("flourish-embed", "data-src", "https://public.flourish.studio/{}/"),
    ("infogram-embed", "data-id", "https://infogram.com/{}"),
)
