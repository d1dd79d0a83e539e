"""Safety in whole crawls: addresses that are never connected to, input that is never accepted, secrets that never
leave."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.crawl.asking import Outcome, ask, start
from tests.crawl.loopback import Answer, Server, serve

NO_ROBOTS = {"ROBOTSTXT_OBEY": False}
PUBLIC = "192.31.196.1"
"""An address that counts as public. Connections to it go to a port without a server (asking.py)."""


def visit(server: Server, *paths: str, **settings: object) -> Outcome:
    allowed: dict[str, object] = {"NEWSBOT_ALLOW_PRIVATE": server.netloc, **NO_ROBOTS}
    return ask(*(server.url + path for path in paths), settings=allowed | settings)


async def secret(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text="secret")


def to(location: str) -> Answer:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": location})

    return answer


@pytest.mark.parametrize("spelling", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "localhost", "localhost."])
def test_redirect_to_a_loopback_address_is_refused(spelling: str) -> None:
    with serve(secret) as inner, serve(to(f"http://{spelling}:{inner.port}/")) as server:
        outcome = visit(server, "/")
        assert outcome.errors() == ["private-address"]
        assert len(server.log) == 1
        assert inner.log == []
        assert outcome.connected == [server.netloc]
        assert f"Refused {server.url}/ -> http://{spelling}:{inner.port}/" in outcome.log


@pytest.mark.parametrize("host", ["169.254.169.254", "[64:ff9b::a9fe:a9fe]", "[::ffff:127.0.0.1]", "[::1]", "10.0.0.1"])
def test_a_redirect_to_a_private_address_is_refused_before_any_connection(host: str) -> None:
    with serve(to(f"http://{host}/latest/meta-data/")) as server:
        outcome = visit(server, "/")
        assert outcome.errors() == ["private-address"]
        assert outcome.connected == [server.netloc]


def test_name_that_resolves_to_a_loopback_address_is_refused() -> None:
    with serve(secret) as inner:
        outcome = ask(f"http://rebind.test:{inner.port}/", settings=NO_ROBOTS, dns={"rebind.test": [["127.0.0.1"]]})
        assert outcome.errors() == ["private-address"]
        assert outcome.answers[0]["detail"] == "rebind.test is 127.0.0.1, loopback"
        assert inner.log == []


def test_name_whose_address_becomes_private_between_two_requests_is_refused() -> None:
    # The first lookup gives a public address without a server, the second lookup gives this machine.
    names = {"rebind.test": [[PUBLIC], ["127.0.0.1"]], "other.test": [["10.0.0.1"]]}
    with serve(secret) as inner:
        url = f"http://rebind.test:{inner.port}/"
        settings = {**NO_ROBOTS, "DNSCACHE_ENABLED": False}
        outcome = ask(url, "http://other.test/", url, settings=settings, dns=names, at_once=False)
        assert outcome.errors() == ["DownloadConnectionRefusedError", "private-address", "private-address"]
        assert outcome.connected == [f"{PUBLIC}:{inner.port}"]
        assert inner.log == []


def test_name_with_a_public_and_a_private_address_is_connected_only_at_the_public_one() -> None:
    outcome = ask("http://both.test/", settings=NO_ROBOTS, dns={"both.test": [["127.0.0.1", PUBLIC]]})
    assert outcome.statuses() == [0]
    assert outcome.connected == [f"{PUBLIC}:80"]


def test_allowed_private_host_is_reached_only_at_its_port() -> None:
    with serve(secret) as allowed, serve(secret) as other:
        names = {"intranet.test": [["127.0.0.1"]]}
        urls = (f"http://intranet.test:{allowed.port}/", f"http://intranet.test:{other.port}/")
        settings = {"NEWSBOT_ALLOW_PRIVATE": f"intranet.test:{allowed.port}", **NO_ROBOTS}
        outcome = ask(*urls, settings=settings, dns=names)
        assert outcome.errors() == [None, "private-address"]
        assert other.log == []


def test_private_name_is_reported_as_private_address_and_not_as_robots_unreachable() -> None:
    outcome = ask("http://rebind.test/", dns={"rebind.test": [["127.0.0.1"]]})
    assert outcome.errors() == ["private-address"]


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://example.com/", "data:,secret", "s3://bucket/key"])
def test_a_redirect_to_another_scheme_is_not_followed(location: str) -> None:
    with serve(to(location)) as server:
        outcome = visit(server, "/")
        assert outcome.statuses() == [302]


def test_redirect_to_a_malformed_url_is_reported() -> None:
    nowhere = [
        "http://[bad/",
        "http://host:99999/",
        "http://host:abc/",
        "//[",
        "https://exa mple.com/",
        "http://a%00b/",
    ]
    nowhere.append("http://\u2100.com/")  # Unicode normalisation splits the character, and the rest becomes a path

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": nowhere[int(request.path.strip("/"))]})

    with serve(answer) as server:
        outcome = visit(server, *(f"/{number}" for number in range(len(nowhere))))
        assert outcome.errors() == ["bad-url"] * len(nowhere)
        assert "Traceback" not in outcome.log


def test_url_with_another_scheme_or_a_password_is_refused() -> None:
    outcome = ask("file:///etc/passwd", "ftp://example.com/", "data:,x", "s3://bucket/key", "http://a:b@example.com/")
    assert outcome.errors() == ["bad-url"] * 5
    assert "a:b" not in outcome.answers[4]["detail"]


def test_redirects_beyond_the_maximum_are_refused() -> None:
    async def loop(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": f"{request.path}x"})

    with serve(loop) as server:
        outcome = visit(server, "/", REDIRECT_MAX_TIMES=4)
        assert outcome.errors() == ["redirects"]
        assert len(server.log) == 5


def bomb(packed: bytes, encoding: str) -> Answer:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=packed, headers={"Content-Encoding": encoding})

    return answer


ZEROS = bytes(8 * 1024 * 1024)


def _twice(body: bytes) -> bytes:
    return gzip.compress(gzip.compress(body))


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress), ("gzip, gzip", _twice)],
    ids=["gzip", "deflate", "br", "gzip twice"],
)
def test_decompression_bomb_is_reported_as_too_large(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    with serve(bomb(pack(ZEROS), encoding)) as server:
        assert visit(server, "/", DOWNLOAD_MAXSIZE=1024 * 1024).errors() == ["too-large"]


def test_too_many_content_encodings_are_refused_before_decompression() -> None:
    with serve(bomb(b"x", ", ".join(["gzip"] * 3))) as server:
        assert visit(server, "/").errors() == ["too-large"]


@pytest.mark.parametrize("announced", [True, False])
def test_download_of_a_too_large_answer_is_aborted(announced: bool) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        if announced:
            response.content_length = len(ZEROS)
        await response.prepare(request)
        await response.write(ZEROS)
        return response

    with serve(answer) as server:
        assert visit(server, "/", DOWNLOAD_MAXSIZE=1024 * 1024).errors() == ["too-large"]


def test_download_of_endless_headers_is_aborted() -> None:
    sent = 0

    def flood(listener: socket.socket) -> None:
        nonlocal sent
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        with contextlib.suppress(OSError):
            while True:
                sent += connection.send(b"X-Header: " + b"a" * 1000 + b"\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=flood, args=(listener,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        outcome = ask(url, settings={"NEWSBOT_ALLOW_PRIVATE": "1", "DOWNLOAD_TIMEOUT": 30, **NO_ROBOTS})
        thread.join(10)
        assert outcome.errors() == ["too-large"]
        assert sent < 32 * 1024 * 1024  # the buffers of both sockets, and some reserve


def test_server_with_a_self_signed_certificate_is_refused_and_gets_no_password(tmp_path: Path) -> None:
    context = self_signed(tmp_path)
    with serve(secret, tls=context) as server:
        url = f"https://localhost:{server.port}/"
        settings = {"NEWSBOT_ALLOW_PRIVATE": "1", "NEWSBOT_AUTH": f"localhost:{server.port}=anna:pw", **NO_ROBOTS}
        outcome = ask(url, settings=settings)
        assert outcome.statuses() == [0]
        assert "certificate" in outcome.answers[0]["detail"]
        assert server.log == []


def test_each_tls_fault_has_its_own_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = {
        "expired": ("localhost", -2, "the certificate expired on 20"),
        "other": ("other.example", 1, "the certificate is not for localhost: check the spelling"),
        "unknown": ("localhost", 1, "signed by no authority but itself"),
        "plain": ("", 0, "the server does not speak TLS"),
    }
    authorities = tmp_path / "authorities.pem"
    with contextlib.ExitStack() as servers:
        urls = []
        for name, (host, days, _) in faults.items():
            context = self_signed(tmp_path, name=name, host=host, days=days) if host else None
            urls.append(f"https://localhost:{servers.enter_context(serve(secret, tls=context)).port}/")
        trusted = [
            (tmp_path / f"{name}.pem").read_text().split("PRIVATE KEY-----\n")[-1] for name in ("expired", "other")
        ]
        authorities.write_text("".join(trusted))
        monkeypatch.setenv("SSL_CERT_FILE", str(authorities))
        outcome = ask(*urls, settings={"NEWSBOT_ALLOW_PRIVATE": "1", **NO_ROBOTS}, at_once=False)
    assert outcome.errors() == ["tls"] * len(faults)
    for answer, (_, _, why) in zip(outcome.answers, faults.values(), strict=True):
        assert why in answer["detail"]


def self_signed(folder: Path, *, name: str = "server", host: str = "localhost", days: int = 1) -> ssl.SSLContext:
    """A server's context with a certificate for ``host`` that ends in this many ``days``; it is kept in NAME.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=5))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / f"{name}.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def test_slow_download_ends_at_the_total_deadline() -> None:
    async def drip(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(600):
            await response.write(b"x")
            await asyncio.sleep(0.2)
        return response

    with serve(drip) as server:
        outcome = visit(server, "/", DOWNLOAD_TIMEOUT=1)
        assert outcome.errors() == ["DownloadTimeoutError"]
        assert outcome.answers[0]["seconds"] < 60


def test_password_is_sent_to_its_host_and_not_after_a_redirect() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/away":
            return web.Response(status=302, headers={"Location": f"{other.url}/"})
        if request.path == "/home":
            return web.Response(status=302, headers={"Location": "/landed"})
        if request.path == "/page":
            return web.json_response([], headers={"Allow": "GET, POST"})
        return web.Response(text="page")

    with serve(secret) as other, serve(answer) as server:
        outcome = ask(
            *(f"{server.url}{path}" for path in ("/page", "/away", "/home")),
            settings={
                "NEWSBOT_ALLOW_PRIVATE": f"{server.netloc},{other.netloc}",
                "NEWSBOT_AUTH": f"{server.netloc}=anna:s3cretpassword",
                "LOG_LEVEL": "DEBUG",
            },
        )
        header = "Basic " + base64.b64encode(b"anna:s3cretpassword").decode()
        assert outcome.statuses() == [200] * 3
        assert [asked.headers.get("Authorization") for asked in server.asked("/page")] == [header]
        assert [asked.headers.get("Authorization") for asked in server.asked("/landed")] == [None]
        assert [asked.headers.get("Authorization") for asked in server.asked("/robots.txt")] == [None]
        assert other.log
        assert not any("Authorization" in asked.headers for asked in other.log)
        assert "s3cret" not in outcome.log
        assert header not in outcome.log
        assert "newsbot is logged in as anna" in outcome.log


def test_crawl_with_passwords_and_unverified_certificates_does_not_start() -> None:
    settings = {"NEWSBOT_AUTH": "a=b:s3cret", "DOWNLOAD_VERIFY_CERTIFICATES": False}
    process = start("http://example.com/", settings=settings)
    out, err = process.communicate()
    assert "DOWNLOAD_VERIFY_CERTIFICATES is off" in err
    assert "s3cret" not in err
    assert '"answers": []' in out


def test_log_line_holds_no_control_characters_of_a_site() -> None:
    outcome = ask(
        "http://evil.test/", settings=NO_ROBOTS, dns={"evil.test": [["fe80::1%\x1b[31m\nERROR: forged\u202e"]]}
    )
    assert outcome.errors() == ["private-address"]
    assert "\\x1b[31m" in outcome.log
    assert not any(sign in outcome.log for sign in ("\x1b", "\u202e", "\nERROR"))


def test_name_that_does_not_resolve_is_reported_without_long_retries() -> None:
    began = time.monotonic()
    outcome = ask("http://nowhere.test/", settings=NO_ROBOTS, dns={"nowhere.test": [[]]})
    assert outcome.errors() == ["CannotResolveHostError"]
    assert time.monotonic() - began < 30
