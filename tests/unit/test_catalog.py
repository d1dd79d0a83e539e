"""Which collections a crawl brings, of those that a site offers."""

from __future__ import annotations

from typing import Any

import pytest

from newsbot.items import Checkpoint, Record
from newsbot.spiders.archive_answers import NoArchive
from newsbot.wordpress.api import Collection, read_collections
from newsbot.wordpress.catalog import INTERNAL_TYPES, choose
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.offered import crawl_collections
from newsbot.wordpress.options import Options
from newsbot.wordpress.questions import AskState, CollectionState
from newsbot.wordpress.receipt import SiteFacts
from tests.unit.model_site import HOME, site

OFFERED = {name: Collection(name=name, route=f"/wp/v2/{name}s") for name in ("post", "page", "event", "wp_block")}


@pytest.mark.parametrize(
    ("wanted", "chosen", "unknown"),
    [
        (("post",), ["post"], []),
        (("all",), ["post", "page", "event"], []),
        (("all", "nosuch"), ["post", "page", "event"], ["nosuch"]),
        (("nosuch", "all", "wp_block", "post"), ["post", "page", "event", "wp_block"], ["nosuch"]),
        (("page", "nosuch"), ["page"], ["nosuch"]),
    ],
)
def test_all_can_be_combined_with_names(wanted: tuple[str, ...], chosen: list[str], unknown: list[str]) -> None:
    catalog = choose(OFFERED, wanted, INTERNAL_TYPES)
    assert [collection.name for collection in catalog.collections] == chosen
    assert (catalog.unknown, catalog.public) == (unknown, ["event", "page", "post"])


def test_names_with_control_characters_are_cleaned() -> None:
    listed = {"a\x00b": {"rest_base": "a\x1b"}, "half\ud83d": {"rest_base": "h\udc00", "rest_namespace": "x\x00/v1"}}
    found = read_collections(listed | {"\x00": {"rest_base": "none"}, "c": {"rest_base": 5}, "d": "no"})
    assert [(name, one.route) for name, one in found.items()] == [("ab", "/wp/v2/a"), ("half", "/x/v1/h")]
    for collection in found.values():
        site().api.url(collection.route, {"slug": "half\ud83d"}).encode()


def refused(status: int, code: str) -> bytes:
    return f'{{"code": "{code}", "message": "No.", "data": {{"status": {status}}}}}'.encode()


@pytest.mark.parametrize(
    ("types", "live", "status", "code", "reported"),
    [
        (("all",), 0, 401, "rest_forbidden", False),
        (("all",), 0, 404, "rest_no_route", False),
        (("all",), 20, 401, "rest_forbidden", True),
        (("all",), 20, 404, "rest_no_route", True),
        (("all", "event"), 0, 401, "rest_forbidden", True),
    ],
)
def test_type_closed_to_visitors_is_reported_when_the_user_or_the_archive_names_it(
    types: tuple[str, ...], live: int, status: int, code: str, reported: bool
) -> None:
    facts = SiteFacts(asked=HOME)
    talk = crawl_collections(site(), Options(url=HOME, types=types, follow=frozenset()), facts)
    answer: Any = None
    while True:
        try:
            message = talk.send(answer)
        except StopIteration:
            break
        answer = None
        if isinstance(message, AskState):
            answer = CollectionState(live=live, whole=bool(live), watermark="2026-01-01T00:00:00Z" if live else None)
        elif isinstance(message, Query):
            body, given = refused(status, code), status
            if "/types" in message.url:
                body, given = b'{"event": {"rest_base": "events"}}', 200
            answer = Reply(status=given, url=message.url, body=body)
        elif not isinstance(message, Record | Checkpoint):
            answer = NoArchive().answer(message)
    assert ("event" in facts.collections) == reported
    assert facts.verdict != "complete"
