"""Refuses URLs that must never be requested."""

from __future__ import annotations

import re

from scrapy import Request
from scrapy.exceptions import DownloadCancelledError
from scrapy.utils.httpobj import urlparse_cached

from newsbot.net.refusals import BadUrl, TooLarge

_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f.]*:[0-9a-f:.]*(?:%[a-z0-9._%-]+)?", re.ASCII | re.IGNORECASE)
"""A DNS name, also with underscores, or an IPv6 address. Scrapy has already encoded names in other scripts."""


class GuardMiddleware:
    """Allows only http and https without passwords, and ``data:`` for a seed of the spider (``newsbot_seed``)."""

    def process_request(self, request: Request) -> None:
        parts = urlparse_cached(request)
        if parts.scheme == "data" and request.meta.get("newsbot_seed") is True and "redirect_times" not in request.meta:
            return
        if parts.scheme not in ("http", "https"):
            raise BadUrl(f"the URL has the scheme {parts.scheme or '(none)'}; newsbot requests only http and https")
        if "@" in parts.netloc:
            # The text must not contain the password, since logs and receipts contain the text.
            raise BadUrl(f"a URL of {parts.hostname} has a user name or password in it; use NEWSBOT_AUTH for them")
        try:
            valid = _HOST.fullmatch(parts.hostname or "") is not None and parts.port != 0
        except ValueError:
            valid = False
        if not valid:
            raise BadUrl("the URL has no host, or an invalid host or port")

    def process_exception(self, request: Request, exception: Exception) -> None:
        if isinstance(exception, DownloadCancelledError):
            # Scrapy cancels for DOWNLOAD_MAXSIZE, sometimes without a text; CappedHandler cancels for long headers.
            raise TooLarge(f"{request.url}: {str(exception) or 'more than DOWNLOAD_MAXSIZE'}") from exception
