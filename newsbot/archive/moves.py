"""Sites under the key of another address: which site of the archive may be meant, and how a site gets another key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.database import Database
from newsbot.archive.leases import lease_of
from newsbot.archive.payloads import BrokenPayload, fields_of, stored_json
from newsbot.archive.schema import (
    addresses,
    collections,
    followed,
    leases,
    linked,
    outbox,
    receipts,
    revisions,
    rows,
    sites,
)
from newsbot.safe_json import json_bytes
from newsbot.urls import unicode_host
from newsbot.wordpress.guids import guid_key
from newsbot.wordpress.options import KINDS
from newsbot.wordpress.questions import AskFormer, AskHeld, Former, HeldRow
from newsbot.wordpress.same_site import address_of

NEWEST = 20
"""Newest rows of a collection with which a page is compared."""

MOST_FORMERS = 3
"""Sites of the archive that are compared with a new site."""

_UNKNOWN = {"cursor": None, "sequence": 0, "whole": False, "watermark": None, "hidden": 0, "swept": None}
"""The state of a collection that the next run walks from its beginning."""

_CONTENT = (
    sa.select(rows.c.id, revisions.c.payload)
    .join(revisions, (revisions.c.collection == rows.c.collection) & (revisions.c.id == rows.c.id))
    .join(collections, collections.c.collection == rows.c.collection)
    .where(revisions.c.revision == rows.c.content, rows.c.deleted_at.is_(None))
    # An article that came without the API may have a negative id, which no site knows.
    .where(rows.c.id > 0)
)


class Moves:
    """Finds the sites of the archive that may have moved to another address. Each method reads or writes committed
    rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def held_rows(self, asked: AskHeld) -> dict[int, HeldRow]:
        """The live rows of the given ids, and the newest rows of the collection."""
        of_collection = _CONTENT.where(
            collections.c.site == asked.site, collections.c.type == asked.type, collections.c.kind == asked.kind
        )
        newest = of_collection.order_by(rows.c.id.desc()).limit(NEWEST)
        with self._database.reading() as connection:
            asked_for = connection.execute(of_collection.where(rows.c.id.in_(asked.ids))).all()
            return _identities([*connection.execute(newest), *asked_for])

    def other_sites(self, site: str) -> str | None:
        """The answer to ``AskNewSite``."""
        of_site = sa.select(collections.c.whole).where(collections.c.site == site)
        others = sa.select(collections.c.site).where(collections.c.site != site)
        whole = sa.func.max(sa.case((collections.c.whole, 1), else_=0))
        with self._database.reading() as connection:
            if any(connection.execute(of_site).scalars()) or connection.execute(others.limit(1)).first() is None:
                return None
            parts = others.group_by(collections.c.site).having(whole == 0).limit(1)
            return "whole" if connection.execute(parts).first() is None else "parts"

    def former_sites(self, asked: AskFormer) -> list[Former]:
        """The sites of the archive that may be ``asked.site`` under another key, with their rows of the given ids."""
        ids = [row_id for row_id, _ in asked.rows]
        with self._database.reading() as connection:
            return [_former(connection, key, asked, ids) for key in _former_keys(connection, asked)]

    def rename(self, old: str, new: str, *, now: str) -> None:
        """Store everything that the archive holds of the site ``old`` under the key ``new``, in one transaction.

        If ``new`` has a collection of the same name, the rows of ``new`` stay, the rows of ``old`` are added, and the
        collection is walked again.
        """
        with self._database.writing(durable=True) as connection:
            moved = sa.select(collections).where(collections.c.site == old)
            for moving in connection.execute(moved).all():
                _move_collection(connection, moving, new)
            _move_facts(connection, old, new, now)
            in_both = sa.select(linked.c.id).where(linked.c.site == old)
            connection.execute(sa.delete(linked).where(linked.c.site == new, linked.c.id.in_(in_both)))
            in_one_run = sa.select(receipts.c.run).where(receipts.c.site == new)
            connection.execute(sa.delete(receipts).where(receipts.c.site == old, receipts.c.run.in_(in_one_run)))
            of_old = [old, *(lease_of(old, kind) for kind in KINDS)]
            connection.execute(sa.delete(leases).where(leases.c.site.in_(of_old)))
            for table in (linked, receipts, addresses, followed):
                connection.execute(sa.update(table).where(table.c.site == old).values(site=new))


def _identities(found: Iterable[Any]) -> dict[int, HeldRow]:
    identities = {}
    for row in found:
        with suppress(BrokenPayload):
            fields = fields_of(row.payload)
            identities[row.id] = HeldRow(
                id=row.id,
                url=fields.get("url"),
                guid=fields.get("guid"),
                slug=fields.get("slug"),
                date=fields.get("published_local"),
            )
    return identities


