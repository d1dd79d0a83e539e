"""What the driver does with the messages of a site crawl, and in which order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scrapy.exceptions import DownloadFailedError
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from newsbot.archive import Archive
from newsbot.arguments.site_list import Target
from newsbot.items import Checkpoint, Post
from newsbot.net.download_errors import one_line
from newsbot.spiders.archive_answers import ArchiveAnswers, NoArchive
from newsbot.spiders.claims import Claims
from newsbot.spiders.driver import MAX_WAITING, SiteDriver
from newsbot.spiders.wp_posts import WpPostSpider
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.questions import AskState, RenameSite, SiteCrawl
from newsbot.wordpress.receipt import SiteFacts
from newsbot.wordpress.scope import Scope

QUERY = Query(url="https://news.example/wp-json/", purpose="list")
ASK = AskState(site="https://news.example", type="post")


def post(number: int) -> Post:
    return Post(site="https://news.example", type="post", id=number)


class Drive:
    """A driver whose site and archive answer at once. ``events`` lists what happened, in order: the id of each row that
    left, ``checkpoint``, ``asked``, ``answered``, ``delivered``, ``cancelled``.

    The site's answer takes ``turns`` turns of the event loop.
    """

    def __init__(
        self, crawl: Callable[[], SiteCrawl], *, turns: int = 5, max_waiting: int = MAX_WAITING, due: bool = True
    ) -> None:
        self.turns = turns
        self.events: list[Any] = []
        archive = NoArchive()
        target = Target(url="https://news.example")
        self.driver = SiteDriver(
            crawl=crawl(),
            target=target,
            facts=SiteFacts(asked=target.url),
            kinds=("posts",),
            archive=archive,
            claims=Claims(archive, kinds=["posts"]),
            fetch=self.fetch,
            delivered=self.delivered,
            max_waiting=max_waiting,
            is_due=lambda: due,
        )

    async def fetch(self, query: Query) -> Reply:
        self.events.append("asked")
        try:
            for _turn in range(self.turns):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise
        self.events.append("answered")
        return Reply(status=200, url=query.url)

    async def delivered(self) -> None:
        self.events.append("delivered")

    @property
    def rows(self) -> list[int]:
        """The ids of the rows that left so far."""
        return [event for event in self.events if isinstance(event, int)]

    async def run(self, *, most: int | None = None) -> list[Any]:
        """Drive to the end, or until ``most`` events happened."""
        items = self.driver.run()
        async for item in items:
            self.events.append(item.id if isinstance(item, Post) else "checkpoint")
            if most is not None and len(self.events) >= most:
                await items.aclose()  # type: ignore[attr-defined]
        return self.events


def drive(crawl: Callable[[], SiteCrawl], *, most: int | None = None, turns: int = 5) -> list[Any]:
    return asyncio.run(Drive(crawl, turns=turns).run(most=most))


def test_the_reason_of_a_failed_connection_is_plain_text() -> None:
    why = DownloadFailedError(str([Failure(ConnectionDone())]))  # type: ignore[no-untyped-call]
    assert one_line(why) == "Connection was closed cleanly."


def test_rows_are_delivered_while_a_request_is_in_progress() -> None:
    def crawl() -> SiteCrawl:
        yield from (post(number) for number in range(1, 9))
        yield Checkpoint(site="https://news.example", type="post", sequence=8)
        assert (yield QUERY).status == 200
        yield post(9)

    events = drive(crawl)
    assert events.index("asked") < events.index(2) < events.index("answered") < events.index(8)
    delivered = [event for event in events if event not in ("asked", "answered")]
    assert delivered == [*range(1, 9), "checkpoint", 9, "delivered"]


def test_a_question_to_the_archive_waits_until_every_earlier_row_is_delivered() -> None:
    def crawl() -> SiteCrawl:
        yield post(1)
        yield QUERY
        yield from (post(2), post(3))
        assert (yield ASK) is not None
        yield post(4)

    events = drive(crawl, turns=0)
    assert events.index(3) < events.index("delivered") < events.index(4)


@pytest.mark.parametrize("lacks", [False, True])
def test_a_site_is_complete_only_when_the_archive_has_its_last_rows(
    lacks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crawl() -> SiteCrawl:
        driving.driver.facts.site = "https://news.example"
        yield post(1)
        yield post(2)
        driving.driver.facts.end("complete", "all came")

    driving = Drive(crawl)
    # The archive fails while it takes the last row, which is after the crawl has ended.
    monkeypatch.setattr(driving.driver.archive, "lacks_rows", lambda site: lacks and driving.events[-1] == "delivered")
    assert asyncio.run(driving.run()) == [1, 2, "delivered"]
    assert driving.driver.facts.verdict == ("incomplete" if lacks else "complete")


def test_no_row_and_no_question_is_sent_after_the_run_is_closed() -> None:
    def crawl() -> SiteCrawl:
        facts = driving.driver.facts
        facts.collection("post")
        yield from (post(number) for number in range(1, 9))
        yield Checkpoint(site="https://news.example", type="post", sequence=8, done=True)
        facts.collection("post").end("complete", "all came")
        yield ASK
        raise AssertionError("the crawl goes on")

    driving = Drive(crawl)
    driving.driver.is_closed = lambda: len(driving.rows) >= 3
    facts = driving.driver.facts
    assert asyncio.run(driving.run()) == [1, 2, 3]
    why = "CLOSESPIDER_ITEMCOUNT closed the crawl; 5 or more rows are left to the next run"
    assert (facts.verdict, facts.why, facts.cause) == ("incomplete", f"post: {why}", "stopped")
    assert (facts.collections["post"].verdict, facts.collections["post"].why) == ("incomplete", why)


def test_run_that_is_closed_after_its_last_row_is_complete() -> None:
    def crawl() -> SiteCrawl:
        yield post(1)
        yield Checkpoint(site="https://news.example", type="post", sequence=1, done=True)
        driving.driver.facts.end("complete", "all came")

    driving = Drive(crawl)
    driving.driver.is_closed = lambda: len(driving.rows) >= 1
    assert asyncio.run(driving.run()) == [1, "checkpoint", "delivered"]
    assert driving.driver.facts.verdict == "complete"


@pytest.mark.parametrize(("sites", "most"), [(1, 200), (4, 50), (400, 12)])
def test_the_sites_of_a_run_share_the_rows_that_may_wait(sites: int, most: int) -> None:
    spider = WpPostSpider(site=",".join(f"https://site-{number}.example" for number in range(sites)))
    assert spider.max_waiting == most


@pytest.mark.parametrize("most", [400, 100, 25])
def test_number_of_waiting_rows_is_limited(most: int) -> None:
    waiting = sent = 0

    def crawl() -> SiteCrawl:
        nonlocal sent
        for number in range(2_000):
            sent += 1
            yield post(number)
        yield QUERY
        assert sent - len(driving.rows) <= most

    async def watch() -> None:
        nonlocal waiting
        async for item in driving.driver.run():
            driving.events.append(item.id)
            waiting = max(waiting, sent - len(driving.rows))

    driving = Drive(crawl, turns=0, max_waiting=most)
    asyncio.run(watch())
    assert waiting <= 2 * most
    assert driving.rows == list(range(2_000))


def test_interrupted_crawl_cancels_its_query() -> None:
    def crawl() -> SiteCrawl:
        yield from (post(number) for number in range(1, 9))
        yield QUERY

    events = drive(crawl, most=4, turns=1_000)
    assert events[-1] == "cancelled"
    assert 8 not in events


def test_site_that_another_run_has_checked_gets_no_request() -> None:
    def crawl() -> SiteCrawl:
        yield QUERY

    passed_over = Drive(crawl, due=False)
    assert asyncio.run(passed_over.run()) == []
    assert passed_over.driver.facts.verdict == "elsewhere"


def test_second_entry_of_a_site_is_complete_and_has_no_collections() -> None:
    def kept() -> SiteCrawl:
        driver.driver.facts.site = "https://news.example"
        driver.driver.facts.collection("post")
        yield ASK

    driver = Drive(kept)
    first = Target(url="https://old.example")
    driver.driver.claims = Claims(driver.driver.archive, kinds=["posts"])
    assert driver.driver.claims.take_site("https://news.example", first) is None
    asyncio.run(driver.run())
    facts = driver.driver.facts
    assert (facts.verdict, facts.collections) == ("complete", {})
    assert facts.why == "the same site as another of this run: https://news.example"


SITE, WORLD, SPORT = "https://news.example", Scope(terms={"categories": (1,)}), Scope(terms={"categories": (2,)})


def test_parts_of_one_site_are_crawled_one_after_another() -> None:
    claims = Claims(NoArchive(), kinds=["posts"], whole_holds=lambda part, _target: part.article is None)
    world, sport, site, article = (Target(url=f"{SITE}/{name}") for name in ("world", "sport", "", "article"))
    assert (claims.at_work(SITE, world), claims.take_site(SITE, world, WORLD)) == (None, None)
    begun = claims.at_work(SITE, sport)
    assert begun is not None
    assert (begun.target, begun.ended.is_set(), claims.is_shared(SITE)) == (world, False, False)
    claims.end(world)
    assert begun.ended.is_set()
    assert (claims.at_work(SITE, sport), claims.take_site(SITE, sport, SPORT)) == (None, None)
    assert claims.is_shared(SITE)
    # A target that holds a site does not wait for another target: that one may be waiting for the first.
    claims.take_site("https://other.example", article, WORLD)
    assert claims.at_work(SITE, article) is None
    assert claims.taken_by_another(SITE, Target(url=f"{SITE}/sport/page/2"), SPORT) == (
        *("complete", f"the same site as another of this run: {SITE}"), None,
    )  # fmt: skip
    claims.take_site(SITE, site)
    assert claims.taken_by_another(SITE, Target(url=f"{SITE}/tag"), Scope(terms={"tags": (3,)})) == (
        *("complete", f"this run crawls the whole site: {SITE}/"), None,
    )  # fmt: skip
    assert claims.taken_by_another(SITE, Target(url=f"{SITE}/post"), Scope(article=5, type="page")) is None
    moved = claims.taken_by_another(SITE, Target(url=f"{SITE}/new"), Scope(article=5, type="page"), moves=True)
    assert moved is not None
    assert moved[0] == "incomplete"


def test_repeated_parts_of_one_site_are_crawled_one_after_another() -> None:
    claims = Claims(NoArchive(), kinds=["posts"])
    world, sport = Target(url=f"{SITE}/world"), Target(url=f"{SITE}/sport")
    for target, part in ((world, WORLD), (sport, SPORT)):
        claims.take_site(SITE, target, part)
        claims.end(target)
    claims.take_site(SITE, sport, SPORT)
    begun = claims.at_work(SITE, world)
    assert begun is not None
    assert begun.target == sport
    claims.end(sport)
    assert claims.at_work(SITE, world) is None


def test_a_part_waits_until_the_rows_of_the_part_before_it_are_archived() -> None:
    def part() -> SiteCrawl:
        driving.driver.facts.site, driving.driver.facts.part = SITE, SPORT
        yield ASK

    async def run() -> list[str]:
        seen: list[str] = []
        crawl = asyncio.ensure_future(driving.run())
        for _turn in range(10):
            await asyncio.sleep(0)
        seen += ["waits" if not crawl.done() else "went on"]
        claims.end(first)
        await crawl
        return [*seen, *began]

    driving, first, began = Drive(part), Target(url=f"{SITE}/world"), list[str]()
    claims = driving.driver.claims = Claims(driving.driver.archive, kinds=["posts"])
    claims.take_site(SITE, first, WORLD)
    driving.driver.part_began = lambda: began.append("began")
    assert asyncio.run(run()) == ["waits", "began"]


def test_next_part_waits_for_the_rows_of_a_failed_crawl() -> None:
    def crawl() -> SiteCrawl:
        yield post(1)
        yield QUERY
        raise ValueError("a fault")

    broken = Drive(crawl)
    ended: list[Any] = []

    def end(target: Target) -> None:
        assert target is broken.driver.target
        ended.append(list(broken.events))

    broken.driver.claims.end = end  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="a fault"):
        asyncio.run(broken.run())
    (events,) = ended
    assert (1 in events, events[-1]) == (True, "delivered")


def test_site_that_moved_is_not_renamed_while_another_entry_crawls_it() -> None:
    def moved() -> SiteCrawl:
        yield RenameSite(old="https://old.example", new="https://news.example")
        raise AssertionError("the crawl goes on")

    driver = Drive(moved)
    first = Target(url="https://old.example")
    driver.driver.claims = Claims(driver.driver.archive, kinds=["posts"])
    driver.driver.claims.take_site("https://old.example", first)
    asyncio.run(driver.run())
    assert (driver.driver.facts.verdict, driver.events) == ("complete", ["delivered"])


def test_released_site_may_be_crawled_by_another_run(tmp_path: Path) -> None:
    url, target = f"sqlite:///{tmp_path / 'newsbot.db'}", Target(url="https://news.example")
    archives = [Archive.open(url, run=run, alive=lambda _: True) for run in ("run-1", "run-2")]
    one, two = (Claims(ArchiveAnswers(archive), kinds=["posts", "media"], shares=True) for archive in archives)
    assert (one.take_address(target.url), one.take_site("https://www.news.example", target)) == (None, None)
    assert two.take_address(target.url) == ("elsewhere", "busy: run run-1 is crawling this site", "another-run")
    one.release(target)
    assert (two.take_address(target.url), two.take_site("https://www.news.example", target)) == (None, None)
    for archive in archives:
        archive.close()
