"""Brings listed rows whose address has changed: new permalinks do not change a row's date of change. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from newsbot.wordpress.collection.reconciler import MANY, Reconciler
from newsbot.wordpress.messages import Steps
from newsbot.wordpress.pages.urls import place_key
from newsbot.wordpress.questions import AskHeld, HeldRow

UNTRUE = "links_untrue"
"""The value that the archive stores if the addresses in listings differ from those of the whole rows."""


def bring_readdressed(account: Reconciler) -> Steps[bool]:
    """Bring the rows among the newest ones whose address differs from the held one. Returns whether most of them have
    a new address: then all rows of the site may have one. Raises PayloadError.

    The newest rows come with their addresses in half of the updates. If the site has sitemaps, these are compared.
    """
    links, state = account.site_ids.links, account.intake.state
    if not links or state.rotation.get(UNTRUE) or state.witness.get("roots"):
        return False
    held = yield from _held(account, links)
    moved = {row_id: links[row_id] for row_id in _differing(links, held) if row_id not in account.asked}
    if not moved:
        return False
    yield from account.fetch(moved)
    left = len(_differing(moved, (yield from _held(account, moved))))
    account.links_untrue = 2 * left > len(moved)
    return not account.links_untrue and len(moved) >= MANY and 2 * len(moved) > len(links.keys() & held.keys())


def _held(account: Reconciler, links: Mapping[int, str]) -> Steps[Mapping[int, HeldRow]]:
    queries = account.queries
    name, kind = queries.collection.name, queries.options.kind
    held: Mapping[int, HeldRow] = yield AskHeld(site=queries.site.key, type=name, kind=kind, ids=tuple(links))
    return held


def _differing(links: Mapping[int, str], held: Mapping[int, HeldRow]) -> list[int]:
    """The rows that have another place within the site. ``moves`` handles a site that moves as a whole."""
    return [
        row_id
        for row_id, link in links.items()
        if row_id in held and (url := held[row_id].url) is not None and place_key(url) != place_key(link)
    ]
