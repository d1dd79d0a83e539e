"""Which rows ``--site``, ``--type`` and ``--kind`` mean, of those that the archive has. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from newsbot.archive.reader import is_same_site
from newsbot.arguments.values import split_names
from newsbot.errors import BadArgument

NAMED = 10
"""Names that a message lists at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """``kind`` of the rows, and their ``types``; no type means all. ``note`` is a line for the user, or None."""

    kind: str
    types: tuple[str, ...] = ()
    note: str | None = None


def choose(
    archived: Sequence[tuple[str, str, str]], *, site: str | None, types: str | None, kind: str | None
) -> Selected:
    """The kind and the types to export. ``archived`` are the site, type and kind of each collection with rows.

    Raises BadArgument for a site or type of which the archive has no rows, and for types of several kinds.
    """
    of_site = [found for found in archived if site is None or is_same_site(found[0], site)]
    if site is not None and not of_site:
        raise BadArgument(f"the archive has no rows of the site {site}; it has {_list(found[0] for found in archived)}")
    names: tuple[str, ...] = split_names(types) if types is not None else ()
    if not names:
        return Selected(kind=kind or "posts")
    kinds = _kinds_of(names, [(type_, of_type) for _, type_, of_type in of_site if kind in (None, of_type)])
    shared = sorted(set.intersection(*kinds.values()), key=lambda shared_kind: (shared_kind != "posts", shared_kind))
    if not shared:
        several = " and ".join(f"{name} ({', '.join(sorted(kinds[name]))})" for name in names)
        raise BadArgument(f"--type names rows of different columns: {several}; export each kind by itself")
    return Selected(kind=shared[0], types=names, note=_note(",".join(names), shared) if len(shared) > 1 else None)


def _kinds_of(names: Sequence[str], archived: Sequence[tuple[str, str]]) -> dict[str, set[str]]:
    """Each of the types ``names`` -> the kinds of its rows. ``archived``: the type and the kind of each collection."""
    kinds = {name: {kind for type_, kind in archived if type_ == name} for name in names}
    for name in names:
        if not kinds[name]:
            offered = _list(type_ for type_, _ in archived)
            raise BadArgument(f"the archive has no rows of the type {name!r}; it has {offered}")
    return kinds


def _note(types: str, kinds: Sequence[str]) -> str:
    others = ", ".join(f"--kind {kind}" for kind in kinds[1:])
    return f"{types} names {' and '.join(kinds)}; these are its {kinds[0]} ({others})"


def _list(names: Iterable[str]) -> str:
    every = list(dict.fromkeys(names))
    return (", ".join(every[:NAMED]) + (", ..." if len(every) > NAMED else "")) or "none"


def the_site(archived: Sequence[tuple[str, str, str]], site: str | None, *, wanted: str) -> str:
    """The key of the one site that is exported. Raises BadArgument where the archive has several and none is chosen."""
    keys = list(dict.fromkeys(found[0] for found in archived if site is None or is_same_site(found[0], site)))
    if len(keys) != 1:
        raise BadArgument(f"{wanted} holds one site; --site chooses one of {_list(keys)}")
    return keys[0]
