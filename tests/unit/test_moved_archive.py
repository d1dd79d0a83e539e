"""A site that moved, in the archive: which sites may have moved, and what a rename keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from newsbot.archive import Archive, Crawled, last_crawled
from newsbot.archive.link_key import link_key
from newsbot.archive.reader import Filter, read_current
from newsbot.archive.schema import leases, linked, receipts, sites
from newsbot.items import Checkpoint
from newsbot.wordpress.questions import (
    AskFormer,
    AskHeld,
    HeldRow,
    Recall,
)
from tests.unit.test_moves import NEW, OLD, post


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Posts 1 to 3 of the site OLD. A run archived them, and died before it delivered them."""
    url = f"sqlite:///{tmp_path / 'newsbot.db'}"
    died = Archive.open(url, run="run-1", alive=lambda _: False)
    fill(died)
    died.close()
    archive = Archive.open(url, run="run-2", alive=lambda _: False)
    archive.runs.start("wp_posts")
    yield archive
    archive.close()


def fill(archive: Archive) -> None:
    archive.runs.start("wp_posts")
    assert archive.leases.take(OLD) is None
    for number in (1, 2, 3):
        archive.add(post(number))
    archive.remember(OLD, "/wp/v2/users", {1: {"id": 1, "name": "Ann"}})
    end = {"whole": True, "watermark": "2026-02-01T00:00:00Z", "swept": "2026-02-01T00:00:00Z", "owed": [9]}
    archive.commit(Checkpoint(site=OLD, type="post", sequence=3, cursor=end, done=True))
    archive.runs.keep_site("old-paper.press", {"key": OLD, "name": "Paper", "root": f"{OLD}/wp-json/"})
    crawled = Crawled(site=OLD, name="Paper", asked=("old-paper.press",), verdict="complete", whole=True, facts={})
    archive.runs.conclude("wp_posts", [crawled])


def asked_former(**fields: Any) -> AskFormer:
    values: dict[str, Any] = {"url": NEW, "site": NEW, "type": "post", "rows": ((1, f"{OLD}/?p=1"), (2, "x"))}
    return AskFormer(**(values | fields))


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, [OLD]),
        ({"rows": ((2, f"{OLD}/?p=1"),)}, []),  # the guid of another id
        ({"rows": (), "url": "old-paper.press"}, [OLD]),
        ({"rows": (), "site": "https://old-paper.press"}, [OLD]),
        ({"rows": ()}, []),
    ],
)
def test_archive_finds_the_sites_that_may_have_moved(
    archive: Archive, fields: dict[str, Any], found: list[str]
) -> None:
    formers = archive.moves.former_sites(asked_former(**fields))
    assert [former.site for former in formers] == found
    if formers and not fields:
        assert formers[0].root == f"{OLD}/wp-json/"
        assert formers[0].rows[1] == HeldRow(
            id=1, url=f"{OLD}/story-1/", guid=f"{OLD}/?p=1", slug="story-1", date="2026-01-01T10:00:00"
        )  # fmt: skip


def test_other_sites_are_searched_for_a_site_that_is_not_whole(archive: Archive) -> None:
    assert archive.moves.other_sites(NEW) == "whole"
    assert archive.moves.other_sites(OLD) is None
    archive.add(post(4, site="https://part.press"))
    archive.commit(Checkpoint(site="https://part.press", type="post", sequence=1))
    assert archive.moves.other_sites(NEW) == "parts"


def test_renamed_site_keeps_all_that_the_archive_holds(archive: Archive, tmp_path: Path) -> None:
    check_rename(archive, f"sqlite:///{tmp_path / 'newsbot.db'}")


def check_rename(archive: Archive, url: str) -> None:
    """Rename OLD to NEW, and compare everything that the archive holds. The test on PostgreSQL does the same."""
    assert archive.rename_site(OLD, NEW) is None
    state = archive.state(NEW, "post")
    assert (state.whole, state.watermark, state.live, state.owed) == (True, "2026-02-01T00:00:00Z", 3, (9,))
    assert archive.state(OLD, "post").live == 0
    recovered = [row.record for row in archive.outbox.recover(NEW, "posts")]
    assert [(row.site, row.id) for row in recovered] == [(NEW, 1), (NEW, 2), (NEW, 3)]
    assert archive.add(post(1, NEW, url=f"{OLD}/story-1/")) is False, "nothing is delivered again"
    edited = post(2, NEW, title="A correction")
    assert (archive.add(edited), edited.change, edited.revision) == (True, "edited", 2)
    gone = archive.tombstone(NEW, "post", 3, "2026-03-01T00:00:00Z")
    assert gone is not None and gone.site == NEW
    archive.flush()
    lines = [json.loads(row.line()) for row in read_current(archive.database, Filter(site=NEW))]
    assert [(line["site"], line["id"], line["title"]) for line in lines] == [
        (NEW, 1, "Title 1"), (NEW, 2, "A correction"), (NEW, 3, "Title 3"),
    ]  # fmt: skip
    links = archive.live_links(NEW)
    assert all(link_key(f"{NEW}/story-{number}/") in links for number in (1, 2, 3))
    assert archive.recall(Recall(site=NEW, relation="/wp/v2/users", ids=(1,))) == {1: {"id": 1, "name": "Ann"}}
    assert last_crawled(url, "wp_posts", ["old-paper.press"]).keys() == {"old-paper.press"}
    with archive.database.reading() as connection:
        assert connection.execute(sa.select(leases)).all() == [], "another run may crawl the site under its new key"
        for table in (sites, linked, receipts):
            found = set(connection.execute(sa.select(table.c.site)).scalars())
            assert found == {NEW}, table.name
        facts = json.loads(connection.execute(sa.select(sites.c.facts)).scalar_one())
    assert [moved["site"] for moved in facts["moved_from"]] == [OLD]
    assert archive.runs.site_behind("old-paper.press") is None, "the API is elsewhere now"


def test_rows_stored_under_the_new_key_are_kept(archive: Archive) -> None:
    archive.add(post(-7, OLD))
    archive.add(post(3, NEW, title="As it is now"))
    archive.add(post(4, NEW))
    archive.flush()
    assert archive.rename_site(OLD, NEW) is None
    lines = [json.loads(row.line()) for row in read_current(archive.database, Filter())]
    assert [(line["site"], line["id"], line["title"]) for line in lines] == [
        (NEW, -7, "Title -7"), (NEW, 1, "Title 1"), (NEW, 2, "Title 2"), (NEW, 3, "As it is now"), (NEW, 4, "Title 4"),
    ]  # fmt: skip
    assert archive.moves.held_rows(AskHeld(site=NEW, type="post", ids=(-7, 1))).keys() == {1, 2, 3, 4}
    assert archive.state(NEW, "post").whole is False, "both parts are walked again"


def test_site_that_another_run_crawls_is_not_renamed(archive: Archive, tmp_path: Path) -> None:
    assert archive.leases.take(OLD) is None
    other = Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}", run="run-3", alive=lambda _: True)
    assert other.rename_site(OLD, NEW) == "run-2"
    assert other.state(OLD, "post").live == 3
    other.close()
