"""Faults that replace WordPress's answer: login pages, refusals, redirects, failing servers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import orjson

from tests.newsroom.answer import Answer, Refusal, text
from tests.newsroom.content import mix
from tests.newsroom.faults import Scene, fault

LOGIN = """<!DOCTYPE html><html lang="en-US"><head><title>Log In &lsaquo; Lantern Street</title></head><body \
class="login"><form name="loginform" id="loginform" action="/wp-login.php" method="post"><input type="text" name="log">\
<input type="password" name="pwd"></form></body></html>"""
MAINTENANCE = """<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Briefly unavailable for \
scheduled maintenance. Check back in a minute.</h1></body></html>"""
CHALLENGE = """<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><noscript>Enable JavaScript and \
cookies to continue</noscript><script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></body>\
</html>"""
CRITICAL = "<p>There has been a critical error on this website.</p>"


def _retry_after(answer: Answer, seconds: float | None, as_date: bool) -> Answer:
    if seconds is not None:
        when = datetime.now(UTC) + timedelta(seconds=seconds)
        # A date has whole seconds. It is rounded up, so that a client that waits until then has waited long enough.
        date = format_datetime((when + timedelta(microseconds=999_999)).replace(microsecond=0), usegmt=True)
        answer.headers["Retry-After"] = date if as_date else str(round(seconds))
    return answer


def _refuse(scene: Scene, status: int, code: str, message: str) -> bool:
    scene.answer = Refusal(status, code, message).answer()
    scene.answer.headers["Content-Type"] = "application/json; charset=UTF-8"
    return True


@fault("html-200", "ask")
def html_200(scene: Scene) -> bool:
    """The home page, with status 200, instead of JSON."""
    scene.answer = scene.site.pages.home()
    return True


@fault("login-wall", "ask")
def login_wall(scene: Scene, *, status: int = 200) -> bool:
    """A login page; status 302 sends the reader to /wp-login.php instead."""
    if status in (301, 302, 303, 307):
        scene.answer = Answer(status=status, headers={"Location": scene.site.places.home + "/wp-login.php"})
    else:
        scene.answer = text(LOGIN, status=status)
    return True


@fault("maintenance", "ask")
def maintenance(scene: Scene, *, retry_after: float | None = 600, as_date: bool = False) -> bool:
    """503 with the maintenance page, and Retry-After in seconds or as a date (None: without)."""
    scene.answer = _retry_after(text(MAINTENANCE, status=503), retry_after, as_date)
    return True


@fault("rate-limited", "ask")
def rate_limited(scene: Scene, *, retry_after: float | None = 5, as_date: bool = False, status: int = 429) -> bool:
    """429 with Retry-After in seconds or as a date (None: without)."""
    scene.answer = _retry_after(text("<h1>Too Many Requests</h1>", status=status), retry_after, as_date)
    return True


@fault("challenge", "ask")
def challenge(scene: Scene, *, header: bool = True, status: int = 403) -> bool:
    """A bot check: 403 with cf-mitigated, or with ``header=False`` only the page of a bot check."""
    scene.answer = text(CHALLENGE, status=status, Server="cloudflare")
    if header:
        scene.answer.headers["cf-mitigated"] = "challenge"
    return True


@fault("status", "ask")
def status_of(scene: Scene, *, status: int = 500, body: str = "<h1>It did not work</h1>", json: bool = False) -> bool:
    """Any status with an HTML page, or with an error as WordPress's JSON."""
    if json:
        return _refuse(scene, status, "internal_server_error", CRITICAL)
    scene.answer = text(body, status=status)
    return True


@fault("flaky", "ask")
def flaky(scene: Scene, *, chance: float = 0.2, statuses: list[int] | None = None, seed: int = 1) -> bool:
    """502, 504 or 520 (``statuses``) at random. The seed and the number of requests determine which, so all runs are
    equal."""
    draw = mix(seed, scene.count, 77)
    if draw % 10_000 >= chance * 10_000:
        return False
    choices = statuses or [502, 504, 520]
    status = choices[(draw >> 20) % len(choices)]
    scene.answer = text(f"<html><head><title>{status}</title></head><body>upstream</body></html>", status=status)
    return True


