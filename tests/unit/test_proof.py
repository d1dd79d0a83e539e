"""All known ids are excluded, and the site must list nothing else: two old rows that were exchanged leave every count
as it was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest

from newsbot.wordpress.api import Site
from newsbot.wordpress.collection import incremental
from newsbot.wordpress.collection.above import above, heeds_order
from newsbot.wordpress.collection.publication import dates_proven_since
from newsbot.wordpress.collection.site_ids import SiteIds
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.options import Options
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import CollectionState
from newsbot.wordpress.receipt import CollectionFacts
from tests.unit.soak_archive import SoakArchive
from tests.unit.soak_sequences import COLLECTIONS, History, Step, crawled, play
from tests.unit.soak_site import DAY, KEY, START, Entry, Params, SoakSite, iso


class Proving:
    """Crawls of one site in turn. ``delivered`` are the rows of the last one, ``asked`` the purposes of its queries."""

    def __init__(self, *, kind: str = "posts", posts: int = 40, longest: int | None = None) -> None:
        self.site, self.archive = SoakSite(kind=kind, per_page=10, longest=longest), SoakArchive()
        for number in range(posts):
            self.site.insert(START - (posts - number + 4) * DAY, status="draft" if number == 5 else "publish")
        self.delivered: set[tuple[int, str]] = set()
        self.asked: list[str] = []
        self()

    def __call__(self) -> CollectionFacts:
        self.site.now += DAY
        self.site.asked.clear()
        facts, rows = crawled(self.site.kind, self.site, self.archive)
        self.delivered = {(row.id, str(row.change)) for row in rows}
        return facts

    def swap_dates(self, one: int, other: int) -> None:
        """A program swaps the dates of two posts in the database: no count and no date of change shows it."""
        entries = self.site.entries
        first, second = entries[one], entries[other]
        entries[one] = replace(first, date=second.date, local=second.local)
        entries[other] = replace(second, date=first.date, local=first.local)

    def dates(self) -> set[int]:
        """The posts that have another date in the archive."""
        live, held = self.site.live(), self.archive.live()
        return {number for number, one in live.items() if getattr(held[number], "published", "") != iso(one.date) + "Z"}

    def exchange(self, gone: int = 11, back: int = 6) -> None:
        """One post is hidden and another post appears, and only their statuses change."""
        for number, status in ((gone, "draft"), (back, "publish")):
            self.site.entries[number] = replace(self.site.entries[number], status=status)

    @property
    def excluding(self) -> int:
        """How many queries of the last crawl excluded known ids."""
        return sum("_" in params and "exclude" in params for params in self.site.asked)


@pytest.mark.parametrize("kind", ["posts", "media", "comments"])
def test_next_update_finds_a_deletion_and_a_return_that_keep_the_count(kind: str) -> None:
    proving = Proving(kind=kind)
    proving.exchange()
    facts = proving()
    assert proving.delivered == {(6, "new"), (11, "deleted")}
    assert (facts.verdict, facts.proven) == ("complete", "2025-12-31T00:00:00Z")
    assert proving().proven == "2026-01-01T00:00:00Z"


def test_unchanged_site_is_proven_with_three_requests() -> None:
    proving = Proving()
    facts = proving()
    assert (facts.verdict, facts.proven, facts.since) == ("complete", "2025-12-31T00:00:00Z", "2025-12-31T00:00:00Z")
    assert (len(proving.site.asked), proving.excluding) == (3, 1)
    assert (proving().proven, len(proving.site.asked)) == ("2026-01-01T00:00:00Z", 3)


def test_deletion_hidden_by_a_row_of_the_first_answer_is_not_proven() -> None:
    """An old row is there when the site counts its rows, and gone when the ids are compared: three answers cannot show
    this.
    """
    proving = Proving()
    proving.exchange(gone=11, back=6)
    gone = replace(proving.site.entries[6], status="draft")
    proving.site.events = {3: lambda: proving.site.entries.update({6: gone})}
    facts = proving()
    assert (proving.delivered, facts.verdict, facts.proven) == (set(), "complete", "2025-12-31T00:00:00Z")
    facts = proving()
    assert proving.delivered == {(11, "deleted")}
    assert facts.proven is not None and facts.proven >= "2026-01-01T00:00:00Z"


def test_maximum_url_length_is_learnt_and_the_receipt_states_the_proof() -> None:
    proving = Proving(longest=150)
    facts = proving()
    assert (facts.proven, proving.excluding) == ("2025-12-31T00:00:00Z", 1)
    assert "every id compared since 2025-12-31T00:00:00Z" in facts.why
    proving()
    # The fourth query asks for the ids above the largest known one: no listing proves that there are none.
    assert (len(proving.site.asked), proving.excluding) == (4, 0)


def test_larger_collection_with_deletions_is_compared_in_parts() -> None:
    # 215 bytes hold 30 ids without a window of dates, and 10 with one.
    proving = Proving(posts=60, longest=215)
    proving.site.learnt = _with_longest(proving.site, 215)
    proving.exchange(gone=31, back=6)
    proving.site.act("delete", 52)
    facts = proving()
    assert {row_id for row_id, _ in proving.delivered} >= {6, 31}
    assert facts.verdict == "complete"
    assert facts.proven == "2026-01-01T00:00:00Z"


def _with_longest(site: SoakSite, longest: int) -> Site:
    learnt = site.site()
    learnt.accepts[site.route] = replace(learnt.accepts[site.route], longest=longest)
    return learnt


def test_few_rows_of_a_site_that_ignores_exclude_are_all_listed() -> None:
    proving = Proving()
    proving.site.lie = "exclude ignored"
    proving()
    assert proving.excluding == 1
    proving.exchange()
    facts = proving()
    assert proving.delivered == {(6, "new"), (11, "deleted")}
    assert (facts.verdict, facts.proven, proving.excluding) == ("complete", "2026-01-02T00:00:00Z", 0)
    assert facts.disorder == ["exclude="]
    # The site may heed ``exclude`` one day.
    proving.site.lie, proving.site.now = "", proving.site.now + 30 * DAY
    proving()
    assert (proving().verdict, proving.excluding, len(proving.site.asked)) == ("complete", 1, 3)


def test_alternating_states_of_a_site_prove_nothing() -> None:
    proving = Proving()
    proving.site.earlier = [entry for entry in proving.site.entries.values() if entry.id <= 30]
    proving.site.lie = "alternating"
    proving.site.now += DAY
    facts, _ = crawled("posts", proving.site, proving.archive, sweep=True)
    assert (facts.verdict, facts.proven) == ("incomplete", "2025-12-31T00:00:00Z")
    assert "two numbers of rows in turns" in facts.why
    # Edits that the earlier state lacks are asked for again.
    proving.site.lie = ""
    facts = proving()
    assert (facts.verdict, facts.since) == ("complete", "2025-12-31T00:00:00Z")


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Proving:
    """A collection that counts as too large to be listed whole at every doubt."""
    monkeypatch.setattr(incremental, "SWEPT_AT_ONCE", 10)
    return Proving()


def test_back_dated_row_beside_a_deletion_is_requested_by_id(many: Proving) -> None:
    many.site.lie = "exclude and orderby ignored"
    many()
    many.site.act("delete", 17)
    many.site.insert(START - 30 * DAY)
    facts = many()
    assert {(41, "new"), (19, "deleted")} == many.delivered
    assert facts.verdict == "complete"


def test_ids_above_the_largest_are_requested_when_the_order_of_ids_is_ignored(many: Proving) -> None:
    # A URL of 215 bytes has room for 30 ids where it has no window of dates, so that no query can exclude all rows.
    many.site.longest, many.site.learnt = 215, _with_longest(many.site, 215)
    many()
    assert not any(params.get("orderby") == "include" for params in many.site.asked)
    for number in (2, 4, 6, 8, 10, 12, 14, 16):
        second = START - (60 + number) * DAY
        many.site.entries[number] = replace(many.site.entries[number], date=second, local=second)
    many.site.lie = "orderby ignored"
    crawled("posts", many.site, many.archive, sweep=True)
    many.site.learnt = _with_longest(many.site, 215)
    many()
    assert [params["include"][:5] for params in many.site.asked if params.get("orderby") == "include"] == ["40,41"]


def test_all_ids_are_listed_once_a_day_when_no_query_shows_new_rows(many: Proving) -> None:
    many.site.lie = "exclude, include and orderby ignored"
    proven = [many().proven]
    many.site.now -= DAY // 2
    proven += [many().proven, many().proven]
    assert proven == ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-02T12:00:00Z"]


@pytest.mark.parametrize(
    ("shown", "found", "proven"),
    [
        ((40,), (), True),
        ((42, 40), (42,), True),
        ((), (), False),
        ((40, 12), (), False),
        ((41, *range(9)), (41,), False),
    ],
    ids=str,
)
def test_ids_above_the_largest_are_proven_by_a_known_one(
    shown: tuple[int, ...], found: tuple[int, ...], proven: bool
) -> None:
    site = SoakSite(per_page=10)
    queries = Queries(site=site.site(), collection=COLLECTIONS["posts"], options=Options(url=KEY))
    asking = above(SiteIds(queries), 40, control=40, most=500, when="2026-01-01T00:00:00Z")
    assert len(next(asking).url) <= 500
    with pytest.raises(StopIteration) as ended:
        asking.send(Reply(status=200, url=KEY, body=orjson.dumps([{"id": row_id} for row_id in shown])))
    assert (tuple(ended.value.value.dates), ended.value.value.proven) == (found, proven)


@pytest.mark.parametrize(
    ("ids", "days", "heeded"),
    [
        ((9, 7, 4), (3, 20, 1), True),
        ((4, 7, 9), (1, 20, 3), True),
        ((9, 7, 4), (20, 19, 1), False),
        ((9, 7, 4), (19, 20, 1), False),
        ((9, 4, 7), (3, 1, 20), False),
        ((9, 7, 4), (None, 20, 1), False),
    ],
    ids=str,
)
def test_order_by_id_is_recognised_when_dates_have_another_order(
    ids: tuple[int, ...], days: tuple[int | None, ...], heeded: bool
) -> None:
    published = {
        row_id: None if day is None else f"2026-01-{day:02}T00:00:00Z" for row_id, day in zip(ids, days, strict=True)
    }
    assert heeds_order(dict.fromkeys(ids), published) is heeded


def test_empty_answer_without_the_control_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    proving = Proving()
    usual_reply = proving.site.reply

    def reply(query: Query) -> Reply:
        if query.purpose != "exclude":
            return usual_reply(query)
        proving.site.asked.append({"_": "", "exclude": ""})
        headers = {"x-wp-total": "0", "x-wp-totalpages": "0"}
        return Reply(status=200, url=KEY, headers=headers, body=b"[]", fetched_at="2026-01-01T00:00:00Z")

    monkeypatch.setattr(proving.site, "reply", reply)
    facts = proving()
    # A listing of all ids proves it.
    assert (facts.proven, proving.excluding) == ("2026-01-01T00:00:00Z", 1)
    proving()
    assert proving.excluding == 0


def test_dates_of_all_rows_are_compared_in_rotation() -> None:
    proving = Proving(posts=30)
    proving.swap_dates(12, 18)
    began, proven, found = proving.site.now, [], set[int]()
    # A sweep on the seventh day would find the two as well.
    for _ in range(6):
        proven.append(proving().dates_proven or "")
        found |= {row_id for row_id, _ in proving.delivered}
        assert len(proving.site.asked) <= 3 + 2 * len(proving.delivered)
    assert (found, proving.dates()) == ({12, 18}, set())
    assert proven[-1] > iso(began)
    assert proven == sorted(proven)


def test_swapped_dates_of_the_newest_rows_are_found_at_once() -> None:
    proving = Proving()
    proving.swap_dates(38, 40)
    proving()
    assert ({row_id for row_id, _ in proving.delivered}, proving.dates()) == ({38, 40}, set())


def test_swapped_dates_in_two_parts_are_found() -> None:
    proving = Proving(posts=60, longest=215)
    proving.site.learnt = _with_longest(proving.site, 215)
    proving.swap_dates(8, 44)
    proving.site.act("delete", 52)
    proving()
    assert proving.dates() == set()


@dataclass
class OtherDates(SoakSite):
    """A plugin changes the dates in listings, and not those of whole rows."""

    def _row(self, one: Entry, params: Params) -> dict[str, Any]:
        row = super()._row(one, params)
        whole = "title" in params.get("_fields", "title")
        return row if whole else row | {"date": "2021-05-05T00:00:00", "date_gmt": "2021-05-05T00:00:00"}


def test_rows_are_not_requested_again_when_a_site_lists_wrong_dates() -> None:
    proving = Proving()
    proving.site = OtherDates(**vars(proving.site))
    facts = proving()
    assert (facts.verdict, len(proving.site.asked) <= 5) == ("complete", True)
    facts = proving()
    assert (facts.verdict, len(proving.site.asked)) == ("complete", 3)
    assert facts.dates_proven == "2025-12-31T00:00:00Z"


def test_unreadable_rows_do_not_make_listed_dates_untrusted() -> None:
    proving = Proving()
    proving.swap_dates(36, 38)
    for number in (36, 38):
        proving.site.entries[number] = replace(proving.site.entries[number], fatal=True)
    assert proving().unreadable == [36, 38]
    proving.site.act("mend", 0)
    proving()
    assert (proving.dates(), proving.archive.state.rotation.get("dates_untrue")) == (set(), None)


def test_dates_count_as_compared_only_while_they_are_trusted() -> None:
    rotation: dict[str, Any] = {"dates": {"last": "2026-02-01T00:00:00Z"}}
    state = CollectionState(swept="2026-03-01T00:00:00Z", rotation=rotation)
    assert dates_proven_since(state) == "2026-03-01T00:00:00Z"
    assert dates_proven_since(replace(state, rotation=rotation | {"dates_untrue": True})) == "2026-02-01T00:00:00Z"
    assert dates_proven_since(CollectionState()) is None


def test_edit_between_a_listing_and_its_row_does_not_make_listed_dates_untrusted() -> None:
    # A program swaps two dates; an editor gives one of the two rows another date before the crawl asks for the row.
    swapped = (
        Step((("redate", 7263), ("trash", 9179))),
        Step((), ((7, ("swap_quietly", 8756)),), sweep=True),
        Step((("hide_quietly", 3577),), ((3, ("redate", 7372)),)),
        Step((("show_quietly", 9900), ("add", 5439)), ((6, ("hide_quietly", 6623)),)),
    )
    assert play(History("media", 12, 1, 5, swapped)) is None


@pytest.mark.parametrize(
    "played",
    [
        # A known row vanishes before the third query, which should show it. Another row vanished before the count.
        History("posts", 29, 1, 10, (Step(), Step((("trash", 7230),), ((3, ("hide", 5684)),)))),
        # A row vanishes while the crawl searches for another row.
        History(
            "media",
            16,
            1,
            3,
            (
                Step((("hide_quietly", 6710),)),
                Step((("trash", 1966), ("count_more", 5428))),
                Step((("twin", 8291), ("redate", 8410), ("back_date", 4849)), ((9, ("hide_quietly", 225)),)),
            ),
        ),
    ],
    ids=["before the third query", "during the search"],
)
def test_row_that_vanishes_after_the_count_hides_no_other_row(played: History) -> None:
    assert play(played) is None
