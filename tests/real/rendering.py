"""A whole Scrapy process, set up as newsbot is, that asks for pages as a browser shows them.

``python -m tests.real.rendering`` takes an ``Errand`` on standard input, gives an ``Outcome`` on standard output: JSON.
``render`` runs that from a test; ``start`` and ``outcome_of`` are its two halves.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scrapy.crawler import CrawlerProcess
from scrapy.http import Response
from scrapy.settings import Settings

from newsbot.arguments.models import PostArguments
from newsbot.items import Post
from newsbot.safety import resolver
from newsbot.spiders.base import NewsbotSpider
from newsbot.wordpress.messages import Query, Reply
from tests import fork_server

ROOT = Path(__file__).parents[2]


@dataclass
class Errand:
    """``urls`` are asked one after the other, or all at once; ``plain`` asks for them without a browser.

    ``dns``: name -> its address; ``purpose``: what the pages are asked for.
    """

    urls: list[str]
    settings: dict[str, Any] = field(default_factory=dict)
    render: str = "auto"
    at_once: bool = False
    plain: bool = False
    dns: dict[str, str] = field(default_factory=dict)
    purpose: str = "article"


@dataclass
class Outcome:
    """``requests``, ``bytes`` and ``waited`` are the ledger's; ``imported`` says whether Playwright was loaded."""

    replies: list[dict[str, Any]]
    requests: int
    bytes: int
    waited: float
    stats: dict[str, Any]
    imported: bool
    log: str = ""
    status: int = 0

    def body(self, number: int = 0) -> str:
        return base64.b64decode(self.replies[number]["body"]).decode("utf-8")

    def errors(self) -> list[str | None]:
        return [reply["error"] for reply in self.replies]

    def count(self, name: str) -> int:
        return int(self.stats.get(f"newsbot/browser/{name}", 0))


class Renderer(NewsbotSpider):
    name = "renderer"
    kind = "posts"
    item_class = Post
    arguments_model = PostArguments

    def __init__(self, *args: Any, errand: Errand, replies: list[Reply], **kwargs: Any) -> None:
        super().__init__(*args, site=errand.urls[0], render=errand.render, **kwargs)
        self.errand, self.replies = errand, replies

    async def parse_site(self, _response: Response, index: int) -> AsyncIterator[Any]:
        asked = [self.show(url) for url in self.errand.urls]
        if self.errand.at_once:
            self.replies += await asyncio.gather(*asked)
        else:
            self.replies += [await request for request in asked]
        return
        yield

    async def show(self, url: str) -> Reply:
        target, facts = self.facts[0]
        query = Query(url=url, purpose=self.errand.purpose, expects="any", tries=1, render=not self.errand.plain)
        return await self.fetcher.fetch(query, target, facts)


def render(*urls: str, **errand: Any) -> Outcome:
    """Run an errand to its end."""
    process = start(*urls, **errand)
    out, err = process.communicate()
    return outcome_of(process, out, err)


def start(*urls: str, constants: fork_server.Constants = (), **errand: Any) -> fork_server.Running:
    settings = os.environ | {"SCRAPY_SETTINGS_MODULE": "newsbot.settings"}
    return fork_server.start_with(
        {"urls": urls, **errand}, "tests.real.rendering", cwd=ROOT, env=settings, constants=constants
    )


def outcome_of(process: fork_server.Running, out: str, err: str) -> Outcome:
    assert out.strip(), err
    # The summary of the run stands before it.
    return Outcome(**json.loads(out.splitlines()[-1]), log=err, status=process.returncode)


def descendants(pid: int) -> dict[int, str]:
    """Every process below one: pid -> its command line."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(folder.name))
    found: dict[int, str] = {}
    todo = list(children.get(pid, ()))
    while todo:
        one = todo.pop()
        with contextlib.suppress(OSError):
            found[one] = Path(f"/proc/{one}/cmdline").read_text().replace("\0", " ")
        todo += children.get(one, ())
    return found


def chromium_of(pid: int) -> int | None:
    """The first Chromium below a process: the one that started the others."""
    found = [
        one for one, line in descendants(pid).items() if "--remote-debugging-pipe" in line and "--type=" not in line
    ]
    return min(found, default=None)


def left_of(pids: Iterable[int], *, seconds: float = 240) -> set[int]:
    """The processes that still run after they had time to end."""
    ends = time.monotonic() + seconds
    left = set(pids)
    while left and time.monotonic() < ends:
        left = {pid for pid in left if runs(pid)}
        time.sleep(0.05)
    return left


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def main() -> None:
    errand = Errand(**json.loads(sys.stdin.readline()))
    if errand.dns:
        system = resolver.system_lookup
        lookup: resolver.Lookup = lambda host: (errand.dns[host],) if host in errand.dns else system(host)  # noqa: E731
        setattr(resolver, "system_lookup", lookup)  # noqa: B010
    settings = Settings()
    settings.setmodule("newsbot.settings")
    ours = {"NEWSBOT_ARCHIVE": "", "NEWSBOT_DATA": "", "NEWSBOT_DELAY": 0, "NEWSBOT_CONTACT": "https://example.org"}
    settings.update({**ours, "NEWSBOT_ALLOW_PRIVATE": "1", "ITEM_PIPELINES_BASE": {}, "ADDONS": {}, **errand.settings})
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(Renderer)
    replies: list[Reply] = []
    process.crawl(crawler, errand=errand, replies=replies)
    process.start()
    assert crawler.stats is not None
    assert isinstance(crawler.spider, Renderer)
    _, facts = crawler.spider.facts[0]
    stats = {key: value for key, value in crawler.stats.get_stats().items() if isinstance(value, int | float | str)}
    outcome = {
        "replies": [asdict(reply) | {"body": base64.b64encode(reply.body).decode()} for reply in replies],
        "requests": facts.requests,
        "bytes": facts.bytes,
        "waited": facts.waited,
        "stats": stats,
        "imported": "playwright" in sys.modules,
    }
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
