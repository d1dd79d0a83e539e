"""What the driver does with a conversation's messages, in which order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any

import pytest
from scrapy.exceptions import DownloadFailedError
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from newsbot.items import Checkpoint, Post
from newsbot.net.download_errors import one_line
from newsbot.spiders.archive_answers import Memory
from newsbot.spiders.wp_posts import WpPostSpider
from newsbot.wordpress.messages import AskState, Query, Reply

QUERY = Query(url="https://news.example/wp-json/", purpose="list")
ASK = AskState(site="https://news.example", type="post")


def post(number: int) -> Post:
    return Post(site="https://news.example", type="post", id=number)


class Driver(WpPostSpider):
    """Answers itself; ``told`` is what happened: rows as they left, ``asked``, ``answered``, ``clear``, ``dropped``."""

    def __init__(self, *, turns: int = 5, **arguments: Any) -> None:
        super().__init__(**{"site": "https://news.example", **arguments})
        self.turns = turns
        self.told: list[Any] = []
        self.road: Any = self

    def _memory(self) -> Memory:
        return Memory(None)

    async def ask(self, query: Query, *_: Any) -> Reply:
        self.told.append("asked")
        try:
            for _turn in range(self.turns):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.told.append("dropped")
            raise
        self.told.append("answered")
        return Reply(status=200, url=query.url)

    async def clear(self, _seed: int) -> None:
        self.told.append("clear")

    async def drive(self, talk: Generator[Any, Any, None], *, most: int | None = None) -> list[Any]:
        driving = self._drive(talk, 0)
        async for item in driving:
            self.told.append(item.id if isinstance(item, Post) else "checkpoint")
            if most is not None and len(self.told) >= most:
                await driving.aclose()  # type: ignore[attr-defined]
        return self.told


def drive(talk: Callable[[], Generator[Any, Any, None]], *, most: int | None = None, **options: Any) -> list[Any]:
    return asyncio.run(Driver(**options).drive(talk(), most=most))


def test_what_twisted_tells_of_a_connection_is_told_in_words() -> None:
    why = DownloadFailedError(str([Failure(ConnectionDone())]))  # type: ignore[no-untyped-call]
    assert one_line(why) == "Connection was closed cleanly."


def test_rows_take_their_road_while_the_next_question_is_under_way() -> None:
    def talk() -> Generator[Any, Any, None]:
        yield from (post(number) for number in range(1, 9))
        yield Checkpoint(site="https://news.example", type="post", sequence=8)
        assert (yield QUERY).status == 200
        yield post(9)

    told = drive(talk)
    assert told.index("asked") < told.index(2) < told.index("answered") < told.index(8)
    assert [one for one in told if one not in ("asked", "answered")] == [*range(1, 9), "checkpoint", 9]


def test_a_question_to_the_archive_waits_for_every_row_before_it() -> None:
    def talk() -> Generator[Any, Any, None]:
        yield post(1)
        yield QUERY
        yield from (post(2), post(3))
        assert (yield ASK) is not None
        yield post(4)

    told = drive(talk, turns=0)
    assert told.index(3) < told.index("clear") < told.index(4)


@pytest.mark.parametrize(("sites", "most"), [(1, 400), (4, 100), (400, 25)])
def test_no_more_rows_wait_than_their_share(sites: int, most: int) -> None:
    waiting = sent = 0
    driver = Driver(site=",".join(f"https://site-{number}.example" for number in range(sites)), turns=0)

    def talk() -> Generator[Any, Any, None]:
        nonlocal sent
        for number in range(2_000):
            sent += 1
            yield post(number)
        yield QUERY
        assert sent - sum(isinstance(one, int) for one in driver.told) <= most

    async def watch() -> None:
        nonlocal waiting
        driving = driver._drive(talk(), 0)
        async for item in driving:
            driver.told.append(item.id)
            waiting = max(waiting, sent - len([one for one in driver.told if isinstance(one, int)]))

    asyncio.run(watch())
    assert waiting <= 2 * most
    assert [one for one in driver.told if isinstance(one, int)] == list(range(2_000))


def test_a_crawl_that_breaks_off_drops_its_question() -> None:
    def talk() -> Generator[Any, Any, None]:
        yield from (post(number) for number in range(1, 9))
        yield QUERY

    told = drive(talk, most=4, turns=1_000)
    assert told[-1] == "dropped"
    assert 8 not in told
