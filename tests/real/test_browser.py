"""Pages rendered by Chromium: the resulting rows, and what a page cannot do in the browser."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Error

from newsbot.browser.chromium import Chromium
from tests import fork_server
from tests.crawl.loopback import Answer, Server, serve
from tests.newsroom import Newsroom
from tests.real.rendering import Outcome, chromium_of, descendants, left_of, outcome_of, render, start

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("chromium")]

LOOSE_ENDS = "Traceback|never retrieved|was destroyed"

STORY = "The ferry to Lantern Street sails again — for 3 €."

ARTICLE = """<!DOCTYPE html><meta charset="iso-8859-1"><title>t</title>
<article id="post-7"><div class="entry-content"></div></article>
<script src="/theme.js"></script>
<script>
  fetch("/wp-json/wp/v2/posts/7").then(answer => answer.json()).then(post => {
    document.querySelector(".entry-content").innerHTML = post.content.rendered;
    document.title = navigator.userAgent;
  });
</script>"""

MEMORY = """<!DOCTYPE html><script>
  const first = !document.cookie && !localStorage.length && !sessionStorage.length;
  document.cookie = "been=here; path=/; max-age=9999";
  localStorage.been = sessionStorage.been = "here";
  document.write(`<p>${first ? "a stranger" : "seen before"}, ${document.cookie}</p>`);
</script>"""

LEAVES = """<!DOCTYPE html><meta http-equiv="refresh" content="0;url=/elsewhere"><p>stays</p><script>
  location.href = "/elsewhere";
  setTimeout(() => location.replace("/elsewhere"), 50);
  document.write("<iframe src=/elsewhere></iframe><form action=/elsewhere method=post></form>");
  document.forms[0].submit();
  window.open("/elsewhere");
</script>"""

# A single line of this many letters takes more memory than a page may have. Paragraphs take a third of that.
LARGE = """<!DOCTYPE html><main></main><script>
  document.querySelector("main").innerHTML = `<p>${"word ".repeat(100)}</p>`.repeat(9000);
  Object.defineProperty(Element.prototype, "outerHTML", {get: () => "<html>small</html>"});
</script>"""

ASKS = """<!DOCTYPE html><p></p><script>
  alert("Subscribe!");
  document.querySelector("p").append("half a face \\ud83d;");
  const done = what => document.querySelector("p").append(what + ";");
  const ask = (what, url, how) => fetch(url, how).then(answer => answer.text()).then(done, () => done("no " + what));
  ask("moved", "/moved.json");
  ask("away", "/away.json");
  ask("post", "/post", {method: "POST", body: "x"});
  ask("secret", "/secret.json");
  ask("bot check", "/cdn-cgi/challenge-platform/x");
  document.write("<script src=/secret.js><\\/script><img src=/a.png><video src=/a.mp4>");
  document.write("<link rel=stylesheet href=/a.css>");
  navigator.sendBeacon("/beacon", "x");
  new EventSource("/events");
