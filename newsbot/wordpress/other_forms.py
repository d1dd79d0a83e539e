"""Asks again in another form where a site, its plugin or its firewall refuses the form of a query."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from newsbot.wordpress.api import Site
from newsbot.wordpress.by_ids import ByIds
from newsbot.wordpress.empty_fields import is_empty, is_refused, without_fields
from newsbot.wordpress.messages import Query, Reply, Result, Steps, answered


@dataclass(slots=True)
class OtherForms:
    """Learns which forms ``site`` refuses. ``is_refusing``: a query without ``_fields`` was refused too, so that the
    fields are not the reason of a refusal."""

    site: Site
    by_ids: ByIds = field(init=False)
    is_refusing: bool = False

    def __post_init__(self) -> None:
        self.by_ids = ByIds(self.site)

    def ask(self, query: Query) -> Steps[Reply]:
        """The reply to ``query``, or what the site answers to the same question in another form."""
        instead = yield from self.by_ids.instead(query)
        if instead is not None:
            return instead
        reply: Reply = yield query
        by_id = yield from self.by_ids.after(query, reply)
        if by_id is not None:
            return by_id
        plain = without_fields(query, reply)
        if plain is None or (self.is_refusing and is_refused(reply)):
            return reply
        # A plugin breaks answers to ``_fields``, or a firewall refuses them: ask without, from now on.
        again: Reply = yield plain
        # If the plain query is refused too, the fields are not the reason.
        if is_refused(again):
            self.is_refusing = True
            self.by_ids.settle(query)
        if again.is_ok and not is_empty(again):
            self.site.api = self.site.api.without_fields()
            return again
        return reply

    def during(self, steps: Steps[Result]) -> Steps[Result]:
        """Run ``steps``, and put each of their queries in the form that the site takes."""

        def ask(message: Any) -> Steps[Any]:
            return (yield from self.ask(message)) if isinstance(message, Query) else (yield message)

        return answered(steps, ask)
