"""Unpacking, with limits that the driver can tell."""

from __future__ import annotations

from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from newsbot.net.refusals import TooLarge

LAYERS = 2
"""Encodings on top of each other. Nobody sends more, and each layer may cost DOWNLOAD_MAXSIZE of unpacking."""


class CompressionMiddleware(HttpCompressionMiddleware):
    """Scrapy's, which stops at DOWNLOAD_MAXSIZE of unpacked bytes."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        layers = sum(len(value.split(b",")) for value in response.headers.getlist("Content-Encoding"))
        if layers > LAYERS:
            raise TooLarge(f"{response.url} is packed {layers} times over")
        try:
            return super().process_response(request, response)
        except IgnoreRequest as error:
            raise TooLarge(f"{response.url} unpacks to more than DOWNLOAD_MAXSIZE") from error
