"""The course of one collection: a walk or an update, and how it ends."""

from __future__ import annotations

from newsbot.errors import BadStatus, NotJson, PayloadError, Refused
from newsbot.wordpress.collection.crawl import Collecting, Steps
from newsbot.wordpress.collection.full import walk_whole
from newsbot.wordpress.collection.incremental import can_update, update
from newsbot.wordpress.messages import AskState


class Moved(Exception):
    """What an earlier run learnt of the site no longer holds."""


def has_moved(fault: PayloadError) -> bool:
    """Whether the API answers, and not as it did: it is elsewhere now. A site that ails, or shuts its door, is not
    asked again for that."""
    status = getattr(fault, "status", 404)
    return isinstance(fault, NotJson | BadStatus | Refused) and status < 500 and status not in (401, 403)


def run(one: Collecting, *, kept: bool = False) -> Steps:
    """Yields queries, questions to the archive, items and checkpoints; raises nothing of the site's making but Moved,
    where the site was ``kept`` from an earlier run and does not answer as it did."""
    try:
        one.state = yield AskState(site=one.site.key, type=one.collection.name)
        one.joiner.recalls = one.state.live > 0 and not one.options.full
        yield from update(one) if can_update(one) else walk_whole(one)
    except PayloadError as fault:
        if kept and one.began is None and has_moved(fault):
            raise Moved from fault
        if getattr(fault, "error", None) != "stopped" and one.facts.mode != "update":
            # Whole posts that only wait for a link are delivered without it rather than lost. Where the crawl is
            # being stopped, or only what changed was asked for, the next run fetches them with their links.
            yield from one.release_all()
        one.end_by(fault)
    else:
        yield one.checkpoint(cursor=one.outcome, done=True)
    one.facts.links.update(one.joiner.stats)