def _former(connection: Connection, key: str, asked: AskFormer, ids: list[int]) -> Former:
    facts = stored_json(connection.execute(sa.select(sites.c.facts).where(sites.c.site == key)).scalar())
    content = _CONTENT.where(collections.c.site == key, collections.c.type == asked.type)
    content = content.where(collections.c.kind == asked.kind, rows.c.id.in_(ids))
    known = _identities(connection.execute(content))
    return Former(site=key, root=facts.get("found", {}).get("site", {}).get("root"), rows=known)


def _former_keys(connection: Connection, asked: AskFormer) -> list[str]:
    """Keys of other sites: that of the user's URL, those without ``www.`` or HTTPS, and those that have the guids."""
    behind = sa.select(addresses.c.site).where(addresses.c.url == asked.url)
    keys = [key for key in connection.execute(behind).scalars() if key]
    bare, slash, folder = address_of(asked.site).partition("/")
    # An older version wrote an international name into a key as the site or the user writes it.
    names = [
        f"{www}{name}{slash}{folder}" for name in dict.fromkeys((bare, unicode_host(bare))) for www in ("", "www.")
    ]
    keys += [f"{scheme}://{name}" for scheme in ("https", "http") for name in names]
    guids = {row_id: key for row_id, guid in asked.rows if (key := guid_key(guid)) is not None}
    if guids:
        sharing = (
            sa.select(collections.c.site, rows.c.id, rows.c.guid)
            .join(collections, collections.c.collection == rows.c.collection)
            .where(rows.c.guid.in_(list(guids.values())), rows.c.id.in_(list(guids)))
            .limit(1_000)
        )
        shares = [row.site for row in connection.execute(sharing) if guids[row.id] == row.guid]
        keys += sorted(set(shares), key=lambda key: -shares.count(key))[:MOST_FORMERS]
    held = sa.select(collections.c.site).where(collections.c.site.in_(keys)).distinct()
    known = set(connection.execute(held).scalars()) - {asked.site}
    return [key for key in dict.fromkeys(keys) if key in known][: 2 * MOST_FORMERS]


def _move_collection(connection: Connection, moving: Any, new: str) -> None:
    at = (collections.c.site == new, collections.c.type == moving.type, collections.c.kind == moving.kind)
    there = connection.execute(sa.select(collections.c.collection).where(*at)).scalar()
    number = moving.collection
    # The keys of the URLs are made again, with the new address.
    connection.execute(sa.update(rows).where(rows.c.collection == number).values(link=None))
    if there is None:
        connection.execute(sa.update(collections).where(collections.c.collection == number).values(site=new))
        return
    has_rows = connection.execute(sa.select(rows.c.id).where(rows.c.collection == there).limit(1)).first() is not None
    kept = sa.select(rows.c.id).where(rows.c.collection == there)
    for table in (outbox, revisions, rows):
        connection.execute(sa.delete(table).where(table.c.collection == number, table.c.id.in_(kept)))
    for table in (outbox, revisions, rows):
        connection.execute(sa.update(table).where(table.c.collection == number).values(collection=there))
    state = _UNKNOWN if has_rows else {name: getattr(moving, name) for name in (*_UNKNOWN, "witness")}
    connection.execute(sa.delete(collections).where(collections.c.collection == number))
    connection.execute(sa.update(collections).where(collections.c.collection == there).values(state))


def _move_facts(connection: Connection, old: str, new: str, now: str) -> None:
    """Make the facts of ``old`` facts of ``new``. ``moved_from`` lists the earlier keys, and when each was left."""
    known = {row.site: row for row in connection.execute(sa.select(sites).where(sites.c.site.in_([old, new])))}
    before, here = known.get(old), known.get(new)
    facts: Mapping[str, Any] = stored_json(before.facts) if before is not None else {}
    moved_from = [*facts.get("moved_from", []), {"site": old, "at": now}]
    stored = stored_json(here.facts) if here is not None else {}
    # What was discovered at the old address does not hold at the new one.
    merged = {name: value for name, value in facts.items() if name != "found"} | stored | {"moved_from": moved_from}
    merged["crawled"] = {**facts.get("crawled", {}), **stored.get("crawled", {})}
    first = min(row.first_seen for row in known.values()) if known else now
    connection.execute(sa.delete(sites).where(sites.c.site.in_([old, new])))
    name = next((row.name for row in (here, before) if row is not None and row.name), None)
    connection.execute(
        sa.insert(sites).values(site=new, name=name, facts=json_bytes(merged)[0], first_seen=first, last_seen=now)
    )
