"""Decompression, with limits that the driver can recognise."""

from __future__ import annotations

from collections.abc import Sequence

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from newsbot.net.refusals import TooLarge

LAYERS = 2
"""Content encodings of one response. No server uses more, and each one may unpack DOWNLOAD_MAXSIZE bytes."""


def unpacked(body: bytes, encodings: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """A body without its content encodings, and those of the encodings that are not known.

    Raises OSError, ValueError or an error of a decompressor for a body that is damaged.
    """
    known, unknown = HttpCompressionMiddleware._split_encodings(list(encodings))
    for encoding in known:
        body = HttpCompressionMiddleware._decode(body, encoding, 0)
    return body, unknown


class CompressionMiddleware(HttpCompressionMiddleware):
    """Scrapy's middleware, which stops at DOWNLOAD_MAXSIZE of unpacked bytes."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        layers = sum(len(value.split(b",")) for value in response.headers.getlist("Content-Encoding"))
        if layers > LAYERS:
            raise TooLarge(f"{response.url} is compressed {layers} times, more than {LAYERS} times")
        try:
            return super().process_response(request, response)
        except IgnoreRequest as error:
            raise TooLarge(f"{response.url} is larger than DOWNLOAD_MAXSIZE after decompression") from error
