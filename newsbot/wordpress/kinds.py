"""The verdicts of a crawl that brings several kinds of rows of one site."""

from __future__ import annotations

from collections.abc import Iterable

from newsbot.errors import DiscoveryError
from newsbot.wordpress.catalog import SINGLE
from newsbot.wordpress.options import Options
from newsbot.wordpress.receipt import Cause, SiteFacts, SiteVerdict, cause_of


def name_failure(facts: SiteFacts) -> None:
    """If the crawl of a kind failed before its first collection, add a line for the kind to the receipt."""
    of_kind = [collection for collection in facts.collections.values() if collection.kind == facts.kind]
    if of_kind or facts.verdict == "complete" or facts.kind in facts.not_public:
        return
    if facts.why != "nothing was asked for":
        _tell(facts, facts.kind, facts.verdict, facts.why, facts.cause)


def tell_closed(facts: SiteFacts, kinds: Iterable[Options], failure: DiscoveryError) -> None:
    """Report the kinds that only the API has, if the API is closed. Posts do not belong to them, since they may come
    from other sources."""
    if not facts.collections:
        # The reason in ``facts`` applies to every kind.
        return
    for options in kinds:
        facts.kind = options.kind
        _tell(facts, options.kind, failure.verdict, str(failure), cause_of(failure))
    facts.conclude()


def _tell(facts: SiteFacts, kind: str, verdict: SiteVerdict, why: str, cause: Cause | None) -> None:
    single = SINGLE.get(kind)
    collection = facts.collection(single.name if single is not None else kind)
    collection.end("incomplete" if verdict == "elsewhere" else verdict, why, cause)
