"""Sites that do not heed what the cursor asks for: each is recognised, in few requests, and listed in another way."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.wordpress.collection.cursor import Cursor, Params, Row
from newsbot.wordpress.collection.order import is_unordered, out_of_order
from tests.examples import examples

BEGIN = datetime(2024, 1, 1)


def date(second: int) -> str:
    return (BEGIN + timedelta(seconds=second)).isoformat()


@dataclass
class UnreliableSite:
    """A listing of ``rows`` (id -> second) that ignores the parameters ``ignored``, and may do worse with a page.

    ``pinned`` heads every page. ``forced`` is a page size of the site's own. ``shuffles``: every page is in random
    order. ``before_page`` changes the site.
    """

    rows: dict[int, int]
    ignored: frozenset[str] = frozenset()
    pinned: int | None = None
    replaces: bool = False
    shuffles: bool = False
    nodes: int = 0
    forced: int = 100
    hidden: frozenset[int] = frozenset()
    total: Callable[[int, int], int | None] = lambda found, shown: found
    before_page: Callable[[UnreliableSite], None] = lambda site: None
    asked: list[Params] = field(default_factory=list)

    def page(self, params: Params) -> tuple[list[Row], int | None]:
        self.before_page(self)
        self.asked.append(params)
        params = {name: value for name, value in params.items() if name not in self.ignored}
        if self.nodes:
            # Each cache node answers every query with the page that it kept.
            ids = sorted(self.rows)[len(self.asked) % self.nodes * 50 :][:100]
            return [Row(row_id, date(self.rows[row_id])) for row_id in ids], len(self.rows)
        found = [row_id for row_id, second in self.rows.items() if self.matches(row_id, date(second), params)]
        found = self.ordered(found, params)
        size = min(self.forced, int(str(params.get("per_page", 10))))
        first = int(str(params.get("offset", (int(str(params.get("page", 1))) - 1) * size)))
        ids = found[first : first + size]
        if self.pinned is not None and "include" not in params:
            ids = [self.pinned, *(row_id for row_id in ids if row_id != self.pinned)]
            ids = ids[:size] if self.replaces else ids
        shown = [Row(row_id, date(self.rows[row_id])) for row_id in ids if row_id not in self.hidden]
        return shown, self.total(len(found), len(shown))

    def matches(self, row_id: int, when: str, params: Params) -> bool:
        listed = {name: params[name] for name in ("include", "exclude") if name in params}
        if row_id not in list_of(listed.get("include", [row_id])) or row_id in list_of(listed.get("exclude", [])):
            return False
        return str(params.get("after", "")) < when < str(params.get("before", "9"))

    def ordered(self, ids: list[int], params: Params) -> list[int]:
        # Ties have another order on every page, as in WordPress.
        random.Random(len(self.asked)).shuffle(ids)
        if self.shuffles:
            return ids
        by_id = params.get("orderby") == "id"
        return sorted(ids, key=lambda i: i if by_id else self.rows[i], reverse=params.get("order", "desc") == "desc")


def list_of(value: object) -> Sequence[int]:
    return value if isinstance(value, list) else [int(str(value))]


def walk(site: UnreliableSite, cursor: Cursor, *, most: int = 600) -> set[int]:
    """List ``site`` to the end. Returns the ids that came; the cursor showed each of them once."""
    came: list[int] = []
    for _ in range(most):
        if cursor.done:
            assert len(came) == len(set(came))
            return set(came)
        rows, total = site.page(cursor.params())
        came += [rows[index].id for index in cursor.take(rows, total=total)]
    raise AssertionError(f"the listing did not end within {most} queries")


def confirmed(site: UnreliableSite, *, dated: bool = True, per_page: int = 100) -> tuple[set[int], bool]:
    """Walk, and list again in the opposite order where the cursor asks for it. Returns the ids and whether they are
    proven."""
    cursor = Cursor(base={}, dated=dated, has_dates=True, per_page=per_page)
    came = walk(site, cursor)
    if cursor.doubtful and not cursor.unproven:
        again = Cursor(base={}, dated=False, has_dates=True, newest_first=True, per_page=per_page)
        came |= walk(site, again)
        return came, not again.unproven
    return came, not cursor.unproven


def newsroom(count: int, *, ties: int = 1) -> dict[int, int]:
    # The ids fall while the dates rise.
    return {row_id: (count - row_id) // ties * 60 for row_id in range(1, count + 1)}


LIES = [
    *({"ignored": frozenset(names)} for names in (["after"], ["exclude"], ["offset"], ["page"], ["after", "offset"])),
    *({"ignored": frozenset(names)} for names in (["orderby"], ["order"], ["orderby", "order"], ["after", "exclude"])),
    *({"ignored": frozenset(names)} for names in (["after", "before", "offset"], ["orderby", "after", "before"])),
    {"shuffles": True},
    {"shuffles": True, "ignored": frozenset({"offset", "page"})},
    {"pinned": 1},
    {"pinned": 300},
    {"pinned": 1, "replaces": True},
    {"pinned": 1, "forced": 10},
    {"ignored": frozenset({"order"}), "pinned": 1},
]


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("lie", LIES, ids=range(len(LIES)))
def test_site_with_a_wrong_order_is_listed_completely_and_proven(lie: dict[str, object], dated: bool) -> None:
    site = UnreliableSite(newsroom(300, ties=3), **lie)  # type: ignore[arg-type]
    came, proven = confirmed(site, dated=dated)
    assert (came, proven) == (set(site.rows), True)
    assert len(site.asked) <= (100 if "forced" in lie else 40)


@pytest.mark.parametrize("nodes", [1, 2, 3])
@pytest.mark.parametrize("dated", [True, False])
def test_cache_nodes_that_ignore_the_query_leave_the_walk_unproven(nodes: int, dated: bool) -> None:
    site = UnreliableSite(newsroom(300), nodes=nodes)
    cursor = Cursor(base={}, dated=dated, has_dates=True)
    walk(site, cursor)
    assert (cursor.unproven, cursor.repeating, len(site.asked) <= 30) == (True, True, True)


@pytest.mark.parametrize("dated", [True, False])
def test_row_after_a_repeated_page_does_not_count_as_hidden(dated: bool) -> None:
    everything = frozenset({"after", "before", "offset", "page", "exclude", "include", "orderby", "order"})
    site = UnreliableSite(newsroom(4), ignored=everything, forced=3)
    cursor = Cursor(base={}, dated=dated, has_dates=True)
    walk(site, cursor)
    assert (cursor.unproven, cursor.repeating, len(site.asked) <= 20) == (True, True, True)


@pytest.mark.parametrize("dated", [True, False])
def test_total_that_grows_with_every_query_is_ignored(dated: bool) -> None:
    queries = count(100)
    site = UnreliableSite(newsroom(40), total=lambda found, shown: found + next(queries))
    cursor = Cursor(base={}, dated=dated, has_dates=True, per_page=10)
    assert (walk(site, cursor), cursor.unproven) == (set(site.rows), False)
    assert len(site.asked) <= 20


def test_sparse_ids_are_not_requested_one_by_one() -> None:
    site = UnreliableSite(
        {row_id * 997: row_id for row_id in range(1, 301)}, shuffles=True, ignored=frozenset({"after"})
    )
    cursor = Cursor(base={}, has_dates=True)
    walk(site, cursor)
    assert cursor.unproven
    assert "orderby=date" in cursor.disorder
    assert not any("include" in params for params in site.asked)


def test_newest_rows_are_unproven_when_the_order_is_ignored() -> None:
    cursor = Cursor(base={}, newest_first=True, limit=10)
    site = UnreliableSite(newsroom(300), shuffles=True)
    walk(site, cursor)
    assert (cursor.unproven, cursor.disorder) == (True, ["orderby=date"])


@pytest.mark.parametrize(("total", "rows"), [(300, 2_000), (999_999_999_999, 45_000)])
def test_listing_that_continues_after_its_last_row_is_ended(total: int, rows: int) -> None:
    cursor = Cursor(base={})
    for number in range(10_000):
        if cursor.is_overdue:
            cursor.look_at_the_end(Row(300, date(300)))
        if cursor.done:
            break
        cursor.take([Row(number * 100 + i, date(number * 100 + i)) for i in range(1, 101)], total=total)
    assert (cursor.done, cursor.endless, cursor.unproven, len(cursor.seen) < rows) == (True, True, True, True)


def test_too_low_total_does_not_end_a_listing() -> None:
    site = UnreliableSite(newsroom(3_500), total=lambda found, shown: min(found, 100))
    cursor = Cursor(base={})
    ends = 0
    while not cursor.done:
        if cursor.is_overdue:
            ends += 1
            cursor.look_at_the_end(Row(1, date(site.rows[1])))
            continue
        rows, total = site.page(cursor.params())
        cursor.take(rows, total=total)
    assert (len(cursor.seen), cursor.unproven, ends <= 4) == (3_500, False, True)


@pytest.mark.parametrize("seed", range(50))
def test_healthy_site_that_changes_has_no_disorder(seed: int) -> None:
    """Ties, hidden rows, insertions, deletions and new dates of earlier and later rows during the walk."""
    pick = random.Random(seed)
    rows = newsroom(pick.randrange(250), ties=pick.choice([1, 5, 70]))
    always = set(rows)
    hidden = frozenset(row_id for row_id in rows if row_id % 9 == 0 and seed % 2)

    def change(site: UnreliableSite) -> None:
        for act in pick.choices(["insert", "delete", "date", "none", "none"], k=2):
            if act == "insert":
                site.rows[max(site.rows, default=0) + 1] = pick.randrange(20_000)
            elif site.rows and act != "none":
                row_id = pick.choice(sorted(site.rows))
                always.discard(row_id)
                if act == "delete":
                    del site.rows[row_id]
                else:
                    site.rows[row_id] = pick.randrange(20_000)

    site = UnreliableSite(rows, hidden=hidden, before_page=change)
    cursor = Cursor(base={}, has_dates=True, per_page=pick.choice([7, 20, 100]))
    came = walk(site, cursor)
    assert always - hidden <= came
    assert (cursor.unproven, cursor.disorder) == (False, [])


@examples(100, fixed=True)
@given(
    count=st.integers(20, 150),
    size=st.integers(12, 30),
    every=st.integers(2, 9),
    deleted=st.lists(st.integers(0, 40), min_size=1, max_size=10),
    newest_first=st.booleans(),
)
def test_listing_by_id_with_hidden_rows_loses_no_row_after_many_deletions(
    count: int, size: int, every: int, deleted: list[int], newest_first: bool
) -> None:
    rows = newsroom(count)
    hidden = frozenset(row_id for row_id in rows if row_id % every)
    pending = list(deleted)

    def change(site: UnreliableSite) -> None:
        # The rows at the front of the listing go, which moves all others forward.
        if len(site.asked) % 2 and pending:
            for row_id in sorted(site.rows, reverse=newest_first)[: pending.pop(0)]:
                del site.rows[row_id]

    site = UnreliableSite(rows, hidden=hidden, before_page=change)
    cursor = Cursor(base={}, dated=False, newest_first=newest_first, per_page=size)
    came = walk(site, cursor)
    assert set(site.rows) - hidden <= came or cursor.unproven


@examples(100)
@given(keys=st.lists(st.integers(0, 20), max_size=12))
def test_keys_are_in_order_without_those_out_of_order(keys: list[int]) -> None:
    for descending in (False, True):
        astray = set(out_of_order(keys, descending=descending))
        kept = [key for index, key in enumerate(keys) if index not in astray]
        assert kept == sorted(kept, reverse=descending)


def test_one_pinned_key_is_the_only_one_out_of_order() -> None:
    assert out_of_order([300, *range(1, 100)]) == [0]
    assert out_of_order([1, *range(300, 200, -1)], descending=True) == [0]
    assert [is_unordered(astray, 100) for astray in (5, 6)] == [False, True]
    assert [is_unordered(astray, 10) for astray in (3, 4)] == [False, True]


@pytest.mark.parametrize(("size", "ties", "most"), [(3, 3, 320), (10, 12, 80)])
def test_site_that_ignores_before_is_listed_by_id(size: int, ties: int, most: int) -> None:
    site = UnreliableSite(newsroom(300, ties=ties), frozenset({"exclude", "before"}))
    cursor = Cursor(base={}, has_dates=True, per_page=size)
    assert walk(site, cursor, most=most) == site.rows.keys()
    assert ("before=" in cursor.disorder, cursor.doubtful, cursor.unproven) == (True, True, False)


# Rows that change their places between two queries.


@pytest.mark.parametrize("size", [3, 4, 5, 10])
@pytest.mark.parametrize("rows", [7, 12, 34, 61])
def test_row_displaced_by_another_row_does_not_count_as_hidden(rows: int, size: int) -> None:
    """A site that orders by date all the same gives ids nearly in order, so that no short page shows the difference."""
    for start in range(20):
        site = UnreliableSite(
            {row_id: row_id // 3 * 60 for row_id in range(1, rows + 1)}, frozenset({"orderby", "order"})
        )
        site.asked += [{}] * start
        cursor = Cursor(base={}, dated=False, has_dates=True, newest_first=True, per_page=size)
        assert walk(site, cursor) == site.rows.keys(), start
        assert not cursor.unproven


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("grows", [False, True])
def test_hidden_rows_of_a_site_with_correct_order_cost_no_second_listing(newest_first: bool, grows: bool) -> None:
    def grow(site: UnreliableSite) -> None:
        if grows and len(site.asked) in (2, 4):
            site.rows[max(site.rows) + 1] = 6_000

    site = UnreliableSite(newsroom(120, ties=3), hidden=frozenset({7, 44, 45, 120}), before_page=grow)
    cursor = Cursor(base={}, dated=False, has_dates=True, newest_first=newest_first, per_page=20)
    came = walk(site, cursor)
    assert came >= set(range(1, 121)) - site.hidden
    assert (cursor.disorder, cursor.unproven, cursor.total != cursor.last_total) == ([], False, grows)


def disordered(seed: int) -> tuple[UnreliableSite, Cursor]:
    """A site of the seed that ignores the order of ids and hides some rows, and a listing by id."""
    pick = random.Random(seed)
    count, size, ties = pick.choice([7, 12, 20, 34, 61]), pick.choice([3, 4, 5, 7, 10]), pick.choice([2, 3, 5])
    rows = {i: i // ties * 60 for i in range(1, count + 1)} if pick.random() < 0.5 else newsroom(count, ties=ties)
    hidden = frozenset(row_id for row_id in rows if pick.random() < pick.choice([0.05, 0.15, 0.3]))
    ignored = frozenset(pick.choice([["orderby"], ["orderby", "order"], ["orderby", "exclude"]]))
    newest_first = pick.random() < 0.5
    site = UnreliableSite(rows, ignored, hidden=hidden)
    site.asked += [{}] * pick.randrange(100)
    return site, Cursor(base={}, dated=False, has_dates=True, newest_first=newest_first, per_page=size)


# In 1059 a listing by page misses a row, where the listing by offset before it was out of order. In 19, 46 and 134 the
# ids run backwards in either order.
@pytest.mark.parametrize("seeds", [(19, 46, 134, 1059), *(range(start, start + 25) for start in range(0, 100, 25))])
def test_walk_without_order_and_with_hidden_rows_ends_and_loses_no_row(seeds: Sequence[int]) -> None:
    for seed in seeds:
        site, cursor = disordered(seed)
        came = walk(site, cursor)
        assert came == site.rows.keys() - site.hidden or cursor.unproven, seed


def test_order_of_ids_that_is_always_descending_is_reversed_once() -> None:
    site = UnreliableSite(newsroom(7, ties=2), frozenset({"orderby"}), hidden=frozenset({7}))
    cursor = Cursor(base={}, dated=False, has_dates=True, per_page=10)
    assert walk(site, cursor, most=40) == set(range(1, 7))
    assert (cursor.disorder, cursor.doubtful) == (["order=", "orderby=id"], True)
