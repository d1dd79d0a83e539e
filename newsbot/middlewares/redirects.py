"""Redirects, counted. Each hop is a request of its own and passes every other middleware again."""

from __future__ import annotations

from typing import Any

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from newsbot.net.refusals import BadUrl, TooManyRedirects


class RedirectsMiddleware(RedirectMiddleware):
    """Scrapy's, with refusals that the driver can tell apart."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        try:
            return super().process_response(request, response)
        except ValueError as error:
            # A port that cannot be, half an IPv6 address, a host that Unicode takes apart: whoever reads it raises.
            raise BadUrl(f"{request.url} redirects to what is no address: {error}") from error

    def _redirect(self, redirected: Request, request: Request, reason: Any) -> Request:
        try:
            return super()._redirect(redirected, request, reason)
        except IgnoreRequest as error:
            hops = len(request.meta.get("redirect_urls", [])) + 1
            raise TooManyRedirects(f"{request.url} redirects again after {hops - 1} redirects") from error

    def _engine_started(self) -> None:
        # Scrapy would warn here that Referer headers are off; that is what we want.
        return
