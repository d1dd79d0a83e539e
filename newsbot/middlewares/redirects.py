"""Redirects, with a limit. Each redirect is a request of its own, which passes every middleware again."""

from __future__ import annotations

from typing import Any

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from newsbot.net.refusals import BadUrl, TooManyRedirects


class RedirectsMiddleware(RedirectMiddleware):
    """Scrapy's middleware, with errors that the driver can distinguish."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        try:
            return super().process_response(request, response)
        except ValueError as error:
            # Such as an impossible port, half an IPv6 address, or a host that Unicode normalisation breaks.
            raise BadUrl(f"{request.url} redirects to an invalid URL: {error}") from error

    def _redirect(self, redirected: Request, request: Request, reason: Any) -> Request:
        try:
            return super()._redirect(redirected, request, reason)
        except IgnoreRequest as error:
            redirects = len(request.meta.get("redirect_urls", []))
            raise TooManyRedirects(f"{request.url} redirects again after {redirects} redirects") from error

    def _engine_started(self) -> None:
        # Scrapy would warn here that REFERER_ENABLED is off, which is intended.
        return
