"""The newsroom over HTTP: one aiohttp handler that asks the fake site and sends its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
from aiohttp import web

from tests.arrival import arrival
from tests.newsroom.answer import Question
from tests.newsroom.log import Request
from tests.newsroom.site import FakeSite

CONTROL = "/-newsroom/"
"""The path for orders to a newsroom in another process: POST a JSON object of arguments to CONTROL + name."""


def question_of(method: str, raw: str, headers: Mapping[str, str], site: FakeSite) -> Question:
    """The question in a request line. The folder of a site in a sub-directory is removed."""
    parts = urlsplit(raw)
    params: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        params.setdefault(name.split("[")[0], []).append(value)
    path = parts.path
    folder = site.places.folder
    inside = path == folder or path.startswith(folder + "/")
    path = path[len(folder) :] or "/" if inside else path
    route = params.pop("rest_route", [None])[-1] if path in ("/", "/index.php") else None
    if route is None and inside and not site.options.plain:
        for prefix in (f"/{site.options.prefix}", f"/index.php/{site.options.prefix}"):
            if path == prefix or path.startswith(prefix + "/"):
                route = path[len(prefix) :] or "/"
    known = {name.lower(): value for name, value in headers.items()}
    return Question(method=method, path=path if inside else "/..", raw=raw, route=route, params=params, headers=known)


def application(site: FakeSite) -> web.Application:
    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path.startswith(CONTROL):
            return await _control(site, request)
        return await _serve(site, request)

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{tail:.*}", handle)
    return app


async def _serve(site: FakeSite, request: web.Request) -> web.StreamResponse:
    came = arrival(request).at
    question = question_of(request.method, request.raw_path, request.headers, site)
    answer, faults = site.respond(question)
    site.note(
        Request(
            time=came,
            method=question.method,
            url=question.raw,
            route=question.route,
            status=answer.status,
            sent=-1 if answer.transport else len(answer.body),
            host=request.host,
            headers=dict(question.headers),
            faults=faults,
        ),
        question,
    )
    wait = answer.wait + site.options.latency
    if wait:
        await asyncio.sleep(wait)
    if answer.transport is not None:
        return await answer.transport(request, answer)
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


async def _control(site: FakeSite, request: web.Request) -> web.Response:
    arguments: dict[str, Any] = orjson.loads(await request.read() or b"{}")
    try:
        result = site.control(request.path.removeprefix(CONTROL), arguments)
    except (LookupError, TypeError, ValueError) as error:
        return web.Response(status=400, text=f"{type(error).__name__}: {error}")
    return web.Response(body=orjson.dumps(result, default=str), content_type="application/json")


async def start(site: FakeSite, port: int, *, host: str = "127.0.0.1") -> web.AppRunner:
    """Listen on 127.0.0.1, or on another address of this machine. Port 0 takes a free port, which the fake site then
    uses in its URLs."""
    # aiohttp would refuse long request lines itself. An order for a fault decides about them, so aiohttp accepts them.
    runner = web.AppRunner(
        application(site), access_log=None, max_line_size=1 << 20, max_field_size=1 << 20, shutdown_timeout=0.2
    )
    await runner.setup()
    listener = web.TCPSite(runner, host, port, backlog=1024)
    await listener.start()
    server = listener._server
    assert isinstance(server, asyncio.Server)
    site.open(server.sockets[0].getsockname()[1])
    return runner
