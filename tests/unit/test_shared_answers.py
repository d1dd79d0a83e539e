"""Answers that several targets of a run need alike."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from newsbot.arguments.site_list import Target
from newsbot.spiders.shared_answers import MOST_BYTES, SHARED_SECONDS, SharedAnswers, beside_each
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.together import MOST_TOGETHER

ARTICLES = ["https://a.example/one/", "www.a.example/two/", "https://A.example/three/"]
INDEX = Query(url="https://a.example/wp-json/", purpose="index", expects="any")
GOOD = Reply(status=200, url=INDEX.url)


class AnsweringSite:
    """A site that gives ``replies`` in turn, and a clock. ``count`` is how often the site was asked."""

    def __init__(self, replies: Sequence[Reply]) -> None:
        self.replies, self.count, self.now = list(replies), 0, 100.0

    def clock(self) -> float:
        return self.now

    async def ask(self) -> Reply:
        self.count += 1
        await asyncio.sleep(0)
        return self.replies.pop(0)


def shared(site: AnsweringSite, urls: Sequence[str]) -> SharedAnswers:
    return SharedAnswers(urls, clock=site.clock)


async def at_once(
    answers: SharedAnswers, site: AnsweringSite, urls: Sequence[str], query: Query = INDEX
) -> list[Reply]:
    return list(await asyncio.gather(*(answers.answer(query, url, site.ask) for url in urls)))


@pytest.mark.parametrize("lasting", [GOOD, Reply(status=404, url=INDEX.url)], ids=["200", "404"])
def test_targets_of_one_host_request_the_index_once(lasting: Reply) -> None:
    async def run() -> None:
        site = AnsweringSite([lasting, GOOD])
        answers = shared(site, ARTICLES)
        assert await at_once(answers, site, ARTICLES) == [lasting] * 3
        site.now += SHARED_SECONDS - 1
        assert (await at_once(answers, site, ARTICLES[:1]), site.count) == ([lasting], 1)
        site.now += 1
        assert (await at_once(answers, site, ARTICLES[:1]), site.count) == ([GOOD], 2)

    asyncio.run(run())


@pytest.mark.parametrize(
    "failure",
    [
        Reply(status=0, url=INDEX.url, error="timeout"),
        *(Reply(status=status, url=INDEX.url) for status in (503, 429, 408)),
        Reply(status=200, url=INDEX.url, body=b'{"name": "A", "routes": {"/wp/v2'),
    ],
    ids=["timeout", "503", "429", "408", "cut off"],
)
def test_failure_is_shared_only_with_targets_that_waited_for_it(failure: Reply) -> None:
    async def run() -> None:
        site = AnsweringSite([failure, GOOD])
        answers = shared(site, ARTICLES)
        assert (await at_once(answers, site, ARTICLES), site.count) == ([failure] * 3, 1)
        site.now += 1
        assert (await at_once(answers, site, ARTICLES[:1]), site.count) == ([GOOD], 2)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("urls", "query"),
    [
        (ARTICLES[:1], INDEX),
        ([ARTICLES[0], "https://b.example/"], INDEX),
        (ARTICLES, Query(url="https://a.example/wp-json/wp/v2/posts", purpose="list")),
        (ARTICLES, Query(url="https://a.example/one/", purpose="discover")),
    ],
    ids=["one target", "two hosts", "a listing", "a page"],
)
def test_other_queries_are_not_shared(urls: Sequence[str], query: Query) -> None:
    async def run() -> None:
        site = AnsweringSite([GOOD, GOOD])
        await at_once(shared(site, urls), site, [urls[0], urls[0]], query)
        assert site.count == 2

    asyncio.run(run())


@pytest.mark.parametrize("urls", [ARTICLES, ARTICLES[:1]], ids=["articles", "one article"])
def test_answer_to_a_named_query_is_shared_with_any_result(urls: Sequence[str]) -> None:
    async def run() -> None:
        failure, stopped = (Reply(status=0, url=INDEX.url, error=error) for error in ("timeout", "stopped"))
        site = AnsweringSite([failure, stopped, GOOD])
        answers = shared(site, urls)
        first, second = (Query(url=f"https://a.example/{n}", purpose="list", shared="rows") for n in range(2))
        assert await at_once(answers, site, urls, first) == [failure] * len(urls)
        site.now += 1
        assert (await at_once(answers, site, urls[:1], second), site.count) == ([failure], 1)
        other = Query(url="https://a.example/0", purpose="list", shared="other rows")
        assert (await at_once(answers, site, urls[:1], other), site.count) == ([stopped], 2)
        site.now += 1
        assert (await at_once(answers, site, urls[:1], other), site.count) == ([GOOD], 3)

    asyncio.run(run())


def test_targets_of_one_host_with_one_delay_are_grouped() -> None:
    urls = [f"https://a.example/{number}/" for number in range(MOST_TOGETHER + 2)]
    alone = ["https://a.example/", "https://b.example/x/"]
    targets = [Target(url=url) for url in [*urls, *alone]] + [Target(url="https://a.example/slow/", delay=5)]
    found = beside_each(targets)
    assert set(found) == set(urls)
    assert [found[urls[0]], found[urls[-1]]] == [urls[:MOST_TOGETHER], urls[MOST_TOGETHER:]]


def test_the_answers_of_a_host_are_released_when_its_last_target_ends() -> None:
    async def run() -> None:
        site = AnsweringSite([GOOD, GOOD])
        answers = shared(site, ARTICLES)
        await at_once(answers, site, ARTICLES)
        for url in ARTICLES:
            assert (await at_once(answers, site, ARTICLES[:1]), site.count) == ([GOOD], 1)
            answers.ended(url)
        answers.ended("https://b.example/")
        await at_once(answers, site, ARTICLES[:1])
        assert site.count == 2

    asyncio.run(run())


def test_least_recently_used_answers_are_dropped_beyond_the_limit() -> None:
    async def run() -> None:
        site = AnsweringSite([Reply(status=404, url="", body=bytes(MOST_BYTES // 4))] * 6)
        answers = shared(site, ARTICLES)

        async def count(folder: str) -> int:
            query = Query(url=f"https://a.example/{folder}/wp-json/", purpose="index")
            await answers.answer(query, ARTICLES[0], site.ask)
            return site.count

        asked = [await count(folder) for folder in ("one", "two", "three", "one", "four", "one", "two")]
        assert asked == [1, 2, 3, 3, 4, 4, 5]
        for url in ARTICLES:
            answers.ended(url)
        assert (answers._answers, answers._size) == ({}, 0)

    asyncio.run(run())


def test_answer_as_large_as_the_limit_is_shared() -> None:
    async def run() -> None:
        site = AnsweringSite([Reply(status=200, url="", body=bytes(MOST_BYTES))])
        await at_once(shared(site, ARTICLES), site, ARTICLES)
        assert site.count == 1

    asyncio.run(run())


def test_next_target_sends_the_request_of_a_cancelled_target() -> None:
    async def run() -> None:
        site = AnsweringSite([GOOD])
        answers = shared(site, ARTICLES)

        async def never() -> Reply:
            await asyncio.Event().wait()
            raise AssertionError

        asking = asyncio.ensure_future(answers.answer(INDEX, ARTICLES[0], never))
        waiting = asyncio.ensure_future(answers.answer(INDEX, ARTICLES[1], site.ask))
        await asyncio.sleep(0)
        asking.cancel()
        assert await waiting == GOOD

    asyncio.run(run())
