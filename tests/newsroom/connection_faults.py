"""Faults of the connection: bodies that are cut, stalled, sent in small pieces, or never sent."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import web

from tests.newsroom.answer import Answer, Transport
from tests.newsroom.faults import Scene, fault


async def _begin(request: web.Request, answer: Answer, length: int) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = length
    await response.prepare(request)
    return response


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()


def _partly(keep: float, *, wait: float) -> Transport:
    async def send(request: web.Request, answer: Answer) -> web.StreamResponse:
        response = await _begin(request, answer, len(answer.body))
        await response.write(answer.body[: int(len(answer.body) * keep)])
        await asyncio.sleep(wait)
        _hang_up(request)
        return response

    return send


@fault("cut-body", "wire")
def cut_body(scene: Scene, *, keep: float = 0.5) -> bool:
    """The connection closes before Content-Length is reached."""
    scene.made.transport = _partly(keep, wait=0)
    return True


@fault("stalled-body", "wire")
def stalled_body(scene: Scene, *, keep: float = 0.5, seconds: float = 60) -> bool:
    """A part of the body, then silence, then the connection closes."""
    scene.made.transport = _partly(keep, wait=seconds)
    return True


@fault("dropped", "wire")
def dropped(scene: Scene) -> bool:
    """The connection closes without a response."""

    async def send(request: web.Request, answer: Answer) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    scene.made.transport = send
    return True


@fault("slow-drip", "wire")
def slow_drip(scene: Scene, *, bytes: int = 256, every: float = 0.2) -> bool:
    """The body comes in small pieces with pauses between."""

    async def send(request: web.Request, answer: Answer) -> web.StreamResponse:
        response = await _begin(request, answer, len(answer.body))
        with contextlib.suppress(ConnectionResetError):  # the client closed the connection
            for start in range(0, len(answer.body), bytes):
                await response.write(answer.body[start : start + bytes])
                await asyncio.sleep(every)
        return response

    scene.made.transport = send
    return True


@fault("slow", "wire")
def slow(scene: Scene, *, seconds: float = 2) -> bool:
    """The whole answer is late."""
    scene.made.wait += seconds
    return True
