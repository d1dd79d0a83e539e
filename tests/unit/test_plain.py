"""Text that no JSON encoder accepts, anywhere in a site's data, costs no row, no site and no receipt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from scrapy.utils.test import get_crawler

from newsbot.archive import Archive, Crawled
from newsbot.archive.payloads import RowState, json_line, json_of, pack, shape_of, unpack
from newsbot.archive.schema import receipts
from newsbot.extensions.receipt import ReceiptExtension
from newsbot.items import Post
from newsbot.safe_json import BEYOND_FLOATS, repaired
from newsbot.spiders.archive_answers import ArchiveAnswers
from newsbot.wordpress.questions import KeepSite, Recall, Remember
from newsbot.wordpress.receipt import SiteFacts

SITE = "https://news.example"
LONE, MENDED = "half an \ud83d emoji", "half an \ufffd emoji"
STATE = RowState(1, "new", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    opened = Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}", run="run-1")
    yield opened
    opened.close()


def nested(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(levels):
        inner = {"in": inner}
    return inner


@pytest.mark.parametrize(
    "raw",
    [
        {"views": float("nan"), "alt": LONE},
        {"number": 2**70, "views": float("inf")},
        {"number": 10**400, "least": -(10**5000)},
        nested(300),
        nested(990),
    ],
    ids=["nan", "large", "beyond-floats", "deep", "deeper"],
)
def test_row_is_stored_with_any_raw_object(raw: dict[str, Any]) -> None:
    payload = pack(Post(site=SITE, type="post", id=1, title="\ud83d\ude00", raw=raw))
    line = orjson.loads(json_line(json_of(payload), STATE, kind="posts", shape=shape_of("posts")))
    again: Any = unpack(payload, STATE, kind="posts")
    assert (line["title"], again.title, again.revision) == ("\U0001f600", "\U0001f600", 1)
    assert line["raw"] == again.raw


def test_the_greatest_integer_that_a_reader_takes_is_kept_and_the_next_one_is_not() -> None:
    assert repaired([BEYOND_FLOATS - 1, BEYOND_FLOATS, -BEYOND_FLOATS]) == [BEYOND_FLOATS - 1, None, None]
    orjson.loads(str(BEYOND_FLOATS - 1))
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(str(BEYOND_FLOATS))


def test_linked_object_with_a_lone_surrogate_is_stored(archive: Archive) -> None:
    memory = ArchiveAnswers(archive)
    memory.answer(Remember(site=SITE, relation="/wp/v2/media", objects={9: {"id": 9, "alt": LONE, "width": 2**70}}))
    archive.flush()
    found = memory.answer(Recall(site=SITE, relation="/wp/v2/media", ids=(9,)))
    assert found == {9: {"id": 9, "alt": MENDED, "width": float(2**70)}}


def test_site_whose_name_has_a_lone_surrogate_is_stored_with_a_receipt(archive: Archive, tmp_path: Path) -> None:
    ArchiveAnswers(archive).answer(KeepSite(url=SITE, site={"key": SITE, "name": f"{LONE}\x00"}))
    facts = SiteFacts(asked=SITE, site=SITE, name=LONE)
    crawled = Crawled(site=SITE, name=LONE, asked=(SITE,), verdict="complete", whole=True, facts={"name": LONE})
    archive.runs.conclude("wp_posts", [crawled])
    with archive.database.reading() as connection:
        assert orjson.loads(connection.execute(sa.select(receipts.c.facts)).scalar_one()) == {"name": MENDED}

    receipt = ReceiptExtension(get_crawler(settings_dict={"NEWSBOT_RUN": "run-1", "NEWSBOT_DATA": str(tmp_path)}))
    receipt.sites = [facts]
    receipt._conclude("wp_posts")
    assert receipt.path is not None
    assert json.loads(receipt.path.read_text(encoding="utf-8"))["sites"][0]["name"] == MENDED
