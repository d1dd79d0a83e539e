"""Which requests carry which password."""

from __future__ import annotations

from pathlib import Path

import pytest
from scrapy import Request
from scrapy.http import Response

from newsbot.errors import BadArgument
from newsbot.middlewares.credentials import CredentialsMiddleware
from newsbot.safety.addresses import AddressPolicy
from newsbot.safety.credentials import Credential, parse_auth, read_netrc


def middleware(auth: str, *, private: str = "") -> CredentialsMiddleware:
    return CredentialsMiddleware(parse_auth(auth), AddressPolicy.parse(private))


def sent(
    to: str, *, auth: str = "news.example=anna:p w", private: str = "", meta: dict[str, object] | None = None
) -> bytes | None:
    request = Request(to, meta=meta)
    middleware(auth, private=private).process_request(request)
    return request.headers.get("Authorization")


def test_a_password_is_sent_over_tls_to_its_host() -> None:
    assert sent("https://news.example/wp-json/") == b"Basic YW5uYTpwIHc="


@pytest.mark.parametrize(
    "url",
    [
        "http://news.example/",
        "https://www.news.example/",
        "https://news.example.evil.example/",
        "https://example/",
        "https://news.example:8443/",
        "http://127.0.0.1/",
        # WordPress treats such a GET as another method, and a password would permit that method.
        "https://news.example/wp-json/wp/v2/posts/1?_method=DELETE",
        "https://news.example/wp-json/wp/v2/posts/1?%255Fmethod=DELETE",
    ],
)
def test_password_is_not_sent_to_other_urls(url: str) -> None:
    assert sent(url) is None


def test_password_for_a_port_is_sent_only_to_this_port() -> None:
    assert sent("https://news.example:8443/", auth="news.example:8443=a:b") is not None
    assert sent("https://news.example/", auth="news.example:8443=a:b") is None


@pytest.mark.parametrize("meta", [{"redirect_times": 1}, {"dont_obey_robotstxt": True}, {"playwright": True}])
def test_password_is_not_sent_with_redirects_robots_txt_or_browser_requests(meta: dict[str, object]) -> None:
    assert sent("https://news.example/", meta=meta) is None


def test_loopback_address_with_a_port_needs_no_tls() -> None:
    auth = "127.0.0.1:8001=a:b,news.example:80=a:b"
    assert sent("http://127.0.0.1:8001/", auth=auth, private="127.0.0.1:8001") is not None
    assert sent("http://127.0.0.1:8001/", auth=auth) is None
    assert sent("http://news.example/", auth="news.example=a:b", private="news.example") is None


def test_authorization_header_of_another_request_is_removed() -> None:
    request = Request("https://other.example/", headers={"Authorization": "Basic stolen"})
    middleware("news.example=a:b").process_request(request)
    assert "Authorization" not in request.headers


def test_authorization_header_is_removed_after_the_request() -> None:
    request = Request("https://news.example/")
    credentials = middleware("news.example=a:b")
    credentials.process_request(request)
    credentials.process_exception(request, OSError())
    assert "Authorization" not in request.headers


def test_a_credential_shows_no_password() -> None:
    assert "secret" not in repr(Credential("anna", "secret"))
    assert "secret" not in str(parse_auth("news.example=anna:secret"))


@pytest.mark.parametrize("text", ["nonsense", "h=u", "=u:secret", "h=:secret", "h=u:", "https://h=u:secret"])
def test_a_malformed_entry_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BadArgument) as caught:
        parse_auth(f"ok.example=u:p,{text}")
    assert "entry 2" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_password_may_hold_colons_and_equals_signs() -> None:
    assert parse_auth("h.example=u:a:b=c")["h.example"] == Credential("u", "a:b=c")


def netrc(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / ".netrc"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_netrc_gives_its_machines_without_the_default_entry(tmp_path: Path) -> None:
    path = netrc(tmp_path, "machine news.example login anna password pw\ndefault login x password y\n")
    assert read_netrc(path) == {"news.example": Credential("anna", "pw")}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o602, 0o644])
def test_a_netrc_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(BadArgument, match="others can read it"):
        read_netrc(netrc(tmp_path, "machine a login b password c\n", mode))


