"""Compares every id of the site with every id of the archive, and measures how many rows the site counts and does not
list."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Set
from itertools import islice

from newsbot.errors import PayloadError
from newsbot.wordpress.collection.reconciler import Reconciler
from newsbot.wordpress.collection.site_ids import Dates, Listed
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.replies import is_final

PROBES = 10
"""The most queries for ids that no listing shows, if the site counts more rows than it lists."""

ABOVE = 20
"""The search begins this many ids above the newest listed id, since the newest rows may be the hidden rows."""

IDLE_PROBES = 3
"""The search for hidden rows ends after this many queries in a row that show no row."""


def sweep(account: Reconciler) -> Steps[None]:
    """Compare every id of the site with every id of the archive. Raises PayloadError."""
    listed = yield from account.site_ids.every("sweep")
    yield from compare(account, listed)


def compare(
    account: Reconciler, listed: Listed, *, seen: Collection[int] | None = None, trusting: bool = True
) -> Steps[None]:
    """Make the archive equal to a listing of all ids, and measure how many rows are hidden.

    ``seen`` are the rows of a walk that ended before the listing; None where no walk did. ``trusting``: the listing
    may be one short page that counts as the whole.
    """
    account.when, account.shown = account.when or listed.when, listed.dates.keys()
    account.total, account.unordered = listed.total or (None if listed.dates else 0), listed.unordered
    account.in_turns = account.in_turns or listed.in_turns
    known: Dates = yield account.queries.known()
    walked = seen if seen is not None else ()
    yield from account.take(
        {row_id: at for row_id, at in listed.dates.items() if row_id in known or row_id not in walked}, known=known
    )
    if listed.broke_off:
        # The listing ended early, so further ids may follow its last page.
        account.facts.broke_off = True
        return
    account.held_back, account.unsure = set(), set()
    alive = yield from account.bury(known.keys() - listed.dates.keys())
    if alive and trusting and len(listed.dates) < account.queries.per_page:
        # A plugin that sends the number of rows on the page as the total makes a page with hidden rows look complete.
        further = yield from account.site_ids.every("recount", trusting=False)
        if further.dates.keys() - listed.dates.keys():
            yield from compare(account, further, seen=seen, trusting=False)
            return
    # A row that came back during the listing counts as listed.
    steady = alive.keys() <= account.unlisted
    account.unlisted = set(alive)
    yield from account.take(alive)
    yield from _measure(
        account, listed, agrees=seen is not None and _is_same(listed.dates, seen), steady=steady, trusting=trusting
    )


def _measure(
    account: Reconciler, listed: Listed, *, agrees: bool = False, steady: bool = True, trusting: bool = True
) -> Steps[None]:
    """Measure the rows that the site counts and does not list. ``agrees``: a listing before showed the same ids.

    A number that differs from the last measurement is accepted only if two listings, in opposite orders, agree. The
    second listing is also made if the first one is not ``steady``: it lacked rows that have an answer.
    """
    again, hidden = listed, listed.hidden
    if account.total is None or (listed.is_steady and hidden is None):
        yield from _list_again(account, listed)
        return
    if hidden is None or not steady or not (hidden == 0 or hidden == account.hidden or agrees):
        trusting = trusting and len(listed.dates) < account.queries.per_page
        again = yield from account.site_ids.every("recount", newest_first=True, trusting=trusting)
        known: Dates = yield account.queries.known()
        yield from account.take({row_id: at for row_id, at in again.dates.items() if row_id not in listed.dates})
        if not again.broke_off:
            alive = yield from account.bury((known.keys() & listed.dates.keys()) - again.dates.keys())
            account.unlisted = (account.unlisted | alive.keys()) - again.dates.keys()
        account.total, account.in_turns = again.total, account.in_turns or again.in_turns
        agrees = again.hidden in (0, hidden) or again.dates.keys() == listed.dates.keys()
    if again.hidden is None or not (agrees or again.hidden in (0, account.hidden)):
        account.doubtful = max(0, (again.total or 0) - len(again.dates) - account.hidden)
        return
    account.hidden, account.measured = again.hidden, True
    yield from _probe(account, again.dates)


def _list_again(account: Reconciler, listed: Listed) -> Steps[None]:
    """Bring the rows that a listing by page numbers lacks: each deletion during the listing moved rows to pages that
    were read before. Nothing can be measured, since the site gives no total, or a smaller total than it lists rows."""
    account.hidden = 0
    if listed.by_page and not listed.broke_off:
        again = yield from account.site_ids.every("recount", newest_first=True, trusting=False)
        yield from account.take({row_id: at for row_id, at in again.dates.items() if row_id not in listed.dates})


def _probe(account: Reconciler, listed: Dates) -> Steps[None]:
    """Ask by id for rows that the site counts and does not list: a site may show such a row in a query for its id."""
    if not listed or account.hidden <= len(account.unlisted) or account.intake.queries.is_windowed:
        return
    idle, between = 0, _between(listed, account.unlisted)
    for _ in range(PROBES):
        ids = list(islice(between, account.queries.per_page))
        if not ids or idle >= IDLE_PROBES or account.hidden <= len(account.unlisted):
            return
        try:
            shown = yield from account.site_ids.shown(ids, "probe")
        except PayloadError as fault:
            if is_final(fault):
                raise
            return
        idle = 0 if shown else idle + 1
        yield from account.take(shown)
        account.unlisted |= set((yield account.queries.known(shown)) if shown else ())


def _between(listed: Dates, others: Set[int]) -> Iterator[int]:
    """The ids that are not listed, newest first, from a little above the newest listed one."""
    return (row_id for row_id in range(max(listed) + ABOVE, 0, -1) if row_id not in listed and row_id not in others)


def _is_same(listed: Dates, seen: Collection[int]) -> bool:
    return len(listed) == len(seen) and all(row_id in seen for row_id in listed)
