"""Whether a body is whole. A cache or a proxy may store an answer that was interrupted, and serve it as a whole one."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

from scrapy.utils._compression import brotli, zstd  # type: ignore[attr-defined]

_TAIL = 4_000
"""Bytes at the end of a body in which its last tag is searched. Caching plugins write comments after the last tag."""

_SPACE = b" \t\r\n\0"
_LAST_TAGS = (b"</html>", b"</body>", b"</rss>", b"</feed>", b"</rdf:rdf>", b"</urlset>", b"</sitemapindex>")

_GZIP = b"\x1f\x8b"
_HAS_CHECKSUM, _HAS_EXTRA, _HAS_NAME, _HAS_COMMENT = 2, 4, 8, 16
"""Bits of the fourth byte of gzip data (RFC 1952): the parts that stand before the data."""


def ends_as_document(body: bytes) -> bool:
    """Whether a body ends with the last tag of an HTML page, a feed or a sitemap."""
    tail = body[-_TAIL:].rstrip(_SPACE)
    while tail.endswith(b"-->") and (begins := tail.rfind(b"<!--")) >= 0:
        tail = tail[:begins].rstrip(_SPACE)
    return tail.lower().endswith(_LAST_TAGS)


def stream_ends(body: bytes, encoding: bytes) -> bool:
    """Whether compressed data has its end. ``encoding``: ``gzip``, ``x-gzip``, ``deflate``, ``br`` or ``zstd``.

    A checksum that is wrong or missing is no matter: some servers send none. The data before it came whole. Raises no
    error: damaged data has no end.
    """
    if not body:
        # An answer without a body, such as 304, may still name the encoding of the body that it leaves out.
        return True
    try:
        return _ENDS[encoding](body)
    except (zlib.error, brotli.error, zstd.ZstdError):
        return False


def _gzip_ends(body: bytes) -> bool:
    # Gzip data that follows other gzip data continues it.
    while body[:2] == _GZIP:
        unpacker = zlib.decompressobj(wbits=-15)
        unpacker.decompress(body[_data_begins(body) :])
        if not unpacker.eof:
            return False
        body = unpacker.unused_data[8:]
    return True


def _data_begins(body: bytes) -> int:
    """The place in gzip data after its header."""
    bits, begins = body[3] if len(body) > 3 else 0, 10
    if bits & _HAS_EXTRA:
        begins += 2 + int.from_bytes(body[begins : begins + 2], "little")
    for text in (_HAS_NAME, _HAS_COMMENT):
        if bits & text:
            begins = body.find(b"\0", begins) + 1 or len(body)
    return begins + (2 if bits & _HAS_CHECKSUM else 0)


def _deflate_ends(body: bytes) -> bool:
    # Some servers send the data without the header of two bytes (RFC 1950), which is a multiple of 31.
    has_header = body[:1] != b"" and body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    unpacker = zlib.decompressobj(wbits=-15)
    unpacker.decompress(body[2 if has_header else 0 :])
    return unpacker.eof


def _brotli_ends(body: bytes) -> bool:
    unpacker = brotli.Decompressor()
    unpacker.process(body)
    return bool(unpacker.is_finished())


def _zstd_ends(body: bytes) -> bool:
    while body:
        unpacker = zstd.ZstdDecompressor()
        unpacker.decompress(body)
        if not unpacker.eof:
            return False
        body = unpacker.unused_data
    return True


_ENDS: Mapping[bytes, Callable[[bytes], bool]] = {
    b"gzip": _gzip_ends,
    b"x-gzip": _gzip_ends,
    b"deflate": _deflate_ends,
    b"br": _brotli_ends,
    b"zstd": _zstd_ends,
}
