"""Decompresses bodies, also those whose header is wrong, with limits whose errors the driver can recognise."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest, ResponseDataLossError
from scrapy.http import Response
from scrapy.responsetypes import responsetypes
from scrapy.utils import _compression
from scrapy.utils._compression import _DecompressionMaxSizeExceeded
from scrapy.utils.gz import gunzip

from newsbot.net.endings import ends_as_document, stream_ends
from newsbot.net.flags import DATA_LOSS
from newsbot.net.refusals import TooLarge

LAYERS = 2
"""Content encodings of one response. No server uses more, and each one may unpack DOWNLOAD_MAXSIZE bytes."""


def unpacked(body: bytes, encodings: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """A body without its content encodings, and the list of the unknown encodings.

    Raises OSError, ValueError or an error of a decompressor for a body that is damaged.
    """
    known, unknown = HttpCompressionMiddleware._split_encodings(list(encodings))
    for encoding in known:
        body = HttpCompressionMiddleware._decode(body, encoding, 0)
    return body, unknown


PLAIN = b"identity"
"""The Accept-Encoding of a request for a body without compression."""

_JSON_ENDS = {b"[": b"]", b"{": b"}"}

GZIP = b"\x1f\x8b"
"""The first bytes of packed data. No text begins with them."""

_SAMPLE = 2_000
"""The number of bytes that are examined to recognise a text."""

_TEXTS = ("json", "xml", "html", "text/")
"""Parts of the content types of texts. Such a body is never a compressed file itself, in contrast to a file ``.gz``."""

_BROKEN = (
    OSError,
    EOFError,
    zlib.error,
    _compression.brotli.error,  # type: ignore[attr-defined]
    _compression.zstd.ZstdError,  # type: ignore[attr-defined]
    UnicodeDecodeError,
)
"""The exceptions for a body that is not compressed in the way of its header, or whose header does not name an
encoding."""


class CompressionMiddleware(HttpCompressionMiddleware):
    """Scrapy's middleware, which stops at DOWNLOAD_MAXSIZE of unpacked bytes.

    Some servers and plugins say that a body is packed and send it plain, or pack it and do not say so. The first bytes
    of the body then decide.

    Compressed data without its end gives a part of the body. The body is then requested without compression: a cache
    that stored a part of the compressed body stores its plain form apart from it. If the end is still missing, the
    response is handled as Scrapy handles a body that is shorter than its Content-Length.
    """

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        layers = sum(len(value.split(b",")) for value in response.headers.getlist("Content-Encoding"))
        if layers > LAYERS:
            raise TooLarge(f"{response.url} is compressed {layers} times, more than {LAYERS} times")
        try:
            return self._unpacked(request, response, layers=layers)
        except (IgnoreRequest, _DecompressionMaxSizeExceeded) as error:
            raise TooLarge(f"{response.url} is larger than DOWNLOAD_MAXSIZE after decompression") from error

    def _unpacked(self, request: Request, response: Response, *, layers: int) -> Request | Response:
        if request.method != "HEAD" and (_is_plain(response) if layers else _is_packed_text(response)):
            return self._as_it_is(request, response)
        packed, encodings = response.body, response.headers.getlist("Content-Encoding")
        try:
            answer = super().process_response(request, response)
        except _BROKEN:
            return self._as_it_is(request, response)
        # A plugin compressed the body, and the server compressed it again.
        if layers and isinstance(answer, Response) and _is_packed_text(answer):
            return self._as_it_is(request, answer)
        if layers and isinstance(answer, Response) and request.method != "HEAD":
            return _whole(request, answer, is_cut=lambda: _is_cut(packed, encodings))
        return answer

    def _as_it_is(self, request: Request, response: Response) -> Request | Response:
        """The response with its body unpacked as far as the body itself shows that it is packed."""
        body, most = response.body, request.meta.get("download_maxsize", self._max_size)
        packed = []
        for _ in range(LAYERS):
            if body[:2] != GZIP:
                break
            packed.append(body)
            try:
                body = gunzip(body, max_size=most)
            except _BROKEN:
                break
        headers = response.headers.copy()
        headers.pop("Content-Encoding", None)
        assert self.stats is not None
        self.stats.inc_value("newsbot/compression/wrong_header")
        kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
        answer = response.replace(cls=kind, body=body, headers=headers)
        return _whole(request, answer, is_cut=lambda: not all(stream_ends(layer, b"gzip") for layer in packed))


def _whole(request: Request, answer: Response, *, is_cut: Callable[[], bool]) -> Request | Response:
    """The answer, if its compressed data has an end; else a request for the same without compression. Where that answer
    has no end either, it gets a flag. Raises ResponseDataLossError where the request does not allow such an answer.
    """
    if _ends_as_text(answer) or not is_cut():
        return answer
    if request.headers.get("Accept-Encoding") != PLAIN:
        headers = request.headers.copy()
        headers["Accept-Encoding"] = PLAIN
        return request.replace(headers=headers, dont_filter=True)
    if request.meta.get("download_fail_on_dataloss", True):
        raise ResponseDataLossError(f"the compressed body of {answer.url} has no end")
    return answer.replace(flags=[*answer.flags, DATA_LOSS])


def _ends_as_text(answer: Response) -> bool:
    """Whether the end of a body shows that it is whole, so that its compressed data need not be read again."""
    ends = _JSON_ENDS.get(answer.body.lstrip()[:1])
    return answer.body.rstrip().endswith(ends) if ends else ends_as_document(answer.body)


def _is_cut(packed: bytes, encodings: Sequence[bytes]) -> bool:
    """Whether the data of one of the content encodings of a body has no end."""
    known, _ = HttpCompressionMiddleware._split_encodings(list(encodings))
    for encoding in known:
        if not stream_ends(packed, encoding):
            return True
        packed = HttpCompressionMiddleware._decode(packed, encoding, 0)
    return False


def _is_plain(response: Response) -> bool:
    """Whether a body is text, whatever its headers say. Brotli and raw deflate have no fixed first bytes, and some
    plain texts can be decompressed with them to rubbish. A body that is really compressed with them is not UTF-8."""
    body = response.body[:_SAMPLE]
    if body.lstrip()[:1] not in (b"[", b"{", b"<"):
        return False
    try:
        body.decode()
    except UnicodeDecodeError as error:
        # A letter may be cut at the end of the sample.
        return len(body) == _SAMPLE and error.start > _SAMPLE - 4
    return True


def _is_packed_text(response: Response) -> bool:
    """Whether a body is compressed although its headers declare a plain text."""
    if response.body[:2] != GZIP:
        return False
    kind = (response.headers.get("Content-Type") or b"").decode("latin-1").lower()
    return not response.url.endswith(".gz") and any(text in kind for text in _TEXTS)