@fault("empty-200", "ask")
def empty_200(scene: Scene) -> bool:
    """Status 200 and an empty body."""
    scene.answer = text("")
    return True


@fault("unauthorized", "ask")
def unauthorized(scene: Scene, *, code: str = "rest_cannot_access", status: int = 401) -> bool:
    """The 401 of a security plugin, for the whole REST API or for ``match="/wp/v2/users"`` alone."""
    return _refuse(scene, status, code, "Only authenticated users can access the REST API.")


@fault("include-refused", "ask")
def include_refused(scene: Scene, *, status: int = 403) -> bool:
    """The 403 of a firewall for every request with ``include``."""
    if "include" not in scene.question.params:
        return False
    scene.answer = text("<html><body>403 Forbidden</body></html>", status=status)
    return True


@fault("include-poison", "ask")
def include_poison(scene: Scene, *, id: int, status: int = 401) -> bool:
    """A whole batch is refused where its ``include`` contains a certain id."""
    if id not in scene.question.numbers("include"):
        return False
    return _refuse(scene, status, "rest_forbidden", "Sorry, you are not allowed to do that.")


@fault("param-refused", "ask")
def param_refused(scene: Scene, *, name: str = "exclude", values: list[str] | None = None) -> bool:
    """400 rest_invalid_param for a parameter, or for some of its values. The default is ``exclude``."""
    given = scene.question.first(name)
    if given is None or (values is not None and given not in values):
        return False
    message = f"Invalid parameter(s): {name}"
    scene.answer = Refusal(400, "rest_invalid_param", message, params={name: "Invalid parameter."}).answer()
    scene.answer.headers["Content-Type"] = "application/json; charset=UTF-8"
    return True


@fault("uri-too-long", "ask")
def uri_too_long(scene: Scene, *, bytes: int = 2_000) -> bool:
    """414 for request lines longer than this many bytes."""
    if len(scene.question.raw) <= bytes:
        return False
    scene.answer = text("<html><head><title>414 Request-URI Too Large</title></head></html>", status=414)
    return True


@fault("redirect", "ask")
def redirect(scene: Scene, *, to: str = "", status: int = 301) -> bool:
    """A redirect to a URL or path. "{url}" in it stands for the requested path and query."""
    target = to.replace("{url}", scene.question.raw) or scene.site.places.home + "/"
    if target == scene.question.raw:
        return False
    scene.answer = Answer(status=status, headers={"Location": target})
    return True


@fault("redirect-loop", "ask")
def redirect_loop(scene: Scene, *, status: int = 302) -> bool:
    """An endless redirect to the same path with another query."""
    joint = "&" if "?" in scene.question.raw else "?"
    target = scene.question.raw.split(f"{joint}again=")[0] + f"{joint}again={scene.count}"
    scene.answer = Answer(status=status, headers={"Location": target})
    return True


@fault("stale-cache", "ask")
def stale_cache(scene: Scene, *, by_path: bool = False) -> bool:
    """Every URL always gives its first answer again. ``by_path`` ignores the query too."""
    question, memory = scene.question, scene.site.memory
    key = question.raw.split("?")[0] if by_path else question.raw
    fresh = key not in memory
    if fresh:
        memory[key] = scene.site.ask(question)
        memory[key].seal()
    kept = memory[key]
    headers = kept.headers | {"X-Cache": "MISS" if fresh else "HIT", "Cache-Control": "max-age=3600"}
    scene.answer = Answer(status=kept.status, body=kept.body, headers=headers, json=kept.json)
    return True


def critical_error(scene: Scene) -> Answer:
    """WordPress's answer when PHP fails: JSON for clients that accept JSON, else a page."""
    if "application/json" not in scene.question.headers.get("accept", ""):
        return text(f"<!DOCTYPE html><html><body id='error-page'>{CRITICAL}</body></html>", status=500)
    body = {"code": "internal_server_error", "message": CRITICAL, "data": {"status": 500}, "additional_errors": []}
    return Answer(status=500, body=orjson.dumps(body), json=True, headers={"Content-Type": "application/json"})
