"""The full listing: walk a collection from end to end, then compare the seen rows with the site's count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from newsbot.compact import IdSet
from newsbot.errors import FilterIgnored, PayloadError, Refused
from newsbot.wordpress import payload
from newsbot.wordpress.collection.ahead import Ahead
from newsbot.wordpress.collection.closing import Closing
from newsbot.wordpress.collection.cursor import Cursor
from newsbot.wordpress.collection.ids import last_row
from newsbot.wordpress.collection.listing import Listing
from newsbot.wordpress.collection.verdict import conclude
from newsbot.wordpress.dates import site_time
from newsbot.wordpress.messages import Query, Reply, Steps
from newsbot.wordpress.replies import is_final, refuses_form, rows_of, total_of
from newsbot.wordpress.values import row_id

TOO_LARGE = frozenset({400, 404, 406, 408, 413, 414, 431})
"""Statuses by which servers refuse a query that is too large for them, or that takes too long."""

NO_WORDS = "qzxjvkwqzxjvkw"
"""Words that no article has. A site that finds rows for these words ignores the search."""


@dataclass(slots=True, kw_only=True)
class FullListing(Listing):
    """Lists every row of a collection, or of the user's window, by ``cursor``."""

    cursor: Cursor = field(init=False)
    ahead: Ahead = field(default_factory=Ahead)

    def __post_init__(self) -> None:
        queries = self.queries
        self.cursor = Cursor(
            base=queries.window,
            dated=queries.is_dated,
            newest_first=queries.options.limit is not None,
            limit=queries.options.limit,
            per_page=queries.whole_rows,
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
        self.intake.sizes.lower(self.queries.per_page)
        yield from self._check_search()
        yield from self._list()
        yield from self.intake.flush(final=True)
        self.facts.seen = len(self.cursor.seen)
        if options.limit is not None:
            self._note_missing_article()
            self.facts.broke_off = self.cursor.unproven and bool(self.cursor.disorder)
            self._conclude(f"all {self.facts.seen} listed came")
        else:
            yield from self._compare(resumed=resumed)

    def _read_clock(self, reply: Reply | None) -> None:
        if reply is not None:
            self.began = self.began or site_time(reply)

    def _check_search(self) -> Steps[None]:
        """Raise FilterIgnored if the site finds the same rows for words that no row has."""
        scope = self.queries.options.scope
        if scope is None or scope.search is None or self.facts.expected_before == 0:
            return
        count = self.reconciler.site_ids.ask_total
        nonsense = yield from count("narrow", window={"search": NO_WORDS})
        if nonsense.total == 0:
            return
        expected = self.facts.expected_before
        if expected is None:
            # There is no total so far: the site sends none, or no link is followed and no query was made yet.
            expected = (yield from count("narrow")).total
        if nonsense.total != expected:
            return
        # A search that also finds similar words finds rows for any words, but not the same rows for all words.
        found = yield from self._first_ids({})
        if found == (yield from self._first_ids({"search": NO_WORDS})):
            raise FilterIgnored("the site ignores search=, and lists the same rows for any words")

    def _first_ids(self, window: dict[str, str]) -> Steps[list[Any]]:
        params: dict[str, Any] = dict(self.queries.window) | window | {"orderby": "id", "order": "asc"}
        params |= {"per_page": self.queries.per_page, "_fields": "id"}
        rows = rows_of((yield self.queries.query(params, "narrow")))
        return [row.get("id") for row in rows]

    def _of_article(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The requested article among the rows of a page: a site that ignores ``include=`` gives other rows too. All
        rows if no article was requested, or if the article is not among them."""
        scope = self.queries.options.scope
        # An article is listed by its own id; its comments and media by fields that are not in every listing.
        if scope is None or scope.article is None or self.queries.options.kind != "posts":
            return rows
        return [row for row in rows if row_id(row.get("id")) == scope.article] or rows

    def _note_missing_article(self) -> None:
        """Note the requested article as missing if the site has it and does not list it. With a window of time, the
        article may be outside of the window."""
        options = self.queries.options
        scope = options.scope if not (options.since or options.until) else None
        if scope is None or scope.article is None or options.kind != "posts":
            return
        if scope.article not in self.cursor.seen and scope.article not in self.facts.missing:
            self.facts.missing.append(scope.article)

    def _check_part(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Raise FilterIgnored where no row of the first page belongs to the requested part of the site."""
        scope, kind = self.queries.options.scope, self.queries.options.kind
        if scope is None or not rows:
            return
        wanted = scope.article if kind == "posts" else None
        if not any(scope.has_object(row) and wanted in (None, row_id(row.get("id"))) for row in rows):
            ignored = ", ".join(f"{name}=" for name in scope.params(kind))
            raise FilterIgnored(f"the site ignores {ignored} and lists rows of other parts")

    def _conclude(self, success: str) -> None:
        conclude(
            self.facts,
            success,
            unfetched_links=self.intake.unfetched_links,
            repeating=self.cursor.repeating,
            in_turns=self._in_turns,
        )

    @property
    def _in_turns(self) -> bool:
        """Whether the walk, or a listing after it, showed counts that alternate between two numbers."""
        return self.cursor.in_turns or self.reconciler.in_turns

    # Listing.

    def _resume(self) -> bool:
        """Go on at the cursor of an unfinished walk; False where the walk starts from the beginning.

        Only walks of posts and media resume: for the other kinds newsbot cannot find out which rows before the cursor
        changed since then.
        """
        cursor, options = self.intake.state.cursor, self.queries.options
        resumable = not self.queries.is_windowed and not options.full and options.kind in ("posts", "media")
        if cursor is None or not resumable or not cursor.get("began") or not self.cursor.resume(cursor):
            return False
        self.began, self.intake.sequence = str(cursor["began"]), self.intake.state.sequence
        self.facts.resumed = self.intake.state.live
        return True

    def _place(self) -> dict[str, Any] | None:
        """The cursor at which a later run may continue; None for a window, and for a collection listed by id."""
        resumable = self.facts.mode == "walk" and self.queries.is_dated
        kept = {"began": self.began} | ({"login": True} if self.queries.site.logged_in else {})
        return self.cursor.position() | kept if resumable else None

    def _list(self) -> Steps[None]:
        """Ask for page after page until the walk is done."""
        while not self.cursor.done:
            if self.cursor.is_overdue:
                yield from self._look_at_the_end()
                continue
            self.cursor.per_page = self.intake.sizes.size
            params = self.cursor.params()
            # A page of a larger size is a trial and gets one try. Another page gets two tries if posts of the site
            # failed before.
            tries = 1 if self.intake.sizes.trying is not None else 2 if self.facts.unreadable else 4
            usual = self.intake.salvage.usual(self.cursor.per_page) if self.facts.unreadable else None
            reply = yield self._query(params | self.intake.fields, "list", tries=tries, usual=usual)
            try:
                rows = self._of_article(rows_of(reply))
            except PayloadError as fault:
                if not self._adapt(fault, params):
                    yield from self._salvage(params, fault)
                continue
            reply = reply.without_body()
            if self.facts.expected_before is None and not self.facts.seen:
                self.facts.expected_before = total_of(reply)
            self._read_clock(reply)
            if not self.cursor.seen:
                self._check_part(rows)
            before = len(self.cursor.seen)
            self.intake.page_came(len(rows), self.cursor.per_page, reply.seconds)
            yield from self._take_page(rows, reply)
            self.ahead.take(params, total_of(reply), fresh=len(self.cursor.seen) - before)
            yield from self.intake.flush(final=False)
        self.facts.disorder = list(self.cursor.disorder)

    def _query(self, params: dict[str, Any], purpose: str, **more: Any) -> Query:
        """A query of the walk; past caches if an earlier run may have made the same query."""
        fresh = self.reconciler.site_ids.fresh
        return self.queries.afresh(params, fresh, purpose, **more)

    def _look_at_the_end(self) -> Steps[None]:
        """Ask for the last row: more rows came than the site counts, and the listing may never end."""
        query = self.queries.query(self.cursor.last_row_params() | {"_fields": "id,date"}, "end")
        self.cursor.look_at_the_end((yield from last_row(query)))

    def _take_page(self, rows: list[dict[str, Any]], reply: Reply) -> Steps[None]:
        """Accept the new rows of one page."""
        keyed = list(self.intake.keyed(rows))
        fresh = self.cursor.take([key for key, _ in keyed], total=total_of(reply), pages=total_of(reply, pages=True))
        self.facts.seen = len(self.cursor.seen)
        self.facts.duplicates = self.cursor.doubled
        yield from self.intake.take([keyed[index][1] for index in fresh], reply, cursor=self._place())

    def _adapt(self, fault: PayloadError, params: Mapping[str, Any]) -> bool:
        """Adapt the walk to a refusal that shows a limit of the site. Returns whether the walk can continue."""
        status = getattr(fault, "status", None)
        if (limit := payload.lowered_per_page(fault, self.cursor.per_page)) is not None:
            self.intake.sizes.lower(limit)
            self.queries.lower_per_page(limit)
            return True
        if self.intake.sizes.failed():
            return not is_final(fault)
        if isinstance(fault, Refused) and ("page" in params or "offset" in params) and status == 400:
            self.cursor.past_the_end(proven=not self.cursor.is_counted(dict(params)))
            return True
        if "exclude" in params and status in (400, 403, 406, 413, 414, 431, 501):
            self.cursor.stop_excluding()
            return True
        return refuses_form(fault) and self.cursor.refuse(dict(params))

    def _salvage(self, params: Mapping[str, Any], fault: PayloadError) -> Steps[None]:
        """Bring a page that fails as a whole: list only its ids, for which the site renders no content, then ask for
        its rows."""
        status = getattr(fault, "status", 500)
        # Servers give this answer if an answer or a query is too large for them. WordPress itself refuses in JSON.
        is_large = status in TOO_LARGE and not isinstance(fault, Refused)
        if is_final(fault) or (status < 500 and not is_large):
            raise fault
        self.facts.faults[fault.name] += 1
        reply = yield self._query({**params, "_fields": "id,date,date_gmt"}, "salvage", searching=True)
        try:
            rows = rows_of(reply)
        except PayloadError:
            if "exclude" in params:
                # WordPress repeats the excluded ids in a header, which is too long for some servers.
                self.cursor.stop_excluding()
                return
            raise fault from None
        self._read_clock(reply)
        self.ahead.expected = None
        keys = [key for key, _ in self.intake.keyed(rows)]
        fresh = self.cursor.take(keys, total=total_of(reply), pages=total_of(reply, pages=True))
        yield from self.intake.fetch([keys[index].id for index in fresh], failed=fault)
        self.intake.mark(self._place())
        self.facts.seen = len(self.cursor.seen)
        yield from self.intake.flush(final=False)

    # Comparing.

    def _compare(self, *, resumed: bool) -> Steps[None]:
        """Compare the rows of the walk with the rows that the site lists and counts, and close the collection."""
        closing = Closing(
            account=self.reconciler,
            cursor=self.cursor,
            began=self.began,
            vanished=self.ahead.vanished,
            seen=self.cursor.seen,
        )
        self.reconciler.when, self.reconciler.relations_learnt = self.began, True
        yield from (closing.compare_resumed() if resumed else closing.run())
        self._tell()
        if self.queries.is_windowed:
            self._conclude(f"all {self.facts.seen} listed came")
            return
        facts = self.facts
        if self.intake.state.live or facts.gone:
            facts.live = len((yield self.queries.known()))
        else:
            facts.live = facts.seen - len(facts.unreadable) - len(facts.missing)
        if not self.cursor.repeating:
            self._keep_outcome(swept=not self._in_turns)
        facts.proven = facts.dates_proven = self.began if self.outcome is not None and "swept" in self.outcome else None
        hidden = f"; {facts.hidden} counted by the site and shown to nobody" if facts.hidden else ""
        self._conclude(f"all {facts.seen} listed came{hidden}")
