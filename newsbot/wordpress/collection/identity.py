"""Whether the rows that come are those of the site that is crawled.

A domain may belong to another WordPress by now, whose ids begin at 1 again, and a cache may give the answer of another
site. Because of such rows, newsbot would overwrite the site's own rows or mark them as deleted. A row is strange if its
link and its guid both name a host that no row of the site named before. Many healthy sites name several hosts (a front
end on a host of its own, a domain for each language, links to articles elsewhere), so a strange row is requested again
before it counts as foreign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from newsbot.errors import ForeignAnswer
from newsbot.wordpress.api import PER_PAGE
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import AskHeld, HeldRow
from newsbot.wordpress.replies import rows_of
from newsbot.wordpress.same_site import IDENTIFYING, agreeing, bare_host, guid_host, link_host
from newsbot.wordpress.values import row_id

ASKED_AGAIN = 20
"""The most strange rows of a page that are requested again."""

NAMED = 5
"""The most foreign ids that the reason names."""

FEW = 3
"""This many new rows with ids below those of the newest known rows are unusual."""


@dataclass(slots=True, kw_only=True)
class Identity:
    """Checks the rows of one collection. ``live``: the number of rows that the archive held before the run.

    ``hosts`` are the hosts that rows of the site name. ``is_proven``: known rows agreed in this run.
    """

    queries: Queries
    live: int
    hosts: set[str] = field(default_factory=set)
    is_proven: bool = False

    def __post_init__(self) -> None:
        site = self.queries.site
        found = (bare_host(site.key), bare_host(site.home), bare_host(site.api.root))
        self.hosts |= {host for host in found if host is not None}

    def check(self, rows: Sequence[Mapping[str, Any]]) -> Steps[None]:
        """Raise ForeignAnswer if ``rows``, a received page, belong to another site."""
        if not rows:
            return
        if self.live and not self.is_proven:
            yield from self._compare(rows)
        strange = [raw for raw in rows if self._is_strange(raw)]
        if strange:
            yield from self._ask_again(strange)

    def _is_strange(self, raw: Mapping[str, Any]) -> bool:
        host = link_host(raw)
        return host is not None and host not in self.hosts and guid_host(raw) not in self.hosts

    def _compare(self, rows: Sequence[Mapping[str, Any]]) -> Steps[None]:
        """Compare the first page of a run with the archive's rows. If the page looks wrong, ask for known rows."""
        options, site, name = self.queries.options, self.queries.site, self.queries.collection.name
        ids = tuple(number for raw in rows if (number := row_id(raw.get("id"))) is not None)
        held: dict[int, HeldRow] = yield AskHeld(site=site.key, type=name, ids=ids, kind=options.kind)
        self._trust(held)
        compared, agreed = agreeing(rows, held)
        strange = sum(self._is_strange(raw) for raw in rows) * 2 > len(rows)
        below = not compared and bool(held) and max(ids, default=0) < max(held)
        unusual = strange or (below and len(rows) >= min(FEW, self.live))
        if self.live < FEW and not strange:
            # One post or comment with a changed date does not mean that another WordPress answers.
            pass
        elif agreed * 2 < compared or (not compared and unusual):
            yield from self._ask_for_known(held, rows)
        self.is_proven = True

    def _trust(self, held: Mapping[int, HeldRow]) -> None:
        for row in held.values():
            self.hosts |= {host for host in (bare_host(row.url), bare_host(row.guid)) if host is not None}

    def _ask_for_known(self, held: Mapping[int, HeldRow], rows: Sequence[Mapping[str, Any]]) -> Steps[None]:
        """Ask for rows that the archive holds. Raise ForeignAnswer where fewer than a fifth of them agree."""
        wanted = sorted(held, reverse=True)[:PER_PAGE]
        params = {"include": wanted, "per_page": len(wanted), "_fields": IDENTIFYING}
        given = rows_of((yield self.queries.query(params, "identity")))
        if any(row_id(raw.get("id")) not in held for raw in given):
            # The site ignores ``include``, so that the answer says nothing about the known rows.
            return
        compared, agreed = agreeing(given, held)
        if agreed * 5 >= compared > 0:
            return
        host = next((host for raw in rows if (host := link_host(raw)) not in (None, *self.hosts)), None)
        linking = f"its rows link to {host}, and " if host else ""
        raise ForeignAnswer(
            f"another WordPress answers at this address: {linking}{agreed} of {len(wanted)} known rows agree. "
            "If the site began anew, crawl it into a new archive"
        )

    def _ask_again(self, strange: Sequence[Mapping[str, Any]]) -> Steps[None]:
        """Ask twice for rows with strange hosts. Raise ForeignAnswer unless the site gives them each time."""
        hosts = {row_id(raw.get("id")): link_host(raw) for raw in strange}
        wanted = [number for number in hosts if number is not None][:ASKED_AGAIN]
        for fields in (IDENTIFYING, "id,link"):
            params = {"include": wanted, "per_page": PER_PAGE, "_fields": fields}
            given = rows_of((yield self.queries.query(params, "identity"))) if wanted else []
            again = {row_id(raw.get("id")): link_host(raw) for raw in given}
            if not given or any(hosts.get(number) != host for number, host in again.items()):
                named = ", ".join(map(str, wanted[:NAMED])) + (" ..." if len(strange) > NAMED else "")
                foreign = next(host for host in hosts.values() if host is not None)
                raise ForeignAnswer(f"the answer of another site came: it links to {foreign} (ids {named})")
        self.hosts |= {host for host in hosts.values() if host is not None}
