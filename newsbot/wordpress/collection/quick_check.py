"""The check of one request: whether anything changed in a collection since its last full check. Pure.

The site is asked for the row that was modified last, and for its count of rows. WordPress sets ``modified`` with each
edit, and never to an earlier time. So if the archive's last modified row is the same, with the same date, and the date
is before the last full check, no row was edited or published since. If the counts agree too, as many rows appeared as
vanished.

The check does not prove that the sets of rows are equal. These changes wait for the full check, once a day: a deletion
together with a row that was inserted with an old date, an edit by a program that does not change ``modified``, an edit
in the hour in which the clocks of the site are set back, an edit on a site that ignores the requested order, and the
rows of a new language of a site.
"""

from __future__ import annotations

from typing import Any

from newsbot.wordpress.collection.incremental import can_update
from newsbot.wordpress.collection.proof import proven_since
from newsbot.wordpress.collection.publication import dates_proven_since
from newsbot.wordpress.collection.reconciler import Reconciler
from newsbot.wordpress.collection.site_ids import Dates, is_from_cache, token
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import CollectionState
from newsbot.wordpress.receipt import CollectionFacts
from newsbot.wordpress.replies import rows_or_none, total_of

NEWEST_CHANGE = {"orderby": "modified", "order": "desc", "per_page": 1, "_fields": "id,modified,modified_gmt"}
"""The parameters of the check. A site renders no content for them."""


def is_possible(queries: Queries, state: CollectionState) -> bool:
    """Whether one request may be enough: the run allows it, the rows have a date of change, and nothing is in doubt.

    A site that lists only one language, unless a query names another one, would need one request for each language.
    """
    options, site, route = queries.options, queries.site, queries.collection.route
    return (
        options.quick
        and not options.sweep
        and options.kind in ("posts", "media")
        and can_update(queries, state)
        and site.api.takes_fields
        and site.accepted(route).orders_by("modified")
        and not site.languages.get(route)
        and state.watermark is not None
        and not state.owed
        and not state.shifted
    )


def unchanged(account: Reconciler) -> Steps[bool]:
    """Ask the site, and return whether nothing changed, so that the full check may wait. False if the answer does not
    prove this.

    Raises PayloadError where no other request would be answered either.
    """
    queries, state = account.queries, account.intake.state
    # A cache would give its answer from before the change.
    reply = yield queries.afresh(dict[str, Any](NEWEST_CHANGE), token(state.run_time), "quick", tries=1)
    if (rows := rows_or_none(reply)) is None:
        return False
    account.total = total_of(reply)
    dates = account.site_ids.dates_in(rows)
    if is_from_cache(reply) or account.difference != 0 or len(dates) != len(rows) or len(rows) > 1:
        return False
    held: Dates = (yield queries.known(dates)) if dates else {}
    return all(_is_newest(at, held.get(row_id), state) for row_id, at in dates.items())


def _is_newest(modified: str | None, held: str | None, state: CollectionState) -> bool:
    """Whether ``modified`` is the last change that the archive knows, and a later edit would have a later date."""
    return modified is not None and modified == held == state.modified and modified < (state.watermark or "")


def write_receipt(facts: CollectionFacts, account: Reconciler) -> None:
    """Write into the receipt that nothing changed, and how newsbot knows it."""
    facts.mode, facts.check, facts.since = "update", "quick", account.intake.state.watermark
    facts.expected_after, facts.live = account.total, account.live
    facts.proven, facts.dates_proven = proven_since(account.intake.state), dates_proven_since(account.intake.state)
    why = f"nothing new or edited since {facts.since}, and the same count, by one request; {facts.live} live"
    facts.end("complete", why)
