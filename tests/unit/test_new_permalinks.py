"""A site that changes its permalinks: all rows are delivered again, and healthy sites are compared once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsbot.archive.archive import Clock
from newsbot.items import Post, Record
from tests.unit.listed_site import LIST, addressed, dated_site, ids, listed_site, run, slugged, urlset
from tests.unit.model_site import HOME, Object


def noon_of(day: int) -> Clock:
    """The time of a run chooses the fields of its listing. At one second of the clock all runs would step alike."""
    return lambda: datetime(2026, 1, day, 12, tzinfo=UTC)


def addresses(rows: Iterable[Record]) -> dict[int, tuple[str | None, str | None]]:
    return {row.id: (row.change, row.url) for row in rows if isinstance(row, Post)}


def test_rows_are_delivered_again_when_the_site_changes_its_permalinks(tmp_path: Path) -> None:
    model = listed_site()
    run(tmp_path, model, "1")
    model.folder = "/news"
    model.web[LIST] = urlset(f"/news/post-{number}/" for number in model.objects)
    rows, facts = run(tmp_path, model, "2", sweep=True)
    edited = {number: ("edited", f"{HOME}/news/post-{number}/") for number in range(1, 31)}
    assert (addresses(rows), facts.verdict, facts.live) == (edited, "complete", 30), facts.why
    assert facts.why.endswith("; 30 came again with a new address")
    assert facts.witnesses["sitemap"] == {"lists": 1, "read": 1, "listed": 30, "lacking": 30, "known": 30} | {
        "readdressed": 30
    }
    rows, facts = run(tmp_path, model, "3", sweep=True)
    assert (rows, facts.witnesses["sitemap"]["lacking"]) == ([], 0)


@pytest.mark.parametrize("count", [8, 30, 250, 700])
def test_new_permalinks_are_found_without_a_sitemap_and_a_feed(tmp_path: Path, count: int) -> None:
    model = dated_site(count)
    model.web.clear()
    first, _ = run(tmp_path, model, "1", site=(site := addressed()), clock=noon_of(1))
    model.folder = "/news"
    address, asked = {row.id: row.url for row in first if isinstance(row, Post)}, []
    for day in range(2, 9):
        model.today = f"2026-01-{day:02}"
        model.asked.clear()
        rows, facts = run(tmp_path, model, f"{day}", site=site, clock=noon_of(day))
        assert facts.verdict == "complete", facts.why
        address |= {row.id: row.url for row in rows if isinstance(row, Post)}
        asked.append(sum("include" in params for _, params in model.asked))
    assert address == {number: f"{HOME}/news/post-{number}/" for number in model.objects}
    assert asked[-2:] == [0, 0], "nothing more is asked for once all rows came"


def test_addresses_of_listings_that_differ_from_their_rows_are_compared_once(tmp_path: Path) -> None:
    model = dated_site(30)
    model.web.clear()
    run(tmp_path, model, "1", site=(site := addressed()), clock=noon_of(1))
    model.listed_folder = "/amp"
    asked = []
    for day in range(2, 9):
        model.today = f"2026-01-{day:02}"
        model.asked.clear()
        rows, facts = run(tmp_path, model, f"{day}", site=site, clock=noon_of(day))
        assert (rows, facts.verdict) == ([], "complete"), facts.why
        asked.append(sum("include" in params for _, params in model.asked))
    assert sum(asked) == 1


def test_rows_that_a_pipeline_drops_have_no_new_address(tmp_path: Path) -> None:
    rows, facts = run(tmp_path, listed_site(), "1", dropped=range(1, 21))
    assert (ids(rows), facts.sent, facts.verdict) == (list(range(21, 31)), 30, "complete"), facts.why
    assert "readdressed" not in facts.witnesses["sitemap"]


def test_new_permalinks_are_found_by_the_feed_of_an_update(tmp_path: Path) -> None:
    model = listed_site()
    run(tmp_path, model, "1")
    model.folder = "/news"
    model.objects[31] = Object(31, 60 * 31)
    model.web[LIST] = urlset(f"/news/post-{number}/" for number in model.objects)
    entries = (f"<item><link>{HOME}/news/post-{n}/</link><guid>{HOME}/?p={n}</guid></item>" for n in range(31, 21, -1))
    model.web["/feed/"] = f"<rss version='2.0'><channel><title>A</title>{''.join(entries)}</channel></rss>"
    rows, facts = run(tmp_path, model, "2", site=(site := slugged()))
    assert not site.doubted
    assert sorted(addresses(rows).values()) == sorted(
        ("new" if number == 31 else "edited", f"{HOME}/news/post-{number}/") for number in range(1, 32)
    ), facts.why
    assert (facts.mode, facts.verdict, facts.live) == ("update", "complete", 31), facts.why
