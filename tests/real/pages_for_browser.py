"""Pages for Chromium, and the server that answers them."""

from __future__ import annotations

from aiohttp import web

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
