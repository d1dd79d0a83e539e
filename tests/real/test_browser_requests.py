"""What rendered pages may request: no third party, each address checked, at the pace of the host, without passwords."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Error

from newsbot.browser.chromium import Chromium
from tests import fork_server
from tests.crawl.loopback import Answer, serve
from tests.real.pages_for_browser import STORY, page, site
from tests.real.rendering import chromium_of, outcome_of, render, start

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("chromium")]


REACHES = """<!DOCTYPE html><link rel="preconnect" href="http://O"><link rel="dns-prefetch" href="http://O">
<link rel="prefetch" href="http://O/1"><link rel="preload" as="script" href="http://O/2">
<link rel="icon" href="http://O/3">
<img src="http://O/4"><iframe src="http://O/5"></iframe><link rel="stylesheet" href="http://O/6"><object data="http://O/7">
</object><style>@import "http://O/8"; @font-face {font-family: f; src: url(http://O/9)} p {font-family: f}</style>
<p>text</p>
<script src="http://O/10"></script><script>
  const attempt = what => { try { what(); } catch (error) {} };
  attempt(() => fetch("http://O/11", {mode: "no-cors"}).catch(() => 0));
  attempt(() => new WebSocket("ws://O/12"));
  attempt(() => new EventSource("http://O/13"));
  attempt(() => navigator.sendBeacon("http://O/14", "x"));
  const work = ["fetch('http://O/15', {mode: 'no-cors'}); new WebSocket('ws://O/16')"];
  attempt(() => new Worker(URL.createObjectURL(new Blob(work))));
  attempt(() => new SharedWorker(URL.createObjectURL(new Blob(work))));
  attempt(() => window.open("http://O/17"));
  attempt(() => new Image().src = "http://O/18");
  attempt(() => new WebTransport("https://O/19").closed.catch(() => 0));
  attempt(() => {
    const peer = new RTCPeerConnection({iceServers: [{urls: ["stun:U", "turn:U?transport=udp", "turn:O?transport=tcp"],
      username: "u", credential: "c"}]});
    peer.createDataChannel("x");
    peer.createOffer().then(offer => peer.setLocalDescription(offer));
  });
  fetch("http://O/20", {mode: "no-cors"}).catch(() => fetch("/told?" + 1));
</script>"""


class UdpListener:
    """A TCP port and a UDP port that must get no connection."""

    def __init__(self) -> None:
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        for socket_ in (self.tcp, self.udp):
            socket_.setblocking(False)

    def fill(self, text: str) -> str:
        tcp, udp = (f"127.0.0.1:{socket_.getsockname()[1]}" for socket_ in (self.tcp, self.udp))
        return text.replace("//O", f"//{tcp}").replace("turn:O", f"turn:{tcp}").replace(":U", f":{udp}")

    def heard(self) -> list[str]:
        found = []
        for name, knock in (("tcp", self.tcp.accept), ("udp", lambda: self.udp.recv(99))):
            try:
                knock()
            except BlockingIOError:
                continue
            found.append(name)
        return found

    def close(self) -> None:
        self.tcp.close()
        self.udp.close()


@pytest.fixture
def listener() -> Iterator[UdpListener]:
    one = UdpListener()
    yield one
    one.close()


def giving(text: str) -> Answer:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=404) if request.path == "/robots.txt" else page(text)

    return answer


def test_a_page_reaches_no_third_party(listener: UdpListener) -> None:
    with serve(giving(listener.fill(REACHES))) as server:
        outcome = render(f"{server.url}/")
        assert outcome.errors() == [None]
        assert "<p>text</p>" in outcome.body()
        assert server.paths() == ["/robots.txt", "/", "/told"]
    assert listener.heard() == []


def test_chromium_without_interception_sends_no_request(listener: UdpListener, chromium: str) -> None:
    """The second barrier without the first: newsbot intercepts no request of the page, and still no request leaves the
    browser."""

    async def look(url: str) -> None:
        browser = await Chromium.launch(chromium)
        try:
            context = await browser.connection.new_context()
            tab = await context.new_page()
            with pytest.raises(Error, match="ERR_"):
                await tab.goto(url)
            tab = await context.new_page()
            await tab.set_content(listener.fill(REACHES).replace('"/told', f'"{url}told'))
            await asyncio.sleep(1.5)
        finally:
            await browser.close()

    with serve(giving("<p>text</p>")) as server:
        asyncio.run(look(f"{server.url}/"))
        assert server.log == []
    assert listener.heard() == []


def test_address_of_every_request_of_a_page_is_checked(chromium: str) -> None:
    scripts = ("http://www.paper.test:P/a.js", "/moved.js", "/b.js")
    html = "<p></p>" + "".join(f"<script src={url}></script>" for url in scripts)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        netloc = f"paper.test:{server.port}"
        if request.path == "/moved.js":
            return web.Response(status=302, headers={"Location": f"http://www.{netloc}/moved-there.js"})
        if request.path.endswith(".js"):
            text = f"document.querySelector('p').append('{request.host}{request.path};')"
            return web.Response(text=text, content_type="text/javascript")
        return (
            web.Response(status=404) if request.path == "/robots.txt" else page(html.replace(":P", f":{server.port}"))
        )

    with serve(answer) as server:
        url, dns = f"http://paper.test:{server.port}/", {"paper.test": "127.0.0.1", "www.paper.test": "127.0.0.1"}
        outcome = render(url, dns=dns, settings={"NEWSBOT_ALLOW_PRIVATE": f"paper.test:{server.port}"})
        assert f"<p>paper.test:{server.port}/b.js;</p>" in outcome.body()
        assert {asked.headers["Host"] for asked in server.log} == {f"paper.test:{server.port}"}
        assert outcome.stats["newsbot/private_addresses/refused"] >= 1
        assert "www.paper.test is 127.0.0.1" in outcome.log


def test_browser_keeps_the_delay_between_requests() -> None:
    scripts, delay, under_way, most = 5, 0.5, 0, 0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal under_way, most
        if request.path == "/robots.txt":
            return web.Response(status=404)
        if request.path == "/":
            return page("<p></p>" + "".join(f"<script src=/{n}.js></script>" for n in range(scripts)))
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.05)
        under_way -= 1
        return web.Response(text="document.querySelector('p').append('x')", content_type="text/javascript")

    with serve(answer) as server:
        outcome = render(f"{server.url}/", settings={"NEWSBOT_DELAY": delay})
        times = [asked.at for asked in server.pages()]
    assert f"<p>{'x' * scripts}</p>" in outcome.body()
    assert len(times) == scripts + 1
    assert most == 1
    # Arrival times vary a little; one whole delay is left for that.
    assert times[-1] - times[0] >= (scripts - 1) * delay


def test_rendered_page_gets_no_password_and_chromium_gets_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    process: list[fork_server.Running] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/theme.js":
            seen.append(Path(f"/proc/{chromium_of(process[0].pid)}/environ").read_bytes())
        return await site(request)

    with serve(answer) as server:
        monkeypatch.setenv("NEWSBOT_AUTH", f"{server.netloc}=anna:secret word")
        # The credential works: the crawl reads the pages that it chooses itself as a logged-in user.
        assert render(f"{server.url}/article", plain=True, purpose="discover").errors() == [None]
        assert "Authorization" in server.asked("/article")[0].headers
        server.log.clear()
        # A feed or a sitemap may name any page as that of an article, whether Chromium shows the page or not.
        assert render(f"{server.url}/article", plain=True).errors() == [None]
        process.append(start(f"{server.url}/article"))
        assert STORY in outcome_of(process[0], *process[0].communicate()).body()
        assert not any("Authorization" in asked.headers for asked in server.log)
    assert len(seen) == 1
    assert b"PATH=" in seen[0]
    assert b"NEWSBOT" not in seen[0]
