"""Redirects, with a limit. Each redirect is a request of its own, which passes every middleware again.

newsbot keeps no cookies, with one exception: if a server redirects to a URL that was just requested, and sets a cookie,
the server answers only with this cookie. Such cookies are sent to that server for the rest of the run. Cookies of bot
checks are never sent.
"""

from __future__ import annotations

import re
from typing import Any

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.utils.httpobj import urlparse_cached

from newsbot.net.refusals import BadUrl, TooManyRedirects

_COOKIE = re.compile(rb"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100})=([!#-+\--:<-\[\]-~]{0,1000})\s*(?:;|\Z)")
"""Name and value of a Set-Cookie header (RFC 6265 section 4.1.1)."""

_BOT_CHECK = re.compile(
    b"|".join(
        (
            rb"_*cf|__ddg|qrator|rbz|datadome|aws-?waf|(?:afd|appgw)_azwaf|_fs_ch_|_vcrcs",
            rb"incap_|visid_|nlbi_|reese84|___utmvc|ak_bmsc|bm_|_abck|sec_cpt|sbsd|_?px|kp_uidz|_*kpsdk",
            rb"_*uzm|ts[0-9a-f]{6}|f5_|_imp_apg|bni__|barra_counter|citrix_ns|ns_af|sp(?:si|se|c|csrf)$|sbtsck|prlst|utgv2",
            rb"acw_|__jsl|yjs_|hwwaf|eo-bot|sl[-_](?:challenge|waf|session|jwt)|safeline|swp_token|ipp_|humans_|spravka",
            rb"sucuri|sgcaptcha|sg-captcha|wsidchk|imunify|bitninja|_?_?test(?:cookie)?$|testcookie|bpc$|_bf_|_basedflare",
            rb"wf|wordfence|icwp-wpsf|wpsf|shield|cerber|apbct_|ct_|jpp_|aiowps|malcare|mcaptcha|_grecaptcha|hc_|hmt_",
            rb".*(?:anubis|captcha|challenge|clearance|not-?a?-?bot|human|botcheck|bot[-_]check|antibot|ddos)",
        )
    ),
    re.IGNORECASE,
)
"""Beginnings of the names of cookies by which bot checks recognise visitors who passed, and words that such names
contain."""

MOST_COOKIES, MOST_HOSTS = 10, 1_000


class RedirectsMiddleware(RedirectMiddleware):
    """Scrapy's middleware, with errors that the driver can distinguish.

    ``_cookies``: scheme and host -> the cookies that redirects of the host require.
    """

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self._cookies: dict[tuple[str, str], dict[bytes, bytes]] = {}

    def process_request(self, request: Request) -> None:
        cookies = self._cookies.get(_origin(request))
        if cookies and "Cookie" not in request.headers:
            request.headers["Cookie"] = b"; ".join(b"%b=%b" % pair for pair in cookies.items())

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        try:
            following = super().process_response(request, response)
        except ValueError as error:
            # For example an impossible port, half an IPv6 address, or a host that Unicode normalisation breaks.
            raise BadUrl(f"{request.url} redirects to an invalid URL: {error}") from error
        if isinstance(following, Request):
            self._take_cookies(request, response, following)
        return following

    def _take_cookies(self, request: Request, response: Response, following: Request) -> None:
        """Store the cookies of a chain of redirects that leads back to a URL of the chain."""
        origin = _origin(following)
        if origin != _origin(request):
            # No server gets the cookies of another one.
            following.meta["newsbot_cookies"] = {}
            return
        given = request.meta.get("newsbot_cookies", {}) | cookies_in(response)
        following.meta["newsbot_cookies"] = given
        asked = {*request.meta.get("redirect_urls", ()), request.url}
        if not given or following.url not in asked or any(_BOT_CHECK.match(name) for name in given):
            return
        if origin not in self._cookies and len(self._cookies) >= MOST_HOSTS:
            return
        known = self._cookies.setdefault(origin, {})
        if known.items() >= given.items():
            return  # the server does not require the cookies
        known |= dict(list(given.items())[: MOST_COOKIES - len(known)])
        following.headers.pop("Cookie", None)

    def _redirect(self, redirected: Request, request: Request, reason: Any) -> Request:
        try:
            return super()._redirect(redirected, request, reason)
        except IgnoreRequest as error:
            redirects = len(request.meta.get("redirect_urls", []))
            raise TooManyRedirects(f"{request.url} redirects again after {redirects} redirects") from error

    def _engine_started(self) -> None:
        # Scrapy would warn here that REFERER_ENABLED is off, which is intended.
        return


def cookies_in(response: Response) -> dict[bytes, bytes]:
    """The cookies that a response sets. A cookie that the response removes has an empty value."""
    found = (_COOKIE.match(header) for header in response.headers.getlist("Set-Cookie"))
    return {cookie[1]: cookie[2] for cookie in found if cookie is not None and cookie[2]}


def _origin(request: Request) -> tuple[str, str]:
    parts = urlparse_cached(request)
    return parts.scheme, parts.netloc.lower()
