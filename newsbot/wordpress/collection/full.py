"""The full listing: walk a collection from end to end, then compare what was seen with what the site counts."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from newsbot.compact import IdSet
from newsbot.errors import PayloadError, Refused
from newsbot.wordpress import payload
from newsbot.wordpress.collection.cursor import Cursor, Params
from newsbot.wordpress.collection.ids import every_id
from newsbot.wordpress.collection.listing import Listing
from newsbot.wordpress.collection.verdict import conclude
from newsbot.wordpress.dates import site_time
from newsbot.wordpress.messages import Query, Reply, Steps
from newsbot.wordpress.replies import answer, is_final, rows_of, total_of


@dataclass(slots=True, kw_only=True)
class FullListing(Listing):
    """Lists every row of a collection, or of the user's window, by ``cursor``."""

    cursor: Cursor = field(init=False)

    def __post_init__(self) -> None:
        queries = self.queries
        self.cursor = Cursor(
            base=queries.window,
            dated=queries.is_dated,
            newest_first=queries.options.limit is not None,
            limit=queries.options.limit,
            per_page=queries.per_page,
            can_exclude=queries.takes("exclude"),
        )
        self.facts.mode = "window" if queries.is_windowed else "walk"

    @property
    def seen(self) -> IdSet:
        """The ids that the site gave."""
        return self.cursor.seen

    def run(self) -> Steps[None]:
        """List the collection, from the cursor of an earlier run if there is one, and compare. Raises PayloadError."""
        resumed = self._resume()
        options = self.queries.options
        reply = yield from self.intake.learn_relations(browse=options.limit is None)
        self._read_clock(reply)
        self.cursor.per_page = min(self.cursor.per_page, self.queries.per_page)
        yield from self._list()
        yield from self.intake.flush(final=True)
        self.facts.seen = len(self.cursor.seen)
        if options.limit is not None:
            self._conclude(f"all {self.facts.seen} listed came")
        elif resumed:
            yield from self._compare_resumed()
        else:
            yield from self._compare()

    def _read_clock(self, reply: Reply | None) -> None:
        if reply is not None:
            self.began = self.began or site_time(reply)

    def _conclude(self, success: str) -> None:
        conclude(self.facts, success, unfetched_links=self.intake.unfetched_links, repeating=self.cursor.repeating)

    # Listing.

    def _resume(self) -> bool:
        """Go on at the cursor of an unfinished walk; False where the walk starts from the beginning.

        Only posts and media resume: for the other kinds nothing tells what changed behind the cursor since then.
        """
        cursor, options = self.intake.state.cursor, self.queries.options
        resumable = not self.queries.is_windowed and not options.full and options.kind in ("posts", "media")
        if cursor is None or not resumable or not cursor.get("began") or not self.cursor.resume(cursor):
            return False
        self.began, self.intake.sequence = str(cursor["began"]), self.intake.state.sequence
        self.facts.resumed = self.intake.state.live
        return True

    def _place(self) -> dict[str, Any] | None:
        """The cursor at which a later run may go on; None for a window, and for a collection listed by id."""
        resumable = self.facts.mode == "walk" and self.queries.is_dated
        return self.cursor.position() | {"began": self.began} if resumable else None

    def _list(self) -> Steps[None]:
        """Ask for page after page until the walk is done."""
        while not self.cursor.done:
            params = self.cursor.params()
            reply = yield self.queries.query(params | self.intake.fields, "list")
            try:
                rows = rows_of(reply)
            except PayloadError as fault:
                if not self._adapt(fault, params):
                    yield from self._salvage(params, fault)
                continue
            if self.facts.expected_before is None and not self.facts.seen:
                self.facts.expected_before = total_of(reply)
            self._read_clock(reply)
            yield from self._take_page(rows, reply)
            yield from self.intake.flush(final=False)

    def _take_page(self, rows: list[dict[str, Any]], reply: Reply) -> Steps[None]:
        """Take the new rows of one page in."""
        keyed = list(self.intake.keyed(rows))
        fresh = self.cursor.take([key for key, _ in keyed], total=total_of(reply), pages=total_of(reply, pages=True))
        self.facts.seen = len(self.cursor.seen)
        self.facts.duplicates = self.cursor.doubled
        yield from self.intake.take([keyed[index][1] for index in fresh], reply, cursor=self._place())

    def _adapt(self, fault: PayloadError, params: Mapping[str, Any]) -> bool:
        """Adapt the walk to a refusal that tells a limit of the site. Returns whether the walk can go on."""
        status = getattr(fault, "status", None)
        if (limit := payload.lowered_per_page(fault, self.cursor.per_page)) is not None:
            self.cursor.per_page = limit
            self.queries.lower_per_page(limit)
            return True
        if isinstance(fault, Refused) and ("page" in params or "offset" in params) and status == 400:
            self.cursor.past_the_end()
            return True
        if "exclude" in params and status in (400, 403, 414, 431, 501, 502):
            self.cursor.can_exclude = False
            return True
        return False

    def _salvage(self, params: Mapping[str, Any], fault: PayloadError) -> Steps[None]:
        """Bring a page that fails as a whole: list only its ids, for which the site renders no content, then ask for
        its rows."""
        if is_final(fault) or getattr(fault, "status", 500) < 500:
            raise fault
        self.facts.faults[fault.name] += 1
        reply = yield self.queries.query({**params, "_fields": "id,date,date_gmt"}, "salvage")
        try:
            rows = rows_of(reply)
        except PayloadError:
            raise fault from None
        keys = [key for key, _ in self.intake.keyed(rows)]
        fresh = self.cursor.take(keys, total=total_of(reply), pages=total_of(reply, pages=True))
        yield from self.intake.fetch([keys[index].id for index in fresh])
        self.intake.mark(self._place())
        self.facts.seen = len(self.cursor.seen)
        yield from self.intake.flush(final=False)

    # Comparing.

    def _compare(self) -> Steps[None]:
        """Compare what the walk saw with what the site counts, and with what the archive held before."""
        facts, queries = self.facts, self.queries
        reply = yield queries.query(queries.window | {"per_page": 1, "_fields": "id"}, "count")
        answer(reply)
        facts.expected_after = total_of(reply)
        seen: Set[int] = self.cursor.seen
        if facts.expected_after != len(seen) or self.cursor.unproven:
            shown = yield from self._second_listing()
            seen = seen | shown
        facts.seen = len(seen)
        if queries.is_windowed:
            self._conclude(f"all {facts.seen} listed came")
            return
        # Without rows of an earlier run nothing can be gone.
        held = (yield queries.known()) if self.intake.state.live else {}
        missing = sorted(row_id for row_id in held if row_id not in seen)
        yield from self._bury(missing, live=len(held), listed=next(iter(self.cursor.seen), None))
        yield from self._close()

    def _compare_resumed(self) -> Steps[None]:
        """Compare every id after a resumed walk. Behind the cursor anything may have happened since the walk began, so
        that equal totals prove nothing."""
        found = yield from self.changes.sweep()
        facts = self.facts
        facts.broke_off = found.partial
        facts.expected_after, facts.seen = found.total, found.shown
        # The rows owed by the earlier run: the archive knows a row that left without a joined object, and the sweep
        # shows no change of that row.
        yield from self.intake.fetch(sorted({*found.wanted, *self.intake.state.owed}))
        yield from self.intake.flush(final=True)
        facts.unexplained = max(0, (found.total or 0) - found.shown)
        live = len((yield self.queries.known()))
        yield from self._bury(found.missing, live=live, listed=found.listed)
        yield from self._close()

    def _second_listing(self) -> Steps[frozenset[int]]:
        """List every id in the opposite order, and bring the rows that the walk did not see. Returns the ids shown."""

        def ask(params: Params) -> Query:
            return self.queries.query(params | {"_fields": "id"}, "recount")

        facts, cursor = self.facts, self.cursor
        # The second listing starts at the other end: where the first one broke off, the two may still overlap.
        again = Cursor(base=cursor.base, dated=False, newest_first=True, per_page=cursor.per_page)
        shown = yield from every_id(again, ask, _no_value)
        cursor.repeating = cursor.repeating and again.repeating
        facts.gone = len(cursor.seen - shown.keys())
        unseen = sorted(shown.keys() - cursor.seen)
        yield from self.intake.fetch(unseen)
        yield from self.intake.flush(final=True)
        counted = facts.expected_after
        both = shown.keys() | cursor.seen if again.unproven else shown.keys()
        facts.unexplained = max(0, counted - len(both)) if counted is not None else 0
        # Between two listings that broke off, rows may stand that neither showed. Where the second listing shows rows,
        # and all of them are rows that the walk saw, the two listings overlap: then the total is wrong.
        apart = bool(unseen) or not shown
        facts.broke_off = again.unproven and not again.repeating and facts.unexplained > 0 and apart
        return frozenset(shown)

    def _close(self) -> Steps[None]:
        """Decide what the archive keeps of the collection, and the verdict."""
        facts = self.facts
        if self.intake.state.live:
            facts.live = len((yield self.queries.known()))
        else:
            facts.live = facts.seen - len(facts.unreadable) - len(facts.missing)
        if not self.cursor.repeating:
            self._keep_outcome(swept=True)
        unexplained = f"; {facts.unexplained} counted by the site but shown by no listing" if facts.unexplained else ""
        self._conclude(f"all {facts.seen} listed came{unexplained}")


def _no_value(_raw: object) -> None:
    return None
