"""The cursor over a collection: where it goes next, and what it calls proven."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.wordpress.collection.cursor import EMPTY_PAGES, OVERLAP, Cursor, Row
from newsbot.wordpress.collection.pages import Page
from newsbot.wordpress.dates import local_date
from tests.examples import examples


def day(number: int) -> str:
    return f"2024-01-{number:02d}T00:00:00"


def list_by_id(
    ids: list[int],
    cursor: Cursor,
    *,
    deleted: list[list[int]],
    hidden: frozenset[int] = frozenset(),
    total: Callable[[list[int]], int | None] = len,
    pages: int | None = None,
    most: int = 500,
) -> tuple[set[int], int]:
    """List ``ids`` by ``cursor``. Before each query the rows at the places ``deleted`` go; ``hidden`` rows are counted
    and not shown. ``total`` and ``pages`` are what the site says that it counts.

    Returns the ids shown and the number of queries.
    """
    shown: set[int] = set()
    for queries in range(most):
        if cursor.done:
            return shown, queries
        for place in deleted.pop(0) if deleted else []:
            if place < len(ids):
                del ids[place]
        params = cursor.params()
        size, listed = int(str(params["per_page"])), ids[::-1] if params.get("order") == "desc" else ids
        offset = int(str(params.get("offset", (int(str(params.get("page", 1))) - 1) * size)))
        if isinstance(wanted := params.get("include"), list):
            listed = [row_id for row_id in ids if row_id in wanted]
        page = [row_id for row_id in listed[offset : offset + size] if row_id not in hidden]
        rows = [Row(row_id, None) for row_id in page]
        shown |= {page[index] for index in cursor.take(rows, total=total(ids), pages=pages)}
    raise AssertionError(f"the listing did not end within {most} queries")


@examples(150, fixed=True)
@given(
    count=st.integers(1, 120),
    size=st.integers(2 * OVERLAP, 20),
    newest_first=st.booleans(),
    deleted=st.lists(st.lists(st.integers(0, 119), max_size=15), max_size=8),
)
def test_proven_listing_by_id_has_every_row_that_stays(
    count: int, size: int, newest_first: bool, deleted: list[list[int]]
) -> None:
    ids = list(range(1, count + 1))
    cursor = Cursor(base={}, dated=False, newest_first=newest_first, per_page=size)
    shown, _ = list_by_id(ids, cursor, deleted=deleted)
    assert set(ids) <= shown or cursor.unproven


@pytest.mark.parametrize("seed", range(20))
def test_listing_by_id_steps_back_by_the_number_of_deleted_rows(seed: int) -> None:
    # More than half a page goes between two queries, again and again.
    pick = random.Random(seed)
    ids = list(range(1, 1_001))
    deleted = [[0] * pick.randrange(90) if number % 2 else [] for number in range(20)]
    shown, _ = list_by_id(ids, Cursor(base={}, dated=False, per_page=100), deleted=deleted)
    assert set(ids) <= shown


def test_a_step_back_keeps_the_last_id_of_the_listing() -> None:
    # A random test found this case. After a step back, the new page ends before the last id of an earlier page.
    ids = list(range(1, 42))
    hidden = frozenset({1, 4, 5, 9, 10, 11, 14, 19, 20, 22, 27, 30, 32, 35})
    deleted = [
        *([24, 5, 19, 23, 5, 9, 16, 26, 34, 11, 14], [9, 5, 40, 17, 24, 32, 30, 13, 39, 40]),
        *([], [], [3, 33, 30], [], [26]),
    ]
    shown, _ = list_by_id(ids, Cursor(base={}, dated=False, per_page=6), deleted=deleted, hidden=hidden)
    assert set(ids) - hidden <= shown


def test_a_step_back_never_moves_the_last_id_of_the_listing_back() -> None:
    # A random test found this case. A listing whose last id goes back meets the same gap again and again.
    hidden = frozenset({1, 2, 3, 10, 16, 18, 21, 23, 26, 28, 33, 34, 35, 36, 37})
    deleted = [[16, 4, 10], [], [], [], [1, 34, 30, 36, 3, 24, 37]]
    ids = list(range(1, 39))
    shown, _ = list_by_id(ids, Cursor(base={}, dated=False, per_page=5), deleted=deleted, hidden=hidden)
    assert set(ids) - hidden <= shown


@pytest.mark.parametrize(("total", "offset"), [(100, 10), (99, 0)])
def test_gap_is_closed_only_when_the_total_has_not_decreased(total: int, offset: int) -> None:
    cursor = Cursor(base={}, dated=False, per_page=10)
    before, behind = ([Row(row_id, None) for row_id in range(first, first + 10)] for first in (1, 20))
    for page in (before, behind, before):
        cursor.take(page, total=100)
    cursor.take(behind, total=total)
    assert cursor.params().get("offset", 0) == offset


@pytest.mark.parametrize("total", [None, 0], ids=["no total", "a total of zero"])
def test_listing_by_id_without_totals_loses_no_row_after_hidden_rows(total: int | None) -> None:
    for seed in range(120):
        pick = random.Random(seed)
        ids, every, size = list(range(1, pick.randint(40, 200))), pick.randint(2, 9), pick.randint(12, 30)
        hidden = frozenset(row_id for row_id in ids if row_id % every)
        deleted = [[], *([0] * pick.randrange(40) if pick.random() < 0.7 else [] for _ in range(8))]
        cursor = Cursor(base={}, dated=False, per_page=size)
        shown, _ = list_by_id(ids, cursor, deleted=deleted, hidden=hidden, total=lambda _: total)
        assert set(ids) - hidden <= shown or cursor.unproven, seed


@pytest.mark.parametrize(("size", "most"), [(OVERLAP, 90), (2 * OVERLAP, 30), (100, 3)])
def test_a_listing_by_id_costs_few_queries(size: int, most: int) -> None:
    shown, queries = list_by_id(list(range(1, 131)), Cursor(base={}, dated=False, per_page=size), deleted=[])
    assert (len(shown), queries <= most) == (130, True)


@pytest.mark.parametrize("count", [1, OVERLAP, OVERLAP + 1, 99, 100])
@pytest.mark.parametrize("newest_first", [False, True])
def test_two_pages_show_that_one_page_has_every_row(count: int, newest_first: bool) -> None:
    cursor = Cursor(base={}, dated=False, newest_first=newest_first, per_page=100)
    shown, queries = list_by_id(list(range(1, count + 1)), cursor, deleted=[])
    assert (len(shown), queries, cursor.unproven, cursor.disorder) == (count, 2, False, [])


@pytest.mark.parametrize("hidden", [2, 97, 99, 100, 150, 817])
@pytest.mark.parametrize("newest_first", [False, True])
def test_a_hidden_row_costs_no_second_listing_where_the_site_counts_its_pages(hidden: int, newest_first: bool) -> None:
    """The last page of 818 rows is not full. A page of 818 / 9 = 91 rows was never asked for."""
    cursor = Cursor(base={}, dated=False, has_dates=True, newest_first=newest_first, per_page=100)
    ids = list(range(1, 819))
    shown, queries = list_by_id(ids, cursor, deleted=[], hidden=frozenset({hidden}), pages=9)
    assert (len(shown), queries <= 12, cursor.unproven, cursor.disorder) == (817, True, False, [])


@pytest.mark.parametrize(("asked", "pages", "places"), [(100, 9, 100), (100, 82, 10), (100, 33, 25), (50, 17, 50)])
def test_a_page_passes_as_many_rows_as_its_site_counts_to_a_page(asked: int, pages: int, places: int) -> None:
    page = Page(rows=(), fresh=(), size=asked, total=818, pages=pages)
    assert (page.places, Page(rows=(), fresh=(), size=asked, total=818).places) == (places, asked)


@pytest.mark.parametrize(("count", "most"), [(26, 3), (250, 5)])
@pytest.mark.parametrize("newest_first", [False, True])
def test_a_site_that_ignores_offset_is_asked_for_its_first_page_once(count: int, most: int, newest_first: bool) -> None:
    """WordPress 6.8 ignores ``offset`` for categories."""
    cursor, shown, asked = Cursor(base={}, dated=False, newest_first=newest_first, per_page=100), set[int](), []
    ids = sorted(range(1, count + 1), reverse=newest_first)
    while not cursor.done:
        params = cursor.params()
        asked.append((params.get("page", 1), params.get("offset")))
        first = 100 * (int(str(params.get("page", 1))) - 1)
        page = [Row(row_id, None) for row_id in ids[first : first + 100]]
        shown |= {page[index].id for index in cursor.take(page, total=count, pages=-(-count // 100))}
    assert (shown, len(asked) <= most, len(set(asked))) == (set(ids), True, len(asked))
    assert (cursor.unproven, cursor.doubtful, cursor.disorder) == (False, True, ["offset="])


def test_an_empty_page_without_a_count_ends_a_listing_that_reached_its_count() -> None:
    """WordPress counts no row where the offset lies after the last row. One row of the first page is hidden."""
    cursor, ids, queries = Cursor(base={}, dated=False, per_page=100), list(range(1, 151)), 0
    while not cursor.done:
        offset = int(str(cursor.params().get("offset", 0)))
        page = [Row(row_id, None) for row_id in ids[offset : offset + 100] if row_id != 50]
        cursor.take(page, total=150 if page else 0, pages=2 if page else 0)
        queries += 1
    assert (queries, len(cursor.seen), cursor.unproven) == (3, 149, False)


def first_page_then(second: list[int], *, total: int) -> Cursor:
    """A listing whose first page has 25 rows, as many as the site counts; then a page of ``second``."""
    cursor = Cursor(base={}, dated=False, per_page=100)
    for ids, counted in ((list(range(1, 26)), 25), (second, total)):
        cursor.take([Row(row_id, None) for row_id in ids], total=counted)
    return cursor


@pytest.mark.parametrize(
    ("second", "total"),
    [
        pytest.param([21, 22, 23, 24, 25], 5, id="a count of the rows on the page"),
        pytest.param([21, 22, 23, 24, 25], 26, id="a row came"),
        pytest.param([22, 23, 24, 25], 24, id="a row went"),
        pytest.param([22, 23, 24, 25, 26], 25, id="one row came and one went"),
        pytest.param(list(range(1, 26)), 25, id="the same page again"),
        pytest.param([], 25, id="hidden rows"),
    ],
)
def test_another_second_page_does_not_end_a_listing(second: list[int], total: int) -> None:
    assert not first_page_then(second, total=total).done
    assert first_page_then([21, 22, 23, 24, 25], total=25).done


@pytest.mark.parametrize("astray", [False, True])
def test_a_walk_with_a_row_out_of_order_needs_a_second_listing(astray: bool) -> None:
    cursor = Cursor(base={}, per_page=100)
    days = [2, 1, *range(3, 20)] if astray else range(1, 20)
    cursor.take([Row(row_id, day(number)) for row_id, number in enumerate(days, 1)], total=19)
    while not cursor.done:
        cursor.take([], total=0)
    assert (cursor.doubtful, cursor.unproven) == (astray, False)


@pytest.mark.parametrize("dated", [True, False])
def test_empty_page_without_further_counted_rows_ends_a_listing(dated: bool) -> None:
    for total, done in ((99, True), (100, True), (101, False)):
        cursor = Cursor(base={}, dated=dated, per_page=100)
        cursor.take([], total=total)
        assert cursor.done is done


def test_a_listing_with_too_many_empty_pages_is_unproven() -> None:
    cursor = Cursor(base={}, per_page=100)
    for _ in range(EMPTY_PAGES):
        assert not cursor.done
        cursor.take([], total=100_000)
    assert (cursor.done, cursor.unproven, cursor.repeating) == (True, True, False)


@pytest.mark.parametrize("grows_at", range(1, 6))
def test_repeated_page_is_detected_while_the_total_grows(grows_at: int) -> None:
    repeat_one_page(lambda asked: 4 + (asked >= grows_at))


def test_repeated_page_is_detected_when_two_servers_count_differently() -> None:
    repeat_one_page(lambda asked: 4 + asked % 2)


def repeat_one_page(total: Callable[[int], int]) -> None:
    cursor, page, asked = Cursor(base={}, dated=False, per_page=3), [Row(row_id, None) for row_id in (3, 4, 5)], 0
    while not cursor.done and cursor.params().keys().isdisjoint({"after", "before", "include"}):
        cursor.take(page, total=total(asked))
        asked += 1
    assert (asked <= 8, {"offset=", "page="} <= set(cursor.disorder)) == (True, True), (asked, cursor.disorder)


def test_page_that_is_repeated_for_every_query_leaves_the_walk_unproven() -> None:
    cursor = Cursor(base={}, dated=False, per_page=10)
    page = [Row(row_id, None) for row_id in range(1, 11)]
    assert len(cursor.take(page, total=500)) == 10
    asked: set[str] = set()
    for _ in range(8):
        asked |= cursor.params().keys()
        assert cursor.take(page, total=500) == []
        if cursor.done:
            break
    assert {"offset", "page", "include"} <= asked
    assert (cursor.done, cursor.repeating, cursor.unproven) == (True, True, True)
    assert cursor.disorder == ["offset=", "page=", "include="]


def test_position_never_moves_back() -> None:
    cursor = Cursor(base={})
    cursor.take([Row(1, day(2))], total=3)
    # A site whose clock or time zone jumps gives a row that is older than the place.
    cursor.take([Row(2, day(1))], total=3)
    assert cursor.position()["date"] == day(2)
    newest = Cursor(base={}, newest_first=True)
    newest.take([Row(1, day(2))], total=3)
    newest.take([Row(2, day(3))], total=3)
    assert newest.position()["date"] == day(2)


def test_rows_without_a_date_are_excluded_from_the_next_page() -> None:
    cursor = Cursor(base={})
    cursor.take([Row(1, None), Row(2, day(1)), Row(3, day(2))], total=9)
    assert (cursor.params()["exclude"], cursor.params()["after"]) == ([1, 3], "2024-01-01T23:59:59")


def test_page_size_with_a_limit_includes_repeated_rows() -> None:
    for can_exclude, size in ((True, 3), (False, 5)):
        cursor = Cursor(base={}, limit=5, newest_first=True, can_exclude=can_exclude)
        cursor.take([Row(1, day(1)), Row(2, day(1))], total=9)
        assert cursor.params()["per_page"] == size


def test_resumed_walk_continues_at_the_stored_position() -> None:
    cursor = Cursor(base={})
    cursor.take([Row(1, day(1)), Row(2, day(2)), Row(3, day(2))], total=9)
    resumed = Cursor(base={})
    assert resumed.resume(cursor.position()) is True
    assert resumed.params() == cursor.params()
    assert resumed.take([Row(2, day(2)), Row(4, day(3))], total=9) == [1]


@pytest.mark.parametrize(
    "position",
    [
        {},
        {"mode": "id", "date": day(1), "at_date": []},
        {"mode": "date", "date": None, "at_date": []},
        {"mode": "date", "date": "yesterday", "at_date": []},
        {"mode": "date", "date": day(1), "at_date": None},
    ],
)
def test_unusable_position_does_not_change_the_cursor(position: dict[str, object]) -> None:
    cursor = Cursor(base={})
    before = (cursor.params(), cursor.position())
    assert cursor.resume(position) is False
    assert (cursor.params(), cursor.position(), len(cursor.seen)) == (*before, 0)


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2024-01-02T03:04:05", "2024-01-02T03:04:05"),
        (" 2024-01-02 03:04:05 ", "2024-01-02T03:04:05"),
        ("2024-01-02T03:04:05+02:00", "2024-01-02T03:04:05"),
        # What WordPress and its importers write for no date.
        ("-0001-11-30T00:00:00", None),
        ("0000-00-00 00:00:00", None),
        ("0001-01-01T00:00:00", None),
        ("2024-01-02", None),
        ("yesterday", None),
        (None, None),
        (0, None),
    ],
)
def test_a_zero_date_is_no_date(value: object, date: str | None) -> None:
    assert local_date(value) == date


@pytest.mark.parametrize(
    ("totals", "turns"),
    [
        ([24, 23, 24, 23], True),
        ([24, 24, 23, 24, 23], True),
        ([24, 23, 24], False),
        ([24, 23, 22, 21, 20], False),
        ([24, 25, 24, 24, 25, 24], False),
        ([24, None, 24, None], False),
        ([24, 24, 24, 24], False),
    ],
)
def test_alternating_totals_are_detected(totals: list[int | None], *, turns: bool) -> None:
    cursor = Cursor(base={}, dated=False)
    for number, total in enumerate(totals):
        cursor.take([Row(number * 10 + row, None) for row in range(1, 11)], total=total)
    assert cursor.in_turns is turns


def test_totals_of_different_queries_are_not_alternating() -> None:
    cursor = Cursor(base={})
    for day, total in enumerate([2, 1, 2, 1], 1):
        cursor.take([Row(day, f"2026-01-0{day}T00:00:00")], total=total)
    assert not cursor.in_turns
