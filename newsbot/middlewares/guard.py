"""What may be asked for at all."""

from __future__ import annotations

import re

from scrapy import Request
from scrapy.exceptions import DownloadCancelledError
from scrapy.utils.httpobj import urlparse_cached

from newsbot.net.refusals import BadUrl, TooLarge

_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f.]*:[0-9a-f:.]*(?:%[a-z0-9._%-]+)?", re.ASCII | re.IGNORECASE)
"""A name as DNS has it, underscores too, or an IPv6 address; Scrapy has spelled names in other scripts by now."""


class GuardMiddleware:
    """HTTP and HTTPS only, no passwords in URLs; ``data:`` only for a seed of ours (``meta["newsbot_seed"]``)."""

    def process_request(self, request: Request) -> None:
        parts = urlparse_cached(request)
        if parts.scheme == "data" and request.meta.get("newsbot_seed") is True and "redirect_times" not in request.meta:
            return
        if parts.scheme not in ("http", "https"):
            raise BadUrl(f"{parts.scheme or 'no'} scheme: only http and https are asked for")
        if "@" in parts.netloc:
            # Not repeated here: the text reaches logs and receipts.
            raise BadUrl(f"a URL of {parts.hostname} carries a user name or password (NEWSBOT_AUTH is for them)")
        try:
            known = _HOST.fullmatch(parts.hostname or "") is not None and parts.port != 0
        except ValueError:
            known = False
        if not known:
            raise BadUrl("the URL has no host, or a host or port that cannot be")

    def process_exception(self, request: Request, exception: Exception) -> None:
        if isinstance(exception, DownloadCancelledError):
            # Scrapy cancels for DOWNLOAD_MAXSIZE and says so or nothing; CappedHandler for headers without end.
            raise TooLarge(f"{request.url}: {str(exception) or 'more than DOWNLOAD_MAXSIZE'}") from exception
