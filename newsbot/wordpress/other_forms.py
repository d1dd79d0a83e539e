"""Repeats a query in another form if a site, its plugin or its firewall refuses the first form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from newsbot.errors import PayloadError
from newsbot.wordpress.api import WHOLE_ROUTE, Site
from newsbot.wordpress.by_ids import ByIds
from newsbot.wordpress.empty_fields import is_empty, is_refused, without_fields
from newsbot.wordpress.listing_forms import ListingForms
from newsbot.wordpress.messages import Query, Reply, Result, Steps, answered
from newsbot.wordpress.replies import answer


@dataclass(slots=True)
class OtherForms:
    """Learns which forms ``site`` refuses. ``is_refusing``: a query without ``_fields`` was refused too, so the fields
    are not the reason for a refusal. ``answered``: route -> the parameters in doubt with which it answered."""

    site: Site
    by_ids: ByIds = field(init=False)
    listing: ListingForms = field(init=False)
    is_refusing: bool = False
    answered: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_ids = ByIds(self.site)
        self.listing = ListingForms(self.site)

    def ask(self, query: Query) -> Steps[Reply]:
        """The reply to ``query``, or what the site answers to the same question in another form."""
        query = self.listing.instead(query)
        instead = yield from self.by_ids.instead(query)
        if instead is not None:
            return instead
        reply: Reply = yield query
        self._note_answered(query, reply)
        by_id = yield from self.by_ids.after(query, reply)
        if by_id is not None:
            return by_id
        plain = without_fields(query, reply)
        if plain is None or (self.is_refusing and is_refused(reply)):
            return (yield from self.listing.after(query, reply)) or reply
        # A plugin breaks answers to ``_fields``, or a firewall refuses them: ask without, from now on.
        again: Reply = yield plain
        # If the plain query is refused too, the fields are not the reason.
        if is_refused(again):
            self.is_refusing = True
            self.by_ids.settle(query)
        if again.is_ok and not is_empty(again):
            self.site.api = self.site.api.without_fields()
            return again
        return (yield from self.listing.after(query, reply)) or reply

    def _note_answered(self, query: Query, reply: Reply) -> None:
        """Note that the site answered with parameters that an earlier run saw refused."""
        site, found = self.site, self.site.api.route(query.url)
        if found is None or not (site.api.fields_doubted or self._is_in_doubt(found[0])):
            return
        try:
            answer(reply)
        except PayloadError:
            return
        if not is_empty(reply):
            self.answered.setdefault(found[0], {WHOLE_ROUTE}).update(found[1])

    def _is_in_doubt(self, route: str) -> bool:
        return bool(self.site.accepted(route).doubted) or self.site.is_closed(route)

    def settle_doubts(self) -> None:
        """At the end of a run: forget the refusals of an earlier run that have passed. A refusal in a later run then
        counts as the first one again."""
        site = self.site
        for route, sent in self.answered.items():
            if self._is_in_doubt(route):
                site.accepts[route] = site.accepted(route).has_passed(sent)
        if any("_fields" in sent for sent in self.answered.values()):
            site.api = site.api.with_fields()

    def during(self, steps: Steps[Result]) -> Steps[Result]:
        """Run ``steps``, and send each of their queries in a form that the site accepts."""

        def ask(message: Any) -> Steps[Any]:
            return (yield from self.ask(message)) if isinstance(message, Query) else (yield message)

        return answered(steps, ask)