</script>"""


def page(text: str, **headers: str) -> web.Response:
    return web.Response(text=text, content_type="text/html", charset="utf-8", headers=headers)


async def site(request: web.BaseRequest) -> web.StreamResponse:
    answers: dict[str, web.StreamResponse] = {
        "/robots.txt": web.Response(text="User-agent: *\nDisallow: /secret\n"),
        "/old": web.Response(status=301, headers={"Location": "/article"}),
        "/article": page(ARTICLE),
        "/theme.js": web.Response(text="document.body.dataset.theme = 'set'", content_type="text/javascript"),
        "/wp-json/wp/v2/posts/7": web.json_response({"content": {"rendered": f"<p>{STORY}</p>"}}),
        "/memory": page(MEMORY, **{"Set-Cookie": "been=sent"}),
        "/leaves": page(LEAVES),
        "/large": page(LARGE),
        "/asks": page(ASKS),
        "/moved.json": web.Response(status=302, headers={"Location": "/here.json"}),
        "/here.json": web.Response(text="moved"),
        "/away.json": web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}),
        "/pdf": web.Response(body=b"%PDF", content_type="application/pdf"),
        "/check": web.Response(status=403, text="<title>Just a moment...</title>", content_type="text/html"),
    }
    return answers.get(request.path, web.Response(status=404))


@pytest.fixture(scope="module")
def shown() -> Iterator[tuple[Outcome, Server]]:
    """One crawl of every page of the site."""
    with serve(site) as server:
        paths = ("/old", "/article", "/memory", "/memory", "/leaves", "/asks", "/large", "/pdf", "/check", "/secret")
        outcome = render(*(server.url + path for path in paths), settings={"DOWNLOAD_MAXSIZE": 4_000_000})
        assert outcome.status == 0, outcome.log
        assert not re.search(LOOSE_ENDS, outcome.log), outcome.log
        yield outcome, server


def test_rendered_page_holds_the_article_that_scripts_load(shown: tuple[Outcome, Server]) -> None:
    outcome, server = shown
    for number in (0, 1):
        reply = outcome.replies[number]
        assert reply["url"] == f"{server.url}/article"
        assert reply["status"] == 200
        assert reply["headers"]["content-type"] == "text/html; charset=utf-8"
        assert f"<p>{STORY}</p>" in outcome.body(number)
        assert outcome.body(number).startswith("<!DOCTYPE html>")
        assert 'data-theme="set"' in outcome.body(number)


def test_browser_sends_the_user_agent_of_newsbot(shown: tuple[Outcome, Server]) -> None:
    outcome, server = shown
    names = {asked.headers["User-Agent"] for asked in server.log}
    assert len(names) == 1
    assert f"<title>{names.pop()}</title>" in outcome.body()


def test_script_that_pages_share_is_requested_once(shown: tuple[Outcome, Server]) -> None:
    outcome, server = shown
    assert len(server.asked("/theme.js")) == 1
    assert len(server.asked("/wp-json/wp/v2/posts/7")) == 2
    assert outcome.count("kept") == 1


def test_page_leaves_no_cookie_and_no_storage(shown: tuple[Outcome, Server]) -> None:
    outcome, server = shown
    assert "<p>a stranger, been=here</p>" in outcome.body(2)
    assert "<p>a stranger, been=here</p>" in outcome.body(3)
    assert not any("Cookie" in asked.headers for asked in server.log)


def test_page_cannot_navigate_to_another_address(shown: tuple[Outcome, Server]) -> None:
    outcome, server = shown
    assert "<p>stays</p>" in outcome.body(4)
    assert outcome.replies[4]["url"] == f"{server.url}/leaves"
    assert server.asked("/elsewhere") == []


def test_page_receives_only_subresources_that_the_rules_and_robots_txt_allow(shown: tuple[Outcome, Server]) -> None:
    outcome, server = shown
    for said in ("half a face ?;", "moved;", "no away;", "no post;", "no secret;", "no bot check;"):
        assert said in outcome.body(5)
    asked = {path for path in server.paths() if path not in ("/old", "/article", "/theme.js", "/memory", "/leaves")}
    ours = {"/robots.txt", "/asks", "/large", "/pdf", "/check"}
    assert asked - ours == {"/wp-json/wp/v2/posts/7", "/moved.json", "/here.json", "/away.json"}


def test_dom_beyond_the_limit_is_reported_also_when_the_page_hides_its_size(shown: tuple[Outcome, Server]) -> None:
    outcome, _ = shown
    assert outcome.replies[6]["error"] == "too-large"


def test_answer_that_is_no_page_is_not_rendered(shown: tuple[Outcome, Server]) -> None:
    outcome, _ = shown
    assert outcome.body(7) == "%PDF"
    assert outcome.replies[8]["status"] == 403
    assert outcome.body(8) == "<title>Just a moment...</title>"
    assert outcome.replies[9]["error"] == "robots"


def test_requests_of_the_browser_are_counted(shown: tuple[Outcome, Server]) -> None:
    outcome, server = shown
    asked = [path for path in server.paths() if path not in ("/robots.txt", "/old")]
    # The driver counts a document and its redirects as one, and one that robots.txt disallows too.
    assert outcome.requests == len(asked) + 1
    assert outcome.count("requests") == 1 + 2 + 3
    assert outcome.count("pages") == 7
    assert outcome.count("blocked") > 10
    assert outcome.count("started") == 1
    assert outcome.bytes > 2 * len(ARTICLE)


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


def test_render_never_makes_no_request() -> None:
    with serve(site) as server:
        outcome = render(f"{server.url}/article", render="never")
        assert outcome.errors() == ["no-browser"]
        assert outcome.replies[0]["detail"] == "render=never"
        assert server.log == []
        assert not outcome.imported


def test_crawl_without_rendered_pages_does_not_import_the_browser() -> None:
    with serve(site) as server:
        outcome = render(f"{server.url}/article", plain=True)
        assert STORY not in outcome.body()
        assert server.paths() == ["/robots.txt", "/article"]
        assert not outcome.imported


def test_missing_chromium_is_reported() -> None:
    with serve(site) as server:
        outcome = render(f"{server.url}/article", settings={"NEWSBOT_CHROMIUM": "/nowhere/chromium"})
        assert outcome.errors() == ["no-browser"]
        assert "NEWSBOT_CHROMIUM is /nowhere/chromium" in outcome.replies[0]["detail"]
        assert server.log == []


def test_a_chromium_that_does_not_start_is_tried_once(tmp_path: Path) -> None:
    broken = tmp_path / "chromium"
    broken.write_text(
        f"#!/bin/sh\necho x >>{tmp_path}/starts\necho 'error while loading shared libraries: x' >&2\nexit 127\n"
    )
    broken.chmod(0o755)
    with serve(site) as server:
        url = f"{server.url}/article"
        outcome = render(url, url, settings={"NEWSBOT_CHROMIUM": str(broken)})
    assert outcome.errors() == ["browser-failed", "browser-failed"]
    assert "error while loading shared libraries" in outcome.replies[1]["detail"]
    assert (tmp_path / "starts").read_text() == "x\n"
    assert f"{server.url}/article: the browser failed: " in outcome.log


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


def test_a_browser_that_dies_is_replaced_once() -> None:
    process: list[fork_server.Running] = []
    left = 3

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal left
        if request.path == "/wp-json/wp/v2/posts/7" and left:
            left -= 1
            pid = chromium_of(process[0].pid)
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        return await site(request)

    with serve(answer) as server:
        process.append(start(f"{server.url}/article", f"{server.url}/article"))
        outcome = outcome_of(process[0], *process[0].communicate())
    assert outcome.errors() == ["browser-failed", None]
    assert STORY in outcome.body(1)
    assert (outcome.count("started"), outcome.count("failed"), outcome.count("pages")) == (4, 3, 1)


def test_page_whose_scripts_never_end_fails_alone() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return (
            page("<p>on and on</p><script>for (;;);</script>") if request.path == "/stuck" else web.Response(status=404)
        )

    with serve(answer) as server, Newsroom(posts=3, oddities=False, javascript=True) as room:
        row = room.site.row(room.ids()[0])
        assert row is not None
        link = room.site.places.link(row)
        outcome = render(f"{server.url}/stuck", link, settings={"NEWSBOT_RENDER_SECONDS": 3})
        assert "This gazette needs JavaScript" in render(link, plain=True).body()
    assert outcome.errors() == ["browser-failed", None]
    assert "This gazette needs JavaScript" not in outcome.body(1)
    assert outcome.body(1).count("<p>") > 3
    assert outcome.count("cut") == 1


GREEDY = """<!DOCTYPE html><p>greedy</p><script>
  const kept = [];
  setInterval(() => kept.push(new Uint8Array(64 * 1024 * 1024).fill(1)), 20);