def test_a_broken_netrc_is_refused_without_repeating_it(tmp_path: Path) -> None:
    with pytest.raises(BadArgument) as caught:
        read_netrc(netrc(tmp_path, "machine a login b\nsecretword\n"))
    assert "secretword" not in str(caught.value)


def test_an_absent_netrc_holds_nothing(tmp_path: Path) -> None:
    assert read_netrc(tmp_path / "none") == {}


JSON = {"Content-Type": "application/json; charset=UTF-8"}
USER = JSON | {"Allow": "GET", "Cache-Control": "no-cache, must-revalidate, max-age=0, no-store, private"}
"""The headers that WordPress sends to a user who may only read."""


@pytest.mark.parametrize(
    ("status", "headers", "level", "said"),
    [
        (200, USER, "INFO", "newsbot is logged in as anna"),
        (200, JSON | {"Allow": "GET, POST"}, "INFO", "newsbot is logged in as anna"),
        (
            200,
            JSON | {"Allow": "GET"},
            "WARNING",
            "the site treats newsbot as a visitor, although the password of anna",
        ),
        (200, JSON | {"Allow": "GET", "Age": "7"}, "", ""),
        (200, JSON, "", ""),
        (200, {"Content-Type": "text/html", "Cache-Control": "no-cache"}, "", ""),
        (401, {}, "WARNING", "the site refuses the password of anna"),
    ],
)
def test_login_is_logged_by_its_answer(
    status: int, headers: dict[str, str], level: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    login = middleware("news.example=anna:p w")
    for _ in range(2):
        request = Request("https://news.example/wp-json/")
        login.process_request(request)
        assert caplog.messages == [] or request.headers.get("Authorization") is not None
        login.process_response(request, Response(request.url, status=status, headers=headers))
        assert "Authorization" not in request.headers
    assert [(line.levelname, said in line.getMessage()) for line in caplog.records] == [(level, True)] * bool(level)


def test_login_that_the_site_ignores_is_logged_as_ignored(
    caplog: pytest.LogCaptureFixture,
) -> None:
    login, logins = middleware("news.example=anna:p w"), []
    refusal = b'{"code":"rest_not_logged_in","message":"You are not currently logged in.","data":{"status":401}}'
    for path, status, body in (("posts", 200, b"[]"), ("users/me", 401, refusal)):
        request = Request(f"https://news.example/wp-json/wp/v2/{path}")
        login.process_request(request)
        login.process_response(request, Response(request.url, status=status, headers=USER, body=body))
        logins.append(request.meta["newsbot_login"])
    assert logins == ["accepted", "ignored"]
    assert "the site treats newsbot as a visitor, although the password of anna" in caplog.messages[-1]


def test_answer_to_a_request_without_a_password_logs_no_login(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    login, request = middleware("news.example=anna:p w"), Request("https://other.example/")
    login.process_request(request)
    login.process_response(request, Response(request.url, status=401))
    assert caplog.records == []


@pytest.mark.parametrize(
    ("url", "status", "times"),
    [
        ("http://news.example/wp-json/", 200, 1),
        ("http://news.example/wp-json/", 301, 0),
        ("http://other.example/wp-json/", 200, 0),
        ("https://news.example/robots.txt", 200, 0),
    ],
)
def test_password_that_is_not_sent_is_logged_once(
    url: str, status: int, times: int, caplog: pytest.LogCaptureFixture
) -> None:
    login = middleware("news.example=anna:p w")
    for _ in range(2):
        request = Request(url, meta={"dont_obey_robotstxt": True} if "robots" in url else {})
        login.process_request(request)
        login.process_response(request, Response(url, status=status))
    said = "news.example: the password is not sent, since http:// would show it to others. Use https://"
    assert caplog.messages == [said] * times


def test_refused_login_is_logged_after_other_messages(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    login = middleware("news.example=anna:p w")
    for url, status in (("http://news.example/", 200), ("https://news.example/", 200), ("https://news.example/", 401)):
        for _ in range(2):
            request = Request(url)
            login.process_request(request)
            login.process_response(request, Response(url, status=status, headers=USER))
    assert [line.split(": ")[1][:22] for line in caplog.messages] == [
        *("the password is not se", "newsbot is logged in a", "the site refuses the p")
    ]
