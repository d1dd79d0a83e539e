"""Rows that only a login shows. Pure.

To a visitor WordPress gives the same answer for a row that only members may read and for one that was withdrawn. So a
run that is not logged in, after runs that were, does not count a row as deleted if visitors may not see it. The run
keeps such a row unchanged and reports it, until a run is logged in again or the user confirms that the rows are gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import CollectionState


def was_logged_in(state: CollectionState) -> bool:
    """Whether a run before this one was logged in when it brought rows of the collection."""
    return bool(state.rotation.get("login") or (state.cursor or {}).get("login"))


def lacks_login(queries: Queries, state: CollectionState) -> bool:
    """Whether this run may see fewer rows than earlier runs, since it is not logged in, or not by each answer."""
    site = queries.site
    sees_all = site.logged_in and not site.logged_out
    return was_logged_in(state) and not (sees_all or queries.options.confirm_deletions)


def kept_members(state: CollectionState) -> set[int]:
    """The rows that earlier runs without a login kept unchanged."""
    return set(state.rotation.get("members", ()))


def login_kept(queries: Queries, state: CollectionState, members: Iterable[int]) -> dict[str, Any]:
    """The facts about the login that the archive stores for the next run. ``members`` are the rows that this run
    kept."""
    if lacks_login(queries, state):
        return {"login": True, "members": sorted(members)}
    return {"login": True} if queries.site.logged_in else {}
