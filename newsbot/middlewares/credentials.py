"""Logs in to the user's own sites with an application password."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Self
from urllib.parse import unquote
from weakref import WeakSet

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from newsbot.errors import BadArgument
from newsbot.net.hosts import host_of
from newsbot.safety.addresses import AddressPolicy, address_of, is_loopback_name
from newsbot.safety.credentials import Credential, parse_auth, read_netrc

logger = logging.getLogger(__name__)


_NEVER = ("redirect_times", "dont_obey_robotstxt", "playwright", "newsbot_file", "newsbot_linked")
"""Keys in the meta of requests whose URL newsbot did not choose, such as a redirect. These requests never carry a
password."""


def _has_method(request: Request) -> bool:
    """Whether the URL makes WordPress treat a GET as another method (``_method=DELETE``)."""
    return "_method" in unquote(unquote(urlparse_cached(request).query)).lower()


def _login_of(response: Response) -> str | None:
    """What an answer shows about a login: ``accepted``, ``refused``, ``ignored``, or None if it shows nothing.

    WordPress forbids caches to keep the API's answers to users (``rest_send_nocache_headers``), and names in ``Allow``
    what the user may do there. Its answers to visitors have neither of these headers.
    """
    if response.status == 401 and b"rest_not_logged_in" in response.body[:2_000]:
        # WordPress received no password. Otherwise it would report the password as wrong.
        return "ignored"
    if response.status == 401 or b"incorrect_password" in response.body[:2_000]:
        return "refused"
    if response.status >= 300 or b"json" not in (response.headers.get("Content-Type") or b"").lower():
        return None
    allowed = _METHODS.findall((response.headers.get("Allow") or b"").upper())
    kept_by_none = _NO_CACHE.search(response.headers.get("Cache-Control") or b"") is not None
    if kept_by_none or not _OF_VISITORS.issuperset(allowed):
        return "accepted"
    # The index has no header Allow. An answer from a cache has none either.
    return "ignored" if allowed and b"Age" not in response.headers else None


_METHODS = re.compile(rb"[A-Z]+")
_OF_VISITORS = frozenset({b"GET", b"HEAD", b"OPTIONS"})
_NO_CACHE = re.compile(rb"\b(?:no-cache|no-store|private)\b", re.I)


class CredentialsMiddleware:
    """Adds the header Authorization while a request is on the wire, and removes it afterwards.

    The password is sent only over verified TLS (to this machine itself also without TLS, if NEWSBOT_ALLOW_PRIVATE names
    it), only to its own host and port (443 unless another is named), and never on a redirect, to robots.txt or through
    a browser.
    """

    def __init__(self, credentials: dict[str, Credential], policy: AddressPolicy) -> None:
        self.credentials = credentials
        self.policy = policy
        self._logged: set[tuple[str, str]] = set()
        self._logins: WeakSet[Request] = WeakSet()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        credentials: dict[str, Credential] = {}
        path = settings.get("NEWSBOT_NETRC", "")
        if path:
            try:
                credentials |= read_netrc(Path(path).expanduser())
            except BadArgument as error:
                # Other programs use the file too, so this is not an error. If a site needs a password, it answers 401,
                # and the receipt shows this.
                logger.warning("newsbot crawls without the passwords of the .netrc file: %s", error)
        credentials |= parse_auth(settings.get("NEWSBOT_AUTH", ""))
        if not credentials:
            raise NotConfigured
        if not settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES"):
            raise BadArgument(
                "passwords are set, but DOWNLOAD_VERIFY_CERTIFICATES is off, so others could read them; switch it on"
            )
        middleware = cls(credentials, AddressPolicy.parse(settings.get("NEWSBOT_ALLOW_PRIVATE", "")))
        # Scrapy may keep a request after its answer: in a queue, a traceback, an exception.
        crawler.signals.connect(middleware.forget, signals.request_left_downloader)
        return middleware

    def process_request(self, request: Request) -> None:
        self.forget(request)
        if any(request.meta.get(mark) for mark in _NEVER) or _has_method(request):
            return
        credential = self.credentials.get(host_of(request))
        if credential is None or not self._is_safe(request):
            return
        request.headers["Authorization"] = credential.header()
        self._logins.add(request)

    def process_response(self, request: Request, response: Response) -> Response:
        # The header itself was removed when the request left the downloader, so ``_logins`` shows which requests had
        # it.
        if request in self._logins:
            self._tell(request, response)
        elif not 300 <= response.status < 400:
            self._tell_not_sent(request)
        self.forget(request)
        return response

    def _tell(self, request: Request, response: Response) -> None:
        """Log once for each host whether the site accepted the password. Only an answer of the API shows this."""
        host, login = host_of(request), _login_of(response)
        # The crawl of the site reads this, so that it does not count a row as deleted that only a login shows.
        request.meta["newsbot_login"] = login
        if login is None or not self._is_new(host, login):
            return
        user = self.credentials[host].user
        if login == "refused":
            logger.warning("%s: the site refuses the password of %s (HTTP %d)", host, user, response.status)
        elif login == "accepted":
            logger.info("%s: newsbot is logged in as %s", host, user)
        elif response.status == 401 or (host, "accepted") not in self._logged:
            logger.warning(
                "%s: the site treats newsbot as a visitor, although the password of %s was sent: its server may "
                "remove the header Authorization",
                host,
                user,
            )

    def _tell_not_sent(self, request: Request) -> None:
        """Log once for each host that its password is not sent: the site answers without TLS, and redirects nowhere."""
        host = host_of(request)
        if host not in self.credentials or self._is_safe(request) or not self._is_new(host, "not sent"):
            return
        logger.warning("%s: the password is not sent, since http:// would show it to others. Use https://", host)

    def _is_new(self, host: str, login: str) -> bool:
        """Whether this state of the login was not reported for the host yet. From now on it counts as reported."""
        is_new = (host, login) not in self._logged
        self._logged.add((host, login))
        return is_new

    def process_exception(self, request: Request, exception: Exception) -> None:  # noqa: ARG002
        self.forget(request)

    def forget(self, request: Request) -> None:
        """Remove the header, even if a redirect copied it from another request."""
        request.headers.pop("Authorization", None)

    def _is_safe(self, request: Request) -> bool:
        parts = urlparse_cached(request)
        if parts.scheme == "https":
            return True
        host = parts.hostname or ""
        address = address_of(host)
        loopback = is_loopback_name(host) or (address is not None and address.is_loopback)
        return loopback and self.policy.allows(host, parts.port or 80)
