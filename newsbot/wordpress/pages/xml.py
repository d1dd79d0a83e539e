"""Parse the XML of a site: no entities, no document type, no network. XML that plugins and themes broke is repaired.

Real feeds begin with white space or a PHP notice, contain control characters and ``&nbsp;``, and declare UTF-8 although
they are Latin-1.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import html5

from lxml import etree

from newsbot.charsets import BOMS, charset_in, decode
from newsbot.errors import NotXml

UNPACKED = 50 * 1024 * 1024
"""The most bytes of a decompressed sitemap: the limit of the protocol (sitemaps.org)."""

_GZIP, _LAYERS, _MEMBERS = b"\x1f\x8b", 2, 100
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_DECLARATION = re.compile(r"<\?xml[^>]{0,500}\?>")
_HEAD = 4_096
_BEGINNING = re.compile(r"<(?:rss|feed|rdf:RDF|(?:[A-Za-z]\w{0,15}:)?(?:urlset|sitemapindex))(?=[\s/>])")
_AGAIN = re.compile(r"</(urlset|sitemapindex)\s{0,9}>\s{0,99}(?:<\?xml[^<>]{0,200}>\s{0,99})?<\1\b[^<>]{0,2000}>")
"""The text between two lists in one file. A cache wrote the second list after the first one, so the file is not valid
XML."""
_HTML = re.compile(r"<(?:!doctype )?html", re.I)
_DOCTYPE = re.compile(r"<!(?:ENTITY|DOCTYPE[^<>\[]{0,500}(?:\[|SYSTEM))", re.I)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
_NUMBERED = re.compile(r"&#(?:([0-9]{5,7})|x([0-9A-Fa-f]{4,6}));")
_LOOSE = re.compile(r"&(?!#[0-9]{1,7};|#x[0-9A-Fa-f]{1,6};|(?:amp|lt|gt|quot|apos);)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """``repaired``: the XML was not well-formed. ``cut``: the root element is not closed, so the end is missing."""

    root: etree._Element
    repaired: bool
    cut: bool


def unpacked(body: bytes) -> bytes:
    """The body, decompressed if it is gzipped (``.xml.gz``), and decompressed again if it was gzipped twice. Raises
    NotXml if it is damaged or too large.
    """
    for _ in range(_LAYERS):
        if body[:2] != _GZIP:
            break
        body = _unpacked_once(body)
    return body


def _unpacked_once(body: bytes) -> bytes:
    parts: list[bytes] = []
    left = UNPACKED
    # Several gzip members one after the other are one file.
    while body[:2] == _GZIP and left > 0 and len(parts) < _MEMBERS:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            parts.append(unpacker.decompress(body, left))
        except zlib.error as error:
            raise NotXml(f"the gzip data is damaged ({error})") from None
        if unpacker.unconsumed_tail:
            raise NotXml(f"the gzip data unpacks to more than {UNPACKED >> 20} MiB")
        body, left = unpacker.unused_data, left - len(parts[-1])
    return b"".join(parts)


def parse(body: bytes, content_type: str = "") -> Parsed:
    """Parse the bytes of a feed or sitemap. Raises NotXml."""
    text = _FORBIDDEN.sub("", _decoded(unpacked(body), content_type))
    begin, name = _root_of(text)
    text = text[begin:]
    empty = re.match(rf"<{name}\b[^<>]*/>", text) is not None
    cut = not empty and re.search(rf"</{name}\s*>", text[-20_000:]) is None
    text = "".join(_repaired(_AGAIN.sub("", text)))
    whole = _tree(text, recover=False)
    root = whole if whole is not None else _tree(text, recover=True)
    if root is None:
        raise NotXml("the XML cannot be parsed")
    return Parsed(root=root, repaired=whole is None, cut=cut)


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace. XML that was repaired may have names that XML itself forbids."""
    return str(element.tag).rpartition("}")[2]


def _root_of(text: str) -> tuple[int, str]:
    """The place of the root element of a feed or sitemap, and its name. Raises NotXml."""
    found = _BEGINNING.search(text)
    if found is None:
        what = "HTML" if _HTML.search(text[:2_000]) else "something else" if text.strip() else "an empty body"
        raise NotXml(f"expected XML, got {what}")
    # Every attack by XML needs entities, which no feed or sitemap has. A document type that names none is left out.
    if _DOCTYPE.search(text[: found.start()]):
        raise NotXml("the XML has a document type, which no feed or sitemap needs")
    return found.start(), found[0][1:]


def _repaired(text: str) -> Iterator[str]:
    """The text, with its markup outside CDATA repaired.

    A regular expression for CDATA would take quadratic time for sections that are left open.
    """
    at = 0
    while (begin := text.find("<![CDATA[", at)) >= 0 and (end := text.find("]]>", begin)) >= 0:
        yield _plain(text[at:begin])
        at = end + 3
        yield text[begin:at]
    yield _plain(text[at:])


def _tree(text: str, *, recover: bool) -> etree._Element | None:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        strip_cdata=False,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
        encoding="utf-8",
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        return None


def _decoded(body: bytes, content_type: str) -> str:
    """The text in the charset that the XML declares, else in the one that the server names, else in one that fits."""
    text = decode(body, _charsets(body, content_type))
    return _DECLARATION.sub("", text[:_HEAD], count=1) + text[_HEAD:]


def _charsets(body: bytes, content_type: str) -> Iterator[str]:
    if body[:2] in BOMS:
        yield "utf-16"
    declared = _DECLARED.search(body[:_HEAD])
    if declared and not declared[1].lower().startswith((b"utf-16", b"utf-32", b"ucs")):
        # If the declaration can be read byte by byte, the text does not have two bytes for each letter.
        yield declared[1].decode()
    yield from (charset_in(content_type), "utf-8", "cp1252")


def _plain(markup: str) -> str:
    """Markup outside CDATA, in which HTML's named entities and halves of characters are replaced, and lone ampersands
    escaped."""
    if "&" not in markup:
        return markup
    markup = _LOOSE.sub("&amp;", _ENTITY.sub(_spelled, markup))
    joined = _NUMBERED.sub(_half, markup)
    # Two surrogates make one character, such as an emoji. libxml2 would write a lone surrogate as invalid UTF-8.
    return markup if joined == markup else joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _half(found: re.Match[str]) -> str:
    """The half of a character of UTF-16 that a reference names; any other reference stays as it is."""
    number = int(found[1]) if found[1] else int(found[2], 16)
    return chr(number) if 0xD800 <= number <= 0xDFFF else found[0]


def _spelled(found: re.Match[str]) -> str:
    return found[0] if found[1] in _OWN else html5.get(f"{found[1]};", found[0])
