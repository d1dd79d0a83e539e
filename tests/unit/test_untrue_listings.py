"""Listings that tell something untrue about their rows: ids that no row has, rows without a date of change."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from newsbot.wordpress.collection.insertions import Newest, newest_ids
from newsbot.wordpress.collection.site_ids import Dates, Listed, SiteIds
from newsbot.wordpress.messages import Query, Reply, Steps
from newsbot.wordpress.options import Options
from newsbot.wordpress.queries import Queries
from tests.unit.outgoing import outgoing
from tests.unit.soak_archive import SoakArchive
from tests.unit.soak_sequences import COLLECTIONS, crawled
from tests.unit.soak_site import DAY, KEY, START, Entry, Params, SoakSite


@dataclass
class InventedIds(SoakSite):
    """Each page of a listing names other ids, which no row has."""

    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def _row(self, one: Entry, params: Params) -> dict[str, Any]:
        row = super()._row(one, params)
        return row if "include" in params else row | {"id": self.chance.randrange(1_000, 10**6)}


@dataclass
class PartlyUndated(SoakSite):
    """A plugin takes the date of change out of the rows ``undated``, and ``modified_after`` finds them all the same."""

    undated: frozenset[int] = frozenset()

    def _row(self, one: Entry, params: Params) -> dict[str, Any]:
        row = super()._row(one, params)
        if one.id in self.undated:
            row = {name: value for name, value in row.items() if not name.startswith("modified")}
        return row


@dataclass
class WithoutOffsets(SoakSite):
    """A site that gives no total and ignores offsets, so that only page numbers list its rows."""

    lie: str = "no total"

    def _listing(self, params: Params, every: Iterable[Entry] | None = None) -> Reply:
        return super()._listing({name: value for name, value in params.items() if name != "offset"}, every)


@dataclass
class OutdatedIds(SoakSite):
    """The listing of all ids is older than the newest row."""

    def reply(self, query: Query) -> Reply:
        every = self.entries
        if query.purpose == "sweep":
            self.entries = {row_id: one for row_id, one in every.items() if row_id != self.newest}
        reply = super().reply(query)
        self.entries = every
        return reply


def filled(site: SoakSite, posts: int) -> SoakSite:
    for number in range(posts):
        site.insert(START - (posts - number) * DAY)
    return site


def test_listed_ids_without_rows_are_reported_with_few_requests() -> None:
    site = filled(InventedIds(per_page=50), 100)
    facts, _ = crawled("posts", site, SoakArchive(), confirm=False)
    assert facts.verdict == "incomplete"
    assert len(facts.missing) > 100
    assert f"{len(facts.missing)} missing" in facts.why
    assert len(site.asked) < 150


def test_edit_of_a_row_without_a_modified_date_is_delivered() -> None:
    site, archive = filled(PartlyUndated(per_page=30, undated=frozenset({6})), 200), SoakArchive()
    crawled("posts", site, archive)
    site.now += 3 * DAY
    for number in range(150, 180):
        site._edit(number)
    crawled("posts", site, archive)
    site.now += 3 * DAY
    site._edit(5)
    _, rows = crawled("posts", site, archive)
    assert [(row.id, getattr(row, "title", None)) for row in rows if row.id == 6] == [(6, "Title 6x")]


@pytest.mark.parametrize("request_number", range(3, 12))
def test_new_rows_that_move_to_an_earlier_page_during_a_sweep_are_delivered(request_number: int) -> None:
    site, archive = filled(WithoutOffsets(per_page=10), 30), SoakArchive()
    crawled("posts", site, archive)
    site.now += DAY
    for _ in range(12):
        site.insert(site.now)
    site.asked.clear()

    def delete_ten() -> None:
        for row_id in sorted(site.entries)[:10]:
            del site.entries[row_id]

    site.events = {request_number: delete_ten}
    facts, _ = crawled("posts", site, archive)
    assert site.live().keys() <= archive.live().keys() or facts.verdict == "incomplete"


def test_total_below_the_rows_of_its_page_does_not_end_a_listing() -> None:
    """The hidden row makes the first page short, and the site counts one row."""
    site, found = SoakSite(per_page=5, lie="total too low"), list[Listed | Newest]()
    site.insert(START - 9 * DAY, hidden=True)
    site_ids = SiteIds(Queries(site=site.site(), collection=COLLECTIONS["posts"], options=Options(url=KEY)))

    def unknown(_: Dates) -> Steps[bool]:
        yield from ()
        return False

    def listings() -> Steps[None]:
        found.append((yield from site_ids.every("sweep")))
        found.append((yield from newest_ids(site_ids, unknown, hidden=0)))

    assert not list(outgoing(listings(), filled(site, 5).reply, SoakArchive().answer))
    assert found[0].dates.keys() == {2, 3, 4, 5, 6}
    assert isinstance(found[1], Newest) and not found[1].is_all


def test_new_row_missing_in_the_listing_of_all_ids_is_delivered() -> None:
    site, archive = filled(OutdatedIds(per_page=10), 30), SoakArchive()
    crawled("posts", site, archive)
    site.now += DAY
    site.insert(site.now)
    crawled("posts", site, archive, sweep=True)
    assert archive.live().keys() == site.live().keys()


def test_edits_that_a_listing_counts_and_does_not_show_are_delivered() -> None:
    """The site gives the latest three of five edits for every offset, and its count of all rows stays the same."""
    site, archive = filled(SoakSite(per_page=3, longest=150), 40), SoakArchive()
    crawled("posts", site, archive)
    site.now, site.lie = site.now + DAY, "order and offset ignored"
    for number in range(5):
        site._edit(number)
    facts, _ = crawled("posts", site, archive)
    assert facts.verdict == "complete"
    assert archive.reader == {row_id: one.title for row_id, one in site.live().items()}