</script>"""


LONG_LINE = """<!DOCTYPE html><p></p><script>
  document.querySelector("p").textContent = "x".repeat(20000000);
</script>"""


def test_page_that_takes_too_much_memory_fails_alone() -> None:
    # Arrays take Chromium twenty seconds to give back: make soak tries them too.
    greedy = {"/line": LONG_LINE} | ({"/arrays": GREEDY} if os.environ.get("NEWSBOT_ROUNDS") else {})

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return page(greedy[request.path]) if request.path in greedy else await site(request)

    with serve(answer) as server:
        outcome = render(*(server.url + path for path in (*greedy, "/article")))
    assert outcome.errors() == [*["browser-failed"] * len(greedy), None]
    for reply in outcome.replies[: len(greedy)]:
        assert "its pages took more than 512 MiB of memory" in reply["detail"]
    assert STORY in outcome.body(len(greedy))
    assert not re.search(LOOSE_ENDS, outcome.log), outcome.log


async def stalled(request: web.BaseRequest) -> web.StreamResponse:
    if request.path == "/wp-json/wp/v2/posts/7":
        await asyncio.sleep(600)
    return await site(request)


def waiting(server: Server) -> tuple[fork_server.Running, dict[int, str]]:
    """A run in the middle of a page, and the processes below it."""
    process = start(f"{server.url}/article", f"{server.url}/article")
    ends = time.monotonic() + 240
    while not server.asked("/wp-json/wp/v2/posts/7"):
        assert time.monotonic() < ends
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    return process, descendants(process.pid)


def test_sigterm_while_a_page_is_rendered_ends_the_page_and_the_browser() -> None:
    with serve(stalled) as server:
        process, below = waiting(server)
        assert any("chromium" in line for line in below.values())
        process.send_signal(signal.SIGTERM)
        outcome = outcome_of(process, *process.communicate())
    assert outcome.errors() == ["stopped", "stopped"]
    assert outcome.stats["finish_reason"] == "shutdown"
    assert not re.search(LOOSE_ENDS, outcome.log), outcome.log
    assert left_of(below) == set()


def test_killed_crawl_leaves_no_browser_process() -> None:
    with serve(stalled) as server:
        process, below = waiting(server)
        process.kill()
        process.communicate()
        assert left_of(below) == set()
