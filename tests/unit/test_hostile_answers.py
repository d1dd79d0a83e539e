"""Whole crawls of a site whose answers are wrong at random places: no answer ends a crawl with an error."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from newsbot.archive import Archive
from newsbot.archive.batch import MissingRows
from newsbot.archive.reader import Filter, read_current
from newsbot.items import Checkpoint, Record
from newsbot.safe_json import json_bytes
from newsbot.spiders.archive_answers import ArchiveAnswers, NoArchive
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.options import KINDS, Options
from newsbot.wordpress.receipt import SiteFacts
from newsbot.wordpress.site_crawl import crawl
from tests.examples import examples
from tests.newsroom.options import Options as RoomOptions
from tests.newsroom.server import question_of
from tests.newsroom.site import FakeSite
from tests.unit.outgoing import outgoing

HOME = "http://127.0.0.1:8"
NUMBERS = (0, -1, 2**31, 2**63, 10**30, -(2**63), 1e308, 1.5, 10**400)
TEXTS = (
    *(
        "",
        "\0",
        "\ud800",
        "-1",
        "1" * 5000,
        "\N{SUPERSCRIPT TWO}",
        "1e400",
        "nan",
        "true",
        "\n",
        "<p>",
        "&#0;&#x110000;",
    ),
    *("2024-13-45T99:99:99", "0000-00-00T00:00:00", "9999-12-31T23:59:59", "-0001-11-30T00:00:00", "a/b/../.."),
    *(
        "http://[x/",
        "//",
        "javascript:1",
        f"{HOME}/%zz",
        "http://a:99999/",
        "http://exa mple/",
        f"{HOME}/?p=" + "9" * 5000,
    ),
)
MARKS = (
    b"<",
    b"&",
    b"]]>",
    b"<!--",
    b"<![CDATA[",
    b"\0",
    b"\xff",
    b"<loc>",
    b"</item>",
    b"<url.0>",
    b"<a:b:c>",
    b"&#xd800;",
)
HEADERS = ("x-wp-total", "x-wp-totalpages", "link", "content-type", "age", "last-modified", "etag", "date")


def wrong(random: Random, value: Any) -> Any:
    """Another value in the place of ``value``."""
    text, number = random.choice(TEXTS), random.choice(NUMBERS)
    wrapped = ([value], {"rendered": value}, {"rendered": {"rendered": value}}, {"0": value}, {"href": value})
    return random.choice(
        (None, True, False, [], {}, [None], number, text, text, [number], [text], {text: value}, *wrapped)
    )


def changed(random: Random, value: Any, rate: float) -> Any:
    """The value with wrong values at random places, without some of its fields, and with some rows twice or missing."""
    if random.random() < rate:
        return wrong(random, value)
    if isinstance(value, dict):
        return {key: changed(random, one, rate) for key, one in value.items() if random.random() > rate / 3}
    if isinstance(value, list):
        rows = [changed(random, item, rate) for item in value]
        if rows and random.random() < rate:
            rows = random.choice((rows[1:], rows[::-1], [*rows, rows[0]], [None, *rows]))
        return rows
    return value


def damaged(random: Random, body: bytes) -> bytes:
    """The bytes with marks in the wrong places, with parts that are lost or repeated, or without an end."""
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(body) + 1)
        part, rest = random.choice(
            ((random.choice(MARKS), body[at:]), (b"", body[at + 40 :]), (body[at:][:300], body[at:]))
        )
        body = body[:at] + part + (b"" if random.random() < 0.1 else rest)
    return body


class HostileSite:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.fake = FakeSite(
            RoomOptions(posts=random.choice((0, 3, 25)), pages=2, stories=3, users=4, tags=8, comments=12, seed=7)
        )
        self.fake.open(8)
        self.rate, self.pages, self.faults = (random.choice(rates) for rates in ((0, 0.002, 0.05), (0, 0.5), (0, 0.1)))

    def reply(self, query: Query) -> Reply:
        random = self.random
        if not query.url.startswith(f"{HOME}/"):
            return Reply(status=0, url=query.url, error=random.choice(("dns", "timeout", "private-address")))
        if random.random() < self.faults / 4:
            return Reply(status=0, url=query.url, error=random.choice(("timeout", "dropped", "too-large", "robots")))
        answer, _ = self.fake.respond(question_of(query.method, query.url.removeprefix(HOME), {}, self.fake))
        body, headers = answer.body, {name.lower(): value for name, value in answer.headers.items()}
        if answer.json and self.rate:
            body = json.dumps(changed(random, json.loads(body), self.rate)).encode()
        elif random.random() < (self.faults / 4 if answer.json else self.pages):
            body = damaged(random, body)
        if random.random() < self.faults:
            headers[random.choice(HEADERS)] = random.choice(TEXTS)
        status = answer.status if random.random() > self.faults / 4 else random.choice((200, 204, 404, 429, 500, 999))
        return Reply(status=status, url=query.url, headers=headers, body=body, fetched_at="2026-01-01T00:00:00Z")


def asked(random: Random, kind: str) -> Options:
    follow = random.sample(("author", "terms", "media", "attachments", "replies", "revisions", "about"), 4)
    return Options(
        url=HOME + random.choice(("/", "/wp-json/", "/feed/", "/category/x/")),
        kind=kind,
        types=("all",) if kind == "terms" or random.random() < 0.6 else ("post",),
        follow=frozenset(follow),
        limit=random.choice((None, None, 5)),
        since=random.choice((None, "2022-01-01T00:00:00")),
        raw=random.random() < 0.3,
        full=random.random() < 0.3,
    )


@examples(12, fixed=True)
@given(st.integers(0, 2**32))
def test_no_hostile_answer_ends_a_crawl_with_an_error(seed: int) -> None:
    random = Random(seed)
    first, *others = random.sample(KINDS, len(KINDS))
    also = [asked(random, kind) for kind in others] if random.random() < 0.4 else []
    facts, reply = SiteFacts(asked=HOME), HostileSite(random).reply
    steps, answer = crawl(asked(random, first), facts, also), NoArchive().answer
    for row in outgoing(steps, reply, answer, most=20_000):
        if isinstance(row, Record):
            json_bytes(row)
    assert facts.verdict is not None


@examples(8, fixed=True)
@given(st.integers(0, 2**32))
def test_no_stored_hostile_answer_ends_a_later_crawl_with_an_error(seed: int) -> None:
    random = Random(seed)
    site = HostileSite(random)
    with TemporaryDirectory() as folder:
        for number in range(3):
            archive = Archive.open(f"sqlite:///{Path(folder) / 'newsbot.db'}", run=f"run-{number}")
            archive.runs.start("wp_posts")
            archive.outbox.enter()
            facts = SiteFacts(asked=HOME)
            options = replace(asked(random, random.choice(("posts", "posts", *KINDS))), raw=True)
            for message in outgoing(crawl(options, facts), site.reply, ArchiveAnswers(archive).answer, most=30_000):
                keep(archive, message)
            archive.flush()
            archive.outbox.sealing([])
            archive.outbox.delivered()
            for kind in KINDS:
                assert all(row.record() for row in read_current(archive.database, Filter(kind=kind)))
            archive.close()
            assert facts.verdict is not None


def keep(archive: Archive, message: Record | Checkpoint) -> None:
    if isinstance(message, Record):
        archive.add(message)
        return
    # A row that a hostile site shows twice counts once here; the pipeline that drops it counts it in a real run.
    with suppress(MissingRows):
        archive.commit(message)
