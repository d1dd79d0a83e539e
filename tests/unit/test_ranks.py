"""A count that a cache or a plugin froze: the ranks of the newest rows show that an older row vanished."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from newsbot.wordpress.collection.ranks import Ranked, by_rank
from newsbot.wordpress.collection.site_ids import Dates, SiteIds
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.options import Options
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.receipt import CollectionFacts
from tests.unit.outgoing import outgoing
from tests.unit.soak_sequences import COLLECTIONS, crawled
from tests.unit.soak_site import DAY, KEY
from tests.unit.test_proof import Proving


def proving_against(lie: str, **given: Any) -> Proving:
    proving = Proving(**given)
    proving.site.lie, proving.site.earlier = lie, list(proving.site.entries.values())
    return proving


def test_deletion_is_delivered_with_a_frozen_total_and_the_verdict_states_it() -> None:
    proving = proving_against("total frozen")
    assert (proving().verdict, len(proving.site.asked)) == ("complete", 3)
    del proving.site.entries[10]
    facts = proving()
    assert proving.delivered == {(10, "deleted")}
    assert (facts.verdict, facts.why) == ("incomplete", "1 counted by the site but shown by no listing")


def test_deletion_of_media_is_delivered_with_a_frozen_total() -> None:
    proving = proving_against("total frozen", kind="media")
    for number in (10, 12, 33):
        del proving.site.entries[number]
        assert proving().verdict == "complete"
        assert proving.delivered == {(number, "deleted")}


def test_deletion_in_a_larger_collection_is_delivered_with_a_frozen_total() -> None:
    proving = proving_against("total frozen", posts=120, longest=150)
    proving()
    del proving.site.entries[10]
    proving()
    assert proving.delivered == {(10, "deleted")}


def test_deletions_of_newest_and_older_rows_are_delivered_with_a_frozen_total() -> None:
    proving = proving_against("total frozen")
    gone = {5, 10, *range(32, 41)}
    for number in gone & proving.site.entries.keys():
        del proving.site.entries[number]
    proving()
    assert proving.archive.live().keys() == proving.site.live().keys()


def test_collection_slightly_above_the_full_listing_size_is_proven_by_ranks() -> None:
    # Three pages less their overlap hold 15 rows.
    proving = proving_against("total frozen", posts=19)
    proving()
    del proving.site.entries[2]
    proving()
    assert proving.delivered == {(2, "deleted")}


def test_unmarked_cache_hides_no_change() -> None:
    proving = proving_against("cached")
    assert [proving().verdict, proving().verdict] == ["complete", "complete"]
    for number in (10, 11):
        del proving.site.entries[number]
        proving.site.act("edit", 20)
        assert (proving().verdict, len(proving.delivered)) == ("complete", 2)
        assert (number, "deleted") in proving.delivered


def test_unmarked_cache_hides_no_change_from_a_sweep() -> None:
    # The sweep of comments is a walk: they have no date of change.
    proving = proving_against("cached", kind="comments")
    for number in (10, 11):
        proving.site.now += DAY
        proving.site.asked.clear()
        del proving.site.entries[number]
        facts, rows = crawled("comments", proving.site, proving.archive, sweep=True)
        assert (facts.mode, facts.verdict) == ("walk", "complete")
        assert (number, "deleted") in {(row.id, row.change) for row in rows}
        assert all("_" in params for params in proving.site.asked)


def test_count_is_confirmed_with_many_new_rows() -> None:
    proving = Proving()
    for _ in range(12):
        proving.site.insert(proving.site.now)
    facts = proving()
    assert (len(proving.delivered), facts.verdict, facts.proven) == (12, "complete", "2025-12-31T00:00:00Z")
    assert proving().proven == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("lie", ["offset ignored", "order ignored", "capped"])
def test_unsupported_ranks_are_not_requested_again_and_prove_nothing(lie: str) -> None:
    proving = proving_against(lie, kind="media")
    proving()
    ranked = [_asks_ranks(proving)]
    facts: CollectionFacts = proving()
    ranked.append(_asks_ranks(proving))
    assert ranked == [True, False]
    assert facts.proven == proving.archive.state.swept


def _asks_ranks(proving: Proving) -> bool:
    return int(proving.site.asked[0].get("offset", 0)) > 20


def test_ranks_are_requested_again_after_a_sweep() -> None:
    proving = proving_against("offset ignored")
    proving()
    proving.site.lie = ""
    proving.site.now += 8 * DAY
    asked = []
    for _ in range(2):
        proving()
        asked.append(_asks_ranks(proving))
    assert asked == [False, True]


def test_run_after_a_failed_run_uses_other_cache_breaking_texts() -> None:
    proving, texts = Proving(), list[set[str]]()
    held = proving.archive.state
    for at in ("2026-01-02T00:00:00Z", "2026-01-02T00:10:00Z"):
        proving.archive.state = replace(held, asked_at=at)
        proving()
        texts.append({params["_"] for params in proving.site.asked if "_" in params})
    assert texts[0]
    assert texts[0].isdisjoint(texts[1])


def test_short_page_with_hidden_rows_is_not_the_last_page() -> None:
    proving, found = Proving(kind="media"), list[Ranked]()
    for number in range(15):
        proving.site.insert(proving.site.now, hidden=number == 4)
    options = Options(url=KEY, kind="media")
    queries = Queries(site=proving.site.site(), collection=COLLECTIONS["media"], options=options)

    def unknown(_: Dates) -> Steps[bool]:
        yield from ()
        return True

    def listing() -> Steps[None]:
        found.append((yield from by_rank(SiteIds(queries), 40, unknown, fresh="1")))

    assert not list(outgoing(listing(), proving.site.reply, proving.archive.answer))
    assert (found[0].ended, max(found[0].dates)) == (True, 55)
