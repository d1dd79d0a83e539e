"""A whole Scrapy process that downloads URLs as the driver does, and reports the result of each.

``python -m tests.crawl.asking`` reads an ``Errand`` as JSON on standard input and writes an ``Outcome`` as JSON on
standard output. ``ask`` runs that from a test.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

from newsbot.safety import resolver
from tests import fork_server
from tests.crawl.shipped import shipped
from tests.fork_server import Constants

OURS: dict[str, Any] = {
    "NEWSBOT_DATA": "",
    "NEWSBOT_ARCHIVE": "",
    "NEWSBOT_CONTACT": "https://example.org",
    "NEWSBOT_DELAY": 0,
    "DOWNLOAD_TIMEOUT": 20,
}
"""No file is written and no request waits. All other settings are those that newsbot ships."""


@dataclass
class Outcome:
    """``answers`` in the order of the URLs: ``url, status, error, detail, waited, at, seconds, body``.

    ``connected`` holds every address to which a connection was started.
    """

    answers: list[dict[str, Any]]
    stats: dict[str, Any]
    seconds: float
    connected: list[str] = field(default_factory=list)
    log: str = ""
    status: int = 0

    def errors(self) -> list[str | None]:
        return [answer["error"] for answer in self.answers]

    def statuses(self) -> list[int]:
        return [answer["status"] for answer in self.answers]


@dataclass
class Errand:
    """``urls`` are requested all at once, or one after the other. ``dns``: name -> the answers of its lookups in
    turn."""

    urls: list[str]
    settings: dict[str, Any] = field(default_factory=dict)
    at_once: bool = True
    meta: dict[str, Any] = field(default_factory=dict)
    dns: dict[str, list[list[str]]] = field(default_factory=dict)
    pauses: float = 0.0


class Asker(Spider):
    name = "asker"

    def __init__(self, errand: Errand, outcome: Outcome) -> None:
        super().__init__()
        self.errand = errand
        self.outcome = outcome

    async def start(self) -> AsyncIterator[Any]:
        yield Request("data:,", self.parse, dont_filter=True, meta={"newsbot_seed": True})

    async def parse(self, response: Response, **_: Any) -> None:
        if self.errand.at_once:
            self.outcome.answers += await asyncio.gather(*(self.ask(url) for url in self.errand.urls))
        else:
            for url in self.errand.urls:
                self.outcome.answers.append(await self.ask(url))
                await asyncio.sleep(self.errand.pauses)

    async def ask(self, url: str) -> dict[str, Any]:
        request = Request(url, dont_filter=True, meta={"dont_retry": True, **self.errand.meta})
        began = time.monotonic()
        answer: dict[str, Any] = {"url": url, "status": 0, "error": None, "detail": "", "body": ""}
        assert self.crawler.engine is not None
        try:
            response = await self.crawler.engine.download_async(request)
            answer |= {"status": response.status, "final": response.url, "body": response.text[:200]}
        except Exception as error:  # noqa: BLE001
            answer |= {"error": getattr(error, "newsbot_error", type(error).__name__), "detail": str(error)}
        waited = request.meta.get("newsbot_waited", 0.0)
        return answer | {"waited": waited, "at": time.time(), "seconds": time.monotonic() - began}


def ask(*urls: str, **errand: Any) -> Outcome:
    """Run an errand in a separate process."""
    process = start(*urls, **errand)
    out, err = process.communicate()
    return outcome_of(process, out, err)


def start(*urls: str, real: bool | None = None, constants: Constants = (), **errand: Any) -> fork_server.Running:
    """Start an errand, and return at once. ``real`` and ``constants`` are those of ``fork_server.start``."""
    return fork_server.start_with({"urls": urls, **errand}, "tests.crawl.asking", real=real, constants=constants)


def outcome_of(process: fork_server.Running, out: str, err: str) -> Outcome:
    assert out.strip(), err
    return Outcome(**json.loads(out), log=err, status=process.returncode)


def _scripted(dns: dict[str, list[list[str]]]) -> resolver.Lookup:
    system = resolver.system_lookup

    def lookup(host: str) -> tuple[str, ...]:
        answers = dns.get(host)
        if not answers:
            return system(host)
        return tuple(answers.pop(0) if len(answers) > 1 else answers[0])

    return lookup


def _watch_connections() -> list[str]:
    """Record every TCP connection. A connection that would leave this machine goes to a port without a server
    instead."""
    from twisted.internet import reactor

    begun: list[str] = []
    connect: Any = reactor.connectTCP

    def watched(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        begun.append(f"{host}:{port}")
        return connect(*((host, port) if host.startswith("127.") else ("127.0.0.1", 1)), *args, **kwargs)

    setattr(reactor, "connectTCP", watched)  # noqa: B010
    return begun


def main() -> None:
    errand = Errand(**json.loads(sys.stdin.readline()))
    if errand.dns:
        setattr(resolver, "system_lookup", _scripted(errand.dns))  # noqa: B010
    process = CrawlerProcess(shipped(OURS | errand.settings))
    outcome = Outcome([], {}, 0.0)
    began = time.monotonic()
    crawler = process.create_crawler(Asker)
    # Print why a crawl did not start. Scrapy prints it only when the interpreter frees the objects.
    process.crawl(crawler, errand=errand, outcome=outcome).addErrback(
        lambda failure: sys.stderr.write(str(failure.value))
    )
    outcome.connected = _watch_connections()
    process.start()
    assert crawler.stats is not None
    stats = {key: value for key, value in crawler.stats.get_stats().items() if isinstance(value, int | float | str)}
    print(
        json.dumps(
            {
                "answers": outcome.answers,
                "stats": stats,
                "seconds": time.monotonic() - began,
                "connected": outcome.connected,
            }
        )
    )


if __name__ == "__main__":
    main()
